"""``klustergraf query`` and ``klustergraf queries``: ask the current version."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from klustergraf.build import ensure_version
from klustergraf.catalogue import Catalogue
from klustergraf.cli.progress import shown
from klustergraf.engine.base import QueryAnswer, QueryRequest, ResultKind, ResultsFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import GraphParseError, QueryNotFound, QueryParameterError
from klustergraf.namespaces import BASE, shorten

_FORMATS = {
    "table": ResultsFormat.JSON,
    "json": ResultsFormat.JSON,
    "csv": ResultsFormat.CSV,
    "tsv": ResultsFormat.TSV,
    "ttl": ResultsFormat.JSON,
}


@click.command()
@click.argument("name", required=False, metavar="NAME|FILE")
@click.option("-e", "--execute", "text", metavar="TEXT", help="A query text to run.")
@click.option(
    "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of a stored query."
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(_FORMATS)),
    default="table",
    show_default=True,
    help="Solutions: table, json, csv or tsv. Triples come as Turtle (ttl).",
)
@click.option("--timeout", type=click.FloatRange(min=0.1), default=30.0, show_default=True)
@click.pass_obj
def query(
    home: Path,
    name: str | None,
    text: str | None,
    params: tuple[str, ...],
    output_format: str,
    timeout: float,
) -> None:
    """Run a stored query, a query file, or a query text.

    `klustergraf queries` lists the stored queries. When there is no version yet, the shipped graph
    is built first.
    """
    request = QueryRequest(_query_text(name, text, params), _FORMATS[output_format])
    with shown(Console(stderr=True)) as progress:
        version = ensure_version(home, progress)
    with EmbeddedEngine(version, timeout_seconds=timeout, workers=1) as engine:
        answer = engine.query(request)
        _write(answer, output_format)


@click.command()
@click.option("--lang", "language", type=click.Choice(["sv", "en"]), default="en")
def queries(language: str) -> None:
    """List the stored queries, with their parameters and defaults."""
    table = Table(show_lines=True)
    for heading in ("Name", "Question", "Parameters"):
        table.add_column(heading, overflow="fold")
    for stored in Catalogue():
        parameters = "\n".join(f"{p.name}={_short(p.default)}" for p in stored.parameters)
        table.add_row(stored.name, stored.title[language], parameters)
    Console().print(table)


def _query_text(name: str | None, text: str | None, params: tuple[str, ...]) -> str:
    if (name is None) == (text is None):
        raise click.UsageError("Give the name of a stored query, a file, or -e TEXT.")
    values = dict(_pair(param) for param in params)
    if text is None and name is not None:
        try:
            return Catalogue().get(name).bind(values)
        except QueryNotFound:
            path = Path(name)
            if not path.is_file():
                raise
            text = _read(path)
    if values:
        raise QueryParameterError(next(iter(values)), "is for stored queries only")
    return text or ""


def _pair(param: str) -> tuple[str, str]:
    key, equals, value = param.partition("=")
    if not equals:
        raise click.UsageError(f"--param {param!r} is not of the form KEY=VALUE.")
    return key, value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise GraphParseError(str(path), f"cannot be read: {exc}") from exc


def _write(answer: QueryAnswer, output_format: str) -> None:
    if answer.kind is ResultKind.TRIPLES or output_format not in ("table", "ttl"):
        for piece in answer:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    result: dict[str, Any] = json.loads(b"".join(answer))
    if "boolean" in result:
        click.echo("yes" if result["boolean"] else "no")
        return
    if output_format == "ttl":
        raise click.UsageError("Solutions are no triples: choose table, json, csv or tsv.")
    console = Console()
    # What is piped on is read by a program or in an editor: no need to fold it to a screen.
    Console(width=None if console.is_terminal else 240).print(_table(result))
    click.echo(f"{len(result['results']['bindings'])} rows")


def _table(result: dict[str, Any]) -> Table:
    rows = result["results"]["bindings"]
    table = Table()
    names = result["head"]["vars"]
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        cells = (_short(row[name]["value"]) if name in row else "" for name in names)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _short(value: str) -> str:
    """Shorten an IRI for reading: a CURIE, or a path of ours."""
    return shorten(value).removeprefix(BASE)
