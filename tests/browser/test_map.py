"""The map: counted clusters that lead on, and a list that says the same, all without scripts."""

import math
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser, Page, expect

from klustergraf.build import BuildResult
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from local_server import served
from serving import live_server

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_cluster_leads_to_its_municipality(open_page: Open, language: str) -> None:
    """The number on the map is the number of the table, and of the page that it leads to."""
    page = open_page("/map", language=language, javascript=False)
    cluster = page.locator("svg.map a").first
    told = cluster.get_attribute("aria-label") or ""
    count = int(re.findall(r"\d+", told)[-1])
    row = page.locator("table.results tbody tr").first
    assert row.locator("td").nth(1).inner_text() == str(count)
    cluster.click()
    expect(page).to_have_url(re.compile(re.escape("municipality=")))
    assert page.get_by_role("status").first.inner_text().startswith(str(count))
    lead = page.locator("p.lead").inner_text()
    assert {"sv": "Kommunens aktörer", "en": "The actors of this municipality"}[language] in lead
    assert not re.search("Välj en kommun|Choose a municipality", lead)
    assert page.locator("ul.columns li").count() == min(count, 200)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_counts_as_the_start_page_does(open_page: Open, language: str) -> None:
    """Who is in the region are as many here as there, and as those of whom the network can tell."""
    page = open_page("/", language=language, javascript=False)
    name = {"sv": "aktörer i regionen", "en": "actors in the region"}[language]
    told = page.locator("ul.counts li").filter(has_text=name).first.locator(".figure").inner_text()
    page.goto("/map")
    total = page.get_by_role("status").first.locator("strong").inner_text()
    assert total.rpartition(" ")[0] == told
    everyone = page.request.get("/api/network?isolates=true").json()["nodes"]
    assert int(re.sub(r"\D", "", told)) == sum(node["in_region"] for node in everyone) > 0


def test_by_keyboard(open_page: Open) -> None:
    """Every cluster is a stop of the keyboard, and is seen to be."""
    page = open_page("/map")
    marks = page.locator("svg.map a:visible")
    stroke = "e => getComputedStyle(e.querySelector('circle')).stroke"
    others = marks.last.evaluate(stroke)
    marks.first.focus()
    page.keyboard.press("Shift+Tab")
    for number in range(marks.count()):
        page.keyboard.press("Tab")
        assert marks.nth(number).evaluate("e => e === document.activeElement")
        assert marks.nth(number).evaluate(stroke) != others
    page.keyboard.press("Enter")
    page.wait_for_url("**municipality=**")
    page.get_by_role("link", name="Back to the whole region").click()
    page.wait_for_url(lambda url: "municipality=" not in url)


def test_filters_hold(open_page: Open) -> None:
    """Universities alone are fewer, and the numbers are what the query behind the page gives."""
    page = open_page("/map?kind=university")
    rows = page.locator("table.results tbody tr")
    ours = {}
    for number in range(rows.count()):
        cells = rows.nth(number).locator("td")
        address = cells.nth(0).locator("a").get_attribute("href") or ""
        slug = re.findall(r"municipality=([^&]+)", address)[0]
        ours[slug] = cells.nth(1).inner_text()
    link = page.locator("details.sparql a", has_text="CSV").get_attribute("href")
    answer: str = page.evaluate("a => fetch(a).then(r => r.text())", link)
    lines = [line.split(",") for line in answer.split()[1:]]
    assert {iri.rpartition("/")[2]: count for iri, count in lines} == ours
    assert len(ours) > 2


def test_every_cluster_is_seen(open_page: Open) -> None:
    """No cluster hides another, and no name lies on one."""
    page = open_page("/map", javascript=False)
    circles = page.locator("svg.map .wide circle").evaluate_all(
        "all => all.map(c => ['cx', 'cy', 'r'].map(n => Number(c.getAttribute(n))))"
    )
    assert len(circles) > 20
    for place, (x, y, r) in enumerate(circles):
        for x2, y2, r2 in circles[place + 1 :]:
            assert math.hypot(x - x2, y - y2) >= r + r2 - 0.5
    names = page.locator("svg.map text.name").evaluate_all(
        "all => all.map(t => { const b = t.getBBox(); return [b.x, b.y, b.width, b.height]; })"
    )
    assert len(names) > 10
    for left, top, width, height in names:
        for x, y, r in circles:
            across = max(left - x, 0, x - left - width)
            down = max(top + 4 - y, 0, y - top - height + 4)
            assert math.hypot(across, down) > r - 1


@pytest.mark.parametrize("path", ["/map", "/map?municipality=stockholm"])
def test_marks_on_a_telephone(open_page: Open, path: str) -> None:
    """On a narrow screen a finger finds each mark, numbers can be read, and none is hidden."""
    page = open_page(path, width=390, javascript=False)
    marks = page.locator("svg.map a:visible")
    assert marks.count() > 5
    assert page.locator("svg.map .wide a:visible").count() == 0
    drawn = marks.locator("circle").evaluate_all(
        """all => all.map(c => {
            const {x, y, width} = c.getBoundingClientRect();
            return [x + width / 2, y + width / 2, width / 2];
        })"""
    )
    for place, (x, y, r) in enumerate(drawn):
        assert 2 * r >= 24
        for x2, y2, r2 in drawn[place + 1 :]:
            assert math.hypot(x - x2, y - y2) >= r + r2 - 1
    sizes = marks.locator("text").evaluate_all(
        """all => all.map(t =>
            parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"""
    )
    assert min(sizes) >= 12
    told = marks.evaluate_all("all => all.map(a => a.getAttribute('aria-label'))")
    wide = open_page(path, javascript=False).locator("svg.map a:visible")
    if path == "/map":
        assert told == wide.evaluate_all("all => all.map(a => a.getAttribute('aria-label'))")
    marks.first.click()
    assert "municipality=" in page.url or "/id/" in page.url


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("municipality", ["huddinge", "stockholm", "uppsala"])
def test_no_mark_is_beyond_the_picture(open_page: Open, municipality: str, width: int) -> None:
    """Whoever has its point elsewhere stands in the municipality too, where it can be seen."""
    page = open_page(f"/map?municipality={municipality}", width=width, javascript=False)
    box = page.locator("svg.map").bounding_box()
    assert box is not None
    marks = page.locator("svg.map a:visible circle").evaluate_all(
        """all => all.map(c => {
            const {left, right, top, bottom} = c.getBoundingClientRect();
            return [left, right, top + scrollY, bottom + scrollY];
        })"""
    )
    assert marks
    for left, right, top, bottom in marks:
        assert box["x"] <= left < right <= box["x"] + box["width"]
        assert box["y"] <= top < bottom <= box["y"] + box["height"]


def test_nothing_fits(open_page: Open) -> None:
    """Filters that nothing fits are told as such, with the map still there."""
    page = open_page("/map?kind=university&tie=foundation&programme=fp7")
    assert "No actor fits" in page.get_by_role("status").first.inner_text()
    assert page.locator("svg.map path").count() > 30


_TILE = b"""<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">
<rect width="256" height="256" fill="#3366cc"/></svg>"""


@pytest.fixture(scope="module")
def tiles() -> Iterator[str]:
    """Serve blue tiles on another port, which is another origin."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "image/svg+xml")
        request.end_headers()
        request.wfile.write(_TILE)

    with served(answer) as address:
        yield address


@pytest.mark.parametrize("javascript", [True, False])
def test_tiles_when_set(
    browser: Browser, founding: BuildResult, tiles: str, javascript: bool
) -> None:
    """Tiles of another host are seen beneath the map, and nothing else is fetched from there."""
    derive_all(founding.version)
    settings = Settings(map_tiles=tiles + "{z}/{x}/{y}.svg", map_credit="Makers")
    with EmbeddedEngine(founding.version, workers=1) as engine:
        app = create_app(settings, engine, version=founding.version)
        with live_server(app) as address:
            context = browser.new_context(base_url=address, java_script_enabled=javascript)
            page = context.new_page()
            faults: list[str] = []
            asked: list[str] = []
            page.on("console", lambda message: faults.append(message.text))
            page.on("requestfinished", lambda request: asked.append(request.url))
            page.goto("/map", wait_until="networkidle")
            images = page.locator("svg.map image").count()
            from_elsewhere = [url for url in asked if not url.startswith(address)]
            assert len(from_elsewhere) == images > 8
            assert all(url.startswith(tiles) for url in from_elsewhere)
            assert faults == []
            page.locator("svg.map a").first.click()
            page.wait_for_url("**municipality=**")
            assert page.locator("svg.map image").count() > 8
            context.close()
