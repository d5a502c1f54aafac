"""Swedish counties, municipalities and postal codes, and the simplified boundaries.

Tables: ``counties.csv``, ``municipalities.csv``, ``postal_to_municipality.csv`` (codes of
Statistics Sweden, with leading zeros). Boundaries: ``swedish_municipalities.geojson``. A gazetteer
made of them tells in which municipality a record is, and how sure that is.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Literal

from klustergraf.errors import IdentifierError, SourceFormatError
from klustergraf.identifiers import slugify
from klustergraf.namespaces import KG, SKOS
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.sources.own import said_by_hand
from klustergraf.sources.reading import Inputs, Row, json_document, table
from klustergraf.sources.records import Item, Location, PlaceRecord, Skipped

SOURCE: Final = "geodata"

# Names of towns that stand for more than the municipality of that name.
_WIDER_THAN_MUNICIPALITY: Final = {"stockholm": "01"}
_LETTERS: Final = str.maketrans({"ø": "o", "æ": "a"})
_DIGITS: Final = 5
"""Decimals of a degree: about a metre."""

_AREA_DIGITS: Final = 3
_AREA_LEAST_CODES: Final = 3

Ring = list[tuple[float, float]]


def read(inputs: Inputs) -> Iterator[Item]:
    """Read counties and municipalities, with points and boundaries where the files have them."""
    shapes: dict[str, PlaceRecord] = {}
    for item in _boundaries(inputs):
        if isinstance(item, PlaceRecord):
            shapes[item.key] = item
        else:
            yield item
    counties: set[str] = set()
    for file in inputs.named("counties", suffix=".csv"):
        for row in table(inputs, file, ("county_code", "county_name"), delimiter=","):
            if isinstance(row, Row):
                counties.add(row["county_code"])
                yield PlaceRecord(SOURCE, row["county_code"], row["county_name"], "County")
            else:
                yield row
    columns = ("municipality_code", "municipality_name_short", "county_code")
    for file in inputs.named("municipalities", suffix=".csv"):
        for row in table(inputs, file, columns, delimiter=","):
            if not isinstance(row, Row):
                yield row
                continue
            code, county = row["municipality_code"], row["county_code"]
            if county not in counties or not code.startswith(county) or len(code) != 4:
                yield Skipped(row.where, f"municipality {code!r} lies in no county ({county!r})")
                continue
            shape = shapes.get(code)
            yield PlaceRecord(
                SOURCE,
                code,
                row["municipality_name_short"],
                "Municipality",
                within=county,
                latitude=shape.latitude if shape else None,
                longitude=shape.longitude if shape else None,
                boundary=shape.boundary if shape else "",
            )


def _boundaries(inputs: Inputs) -> Iterator[PlaceRecord | Skipped]:
    for file in inputs.named("swedish_municipalities"):
        document = json_document(inputs, file)
        features = document.get("features") if isinstance(document, dict) else None
        if not isinstance(features, list):
            raise SourceFormatError(file.name, "its beginning", "it is no GeoJSON of features.")
        for number, feature in enumerate(features, 1):
            try:
                yield _shape(feature)
            except (KeyError, TypeError, ValueError, IndexError) as exc:
                reason = f"is not laid out as the boundaries are published ({exc!r})"
                yield Skipped(f"{file.name}, feature {number}", reason)


def _shape(feature: dict[str, Any]) -> PlaceRecord:
    about = feature["properties"]
    point = about.get("geo_point_2d") or [None, None]
    if isinstance(point, dict):
        point = [point["lat"], point["lon"]]
    kind = feature["geometry"]["type"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{kind} is no area")
    polygons = feature["geometry"]["coordinates"]
    polygons = [polygons] if kind == "Polygon" else polygons
    parts = [", ".join(_ring_text(ring) for ring in polygon) for polygon in polygons]
    text = f"POLYGON({parts[0]})" if len(parts) == 1 else ""
    text = text or f"MULTIPOLYGON({', '.join(f'({part})' for part in parts)})"
    return PlaceRecord(
        SOURCE,
        str(about["id"]).zfill(4),
        about["kom_namn"],
        "Municipality",
        latitude=point[0],
        longitude=point[1],
        boundary=text,
    )


def _ring_text(ring: Iterable[list[float]]) -> str:
    return f"({', '.join(f'{_short(x)} {_short(y)}' for x, y, *_ in ring)})"


def _short(degrees: float) -> str:
    return f"{degrees:.{_DIGITS}f}".rstrip("0").rstrip(".")


class Certainty(StrEnum):
    """How a place was found."""

    STATED = "stated"
    POSTAL_CODE = "postal-code"
    POSTAL_AREA = "postal-area"
    POINT = "point"
    TOWN = "town"
    CAPITAL = "capital"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where something is: a municipality, or only a county; and how that was found."""

    municipality: str = ""
    county: str = ""
    how: Certainty = Certainty.STATED


@dataclass
class Gazetteer:
    """Counties, municipalities, postal codes and boundaries, to look places up in."""

    names: dict[str, str] = field(default_factory=dict)
    counties: dict[str, str] = field(default_factory=dict)
    postal: dict[str, str] = field(default_factory=dict)
    postal_areas: dict[str, str] = field(default_factory=dict)
    """Where all known postal codes that begin with these three digits lie."""
    towns: dict[str, str] = field(default_factory=dict)
    areas: dict[str, list[list[Ring]]] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: list[Path]) -> "Gazetteer":
        """Read a gazetteer from the published files; an empty one when no path is given."""
        gazetteer = cls()
        if not paths:
            return gazetteer
        inputs = Inputs(paths)
        for item in read(inputs):
            if isinstance(item, PlaceRecord):
                gazetteer._add(item)
        localities: defaultdict[str, Counter[str]] = defaultdict(Counter)
        columns = ("postal_code", "locality", "municipality_code")
        for file in inputs.named("postal_to_municipality", suffix=".csv"):
            for row in table(inputs, file, columns, delimiter=","):
                if isinstance(row, Row):
                    gazetteer.postal[row["postal_code"]] = row["municipality_code"]
                    localities[fold(row["locality"])][row["municipality_code"]] += 1
        gazetteer._add_towns(localities)
        gazetteer._add_postal_areas()
        return gazetteer

    @classmethod
    def shipped(cls) -> "Gazetteer":
        """Read the gazetteer of the graph itself: names, codes, the region's boundaries.

        It knows no postal codes, so what only those could place stays without a municipality.
        """
        gazetteer = cls()
        path = room("data") / "open" / f"{SOURCE}.nt.gz"
        codes: dict[str, str] = {}
        names = {iri: said.get("sv", "") for iri, said in said_by_hand().names.items()}
        shapes: dict[str, str] = {}
        for quad in read_quads(path) if path.is_file() else ():
            subject, value = str(getattr(quad.subject, "value", "")), quad.object
            if not isinstance(value, Literal):
                continue
            if quad.predicate.value == KG + "scbCode":
                codes[subject] = value.value
            elif quad.predicate.value == SKOS + "prefLabel" and value.language == "sv":
                names[subject] = value.value
            elif subject.endswith("#boundary"):
                shapes[subject.removesuffix("#boundary")] = value.value
        for iri, code in codes.items():
            kind = "County" if len(code) == 2 else "Municipality"
            gazetteer._add(
                PlaceRecord(SOURCE, code, names[iri], kind, boundary=shapes.get(iri, ""))
            )
        gazetteer._add_towns({})
        return gazetteer

    def _add(self, place: PlaceRecord) -> None:
        if place.kind == "County":
            self.counties[place.key] = place.name
        else:
            self.names[place.key] = place.name
            if place.boundary:
                self.areas[place.key] = _rings(place.boundary)

    def _add_towns(self, localities: Mapping[str, Counter[str]]) -> None:
        for name, found in localities.items():
            code, most = found.most_common(1)[0]
            if most / found.total() >= 0.95:
                self.towns[name] = code
        by_name = Counter(fold(name) for name in self.names.values())
        for code, name in self.names.items():
            if by_name[fold(name)] == 1:
                self.towns[fold(name)] = code

    def _add_postal_areas(self) -> None:
        """Learn areas from the codes at hand, of which a register never has all."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for code, municipality in self.postal.items():
            found[code[:_AREA_DIGITS]][municipality] += 1
        for area, municipalities in found.items():
            if len(municipalities) == 1 and municipalities.total() >= _AREA_LEAST_CODES:
                self.postal_areas[area] = next(iter(municipalities))

    def place(self, location: Location) -> Placement | None:
        """Find where something is, by the surest of what its record says.

        The source's own code first, then the postal code, or the area that it lies in, then the
        point, then the name of the town. "Stockholm" alone often means the capital area, so it
        gives the county only.
        """
        if location.country not in ("SE", ""):
            return None
        if location.municipality_code in self.names:
            return self._of(location.municipality_code, Certainty.STATED)
        if location.postal_code in self.postal:
            return self._of(self.postal[location.postal_code], Certainty.POSTAL_CODE)
        area = location.postal_code[:_AREA_DIGITS]
        if area in self.postal_areas:
            return self._of(self.postal_areas[area], Certainty.POSTAL_AREA)
        if location.latitude is not None and location.longitude is not None:
            code = self.at(location.latitude, location.longitude)
            if code:
                return self._of(code, Certainty.POINT)
        town = fold(location.city)
        if town not in _WIDER_THAN_MUNICIPALITY:
            for spelling in (town, town.removesuffix("s"), town.replace("oe", "o")):
                if spelling in self.towns:
                    return self._of(self.towns[spelling], Certainty.TOWN)
        if location.county_code in self.counties:
            return Placement(county=location.county_code)
        county = _WIDER_THAN_MUNICIPALITY.get(town, "")
        return Placement(county=county, how=Certainty.TOWN) if county in self.counties else None

    def likely(self, location: Location) -> Placement | None:
        """Find the municipality of a town whose name often means the area around it.

        It is the likely one where nothing else is known of the place: nearly all postal codes and
        nearly all records with one that name the town lie there (docs/sources.md has the counts).
        """
        town = fold(location.city)
        if location.country in ("SE", "") and town in _WIDER_THAN_MUNICIPALITY:
            code = self.towns.get(town)
            return self._of(code, Certainty.CAPITAL) if code else None
        return None

    def slug(self, code: str) -> str:
        """Give the slug of a county or municipality: its name, and its code where two share it.

        Errors: IdentifierError for a code that is not known.
        """
        if code not in self.counties and code not in self.names:
            raise IdentifierError(code, "is no known code of a county or municipality (--places)")
        if len(code) == 2:
            return slugify(self.counties[code])
        slug = slugify(self.names[code])
        shared = [other for other, name in self.names.items() if slugify(name) == slug]
        return slug if len(shared) == 1 else f"{slug}-{code}"

    def _of(self, code: str, how: Certainty) -> Placement:
        return Placement(code, code[:2], how)

    def at(self, latitude: float, longitude: float) -> str:
        """Find the municipality whose boundary holds a point; nothing when none does."""
        for code, polygons in self.areas.items():
            if any(_holds(polygon, longitude, latitude) for polygon in polygons):
                return code
        return ""


def fold(name: str) -> str:
    """Write the name of a town so that its spellings meet: no marks, no case, no country.

    >>> fold("GÖTEBORG")
    'goteborg'
    """
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    letters = "".join(c if c.isalpha() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


def _rings(text: str) -> list[list[Ring]]:
    """Read the polygons of well-known text that this module wrote."""
    body = text.removeprefix("MULTI").removeprefix("POLYGON")
    polygons = body.removeprefix("((").removesuffix("))").split(")), ((")
    return [
        [
            [(float(x), float(y)) for x, y in (pair.split() for pair in ring.split(", "))]
            for ring in polygon.strip("()").split("), (")
        ]
        for polygon in polygons
    ]


def _holds(polygon: list[Ring], x: float, y: float) -> bool:
    """Tell whether a polygon holds a point: inside its first ring and in no hole of it."""
    outer, *holes = polygon
    return _is_inside(outer, x, y) and not any(_is_inside(hole, x, y) for hole in holes)


def _is_inside(ring: Ring, x: float, y: float) -> bool:
    is_inside = False
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            is_inside = not is_inside
        x1, y1 = x2, y2
    return is_inside
