"""Measures and paths on random networks equal those of networkx."""

import itertools
import math
from itertools import combinations, islice
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klustergraf.analysis import measures
from klustergraf.analysis.brokerage import brokerage
from klustergraf.analysis.growth import growth
from klustergraf.analysis.joint import joint_projects
from klustergraf.analysis.measures import Links
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.paths import shortest_paths
from klustergraf.analysis.snapshot import (
    Actor,
    Contribution,
    Participation,
    Snapshot,
    Thing,
    Tie,
)
from klustergraf.analysis.suggestions import adamic_adar, reasons, suggest


@st.composite
def random_links(draw: st.DrawFn) -> Links:
    """Draw a network of up to 14 nodes, with isolates and parts, and small weights."""
    count = draw(st.integers(1, 14))
    every = list(combinations(range(count), 2))
    pairs = draw(st.lists(st.sampled_from(every), unique=True, max_size=40)) if every else []
    weights = [draw(st.sampled_from([0.5, 1.0, 2.0, 3.0])) for _ in pairs]
    return Links(count, pairs, weights)


def reference(links: Links) -> Any:
    """Make the same network in networkx."""
    network: nx.Graph[int] = nx.Graph()
    network.add_nodes_from(range(links.count))
    for (a, b), weight in zip(links.pairs, links.weights, strict=True):
        network.add_edge(a, b, weight=weight)
    return network


@settings(max_examples=150)
@given(random_links())
def test_measures_equal_those_of_networkx(links: Links) -> None:
    """Each measure equals networkx's to 1e-9."""
    network = reference(links)
    pairs: dict[str, tuple[Any, Any]] = {
        "degree": (measures.degree(links), dict(network.degree())),
        "strength": (measures.strength(links), dict(network.degree(weight="weight"))),
        "betweenness": (measures.betweenness(links), nx.betweenness_centrality(network)),
        "closeness": (measures.closeness(links), nx.closeness_centrality(network)),
        "pagerank": (
            measures.pagerank(links),
            nx.pagerank(network, alpha=0.85, tol=1e-14, max_iter=1000),
        ),
        "clustering": (measures.clustering(links), nx.clustering(network)),
        "core": (measures.core(links), nx.core_number(network)),
    }
    for name, (own, theirs) in pairs.items():
        for node in network:
            assert own[node] == pytest.approx(theirs[node], rel=0, abs=1e-9), (name, node)


@settings(max_examples=100)
@given(random_links())
def test_constraint_equals_that_of_networkx(links: Links) -> None:
    """Burt's constraint equals networkx's; an actor without a partner has none."""
    theirs = nx.constraint(reference(links), weight="weight")
    for node, own in enumerate(measures.constraint(links)):
        if own is None:
            assert math.isnan(theirs[node])
        else:
            assert own == pytest.approx(theirs[node], rel=0, abs=1e-9)


@settings(max_examples=100)
@given(random_links())
def test_eigenvector_is_one(links: Links) -> None:
    """The values are a leading eigenvector of the largest component, of length 1; 0 elsewhere."""
    network = reference(links)
    values = measures.eigenvector(links)
    if not links.pairs:
        assert values == [0.0] * links.count
        return
    inside = {node for node, value in enumerate(values) if value > 1e-12}
    assert sum(x * x for x in values) == pytest.approx(1, abs=1e-9)
    assert len(inside) == max(len(part) for part in nx.connected_components(network))
    sums = [sum(network[n][m]["weight"] * values[m] for m in network[n]) for n in network]
    factor = sum(s * v for s, v in zip(sums, values, strict=True))
    for node in inside:
        assert sums[node] == pytest.approx(factor * values[node], abs=1e-7)


@settings(max_examples=50)
@given(random_links())
def test_components_and_communities_are_partitions(links: Links) -> None:
    """Components are networkx's; communities have the modularity that networkx computes."""
    network = reference(links)
    numbers = measures.components(links)
    own = {frozenset(n for n in network if numbers[n] == k) for k in numbers}
    assert own == {frozenset(part) for part in nx.connected_components(network)}
    found = measures.communities(links, runs=3)
    if links.pairs:
        groups = [{n for n in network if found.membership[n] == k} for k in set(found.membership)]
        assert found.modularity == pytest.approx(nx.community.modularity(network, groups), abs=1e-9)
        assert found == measures.communities(links, runs=3), "the same seed gives the same groups"


def test_recurrence_by_hand() -> None:
    """Of four and two nodes, one way to group keeps all, and another moves one of the four."""
    groups = (0, 0, 0, 0, 1, 1)
    same, moved = [7, 7, 7, 7, 3, 3], [5, 5, 5, 9, 9, 9]
    # Four: 4 of 4, then 3 of 4. Two: 2 of 2, then 2 of 3.
    assert measures.recurrence(groups, [same, moved]) == pytest.approx(
        ((1 + 3 / 4) / 2, (1 + 2 / 3) / 2)
    )
    assert measures.recurrence(groups, []) == (1.0, 1.0)


def test_cliques_come_back_whole_and_a_ring_does_not() -> None:
    """Two cliques with one pair between them are found by every seed; a ring is cut anyhow."""
    cliques = [*itertools.combinations(range(6), 2), *itertools.combinations(range(6, 12), 2)]
    clear = measures.communities(Links(12, [*cliques, (0, 6)], [1.0] * (len(cliques) + 1)))
    assert clear.stabilities == (1.0, 1.0)
    ring = measures.communities(Links(30, [(n, (n + 1) % 30) for n in range(30)], [1.0] * 30))
    assert len(ring.stabilities) == len(set(ring.membership))
    assert all(0 < value < 0.99 for value in ring.stabilities)


def test_brokers_by_hand() -> None:
    """A star whose ends have no tie: each pair of ends is counted in its role once."""
    star = Links(5, [(0, 1), (0, 2), (0, 3), (0, 4)], [1.0] * 4)
    roles = brokerage(star, ["x", "x", "y", "y", "z"])[0]
    # x–y, x–y, x–z go out of the own part; y–y return to another; y–z, y–z join three parts.
    assert roles == {"coordinator": 0, "consultant": 1, "representative": 3, "liaison": 2}
    assert brokerage(star, [None, "x", "x", "x", "x"])[0]["consultant"] == 0


def network_of(links: Links) -> Network:
    """Make a network of actors whose pairs have these weights, to the nearest whole number."""
    ties = tuple(
        Tie(a, b, "project", f"p{a}-{b}-{n}", 2, "e", "stated")
        for (a, b), weight in zip(links.pairs, links.weights, strict=True)
        for n in range(max(1, round(weight)))
    )
    actors = tuple(Actor(f"actor/a{n:02}", {}) for n in range(links.count))
    snapshot = Snapshot("", actors, ties, {}, (), {}, {}, {}, ())
    return project_actors(snapshot, NetworkFilter(isolates=True))


@settings(max_examples=80)
@given(random_links(), st.integers(1, 8))
def test_paths_equal_those_of_networkx(links: Links, k: int) -> None:
    """All shortest paths are networkx's; the k best are as long as its k best."""
    network = network_of(links)
    simple: nx.Graph[int] = nx.Graph()
    simple.add_nodes_from(range(links.count))
    for edge in network.edges:
        simple.add_edge(edge.source, edge.target, distance=1 / edge.weight)
    end = links.count - 1
    every, best = shortest_paths(network, 0, end, k)
    if end == 0 or not nx.has_path(simple, 0, end):
        assert (every, best) == ([], [])
        return
    if nx.shortest_path_length(simple, 0, end) > 6:
        return
    theirs = sorted(nx.all_shortest_paths(simple, 0, end))
    assert every == theirs[:50]
    long = [
        nx.path_weight(simple, path, "distance")
        for path in islice(nx.shortest_simple_paths(simple, 0, end, weight="distance"), 4 * k)
        if len(path) <= 7
    ]
    ours = [nx.path_weight(simple, path, "distance") for path in best]
    assert ours == sorted(ours)
    if len(ours) == k == len(long[:k]):
        assert ours == pytest.approx(long[:k], abs=1e-9)


@settings(max_examples=80)
@given(random_links())
def test_adamic_adar_equals_that_of_networkx(links: Links) -> None:
    """The nearness of every pair equals networkx's index."""
    network = reference(links)
    neighbours = {node: set(network[node]) for node in network}
    for a in network:
        ours = adamic_adar(neighbours, a)
        pairs = [(a, b) for b in network if b != a]
        for _, b, theirs in nx.adamic_adar_index(network, pairs):
            assert ours.get(b, 0.0) == pytest.approx(theirs, rel=0, abs=1e-9)


def test_joint_projects_by_hand() -> None:
    """Three in one project and two of them in another: three pairs, one of them twice."""
    snapshot = joint_projects({"p": ["a", "b", "c"], "q": ["b", "c"], "alone": ["d"]})
    network = project_actors(snapshot)
    assert [(e.source, e.target, e.weight) for e in network.edges] == [
        (0, 1, 1.0), (0, 2, 1.0), (1, 2, 2.0)
    ]  # fmt: skip
    halves = project_actors(snapshot, NetworkFilter(counting="fractional"))
    assert [e.weight for e in halves.edges] == [0.5, 0.5, 1.5]
    assert [halves.strength(n) for n in halves.nodes] == [1.0, 2.0, 2.0], "projects of each"


def test_growth_by_hand() -> None:
    """Two ties of one pair and one of another, one that ended, one without a date."""
    ties = (
        Tie(0, 1, "project", "p", 2, "e", "stated", "2010-01-01", "2011-12-31"),
        Tie(0, 1, "project", "q", 2, "e", "stated", "2013-01-01"),
        Tie(1, 2, "project", "r", 2, "e", "stated", "2012"),
        Tie(0, 2, "project", "s", 2, "e", "stated"),
    )
    actors = tuple(Actor(f"actor/{n}", {}) for n in "abc")
    years, undated = growth(project_actors(Snapshot("", actors, ties, {}, (), {}, {}, {}, ())))
    assert undated == 1
    assert [(y.year, y.ties, y.pairs, y.actors, y.new_pairs, y.new_actors) for y in years] == [
        (2010, 1, 1, 2, 1, 2), (2011, 1, 1, 2, 0, 0), (2012, 1, 1, 2, 1, 1), (2013, 2, 2, 3, 0, 0)
    ]  # fmt: skip


def test_kin_are_not_suggested() -> None:
    """Neither parents nor grandparents nor their children are told to meet."""
    ties = (
        Tie(0, 1, "project", "p", 2, "e", "stated"),
        *(Tie(1, n, "project", f"p{n}", 2, "e", "stated") for n in (2, 3, 4)),
    )
    actors = (
        Actor("actor/unit", {}, parents=("actor/school",)),
        Actor("actor/partner", {}),
        Actor("actor/school", {}, parents=("actor/university",)),
        Actor("actor/university", {}),
        Actor("actor/other", {}),
    )
    network = project_actors(Snapshot("", actors, ties, {}, (), {}, {}, {}, ()))
    assert [found.other for found in suggest(network, 0)] == [4]
    assert [found.other for found in suggest(network, 3)] == [4]


def test_what_is_shared_counts() -> None:
    """No common partner, one of two areas and one of three topics in common: 1/2 + 1/3."""
    ties = tuple(Tie(a, b, "project", f"p{a}", 2, "e", "stated") for a, b in ((0, 1), (2, 3)))
    actors = tuple(Actor(f"actor/{n}", {}) for n in "abcd")
    areas = {name: Thing(name, {"en": name.upper()}) for name in ("a1", "a2")}
    contributions = tuple(
        Contribution(actor, area, False, ())
        for actor, area in (("actor/a", "a1"), ("actor/c", "a1"), ("actor/c", "a2"))
    )
    things = {
        "q": Thing("q", {}, topics=("t/1", "t/2")),
        "r": Thing("r", {}, topics=("t/2", "t/3")),
    }
    taking_part = (Participation("q", "actor/a"), Participation("r", "actor/c"))
    snapshot = Snapshot(
        "", actors, ties, things, taking_part, {}, {}, areas, contributions,
        topics={"t/2": {"en": "two", "sv": "två"}},
    )  # fmt: skip
    (found,) = suggest(project_actors(snapshot), 0)
    assert (found.other, found.areas, found.topics) == (2, ("a1",), ("t/2",))
    assert found.score == pytest.approx(1 / 2 + 1 / 3)
    told = reasons(snapshot, found)
    assert told["en"] == ["the same priority areas: A1", "projects on the same topics: two"]
    assert told["sv"][1] == "projekt inom samma ämnen: två"
