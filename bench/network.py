"""Networks of the size of a whole framework programme, and how well meetings are foretold.

Run it alone: ``.venv/bin/python bench/network.py [--quick] [--data FOLDER]``. The folder holds the
published tables of CORDIS, FP7 and the state of H2020 of 2016, as ``klustergraf import`` reads
them. Without it the network is made up, of the same size.

Measured in one process, once each: who shares projects with whom (projection: full counting, all
pairs with the projects that tie them), degree, PageRank and groups on that; betweenness, the middle
of three, beside networkx's on a part with 3,000 actors, where both must give the same to 1e-9; and
suggestions, learned from FP7 alone, against those who met in H2020 later: everywhere (with the
tables), and in the region (from the shipped graph).
"""

import argparse
import importlib.util
import math
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any, Final, TypeVar

import networkx as nx

import report
from klustergraf.analysis import measures
from klustergraf.analysis.extraction import extract
from klustergraf.analysis.joint import joint_projects
from klustergraf.analysis.network import NetworkFilter, project_actors
from klustergraf.analysis.snapshot import Snapshot
from klustergraf.analysis.storage import links_of
from klustergraf.analysis.suggestions import adamic_adar, suggest
from klustergraf.build import build
from klustergraf.sources import cordis_split
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import ActorRecord, Item, ParticipationRecord

SEED: Final = 1
_FP7, _H2020 = "cordis-fp7-2016", "cordis-h2020-2016"
# FP7 as CORDIS tells it: organisations, projects, and the size of a project in the middle.
_PROJECTS, _SIZE_LOG_MEAN, _SIZE_LOG_SD, _LARGEST = 25_788, 0.98, 1.17, 70
# Of those who take part, how many do for the first time: 31,000 organisations, 136,000 parts.
_NEW: Final = 0.23
_PART: Final = 3_000
_QUICK_PART: Final = 600
_RUNS: Final = 3
_TOP: Final = 20
_ASKED: Final = 500
_NEGATIVES: Final = 20_000
_EQUAL: Final = 1e-9

Members = Mapping[str, Collection[str]]
Neighbours = Mapping[int, Collection[int]]
_T = TypeVar("_T")


def make_up(projects: int = _PROJECTS) -> Members:
    """Make up projects: some large, most small, and the more one has done the more comes to it."""
    chance = random.Random(SEED)  # noqa: S311 # no secret
    urn: list[int] = []
    newest = 0
    members: dict[str, set[str]] = {}
    for number in range(projects):
        drawn = round(chance.lognormvariate(_SIZE_LOG_MEAN, _SIZE_LOG_SD))
        chosen: set[int] = set()
        for _ in range(min(max(1, drawn), _LARGEST)):
            # In the urn each stands as often as it took part.
            if urn and chance.random() >= _NEW:
                chosen.add(chance.choice(urn))
            else:
                chosen.add(newest := newest + 1)
        urn.extend(sorted(chosen))
        members[f"p{number}"] = {f"o{n}" for n in chosen}
    return members


def read_members(items: Iterator[Item]) -> Members:
    """Read who takes part in what; an organisation goes by its PIC where that is known."""
    names: dict[str, str] = {}
    members: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if isinstance(item, ActorRecord):
            names[item.key] = next(iter(item.ids.get("pic", ())), item.key)
        elif isinstance(item, ParticipationRecord):
            members[item.project].add(names.get(item.actor, item.actor))
    return members


def timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """Do a work; give what it gives, and the seconds it took."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def sizes(members: Members) -> list[tuple[str, str]]:
    """Measure the whole network."""
    snapshot, tying = timed(lambda: joint_projects(members))
    network, projecting = timed(lambda: project_actors(snapshot))
    links = links_of(network)
    _, degree = timed(lambda: measures.degree(links))
    _, pagerank = timed(lambda: measures.pagerank(links))
    groups, grouping = timed(lambda: measures.communities(links, SEED, _RUNS))
    return [
        ("actors", f"{len(snapshot.actors):,}"),
        ("pairs, once for each project", f"{len(snapshot.ties):,}"),
        ("pairs", f"{len(network.edges):,}"),
        ("projection, s", report.number(tying + projecting)),
        ("degree, s", report.number(degree)),
        ("PageRank, s", report.number(pagerank)),
        (f"groups, the best of {_RUNS} seeds, s", report.number(grouping)),
        ("degree, PageRank and groups, s", report.number(degree + pagerank + grouping)),
        ("modularity", f"{groups.modularity:.3f}"),
        ("stability of the groups", f"{groups.stability:.2f}"),
    ]


def part_of(members: Members, actors: int) -> measures.Links:
    """Draw projects until so many actors are in them."""
    chance = random.Random(SEED)  # noqa: S311 # no secret
    order = sorted(members)
    chance.shuffle(order)
    chosen: dict[str, Collection[str]] = {}
    there: set[str] = set()
    for project in order:
        if len(there | set(members[project])) <= actors:
            chosen[project] = members[project]
            there |= set(members[project])
    return links_of(project_actors(joint_projects(chosen)))


def betweenness(links: measures.Links) -> list[tuple[str, str]]:
    """Measure betweenness beside networkx's, and whatever else is installed.

    Errors: SystemExit when two differ.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(links.count))
    graph.add_edges_from(links.pairs)
    # Ours takes so little that anything else on the machine shows: the middle of three.
    runs = [timed(lambda: measures.betweenness(links)) for _ in range(3)]
    ours, seconds = runs[0][0], statistics.median(taken for _, taken in runs)
    theirs, slow = timed(lambda: nx.betweenness_centrality(graph))
    apart = max(abs(own - theirs[node]) for node, own in enumerate(ours))
    if apart > _EQUAL:
        raise SystemExit(f"betweenness differs from networkx's by {apart}")
    rows = [
        (f"betweenness of {links.count:,} actors and {len(links.pairs):,} pairs, s",
         report.number(seconds)),
        ("the same by networkx, s", report.number(slow)),
        ("how many times as fast", report.number(slow / seconds)),
        ("largest difference", f"{apart:.0e}"),
    ]  # fmt: skip
    if importlib.util.find_spec("rustworkx") is None:
        return rows
    rx: Any = importlib.import_module("rustworkx")
    other = rx.PyGraph(multigraph=False)
    other.add_nodes_from(range(links.count))
    other.add_edges_from_no_data(list(links.pairs))
    _, rust = timed(lambda: rx.betweenness_centrality(other))
    return [*rows, ("the same by rustworkx, on all processors, s", report.number(rust))]


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


SCORES: Final = (
    Score("Adamic–Adar", adamic_adar),
    Score("common neighbours", common_neighbours),
    Score("most partners", popularity),
)


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
            f"{len(self.both):,} actors are in both programmes; {new:,} pairs of them are new in "
            f"H2020. {min(_ASKED, len(self.met)):,} of the {len(self.met):,} actors with a new "
            "partner were asked."
        )


def programmes(before: Members, after: Members) -> Meetings:
    """Take the pairs of one programme, and those that are new in another, everywhere."""
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
    return Meetings(neighbours, both, met)


def region(snapshot: Snapshot) -> tuple[Meetings, Score]:
    """Take the same of the region's actors from the graph, and what suggestions say of them."""
    before, after = (
        project_actors(snapshot, NetworkFilter(ties=("project",), programmes=(name,)))
        for name in ("fp7", "h2020")
    )
    both = set(before.nodes) & set(after.nodes)
    met: dict[int, set[int]] = defaultdict(set)
    for edge in after.edges:
        if {edge.source, edge.target} <= both and edge.target not in before.neighbours[edge.source]:
            met[edge.source].add(edge.target)
            met[edge.target].add(edge.source)
    everyone = len(snapshot.actors)
    # The topics of projects to come would give the answer away.
    known = replace(
        snapshot,
        participations=tuple(
            part
            for part in snapshot.participations
            if "fp7" in snapshot.things[part.project].programmes
        ),
    )
    blind = replace(before, snapshot=known)
    score = Score(
        "suggestions: Adamic–Adar and priority areas",
        lambda _, actor: {s.other: s.score for s in suggest(blind, actor, everyone)},
    )
    return Meetings({n: set(near) for n, near in before.neighbours.items()}, both, met), score


def judge(meetings: Meetings, scores: Collection[Score]) -> list[list[str]]:
    """Score who was tied before, and look at who met after.

    AUC: how often a new pair scores above a pair that never met, drawn by chance among actors of
    both; ties count half. Precision at 20: of the 20 nearest without a tie before, or all that
    have a score, the share that meets after; the mean over actors drawn among those that have a
    new partner.
    """
    neighbours, both, met = meetings.neighbours, meetings.both, meetings.met
    chance = random.Random(SEED)  # noqa: S311 # no secret
    asked = chance.sample(sorted(met), min(_ASKED, len(met)))
    everyone = sorted(both)
    drawn = [
        (a, chance.choice(sorted(met[a])), _stranger(chance, everyone, a, neighbours, met))
        for a in (chance.choice(asked) for _ in range(_NEGATIVES))
    ]
    rows = []
    for score in scores:
        near = {actor: score.of(neighbours, actor) for actor in asked}
        wins = 0.0
        for actor, friend, stranger in drawn:
            high, low = near[actor].get(friend, 0.0), near[actor].get(stranger, 0.0)
            wins += 0.5 if math.isclose(high, low) else float(high > low)
        shares = []
        for actor in asked:
            open_to = [o for o in near[actor] if o in both and o not in neighbours[actor]]
            best = sorted((o for o in open_to if o != actor), key=lambda o: (-near[actor][o], o))
            told = best[:_TOP]
            shares.append(len(set(met[actor]).intersection(told)) / max(len(told), 1))
        rows.append([score.name, f"{wins / len(drawn):.3f}", f"{sum(shares) / len(shares):.3f}"])
    chances = [len(met[a]) / (len(both) - 1 - len(both & set(neighbours[a]))) for a in asked]
    rows.append(["by chance", "0.500", f"{sum(chances) / len(chances):.3f}"])
    return rows


def _stranger(
    chance: random.Random, everyone: list[int], actor: int, *known: Mapping[int, Collection[int]]
) -> int:
    while True:
        other = chance.choice(everyone)
        if other != actor and not any(other in near[actor] for near in known):
            return other


def main() -> None:
    """Measure, and write the block of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--data", type=Path, help=f"the folder that has {_FP7} and {_H2020} in it")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="the page to write into")
    chosen = parser.parse_args()
    later: Members | None = None
    if chosen.data:
        members = read_members(cordis_split.read_fp7(Inputs([chosen.data / _FP7])))
        later = read_members(cordis_split.read_h2020(Inputs([chosen.data / _H2020])))
    else:
        members = make_up(_PROJECTS // (10 if chosen.quick else 1))
    rows = sizes(members)
    rows += betweenness(part_of(members, _QUICK_PART if chosen.quick else _PART))
    what = "FP7 as CORDIS tells it" if chosen.data else "made up, of the size of FP7"
    head = f"## Networks: {what}\n\n{report.machine()}; igraph {version('igraph')}, networkx "
    block = f"{head}{version('networkx')}.\n\n{report.table(['figure', 'measured'], rows)}"
    columns = ["score", "AUC", f"precision@{_TOP}"]
    if later is not None:
        meetings = programmes(members, later)
        block += f"\n\nFrom the pairs of FP7, those of H2020 foretold. {meetings.told()}\n\n"
        block += report.table(columns, judge(meetings, SCORES))
    with tempfile.TemporaryDirectory() as home:
        snapshot = extract(build(Path(home)).version)
    meetings, score = region(snapshot)
    block += f"\n\nThe same for the region, from the shipped graph. {meetings.told()}\n\n"
    block += report.table(columns, judge(meetings, [score, *SCORES]))
    sys.stdout.write(f"{block}\n")
    if not chosen.quick:
        report.write_block("network cordis" if chosen.data else "network", block, chosen.page)


if __name__ == "__main__":
    main()
