"""The reading side of a worker: its frames become an answer or one of our errors."""

import contextlib
import json
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from klustergraf.engine import worker
from klustergraf.engine.base import ResultKind
from klustergraf.errors import (
    EngineUnavailable,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)


@dataclass(frozen=True)
class Limits:
    """What one query may use, and what is said when it wanted more."""

    timeout_seconds: float
    memory_mb: int

    def raise_reported(self, report: Mapping[str, Any]) -> NoReturn:
        """Raise what a worker reported of the query it ran."""
        match report["error"]:
            case "SparqlSyntaxError":
                raise SparqlSyntaxError(report["reason"], report["line"], report["column"])
            case "QueryRefused":
                raise QueryRefused("The query asks for something outside of this dataset.")
            case "QueryResourcesExceeded":
                raise QueryResourcesExceeded(self._too_much_memory())
            case other:
                raise EngineUnavailable(f"The engine reported {other!r}.")

    def raise_died(self, words: Mapping[str, Any]) -> NoReturn:
        """Raise why a worker ended before its answer did."""
        match words["cause"], words["code"]:
            case "deadline", _:
                raise QueryTimeout(self.timeout_seconds)
            case "hung up", _:
                raise EngineUnavailable("The query was stopped.")
            case "ended", code if code in (-signal.SIGABRT, -signal.SIGKILL):
                # The engine's allocator aborts where Python would raise MemoryError; the
                # operating system kills when memory runs out for all.
                raise QueryResourcesExceeded(self._too_much_memory())
            case "ended", code if code in (-signal.SIGSEGV, -signal.SIGBUS):
                raise QueryResourcesExceeded(
                    "The query is too long or too deeply nested for the engine, and was stopped. "
                    "Split it, or use VALUES instead of long chains of operators."
                )
            case "ended", code:
                raise EngineUnavailable(
                    f"The engine stopped while it answered (exit status {code})."
                )
        raise EngineUnavailable("The engine stopped while it answered. Ask again.")

    def _too_much_memory(self) -> str:
        return (
            f"The query needed more than the {self.memory_mb} MB of memory that one query may use, "
            "and was stopped. Ask for less: LIMIT without ORDER BY, fewer free variables, "
            "no GROUP_CONCAT over everything."
        )


class EmbeddedAnswer:
    """An answer that a worker is writing. One thread at a time reads; any thread may close."""

    def __init__(
        self,
        channel: socket.socket,
        watch: socket.socket,
        limits: Limits,
        slots: threading.Semaphore,
    ) -> None:
        self._channel = channel
        self._watch = watch
        self._limits = limits
        self._slots = slots
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reading = False
        self._kind = ResultKind.BOOLEAN
        self._media_type = ""

    @property
    def kind(self) -> ResultKind:
        """Solutions, a boolean or triples."""
        return self._kind

    @property
    def media_type(self) -> str:
        """The media type of the bytes."""
        return self._media_type

    def send(self, job: Mapping[str, Any]) -> None:
        """Give the worker its query."""
        # A worker that has died cannot take it; reading then tells why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._channel.sendall(worker.frame(worker.DATA, json.dumps(job).encode()))

    def read_head(self) -> None:
        """Wait for the head of the answer.

        Errors: as QueryEngine.query.
        """
        _, payload = self._frame()
        head = json.loads(payload)
        self._kind = ResultKind(head["kind"])
        self._media_type = head["media_type"]

    def __iter__(self) -> Iterator[bytes]:
        """Give the serialised answer, piece by piece."""
        try:
            while True:
                kind, payload = self._frame()
                if kind == worker.END:
                    return
                yield payload
        finally:
            self.close()

    def close(self) -> None:
        """Stop the query if it still runs, and give back what it holds."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            reading = self._reading
            for end in (self._watch, self._channel):
                # Shutting down wakes a thread that waits for the next bytes; it then closes.
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            if not reading:
                self._release()

    def __del__(self) -> None:
        self.close()

    def _release(self) -> None:
        self._watch.close()
        self._channel.close()
        self._slots.release()

    def _frame(self) -> tuple[bytes, bytes]:
        """Read the next frame; an error in it, or a stream that ends, is raised."""
        with self._lock:
            if self._closed.is_set():
                raise EngineUnavailable("The query was stopped.")
            self._reading = True
        try:
            kind, payload = self._next_frame()
        finally:
            with self._lock:
                self._reading = False
                if self._closed.is_set():
                    self._release()
        if kind == worker.ERROR:
            self.close()
            self._limits.raise_reported(json.loads(payload))
        return kind, payload

    def _next_frame(self) -> tuple[bytes, bytes]:
        try:
            header = worker.receive_exactly(self._channel, worker.HEADER.size)
            if len(header) == worker.HEADER.size:
                kind, size = worker.HEADER.unpack(header)
                payload = worker.receive_exactly(self._channel, size)
                if len(payload) == size:
                    return kind, payload
        except TimeoutError as exc:
            raise EngineUnavailable("The engine does not answer.") from exc
        except ConnectionError:
            pass  # the worker died with our bytes unread: the same as an end
        if self._closed.is_set():
            raise EngineUnavailable("The query was stopped.")
        return self._limits.raise_died(self._last_words())

    def _last_words(self) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            words = worker.receive_exactly(self._watch, 4096)
            if words:
                return dict(json.loads(words))
        return {"cause": "keeper", "code": None}
