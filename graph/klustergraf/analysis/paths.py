"""How two actors are connected: all shortest paths, and the k best weighted ones."""

from collections.abc import Iterator
from itertools import islice

import networkx as nx

from klustergraf.analysis.network import Network
from klustergraf.errors import AnalysisParameterError

MOST_PATHS = 50
MOST_STEPS = 6


def _simple(network: Network) -> "nx.Graph[int]":
    simple: nx.Graph[int] = nx.Graph()
    simple.add_nodes_from(network.nodes)
    for edge in network.edges:
        # The more they share, the nearer they are (Newman 2001).
        simple.add_edge(edge.source, edge.target, distance=1 / edge.weight)
    return simple


def shortest_paths(
    network: Network, start: int, end: int, k: int = 5, max_steps: int = MOST_STEPS
) -> tuple[list[list[int]], list[list[int]]]:
    """Give all shortest paths by steps (at most 50), and the k nearest by sum of 1 / weight.

    Errors: AnalysisParameterError when k is not 1 to 50, or max_steps not 1 to 6.
    """
    for name, value, most in (("k", k, MOST_PATHS), ("max_steps", max_steps, MOST_STEPS)):
        if not 1 <= value <= most:
            raise AnalysisParameterError(name, f"must be 1 to {most}, not {value}")
    simple = _simple(network)
    if start == end or start not in simple or end not in simple:
        return [], []
    if not nx.has_path(simple, start, end):
        return [], []
    steps = nx.shortest_path_length(simple, start, end)
    if steps > max_steps:
        return [], []
    every = sorted(islice(nx.all_shortest_paths(simple, start, end), MOST_PATHS))
    weighted: Iterator[list[int]] = nx.shortest_simple_paths(simple, start, end, weight="distance")
    # Longer paths in between are passed over; so many are looked at, no more.
    best = [path for path in islice(weighted, 4 * k) if len(path) - 1 <= max_steps][:k]
    return every, best
