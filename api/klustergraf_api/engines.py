"""The engines that the settings ask for."""

from pathlib import Path
from typing import Final

from klustergraf.contributions.lines import Delta, same_values
from klustergraf.engine.base import QueryEngine
from klustergraf.engine.change import Change
from klustergraf.engine.columns.outcome import ColumnsState
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.federation import EmbeddedFederatedEngine, FederatedEngine
from klustergraf.version import Version
from klustergraf_api.settings import Settings

_PAST_WORKERS: Final = 2


def engine_for(source: Version | Path, settings: Settings) -> EmbeddedEngine:
    """Make the engine that the settings ask for, over a version or an RDF file.

    Errors: EngineUnavailable, GraphParseError.
    """
    return EmbeddedEngine(
        source,
        default_graph=settings.default_graph,
        timeout_seconds=settings.query_timeout_seconds,
        memory_mb=settings.memory_per_query_mb,
        workers=settings.workers,
        result_mb=settings.answer_mb,
        most_waiting=settings.waiting_queries,
        max_nesting=settings.query_depth,
        warm_workers=settings.warm_workers,
        storage=settings.storage,
        allocator=settings.allocator,
    )


def start_past(version: Version, settings: Settings) -> QueryEngine:
    """Make what answers from a version of the past: few workers, on disk when memory is scarce.

    Errors: as engine_for.
    """
    storage = "auto" if settings.storage == "memory" else settings.storage
    few = {"workers": min(settings.workers, _PAST_WORKERS), "storage": storage}
    return start_engine(version, settings.model_copy(update=few))


def with_services(engine: QueryEngine, settings: Settings) -> QueryEngine:
    """Let the queries of an engine ask the endpoints that the settings allow, if there are any."""
    if not settings.service_endpoints:
        return engine
    seconds = settings.query_timeout_seconds
    if isinstance(engine, EmbeddedEngine):
        return EmbeddedFederatedEngine(engine, settings.service_endpoints, timeout_seconds=seconds)
    return FederatedEngine(engine, settings.service_endpoints, timeout_seconds=seconds)


def columns_of(engine: QueryEngine) -> ColumnsState:
    """Tell where the columns stand of what an engine answers from."""
    if isinstance(engine, FederatedEngine):
        engine = engine.engine
    return engine.columns.state if isinstance(engine, EmbeddedEngine) else ColumnsState.NONE


def start_engine(source: Version | Path, settings: Settings) -> QueryEngine:
    """Make what answers from a version or an RDF file.

    Errors: as engine_for.
    """
    return with_services(engine_for(source, settings), settings)


def next_engine(
    engine: QueryEngine, version: Version, delta: Delta, settings: Settings
) -> QueryEngine | None:
    """Make what answers from a version out of the engine of its parent; None: it cannot be.

    Errors: as engine_for.
    """
    if isinstance(engine, FederatedEngine):
        engine = engine.engine
    if not isinstance(engine, EmbeddedEngine):
        return None
    again = same_values(version.dataset_path, delta.removed)
    change = Change(added=(*delta.added, *again), removed=delta.removed)
    return with_services(engine.successor(version, change), settings)
