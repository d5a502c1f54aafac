"""Fill the columns of a dataset in a process of its own, beside the workers that answer."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final, NoReturn

from klustergraf.engine.columns.making import make_table
from klustergraf.engine.columns.outcome import ColumnsState, Outcome
from klustergraf.engine.columns.rewriting import rewritten
from klustergraf.engine.columns.table import Place
from klustergraf.engine.loading import Loaded

_PR_SET_PDEATHSIG: Final = 1
_NICENESS: Final = 10
# So many solutions the store has walked through before a query is rewritten and read again.
_LEAST_WORK: Final = 2000


class Columns:
    """The columns of a dataset, once they are filled; all processes that are forked share them.

    ``most_bytes``: the memory that they may take. They take it when they are filled.
    """

    def __init__(self, most_bytes: int) -> None:
        self._place = Place(most_bytes)

    def rewritten(self, text: str) -> str | None:
        """Give a query for the store that takes less time; None where there is none, or not yet."""
        table = self._place.table()
        return None if table is None else rewritten(text, table, _LEAST_WORK)

    def fill(self, loaded: Loaded, after_seconds: float, tell: Callable[[Outcome], None]) -> int:
        """Fill them from a dataset in a child of this process, and give its id.

        ``after_seconds``: how long it waits first, for a dataset that may soon be changed again;
        ``tell``: called in the child with what became of it. Status 0: it has been told.
        """
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _fill(self._place, loaded, after_seconds, parent, tell)
        return pid


def _fill(
    place: Place,
    loaded: Loaded,
    after_seconds: float,
    parent: int,
    tell: Callable[[Outcome], None],
) -> NoReturn:
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            os.nice(_NICENESS)
            time.sleep(after_seconds)
            tell(_filled(place, loaded))
            status = 0
    finally:
        # Whatever went wrong, the store answers.
        if (error := sys.exception()) is not None:
            with contextlib.suppress(OSError):
                tell(Outcome(ColumnsState.FAILED, reason=f"{type(error).__name__}: {error}"))
                status = 0
        os._exit(status)


def _filled(place: Place, loaded: Loaded) -> Outcome:
    began = time.monotonic()
    table = make_table(loaded)
    if table is None:
        return Outcome(ColumnsState.UNFIT)
    if not place.put(table):
        return Outcome(ColumnsState.NO_MEMORY)
    return Outcome(ColumnsState.MADE, time.monotonic() - began, place.size)
