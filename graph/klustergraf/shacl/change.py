"""Validate a change: what it breaks and what it repairs, without asking about everything else."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

import pyoxigraph as ox

from klustergraf.shacl import with_pyshacl
from klustergraf.shacl.compiler.canonical import CanonicalFile
from klustergraf.shacl.compiler.dataset import Dataset, noted
from klustergraf.shacl.compiler.graphs import Graph, Memberships
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

    @property
    def is_allowed(self) -> bool:
        """Tell whether nothing comes that must not be there; warnings and infos may come."""
        return self.came.conforms


class Validator:
    """A data graph that is kept, so that a change of it is validated in the time of the change.

    A version is loaded once; then each candidate is asked about: the version with some statements
    more and some less, as when one graph is replaced by another state of it. From each statement
    that changes, the targets and paths of the shapes are walked backwards to the focus nodes that
    it can matter to; the rest is not looked at. Results equal those of validating everything
    before and after. A validator serves one caller at a time.

    >>> from tempfile import TemporaryDirectory
    >>> sh = "http://www.w3.org/ns/shacl#"
    >>> shapes = f"<urn:S> <{sh}targetSubjectsOf> <urn:kind> ; <{sh}property> [ <{sh}minCount> 1 ;"
    >>> shapes += f" <{sh}path> <urn:name> ; <{sh}message> 'An actor has a name.' ] ."
    >>> kth, graph = ox.NamedNode("urn:kth"), ox.NamedNode("urn:graph")
    >>> kept = ox.Quad(kth, ox.NamedNode("urn:kind"), ox.NamedNode("urn:actor"), graph)
    >>> old = {kept, ox.Quad(kth, ox.NamedNode("urn:name"), ox.Literal("KTH"), graph)}
    >>> with TemporaryDirectory() as folder:
    ...     file = FilePath(folder, "shapes.ttl")
    ...     _ = file.write_text(shapes)
    ...     validator = Validator(old, [file])
    >>> new = {kept}  # the graph as someone would have it
    >>> change = validator.validate_change(added=new - old, removed=old - new)
    >>> change.is_allowed, change.came.results[0].message("en")
    (False, 'An actor has a name.')
    >>> validator.report().conforms  # it was asked about, not made
    True
    >>> validator.apply(added=new - old, removed=old - new)
    >>> validator.report().conforms
    False
    """

    def __init__(
        self,
        quads: Iterable[ox.Quad] | ox.Store | CanonicalFile,
        shapes: Sequence[FilePath] | None = None,
    ) -> None:
        """Load a data graph; ``shapes`` are files, or those that are shipped.

        Errors: GraphParseError when the shapes cannot be read, or say what SHACL does not allow.
        """
        self._loaded = load_shapes(shapes)
        self._graphs = Memberships()
        self._data = Dataset(quads, self._graphs)
        self._looks = {
            shape.node: looks(self._loaded.shapes, shape) for shape in self._loaded.shapes.targeted
        }
        self._anywhere = {
            shape.node
            for shape in self._loaded.shapes.targeted
            if any(target.kind in ("node", "sparql") for target in shape.targets)
        }
        # This reads the queries of the shapes: no change, and no fork that judges one, has to.
        for shape in self._loaded.shapes.targeted:
            left_out(self._loaded, shape, self._data)

    def report(self, *, limit: int | None = None) -> Report:
        """Validate everything that there is."""
        return Report.of(self._results(None), limit=limit)

    def validate_change(
        self,
        added: Iterable[ox.Quad] = (),
        removed: Iterable[ox.Quad] = (),
        *,
        limit: int | None = None,
    ) -> Change:
        """Say which results would come and which would go; the data graph stays as it is.

        To replace a graph that has the statements ``old`` by ``new``, ask about ``added = new -
        old`` and ``removed = old - new``, as sets of quads with the name of the graph. A statement
        that another graph has too stays when one graph no longer has it. Adding what is there and
        removing what is not changes nothing. Each report keeps the first ``limit`` results and
        counts all. A change of ``rdfs:subClassOf`` has everything validated anew, twice.

        Errors: GraphParseError when a query of a shape cannot be carried out, naming the shape.
        """
        new, gone, _ = self._difference(added, removed)
        self._data.add(new)  # what leads to a node in either state leads to it here
        try:
            focus = self._affected([*new, *gone])
            self._data.remove(new)
            before = self._results(self._there(focus))
            self._data.add(new)
            self._data.remove(gone)
            after = self._results(self._there(focus))
        finally:
            self._data.remove(new)
            self._data.add(gone)
        known = {_frozen(result): result for result in (*before, *after)}
        earlier, later = Counter(map(_frozen, before)), Counter(map(_frozen, after))
        return Change(
            came=Report.of((known[k] for k in (later - earlier).elements()), limit=limit),
            went=Report.of((known[k] for k in (earlier - later).elements()), limit=limit),
        )

    def apply(self, added: Iterable[ox.Quad] = (), removed: Iterable[ox.Quad] = ()) -> None:
        """Make a change: what is asked from then on is asked of the data graph with it."""
        new, gone, graphs = self._difference(added, removed)
        self._data.add(new)
        self._data.remove(gone)
        for triple, names in graphs.items():
            self._graphs.keep(triple, names)

    def _difference(
        self, added: Iterable[ox.Quad], removed: Iterable[ox.Quad]
    ) -> tuple[list[ox.Quad], list[ox.Quad], dict[ox.Triple, set[Graph]]]:
        """Give the statements that the merge of all graphs gains and loses, and their graphs."""
        came: dict[ox.Triple, set[Graph]] = defaultdict(set)
        went: dict[ox.Triple, set[Graph]] = defaultdict(set)
        for quad in added:
            came[quad.triple].add(quad.graph_name)
        for quad in removed:
            went[quad.triple].add(quad.graph_name)
        new, gone, graphs = [], [], {}
        for triple in dict.fromkeys((*came, *went)):
            quad = ox.Quad(triple.subject, triple.predicate, triple.object)
            is_there = self._data.has(quad)
            where = came[triple], went[triple]
            graphs[triple] = self._graphs.after(triple, *where, is_there=is_there)
            if not is_there and came[triple]:
                new.append(quad)
            elif is_there and not graphs[triple]:
                gone.append(quad)
        return new, gone, graphs

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

    def _there(self, focus: dict[Term, set[Term]] | None) -> dict[Term, set[Term]] | None:
        """Leave out nodes that no statement speaks of: no class or property has them as a target.

        A target that names its node, or asks a query, may have any node.
        """
        if focus is None:
            return None
        default, store = ox.DefaultGraph(), self._data.store
        absent = {
            node
            for node in set[Term]().union(*focus.values())
            if (isinstance(node, ox.Literal)
                or next(store.quads_for_pattern(node, None, None, default), None) is None)
            and next(store.quads_for_pattern(None, None, node, default), None) is None
        }  # fmt: skip
        return {
            shape: nodes if shape in self._anywhere else nodes - absent
            for shape, nodes in focus.items()
        }

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
