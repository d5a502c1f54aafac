"""The page of an actor in the browser: pictures that say what its tables say, and lead on."""

import re
from collections import Counter
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


# The ways to be tied, as docs/analysis.md tells them, written again from the ontology.
_THROUGH = """
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX schema: <https://schema.org/>
SELECT DISTINCT ?through ?year {
  VALUES ?ki { <https://w3id.org/klustergraf/id/actor/karolinska-institutet> }
  { ?tie a kg:Collaboration ; kg:hasCollaborator ?ki , ?b ; kg:isThrough ?through }
  UNION {
    { ?tie org:member ?ki ; org:organization ?b }
    UNION { ?tie org:member ?b ; org:organization ?ki }
    ?tie a kg:Membership ; org:organization ?through
  }
  UNION {
    ?tie rdf:predicate kg:worksWith .
    { ?tie rdf:subject ?ki ; rdf:object ?b } UNION { ?tie rdf:subject ?b ; rdf:object ?ki }
    BIND (?tie AS ?through)
  }
  UNION {
    ?through a kg:Facility ; kg:isOperatedBy|^kg:operates ?ki , ?b .
    BIND (?through AS ?tie)
  }
  FILTER (?b != ?ki)
  ?b a kg:Actor .
  OPTIONAL { ?tie schema:startDate ?start . BIND (SUBSTR(STR(?start), 1, 4) AS ?year) }
}"""


def test_years_add_up(open_page: Open) -> None:
    """Each thing that ties it to others stands in the year that it began in, once, or in none."""
    page = open_page(KI)
    titles = page.locator("svg.bars rect title").all_text_contents()
    drawn = {year: int(count) for year, count in (text.split(": ") for text in titles)}
    told = page.locator("#picture-time ~ p").first.inner_text()
    undated = int(re.findall(r"(\d+) more have no year", told)[0])
    answer = page.request.get("/sparql", params={"query": _THROUGH, "format": "json"}).json()
    years: dict[str, set[str]] = {}
    for row in answer["results"]["bindings"]:
        of_thing = years.setdefault(row["through"]["value"], set())
        of_thing.update(row[name]["value"] for name in ("year",) if name in row)
    counted = Counter(min(of_thing) for of_thing in years.values() if of_thing)
    assert len(counted) > 5
    assert {year: count for year, count in drawn.items() if count} == dict(counted)
    assert undated == sum(not of_thing for of_thing in years.values())


def test_what_is_no_actor_has_no_pictures(open_page: Open) -> None:
    """A place is shown as before."""
    page = open_page("/id/place/solna.html")
    assert page.locator("svg.ego, svg.bars").count() == 0
    assert page.locator("h1").inner_text() == "Solna"
