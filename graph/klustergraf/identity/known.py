"""The actors that have IRIs already, read from statements: those IRIs win."""

from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.identity.external_ids import read_same_as
from klustergraf.identity.profiles import KnownActor
from klustergraf.namespaces import ID, KG, RDF, RDFS, SCHEMA, SKOS
from klustergraf.sources.records import Location, Name


def known_actors(
    quads: Iterable[Quad], names: Mapping[str, tuple[Name, ...]] | None = None
) -> list[KnownActor]:
    """List the actors of some statements (with the ontology among them), in the order of IRIs.

    ``names`` adds names by IRI, such as the former ones of :func:`read_names`.
    """
    names = names or {}
    about: dict[str, dict[str, set[NamedNode | Literal]]] = {}
    above: dict[str, set[str]] = {}
    for quad in quads:
        if not isinstance(quad.subject, NamedNode):
            continue
        value = quad.object
        if not isinstance(value, NamedNode | Literal):
            continue
        if quad.predicate.value == RDFS + "subClassOf":
            above.setdefault(quad.subject.value, set()).add(value.value)
        if quad.subject.value.startswith(ID):
            predicates = about.setdefault(quad.subject.value, {})
            predicates.setdefault(quad.predicate.value, set()).add(value)
    classes = _below(KG + "Actor", above)
    actors = []
    for iri, said in sorted(about.items()):
        kinds = {value.value for value in said.get(RDF + "type", ())} & classes.keys()
        if kinds:
            kind = max(sorted(kinds), key=lambda name: classes[name]).removeprefix(KG)
            labels = (*_labels(said), *names.get(iri, ()))
            location = Location(country="SE", municipality_code=_municipality(said, about))
            actors.append(KnownActor(iri, labels, kind, _same_as(said), location))
    return actors


def _below(top: str, above: Mapping[str, set[str]]) -> dict[str, int]:
    """Give a class and all under it, each with how far under it lies."""
    depths = {top: 0}
    grew = True
    while grew:
        grew = False
        for name, uppers in above.items():
            depth = max((depths[upper] for upper in uppers if upper in depths), default=-1) + 1
            if depth and depths.get(name, 0) < depth <= len(above):
                depths[name] = depth
                grew = True
    return depths


def _labels(said: Mapping[str, set[NamedNode | Literal]]) -> list[Name]:
    found = []
    for predicate, kind in ((SKOS + "prefLabel", "label"), (SKOS + "altLabel", "alias")):
        for value in said.get(predicate, ()):
            if isinstance(value, Literal):
                short = kind == "alias" and value.value.isupper() and " " not in value.value
                found.append(Name(value.value, value.language or "", "acronym" if short else kind))
    return sorted(found, key=lambda name: (name.kind, name.language, name.text))


def _same_as(said: Mapping[str, set[NamedNode | Literal]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for value in said.get(SCHEMA + "sameAs", ()):
        read = read_same_as(value.value)
        if read:
            found.setdefault(read[0], set()).add(read[1])
    return {scheme: tuple(sorted(values)) for scheme, values in sorted(found.items())}


def _municipality(
    said: Mapping[str, set[NamedNode | Literal]],
    about: Mapping[str, Mapping[str, set[NamedNode | Literal]]],
) -> str:
    codes = {
        code.value
        for place in said.get(KG + "locatedIn", ())
        for code in about.get(place.value, {}).get(KG + "scbCode", ())
        if len(code.value) == 4
    }
    return min(codes) if len(codes) == 1 else ""
