"""Run the plans of shapes and turn their rows into results."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import DCT, RDFS, SKOS
from klustergraf.shacl.compiler.context import FUNCTIONS, Context
from klustergraf.shacl.compiler.dataset import SHAPES_GRAPH, Dataset, noted
from klustergraf.shacl.compiler.index import SH, ShapesGraph
from klustergraf.shacl.compiler.literals import as_read
from klustergraf.shacl.compiler.messages import messages
from klustergraf.shacl.compiler.model import Shape, Shapes
from klustergraf.shacl.compiler.plan import Planner, Scope, Step
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Result, Term

_LABELS = (SKOS + "prefLabel", RDFS + "label", DCT + "title")
_NO_TARGET = "its target is not a SELECT query with ?this"
Watch = Callable[[Shape], None]
"""Called with each shape before it runs."""


@dataclass(frozen=True)
class Found:
    """A result, and the node of the outermost scope that it came from."""

    root: Term
    result: Result


def run(
    shapes: Shapes,
    graph: ShapesGraph,
    data: Dataset,
    chosen: Iterable[Shape],
    focus: Mapping[Term, Iterable[Term]] | None = None,
    watch: Watch = lambda _: None,
    source: str = "the shapes",
) -> Iterator[Result]:
    """Validate a data graph against some shapes.

    ``focus`` limits shapes (by node) to some of their focus nodes.

    Errors: GraphParseError when a query of a shape cannot be carried out, naming the shape.
    """
    runner = _Runner(Context(shapes, data), source)
    if any("shapesGraph" in text.value for _, text in _queries(graph)):
        data.store.extend(ox.Quad(q.subject, q.predicate, q.object, SHAPES_GRAPH)
                          for q in graph.quads)  # fmt: skip
    try:
        for shape in chosen:
            watch(shape)
            mark = ""
            if focus is not None:
                nodes = list(focus.get(shape.node, ()))
                if not nodes:
                    continue
                mark = runner.context.mark("focus")
                data.note(mark, map(data.term, nodes))
            planner = Planner(runner.context)
            for step in planner.targeted(shape, mark):
                yield from (found.result for found in runner.results(step))
    finally:
        data.forget()
        data.store.remove_graph(SHAPES_GRAPH)


def _queries(graph: ShapesGraph) -> Iterator[tuple[Term, Term]]:
    for name in ("select", "ask"):
        yield from graph.pairs(SH + name)


class _Runner:
    def __init__(self, context: Context, source: str) -> None:
        self.context = context
        self._store = context.data.store
        self._source = source
        self._idle = set[str]()

    def results(self, step: Step) -> Iterator[Found]:
        """Carry out one step and give the results that it finds."""
        if step.within and self._idle.issuperset(step.within):
            return
        try:
            if step.kind == "fail":
                self._store.update(step.text, custom_functions=FUNCTIONS)
                if self.context.data.has_noted(step.mark):
                    self._idle.discard(step.mark)
                else:
                    self._idle.add(step.mark)
                return
            rows = self._store.query(step.text, custom_functions=FUNCTIONS)
            if step.kind == "choose":
                self._choose(step, rows)
                return
            found = [self._found(step, row) for row in self._rows(step, rows)]
        except (SyntaxError, ValueError, OSError) as exc:
            if step.kind == "choose":
                raise self._fault(step, _NO_TARGET) from exc
            raise self._fault(step, f"a query cannot be carried out ({exc})") from exc
        if step.constraint is not None and step.constraint.component == "Node" and found:
            found = self._detailed(step, found)
        yield from found

    def _fault(self, step: Step, reason: str) -> GraphParseError:
        return GraphParseError(self._source, f"shape {step.shape.name}: {reason}.")

    def _choose(self, step: Step, rows: object) -> None:
        if not isinstance(rows, ox.QuerySolutions) or ox.Variable("this") not in rows.variables:
            raise self._fault(step, _NO_TARGET)
        nodes = [row["this"] for row in rows]
        self.context.data.note(step.mark, (node for node in nodes if node is not None))

    def _rows(self, step: Step, rows: object) -> Iterator[dict[str, Term]]:
        if not isinstance(rows, ox.QuerySolutions):
            raise self._fault(step, "its query is not a SELECT query")
        names = [variable.value for variable in rows.variables]
        for row in rows:
            bound = {name: as_read(term) for name in names if (term := row[name]) is not None}
            if isinstance(failure := bound.get("failure"), ox.Literal) and failure.value == "true":
                raise self._fault(step, "its query reports a failure")
            yield bound

    def _found(self, step: Step, row: dict[str, Term]) -> Found:
        shape, constraint = step.shape, step.constraint
        if constraint is None:
            raise ValueError("a step without a constraint finds nothing")
        this, root = row[step.this[1:]], row[step.root[1:]]
        value = row.get(step.value[1:]) if step.value else None
        path = row.get(step.path[1:]) if step.path else None
        if constraint.sparql is not None and value is None and shape.path is None:
            value = this
        result = Result(
            focus_node=this,
            result_path=Path(iri=path.value) if isinstance(path, ox.NamedNode) else shape.path,
            value=value,
            source_shape=shape.node,
            constraint_component=constraint.iri,
            severity=shape.severity,
            messages=messages(shape, constraint, row),
            focus_label=self._label(this),
            source_constraint=constraint.term if constraint.component == "SPARQL" else None,
        )
        return Found(root, result)

    def _label(self, node: Term) -> dict[str, str]:
        if isinstance(node, ox.Literal):
            return {}
        for predicate in _LABELS:
            pattern = (node, ox.NamedNode(predicate), None, ox.DefaultGraph())
            quads = list(self._store.quads_for_pattern(*pattern))
            labels = sorted(
                (as_read(q.object) for q in quads if not isinstance(q.object, ox.Triple)),
                key=lambda label: (label.value, str(label)),
            )
            if labels:
                found: dict[str, str] = {}
                for label in labels:
                    tag = label.language if isinstance(label, ox.Literal) else None
                    found.setdefault(tag or "", label.value)
                return dict(sorted(found.items()))
        return {}

    def _detailed(self, step: Step, found: list[Found]) -> list[Found]:
        """Add to results of sh:node what is wrong inside (SHACL, section 3.6.2.5)."""
        if step.constraint is None:
            return found
        values = {f.result.value for f in found if f.result.value is not None}
        mark, root = self.context.mark("detail"), self.context.variable()
        self.context.data.note(mark, map(self.context.data.term, values))
        inner = self.context.shape(step.constraint.shapes[0])
        planner = Planner(self.context, root)
        details: dict[Term, list[Result]] = defaultdict(list)
        for part in planner.shape(inner, Scope(noted(mark, root), root)):
            for detail in self.results(part):
                details[detail.root].append(detail.result)
        return [
            Found(f.root, f.result.with_details(details[f.result.value]))
            if f.result.value is not None
            else f
            for f in found
        ]


def within(seconds: float | None, source: str) -> Watch:
    """Give a watch that stops between shapes when the time is over, and names the slow one."""
    start = time.monotonic()
    last: list[Shape] = []

    def watch(shape: Shape) -> None:
        if seconds is not None and last and time.monotonic() - start > seconds:
            raise GraphParseError(
                source, f"shape {last[-1].name}: did not finish within {seconds:g} s."
            )
        last.append(shape)

    return watch
