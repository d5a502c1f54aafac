"""``klustergraf serve``: the command that starts the service."""

import contextlib
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import click
import uvicorn
from rich.console import Console

from klustergraf.build import ensure_version
from klustergraf.cli.build import shown
from klustergraf_api.app import create_app, embedded_engine
from klustergraf_api.settings import Settings

_GRACE_SECONDS = 5


@click.command()
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one. [default: 8000]"
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the versions (KLUSTERGRAF_HOME). [default: the user's data folder]",
)
@click.option(
    "--query-timeout",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds that a query may run. [default: 30]",
)
@click.option(
    "--memory-per-query",
    type=click.IntRange(min=16),
    help="MiB that a query may use beside the dataset. [default: 1024]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Queries at a time. [default: 4]")
@click.option(
    "--default-graph",
    type=click.Choice(["union", "unnamed"]),
    help="Default graph of queries: the union of all named graphs, or the unnamed one.",
)
@click.pass_obj
def serve(
    group_home: Path | None,
    host: str | None,
    port: int | None,
    home: Path | None,
    query_timeout: float | None,
    memory_per_query: int | None,
    workers: int | None,
    default_graph: Literal["union", "unnamed"] | None,
) -> None:
    """Serve the graph: SPARQL, linked data and pages.

    When there is no version yet, the shipped graph is built first. What no option says is taken
    from KLUSTERGRAF_* variables.
    """
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "home": home or group_home,
        "query_timeout_seconds": query_timeout,
        "memory_per_query_mb": memory_per_query,
        "workers": workers,
        "default_graph": default_graph,
    }
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    with shown(Console(stderr=True)) as progress:
        version = ensure_version(settings.home, progress)
    signal.signal(signal.SIGTERM, _end)
    with embedded_engine(settings) as engine:
        config = uvicorn.Config(
            create_app(settings, engine),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=int(settings.query_timeout_seconds) + _GRACE_SECONDS,
        )
        listener = config.bind_socket()
        listener.listen(config.backlog)  # what is told below holds from that moment
        # A name with colons is an IPv6 address, which an address on the web has in brackets.
        shown_host = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"Klustergraf, version {version.id[:12]}")
        click.echo(f"http://{shown_host}:{listener.getsockname()[1]}/  (stop with Ctrl-C)")
        with listener, contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End in order: the server raises the signal again when it has finished its requests."""
    sys.exit(0)
