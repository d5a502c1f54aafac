"""Tiles beneath the map: none unless they are set, and then laid where they belong."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from klustergraf.catalogue import Catalogue
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.namespaces import ID
from klustergraf.version import Version
from klustergraf_api.app import create_app
from klustergraf_api.land import Projection, TileServer, mercator
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES
from two_versions import CREATED, store_version

_TILES: Final = "https://tiles.example.org/base/{z}/{x}/{y}.png"
_CREDIT: Final = "© The makers of the map"
# Half of the way round the equator, in metres (EPSG:3857).
_HALF: Final = math.pi * 6378137
_CORNERS: Final = "17 59, 18.5 59, 18.5 60.5, 17 60.5, 17 59"
_GRAPH: Final = f"""
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
<{ID}actor/a> a kg:Actor ; skos:prefLabel "A"@sv , "A"@en ;
  kg:locatedIn <{ID}place/stockholm-uppsala> , <{ID}place/solna> .
<{ID}place/solna> a kg:Municipality ; skos:prefLabel "Solna"@sv , "Solna"@en ;
  geo:sfWithin <{ID}place/county> ; kg:hasSimplifiedBoundary <{ID}place/solna-boundary> .
<{ID}place/solna-boundary> geo:asWKT "POLYGON(({_CORNERS}))"^^geo:wktLiteral .
<{ID}place/county> a kg:County ; skos:prefLabel "County"@sv , "County"@en .
"""


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Store a version with one municipality and one actor in it."""
    made = store_version(Path(tmp_path_factory.mktemp("tiles")), _GRAPH, CREATED[0])
    derive_all(made)
    return made


@contextmanager
def served(version: Version, **settings: Any) -> Iterator[TestClient]:
    """Serve a version under settings."""
    with EmbeddedEngine(version, workers=1) as engine:
        app = create_app(Settings(**settings), engine, Catalogue(TINY_QUERIES), version=version)
        with TestClient(app) as client:
            yield client


class _Images(HTMLParser):
    """Collects the images of drawings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.box: list[float] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "image":
            self.found.append({name: value or "" for name, value in attrs})
        if tag == "svg" and "map" in (dict(attrs).get("class") or ""):
            self.box = [float(number) for number in (dict(attrs)["viewbox"] or "").split()]


def test_published_example() -> None:
    """The example of EPSG's guidance note 7-2, popular visualisation pseudo-Mercator."""
    x, y = mercator(-(100 + 20 / 60), 24 + 22 / 60 + 54.433 / 3600)
    assert (x * 2 - 1) * _HALF == pytest.approx(-11_169_055.58, abs=0.01)
    assert (1 - y * 2) * _HALF == pytest.approx(2_800_000.00, abs=0.01)


def _corner(zoom: int, x: int, y: int) -> tuple[float, float]:
    """Give longitude and latitude of the north-west corner of a tile (inverse formula)."""
    turned = math.pi * (1 - 2 * y / 2**zoom)
    return x / 2**zoom * 360 - 180, math.degrees(math.atan(math.sinh(turned)))


@pytest.mark.parametrize("box", [(0, 0, 1000, 1900), (420, 700, 431, 712), (-10, -10, 300, 200)])
def test_tiles_lie_where_they_belong(box: tuple[float, float, float, float]) -> None:
    """Each corner is where the drawing has that place; together they cover what is shown, crisp."""
    projection = Projection(*mercator(16.7, 60.6), scale=1000 / (2.6 / 360))
    tiles = list(TileServer("/{z}/{x}/{y}", "x").tiles(projection, box))
    covered = 0.0
    for tile in tiles:
        zoom, x, y = map(int, tile.address.split("/")[1:])
        # Places of the drawing are rounded to a tenth.
        assert projection.place(*_corner(zoom, x, y)) == pytest.approx((tile.x, tile.y), abs=0.06)
        width = min(tile.x + tile.side, box[2]) - max(tile.x, box[0])
        height = min(tile.y + tile.side, box[3]) - max(tile.y, box[1])
        covered += width * height
        pixels = tile.side / (box[2] - box[0]) * 900
        assert 127 < pixels < 257
    assert covered == pytest.approx((box[2] - box[0]) * (box[3] - box[1]), rel=1e-3)
    assert len({tile.address for tile in tiles}) == len(tiles) < 100


@pytest.mark.parametrize("path", ["/map", "/map?municipality=solna"])
def test_no_other_host_unless_set(version: Version, path: str) -> None:
    """Without the setting there are no images, and no other host may be asked."""
    with served(version) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
        assert _Images(answer.text).found == []
        assert _Images(answer.text).box
        assert "img-src" not in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "same-origin"
        about = client.get("/about", headers={"Accept": "text/html", "Accept-Language": "en"})
        assert "load nothing from other hosts" in about.text


@pytest.mark.parametrize("path", ["/map", "/map?municipality=solna"])
def test_tiles_when_set(version: Version, path: str) -> None:
    """The map, and no other page, may show images of that one host; their makers are told."""
    settings = {"map_tiles": _TILES, "map_credit": _CREDIT, "map_credit_url": "https://example.org"}
    with served(version, **settings) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
        images = _Images(answer.text)
        assert images.found
        for image in images.found:
            assert re.fullmatch(r"https://tiles\.example\.org/base/\d+/\d+/\d+\.png", image["href"])
        assert f'<a href="https://example.org">{_CREDIT}</a>' in answer.text
        assert answer.headers.get_list("content-security-policy") == [
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            "object-src 'none'; img-src 'self' https://tiles.example.org"
        ]
        assert answer.headers.get_list("referrer-policy") == ["strict-origin-when-cross-origin"]
        other = client.get("/strategy", headers={"Accept": "text/html"})
        assert "img-src" not in other.headers["content-security-policy"]
        about = client.get("/about", headers={"Accept": "text/html", "Accept-Language": "en"})
        assert "load nothing from other hosts" not in about.text
        assert "https://tiles.example.org" in about.text


def test_tiles_of_this_host(version: Version) -> None:
    """Tiles that lie beside the service need no exception."""
    with served(version, map_tiles="/tiles/{z}/{x}/{y}.png", map_credit=_CREDIT) as client:
        answer = client.get("/map", headers={"Accept": "text/html"})
        assert _Images(answer.text).found[0]["href"].startswith("/tiles/")
        assert "img-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("template", "credit"),
    [
        *((_TILES, ""), ("https://t.example.org/{z}/{x}.png", "x"), ("ftp://t/{z}/{x}/{y}", "x")),
        *(("https://{s}.t.org/{z}/{x}/{y}", "x"), ("https://t.org/{z}/{x}/{x}", "x")),
        ("https://t.org; script-src *//{z}/{x}/{y}", "x"),
    ],
)
def test_settings_that_are_none(template: str, credit: str) -> None:
    """An address without its numbers, of another scheme, or without makers is refused."""
    with pytest.raises(ValidationError, match="map_"):
        Settings(map_tiles=template, map_credit=credit)
