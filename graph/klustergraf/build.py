"""Build a version: sources → rules → shapes → version.

Same inputs give the same version id, byte for byte: files are read in a fixed order, rules do not
depend on theirs, and the dataset is written in canonical form.

Statements are lines of N-Triples all the way, as the store writes them, and no Python object each;
only those with blank nodes are objects. What needs a store is asked of two: one with the merge of
all graphs in its default graph, and one of those statements of the named graphs that the quality
queries ask for. Where there is a second processor, it judges most of the shapes meanwhile.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse, serialize

from klustergraf import __version__
from klustergraf.aside import Aside
from klustergraf.catalogue import read_header
from klustergraf.engine.tokens import tokens
from klustergraf.errors import ShapeViolations, VersionNotFound
from klustergraf.examples import QUERIES_GRAPH, example_lines
from klustergraf.fixpoint import derive
from klustergraf.inputs import inputs_digest
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
    describes_graph,
    source_files,
)
from klustergraf.version import (
    Manifest,
    SourceRecord,
    Version,
    VersionStore,
    apart,
    canonical_blank_nodes,
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
    stated = _Statements()
    for file in files:
        progress("sources", file.name)
        stated.read(file)
    stated.add(QUERIES_GRAPH, example_lines())
    merged = stated.merged()
    rules = load_rules()
    progress("rules", f"{len(rules)} rules")
    derived = derive(merged, rules, stated.asserted())
    for rule in rules:
        stated.add(rule.graph, derived.pop(rule.name))
    catalogue = _catalogue(stated, rules)
    stated.add(CATALOGUE_GRAPH, catalogue)
    merged.load(b"".join(catalogue), format=RdfFormat.N_TRIPLES)

    progress("shapes", "SHACL and the rules of quality")
    named = stated.named(_asked_of_named_graphs())
    findings = _quality_findings(merged, named)
    data = _without_shapes(merged, stated)
    is_large = stated.count() >= _LARGE
    with Aside(lambda: validate(data, share=((0,), 2)), is_wanted=is_large) as others:
        report = validate(data, share=((1,), 2))
        merged, named, data = Store(), Store(), Dataset()  # the dataset is next to fill the memory
        triples = stated.triples()
        dataset = stated.dataset()
        report = report.joined(others.result())
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


@dataclass
class _Statements:
    """The statements of a version: per named graph, lines of canonical N-Triples, none twice.

    Those with blank nodes are kept as they are, since their labels follow from all of them.
    """

    ground: dict[NamedNode, dict[bytes, None]] = field(default_factory=dict)
    with_blank_nodes: dict[Quad, None] = field(default_factory=dict)

    def read(self, file: SourceFile) -> None:
        """Take in a file. Errors: GraphParseError."""
        written = file.lines()
        if written is None:
            ground, blank = apart(file.quads())
            self.with_blank_nodes |= dict.fromkeys(blank)
            for graph in dict.fromkeys(quad.graph_name for quad in ground):
                if isinstance(graph, NamedNode):
                    self.add(graph, _lines_of(q for q in ground if q.graph_name == graph))
            return
        lines = written.splitlines(keepends=True)
        about_graphs = [line for line in lines if describes_graph(line)]
        self.add(file.graph, lines)
        self.add(CATALOGUE_GRAPH, about_graphs)
        if file.graph != CATALOGUE_GRAPH:
            for line in about_graphs:
                del self.ground[file.graph][line]

    def add(self, graph: NamedNode, lines: Iterable[bytes]) -> None:
        """Take in lines of a named graph."""
        self.ground.setdefault(graph, {}).update(dict.fromkeys(lines))

    def asserted(self) -> frozenset[bytes]:
        """Give every statement as a line, in whatever graph it stands."""
        blank = _lines_of(self.with_blank_nodes)
        return frozenset(blank).union(*self.ground.values())

    def merged(self) -> Store:
        """Load a store whose default graph has every statement."""
        store = Store()
        for lines in self.ground.values():
            store.load(b"".join(lines), format=RdfFormat.N_TRIPLES)
        store.extend(Quad(q.subject, q.predicate, q.object) for q in self.with_blank_nodes)
        return store

    def named(self, asked: frozenset[Pattern] | None) -> Store:
        """Load a store of the named graphs: of each one statement, and those that are asked for.

        With None, every statement.
        """
        wanted = {(f"<{p}>".encode(), o and f"<{o}> .\n".encode()) for p, o in asked or ()}
        store = Store()
        for graph, lines in self.ground.items():
            some = list(islice(lines, 1 if asked is not None else None))
            for line in lines if asked is not None else ():
                _, predicate, value = line.split(b" ", 2)
                if (predicate, None) in wanted or (predicate, value) in wanted:
                    some.append(line)
            store.load(b"".join(some), format=RdfFormat.N_TRIPLES, to_graph=graph)
        store.extend(self.with_blank_nodes)
        return store

    def count(self) -> int:
        """Count the statements."""
        return sum(map(len, self.ground.values())) + len(self.with_blank_nodes)

    def triples(self) -> dict[str, int]:
        """Count the statements of each named graph."""
        counted = Counter({graph.value: len(lines) for graph, lines in self.ground.items()})
        counted.update(
            q.graph_name.value for q in self.with_blank_nodes if isinstance(q.graph_name, NamedNode)
        )
        return {graph: count for graph, count in sorted(counted.items()) if count}

    def dataset(self) -> list[bytes]:
        """Write all as canonical N-Quads, sorted lines in blocks; nothing is kept."""
        lines = canonical_blank_nodes(self.with_blank_nodes)
        self.with_blank_nodes.clear()
        while self.ground:
            graph, own = self.ground.popitem()
            end = f"{graph} .\n".encode()
            lines += [line[:-2] + end for line in own]
        lines.sort(reverse=True)
        blocks = []
        while lines:  # from the end, so that no line is held twice
            blocks.append(b"".join(reversed(lines[-_BLOCK:])))
            del lines[-_BLOCK:]
        return blocks


def _lines_of(quads: Iterable[Quad]) -> list[bytes]:
    triples = (quad.triple for quad in quads)
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").splitlines(keepends=True)


_BLOCK: Final = 10_000  # lines
_LARGE: Final = 100_000
"""From how many statements on a second process pays."""


def _without_shapes(merged: Store, stated: _Statements) -> Dataset:
    """Make of the merge what the shapes are applied to: all but themselves, spelled as it was read.

    The store keeps numbers by value (xsd:nonNegativeInteger becomes xsd:integer); those that it
    spells anew are put in as SHACL needs them.
    """
    others = [lines for graph, lines in stated.ground.items() if graph != SHAPES_GRAPH]
    shapes = stated.ground.get(SHAPES_GRAPH, {})
    only_there = [line for line in shapes if not any(line in lines for lines in others)]
    for quad in parse(b"".join(only_there), format=RdfFormat.N_TRIPLES):
        merged.remove(quad)
    blank = {quad.triple for quad in stated.with_blank_nodes if quad.graph_name != SHAPES_GRAPH}
    for quad in stated.with_blank_nodes:
        if quad.triple not in blank:
            merged.remove(Quad(quad.subject, quad.predicate, quad.object))
    respelt = list(parse(b"".join(_respelt(others)), format=RdfFormat.N_TRIPLES))
    for quad in respelt:
        merged.remove(quad)
    data = Dataset(merged)
    data.add(respelt)
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


def _catalogue(stated: _Statements, rules: Iterable[Rule]) -> list[bytes]:
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
    return _lines_of(statements)


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
