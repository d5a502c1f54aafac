"""How pages look: nothing off the screen, nothing twice under one name, nothing without use."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/contribute", "table.stacked tbody tr"),
        ("/data", "table.stacked tbody tr"),
        ("/about", "table.stacked tbody tr"),
        ("/network", "#pairs ~ .scroll tbody tr"),
        ("/strategy", "#thin ~ .scroll tbody tr"),
        ("/strategy", "table.matrix tr"),
    ],
)
def test_tables_fit_a_telephone(open_page: Open, path: str, rows: str, language: str) -> None:
    """Every cell lies on the screen of a telephone: nobody must find out that there is more."""
    page = open_page(path, language=language, width=390)
    cells = page.locator(f":is({rows}) > :is(td, th)")
    rights: list[float] = cells.evaluate_all(
        "cells => cells.filter(c => c.offsetWidth).map(c => c.getBoundingClientRect().right)"
    )
    assert len(rights) > 10
    assert max(rights) <= 390


@pytest.mark.parametrize("path", ["/id/actor/karolinska-institutet", "/queries/foundation_backers"])
def test_rows_of_a_telephone_are_not_high(open_page: Open, path: str) -> None:
    """A long name has room: it does not stand on as many lines as it has words."""
    page = open_page(path, width=390, javascript=False)
    lines: list[float] = page.locator("table.results tbody tr").evaluate_all(
        """rows => rows.map(row => {
            const style = getComputedStyle(row.cells[0]);
            return row.getBoundingClientRect().height / parseFloat(style.lineHeight);
        })"""
    )
    assert len(lines) > 10
    assert max(lines) < 5.5


def test_rows_of_a_telephone_keep_what_orders_them(open_page: Open) -> None:
    """Where rows are blocks of lines, the links that order them stand above, and work."""
    page = open_page("/network", width=390, javascript=False)
    page.locator("#pairs ~ .scroll thead").get_by_role("link", name="Years").click()
    expect(page).to_have_url(re.compile("pair_order=years"))


def test_classes_of_one_name_are_told_apart(open_page: Open) -> None:
    """Where several classes that a thing belongs to have one name, the short IRI stands by it."""
    page = open_page("/id/place/huddinge", javascript=False)
    classes = page.locator("section[aria-labelledby=derived] li").filter(
        has_text=re.compile("^place")
    )
    told = [re.sub(r"[0-9\s]+$", "", text) for text in classes.all_inner_texts()]
    assert len(told) > 1
    assert max(Counter(told).values()) == 1


def test_evidence_of_one_name_is_told_apart(open_page: Open) -> None:
    """No two links to the evidence of a pair have one name."""
    page = open_page("/network?ego=flemingsberg-science", javascript=False)
    rows = page.locator("#pairs ~ .scroll tbody tr").all()
    links = [row.locator("small a").all() for row in rows]
    names = [[a.get_attribute("aria-label") or a.inner_text() for a in row] for row in links]
    assert sum(", 2" in name for row in names for name in row) > 2
    assert all(max(Counter(row).values()) == 1 for row in names)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_default_of_a_field_is_named(open_page: Open, language: str) -> None:
    """What a question is about when a field is empty is told by name, and leads there."""
    page = open_page("/queries/foundation_backers", language=language, javascript=False)
    link = page.locator("form.parameters .hint a").first
    name = {"sv": "Stiftelsen Flemingsberg Science", "en": "Flemingsberg Science Foundation"}
    assert link.inner_text() == name[language]
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name[language])


@pytest.mark.parametrize("language", ["sv", "en"])
def test_files_say_what_they_hold(open_page: Open, language: str) -> None:
    """No two files of tables are described alike."""
    page = open_page("/data", language=language, javascript=False)
    rows = page.locator("tr", has=page.locator("a[href*='/tables/']"))
    told = rows.locator("td:nth-child(2)").all_inner_texts()
    assert len(told) > 10
    assert max(Counter(told).values()) == 1


def test_what_finds_nothing_shows_a_way_on(open_page: Open) -> None:
    """Without a find there is no button of filters; from no municipality the map leads back."""
    page = open_page("/search?q=xyzzyx", javascript=False)
    expect(page.get_by_role("status").first).to_have_text("0 found")
    assert page.get_by_role("button", name="Apply").count() == 0
    page.goto("/search?q=karolinska")
    assert page.get_by_role("button", name="Apply").count() == 1
    page.goto("/map?municipality=nowhere")
    page.get_by_role("link", name="Back to the whole region").click()
    expect(page).to_have_url(re.compile("/map$"))


def test_code_is_whole_on_paper(open_page: Open) -> None:
    """Lines of code are not cut off; the editor of queries is as high as what stands in it."""
    page = open_page("/contribute", width=700)
    page.emulate_media(media="print")
    cut = page.locator("pre").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert cut == 0
    page.goto("/sparql?query=ASK+%7B%7D")
    box = page.locator("#editor").bounding_box()
    assert box is not None
    assert box["height"] < 100
