"""Who should meet: pairs without a tie that share partners, topics or priority areas.

Score: Adamic–Adar over common partners, the sum of 1 / ln(degree) (Adamic and Adar, Social
Networks 25, 2003), plus the Jaccard similarity of priority areas (0–1), plus that of
the topics of projects (0–1). An actor and what it
is a part of, however far up, are never suggested to each other.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from klustergraf.analysis.network import Network
from klustergraf.analysis.snapshot import Actor, Snapshot, slug_of


@dataclass(frozen=True)
class Suggestion:
    """A pair that could meet, and why: partners (places in the snapshot), areas, topics (IRIs)."""

    actor: int
    other: int
    score: float
    adamic_adar: float
    partners: tuple[int, ...]
    areas: tuple[str, ...]
    topics: tuple[str, ...] = ()


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
    topics: dict[str, set[str]] = defaultdict(set)
    for part in snapshot.participations:
        topics[part.actor].update(snapshot.things[part.project].topics)
    own = snapshot.actors[actor]
    direct = set(around.get(actor, ()))
    nearness = adamic_adar(around, actor) if direct else {}
    candidates = set(nearness) | {
        i
        for i, other in enumerate(snapshot.actors)
        if i in around
        and (areas[own.iri] & areas[other.iri] or topics[own.iri] & topics[other.iri])
    }
    above = _Ancestors(snapshot)
    found = []
    for other in sorted(candidates - direct - {actor}):
        there = snapshot.actors[other]
        if there.iri in above[own.iri] or own.iri in above[there.iri]:
            continue
        near = nearness.get(other, 0.0)
        found.append(
            Suggestion(
                actor,
                other,
                near + _jaccard(areas, own, there) + _jaccard(topics, own, there),
                near,
                tuple(sorted(direct & set(around[other]))),
                tuple(sorted(areas[own.iri] & areas[there.iri])),
                tuple(sorted(topics[own.iri] & topics[there.iri])),
            )
        )
    return sorted(found, key=lambda s: (-s.score, s.other))[:most]


def _jaccard(has: Mapping[str, set[str]], one: Actor, other: Actor) -> float:
    """Tell how much of what either has both have, 0–1."""
    union = has[one.iri] | has[other.iri]
    return len(has[one.iri] & has[other.iri]) / len(union) if union else 0.0


def reasons(snapshot: Snapshot, found: Suggestion) -> dict[str, list[str]]:
    """Say in words why two could meet, in sv and en."""
    told: dict[str, list[str]] = {"sv": [], "en": []}
    texts = {
        "sv": (
            "{n} gemensamma partner: {names}",
            "samma prioriterade områden: {names}",
            "projekt inom samma ämnen: {names}",
        ),
        "en": (
            "{n} partners in common: {names}",
            "the same priority areas: {names}",
            "projects on the same topics: {names}",
        ),
    }
    for language, (by_partners, by_areas, by_topics) in texts.items():
        partners = [snapshot.actors[n].name(language) for n in found.partners]
        areas = [snapshot.areas[area].name(language) for area in found.areas]
        if partners:
            names = ", ".join(partners[:5]) + (" …" if len(partners) > 5 else "")
            told[language].append(by_partners.format(n=len(partners), names=names))
        if areas:
            told[language].append(by_areas.format(names=", ".join(areas)))
        if found.topics:
            named = [
                snapshot.topics.get(topic, {}).get(language) or slug_of(topic)
                for topic in found.topics[:5]
            ]
            more = " …" if len(found.topics) > len(named) else ""
            told[language].append(by_topics.format(names=", ".join(named) + more))
    return told
