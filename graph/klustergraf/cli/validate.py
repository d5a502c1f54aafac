"""``klustergraf validate``: check any RDF file the way the build does."""

from itertools import chain
from pathlib import Path
from typing import Literal

import click
from pyoxigraph import NamedNode

from klustergraf.rdf_files import iter_quads, read_quads
from klustergraf.resources import room
from klustergraf.shacl import Engine, EngineDisagreement, Report, catalogue_shapes
from klustergraf.shacl import validate as validate_quads

Format = Literal["text", "json", "ttl"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option(
    "--shapes",
    "shapes",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of shapes, instead of Klustergraf's own; may be given several times.",
)
@click.option(
    "--catalogue",
    "is_catalogue",
    is_flag=True,
    help="Check a catalogue of datasets, by Klustergraf's shapes of DCAT-AP-SE.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "ttl"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["sv", "en"]),
    default="en",
    show_default=True,
    help="The language of the text report.",
)
@click.option(
    "--with-ontology/--no-ontology",
    default=None,
    help="Let Klustergraf's ontology join the data, so that a class includes its subclasses: the "
    "default with Klustergraf's own shapes.",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "pyshacl", "both"]),
    default="compiled",
    show_default=True,
    help="What validates: SPARQL made from the shapes, pySHACL, or both, which must agree.",
)
@click.option(
    "--focus",
    "focus_nodes",
    multiple=True,
    metavar="IRI",
    help="Look at this node only; may be given several times.",
)
@click.option("--limit", type=click.IntRange(min=0), help="Show this many results, count all.")
@click.option(
    "--deadline",
    "deadline_seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop after so many seconds, and name the shape that was running.",
)
@click.option(
    "--vocabulary",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Refuse shapes that name a class or property that these files do not declare, or that "
    "can never find anything; may be given several times.",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Leave property shapes without sh:path out, and name each, instead of refusing the file.",
)
def validate(
    files: tuple[Path, ...],
    shapes: tuple[Path, ...],
    is_catalogue: bool,
    output_format: Format,
    language: Literal["sv", "en"],
    with_ontology: bool | None,
    engine: Engine,
    focus_nodes: tuple[str, ...],
    limit: int | None,
    deadline_seconds: float | None,
    vocabulary: tuple[Path, ...],
    lenient: bool,
) -> None:
    """Check RDF files against the shapes and report what does not hold.

    Reads .ttl, .nt, .nq, .trig, .jsonld, .rdf and .xml. Exit status: 0 when everything that must
    hold holds (warnings are shown), 1 when something does not, 2 when a file cannot be read,
    3 when two engines do not agree.
    """
    if is_catalogue:
        shapes = (*shapes, catalogue_shapes())
    is_joined = with_ontology or (with_ontology is None and not shapes)
    ontology = sorted(room("ontology").glob("*.ttl")) if is_joined else []
    try:
        report = validate_quads(
            chain(
                chain.from_iterable(iter_quads(file, base_iri=_base(file)) for file in files),
                chain.from_iterable(map(iter_quads, ontology)),
            ),
            list(shapes) or None,
            engine=engine,
            focus_nodes=[NamedNode(iri) for iri in focus_nodes] or None,
            limit=limit,
            deadline_seconds=deadline_seconds,
            vocabulary=[q for file in vocabulary for q in read_quads(file)] or None,
            lenient=lenient,
        )
    except EngineDisagreement as exc:
        click.echo(str(exc), err=True)
        raise click.exceptions.Exit(3) from exc
    except ValueError as exc:
        raise click.BadParameter(f"{exc}", param_hint="--focus") from exc
    for line in report.log:
        click.echo(line, err=True)
    click.echo(_written(report, output_format, language), nl=False)
    if not report.conforms:
        raise click.exceptions.Exit(1)


def _base(file: Path) -> str:
    """Give the IRI of a file, which relative IRIs in it start from."""
    return file.resolve().as_uri()


def _written(report: Report, output_format: Format, language: Literal["sv", "en"]) -> str:
    if output_format == "json":
        return report.json()
    if output_format == "ttl":
        return report.turtle()
    return report.text(language)
