"""Puts the service together. The only place where its parts meet; nothing happens at import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from klustergraf.catalogue import Catalogue
from klustergraf.engine.base import QueryEngine
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import VersionStore
from klustergraf_api.dependencies import Parts
from klustergraf_api.middleware import CommonHeaders
from klustergraf_api.pages.rendering import STATIC, Pages
from klustergraf_api.problems import LastResort, add_handlers
from klustergraf_api.routes import operations, pages, resources, sparql
from klustergraf_api.settings import Settings

# Threads that wait for answers or carry them; how many queries run is the engine's affair.
_THREADS = 256


def create_app(
    settings: Settings | None = None,
    engine: QueryEngine | None = None,
    catalogue: Catalogue | None = None,
) -> FastAPI:
    """Make the service.

    Without an engine, one is made for the current version of the home folder when the service
    starts, and closed when it ends. An engine that is handed in stays its owner's.
    Errors, at the start: VersionNotFound, EngineUnavailable.
    """
    settings = settings or Settings()
    rendering = Pages(settings.base, version("klustergraf"))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        used = engine
        if used is None:
            used = await anyio.to_thread.run_sync(embedded_engine, settings)
        rendering.version_id = used.version_id
        app.state.parts = Parts(
            settings, catalogue or Catalogue(), rendering, used, anyio.CapacityLimiter(_THREADS)
        )
        try:
            yield
        finally:
            if engine is None:
                used.close()

    app = FastAPI(
        title="Klustergraf",
        version=version("klustergraf"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.pages = rendering
    for module in (sparql, resources, pages, operations):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    add_handlers(app)
    app.add_middleware(LastResort)
    app.add_middleware(CommonHeaders)
    return app


def embedded_engine(settings: Settings) -> EmbeddedEngine:
    """Make the engine that the settings ask for, over the current version.

    Errors: VersionNotFound, EngineUnavailable.
    """
    return EmbeddedEngine(
        VersionStore(settings.home).current(),
        default_graph=settings.default_graph,
        timeout_seconds=settings.query_timeout_seconds,
        memory_mb=settings.memory_per_query_mb,
        workers=settings.workers,
    )
