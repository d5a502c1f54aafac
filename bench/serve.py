"""Serve one RDF file with the service, for the benchmark: FILE PORT WORKERS TIMEOUT_SECONDS."""

import sys
from pathlib import Path

import uvicorn

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings


def main() -> None:
    """Serve until told to end."""
    path, port, workers, seconds = sys.argv[1:]
    settings = Settings(workers=int(workers), query_timeout_seconds=float(seconds))
    with EmbeddedEngine(
        Path(path),
        default_graph=settings.default_graph,
        timeout_seconds=settings.query_timeout_seconds,
        memory_mb=settings.memory_per_query_mb,
        workers=settings.workers,
    ) as engine:
        uvicorn.run(create_app(settings, engine), port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
