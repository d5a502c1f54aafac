"""``/health``, ``/ready`` and ``/metrics``: for those who run the service."""

import asyncio
from typing import Final

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from klustergraf.engine.base import QueryRequest
from klustergraf_api.dependencies import ExecutorDep, PartsDep

router = APIRouter()

_METHODS: Final = ["GET", "HEAD"]


class Health(BaseModel):
    """That the service runs, and which version of the graph it serves."""

    status: str
    version: str


@router.api_route("/health", methods=_METHODS, include_in_schema=False)
async def health(parts: PartsDep) -> Health:
    """Tell that the process answers."""
    return Health(status="ok", version=parts.engine.version_id)


@router.api_route("/ready", methods=_METHODS, include_in_schema=False)
async def ready(parts: PartsDep, executor: ExecutorDep) -> Health:
    """Tell that the engine answers; else its problem."""
    await executor.read(QueryRequest("ASK {}"))
    return Health(status="ready", version=parts.engine.version_id)


@router.api_route("/metrics", methods=_METHODS, include_in_schema=False)
async def metrics(parts: PartsDep) -> Response:
    """Tell what was counted since the start, in the text format of Prometheus."""
    text = await asyncio.to_thread(parts.runner.metrics.text)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


# The same once more, to be described: an operation of OpenAPI has one method.
router.add_api_route("/health", health, methods=["GET"])
router.add_api_route("/ready", ready, methods=["GET"])
router.add_api_route("/metrics", metrics, methods=["GET"], response_class=Response)
