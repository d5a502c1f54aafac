"""``klustergraf token``, ``contribute``, and what keeps the record: ``history``, ``backup``."""

import urllib.error
import urllib.request
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import click
from rich.console import Console
from rich.table import Table

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.backup import back_up
from klustergraf.contributions.backup import restore as restore_record
from klustergraf.contributions.desk import Desk
from klustergraf.contributions.media_types import SUFFIXES
from klustergraf.contributions.record import Record
from klustergraf.contributions.spreadsheets.columns import KINDS
from klustergraf.contributions.tokens import TokenStore
from klustergraf.errors import ContributionError, ContributionRefused

_PATIENCE_SECONDS: Final = 120


@click.group()
def token() -> None:
    """Make, list and revoke the tokens with which partners contribute."""


@token.command("create")
@click.option("--partner", required=True, help="The partner's slug, as kth in /graphs/kth.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it may be used."
)
@click.pass_obj
def create(home: Path, partner: str, expires: datetime | None) -> None:
    """Make a token and print it. It is shown this once: only its digest is kept."""
    day: date | None = None if expires is None else expires.date()
    made, text = TokenStore(home).create(partner, day)
    click.echo(f"Token {made.id} of {partner}. Keep it: it is not shown again.", err=True)
    click.echo(text)


@token.command("list")
@click.pass_obj
def list_(home: Path) -> None:
    """List the tokens: whose they are, and until when."""
    table = Table("Token", "Partner", "Created", "Expires", "Revoked")
    for made in TokenStore(home).tokens():
        table.add_row(made.id, made.partner, made.created, made.expires or "", made.revoked or "")
    Console().print(table)


@token.command("revoke")
@click.argument("token_id")
@click.pass_obj
def revoke(home: Path, token_id: str) -> None:
    """Let a token be used no more."""
    made = TokenStore(home).revoke(token_id)
    click.echo(f"Token {made.id} of {made.partner} is revoked.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, help="The partner's slug, or slug/name of a graph.")
@click.option("--to", "service", required=True, help="The address of the service.")
@click.option("--token", "text", envvar="KLUSTERGRAF_TOKEN", required=True, help="The token.")
@click.option("--add", is_flag=True, help="Add to the graph instead of replacing it.")
@click.option(
    "--table",
    type=click.Choice(list(KINDS)),
    help="What kind of table it is; without it, the header tells.",
)
@click.option("--dry-run", is_flag=True, help="Only report what would be.")
def contribute(
    file: Path, partner: str, service: str, text: str, add: bool, table: str | None, dry_run: bool
) -> None:
    """Send a file of RDF, or a table (CSV or XLSX), to a partner's graph.

    The token is taken from KLUSTERGRAF_TOKEN, so that it stands in no list of processes.
    Exit status: 1 when the contribution is refused, with the report; 2 when it cannot be sent.
    """
    media_type = SUFFIXES.get(file.suffix.lower())
    if media_type is None:
        raise click.UsageError(f"{file.name}: use one of {', '.join(SUFFIXES)}.")
    if not service.startswith(("http://", "https://")):
        raise click.UsageError("--to is the address of the service: https://…")
    url = f"{service.rstrip('/')}/graphs/{GraphAddress.of(partner).path}"
    parameters = {"table": table} if table else {}
    parameters |= {"dry-run": "true"} if dry_run else {}
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url + (f"?{urlencode(parameters)}" if parameters else ""),
        data=file.read_bytes(),
        method="POST" if add else "PUT",
        headers={"Content-Type": media_type, "Authorization": f"Bearer {text}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as response:  # noqa: S310
            click.echo(response.read().decode())
    except urllib.error.HTTPError as exc:
        click.echo(exc.read().decode("utf-8", "replace"), err=True)
        raise click.exceptions.Exit(1) from exc
    except OSError as exc:
        raise ContributionError(f"{url} does not answer: {exc}.") from exc


@click.command()
@click.argument("graph")
@click.pass_obj
def history(home: Path, graph: str) -> None:
    """List the changes of a partner's GRAPH: when, what, and the version that it made."""
    table = Table("Number", "Time", "Change", "Version", "Sent (SHA-256)")
    for entry in Record(home).history(GraphAddress.of(graph).iri):
        sent = (entry.original or "")[:12]
        table.add_row(str(entry.number), entry.time, entry.kind, entry.version[:12], sent)
    Console().print(table)


@click.command("roll-back")
@click.argument("graph")
@click.option("--to", required=True, help="The version in which GRAPH was right, or its beginning.")
@click.pass_obj
def roll_back(home: Path, graph: str, to: str) -> None:
    """Make a partner's GRAPH what it was in a version, as a new version.

    It goes through the gate as any contribution: exit status 1 when it is refused.
    """
    desk = Desk(home)
    try:
        desk.open()
        outcome = desk.roll_back(GraphAddress.of(graph), to)
    except ContributionRefused as exc:
        click.echo(exc, err=True)
        raise click.exceptions.Exit(1) from exc
    finally:
        desk.close()
    if not outcome.is_stored:
        click.echo(f"{graph} is as it was then already.", err=True)
    click.echo(outcome.version)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(home: Path, file: Path) -> None:
    """Write the record of contributions into FILE (.tar.gz), also while it is served."""
    click.echo(f"{back_up(home, file.absolute())} changes in {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def restore(home: Path, file: Path) -> None:
    """Make the versions of a backup again, in a home folder without contributions.

    They have the same ids. Tokens are not in a backup: make new ones.
    """
    click.echo(restore_record(file, home))
