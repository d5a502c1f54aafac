"""Another version takes the place of the one that is served, and nobody notices."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from klustergraf.engine.base import QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.switching import SwitchingEngine
from klustergraf.errors import EngineUnavailable
from serving import ENDLESS_ROWS, is_running, wait_until

SWITCHES = 20
QUERIES = 10_000
NUMBERS = "SELECT ?n { ?s <http://e/n> ?n }"


def dataset(folder: Path, number: int) -> Path:
    """Write a dataset in which every value is the number of its version."""
    path = folder / f"{number}.nq"
    path.write_text(
        "".join(f'<http://e/{i}> <http://e/n> "{number}" <http://e/g> .\n' for i in range(5))
    )
    return path


def values(document: bytes) -> list[int]:
    """Give the numbers of an answer."""
    return [int(row["n"]["value"]) for row in json.loads(document)["results"]["bindings"]]


@pytest.fixture
def switching(tmp_path: Path) -> Iterator[SwitchingEngine]:
    """Give an engine over the first version."""
    with SwitchingEngine(EmbeddedEngine(dataset(tmp_path, 0))) as made:
        yield made


def test_no_query_fails_at_a_switch(switching: SwitchingEngine, tmp_path: Path) -> None:
    """Ten thousand queries from threads and an event loop during twenty switches: all whole."""
    ids = {0: switching.version_id}
    done = threading.Event()
    asked = [0] * 4

    def check(number_of: list[int], version_id: str) -> None:
        assert len(number_of) == 5
        assert len(set(number_of)) == 1
        assert ids[number_of[0]] == version_id

    def ask(thread: int) -> None:
        while not done.is_set() or sum(asked) < QUERIES:
            answer = switching.query(QueryRequest(NUMBERS))
            check(values(b"".join(answer)), answer.version_id)
            asked[thread] += 1

    async def ask_async() -> None:
        while not done.is_set() or sum(asked) < QUERIES:
            answer = await switching.query_async(QueryRequest(NUMBERS))
            check(values(b"".join([piece async for piece in answer])), answer.version_id)
            asked[3] += 1

    keepers = []
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, thread) for thread in range(3)]
        asking.append(pool.submit(lambda: asyncio.run(ask_async())))
        for number in range(1, SWITCHES + 1):
            keepers.append(switching.current.keeper_pid)
            engine = EmbeddedEngine(dataset(tmp_path, number))
            ids[number] = engine.version_id
            switching.switch(engine)
        done.set()
        for future in asking:
            future.result()
    assert sum(asked) >= QUERIES
    assert asked[3]
    assert values(b"".join(switching.query(QueryRequest(NUMBERS)))) == [SWITCHES] * 5
    assert wait_until(lambda: not any(map(is_running, keepers)))


def test_running_query_finishes_on_its_version(switching: SwitchingEngine, tmp_path: Path) -> None:
    """An answer that has begun goes on after the switch; its engine ends with it."""
    old = switching.current
    answer = switching.query(QueryRequest(ENDLESS_ROWS))
    pieces = iter(answer)
    next(pieces)
    switching.switch(EmbeddedEngine(dataset(tmp_path, 1)))
    assert values(b"".join(switching.query(QueryRequest(NUMBERS)))) == [1] * 5
    assert next(pieces)
    assert is_running(old.keeper_pid)
    assert answer.version_id == old.version_id != switching.version_id
    answer.close()
    assert wait_until(lambda: not is_running(old.keeper_pid))


def test_closing_ends_old_and_new(switching: SwitchingEngine, tmp_path: Path) -> None:
    """Closing stops queries of every version, and a switch after it is refused."""
    answer = switching.query(QueryRequest(ENDLESS_ROWS))
    keepers = [switching.current.keeper_pid]
    switching.switch(EmbeddedEngine(dataset(tmp_path, 1)))
    keepers.append(switching.current.keeper_pid)
    late = EmbeddedEngine(dataset(tmp_path, 2))
    switching.close()
    with pytest.raises(EngineUnavailable, match="closed"):
        switching.switch(late)
    with pytest.raises(EngineUnavailable, match="closed"):
        switching.query(QueryRequest(NUMBERS))
    keepers.append(late.keeper_pid)
    assert wait_until(lambda: not any(map(is_running, keepers)))
    answer.close()
