"""Who stands between parts: the roles of Gould and Fernandez (Sociological Methodology 19, 1989).

A broker b ties a and c that have no tie. By the parts (counties, kinds) of the three: coordinator
(all the same), consultant (a and c the same, b another), representative (b as one of them, the
other another; undirected, so gatekeeper is the same), liaison (all three differ).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from klustergraf.analysis.measures import Links

ROLES = ("coordinator", "consultant", "representative", "liaison")


def brokerage(links: Links, parts: Sequence[str | None]) -> list[Mapping[str, int]]:
    """Count the roles of each node; a triple with a node of unknown part is not counted."""
    around: list[set[int]] = [set() for _ in range(links.count)]
    for a, b in links.pairs:
        around[a].add(b)
        around[b].add(a)
    found: list[Mapping[str, int]] = []
    for node in range(links.count):
        counts = dict.fromkeys(ROLES, 0)
        own = parts[node]
        for a, c in combinations(sorted(around[node]) if own is not None else (), 2):
            left, right = parts[a], parts[c]
            if left is None or right is None or c in around[a]:
                continue
            if left == right:
                counts["coordinator" if left == own else "consultant"] += 1
            else:
                counts["representative" if own in (left, right) else "liaison"] += 1
        found.append(counts)
    return found
