"""Pictures on the page of an actor: its partners, when they began to work together, where it is.

Drawn at the server, so that they are there without scripts; the tables of the page say the same.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from klustergraf.analysis import storage
from klustergraf.analysis.kinds import GROUPS, kind_group
from klustergraf.analysis.storage import Analysis
from klustergraf_api.dependencies import Parts
from klustergraf_api.execution import Executor
from klustergraf_api.land import Land
from klustergraf_api.pages.rendering import View
from klustergraf_api.routes.map_page import read_land

_MOST_PARTNERS: Final = 24
_LONGEST_NAME: Final = 48
_WIDTH, _HEIGHT, _RADIUS = 1200.0, 640.0, 215.0
_BAR, _BARS_HIGH = 26.0, 90.0
# Names straight above and below the centre stand farther out, clear of those beside them.
_STEEP: Final = 0.2


@dataclass(frozen=True)
class Partner:
    """A partner on the circle; ``anchor`` says on which side its name ends."""

    iri: str
    name: str
    label: str
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str
    radius: float
    thickness: float
    group: str


@dataclass(frozen=True)
class Bar:
    """A year, and how many ties began in it."""

    year: int
    count: int
    x: float
    height: float


@dataclass(frozen=True)
class ActorPictures:
    """What is drawn on the page of an actor.

    ``others``: how many partners are not drawn; ``between``: lines between partners, by their
    ends; ``undated``: how many ties have no year.
    """

    slug: str
    partners: tuple[Partner, ...]
    between: tuple[tuple[float, float, float, float], ...]
    others: int
    groups: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    undated: int
    land: Land | None
    municipalities: tuple[str, ...]
    point: tuple[float, float] | None
    places: Mapping[str, Mapping[str, str]]
    middle: tuple[float, float] = (_WIDTH / 2, _HEIGHT / 2)
    size: tuple[float, float] = (_WIDTH, _HEIGHT)
    bars_high: float = _BARS_HIGH
    bar: float = _BAR


async def read_pictures(
    parts: Parts, executor: Executor, iri: str, view: View
) -> ActorPictures | None:
    """Draw the pictures of an actor of the network; None for what is none, or has nothing."""
    version = parts.counted.version
    if version is None:
        return None
    analysis = await anyio.to_thread.run_sync(storage.load, version)
    place = analysis.places.get(iri)
    if place is None:
        return None
    land = await read_land(parts, executor)
    return _draw(analysis, place, land, view)


def _draw(analysis: Analysis, place: int, land: Land | None, view: View) -> ActorPictures:
    actor = analysis.snapshot.actors[place]
    near = analysis.network.neighbours.get(place, {})
    ordered = sorted(near.items(), key=lambda item: (-item[1].weight, item[0]))[:_MOST_PARTNERS]
    # Side by side what is of one kind: the eye finds groups, and names of one side read together.
    order = list(GROUPS)
    ordered.sort(
        key=lambda item: (order.index(kind_group(analysis.snapshot.actors[item[0]])), item[0])
    )
    most = max((edge.weight for _, edge in ordered), default=1.0)
    partners = []
    for number, (other, edge) in enumerate(ordered):
        angle = 2 * math.pi * number / len(ordered) - math.pi / 2
        across, down = math.cos(angle), math.sin(angle)
        name = analysis.snapshot.actors[other].name(view.language)
        partners.append(
            Partner(
                analysis.snapshot.actors[other].iri,
                _shown(name),
                view.text("pictures.partner", name=name, count=f"{edge.weight:g}"),
                round(_WIDTH / 2 + _RADIUS * across, 1),
                round(_HEIGHT / 2 + _RADIUS * down, 1),
                round(_WIDTH / 2 + (_RADIUS + 18) * across, 1),
                round(_HEIGHT / 2 + (_RADIUS + (22 if abs(across) > _STEEP else 40)) * down + 4, 1),
                _anchor(across),
                round(6 + 7 * math.sqrt(edge.weight / most), 1),
                round(1 + 6 * edge.weight / most, 1),
                kind_group(analysis.snapshot.actors[other]),
            )
        )
    places = {other: (p.x, p.y) for (other, _), p in zip(ordered, partners, strict=True)}
    between = tuple(
        (*places[a], *places[b])
        for a in places
        for b in analysis.network.neighbours[a]
        if b in places and a < b
    )
    there = {p.group for p in partners}
    bars, undated = _bars(analysis, place)
    point = None
    if land and actor.point:
        point = land.projection.place(actor.point[1], actor.point[0])
    inside = tuple(m for m in actor.municipalities if land and m in land.areas)
    return ActorPictures(
        actor.slug,
        tuple(partners),
        between,
        len(near) - len(partners),
        tuple((name, view.text(f"network.kind.{name}")) for name in GROUPS if name in there),
        bars,
        undated,
        land if inside else None,
        inside,
        point,
        analysis.snapshot.places,
    )


def _shown(name: str) -> str:
    """Give as much of a name as there is room for, in whole words.

    No dots: what is seen must be part of what is read out (WCAG 2.1, 2.5.3).
    """
    if len(name) <= _LONGEST_NAME:
        return name
    return name[: _LONGEST_NAME + 1].rpartition(" ")[0] or name[:_LONGEST_NAME]


def _anchor(across: float) -> str:
    if abs(across) <= _STEEP:
        return "middle"
    return "start" if across > 0 else "end"


def _bars(analysis: Analysis, place: int) -> tuple[tuple[Bar, ...], int]:
    """Count what began in each year: each thing that ties once, whoever it ties the actor to."""
    years: dict[str, int | None] = {}
    for edge in analysis.network.neighbours.get(place, {}).values():
        for tie in edge.ties:
            year = int(tie.since[:4]) if tie.since and tie.since[:4].isdecimal() else None
            years[tie.through] = min(filter(None, (years.get(tie.through), year)), default=None)
    counts = Counter(year for year in years.values() if year is not None)
    undated = sum(year is None for year in years.values())
    if not counts:
        return (), undated
    first, last, most = min(counts), max(counts), max(counts.values())
    bars = tuple(
        Bar(
            year,
            counts[year],
            round((year - first) * _BAR, 1),
            round(_BARS_HIGH * counts[year] / most, 1),
        )
        for year in range(first, last + 1)
    )
    return bars, undated
