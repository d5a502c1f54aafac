"""Queries that want to bring the engine down: each ends within its limits, and the next answers."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from klustergraf.engine.base import QueryRequest, ResultsFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import (
    EngineBusy,
    GraphError,
    QueryResourcesExceeded,
    QueryTimeout,
)
from serving import (
    ENDLESS,
    ENDLESS_ROWS,
    children,
    cross_join,
    is_done_within,
    is_running,
    numbers,
    wait_until,
)

SECONDS = 1.0
NODES = 60
DOUBLED = "".join(f"BIND(CONCAT(?a{i}, ?a{i}) AS ?a{i + 1}) " for i in range(40))
STRIP = "(" * 200 + "?o" + ")" * 200

HOSTILE = {
    "cross join": ENDLESS,
    "cross join with rows": ENDLESS_ROWS,
    "cross join, sorted": f"SELECT * {{ {cross_join(5, 100)} }} ORDER BY ?v4 ?v0",
    "cross join, distinct": f"SELECT DISTINCT * {{ {cross_join(5, 100)} }}",
    "cross join, grouped": f"SELECT ?v0 ?v1 ?v2 ?v3 (COUNT(*) AS ?n) {{ {cross_join(5, 100)} }}"
    " GROUP BY ?v0 ?v1 ?v2 ?v3",
    "triples without a join": "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?a) }",
    "a million values": f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {'1 ' * 1_000_000} }} }}",
    "many values": f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {'1 ' * 100_000} }} "
    f"VALUES ?y {{ {numbers(10)} }} {cross_join(4, 100)} }}",
    "regular expression": f"SELECT * {{ {cross_join(3, 100)} "
    'FILTER REGEX(CONCAT(STR(?v0), "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "^(a+)+$") }',
    "large repetitions": 'ASK { ?s ?p ?o FILTER REGEX(STR(?s), "((a{1000}){1000}){1000}") }',
    "paths": "SELECT (COUNT(*) AS ?n) { ?a <http://e/p>* ?b . ?b <http://e/p>* ?c . "
    "?c (<http://e/p>|^<http://e/p>)* ?d . ?d <http://e/p>+ ?e }",
    "nested paths": "SELECT (COUNT(*) AS ?n) { ?a ((<http://e/p>*)*/(<http://e/p>+)*)* ?b . "
    "?b (((!<http://e/q>)*)+)* ?c . ?c !<http://e/q>* ?d }",
    "doubled texts": f'SELECT (STRLEN(?a40) AS ?n) {{ BIND("xxxxxxxxxxxxxxxx" AS ?a0) {DOUBLED} }}',
    "gathered texts": "SELECT (STRLEN(GROUP_CONCAT(CONCAT(STR(?v0), REPLACE(STR(?v1), '.', "
    f"'{'y' * 5000}')))) AS ?n) {{ {cross_join(4, 100)} }}",
    "grown by replacing": 'SELECT (STRLEN(REPLACE(?b, "", ?b)) AS ?n) { '
    f'BIND("{"z" * 100_000}" AS ?b) }}',
    "many subqueries": "SELECT * { "
    + "".join(f"{{ SELECT ?x{i} {{ ?x{i} ?p{i} ?o{i} }} }} " for i in range(30))
    + "} ORDER BY ?x0",
    "many options": "SELECT * { ?s ?p ?o "
    + "".join(f"OPTIONAL {{ ?s{i} ?p{i} ?o }} " for i in range(30))
    + "}",
    "deep expression": f"SELECT * {{ ?s ?p ?o FILTER({STRIP}) }}",
    "a long chain": f"SELECT * {{ FILTER({'!' * 400_000}1) }}",
    "a long path": f"ASK {{ ?s {'<http://e/p>/' * 60_000}<http://e/p> ?o }}",
    "a long union": "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 40_000) + " }",
    "nested groups": "SELECT * " + "{" * 100_000 + "}" * 100_000,
    "nested brackets": "ASK { ?s ?p " + "[ ?p " * 100_000 + "1" + "]" * 100_000 + " }",
    "10 MB": f"SELECT * {{ ?s ?p '{'x' * 10_000_000}' }}",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """Give an engine over a dense graph with tight limits."""
    path = tmp_path_factory.mktemp("dense") / "dense.nq"
    path.write_text(
        "".join(
            f"<http://e/{a}> <http://e/p> <http://e/{b}> <http://e/g> .\n"
            for a in range(NODES)
            for b in range(NODES)
        )
    )
    with EmbeddedEngine(path, timeout_seconds=SECONDS, memory_mb=128, workers=2) as made:
        yield made


def run(engine: EmbeddedEngine, text: str) -> bytes:
    """Run a query and give its whole answer."""
    return b"".join(engine.query(QueryRequest(text, results_format=ResultsFormat.CSV)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_query_ends_in_time_and_the_next_answers(engine: EmbeddedEngine, name: str) -> None:
    """Whatever is asked is answered or told in time; then an ordinary query takes no second."""
    began = time.monotonic()
    with contextlib.suppress(GraphError):  # an answer is as good
        run(engine, HOSTILE[name])
    assert time.monotonic() - began < SECONDS + 1
    answers = []
    ordinary = "ASK { <http://e/1> <http://e/p> ?o }"
    assert is_done_within(1, lambda: answers.append(run(engine, ordinary)))
    assert set(answers) == {b"true"}
    found = children(engine.keeper_pid)
    assert wait_until(lambda: "Z" not in children(engine.keeper_pid).values())
    assert len(found) <= 2 + 1 + 1  # the workers, the one that is ready, one that is ending


def test_memory_of_a_killed_query_is_back(engine: EmbeddedEngine) -> None:
    """After queries that took all they could get, the engine holds what it held before."""
    run(engine, "ASK {}")
    before = held_kb(engine)
    for name in ("cross join, sorted", "doubled texts", "cross join, distinct"):
        with pytest.raises(GraphError):
            run(engine, HOSTILE[name])
    run(engine, "ASK {}")
    assert wait_until(lambda: held_kb(engine) < before + 32 * 1024)


def held_kb(engine: EmbeddedEngine) -> int:
    """Give the proportional memory of the keeper and its workers."""
    total = 0
    for pid in (engine.keeper_pid, *children(engine.keeper_pid)):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it has just ended
        total += int(rollup.partition("\nPss:")[2].split()[0])
    return total


def test_answer_past_its_size_breaks_off_visibly() -> None:
    """An answer larger than an answer may be raises: never does it just end."""
    query = f"SELECT * {{ {cross_join(3, 100)} }}"
    with EmbeddedEngine(Path(__file__).parents[1] / "data" / "tiny.trig", result_mb=1) as small:
        answer = small.query(QueryRequest(query))
        with pytest.raises(QueryResourcesExceeded, match="1 MB"):
            b"".join(answer)
        assert run(small, "ASK {}") == b"true"
        lean = f"SELECT * {{ {cross_join(2, 100)} }}"
        assert run(small, lean).count(b"\r\n") == 100 * 100 + 1


def test_who_would_wait_too_long_is_turned_away_at_once(tmp_path: Path) -> None:
    """Behind a full queue a query is refused without waiting, and told when to come again."""
    dataset = tmp_path / "one.nq"
    dataset.write_text("<http://e/a> <http://e/b> <http://e/c> <http://e/g> .\n")

    patience = 30.0

    async def crowd(engine: EmbeddedEngine) -> None:
        waiting = [
            asyncio.create_task(engine.query_async(QueryRequest(ENDLESS))) for _ in range(1 + 3)
        ]
        await asyncio.sleep(0.2)
        began = time.monotonic()
        with pytest.raises(EngineBusy) as caught:
            await engine.query_async(QueryRequest("ASK {}"))
        # Long before those who wait would give up.
        assert time.monotonic() - began < patience / 10
        assert not any(task.done() for task in waiting)
        assert caught.value.retry_after_seconds >= 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        answer = await engine.query_async(QueryRequest("ASK {}"))
        assert answer.whole == b'{"head":{},"boolean":true}'

    with EmbeddedEngine(dataset, workers=1, most_waiting=3, timeout_seconds=patience) as engine:
        asyncio.run(crowd(engine))


def test_sleeping_readers_hold_up_nobody(tmp_path: Path) -> None:
    """Readers that fetch nothing give their place on, also when their time is over."""
    dataset = tmp_path / "one.nq"
    dataset.write_text("<http://e/a> <http://e/b> <http://e/c> <http://e/g> .\n")
    with EmbeddedEngine(dataset, workers=2, timeout_seconds=2) as engine:
        asleep = [engine.query(QueryRequest(ENDLESS_ROWS)) for _ in range(6)]
        began = time.monotonic()
        assert run(engine, "ASK {}") == b"true"
        assert time.monotonic() - began < 1
        time.sleep(max(0, 2.5 - (time.monotonic() - began)))
        for answer in asleep:
            with pytest.raises(QueryTimeout):
                b"".join(answer)
        assert wait_until(lambda: engine._pool.running == 0)


def test_cancelled_task_ends_its_worker(tmp_path: Path) -> None:
    """A query whose task is cancelled is dead at once, silent or in the middle of its answer."""
    dataset = tmp_path / "one.nq"
    dataset.write_text("<http://e/a> <http://e/b> <http://e/c> <http://e/g> .\n")

    async def cancel(engine: EmbeddedEngine, text: str) -> None:
        async def read() -> None:
            async for _ in await engine.query_async(QueryRequest(text)):
                pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.3)
        workers = list(children(engine.keeper_pid))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert wait_until(lambda: not all(map(is_running, workers)))

    with EmbeddedEngine(dataset, timeout_seconds=60) as engine:
        for text in (ENDLESS, ENDLESS_ROWS):
            asyncio.run(cancel(engine, text))
            assert engine._pool.running == 0
