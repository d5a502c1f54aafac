"""The map: counted clusters that lead on, and a list that says the same, all without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

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
    assert "municipality=" in page.url
    assert page.get_by_role("status").first.inner_text().startswith(str(count))
    assert page.locator("ul.columns li").count() == min(count, 200)


def test_by_keyboard(open_page: Open) -> None:
    """Every cluster is a stop of the keyboard, and is seen to be."""
    page = open_page("/map")
    page.locator("svg.map a").first.focus()
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


def test_nothing_fits(open_page: Open) -> None:
    """Filters that nothing fits are told as such, with the map still there."""
    page = open_page("/map?kind=university&tie=foundation&programme=fp7")
    assert "No actor fits" in page.get_by_role("status").first.inner_text()
    assert page.locator("svg.map path").count() > 30
