"""How well suggestions foretell who works together later.

Run it alone: ``.venv/bin/python bench/foretelling.py [--data FOLDER]``. The folder holds the
published tables of CORDIS, FP7 and the state of H2020 of 2016, as ``klustergraf import`` reads
them; without it the region alone is asked about, from the shipped graph.

Each part learns from what came before and looks at the pairs that are new after: FP7, then H2020;
and projects that began before 2016, then those that began from 2016 on, which have topics. Topics
and places in projects of later are hidden.

AUC: how often a new pair scores above a pair that never met, drawn by chance among those who are
there before and after; ties count half. Precision at 20: of the 20 nearest without a tie before, or
all that have a score, the share that meets after; the mean over actors drawn among those with a new
partner. Brackets: 95 percent of 1,000 samples of those actors, with replacement (Efron 1979);
``gain`` is what comes before it less that of the first score, on the same samples.
"""

import argparse
import math
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Final

import report
from klustergraf.analysis.extraction import extract
from klustergraf.analysis.joint import joint_projects
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.snapshot import Snapshot, Thing
from klustergraf.analysis.suggestions import adamic_adar, suggest
from klustergraf.build import build
from klustergraf.sources import cordis_split
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import Item, ParticipationRecord, ProjectRecord
from network import FP7, Members, read_members

H2020: Final = "cordis-h2020-2016"
SEED: Final = 1
_PARTED: Final = "2016"
_TOP: Final = 20
_ASKED: Final = 500
_NEGATIVES: Final = 20_000
_SAMPLES: Final = 1_000
_COLUMNS: Final = ["score", "AUC", "gain", f"precision@{_TOP}", "gain"]

Neighbours = Mapping[int, Collection[int]]
Topics = Mapping[int, Collection[str]]


@dataclass(frozen=True)
class Score:
    """A way to foretell: for one actor, how near the others are."""

    name: str
    of: Callable[[Neighbours, int], Mapping[int, float]]


def common_neighbours(neighbours: Neighbours, actor: int) -> Mapping[int, float]:
    """Count the partners in common: what others are measured against."""
    found: dict[int, float] = defaultdict(float)
    for near in neighbours[actor]:
        for far in neighbours[near]:
            found[far] += 1
    return found


def popularity(neighbours: Neighbours, actor: int) -> Mapping[int, float]:
    """Take whoever has most partners, whoever asks: what any insight must beat."""
    return {node: float(len(near)) for node, near in neighbours.items() if node != actor}


ADAMIC_ADAR: Final = Score("Adamic–Adar", adamic_adar)
SCORES: Final = (
    Score("common neighbours", common_neighbours),
    ADAMIC_ADAR,
    Score("most partners", popularity),
)


def by_topics(topics: Topics) -> Callable[[Neighbours, int], Mapping[int, float]]:
    """Compare the topics of projects: Jaccard similarity, as suggestions do."""
    having: dict[str, set[int]] = defaultdict(set)
    for actor, known in topics.items():
        for topic in known:
            having[topic].add(actor)

    def score(_: Neighbours, actor: int) -> Mapping[int, float]:
        own = set(topics.get(actor, ()))
        others = {other for topic in own for other in having[topic]} - {actor}
        return {o: len(own & set(topics[o])) / len(own | set(topics[o])) for o in others}

    return score


def together(
    one: Callable[[Neighbours, int], Mapping[int, float]],
    other: Callable[[Neighbours, int], Mapping[int, float]],
) -> Callable[[Neighbours, int], Mapping[int, float]]:
    """Add two scores."""

    def score(neighbours: Neighbours, actor: int) -> Mapping[int, float]:
        a, b = one(neighbours, actor), other(neighbours, actor)
        return {node: a.get(node, 0.0) + b.get(node, 0.0) for node in {*a, *b}}

    return score


@dataclass(frozen=True)
class Meetings:
    """Who is tied before, who takes part before and after, and which pairs of those are new."""

    neighbours: Neighbours
    both: set[int]
    met: Mapping[int, Collection[int]]

    def told(self) -> str:
        """Tell how many there are."""
        new = sum(map(len, self.met.values())) // 2
        return (
            f"{len(self.both):,} actors are there before and after; {new:,} pairs of them are "
            f"new. {min(_ASKED, len(self.met)):,} of the {len(self.met):,} actors with a new "
            "partner were asked."
        )


def everywhere(before: Members, after: Members) -> tuple[Meetings, Mapping[str, int]]:
    """Take the pairs of some projects, and those that are new in others; give actors' places."""
    network = project_actors(joint_projects(before))
    places = {actor.iri: place for place, actor in enumerate(network.snapshot.actors)}
    neighbours: Neighbours = {n: set(around) for n, around in network.neighbours.items()}
    both = {places[a] for actors in after.values() for a in actors if a in places} & set(neighbours)
    met: dict[int, set[int]] = defaultdict(set)
    for actors in after.values():
        for a, b in combinations(sorted({places[x] for x in actors if x in places} & both), 2):
            if b not in neighbours[a]:
                met[a].add(b)
                met[b].add(a)
    return Meetings(neighbours, both, met), places


def within_h2020(items: Iterable[Item]) -> tuple[Meetings, list[Score]]:
    """Part the projects of H2020 by the year in which they begin; learn from the earlier."""
    projects: dict[str, ProjectRecord] = {}
    members: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if isinstance(item, ProjectRecord):
            projects[item.key] = item
        elif isinstance(item, ParticipationRecord):
            members[item.project].add(item.actor)
    dated = {key: actors for key, actors in members.items() if projects[key].start}
    before = {key: a for key, a in dated.items() if projects[key].start < _PARTED}
    after = {key: a for key, a in dated.items() if projects[key].start >= _PARTED}
    meetings, places = everywhere(before, after)
    topics: dict[int, set[str]] = defaultdict(set)
    for key, actors in before.items():
        for actor in actors:
            topics[places[actor]].update(projects[key].topics)
    alike = by_topics(topics)
    both = Score("Adamic–Adar and topics (suggestions)", together(adamic_adar, alike))
    return meetings, [ADAMIC_ADAR, Score("topics", alike), both, SCORES[0], SCORES[2]]


def region(
    snapshot: Snapshot, is_before: Callable[[Thing], bool], is_after: Callable[[Thing], bool]
) -> tuple[Meetings, list[Score]]:
    """Take the region's actors from the graph, and what suggestions say of them, part by part."""
    before, after = (_by_projects(snapshot, wanted) for wanted in (is_before, is_after))
    both = set(before.nodes) & set(after.nodes)
    met: dict[int, set[int]] = defaultdict(set)
    for edge in after.edges:
        if {edge.source, edge.target} <= both and edge.target not in before.neighbours[edge.source]:
            met[edge.source].add(edge.target)
            met[edge.target].add(edge.source)
    # The topics of projects to come would give the answer away.
    known = tuple(p for p in snapshot.participations if is_before(snapshot.things[p.project]))
    scores = [ADAMIC_ADAR]
    for name, contributions, participations in (
        ("priority areas", snapshot.contributions, ()),
        ("topics", (), known),
        ("areas and topics", snapshot.contributions, known),
    ):
        blind = replace(snapshot, contributions=contributions, participations=participations)
        seen = replace(before, snapshot=blind)
        scores.append(Score(name, _suggested(seen, with_partners=False)))
        scores.append(Score(f"Adamic–Adar, {name}", _suggested(seen, with_partners=True)))
    neighbours = {n: set(near) for n, near in before.neighbours.items()}
    return Meetings(neighbours, both, met), [*scores, SCORES[0], SCORES[2]]


def _by_projects(snapshot: Snapshot, wanted: Callable[[Thing], bool]) -> Network:
    ties = tuple(tie for tie in snapshot.ties if wanted(snapshot.things[tie.through]))
    return project_actors(replace(snapshot, ties=ties), NetworkFilter(ties=("project",)))


def _suggested(
    network: Network, *, with_partners: bool
) -> Callable[[Neighbours, int], Mapping[int, float]]:
    everyone = len(network.snapshot.actors)

    def score(_: Neighbours, actor: int) -> Mapping[int, float]:
        return {
            s.other: s.score if with_partners else s.score - s.adamic_adar
            for s in suggest(network, actor, everyone)
        }

    return score


@dataclass(frozen=True)
class Estimate:
    """A number, and where it lies in 95 percent of the samples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write it as tables do."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Judgement:
    """What a score is worth; gains: less that of the first score."""

    name: str
    auc: Estimate
    auc_gain: Estimate
    precision: Estimate
    precision_gain: Estimate


def judge(meetings: Meetings, scores: Sequence[Score]) -> list[Judgement]:
    """Score who was tied before, and look at who met after; the page's head says how."""
    neighbours, both, met = meetings.neighbours, meetings.both, meetings.met
    chance = random.Random(SEED)  # noqa: S311 # no secret
    asked = chance.sample(sorted(met), min(_ASKED, len(met)))
    everyone = sorted(both)
    drawn = [
        (a, chance.choice(sorted(met[a])), _stranger(chance, everyone, a, neighbours, met))
        for a in (chance.choice(asked) for _ in range(_NEGATIVES))
    ]
    counts = dict.fromkeys(asked, 0)
    for actor, _, _ in drawn:
        counts[actor] += 1
    wins: list[dict[int, float]] = []
    shares: list[dict[int, float]] = []
    for score in scores:
        near = {actor: score.of(neighbours, actor) for actor in asked}
        won = dict.fromkeys(asked, 0.0)
        for actor, friend, stranger in drawn:
            high, low = near[actor].get(friend, 0.0), near[actor].get(stranger, 0.0)
            won[actor] += 0.5 if math.isclose(high, low) else float(high > low)
        wins.append(won)
        shares.append({actor: _share(meetings, actor, near[actor]) for actor in asked})
    samples = [asked, *(chance.choices(asked, k=len(asked)) for _ in range(_SAMPLES))]
    sizes = [sum(counts[actor] for actor in sample) for sample in samples]

    def aucs(won: Mapping[int, float]) -> list[float]:
        return [sum(won[a] for a in s) / size for s, size in zip(samples, sizes, strict=True)]

    def precisions(hit: Mapping[int, float]) -> list[float]:
        return [sum(hit[actor] for actor in sample) / len(sample) for sample in samples]

    first_auc, first_precision = aucs(wins[0]), precisions(shares[0])
    found = []
    for score, won, hit in zip(scores, wins, shares, strict=True):
        auc, precision = aucs(won), precisions(hit)
        found.append(
            Judgement(
                score.name,
                _estimate(auc),
                _estimate([x - y for x, y in zip(auc, first_auc, strict=True)]),
                _estimate(precision),
                _estimate([x - y for x, y in zip(precision, first_precision, strict=True)]),
            )
        )
    return found


def _share(meetings: Meetings, actor: int, near: Mapping[int, float]) -> float:
    """Give the share of the nearest without a tie that an actor meets after."""
    tied = meetings.neighbours[actor]
    open_to = [o for o in near if o in meetings.both and o not in tied and o != actor]
    told = sorted(open_to, key=lambda o: (-near[o], o))[:_TOP]
    return len(set(meetings.met[actor]).intersection(told)) / max(len(told), 1)


def _estimate(values: Sequence[float]) -> Estimate:
    """Give the first value, and the bounds of 95 percent of the others."""
    value, *others = values
    others.sort()
    cut = round(len(others) * 0.025)
    return Estimate(value, others[cut], others[-1 - cut])


def by_chance(meetings: Meetings) -> float:
    """Give the precision of who takes anyone without a tie."""
    met, both, neighbours = meetings.met, meetings.both, meetings.neighbours
    shares = [len(met[a]) / (len(both) - 1 - len(both & set(neighbours[a]))) for a in met]
    return sum(shares) / len(shares)


def _stranger(
    chance: random.Random, everyone: list[int], actor: int, *known: Mapping[int, Collection[int]]
) -> int:
    while True:
        other = chance.choice(everyone)
        if other != actor and not any(other in near.get(actor, ()) for near in known):
            return other


def _gain(estimate: Estimate) -> str:
    told = f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"
    return told.replace("+0.000", "0.000").replace("-0.000", "0.000")


def table(title: str, meetings: Meetings, scores: Sequence[Score]) -> str:
    """Write a part of the page."""
    rows = [
        [j.name, str(j.auc), _gain(j.auc_gain), str(j.precision), _gain(j.precision_gain)]
        for j in judge(meetings, scores)
    ]
    rows[0][2] = rows[0][4] = ""
    rows.append(["by chance", "0.500", "", f"{by_chance(meetings):.3f}", ""])
    return f"\n\n**{title}.** {meetings.told()}\n\n{report.table(_COLUMNS, rows)}"


def main() -> None:
    """Measure, and write the block of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help=f"the folder that has {FP7} and {H2020} in it")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="the page to write into")
    chosen = parser.parse_args()
    block = f"## Suggestions: what comes true\n\n{report.machine()}."
    if chosen.data:
        first = read_members(cordis_split.read_fp7(Inputs([chosen.data / FP7])))
        later = read_members(cordis_split.read_h2020(Inputs([chosen.data / H2020])))
        meetings, _ = everywhere(first, later)
        block += table("FP7, then H2020, everywhere", meetings, SCORES)
        found = within_h2020(cordis_split.read_h2020(Inputs([chosen.data / H2020])))
        block += table(f"H2020 until {_PARTED}, then from {_PARTED} on, everywhere", *found)
    with tempfile.TemporaryDirectory() as home:
        snapshot = extract(build(Path(home)).version)
    block += table(
        "FP7, then H2020, the region",
        *region(
            snapshot,
            lambda project: "fp7" in project.programmes,
            lambda project: "h2020" in project.programmes,
        ),
    )
    block += table(
        f"Until {_PARTED}, then from {_PARTED} on, the region",
        *region(
            snapshot,
            lambda project: (project.since or "") < _PARTED,
            lambda project: (project.since or "") >= _PARTED,
        ),
    )
    sys.stdout.write(f"{block}\n")
    report.write_block("foretelling", block, chosen.page)


if __name__ == "__main__":
    main()
