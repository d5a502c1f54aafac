"""The service description of the endpoint (SPARQL 1.1 Service Description)."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from klustergraf.engine.base import ResultsFormat, TriplesFormat
from klustergraf.namespaces import DCT, GEOF, OWL, RDF, XSD
from klustergraf_api.json_ld import write_json_ld
from klustergraf_api.terms import Solution

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
VOID: Final = "http://rdfs.org/ns/void#"
FORMATS: Final = "http://www.w3.org/ns/formats/"

GRAPHS_QUERY: Final = """\
SELECT ?graph (COUNT(*) AS ?triples)
WHERE { GRAPH ?graph { ?s ?p ?o } }
GROUP BY ?graph
ORDER BY ?graph"""

_FORMAT_NAMES: Final = {
    ResultsFormat.JSON: "SPARQL_Results_JSON",
    ResultsFormat.XML: "SPARQL_Results_XML",
    ResultsFormat.CSV: "SPARQL_Results_CSV",
    ResultsFormat.TSV: "SPARQL_Results_TSV",
    TriplesFormat.TURTLE: "Turtle",
    TriplesFormat.N_TRIPLES: "N-Triples",
    TriplesFormat.JSON_LD: "JSON-LD",
    TriplesFormat.RDF_XML: "RDF_XML",
}
_PREFIXES: Final = {
    "dct": DCT,
    "owl": OWL,
    "sd": SD,
    "void": VOID,
    "formats": FORMATS,
    "geof": GEOF,
    "xsd": XSD,
}


def describe_service(
    endpoint: str,
    graphs: list[Solution],
    *,
    features: Sequence[str],
    functions: Sequence[str],
    media_type: str,
    version_id: str,
    limits: Mapping[str, str],
) -> bytes:
    """Describe the endpoint at this address, whose dataset has these named graphs.

    ``graphs`` are the solutions of GRAPHS_QUERY; ``features`` are names of the vocabulary, and
    ``functions`` IRIs of functions beyond those of SPARQL. ``limits`` says by language what a query
    may use.
    """
    service, dataset = ox.NamedNode(endpoint), ox.BlankNode()
    triples: list[ox.Triple] = []

    def say(
        subject: ox.NamedNode | ox.BlankNode,
        predicate: str,
        obj: ox.NamedNode | ox.BlankNode | ox.Literal,
    ) -> None:
        triples.append(ox.Triple(subject, ox.NamedNode(predicate), obj))

    say(service, RDF + "type", ox.NamedNode(SD + "Service"))
    say(service, SD + "endpoint", service)
    say(service, SD + "supportedLanguage", ox.NamedNode(SD + "SPARQL11Query"))
    for feature in features:
        say(service, SD + "feature", ox.NamedNode(SD + feature))
    for name in _FORMAT_NAMES.values():
        say(service, SD + "resultFormat", ox.NamedNode(FORMATS + name))
    for function in functions:
        say(service, SD + "extensionFunction", ox.NamedNode(function))
        say(ox.NamedNode(function), RDF + "type", ox.NamedNode(SD + "Function"))
    for language, text in limits.items():
        say(service, DCT + "description", ox.Literal(text, language=language))
    say(service, SD + "defaultDataset", dataset)
    say(dataset, OWL + "versionInfo", ox.Literal(version_id))
    say(dataset, RDF + "type", ox.NamedNode(SD + "Dataset"))
    default = ox.BlankNode()
    say(dataset, SD + "defaultGraph", default)
    say(default, RDF + "type", ox.NamedNode(SD + "Graph"))
    for row in graphs:
        named, graph = ox.BlankNode(), ox.BlankNode()
        count = ox.Literal(row["triples"].value, datatype=ox.NamedNode(XSD + "integer"))
        say(dataset, SD + "namedGraph", named)
        say(named, RDF + "type", ox.NamedNode(SD + "NamedGraph"))
        say(named, SD + "name", ox.NamedNode(row["graph"].value))
        say(named, SD + "graph", graph)
        say(graph, RDF + "type", ox.NamedNode(SD + "Graph"))
        say(graph, VOID + "triples", count)
    return serialise(triples, media_type, _PREFIXES)


def serialise(triples: list[ox.Triple], media_type: str, prefixes: dict[str, str]) -> bytes:
    """Write triples in one of the formats of TriplesFormat."""
    if media_type == TriplesFormat.JSON_LD:
        return write_json_ld(triples, prefixes)
    form = ox.RdfFormat.from_media_type(media_type)
    takes_prefixes = media_type in (TriplesFormat.TURTLE, TriplesFormat.RDF_XML)
    document = ox.serialize(triples, format=form, prefixes=prefixes if takes_prefixes else None)
    return document or b""
