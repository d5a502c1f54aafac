"""How two actors are connected: all shortest paths, and the k best weighted ones."""

from itertools import islice

import igraph

from klustergraf.analysis.network import Network
from klustergraf.errors import AnalysisParameterError

MOST_PATHS = 50
MOST_STEPS = 6


def shortest_paths(
    network: Network, start: int, end: int, k: int = 5, max_steps: int = MOST_STEPS
) -> tuple[list[list[int]], list[list[int]]]:
    """Give all shortest paths by steps (at most 50), and the k nearest by sum of 1 / weight.

    The k nearest by Yen's algorithm (Management Science 17, 1971), without those longer than
    ``max_steps``. Errors: AnalysisParameterError when k is not 1 to 50, or max_steps not 1 to 6.
    """
    for name, value, most in (("k", k, MOST_PATHS), ("max_steps", max_steps, MOST_STEPS)):
        if not 1 <= value <= most:
            raise AnalysisParameterError(name, f"must be 1 to {most}, not {value}")
    places = {node: place for place, node in enumerate(network.nodes)}
    if start == end or start not in places or end not in places:
        return [], []
    graph = igraph.Graph(
        n=len(places), edges=[(places[e.source], places[e.target]) for e in network.edges]
    )
    ends = places[start], places[end]
    steps = graph.distances(ends[0], ends[1])[0][0]
    if steps > max_steps:
        return [], []

    def told(path: list[int]) -> list[int]:
        return [network.nodes[place] for place in path]

    every = sorted(map(told, graph.get_all_shortest_paths(*ends)))
    # The more they share, the nearer they are (Newman 2001).
    far = [1 / edge.weight for edge in network.edges]
    # Longer paths in between are passed over; so many are looked at, no more.
    weighted = graph.get_k_shortest_paths(*ends, k=4 * k, weights=far, output="vpath")
    best = (path for path in map(told, weighted) if len(path) - 1 <= max_steps)
    return every[:MOST_PATHS], list(islice(best, k))
