"""What is kept, for whom, and how it is told."""

import gzip
import json
import time

import pytest
import zstandard
from starlette.testclient import TestClient

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.cache import AnswerCache, StoredAnswer, is_repeatable
from klustergraf_api.negotiation import choose_coding
from serving import STATED, TINY, cross_join, live_server, tiny_app
from wire import connect, exchange, get, receive

LONG = f"SELECT * {{ {cross_join(1, 100)} }}"
HUGE = f"SELECT * {{ {cross_join(3, 40)} }}"


def how(client: TestClient, query: str, accept: str = "text/csv", **parameters: str) -> str:
    """Ask a query; tell whether its answer was kept."""
    response = client.get(
        "/sparql", params={"query": query, **parameters}, headers={"Accept": accept}
    )
    assert response.status_code == 200
    assert response.headers["server-timing"].startswith("total;dur=")
    return str(response.headers["x-klustergraf-cache"])


def test_the_same_again_is_a_hit(client: TestClient) -> None:
    """Query, dataset and representation make a different answer; nothing else does."""
    query = "SELECT ?s { ?s ?p ?o } ORDER BY ?s #cache"
    assert [how(client, query) for _ in range(3)] == ["miss", "hit", "hit"]
    assert how(client, query, timeout="1") == "hit"
    assert how(client, query, accept="text/tab-separated-values") == "miss"
    assert how(client, query, **{"default-graph-uri": STATED}) == "miss"
    assert how(client, query + " ") == "miss"
    posted = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    assert posted.headers["x-klustergraf-cache"] == "hit"
    assert client.get("/sparql", params={"query": query, "format": "csv"}).text == posted.text
    head = client.head("/sparql", params={"query": query}, headers={"Accept": "text/csv"})
    assert head.headers["x-klustergraf-cache"] == "hit"
    assert head.content == b""


@pytest.mark.parametrize(
    "expression", ["NOW()", "RAND()", "UUID()", "STRUUID ()", "now #x\n()", r"\u004eOW()"]
)
def test_what_changes_by_itself_is_not_kept(client: TestClient, expression: str) -> None:
    """An answer that depends on time or chance is never kept, and has no tag."""
    query = f"SELECT ({expression} AS ?x) {{}}"
    assert not is_repeatable(query)
    response = client.get("/sparql", params={"query": query})
    if response.status_code == 200:  # the engine does not read every escape
        assert response.headers["x-klustergraf-cache"] == "off"
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


def test_failures_and_large_answers_are_not_kept(client: TestClient) -> None:
    """Only whole answers within the bound are kept."""
    for _ in range(2):
        assert client.get("/sparql", params={"query": "SELECT"}).status_code == 400
        assert how(client, HUGE) == "off"


def test_cache_can_be_turned_off(engine: EmbeddedEngine) -> None:
    """With no memory for it nothing is kept."""
    with TestClient(tiny_app(engine, cache_mb=0)) as client:
        assert [how(client, "ASK {}", accept="*/*") for _ in range(2)] == ["off", "off"]


def test_cache_is_bounded_and_gives_up_what_is_unused() -> None:
    """The bytes of what is kept never pass the bound, and what was asked last stays."""
    cache = AnswerCache(most_bytes=10_000, largest_bytes=5_000)
    for number in range(100):
        cache.put(number, StoredAnswer(b"x" * 1000, (), "solutions"), 10)
        cache.get(0)
        assert cache.bytes_kept <= 10_000
    assert cache.get(0) is not None
    assert cache.get(1) is None
    cache.put("large", StoredAnswer(b"x" * 5_001, (), "solutions"), 10)
    assert cache.get("large") is None
    cache.clear()
    assert (len(cache), cache.bytes_kept) == (0, 0)


def test_short_way_gives_the_same_answer() -> None:
    """What the connection answers by itself is what the endpoint answers, but for its id."""
    own = {"x-request-id", "server-timing", "date", "x-klustergraf-cache"}
    with EmbeddedEngine(TINY) as engine, live_server(tiny_app(engine)) as address:
        with connect(address) as connection:
            replies = []
            for _ in range(4):
                connection.sendall(get(LONG, "Accept: text/csv"))
                replies.append(receive(connection, time.monotonic()))
        states = [reply.headers["x-klustergraf-cache"] for reply in replies]
        assert states == ["miss", "hit", "hit", "hit"]
        assert len({reply.headers["x-request-id"] for reply in replies}) == 4
        told = [{k: v for k, v in r.headers.items() if k not in own} for r in replies]
        assert told[0] == told[1] == told[2] == told[3]
        assert len({reply.body for reply in replies}) == 1
        tag = replies[0].headers["etag"]
        other = {
            304: get(LONG, "Accept: text/csv", f"If-None-Match: {tag}"),
            200: get(LONG, "Accept: application/sparql-results+json"),
            406: get(LONG, "Accept: image/png"),
        }
        for status, request in other.items():
            assert exchange(address, request).status == status
        named = exchange(address, get(LONG, "Accept: text/csv", "X-Request-ID: abc"))
        assert named.headers["x-request-id"] == "abc"
        bodied = exchange(address, get(LONG, "Accept: text/csv", "Connection: close"))
        assert bodied.headers["connection"] == "close"
        two = get(LONG, "Accept: text/csv") * 2
        with connect(address) as connection:
            connection.sendall(two)
            both = connection.recv(1 << 20)
            while both.count(b"HTTP/1.1 200") < 2 or not both.endswith(replies[0].body):
                both += connection.recv(1 << 20)
        metrics = exchange(address, b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").body.decode()
        hits = next(line for line in metrics.splitlines() if line.startswith("klustergraf_cache_h"))
        assert float(hits.split()[1]) >= 7


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, ""),
        ("", ""),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0, zstd;q=0", ""),
        ("identity", ""),
        ("identity;q=1, gzip;q=0.5", ""),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("br", ""),
        ("GZIP", "gzip"),
    ],
)
def test_content_coding_is_what_the_client_likes(header: str | None, coding: str) -> None:
    """RFC 9110, 12.5.3: qualities count, then our order; none is always there to fall back on."""
    assert choose_coding(header)[0] == coding


@pytest.mark.parametrize("query", [LONG, HUGE], ids=["whole", "streamed"])
def test_answers_are_compressed_for_who_accepts_it(client: TestClient, query: str) -> None:
    """Each coding is the same answer under a tag of its own; a small answer is left alone."""
    plain = client.get("/sparql", params={"query": query}, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    tags = {plain.headers["etag"]}
    for coding in ("gzip", "zstd"):
        with client.stream(
            "GET", "/sparql", params={"query": query}, headers={"Accept-Encoding": coding}
        ) as response:
            assert response.headers["content-encoding"] == coding
            assert "Accept-Encoding" in response.headers["vary"]
            tags.add(response.headers["etag"])
            sent = b"".join(response.iter_raw())
        if coding == "gzip":
            document = gzip.decompress(sent)
        else:
            document = zstandard.ZstdDecompressor().decompressobj().decompress(sent)
        assert document == plain.content
        assert len(sent) < len(document) / 2
        again = client.get(
            "/sparql",
            params={"query": query},
            headers={"Accept-Encoding": coding, "If-None-Match": response.headers["etag"]},
        )
        assert again.status_code == 304
    assert len(tags) == 3
    small = client.get("/sparql?query=ASK{}", headers={"Accept-Encoding": "gzip, zstd"})
    assert "content-encoding" not in small.headers
    assert json.loads(small.content)["boolean"] is True
    known = {"Accept-Encoding": "gzip, zstd", "If-None-Match": small.headers["etag"]}
    assert client.get("/sparql?query=ASK{}", headers=known).status_code == 304
