"""The SPARQL workbench: written, completed, run, stopped, seen in several ways, taken along."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from klustergraf.namespaces import KG

Open = Callable[..., Page]

# A thousand times a thousand rows; a cross join that ends on no day.
_THOUSAND = " ".join(map(str, range(1000)))
MILLION = f"SELECT ?a ?b {{ VALUES ?a {{ {_THOUSAND} }} VALUES ?b {{ {_THOUSAND} }} }}"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture
def workbench(open_page: Open) -> Callable[..., Page]:
    """Give a function that opens the workbench, when it is ready."""

    def opened(path: str = "/sparql", **options: object) -> Page:
        page = open_page(path, **options)
        page.locator("#workbench[data-ready=true]").wait_for()
        return page

    return opened


def write(page: Page, text: str) -> None:
    """Put a query into the editor."""
    page.evaluate("text => document.getElementById('workbench').workbench.load(text)", text)


def written(page: Page) -> str:
    """Give what stands in the editor."""
    text: str = page.evaluate("document.getElementById('workbench').workbench.text")
    return text


def run(page: Page, text: str) -> None:
    """Write a query, run it, and wait for its end."""
    write(page, text)
    page.locator("#run").click()
    expect(page.locator("#cancel")).to_be_disabled(timeout=20_000)


def state(page: Page) -> str:
    """Give what is told of the last run."""
    return page.locator("#state").inner_text()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_by_keyboard(workbench: Callable[..., Page], language: str) -> None:
    """Typed, run with Ctrl and Enter, left with Escape; the address then gives the same answer."""
    page = workbench(language=language)
    page.locator("#editor .cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type('SELECT ?n { VALUES ?n { 3 20 100 "ten" } }')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#view table tbody tr")).to_have_count(4)
    assert ("rader" if language == "sv" else "rows") in state(page)
    page.keyboard.press("Escape")  # closes what is offered
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id == 'run'")
    assert parse_qs(urlsplit(page.url).query)["query"][0].startswith("SELECT ?n")
    page.reload()
    expect(page.locator("#view table tbody tr")).to_have_count(4)


def test_sorting(workbench: Callable[..., Page]) -> None:
    """Numbers are sorted as numbers, by a button in the heading, down as well."""
    page = workbench()
    run(page, "SELECT ?n { VALUES ?n { 30 4 200 } }")
    cells = page.locator("#view tbody td")
    button = page.locator("#view th button")
    button.click()
    assert cells.all_inner_texts() == ["4", "30", "200"]
    page.locator("#view th button").click()
    assert cells.all_inner_texts() == ["200", "30", "4"]
    assert page.locator("#view th").get_attribute("aria-sort") == "descending"


def test_terms_are_completed(workbench: Callable[..., Page]) -> None:
    """A class of ours is offered while it is typed, and its prefix is declared."""
    page = workbench()
    page.wait_for_function("fetch('/api/vocabulary').then(a => a.ok)")
    write(page, "")
    page.locator("#editor .cm-content").focus()
    page.keyboard.type("SELECT * { ?a a kg:Faci")
    option = page.locator("#editor .cm-tooltip-autocomplete li", has_text="kg:Facility").first
    option.wait_for()
    option.click()
    text = written(page)
    assert text.startswith("PREFIX kg: <https://w3id.org/klustergraf/ontology#>\n")
    assert "kg:Facility" in text.splitlines()[1]


def test_answer_of_a_link_has_its_prefixes(open_page: Open) -> None:
    """Terms are written with their prefixes also where the vocabulary comes after the answer."""
    page = open_page("/about")

    def answer_late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route("**/api/vocabulary", answer_late)
    page.goto(f"/sparql?query={quote(f'SELECT ?x {{ VALUES ?x {{ <{KG}Actor> }} }}')}")
    expect(page.locator("#view tbody td")).to_have_text("kg:Actor")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", 'Query is not SPARQL. Line 2, column 9: unexpected "}"'),
        ("sv", 'Frågan är inte SPARQL. Rad 2, kolumn 9: "}" hör inte hemma här'),
    ],
)
def test_fault_is_shown_where_it_is(
    workbench: Callable[..., Page], language: str, told: str
) -> None:
    """A query that is none is told with line, column and reason, and the cursor goes there."""
    # The language of the page counts, not that of the browser.
    other = "en" if language == "sv" else "sv"
    page = workbench(f"/sparql?lang={language}", allow={400}, language=other)
    run(page, "SELECT ?x WHERE {\n  ?x ?y }")
    expect(page.locator("#fault")).to_have_text(told)
    expect(page.locator("#editor .cm-lintRange-error")).to_have_count(1)
    run(page, "ASK {}")
    expect(page.locator("#fault")).to_be_hidden()
    expect(page.locator("#answer .answer")).to_be_visible()


def test_stored_question_with_parameters(workbench: Callable[..., Page]) -> None:
    """Found in the library, its parameter put in as a term, and never as text of the query."""
    page = workbench()
    page.get_by_label("Find a question").fill("municipality")
    page.locator("#library a:visible").first.click()
    page.locator("#parameters input[name=place]").fill(
        "https://w3id.org/klustergraf/id/place/solna"
    )
    page.locator("#parameters button").click()
    assert "{ <https://w3id.org/klustergraf/id/place/solna> }" in written(page)
    hostile = "x> } INSERT { <y"
    page.locator("#parameters input[name=place]").fill(hostile)
    page.locator("#parameters button").click()
    assert hostile not in written(page)


def test_tidied_query_means_the_same(workbench: Callable[..., Page]) -> None:
    """Only white space changes, and not in strings, IRIs and comments."""
    page = workbench()
    text = 'SELECT ?a WHERE{?a <urn:x#y> "a  { b" . # note {\n?a ?b 1.5 FILTER(?b<3)}LIMIT 5'
    write(page, text)
    page.locator("#tidy").click()
    tidied = written(page)
    assert "".join(tidied.split()) == "".join(text.split())
    assert '"a  { b"' in tidied
    assert "# note {\n" in tidied
    assert tidied.count("\n") > 3
    page.locator("#tidy").click()
    assert written(page) == tidied


def test_markup_in_answers_is_text(workbench: Callable[..., Page]) -> None:
    """HTML and scripts in an answer are shown as they are written."""
    page = workbench()
    run(page, "SELECT ?x { VALUES ?x { '<img src=x onerror=alert(1)>' <javascript:alert(1)> } }")
    assert page.locator("#view img, #view a").count() == 0
    assert "<img src=x" in page.locator("#view").inner_text()


def test_million_rows(workbench: Callable[..., Page]) -> None:
    """All are counted, the first are there in pages, and the page stays usable."""
    page = workbench()
    run(page, MILLION)
    assert "1\u2009000\u2009000 rows" in state(page)
    assert page.locator("#view tbody tr").count() == 100
    expect(page.locator("#view")).to_contain_text("The first 10\u2009000 are here")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#view")).to_contain_text("Page 2 of 100")


def test_cancel_stops_it_at_the_server(workbench: Callable[..., Page]) -> None:
    """The worker is free at once, far before the limit of time."""
    page = workbench()
    write(page, ENDLESS)
    page.locator("#run").click()
    expect(page.locator("#cancel")).to_be_enabled()
    time.sleep(0.5)
    page.locator("#cancel").click()
    expect(page.locator("#state")).to_contain_text("Cancelled")
    running = "fetch('/metrics').then(a => a.text()).then(t => /running_queries 0/.test(t))"
    page.wait_for_function(running, timeout=5000)


def test_server_gone_in_mid_query(workbench: Callable[..., Page]) -> None:
    """What was written stays, and the page says what to do."""
    page = workbench(allow={0})
    page.route("**/sparql", lambda route: route.abort("connectionreset"))
    write(page, "ASK {}")
    page.evaluate("document.getElementById('workbench').workbench.run()")
    expect(page.locator("#fault")).to_contain_text("try again")
    assert written(page) == "ASK {}"


def test_views(workbench: Callable[..., Page]) -> None:
    """Numbers as bars, points as a map, triples as a drawing; by the arrow keys too."""
    page = workbench()
    run(page, "SELECT ?name ?n { VALUES (?name ?n) { ('a' 1) ('b' 3) } }")
    page.get_by_role("tab", name="Table").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#view svg rect")).to_have_count(2)
    run(page, "SELECT ?w ?name { VALUES (?w ?name) { ('POINT(17.6 59.8)' 'Uppsala') } }")
    page.get_by_role("tab", name="Map").click()
    expect(page.locator("#view svg circle")).to_have_count(1)
    run(page, "CONSTRUCT { ?s <urn:near> ?o } { ?s <urn:x>? ?o } LIMIT 5")
    page.get_by_role("tab", name="Graph").click()
    page.locator("#view canvas").first.wait_for()


def test_downloads_and_snippets(workbench: Callable[..., Page]) -> None:
    """Each format can be had, and the command line gives what the page shows."""
    page = workbench()
    text = "SELECT ?n { VALUES ?n { 1 'it''s' } }".replace("''", "\\'")
    run(page, text)
    for name in ("CSV", "JSON", "TSV", "XML"):
        address = page.get_by_role("link", name=name, exact=True).get_attribute("href")
        assert page.evaluate("a => fetch(a).then(r => r.status)", address) == 200
    page.get_by_text("In a program").click()
    command = page.locator("#snippet-0").inner_text()
    answer = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert answer.stdout.split()[0] == b"n"
    code = page.locator("#snippet-1").inner_text().replace("import pandas\n", "")
    code = code.replace(
        "table = pandas.read_csv(io.BytesIO(answer.read()))", "print(answer.read())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"it's" in answer.stdout


def test_every_stored_question_answers(open_page: Open) -> None:
    """Each question of the library has its interface, in JSON and as CSV with the same rows."""
    page = open_page("/queries")
    found = json.loads(page.evaluate("fetch('/api/queries').then(a => a.text())"))["queries"]
    assert len(found) == page.locator("ul.entries > li").count()
    for query in found:
        path = urlsplit(query["url"]).path
        rows = json.loads(page.evaluate("p => fetch(p).then(a => a.text())", path))
        table = page.evaluate("p => fetch(p + '?format=csv').then(a => a.text())", path)
        assert table.splitlines()[0].split(",") == rows["head"]["vars"]
