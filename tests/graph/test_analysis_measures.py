"""Measures and paths on random networks equal those of networkx."""

import math
from itertools import combinations
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klustergraf.analysis import measures
from klustergraf.analysis.brokerage import brokerage
from klustergraf.analysis.measures import Links


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


def test_brokers_by_hand() -> None:
    """A star whose ends have no tie: each pair of ends is counted in its role once."""
    star = Links(5, [(0, 1), (0, 2), (0, 3), (0, 4)], [1.0] * 4)
    roles = brokerage(star, ["x", "x", "y", "y", "z"])[0]
    # x–y, x–y, x–z go out of the own part; y–y return to another; y–z, y–z join three parts.
    assert roles == {"coordinator": 0, "consultant": 1, "representative": 3, "liaison": 2}
    assert brokerage(star, [None, "x", "x", "x", "x"])[0]["consultant"] == 0
