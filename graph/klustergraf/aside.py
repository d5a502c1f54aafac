"""Work done by another process meanwhile, where there is a processor for it."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

_T = TypeVar("_T")


class Aside(Generic[_T]):
    """A piece of work that runs in a forked process while its ``with`` block does something else.

    It sees memory as it was when the block began. Without a second processor, in a process with
    threads (which a fork would cut off), or when it is not wanted, the work is done at once. What
    it raises, :meth:`result` raises.
    """

    def __init__(self, work: Callable[[], _T], *, is_wanted: bool = True) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._outcome: tuple[bool, Any] | None = None
        if not (is_wanted and _can_fork()):
            self._outcome = _outcome(work)
            return
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_do, args=(work, sender), daemon=True)
        self._process.start()
        sender.close()

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


def _can_fork() -> bool:
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
