"""What a place in a network means: centrality, cohesion, groups.

igraph computes; networkx defines. Tests hold both equal to 1e-9 (communities: to the modularity).

- degree, strength: number of partners; sum of weights (Barrat et al. 2004)
- betweenness: share of shortest paths through an actor, 0-1, unweighted (Freeman 1977;
  Brandes 2001)
- closeness: (r-1)/(n-1) · (r-1)/sum of distances, r reachable, 0-1 (Wasserman and Faust 1994)
- eigenvector: leading eigenvector of the largest component, weighted, length 1; 0
  elsewhere (Bonacich 1987)
- pagerank: stationary share of a walk, damping 0.85, weighted (Page et al. 1999)
- clustering: share of pairs of partners that are partners, 0-1 (Watts and Strogatz 1998)
- core: largest k with the actor in the k-core (Seidman 1983)
- constraint: Burt's constraint, weighted; none for an actor without a partner (Burt 1992)
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import igraph

RUNS = 20
DAMPING = 0.85


@dataclass(frozen=True)
class Links:
    """A network as numbers: how many nodes, which pairs of them, how heavy."""

    count: int
    pairs: Sequence[tuple[int, int]]
    weights: Sequence[float]


def _graph(links: Links) -> Any:
    network = igraph.Graph(n=links.count, edges=list(links.pairs))
    network.es["weight"] = list(links.weights)
    return network


def degree(links: Links) -> list[int]:
    """Count the partners of each node."""
    return list(_graph(links).degree())


def strength(links: Links) -> list[float]:
    """Sum the weights of each node's pairs."""
    return list(_graph(links).strength(weights="weight"))


def betweenness(links: Links) -> list[float]:
    """Measure how much each node lies between others, 0-1."""
    n = links.count
    scale = 2 / ((n - 1) * (n - 2)) if n > 2 else 0.0
    return [value * scale for value in _graph(links).betweenness(directed=False)]


def closeness(links: Links) -> list[float]:
    """Measure how near each node is to those it can reach, 0-1."""
    network = _graph(links)
    sizes = [0] * links.count
    for part in network.connected_components():
        for node in part:
            sizes[node] = len(part)
    near = network.closeness(normalized=True)
    return [
        0.0 if size < 2 or math.isnan(value) else value * (size - 1) / (links.count - 1)
        for size, value in zip(sizes, near, strict=True)
    ]


def eigenvector(links: Links) -> list[float]:
    """Measure how much each node is tied to nodes that are, in the largest component."""
    network = _graph(links)
    values = [0.0] * links.count
    part: list[int] = max(
        network.connected_components(), key=lambda p: (len(p), -min(p)), default=[]
    )
    if len(part) > 1:
        inner = network.induced_subgraph(part)
        found = inner.eigenvector_centrality(weights="weight", scale=False)
        length = math.sqrt(sum(x * x for x in found))
        for node, value in zip(sorted(part), found, strict=True):
            values[node] = abs(value) / length
    return values


def pagerank(links: Links) -> list[float]:
    """Measure where a walker along the ties, by weight, is found."""
    return list(_graph(links).pagerank(damping=DAMPING, weights="weight")) if links.count else []


def clustering(links: Links) -> list[float]:
    """Measure how many of each node's partners are partners of each other, 0-1."""
    return list(_graph(links).transitivity_local_undirected(mode="zero"))


def core(links: Links) -> list[int]:
    """Find the largest k such that each node is in the k-core."""
    return list(_graph(links).coreness())


def constraint(links: Links) -> list[float | None]:
    """Measure how much of each node's ties lead back to the same few (structural holes)."""
    around: list[dict[int, float]] = [{} for _ in range(links.count)]
    for (a, b), weight in zip(links.pairs, links.weights, strict=True):
        around[a][b] = around[b][a] = weight
    totals = [sum(near.values()) for near in around]
    found: list[float | None] = []
    for node, near in enumerate(around):
        value = 0.0
        for other, weight in near.items():
            direct = weight / totals[node]
            indirect = sum(
                (w / totals[node]) * (around[q].get(other, 0.0) / totals[q])
                for q, w in near.items()
                if q != other
            )
            value += (direct + indirect) ** 2
        found.append(value if near else None)
    return found


def components(links: Links) -> list[int]:
    """Give each node the number of its component, the largest 0."""
    parts = sorted(_graph(links).connected_components(), key=lambda p: (-len(p), min(p)))
    numbers = [0] * links.count
    for number, part in enumerate(parts):
        for node in part:
            numbers[node] = number
    return numbers


@dataclass(frozen=True)
class Communities:
    """The groups of a network, and how sure they are, 0-1.

    ``stability``: mean adjusted Rand index of the groups that other seeds give. ``stabilities``:
    of each group, by number, how much of it comes back: the mean over the other seeds of the
    largest Jaccard similarity (common / either) with a group there (Hennig, Computational
    Statistics & Data Analysis 52, 258-271, 2007, with seeds in the place of samples).
    """

    membership: tuple[int, ...]
    modularity: float
    stability: float
    stabilities: tuple[float, ...]


def communities(links: Links, seed: int = 1, runs: int = RUNS) -> Communities:
    """Find the groups that form, by the Leiden algorithm on modularity (Traag et al. 2019).

    The best of ``runs`` seeds; community 0 is the largest.
    """
    if not links.pairs:
        return Communities(tuple(range(links.count)), 0.0, 1.0, (1.0,) * links.count)
    network = _graph(links)
    found = []
    try:
        for run in range(runs):
            igraph.set_random_number_generator(random.Random(seed + run))  # noqa: S311 # no secret
            groups = network.community_leiden(
                objective_function="modularity", weights="weight", n_iterations=10
            )
            score = network.modularity(groups.membership, weights="weight")
            found.append((score, groups.membership))
    finally:
        igraph.set_random_number_generator(random)
    modularity, best = max(found, key=lambda item: item[0])
    others = [other for _, other in found if other is not best]
    alike = [igraph.compare_communities(best, other, method="adjusted_rand") for other in others]
    sizes = Counter(best)
    order = sorted(sizes, key=lambda group: (-sizes[group], best.index(group)))
    number = {group: place for place, group in enumerate(order)}
    membership = tuple(number[group] for group in best)
    return Communities(
        membership,
        modularity,
        sum(alike) / len(alike) if alike else 1.0,
        recurrence(membership, others),
    )


def recurrence(membership: Sequence[int], others: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """Measure how much of each group comes back in other ways to group the same nodes, 0-1.

    Groups are numbered from 0. The formula is that of ``Communities.stabilities``; 1 when there is
    no other way.
    """
    sizes = Counter(membership)
    sums = dict.fromkeys(sizes, 0.0)
    for other in others:
        there = Counter(other)
        best = dict.fromkeys(sizes, 0.0)
        for (group, second), common in Counter(zip(membership, other, strict=True)).items():
            similarity = common / (sizes[group] + there[second] - common)
            best[group] = max(best[group], similarity)
        for group, similarity in best.items():
            sums[group] += similarity
    return tuple(sums[g] / len(others) if others else 1.0 for g in sorted(sizes))
