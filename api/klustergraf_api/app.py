"""Puts the service together. The only place where its parts meet; nothing happens at import."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata

import anyio.to_thread
from fastapi import FastAPI

from klustergraf.catalogue import Catalogue
from klustergraf.contributions.desk import Desk
from klustergraf.contributions.lines import Delta
from klustergraf.derivations import derive_all
from klustergraf.engine.base import QueryEngine
from klustergraf.engine.columns.outcome import ColumnsState
from klustergraf.version import Version, VersionStore
from klustergraf_api.admission import Admission
from klustergraf_api.archive import Archive
from klustergraf_api.cache import AnswerCache
from klustergraf_api.contributing import Contributing
from klustergraf_api.dependencies import Parts
from klustergraf_api.engines import columns_of, next_engine, start_past
from klustergraf_api.engines import start_engine as start_anew
from klustergraf_api.following import StartEngine, follow
from klustergraf_api.metrics import Metrics
from klustergraf_api.middleware import Front
from klustergraf_api.opening import Runner
from klustergraf_api.pages.assets import STATIC, KeptFiles
from klustergraf_api.pages.rendering import Pages
from klustergraf_api.problems import LastResort, add_handlers
from klustergraf_api.routes import (
    analysis,
    citations,
    contribute_page,
    data_page,
    dumps,
    graphs,
    map_page,
    network_page,
    operations,
    pages,
    projections,
    resources,
    search,
    sparql,
    stored_queries,
    strategy_page,
    version_documents,
    versions,
    vocabularies,
)
from klustergraf_api.routes import catalogue as catalogue_routes
from klustergraf_api.settings import Settings
from klustergraf_api.shortcut import Shortcut
from klustergraf_api.time_travel import TimeTravel

_KIBIBYTE = 1024


def create_app(
    settings: Settings | None = None,
    engine: QueryEngine | None = None,
    catalogue: Catalogue | None = None,
    *,
    start_engine: StartEngine | None = None,
    version: Version | None = None,
) -> FastAPI:
    """Make the service.

    Without an engine, one is made for the current version of the home folder when the service
    starts, and closed when it ends. An engine that is handed in stays its owner's. ``version`` is
    what it answers from; without it, what is computed from versions is not there.
    ``start_engine`` makes the engines of later versions: with it, the service follows the current
    version. Without an engine it does so anyway. Where a store elsewhere answers, it follows that.
    Errors, at the start: VersionNotFound, EngineUnavailable.
    """
    settings = settings or Settings()
    rendering = Pages(settings.base, metadata.version("klustergraf"))
    metrics = Metrics(settings.slow_query_seconds)
    cache = _cache(settings, metrics)
    shortcut = Shortcut(cache, is_open=not settings.log_requests)

    stored = catalogue or Catalogue()
    archive = Archive(
        lambda: app.state.parts, partial(start_past, settings=settings), settings.past_versions
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        used: QueryEngine
        served: Version | None
        if engine is None:
            used, served = await anyio.to_thread.run_sync(current_engine, settings)
        else:
            used, served = engine, version
        rendering.version_id = used.version_id
        rendering.is_stored = served is not None
        runner = _runner(settings, used, metrics)
        parts = Parts(settings, stored, rendering, runner, cache, shortcut, served)
        app.state.parts = parts
        app.state.archive = archive
        following: asyncio.Task[None] | None = None
        if settings.engine_url:
            from klustergraf_api.remote_store import follow_store

            following = asyncio.create_task(follow_store(parts, used))
        elif engine is None or start_engine is not None:
            start = start_engine or partial(start_anew, settings=settings)
            following = asyncio.create_task(follow(parts, start))
            if served is not None:
                parts.contributing = _contributing(settings, parts, start)
                parts.contributing.open_early(used.version_id)
        try:
            yield
        finally:
            if following is not None:
                following.cancel()
            if parts.contributing is not None:
                parts.contributing.close()
            archive.close()
            runner.close()
            if runner.engine is not engine:
                runner.engine.close()

    app = FastAPI(
        title="Klustergraf",
        version=metadata.version("klustergraf"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.pages = rendering
    app.state.shortcut = shortcut
    app.router.routes.extend(sparql.ROUTES)
    modules = (
        sparql,
        graphs,
        resources,
        pages,
        data_page,
        contribute_page,
        citations,
        stored_queries,
        strategy_page,
        network_page,
        map_page,
        search,
        analysis,
        projections,
        operations,
        versions,
        version_documents,
        vocabularies,
    )
    for module in (*modules, catalogue_routes, dumps):
        app.include_router(module.router)
    stored_queries.add_query_routes(app, stored)
    app.mount("/static", KeptFiles(directory=STATIC))
    add_handlers(app)
    app.add_middleware(TimeTravel)
    app.add_middleware(LastResort)
    app.add_middleware(Front, log_requests=settings.log_requests)
    return app


def _contributing(settings: Settings, parts: Parts, start_engine: StartEngine) -> Contributing:
    def start(before: str, version: Version, delta: Delta) -> QueryEngine:
        if before != parts.engine.version_id:
            return start_engine(version)
        return next_engine(parts.engine, version, delta, settings) or start_engine(version)

    return Contributing(
        Desk(settings.home),
        start=start,
        adopt=partial(parts.adopt, is_counted=False),
        settle=parts.settle,
    )


def _runner(settings: Settings, engine: QueryEngine, metrics: Metrics) -> Runner:
    admission = Admission(per_client=settings.queries_per_client)
    metrics.set_version(engine.version_id)
    workers = settings.workers
    for name, text, value in (
        ("klustergraf_workers", "Queries that may run at a time.", lambda: workers),
        (
            "klustergraf_running_queries",
            "Queries that run.",
            lambda: min(admission.open_queries, workers),
        ),
        (
            "klustergraf_waiting_queries",
            "Queries that wait for a worker.",
            lambda: max(admission.open_queries - workers, 0),
        ),
    ):
        metrics.follow(name, text, value)
    threads = workers + settings.waiting_queries
    runner = Runner(engine, admission, metrics, threads=threads, answer_mb=settings.answer_mb)
    metrics.follow_state(
        "klustergraf_columns",
        "Where the columns stand that some queries are answered from: 1 for the state that holds.",
        [state.value for state in ColumnsState],
        lambda: columns_of(runner.engine).value,
    )
    return runner


def _cache(settings: Settings, metrics: Metrics) -> AnswerCache:
    cache = AnswerCache(
        most_bytes=settings.cache_mb * _KIBIBYTE * _KIBIBYTE,
        largest_bytes=settings.cached_answer_kb * _KIBIBYTE,
    )
    for name, text, value in (
        ("klustergraf_cache_hits", "Answers that were kept.", lambda: cache.hits),
        ("klustergraf_cache_misses", "Answers that were not kept.", lambda: cache.misses),
        ("klustergraf_cache_bytes", "Memory of kept answers.", lambda: cache.bytes_kept),
        ("klustergraf_cache_answers", "How many answers are kept.", lambda: len(cache)),
    ):
        metrics.follow(name, text, value)
    return cache


def current_engine(settings: Settings) -> tuple[QueryEngine, Version | None]:
    """Make what answers from the current version, and say which that is.

    Of a store elsewhere, it is the one there; None when it is not stored here as well.
    Errors: VersionNotFound, EngineUnavailable.
    """
    if settings.engine_url:
        # Few services ask a store elsewhere, and what it takes is long to read.
        from klustergraf_api.remote_store import start_remote

        return start_remote(settings)
    version = VersionStore(settings.home).current()
    derive_all(version)
    return start_anew(version, settings), version
