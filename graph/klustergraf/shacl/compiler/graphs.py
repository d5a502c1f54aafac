"""Which statements of a data graph stand in more than one named graph.

Shapes look at the merge of all graphs. So a statement that one graph no longer has may still be
there, by another graph: whoever replaces a graph has to know. Of all statements a number each is
kept while they are read; what remains are the few that are shared.
"""

from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

Graph = ox.NamedNode | ox.BlankNode | ox.DefaultGraph | None
_ELSEWHERE: Graph = None


class Memberships:
    """The graphs of those statements that stand in more than one."""

    def __init__(self) -> None:
        self._shared: dict[ox.Triple, set[Graph]] = {}

    def noting(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """Pass quads on, and note which statements come from several graphs."""
        numbers: dict[Graph, int] = {}
        names: list[Graph] = []
        first: dict[int, int] = {}
        for quad in quads:
            name = quad.graph_name
            number = numbers.get(name)
            if number is None:
                number = numbers[name] = len(names)
                names.append(name)
            key = hash((quad.subject, quad.predicate, quad.object))
            known = first.setdefault(key, number)
            if known != number:
                self._shared.setdefault(quad.triple, {names[known]}).add(name)
            yield quad

    def know(self, shared: Mapping[ox.Triple, set[Graph]]) -> None:
        """Note which statements come from several graphs, where that is known already."""
        self._shared.update(shared)

    def after(
        self, triple: ox.Triple, came: set[Graph], went: set[Graph], *, is_there: bool
    ) -> set[Graph]:
        """List the graphs of a statement after it came into some and went from others.

        One that is in a single graph is taken to be in the graph that it goes from: which one it
        is in is not kept.
        """
        known = self._shared.get(triple)
        if known is None:
            return came if went or not is_there else came | {_ELSEWHERE}
        left = known - went
        if went - known:  # that is the one whose name was not kept
            left.discard(_ELSEWHERE)
        return left | came

    def keep(self, triple: ox.Triple, names: set[Graph]) -> None:
        """Note the graphs of a statement."""
        if len(names) > 1:
            self._shared[triple] = names
        else:
            self._shared.pop(triple, None)
