"""Where each actor stands in pictures of the network: once per version, so that nothing jumps.

Force-directed (Fruchterman and Reingold 1991), with a fixed seed. Parts of the network that hang
together with nothing else, and actors without a tie, stand in rows below the largest part, where a
force-directed layout would blow them away.
"""

import math
import random
from collections.abc import Sequence
from typing import Final

import igraph

from klustergraf.analysis.measures import Links

_ROUNDS: Final = 800
_EXACT_UP_TO: Final = 1500
_DIGITS: Final = 4
# A place at half the way from the middle is drawn at 0.5 to this power of the way.
_CROWDED: Final = 0.7
# How far apart the small parts stand, where the largest part is 2 wide.
_SPACE: Final = 0.09

Position = tuple[float, float]


def positions(links: Links, seed: int = 1) -> list[Position]:
    """Place every node; x and y from -1 to 1 for the largest part, the others below it.

    The same links give the same places.
    """
    network = igraph.Graph(n=links.count, edges=list(links.pairs))
    # A pair with a hundred projects shall be near, not on top of each other.
    network.es["pull"] = [
        1 + math.log(max(weight, 1e-9)) if weight > 1 else 1.0 for weight in links.weights
    ]
    places: list[Position] = [(0.0, 0.0)] * links.count
    parts = sorted(network.connected_components(), key=lambda part: (-len(part), min(part)))
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 # no secret
    try:
        x, y, row_height = -1.0, 0.0, 0.0
        for number, part in enumerate(parts):
            drawn = _drawn(network.induced_subgraph(sorted(part)))
            if number == 0:
                for node, place in zip(sorted(part), drawn, strict=True):
                    places[node] = _rounded(place)
                y = max(place[1] for place in drawn) + 2 * _SPACE
                continue
            size = _SPACE * math.sqrt(len(part)) / 2
            if x + 2 * size > 1:
                x, y, row_height = -1.0, y + row_height, 0.0
            row_height = max(row_height, 2 * size + _SPACE / 2)
            for node, (dx, dy) in zip(sorted(part), drawn, strict=True):
                around = size if len(part) > 1 else 0.0
                places[node] = _rounded((x + size + around * dx / 2, y + size + around * dy / 2))
            x += 2 * size + _SPACE / 4
    finally:
        igraph.set_random_number_generator(random)
    return places


def _drawn(part: igraph.Graph) -> Sequence[Position]:
    """Draw a connected network within -1 to 1."""
    if part.vcount() == 1:
        return [(0.0, 0.0)]
    drawn = part.layout_fruchterman_reingold(
        weights="pull", niter=_ROUNDS, grid=part.vcount() > _EXACT_UP_TO
    )
    middle = drawn.centroid()
    around = [(x - middle[0], y - middle[1]) for x, y in drawn]
    far = max(math.hypot(x, y) for x, y in around) or 1.0
    # Real networks crowd in the middle: distances from it are drawn out, directions stay.
    return [
        (x * _stretch(math.hypot(x, y) / far) / far, y * _stretch(math.hypot(x, y) / far) / far)
        for x, y in around
    ]


def _stretch(distance: float) -> float:
    return distance ** (_CROWDED - 1) if distance else 1.0


def _rounded(place: Position) -> Position:
    return round(place[0], _DIGITS), round(place[1], _DIGITS)
