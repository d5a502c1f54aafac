"""The data graph, loaded to be asked: the merge of all graphs, in a store of its own."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import RDFS
from klustergraf.shacl.compiler.canonical import CanonicalFile
from klustergraf.shacl.compiler.graphs import Memberships
from klustergraf.shacl.compiler.literals import as_read, stored
from klustergraf.shacl.report import Term

SCRATCH: Final = ox.NamedNode("urn:klustergraf:scratch")
"""The named graph for what a validation notes in between: sets of nodes, by name."""

HOLDS: Final = ox.NamedNode("urn:klustergraf:holds")
SHAPES_GRAPH: Final = ox.NamedNode("urn:klustergraf:shapes-graph")

_BELOW: Final = ox.NamedNode(RDFS + "subClassOf")


class Dataset:
    """A data graph in a store, which may change and be validated again.

    In which named graph a statement stands makes no difference to shapes. Literals are kept as
    :mod:`klustergraf.shacl.compiler.literals` says; ``respelt`` lists the predicates that have
    such values. Statements are taken one by one, and none is held but in the store. A store whose
    statements are all in its default graph is used as it is, without a copy: its literals are
    then what it gives back.
    """

    def __init__(
        self,
        quads: Iterable[ox.Quad] | ox.Store | CanonicalFile = (),
        graphs: Memberships | None = None,
    ) -> None:
        self.respelt: set[str] = set()
        self.graphs = graphs
        self._subclasses: dict[Term, tuple[Term, ...]] = {}
        if isinstance(quads, ox.Store) and not any(quads.named_graphs()):
            self.store = quads
            return
        self.store = ox.Store()
        if isinstance(quads, CanonicalFile):
            if self._takes(quads):
                return
            self.store, quads = ox.Store(), quads.quads()
        if graphs is not None:
            quads = graphs.noting(quads)
        self.store.bulk_extend(self._merged(quads))

    def _takes(self, file: CanonicalFile) -> bool:
        """Take the statements of a file as text; tell whether that was possible."""
        try:
            # The store needs no more of a file than that it can be read; and the IRIs in this one
            # were looked at when it was written.
            self.store.bulk_load(input=file, format=ox.RdfFormat.N_TRIPLES, lenient=True)  # type: ignore[arg-type]
        except (SyntaxError, ValueError):
            return False
        self.respelt |= file.respelt
        if self.graphs is not None:
            self.graphs.know(file.shared)
        self.add(file.apart)
        return True

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add statements."""
        self.store.extend(self._merged(quads))

    def remove(self, quads: Iterable[ox.Quad]) -> None:
        """Remove statements, from whatever graph they came."""
        for quad in list(self._merged(quads)):
            self.store.remove(quad)

    def has(self, quad: ox.Quad) -> bool:
        """Tell whether the data graph has a statement, in whatever graph it came."""
        return next(self._merged((quad,))) in self.store

    def quads(self) -> Iterator[ox.Quad]:
        """Give the statements of the data graph as they were read."""
        for quad in self.store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
            value = quad.object
            kept = value if isinstance(value, ox.Triple) else as_read(value)
            yield ox.Quad(quad.subject, quad.predicate, kept)

    def _merged(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        self._subclasses.clear()
        # Each term that is asked of a quad is made anew: what passes unchanged is asked least.
        literal, triple, default = ox.Literal, ox.Triple, ox.DefaultGraph
        for quad in quads:
            value = quad.object
            if isinstance(value, literal):
                kept = stored(value)
                if kept is not value and kept != value:
                    self.respelt.add(quad.predicate.value)
                    yield ox.Quad(quad.subject, quad.predicate, kept)
                    continue
            elif isinstance(value, triple):
                raise GraphParseError("the data", f"uses RDF 1.2 ({quad}). This graph is RDF 1.1.")
            if isinstance(quad.graph_name, default):
                yield quad
            else:
                yield ox.Quad(quad.subject, quad.predicate, value)

    @staticmethod
    def term(term: Term) -> Term:
        """Give what stands in the store for a term of a shape."""
        return stored(term) if isinstance(term, ox.Literal) else term

    def subclasses(self, node: Term) -> tuple[Term, ...]:
        """List a class and its subclasses by rdfs:subClassOf, however far down."""
        if node not in self._subclasses:
            seen = set[Term]()
            waiting = [node]
            while waiting:
                found = waiting.pop()
                if found in seen:
                    continue
                seen.add(found)
                below = self.store.quads_for_pattern(None, _BELOW, found, ox.DefaultGraph())
                waiting.extend(q.subject for q in below if not isinstance(q.subject, ox.Triple))
            self._subclasses[node] = tuple(sorted(seen, key=str))
        return self._subclasses[node]

    def note(self, name: str, nodes: Iterable[Term]) -> None:
        """Keep a set of nodes under a name, for queries to look up (see :func:`noted`)."""
        mark = ox.NamedNode(name)
        self.store.extend(ox.Quad(mark, HOLDS, node, SCRATCH) for node in nodes)

    def has_noted(self, name: str) -> bool:
        """Tell whether any node is noted under a name."""
        return any(self.store.quads_for_pattern(ox.NamedNode(name), HOLDS, None, SCRATCH))

    def forget(self) -> None:
        """Drop all that was noted."""
        self.store.remove_graph(SCRATCH)


def noted(name: str, variable: str) -> str:
    """Write the pattern that holds for the nodes that were noted under a name."""
    return f"GRAPH {SCRATCH} {{ <{name}> {HOLDS} {variable} }}"
