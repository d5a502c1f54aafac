"""``klustergraf serve``: the command that starts the service."""

import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import click
from rich.console import Console

from klustergraf.cli.addresses import web_address
from klustergraf.cli.progress import shown
from klustergraf.engine.base import QueryEngine
from klustergraf.errors import GraphError
from klustergraf.version import Version
from klustergraf_api.engines import start_engine
from klustergraf_api.logs import write_json_lines
from klustergraf_api.served_files import dataset_file
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
    "--engine-url",
    metavar="URL",
    callback=web_address,
    help="Ask this endpoint, whose store holds a published version, instead of an engine here.",
)
@click.option(
    "--engine-version",
    metavar="ID",
    help="The version that it holds. [default: as `klustergraf publish` has recorded there]",
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
    engine_url: str | None,
    engine_version: str | None,
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

    `--engine-url URL` lets a SPARQL endpoint elsewhere answer; docs/engines.md tells how. Its name
    and password are KLUSTERGRAF_STORE_USER and KLUSTERGRAF_STORE_PASSWORD.
    """
    if more_data and not data:
        raise click.UsageError("Files to serve come after --data.")
    if data and engine_url:
        raise click.UsageError("Either --data or --engine-url: files are served from here.")
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "home": home or group_home,
        "query_timeout_seconds": query_timeout,
        "memory_per_query_mb": memory_per_query,
        "workers": workers,
        "default_graph": default_graph,
        "storage": storage,
        "engine_url": "" if data else engine_url,
        "engine_version": engine_version,
        "grace_seconds": grace,
        "log_requests": log_requests,
    }
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    write_json_lines()
    signal.signal(signal.SIGTERM, _end)
    with _starting(settings, (*data, *more_data)) as starting:
        # The keeper loads the data meanwhile: to read the application takes a second.
        from klustergraf_api.app import create_app
        from klustergraf_api.server import run, server_config

        try:
            engine, version = starting.result()
        except GraphError as exc:
            raise click.ClickException(str(exc)) from exc
        with contextlib.closing(engine):
            later = (
                None if data or settings.engine_url else partial(start_engine, settings=settings)
            )
            app = create_app(settings, engine, start_engine=later, version=version)
            config = server_config(app)
            listener = config.bind_socket()
            listener.listen(config.backlog)  # what is told below holds from that moment
            # A name with colons is an IPv6 address, which an address on the web has in brackets.
            shown_host = f"[{settings.host}]" if ":" in settings.host else settings.host
            click.echo(f"Klustergraf, version {engine.version_id[:12]}")
            click.echo(f"http://{shown_host}:{listener.getsockname()[1]}/  (stop with Ctrl-C)")
            with listener, contextlib.suppress(KeyboardInterrupt):
                run(config, listener)


@contextlib.contextmanager
def _starting(
    settings: Settings, files: tuple[Path, ...]
) -> Iterator[Future[tuple[QueryEngine, Version | None]]]:
    """Start the engine over the files, the store elsewhere or the current version, in a thread.

    Errors: click.ClickException, when there is nothing that an engine could be started over.
    """
    with tempfile.TemporaryDirectory(prefix="klustergraf-") as folder:
        try:
            start = _prepared(settings, files, Path(folder))
        except GraphError as exc:
            raise click.ClickException(str(exc)) from exc
        with ThreadPoolExecutor(1, "start") as pool:
            yield pool.submit(start)


def _prepared(
    settings: Settings, files: tuple[Path, ...], folder: Path
) -> Callable[[], tuple[QueryEngine, Version | None]]:
    """Make ready what an engine is started over, and give what starts it.

    Errors: GraphError, when there is nothing that an engine could be started over.
    """
    if settings.engine_url:
        # Few services ask a store elsewhere, and what it takes is long to read.
        from klustergraf_api.remote_store import start_remote

        return partial(start_remote, settings)
    version = None if files else _version(settings.home)
    source = version or dataset_file(files, folder)
    return lambda: (start_engine(source, settings), version)


def _version(home: Path) -> Version:
    """Give the current version, with all that is kept with it; build the graph if need be."""
    # Files that are served need neither of these, nor the time that they take to be read.
    from klustergraf.build import ensure_version
    from klustergraf.contributions.replay import contributed_files
    from klustergraf.derivations import derive_all
    from klustergraf.sources.own import source_files

    with shown(Console(stderr=True)) as progress:
        version = ensure_version(home, progress, source_files() + contributed_files(home))
        progress("derivations", "what is kept with the version")
        derive_all(version)
        return version


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End in order: the server raises the signal again when it has finished its requests."""
    sys.exit(0)
