"""Who should meet: pairs without a tie that share partners or priority areas.

Score: Adamic–Adar over common partners, the sum of 1 / ln(degree) (Adamic and Adar, Social
Networks 25, 2003), plus the Jaccard similarity of priority areas (0–1). An actor and what it
is a part of, however far up, are never suggested to each other.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from klustergraf.analysis.network import Network
from klustergraf.analysis.snapshot import Snapshot


@dataclass(frozen=True)
class Suggestion:
    """A pair that could meet, and why: common partners (places in the snapshot), areas (IRIs)."""

    actor: int
    other: int
    score: float
    adamic_adar: float
    partners: tuple[int, ...]
    areas: tuple[str, ...]


def adamic_adar(neighbours: Mapping[int, Collection[int]], actor: int) -> dict[int, float]:
    """Weigh the common partners of an actor and each that has some: few partners say more."""
    found: dict[int, float] = defaultdict(float)
    for near in sorted(neighbours[actor]):
        around = neighbours[near]
        if len(around) > 1:
            weight = 1 / math.log(len(around))
            for far in around:
                found[far] += weight
    found.pop(actor, None)
    return found


class _Ancestors:
    """All that an actor is a part of, however far up."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._parents = {actor.iri: actor.parents for actor in snapshot.actors}

    def __getitem__(self, iri: str) -> set[str]:
        found: set[str] = set()
        border = [iri]
        while border:
            for parent in self._parents.get(border.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    border.append(parent)
        return found


def suggest(network: Network, actor: int, most: int = 20) -> list[Suggestion]:
    """Give the best pairs for an actor; none when nothing is shared."""
    snapshot = network.snapshot
    around = network.neighbours
    areas: dict[str, set[str]] = defaultdict(set)
    for item in snapshot.contributions:
        areas[item.iri].add(item.area)
    own = snapshot.actors[actor]
    direct = set(around.get(actor, ()))
    nearness = adamic_adar(around, actor) if direct else {}
    candidates = set(nearness) | {
        i
        for i, other in enumerate(snapshot.actors)
        if i in around and areas.get(own.iri, set()) & areas.get(other.iri, set())
    }
    above = _Ancestors(snapshot)
    found = []
    for other in sorted(candidates - direct - {actor}):
        there = snapshot.actors[other]
        if there.iri in above[own.iri] or own.iri in above[there.iri]:
            continue
        common = tuple(sorted(direct & set(around[other])))
        shared = areas.get(own.iri, set()) & areas.get(there.iri, set())
        union = areas.get(own.iri, set()) | areas.get(there.iri, set())
        near = nearness.get(other, 0.0)
        score = near + (len(shared) / len(union) if union else 0.0)
        found.append(Suggestion(actor, other, score, near, common, tuple(sorted(shared))))
    return sorted(found, key=lambda s: (-s.score, s.other))[:most]


def reasons(snapshot: Snapshot, found: Suggestion) -> dict[str, list[str]]:
    """Say in words why two could meet, in sv and en."""
    told: dict[str, list[str]] = {"sv": [], "en": []}
    texts = {
        "sv": ("{n} gemensamma partner: {names}", "samma prioriterade områden: {names}"),
        "en": ("{n} partners in common: {names}", "the same priority areas: {names}"),
    }
    for language, (by_partners, by_areas) in texts.items():
        partners = [snapshot.actors[n].name(language) for n in found.partners]
        areas = [snapshot.areas[area].name(language) for area in found.areas]
        if partners:
            names = ", ".join(partners[:5]) + (" …" if len(partners) > 5 else "")
            told[language].append(by_partners.format(n=len(partners), names=names))
        if areas:
            told[language].append(by_areas.format(names=", ".join(areas)))
    return told
