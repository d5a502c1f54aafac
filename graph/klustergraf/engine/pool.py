"""Who may run a query now, who waits, and on which worker.

Used from many threads and from event loops at once.
"""

import asyncio
import concurrent.futures
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol
from weakref import WeakSet

from klustergraf.engine.lane import KeeperProcess, Lane
from klustergraf.errors import EngineBusy, EngineUnavailable

# How often those who wait look for a place that its holder does not need.
_LOOK_SECONDS: Final = 0.1
_LONGEST_RETRY_SECONDS: Final = 30
# Workers that wait for a slow reader take memory but no time of a processor.
_LENT_PER_WORKER: Final = 4

_log = logging.getLogger(__name__)


class Holder(Protocol):
    """Who holds a place: an answer that is being given."""

    def relieve(self, now: float) -> None:
        """Give the place back if it is of no use: the time is over, or the reader sleeps."""
        ...


class Pool:
    """The places for queries that run at a time, a bounded queue for them, and idle workers.

    ``most_warm`` of the workers are told to have their own copy of the store's memory, and are
    asked before the others. ``start_keeper`` makes the keeper, unless one is given, and another
    when it has died.
    """

    def __init__(
        self,
        workers: int,
        most_waiting: int,
        start_keeper: Callable[[], KeeperProcess],
        *,
        most_warm: int = 1,
        keeper: KeeperProcess | None = None,
    ) -> None:
        self._workers = workers
        self._most_waiting = most_waiting
        self._start_keeper = start_keeper
        # Forgotten answers are collected, and then release, in the middle of anything.
        self._lock = threading.RLock()
        self._free = workers
        self._lent = 0
        self._waiting: deque[Future[None]] = deque()
        self._holders = WeakSet[Holder]()
        self._idle: list[Lane] = []
        self._most_warm = most_warm
        self._warm: list[Lane] = []
        self._closed = False
        self._mean_seconds = 0.0
        self._keeper_lock = threading.Lock()
        self._keeper = keeper or start_keeper()

    @property
    def keeper(self) -> KeeperProcess:
        """The keeper that runs now."""
        return self._keeper

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self._workers - self._free

    @property
    def waiting(self) -> int:
        """How many queries wait for a place."""
        return len(self._waiting)

    def enter(self, seconds: float) -> None:
        """Take a place, waiting so long for one.

        Errors: EngineBusy, EngineUnavailable.
        """
        ticket = self._ticket()
        if ticket is None:
            return
        until = time.monotonic() + seconds
        while True:
            left = min(until - time.monotonic(), _LOOK_SECONDS)
            try:
                ticket.result(max(left, 0))
            except concurrent.futures.TimeoutError:
                self._look(ticket, until)
            else:
                return

    def enter_at_once(self) -> Lane | None:
        """Take a place and an idle worker's lane, if there are both now.

        Errors: EngineUnavailable.
        """
        with self._lock:
            if not self._free or not self._idle:
                return None
            self._free -= 1
        try:
            lane = self.idle_lane()
        except BaseException:
            self.leave()
            raise
        if lane is None:
            self.leave()
        return lane

    async def enter_async(self, seconds: float) -> None:
        """Take a place, as enter does, without holding up the event loop."""
        ticket = self._ticket()
        if ticket is None:
            return
        until = time.monotonic() + seconds
        waiter = asyncio.wrap_future(ticket)
        try:
            while True:
                left = min(until - time.monotonic(), _LOOK_SECONDS)
                done, _ = await asyncio.wait((waiter,), timeout=max(left, 0))
                if done:
                    waiter.result()
                    return
                self._look(ticket, until)
        except BaseException:
            # Whoever no longer wants the place must not be given it, or gives it on.
            if not ticket.cancel() and ticket.done() and ticket.exception() is None:
                self.leave()
            raise

    def leave(self, seconds: float | None = None) -> None:
        """Give a place back, to the first who waits. ``seconds``: how long a query had it."""
        with self._lock:
            if seconds is not None:
                self._mean_seconds += (seconds - self._mean_seconds) / 16
            ticket = self._next_ticket()
            if ticket is None:
                self._free += 1
        if ticket is not None:
            ticket.set_result(None)

    def lend(self) -> bool:
        """Give on the place of a query whose reader sleeps; not of too many at a time."""
        with self._lock:
            if self._lent >= self._workers * _LENT_PER_WORKER:
                return False
            self._lent += 1
        self.leave()
        return True

    def repaid(self) -> None:
        """Count a query whose place was given on as ended."""
        with self._lock:
            self._lent -= 1

    def hold(self, holder: Holder) -> None:
        """Remember who has a place."""
        with self._lock:
            self._holders.add(holder)

    def release(self, holder: Holder, lane: Lane | None) -> None:
        """Forget who had a place; a lane whose worker takes the next query is kept for it."""
        with self._lock:
            self._holders.discard(holder)
            if lane is not None and not self._closed:
                if lane in self._warm:
                    self._idle.append(lane)
                else:
                    self._idle.insert(sum(idle not in self._warm for idle in self._idle), lane)
                return
        if lane is not None:
            lane.close()

    def is_warm(self, lane: Lane) -> bool:
        """Tell whether a worker shall have its own copy; if one too few has, this one shall."""
        with self._lock:
            if lane in self._warm:
                return True
            self._warm = [warm for warm in self._warm if not warm.is_closed]
            if len(self._warm) < self._most_warm:
                self._warm.append(lane)
            return lane in self._warm

    def idle_lane(self) -> Lane | None:
        """Give the lane to a worker that is ready, a warm one first; None: there is none."""
        while True:
            with self._lock:
                if self._closed:
                    raise EngineUnavailable("The engine is closed.")
                if not self._idle:
                    return None
                lane = self._idle.pop()
            # A worker dies with its keeper, but not in the same moment.
            if lane.is_alive and self._keeper.is_alive:
                return lane
            lane.close()

    def new_lane(self) -> Lane:
        """Get another worker; if the keeper has died, from a new one.

        Errors: EngineUnavailable, GraphParseError.
        """
        with self._keeper_lock:
            for _ in range(2):
                if self._closed:
                    raise EngineUnavailable("The engine is closed.")
                if not self._keeper.is_alive:
                    _log.warning("the keeper %d has died; starting another", self._keeper.pid)
                    self._keeper.close()
                    self._keeper = self._start_keeper()
                try:
                    return self._keeper.open_lane()
                except OSError:
                    self._keeper.close()  # it has died this moment
        raise EngineUnavailable("The engine cannot be started.")

    def close(self) -> None:
        """End every worker, and turn away who waits. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            waiting = [t for t in self._waiting if t.set_running_or_notify_cancel()]
            self._waiting.clear()
        for ticket in waiting:
            ticket.set_exception(EngineUnavailable("The engine is closed."))
        for lane in idle:
            lane.close()
        with self._keeper_lock:
            self._keeper.close()

    def _ticket(self) -> Future[None] | None:
        """Take a place at once (None), or line up for one."""
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The engine is closed.")
            if self._free:
                self._free -= 1
                return None
            if len(self._waiting) >= self._most_waiting:
                raise EngineBusy(self._retry_after())
            ticket = Future[None]()
            self._waiting.append(ticket)
            return ticket

    def _next_ticket(self) -> Future[None] | None:
        while self._waiting:
            ticket = self._waiting.popleft()
            if ticket.set_running_or_notify_cancel():
                return ticket
        return None

    def _look(self, ticket: Future[None], until: float) -> None:
        """Find places that are of no use to their holders; give up when the time is over."""
        now = time.monotonic()
        if now >= until and ticket.cancel():
            with self._lock:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                retry_after = self._retry_after()
            raise EngineBusy(retry_after)
        with self._lock:
            holders = list(self._holders)
        for holder in holders:
            holder.relieve(now)

    def _retry_after(self) -> int:
        expected = self._mean_seconds * (len(self._waiting) + 1) / self._workers
        return min(max(math.ceil(expected), 1), _LONGEST_RETRY_SECONDS)
