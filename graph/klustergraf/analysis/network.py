"""Weighted networks of actors: filters, counting, ego networks.

Full counting: the weight of a pair is the number of things that tie it. Fractional counting: each
thing that ties n actors gives each of its pairs 1 / (n - 1), so that an actor's strength is the
number of things that it shares (Newman, Physical Review E 64, 016132, 2001, eq. 2;
Perianes-Rodriguez et al., Journal of Informetrics 10, 1178-1195, 2016). n counts all that take
part, filtered or not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final

import networkx as nx

from klustergraf.analysis.snapshot import Actor, Snapshot, Tie
from klustergraf.errors import AnalysisParameterError

LARGEST_RADIUS = 5
EQUAL: Final = 1e-9
"""Weights that differ by less are the same: thirds add up to one in every order."""


@dataclass(frozen=True)
class NetworkFilter:
    """What of a network is wanted. Places, kinds, ties and programmes are slugs; () means any.

    ``since`` and ``until``: calendar years, inclusive; a tie without a date is kept only when
    neither is given. ``counting``: ``full`` or ``fractional``.
    """

    kinds: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    min_weight: float = 0.0
    counting: str = "full"
    isolates: bool = False

    @property
    def least_weight(self) -> float:
        """The least weight of a pair; fractions may fall short of it by what adding them loses."""
        return self.min_weight - (EQUAL if self.counting == "fractional" else 0)

    @property
    def is_reversed(self) -> bool:
        """Whether the years end before they begin: nothing is in them."""
        return self.since is not None and self.until is not None and self.since > self.until

    def takes_actor(self, actor: Actor) -> bool:
        """Tell whether an actor is wanted."""
        return all(
            not wanted or set(wanted) & set(has)
            for wanted, has in (
                (self.kinds, actor.kinds),
                (self.counties, actor.counties),
                (self.municipalities, actor.municipalities),
            )
        )

    def takes_tie(self, tie: Tie, programmes: Iterable[str]) -> bool:
        """Tell whether a tie is wanted."""
        if self.ties and tie.kind not in self.ties:
            return False
        return self.takes_thing(tie.since, tie.until, programmes)

    def takes_thing(
        self, since: str | None, until: str | None, programmes: Iterable[str] = ()
    ) -> bool:
        """Tell whether the years and programmes of something are wanted."""
        if self.programmes and not set(self.programmes) & set(programmes):
            return False
        if self.since is None and self.until is None:
            return True
        first, last = year_of(since), year_of(until)
        if self.is_reversed or (first is None and last is None):
            return False
        ended = self.since is not None and last is not None and last < self.since
        begins_later = self.until is not None and first is not None and first > self.until
        return not (ended or begins_later)


def check_radius(radius: int) -> None:
    """Refuse a radius beyond the limits.

    Errors: AnalysisParameterError when it is not 1 to 5.
    """
    if not 1 <= radius <= LARGEST_RADIUS:
        raise AnalysisParameterError("radius", f"must be 1 to {LARGEST_RADIUS}, not {radius}")


def year_of(text: str | None) -> int | None:
    """Give the year of a date.

    >>> year_of("2014-03-01"), year_of(None)
    (2014, None)
    """
    return int(text[:4]) if text and text[:4].isdecimal() else None


@dataclass(frozen=True)
class Edge:
    """A pair of actors (places in the snapshot), its weight and its ties."""

    source: int
    target: int
    weight: float
    ties: tuple[Tie, ...]


@dataclass(frozen=True)
class Network:
    """Actors and the weighted pairs between them.

    ``centre``: the actor that all others are at most ``radius`` steps from, if one was asked for.
    """

    snapshot: Snapshot
    asked: NetworkFilter
    nodes: tuple[int, ...]
    edges: tuple[Edge, ...] = field(repr=False)
    centre: int | None = None
    radius: int = 1

    @property
    def centre_iri(self) -> str | None:
        """The IRI of the actor in the centre."""
        return None if self.centre is None else self.snapshot.actors[self.centre].iri

    @property
    def filters(self) -> dict[str, Any]:
        """What was asked for, without what was left open."""
        chosen = {key: value for key, value in asdict(self.asked).items() if value}
        if self.centre is not None:
            chosen |= {"ego": self.snapshot.actors[self.centre].slug, "radius": self.radius}
        return chosen

    @cached_property
    def neighbours(self) -> Mapping[int, Mapping[int, Edge]]:
        """The edges of each node, by the node at the other end."""
        found: dict[int, dict[int, Edge]] = {node: {} for node in self.nodes}
        for edge in self.edges:
            found[edge.source][edge.target] = edge
            found[edge.target][edge.source] = edge
        return found

    def degree(self, node: int) -> int:
        """Count the partners of an actor."""
        return len(self.neighbours[node])

    def strength(self, node: int) -> float:
        """Sum the weights of an actor's pairs."""
        return sum((edge.weight for edge in self.neighbours[node].values()), 0.0)

    def to_networkx(self) -> "nx.MultiGraph[str]":
        """Give the network with one edge for each tie; nodes are IRIs.

        Edges carry ``kind``, ``through``, ``since``, ``until``, ``amount_eur``, ``evidence``.
        """
        network: nx.MultiGraph[str] = nx.MultiGraph(version=self.snapshot.version)
        for node in self.nodes:
            actor = self.snapshot.actors[node]
            network.add_node(actor.iri, label=actor.name(), kinds=actor.kinds)
        for edge in self.edges:
            ends = (self.snapshot.actors[edge.source].iri, self.snapshot.actors[edge.target].iri)
            for tie in edge.ties:
                network.add_edge(
                    *ends,
                    kind=tie.kind,
                    through=tie.through,
                    since=tie.since,
                    until=tie.until,
                    amount_eur=tie.amount_eur,
                    evidence=tie.evidence,
                )
        return network

    def ego(self, node: int, radius: int) -> "Network":
        """Keep what is at most so many steps from an actor, and the pairs among those.

        Errors: AnalysisParameterError when the radius is not 1 to 5.
        """
        check_radius(radius)
        near, border = {node}, {node}
        for _ in range(radius):
            border = {other for n in border for other in self.neighbours.get(n, {})} - near
            near |= border
        edges = tuple(e for e in self.edges if e.source in near and e.target in near)
        return Network(self.snapshot, self.asked, tuple(sorted(near)), edges, node, radius)


def project_actors(snapshot: Snapshot, asked: NetworkFilter | None = None) -> Network:
    """Make the network of actors that a filter asks for.

    Errors: AnalysisParameterError for a counting that is neither full nor fractional; never for a
    filter that nothing fits (an empty network is a result).
    """
    asked = asked or NetworkFilter()
    if asked.counting not in ("full", "fractional"):
        raise AnalysisParameterError(
            "counting", f"must be full or fractional, not {asked.counting!r}"
        )
    wanted = {i for i, actor in enumerate(snapshot.actors) if asked.takes_actor(actor)}
    pairs: dict[tuple[int, int], list[Tie]] = defaultdict(list)
    for tie in snapshot.ties:
        if tie.a in wanted and tie.b in wanted:
            thing = snapshot.things.get(tie.through)
            if asked.takes_tie(tie, thing.programmes if thing else ()):
                pairs[tie.a, tie.b].append(tie)
    edges = []
    for (a, b), ties in sorted(pairs.items()):
        weight = float(len({t.through for t in ties}))
        if asked.counting == "fractional":
            members: dict[str, int] = {}
            for tie in ties:
                members[tie.through] = max(tie.members, members.get(tie.through, 0))
            weight = sum(1 / max(n - 1, 1) for n in members.values())
        if weight >= asked.least_weight:
            edges.append(Edge(a, b, weight, tuple(ties)))
    tied = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = wanted if asked.isolates else tied
    return Network(snapshot, asked, tuple(sorted(nodes)), tuple(edges))
