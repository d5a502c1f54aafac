"""Change a store that is loaded, instead of loading the dataset of the next version.

The time it takes follows the change, not the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from klustergraf.engine.loading import Loaded, merge_into_default

_BLANK: Final = b"_:"


@dataclass(frozen=True)
class Change:
    """A change of a dataset: lines of N-Quads that go, and then lines that come.

    What comes may be there already. No line has a blank node: the store gave those names of its
    own.
    """

    added: Sequence[bytes]
    removed: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.added) + len(self.removed)

    @property
    def has_blank_nodes(self) -> bool:
        """Whether a line may have a blank node, so that a store cannot be changed by it."""
        lines = (*self.added, *self.removed)
        return any(line.startswith(_BLANK) or b" " + _BLANK in line for line in lines)

    def to_bytes(self) -> bytes:
        """Write it: what goes, after a line with their number, and what comes."""
        return b"".join((b"%d\n" % len(self.removed), *self.removed, *self.added))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Change":
        """Read what :meth:`to_bytes` wrote."""
        number, *lines = content.splitlines(keepends=True)
        return cls(lines[int(number) :], lines[: int(number)])


def changed(loaded: Loaded, change: Change, default_graph: str) -> Loaded:
    """Change the store of a dataset in memory, and with it the merge of its graphs.

    ``default_graph``: as for :func:`klustergraf.engine.loading.load`. The result answers as a store
    does that has loaded the changed dataset.
    """
    store = loaded.store
    merges = default_graph == "union" and loaded.is_shared
    gone, come = _quads(change.removed), _quads(change.added)
    for quad in gone:
        store.remove(quad)
    store.extend(come)
    for graph in {quad.graph_name for quad in gone}:
        if isinstance(graph, ox.DefaultGraph):
            continue
        if next(store.quads_for_pattern(None, None, None, graph), None) is None:
            store.remove_graph(graph)
    if merges:
        for quad in gone:
            if not _graphs_of(store, quad):
                store.remove(ox.Quad(quad.subject, quad.predicate, quad.object))
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in come)
        return loaded
    if loaded.is_shared or not any(_graphs_of(store, quad) > 1 for quad in come):
        return loaded
    if default_graph == "union":
        merge_into_default(store)
    return replace(loaded, is_shared=True, is_union=False)


def _quads(lines: Sequence[bytes]) -> list[ox.Quad]:
    return list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))


def _graphs_of(store: ox.Store, quad: ox.Quad) -> int:
    """Count the named graphs that a statement's triple stands in."""
    found = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return sum(not isinstance(one.graph_name, ox.DefaultGraph) for one in found)
