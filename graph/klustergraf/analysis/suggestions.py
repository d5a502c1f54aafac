"""Who should meet: pairs without a tie that share partners or priority areas.

Score: Adamic–Adar over common partners, the sum of 1 / ln(degree) (Adamic and Adar, Social
Networks 25, 2003), plus the Jaccard similarity of priority areas (0–1). Parents and children are
never suggested to each other.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
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


def adamic_adar(neighbours: Mapping[int, Iterable[int]], a: int, b: int) -> float:
    """Weigh the common partners of two: the fewer partners one has, the more it says."""
    common = set(neighbours[a]) & set(neighbours[b])
    return math.fsum(1 / math.log(len(set(neighbours[n]))) for n in sorted(common))


def suggest(network: Network, actor: int, most: int = 20) -> list[Suggestion]:
    """Give the best pairs for an actor; none when nothing is shared."""
    snapshot = network.snapshot
    around = network.neighbours
    areas: dict[str, set[str]] = defaultdict(set)
    for item in snapshot.contributions:
        areas[item.iri].add(item.area)
    own = snapshot.actors[actor]
    direct = set(around.get(actor, ()))
    candidates = {far for near in direct for far in around[near]}
    candidates |= {
        i
        for i, other in enumerate(snapshot.actors)
        if i in around and areas.get(own.iri, set()) & areas.get(other.iri, set())
    }
    found = []
    for other in sorted(candidates - direct - {actor}):
        there = snapshot.actors[other]
        if own.iri in there.parents or there.iri in own.parents:
            continue
        common = tuple(sorted(direct & set(around[other])))
        shared = areas.get(own.iri, set()) & areas.get(there.iri, set())
        union = areas.get(own.iri, set()) | areas.get(there.iri, set())
        near = adamic_adar(around, actor, other) if common else 0.0
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
