"""What no input may do: stop the service, keep it busy, or make it reach for another host.

Each case runs against one service, over HTTP: it gets its problem in time, nothing is contacted,
and the next ordinary query is answered within a second.
"""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from klustergraf_api.app import create_app
from klustergraf_api.engines import engine_for
from klustergraf_api.settings import Settings
from serving import cross_join, is_done_within, live_server, numbers
from wire import Reply, exchange, get, head, post

SECONDS = 2.0
ORDINARY = "SELECT * { ?s <http://example.org/to> ?o } LIMIT 3"
CLIENTS = 200


def dense_graph(nodes: int = 60) -> str:
    """Write a graph in which everything leads to everything."""
    return "".join(
        f"<http://example.org/{a}> <http://example.org/to> <http://example.org/{b}> .\n"
        for a in range(nodes)
        for b in range(nodes)
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a service over a dense graph, its limits as they are but for time."""
    path = Path(tmp_path_factory.mktemp("dense"), "dense.nt")
    path.write_text(dense_graph())
    settings = Settings(
        query_timeout_seconds=SECONDS,
        memory_per_query_mb=256,
        body_seconds=1,
        queries_per_client=CLIENTS,
        waiting_queries=CLIENTS,
    )
    with engine_for(path, settings) as engine, live_server(create_app(settings, engine)) as address:
        yield address


@pytest.fixture
def trap() -> Iterator[tuple[int, list[object]]]:
    """Listen on a port of this machine; give the port and who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        ends = threading.Event()

        def listen() -> None:
            while not ends.is_set():
                try:
                    connection, who = listener.accept()
                except TimeoutError:
                    continue
                connection.close()
                came.append(who)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listener.getsockname()[1], came
        finally:
            ends.set()
            thread.join()


def goes_on(address: str) -> bool:
    """Tell whether an ordinary query, that no cache has, is answered within a second."""

    def ask() -> None:
        reply = exchange(address, get(f"{ORDINARY} #{time.monotonic()}"))
        assert reply.status == 200, reply
        assert reply.is_whole

    return is_done_within(1, ask)


HOSTILE = {
    "100,000 nested groups": (post(b"SELECT * " + b"{" * 100_000 + b"}" * 100_000), {403}),
    "100,000 nested parentheses": (
        post(b"SELECT (" + b"(" * 100_000 + b"1" + b")" * 100_000 + b" AS ?x) {}"),
        {403},
    ),
    "nested as deep as allowed": (post(b"ASK " + b"{" * 250 + b"}" * 250), {200, 403, 422}),
    "10 MB of query": (post(b"ASK {} #" + b"x" * 10_000_000), {413}),
    "10 MB in the address": (get("ASK {} #" + "x" * 10_000_000), {414}),
    "a million VALUES": (
        post(f"SELECT * {{ VALUES ?x {{ {numbers(1_000_000)} }} }}".encode()),
        {413},
    ),
    "as many VALUES as are read": (
        post(f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {numbers(75_000)} }} }}".encode()),
        {200},
    ),
    "long chain of operators": (
        post(b"ASK { FILTER(1" + b"+1" * 200_000 + b")}"),
        {403, 413, 422, 503},
    ),
    "long UNION": (post(b"ASK {" + b" UNION ".join([b"{}"] * 30_000) + b"}"), {200, 403, 413, 422}),
    "catastrophic REGEX": (
        get('ASK { FILTER(REGEX("' + "a" * 5000 + '!", "^(((a+)+)+)+$")) }'),
        {200, 400, 422, 503},
    ),
    "REGEX that grows": (get('ASK { FILTER(REGEX("a", "((a{1,99}){1,99}){1,99}")) }'), {200, 400}),
    "unbounded paths over a dense graph": (
        get("SELECT (COUNT(*) AS ?n) { ?a !<x:y>+ ?b . ?b (!<x:y>|^!<x:y>)* ?c . ?c !<x:y>+ ?d }"),
        {422, 503},
    ),
    "ORDER BY over a cross join": (get(f"SELECT * {{ {cross_join()} }} ORDER BY ?v7"), {422, 503}),
    "cross join": (get("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"), {503}),
    "GROUP_CONCAT over everything": (
        get(f"SELECT (GROUP_CONCAT(?v0) AS ?x) {{ {cross_join()} }}"),
        {422, 503},
    ),
    "malformed UTF-8 posted": (post(b"ASK { ?s ?p '\xc3\x28' }"), {400}),
    "malformed UTF-8 in the address": (head("GET", "/sparql?query=ASK%7B%7D%23%C3%28"), {400}),
    "surrogates": (post(b"ASK { ?s ?p '\xed\xa0\x80' }"), {400}),
    "NUL": (post(b"ASK { ?s ?p '\x00' }"), {200, 400}),
    "Content-Length too large": (post(b"ASK {}", length=7), {408}),
    "Content-Length too small": (post(b"ASK {} garbage\r\n\r\n", length=6), {400}),
    "a thousand parameters": (head("GET", "/sparql?" + "&".join(["a=1"] * 2000)), {400}),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_request_gets_its_answer(service: str, case: tuple[bytes, set[int]]) -> None:
    """A problem (or an answer, where the query is only odd) comes in time, and all goes on."""
    request, statuses = case
    reply = exchange(service, request)
    assert reply.status in statuses, reply
    assert reply.is_whole
    assert reply.seconds < SECONDS + 1.5
    if reply.status >= 400:
        assert reply.problem["title"]
    assert goes_on(service)


SERVICES = {
    "plain": "ASK { SERVICE <@> { ?s ?p ?o } }",
    "silent": "ASK { SERVICE SILENT <@> { ?s ?p ?o } }",
    "in any case of letters": "ASK { sErViCe <@> { ?s ?p ?o } }",
    "by variable": "ASK { VALUES ?e { <@> } SERVICE ?e { ?s ?p ?o } }",
    "by a variable of the data": "SELECT * { BIND(IRI('@') AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "in a subquery": "SELECT * { { SELECT * { SERVICE <@> { ?s ?p ?o } } } }",
    "in FILTER EXISTS": "ASK { FILTER EXISTS { SERVICE <@> { ?s ?p ?o } } }",
    "by prefix": "PREFIX e: <@> ASK { SERVICE e: { ?s ?p ?o } }",
    "without spaces": "ASK{SERVICE<@>{?s ?p ?o}}",
    "comments between": "ASK { SERVICE # <x>\n #\n <@> { ?s ?p ?o } }",
    "comment that is a string": "ASK { FILTER('#' = '') SERVICE <@> { ?s ?p ?o } }",
    "escapes": "ASK { \\u0053ERVICE <@> { ?s ?p ?o } }",
    "long escapes": "ASK { \\U00000053ERV\\u0049CE <@> { ?s ?p ?o } }",
    "escapes in the IRI": "ASK { SERVICE <\\u0068ttp://127.0.0.1:PORT/> { ?s ?p ?o } }",
    "FROM": "ASK FROM <@> { ?s ?p ?o }",
    "FROM NAMED": "ASK FROM NAMED <@> { GRAPH ?g { ?s ?p ?o } }",
    "FROM by BASE": "BASE <@> ASK FROM <> { ?s ?p ?o }",
    "LOAD": "LOAD <@>",
}
HOSTS = [
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/sparql",
    "http://[::ffff:127.0.0.1]:PORT/",
]
FAR_HOSTS = ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "file:///etc/x"]


@pytest.mark.parametrize("query", SERVICES.values(), ids=SERVICES.keys())
def test_no_query_reaches_another_host(
    service: str, trap: tuple[int, list[object]], query: str
) -> None:
    """However a query names another host, it is refused, and nobody comes to that host."""
    port, came = trap
    for host in (*HOSTS, *FAR_HOSTS):
        text = query.replace("@", host).replace("PORT", str(port))
        for request in (get(text), post(text.encode())):
            refused = exchange(service, request)
            assert refused.status in (400, 403), text
            assert refused.problem["title"]
            assert refused.seconds < SECONDS  # as no query was run
    assert not came
    assert goes_on(service)


def test_protocol_names_no_other_host(service: str, trap: tuple[int, list[object]]) -> None:
    """The protocol's own parameters cannot name what is not here either."""
    port, came = trap
    for name in ("default-graph-uri", "named-graph-uri"):
        for graph in (f"http://127.0.0.1:{port}/", "file:///etc/passwd", "relative", "", "%00"):
            reply = exchange(service, get("ASK {}", parameters=f"&{name}={graph}"))
            assert reply.status in (400, 403), graph
    assert not came


def at_once(address: str, requests: list[bytes]) -> list[Reply]:
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


def test_many_clients_at_once(service: str) -> None:
    """200 clients at once each get their answer; so they do when half of them are hostile."""
    friendly = at_once(service, [get(f"{ORDINARY} #{i}") for i in range(CLIENTS)])
    assert [reply.status for reply in friendly] == [200] * CLIENTS
    mixed = at_once(
        service,
        [
            get(f"{ORDINARY} #m{i}") if i % 2 else post(b"ASK " + b"{" * 5000)
            for i in range(CLIENTS)
        ],
    )
    assert sorted(reply.status for reply in mixed) == [200] * 100 + [403] * 100
    assert goes_on(service)


def test_many_endless_queries_at_once(service: str) -> None:
    """200 endless queries all end by their time, and the service with none of them."""
    endless = f"SELECT (COUNT(*) AS ?n) {{ {cross_join()} }}"
    began = time.monotonic()
    replies = at_once(service, [get(f"{endless} #{i}") for i in range(CLIENTS)])
    assert {reply.status for reply in replies} == {503}
    assert all("retry-after" in reply.headers for reply in replies)
    assert time.monotonic() - began < SECONDS + 4
    assert goes_on(service)
