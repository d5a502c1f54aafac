"""The gate: what a contribution would change, and whether that may be.

Everything here takes the time of the change: what is derived from it, which focus nodes it can
matter to, and which rules of quality. The result is that of building and validating the whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

import pyoxigraph as ox

from klustergraf.catalogue import read_header
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.inference import DERIVED, Inference, texts_of
from klustergraf.contributions.lines import Delta, lines_of
from klustergraf.contributions.ownership import DESCRIBING, findings, merged_actors
from klustergraf.contributions.patterns import ChangeQuery
from klustergraf.contributions.reading import Reading
from klustergraf.namespaces import DCT, GRAPH, KG, KGSH, RDF, SH, VOID, XSD
from klustergraf.resources import room
from klustergraf.rules import load_rules
from klustergraf.shacl import Report, Result
from klustergraf.shacl.change import Validator
from klustergraf.shacl.compiler.canonical import CanonicalFile
from klustergraf.sources.own import CATALOGUE_GRAPH, SHAPES_GRAPH

_TRIPLES: Final = ox.NamedNode(VOID + "triples")
_ISSUED: Final = ox.NamedNode(DCT + "issued")
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_INTEGER: Final = ox.NamedNode(XSD + "integer")


@dataclass(frozen=True)
class Candidate:
    """One graph as a partner would have it. ``before``: as it is now, sorted N-Triples.

    ``adds``: what was sent joins what is there, and does not take its place.
    """

    address: GraphAddress
    reading: Reading
    before: bytes
    issued: str
    adds: bool = False
    is_gone: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a contribution would do.

    ``statements``: the graph as it would be, sorted N-Triples, b"" when it would be gone; ``came``:
    the results that the change brings, ``went``: how many of each severity it takes away;
    ``merged``: known actors that it would make one.
    """

    statements: bytes
    delta: Delta
    came: Report
    went: dict[str, int]
    merged: tuple[tuple[str, str], ...] = ()


class QualityRule:
    """A query of ``queries/quality/``, which must return nothing."""

    def __init__(self, path: FilePath) -> None:
        self._header, text = read_header(path)
        self._name = path.stem
        self._query = ChangeQuery(text)

    def findings(self, store: ox.Store, changed: Sequence[ox.Triple]) -> Iterator[Result]:
        """Tell what does not hold where something changed."""
        texts: dict[str, list[tuple[str, str, str]]] = {}
        for triple in changed:
            texts.setdefault(str(triple.predicate), []).append(texts_of(triple))
        names = self._query.projected
        for alternative in self._query.alternatives:
            bound = alternative.touched(store, texts)
            if bound is None:
                bound = [()]
            for row in alternative.solutions(store, names, bound) if bound else ():
                terms = [row[name] for name in names if name in row]
                said = ", ".join(str(term) for term in terms[1:])
                yield Result(
                    focus_node=terms[0],
                    result_path=None,
                    value=None,
                    source_shape=ox.NamedNode(f"{KGSH}quality-{self._name}"),
                    constraint_component=SH + "SPARQLConstraintComponent",
                    severity=SH + "Violation",
                    messages={
                        language: f"{self._header['title'][language]}. "
                        f"{self._header['description'][language]} {said}".strip()
                        for language in ("sv", "en")
                    },
                )


class Gate:
    """A version that is kept, so that a contribution is judged in the time of the contribution."""

    def __init__(self, dataset: FilePath) -> None:
        self.store = ox.Store()
        # In the first thread: so the judge's thread, which a fork begins, has memory of its own.
        # The terms in the file were looked at when it was written.
        self.store.bulk_load(path=dataset, lenient=True)
        # As they are written: the store keeps numbers by value.
        self._validator = Validator(CanonicalFile(dataset, SHAPES_GRAPH))
        rules = load_rules()
        self._inference = Inference(self.store, rules)
        self._derived = {rule.graph.value for rule in rules}
        self._quality = [
            QualityRule(path) for path in sorted((room("queries") / "quality").glob("*.rq"))
        ]

    def apply(self, delta: Delta) -> None:
        """Change the version that is kept to the one that was accepted."""
        added, removed = delta.quads()
        for quad in removed:
            self.store.remove(quad)
        self.store.extend(added)
        self._validator.apply(added, removed)

    def judge(self, candidate: Candidate) -> Verdict:
        """Say what a contribution would do. The gate is used up: ask a fork of it.

        Errors: FullBuildNeeded.
        """
        address = candidate.address
        own = list(candidate.reading.problems)
        own = own or list(findings(self.store, address, candidate.reading.triples))
        if own:
            return Verdict(b"", Delta(), Report.of(own), {})
        statements = self._statements(candidate)
        before = quads_of(candidate.before, address)
        after = quads_of(statements, address)
        added = sorted(set(after) - set(before), key=str)
        removed = sorted(set(before) - set(after), key=str)
        if not added and not removed:
            return Verdict(statements, Delta(), Report.of(()), {})
        come, go = self._inference.change(added, removed)
        self.store.extend(after)  # what went in another spelling of the same value is there still
        counts = self._counts(added, removed, come, go)
        catalogue = self._catalogue(counts)
        all_added = [*added, *come, *catalogue[0]]
        all_removed = [*removed, *go, *catalogue[1]]
        change = self._validator.validate_change(all_added, all_removed)
        changed = list({quad.triple: None for quad in (*all_added, *all_removed)})
        quality = [r for rule in self._quality for r in rule.findings(self.store, changed)]
        came = Report.of([*change.came.results, *_each_once(quality)])
        merged = merged_actors(self.store, [quad.triple for quad in added])
        delta = Delta.of(lines_of(all_added), lines_of(all_removed))
        return Verdict(statements, delta, came, dict(change.went.counts), tuple(merged))

    def _statements(self, candidate: Candidate) -> bytes:
        """Give the graph as it would be, with its description."""
        if candidate.is_gone:
            return b""
        graph = ox.NamedNode(candidate.address.iri)
        sent = set(candidate.reading.triples)
        before = [quad.triple for quad in ox.parse(candidate.before, format=ox.RdfFormat.N_TRIPLES)]
        if candidate.adds:
            kept = {t for t in before if t.subject != graph}
            told = {t for t in before if t.subject == graph and t.predicate.value in DESCRIBING}
            again = {t.predicate for t in sent if t.subject == graph}
            sent |= kept | {t for t in told if t.predicate not in again}
        whole = sent | set(_description(candidate.address, sent, candidate.issued))
        dates = {t for t in whole | set(before) if t.subject == graph and t.predicate == _ISSUED}
        if whole - dates == set(before) - dates:
            return candidate.before  # the same as it is: it stays, with its date
        written = ox.serialize(whole, format=ox.RdfFormat.N_TRIPLES) or b""
        return b"".join(sorted(set(written.splitlines(keepends=True))))

    def _counts(
        self,
        added: Iterable[ox.Quad],
        removed: Iterable[ox.Quad],
        come: Iterable[ox.Quad],
        go: Iterable[ox.Quad],
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        for quads, sign in ((added, 1), (come, 1), (removed, -1), (go, -1)):
            for quad in quads:
                if isinstance(quad.graph_name, ox.NamedNode):
                    counts[quad.graph_name.value] += sign
        return counts

    def _catalogue(self, counts: Counter[str]) -> tuple[list[ox.Quad], list[ox.Quad]]:
        """Change numbers of statements and dates of derived graphs, as a build does."""
        come: list[ox.Quad] = []
        go: list[ox.Quad] = []
        for graph, more in counts.items():
            if not graph.startswith(GRAPH) or graph == CATALOGUE_GRAPH.value or not more:
                continue
            node = ox.NamedNode(graph)
            told = list(self.store.quads_for_pattern(node, _TRIPLES, None, CATALOGUE_GRAPH))
            number = sum(int(str(getattr(quad.object, "value", 0))) for quad in told) + more
            go += told
            if number or graph in self._derived:
                value = ox.Literal(str(number), datatype=_INTEGER)
                come.append(ox.Quad(node, _TRIPLES, value, CATALOGUE_GRAPH))
        dated = list(self.store.quads_for_pattern(None, _ISSUED, None, CATALOGUE_GRAPH))
        derived = [q for q in dated if str(q.subject).startswith(f"<{DERIVED}")]
        days = [str(getattr(q.object, "value", "")) for q in dated if q not in set(derived)]
        newest = ox.Literal(max(days, default="1970-01-01"), datatype=ox.NamedNode(XSD + "date"))
        for quad in derived:
            if quad.object != newest:
                go.append(quad)
                come.append(ox.Quad(quad.subject, _ISSUED, newest, CATALOGUE_GRAPH))
        for quad in go:
            self.store.remove(quad)
        self.store.extend(come)
        return come, go


def quads_of(statements: bytes, address: GraphAddress) -> list[ox.Quad]:
    """Give the statements of a graph as they stand in a dataset: its description is catalogued."""
    graph = ox.NamedNode(address.iri)
    return [
        ox.Quad(
            quad.subject,
            quad.predicate,
            quad.object,
            CATALOGUE_GRAPH if quad.subject == graph else graph,
        )
        for quad in ox.parse(statements, format=ox.RdfFormat.N_TRIPLES)
    ]


def _description(address: GraphAddress, sent: set[ox.Triple], issued: str) -> Iterator[ox.Triple]:
    """Describe a graph, but for what the contribution tells itself."""
    graph = ox.NamedNode(address.iri)
    told = {triple.predicate.value for triple in sent if triple.subject == graph}
    yield ox.Triple(graph, ox.NamedNode(RDF + "type"), ox.NamedNode(KG + "NamedGraph"))
    yield ox.Triple(graph, ox.NamedNode(KG + "hasGraphKind"), ox.NamedNode(KG + "statedGraph"))
    day = ox.Literal(issued, datatype=ox.NamedNode(XSD + "date"))
    yield ox.Triple(graph, _ISSUED, day)
    if DCT + "title" not in told:
        title = ox.NamedNode(DCT + "title")
        yield ox.Triple(graph, title, ox.Literal(f"Bidrag från {address.path}", language="sv"))
        yield ox.Triple(graph, title, ox.Literal(f"Contribution of {address.path}", language="en"))
    if DCT + "license" not in told:
        yield ox.Triple(graph, ox.NamedNode(DCT + "license"), ox.NamedNode(_LICENCE))
    if DCT + "source" not in told:
        yield ox.Triple(graph, ox.NamedNode(DCT + "source"), graph)


def _each_once(results: Iterable[Result]) -> Iterable[Result]:
    """Leave out what was found from two sides."""
    return {(str(r.focus_node), str(r.source_shape), r.message("en")): r for r in results}.values()
