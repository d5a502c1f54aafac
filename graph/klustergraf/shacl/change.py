"""Validate a change: what it breaks and what it repairs, without asking about everything else."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import pyoxigraph as ox

from klustergraf.shacl import with_pyshacl
from klustergraf.shacl.compiler.dataset import Dataset, noted
from klustergraf.shacl.compiler.model import Shape
from klustergraf.shacl.compiler.reach import Look, is_about_classes, looks
from klustergraf.shacl.compiler.run import run
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Report, Result, Term
from klustergraf.shacl.shapes import load_shapes
from klustergraf.shacl.validation import left_out


@dataclass(frozen=True)
class Change:
    """What a change does to the report: results that come, and results that go."""

    came: Report
    went: Report


class Validator:
    """A data graph that is kept, so that a change of it is validated in the time of the change."""

    def __init__(self, quads: Iterable[ox.Quad], shapes: Sequence[FilePath] | None = None) -> None:
        self._loaded = load_shapes(shapes)
        self._data = Dataset(quads)
        self._looks = {
            shape.node: looks(self._loaded.shapes, shape) for shape in self._loaded.shapes.targeted
        }

    def report(self) -> Report:
        """Validate everything that there is."""
        return Report.of(self._results(None))

    def change(self, added: Iterable[ox.Quad] = (), removed: Iterable[ox.Quad] = ()) -> Change:
        """Add and remove statements, and say which results came and went.

        It is about the data graph, which is the union of all named graphs: ``removed`` are
        statements that are in no graph any longer. Those that are there already, or were not,
        change nothing.
        """
        new = [quad for quad in dict.fromkeys(added) if not self._data.has(quad)]
        gone = [quad for quad in dict.fromkeys(removed) if self._data.has(quad)]
        new = [quad for quad in new if quad not in gone]
        self._data.add(new)
        focus = self._affected([*new, *gone])
        self._data.remove(new)
        before = Counter(map(_frozen, results := self._results(focus)))
        known = {_frozen(result): result for result in results}
        self._data.add(new)
        self._data.remove(gone)
        after = Counter(map(_frozen, results := self._results(focus)))
        known |= {_frozen(result): result for result in results}
        return Change(
            came=Report.of(known[key] for key in (after - before).elements()),
            went=Report.of(known[key] for key in (before - after).elements()),
        )

    def _results(self, focus: dict[Term, set[Term]] | None) -> list[Result]:
        loaded, data = self._loaded, self._data
        ours: list[Shape] = []
        left: list[Shape] = []
        for shape in loaded.shapes.targeted:
            if focus is None or focus.get(shape.node) != set():
                (left if left_out(loaded, shape, data) else ours).append(shape)
        whole = [s for s in ours if focus is None or s.node not in focus]
        results = list(run(loaded.shapes, loaded.graph, data, whole, source=loaded.source))
        if focus is not None:
            parts = [shape for shape in ours if shape.node in focus]
            results += run(loaded.shapes, loaded.graph, data, parts, focus, source=loaded.source)
        if left:
            results += with_pyshacl.results(list(data.quads()), loaded.only(left))
        return results

    def _affected(self, changed: list[ox.Quad]) -> dict[Term, set[Term]] | None:
        """List the focus nodes that a change may matter to, by shape; None for all.

        A shape that is missing has to be validated anew as a whole.
        """
        if any(map(is_about_classes, changed)):
            return None
        by_predicate: dict[str, list[ox.Quad]] = defaultdict(list)
        for quad in changed:
            by_predicate[quad.predicate.value].append(quad)
        reached: dict[Look, set[Term]] = {}
        found: dict[Term, set[Term]] = {}
        for node, wanted in self._looks.items():
            if wanted is None:
                continue
            found[node] = set()
            for look in wanted:
                if look not in reached:
                    quads = by_predicate.get(look.predicate, []) if look.predicate else changed
                    ends = {q.subject if look.end == "subject" else q.object for q in quads}
                    reached[look] = self._walked(look.way, ends)
                found[node] |= reached[look]
        return found

    def _walked(
        self, way: Path | None, ends: set[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]
    ) -> set[Term]:
        terms = {self._data.term(end) for end in ends if not isinstance(end, ox.Triple)}
        if way is None or not terms:
            return terms
        mark = "urn:klustergraf:ends"
        self._data.note(mark, terms)
        text = f"SELECT DISTINCT ?f {{ {noted(mark, '?e')} LATERAL {{ ?f {way.sparql()} ?e }} }}"
        rows = self._data.store.query(text)
        nodes = {row["f"] for row in rows} if isinstance(rows, ox.QuerySolutions) else set()
        self._data.forget()
        return {node for node in nodes if node is not None}


def _frozen(result: Result) -> tuple[object, ...]:
    path = result.result_path.turtle() if result.result_path else ""
    return (
        str(result.focus_node), path, str(result.value), str(result.source_shape),
        result.constraint_component, result.severity, tuple(sorted(result.messages.items())),
    )  # fmt: skip
