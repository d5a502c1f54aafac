"""Every limit over a real connection: its problem, in its time, and the service goes on."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from klustergraf_api.engines import engine_for
from klustergraf_api.settings import Settings
from serving import ENDLESS, ENDLESS_ROWS, TINY, cross_join, live_server, tiny_app
from wire import Reply, connect, exchange, get, head, post, receive

HELLO = get("ASK {}")


@contextmanager
def service(**settings: Any) -> Iterator[str]:
    """Give the address of a service with these settings, given to the engine too."""
    with (
        engine_for(TINY, Settings(**settings)) as engine,
        live_server(tiny_app(engine, **settings)) as address,
    ):
        yield address


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    """Give the address of a service that waits for nobody and takes little."""
    with service(
        head_seconds=0.5,
        body_seconds=0.5,
        stalled_seconds=0.5,
        query_timeout_seconds=2,
        query_kb=8,
        request_head_kb=16,
        request_body_kb=32,
        answer_mb=8,
        cache_mb=0,
    ) as address:
        yield address


def test_long_query_is_refused_by_its_way(impatient: str) -> None:
    """A query that is too long is 413 in a body and 414 in the address."""
    query = "ASK {} #" + "x" * 9000
    posted = exchange(impatient, post(query.encode()))
    assert (posted.status, posted.slug, posted.problem["limit_kb"]) == (413, "query-too-long", 8)
    asked = exchange(impatient, get(query))
    assert (asked.status, asked.slug) == (414, "query-too-long")
    assert "POST" in asked.problem["detail"]
    assert exchange(impatient, get("ASK {} #" + "x" * 7000)).status == 200


def test_large_head_is_refused(impatient: str) -> None:
    """An address or headers larger than the bound end the request, however they come."""
    address = exchange(impatient, get("ASK {} #" + "x" * 17_000))
    assert (address.status, address.slug) == (414, "query-too-long")
    headers = exchange(impatient, get("ASK {}", *(f"X-{i}: {'y' * 900}" for i in range(20))))
    assert (headers.status, headers.slug) == (431, "head-too-large")
    endless = exchange(impatient, b"GET /" + b"x" * 3_000_000)
    assert endless.status == 414
    assert exchange(impatient, HELLO).status == 200


def test_large_body_is_refused_and_the_connection_goes_on(impatient: str) -> None:
    """413 comes at once when the length is told, and for pieces of unknown number in time."""
    with connect(impatient) as connection:
        connection.sendall(post(b"#" * 100_000))
        refused = receive(connection, time.monotonic())
        assert (refused.status, refused.slug) == (413, "content-too-large")
        connection.sendall(HELLO)
        assert receive(connection, time.monotonic()).status == 200
    lines = ("Content-Type: application/sparql-query", "Transfer-Encoding: chunked")
    chunk = b"8000\r\n" + b"#" * 0x8000 + b"\r\n"
    chunked = exchange(impatient, head("POST", "/sparql", *lines) + 2 * chunk + b"0\r\n\r\n")
    assert (chunked.status, chunked.slug) == (413, "content-too-large")


def test_slow_senders_are_told(impatient: str) -> None:
    """A head or a body that does not come whole in its time is 408."""
    for sent in (b"GET /sparql?query=", HELLO[:-2], post(b"ASK", length=6)):
        late = exchange(impatient, sent)
        assert (late.status, late.slug) == (408, "request-too-slow")
        assert late.headers["connection"] == "close"
        assert 0.3 < late.seconds < 2
    with connect(impatient) as silent:
        began = time.monotonic()
        assert silent.recv(100) == b""
        assert 0.3 < time.monotonic() - began < 2
    with connect(impatient) as connection:
        connection.sendall(HELLO)
        assert receive(connection, time.monotonic()).status == 200
        connection.sendall(HELLO[:-2])
        again = receive(connection, time.monotonic())
        assert (again.status, again.slug) == (408, "request-too-slow")


def test_trickle_does_not_win_time(impatient: str) -> None:
    """One byte now and then does not move the deadline."""
    with connect(impatient) as connection:
        began = time.monotonic()
        for byte in HELLO:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.05)
            if time.monotonic() - began > 0.8:
                break
        late = receive(connection, began)
    assert (late.status, late.slug) == (408, "request-too-slow")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\r\n\r\n",
        head("GET", "/sparql", "Content-Length: x"),
        head("POST", "/sparql", "Content-Length: -1"),
        head("POST", "/sparql", "Content-Length: 4", "Content-Length: 5") + b"ASK{}",
        head("POST", "/sparql", "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head("POST", "/sparql", "Transfer-Encoding: chunked") + b"zz\r\n",
        head("GET", "/spa rql"),
        head("GET", "/sparql", "A header without a colon"),
    ],
    ids=lambda sent: repr(sent)[2:40],
)
def test_what_is_no_http_is_a_problem(impatient: str, request_: bytes) -> None:
    """What the parser refuses is told as a problem, and closes the connection."""
    told = exchange(impatient, request_)
    assert (told.status, told.slug) == (400, "malformed-request")
    assert told.headers["connection"] == "close"
    assert exchange(impatient, HELLO).status == 200


def test_body_that_is_longer_than_it_says(impatient: str) -> None:
    """What follows the announced body would be another request; the whole is refused."""
    told = exchange(impatient, post(b"ASK {} # and more", length=6))
    assert (told.status, told.slug) == (400, "malformed-request")
    assert exchange(impatient, HELLO).status == 200


def test_client_that_closes_in_the_middle(impatient: str) -> None:
    """A client that ends within its request leaves nothing behind."""
    for sent in (HELLO[:20], post(b"ASK", length=6)):
        with connect(impatient) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(2)
            assert connection.recv(100) == b""
    assert exchange(impatient, HELLO).status == 200


def test_broken_answer_resets_the_connection() -> None:
    """What breaks off after its first byte has no end, in no version of HTTP: it is reset."""
    with service(query_timeout_seconds=0.7) as address:
        broken = exchange(address, get(ENDLESS_ROWS))
        assert broken.status == 200
        assert broken.body
        assert not broken.is_whole
        assert broken.was_reset
        old = exchange(address, get(ENDLESS_ROWS, version="1.0"))
        assert old.status in (422, 503)
        assert old.is_whole
        assert exchange(address, HELLO).status == 200


def test_http_1_0_gets_a_length(impatient: str) -> None:
    """A client that knows no chunks gets a body whose end it knows."""
    reply = exchange(impatient, get(f"SELECT * {{ {cross_join(2, 40)} }}", version="1.0"))
    assert reply.status == 200
    assert "transfer-encoding" not in reply.headers
    assert int(reply.headers["content-length"]) == len(reply.body) > 100_000


def test_answer_that_is_too_large(impatient: str) -> None:
    """An answer beyond its bound breaks off when part of it is sent already."""
    reply = exchange(impatient, get(f"SELECT * {{ {cross_join(3, 100)} }}"))
    assert not reply.is_whole
    assert reply.was_reset
    assert exchange(impatient, HELLO).status == 200


def test_stalled_reader_loses_its_answer() -> None:
    """A reader that takes nothing is cut off long before the query's time is over."""
    with (
        service(stalled_seconds=0.5) as address,
        connect(address, receive_buffer=4096) as connection,
    ):
        connection.sendall(get(ENDLESS_ROWS))
        began = time.monotonic()
        assert exchange(address, HELLO).status == 200
        time.sleep(2)
        reply = receive(connection, began)
        assert reply.seconds < 5
    assert not reply.is_whole
    assert reply.was_reset


def test_slow_reader_that_reads_gets_everything(impatient: str) -> None:
    """A reader that is slow but goes on is served to the end of the query's time."""
    with connect(impatient, receive_buffer=65536) as connection:
        connection.sendall(get(f"SELECT * {{ {cross_join(2, 90)} }}"))
        time.sleep(0.3)
        assert receive(connection, time.monotonic()).is_whole


def ask_at_once(address: str, requests: list[bytes]) -> list[Reply]:
    """Send requests at the same time, each over a connection of its own."""
    replies: list[Reply] = []
    threads = [
        threading.Thread(target=lambda sent=sent: replies.append(exchange(address, sent)))
        for sent in requests
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_queue_is_bounded() -> None:
    """Beyond the workers and the queue, 503 says at once when to come again."""
    with service(workers=1, waiting_queries=2, query_timeout_seconds=3) as address:
        replies = ask_at_once(address, [get(f"{ENDLESS} #{i}") for i in range(8)])
        busy = [reply for reply in replies if reply.slug == "engine-busy"]
        assert len(busy) >= 5
        assert all(int(reply.headers["retry-after"]) > 0 for reply in busy)
        # Those who waited did so for the whole time of a query.
        assert min(reply.seconds for reply in busy) < 2
        assert {reply.status for reply in replies} == {503}
        assert exchange(address, HELLO).status == 200


def test_depth_can_be_set() -> None:
    """A query may nest as deep as the setting says, and no deeper."""
    with service(query_depth=20) as address:
        for depth, status in ((20, 200), (21, 403)):
            for begin, end in (("ASK", ""), ("ASK { FILTER", "}")):
                inner = depth - len(end)
                brackets = "(" * inner + "1" + ")" * inner if end else "{" * inner + "}" * inner
                reply = exchange(address, get(f"{begin} {brackets} {end}"))
                assert reply.status == status, reply
                if status == 403:
                    assert "more than 20 deep" in reply.problem["detail"]


def test_one_client_cannot_take_every_place() -> None:
    """Too many queries of one address are 429; a trusted proxy tells addresses apart."""
    with service(queries_per_client=2, trusted_proxies=1, query_timeout_seconds=1) as address:
        one = [get(f"{ENDLESS} #{i}", "X-Forwarded-For: 192.0.2.1") for i in range(4)]
        replies = ask_at_once(address, one)
        many = [reply for reply in replies if reply.status == 429]
        assert len(many) == 2
        assert all(reply.slug == "too-many-queries" for reply in many)
        assert all(int(reply.headers["retry-after"]) > 0 for reply in many)
        with ExitStack() as open_connections:
            for i in range(2):
                connection = open_connections.enter_context(connect(address))
                connection.sendall(get(f"{ENDLESS} #again{i}", "X-Forwarded-For: 192.0.2.1"))
            time.sleep(0.3)
            other = exchange(address, get("ASK {} #other", "X-Forwarded-For: 192.0.2.2"))
            assert other.status == 200
            forged = exchange(address, get("ASK {} #f", "X-Forwarded-For: 192.0.2.3, 192.0.2.1"))
            assert forged.status == 429


def test_less_time_can_be_asked_for_but_not_more(impatient: str) -> None:
    """``timeout`` shortens the time of a query, and never prolongs it."""
    short = exchange(impatient, get(ENDLESS, parameters="&timeout=0.3"))
    assert (short.status, short.slug) == (503, "query-timeout")
    assert short.problem["seconds"] == 0.3
    assert short.seconds < 1.3
    long = exchange(impatient, get(ENDLESS, parameters="&timeout=100"))
    assert long.problem["seconds"] == 2
    assert long.seconds < 3
