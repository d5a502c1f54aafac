"""``klustergraf serve``: the command that starts the service."""

from pathlib import Path
from typing import Any, Literal

import click
import uvicorn

from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port. [default: 8000]")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="KLUSTERGRAF_HOME",
    help="Folder of the versions. [default: the user's data folder]",
)
@click.option("--query-timeout", type=float, help="Seconds that a query may run. [default: 30]")
@click.option("--memory-per-query", type=int, help="MiB that a query may use. [default: 1024]")
@click.option("--workers", type=click.IntRange(1), help="Queries at a time. [default: 4]")
@click.option(
    "--default-graph",
    type=click.Choice(["union", "unnamed"]),
    help="Default graph of queries: the union of all named graphs, or the unnamed one.",
)
def serve(
    host: str | None,
    port: int | None,
    home: Path | None,
    query_timeout: float | None,
    memory_per_query: int | None,
    workers: int | None,
    default_graph: Literal["union", "unnamed"] | None,
) -> None:
    """Serve the graph: SPARQL, linked data and pages. Builds it first when there is none."""
    from klustergraf.build import ensure_version

    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "home": home,
        "query_timeout_seconds": query_timeout,
        "memory_per_query_mb": memory_per_query,
        "workers": workers,
        "default_graph": default_graph,
    }
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    version = ensure_version(settings.home)
    click.echo(f"Klustergraf, version {version.id[:12]}: http://{settings.host}:{settings.port}/")
    click.echo("Stop with Ctrl-C.")
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=int(settings.query_timeout_seconds) + 5,
    )
