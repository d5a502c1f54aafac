"""The page of an actor in the browser: pictures that say what its tables say, and lead on."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

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
    expect(page).to_have_url(re.compile(re.escape("/id/actor/")))


def test_keyboard_leads_to_the_network(open_page: Open) -> None:
    """A partner can be reached and followed by keyboard, and the network opened around it."""
    page = open_page(KI)
    page.locator("svg.ego a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "karolinska-institutet" not in url)
    page.go_back()
    page.get_by_role("link", name="Open in the network").click()
    page.wait_for_url("**/network?ego=karolinska-institutet**")


_STOP = "(({innerText, hash}) => [innerText.trim(), hash ?? ''])(document.activeElement)"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_contents_by_keyboard(open_page: Open, language: str) -> None:
    """A list names every section in its order, and leads from the last of them to any other."""
    page = open_page(KI, language=language)
    contents = page.get_by_role("navigation", name={"sv": "sidan", "en": "this page"}[language])
    links = contents.get_by_role("link")
    sections = page.locator("main h2").evaluate_all(
        "all => all.map(h => [h.firstChild.textContent.trim(), '#' + h.id])"
    )
    assert len(sections) > 8
    assert (
        links.evaluate_all("all => all.map(a => [a.textContent, a.getAttribute('href')])")
        == sections
    )
    page.locator("ol.graphs a").last.focus()
    page.keyboard.press("Tab")
    assert page.evaluate(_STOP)[1] == "#contents"
    box = page.locator(":focus").bounding_box()
    assert box is not None
    assert box["height"] >= 20
    assert page.locator(":focus").evaluate("e => getComputedStyle(e).clipPath") == "none"
    page.keyboard.press("Enter")
    for number, (name, address) in enumerate(sections):
        page.keyboard.press("Tab")
        assert page.evaluate(_STOP) == [name, address], number
        if address == "#partners":
            break
    page.keyboard.press("Enter")
    top = page.locator("#partners").bounding_box()
    assert top is not None
    assert 0 <= top["y"] < 400
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.locator("section[data-part=partners] :focus").count() == 1


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
    told = page.locator("#picture-time ~ p:not(.to-contents)").first.inner_text()
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


_AGREEMENT = "/id/agreement/letter-of-intent-2024.html"
_GRAPHS = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
SELECT ?graph ?licence ?rule ?start {
  VALUES ?thing { <https://w3id.org/klustergraf/id/actor/region-stockholm> }
  GRAPH ?graph { ?thing %s ?value }
  OPTIONAL { ?graph dct:license ?licence }
  OPTIONAL { ?graph kg:isDerivedByRule ?rule }
}"""
_LOCAL = "https://w3id.org/klustergraf"


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("predicate", "label", "basis"),
    [
        ("kg:organisationNumber", "organisation number", "● stated in the source"),
        ("kg:operates", "operates", "◌ derived by a rule"),
    ],
)
def test_evidence_of_a_fact(
    open_page: Open, predicate: str, label: str, basis: str, javascript: bool
) -> None:
    """The drawer names each graph that says a fact, with licence and rule, as SPARQL gives them."""
    page = open_page("/id/actor/region-stockholm.html", javascript=javascript)
    answer = page.request.get(
        "/sparql", params={"query": _GRAPHS % predicate, "format": "json"}
    ).json()
    wanted = {
        row[name]["value"].removeprefix(_LOCAL)
        for row in answer["results"]["bindings"]
        for name in ("graph", "licence", "rule")
        if name in row
    }
    assert len(wanted) >= 2
    head = page.get_by_role("rowheader", name=label, exact=True)
    row = page.locator("table.facts tr").filter(has=head).first
    assert page.locator(".why-entry:visible").count() == 0
    row.locator("a.why").first.click()
    drawer = page.locator(".why-entry:visible")
    expect(drawer).to_have_count(1)
    assert basis in drawer.inner_text()
    told = drawer.locator("li a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert wanted <= {address.partition("?")[0] for address in told}
    box, view = drawer.bounding_box(), page.viewport_size
    assert box is not None
    assert view is not None
    assert (box["y"], box["x"] + box["width"], box["height"]) == (0, view["width"], view["height"])
    drawer.get_by_role("link", name="Close").click()
    expect(page.locator(".why-entry:visible")).to_have_count(0)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_evidence_by_keyboard(open_page: Open, language: str) -> None:
    """Enter opens it and it has the focus; Escape gives the focus back; the page stays in place."""
    page = open_page(_AGREEMENT, language=language)
    link = page.locator("a.why").nth(3)
    link.focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("Enter")
    drawer = page.locator(".why-entry:visible")
    drawer.wait_for()
    heading = drawer.get_by_role("heading", level=3)
    assert heading.inner_text() == ("Belägg" if language == "sv" else "Evidence")
    assert heading.evaluate("e => e === document.activeElement")
    assert page.evaluate("scrollY") == before
    passage = drawer.locator("a[href*='/id/passage/']").first
    assert ("tecken " if language == "sv" else "characters ") in passage.inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".why-entry:visible").count() == 0
    assert link.evaluate("e => e === document.activeElement")
    assert page.evaluate("scrollY") == before
    page.go_back()
    assert drawer.count() == 1, "the address is the state"


def test_evidence_on_a_telephone_and_by_address(
    open_page: Open, findings: Callable[[Page], list[str]]
) -> None:
    """An address that names it opens it; on a narrow screen it lies below; axe finds nothing."""
    for dark in (False, True):
        page = open_page(f"{_AGREEMENT}#why-2", width=390, dark=dark)
        box = page.locator(".why-entry:visible").bounding_box()
        assert box is not None
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 900)
        assert box["height"] <= 540
        assert findings(page) == []
