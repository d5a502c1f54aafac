"""VoID of a version: what its graphs hold, by class, property and links to others.

Source: https://www.w3.org/TR/void/ – every part has an IRI with a fragment, so that it may be
cited; none is a blank node.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from klustergraf.description.statements import Statements
from klustergraf.description.statistics import GraphStatistics
from klustergraf.namespaces import BASE, DCT, FOAF, ID, OWL, RDF, SCHEMA, SKOS, VOID

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
DOCUMENT = BASE + ".well-known/void"
TITLE = {
    "sv": "Klustergraf: kunskapsgraf över life science i Stockholm–Uppsala",
    "en": "Klustergraf: knowledge graph of life science in Stockholm–Uppsala",
}


def dataset_iri() -> str:
    """Name the dataset, whatever its version."""
    return DOCUMENT + "#dataset"


def describe_void(
    version_id: str, created: str, graphs: Mapping[str, GraphStatistics], public_url: str
) -> list[ox.Triple]:
    """Describe a version that others reach at an address, which ends with a slash."""
    said = Statements()
    whole = dataset_iri()
    said.a(DOCUMENT, VOID + "DatasetDescription")
    said.link(DOCUMENT, FOAF + "primaryTopic", whole)
    said.a(whole, VOID + "Dataset")
    said.texts(whole, DCT + "title", TITLE)
    said.link(whole, DCT + "license", LICENCE)
    said.say(whole, OWL + "versionInfo", ox.Literal(version_id))
    said.typed(whole, DCT + "modified", created, "dateTime")
    said.link(whole, VOID + "sparqlEndpoint", public_url + "sparql")
    said.link(whole, VOID + "dataDump", f"{public_url}dumps/{version_id}/klustergraf.nq.gz")
    said.link(whole, FOAF + "homepage", public_url)
    said.say(whole, VOID + "uriSpace", ox.Literal(ID))
    said.link(whole, VOID + "exampleResource", ID + "actor/flemingsberg-science")
    said.integer(whole, VOID + "triples", sum(found.triples for found in graphs.values()))
    for graph, found in graphs.items():
        if graph:
            _describe_graph(said, whole, graph, found)
    return said.triples


def _describe_graph(said: Statements, whole: str, graph: str, found: GraphStatistics) -> None:
    part = f"{DOCUMENT}#{_name(graph)}"
    said.link(whole, VOID + "subset", part)
    said.a(part, VOID + "Dataset")
    said.link(part, DCT + "source", graph)
    said.link(part, "http://www.w3.org/ns/sparql-service-description#name", graph)
    said.integer(part, VOID + "triples", found.triples)
    said.integer(part, VOID + "distinctSubjects", found.subjects)
    said.integer(part, VOID + "distinctObjects", found.objects)
    said.integer(part, VOID + "classes", len(found.classes))
    said.integer(part, VOID + "properties", len(found.properties))
    for kind, count in found.classes.items():
        own = f"{part}/class/{_name(kind)}"
        said.link(part, VOID + "classPartition", own)
        said.a(own, VOID + "Dataset")
        said.link(own, VOID + "class", kind)
        said.integer(own, VOID + "entities", count)
    for name, used in found.properties.items():
        own = f"{part}/property/{_name(name)}"
        said.link(part, VOID + "propertyPartition", own)
        said.a(own, VOID + "Dataset")
        said.link(own, VOID + "property", name)
        said.integer(own, VOID + "triples", used.triples)
        said.integer(own, VOID + "distinctSubjects", used.subjects)
        said.integer(own, VOID + "distinctObjects", used.objects)
    for predicate, targets in found.links.items():
        for target, count in targets.items():
            if count < _FEWEST_LINKS and predicate not in _SAME:
                continue
            own = f"{part}/links/{_name(predicate)}/{_name(target)}"
            other = f"{DOCUMENT}#other/{_name(target)}"
            said.a(own, VOID + "Linkset")
            said.link(whole, VOID + "subset", own)
            said.link(own, VOID + "subjectsTarget", part)
            said.link(own, VOID + "objectsTarget", other)
            said.link(own, VOID + "linkPredicate", predicate)
            said.integer(own, VOID + "triples", count)
            said.a(other, VOID + "Dataset")
            said.say(other, VOID + "uriSpace", ox.Literal(target))


# A linkset leads to a dataset of others. What few statements lead to is somebody's page, unless it
# says that two things are the same.
_FEWEST_LINKS: Final = 10
_SAME: Final = frozenset(
    (OWL + "sameAs", SCHEMA + "sameAs", SKOS + "exactMatch", SKOS + "closeMatch")
)


def _name(iri: str) -> str:
    """Make part of a fragment of an IRI: ours short, of others the whole, percent-encoded."""
    return quote(iri.removeprefix(BASE), safe="/" if iri.startswith(BASE) else "")


PREFIXES = {"dct": DCT, "foaf": FOAF, "owl": OWL, "rdf": RDF, "void": VOID}
