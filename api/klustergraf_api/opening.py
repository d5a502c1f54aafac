"""An answer that has begun, whatever engine gives it: in the event loop, or in threads."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, Protocol, cast, runtime_checkable

from klustergraf.engine.base import (
    Cancellation,
    QueryAnswer,
    QueryEngine,
    QueryRequest,
    ResultKind,
)
from klustergraf.errors import QueryResourcesExceeded
from klustergraf_api.admission import Admission
from klustergraf_api.metrics import NO_KIND, OK, Metrics

# So much of an answer is gathered before any of it is sent: what fails until then is told as a
# problem, and an answer that is complete by then is sent in one go.
FIRST_BYTES: Final = 64 * 1024
_MEBIBYTE: Final = 1024 * 1024


class AsyncAnswer(Protocol):
    """An answer that an event loop reads. ``whole``: all of it, where it came with its head."""

    @property
    def version_id(self) -> str:
        """The id of the version that the answer is from."""
        ...

    @property
    def kind(self) -> ResultKind:
        """Solutions, a boolean or triples."""
        ...

    @property
    def whole(self) -> bytes | None:
        """All of the answer, if it has come already."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the serialised answer, piece by piece."""
        ...

    def close(self) -> None:
        """Stop the query if it still runs."""
        ...


@runtime_checkable
class AsyncEngine(Protocol):
    """An engine that needs no thread. To stop a query, cancel the task or close the answer."""

    async def query_async(self, request: QueryRequest) -> AsyncAnswer:
        """Start a query and wait for the head of its answer; errors as QueryEngine.query."""
        ...


class BegunAnswer(AsyncAnswer, Protocol):
    """An answer whose head may still be to come."""

    async def await_head(self) -> None:
        """Wait for the head; errors as QueryEngine.query."""
        ...


@runtime_checkable
class PromptEngine(Protocol):
    """An engine that can begin a query at once, without a task that waits."""

    def begin(self, request: QueryRequest, ready: Callable[[], None]) -> BegunAnswer | None:
        """Begin a query; None: not now. ``ready`` is called when the first bytes have come."""
        ...


class Runner:
    """What runs the queries of a service: its engine, and who may use it.

    Units: ``answer_mb`` bounds an answer, in units of 2**20 bytes.
    """

    def __init__(
        self,
        engine: QueryEngine,
        admission: Admission,
        metrics: Metrics,
        *,
        threads: int,
        answer_mb: int,
    ) -> None:
        self.engine = engine
        self.admission = admission
        self.metrics = metrics
        self.answer_mb = answer_mb
        self._users: Counter[QueryEngine] = Counter()
        # For engines that answer in threads; none is started for others.
        self.threads = ThreadPoolExecutor(threads, "query")

    def take_engine(self) -> QueryEngine:
        """Take the engine of now for one query: it stays open until that is given back."""
        self._users[self.engine] += 1
        return self.engine

    def give_back(self, engine: QueryEngine) -> None:
        """Need an engine no more. One that was replaced ends with its last query."""
        self._users[engine] -= 1
        if not self._users[engine]:
            del self._users[engine]
            if engine is not self.engine:
                self.threads.submit(engine.close)

    def replace_engine(self, engine: QueryEngine) -> None:
        """Ask another engine from now on; queries that run are finished by the one before."""
        self.take_engine()
        before, self.engine = self.engine, engine
        self.give_back(before)

    def close(self) -> None:
        """Let the threads end, and every engine but the last."""
        for engine in self._users:
            if engine is not self.engine:
                engine.close()
        self.threads.shutdown(wait=False, cancel_futures=True)


class OpenAnswer:
    """An answer that has begun: ``first`` are its first bytes, all of them if ``is_complete``.

    Whoever has it must close it.
    """

    def __init__(self, runner: Runner, client: str, query: QueryRequest) -> None:
        self.first = b""
        self.is_complete = False
        self.kind = ResultKind.BOOLEAN
        self._engine = runner.take_engine()
        self.version_id = self._engine.version_id
        self.size = 0
        self._runner = runner
        self._client = client
        self._query = query
        self._began = time.perf_counter()
        self._answer: QueryAnswer | AsyncAnswer | None = None
        self._begun: BegunAnswer | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._thread_pieces: Iterator[bytes] = iter(())
        self._is_closed = False

    @property
    def seconds(self) -> float:
        """The time since the query came."""
        return time.perf_counter() - self._began

    async def open(self) -> None:
        """Run the query up to its first bytes, or go on with it. To stop it, cancel the task.

        Errors: as QueryEngine.query; QueryResourcesExceeded.
        """
        if self.is_complete:
            return
        if _is_async(type(self._engine)):
            answer: AsyncAnswer
            if self._begun is not None:
                await self._begun.await_head()
                answer = self._begun
            else:
                answer = await cast(AsyncEngine, self._engine).query_async(self._query)
            if self._takes_whole(answer):
                return
            self._pieces = aiter(answer)
        else:
            await self._open_in_thread()
        gathered: list[bytes] = []
        while self.size < FIRST_BYTES and not self.is_complete:
            gathered.append(await self.next_piece())
            self.is_complete = not gathered[-1]
        self.first = b"".join(gathered)

    def answers(self, query: QueryRequest) -> bool:
        """Tell whether this is the answer of a query."""
        return self._query == query

    def begin(self, ready: Callable[[], None]) -> bool:
        """Begin the query without a task; False: it cannot be now.

        ``ready`` is called when first bytes have come: take_in then has them, or else open.
        Errors: QueryRefused, EngineUnavailable.
        """
        if _is_prompt(type(self._engine)):
            self._begun = cast(PromptEngine, self._engine).begin(self._query, ready)
        return self._begun is not None

    def take_in(self) -> None:
        """Take the answer that was begun, if it has come whole.

        Errors: QueryResourcesExceeded.
        """
        if self._begun is not None and self._begun.whole is not None:
            self._takes_whole(self._begun)

    async def next_piece(self) -> bytes:
        """Wait for the next bytes; none: the answer is complete.

        Errors: as iterating over a QueryAnswer; QueryResourcesExceeded.
        """
        if self._pieces is not None:
            return self._counted(await anext(self._pieces, b""))
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._runner.threads, next, self._thread_pieces, b"")
        return self._counted(await reading)

    def close(self, outcome: str = OK) -> None:
        """Stop the query if it still runs, and count it. Once is enough."""
        if self._is_closed:
            return
        self._is_closed = True
        kind = self.kind if self._answer is not None else NO_KIND
        self._give_back()
        self._runner.metrics.record(self._query.text, kind, outcome, self.seconds, self.size)

    def discard(self) -> None:
        """Give up what has not begun, uncounted: it begins anew elsewhere."""
        self._is_closed = True
        self._give_back()

    def _give_back(self) -> None:
        for answer in (self._answer, self._begun):
            if answer is not None:
                answer.close()
        self._runner.give_back(self._engine)
        self._runner.admission.leave(self._client)

    def _takes_whole(self, answer: AsyncAnswer) -> bool:
        self._answer, self.kind, self.version_id = answer, answer.kind, answer.version_id
        if (whole := answer.whole) is None:
            return False
        self.first, self.is_complete = self._counted(whole), True
        return True

    async def _open_in_thread(self) -> None:
        cancellation = Cancellation()
        opening = asyncio.get_running_loop().run_in_executor(
            self._runner.threads, self._engine.query, self._query, cancellation
        )
        try:
            self._answer = await asyncio.shield(opening)
        except asyncio.CancelledError:
            cancellation.cancel()
            opening.add_done_callback(_close_unused)
            raise
        self.kind, self.version_id = self._answer.kind, self._answer.version_id
        self._thread_pieces = iter(self._answer)

    def _counted(self, piece: bytes) -> bytes:
        self.size += len(piece)
        if self.size > self._runner.answer_mb * _MEBIBYTE:
            raise QueryResourcesExceeded(
                f"The answer is larger than the {self._runner.answer_mb} MiB that one may be. "
                "Ask for less with LIMIT."
            )
        return piece


@lru_cache(16)
def _is_async(engine: type[QueryEngine]) -> bool:
    """Tell whether engines of a class need no thread; to look at a protocol takes its time."""
    return issubclass(engine, AsyncEngine)


@lru_cache(16)
def _is_prompt(engine: type[QueryEngine]) -> bool:
    return issubclass(engine, PromptEngine)


def _close_unused(opening: asyncio.Future[QueryAnswer]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
