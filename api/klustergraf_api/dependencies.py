"""What routes are given: settings, engine, stored queries, pages."""

from dataclasses import dataclass
from typing import Annotated

import anyio
from fastapi import Depends, Request

from klustergraf.catalogue import Catalogue
from klustergraf.engine.base import QueryEngine
from klustergraf_api.execution import Executor
from klustergraf_api.pages.rendering import Pages
from klustergraf_api.settings import Settings


@dataclass
class Parts:
    """Everything a running service is made of. Put together by ``create_app`` alone."""

    settings: Settings
    catalogue: Catalogue
    pages: Pages
    engine: QueryEngine
    threads: anyio.CapacityLimiter


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


def _executor(request: Request, parts: PartsDep) -> Executor:
    return Executor(request, parts.engine, parts.threads)


ExecutorDep = Annotated[Executor, Depends(_executor)]
