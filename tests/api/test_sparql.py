"""The endpoint: what it answers, in which form, under which headers, and how it stops."""

import http.client
import json
import socket
import threading
import time
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from klustergraf.engine.base import ResultsFormat, TriplesFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.negotiation import RESULTS, TRIPLES
from serving import (
    ENDLESS,
    ENDLESS_ROWS,
    LAB,
    TINY,
    children,
    cross_join,
    live_server,
    tiny_app,
    wait_until,
)

NAMES = "SELECT ?n { <" + LAB + "> <http://www.w3.org/2004/02/skos/core#prefLabel> ?n } ORDER BY ?n"
READY = 1  # a worker that no query has seen yet


def test_the_three_ways_to_ask_are_one(client: TestClient) -> None:
    """GET, POST with a form and POST direct give the same answer, at both addresses."""
    answers = set()
    for path in ("/sparql", "/sparql/"):
        answers |= {
            client.get(path, params={"query": NAMES}).text,
            client.post(path, data={"query": NAMES}).text,
            client.post(
                path, content=NAMES, headers={"Content-Type": "application/sparql-query"}
            ).text,
            client.post(
                path,
                content=NAMES.encode(),
                headers={"Content-Type": "Application/SPARQL-Query; charset=UTF-8"},
            ).text,
        }
    assert len(answers) == 1
    bindings = json.loads(answers.pop())["results"]["bindings"]
    assert [row["n"]["value"] for row in bindings] == ["Labbet", "The Lab"]


@pytest.mark.parametrize("media_type", RESULTS)
def test_results_come_under_the_name_asked_for(client: TestClient, media_type: str) -> None:
    """Each results format, and each generic name for it."""
    response = client.get("/sparql", params={"query": NAMES}, headers={"Accept": media_type})
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    form = ox.QueryResultsFormat.from_media_type(RESULTS[media_type])
    assert form is not None
    if form != ox.QueryResultsFormat.CSV:
        solutions = ox.parse_query_results(response.content, format=form)
        assert isinstance(solutions, ox.QuerySolutions)
        assert [row["n"].value for row in solutions] == ["Labbet", "The Lab"]


@pytest.mark.parametrize("media_type", TRIPLES)
def test_triples_come_under_the_name_asked_for(client: TestClient, media_type: str) -> None:
    """Each RDF format, and each generic name for it."""
    query = f"CONSTRUCT WHERE {{ <{LAB}> ?p ?o }}"
    response = client.get("/sparql", params={"query": query}, headers={"Accept": media_type})
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    form = ox.RdfFormat.from_media_type(TRIPLES[media_type])
    assert len(list(ox.parse(response.content, format=form))) == 10


@pytest.mark.parametrize(
    ("query", "accept"), [("ASK {}", "text/turtle"), ("CONSTRUCT {} WHERE {}", "text/csv")]
)
def test_a_format_for_another_kind_is_not_acceptable(
    client: TestClient, query: str, accept: str
) -> None:
    """Turtle for a boolean or CSV for triples is a 406 that lists what there is."""
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 406
    assert accept not in response.json()["supported"]


def test_format_parameter_is_for_links(client: TestClient) -> None:
    """``format`` overrules the header, so that a page can link to a download."""
    response = client.get(
        "/sparql", params={"query": NAMES, "format": "csv"}, headers={"Accept": "text/html"}
    )
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text == "n\r\nLabbet\r\nThe Lab\r\n"
    triples = {"query": "CONSTRUCT WHERE { ?s ?p ?o }"}
    for name, media_type in (("xml", "application/rdf+xml"), ("json", "application/ld+json")):
        response = client.get("/sparql", params={**triples, "format": name})
        assert response.headers["content-type"] == media_type
    response = client.get(
        "/sparql", params={**triples, "format": "unheard-of"}, headers={"Accept": "text/turtle"}
    )
    assert response.status_code == 400
    assert "json, xml, csv" in response.json()["detail"]


def test_head_is_get_without_a_body(client: TestClient) -> None:
    """HEAD gives status and headers of the same GET."""
    for params in ({"query": NAMES}, {"query": "SELECT"}, {}):
        head = client.head("/sparql", params=params)
        get = client.get("/sparql", params=params)
        assert head.status_code == get.status_code
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.content == b""
        assert head.headers.get("etag") == get.headers.get("etag")


def test_unchanged_answers_are_not_sent_again(client: TestClient, engine: EmbeddedEngine) -> None:
    """The tag names version, query, dataset and representation; a known one gives 304."""
    first = client.get("/sparql", params={"query": NAMES})
    tag = first.headers["etag"]
    assert first.headers["x-klustergraf-version"] == engine.version_id
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/")):
        again = client.get("/sparql", params={"query": NAMES}, headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["x-klustergraf-version"] == engine.version_id
    different = [
        client.get("/sparql", params={"query": NAMES}, headers={"Accept": "text/csv"}),
        client.get("/sparql", params={"query": NAMES + " #"}),
        client.get(
            "/sparql",
            params={
                "query": NAMES,
                "default-graph-uri": "https://w3id.org/klustergraf/graph/stated",
            },
        ),
    ]
    tags = {response.headers["etag"] for response in different}
    assert len(tags) == 3
    assert tag not in tags
    posted = client.post("/sparql", data={"query": NAMES}, headers={"If-None-Match": tag})
    assert posted.status_code == 200


def test_every_origin_may_read(client: TestClient) -> None:
    """CORS for everything that reads, errors included, and for the preflight of a POST."""
    for path in ("/sparql?query=ASK{}", "/sparql?query=x", "/id/actor/lab.ttl", "/nope"):
        response = client.get(path, headers={"Origin": "https://example.org"})
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers
    preflight = client.options(
        "/sparql",
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]


def test_dataset_of_the_protocol(client: TestClient) -> None:
    """default-graph-uri and named-graph-uri choose the graphs, repeated ones together."""
    graphs = [f"https://w3id.org/klustergraf/graph/{name}" for name in ("stated", "catalogue")]
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

    def number(**params: list[str]) -> int:
        query = {"query": count, "format": "csv", **params}
        return int(client.get("/sparql", params=query).text.split()[1])

    first, second = (number(**{"default-graph-uri": [graph]}) for graph in graphs)
    assert number(**{"default-graph-uri": graphs}) == first + second
    assert number(**{"named-graph-uri": graphs}) == 0


def test_browser_sees_the_answer_under_the_form(client: TestClient) -> None:
    """For a browser the answer, or the problem with the query, is part of the form's page."""
    page = client.get("/sparql", params={"query": NAMES}, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Labbet" in page.text
    assert "format=csv" in page.text
    failed = client.get(
        "/sparql", params={"query": "SELECT <script>"}, headers={"Accept": "text/html"}
    )
    assert failed.status_code == 400
    assert "SELECT &lt;script&gt;</textarea>" in failed.text
    assert "<script>" not in failed.text


def test_page_says_when_it_shows_a_part(engine: EmbeddedEngine) -> None:
    """A page that cannot show every row says how many there are."""
    with TestClient(tiny_app(engine, rows_per_page=10)) as small:
        query = f"SELECT * {{ {cross_join(1, 25)} }}"
        page = small.get("/sparql?lang=en", params={"query": query, "format": "html", "lang": "en"})
        assert "Rows: 25" in page.text
        assert "the first 10 are shown" in page.text
        large = f"SELECT * {{ {cross_join(3, 60)} }}"
        page = small.get("/sparql", params={"query": large, "format": "html", "lang": "en"})
        assert page.status_code == 422
        assert "Download it instead" in page.text


def test_service_description_is_true(client: TestClient, engine: EmbeddedEngine) -> None:
    """Without a query the endpoint describes itself, and what it says can be checked."""
    sd = "http://www.w3.org/ns/sparql-service-description#"
    for media_type in TriplesFormat:
        response = client.get("/sparql", headers={"Accept": media_type})
        assert response.status_code == 200
        form = ox.RdfFormat.from_media_type(media_type)
        store = ox.Store()
        store.load(response.content, format=form)

        def values(predicate: str, store: ox.Store = store) -> set[str]:
            found = store.quads_for_pattern(None, ox.NamedNode(predicate), None)
            return {quad.object.value for quad in found}  # type: ignore[union-attr]

        assert values(sd + "endpoint") == {"http://testserver/sparql"}
        assert values(sd + "name") == set(engine.graphs)
        assert values(sd + "feature") == {sd + "UnionDefaultGraph"}
        assert len(values(sd + "resultFormat")) == len([*ResultsFormat, *TriplesFormat])
        assert values("http://www.w3.org/2002/07/owl#versionInfo") == {engine.version_id}
        described = values("http://purl.org/dc/terms/description")
        assert len(described) == 2
        assert all("30 s" in text and "512 KiB" in text for text in described)
    counted = "SELECT (<http://www.opengis.net/def/function/geosparql/distance>(1, 2, 3) AS ?d) {}"
    assert client.get("/sparql", params={"query": counted}).status_code == 200
    tag = client.get("/sparql").headers["etag"]
    assert client.get("/sparql", headers={"If-None-Match": tag}).status_code == 304


def _request(address: str, query: str) -> bytes:
    host = urlsplit(address).netloc
    return f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.mark.parametrize("query", [ENDLESS, ENDLESS_ROWS], ids=["waiting", "streaming"])
def test_client_that_hangs_up_stops_its_query(query: str) -> None:
    """A worker is killed when its client goes away, before the answer and within it."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=60) as engine,
        live_server(tiny_app(engine)) as address,
    ):
        where = urlsplit(address)
        with socket.create_connection((where.hostname, where.port)) as connection:
            connection.sendall(_request(address, query))
            assert wait_until(lambda: len(children(engine.keeper_pid)) == READY + 1)
            time.sleep(0.3)
            assert len(children(engine.keeper_pid)) == READY + 1
        assert wait_until(lambda: len(children(engine.keeper_pid)) == READY, 2)


def test_broken_answer_is_recognisably_broken() -> None:
    """An answer that is stopped within breaks the connection off: the last piece never comes."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=0.5) as engine,
        live_server(tiny_app(engine)) as address,
    ):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        connection.request("GET", f"/sparql?query={quote(ENDLESS_ROWS)}")
        response = connection.getresponse()
        assert response.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
        connection.close()


def test_others_are_served_while_one_blocks() -> None:
    """While workers are busy with endless queries, look-ups and pages go on."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=3, workers=4) as engine,
        live_server(tiny_app(engine)) as address,
    ):
        host = urlsplit(address).netloc

        def ask(query: str) -> int:
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.request("GET", f"/sparql?query={quote(query)}")
            status = connection.getresponse().status
            connection.close()
            return status

        slow = [threading.Thread(target=ask, args=[ENDLESS]) for _ in range(3)]
        for thread in slow:
            thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert all(ask(NAMES) == 200 for _ in range(10))
        assert time.monotonic() - began < 2
        for thread in slow:
            thread.join()
        assert ask(NAMES) == 200
