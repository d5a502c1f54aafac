"""Who may ask a remote endpoint now, and who waits."""

import concurrent.futures
import threading
from collections import deque
from concurrent.futures import Future
from typing import Final

from klustergraf.engine.base import Cancellation
from klustergraf.errors import EngineBusy, EngineUnavailable

_RETRY_SECONDS: Final = 1


class Places:
    """So many at a time; so many more wait, in the order they came; the rest are turned away.

    >>> places = Places(1, 0)
    >>> places.enter(1.0)
    >>> try:
    ...     places.enter(1.0)
    ... except EngineBusy:
    ...     print("busy")
    busy
    >>> places.leave()
    >>> places.enter(1.0)
    """

    def __init__(self, most: int, most_waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = most
        self._most_waiting = most_waiting
        self._waiting: deque[Future[None]] = deque()

    def enter(self, seconds: float, cancellation: Cancellation | None = None) -> None:
        """Take a place, waiting so long for one.

        Errors: EngineBusy; EngineUnavailable when it was cancelled meanwhile.
        """
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._most_waiting:
                raise EngineBusy(_RETRY_SECONDS)
            ticket = Future[None]()
            self._waiting.append(ticket)
        if cancellation is not None:
            cancellation.on_cancel(lambda: self._give_up(ticket))
        try:
            ticket.result(seconds)
        except concurrent.futures.CancelledError as exc:
            raise EngineUnavailable("The query was stopped.") from exc
        except concurrent.futures.TimeoutError as exc:
            self._give_up(ticket)
            if ticket.cancelled():
                raise EngineBusy(_RETRY_SECONDS) from exc
            # The place came in this moment; the query's own deadline will tell.

    def leave(self) -> None:
        """Give a place back, to the first who waits."""
        with self._lock:
            while self._waiting:
                ticket = self._waiting.popleft()
                if ticket.set_running_or_notify_cancel():
                    ticket.set_result(None)
                    return
            self._free += 1

    def _give_up(self, ticket: Future[None]) -> None:
        """Wait no more, unless the place has been given."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
        ticket.cancel()
