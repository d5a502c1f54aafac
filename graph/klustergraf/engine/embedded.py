"""The embedded engine: an in-memory store behind processes that can be stopped.

The keeper (:mod:`klustergraf.engine.keeper`) forks workers (:mod:`klustergraf.engine.worker`),
which take query after query; this side gives them queries and reads the answers. It may be used
from many threads and event loops at once; no query ever runs in this process.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypedDict

from klustergraf.engine import frames
from klustergraf.engine.allocator import AUTO
from klustergraf.engine.answer import EmbeddedAnswer
from klustergraf.engine.base import Cancellation, QueryRequest, ResultsFormat, TriplesFormat
from klustergraf.engine.change import Change
from klustergraf.engine.clause import Dataset, dataset_clause
from klustergraf.engine.columns.outcome import Outcome
from klustergraf.engine.disk import Storage, store_folder, wants_disk
from klustergraf.engine.guard import MAX_NESTING, Guard
from klustergraf.engine.lane import KeeperProcess, Lane
from klustergraf.engine.limits import Limits
from klustergraf.engine.pool import Pool
from klustergraf.errors import EngineUnavailable
from klustergraf.version import Version

DefaultGraph = Literal["union", "unnamed"]


class _Options(TypedDict):
    default_graph: DefaultGraph
    timeout_seconds: float
    memory_mb: int
    workers: int
    result_mb: int
    most_waiting: int
    max_nesting: int
    warm_workers: int
    storage: Storage
    allocator: str


_MEBIBYTE: Final = 1024 * 1024
# The store in memory keeps what was taken out of it. A line of N-Quads has some 150 bytes: when a
# tenth of the dataset has changed, it is loaded anew.
_BYTES_PER_CHANGE: Final = 1500
# To look through a longer text would hold up the event loop.
_LONG_CHARACTERS: Final = 10_000


class EmbeddedEngine:
    """Answer SPARQL over one dataset, each query in a process of its own.

    ``source`` is a version, or an RDF file (its name ends as its format wants: ``.nq``, ``.trig``,
    ``.ttl`` …). ``default_graph``: ``union`` makes the default graph of queries the merge of all
    named graphs, ``unnamed`` keeps it apart. At most ``workers`` queries run at a time; up to
    ``most_waiting`` more wait, and who comes then is refused at once. ``warm_workers`` of them get
    their own copy of a store in memory, which makes them faster, and are asked first. A query that
    nests brackets deeper than ``max_nesting`` is refused.
    ``storage``: ``disk`` keeps the dataset in a store that is derived once and lies beside the
    version (of a file: in the user's cache), ``auto`` does so when memory would become scarce.
    ``allocator``: as for :func:`klustergraf.engine.allocator.preloaded`.
    ``keeper``: one that has loaded the dataset; without it, one is started.
    Units: ``memory_mb`` is what one query may use beside the dataset, ``result_mb`` what its
    answer may have, both in units of 2**20 bytes.
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
        result_mb: int = 512,
        most_waiting: int = 64,
        max_nesting: int = MAX_NESTING,
        warm_workers: int = 1,
        storage: Storage = "memory",
        allocator: str = AUTO,
        keeper: KeeperProcess | None = None,
    ) -> None:
        path = source.dataset_path if isinstance(source, Version) else source
        self._version_id = source.id if isinstance(source, Version) else _digest(source)
        folder = None
        if wants_disk(storage, path):
            folder = store_folder(source, self._version_id, default_graph)
        self._limits = Limits(timeout_seconds, memory_mb, result_mb)
        self._pool = Pool(
            workers,
            most_waiting,
            lambda: KeeperProcess.start(path, default_graph, memory_mb, folder, allocator),
            most_warm=warm_workers,
            keeper=keeper,
        )
        self._options: _Options = {
            "default_graph": default_graph,
            "timeout_seconds": timeout_seconds,
            "memory_mb": memory_mb,
            "workers": workers,
            "result_mb": result_mb,
            "most_waiting": most_waiting,
            "max_nesting": max_nesting,
            "warm_workers": warm_workers,
            "storage": storage,
            "allocator": allocator,
        }
        self._most_changes = 0 if folder else path.stat().st_size // _BYTES_PER_CHANGE
        self._graphs = self._pool.keeper.graphs
        self._guard = Guard(self._graphs, max_nesting=max_nesting)

    @property
    def version_id(self) -> str:
        """The id of the version; of a file that is no version, the SHA-256 of its bytes."""
        return self._version_id

    @property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs."""
        return self._graphs

    @property
    def columns(self) -> Outcome:
        """What has become of the columns that some queries are answered from."""
        return self._pool.keeper.columns

    @property
    def keeper_pid(self) -> int:
        """The process id of the keeper, for those who watch over it."""
        return self._pool.keeper.pid

    def successor(self, version: Version, change: Change) -> "EmbeddedEngine":
        """Make the engine of the next version, which differs from this one's by a change.

        It shares this one's memory where nothing changed, and takes the time of the change; where
        a store cannot be changed so (on disk, with blank nodes, after very many changes), it loads
        the dataset. Neither engine needs the other afterwards.
        Errors: GraphParseError, EngineUnavailable.
        """
        left = self._most_changes - len(change)
        if left < 0 or change.has_blank_nodes:
            return EmbeddedEngine(version, **self._options)
        try:
            keeper = self._pool.keeper.successor(change, version.id)
        except (OSError, EngineUnavailable):
            return EmbeddedEngine(version, **self._options)  # this one's keeper has died
        engine = EmbeddedEngine(version, keeper=keeper, **self._options)
        engine._most_changes = left
        return engine

    def query(
        self, request: QueryRequest, cancellation: Cancellation | None = None
    ) -> EmbeddedAnswer:
        """Start a query and wait for the head of its answer.

        The time runs from here, waiting for a free worker included.
        Errors: SparqlSyntaxError, QueryRefused, QueryTimeout, QueryResourcesExceeded, EngineBusy
        (also when no worker became free in time), EngineUnavailable (also when cancelled).
        """
        limits, deadline, dataset = self._admit(request)
        self._pool.enter(deadline - time.monotonic())
        try:
            lane = self._pool.idle_lane() or self._pool.new_lane()
        except BaseException:
            self._pool.leave()
            raise
        answer = EmbeddedAnswer(self._pool, lane, limits, request, deadline, self._version_id)
        if cancellation is not None:
            cancellation.on_cancel(answer.close)
        answer.start(self._job(request, dataset, deadline, self._pool.is_warm(lane)))
        return answer

    async def query_async(self, request: QueryRequest) -> EmbeddedAnswer:
        """Do as query does, in an asyncio event loop and without a thread.

        To stop the query, cancel the task, or close the answer. Errors: as query.
        """
        if len(request.text) > _LONG_CHARACTERS:
            limits, deadline, dataset = await asyncio.to_thread(self._admit, request)
        else:
            limits, deadline, dataset = self._admit(request)
        await self._pool.enter_async(deadline - time.monotonic())
        try:
            lane = self._pool.idle_lane()
            if lane is None:
                lane = await self._new_lane()
        except BaseException:
            self._pool.leave()
            raise
        answer = EmbeddedAnswer(self._pool, lane, limits, request, deadline, self._version_id)
        await answer.start_async(self._job(request, dataset, deadline, self._pool.is_warm(lane)))
        return answer

    def begin(self, request: QueryRequest, ready: Callable[[], None]) -> EmbeddedAnswer | None:
        """Start a query that can be started at once, in an event loop and without a task.

        ``ready`` is called when the first bytes of the answer have come. None: there is no place or
        no worker free; query_async then waits for them. Errors: QueryRefused, EngineUnavailable.
        """
        if len(request.text) > _LONG_CHARACTERS:
            return None
        limits, deadline, dataset = self._admit(request)
        lane = self._pool.enter_at_once()
        if lane is None:
            return None
        answer = EmbeddedAnswer(self._pool, lane, limits, request, deadline, self._version_id)
        answer.begin(self._job(request, dataset, deadline, self._pool.is_warm(lane)), ready)
        return answer

    def close(self) -> None:
        """Stop the engine and every query of it. May be called twice."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _admit(self, request: QueryRequest) -> tuple[Limits, float, Dataset]:
        """Let a request pass; give its limits, the time at which it must be done, its dataset."""
        began = time.monotonic()
        self._guard.check(request)
        dataset = Dataset(request.default_graphs, request.named_graphs)
        if not any(dataset):
            dataset = dataset_clause(request.text)
        limits = self._limits
        if request.timeout_seconds is not None:
            seconds = min(request.timeout_seconds, limits.timeout_seconds)
            limits = replace(limits, timeout_seconds=seconds)
        return limits, began + limits.timeout_seconds, dataset

    async def _new_lane(self) -> Lane:
        """Get a worker in a thread: the keeper may have to fork one, or to be started again."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._pool.new_lane))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unused)
            raise

    def _job(
        self, request: QueryRequest, dataset: Dataset, deadline: float, is_warm: bool
    ) -> bytes:
        terms = _terms(
            request.results_format, request.triples_format, dataset, self._limits.result_mb
        )
        text = json.dumps(request.text)
        warm = "true" if is_warm else "false"
        seconds = deadline - time.monotonic()
        job = f'{{"text": {text}, "warm": {warm}, "seconds": {seconds:.6f}, {terms}}}'
        return frames.frame(frames.QUERY, job.encode())


@lru_cache(64)
def _terms(
    results_format: ResultsFormat, triples_format: TriplesFormat, dataset: Dataset, result_mb: int
) -> str:
    """Write what many queries have in common: JSON without its braces."""
    terms = {
        "results_format": results_format,
        "triples_format": triples_format,
        "default_graphs": dataset.default_graphs,
        "named_graphs": dataset.named_graphs,
        "most_bytes": result_mb * _MEBIBYTE,
    }
    return json.dumps(terms)[1:-1]


def _close_unused(opening: "asyncio.Task[Lane]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise EngineUnavailable(f"The engine cannot load {path.name}: {exc.strerror}") from exc
