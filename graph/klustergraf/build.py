"""Build a version: sources → rules → shapes → version.

Same inputs give the same version id, byte for byte: files are read in a fixed order, rules do not
depend on theirs, and the dataset is written in canonical form.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from klustergraf import __version__
from klustergraf.catalogue import read_header
from klustergraf.errors import ShapeViolations, VersionNotFound
from klustergraf.inputs import inputs_digest
from klustergraf.namespaces import DCT, GRAPH, VOID, XSD
from klustergraf.resources import room
from klustergraf.rules import Rule, derive, describe, load_rules
from klustergraf.shacl import Report, validate
from klustergraf.sources.own import CATALOGUE_GRAPH, SHAPES_GRAPH, SourceFile, source_files
from klustergraf.version import (
    Manifest,
    SourceRecord,
    Version,
    VersionStore,
    serialise_dataset,
)

Progress = Callable[[str, str], None]
"""Called with the name of a step that begins, and what it works on."""


@dataclass(frozen=True)
class BuildResult:
    """A version, and the report that let it pass; no report when the version was there before."""

    version: Version
    report: Report | None = None


def _silent(step: str, detail: str) -> None:
    """Show nothing."""


def build(
    home: Path,
    progress: Progress = _silent,
    files: list[SourceFile] | None = None,
    *,
    force: bool = False,
) -> BuildResult:
    """Build the shipped graph into a version under ``home`` and make it the current one.

    When a version of the same inputs is there it is taken, unless ``force``.

    Errors: GraphParseError for a file that is not RDF; ShapeViolations, with the report, when a
    shape of severity Violation or a quality query does not hold (nothing is stored then).
    """
    files = source_files() if files is None else files
    store_of_versions = VersionStore(home)
    inputs = inputs_digest(files)
    there = None if force else store_of_versions.built_from(inputs)
    if there is not None:
        return BuildResult(there)
    # The store is for rules and queries only: it keeps numbers by value (xsd:nonNegativeInteger
    # becomes xsd:integer). What is validated and written is the statements as they were read.
    quads: set[Quad] = set()
    for file in files:
        progress("sources", file.name)
        quads.update(file.quads())
    store = Store()
    store.extend(quads)
    rules = load_rules()
    progress("rules", f"{len(rules)} rules")
    derived = derive(store, rules)
    for rule in rules:
        quads.update(Quad(t.subject, t.predicate, t.object, rule.graph) for t in derived[rule.name])
    quads.update(_catalogue(quads, rules))
    store.extend(quads)

    progress("shapes", "SHACL")
    report = validate(quad for quad in quads if quad.graph_name != SHAPES_GRAPH)
    findings = _quality_findings(store)
    if not report.conforms or findings:
        raise _refusal(report, findings)

    progress("version", "canonical N-Quads")
    dataset = serialise_dataset(quads)
    triples = Counter(_graph_iri(quad) for quad in quads)
    manifest = Manifest(
        id=sha256(dataset).hexdigest(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=f"klustergraf {__version__}",
        sources=tuple(SourceRecord(f.graph.value, f.name, f.sha256) for f in files),
        triples=dict(sorted(triples.items())),
        validation=report.counts,
    )
    version = store_of_versions.add(dataset, manifest, report.turtle().encode())
    store_of_versions.note_inputs(inputs, version)
    return BuildResult(version, report)


def ensure_version(
    home: Path, progress: Progress = _silent, files: list[SourceFile] | None = None
) -> Version:
    """Return the current version; build the shipped graph, or the files, when there is none yet.

    Errors: as :func:`build`.
    """
    try:
        return VersionStore(home).current()
    except VersionNotFound:
        return build(home, progress, files).version


def _graph_iri(quad: Quad) -> str:
    return quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""


def _catalogue(quads: Iterable[Quad], rules: Iterable[Rule]) -> list[Quad]:
    """Describe the rules and their graphs, and count the statements of every graph but this one."""
    triples: Counter[str] = Counter()
    dates = []
    for quad in quads:
        triples[_graph_iri(quad)] += 1
        if quad.graph_name == CATALOGUE_GRAPH and quad.predicate == _ISSUED:
            dates.append(str(getattr(quad.object, "value", "")))
    # A derived graph is as new as the newest of what it rests on.
    issued = Literal(max(dates, default="1970-01-01"), datatype=NamedNode(XSD + "date"))
    statements = [
        Quad(*statement, CATALOGUE_GRAPH) for rule in rules for statement in describe(rule, issued)
    ]
    counted = {rule.graph.value: 0 for rule in rules} | triples
    return statements + [
        Quad(
            NamedNode(graph),
            NamedNode(VOID + "triples"),
            Literal(str(count), datatype=NamedNode(XSD + "integer")),
            CATALOGUE_GRAPH,
        )
        for graph, count in counted.items()
        if graph.startswith(GRAPH) and graph != CATALOGUE_GRAPH.value
    ]


_ISSUED = NamedNode(DCT + "issued")


@dataclass(frozen=True)
class _Finding:
    rule: str
    row: str


def _quality_findings(store: Store) -> list[_Finding]:
    """Run the queries of ``queries/quality/``, each of which must return nothing."""
    findings = []
    for path in sorted((room("queries") / "quality").glob("*.rq")):
        header, text = read_header(path)
        rows = store.query(text, use_default_graph_as_union=True)
        if isinstance(rows, QuerySolutions):
            names = [variable.value for variable in rows.variables]
            for row in rows:
                said = ", ".join(f"{n} {row[n]}" for n in names if row[n] is not None)
                findings.append(_Finding(header["title"]["en"], said))
    return sorted(findings, key=lambda finding: (finding.rule, finding.row))


def _refusal(report: Report, findings: list[_Finding]) -> ShapeViolations:
    lines = [f"{finding.rule}\n    {finding.row}" for finding in findings]
    text = "\n".join([report.text("en"), *lines]) if lines else report.text("en")
    return ShapeViolations(report.counts["violation"] + len(findings), text, report.turtle())
