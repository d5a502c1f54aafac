"""Warm workers: their own copy of the store's memory, made while nobody asks, and asked first."""

import re
from pathlib import Path

import pytest

from klustergraf.engine.answer import EmbeddedAnswer
from klustergraf.engine.base import QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.own_copy import copyable, private_memory
from klustergraf.errors import QueryTimeout
from serving import ENDLESS, ENDLESS_ROWS, TINY, cross_join, wait_until

# Too long to be written at once: its worker waits for the reader.
ROWS = f"SELECT * {{ {cross_join(3, 40)} }}"
EVERYTHING = QueryRequest("SELECT * { ?s ?p ?o }")


def worker_of(answer: EmbeddedAnswer) -> int:
    """Give the process id of the worker that gives an answer."""
    assert answer._lane is not None
    described = Path(f"/proc/self/fdinfo/{answer._lane._pidfd}").read_text()
    return int(described.partition("Pid:")[2].split()[0])


def shared_share(pid: int) -> float:
    """Give how much of a process's own memory it still shares with the one it was forked from."""
    anonymous = shared = 0
    for mapping in re.split(
        r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text()
    ):
        head = mapping.partition("\n")[0].split()
        if len(head) < 5 or head[1] != "rw-p" or head[4] != "0" or "[stack]" in head:
            continue
        sizes = dict(re.findall(r"(?m)^(\w+): +(\d+) kB", mapping))
        anonymous += int(sizes["Rss"])
        shared += int(sizes["Shared_Clean"]) + int(sizes["Shared_Dirty"])
    return shared / anonymous


@pytest.mark.parametrize("count", [0, 1])
def test_warm_worker_has_its_own_copy(count: int) -> None:
    """Soon after its first query a warm worker shares next to nothing, another most of it."""
    with EmbeddedEngine(TINY, warm_workers=count) as engine:
        assert b"".join(engine.query(EVERYTHING))
        (lane,) = engine._pool._idle
        described = Path(f"/proc/self/fdinfo/{lane._pidfd}").read_text()
        pid = int(described.partition("Pid:")[2].split()[0])
        copied = wait_until(lambda: shared_share(pid) < 0.05, 3 if count else 0.5)
        assert copied == bool(count)
        if not count:
            assert shared_share(pid) > 0.3
        # It answers as before.
        assert b"".join(engine.query(EVERYTHING)).count(b'"s"') > 1


def test_warm_worker_is_asked_first_and_followed_by_another() -> None:
    """Whoever ends last, the warm one is asked next; when it is killed, the next one is warm."""
    with EmbeddedEngine(TINY, warm_workers=1) as engine:
        first = engine.query(QueryRequest(ENDLESS_ROWS))
        second = engine.query(EVERYTHING)
        (warm,) = engine._pool._warm
        b"".join(second)
        (cold,) = engine._pool._idle
        assert cold is not warm
        killed = worker_of(first)
        first.close()
        assert wait_until(lambda: not Path(f"/proc/{killed}").exists())
        b"".join(engine.query(EVERYTHING))
        assert engine._pool._warm == [cold]
        # Two at a time: though the other is given back last, the warm one comes out first.
        on_warm, on_other = engine.query(QueryRequest(ROWS)), engine.query(QueryRequest(ROWS))
        b"".join(on_warm)
        b"".join(on_other)
        assert len(engine._pool._idle) == 2
        asked_next = engine._pool.idle_lane()
        assert asked_next is cold
        cold.close()


def test_warm_worker_dies_at_the_deadline_as_any_other() -> None:
    """Its own copy changes nothing of its limits."""
    with EmbeddedEngine(TINY, warm_workers=1, timeout_seconds=0.3) as engine:
        b"".join(engine.query(EVERYTHING))
        with pytest.raises(QueryTimeout):
            engine.query(QueryRequest(ENDLESS))
        assert b"".join(engine.query(EVERYTHING))


def test_nothing_is_copied_where_memory_is_scarce() -> None:
    """A copy is made only where there is twice the room for it."""
    size = sum(end - begin for begin, end in private_memory())
    assert copyable(size) == []
    assert copyable(4 * size)
