"""A version in a store elsewhere: published whole, and asked the stored questions."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from klustergraf.build import BuildResult
from klustergraf.catalogue import Catalogue
from klustergraf.cli import main
from klustergraf.engine.base import QueryEngine, QueryRequest, ResultsFormat, TriplesFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.publication import MERGED_GRAPH, RECORD_GRAPH
from klustergraf.engine.remote import RemoteEngine
from klustergraf.engine.transport import Credentials
from klustergraf.errors import (
    EngineUnavailable,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)
from klustergraf.publishing import GraphStore, publish
from klustergraf.version import Manifest, Version, VersionStore

pytestmark = pytest.mark.integration

MOST_ROWS = 5000  # as conftest.py sets it for Virtuoso

# What Virtuoso 7.2 cannot answer, and how it fails. docs/engines.md tells them, too.
VIRTUOSO_FAILS = {
    "actors_collaborations": "SQ156",  # its compiler gives up
    "actors_near-place": "Undefined procedure",  # it has no GeoSPARQL
}
# What it answers wrongly: the solutions for which EXISTS is false are lost.
VIRTUOSO_IS_WRONG = {"agreement_parties"}

# Minutes of work for Virtuoso, which stops it by itself; some seconds for Oxigraph, which does not.
LONG = {
    "Virtuoso": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i "
    "FILTER (?c != ?f && ?f != ?i) }",
    "Oxigraph": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER (?c != ?f) }",
}


@pytest.fixture(scope="module")
def embedded(founding: BuildResult) -> Iterator[EmbeddedEngine]:
    """Ask the version here."""
    with EmbeddedEngine(founding.version, workers=1) as engine:
        yield engine


@pytest.fixture
def remote(server: Any, founding: BuildResult) -> Iterator[RemoteEngine]:
    """Publish the version, and ask it there."""
    publish(founding.version, server.store)
    with RemoteEngine(server.query_url, timeout_seconds=30) as engine:
        yield engine


def answer(engine: QueryEngine, text: str, **options: Any) -> bytes:
    """Ask, and read the whole answer."""
    return b"".join(engine.query(QueryRequest(text, **options)))


def rows(engine: QueryEngine, text: str) -> Counter[tuple[Any, ...]]:
    """Ask, and give the solutions in no order: integers by value, concatenations sorted."""
    document = json.loads(answer(engine, text))
    return Counter(
        tuple(sorted((name, *_term(term)) for name, term in row.items()))
        for row in document["results"]["bindings"]
    )


def _term(term: dict[str, str]) -> tuple[str, ...]:
    datatype = term.get("datatype", "").replace("nonNegativeInteger", "integer")
    value = "; ".join(sorted(term["value"].split("; ")))
    return (term["type"], value, datatype, term.get("xml:lang", "").lower())


def test_shipped_version(server: Any, founding: BuildResult, remote: RemoteEngine) -> None:
    """Every graph lies there, with as many triples as it has; the record names the version."""
    assert remote.version_id == founding.version.id
    assert remote.graphs == set(founding.version.manifest.triples)
    remote.check_counts()
    counts = rows(remote, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    found = {row[0][2]: int(row[1][2]) for row in counts}
    assert found == dict(founding.version.manifest.triples)


# What the founding documents have nothing on: projects with partners, and KTH's further circle.
_OF_OPEN_DATA = {
    "actors_common-partners",
    "projects_by-actor",
    "projects_pairs",
    "projects_partners-abroad",
}


@pytest.mark.parametrize("name", [query.name for query in Catalogue()])
def test_stored_query(
    name: str, server: Any, remote: RemoteEngine, embedded: EmbeddedEngine
) -> None:
    """Each stored query has the answer there that it has here, or is a known exception."""
    text = Catalogue().get(name).bind({})
    if server.name == "Virtuoso" and name in VIRTUOSO_FAILS:
        with pytest.raises(EngineUnavailable, match=VIRTUOSO_FAILS[name]):
            answer(remote, text)
        return
    here, there = rows(embedded, text), rows(remote, text)
    assert bool(here) is (name not in _OF_OPEN_DATA)
    if server.name == "Virtuoso":
        # It repeats a row now and then, in spite of DISTINCT.
        is_right = set(there) == set(here)
        assert is_right is (name not in VIRTUOSO_IS_WRONG), f"{set(there) ^ set(here)}"
    else:
        assert there == here, f"{here - there} is not {there - here}"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
        "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }",
        "SELECT ?o { <https://w3id.org/klustergraf/id/place/flemingsberg#point> "
        "<http://www.opengis.net/ont/geosparql#asWKT> ?o }",
        "SELECT ?s ?o { ?s <https://w3id.org/klustergraf/ontology#isOpenToFurtherParties> ?o }",
        'SELECT ("å" AS ?l) (<urn:x> AS ?i) ("x"@sv AS ?v) (2 + 3 AS ?n) {}',
        "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/klustergraf/graph/ontology> { ?s ?p ?o }",
    ],
)
def test_same_solutions(text: str, remote: RemoteEngine, embedded: EmbeddedEngine) -> None:
    """The default graph, the named graphs and the terms are what they are here."""
    assert rows(remote, text) == rows(embedded, text)


@pytest.mark.parametrize("results_format", list(ResultsFormat))
def test_same_bytes(
    results_format: ResultsFormat, remote: RemoteEngine, embedded: EmbeddedEngine
) -> None:
    """An ordered answer is the same bytes in every format, and so is a boolean."""
    text = (
        "SELECT ?label { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?label "
        "FILTER (LANG(?label) = 'sv') } ORDER BY STR(?label) LIMIT 50"
    )
    for query in (text, "ASK { ?s a ?type }", "ASK { ?s a 1 }"):
        if query is text or results_format in (ResultsFormat.JSON, ResultsFormat.XML):
            there = answer(remote, query, results_format=results_format)
            assert there == answer(embedded, query, results_format=results_format)


@pytest.mark.parametrize("triples_format", list(TriplesFormat))
def test_same_triples(
    triples_format: TriplesFormat, remote: RemoteEngine, embedded: EmbeddedEngine
) -> None:
    """A CONSTRUCT gives the same triples in every format."""
    text = "CONSTRUCT WHERE { ?s <http://www.w3.org/ns/org#organization> ?o ; a ?type }"

    def triples(engine: QueryEngine) -> set[ox.Quad]:
        content = answer(engine, text, triples_format=triples_format)
        return set(ox.parse(content, format=ox.RdfFormat.from_media_type(triples_format)))

    assert triples(remote) == triples(embedded) != set()


def test_dataset_of_the_request(remote: RemoteEngine, embedded: EmbeddedEngine) -> None:
    """Default and named graphs of the protocol are taken as such."""
    ontology, shapes = (f"https://w3id.org/klustergraf/graph/{n}" for n in ("ontology", "shapes"))
    text = "SELECT DISTINCT ?g ?t { { ?s a ?t } UNION { GRAPH ?g { ?s a ?u } } }"
    request = QueryRequest(
        text,
        default_graphs=(ontology,),
        named_graphs=(shapes,),
        results_format=ResultsFormat.TSV,
    )
    found = [sorted(b"".join(engine.query(request)).splitlines()) for engine in (remote, embedded)]
    assert found[0] == found[1]


def test_syntax_error(remote: RemoteEngine) -> None:
    """What is no SPARQL is told as such, with the line."""
    with pytest.raises(SparqlSyntaxError) as caught:
        answer(remote, "SELECT * {\n  ?s ?p }")
    assert caught.value.line is not None


def test_long_query(server: Any, remote: RemoteEngine) -> None:
    """A query that takes too long is given up in time, and the next one is answered."""
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        answer(remote, LONG[server.name], timeout_seconds=1)
    assert time.monotonic() - began < 2.5
    assert json.loads(answer(remote, "ASK { ?s a ?type }"))["boolean"] is True


def test_limit_of_virtuoso(virtuoso_server: Any, founding: BuildResult) -> None:
    """When the server itself gives up, that is a timeout as well."""
    publish(founding.version, virtuoso_server.store)
    with (
        RemoteEngine(virtuoso_server.query_url, timeout_seconds=60) as engine,
        pytest.raises(QueryTimeout),
    ):
        answer(engine, LONG["Virtuoso"])


def test_partial_answers_of_virtuoso(virtuoso_server: Any, founding: BuildResult) -> None:
    """What Virtuoso finds in the time of its `timeout` parameter is no answer."""
    publish(founding.version, virtuoso_server.store)
    text = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } GROUP BY ?p"
    with (
        RemoteEngine(virtuoso_server.query_url, parameters={"timeout": "1000"}) as engine,
        pytest.raises(QueryTimeout),
    ):
        answer(engine, text)


@pytest.mark.parametrize("count", [MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1])
@pytest.mark.parametrize("form", ["SELECT ?s ?p ?o", "CONSTRUCT { ?s ?p ?o }"])
def test_virtuoso_cuts(form: str, count: int, virtuoso_server: Any, founding: BuildResult) -> None:
    """From the number of rows on that Virtuoso gives at most, there is no answer but an error."""
    publish(founding.version, virtuoso_server.store)
    text = f"{form} WHERE {{ SELECT DISTINCT ?s ?p ?o {{ ?s ?p ?o }} LIMIT {count} }}"
    with RemoteEngine(virtuoso_server.query_url) as engine:
        options = {"results_format": ResultsFormat.TSV, "triples_format": TriplesFormat.N_TRIPLES}
        if count < MOST_ROWS:
            lines = answer(engine, text, **options).count(b"\n")
            assert lines == count + form.startswith("SELECT")
            return
        with pytest.raises(QueryResourcesExceeded, match=str(MOST_ROWS)):
            answer(engine, text, **options)


def test_publishing_again_changes_nothing(server: Any, founding: BuildResult) -> None:
    """What lies there already is left as it is."""
    publish(founding.version, server.store)
    result = publish(founding.version, server.store)
    assert (result.put, result.removed) == ([], [])
    assert set(result.kept) == {*founding.version.manifest.triples, MERGED_GRAPH}


def test_next_version(server: Any, founding: BuildResult, tmp_path: Path) -> None:
    """Of another version only what differs is put; what it no longer has is removed."""
    publish(founding.version, server.store)
    server.store.put("urn:of:others", b"<urn:a> <urn:b> <urn:c> .\n")
    other = _without_sites(founding.version, tmp_path)
    result = publish(other, server.store)
    sites = "https://w3id.org/klustergraf/graph/open/flemingsberg-sites"
    assert result.removed == [sites]
    assert result.put == [MERGED_GRAPH]
    with RemoteEngine(server.query_url) as engine:
        assert engine.version_id == other.id
        engine.check_counts()
        assert sites not in engine.graphs
    assert server.store.get(sites) == []
    assert server.store.get("urn:of:others") == [("urn:a", "urn:b", "urn:c")]
    server.store.delete("urn:of:others")


def _without_sites(version: Version, home: Path) -> Version:
    """Make a version that lacks a graph."""
    lines = version.dataset_path.read_bytes().splitlines(keepends=True)
    dataset = b"".join(line for line in lines if b"/graph/open/flemingsberg-sites> ." not in line)
    manifest = Manifest(sha256(dataset).hexdigest(), "2026-01-01T00:00:00+00:00", "test")
    return VersionStore(home).add(dataset, manifest, b"")


def test_broken_off_publication(server: Any, founding: BuildResult) -> None:
    """A publication that broke off is seen as such, and goes on where it stopped."""
    store = server.store
    store.delete(RECORD_GRAPH)

    class Breaking(GraphStore):
        def put(self, graph: str, content: bytes | Path) -> None:
            if isinstance(content, Path) and len(put) == 5:
                raise KeyboardInterrupt
            if isinstance(content, Path):
                put.append(graph)
            super().put(graph, content)

    put: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        publish(founding.version, Breaking(store.url, store.credentials))
    with pytest.raises(EngineUnavailable, match="between two versions"):
        RemoteEngine(server.query_url)
    result = publish(founding.version, store)
    assert result.kept == put
    with RemoteEngine(server.query_url) as engine:
        engine.check_counts()


def test_command(server: Any, founding: BuildResult) -> None:
    """The command publishes, counts, and prints the id of the version."""
    credentials = server.store.credentials or Credentials("", "")
    home = str(founding.version.path.parent.parent)
    result = CliRunner().invoke(
        main,
        ["--home", home, "publish", "--to", server.store.url, "--query-url", server.query_url,
         "--auth", credentials.scheme],
        env={"KLUSTERGRAF_STORE_USER": credentials.user or None,
             "KLUSTERGRAF_STORE_PASSWORD": credentials.password or None},
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert founding.version.id in result.stdout


def test_wrong_password(virtuoso_server: Any, founding: BuildResult) -> None:
    """A password that is not taken is an error that does not show it."""
    wrong = replace(virtuoso_server.store, credentials=Credentials("publisher", "wr0ng", "digest"))
    with pytest.raises(EngineUnavailable, match="does not take this name and password") as caught:
        publish(founding.version, wrong)
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(EngineUnavailable, match="wants a name and a password"):
        publish(founding.version, replace(wrong, credentials=None))
