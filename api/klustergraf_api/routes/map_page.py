"""``/map``: the municipalities of the region and the actors in them, drawn at the server."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from klustergraf.analysis.extraction import REGION
from klustergraf.analysis.kinds import GROUPS, kind_group
from klustergraf.analysis.network import project_actors
from klustergraf.analysis.snapshot import Actor
from klustergraf.analysis.storage import Analysis
from klustergraf.namespaces import GEO, ID, KG, ORG
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.execution import Executor
from klustergraf_api.land import WIDTH, Area, Box, Land, Point, TileServer, draw, read_rings
from klustergraf_api.middleware import with_images_of
from klustergraf_api.pages.rendering import View
from klustergraf_api.routes.analysis import AnalysisDep, AskedDep
from klustergraf_api.routes.network_page import Choice, network_filters
from klustergraf_api.settings import Settings

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_ACTORS_SHOWN: Final = 200
_GAP: Final = 2.0
_ROUNDS: Final = 200
# About how wide a letter of a name is, and how high a line, at the size that the style gives.
_LETTER, _LINE = 10.0, 21.0


@dataclass(frozen=True)
class Scale:
    """How large marks are on a kind of screen, in units of the drawing.

    ``near``: what is nearer to a mark in a municipality joins it.
    """

    name: str
    smallest: float
    largest: float
    near: float
    count: float
    long_count: float
    letter: float


# A drawing is 1020 units wide: some 900 pixels on a desk, some 355 on a telephone of 390. There the
# least mark is 26 pixels across and the least number 12 high.
SCALES: Final = (
    Scale("wide", 15.0, 46.0, 26.0, 18.0, 14.0, 15.0),
    Scale("narrow", 38.0, 70.0, 80.0, 36.0, 36.0, 36.0),
)

_BOUNDARIES: Final = f"""\
PREFIX geo: <{GEO}>
PREFIX kg: <{KG}>

SELECT ?municipality ?county ?boundary
WHERE {{
  ?municipality a kg:Municipality ;
    geo:sfWithin ?county ;
    kg:hasSimplifiedBoundary/geo:asWKT ?boundary .
  ?county a kg:County .
}}
ORDER BY ?municipality"""


@dataclass(frozen=True)
class Cluster:
    """Actors that stand so near to each other that they are drawn as one, with their number."""

    x: float
    y: float
    radius: float
    count: int
    label: str
    address: str
    kind: str
    municipality: str = ""
    home: Point | None = None

    @property
    def is_away(self) -> bool:
        """Whether it was moved off the place that it stands for."""
        return self.home is not None and math.dist(self.home, (self.x, self.y)) > self.radius


@dataclass(frozen=True)
class Name:
    """The name of a municipality, written below its cluster, or in its middle."""

    x: float
    y: float
    text: str


@router.api_route("/map", methods=_METHODS)
async def show_map(
    request: Request,
    parts: PartsDep,
    executor: ExecutorDep,
    analysis: AnalysisDep,
    asked: AskedDep,
    first: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> Response:
    """Show where actors are: by municipality, or, where one is chosen, by their places in it."""
    view = parts.pages.view(request)
    land = await read_land(parts, executor)
    actors = _actors(analysis, asked)
    inside = asked.municipalities[0] if len(asked.municipalities) == 1 else None
    area = land.areas.get(inside) if inside and land else None
    by_place = Counter(m for actor in actors for m in actor.municipalities)
    places = analysis.snapshot.places
    clusters: dict[Scale, Sequence[Cluster]] = {}
    for scale in SCALES:
        if land and area:
            clusters[scale] = _by_point(actors, land, area, view, scale)
        elif land:
            clusters[scale] = _by_municipality(by_place, land, places, view, scale)
    ordered = sorted(actors, key=lambda a: a.name(view.language).casefold())
    box = _box(land, area) if land else None
    server = tile_server(parts.settings)
    return parts.pages.respond(
        request,
        "map.html",
        headers=with_images_of(server.origin) if server and server.origin else None,
        land=land,
        area=area,
        box=_view_box(box) if box else "",
        tiles=list(server.tiles(land.projection, box)) if server and land and box else [],
        server=server,
        clusters=clusters,
        names=_names(land, clusters[SCALES[0]], places, view) if land and not area else [],
        zoom=_zoom(area),
        asked=asked,
        filters=_filters(analysis, asked, view),
        places=places,
        total=len(actors),
        unplaced=sum(not a.municipalities for a in actors),
        table=[(m, n) for m, n in by_place.most_common() if not inside or m == inside],
        actors=ordered[first : first + _ACTORS_SHOWN],
        first=first,
        after=first + _ACTORS_SHOWN if first + _ACTORS_SHOWN < len(ordered) else None,
        kind_of=kind_group,
        groups=GROUPS,
        is_by_ties=_is_by_ties(asked),
        query=_query([k for k in asked.kinds if k in analysis.snapshot.kinds]),
    )


def tile_server(settings: Settings) -> TileServer | None:
    """Give where tiles come from; None: from nowhere, as it is unless set otherwise."""
    if not settings.map_tiles:
        return None
    return TileServer(settings.map_tiles, settings.map_credit, settings.map_credit_url)


def _is_by_ties(asked: Any) -> bool:
    return bool(asked.ties or asked.programmes or asked.since or asked.until or asked.min_weight)


def _actors(analysis: Analysis, asked: AskedDep) -> list[Actor]:
    """Give the actors of the region that fit; where ties are asked for, those that have such."""
    chosen = project_actors(analysis.snapshot, asked)
    nodes: Iterable[int] = chosen.nodes
    if not _is_by_ties(asked):
        nodes = [n for n, actor in enumerate(analysis.snapshot.actors) if asked.takes_actor(actor)]
    return [a for a in (analysis.snapshot.actors[n] for n in nodes) if a.in_region]


async def read_land(parts: Parts, executor: Executor) -> Land | None:
    """Draw the municipalities that have boundaries in the graph, once per version; None: none."""
    if "land" not in parts.remembered:
        rows = await executor.solutions(_BOUNDARIES)
        found = [
            (
                row["municipality"].value.rpartition("/")[2],
                row["county"].value.rpartition("/")[2],
                read_rings(row["boundary"].value),
            )
            for row in rows
        ]
        parts.remembered["land"] = draw(found) if found else None
    land: Land | None = parts.remembered["land"]
    return land


def _by_municipality(
    counts: Counter[str],
    land: Land,
    places: Mapping[str, Mapping[str, str]],
    view: View,
    scale: Scale,
) -> list[Cluster]:
    most = max(counts.values(), default=1)
    found = []
    for slug, count in counts.most_common():
        if (area := land.areas.get(slug)) is None:
            continue
        name = view.pick(places.get(slug, {})) or slug
        label = view.text("map.cluster", place=name, count=count)
        address = view.with_parameters(municipality=slug, first=None)
        radius = scale.smallest + (scale.largest - scale.smallest) * math.sqrt(count / most)
        found.append(
            Cluster(
                *area.middle, round(radius, 1), count, label, address, "", slug, home=area.middle
            )
        )
    return push_apart(found)


def push_apart(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Move clusters that lie on each other until each can be seen; the larger moves less.

    >>> near = [Cluster(0, 0, 9, 5, "", "", ""), Cluster(1, 0, 1, 1, "", "", "")]
    >>> [(round(c.x, 1), c.y) for c in push_apart(near)]
    [(-0.1, 0.0), (11.9, 0.0)]
    """
    places = [[c.x, c.y] for c in clusters]
    for _ in range(_ROUNDS):
        is_calm = True
        for (a, one), (b, other) in combinations(enumerate(clusters), 2):
            across, down = places[b][0] - places[a][0], places[b][1] - places[a][1]
            apart = math.hypot(across, down)
            lacking = one.radius + other.radius + _GAP - apart
            if lacking <= 0.05:
                continue
            is_calm = False
            share = other.radius**2 / (one.radius**2 + other.radius**2)
            x, y = (across / apart, down / apart) if apart else (1.0, 0.0)
            for place, way in ((places[a], -share), (places[b], 1 - share)):
                place[0] += way * lacking * x
                place[1] += way * lacking * y
        if is_calm:
            break
    return [
        replace(c, x=round(x, 1), y=round(y, 1)) for c, (x, y) in zip(clusters, places, strict=True)
    ]


def _names(
    land: Land, clusters: Sequence[Cluster], places: Mapping[str, Mapping[str, str]], view: View
) -> list[Name]:
    """Write names where there is room: on no cluster, and on no other name.

    Every municipality is named where a pointer rests on it, and in the table.
    """
    taken = [(c.x - c.radius, c.y - c.radius, c.x + c.radius, c.y + c.radius) for c in clusters]
    drawn = {c.municipality: c for c in clusters}
    found = []
    for slug, area in land.areas.items():
        text = view.pick(places.get(slug, {})) or slug
        cluster = drawn.get(slug)
        x, y = (cluster.x, cluster.y + cluster.radius + _LINE) if cluster else area.middle
        half = _LETTER * len(text) / 2
        box = (x - half, y - _LINE + 5, x + half, y + 3)
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        found.append(Name(round(x, 1), round(y, 1), text))
    return found


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _by_point(
    actors: Iterable[Actor], land: Land, area: Area, view: View, scale: Scale
) -> list[Cluster]:
    """Draw the actors of one municipality: those nearer than a mark is wide stand together.

    One whose point is elsewhere, as it has several places, stands in the middle of this one.
    """
    zoom = _zoom(area)
    left, top, right, bottom = area.box
    heaps: dict[Point, list[Actor]] = defaultdict(list)
    for actor in actors:
        if area.slug in actor.municipalities and actor.point:
            x, y = land.projection.place(actor.point[1], actor.point[0])
            is_here = left <= x <= right and top <= y <= bottom
            place = (x, y) if is_here else area.middle
            heaps[_nearest(heaps, place, scale.near * zoom)].append(actor)
    found = []
    for (x, y), heap in sorted(heaps.items(), key=lambda item: -len(item[1])):
        names = [actor.name(view.language) for actor in heap]
        label = names[0] if len(heap) == 1 else view.text("map.heap", count=len(heap))
        alone = len(heap) == 1
        address = str(view.link(heap[0].iri)) if alone else "#actors"
        radius = (scale.smallest + (0 if alone else 3 * math.sqrt(len(heap)))) * zoom
        kind = kind_group(heap[0]) if alone else ""
        found.append(Cluster(x, y, round(radius, 2), len(heap), label, address, kind, home=(x, y)))
    return push_apart(found)


def _nearest(heaps: Iterable[Point], place: Point, reach: float) -> Point:
    near = [p for p in heaps if math.dist(p, place) < reach]
    return min(near, key=lambda p: math.dist(p, place), default=place)


def _zoom(area: Area | None) -> float:
    if area is None:
        return 1.0
    left, top, right, bottom = area.box
    return max(right - left, bottom - top) * 1.2 / WIDTH


def _box(land: Land, area: Area | None) -> Box:
    """Give the part of the drawing that is shown."""
    if area is None:
        return -10, -10, WIDTH + 10, land.height + 10
    left, top, right, bottom = area.box
    half = max(right - left, bottom - top) * 0.6
    across, down = (left + right) / 2, (top + bottom) / 2
    return across - half, down - half, across + half, down + half


def _view_box(box: Box) -> str:
    """Write a part of the drawing as SVG wants it."""
    left, top, right, bottom = box
    return f"{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}"


def _filters(analysis: Analysis, asked: AskedDep, view: View) -> dict[str, list[Choice]]:
    snapshot = analysis.snapshot
    region = [a for a in snapshot.actors if a.in_region]

    def choices(
        values: set[str], taken: tuple[str, ...], labels: Mapping[str, Mapping[str, str]]
    ) -> list[Choice]:
        named = [
            Choice(v, view.pick(labels[v]) if labels.get(v) else v, v in taken)
            for v in values | set(taken)
        ]
        return sorted(named, key=lambda choice: choice.label.casefold())

    return {
        "kind": choices({k for a in region for k in a.kinds}, asked.kinds, snapshot.kinds),
        "county": choices({c for a in region for c in a.counties}, asked.counties, snapshot.places),
        "programme": network_filters(analysis, asked, view)["programme"],
    }


def _query(kinds: Sequence[str]) -> str:
    """Ask for the number of actors by municipality, of all kinds or of some (known slugs)."""
    chosen = ""
    if kinds:
        values = " ".join(f"<{ID}actor-kind/{kind}>" for kind in kinds)
        chosen = f"  VALUES ?kind {{ {values} }}\n  ?actor <{ORG}classification> ?kind .\n"
    return (
        f"PREFIX kg: <{KG}>\n\nSELECT ?municipality (COUNT(DISTINCT ?actor) AS ?actors)\nWHERE {{\n"
        f"{chosen}  ?actor a kg:Actor ;\n    kg:locatedIn <{REGION}> , ?municipality .\n"
        "  ?municipality a kg:Municipality .\n}\nGROUP BY ?municipality\nORDER BY DESC(?actors)"
    )
