"""Networks of the size of a whole framework programme.

Run it alone: ``.venv/bin/python bench/network.py [--quick] [--data FOLDER]``. The folder holds the
published tables of FP7, as ``klustergraf import`` reads them; without it the network is made up, of
the same size.

Measured in one process, once each: who shares projects with whom (projection: full counting, all
pairs with the projects that tie them), degree, PageRank and groups on that; and betweenness, the
middle of three, beside networkx's on a part with 3,000 actors, where both must give the same to
1e-9.
"""

import argparse
import importlib.util
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

import networkx as nx

import report
from klustergraf.analysis import measures
from klustergraf.analysis.joint import joint_projects
from klustergraf.analysis.network import project_actors
from klustergraf.analysis.storage import links_of
from klustergraf.sources import cordis_split
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import ActorRecord, Item, ParticipationRecord

SEED: Final = 1
FP7: Final = "cordis-fp7-2016"
# FP7 as CORDIS tells it: organisations, projects, and the size of a project in the middle.
_PROJECTS, _SIZE_LOG_MEAN, _SIZE_LOG_SD, _LARGEST = 25_788, 0.98, 1.17, 70
# Of those who take part, how many do for the first time: 31,000 organisations, 136,000 parts.
_NEW: Final = 0.23
_PART: Final = 3_000
_QUICK_PART: Final = 600
_RUNS: Final = 3
_EQUAL: Final = 1e-9

Members = Mapping[str, Collection[str]]
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


def main() -> None:
    """Measure, and write the block of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--data", type=Path, help=f"the folder that has {FP7} in it")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="the page to write into")
    chosen = parser.parse_args()
    if chosen.data:
        members = read_members(cordis_split.read_fp7(Inputs([chosen.data / FP7])))
    else:
        members = make_up(_PROJECTS // (10 if chosen.quick else 1))
    rows = sizes(members)
    rows += betweenness(part_of(members, _QUICK_PART if chosen.quick else _PART))
    what = "FP7 as CORDIS tells it" if chosen.data else "made up, of the size of FP7"
    head = f"## Networks: {what}\n\n{report.machine()}; igraph {version('igraph')}, networkx "
    block = f"{head}{version('networkx')}.\n\n{report.table(['figure', 'measured'], rows)}"
    sys.stdout.write(f"{block}\n")
    if not chosen.quick:
        report.write_block("network cordis" if chosen.data else "network", block, chosen.page)


if __name__ == "__main__":
    main()
