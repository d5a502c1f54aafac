"""A canonical dataset file as a data graph: its lines are merged as text, and the store reads that.

A canonical dataset (:mod:`klustergraf.version`) is N-Quads, one statement a line, each term written
in one way only, and sorted. So a statement that stands in several graphs stands in lines that
follow each other, and a line without its last term is the statement in N-Triples. Only literals of
other datatypes than text, and blank nodes, are looked at as terms. That takes two thirds of the
time of reading each statement.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from klustergraf.shacl.compiler.graphs import Graph
from klustergraf.shacl.compiler.literals import stored

_BLOCK_BYTES: Final = 1 << 22
_MOST_KNOWN: Final = 1 << 16
_FULL_STOP: Final = b" .\n"


class CanonicalFile:
    """The statements of a canonical dataset, but for those of one graph.

    ``shared``: the graphs of the statements that stand in more than one; ``respelt``: the
    predicates whose values the store keeps as texts; ``apart``: the statements with blank nodes,
    whose names the store would not keep. The three are whole once :meth:`read` gave nothing more.
    """

    def __init__(self, path: Path, left_out: ox.NamedNode) -> None:
        self.path = path
        self.left_out = left_out
        self.shared: dict[ox.Triple, set[Graph]] = {}
        self.respelt: set[str] = set()
        self.apart: list[ox.Quad] = []
        self._texts = self._merged()
        self._text, self._place = b"", 0
        self._known: dict[bytes, bytes] = {}

    def read(self, size: int = -1) -> bytes:
        """Give the next bytes of N-Triples, as reading a file does.

        Errors: ValueError when the file is not canonical; SyntaxError.
        """
        if self._place >= len(self._text):
            self._text, self._place = next(self._texts, b""), 0
        start, self._place = self._place, len(self._text) if size < 0 else self._place + size
        return self._text[start : self._place]

    def quads(self) -> Iterator[ox.Quad]:
        """Give the statements one by one."""
        for quad in ox.parse(path=self.path, format=ox.RdfFormat.N_QUADS):
            if quad.graph_name != self.left_out:
                yield quad

    def _merged(self) -> Iterator[bytes]:
        end = f" {self.left_out}".encode() + _FULL_STOP
        before = last = b""
        with self.path.open("rb") as file:
            for block in iter(partial(file.readlines, _BLOCK_BYTES), []):
                lines = [line for line in block if not line.endswith(end)]
                # Where there is no graph, what is left is no statement, and the store says so.
                triples = [line[: line.rindex(b" <")] for line in lines]
                if any(b" <<(" in line for line in lines):
                    raise ValueError("RDF 1.2")
                again = [n for n, (one, other) in enumerate(pairwise((before, *triples)))
                         if one == other]  # fmt: skip
                if again:
                    self._note_shared(last, lines, again)
                if lines:
                    before, last = triples[-1], lines[-1]
                for number in again:
                    triples[number] = b""
                yield from self._spelt(triples, lines)

    def _note_shared(self, last: bytes, lines: list[bytes], again: Iterable[int]) -> None:
        """Note the graphs of lines that say what the line before them says."""
        pairs = ((lines[number - 1] if number else last) + lines[number] for number in again)
        for quad in ox.parse(b"".join(pairs), format=ox.RdfFormat.N_QUADS):
            self.shared.setdefault(quad.triple, set()).add(quad.graph_name)

    def _spelt(self, triples: list[bytes], lines: list[bytes]) -> Iterator[bytes]:
        for number, triple in enumerate(triples):
            if triple.startswith(b"_:") or b"> _:" in triple:
                self.apart += ox.parse(lines[number], format=ox.RdfFormat.N_QUADS)
                triples[number] = b""
            elif triple.endswith(b">") and b'"^^<' in triple:
                triples[number] = self._with_value(triple)
        text = _FULL_STOP.join(filter(None, triples))
        if text:
            yield text + _FULL_STOP

    def _with_value(self, triple: bytes) -> bytes:
        start = triple.index(b'"')
        literal = triple[start:]
        kept = self._known.get(literal)
        if kept is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            kept = self._known[literal] = _stored_text(literal)
        if kept is literal or kept == literal:
            return triple
        self.respelt.add(triple.split(b" ", 2)[1][1:-1].decode())
        return triple[:start] + kept


def _stored_text(literal: bytes) -> bytes:
    """Write what stands in the store for a literal."""
    line = b"<urn:s> <urn:p> " + literal + _FULL_STOP
    (quad,) = ox.parse(line, format=ox.RdfFormat.N_TRIPLES)
    value = quad.object
    kept = stored(value) if isinstance(value, ox.Literal) else value
    if kept is value or kept == value:
        return literal
    written = ox.serialize([ox.Triple(quad.subject, quad.predicate, kept)],
                           format=ox.RdfFormat.N_TRIPLES) or b""  # fmt: skip
    return written[len(b"<urn:s> <urn:p> ") : -len(_FULL_STOP)]
