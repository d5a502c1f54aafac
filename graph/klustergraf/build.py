"""Build a version: sources → rules → shapes → version.

Same inputs give the same version id, byte for byte: files are read in a fixed order, rules do not
depend on theirs, and the dataset is written in canonical form.

Statements are lines of N-Triples all the way, as the store writes them, and no Python object each;
only those with blank nodes are objects. What needs a store is asked of two: one with the merge of
all graphs in its default graph, and one of those statements of the named graphs that the quality
queries ask for. Where there is a second processor, it loads while this one reads, and then judges
a part of the shapes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from klustergraf import __version__
from klustergraf.aside import Aside, Turns
from klustergraf.catalogue import read_header
from klustergraf.engine.tokens import tokens
from klustergraf.errors import ShapeViolations, VersionNotFound
from klustergraf.examples import QUERIES_GRAPH, example_lines
from klustergraf.fixpoint import derive
from klustergraf.gathering import Merge, Statements, lines_of
from klustergraf.inputs import inputs_digest
from klustergraf.memory import give_back
from klustergraf.namespaces import DCT, GRAPH, VOID, XSD
from klustergraf.resources import room
from klustergraf.rules import Pattern, Rule, describe, load_rules, patterns_of
from klustergraf.shacl import Report, validate
from klustergraf.shacl.compiler.dataset import Dataset
from klustergraf.shacl.compiler.literals import stored
from klustergraf.sources.own import (
    CATALOGUE_GRAPH,
    SHAPES_GRAPH,
    SourceFile,
    source_files,
)
from klustergraf.version import (
    Manifest,
    SourceRecord,
    Version,
    VersionStore,
    version_id,
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
    stated = Statements()
    with Merge() as merge:
        for file in files:
            progress("sources", file.name)
            merge.load(stated.read(file))
        examples = example_lines()
        stated.add(QUERIES_GRAPH, examples)
        merge.load(b"".join(examples))
    merged = merge.store
    merged.extend(Quad(q.subject, q.predicate, q.object) for q in stated.with_blank_nodes)
    rules = load_rules()
    progress("rules", f"{len(rules)} rules")
    derived = derive(merged, rules, stated.asserted())
    for rule in rules:
        stated.add(rule.graph, derived.pop(rule.name))
    catalogue = _catalogue(stated, rules)
    stated.add(CATALOGUE_GRAPH, catalogue)
    merged.load(b"".join(catalogue), format=RdfFormat.N_TRIPLES)

    progress("shapes", "SHACL and the rules of quality")
    is_large = stated.count() >= _LARGE
    named = stated.named(_asked_of_named_graphs(), merged)
    apart, turns = _Apart.of(stated), Turns()

    def judged_aside() -> tuple[list[_Finding], Report]:
        findings = _quality_findings(merged, named)
        return findings, validate(apart.taken_from(merged), share=turns)

    with Aside(judged_aside, is_wanted=is_large) as aside:
        if aside.is_beside:
            report = validate(apart.taken_from(merged), share=turns)
        findings, others = aside.result()
    report = report.joined(others) if aside.is_beside else others
    # The dataset is next to fill the memory. What is made by now holds no part of the store.
    merge.store = merged = named = Store()
    give_back()
    triples = stated.triples()
    dataset = stated.dataset()
    if not report.conforms or findings:
        raise _refusal(report, findings)

    progress("version", "canonical N-Quads")
    manifest = Manifest(
        id=version_id(dataset),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=f"klustergraf {__version__}",
        sources=tuple(SourceRecord(f.graph.value, f.name, f.sha256) for f in files),
        triples=triples,
        validation=report.counts,
    )
    version = store_of_versions.add(dataset, manifest, report.turtle().encode())
    store_of_versions.note_inputs(inputs, version)
    del dataset
    give_back()  # others work on the version next, or serve it
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


_LARGE: Final = 100_000
"""From how many statements on a second process pays."""


@dataclass(frozen=True)
class _Apart:
    """What is done to the merge before shapes are applied to it: all but themselves, as read.

    The store keeps numbers by value (xsd:nonNegativeInteger becomes xsd:integer); those that it
    spells anew are put in as SHACL needs them.
    """

    only_in_shapes: list[Quad]
    respelt: list[Quad]

    @classmethod
    def of(cls, stated: Statements) -> Self:
        """Look through all statements, before a process forks: to look at one copies its page."""
        others = [lines for graph, lines in stated.ground.items() if graph != SHAPES_GRAPH]
        shapes = stated.ground.get(SHAPES_GRAPH, {})
        only_there = [line for line in shapes if not any(line in lines for lines in others)]
        removed = list(parse(b"".join(only_there), format=RdfFormat.N_TRIPLES))
        blank = {quad.triple for quad in stated.with_blank_nodes if quad.graph_name != SHAPES_GRAPH}
        removed += [
            Quad(quad.subject, quad.predicate, quad.object)
            for quad in stated.with_blank_nodes
            if quad.triple not in blank
        ]
        respelt = list(parse(b"".join(_respelt(others)), format=RdfFormat.N_TRIPLES))
        return cls(removed, respelt)

    def taken_from(self, merged: Store) -> Dataset:
        """Make of the merge what the shapes are applied to."""
        for quad in (*self.only_in_shapes, *self.respelt):
            merged.remove(quad)
        data = Dataset(merged)
        data.add(self.respelt)
        return data


def _respelt(graphs: Iterable[Iterable[bytes]]) -> list[bytes]:
    """Find the statements with literals that the store spells anew, and those beside them."""
    is_changed: dict[bytes, bool] = {}
    typed: dict[bytes, list[bytes]] = {}
    changed = set[bytes]()
    for lines in graphs:
        for line in lines:
            if _TYPED not in line:
                continue
            start = line.index(b'"')
            beginning, literal = line[:start], line[start:-3]
            typed.setdefault(beginning, []).append(line)
            if literal not in is_changed:
                is_changed[literal] = _is_spelled_anew(literal)
            if is_changed[literal]:
                changed.add(beginning)
    return [line for beginning in changed for line in typed[beginning]]


def _is_spelled_anew(literal: bytes) -> bool:
    quad = next(parse(b"<urn:a> <urn:a> " + literal + b" .", format=RdfFormat.N_TRIPLES))
    return isinstance(quad.object, Literal) and stored(quad.object) != quad.object


_TYPED: Final = b'"^^<' + XSD.encode()


def _catalogue(stated: Statements, rules: Iterable[Rule]) -> list[bytes]:
    """Describe the rules and their graphs, and count the statements of every graph but this one."""
    described = b"".join(stated.ground.get(CATALOGUE_GRAPH, ()))
    dates = [found[1].decode() for found in _ISSUED.finditer(described)]
    # A derived graph is as new as the newest of what it rests on.
    issued = Literal(max(dates, default="1970-01-01"), datatype=NamedNode(XSD + "date"))
    statements = [
        Quad(*statement, CATALOGUE_GRAPH) for rule in rules for statement in describe(rule, issued)
    ]
    counted = {rule.graph.value: 0 for rule in rules} | stated.triples()
    statements += [
        Quad(
            NamedNode(graph),
            NamedNode(VOID + "triples"),
            Literal(str(count), datatype=NamedNode(XSD + "integer")),
            CATALOGUE_GRAPH,
        )
        for graph, count in counted.items()
        if graph.startswith(GRAPH) and graph != CATALOGUE_GRAPH.value
    ]
    return lines_of(statements)


_ISSUED: Final = re.compile(rb"> <" + re.escape(DCT.encode()) + rb'issued> "([^"]*)"')


@dataclass(frozen=True)
class _Finding:
    rule: str
    row: str


def _quality_findings(merged: Store, named: Store) -> list[_Finding]:
    """Run the queries of ``queries/quality/``, each of which must return nothing.

    Those that ask in which graph something stands are asked of the named graphs.
    """
    findings = []
    for title, text in _quality_queries():
        if _asks_for_graphs(text):
            rows = named.query(text, use_default_graph_as_union=True)
        else:
            rows = merged.query(text)
        if isinstance(rows, QuerySolutions):
            names = [variable.value for variable in rows.variables]
            for row in rows:
                said = ", ".join(f"{n} {row[n]}" for n in names if row[n] is not None)
                findings.append(_Finding(title, said))
    return sorted(findings, key=lambda finding: (finding.rule, finding.row))


def _quality_queries() -> list[tuple[str, str]]:
    read = [read_header(path) for path in sorted((room("queries") / "quality").glob("*.rq"))]
    return [(header["title"]["en"], text) for header, text in read]


def _asks_for_graphs(text: str) -> bool:
    return any(token.keyword == "GRAPH" for token in tokens(text))


def _asked_of_named_graphs() -> frozenset[Pattern] | None:
    """Tell which statements the quality queries ask named graphs for; None: they may be any."""
    asked = set[Pattern]()
    for _, text in _quality_queries():
        if _asks_for_graphs(text):
            patterns = patterns_of(text)
            if patterns is None:
                return None
            asked |= patterns
    return frozenset(asked)


def _refusal(report: Report, findings: list[_Finding]) -> ShapeViolations:
    lines = [f"{finding.rule}\n    {finding.row}" for finding in findings]
    # Remarks stop nothing, and may be many: the report as RDF has them.
    stopping = Report.of(r for r in report.results if r.severity_name == "violation").text("en")
    text = "\n".join([stopping, *lines]) if lines else stopping
    return ShapeViolations(report.counts["violation"] + len(findings), text, report.turtle())
