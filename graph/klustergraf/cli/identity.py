"""``klustergraf identity``: what is in doubt, and why an actor is what it is."""

import csv
import sys
from pathlib import Path

import click
from pyoxigraph import Quad
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from klustergraf.build import ensure_version
from klustergraf.cli.progress import shown
from klustergraf.errors import ResourceNotFound
from klustergraf.identity.curation import DECISION_COLUMNS
from klustergraf.identity.reading import Comparison, ToldRecord, read_comparisons
from klustergraf.identity.statements import IDENTITY_GRAPH
from klustergraf.namespaces import ID
from klustergraf.rdf_files import read_quads


@click.group()
def identity() -> None:
    """Review doubtful identities, and explain why records are one actor."""


_file = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="An RDF file to read, instead of the current version.",
)
_language = click.option("--lang", "language", type=click.Choice(["sv", "en"]), default="en")


@identity.command()
@_file
@_language
@click.option("--format", "output_format", type=click.Choice(["table", "csv"]), default="table")
@click.option("--limit", type=click.IntRange(min=1), help="Show the most alike only.")
@click.pass_obj
def review(
    home: Path, path: Path | None, language: str, output_format: str, limit: int | None
) -> None:
    """List the pairs that may be one actor, with the evidence side by side.

    Decide in graph/data/identity/decisions.csv: `--format csv` gives its lines, without a verdict.
    """
    doubts = [c for c in _comparisons(home, path, language) if c.is_doubt]
    chosen = doubts[:limit]
    if output_format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(DECISION_COLUMNS)
        writer.writerows(
            (*_refs(doubt), "", *(f"{doubt.score}: {text}" for text in doubt.reasons), "")
            for doubt in chosen
        )
        return
    table = Table(show_lines=True)
    for heading in ("Score", "Left", "Right", "Why"):
        table.add_column(heading, overflow="fold")
    for doubt in chosen:
        left, right = (_side(doubt, ref) for ref in _refs(doubt))
        table.add_row(doubt.score, left, right, escape(doubt.reason))
    console = Console()
    console.print(table)
    console.print(f"{len(doubts)} pairs in doubt, {len(chosen)} shown.")


@identity.command()
@click.argument("iri")
@_file
@_language
@click.pass_obj
def explain(home: Path, iri: str, path: Path | None, language: str) -> None:
    """Say which records make the actor IRI, and why. IRI may be the last part of one alone."""
    full = iri if ":" in iri else f"{ID}actor/{iri}"
    about = [c for c in _comparisons(home, path, language) if full in c.actors]
    if not about:
        raise ResourceNotFound(full)
    click.secho(full, bold=True)
    records = {side.ref: side for c in about for side in c.sides if side.actor == full}
    click.echo(f"\n{len(records)} records:")
    for ref, record in sorted(records.items()):
        click.echo(f"  {ref}\n      {', '.join(record.names)}\n      {record.summary}")
    click.echo("\nWhy they are one:")
    _echo([c for c in about if not c.is_doubt])
    doubts = [c for c in about if c.is_doubt]
    if doubts:
        click.echo("\nIn doubt:")
        _echo(doubts)


def _echo(comparisons: list[Comparison]) -> None:
    for comparison in comparisons:
        left, right = _refs(comparison)
        click.echo(f"  {comparison.score}  {left} = {right}\n         {comparison.reason}")


def _comparisons(home: Path, path: Path | None, language: str) -> list[Comparison]:
    return read_comparisons(_quads(home, path), language)


def _quads(home: Path, path: Path | None) -> list[Quad]:
    if path is not None:
        return read_quads(path)
    with shown(Console(stderr=True)) as progress:
        version = ensure_version(home, progress)
    return [q for q in read_quads(version.dataset_path) if q.graph_name == IDENTITY_GRAPH]


def _refs(comparison: Comparison) -> tuple[str, str]:
    """Name the two sides: records, or a record and the actor that it was compared with."""
    refs = [side.ref for side in comparison.sides]
    others = {side.actor for side in comparison.sides}
    refs += sorted(set(comparison.actors) - others) or list(comparison.actors)
    return refs[0], refs[1]


def _side(comparison: Comparison, ref: str) -> str:
    record: ToldRecord | None = next((s for s in comparison.sides if s.ref == ref), None)
    if record is None:
        return escape(ref)
    return escape("\n".join((record.ref, *record.names, record.summary, record.actor)))
