"""The network in the browser: seen, filtered, asked, saved, and the same in the tables."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, Route, expect

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


def labels_of(page: Page) -> list[dict[str, Any]]:
    """Give the names that are written in the picture, with their boxes as letters need them."""
    found: list[dict[str, Any]] = page.evaluate(
        """() => {
            const {picture} = document.getElementById('network');
            const context = document.createElement('canvas').getContext('2d');
            const family = getComputedStyle(document.body).fontFamily;
            return picture.labels.map(label => {
                context.font = `${label.rank === 'must' ? 600 : 400} 14px ${family}`;
                const {width, actualBoundingBoxAscent, actualBoundingBoxDescent} =
                    context.measureText(label.text);
                const height = actualBoundingBoxAscent + actualBoundingBoxDescent;
                return {...label, width, height: Math.max(height, 10)};
            });
        }"""
    )
    return found


def overlaps(labels: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """List the pairs of names of which one is written over the other."""
    return [
        (a["text"], b["text"])
        for a, b in itertools.combinations(labels, 2)
        if a["left"] < b["left"] + b["width"]
        and b["left"] < a["left"] + a["width"]
        and a["top"] < b["top"] + b["height"]
        and b["top"] < a["top"] + a["height"]
    ]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path",
    [
        *("/network", "/network?chosen=kth", "/network?ego=flemingsberg-science"),
        *("/network?from=kth&to=astrazeneca", "/network?size=betweenness&colour=county"),
    ],
)
def test_no_name_is_written_over_another(open_page: Open, path: str, width: int) -> None:
    """The boxes of names in the picture do not touch, and all lie within it."""
    page = open_page(path, width=width)
    drawn(page)
    labels = labels_of(page)
    assert len(labels) > 5
    assert overlaps(labels) == []
    box = page.locator("#network").bounding_box()
    assert box is not None
    for label in labels:
        assert label["left"] >= 0
        assert label["top"] >= 0
        assert label["left"] + label["width"] <= box["width"]
        assert label["top"] + label["height"] <= box["height"]
    if "=" in path:
        return
    page.locator("[data-zoom=in]").click()
    page.wait_for_timeout(600)
    assert overlaps(labels_of(page)) == []


def test_the_most_important_names_are_written(open_page: Open) -> None:
    """Those of the largest points first; of one that is chosen, its own and all its partners'."""
    page = open_page("/network")
    drawn(page)
    largest: list[str] = page.evaluate(
        """() => {
            const {graph} = document.getElementById('network').picture;
            return graph.nodes().sort((a, b) =>
                graph.getNodeAttribute(b, 'size') - graph.getNodeAttribute(a, 'size')).slice(0, 3);
        }"""
    )
    assert set(largest) <= {label["key"] for label in labels_of(page)}
    page.goto("/network?ego=flemingsberg-science&chosen=flemingsberg-science")
    drawn(page)
    partners: list[str] = page.evaluate(
        "document.getElementById('network').picture.graph.neighbors('flemingsberg-science')"
    )
    assert len(partners) > 10
    written = {label["key"] for label in labels_of(page)}
    assert written == {*partners, "flemingsberg-science"}


def test_names_can_be_read_on_either_ground(open_page: Open) -> None:
    """Letters are of the colour of text, with the ground about them, in light and in dark."""
    for dark in (False, True):
        page = open_page("/network?ego=flemingsberg-science", dark=dark)
        drawn(page)
        colours: dict[str, Any] = page.evaluate(
            """() => {
                const {picture} = document.getElementById('network');
                const layer = picture.sigma.getCanvases().labels;
                const label = picture.labels.find(one => one.rank !== 'must');
                const ratio = layer.width / layer.getBoundingClientRect().width;
                const {data} = layer.getContext('2d').getImageData(
                    label.left * ratio, label.top * ratio,
                    label.width * ratio, label.height * ratio);
                const found = new Set();
                for (let i = 0; i < data.length; i += 4) {
                    if (data[i + 3] === 255) found.add(data.slice(i, i + 3).join());
                }
                const style = name => getComputedStyle(document.documentElement)
                    .getPropertyValue(name).trim();
                return {found: [...found], ink: style('--ink'), ground: style('--ground')};
            }"""
        )
        for name in ("ink", "ground"):
            rgb = ",".join(map(str, bytes.fromhex(colours[name].removeprefix("#"))))
            assert rgb in colours["found"], name


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


@pytest.mark.parametrize(
    ("late", "early"),
    [
        ("huddinge-kommun", "flemingsberg-science~kth"),
        ("flemingsberg-science~kth", "huddinge-kommun"),
    ],
)
def test_late_answer_changes_nothing(open_page: Open, late: str, early: str) -> None:
    """What is told is what was chosen last, whichever answer comes last."""
    page = open_page("/network")
    drawn(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(
        "**/api/network/paths?*" if "~" in late else f"**/nodes/{late}*",
        hold,
    )
    for chosen in (late, early):
        page.evaluate(
            """chosen => {
                const {picture} = document.getElementById('network');
                const ends = chosen.split('~');
                if (ends.length > 1) picture.chooseEdge(picture.graph.edge(...ends));
                else picture.choose(chosen);
            }""",
            chosen,
        )
    names = page.locator("#details h2 a")
    expect(names).to_have_count(2 if "~" in early else 1)
    told = names.all_inner_texts()
    assert len(held) == 1
    with page.expect_response(lambda answer: answer.request == held[0].request) as awaited:
        held[0].continue_()
    awaited.value.finished()
    page.wait_for_timeout(300)
    assert names.all_inner_texts() == told
    assert f"chosen={early}" in page.url.replace("%7E", "~")
    state = (
        "(({chosen, near}) => [chosen, near.size > 0])(document.getElementById('network').picture)"
    )
    assert page.evaluate(state) == ([None, False] if "~" in early else [early, True])


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
    expect(page).not_to_have_url(re.compile(re.escape("since=")))
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
    ways = [
        [step.locator("> a").all_inner_texts() for step in way.locator("li").all()]
        for way in page.locator("ol.path").all()
    ]
    assert max(map(len, ways)) > 1
    for way in ways:
        assert all(len(step) == 2 for step in way)
        assert way[0][0] == "Karolinska Institutet"
        assert "Södertörn" in way[-1][1]
        assert all(one[1] == other[0] for one, other in itertools.pairwise(way))
    assert steps.last.locator("small a").count() >= 1


@pytest.mark.parametrize("javascript", [True, False])
def test_names_as_people_write_them(open_page: Open, javascript: bool) -> None:
    """A name nearly right is taken as meant, and told so; one that several have is asked about."""
    written = "Karolinska+Insitutet"  # misspelt on purpose
    page = open_page(f"/network?ego={written}", javascript=javascript)
    told = page.get_by_role("status").first
    expect(told).to_contain_text("is taken to be Karolinska Institutet")
    assert page.locator("#ego").input_value() == "Karolinska Institutet"
    link = page.get_by_role("link", name="JSON", exact=True).first.get_attribute("href") or ""
    assert "ego=karolinska-institutet" in link
    several = open_page("/network?from=karolin&to=kth", javascript=javascript)
    question = several.get_by_role("alert")
    expect(question).to_contain_text("Who is “karolin”?")
    assert question.get_by_role("link").count() > 2
    question.get_by_role("link", name="Karolinska Institutet", exact=True).click()
    expect(several).to_have_url(re.compile("from=karolinska-institutet"))
    expect(several.locator("ol.path").first).to_be_visible()


def test_names_that_are_not_there(open_page: Open) -> None:
    """Nobody's name is told as such, with the whole network; so is what nothing fits."""
    page = open_page("/network?ego=Xyzzyx")
    expect(page.get_by_role("alert")).to_contain_text("Xyzzyx")
    drawn(page)
    empty = open_page("/network?tie=foundation&programme=fp7")
    expect(empty.get_by_role("status").first).to_contain_text("No pair fits")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_shared_link_restores_what_was_chosen(open_page: Open, language: str) -> None:
    """Who is chosen stands in the address with colour, size and path; another sees the same."""
    page = open_page("/network?colour=county&size=strength&from=kth&to=ki", language=language)
    drawn(page)
    page.locator("#focus").fill("Uppsala universitet")
    page.keyboard.press("Tab")
    expect(page.locator("#details h2")).to_contain_text("Uppsala")
    assert "chosen=uppsala-universitet" in page.url
    address = urlsplit(page.url)
    other = open_page(f"{address.path}?{address.query}", language=language)
    drawn(other)
    expect(other.locator("#details h2")).to_contain_text("Uppsala")
    state = "(({chosen, path}) => [chosen, [...path]])(document.getElementById('network').picture)"
    assert other.evaluate(state) == page.evaluate(state)
    chosen, path = other.evaluate(state)
    assert chosen == "uppsala-universitet"
    assert (path[0], path[-1]) == ("kth", "karolinska-institutet")
    assert other.locator("#colour").input_value() == "county"
    assert other.locator("#size").input_value() == "strength"
    assert look_of(other, "kth") == look_of(page, "kth")
    # The link to the other language leads to the same.
    page.locator("header a[hreflang]").click()
    drawn(page)
    assert page.evaluate(state) == other.evaluate(state)


def test_shared_link_restores_a_line(open_page: Open) -> None:
    """Two actors and what is between them can be linked to as well."""
    page = open_page("/network?ego=flemingsberg-science&chosen=flemingsberg-science~kth")
    drawn(page)
    expect(page.locator("#details h2 a")).to_have_count(2)
    gone = open_page("/network?kind=municipality&chosen=kth")
    drawn(gone)
    expect(gone.locator("#details")).to_contain_text("No actor of that name")


def test_asks_who_is_meant_in_the_picture(open_page: Open) -> None:
    """Part of a name chooses who alone has it; of what several have, the page asks which."""
    page = open_page("/network")
    drawn(page)
    page.locator("#focus").fill("sodertorns hog")
    page.keyboard.press("Tab")
    expect(page.locator("#details h2")).to_contain_text("Södertörn")
    page.locator("#focus").fill("karolin")
    page.keyboard.press("Tab")
    expect(page.locator("#details h2")).to_have_text("Who is meant?")
    page.get_by_role("button", name="Karolinska Institutet", exact=True).click()
    expect(page.locator("#details h2")).to_have_text("Karolinska Institutet")


def test_table_is_ordered_by_link(open_page: Open) -> None:
    """Without scripts the table of actors is ordered by any column, over all its pages."""
    page = open_page("/network", javascript=False)
    measures = page.locator("#actors ~ .scroll").first.locator("tbody td:nth-child(4)")
    first = [int(text) for text in measures.all_inner_texts()]
    assert first == sorted(first, reverse=True)
    assert first[0] > first[-1]
    page.locator("th").get_by_role("link", name="Actor", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Actor")
    names = page.locator("#actors ~ .scroll").first.locator("tbody td:first-child")
    texts = [text.casefold() for text in names.all_inner_texts()]
    assert texts == sorted(texts)
    page.locator("nav.pages a[rel=next]").first.click()
    assert names.first.inner_text().casefold() >= texts[-1]
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Actor")


def test_pairs_are_ordered_by_link(open_page: Open) -> None:
    """Without scripts the pairs are ordered by any column, over all pages; the address keeps it."""
    page = open_page("/network", javascript=False)
    table = page.locator("#pairs ~ .scroll").first
    marked = table.locator("th[aria-sort]")
    answer: Any = page.request.get("/api/network").json()

    def column(number: int) -> list[str]:
        return [t.strip() for t in table.locator(f"tbody td:nth-child({number})").all_inner_texts()]

    def follow(name: str) -> None:
        table.get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_load_state()
        assert marked.all_inner_texts() == [name]

    assert marked.get_attribute("aria-sort") == "descending"
    weights = sorted((edge["weight"] for edge in answer["edges"]), reverse=True)
    assert [float(text.replace(",", "")) for text in column(3)] == pytest.approx(
        weights[: len(column(3))], abs=0.01
    )
    follow("Pair")
    assert "pair_order=pair" in page.url
    assert marked.get_attribute("aria-sort") == "ascending"
    first = [text.casefold() for text in column(1)]
    assert first == sorted(first)
    page.locator("nav.pages").last.get_by_role("link").last.click()
    assert column(1)[0].casefold() >= first[-1]
    assert marked.all_inner_texts() == ["Pair"]
    follow("Years")
    assert "pairs=" not in page.url
    since = sorted(edge["since"][:4] for edge in answer["edges"] if edge["since"])
    assert [text[:4] for text in column(5)] == since[: len(column(5))]
    follow("Through")
    told = [re.sub(r" \([0-9]+\)", "", text).casefold() for text in column(4)]
    assert told == sorted(told)
    kinds = {kind for edge in answer["edges"] for kind in edge["ties"]}
    assert len(kinds) > 3
    assert told[0].split(", ")[0] == min(kind.casefold() for kind in kinds)
    table.get_by_role("link", name="Evidence").click()
    assert marked.get_attribute("aria-sort") == "descending"
    totals = sorted((edge["evidence_total"] for edge in answer["edges"]), reverse=True)
    rest = table.locator("tbody td:nth-child(6)").first.locator("a").count()
    more = re.findall(r"[0-9]+", table.locator("tbody td:nth-child(6) .quiet").first.inner_text())
    assert rest + int(more[-1]) == totals[0]


def test_picture_can_be_cited(open_page: Open) -> None:
    """Beside the picture, and beside the matrix, stands how to cite: with version and query."""
    for path in ("/network", "/strategy"):
        page = open_page(path, javascript=False)
        link = page.get_by_role("link", name="BibTeX", exact=True).get_attribute("href") or ""
        answer = page.request.get(link)
        assert answer.status == 200
        assert answer.text().startswith("@")
        version = re.findall(r"versions/([0-9a-f]+)/", link)[0]
        assert version[:12] in answer.text()


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
    expected = {"ties": ["foundation"], "counting": "full", "ego": "kth", "radius": 1}
    assert answer["filters"] == expected


def test_server_gone(open_page: Open) -> None:
    """When the data of the picture does not come, the page says so, and the tables stay."""
    page = open_page("/about", allow={503})
    page.route("**/network/graph.json**", lambda route: route.fulfill(status=503))
    page.goto("/network")
    expect(page.locator("#details")).to_contain_text("could not be loaded")
    assert page.locator("#actors ~ .scroll tbody tr").count() > 5
