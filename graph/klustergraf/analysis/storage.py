"""What is kept with a version: the snapshot and the measures of its whole network, as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from klustergraf.analysis import measures
from klustergraf.analysis.brokerage import brokerage
from klustergraf.analysis.extraction import extract
from klustergraf.analysis.layout import positions
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.snapshot import Snapshot
from klustergraf.version import Version

NAME: Final = "network-5"
_FILE: Final = "analysis.json"
_DIGITS: Final = 12


@dataclass(frozen=True)
class Analysis:
    """A version's snapshot, its whole network, and what was measured on that.

    ``measures``: by name, a value for each actor of the snapshot; ``stabilities``: of each
    community.
    """

    snapshot: Snapshot
    network: Network
    measures: dict[str, list[Any]]
    modularity: float
    stability: float
    stabilities: list[float]

    def stability_of(self, place: int) -> float:
        """Give how much of an actor's community comes back with other seeds, 0-1."""
        number: int = self.measures["community"][place]
        return self.stabilities[number]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The places of the actors in the snapshot, by IRI."""
        return {actor.iri: place for place, actor in enumerate(self.snapshot.actors)}


def links_of(network: Network) -> measures.Links:
    """Give a network as numbers; nodes are places in ``network.nodes``."""
    places = {node: place for place, node in enumerate(network.nodes)}
    return measures.Links(
        len(network.nodes),
        [(places[e.source], places[e.target]) for e in network.edges],
        [e.weight for e in network.edges],
    )


def make(version: Version, folder: Path) -> None:
    """Compute the analysis of a version into a folder."""
    snapshot = extract(version)
    links = links_of(project_actors(snapshot, NetworkFilter(isolates=True)))
    groups = measures.communities(links)
    numbers: dict[str, Sequence[float | None]] = {
        "degree": measures.degree(links),
        "strength": measures.strength(links),
        "betweenness": measures.betweenness(links),
        "closeness": measures.closeness(links),
        "eigenvector": measures.eigenvector(links),
        "pagerank": measures.pagerank(links),
        "clustering": measures.clustering(links),
        "core": measures.core(links),
        "constraint": measures.constraint(links),
        "component": measures.components(links),
        "community": groups.membership,
    }
    # The last digits depend on the order in which the machine adds: the same bytes without them.
    found: dict[str, list[Any]] = {
        name: [None if x is None else round(x, _DIGITS) for x in values]
        for name, values in numbers.items()
    }
    found["position"] = [list(place) for place in positions(links)]
    for name, parts in (
        ("county", [a.counties[0] if len(a.counties) == 1 else None for a in snapshot.actors]),
        ("kind", [a.kinds[0] if a.kinds else None for a in snapshot.actors]),
    ):
        found[f"brokerage_{name}"] = [dict(roles) for roles in brokerage(links, parts)]
    document = {
        "snapshot": snapshot.to_data(),
        "measures": found,
        "modularity": round(groups.modularity, _DIGITS),
        "stability": round(groups.stability, _DIGITS),
        "stabilities": [round(value, _DIGITS) for value in groups.stabilities],
    }
    (folder / _FILE).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def load(version: Version) -> Analysis:
    """Give the analysis of a version; it is computed when it is missing."""
    return _read(version.derived(NAME, make))


@lru_cache(maxsize=3)
def _read(folder: Path) -> Analysis:
    document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    snapshot = Snapshot.from_data(document["snapshot"])
    network = project_actors(snapshot, NetworkFilter(isolates=True))
    told = (document[name] for name in ("measures", "modularity", "stability", "stabilities"))
    return Analysis(snapshot, network, *told)
