"""The network in the browser: seen, filtered, asked, saved, and the same in the tables."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def drawn(page: Page) -> None:
    """Wait until the picture is there."""
    page.locator("#network[data-ready=true]").wait_for()


def centre_of(page: Page, slug: str) -> dict[str, float]:
    """Tell where on the page an actor is drawn."""
    found: dict[str, float] = page.evaluate(
        """slug => {
            const {picture} = document.getElementById('network');
            const {x, y} = picture.sigma.getNodeDisplayData(slug);
            const place = picture.sigma.framedGraphToViewport({x, y});
            const box = document.getElementById('network').getBoundingClientRect();
            return {x: place.x + box.left, y: place.y + box.top};
        }""",
        slug,
    )
    return found


def test_same_in_picture_and_table(open_page: Open) -> None:
    """The picture has as many actors and pairs as the page says, and as the interface gives."""
    page = open_page("/network?kind=university")
    drawn(page)
    counted: list[int] = page.evaluate(
        "(({graph}) => [graph.order, graph.size])(document.getElementById('network').picture)"
    )
    told = page.get_by_role("status").first.inner_text()
    assert told == f"{counted[0]} actors, {counted[1]} pairs"
    answer: Any = page.evaluate("fetch('/api/network?kind=university').then(a => a.json())")
    assert [answer["counts"]["nodes"], answer["counts"]["edges"]] == counted
    assert page.locator("#actors ~ .scroll tbody tr").first.is_visible()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_actor_chosen_by_mouse(open_page: Open, language: str) -> None:
    """A click tells who it is, its partners, and how to go on."""
    page = open_page("/network", language=language)
    drawn(page)
    place = centre_of(page, "kth")
    page.mouse.click(place["x"], place["y"])
    details = page.locator("#details")
    expect(details.get_by_role("heading", level=2)).to_have_text(
        "Kungliga Tekniska högskolan" if language == "sv" else "KTH Royal Institute of Technology"
    )
    assert details.locator("li").count() > 5
    details.get_by_role("link").last.click()
    page.wait_for_url("**ego=kth**")
    drawn(page)


def look_of(page: Page, slug: str) -> dict[str, str]:
    """Tell the colour and the letter of an actor in the picture."""
    found: dict[str, str] = page.evaluate(
        """slug => {
            const {color, mark} = document.getElementById('network').picture
                .graph.getNodeAttributes(slug);
            return {color, mark};
        }""",
        slug,
    )
    return found


def test_filters_change_no_colour(open_page: Open) -> None:
    """A colour and its letter mean the same whatever else is shown, and stand in the legend."""
    page = open_page("/network")
    drawn(page)
    whole = [look_of(page, slug) for slug in ("kth", "huddinge-kommun")]
    assert whole[0] == {"color": "#0072b2", "mark": "U"}
    assert whole[1] != whole[0]
    page.goto("/network?kind=university&kind=municipality")
    drawn(page)
    assert [look_of(page, slug) for slug in ("kth", "huddinge-kommun")] == whole
    legend = page.locator("#legend .dot").all_inner_texts()
    assert legend == ["U", "P"]
    ground = page.locator("#legend .dot").last.evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == "rgb({}, {}, {})".format(*bytes.fromhex(whole[1]["color"][1:]))


def test_line_chosen_by_mouse(open_page: Open) -> None:
    """A click on a line tells what ties the two, with evidence."""
    page = open_page("/network?ego=flemingsberg-science")
    drawn(page)
    place = page.evaluate(
        """() => {
            const {picture} = document.getElementById('network');
            const [a, b] = picture.graph.extremities(picture.graph.edges()[0])
                .map(slug => picture.sigma.framedGraphToViewport(
                    picture.sigma.getNodeDisplayData(slug)));
            const box = document.getElementById('network').getBoundingClientRect();
            return {x: (a.x + b.x) / 2 + box.left, y: (a.y + b.y) / 2 + box.top};
        }"""
    )
    page.mouse.click(place["x"], place["y"])
    expect(page.locator("#details h2 a")).to_have_count(2)
    assert page.locator("#details li a").count() >= 1


def test_picture_moves_with_the_mouse(open_page: Open) -> None:
    """While it is dragged, what is drawn is moved with it; at rest it is drawn anew."""
    page = open_page("/network")
    drawn(page)
    before = centre_of(page, "kth")
    page.mouse.move(before["x"] + 60, before["y"] + 90)
    page.mouse.down()
    page.mouse.move(before["x"] + 100, before["y"] + 90, steps=8)
    layer = page.locator("canvas.sigma-nodes")
    page.wait_for_function(
        "document.querySelector('canvas.sigma-nodes').style.transform.startsWith('translate(40px')"
    )
    page.mouse.up()
    expect(layer).not_to_have_attribute("style", re.compile("translate"))
    after = centre_of(page, "kth")
    assert 39 < after["x"] - before["x"] < 80  # let go, it slides on a little
    assert abs(after["y"] - before["y"]) < 1


def test_found_by_keyboard(open_page: Open) -> None:
    """A name typed into the field under the picture chooses that actor in it."""
    page = open_page("/network")
    drawn(page)
    page.locator("#focus").focus()
    page.keyboard.type("Karolinska Institutet")
    page.keyboard.press("Tab")
    expect(page.locator("#details h2")).to_have_text("Karolinska Institutet")
    page.locator("#focus").fill("Nobody at all")
    page.keyboard.press("Tab")
    expect(page.locator("#details")).to_contain_text("No actor of that name")


def test_filters_stand_in_the_address(open_page: Open) -> None:
    """What is chosen is in the address, what is empty is not, and back works."""
    page = open_page("/network")
    page.get_by_text("Tied by").click()
    page.get_by_label("foundation", exact=True).check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**tie=foundation**")
    assert "since=" not in page.url
    assert page.get_by_label("foundation", exact=True).is_checked()
    fewer = page.get_by_role("status").first.inner_text()
    page.go_back()
    assert page.get_by_role("status").first.inner_text() != fewer


@pytest.mark.parametrize("javascript", [True, False])
def test_way_between_two(open_page: Open, javascript: bool) -> None:
    """Two names give the best ways, step by step, with what ties each; without scripts too."""
    page = open_page("/network?from=KI&to=sodertorns+hogskola", javascript=javascript)
    steps = page.locator("ol.path").first.locator("li")
    assert steps.count() >= 1
    assert "Karolinska Institutet" in steps.first.inner_text()
    assert "Södertörn" in steps.last.inner_text()
    assert steps.last.locator("small a").count() >= 1


def test_names_that_are_not_there(open_page: Open) -> None:
    """An unknown actor is told with the nearest names; nothing that fits is told as such."""
    page = open_page("/network?ego=Karolinska+Insitutet")
    expect(page.get_by_role("alert")).to_contain_text("Karolinska Institutet")
    empty = open_page("/network?tie=foundation&programme=fp7")
    expect(empty.get_by_role("status").first).to_contain_text("No pair fits")


def test_pictures_are_saved(open_page: Open, tmp_path: Path) -> None:
    """PNG and SVG come as files; the SVG holds every actor and pair."""
    page = open_page("/network?kind=university", accept_downloads=True)
    drawn(page)
    with page.expect_download() as awaited:
        page.get_by_role("button", name="SVG").click()
    awaited.value.save_as(tmp_path / "network.svg")
    root = ET.parse(tmp_path / "network.svg").getroot()  # noqa: S314 # made by ourselves
    order, size = page.evaluate(
        "(({graph}) => [graph.order, graph.size])(document.getElementById('network').picture)"
    )
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == order
    assert len(root.findall("{http://www.w3.org/2000/svg}line")) == size
    with page.expect_download() as awaited:
        page.get_by_role("button", name="PNG").click()
    awaited.value.save_as(tmp_path / "network.png")
    assert (tmp_path / "network.png").read_bytes().startswith(b"\x89PNG")


def test_same_filters_in_every_format(open_page: Open) -> None:
    """The links to other tools carry the filters of the page."""
    page = open_page("/network?tie=foundation&ego=kth")
    link = page.get_by_role("link", name="JSON", exact=True).first
    address = link.get_attribute("href")
    assert address
    answer = json.loads(page.evaluate("a => fetch(a).then(r => r.text())", address))
    order = page.locator("#network").evaluate("e => e.dataset.graph")
    graph = json.loads(page.evaluate("a => fetch(a).then(r => r.text())", order))
    assert {n["slug"] for n in answer["nodes"]} == {n["slug"] for n in graph["nodes"]}
    assert answer["filters"] == {"ties": ["foundation"], "counting": "full"}


def test_server_gone(open_page: Open) -> None:
    """When the data of the picture does not come, the page says so, and the tables stay."""
    page = open_page("/about", allow={503})
    page.route("**/network/graph.json**", lambda route: route.fulfill(status=503))
    page.goto("/network")
    expect(page.locator("#details")).to_contain_text("could not be loaded")
    assert page.locator("#actors ~ .scroll tbody tr").count() > 5
