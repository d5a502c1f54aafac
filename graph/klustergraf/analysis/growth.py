"""How the network and the strategy's projects came about, year by year.

A tie is there in a year when it began by then and has not ended before; one without an end goes
on. Years go from the first to the last in which something begins. What has no date cannot be
placed, and is counted apart.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from klustergraf.analysis.network import Network, year_of
from klustergraf.analysis.snapshot import Snapshot


@dataclass(frozen=True)
class Year:
    """A network in a year. ``new_pairs``: tied for the first time; ``new_actors`` likewise."""

    year: int
    ties: int
    pairs: int
    actors: int
    new_pairs: int
    new_actors: int


def growth(network: Network) -> tuple[list[Year], int]:
    """Follow a network through the years; also give how many of its ties have no beginning."""
    dated = [
        (first, year_of(tie.until), (edge.source, edge.target))
        for edge in network.edges
        for tie in edge.ties
        if (first := year_of(tie.since)) is not None
    ]
    undated = sum(len(edge.ties) for edge in network.edges) - len(dated)
    began: dict[tuple[int, int], int] = {}
    for first, _, pair in dated:
        began[pair] = min(first, began.get(pair, first))
    joined: dict[int, int] = {}
    for pair, first in began.items():
        for actor in pair:
            joined[actor] = min(first, joined.get(actor, first))
    years = [first for first, _, _ in dated]
    found = []
    for year in range(min(years), max(years) + 1) if years else ():
        there = [pair for a, z, pair in dated if a <= year and (z is None or z >= year)]
        found.append(
            Year(
                year,
                ties=len(there),
                pairs=len(set(there)),
                actors=len({actor for pair in there for actor in pair}),
                new_pairs=sum(first == year for first in began.values()),
                new_actors=sum(first == year for first in joined.values()),
            )
        )
    return found, undated


@dataclass
class AreaYear:
    """A priority area in a year: what of the region contributes to it.

    ``started``, ``running``: projects; ``facilities``: opened by then; ``amount_eur``: EU
    contribution to the region's actors in the projects that started.
    """

    area: str
    year: int
    started: int = 0
    running: int = 0
    facilities: int = 0
    amount_eur: float = 0.0


@dataclass(frozen=True)
class Trend:
    """All areas in all years; ``undated``: projects and facilities without a date, by area."""

    years: list[AreaYear]
    undated: dict[str, int] = field(default_factory=dict)


def trend(snapshot: Snapshot) -> Trend:
    """Follow the priority areas through the years."""
    region = {actor.iri for actor in snapshot.actors if actor.in_region}
    amounts: dict[str, float] = defaultdict(float)
    projects = set()
    for part in snapshot.participations:
        if part.actor in region:
            projects.add(part.project)
            amounts[part.project] += part.amount_eur or 0.0
    undated = dict.fromkeys(snapshot.areas, 0)
    dated: list[tuple[str, str, int, int | None]] = []
    for item in snapshot.contributions:
        if item.iri in projects or item.iri in snapshot.facility_actors:
            thing = snapshot.things[item.iri]
            first = year_of(thing.since)
            if first is None:
                undated[item.area] += 1
            else:
                dated.append((item.area, item.iri, first, year_of(thing.until)))
    begun = [first for _, _, first, _ in dated]
    found = []
    for area in snapshot.areas:
        own = [(iri, first, last) for where, iri, first, last in dated if where == area]
        for year in range(min(begun), max(begun) + 1) if begun else ():
            row = AreaYear(area, year)
            for iri, first, last in own:
                if iri not in projects:
                    row.facilities += first <= year
                    continue
                row.running += first <= year and (last is None or last >= year)
                row.started += first == year
                row.amount_eur += amounts[iri] if first == year else 0.0
            found.append(row)
    return Trend(found, undated)
