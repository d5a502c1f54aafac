"""``klustergraf network``, ``strategy`` and ``suggest``: who works with whom, from the terminal."""

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from klustergraf.analysis import coverage as strategy_coverage
from klustergraf.analysis import growth as years
from klustergraf.analysis import hints, picture, storage, suggestions
from klustergraf.analysis.brokerage import ROLES
from klustergraf.analysis.contents import network_contents, projection_contents
from klustergraf.analysis.formats import FORMATS
from klustergraf.analysis.names import find_actor
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.paths import shortest_paths
from klustergraf.analysis.projections import ONTO, project_onto
from klustergraf.analysis.snapshot import RULES, slug_of
from klustergraf.analysis.storage import Analysis
from klustergraf.build import ensure_version
from klustergraf.cli.progress import shown
from klustergraf.version import VersionStore

MEASURES: Final = (
    "degree", "strength", "betweenness", "closeness", "eigenvector", "pagerank", "clustering",
    "core", "constraint",
)  # fmt: skip
_OF_SHOWN: Final = ("degree", "strength")
_PIPED_WIDTH: Final = 200

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Asked:
    """What the options of a command choose: the analysis, the filtered network, the language."""

    analysis: Analysis
    network: Network
    language: str

    def name(self, place: int) -> str:
        return self.analysis.snapshot.actors[place].name(self.language)


def _analysis(home: Path) -> Analysis:
    with shown(Console(stderr=True)) as progress:
        version = ensure_version(home, progress)
    return storage.load(version)


_language = click.option(
    "--lang", "language", type=click.Choice(["sv", "en"]), default="en", show_default=True
)
_format = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
_limit = click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
_by = click.option(
    "--by", type=click.Choice(strategy_coverage.COLUMNS), default="county", show_default=True
)


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose a network."""
    for option in reversed(
        [
            click.option("--kind", multiple=True, help="Kind of actor (slug); may be repeated."),
            click.option("--county", multiple=True, help="County (slug); may be repeated."),
            click.option("--municipality", multiple=True, help="Municipality (slug)."),
            click.option(
                "--tie", multiple=True, type=click.Choice(list(RULES)), help="What ties a pair."
            ),
            click.option("--programme", multiple=True, help="Programme of the projects (slug)."),
            click.option("--since", type=int, metavar="YEAR", help="Ties that last into YEAR."),
            click.option("--until", type=int, metavar="YEAR", help="Ties that begin by YEAR."),
            click.option("--min-weight", type=click.FloatRange(min=0), default=0.0),
            click.option(
                "--counting",
                type=click.Choice(["full", "fractional"]),
                default="full",
                show_default=True,
            ),
            _language,
        ]
    ):
        command = option(command)
    return command


def _ask(home: Path, language: str, *, isolates: bool = False, **chosen: Any) -> _Asked:
    analysis = _analysis(home)
    asked = NetworkFilter(
        kinds=tuple(sorted(chosen["kind"])),
        counties=tuple(sorted(chosen["county"])),
        municipalities=tuple(sorted(chosen["municipality"])),
        ties=tuple(sorted(chosen["tie"])),
        programmes=tuple(sorted(chosen["programme"])),
        since=chosen["since"],
        until=chosen["until"],
        min_weight=chosen["min_weight"],
        counting=chosen["counting"],
        isolates=isolates,
    )
    return _Asked(analysis, project_actors(analysis.snapshot, asked), language)


def _write(rows: Sequence[Row], columns: Sequence[str], output_format: str) -> None:
    """Write rows: as a table for people, or as CSV or JSON on standard output."""
    if output_format == "json":
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=2))
    elif output_format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[row[name] for name in columns] for row in rows])
    else:
        table = Table()
        for name in columns:
            is_number = any(isinstance(row[name], int | float) for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(_cell(row[name])) for name in columns))
        console = Console()
        Console(width=None if console.is_terminal else _PIPED_WIDTH).print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def _tell_size(asked: _Asked) -> None:
    network = asked.network
    click.echo(f"{len(network.nodes)} actors, {len(network.edges)} pairs", err=True)
    _tell_hint(asked, len(network.edges))


def _tell_hint(asked: _Asked, found: int) -> None:
    told = hints.hint(asked.analysis.snapshot, asked.network.asked, found)
    if told:
        click.echo(told, err=True)


def _save(file: Path, content: bytes) -> None:
    """Write a file.

    Errors: click.FileError, which says why it cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as exc:
        raise click.FileError(str(file), exc.strerror or str(exc)) from exc


@click.group()
def network() -> None:
    """Who works with whom: measures, groups, paths, pictures and files for other tools.

    Actors are named as they come: KTH, ki, "sodertorns hogskola", or by the last part of an IRI.
    """


@network.command()
@_filtered
@click.option("--sort", type=click.Choice(MEASURES), default="degree", show_default=True)
@_limit
@_format
@click.pass_obj
def metrics(
    home: Path, /, sort: str, limit: int, output_format: str, language: str, **chosen: Any
) -> None:
    """Measure the place of each actor in the network.

    Degree and strength are those of the network that the filters choose; the others those of the
    whole network of the version.
    """
    asked = _ask(home, language, **chosen)
    _tell_size(asked)
    rows = [_measured(asked, place) for place in asked.network.nodes]
    # The more a constraint, the fewer holes there are to bridge: brokers come first.
    sign = 1 if sort == "constraint" else -1
    rows.sort(key=lambda row: (row[sort] is None, sign * (row[sort] or 0), row["actor"]))
    _write(rows[:limit], ["actor", "name", *MEASURES, "community"], output_format)


def _measured(asked: _Asked, place: int) -> dict[str, Any]:
    found = asked.analysis.measures
    row: dict[str, Any] = {
        "actor": asked.analysis.snapshot.actors[place].slug,
        "name": asked.name(place),
        "degree": asked.network.degree(place),
        "strength": asked.network.strength(place),
        "community": found["community"][place] + 1,
    }
    return row | {name: found[name][place] for name in MEASURES if name not in _OF_SHOWN}


@network.command()
@_language
@click.option("--names", type=click.IntRange(min=1), default=8, show_default=True)
@_format
@click.pass_obj
def communities(home: Path, language: str, names: int, output_format: str) -> None:
    """List the groups that form (Leiden on modularity), the largest first, with their centres.

    Stability: how much of a group comes back with other seeds, 0 to 1.
    """
    analysis = _analysis(home)
    groups: dict[int, list[int]] = {}
    for place in analysis.network.nodes:
        if analysis.network.neighbours[place]:
            groups.setdefault(analysis.measures["community"][place], []).append(place)
    rows = []
    for number, members in sorted(groups.items()):
        strongest = sorted(members, key=lambda p: (-analysis.network.strength(p), p))[:names]
        told = [analysis.snapshot.actors[p].name(language) for p in strongest]
        rows.append(
            {
                "community": number + 1,
                "actors": len(members),
                "stability": analysis.stabilities[number],
                "centre": ", ".join(told),
            }
        )
    click.echo(
        f"modularity {analysis.modularity:.4f}, stability over seeds {analysis.stability:.4f}",
        err=True,
    )
    _write(rows, ["community", "actors", "stability", "centre"], output_format)


@network.command()
@click.argument("start")
@click.argument("end")
@click.option("-k", type=int, default=5, show_default=True, help="So many of the best weighted.")
@click.option("--max-steps", type=int, default=6, show_default=True)
@_filtered
@_format
@click.pass_obj
def paths(
    home: Path,
    /,
    start: str,
    end: str,
    k: int,
    max_steps: int,
    output_format: str,
    language: str,
    **chosen: Any,
) -> None:
    """Show how START and END are connected: the best weighted ways, step by step, with evidence."""
    asked = _ask(home, language, isolates=True, **chosen)
    snapshot = asked.analysis.snapshot
    ends = find_actor(snapshot, start), find_actor(snapshot, end)
    shortest, best = shortest_paths(asked.network, *ends, k, max_steps)
    if ends[0] == ends[1]:
        click.echo(hints.SAME_ACTOR, err=True)
    elif not best:
        click.echo(f"No path of at most {max_steps} steps leads from one to the other.", err=True)
    else:
        told = f"{len(shortest)} shortest of {len(shortest[0]) - 1} steps; the best by weight:"
        click.echo(told, err=True)
    rows = []
    for number, path in enumerate(best, 1):
        for step, (a, b) in enumerate(pairwise(path), 1):
            edge = asked.network.neighbours[a][b]
            through = [snapshot.things.get(tie.through) for tie in edge.ties[:3]]
            rows.append(
                {
                    "path": number,
                    "step": step,
                    "from": asked.name(a),
                    "to": asked.name(b),
                    "weight": edge.weight,
                    "ties": " ".join(sorted({tie.kind for tie in edge.ties})),
                    "through": "; ".join(thing.name(language) for thing in through if thing),
                    "evidence": edge.ties[0].evidence,
                }
            )
    columns = ["path", "step", "from", "to", "weight", "ties", "through", "evidence"]
    _write(rows, columns, output_format)


@network.command()
@click.argument("actor")
@click.option("--radius", type=int, default=1, show_default=True, help="1 to 5 steps.")
@_filtered
@_limit
@_format
@click.pass_obj
def ego(
    home: Path,
    /,
    actor: str,
    radius: int,
    limit: int,
    output_format: str,
    language: str,
    **chosen: Any,
) -> None:
    """Show whom ACTOR works with, through what, how often and since when."""
    asked = _ask(home, language, isolates=True, **chosen)
    snapshot = asked.analysis.snapshot
    centre = find_actor(snapshot, actor)
    around = asked.network.ego(centre, radius)
    count = f"{len(around.nodes) - 1} actors within {radius} steps, {len(around.edges)} pairs"
    click.echo(f"{asked.name(centre)}: {count}", err=True)
    roles = asked.analysis.measures["brokerage_county"][centre]
    told = ", ".join(f"{roles[role]} × {role}" for role in ROLES)
    click.echo(f"as broker between counties: {told}", err=True)
    rows = []
    near = around.neighbours[centre]
    for other, edge in sorted(near.items(), key=lambda item: (-item[1].weight, item[0])):
        since = min((tie.since for tie in edge.ties if tie.since), default="")
        rows.append(
            {
                "partner": snapshot.actors[other].slug,
                "name": asked.name(other),
                "weight": edge.weight,
                "ties": " ".join(sorted({tie.kind for tie in edge.ties})),
                "since": since[:4],
                "evidence": edge.ties[0].evidence,
            }
        )
    columns = ["partner", "name", "weight", "ties", "since", "evidence"]
    _write(rows[:limit], columns, output_format)


def _around(asked: _Asked, ego_name: str | None, radius: int) -> Network:
    if ego_name is None:
        return asked.network
    return asked.network.ego(find_actor(asked.analysis.snapshot, ego_name), radius)


_ego_options = (
    click.option("--ego", "ego_name", metavar="ACTOR", help="Only what is around this actor."),
    click.option("--radius", type=int, default=1, show_default=True),
)


@network.command()
@_filtered
@_format
@click.pass_obj
def growth(home: Path, /, output_format: str, language: str, **chosen: Any) -> None:
    """Follow the network year by year: ties, pairs and actors, and which are new."""
    asked = _ask(home, language, **chosen)
    _tell_size(asked)
    found, undated = years.growth(asked.network)
    click.echo(f"{undated} ties have no beginning, and are in no year.", err=True)
    columns = ["year", "ties", "pairs", "actors", "new_pairs", "new_actors"]
    _write([vars(year) for year in found], columns, output_format)


@network.command()
@click.argument("what", type=click.Choice(ONTO))
@_filtered
@_limit
@_format
@click.pass_obj
def onto(
    home: Path, /, what: str, limit: int, output_format: str, language: str, **chosen: Any
) -> None:
    """Tie actors to priority areas, facilities or projects, the strongest ties first."""
    asked = _ask(home, language, **chosen)
    snapshot = asked.analysis.snapshot
    found = project_onto(snapshot, what, asked.network.asked)
    click.echo(f"{len(found)} pairs", err=True)
    _tell_hint(asked, len(found))
    named = {**snapshot.things, **snapshot.areas}
    rows = [
        {
            "actor": snapshot.actors[contact.actor].slug,
            "name": asked.name(contact.actor),
            "target": slug_of(contact.target),
            "target_name": named[contact.target].name(language) if contact.target in named else "",
            "weight": contact.weight,
            "derived": len(contact.derived),
        }
        for contact in sorted(found, key=lambda c: (-c.weight, c.actor, c.target))
    ]
    columns = ["actor", "name", "target", "target_name", "weight", "derived"]
    _write(rows[:limit], columns, output_format)


@network.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_ego_options[0]
@_ego_options[1]
@_filtered
@click.pass_obj
def plot(
    home: Path, /, file: Path, ego_name: str | None, radius: int, language: str, **chosen: Any
) -> None:
    """Draw the network into FILE: .svg or .png."""
    writers = {".svg": picture.svg, ".png": picture.png}
    if file.suffix.lower() not in writers:
        raise click.UsageError(f"{file.name} ends with neither .svg nor .png.")
    asked = _ask(home, language, **chosen)
    _tell_size(asked)
    drawn = _around(asked, ego_name, radius)
    _save(file, writers[file.suffix.lower()](asked.analysis, drawn, language))
    click.echo(str(file))


@network.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "name", type=click.Choice(list(FORMATS)), required=True)
@_ego_options[0]
@_ego_options[1]
@click.option("--onto", type=click.Choice(ONTO), help="Actors and what they are tied to instead.")
@_filtered
@click.pass_obj
def export(
    home: Path,
    /,
    file: Path,
    name: str,
    ego_name: str | None,
    radius: int,
    onto: str | None,
    language: str,
    **chosen: Any,
) -> None:
    """Write the network into FILE for Gephi, Cytoscape, VOSviewer, Kumu, Excel and others."""
    if onto and ego_name:
        raise click.UsageError("Give --onto or --ego: what is around one actor has actors alone.")
    asked = _ask(home, language, **chosen)
    if onto:
        held = projection_contents(asked.analysis, asked.network.asked, onto)
    else:
        held = network_contents(asked.analysis, _around(asked, ego_name, radius))
    click.echo(f"{len(held.nodes)} nodes, {len(held.edges)} edges", err=True)
    _tell_hint(asked, len(held.edges))
    _save(file, FORMATS[name][0](held))
    click.echo(str(file))


@click.group()
def strategy() -> None:
    """How the common strategy is covered, and where it is thin."""


@strategy.command()
@_by
@_language
@_format
@click.pass_obj
def coverage(home: Path, by: str, language: str, output_format: str) -> None:
    """Count what contributes to each priority area, by column; stated and derived apart."""
    analysis = _analysis(home)
    labels = {**analysis.snapshot.places, **analysis.snapshot.kinds}
    rows = [
        {
            "area": slug_of(cell.area).upper(),
            "name": analysis.snapshot.areas[cell.area].name(language),
            by: labels.get(cell.column, {}).get(language, cell.column or "not known"),
            "actors": cell.count("actors"),
            "facilities": cell.count("facilities"),
            "projects": cell.count("projects"),
            "euro": round(cell.amount_eur),
            "stated": sum(map(len, cell.stated.values())),
            "derived": sum(map(len, cell.derived.values())),
        }
        for _, cell in sorted(strategy_coverage.coverage(analysis.snapshot, by).items())
    ]
    columns = ["area", "name", by, "actors", "facilities", "projects", "euro"]
    _write(rows, [*columns, "stated", "derived"], output_format)


@strategy.command()
@_by
@_limit
@_language
@_format
@click.pass_obj
def gaps(home: Path, by: str, limit: int, language: str, output_format: str) -> None:
    """Rank the thin spots: fewer than one would expect, the thinnest first."""
    analysis = _analysis(home)
    labels = {**analysis.snapshot.places, **analysis.snapshot.kinds}
    click.echo(strategy_coverage.FORMULA, err=True)
    rows = [
        {
            "area": slug_of(gap.area).upper(),
            "name": analysis.snapshot.areas[gap.area].name(language),
            by: labels.get(gap.column, {}).get(language, gap.column),
            "count": gap.count,
            "expected": gap.expected,
            "gap": gap.gap,
        }
        for gap in strategy_coverage.gaps(analysis.snapshot, by)[:limit]
    ]
    _write(rows, ["area", "name", by, "count", "expected", "gap"], output_format)


@strategy.command()
@click.option("--area", help="One priority area (A1, e3).")
@_language
@_format
@click.pass_obj
def trend(home: Path, area: str | None, language: str, output_format: str) -> None:
    """Follow the priority areas year by year: projects, facilities and euro."""
    snapshot = _analysis(home).snapshot
    slugs = [slug_of(iri) for iri in snapshot.areas]
    if area is not None and area.lower() not in slugs:
        raise click.UsageError(f"There is no area {area!r}; there are {', '.join(slugs).upper()}.")
    found = years.trend(snapshot)

    def is_wanted(iri: str) -> bool:
        return area is None or slug_of(iri) == area.lower()

    wanted = [item for item in found.years if is_wanted(item.area)]
    missing = sum(count for iri, count in found.undated.items() if is_wanted(iri))
    click.echo(f"{missing} projects and facilities have no date, and are in no year.", err=True)
    rows = [
        {
            "area": slug_of(item.area).upper(),
            "name": snapshot.areas[item.area].name(language),
            "year": item.year,
            "started": item.started,
            "running": item.running,
            "facilities": item.facilities,
            "euro": round(item.amount_eur),
        }
        for item in wanted
    ]
    columns = ["area", "name", "year", "started", "running", "facilities", "euro"]
    _write(rows, columns, output_format)


@strategy.command()
@click.argument("since")
@_by
@_language
@_format
@click.pass_obj
def changes(home: Path, since: str, by: str, language: str, output_format: str) -> None:
    """Show what changed in the matrix since another version (SINCE: the beginning of its id)."""
    analysis = _analysis(home)
    before = storage.load(VersionStore(home).get(since))
    labels = {
        **before.snapshot.places, **analysis.snapshot.places,
        **before.snapshot.kinds, **analysis.snapshot.kinds,
    }  # fmt: skip
    found = strategy_coverage.changes(before.snapshot, analysis.snapshot, by)
    click.echo(f"{len(found)} cells differ", err=True)
    rows = [
        {
            "area": slug_of(now.area).upper(),
            by: labels.get(now.column, {}).get(language, now.column or "not known"),
            **{
                f"{kind}_{when}": cell.count(kind)
                for kind in strategy_coverage.KINDS
                for when, cell in (("before", was), ("after", now))
            },
            "euro_before": round(was.amount_eur),
            "euro_after": round(now.amount_eur),
        }
        for was, now in found
    ]
    counts = [f"{k}_{when}" for k in strategy_coverage.KINDS for when in ("before", "after")]
    _write(rows, ["area", by, *counts, "euro_before", "euro_after"], output_format)


@click.command()
@click.argument("actor")
@_limit
@_language
@_format
@click.pass_obj
def suggest(home: Path, actor: str, limit: int, language: str, output_format: str) -> None:
    """Suggest whom ACTOR could meet: no tie yet, but partners or priority areas in common."""
    analysis = _analysis(home)
    place = find_actor(analysis.snapshot, actor)
    click.echo(analysis.snapshot.actors[place].name(language), err=True)
    rows = [
        {
            "actor": analysis.snapshot.actors[found.other].slug,
            "name": analysis.snapshot.actors[found.other].name(language),
            "score": found.score,
            "reasons": "; ".join(suggestions.reasons(analysis.snapshot, found)[language]),
        }
        for found in suggestions.suggest(analysis.network, place, limit)
    ]
    _write(rows, ["actor", "name", "score", "reasons"], output_format)
