"""``klustergraf publish``: put a version into a store elsewhere."""

from pathlib import Path
from typing import Literal

import click
from rich.console import Console

from klustergraf.build import ensure_version
from klustergraf.cli.addresses import web_address
from klustergraf.cli.progress import shown
from klustergraf.engine.remote import RemoteEngine
from klustergraf.engine.transport import Credentials
from klustergraf.publishing import GraphStore
from klustergraf.publishing import publish as publish_version
from klustergraf.version import VersionStore


@click.command()
@click.option(
    "--to",
    "store_url",
    required=True,
    metavar="URL",
    callback=web_address,
    help="The store's address for the Graph Store Protocol; docs/engines.md tells each engine's.",
)
@click.option(
    "--query-url",
    metavar="URL",
    callback=web_address,
    help="Its address for queries: what was put is then counted there.",
)
@click.option("--version", "name", metavar="ID", help="The version to put. [default: the current]")
@click.option("--user", envvar="KLUSTERGRAF_STORE_USER", help="Name, or KLUSTERGRAF_STORE_USER.")
@click.option(
    "--password",
    envvar="KLUSTERGRAF_STORE_PASSWORD",
    help="Password; better given as KLUSTERGRAF_STORE_PASSWORD, which nobody else sees.",
)
@click.option(
    "--auth",
    "scheme",
    type=click.Choice(["basic", "digest", "bearer"]),
    default="basic",
    show_default=True,
    help="How the password is sent: Virtuoso wants digest; bearer is for a token.",
)
@click.option(
    "--merged/--no-merged",
    default=True,
    show_default=True,
    help="Put the merge of all graphs as well: the default graph of queries.",
)
@click.option("--anew", is_flag=True, help="Put every graph, also what the store has already.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Seconds that the store may be silent while it takes one graph.",
)
@click.pass_obj
def publish(
    home: Path,
    store_url: str,
    query_url: str | None,
    name: str | None,
    user: str | None,
    password: str | None,
    scheme: Literal["basic", "digest", "bearer"],
    merged: bool,
    anew: bool,
    timeout: float,
) -> None:
    """Put a version into a store elsewhere, graph by graph.

    What the store has already is left as it is, so a broken-off publication goes on where it
    stopped; graphs that the version no longer has are removed. The version's id is recorded last.
    Exit status: 2 when the store cannot be reached, refuses, or does not hold what it was given.
    """
    if scheme != "bearer" and (user is None) != (password is None):
        raise click.UsageError("--user and --password go together.")
    credentials = Credentials(user or "", password, scheme) if password else None
    store = GraphStore(store_url, credentials, timeout)
    console = Console(stderr=True)
    with shown(console) as progress:
        version = VersionStore(home).get(name) if name else ensure_version(home, progress)
        result = publish_version(version, store, progress, with_merged_graph=merged, anew=anew)
        if query_url:
            progress("counting", query_url)
            with RemoteEngine(query_url, timeout_seconds=timeout) as engine:
                engine.check_counts()
    console.print(
        f"{len(result.put)} graphs put, {len(result.kept)} left as they were, "
        f"{len(result.removed)} removed.",
        highlight=False,
    )
    click.echo(version.id)
