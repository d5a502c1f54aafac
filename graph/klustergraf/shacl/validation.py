"""Validate statements against shapes: compiled to SPARQL, by pySHACL, or by both."""

from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Literal

import pyoxigraph as ox

from klustergraf.shacl import with_pyshacl
from klustergraf.shacl.comparison import require_equal
from klustergraf.shacl.compiler.dataset import Dataset
from klustergraf.shacl.compiler.model import Shape
from klustergraf.shacl.compiler.run import Watch, run
from klustergraf.shacl.compiler.spelling import needs_spelling
from klustergraf.shacl.compiler.sweeps import groups
from klustergraf.shacl.report import Report, Result, Term
from klustergraf.shacl.shapes import ShapesFile, load_shapes
from klustergraf.shacl.watch import in_time

Engine = Literal["compiled", "pyshacl", "both"]


def validate(
    quads: Iterable[ox.Quad] | ox.Store | Dataset,
    shapes: Sequence[FilePath] | None = None,
    *,
    engine: Engine = "compiled",
    focus_nodes: Iterable[Term] | None = None,
    limit: int | None = None,
    deadline_seconds: float | None = None,
    vocabulary: Iterable[ox.Quad] | None = None,
    lenient: bool = False,
    share: Container[int] | None = None,
) -> Report:
    """Validate statements against shapes: the shipped ones, or those of the given files.

    The data graph is the union of all quads, whatever graph they are in. They are taken one by one
    into a store, and nothing else is held of them; a ``Store`` with a default graph alone is asked
    as it is, so that memory grows with what is found only. It then counts what the store gives
    back, which keeps numbers and dates by value; a ``Dataset`` is one that was loaded as validation
    needs it. Nothing is inferred: a
    class includes its subclasses by the ``rdfs:subClassOf`` statements among the quads. Nothing is
    fetched (``owl:imports``), and no code in shapes runs (SHACL-JS).

    ``engine`` "compiled" asks SPARQL of the embedded store; what it cannot say is left to pySHACL,
    for those shapes only, and noted in the report's log. "both" runs both and compares them.
    ``focus_nodes`` limits validation to some nodes, where shapes look at them. ``limit`` bounds
    the results that the report keeps; its counts are of all. With a ``vocabulary``, shapes that
    name a class or property that it does not declare are refused, as is all that can never fire.
    With a ``share``, only shapes whose numbers are in it are applied, so that others can apply the
    rest; it is asked for each number once, in order, when its turn has come. Shapes whose targets
    are found together have one number.
    ``Report.joined`` joins what they find.
    With ``lenient``, property shapes without ``sh:path`` are left out, each named in the log.

    Errors: GraphParseError when a shapes file cannot be read, says what SHACL does not allow, or
    a shape is not done within the deadline; EngineDisagreement when the engines differ.
    Source: SHACL, section 3.4 (Validation).
    """
    loaded = load_shapes(shapes, lenient=lenient)
    if vocabulary is not None:
        loaded.require_meaning(vocabulary)
    taken: list[ox.Quad] = []
    if engine != "compiled":
        quads = taken = list(quads.quads() if isinstance(quads, Dataset) else quads)
    nodes = None if focus_nodes is None else set(focus_nodes)

    def found(watch: Watch) -> tuple[list[Result], list[str]]:
        if engine == "pyshacl":
            return by_pyshacl(taken, loaded, nodes), []
        return compiled(quads, loaded, nodes, watch, share)

    results, notes = in_time(found, deadline_seconds, loaded.source)
    if engine == "both":
        require_equal(results, by_pyshacl(taken, loaded, nodes))
    return Report.of(results, limit=limit, log=[*loaded.remarks, *notes])


def compiled(
    quads: Iterable[ox.Quad] | ox.Store | Dataset,
    loaded: ShapesFile,
    nodes: set[Term] | None = None,
    watch: Watch = lambda _: None,
    share: Container[int] | None = None,
) -> tuple[list[Result], list[str]]:
    """Validate with compiled shapes; give the results, and what was left to pySHACL."""
    data = quads if isinstance(quads, Dataset) else Dataset(quads)
    left: list[Shape] = []
    log = []

    def ours() -> Iterator[Shape]:
        for shape in _shared(loaded, share):
            reason = left_out(loaded, shape, data)
            if reason:
                left.append(shape)
                log.append(f"{shape.name} was left to pySHACL: {reason}.")
            else:
                yield shape

    focus = None if nodes is None else {s.node: nodes for s in loaded.shapes.targeted}
    results = list(run(loaded.shapes, loaded.graph, data, ours(), focus, watch, loaded.source))
    if left:
        watch(left[0])
        found = with_pyshacl.results(list(data.quads()), loaded.only(left))
        results += [r for r in found if nodes is None or r.focus_node in nodes]
    return results, log


def _shared(loaded: ShapesFile, share: Container[int] | None) -> Iterator[Shape]:
    """Give the shapes of a share; those whose targets are found together go together, and first."""
    if share is None:
        yield from loaded.shapes.targeted
        return
    together = [tuple(dict.fromkeys(s for s, _ in group)) for group in groups(loaded.shapes)]
    grouped = {shape.node for shapes in together for shape in shapes}
    alone = [(shape,) for shape in loaded.shapes.targeted if shape.node not in grouped]
    for number, shapes in enumerate([*together, *alone]):
        if number in share:
            yield from shapes


def left_out(loaded: ShapesFile, shape: Shape, data: Dataset) -> str:
    """Say why a shape is not compiled; "" when it is."""
    used = [loaded.shapes.by_node[node] for node in loaded.shapes.used_by(shape)]
    for inner in used:
        if inner.foreign:
            return f"it uses {', '.join(inner.foreign)}"
        if needs_spelling(inner, data.respelt):
            return "a query in it asks for the value of literals that the store would spell anew"
    return ""


def by_pyshacl(
    quads: list[ox.Quad], loaded: ShapesFile, nodes: set[Term] | None = None
) -> list[Result]:
    """Validate with pySHACL alone."""
    results = with_pyshacl.results(quads, loaded.plain)
    return results if nodes is None else [r for r in results if r.focus_node in nodes]
