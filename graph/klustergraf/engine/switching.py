"""An engine whose version can be changed while it answers."""

import threading
from types import TracebackType
from typing import Self

from klustergraf.engine.answer import EmbeddedAnswer
from klustergraf.engine.base import Cancellation, QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.pool import EngineRetired
from klustergraf.errors import EngineUnavailable


class SwitchingEngine:
    """Answer from one engine until another takes its place; no query fails at the switch.

    Every answer is from one version, its own ``version_id``; ``version_id`` of this engine is that
    of the queries that begin now. It closes the engines that it was given.
    """

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._lock = threading.Lock()
        self._current = engine
        self._retired: set[EmbeddedEngine] = set()
        self._closed = False

    @property
    def current(self) -> EmbeddedEngine:
        """The engine that takes the queries that begin now."""
        return self._current

    @property
    def version_id(self) -> str:
        """The id of the version that queries are answered from now."""
        return self._current.version_id

    def switch(self, engine: EmbeddedEngine) -> None:
        """Let a ready engine take every new query; the one before ends with its last answer.

        Loading the new version is done before, by making the engine, and may take long; this
        takes no time. Errors: EngineUnavailable when this engine is closed; the new one then is
        closed too.
        """
        with self._lock:
            if self._closed:
                before = engine
            else:
                before, self._current = self._current, engine
                self._retired.add(before)
        if before is engine:
            engine.close()
            raise EngineUnavailable("The engine is closed.")
        before.retire(lambda: self._forget(before))

    def query(
        self, request: QueryRequest, cancellation: Cancellation | None = None
    ) -> EmbeddedAnswer:
        """Start a query on the current engine; errors as EmbeddedEngine.query."""
        while True:
            engine = self._current
            try:
                return engine.query(request, cancellation)
            except EngineRetired:
                self._check_open()

    async def query_async(self, request: QueryRequest) -> EmbeddedAnswer:
        """Start a query on the current engine; errors as EmbeddedEngine.query_async."""
        while True:
            engine = self._current
            try:
                return await engine.query_async(request)
            except EngineRetired:
                self._check_open()

    def close(self) -> None:
        """Stop every query, also those that run on engines before. May be called twice."""
        with self._lock:
            self._closed = True
            engines = [self._current, *self._retired]
        for engine in engines:
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineUnavailable("The engine is closed.")

    def _forget(self, engine: EmbeddedEngine) -> None:
        with self._lock:
            self._retired.discard(engine)
