"""What a version is made of while it is built: statements as lines, and their merge in a store."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Final, Self

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, serialize

from klustergraf.namespaces import RDF, XSD
from klustergraf.rules import Pattern
from klustergraf.sources.own import CATALOGUE_GRAPH, SourceFile, describes_graph
from klustergraf.version import apart, canonical_blank_nodes

_BLOCK: Final = 10_000  # lines


class Merge:
    """A store that is loaded by a thread of its own while its ``with`` block reads on.

    All statements come into the default graph. After the block the store is whole and the thread
    has ended, so that a process may fork. Loading needs no interpreter: it runs on another
    processor.
    """

    def __init__(self) -> None:
        self.store = Store()
        self._thread = ThreadPoolExecutor(1)
        self._loading: Future[None] | None = None

    def load(self, lines: bytes) -> None:
        """Load N-Triples, when what came before is loaded: no more than one part waits."""
        if self._loading is not None:
            self._loading.result()
        self._loading = self._thread.submit(self.store.load, lines, format=RdfFormat.N_TRIPLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown()
        if kind is None and self._loading is not None:
            self._loading.result()


@dataclass
class Statements:
    """The statements of a version: per named graph, lines of canonical N-Triples, none twice.

    Those with blank nodes are kept as they are, since their labels follow from all of them.
    """

    ground: dict[NamedNode, dict[bytes, None]] = field(default_factory=dict)
    with_blank_nodes: dict[Quad, None] = field(default_factory=dict)

    def read(self, file: SourceFile) -> bytes:
        """Take in a file; give its lines without blank nodes. Errors: GraphParseError."""
        written = file.lines()
        if written is None:
            ground, blank = apart(file.quads())
            self.with_blank_nodes |= dict.fromkeys(blank)
            found: list[bytes] = []
            for graph in dict.fromkeys(quad.graph_name for quad in ground):
                if isinstance(graph, NamedNode):
                    own = lines_of(q for q in ground if q.graph_name == graph)
                    self.add(graph, own)
                    found += own
            return b"".join(found)
        lines = written.splitlines(keepends=True)
        about_graphs = [line for line in lines if describes_graph(line)]
        self.add(file.graph, lines)
        self.add(CATALOGUE_GRAPH, about_graphs)
        if file.graph != CATALOGUE_GRAPH:
            for line in about_graphs:
                del self.ground[file.graph][line]
        return written

    def add(self, graph: NamedNode, lines: Iterable[bytes]) -> None:
        """Take in lines of a named graph."""
        there = self.ground.get(graph)
        if there:
            there.update(dict.fromkeys(lines))
        else:
            self.ground[graph] = dict.fromkeys(lines)

    def asserted(self) -> frozenset[bytes]:
        """Give every statement as a line, in whatever graph it stands."""
        blank = lines_of(self.with_blank_nodes)
        return frozenset(blank).union(*self.ground.values())

    def named(self, asked: frozenset[Pattern] | None, merged: Store) -> Store:
        """Load a store of the named graphs: of each one statement, and those that are asked for.

        With None, every statement. ``merged`` holds all of them, whatever their graph, and finds
        the few that are asked for sooner than a look at each line.
        """
        wanted = None if asked is None else self._like(asked, merged)
        store = Store()
        for graph, lines in self.ground.items():
            some: Iterable[bytes] = lines
            if wanted is not None:
                some = [*islice(lines, 1), *filter(lines.__contains__, wanted)]
            store.load(b"".join(some), format=RdfFormat.N_TRIPLES, to_graph=graph)
        store.extend(self.with_blank_nodes)
        return store

    def _like(self, asked: frozenset[Pattern], merged: Store) -> list[bytes]:
        """List the lines of the statements that patterns ask for."""
        found: list[Quad] = []
        respelt: list[bytes] = []
        for pattern in asked:
            predicate, value = (None if iri is None else NamedNode(iri) for iri in pattern)
            quads = list(merged.quads_for_pattern(None, predicate, value))
            if any(_is_by_value(quad.object) for quad in quads):
                respelt.append(b" " if predicate is None else f" {predicate} ".encode())
            else:
                found += quads
        lines = lines_of(found)
        if respelt:
            for own in self.ground.values():
                lines += [line for line in own if any(part in line for part in respelt)]
        return list(dict.fromkeys(lines))

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


def _is_by_value(term: object) -> bool:
    """Tell whether a store may give a term back in another spelling than that of its line."""
    return isinstance(term, Literal) and term.datatype not in _AS_WRITTEN


_AS_WRITTEN: Final = (NamedNode(XSD + "string"), NamedNode(RDF + "langString"))


def lines_of(quads: Iterable[Quad]) -> list[bytes]:
    """Write quads as lines of N-Triples."""
    triples = (quad.triple for quad in quads)
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").splitlines(keepends=True)
