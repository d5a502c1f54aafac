"""The embedded engine: an in-memory store behind processes that can be stopped.

This side starts the keeper (:mod:`klustergraf.engine.worker`), hands it queries, and reads the
answers. It may be used from many threads at once; no query ever runs in this process.
"""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from hashlib import file_digest
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from klustergraf.engine import worker
from klustergraf.engine.answer import EmbeddedAnswer, Limits
from klustergraf.engine.base import Cancellation, QueryRequest
from klustergraf.engine.guard import Guard
from klustergraf.errors import EngineUnavailable, GraphParseError
from klustergraf.version import Version

DefaultGraph = Literal["union", "unnamed"]

_MEBIBYTE = 1024 * 1024
# What the keeper may need to notice a deadline; past this it is held to be stuck.
_GRACE_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class _Keeper:
    """A running keeper process and the socket it takes orders from.

    Errors: GraphParseError, EngineUnavailable when the dataset cannot be loaded.
    """

    def __init__(self, dataset_path: Path, default_graph: DefaultGraph) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own script, and no shell
                # -P: nothing of the folder the service was started in gets onto the search path.
                [
                    *(sys.executable, "-P", worker.__file__),
                    *(str(theirs.fileno()), str(dataset_path), default_graph),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt from the keyboard is for the service alone
            )
        try:
            self.graphs = self._await_loaded(dataset_path.name)
        except BaseException:
            self.close()
            raise

    def _await_loaded(self, name: str) -> frozenset[str]:
        header = worker.receive_exactly(self._control, worker.HEADER.size)
        if len(header) < worker.HEADER.size:
            code = self._process.wait()
            raise EngineUnavailable(f"The engine ended while it loaded {name} (status {code}).")
        kind, size = worker.HEADER.unpack(header)
        report = json.loads(worker.receive_exactly(self._control, size))
        if kind == worker.HEAD:
            return frozenset(report["graphs"])
        if report["error"] == "GraphParseError":
            raise GraphParseError(name, report["reason"], report["line"], report["column"])
        raise EngineUnavailable(f"The engine cannot load {name}: {report['reason']}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def hand_over(
        self, channel: socket.socket, watch: socket.socket, seconds: float, memory_bytes: int
    ) -> None:
        """Give a worker the far ends of two socket pairs."""
        order = worker.DISPATCH.pack(seconds, memory_bytes)
        with self._lock:
            socket.send_fds(self._control, [order], [channel.fileno(), watch.fileno()])

    def close(self) -> None:
        """End the keeper, and with it its workers; leave no process behind."""
        self._control.close()
        try:
            self._process.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class EmbeddedEngine:
    """Answer SPARQL over one dataset, each query in a process of its own.

    ``source`` is a version, or an RDF file (its name ends as its format wants: ``.nq``, ``.trig``,
    ``.ttl`` …). ``default_graph``: ``union`` makes the default graph of queries the merge of all
    named graphs, ``unnamed`` keeps it apart. At most ``workers`` queries run at a time; more wait.
    Units: ``memory_mb`` is what one query may use beside the dataset, in units of 2**20 bytes.
    Errors: GraphParseError, EngineUnavailable when the dataset cannot be loaded.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tiny.ttl"
    ...     _ = path.write_text("<http://example.org/a> <http://example.org/b> 1 .")
    ...     with EmbeddedEngine(path) as engine:
    ...         answer = engine.query(QueryRequest("ASK { ?s ?p 1 }"))
    ...         print(answer.kind, b"".join(answer).decode())
    boolean {"head":{},"boolean":true}
    """

    def __init__(
        self,
        source: Version | Path,
        *,
        default_graph: DefaultGraph = "union",
        timeout_seconds: float = 30.0,
        memory_mb: int = 1024,
        workers: int = 4,
    ) -> None:
        self._path = source.dataset_path if isinstance(source, Version) else source
        self._version_id = source.id if isinstance(source, Version) else _digest(source)
        self._default_graph: DefaultGraph = default_graph
        self._limits = Limits(timeout_seconds, memory_mb)
        self._slots = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._closed = False
        self._keeper = _Keeper(self._path, default_graph)
        self._guard = Guard(self._keeper.graphs)

    @property
    def version_id(self) -> str:
        """The id of the version; of a file that is no version, the SHA-256 of its bytes."""
        return self._version_id

    @property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs."""
        return self._keeper.graphs

    @property
    def keeper_pid(self) -> int:
        """The process id of the keeper, for those who watch over it."""
        return self._keeper.pid

    def query(
        self, request: QueryRequest, cancellation: Cancellation | None = None
    ) -> EmbeddedAnswer:
        """Start a query and wait for the head of its answer.

        The time runs from here, waiting for a free worker included.
        Errors: SparqlSyntaxError, QueryRefused, QueryTimeout, QueryResourcesExceeded,
        EngineUnavailable (also when cancelled, or when no worker became free).
        """
        self._guard.check(request)
        limits = self._limits
        if request.timeout_seconds is not None:
            seconds = min(request.timeout_seconds, limits.timeout_seconds)
            limits = Limits(seconds, limits.memory_mb)
        deadline = time.monotonic() + limits.timeout_seconds
        if not self._slots.acquire(timeout=limits.timeout_seconds):
            raise EngineUnavailable("All workers are busy. Ask again in a moment.")
        try:
            answer = self._start(limits, deadline)
        except BaseException:
            self._slots.release()
            raise
        if cancellation is not None:
            cancellation.on_cancel(answer.close)
        try:
            answer.send(_job(request))
            answer.read_head()
        except BaseException:
            answer.close()
            raise
        return answer

    def close(self) -> None:
        """Stop the engine and every query of it. May be called twice."""
        with self._lock:
            self._closed = True
            self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, limits: Limits, deadline: float) -> EmbeddedAnswer:
        """Hand the ends of a new answer to the keeper; if it has died, to a new one."""
        channel, worker_channel = socket.socketpair()
        watch, keeper_watch = socket.socketpair()
        with worker_channel, keeper_watch:
            try:
                self._hand_over(worker_channel, keeper_watch, limits, deadline)
            except BaseException:
                channel.close()
                watch.close()
                raise
        for end in (channel, watch):
            end.settimeout(limits.timeout_seconds + _GRACE_SECONDS)
        return EmbeddedAnswer(channel, watch, limits, self._slots)

    def _hand_over(
        self, channel: socket.socket, watch: socket.socket, limits: Limits, deadline: float
    ) -> None:
        for _ in range(2):
            keeper = self._living_keeper()
            seconds = deadline - time.monotonic()
            try:
                keeper.hand_over(channel, watch, seconds, limits.memory_mb * _MEBIBYTE)
            except OSError:
                continue  # it died this moment; a new one is started
            return
        raise EngineUnavailable("The engine cannot be started.")

    def _living_keeper(self) -> _Keeper:
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The engine is closed.")
            if not self._keeper.is_alive:
                _log.warning("the keeper %d has died; starting another", self._keeper.pid)
                self._keeper.close()
                self._keeper = _Keeper(self._path, self._default_graph)
            return self._keeper


def _job(request: QueryRequest) -> dict[str, Any]:
    return {
        "text": request.text,
        "results_format": request.results_format,
        "triples_format": request.triples_format,
        "default_graphs": request.default_graphs,
        "named_graphs": request.named_graphs,
    }


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise EngineUnavailable(f"The engine cannot load {path.name}: {exc.strerror}") from exc
