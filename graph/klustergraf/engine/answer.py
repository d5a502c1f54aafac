"""The reading side of a worker: its frames become an answer or one of our errors."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache, partial
from typing import Final

from klustergraf.engine import frames
from klustergraf.engine.base import QueryRequest, ResultKind
from klustergraf.engine.lane import GRACE_SECONDS, Lane
from klustergraf.engine.limits import Limits, exit_code
from klustergraf.engine.pool import Pool
from klustergraf.errors import (
    EngineUnavailable,
    GraphError,
    QueryTimeout,
)

_READ_BYTES: Final = 1 << 18
_WORDS_BYTES: Final = 4096
# A reader that has not asked for more in so long does not need a place while others wait.
_ASLEEP_SECONDS: Final = 0.2
_MOST_KEPT_BYTES: Final = 1 << 20  # of an answer whose reader sleeps


@lru_cache(64)
def _read_head(payload: bytes) -> dict[str, str]:
    """Read the head of an answer; there are few."""
    head: dict[str, str] = json.loads(payload)
    return head


def _set(arrival: "asyncio.Future[None]") -> None:
    if not arrival.done():
        arrival.set_result(None)


class EmbeddedAnswer:
    """An answer that a worker is writing. One thread or task reads; any thread may close.

    What has come is taken in at once: when all of it came with the head, :attr:`whole` has it, and
    the worker is free again before anyone has read a byte.
    """

    def __init__(
        self,
        pool: Pool,
        lane: Lane,
        limits: Limits,
        request: QueryRequest,
        deadline: float,
        version_id: str,
    ) -> None:
        self.version_id = version_id  # which the answer is from, whatever the engine serves later
        self._pool = pool
        self._lane: Lane | None = lane
        self._limits = limits
        self._text = request.text
        self._deadline = deadline
        self._lock = threading.Lock()
        self._began = self._read_at = time.monotonic()
        self._unread = bytearray()
        self._pieces: deque[bytes] = deque()
        self._head: dict[str, str] = {}
        self._error: GraphError | None = None
        self._reading = False
        self._closed = False
        self._complete = False
        self._has_place = True
        self._has_ended = False  # the worker, before its answer has
        self._ready: Callable[[], None] | None = None
        pool.hold(self)

    @property
    def kind(self) -> ResultKind:
        """Solutions, a boolean or triples."""
        return ResultKind(self._head["kind"])

    @property
    def media_type(self) -> str:
        """The media type of the bytes."""
        return self._head["media_type"]

    @property
    def is_from_columns(self) -> bool:
        """Whether columns did the work (:mod:`klustergraf.engine.columns`), or the store alone."""
        return self._head["by"] == "columns"

    @property
    def whole(self) -> bytes | None:
        """All of the answer, if it has come already and none of it was read; else None.

        Small answers come whole with their head: whoever sends them need not iterate.
        """
        with self._lock:
            return b"".join(self._pieces) if self._complete and not self._closed else None

    def start(self, job: bytes) -> None:
        """Give the worker its query, and wait for the head of the answer.

        Errors: as QueryEngine.query.
        """
        try:
            if lane := self._lane_to_read():
                lane.channel.settimeout(self._limits.timeout_seconds + GRACE_SECONDS)
                # A worker that has died cannot take it; reading then tells why.
                with contextlib.suppress(OSError):
                    lane.channel.sendall(job)
                self._fill(lane)
            while not self._head and (lane := self._lane_to_read()):
                self._fill(lane)
        except BaseException:
            self.close()
            raise

    def begin(self, job: bytes, ready: Callable[[], None]) -> None:
        """Give the worker its query, and have a function called when the first bytes have come.

        For an event loop, in which no task need wait. After that, :attr:`whole` has the answer or
        :meth:`await_head` gives what else there is to it.
        """
        lane = self._lane_to_read()
        if lane is not None:
            # The buffer of an idle worker takes it at once; one that has died tells so when read.
            self._listen(lane, ready)
            with contextlib.suppress(OSError):
                lane.channel.send(job, socket.MSG_DONTWAIT)

    async def start_async(self, job: bytes) -> None:
        """Do as start does, without holding up the event loop."""
        try:
            if lane := self._lane_to_read():
                lane.channel.setblocking(False)
                with contextlib.suppress(OSError):
                    await asyncio.get_running_loop().sock_sendall(lane.channel, job)
                await self._fill_async(lane)
        except BaseException:
            self._abandon()
            raise
        await self.await_head()

    async def await_head(self) -> None:
        """Wait for the head of an answer that was begun.

        Errors: as QueryEngine.query.
        """
        try:
            while not self._head and (lane := self._lane_to_read()):
                await self._fill_async(lane)
        except BaseException:
            self._abandon()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Give the serialised answer, piece by piece."""
        try:
            while True:
                while (piece := self._piece()) is not None:
                    yield piece
                if (lane := self._lane_to_read()) is None:
                    return
                self._fill(lane)
        finally:
            self.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the serialised answer, piece by piece, to the event loop that began the query."""
        try:
            while True:
                while (piece := self._piece()) is not None:
                    yield piece
                if (lane := self._lane_to_read()) is None:
                    return
                await self._fill_async(lane)
        finally:
            self._abandon()

    def close(self) -> None:
        """Stop the query if it still runs, and give back what it holds."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._pieces.clear()
            if self._lane is not None:
                self._lane.kill()
                # Whoever waits for the next bytes is woken by that, and lets go.
                if not self._reading:
                    self._let_go()

    def __del__(self) -> None:
        self.close()

    def relieve(self, now: float) -> None:
        """Give the place back if it is of no use: the time is over, or the reader sleeps."""
        with self._lock:
            if self._reading or self._lane is None:
                return
            asleep = now - self._read_at > _ASLEEP_SECONDS
            overdue = now > self._deadline + _ASLEEP_SECONDS
            if asleep or overdue:
                self._take_in(self._lane.channel)
            if self._complete or self._error is not None:
                return  # that was the end of it
            if overdue:
                self._fail(QueryTimeout(self._limits.timeout_seconds))
            elif asleep and self._has_place:
                if self._pool.lend():
                    self._has_place = False
                else:
                    self._fail(EngineUnavailable("The answer was read too slowly, and stopped."))

    def _abandon(self) -> None:
        """Close, also when the task that reads was cancelled in the middle of it."""
        with self._lock:
            self._reading = False
        self.close()

    def _take_in(self, channel: socket.socket) -> None:
        """Take in what the worker has written already, up to a bound."""
        with contextlib.suppress(OSError):
            while self._lane is not None and sum(map(len, self._pieces)) < _MOST_KEPT_BYTES:
                data = channel.recv(_READ_BYTES, socket.MSG_DONTWAIT)
                if not data:
                    return
                self._feed(data)

    def _piece(self) -> bytes | None:
        with self._lock:
            return self._pieces.popleft() if self._pieces else None

    def _lane_to_read(self) -> Lane | None:
        """Say that bytes are going to be read, and where; None: the answer is complete."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._closed:
                raise EngineUnavailable("The query was stopped.")
            if self._complete:
                return None
            self._reading = True
            return self._lane

    def _fill(self, lane: Lane) -> None:
        """Wait for more of the answer."""
        try:
            data = lane.channel.recv(_READ_BYTES)
        except TimeoutError:
            lane.kill()
            return self._ended(EngineUnavailable("The engine does not answer."))
        except OSError:
            data = b""  # the worker died with our bytes unread: the same as an end
        if data:
            return self._received(data)
        words = b""
        with contextlib.suppress(OSError):
            lane.watch.settimeout(GRACE_SECONDS)
            words = lane.watch.recv(_WORDS_BYTES)
        return self._ended(self._limits.died(exit_code(words)))

    async def _fill_async(self, lane: Lane) -> None:
        """Wait for more of the answer, without holding up the event loop."""
        if not self._has_ended:
            arrival = asyncio.get_running_loop().create_future()
            self._listen(lane, partial(_set, arrival))
            await arrival
        if not self._has_ended or self._lane is None:
            return None
        if lane.is_late:
            return self._ended(EngineUnavailable("The engine does not answer."))
        words = b""
        with contextlib.suppress(OSError):
            lane.watch.setblocking(False)
            async with asyncio.timeout(GRACE_SECONDS):
                loop = asyncio.get_running_loop()
                words = await loop.sock_recv(lane.watch, _WORDS_BYTES)
        return self._ended(self._limits.died(exit_code(words)))

    def _listen(self, lane: Lane, ready: Callable[[], None]) -> None:
        self._ready = ready
        # The worker keeps the time; this is for the case that it does not.
        lane.listen(self._arrived, self._deadline + GRACE_SECONDS)

    def _arrived(self, data: bytes) -> None:
        """Take what has come; nothing: the worker has ended."""
        ready, self._ready = self._ready, None
        if data:
            self._received(data)
        else:
            self._has_ended = True
            with self._lock:
                if self._closed:
                    self._reading = False
                    self._let_go()
        if ready is not None:
            ready()

    def _received(self, data: bytes) -> None:
        with self._lock:
            self._reading = False
            self._read_at = time.monotonic()
            if self._closed:
                self._let_go()
            else:
                self._feed(data)

    def _ended(self, error: GraphError) -> None:
        with self._lock:
            self._reading = False
            if self._closed:
                self._let_go()
            else:
                self._fail(error)

    def _fail(self, error: GraphError) -> None:
        self._error = error
        if self._lane is not None:
            self._lane.kill()
            self._let_go()

    def _feed(self, data: bytes) -> None:
        """Take the frames apart; the last one sets the worker free."""
        if self._unread:
            data = bytes(self._unread) + data
            self._unread.clear()
        begin = 0
        while len(data) - begin >= frames.HEADER.size:
            kind, size = frames.HEADER.unpack_from(data, begin)
            end = begin + frames.HEADER.size + size
            if len(data) < end:
                break
            payload = data[begin + frames.HEADER.size : end]
            begin = end
            match kind:
                case frames.HEAD:
                    self._head = _read_head(payload)
                case frames.DATA:
                    self._pieces.append(payload)
                case frames.END | frames.LAST:
                    self._complete = True
                    self._let_go(lives=kind == frames.END)
                case _:
                    report = json.loads(payload)
                    self._error = self._limits.reported(report, self._text)
                    self._let_go(lives=report["lives"])
        self._unread += data[begin:]

    def _let_go(self, *, lives: bool = False) -> None:
        """Give back the lane, for the next query if its worker takes one, and the place."""
        lane, self._lane = self._lane, None
        if lane is None:
            return
        self._pool.release(self, lane if lives else None)
        if not lives:
            lane.close()
        if self._has_place:
            self._pool.leave(time.monotonic() - self._began)
        else:
            self._pool.repaid()
