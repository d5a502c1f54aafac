"""Find out whether any triple stands in two graphs.

It decides how the union of the graphs is made: when none does, it can be read off the graphs as
they are; else a merge of them is needed, which takes twice the memory and time.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

# A larger file of N-Quads is compared within the store: keys of its lines take too much memory.
_MOST_BYTES: Final = 1 << 30
# So many pairs of a subject and a predicate are looked up one by one.
_MOST_CANDIDATES: Final = 50_000
_ENOUGH: Final = b".\n"
_SHARED: Final = """
ASK {
  { GRAPH ?g { ?s ?p ?o } GRAPH ?h { ?s ?p ?o } FILTER(?g != ?h) }
  UNION
  { ?s ?p ?o . GRAPH ?g { ?s ?p ?o } }
}
"""


class Comparison:
    """Reads a file beside the store that loads it, in a process of its own.

    Only N-Quads, one statement in a line, can be compared so. Any other file is compared within
    the store, which takes as long as loading it.
    """

    def __init__(self, path: Path) -> None:
        self._pid: int | None = None
        if path.suffix != ".nq" or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return
        self._result, end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._result)
                with open(end, "wb") as pipe:  # noqa: PTH123 - a descriptor
                    pipe.write(_compare(path))
            finally:
                os._exit(0)
        os.close(end)

    def is_shared(self, store: ox.Store) -> bool:
        """Tell whether a triple stands in two graphs of the store that has loaded the file."""
        candidates = self._candidates()
        if not any(True for _ in store.named_graphs()):
            return False
        if candidates is None:
            return bool(store.query(_SHARED))
        return any(_is_shared(store, candidate) for candidate in candidates)

    def _candidates(self) -> list[bytes] | None:
        """Wait for what the other process found; None: it could not tell."""
        if self._pid is None:
            return None
        with open(self._result, "rb") as pipe:  # noqa: PTH123 - a descriptor
            lines = pipe.read().splitlines(keepends=True)
        os.waitpid(self._pid, 0)
        self._pid = None
        if not lines or lines.pop() != _ENOUGH:
            return None
        return lines


def _compare(path: Path) -> bytes:
    """Give the candidates of a file, closed by a line with a full stop; nothing: no idea."""
    with path.open("rb") as file:
        try:
            return b"".join((*candidates(file), _ENOUGH))
        except ValueError:
            return b""


def candidates(lines: Iterable[bytes]) -> list[bytes]:
    """Give a line for each subject and predicate with values in two graphs that may be equal.

    The store makes numbers and dates with one value equal, however they are written; so literals
    of one subject and predicate are candidates even if they look different.
    Errors: ValueError when the lines are not plain N-Quads, or there are too many candidates.

    >>> one = b'<a:s> <a:p> <a:o> <a:g> .'
    >>> candidates([one, b'<a:s> <a:p> <a:o> <a:h> .'])
    [b'<a:s> <a:p> <a:o> <a:h> .']
    >>> candidates([one, b'<a:s> <a:q> <a:o> <a:h> .'])
    []
    """
    graph_of: dict[int, bytes] = {}
    graphs: dict[bytes, bytes] = {}  # one object for each
    found: dict[int, bytes] = {}
    for line in lines:
        subject, predicate, rest = line.split(b" ", 2)
        value, graph, stop = rest.rsplit(b" ", 2)
        if stop[:1] != b"." or graph[-1:] != b">" or predicate[:1] != b"<":
            raise ValueError
        if b"\\u" in line or b"\\U" in line:
            raise ValueError  # an IRI may be written in two ways
        graph = graphs.setdefault(graph, graph)
        is_literal = value[:1] == b'"'
        key = hash((subject, predicate)) if is_literal else hash((subject, predicate, value))
        if graph_of.setdefault(key, graph) is not graph:
            found[key] = line
            if len(found) > _MOST_CANDIDATES:
                raise ValueError
    return list(found.values())


def _is_shared(store: ox.Store, line: bytes) -> bool:
    """Tell whether a value of this line's subject and predicate stands in two graphs."""
    quad = next(ox.parse(line, format=ox.RdfFormat.N_QUADS))
    values = [found.object for found in store.quads_for_pattern(quad.subject, quad.predicate, None)]
    return len(values) != len(set(values))
