"""SPARQL 1.1 over a real connection, read by clients that know nothing of ours.

The cases follow the protocol's own conformance tests (SPARQL 1.1 Protocol, section 2.1), those for
queries; updates are refused as a whole. Answers are read by rdflib and SPARQLWrapper, parsers
independent of the engine, and compared with what pyoxigraph gives directly.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic
from rdflib.query import Result
from SPARQLWrapper import GET, POST, POSTDIRECTLY, URLENCODED, SPARQLWrapper

from klustergraf.engine.base import ResultsFormat, TriplesFormat
from klustergraf.engine.embedded import EmbeddedEngine
from serving import DERIVED, STATED, TINY, live_server, reference_store, tiny_app

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
UPDATE = "application/sparql-update"

SELECTS = {
    "labels": "SELECT ?s ?l { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?l }",
    "unbound": "SELECT ?s ?x ?y { VALUES (?s ?x ?y) { (UNDEF 1 <http://e/>) (2.5 UNDEF 'ö'@sv) } }",
    "strange texts": r"""SELECT ?t { VALUES ?t { "a,b" "q\"q" "line\nend" "tab\t" "<&>" "" } }""",
    "datatypes": "SELECT (true AS ?b) (1e3 AS ?d) ('2026-01-01'^^<http://e/date> AS ?x) {}",
    "nothing": "SELECT ?s { ?s <http://e/none> ?o }",
    "expressions": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
}
GRAPHS = {
    "construct": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "blank nodes": "CONSTRUCT { [] ?p [ <http://e/x> ?o ] } WHERE { ?s ?p ?o FILTER(isIRI(?o)) }",
    "describe": "DESCRIBE <https://w3id.org/klustergraf/id/actor/lab>",
    "nothing": "CONSTRUCT { ?s ?p ?o } WHERE { ?s <http://e/none> ?o . ?s ?p ?o }",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Give the address of a running endpoint over the tiny dataset."""
    with EmbeddedEngine(TINY) as engine, live_server(tiny_app(engine)) as address:
        yield f"{address}/sparql"


def send(
    url: str, *, body: bytes | None = None, method: str | None = None, **headers: str
) -> tuple[int, str, bytes]:
    """Send a request; give status, media type and body, whatever the status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(url, data=body, headers=named, method=method)
    try:
        with urlopen(request, timeout=10) as response:
            return response.status, response.headers.get_content_type(), response.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read()


def encode(*pairs: tuple[str, str]) -> str:
    """Encode parameters."""
    return urlencode(pairs)


ASK = ("query", "ASK {}")
IN_STATED = "ASK { <https://w3id.org/klustergraf/id/actor/lab> a ?c }"
IN_NAMED = "ASK { GRAPH ?g { <https://w3id.org/klustergraf/id/actor/lab> a ?c } }"

# name: method, parameters in the address, media type of the body, body, expected boolean
GOOD = {
    "query_get": ("GET", [ASK], None, None, True),
    "query_post_form": ("POST", [], FORM, encode(ASK), True),
    "query_post_direct": ("POST", [], DIRECT, "ASK {}", True),
    "query_dataset_default_graph": (
        *("POST", [("default-graph-uri", STATED)], DIRECT, IN_STATED, True),
    ),
    "query_dataset_default_graph_other": (
        *("GET", [("query", IN_STATED), ("default-graph-uri", DERIVED)], None, None, False),
    ),
    "query_dataset_default_graphs_get": (
        "GET",
        [("query", IN_STATED), ("default-graph-uri", DERIVED), ("default-graph-uri", STATED)],
        None,
        None,
        True,
    ),
    "query_dataset_default_graphs_post": (
        "POST",
        [],
        FORM,
        encode(("query", IN_STATED), ("default-graph-uri", DERIVED), ("default-graph-uri", STATED)),
        True,
    ),
    "query_dataset_named_graphs_get": (
        *("GET", [("query", IN_NAMED), ("named-graph-uri", STATED)], None, None, True),
    ),
    "query_dataset_named_graphs_post": (
        *("POST", [("named-graph-uri", DERIVED)], DIRECT, IN_NAMED, False),
    ),
    "query_dataset_full": (
        "POST",
        [],
        FORM,
        encode(("query", IN_STATED), ("default-graph-uri", DERIVED), ("named-graph-uri", STATED)),
        False,
    ),
    "query_multiple_dataset": (
        "GET",
        [("query", f"ASK FROM <{STATED}> {{ ?s a ?c }}"), ("default-graph-uri", DERIVED)],
        None,
        None,
        False,
    ),
}
BAD = {
    "bad_query_method": (405, "PUT", [ASK], None, None),
    "bad_multiple_queries": (400, "GET", [ASK, ("query", "SELECT * {}")], None, None),
    "bad_multiple_queries_post": (400, "POST", [ASK], FORM, encode(ASK)),
    "bad_query_wrong_media_type": (415, "POST", [], "text/plain", "ASK {}"),
    "bad_query_missing_form_type": (415, "POST", [], "multipart/form-data", encode(ASK)),
    "bad_query_missing_direct_type": (415, "POST", [], "application/octet-stream", "ASK {}"),
    "bad_query_non_utf8": (400, "POST", [], DIRECT, "ASK { # \udcff\n}"),
    "bad_query_syntax": (400, "GET", [("query", "ASK {")], None, None),
    "update_get": (403, "GET", [("update", "CLEAR ALL")], None, None),
    "update_post_form": (403, "POST", [], FORM, encode(("update", "CLEAR ALL"))),
    "update_post_direct": (403, "POST", [], UPDATE, "CLEAR ALL"),
}


def address(endpoint: str, parameters: list[tuple[str, str]]) -> str:
    """Put parameters to the address of the endpoint."""
    return f"{endpoint}?{encode(*parameters)}" if parameters else endpoint


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD.keys())
def test_query_operation(
    endpoint: str, case: tuple[str, list[tuple[str, str]], str | None, str | None, bool]
) -> None:
    """Every way to send a query and its dataset that the protocol knows."""
    method, parameters, media_type, body, expected = case
    headers = {"Content_Type": media_type} if media_type else {}
    status, answered, document = send(
        address(endpoint, parameters),
        body=body.encode() if body else None,
        method=method,
        Accept="application/sparql-results+json",
        **headers,
    )
    assert status == 200, document
    assert answered == "application/sparql-results+json"
    assert json.loads(document)["boolean"] is expected


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_operation(
    endpoint: str, case: tuple[int, str, list[tuple[str, str]], str | None, str | None]
) -> None:
    """Every wrong way is told with its status, as a problem."""
    expected, method, parameters, media_type, body = case
    headers = {"Content_Type": media_type} if media_type else {}
    status, answered, _ = send(
        address(endpoint, parameters),
        body=body.encode("utf-8", "surrogateescape") if body else None,
        method=method,
        **headers,
    )
    assert (status, answered) == (expected, "application/problem+json")


Row = tuple[tuple[str, ...], ...]


def comparable(term: rdflib.term.Node | None) -> tuple[str, ...]:
    """Give a term in a form that can be compared: numbers by value, however they are written."""
    if isinstance(term, rdflib.Literal):
        value = str(term) if term.value is None else repr(term.value)
        return ("literal", value, str(term.datatype), str(term.language))
    return (type(term).__name__, str(term))


def solutions(result: Result) -> tuple[list[str], list[Row]]:
    """Give the variables and the rows of what rdflib has read."""
    variables = list(result.vars or [])
    rows = [tuple(comparable(row.get(name)) for name in variables) for row in result.bindings]
    return [str(variable) for variable in variables], sorted(rows)


def expected_solutions(query: str) -> tuple[list[str], list[Row]]:
    """Give what the store answers directly, in the same form."""
    result = reference_store().query(query)
    assert isinstance(result, ox.QuerySolutions)
    variables = [variable.value for variable in result.variables]
    rows = [tuple(comparable(_to_rdflib(row[name])) for name in variables) for row in result]
    return variables, sorted(rows)


def _to_rdflib(term: object) -> rdflib.term.Node | None:
    match term:
        case ox.NamedNode():
            return rdflib.URIRef(term.value)
        case ox.Literal() if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        case ox.Literal() if term.datatype.value == str(rdflib.XSD.string):
            return rdflib.Literal(term.value)
        case ox.Literal():
            return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value))
    return None


@pytest.mark.parametrize("form", [ResultsFormat.JSON, ResultsFormat.XML, ResultsFormat.TSV])
@pytest.mark.parametrize("query", SELECTS.values(), ids=SELECTS.keys())
def test_solutions_read_elsewhere_are_the_same(
    endpoint: str, query: str, form: ResultsFormat
) -> None:
    """rdflib reads from our bytes what the store says itself."""
    status, media_type, document = send(f"{endpoint}?{encode(('query', query))}", Accept=form)
    assert (status, media_type) == (200, form)
    name = {"JSON": "json", "XML": "xml", "TSV": "tsv"}[form.name]
    assert solutions(Result.parse(BytesIO(document), format=name)) == expected_solutions(query)


@pytest.mark.parametrize("query", SELECTS.values(), ids=SELECTS.keys())
def test_csv_has_the_values(endpoint: str, query: str) -> None:
    """CSV keeps the plain values of all terms, and nothing of their kind."""
    _, _, document = send(f"{endpoint}?{encode(('query', query))}", Accept="text/csv")
    result = Result.parse(BytesIO(document), format="csv")
    store_result = reference_store().query(query)
    assert isinstance(store_result, ox.QuerySolutions)
    names = [variable.value for variable in store_result.variables]
    rows = [[getattr(row[name], "value", "") for name in names] for row in store_result]
    read = [
        [str(binding.get(rdflib.Variable(name), "")) for name in names]
        for binding in result.bindings
    ]
    assert sorted(read) == sorted(rows)


# rdflib's own JSON-LD parser uses what rdflib has deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("form", list(TriplesFormat))
@pytest.mark.parametrize("query", GRAPHS.values(), ids=GRAPHS.keys())
def test_triples_read_elsewhere_are_the_same(
    endpoint: str, query: str, form: TriplesFormat
) -> None:
    """rdflib reads from our bytes a graph isomorphic to the store's own."""
    status, media_type, document = send(f"{endpoint}?{encode(('query', query))}", Accept=form)
    assert (status, media_type) == (200, form)
    name = {"TURTLE": "turtle", "N_TRIPLES": "nt", "JSON_LD": "json-ld", "RDF_XML": "xml"}
    ours = rdflib.Graph().parse(data=document, format=name[form.name])
    result = reference_store().query(query)
    assert isinstance(result, ox.QueryTriples)
    direct = result.serialize(format=ox.RdfFormat.N_TRIPLES)
    assert isomorphic(ours, rdflib.Graph().parse(data=direct, format="nt"))


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("way", [URLENCODED, POSTDIRECTLY])
def test_sparqlwrapper_understands_us(endpoint: str, method: str, way: str) -> None:
    """The client library most people use gets every kind of answer in its own formats."""
    client = SPARQLWrapper(endpoint)
    client.setMethod(method)
    if method == POST:
        client.setRequestMethod(way)
    for form in ("json", "xml"):
        client.setReturnFormat(form)
        client.setQuery("ASK {}")
        answer: Any = client.queryAndConvert()
        assert answer["boolean"] if form == "json" else "true" in answer.toxml()
    client.setReturnFormat("json")
    client.setQuery(SELECTS["labels"])
    answer = client.queryAndConvert()
    assert len(answer["results"]["bindings"]) == 6
    client.setReturnFormat("turtle")
    client.setQuery(GRAPHS["describe"])
    answer = client.queryAndConvert()
    assert b"Labbet" in answer


def test_rdflib_reads_the_service_description(endpoint: str) -> None:
    """The description parses elsewhere, and its endpoint is the address it came from."""
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    for form, media_type in (("turtle", "text/turtle"), ("xml", "application/rdf+xml")):
        _, answered, document = send(endpoint, Accept=media_type)
        assert answered == media_type
        graph = rdflib.Graph().parse(data=document, format=form)
        assert graph.value(predicate=rdflib.RDF.type, object=sd.Service) == rdflib.URIRef(endpoint)
        assert len(list(graph.objects(predicate=sd.namedGraph))) == 4
