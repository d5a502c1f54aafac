"""``klustergraf build``: make a version of the shipped graph."""

import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from klustergraf.build import BuildResult
from klustergraf.build import build as build_version
from klustergraf.cli.progress import shown
from klustergraf.contributions.replay import contributed_files
from klustergraf.derivations import derive_all
from klustergraf.errors import ShapeViolations
from klustergraf.namespaces import GRAPH
from klustergraf.sources.own import files_with
from klustergraf.version import REPORT


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Put the version into this folder of versions instead of the home folder.",
)
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the SHACL report (Turtle) when the build is refused.",
)
@click.option(
    "--with",
    "added",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file, or a folder of files, that `klustergraf import` wrote, to build in as well.",
)
@click.option("--force", is_flag=True, help="Build even when nothing changed since a version.")
@click.pass_obj
def build(
    home: Path, out: Path | None, report_path: Path | None, added: tuple[Path, ...], *, force: bool
) -> None:
    """Build the graph: sources, rules, shapes, version.

    A file of --with takes the place of the shipped one that describes the same named graph. What
    partners contributed is built in as well. When a version of the same files, rules and software
    is there already, it is taken as it is.

    Exit status: 1 when a shape of severity Violation does not hold; no version is made then, the
    current one stays, and the SHACL report is written to a file.
    """
    console = Console(stderr=True)
    target = out or home
    began = time.monotonic()
    try:
        with shown(console) as progress:
            files = files_with(added) + contributed_files(home)
            result = build_version(target, progress, files, force=force)
            progress("derivations", "what is kept with the version")
            derive_all(result.version)
    except ShapeViolations as exc:
        report_path = report_path or target / f"refused-{REPORT}"
        report_path.parent.mkdir(parents=True, exist_ok=True)
        report_path.write_text(exc.report_turtle, encoding="utf-8")
        click.echo(exc.report_text, err=True)
        click.echo(f"No version was made. SHACL report: {report_path}", err=True)
        raise click.exceptions.Exit(1) from exc
    console.print(_summary(result))
    for remark in _remarks(result):
        console.print(escape(remark), highlight=False, soft_wrap=True)
    done = "built" if result.report else "nothing changed"
    console.print(
        f"{done}, {time.monotonic() - began:.1f} s, in {result.version.path}",
        highlight=False,
        soft_wrap=True,
    )
    click.echo(result.version.id)


def _remarks(result: BuildResult) -> Iterator[str]:
    """Tell each thing that should hold and does not, once, with how often and an example."""
    if result.report is None:
        return
    remarks: dict[str, list[str]] = {}
    for found in result.report.results:
        remarks.setdefault(f"{found.severity_name}: {found.message('en')}", []).append(
            found.label("en") or str(found.focus_node)
        )
    for remark, names in remarks.items():
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{remark} ({names[0]}{others})"
    if remarks:
        yield f"SHACL report: {result.version.report_path}"


def _summary(result: BuildResult) -> Table:
    manifest = result.version.manifest
    table = Table(title=f"Version {manifest.id[:12]}", title_justify="left")
    table.add_column("Graph")
    table.add_column("Statements", justify="right")
    for graph, count in manifest.triples.items():
        table.add_row(graph.removeprefix(GRAPH), f"{count:,}".replace(",", " "))
    total = sum(manifest.triples.values())
    table.add_section()
    table.add_row("all graphs", f"{total:,}".replace(",", " "))
    counts = manifest.validation
    table.caption = ", ".join(f"{counts[name]} {name}s" for name in ("violation", "warning"))
    table.caption_justify = "left"
    return table
