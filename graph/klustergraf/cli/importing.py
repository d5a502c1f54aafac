"""``klustergraf import``: read open data as it is published, and write it as statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from pyoxigraph import Quad
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from klustergraf.errors import SourceUnavailable
from klustergraf.identity import (
    Resolution,
    known_actors,
    read_decisions,
    read_names,
    read_registry,
    resolve,
    updated_registry,
    write_registry,
)
from klustergraf.identity.profiles import record_ref
from klustergraf.identity.statements import statements as identity_statements
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.sources.datasets import DATASETS
from klustergraf.sources.geodata import Gazetteer
from klustergraf.sources.importing import Job, Outcome, run
from klustergraf.sources.own import hand_written_files, said_by_hand
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import ActorRecord, RelationRecord
from klustergraf.sources.selection import Extent
from klustergraf.sources.statements import ActorIri
from klustergraf.sources.writing import write_sorted

EVERYTHING: Final = "everything"
OPEN_FOLDER: Final = "open"
REGISTRY_FILE: Final = Path("identity/registry.csv")
IDENTITY_FILE: Final = Path("derived/identity.nt.gz")
_PLACES: Final = ("swedish-geodata", "swedish-boundaries")
_SHOWN_FAULTS: Final = 5
_OF_FILES: Final = (".nt", ".gz")

_Paths = tuple[Path, ...]


@click.command(name="import")
@click.argument("name", type=click.Choice([*DATASETS, EVERYTHING]))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--region", "extent", flag_value="region", default=True, help="The region. [default]")
@click.option("--all", "extent", flag_value="all", help="Every record.")
@click.option("--country", help="Every record of a country, by its ISO code (SE).")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=".",
    help="The folder, or the .nt.gz file, to write to. [default: this folder]",
)
@click.option(
    "--places",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Files of counties, municipalities, postal codes and boundaries, to place records with.",
)
@click.option("--issued", default="", help="The date of the data (YYYY, YYYY-MM or YYYY-MM-DD).")
@click.option("--strict", is_flag=True, help="Stop at the first record that cannot be read.")
def import_(
    name: str,
    paths: _Paths,
    extent: str,
    country: str | None,
    out: Path,
    places: _Paths,
    issued: str,
    *,
    strict: bool,
) -> None:
    """Read the data set NAME from PATHS (files, folders, zips) and write it as statements.

    "everything" reads all data sets from one folder that holds them, so that an actor that is in
    several gets one IRI; this is how the shipped graph is made. --out then names the folder that
    gets "open" with the statements, "derived" with which actors are one, and "identity" with the
    register of the IRIs that were given.
    """
    console = Console(stderr=True)
    wanted = Extent.COUNTRY if country else Extent(extent)
    inputs = _inputs(name, paths, wanted)
    files_of_places = _places(inputs, places)
    gazetteer = Gazetteer.load(files_of_places) if files_of_places else Gazetteer.shipped()
    said = said_by_hand()
    identity = _Identity()
    if name == EVERYTHING and out.suffix in _OF_FILES:
        raise click.UsageError(f"everything is written to a folder, and {out} names a file.")
    total = sum(Inputs(found).size for found in inputs.values())
    with _bar(console, total) as bar:
        task = bar.task_ids[0]
        job = Job(
            inputs,
            DATASETS,
            out / OPEN_FOLDER if name == EVERYTHING else out,
            extent=wanted,
            country=(country or "SE").upper(),
            gazetteer=gazetteer,
            known_names=said.names,
            known_dates=said.dates,
            known_placed=said.placed,
            known_territories=said.territories,
            issued=issued,
            is_strict=strict,
            advance=lambda read: bar.advance(task, read),
            report=lambda dataset, doing: bar.update(task, description=f"{dataset} {doing}"),
        )
        outcomes = run(job, identity.resolve)
    if name == EVERYTHING:
        written = max(DATASETS[n].issued for n in inputs if len(DATASETS[n].issued) == 10)
        write_sorted(out / IDENTITY_FILE, identity.quads(outcomes, written))
        identity.register(out / REGISTRY_FILE, outcomes)
    console.print(_table(outcomes))
    _show_faults(console, outcomes)
    if not any(outcome.written for outcome in outcomes):
        raise click.exceptions.Exit(1)


class _Identity:
    """Which records are the same actor, and how that is said."""

    def __init__(self) -> None:
        self._records: dict[str, ActorRecord] = {}
        self._resolution: Resolution | None = None

    def resolve(self, actors: list[ActorRecord], relations: list[RelationRecord]) -> ActorIri:
        names = read_names()
        stated = [quad for file in hand_written_files() for quad in file.quads()]
        self._records = {record_ref(a.source, a.key): a for a in actors}
        self._resolution = resolve(
            actors,
            known_actors([*_ontology(), *stated], names),
            read_decisions(),
            relations=relations,
            names=names,
            registry=read_registry(),
        )
        return self._resolution.iri

    def register(self, path: Path, outcomes: Sequence[Outcome]) -> None:
        """Write which IRI each record was given, so that later imports give it the same."""
        if self._resolution is None:
            return
        kept = {iri for outcome in outcomes for iri in outcome.actors}
        given = {ref: iri for ref, iri in self._resolution.iris.items() if iri in kept}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_registry(path, updated_registry(read_registry(), given))

    def quads(self, outcomes: Sequence[Outcome], issued: str) -> Iterator[Quad]:
        """State the merges and doubts of the actors that were written."""
        found = self._resolution
        if found is None:
            return
        kept = {iri for outcome in outcomes for iri in outcome.actors}

        def iris(*refs: str) -> set[str]:
            return {found.iris.get(ref, ref) for ref in refs}

        yield from identity_statements(
            replace(
                found,
                merges=tuple(m for m in found.merges if iris(m.left, m.right) <= kept),
                doubtful=tuple(
                    doubt
                    for doubt in found.doubtful
                    if iris(doubt.left, doubt.right) <= kept
                    and len(iris(doubt.left, doubt.right)) == 2
                ),
            ),
            self._records,
            issued,
        )


def _ontology() -> list[Quad]:
    return [quad for path in sorted(room("ontology").glob("*.ttl")) for quad in read_quads(path)]


def _inputs(name: str, paths: _Paths, extent: Extent) -> dict[str, list[Path]]:
    if name != EVERYTHING:
        return {name: list(paths)}
    found = {}
    for dataset in DATASETS.values():
        parts = [path / part for path in paths for part in dataset.parts_of(extent)]
        there = [part for part in parts if part.exists()]
        if there:
            found[dataset.name] = there
    if not found:
        looked = ", ".join(part for dataset in DATASETS.values() for part in dataset.parts)
        raise SourceUnavailable(", ".join(map(str, paths)), f"holds none of {looked}.")
    return found


def _places(inputs: dict[str, list[Path]], places: _Paths) -> list[Path]:
    """Find what places are looked up in: the files named, or those that are imported as well."""
    return list(places) or inputs.get("geodata", [])


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        bar.add_task("reading", total=total)
        yield bar


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Imported", title_justify="left")
    table.add_column("Data set")
    for heading in ("Read", "Written", "Not wanted", "Marked", "Skipped", "Statements"):
        table.add_column(heading, justify="right")
    for outcome in outcomes:
        table.add_row(
            outcome.dataset,
            *(
                f"{count:,}".replace(",", " ")
                for count in (
                    outcome.read,
                    outcome.written,
                    outcome.unwanted,
                    len(outcome.marked),
                    len(outcome.skipped),
                    outcome.statements,
                )
            ),
        )
    return table


def _show_faults(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Show why records were skipped, and the first skipped and doubtful ones with their place."""
    for outcome in outcomes:
        for reason, count in outcome.reasons().most_common():
            text = escape(f"{outcome.dataset}: {count} skipped: {reason}")
            console.print(text, highlight=False, soft_wrap=True)
        for word, faults in (("skipped", outcome.skipped), ("doubtful", outcome.marked)):
            for fault in faults[:_SHOWN_FAULTS]:
                text = escape(f"{word}: {fault.where}: {fault.reason}")
                console.print(text, highlight=False, soft_wrap=True)
            if len(faults) > _SHOWN_FAULTS:
                more = len(faults) - _SHOWN_FAULTS
                console.print(f"{word}: {outcome.dataset}: {more} more", highlight=False)
