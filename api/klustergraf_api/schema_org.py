"""A thing as schema.org tells it, for search engines: a JSON-LD data block of its page."""

import json
from collections.abc import Mapping
from typing import Any, Final

from klustergraf.namespaces import DCT, FOAF, GEO, KG, ORG, OWL, RDF, SCHEMA, SKOS
from klustergraf.version import Manifest
from klustergraf_api.negotiation import HTML, SUFFIXES
from klustergraf_api.signposting import LICENSE
from klustergraf_api.statements import Statement
from klustergraf_api.terms import Term
from klustergraf_api.things import Thing

_TYPE: Final = RDF + "type"
# By the most telling class of schema.org that a thing has, which properties are said of it.
_ORGANISATION: Final = {
    FOAF + "homepage": "url",
    KG + "locatedIn": "location",
    ORG + "subOrganizationOf": "parentOrganization",
    ORG + "unitOf": "parentOrganization",
    ORG + "memberOf": "memberOf",
    SCHEMA + "foundingDate": "foundingDate",
}
_WORK: Final = {DCT + "created": "dateCreated", DCT + "issued": "datePublished"}
_PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "Organization": _ORGANISATION,
    "Project": _ORGANISATION,
    "Place": {GEO + "sfWithin": "containedInPlace"},
    "Event": {
        DCT + "date": "startDate",
        SCHEMA + "startDate": "startDate",
        SCHEMA + "endDate": "endDate",
        KG + "locatedIn": "location",
        SCHEMA + "superEvent": "superEvent",
    },
    "CreativeWork": _WORK,
    "DigitalDocument": _WORK,
    "Dataset": {**_WORK, DCT + "license": "license", DCT + "source": "isBasedOn"},
    "DefinedTerm": {SKOS + "notation": "termCode", SKOS + "inScheme": "inDefinedTermSet"},
    "Thing": {},
}
# Of our classes that no alignment leads to schema.org: what search engines can take them for.
_OURS: Final = {
    KG + "Facility": "Place",
    KG + "Group": "Organization",
    KG + "NamedGraph": "Dataset",
    KG + "OpenGroup": "Organization",
    ORG + "Site": "Place",
    SKOS + "Concept": "DefinedTerm",
    SKOS + "ConceptScheme": "DefinedTermSet",
}
_SAME: Final = frozenset({OWL + "sameAs", SKOS + "exactMatch", SCHEMA + "sameAs"})
# The contents of a named graph are offered in these.
_DOWNLOADS: Final = {s: name for s, name in SUFFIXES.items() if name != HTML}
_MOST: Final = 20
_NAME: Final = "Klustergraf"


def version_data(iri: str, manifest: Manifest) -> dict[str, Any]:
    """Give a version as a dataset."""
    base = iri.partition("version/")[0]
    return {
        "@context": "https://schema.org",
        "@id": iri,
        "@type": "Dataset",
        "name": f"Klustergraf {manifest.id[:12]}",
        "description": "The knowledge graph of the Stockholm–Uppsala life science ecosystem: "
        "actors, places, facilities, projects, agreements and strategies, with their evidence.",
        "identifier": manifest.id,
        "version": manifest.id,
        "dateCreated": manifest.created,
        "license": LICENSE,
        "inLanguage": ["sv", "en"],
        "url": f"{iri}.html",
        "hasPart": [{"@id": graph} for graph in sorted(manifest.triples) if graph],
        "includedInDataCatalog": {"@type": "DataCatalog", "name": _NAME, "url": base},
        "distribution": {
            "@type": "DataDownload",
            "contentUrl": f"{base}dumps/{manifest.id}/klustergraf.nq.gz",
            "encodingFormat": "application/n-quads",
        },
    }


def catalogue_data(
    base: str, manifest: Manifest, description: str, language: str
) -> dict[str, Any]:
    """Give the catalogue, with the version that is served. ``description``: in that language."""
    dataset = version_data(f"{base}version/{manifest.id}", manifest)
    for name in ("@context", "includedInDataCatalog"):
        del dataset[name]
    return {
        "@context": "https://schema.org",
        "@id": f"{base}datasets/dcat#catalogue",
        "@type": "DataCatalog",
        "name": _NAME,
        "description": description,
        "inLanguage": language,
        "url": f"{base}data",
        "dataset": dataset,
    }


def schema_org_data(thing: Thing, language: str, name: str) -> dict[str, Any]:
    """Give a thing in the terms of schema.org. ``name``: what its page calls it."""
    classes = {fact.value.value for fact in thing.facts if fact.predicate == _TYPE}
    types = sorted(name.removeprefix(SCHEMA) for name in classes if name.startswith(SCHEMA))
    types = types or sorted({name for iri, name in _OURS.items() if iri in classes}) or ["Thing"]
    mapping: dict[str, str] = {}
    for kind in types:
        mapping |= _PROPERTIES.get(kind, {})
    found: dict[str, Any] = {"@context": "https://schema.org", "@id": thing.iri, "@type": types}
    found["name"] = name
    others = sorted({text for text in thing.labels.all_of(thing.iri).values() if text != name})
    if others:
        found["alternateName"] = others
    for fact in thing.facts:
        _add(found, fact, thing, mapping, language)
    if "Dataset" in types:
        found.setdefault("license", LICENSE)
        found.setdefault("description", [*others, name][:1])
        contents = thing.iri.replace("/graph/", "/graphs/", 1)
        found["distribution"] = [
            {
                "@type": "DataDownload",
                "contentUrl": f"{contents}.{suffix}",
                "encodingFormat": media_type,
            }
            for suffix, media_type in _DOWNLOADS.items()
        ]
    return {key: _alone(value) for key, value in found.items()}


def _add(
    found: dict[str, Any], fact: Statement, thing: Thing, mapping: Mapping[str, str], language: str
) -> None:
    value = fact.value
    name, given = mapping.get(fact.predicate, ""), _value(value, thing, language)
    if fact.predicate in _SAME and value.value.startswith(("http://", "https://")):
        name, given = "sameAs", value.value
    elif fact.predicate == FOAF + "page" and value.value.startswith(("http://", "https://")):
        name, given = "subjectOf", {"@type": "WebPage", "url": value.value}
    elif fact.predicate in (DCT + "identifier", ORG + "identifier"):
        name = "identifier"
    elif fact.predicate in (SKOS + "definition", DCT + "description"):
        name = "description" if value.language in ("", language) else ""
    elif name in ("url", "license", "isBasedOn"):
        given = value.value
    if name and value.kind != "bnode":
        values = found.setdefault(name, [])
        if given not in values and len(values) < _MOST:
            values.append(given)


def _value(term: Term, thing: Thing, language: str) -> Any:
    if not term.is_iri:
        return term.value
    names = thing.labels.all_of(term.value)
    name = names.get(language) or next(iter(names.values()), "")
    return {"@id": term.value, "name": name} if name else {"@id": term.value}


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def script_text(data: Mapping[str, Any]) -> str:
    r"""Write JSON so that nothing in it ends the element of HTML that it stands in.

    >>> script_text({"name": "</script>"})
    '{"name": "\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False)
    escapes = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"))
    for character, escape in (*escapes, ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(character, escape)
    return text
