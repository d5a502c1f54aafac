"""The quick way of look-ups: nobody can tell it from the application's, but for the time."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.middleware import Front
from klustergraf_api.quick import decode, read_lookup
from serving import LAB, TINY, children, cross_join, live_server, tiny_app, wait_until
from wire import Reply, connect, exchange, get, receive

JSON = "Accept: application/sparql-results+json"
LOOKUP = f"SELECT ?p ?o {{ <{LAB}> ?p ?o }} ORDER BY ?p ?o"
LARGE = f"SELECT * {{ {cross_join(3, 40)} }}"
# Short enough for the quick way, and without an end.
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {cross_join(8, 20)} }}"
# What differs from one answer to the next, whoever gives it.
_VOLATILE = frozenset(("date", "x-request-id", "server-timing"))


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    """Serve one dataset twice: with the quick way, and without, since each request is logged."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=20) as engine,
        live_server(tiny_app(engine)) as quick,
        live_server(tiny_app(engine, log_requests=True)) as slow,
    ):
        yield quick, slow


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what passes through the application."""
    passed: list[str] = []
    original = Front.__call__

    async def record(front: Front, scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope.get("path", ""))
        await original(front, scope, receive, send)

    monkeypatch.setattr(Front, "__call__", record)
    return passed


def _have_workers(address: str, count: int, tag: str = "") -> None:
    """Let so many workers be there: a query that finds none is the application's."""
    text = f"SELECT (COUNT(*) AS ?n) {{ {cross_join(2, 300)} }} #{tag}"
    requests = [get(f"{text}{number}") for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        assert {reply.status for reply in pool.map(partial(exchange, address), requests)} == {200}


def _told(reply: Reply) -> tuple[int, dict[str, str], bytes, bool]:
    headers = {name: value for name, value in reply.headers.items() if name not in _VOLATILE}
    return reply.status, headers, reply.body, reply.is_whole


@given(st.text())
def test_every_text_is_decoded_as_it_was_written(text: str) -> None:
    """Both ways to encode a form are read."""
    assert decode(quote_plus(text).encode()) == text
    assert decode(quote(text, safe="").encode()) == text


@given(st.from_regex(rb"(?:[!-~]|%[0-9A-Fa-f]{2}|%|=|\+){0,20}", fullmatch=True))
def test_what_is_decoded_is_what_the_standard_library_reads(encoded: bytes) -> None:
    """What is not plain is left to the application; nothing is read otherwise."""
    found = decode(encoded)
    if found is not None:
        (pair,) = parse_qsl(f"q={encoded.decode()}", keep_blank_values=True, errors="strict")
        assert pair == ("q", found)


@pytest.mark.parametrize(
    "query",
    [
        LOOKUP,
        "ASK {}",
        f"CONSTRUCT {{ ?s ?p ?o }} {{ ?s ?p ?o }} ORDER BY ?s ?p ?o #{'é' * 9}",
        "SELECT (NOW() > 1 AS ?n) {}",
        "SELECT (1+1 AS ?n) {} # version=7",
        LARGE,
        "SELECT ?s { ?s ?p }",
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "ASK FROM <file:///etc/passwd> {}",
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "",
    ],
)
@pytest.mark.parametrize(
    "lines",
    [
        (JSON,),
        (),
        ("Accept: text/turtle",),
        ("Accept: text/html",),
        ("Accept: image/png",),
        ("Accept: text/csv", "Accept: text/turtle"),
        (JSON, "Accept-Encoding: gzip"),
        (JSON, "Accept-Encoding: identity;q=0, gzip"),
        (JSON, "Connection: close"),
    ],
    ids=lambda lines: ", ".join(lines) or "none",
)
def test_both_ways_tell_the_same(
    addresses: tuple[str, str], query: str, lines: tuple[str, ...]
) -> None:
    """Status, headers and body are the same, of answers, problems and pages."""
    unseen = f"{query} # {lines}" if query else query
    quick, slow = (_told(exchange(address, get(unseen, *lines))) for address in addresses)
    assert quick == slow


def test_a_lookup_does_not_pass_through_the_application(
    addresses: tuple[str, str], through: list[str]
) -> None:
    """An answer that comes whole is sent without it; it is kept all the same."""
    request = get(LOOKUP + "#passing", JSON)
    first, second = exchange(addresses[0], request), exchange(addresses[0], request)
    assert (first.status, first.headers["x-klustergraf-cache"]) == (200, "miss")
    assert through == ["/sparql"]  # of the second alone, whose answer was kept
    assert second.headers["x-klustergraf-cache"] == "hit"
    assert first.body == second.body
    assert first.headers["etag"] == second.headers["etag"]


def test_what_is_sent_together_is_answered_in_order(addresses: tuple[str, str]) -> None:
    """A second request on the same connection waits for the first."""
    queries = [f"SELECT ({number} AS ?n) {{}}" for number in range(6)]
    with connect(addresses[0]) as connection:
        connection.sendall(b"".join(get(query, "Accept: text/csv") for query in queries))
        told = b""
        while told.count(b"HTTP/1.1 200") < len(queries) or not told.endswith(b"5\r\n"):
            piece = connection.recv(65536)
            assert piece, told
            told += piece
    bodies = [part.partition(b"\r\n\r\n")[2] for part in told.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"n\r\n%d\r\n" % number for number in range(len(queries))]


def test_whoever_hangs_up_gives_the_place_back() -> None:
    """A client that may ask one query at a time may ask the next when it has left the first."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=20, workers=1) as engine,
        live_server(tiny_app(engine, queries_per_client=1)) as address,
    ):
        _have_workers(address, 1)
        with connect(address) as connection:
            connection.sendall(get(ENDLESS, JSON))
            time.sleep(0.3)
            refused = exchange(address, get(LOOKUP, JSON))
            assert (refused.status, refused.slug) == (429, "too-many-queries")
        assert wait_until(lambda: exchange(address, get(LOOKUP, JSON)).status == 200)
        counted = exchange(address, b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n").body.decode()
        assert 'klustergraf_queries_total{kind="none",outcome="client-gone"} 1.0' in counted
        assert 'klustergraf_queries_total{kind="solutions",outcome="ok"} 2.0' in counted


def test_a_worker_that_dies_is_told_as_a_problem(through: list[str]) -> None:
    """A query that is begun on the quick way and fails there is told by the application."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=20) as engine,
        live_server(tiny_app(engine)) as address,
        connect(address) as connection,
    ):
        _have_workers(address, 1)
        connection.sendall(get(ENDLESS, JSON))
        time.sleep(0.3)
        assert through.count("/sparql") == 1  # what made the worker
        for worker in children(engine.keeper_pid):
            os.kill(worker, signal.SIGKILL)
        reply = receive(connection, 0.0)
        assert (reply.status, reply.slug) == (422, "query-resources")
        counted = exchange(address, b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n").body.decode()
        assert 'outcome="query-resources-exceeded"} 1.0' in counted
        assert exchange(address, get(LOOKUP, JSON)).status == 200


def test_more_than_go_at_a_time_are_all_answered() -> None:
    """Those who wait for what takes long are answered before it is, or by the application."""
    with (
        EmbeddedEngine(TINY, timeout_seconds=3, workers=6) as engine,
        live_server(tiny_app(engine)) as address,
    ):
        _have_workers(address, 6)
        _have_workers(address, 6, "once more, and now there are workers for more than go at a time")
        replies: list[tuple[str, Reply]] = []

        def ask(query: str) -> None:
            replies.append((query, exchange(address, get(query, JSON))))

        slow = [f"{ENDLESS} # {number}" for number in range(5)]
        quick = [f"{LOOKUP} # {number}" for number in range(20)]
        threads = [threading.Thread(target=ask, args=[query]) for query in (*slow, *quick)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = {query: reply.status for query, reply in replies}
        assert [statuses[query] for query in quick] == [200] * len(quick)
        assert {statuses[query] for query in slow} == {503}
        assert [query for query, _ in replies[-len(slow) :]] != quick[-len(slow) :]


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "POST"},
        {"method": "HEAD"},
        {"path": "/sparql/"},
        {"http_version": "1.0"},
        {"query_string": b"query=ASK+%7B%7D&timeout=3"},
        {"query_string": b"default-graph-uri=a:b&query=ASK+%7B%7D"},
        {"query_string": b"query=ASK+%7B%7D%20%23version=2"},
        {"query_string": b"query="},
        {"query_string": b"query=" + b"a" * 5000},
        {"headers": [(b"if-none-match", b"*")]},
        {"headers": [(b"x-request-id", b"mine")]},
        {"headers": [(b"transfer-encoding", b"chunked")]},
    ],
    ids=str,
)
def test_what_is_more_than_a_lookup_goes_to_the_application(changed: Scope) -> None:
    """Other methods, parameters and headers than those of a plain look-up are not read here."""
    plain: Scope = {
        "method": "GET",
        "path": "/sparql",
        "http_version": "1.1",
        "query_string": b"query=ASK+%7B%7D",
        "headers": [],
    }
    assert read_lookup(plain) is not None
    assert read_lookup({**plain, **changed}) is None
