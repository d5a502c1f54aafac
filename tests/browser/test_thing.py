"""The page of an actor in the browser: pictures that say what its tables say, and lead on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

Open = Callable[..., Page]
KI = "/id/actor/karolinska-institutet.html"
_ASKED = "/api/network/nodes/karolinska-institutet"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_partners_are_those_of_the_interface(open_page: Open, language: str) -> None:
    """The closest partners are drawn, with what is in common; each leads to its page."""
    page = open_page(KI, language=language, javascript=False)
    links = page.locator("svg.ego a")
    answer = page.request.get(_ASKED).json()
    pairs = zip(answer["partners"], answer["edges"], strict=True)
    labels = {node["labels"][language]: edge["weight"] for node, edge in pairs}
    drawn = {}
    for label in links.evaluate_all("all => all.map(a => a.getAttribute('aria-label'))"):
        name, _, rest = label.rpartition(", ")
        drawn[name] = float(re.findall(r"[0-9.]+", rest)[0])
    assert len(drawn) == min(24, len(labels))
    assert drawn.items() <= labels.items()
    least = min(drawn.values())
    assert all(weight <= least for name, weight in labels.items() if name not in drawn)
    links.first.locator("circle").click()
    assert "/id/actor/" in page.url


def test_keyboard_leads_to_the_network(open_page: Open) -> None:
    """A partner can be reached and followed by keyboard, and the network opened around it."""
    page = open_page(KI)
    page.locator("svg.ego a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "karolinska-institutet" not in url)
    page.go_back()
    page.get_by_role("link", name="Open in the network").click()
    page.wait_for_url("**/network?ego=karolinska-institutet**")


def test_years_add_up(open_page: Open) -> None:
    """What began in some year, and what has none, is each thing that ties it to others, once."""
    page = open_page(KI)
    counts = page.locator("svg.bars rect title").all_text_contents()
    told = page.locator("#picture-time ~ p").first.inner_text()
    undated = int(re.findall(r"(\d+) more have no year", told)[0])
    drawn = sum(int(text.rpartition(": ")[2]) for text in counts)
    query = """
        PREFIX kg: <https://w3id.org/klustergraf/ontology#>
        SELECT (COUNT(DISTINCT ?through) AS ?n) {
          VALUES ?ki { <https://w3id.org/klustergraf/id/actor/karolinska-institutet> }
          ?node a kg:Collaboration ; kg:hasCollaborator ?ki ; kg:isThrough ?through }"""
    answer = page.request.get("/sparql", params={"query": query, "format": "json"}).json()
    collaborations = int(answer["results"]["bindings"][0]["n"]["value"])
    assert drawn > 5
    assert drawn + undated >= collaborations


def test_what_is_no_actor_has_no_pictures(open_page: Open) -> None:
    """A place is shown as before."""
    page = open_page("/id/place/solna.html")
    assert page.locator("svg.ego, svg.bars").count() == 0
    assert page.locator("h1").inner_text() == "Solna"
