"""Clusters: profiles that are one actor so far, and whether two of them may become one."""

from klustergraf.identity.external_ids import HARD_SCHEMES, SOFT_SCHEMES
from klustergraf.identity.kinds import kinds_are_apart
from klustergraf.identity.profiles import CLOSED_SOURCES, Profile


class Clusters:
    """A partition of profiles that only grows coarser, and never against what forbids it."""

    def __init__(self, profiles: list[Profile]) -> None:
        self._parent = list(range(len(profiles)))
        self.members = [[position] for position in range(len(profiles))]
        self._ids = [{scheme: set(v) for scheme, v in p.ids.items()} for p in profiles]
        self._countries = [{p.country} - {""} for p in profiles]
        self._kinds = [{p.kind} for p in profiles]
        self._iris = [{p.iri} - {""} for p in profiles]
        self._closed = [{p.source} & CLOSED_SOURCES for p in profiles]
        self._forbidden: list[set[int]] = [set() for _ in profiles]

    def find(self, position: int) -> int:
        """Give the cluster that a profile is in."""
        root = position
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[position] != root:
            self._parent[position], position = root, self._parent[position]
        return root

    def forbid(self, left: int, right: int) -> None:
        """Keep two profiles apart for good."""
        self._forbidden[self.find(left)].add(right)
        self._forbidden[self.find(right)].add(left)

    def is_forbidden(self, left: int, right: int) -> bool:
        """Tell whether a decision or a relation keeps two clusters apart."""
        left, right = self.find(left), self.find(right)
        return any(self.find(other) == right for other in self._forbidden[left])

    def conflict(self, left: int, right: int, *, by_id: bool) -> str:
        """Say why two clusters cannot be one, or "" when they can.

        ``by_id``: the merge rests on a shared identifier, which overrules what a name cannot:
        different identifiers of a soft scheme, countries, kinds, a source that keeps actors apart.
        """
        left, right = self.find(left), self.find(right)
        if self.is_forbidden(left, right):
            return "decided to be different"
        if self._iris[left] and self._iris[right]:
            return "both have an IRI"
        for scheme in HARD_SCHEMES if by_id else HARD_SCHEMES + SOFT_SCHEMES:
            values = self._ids[left].get(scheme), self._ids[right].get(scheme)
            if values[0] and values[1] and not values[0] & values[1]:
                return f"different {scheme}"
        if by_id:
            return ""
        countries = self._countries[left], self._countries[right]
        if countries[0] and countries[1] and not countries[0] & countries[1]:
            return "different countries"
        for one in self._kinds[left]:
            if any(kinds_are_apart(one, other) for other in self._kinds[right]):
                return "different kinds"
        both = self._closed[left] & self._closed[right]
        return f"{min(both)} keeps them apart" if both else ""

    def merge(self, left: int, right: int) -> None:
        """Make two clusters one."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return
        if len(self.members[left]) < len(self.members[right]):
            left, right = right, left
        self._parent[right] = left
        self.members[left] += self.members[right]
        self.members[right] = []
        for scheme, values in self._ids[right].items():
            self._ids[left].setdefault(scheme, set()).update(values)
        self._countries[left] |= self._countries[right]
        self._kinds[left] |= self._kinds[right]
        self._iris[left] |= self._iris[right]
        self._closed[left] |= self._closed[right]
        self._forbidden[left] |= self._forbidden[right]
