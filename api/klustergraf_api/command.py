"""``klustergraf serve``: the command that starts the service."""

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import click
import uvicorn
from rich.console import Console

from klustergraf.build import Progress, ensure_version
from klustergraf.cli.build import shown
from klustergraf.contributions.replay import contributed_files
from klustergraf.derivations import derive_all
from klustergraf.engine.base import QueryEngine
from klustergraf.errors import GraphError
from klustergraf.sources.own import source_files
from klustergraf.version import Version
from klustergraf_api.app import create_app, engine_for, start_version, with_services
from klustergraf_api.logs import write_json_lines
from klustergraf_api.served_files import dataset_file
from klustergraf_api.server import server_config
from klustergraf_api.settings import Settings


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
@click.option(
    "--storage",
    type=click.Choice(["memory", "disk", "auto"]),
    help="Where the data lie; auto: on disk when memory is scarce. [default: memory]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Serve these RDF files, and those in these folders, instead of the built graph.",
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    help="Seconds that running queries may go on when the service ends. [default: 35]",
)
@click.option("--log-requests", is_flag=True, default=None, help="Log every request.")
@click.argument(
    "more_data", metavar="[FILE]...", type=click.Path(path_type=Path, exists=True), nargs=-1
)
@click.pass_obj
def serve(
    group_home: Path | None,
    data: tuple[Path, ...],
    more_data: tuple[Path, ...],
    storage: Literal["memory", "disk", "auto"] | None,
    grace: int | None,
    log_requests: bool | None,
    host: str | None,
    port: int | None,
    home: Path | None,
    query_timeout: float | None,
    memory_per_query: int | None,
    workers: int | None,
    default_graph: Literal["union", "unnamed"] | None,
) -> None:
    """Serve the graph: SPARQL, linked data and pages.

    When there is no version yet, the shipped graph is built first; when there is a new one, it is
    served from then on. What no option says is taken from KLUSTERGRAF_* variables.

    `--data FILE…` serves RDF files instead (Turtle, N-Triples, N-Quads, TriG, JSON-LD, RDF/XML).
    """
    if more_data and not data:
        raise click.UsageError("Files to serve come after --data.")
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "home": home or group_home,
        "query_timeout_seconds": query_timeout,
        "memory_per_query_mb": memory_per_query,
        "workers": workers,
        "default_graph": default_graph,
        "storage": storage,
        "grace_seconds": grace,
        "log_requests": log_requests,
    }
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    write_json_lines()
    signal.signal(signal.SIGTERM, _end)
    with _engine(settings, (*data, *more_data)) as (engine, version):
        start_engine = None if data else partial(start_version, settings=settings)
        app = create_app(settings, engine, start_engine=start_engine, version=version)
        config = server_config(app)
        listener = config.bind_socket()
        listener.listen(config.backlog)  # what is told below holds from that moment
        # A name with colons is an IPv6 address, which an address on the web has in brackets.
        shown_host = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"Klustergraf, version {engine.version_id[:12]}")
        click.echo(f"http://{shown_host}:{listener.getsockname()[1]}/  (stop with Ctrl-C)")
        with listener, contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def _engine(
    settings: Settings, files: tuple[Path, ...]
) -> Iterator[tuple[QueryEngine, Version | None]]:
    """Start the engine over the files, or over the current version."""
    version = None
    with tempfile.TemporaryDirectory(prefix="klustergraf-") as folder:
        try:
            if files:
                made = engine_for(dataset_file(files, Path(folder)), settings)
            else:
                with shown(Console(stderr=True)) as progress:
                    version = _version(settings.home, progress)
                    progress("derivations", "what is kept with the version")
                    derive_all(version)
                made = engine_for(version, settings)
        except GraphError as exc:
            raise click.ClickException(str(exc)) from exc
        with contextlib.closing(with_services(made, settings)) as engine:
            yield engine, version


def _version(home: Path, progress: Progress) -> Version:
    return ensure_version(home, progress, source_files() + contributed_files(home))


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End in order: the server raises the signal again when it has finished its requests."""
    sys.exit(0)
