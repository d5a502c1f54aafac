"""The remote engine against an endpoint that answers as it is told, rightly and wrongly."""

import contextlib
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from SPARQLWrapper import SPARQLWrapper

from klustergraf.engine.base import (
    Cancellation,
    QueryRequest,
    ResultKind,
    ResultsFormat,
    TriplesFormat,
)
from klustergraf.engine.publication import (
    MERGED_GRAPH,
    RECORD_GRAPH,
    Publication,
    PublishedGraph,
)
from klustergraf.engine.remote import RemoteEngine
from klustergraf.engine.transport import Credentials
from klustergraf.errors import (
    EngineBusy,
    EngineUnavailable,
    GraphError,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)
from local_server import served
from serving import wait_until

A, B = "https://example.org/graph/a", "https://example.org/graph/b"
JSON = "application/sparql-results+json"
N_TRIPLES = "application/n-triples"
VERSION = "f" * 64
WHOLE = Publication({iri: PublishedGraph("0" * 64, 1) for iri in (A, B, MERGED_GRAPH)}, VERSION)

Parameters = dict[str, list[str]]


def results(*rows: dict[str, Any], names: tuple[str, ...] = ("x",)) -> bytes:
    """Write results in JSON."""
    document = {"head": {"vars": list(names)}, "results": {"bindings": list(rows)}}
    return json.dumps(document).encode()


def numbered(count: int) -> bytes:
    """Write so many solutions."""
    return results(*({"x": {"type": "literal", "value": str(n)}} for n in range(count)))


def record(publication: Publication = WHOLE) -> bytes:
    """Write what an endpoint answers when it is asked for its record."""
    rows = []
    for line in publication.to_n_triples().decode().splitlines():
        s, p, o = line.removesuffix(" .").split(" ", 2)
        value = o.split('"')[1] if o.startswith('"') else o.strip("<>")
        kind = "literal" if o.startswith('"') else "uri"
        terms = {"s": ("uri", s.strip("<>")), "p": ("uri", p.strip("<>")), "o": (kind, value)}
        rows.append({n: {"type": t, "value": v} for n, (t, v) in terms.items()})
    return results(*rows, names=("s", "p", "o"))


class Endpoint:
    """An endpoint of this machine: it answers the record, and what it is told to."""

    def __init__(self) -> None:
        self.publication = WHOLE
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": JSON}
        self.body: bytes | Iterator[bytes] = numbered(1)
        self.length: int | None = None
        self.settings: bytes = results(names=("s", "p", "o"))
        self.asked: list[Parameters] = []
        self.request_headers: dict[str, str] = {}
        self.hung_up = threading.Event()
        self.url = ""

    def query_parameters(self) -> Parameters:
        """Give the parameters of the last query that a test asked."""
        return next(p for p in reversed(self.asked) if "ini" not in p and not _is_record(p))

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        size = int(handler.headers.get("Content-Length", 0))
        parameters = urllib.parse.parse_qs(handler.rfile.read(size).decode())
        self.asked.append(parameters)
        if _is_record(parameters):
            self._send(handler, 200, {"Content-Type": JSON}, record(self.publication))
        elif "ini" in parameters:
            self._send(handler, 200, {"Content-Type": JSON}, self.settings)
        else:
            self.request_headers = dict(handler.headers.items())
            self._send(handler, self.status, self.headers, self.body, self.length)

    def _send(
        self,
        handler: http.server.BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        body: bytes | Iterator[bytes],
        length: int | None = None,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if isinstance(body, bytes):
            handler.send_header("Content-Length", str(length or len(body)))
            body = iter([body])
        handler.end_headers()
        try:
            for piece in body:
                handler.wfile.write(piece)
        except OSError:
            self.hung_up.set()


def _is_record(parameters: Parameters) -> bool:
    return RECORD_GRAPH in parameters.get("query", [""])[0]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint."""
    made = Endpoint()
    with served(made.answer) as made.url:
        yield made


@pytest.fixture
def engine(endpoint: Endpoint) -> Iterator[RemoteEngine]:
    """Make an engine over it."""
    with RemoteEngine(endpoint.url, timeout_seconds=5) as made:
        yield made


def ask(engine: RemoteEngine, text: str = "SELECT * { ?s ?p ?o }", **options: Any) -> bytes:
    """Ask, and read the whole answer."""
    return b"".join(engine.query(QueryRequest(text, **options)))


def test_solutions_in_every_format(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """Solutions come in the format that was asked for, whatever the endpoint sends."""
    endpoint.body = numbered(2)
    assert json.loads(ask(engine))["results"]["bindings"][1]["x"]["value"] == "1"
    assert ask(engine, results_format=ResultsFormat.CSV) == b"x\r\n0\r\n1\r\n"
    assert ask(engine, results_format=ResultsFormat.TSV) == b'?x\n"0"\n"1"\n'
    assert b"<literal>1</literal>" in ask(engine, results_format=ResultsFormat.XML)
    answer = engine.query(QueryRequest("SELECT * {}", results_format=ResultsFormat.XML))
    assert (answer.kind, answer.media_type) == (ResultKind.SOLUTIONS, ResultsFormat.XML)
    answer.close()


@pytest.mark.parametrize(
    "body",
    [
        b'{"head":{},"boolean":true}',
        results({"__ASK_RETVAL": {"type": "literal", "value": "1"}}, names=("__ASK_RETVAL",)),
    ],
    ids=["standard", "Virtuoso"],
)
def test_boolean(endpoint: Endpoint, engine: RemoteEngine, body: bytes) -> None:
    """A boolean is one, also where the engine writes it as a solution."""
    endpoint.body = body
    answer = engine.query(QueryRequest("# why\nPREFIX : <http://x/> ask { ?s ?p 1 }"))
    assert answer.kind is ResultKind.BOOLEAN
    assert json.loads(b"".join(answer))["boolean"] is True


def test_no_solution_of_virtuoso_is_false(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """An ASK that Virtuoso answers with no solution is false."""
    endpoint.body = results(names=("__ASK_RETVAL",))
    assert json.loads(ask(engine, "ASK {}"))["boolean"] is False


def test_triples_in_every_format(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """Triples come in the format that was asked for."""
    endpoint.headers = {"Content-Type": "text/turtle"}
    endpoint.body = b"<http://x/a> <http://x/b> 1 ."
    text = "CONSTRUCT WHERE { ?s ?p ?o }"
    integer = b'"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    triples = ask(engine, text, triples_format=TriplesFormat.N_TRIPLES)
    assert triples == b"<http://x/a> <http://x/b> " + integer + b" .\n"
    assert b"rdf:RDF" in ask(engine, text, triples_format=TriplesFormat.RDF_XML)
    answer = engine.query(QueryRequest(text))
    assert (answer.kind, answer.media_type) == (ResultKind.TRIPLES, TriplesFormat.TURTLE)
    assert b"".join(answer) == b"<http://x/a> <http://x/b> 1 .\n"
    assert "n-triples" in endpoint.request_headers["Accept"]


def test_what_virtuoso_writes_differently(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """Blank nodes, booleans and points come as the standards write them; texts stay untouched."""
    xsd, virtuoso = (
        "http://www.w3.org/2001/XMLSchema#",
        "http://www.openlinksw.com/schemas/virtrdf#",
    )
    text = '"type": "bnode", "value": "nodeID://b1"'
    point = "POINT(17.950000762939 59.220001220703)"
    endpoint.body = results(
        {"x": {"type": "bnode", "value": "nodeID://b1"}},
        {"x": {"type": "typed-literal", "datatype": xsd + "boolean", "value": "1"}},
        {"x": {"type": "typed-literal", "datatype": virtuoso + "Geometry", "value": point}},
        {"x": {"type": "literal", "value": text}},
    )
    rows = [row["x"] for row in json.loads(ask(engine))["results"]["bindings"]]
    assert rows[0] == {"type": "bnode", "value": "b1"}
    assert rows[1]["value"] == "true"
    assert rows[2]["value"] == "POINT(17.95 59.22)"
    assert rows[2]["datatype"].endswith("geosparql#wktLiteral")
    assert rows[3]["value"] == text


def test_points_of_triples(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """In triples as well, a point has the type and the digits that it was given with."""
    endpoint.headers = {"Content-Type": N_TRIPLES}
    endpoint.body = (
        b'<http://x/a> <http://x/b> "POINT(18.008319854736 -0.5)"'
        b"^^<http://www.openlinksw.com/schemas/virtrdf#Geometry> .\n"
    )
    assert b'"POINT(18.00832 -0.5)"^^<http://www.opengis.net/' in ask(
        engine, "DESCRIBE <http://x/a>"
    )


def test_union_of_the_version(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """A query without a dataset sees the version's graphs and nothing else of the store."""
    ask(engine)
    asked = endpoint.query_parameters()
    assert asked["default-graph-uri"] == [MERGED_GRAPH]
    assert asked["named-graph-uri"] == [A, B]
    assert engine.graphs == {A, B}


def test_union_without_a_merged_graph(endpoint: Endpoint) -> None:
    """Where no merge was put, the default graph is made of the version's graphs."""
    endpoint.publication = Publication({A: WHOLE.graphs[A], B: WHOLE.graphs[B]}, VERSION)
    with RemoteEngine(endpoint.url) as engine:
        ask(engine)
    assert endpoint.query_parameters()["default-graph-uri"] == [A, B]


@pytest.mark.parametrize(
    ("text", "options", "sent"),
    [
        ("SELECT * FROM <https://example.org/graph/a> { ?s ?p ?o }", {}, {}),
        ("SELECT * {}", {"default_graphs": (A,)}, {"default-graph-uri": [A]}),
        ("SELECT * {}", {"named_graphs": (B,)}, {"named-graph-uri": [B]}),
    ],
)
def test_dataset_of_the_request(
    endpoint: Endpoint, engine: RemoteEngine, text: str, options: Any, sent: Parameters
) -> None:
    """A dataset that the query or the request names is the one."""
    ask(engine, text, **options)
    asked = endpoint.query_parameters()
    assert {name: asked[name] for name in asked if name.endswith("-uri")} == sent


def test_dataset_of_the_endpoint(endpoint: Endpoint) -> None:
    """The endpoint's own dataset can be had; parameters go along."""
    with RemoteEngine(
        endpoint.url, default_graph="endpoint", parameters={"timeout": "900"}
    ) as engine:
        ask(engine)
    asked = endpoint.query_parameters()
    assert set(asked) == {"query", "timeout"}


def test_graphs_outside_of_the_version_are_refused(
    endpoint: Endpoint, engine: RemoteEngine
) -> None:
    """Neither another graph, nor SERVICE, nor an update is sent to the endpoint."""
    for text in (
        "SELECT * FROM <http://169.254.169.254/> {}",
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "PREFIX x: <urn:x> CLEAR ALL",
    ):
        with pytest.raises(QueryRefused):
            ask(engine, text)
    with pytest.raises(QueryRefused):
        ask(engine, "SELECT * {}", default_graphs=("file:///etc/passwd",))
    assert all(_is_record(parameters) for parameters in endpoint.asked)


def test_what_looks_like_an_update_is_sent_as_a_query(
    endpoint: Endpoint, engine: RemoteEngine
) -> None:
    """A word in a comment or a prefix does not make the query an update."""
    ask(engine, "PREFIX insert: <urn:x#> # to INSERT or DELETE\nSELECT * { ?s insert:p 1 }")
    assert "INSERT" in endpoint.query_parameters()["query"][0]


def test_password_is_sent_and_not_shown(endpoint: Endpoint) -> None:
    """The password goes to the endpoint, and into no text of ours."""
    credentials = Credentials("reader", "s3cret")
    assert "s3cret" not in repr(credentials)
    with RemoteEngine(endpoint.url, credentials=credentials) as engine:
        ask(engine)
        assert endpoint.request_headers["Authorization"] == "Basic cmVhZGVyOnMzY3JldA=="
        endpoint.status = 401
        with pytest.raises(EngineUnavailable, match="other credentials") as caught:
            ask(engine)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (400, b"error at 3:14: expected }", SparqlSyntaxError, "Line 3, column 14"),
        (400, b"SPARQL compiler, line 7: syntax error\n\nSPARQL query:\nx", SparqlSyntaxError, "7"),
        (400, b"", SparqlSyntaxError, "does not take it for SPARQL"),
        (401, b"", EngineUnavailable, "credentials"),
        (403, b"", EngineUnavailable, "does not allow"),
        (404, b"", EngineUnavailable, "not there"),
        (408, b"", QueryTimeout, "5 s"),
        (413, b"", QueryRefused, "too long"),
        (414, b"", QueryRefused, "too long"),
        (429, b"", EngineUnavailable, "busy"),
        (500, b"<p>no such procedure</p>", EngineUnavailable, "status 500: no such procedure"),
        (500, b"Virtuoso S1T00 Error SR171: Transaction timed out", QueryTimeout, "5 s"),
        (500, b"Virtuoso 42000 Error D1CTX: Hash dictionary", QueryResourcesExceeded, "D1C"),
        (500, b"The estimated execution time 9 (sec) exceeds the limit of 4 (sec).",
         QueryResourcesExceeded, "estimated"),
        (502, b"", EngineUnavailable, "502"),
        (503, b"", EngineUnavailable, "busy"),
        (504, b"", QueryTimeout, "5 s"),
        (206, b"", QueryTimeout, "5 s"),
    ],
)  # fmt: skip
def test_refusals(
    endpoint: Endpoint, engine: RemoteEngine, status: int, body: bytes,
    error: type[GraphError], says: str,
) -> None:  # fmt: skip
    """Every status that is not 200 becomes one of our errors, which says what it is."""
    endpoint.status, endpoint.body = status, body
    endpoint.headers = {"Content-Type": "text/plain"}
    with pytest.raises(error, match=says):
        engine.query(QueryRequest("SELECT * {}"))


def test_redirects_are_not_followed(endpoint: Endpoint) -> None:
    """A redirect is told and not followed: the password belongs to the address that was given."""
    followed: list[str] = []
    with (
        served(lambda handler: followed.append(handler.path)) as elsewhere,
        RemoteEngine(endpoint.url, credentials=Credentials("a", "b")) as engine,
    ):
        endpoint.status, endpoint.headers = 302, {"Location": elsewhere}
        with pytest.raises(EngineUnavailable, match=elsewhere):
            ask(engine)
    assert not followed


def test_cut_solutions_are_an_error(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """What Virtuoso says it has cut is no answer."""
    endpoint.headers = {"Content-Type": JSON, "X-SPARQL-MaxRows": "10"}
    endpoint.body = numbered(10)
    with pytest.raises(QueryResourcesExceeded, match="at most 10 rows"):
        engine.query(QueryRequest("SELECT * { ?s ?p ?o }"))


def test_partial_answers_are_an_error(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """What Virtuoso could find in its time is no answer."""
    endpoint.headers = {"Content-Type": JSON, "X-SQL-State": "S1TAT"}
    with pytest.raises(QueryTimeout):
        engine.query(QueryRequest("SELECT * { ?s ?p ?o }"))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_cut_triples_are_an_error(endpoint: Endpoint, engine: RemoteEngine, count: int) -> None:
    """A CONSTRUCT that may have been cut, which Virtuoso does not tell, is no answer."""
    name = "http://www.openlinksw.com/schemas/virtini#ResultSetMaxRows"
    row = {"s": "urn:s", "p": name, "o": "3"}
    endpoint.settings = results(
        {n: {"type": "literal", "value": v} for n, v in row.items()}, names=("s", "p", "o")
    )
    endpoint.headers = {"Content-Type": N_TRIPLES}
    endpoint.body = b"".join(
        b"<http://x/%d> <http://x/b> <http://x/c> .\n" % n for n in range(count)
    )
    if count < 3:
        assert ask(engine, "CONSTRUCT WHERE { ?s ?p ?o }").count(b"\n") == count
        return
    with pytest.raises(QueryResourcesExceeded, match="at most 3 rows"):
        ask(engine, "CONSTRUCT WHERE { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("media_type", "body", "length", "says"),
    [
        (JSON, numbered(5)[:-20], None, "broke off"),
        (JSON, numbered(5)[:-20], 4000, "broke off"),
        (
            JSON,
            b'{"head":{"vars":["x"]},"results":{"bindings":[Port 1 is not allowed',
            None,
            "broke",
        ),
        (JSON, numbered(1) + b"and an error", None, "goes on|broke off"),
        (N_TRIPLES, b"<http://x/a> <http://x/b> <http://x/c> .\n", 4000, "broke off"),
        (N_TRIPLES, b"<http://x/a> <http://x/b> <http://x/c> .\nan error", None, "broke off"),
        (
            N_TRIPLES,
            iter([b"<http://x/a> <http://x/b> <http://x/c> .\n"]),
            None,
            "where its answer",
        ),
        ("text/html", b"<p>Welcome</p>", None, "no RDF"),
    ],
)
def test_broken_answers(
    endpoint: Endpoint, media_type: str, body: Any, length: int | None, says: str
) -> None:
    """An answer that breaks off, or is none, is an error before its first byte."""
    with RemoteEngine(endpoint.url, timeout_seconds=5) as engine:
        endpoint.headers, endpoint.body, endpoint.length = (
            {"Content-Type": media_type},
            body,
            length,
        )
        text = "SELECT * {}" if media_type != N_TRIPLES else "CONSTRUCT WHERE { ?s ?p ?o }"
        with pytest.raises(EngineUnavailable, match=says):
            engine.query(QueryRequest(text))


def endless(pause: float = 0.0) -> Iterator[bytes]:
    """Give results that never end."""
    yield b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"0"}}'
    while True:
        time.sleep(pause)
        yield b',{"x":{"type":"literal","value":"%b"}}' % (b"x" * (1 if pause else 4000))


def silence() -> Iterator[bytes]:
    """Say nothing for a long time."""
    for _ in range(100):
        time.sleep(0.1)
        yield b""


def test_large_answers_are_not_held(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """An answer is passed on while it comes; closing it hangs up on the endpoint."""
    endpoint.body = endless()
    answer = engine.query(QueryRequest("SELECT * {}"))
    pieces = iter(answer)
    assert sum(len(next(pieces)) for _ in range(20)) > 1_000_000
    answer.close()
    assert endpoint.hung_up.wait(5)
    with pytest.raises(EngineUnavailable, match="stopped"):
        next(pieces)


def test_silent_endpoint(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """An endpoint that says nothing is given up at the deadline of the request."""
    endpoint.body = silence()
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        engine.query(QueryRequest("SELECT * {}", timeout_seconds=0.5))
    assert time.monotonic() - began < 1.5


def test_slow_endpoint(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """An endpoint that sends a little now and then is given up at the deadline too."""
    endpoint.body = endless(pause=0.05)
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        ask(engine, timeout_seconds=0.5)
    assert time.monotonic() - began < 1.5
    assert endpoint.hung_up.wait(5)


def test_cancellation_while_waiting(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """A client that goes away ends the query, also while the endpoint is silent."""
    endpoint.body = silence()
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="stopped"):
        engine.query(QueryRequest("SELECT * {}"), cancellation)
    assert time.monotonic() - began < 1.5


def test_closing_the_engine_ends_its_queries(endpoint: Endpoint) -> None:
    """A closed engine has no query left and takes none."""
    engine = RemoteEngine(endpoint.url, timeout_seconds=20)
    endpoint.body = endless()
    pieces = iter(engine.query(QueryRequest("SELECT * {}")))
    next(pieces)
    engine.close()
    with pytest.raises(EngineUnavailable, match="stopped"):
        list(pieces)
    with pytest.raises(EngineUnavailable, match="closed"):
        engine.query(QueryRequest("SELECT * {}"))
    assert wait_until(lambda: all(t.name != "remote answer" for t in threading.enumerate()))


def test_version(endpoint: Endpoint) -> None:
    """The version is what the store's record says; without a whole one there is no engine."""
    with RemoteEngine(endpoint.url) as engine:
        assert engine.version_id == VERSION
    endpoint.publication = Publication(WHOLE.graphs)
    with pytest.raises(EngineUnavailable, match="between two versions"):
        RemoteEngine(endpoint.url)
    endpoint.publication = Publication()
    with pytest.raises(EngineUnavailable, match="no record"):
        RemoteEngine(endpoint.url)
    with RemoteEngine(endpoint.url, version_id="v1") as engine:
        assert engine.version_id == "v1"


def test_a_new_version_is_noticed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store gets another version, the answers say so; between two there are none."""
    monkeypatch.setattr("klustergraf.engine.remote._RECORD_SECONDS", 0.0)
    with RemoteEngine(endpoint.url) as engine:
        endpoint.publication = Publication(WHOLE.graphs)
        with pytest.raises(EngineUnavailable, match="between two versions"):
            ask(engine)
        endpoint.publication = Publication({A: WHOLE.graphs[A]}, "e" * 64)
        ask(engine)
        assert (engine.version_id, set(engine.graphs)) == ("e" * 64, {A})


def test_nobody_there() -> None:
    """An endpoint that is not there is unavailable."""
    with served(lambda _: None) as url:
        pass
    with pytest.raises(EngineUnavailable, match="cannot be asked"):
        RemoteEngine(url, timeout_seconds=1)


def test_requests_are_made_by_sparqlwrapper(
    engine: RemoteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SPARQLWrapper makes the request, and installs nothing for the rest of the process."""
    made: list[str] = []
    installed = getattr(urllib.request, "_opener", None)
    make = SPARQLWrapper._createRequest

    def recorded(wrapper: SPARQLWrapper) -> urllib.request.Request:
        made.append(wrapper.queryString)
        return make(wrapper)

    monkeypatch.setattr(SPARQLWrapper, "_createRequest", recorded)
    ask(engine, "ASK {}")
    assert made == ["ASK {}"]
    assert getattr(urllib.request, "_opener", None) is installed


def test_places_are_bounded(endpoint: Endpoint) -> None:
    """One query is asked, one waits its turn, a third is turned away; no place is lost."""
    endpoint.body = silence()
    with RemoteEngine(endpoint.url, timeout_seconds=20, workers=1, most_waiting=1) as engine:
        first, second = Cancellation(), Cancellation()
        outcomes: dict[str, BaseException] = {}

        def ask_and_note(name: str, cancellation: Cancellation) -> None:
            try:
                engine.query(QueryRequest(f"SELECT * {{}} # {name}"), cancellation)
            except EngineUnavailable as exc:
                outcomes[name] = exc

        def is_asked(name: str) -> bool:
            return any(name in query for asked in endpoint.asked for query in asked["query"])

        def is_full() -> bool:
            try:
                engine._places.enter(0)
            except EngineBusy as exc:
                return exc.retry_after_seconds > 0 and len(engine._places._waiting) == 1
            engine._places.leave()
            return False

        threads = [
            threading.Thread(target=ask_and_note, args=each)
            for each in (("first", first), ("second", second))
        ]
        threads[0].start()
        assert wait_until(lambda: is_asked("first"))
        threads[1].start()
        assert wait_until(is_full)
        with pytest.raises(EngineBusy):
            engine.query(QueryRequest("SELECT * {} # third"))
        second.cancel()
        threads[1].join(5)
        assert "stopped" in str(outcomes["second"])
        assert not is_asked("second")
        first.cancel()
        threads[0].join(5)
        endpoint.body = numbered(2)
        for _ in range(3):
            assert ask(engine)


def test_waiting_counts_into_the_time(endpoint: Endpoint) -> None:
    """A query whose turn does not come in its time is refused then, and told when to come again."""
    endpoint.body = silence()
    with RemoteEngine(endpoint.url, timeout_seconds=20, workers=1) as engine:
        cancellation = Cancellation()

        def ask_long() -> None:
            with contextlib.suppress(EngineUnavailable):
                engine.query(QueryRequest("SELECT * {} # long"), cancellation)

        thread = threading.Thread(target=ask_long)
        thread.start()
        assert wait_until(lambda: any("long" in q for a in endpoint.asked for q in a["query"]))
        with pytest.raises(EngineBusy):
            engine.query(QueryRequest("SELECT * {} # short", timeout_seconds=0.2))
        cancellation.cancel()
        thread.join(5)


def test_depth_is_bounded_here(endpoint: Endpoint) -> None:
    """How deep a query may nest is up to us, and the endpoint never sees a deeper one."""
    with RemoteEngine(endpoint.url, max_nesting=3) as engine:
        engine.query(QueryRequest("SELECT * {{{}}}")).close()
        asked = len(endpoint.asked)
        with pytest.raises(QueryRefused, match="more than 3 deep"):
            engine.query(QueryRequest("SELECT * {{{{}}}}"))
        assert len(endpoint.asked) == asked


def test_version_of_an_answer(endpoint: Endpoint, engine: RemoteEngine) -> None:
    """An answer keeps the id of the version it is from; a refreshed engine knows the next."""
    answer = engine.query(QueryRequest("SELECT * {}"))
    endpoint.publication = Publication(WHOLE.graphs, "e" * 64)
    engine.refresh()
    assert (answer.version_id, engine.version_id) == (VERSION, "e" * 64)
    assert engine.query(QueryRequest("SELECT * {}")).version_id == "e" * 64
    endpoint.publication = Publication(WHOLE.graphs)
    with pytest.raises(EngineUnavailable, match="between two versions"):
        engine.refresh()
    with pytest.raises(EngineUnavailable, match="between two versions"):
        engine.query(QueryRequest("SELECT * {}"))
    endpoint.publication = WHOLE
    assert engine.query(QueryRequest("SELECT * {}")).version_id == VERSION
