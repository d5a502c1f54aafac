"""Work done by another process meanwhile, where there is a processor for it."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

_T = TypeVar("_T")


class Turns:
    """Numbers that processes take in turn, so that each number is one's: the next goes to who asks.

    To be made before the fork, and asked for each number in order, just before its work begins.

    >>> turns = Turns()
    >>> [number for number in range(3) if number in turns], 1 in turns
    ([0, 1, 2], False)
    """

    def __init__(self) -> None:
        self._next = multiprocessing.get_context(_method()).Value("q", 0)
        self._mine = -1

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        while self._mine < number:
            with self._next:
                self._mine = self._next.value
                self._next.value += 1
        return self._mine == number


def _method() -> str:
    return "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"


class Aside(Generic[_T]):
    """A piece of work that runs in a forked process while its ``with`` block does something else.

    It sees memory as it was when the block began. Without a second processor, in a process with
    threads (which a fork would cut off), or when it is not wanted, the work is done at once. What
    it raises, :meth:`result` raises.
    """

    def __init__(self, work: Callable[[], _T], *, is_wanted: bool = True) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._outcome: tuple[bool, Any] | None = None
        if not (is_wanted and is_possible()):
            self._outcome = _outcome(work)
            return
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_do, args=(work, sender), daemon=True)
        self._process.start()
        sender.close()

    @property
    def is_beside(self) -> bool:
        """Tell whether another process does the work; if not, it is done already."""
        return self._process is not None

    def __enter__(self) -> Self:
        return self

    def result(self) -> _T:
        """Wait for the result."""
        if self._outcome is None:
            try:
                self._outcome = self._receiver.recv()
            except EOFError as exc:
                raise MemoryError("the process that worked aside was ended from outside") from exc
        has_failed, value = self._outcome
        if has_failed:
            raise value
        done: _T = value
        return done

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._receiver.close()
            self._process.kill()
            self._process.join()
            self._process.close()


def is_possible() -> bool:
    """Tell whether there is another processor, and this process may fork."""
    return (
        "fork" in multiprocessing.get_all_start_methods()
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
    )


def _outcome(work: Callable[[], object]) -> tuple[bool, Any]:
    try:
        return False, work()
    except Exception as exc:  # noqa: BLE001 (raised again where the result is asked for)
        return True, exc


def _do(work: Callable[[], object], sender: Connection) -> None:
    sender.send(_outcome(work))
