"""``klustergraf verify-sources``: hold every passage against the documents at hand."""

from pathlib import Path

import click

from klustergraf.evidence import PassageCheck
from klustergraf.evidence import verify_sources as verify
from klustergraf.sources.own import source_files


@click.command(name="verify-sources")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--quiet", is_flag=True, help="Show only what does not fit.")
def verify_sources(folder: Path, quiet: bool) -> None:
    """Print each passage of the source documents in DIR beside what was read from it.

    The documents are found by the SHA-256 of their text, whatever their names. Exit status: 1 when
    a document is missing or altered, or a range does not fit it.
    """
    quads = [quad for file in source_files() for quad in file.quads()]
    checks = verify(quads, folder)
    document = ""
    for check in checks:
        if quiet and not check.problem:
            continue
        if check.passage.document != document:
            document = check.passage.document
            click.secho(f"\n{check.passage.title}\n<{document}>", bold=True)
        click.echo(_written(check))
    failed = sum(1 for check in checks if check.problem)
    click.echo(f"\n{len(checks)} passages, {failed} that do not fit.")
    if failed or not checks:
        raise click.exceptions.Exit(1)


def _written(check: PassageCheck) -> str:
    passage = check.passage
    what = f"PROBLEM: {check.problem}" if check.problem else " ".join(check.text.split())
    readings = "".join(f"\n      → {reading}" for reading in passage.readings)
    return f"\n  {passage.start}–{passage.end}  {what}{readings}"
