"""SERVICE to allowed endpoints: whom it asks, what it asks, and what it can never reach."""

import asyncio
import http.server
import ipaddress
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from klustergraf.engine.base import Cancellation, QueryRequest, ResultsFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.federation import EmbeddedFederatedEngine, FederatedEngine
from klustergraf.engine.fetching import Fetcher, FetchLimits, is_public
from klustergraf.errors import (
    EngineUnavailable,
    GraphError,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)
from local_server import served
from serving import LAB, TINY, wait_until

JSON = "application/sparql-results+json"
THIS_MACHINE = (ipaddress.ip_network("127.0.0.0/8"),)


def results(*rows: dict[str, Any]) -> bytes:
    """Write results in JSON: the variables are those of the first row."""
    names = list(rows[0]) if rows else []
    return json.dumps({"head": {"vars": names}, "results": {"bindings": rows}}).encode()


def iri(value: str) -> dict[str, str]:
    """Write a term of results."""
    return {"type": "uri", "value": value}


def text(value: str) -> dict[str, str]:
    """Write a literal of results."""
    return {"type": "literal", "value": value}


class Endpoint:
    """An endpoint of others, on this machine."""

    def __init__(self) -> None:
        self.status = 200
        self.headers = {"Content-Type": JSON}
        self.body: bytes | Iterator[bytes] = results({"s": iri(LAB), "n": text("seven")})
        self.asked: list[str] = []
        self.hung_up = threading.Event()
        self.url = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        size = int(handler.headers.get("Content-Length", 0))
        form = urllib.parse.parse_qs(handler.rfile.read(size).decode())
        self.asked.append(form.get("query", [""])[0])
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if isinstance(self.body, bytes):
            handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        try:
            for piece in [self.body] if isinstance(self.body, bytes) else self.body:
                handler.wfile.write(piece)
        except OSError:
            self.hung_up.set()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint."""
    made = Endpoint()
    with served(made.answer) as made.url:
        yield made


@pytest.fixture(scope="module")
def tiny() -> Iterator[EmbeddedEngine]:
    """Serve the tiny dataset."""
    with EmbeddedEngine(TINY, workers=1) as engine:
        yield engine


@pytest.fixture
def engine(tiny: EmbeddedEngine, endpoint: Endpoint) -> FederatedEngine:
    """Allow the endpoint, on this machine."""
    limits = FetchLimits(seconds=1.0, most_bytes=100_000, most_rows=100)
    fetcher = Fetcher(limits, also_networks=THIS_MACHINE)
    return FederatedEngine(tiny, [endpoint.url], fetcher=fetcher)


def ask(engine: FederatedEngine, query: str, **options: Any) -> list[dict[str, str]]:
    """Ask, and give the solutions as texts."""
    document = json.loads(b"".join(engine.query(QueryRequest(query, **options))))
    return [
        {name: term["value"] for name, term in row.items()}
        for row in document["results"]["bindings"]
    ]


def test_solutions_take_the_place_of_the_block(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """What the endpoint knows is joined with what is here."""
    query = f"SELECT ?n ?type {{ ?s a ?type . SERVICE <{endpoint.url}> {{ ?s <urn:n> ?n }} }}"
    rows = ask(engine, query)
    assert rows
    assert all(row["n"] == "seven" for row in rows)
    assert endpoint.asked == ["\nSELECT * WHERE { ?s <urn:n> ?n }"]


@pytest.mark.parametrize(
    "block",
    [
        "service<URL>{ ?s <urn:n> ?n }",
        "SERVICE\n# {\n SILENT # }\n <URL> # {\n { ?s <urn:n> ?n # }\n }",
        "SERVICE e:sparql { ?s <urn:n> ?n }",
        "SERVICE <sparql> { ?s <urn:n> ?n }",
        "OPTIONAL { SERVICE <URL> { ?s <urn:n> ?n } }",
        "{ SELECT ?s ?n { SERVICE <URL> { ?s <urn:n> ?n } } }",
        "SERVICE <URL> { ?s <urn:n> ?n . ?s <urn:m> \"}\" , '''}''' FILTER (?n < 3 || ?n > 2) }",
    ],
)
def test_spellings(engine: FederatedEngine, endpoint: Endpoint, block: str) -> None:
    """A block is found however it is written; its text goes out as it stands, with the prologue."""
    base = endpoint.url
    engine._endpoints |= {f"{base}sparql"}
    prologue = f"BASE <{base}> PREFIX e: <{base}> # SERVICE\n"
    rows = ask(engine, f"{prologue}SELECT ?n {{ {block.replace('URL', base)} }}")
    assert rows == [{"n": "seven"}]
    assert endpoint.asked[0].startswith(prologue)
    assert "?s <urn:n> ?n" in endpoint.asked[0]


def test_terms(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """Every term comes over as it is, unbound variables too."""
    xsd = "http://www.w3.org/2001/XMLSchema#"
    endpoint.body = results(
        {"x": text('a "quoted" \\ text\nof } two { lines'), "y": iri("urn:å")},
        {"x": {"type": "literal", "value": "hej", "xml:lang": "sv"}},
        {"y": {"type": "literal", "value": "1.50", "datatype": xsd + "decimal"}},
    )
    request = QueryRequest(
        f"SELECT ?x ?y {{ SERVICE <{endpoint.url}> {{ ?x ?y ?z }} }}",
        results_format=ResultsFormat.TSV,
    )
    lines = b"".join(engine.query(request)).decode().splitlines()
    assert lines[1:] == [
        '"a \\"quoted\\" \\\\ text\\nof } two { lines"\t<urn:å>',
        '"hej"@sv\t',
        "\t1.5",  # numbers are kept by value
    ]


def test_no_solution_and_no_variable(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """No solution leaves nothing; a pattern without variables holds or does not."""
    query = f"SELECT ?s {{ ?s a ?t SERVICE <{endpoint.url}> {{ <urn:a> <urn:b> <urn:c> }} }}"
    endpoint.body = results()
    assert ask(engine, query) == []
    endpoint.body = b'{"head":{"vars":[]},"results":{"bindings":[{}]}}'
    assert ask(engine, query)


def test_two_blocks(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """Each block is asked for itself."""
    block = f"SERVICE <{endpoint.url}> {{ ?s <urn:n> ?n }}"
    assert ask(engine, f"SELECT ?n {{ {block} {block} }}") == [{"n": "seven"}]
    assert len(endpoint.asked) == 2
    with pytest.raises(QueryRefused, match="at most 8"):
        ask(engine, f"SELECT ?n {{ {block * 9} }}")


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("SERVICE <http://example.org/sparql> { ?s ?p ?o }", "may not ask <http://example.org"),
        ("SERVICE SILENT <http://169.254.169.254/> { ?s ?p ?o }", "may not ask"),
        ("SERVICE <URLx> { ?s ?p ?o }", "may not ask"),
        ("VALUES ?e { <URL> } SERVICE ?e { ?s ?p ?o }", "variable"),
        ("SERVICE <URL> { ?s ?p ?o SERVICE <URL> { ?s ?q ?r } }", "within SERVICE"),
        ("SERVICE <URL>", "followed by"),
        ("SERVICE <URL> { { ?s ?p ?o", "followed by"),
        ("SERVICE unknown:x { ?s ?p ?o }", "followed by"),
        ("SERVICE SERVICE <URL> { ?s ?p ?o }", "followed by"),
        ("\\u0053ERVICE <URL> { ?s ?p ?o }", "SERVICE"),
        ("SERVICE:x{ ?s ?p ?o }", "SERVICE"),
        ("FILTER (1<2)SERVICE:x#> { ?s ?p ?o }", "SERVICE"),
    ],
)
def test_refused_blocks(engine: FederatedEngine, endpoint: Endpoint, block: str, says: str) -> None:
    """What is not allowed, or cannot be asked beforehand, is refused; nobody is asked."""
    with pytest.raises(QueryRefused, match=says):
        ask(engine, f"SELECT * {{ {block.replace('URL', endpoint.url)} }}")
    assert endpoint.asked == []


def test_default_is_none(tiny: EmbeddedEngine, endpoint: Endpoint) -> None:
    """Without a list, every SERVICE is refused."""
    with pytest.raises(QueryRefused, match="may ask: none"):
        ask(FederatedEngine(tiny, []), f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}")
    assert endpoint.asked == []


def test_queries_without_service(engine: FederatedEngine, tiny: EmbeddedEngine) -> None:
    """Everything else goes to the engine as it is."""
    assert engine.version_id == tiny.version_id
    assert ask(engine, "SELECT ?x { VALUES ?x { 'SERVICE <urn:x> {}' } } # SERVICE <urn:x> {}")
    with pytest.raises(QueryRefused):
        ask(engine, "SELECT * {} #" + "x" * 2_000_000)


def test_blank_nodes_are_refused(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """A blank node of another store has no name here: the query is told to leave it out."""
    endpoint.body = results({"s": {"type": "bnode", "value": "b0"}})
    with pytest.raises(QueryRefused, match="isBlank"):
        ask(engine, f"SELECT * {{ SERVICE SILENT <{endpoint.url}> {{ ?s ?p [] }} }}")


def slowly() -> Iterator[bytes]:
    """Give an answer that never ends, a byte at a time."""
    while True:
        time.sleep(0.05)
        yield b" "


def endlessly() -> Iterator[bytes]:
    """Give an answer that never ends, as fast as it goes."""
    while True:
        yield b" " * 65536


@pytest.mark.parametrize(
    ("headers", "status", "body", "error"),
    [
        ({}, 200, slowly(), QueryTimeout),
        ({}, 200, endlessly(), QueryResourcesExceeded),
        ({}, 200, results(*({"n": text(str(n))} for n in range(101))), QueryResourcesExceeded),
        ({"X-SPARQL-MaxRows": "1"}, 200, results({"n": text("1")}), QueryResourcesExceeded),
        ({}, 200, results({"n": text("1")})[:-5], EngineUnavailable),
        ({}, 200, b'{"head":{},"boolean":true}', EngineUnavailable),
        ({"Content-Type": "text/html"}, 200, b"<p>", EngineUnavailable),
        ({"Content-Encoding": "gzip"}, 200, b"", EngineUnavailable),
        ({}, 400, b"", EngineUnavailable),
        ({}, 500, b"", EngineUnavailable),
    ],
    ids=["slow", "endless", "rows", "cut", "broken", "boolean", "html", "gzip", "400", "500"],
)
@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_bad_answers(
    engine: FederatedEngine, endpoint: Endpoint, headers: dict[str, str], status: int,
    body: Any, error: type[GraphError], silent: str,
) -> None:  # fmt: skip
    """An answer that is too slow, too large or none is an error in time; SILENT passes it over."""
    endpoint.headers |= headers
    endpoint.status, endpoint.body = status, body
    query = f"SELECT ?x {{ VALUES ?x {{ 1 }} SERVICE {silent} <{endpoint.url}> {{ ?n a ?m }} }}"
    began = time.monotonic()
    if silent:
        assert ask(engine, query) == [{"x": "1"}]
    else:
        with pytest.raises(error):
            ask(engine, query)
    assert time.monotonic() - began < 3


def test_deadline_of_the_request(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """Asking others is part of the time of the query."""
    endpoint.body = slowly()
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        ask(engine, f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}", timeout_seconds=0.3)
    assert time.monotonic() - began < 1


def test_cancellation(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """A client that has gone ends the question to others as well."""
    cancellation = Cancellation()

    def gone() -> Iterator[bytes]:
        cancellation.cancel()
        yield from slowly()

    endpoint.body = gone()
    query = f"SELECT * {{ SERVICE SILENT <{endpoint.url}> {{ ?s ?p ?o }} }}"
    engine._fetcher = Fetcher(FetchLimits(seconds=20), also_networks=THIS_MACHINE)
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="stopped"):
        engine.query(QueryRequest(query), cancellation)
    assert time.monotonic() - began < 5


def test_answers_too_large_to_join(tiny: EmbeddedEngine, endpoint: Endpoint) -> None:
    """When what came cannot be put into the query, that is said."""
    fetcher = Fetcher(also_networks=THIS_MACHINE)
    engine = FederatedEngine(tiny, [endpoint.url], fetcher=fetcher)
    endpoint.body = results(*({"n": text("x" * 1000)} for _ in range(1001)))
    with pytest.raises(QueryResourcesExceeded, match="joined"):
        ask(engine, f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?n }} }}")


@pytest.mark.parametrize(
    "where",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "http://192.168.0.1/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_private_addresses(
    engine: FederatedEngine, endpoint: Endpoint, where: str, status: int
) -> None:
    """A redirect is looked at like the address itself: it leads nowhere private."""
    endpoint.status, endpoint.headers = status, {"Location": where}
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}"
    with pytest.raises(QueryRefused if where else EngineUnavailable):
        ask(engine, query)


def test_redirects_are_followed_three_times(engine: FederatedEngine, endpoint: Endpoint) -> None:
    """A few redirects are followed, with the question; more are not."""
    query = f"SELECT ?n {{ SERVICE <{endpoint.url}> {{ ?s <urn:n> ?n }} }}"
    hops = 3

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        nonlocal hops
        hops -= 1
        if hops <= 0:
            endpoint.status, endpoint.headers = 200, {"Content-Type": JSON}
        Endpoint.answer(endpoint, handler)

    with served(answer) as elsewhere:
        endpoint.status, endpoint.headers = 307, {"Location": elsewhere}
        assert ask(engine, query) == [{"n": "seven"}]
        assert len(endpoint.asked) == 4
        assert len(set(endpoint.asked)) == 1
        hops = 9
        endpoint.status, endpoint.headers = 307, {"Location": elsewhere}
        with pytest.raises(EngineUnavailable, match="more than 3 times"):
            ask(engine, query)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0"])
def test_names_that_lead_to_this_machine(
    tiny: EmbeddedEngine, endpoint: Endpoint, host: str
) -> None:
    """However this machine is called, it is not asked."""
    port = urllib.parse.urlsplit(endpoint.url).port
    url = f"http://{host}:{port}/"
    with pytest.raises((QueryRefused, EngineUnavailable)):
        ask(FederatedEngine(tiny, [url]), f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")
    assert endpoint.asked == []


def test_a_name_with_one_private_address_is_refused(
    tiny: EmbeddedEngine, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every address of a name must be public, and the one that was looked at is connected to."""
    looked_up: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        looked_up.append(host)
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = "http://two.example/sparql"
    with pytest.raises(QueryRefused, match=r"two\.example is at 127\.0\.0\.1"):
        ask(FederatedEngine(tiny, [url]), f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")
    assert looked_up == ["two.example"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - not to bind to
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    """Only addresses of the public network count, also when one is hidden in another."""
    assert is_public(ipaddress.ip_address(address)) is expected


@pytest.fixture
def federated(endpoint: Endpoint) -> Iterator[EmbeddedFederatedEngine]:
    """Allow the endpoint to an engine that an event loop asks."""
    fetcher = Fetcher(FetchLimits(seconds=20), also_networks=THIS_MACHINE)
    engine = EmbeddedEngine(TINY, workers=1)
    made = EmbeddedFederatedEngine(engine, [endpoint.url], fetcher=fetcher)
    yield made
    made.close()


def test_event_loop_goes_on_while_others_are_asked(
    federated: EmbeddedFederatedEngine, endpoint: Endpoint
) -> None:
    """While one query waits for an endpoint, the loop answers others; then that one is joined."""
    go_on = threading.Event()
    body = results({"n": text("seven")})

    def late() -> Iterator[bytes]:
        go_on.wait(20)
        yield body

    endpoint.body, endpoint.headers["Content-Length"] = late(), str(len(body))

    async def ask_both() -> tuple[bytes | None, bytes | None]:
        query = f"SELECT ?n {{ SERVICE <{endpoint.url}> {{ ?s <urn:n> ?n }} }}"
        request = QueryRequest(query, results_format=ResultsFormat.CSV)
        waiting = asyncio.create_task(federated.query_async(request))
        assert await asyncio.to_thread(wait_until, lambda: bool(endpoint.asked))
        meanwhile = await federated.query_async(QueryRequest("ASK {}"))
        assert not waiting.done()
        go_on.set()
        return meanwhile.whole, (await waiting).whole

    assert asyncio.run(ask_both()) == (b'{"head":{},"boolean":true}', b"n\r\nseven\r\n")


def test_cancelled_task_hangs_up(federated: EmbeddedFederatedEngine, endpoint: Endpoint) -> None:
    """A task that is cancelled ends the question to others at once, and leaves nothing behind."""
    endpoint.body = slowly()

    async def give_up() -> None:
        query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}"
        asking = asyncio.create_task(federated.query_async(QueryRequest(query)))
        assert await asyncio.to_thread(wait_until, lambda: bool(endpoint.asked))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(give_up())
    assert endpoint.hung_up.wait(5)


@pytest.mark.parametrize("block", ["SERVICE <http://example.org/>", "SERVICE ?e", "SERVICE <URL"])
def test_refused_in_the_event_loop_too(
    federated: EmbeddedFederatedEngine, endpoint: Endpoint, block: str
) -> None:
    """What may not be asked is refused, whoever runs the query."""
    query = f"ASK {{ {block.replace('URL', endpoint.url)} {{ ?s ?p ?o }} }}"
    with pytest.raises((QueryRefused, SparqlSyntaxError)):
        asyncio.run(federated.query_async(QueryRequest(query)))
    assert not endpoint.asked
