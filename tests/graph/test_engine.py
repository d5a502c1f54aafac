"""The embedded engine: right answers, in processes that can be stopped, and nothing left behind."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest

from klustergraf.engine import embedded
from klustergraf.engine.answer import EmbeddedAnswer
from klustergraf.engine.base import (
    Cancellation,
    QueryRequest,
    ResultKind,
    ResultsFormat,
    TriplesFormat,
)
from klustergraf.engine.disk import Storage
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.guard import Guard
from klustergraf.errors import (
    EngineUnavailable,
    GraphError,
    GraphParseError,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)
from klustergraf.namespaces import XSD
from serving import (
    DERIVED,
    ENDLESS,
    ENDLESS_ROWS,
    GREEDY,
    LAB,
    STATED,
    TINY,
    children,
    cross_join,
    is_done_within,
    is_running,
    reference_store,
    wait_until,
)

READY = 1  # a worker that no query has seen yet


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    """Give an engine over the tiny dataset with tight limits."""
    with EmbeddedEngine(TINY, timeout_seconds=2, memory_mb=128, workers=4) as made:
        yield made


@pytest.fixture(scope="module")
def patient() -> Iterator[EmbeddedEngine]:
    """Give an engine whose deadline is far away: what ends before, something else has ended."""
    with EmbeddedEngine(TINY, timeout_seconds=600) as made:
        yield made


def run(engine: EmbeddedEngine, text: str, **options: object) -> bytes:
    """Run a query and give its whole answer."""
    return b"".join(engine.query(QueryRequest(text, **options)))  # type: ignore[arg-type]


def count(engine: EmbeddedEngine, pattern: str, **options: object) -> int:
    """Count the solutions of a pattern."""
    document = json.loads(run(engine, f"SELECT (COUNT(*) AS ?n) {pattern}", **options))
    return int(document["results"]["bindings"][0]["n"]["value"])


def settles(engine: EmbeddedEngine) -> bool:
    """Tell whether the engine comes to rest: no query has a place, no process is a zombie."""
    pool = engine._pool

    def rests() -> bool:
        found = children(engine.keeper_pid)
        idle = len(pool._idle) + READY
        return not pool.running and len(found) == idle and "Z" not in found.values()

    return wait_until(rests)


def worker_of(answer: EmbeddedAnswer) -> int:
    """Give the process id of the worker that gives an answer."""
    assert answer._lane is not None
    described = Path(f"/proc/self/fdinfo/{answer._lane._pidfd}").read_text()
    return int(described.partition("Pid:")[2].split()[0])


@pytest.mark.parametrize("form", list(ResultsFormat))
@pytest.mark.parametrize(
    "text", ["SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o", "ASK { ?s ?p 3 }", "ASK { ?s ?p 99 }"]
)
def test_results_are_what_the_store_serialises(
    engine: EmbeddedEngine, text: str, form: ResultsFormat
) -> None:
    """Solutions and booleans come in every format as pyoxigraph itself writes them."""
    answer = engine.query(QueryRequest(text, results_format=form))
    result = reference_store().query(text)
    assert not isinstance(result, ox.QueryTriples)
    expected = result.serialize(format=ox.QueryResultsFormat.from_media_type(form))
    assert b"".join(answer) == expected
    assert answer.media_type == form
    assert answer.kind is (ResultKind.BOOLEAN if "ASK" in text else ResultKind.SOLUTIONS)


@pytest.mark.parametrize("form", list(TriplesFormat))
@pytest.mark.parametrize("text", ["CONSTRUCT WHERE { ?s ?p ?o }", f"DESCRIBE <{LAB}>"])
def test_triples_are_those_of_the_store(
    engine: EmbeddedEngine, text: str, form: TriplesFormat
) -> None:
    """CONSTRUCT and DESCRIBE give the same triples in every format."""
    answer = engine.query(QueryRequest(text, triples_format=form))
    document = b"".join(answer)
    parsed = {q.triple for q in ox.parse(document, format=ox.RdfFormat.from_media_type(form))}
    expected = reference_store().query(text)
    assert isinstance(expected, ox.QueryTriples)
    assert parsed == set(expected)
    assert answer.kind is ResultKind.TRIPLES


def test_default_graph_is_the_merge(engine: EmbeddedEngine) -> None:
    """A triple that stands in two graphs is one triple of the default graph."""
    label = '{ ?s <http://www.w3.org/2004/02/skos/core#prefLabel> "Staden"@sv }'
    assert count(engine, label) == 1
    assert count(engine, f"{{ GRAPH ?g {label} }}") == 2


def test_from_and_protocol_dataset_are_honoured(engine: EmbeddedEngine) -> None:
    """FROM, FROM NAMED and the protocol's dataset choose the graphs; the protocol's wins."""
    of_derived = 3
    assert count(engine, f"FROM <{DERIVED}> {{ ?s ?p ?o }}") == of_derived
    assert count(engine, f"FROM NAMED <{DERIVED}> {{ ?s ?p ?o }}") == 0
    assert count(engine, f"FROM NAMED <{DERIVED}> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == of_derived
    assert count(engine, "{ ?s ?p ?o }", default_graphs=(DERIVED,)) == of_derived
    assert count(engine, f"FROM <{STATED}> {{ ?s ?p ?o }}", default_graphs=(DERIVED,)) == of_derived
    assert count(engine, "{ GRAPH ?g { ?s ?p ?o } }", default_graphs=(DERIVED,)) == 0
    assert count(engine, "{ GRAPH ?g { ?s ?p ?o } }", named_graphs=(DERIVED,)) == of_derived


def test_unnamed_default_graph_is_kept_apart(tmp_path: Path) -> None:
    """With ``unnamed`` the default graph holds only what is in no named graph."""
    dataset = tmp_path / "apart.trig"
    dataset.write_text("@prefix : <http://e/> . :a :b 1 . :g { :a :b 2 , 3 . }")
    with EmbeddedEngine(dataset, default_graph="unnamed") as apart:
        assert count(apart, "{ ?s ?p ?o }") == 1
        assert count(apart, "{ GRAPH ?g { ?s ?p ?o } }") == 2
    with EmbeddedEngine(dataset) as merged:
        assert count(merged, "{ ?s ?p ?o }") == 3


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("", 1, 1), ("ASK {\n  ?s nope:x 1 .\n  ?s ?p ?o\n}", 2, 12), ("ASK { ?s ?p ?o", 1, 15)],
)
def test_syntax_errors_carry_their_place(
    engine: EmbeddedEngine, text: str, line: int, column: int
) -> None:
    """A text that is no SPARQL is told with line and column, and without the parser's innards."""
    with pytest.raises(SparqlSyntaxError) as caught:
        engine.query(QueryRequest(text))
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "\\u{" not in caught.value.reason
    assert "\n" not in caught.value.reason


def test_unknown_function_is_an_error_of_the_query(engine: EmbeddedEngine) -> None:
    """A function that does not exist is the query's fault, not the engine's."""
    with pytest.raises(SparqlSyntaxError, match="custom function"):
        engine.query(QueryRequest("SELECT (<http://e/f>(1) AS ?x) {}"))


@pytest.mark.parametrize("text", [ENDLESS, ENDLESS_ROWS], ids=["silent", "streaming"])
def test_deadline_kills_and_the_next_query_answers(engine: EmbeddedEngine, text: str) -> None:
    """A query past its deadline is dead in a second, and the next one answers in less than one."""
    began = time.monotonic()
    with pytest.raises(QueryTimeout) as caught:
        run(engine, text, timeout_seconds=0.5)
    assert time.monotonic() - began < 1.5
    assert caught.value.seconds == 0.5
    assert is_done_within(1, lambda: run(engine, "ASK {}"))
    assert settles(engine)


def test_request_cannot_raise_the_limit(engine: EmbeddedEngine) -> None:
    """A larger timeout than the engine's is cut to it."""
    with pytest.raises(QueryTimeout) as caught:
        run(engine, ENDLESS, timeout_seconds=3600)
    assert caught.value.seconds == 2


def test_slow_reader_never_sees_a_cut_answer_end(engine: EmbeddedEngine) -> None:
    """An answer whose worker was killed while the reader slept raises; it never just ends."""
    answer = engine.query(QueryRequest(ENDLESS_ROWS, timeout_seconds=0.3))
    pieces = iter(answer)
    next(pieces)
    time.sleep(0.6)
    with pytest.raises(QueryTimeout):
        for _ in pieces:
            pass


def test_memory_is_bounded(engine: EmbeddedEngine) -> None:
    """A query that needs more memory than it may is stopped and told so."""
    with pytest.raises(QueryResourcesExceeded, match="128 MB"):
        run(engine, GREEDY)
    assert run(engine, "ASK {}")


def test_exhausted_stack_is_an_error_of_the_query(engine: EmbeddedEngine) -> None:
    """A chain so long that the engine's stack overflows ends its worker only."""
    with pytest.raises(QueryResourcesExceeded, match="too long"):
        run(engine, f"SELECT * {{ FILTER({'!' * 400_000}1) }}")
    assert run(engine, "ASK {}")


@pytest.mark.parametrize("storage", ["memory", "disk"])
@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_worker_cannot_reach_a_host(
    silent: str, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the guard there is a wall: a worker opens no connection even if asked to."""
    monkeypatch.setattr(Guard, "check", lambda _self, _request: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        socket.socket() as listener,
        EmbeddedEngine(TINY, storage=storage, timeout_seconds=5) as unguarded,
    ):
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        query = f"SELECT * {{ SERVICE {silent} <http://127.0.0.1:{port}/sparql> {{ ?s ?p ?o }} }}"
        if silent:
            run(unguarded, query)
        else:
            # On disk it may as well be the store that could not be read.
            refusal = QueryRefused if storage == "memory" else EngineUnavailable
            with pytest.raises(refusal):
                run(unguarded, query)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_closing_an_answer_kills_its_worker(patient: EmbeddedEngine) -> None:
    """Who stops reading frees the worker at once; closing twice is fine."""
    answer = patient.query(QueryRequest(ENDLESS_ROWS))
    pieces = iter(answer)
    next(pieces)
    worker = worker_of(answer)
    answer.close()
    answer.close()
    assert wait_until(lambda: not is_running(worker))
    assert settles(patient)
    with pytest.raises(EngineUnavailable):
        next(pieces)


def test_cancellation_wakes_the_waiting_thread(patient: EmbeddedEngine) -> None:
    """A query can be stopped from another thread while its own waits for the head."""
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.cancel)
    timer.start()
    began = time.monotonic()
    with pytest.raises(EngineUnavailable):
        patient.query(QueryRequest(ENDLESS), cancellation)
    assert time.monotonic() - began < 1.5
    timer.join()
    assert settles(patient)


def test_many_threads_at_once(engine: EmbeddedEngine) -> None:
    """Threads get each their own answer, good and bad queries mixed."""

    def ask(number: int) -> bool:
        if number % 7 == 0:
            with pytest.raises(SparqlSyntaxError):
                run(engine, "SELECT")
            return True
        document = json.loads(run(engine, f"SELECT ({number} AS ?n) {{}}"))
        return bool(document["results"]["bindings"][0]["n"]["value"] == str(number))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))
    assert settles(engine)


def test_no_free_worker_is_told(patient: EmbeddedEngine) -> None:
    """Who waits too long for a worker is told that all are busy."""
    cancellations = [Cancellation() for _ in range(4)]  # as many as there are workers

    def ask(cancellation: Cancellation) -> None:
        with contextlib.suppress(EngineUnavailable):
            patient.query(QueryRequest(ENDLESS), cancellation)

    threads = [threading.Thread(target=ask, args=[each]) for each in cancellations]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: patient._pool.running == len(cancellations))
    with pytest.raises(EngineUnavailable, match="busy"):
        patient.query(QueryRequest("ASK {}", timeout_seconds=0.2))
    for cancellation in cancellations:
        cancellation.cancel()
    for thread in threads:
        thread.join(10)
    assert run(patient, "ASK {}")


def test_forgotten_answer_gives_its_worker_back(patient: EmbeddedEngine) -> None:
    """An answer that nobody closes does not keep a worker for ever."""
    for _ in range(6):
        patient.query(QueryRequest(ENDLESS_ROWS))
    assert run(patient, "ASK {}", timeout_seconds=1)


def test_large_answers_are_whole(engine: EmbeddedEngine) -> None:
    """An answer of many pieces arrives complete."""
    query = f"SELECT * {{ {cross_join(2, 400)} }}"
    assert run(engine, query, results_format=ResultsFormat.CSV).count(b"\r\n") == 400 * 400 + 1


def test_dead_keeper_is_replaced(engine: EmbeddedEngine) -> None:
    """When the keeper dies, running answers break off and the next query starts another."""
    answer = engine.query(QueryRequest(ENDLESS_ROWS))
    os.kill(engine.keeper_pid, signal.SIGKILL)
    with pytest.raises(EngineUnavailable):
        for _ in answer:
            pass
    assert run(engine, "ASK {}") == b'{"head":{},"boolean":true}'
    assert settles(engine)


def test_close_leaves_nothing_behind() -> None:
    """Closing ends every process, those in the middle of a query too; closing twice is fine."""
    engine = EmbeddedEngine(TINY)
    answer = engine.query(QueryRequest(ENDLESS_ROWS))
    assert wait_until(lambda: len(children(engine.keeper_pid)) == 1 + READY)
    processes = [engine.keeper_pid, *children(engine.keeper_pid)]
    engine.close()
    engine.close()
    assert wait_until(lambda: not any(map(is_running, processes)))
    with pytest.raises(GraphError):
        for _ in answer:
            pass
    with pytest.raises(EngineUnavailable, match="closed"):
        engine.query(QueryRequest("ASK {}"))


def test_killed_service_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the serving process is killed outright, keeper and workers follow it."""
    script = tmp_path / "serve.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {[str(Path(embedded.__file__).parents[2])]!r}\n"
        "from pathlib import Path\n"
        "from klustergraf.engine.embedded import EmbeddedEngine\n"
        "from klustergraf.engine.base import QueryRequest\n"
        f"engine = EmbeddedEngine(Path({str(TINY)!r}), timeout_seconds=600)\n"
        f"answer = engine.query(QueryRequest({ENDLESS_ROWS!r}))\n"
        "print(engine.keeper_pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        keeper = int(process.stdout.readline())
        assert wait_until(lambda: len(children(keeper)) == 1 + READY)
        processes = [keeper, *children(keeper)]
        process.kill()
    assert wait_until(lambda: not any(map(is_running, processes)))


def test_killed_keeper_takes_its_workers_along() -> None:
    """A worker never outlives its keeper."""
    with EmbeddedEngine(TINY) as engine:
        answer = engine.query(QueryRequest(ENDLESS_ROWS))
        workers = list(children(engine.keeper_pid))
        os.kill(engine.keeper_pid, signal.SIGKILL)
        assert wait_until(lambda: not any(map(is_running, workers)))
        answer.close()


def test_unreadable_dataset_is_told(tmp_path: Path) -> None:
    """A file that is not RDF is told with its place, a missing one by its name."""
    broken = tmp_path / "broken.nq"
    broken.write_text('<http://e/a> <http://e/b> "1" .\n<http://e/a> nonsense\n')
    with pytest.raises(GraphParseError) as caught:
        EmbeddedEngine(broken)
    assert caught.value.line == 2
    with pytest.raises(EngineUnavailable, match=r"missing\.nq"):
        EmbeddedEngine(tmp_path / "missing.nq")
    strange = tmp_path / "strange.xyz"
    strange.write_text("x")
    with pytest.raises(EngineUnavailable, match=r"strange\.xyz"):
        EmbeddedEngine(strange)


def test_version_of_a_file_is_its_digest(engine: EmbeddedEngine) -> None:
    """A file that is no version is named by its content."""
    with EmbeddedEngine(TINY) as other:
        assert other.version_id == engine.version_id
    assert len(engine.version_id) == 64
    assert STATED in engine.graphs


@pytest.mark.parametrize("suffix", ["nq", "trig"])
@pytest.mark.parametrize("is_shared", [True, False])
def test_union_of_graphs_counts_a_triple_once(
    tmp_path: Path, suffix: str, *, is_shared: bool
) -> None:
    """The merge of all graphs, or of those named, has each triple once, however it is stored."""
    dataset = tmp_path / f"shared.{suffix}"
    objects = {"g": "12", "h": "13" if is_shared else "93", "i": "4"}
    quads = [
        f'<http://e/s> <http://e/p> "{value}"' + f" <http://e/{graph}> ." * (suffix == "nq")
        for graph, values in objects.items()
        for value in values
    ]
    if suffix == "trig":
        quads = [
            f"<http://e/{graph}> {{ {quad} . }}" for quad, graph in zip(quads, "gghhi", strict=True)
        ]
    dataset.write_text("\n".join(quads) + "\n")
    graphs = "FROM <http://e/g> FROM <http://e/h>"
    named = "{ GRAPH ?x { ?s ?p ?o } }"
    merged = 3 if is_shared else 4
    with EmbeddedEngine(dataset) as union, EmbeddedEngine(dataset, default_graph="unnamed") as own:
        assert count(union, "{ ?s ?p ?o }") == merged + 1
        assert count(own, "{ ?s ?p ?o }") == 0
        for engine in (union, own):
            assert count(engine, f"{graphs} {{ ?s ?p ?o }}") == merged
            assert count(engine, f"{graphs} {named}") == 0
            assert (
                count(engine, f"{graphs} FROM NAMED <http://e/i> {{ GRAPH ?x {{ ?s ?p ?o }} }}")
                == 1
            )
            assert count(engine, named) == 5
            assert count(engine, "FROM <http://e/i> { ?s ?p ?o }") == 1
            both = ("http://e/g", "http://e/h")
            assert count(engine, "{ ?s ?p ?o }", default_graphs=both) == merged


def test_numbers_of_one_value_are_one_triple(tmp_path: Path) -> None:
    """The store makes 01 and 1 one value; a union of graphs with both has it once."""
    dataset = tmp_path / "numbers.nq"
    dataset.write_text(
        f'<http://e/s> <http://e/p> "01"^^<{XSD}integer> <http://e/g> .\n'
        f'<http://e/s> <http://e/p> "1"^^<{XSD}integer> <http://e/h> .\n'
    )
    with EmbeddedEngine(dataset) as engine:
        values = run(engine, "SELECT ?o { ?s ?p ?o }", results_format=ResultsFormat.CSV)
        assert len(values.splitlines()) - 1 == len(set(values.splitlines()[1:]))


def test_worker_outlives_the_deadline_of_a_query_that_it_answered(engine: EmbeddedEngine) -> None:
    """The clock of an answered query stands still: its worker takes the next one, much later."""
    for text in ("ASK {}", "SELECT * { nonsense"):
        with contextlib.suppress(SparqlSyntaxError):
            run(engine, text, timeout_seconds=0.2)
        lane = engine._pool._idle[-1]
        time.sleep(0.4)
        assert lane.is_alive
        assert run(engine, "ASK {}")
        assert engine._pool._idle[-1] is lane


def test_event_loops_and_threads_take_turns_with_a_worker() -> None:
    """A worker that one loop has asked answers another, and a thread; and then the first again."""
    loops = [asyncio.new_event_loop() for _ in range(2)]
    threads = [threading.Thread(target=loop.run_forever) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        with EmbeddedEngine(TINY, workers=1) as engine:

            async def ask(number: int) -> bytes | None:
                return (await engine.query_async(_value(number))).whole

            for number in range(12):
                if number % 3 == 2:
                    told: bytes | None = b"".join(engine.query(_value(number)))
                else:
                    asking = asyncio.run_coroutine_threadsafe(ask(number), loops[number % 3])
                    told = asking.result(20)
                assert told == f"n\r\n{number}\r\n".encode()
        # Whoever looked for bytes of a worker that is gone looks no more.
        for loop in loops:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result(20)
            assert len(loop._selector.get_map()) == 1  # type: ignore[attr-defined]
    finally:
        for loop, thread in zip(loops, threads, strict=True):
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def _value(number: int) -> QueryRequest:
    return QueryRequest(f"SELECT ({number} AS ?n) {{}}", results_format=ResultsFormat.CSV)


def test_a_worker_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the clock of a worker stands still, the event loop ends it."""
    monkeypatch.setattr("klustergraf.engine.answer.GRACE_SECONDS", 0.3)

    async def ask(engine: EmbeddedEngine) -> None:
        asking = asyncio.ensure_future(engine.query_async(QueryRequest(ENDLESS)))
        await asyncio.sleep(1)
        for worker in children(engine.keeper_pid):
            os.kill(worker, signal.SIGSTOP)
        try:
            await asking
        finally:
            for worker in children(engine.keeper_pid):
                os.kill(worker, signal.SIGCONT)

    with EmbeddedEngine(TINY, timeout_seconds=4) as engine:
        with pytest.raises(EngineUnavailable, match="does not answer"):
            asyncio.run(ask(engine))
        assert b"".join(engine.query(QueryRequest("ASK {}"))) == b'{"head":{},"boolean":true}'
