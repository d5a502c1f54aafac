"""The land that maps are drawn on: municipalities in Web Mercator, and tiles beneath them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

# The drawing is so many units wide; everything in it is in these units.
WIDTH: Final = 1000.0
# A picture is shown some 900 pixels wide, and a tile is 256: no tile is shown larger than it is.
_TILE_SHARE: Final = 256 / 900
_DEEPEST: Final = 19
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def mercator(longitude: float, latitude: float) -> Point:
    """Give the place of a point in Web Mercator (EPSG:3857), the world being 1 wide and 1 high.

    Source: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames

    >>> mercator(0, 0), [round(c, 4) for c in mercator(180, 85.0511)]
    ((0.5, 0.5), [1.0, 0.0])
    """
    angle = math.radians(latitude)
    return longitude / 360 + 0.5, (1 - math.asinh(math.tan(angle)) / math.pi) / 2


@dataclass(frozen=True)
class Projection:
    """From degrees to the drawing. ``west``, ``north``: its corner in Web Mercator (0 to 1)."""

    west: float
    north: float
    scale: float

    def place(self, longitude: float, latitude: float) -> Point:
        """Give the place of a point."""
        x, y = mercator(longitude, latitude)
        return round((x - self.west) * self.scale, 1), round((y - self.north) * self.scale, 1)


@dataclass(frozen=True)
class Area:
    """A municipality as it is drawn."""

    slug: str
    county: str
    path: str
    middle: Point
    box: Box


@dataclass(frozen=True)
class Land:
    """The municipalities of the region, and how degrees are drawn."""

    areas: Mapping[str, Area]
    projection: Projection
    height: float

    @property
    def counties(self) -> list[str]:
        """The counties that the municipalities are in (slugs)."""
        return sorted({area.county for area in self.areas.values()})


@dataclass(frozen=True)
class Tile:
    """One square picture of a tile server, where it lies in the drawing."""

    address: str
    x: float
    y: float
    side: float


@dataclass(frozen=True)
class TileServer:
    """Where tiles come from. ``template``: an address with ``{z}``, ``{x}`` and ``{y}``."""

    template: str
    credit: str
    credit_url: str = ""

    @property
    def origin(self) -> str:
        """The host as a content security policy names it; empty: this one."""
        parts = urlsplit(self.template)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def tiles(self, projection: Projection, box: Box) -> Iterator[Tile]:
        """Give what covers a box of the drawing, no tile shown larger than it is."""
        left, top, right, bottom = box
        zoom = math.ceil(math.log2(projection.scale / ((right - left) * _TILE_SHARE)))
        zoom = min(max(zoom, 0), _DEEPEST)
        side = projection.scale / 2**zoom
        # Where the first tile of the world begins, in the drawing.
        x0, y0 = -projection.west * projection.scale, -projection.north * projection.scale
        for y in _covering((top - y0) / side, (bottom - y0) / side, 2**zoom):
            for x in _covering((left - x0) / side, (right - x0) / side, 2**zoom):
                address = self.template.format(z=zoom, x=x, y=y)
                yield Tile(
                    address, round(x0 + x * side, 3), round(y0 + y * side, 3), round(side, 3)
                )


def _covering(begin: float, end: float, most: int) -> range:
    return range(max(math.floor(begin), 0), min(math.ceil(end), most))


def read_rings(text: str) -> list[list[Point]]:
    """Read the rings of a polygon or multipolygon in WKT, as pairs of longitude and latitude.

    >>> read_rings("POLYGON((17 60, 18 60, 17.5 61.5, 17 60))")
    [[(17.0, 60.0), (18.0, 60.0), (17.5, 61.5), (17.0, 60.0)]]
    """
    rings = []
    for ring in re.findall(r"\(([^()]+)\)", text):
        pairs = [_NUMBER.findall(pair) for pair in ring.split(",")]
        rings.append([(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) > 1])
    return rings


def draw(found: Sequence[tuple[str, str, list[list[Point]]]]) -> Land:
    """Draw municipalities, given as slug, slug of the county, and rings in degrees."""
    points = [mercator(*point) for _, _, rings in found for ring in rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    north, south = min(y for _, y in points), max(y for _, y in points)
    projection = Projection(west, north, WIDTH / (east - west))
    areas = {}
    for slug, county, rings in found:
        drawn = [[projection.place(*point) for point in ring] for ring in rings]
        corners = [point for ring in drawn for point in ring]
        areas[slug] = Area(
            slug,
            county,
            "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in drawn),
            _middle(max(drawn, key=len)),
            (
                min(x for x, _ in corners),
                min(y for _, y in corners),
                max(x for x, _ in corners),
                max(y for _, y in corners),
            ),
        )
    return Land(areas, projection, (south - north) * projection.scale)


def _middle(ring: Sequence[Point]) -> Point:
    """Give the centre of mass of a ring (shoelace formula)."""
    area = x = y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        area += cross
        x += (x1 + x2) * cross
        y += (y1 + y2) * cross
    if not area:
        return ring[0]
    return round(x / (3 * area), 1), round(y / (3 * area), 1)
