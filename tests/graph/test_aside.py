"""Work aside: done by another process where that is possible, with the same outcome everywhere."""

import io
import os
import threading

import pytest
from rich.console import Console

from klustergraf.aside import Aside, Turns
from klustergraf.cli.progress import shown
from klustergraf.errors import GraphParseError


def _fail() -> int:
    raise GraphParseError("a.ttl", "is broken.", 3, 7)


@pytest.mark.parametrize("is_wanted", [True, False])
def test_the_result_and_the_error_come_back(*, is_wanted: bool) -> None:
    """What the work gives, it gives from either process; its error keeps what it says."""
    with Aside(lambda: sum(range(1000)), is_wanted=is_wanted) as work:
        assert work.result() == 499_500
    with (
        Aside(_fail, is_wanted=is_wanted) as work,
        pytest.raises(GraphParseError, match="broken") as error,
    ):
        work.result()
    assert (error.value.line, error.value.column) == (3, 7)


def test_each_turn_is_one_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that go through the same numbers: each number is taken once, by one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    turns = Turns()
    with Aside(lambda: [number for number in range(5000) if number in turns]) as other:
        assert other.is_beside
        own = [number for number in range(5000) if number in turns]
        theirs = other.result()
    assert sorted(own + theirs) == list(range(5000))


def test_the_work_sees_memory_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second processor the work has a process and a memory of its own."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    held = ["before"]
    with Aside(lambda: (os.getpid(), list(held))) as work:
        held.clear()
        process, seen = work.result()
    assert process != os.getpid()
    assert seen == ["before"]


@pytest.mark.parametrize(("processors", "threads"), [({0}, 1), ({0, 1}, 2)])
def test_one_processor_or_several_threads_do_it_here(
    processors: set[int], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork would gain nothing, or cut threads off in the middle of something."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: processors)
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    with Aside(os.getpid) as work:
        assert work.result() == os.getpid()


def test_a_process_that_is_ended_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever for a process that the system took the memory from."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    with Aside(lambda: os._exit(9)) as work, pytest.raises(MemoryError, match="from outside"):
        work.result()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_process_that_shows_its_steps_may_share_its_work(*, is_terminal: bool) -> None:
    """The line that tells what a build is doing is drawn by no thread, which forks cut off."""
    written = io.StringIO()
    threads = threading.active_count()
    with shown(Console(file=written, force_terminal=is_terminal)) as progress:
        progress("rules", "23 [rules]")
        assert threading.active_count() == threads
    assert ("rules: 23 [rules]" in written.getvalue()) is is_terminal
