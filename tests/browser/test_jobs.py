"""Each page's main job, in each language, by the keys alone and by the pointer alone.

A job says its steps once; a hand of tests/hands.py does them. What is told is compared with what
the interfaces answer, in the words of the messages. Nothing may be told on the console and no other
host be asked: `open_page` sees to it.
"""

import csv
import gzip
import hashlib
import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

from contributing import HEAD, a_testbed, copy_home
from hands import HANDS, Hand, Pointer
from klustergraf.build import BuildResult
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.pages.rendering import load_messages
from klustergraf_api.settings import Settings
from serving import live_server, wait_until

Open = Callable[..., Page]

_ID: Final = "https://w3id.org/klustergraf/id/"
_KI: Final = f"{_ID}actor/karolinska-institutet"
# Ends on no day.
_ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_TABLE: Final = "id;name_sv;name_en;kind;operated_by\nvat;Våtlabbet;The Wet Lab;testbed;KTH\n"
_SVG: Final = "{http://www.w3.org/2000/svg}"


@dataclass
class Job:
    """Somebody at a page: the hand, the language, and what the interfaces say."""

    open: Callable[[str], Page]
    hand_of: type[Hand]
    language: str
    site: str

    def begin(self, path: str) -> tuple[Page, Hand]:
        """Open a page, with nothing chosen on it."""
        page = self.open(path)
        return page, self.hand_of(page)

    def say(self, key: str, **values: object) -> str:
        """Give a text of the pages, in the language."""
        messages = load_messages(self.language)
        is_one = str(values.get("count")) == "1" and f"{key}.one" in messages
        return messages[f"{key}.one" if is_one else key].format(**values)

    def ask(self, page: Page, path: str, **asked: str | float | bool) -> Any:
        """Ask an interface, as a program does."""
        answer = page.request.get(
            self.site + path,
            params=asked,
            headers={"Accept": "application/json", "Accept-Language": self.language},
        )
        assert answer.status == 200, answer.text()
        return answer.json()

    def rows(self, page: Page, query: str) -> list[dict[str, str]]:
        """Ask in SPARQL; give the values."""
        answer = self.ask(page, "/sparql", query=query, format="json")
        return [
            {name: term["value"] for name, term in row.items()}
            for row in answer["results"]["bindings"]
        ]

    def name(self, page: Page, iri: str) -> str:
        """Give the name that the graph has for a thing, in the language."""
        found = self.rows(
            page,
            f"SELECT ?name {{ <{iri}> <http://www.w3.org/2004/02/skos/core#prefLabel> ?name "
            f"FILTER(LANG(?name) IN ('', '{self.language}')) }}",
        )
        return found[0]["name"]


def grouped(number: int) -> str:
    """Write a number as the pages do."""
    return f"{number:,}".replace(",", "\u2009")


def iri_at(page: Page) -> str:
    """Give the thing whose page this is."""
    return _ID + urlsplit(page.url).path.removeprefix("/id/").removesuffix(".html")


def saved(page: Page, act: Callable[[], None]) -> bytes:
    """Give the file that something saves."""
    with page.expect_download() as awaited:
        act()
    return Path(awaited.value.path()).read_bytes()


def start(job: Job) -> None:
    """Go from the box to a thing, from a number to its query, from a question to its answer."""
    page, hand = job.begin("/")
    field = page.locator("#q")
    hand.write(field, "sodertorns hog")
    hand.take(page.get_by_role("option").first)
    page.wait_for_url("**/id/actor/sodertorns-hogskola**")
    assert page.locator("h1").inner_text() == job.name(page, f"{_ID}actor/sodertorns-hogskola")

    hand.press(page.locator("header.site a.name"))
    expect(page.locator("h1")).to_have_text(job.say("start.title"))
    number = page.locator("ul.counts a", has_text=job.say("count.projects"))
    told = number.locator(".figure").inner_text()
    hand.press(number)
    expect(page.locator("#view tbody tr")).to_have_count(1)
    query = parse_qs(urlsplit(page.url).query)["query"][0]
    assert told == grouped(int(job.rows(page, query)[0]["count"]))
    assert page.locator("#view tbody td").inner_text() == job.rows(page, query)[0]["count"]

    page.goto("/")
    hand.press(page.get_by_role("link", name=job.say("start.guided-foundation")))
    page.wait_for_url("**/queries/foundation_backers**")
    answer = job.ask(page, "/api/queries/foundation_backers", lang=job.language)
    found = page.locator("table.results tbody tr")
    expect(found).to_have_count(len(answer["results"]["bindings"]))
    assert found.count() > 1


def search(job: Job) -> None:
    """Search for a word, narrow the result, and open what is found."""
    page, hand = job.begin("/search")
    hand.write(page.locator("#q"), "karolinska")
    expect(page.get_by_role("option").first).to_be_visible()
    if hand.__class__ is not Pointer:
        page.keyboard.press("Escape")  # else Enter could take what is suggested
    hand.send(page.locator("#q"), page.locator("form.search .search-box button"))
    page.wait_for_url("**q=karolinska**")
    answer = job.ask(page, "/api/search", q="karolinska", lang=job.language)
    told = page.locator("#results [role=status] strong")
    expect(told).to_have_text(job.say("search.total", count=answer["total"]))

    value = answer["facets"]["type"][1]
    hand.tick(page.locator(f".facets input[name=type][value='{value['value']}']"))
    page.wait_for_url(f"**type={value['value']}**")
    expect(told).to_have_text(job.say("search.total", count=value["count"]))
    answer = job.ask(
        page, "/api/search", q="karolinska", lang=job.language, type=str(value["value"])
    )
    links = page.locator("ol.hits > li > a")
    assert links.all_inner_texts() == [hit["label"] for hit in answer["hits"]][: links.count()]
    hand.press(links.first)
    page.wait_for_url("**/id/**")
    assert iri_at(page) == answer["hits"][0]["iri"]
    assert page.locator("h1").inner_text() == job.name(page, iri_at(page))


def thing(job: Job) -> None:
    """See the ground of a statement and the partners, and go to the page of one."""
    page, hand = job.begin("/id/actor/karolinska-institutet.html")
    fact = page.locator("table.facts li").first
    name = fact.locator("span").first.inner_text()
    hand.press(fact.locator("a.why"))
    drawer = page.locator(":target")
    expect(drawer).to_be_in_viewport()
    expect(drawer).to_contain_text(job.say("mark.stated"))
    links = drawer.locator("ol > li > a").evaluate_all("all => all.map(a => a.pathname)")
    assert links
    for graph in links:
        held = job.rows(
            page,
            f"SELECT ?o {{ GRAPH <https://w3id.org/klustergraf{graph}> {{ <{_KI}> ?p ?o }} }}",
        )
        assert name in {row["o"] for row in held}
    hand.press(drawer.get_by_role("link", name=job.say("evidence.close")))
    expect(drawer).not_to_be_in_viewport()

    page.goto("/id/actor/karolinska-institutet.html")
    answer = job.ask(page, "/api/network/nodes/karolinska-institutet")
    first = answer["partners"][0]
    count = f"{answer['edges'][0]['weight']:g}"
    called = job.say("pictures.partner", name=first["labels"][job.language], count=count)
    hand.press(page.locator("svg.ego").get_by_role("link", name=called))
    page.wait_for_url(lambda address: "karolinska-institutet" not in address)
    assert iri_at(page) == first["iri"]
    assert page.locator("h1").inner_text() == first["labels"][job.language]

    page.goto("/id/actor/karolinska-institutet.html")
    cell = page.locator("section[data-part=partners] tbody td a").first
    partner = cell.inner_text()
    hand.press(cell)
    expect(page.locator("h1")).to_have_text(partner)
    assert iri_at(page) in {other["iri"] for other in answer["partners"]}


def network(job: Job) -> None:
    """Filter; find an actor, what ties two, a way between two; order a table; keep a picture."""
    page, hand = job.begin("/network")
    ready = page.locator("#network[data-ready=true]")
    ready.wait_for()
    hand.press(page.locator("summary", has_text=job.say("network.filter.kind")))
    hand.tick(page.locator("input[name=kind][value=university]"))
    hand.choose(page.locator("#size"), "betweenness")
    hand.send(page.locator("#ego"), page.locator("#filters button"))
    page.wait_for_url("**kind=university**size=betweenness**")
    ready.wait_for()
    answer = job.ask(page, "/api/network", kind="university")
    counts = {key: grouped(number) for key, number in answer["counts"].items()}
    told = page.get_by_role("status").filter(has_text=job.say("network.counts", **counts))
    expect(told).to_have_count(1)

    # Somebody in the picture, and a line: the keys have the field below it, and the table of pairs.
    labels = {node["slug"]: node["labels"][job.language] for node in answer["nodes"]}
    edge = max(answer["edges"], key=lambda edge: edge["weight"])
    through = edge["evidence"][0]
    if isinstance(hand, Pointer):
        page.mouse.click(*_drawn_at(page, edge["source"]))
    else:
        hand.write(page.locator("#focus"), labels[edge["source"]])
        page.keyboard.press("Tab")
    details = page.locator("#details")
    expect(details.get_by_role("heading", level=2)).to_have_text(labels[edge["source"]])
    expect(details).to_contain_text(job.say("network.closest"))
    assert f"chosen={edge['source']}" in page.url
    if isinstance(hand, Pointer):
        page.wait_for_timeout(400)  # two clicks at once would be a double click, which zooms
        page.mouse.click(*_drawn_at(page, edge["source"], edge["target"]))
        expect(details.get_by_role("heading", level=2).get_by_role("link")).to_have_count(2)
        ground = details.locator(f"a[href*='{urlsplit(through['evidence']).path[12:]}']").first
    else:
        row = page.locator("#pairs ~ .scroll tbody tr").filter(has_text=labels[edge["source"]])
        row = row.filter(has_text=labels[edge["target"]]).first
        ground = row.locator(f"a[href*='{urlsplit(through['evidence']).path[12:]}']").first
    hand.press(ground)
    page.wait_for_url("**/id/**")
    assert iri_at(page) == through["evidence"]

    page.goto("/network")
    ready.wait_for()
    hand.write(page.locator("#from"), job.name(page, f"{_ID}actor/slu"))
    hand.write(page.locator("#to"), job.name(page, f"{_ID}actor/sodertorns-hogskola"))
    hand.send(page.locator("#to"), page.locator("#filters button"))
    page.wait_for_url("**from=**")
    ready.wait_for()
    ways = job.ask(page, "/api/network/paths", **{"from": "slu", "to": "sodertorns-hogskola"})
    steps = page.locator("ol.path").first.locator("li")
    assert [
        sorted(
            urlsplit(link.get_attribute("href") or "").path for link in step.locator("> a").all()
        )
        for step in steps.all()
    ] in [
        [sorted(f"/id/actor/{edge[end]}" for end in ("source", "target")) for edge in way["edges"]]
        for way in ways["best"]
    ]

    page.goto("/network?kind=university")
    ready.wait_for()
    picture = saved(page, lambda: hand.press(page.locator("[data-save=svg]")))
    root = ET.fromstring(picture)  # noqa: S314 # made by ourselves
    assert len(root.findall(f"{_SVG}circle")) == answer["counts"]["nodes"]
    assert len(root.findall(f"{_SVG}line")) == answer["counts"]["edges"]
    assert {labels[slug] for slug in labels} <= {text.text for text in root.iter(f"{_SVG}text")}
    hand.press(page.locator("th").get_by_role("link", name=job.say("network.actor"), exact=True))
    page.wait_for_url("**order=name**")
    names = page.locator("#actors ~ .scroll").first.locator("tbody td:first-child")
    assert sorted(names.all_inner_texts()) == sorted(labels.values())
    assert names.first.inner_text() == min(labels.values(), key=str.casefold)


def _drawn_at(page: Page, *slugs: str) -> tuple[float, float]:
    """Tell where on the page an actor is drawn, or where the line between two is most free."""
    x, y = page.evaluate(
        """slugs => {
            const {sigma, graph} = document.getElementById('network').picture;
            const box = document.getElementById('network').getBoundingClientRect();
            const drawn = slug => sigma.framedGraphToViewport(sigma.getNodeDisplayData(slug));
            const [a, b = a] = slugs.map(drawn);
            const others = graph.nodes().map(drawn);
            const free = p => Math.min(...others.map(o => Math.hypot(o.x - p.x, o.y - p.y)));
            const parts = a === b ? [0] : [...Array(49).keys()].map(n => (n + 1) / 50);
            const [best] = parts.map(t => ({x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t}))
                .sort((p, q) => free(q) - free(p));
            return [best.x + box.left, best.y + box.top];
        }""",
        slugs,
    )
    return x, y


def strategy(job: Job) -> None:
    """Go from a number to what it counts; see other numbers on another ground."""
    page, hand = job.begin("/strategy")
    answer = job.ask(page, "/api/strategy/coverage", by="county")
    cells = {(cell["area"], cell["column"]): cell for cell in answer["cells"]}
    cell = max(
        (c for c in answer["cells"] if c["column"] == "uppsala-lan"), key=lambda c: c["total"]
    )
    county = answer["column_labels"]["uppsala-lan"][job.language]
    called = f"{cell['area'].upper()}, {county}: {cell['total']}"
    hand.press(page.locator("table.matrix").get_by_role("link", name=called, exact=True))
    page.wait_for_url("**#cell")
    found = page.locator("#cell ul.columns a")
    things = {iri for kind in cell["things"].values() for iri in kind}
    paths = [urlsplit(link).path for link in found.evaluate_all("all => all.map(a => a.href)")]
    assert {f"https://w3id.org/klustergraf{path}" for path in paths} == things
    assert len(paths) == len(things) == cell["total"]
    for kind in ("actors", "facilities", "projects"):
        if cell[kind]:
            heading = f"{job.say(f'strategy.count.{kind}')} {grouped(cell[kind])}"
            expect(page.locator("#cell h3", has_text=heading)).to_have_count(1)

    ground = page.get_by_role("group", name=job.say("strategy.show"))
    hand.press(ground.get_by_role("link", name=job.say("strategy.show.stated"), exact=True))
    page.wait_for_url("**show=stated**")
    expect(page.locator("caption")).to_contain_text(job.say("strategy.caption.show.stated"))
    areas = [area["slug"] for area in answer["areas"]]
    numbers = page.locator("table.matrix tbody tr").evaluate_all(
        "rows => rows.map(r => [...r.querySelectorAll('td')].map(c => Number(c.innerText)))"
    )
    told = dict(zip(areas, numbers, strict=True))
    columns = sorted({column for _, column in cells}, key=lambda c: (c == "", c))
    expected = {
        area: [cells[area, c]["stated"] if (area, c) in cells else 0 for c in columns]
        for area in areas
    }
    assert told == expected
    assert sum(map(sum, numbers)) < sum(c["total"] for c in answer["cells"])
    expect(found).to_have_count(cell["stated"])
    hand.press(ground.get_by_role("link", name=job.say("strategy.show.derived"), exact=True))
    page.wait_for_url("**show=derived**")
    expect(found).to_have_count(cell["derived"])
    hand.press(found.first)
    page.wait_for_url("**/id/**")
    assert iri_at(page) in things


def the_map(job: Job) -> None:
    """Filter, open a municipality, and an actor in it."""
    page, hand = job.begin("/map")
    hand.tick(page.locator("input[name=kind][value=university]"))
    hand.send(page.locator("#since"), page.locator("form.filters button"))
    page.wait_for_url("**kind=university**")
    answer = job.ask(page, "/api/network", kind="university", isolates="true")
    here = [node for node in answer["nodes"] if node["in_region"]]
    expect(page.get_by_role("status").first).to_have_text(job.say("map.total", count=len(here)))
    solna = [node for node in here if "huddinge" in node["municipalities"]]
    called = job.say("map.cluster", place="Huddinge", count=len(solna))
    hand.press(page.locator("svg.map").get_by_role("link", name=called))
    page.wait_for_url("**municipality=huddinge**")
    expect(page.locator("h1")).to_have_text(f"{job.say('map.title')}: Huddinge")
    links = page.locator("ul.columns a")
    assert set(links.all_inner_texts()) == {node["labels"][job.language] for node in solna}
    name = links.last.inner_text()
    hand.press(links.last)
    expect(page.locator("h1")).to_have_text(name)
    assert iri_at(page) in {node["iri"] for node in solna}


def workbench(job: Job) -> None:
    """Write a query, have it completed, run it, see it in two ways, keep it; stop another one."""
    page, hand = job.begin("/sparql")
    page.locator("#workbench[data-ready=true]").wait_for()
    page.wait_for_function("performance.getEntriesByName(location.origin + '/api/vocabulary')[0]")
    editor = page.locator("#editor .cm-content")
    hand.clear(editor)
    hand.type("SELECT ?kind (COUNT(*) AS ?n) { ?a a kg:Tes")
    offered = page.locator("#editor .cm-tooltip-autocomplete li", has_text="kg:Testbed").first
    expect(offered).to_be_visible()
    if isinstance(hand, Pointer):
        offered.click()
    else:
        expect(page.locator("#editor li[aria-selected]")).to_contain_text("kg:Testbed")
        page.wait_for_timeout(100)  # what is offered is not taken by a key that follows too fast
        page.keyboard.press("Enter")
    expect(editor).to_contain_text("PREFIX kg: <https://w3id.org/klustergraf/ontology#>")
    hand.type(" . ?a a ?kind } GROUP BY ?kind ORDER BY DESC(?n) ?kind ")
    _run(job, page, hand)
    expect(page.locator("#view tbody tr").first).to_be_visible()
    query = parse_qs(urlsplit(page.url).query)["query"][0]
    assert "PREFIX kg:" in query
    rows = job.rows(page, query)
    cells = page.locator("#view tbody td:last-child").all_inner_texts()
    assert cells == [row["n"] for row in rows]
    expect(page.locator("#state")).to_contain_text(job.say("workbench.rows", count=len(rows)))
    chart = page.get_by_role("tab", name=job.say("workbench.view.chart"))
    hand.switch(chart)
    expect(page.locator("#view svg rect")).to_have_count(min(len(rows), 30))
    file = saved(page, lambda: hand.press(page.get_by_role("link", name="CSV", exact=True)))
    table = list(csv.DictReader(io.StringIO(file.decode())))
    assert table == rows

    hand.clear(editor)
    hand.type(_ENDLESS)
    _run(job, page, hand)
    cancel = page.get_by_role("button", name=job.say("workbench.cancel"))
    expect(cancel).to_be_enabled()
    hand.press(cancel)
    expect(page.locator("#state")).to_have_text(job.say("workbench.cancelled"))
    expect(cancel).to_be_disabled()
    page.wait_for_function(
        "fetch('/metrics').then(a => a.text()).then(t => /running_queries 0/.test(t))"
    )


def _run(job: Job, page: Page, hand: Hand) -> None:
    """Run what is written: by the button, which Escape leads to from the editor."""
    run = page.get_by_role("button", name=job.say("workbench.run"), exact=True)
    if isinstance(hand, Pointer):
        run.click()
        return
    page.keyboard.press("Escape")
    if not run.evaluate("e => e === document.activeElement"):
        page.keyboard.press("Escape")  # the first one closed what was offered
    expect(run).to_be_focused()
    page.keyboard.press("Enter")


def queries(job: Job) -> None:
    """Take a question from the list, fill in its form, read table and bars, and cite it."""
    page, hand = job.begin("/queries")
    stored = {q["name"]: q for q in job.ask(page, "/api/queries")["queries"]}["actors_near-place"]
    hand.press(page.get_by_role("link", name=stored["title"][job.language], exact=True))
    page.wait_for_url("**/queries/actors_near-place**")
    field = page.locator("#p-place")
    hand.write(field, "flemingsb")
    hand.take(page.get_by_role("option").first)
    expect(field).to_have_value(f"{_ID}place/flemingsberg")
    hand.write(page.locator("#p-radius_km"), "7")
    hand.send(page.locator("#p-radius_km"), page.locator("form.parameters button"))
    page.wait_for_url("**radius_km=7**")
    asked = {"place": f"{_ID}place/flemingsberg", "radius_km": "7", "lang": job.language}
    answer = job.ask(page, "/api/queries/actors_near-place", **asked)["results"]["bindings"]
    rows = page.locator("table.results tbody tr")
    expect(rows).to_have_count(len(answer))
    links = [
        urlsplit(a).path for a in rows.evaluate_all("r => r.map(l => l.querySelector('a').href)")
    ]
    assert [f"https://w3id.org/klustergraf{path}" for path in links] == [
        row["actor"]["value"] for row in answer
    ]
    bars = page.locator("ol.rows .value").all_inner_texts()
    assert [float(bar.replace("\u2009", "")) for bar in bars] == pytest.approx(
        [float(row["km"]["value"]) for row in answer][: len(bars)], abs=0.01
    )
    assert len(bars) > 5
    link = page.locator("h2#cite + p").get_by_role("link", name="BibTeX")
    address = link.get_attribute("href") or ""
    text = saved(page, lambda: hand.press(link)).decode()
    version = job.ask(page, "/api/versions")["current"]
    assert text.startswith("@")
    assert version in unquote(address)
    assert version[:12] in text


def data(job: Job, old: str, new: str) -> None:
    """Read what changed; open the version before, which is marked as old; fetch a file of it."""
    page, hand = job.begin("/data")
    told = page.locator("ol.hits > li").filter(has_text=new[:12])
    expect(told.locator("ul")).to_contain_text(
        {"sv": "1 testbädd", "en": "1 testbed"}[job.language]
    )
    changes = told.get_by_role("link", name=job.say("data.changes-all"))
    hand.press(changes)
    page.wait_for_url(f"**/api/versions/{old}/diff/{new}")
    page.go_back()
    hand.press(page.get_by_role("link", name=old[:12], exact=True))
    page.wait_for_url(f"**version={old}**")
    created = job.ask(page, f"/api/versions/{old}")["created"]
    expect(page.get_by_role("note")).to_contain_text(created[:10])
    expect(page.locator("table.facts code").first).to_have_text(old)
    link = page.get_by_role("link", name="klustergraf.nq.gz", exact=True)
    packed = saved(page, lambda: hand.press(link))
    # The name of a version is the digest of what it holds.
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == old
    hand.press(page.get_by_role("note").get_by_role("link"))
    page.wait_for_url(lambda address: "version=" not in address)
    current = job.ask(page, "/api/versions")["current"]
    expect(page.locator("table.facts code").first).to_have_text(current)


def contribute(job: Job, home: Path, folder: Path) -> None:
    """Send a faulty table, read the report; send a good one, see what would change, publish it."""
    partner = f"job-{job.language}-{job.hand_of.__name__.lower()}"
    token = TokenStore(home).create(partner)[1]
    good, bad = folder / "good.csv", folder / "bad.csv"
    good.write_text(_TABLE, encoding="utf-8")
    bad.write_text(_TABLE.replace("KTH", "KTHH"), encoding="utf-8")
    page, hand = job.begin("/contribute")
    for file, heading in ((bad, "contribute.refused"), (good, "contribute.preview")):
        hand.upload(page.locator("#c-file"), file)
        hand.choose(page.locator("#c-kind"), "testbeds")
        hand.write(page.locator("#c-token"), token)
        hand.send(page.locator("#c-token"), page.locator("form.parameters button"))
        expect(page.locator("h1")).to_have_text(job.say(heading))
        if file is bad:
            told = page.locator("table.remarks tbody tr")
            expect(told).to_have_count(1)
            expect(told).to_contain_text("E2")
            expect(page.locator("td.wrong")).to_have_text(
                f"KTHH ({job.say('contribute.wrong-mark')})"
            )
            hand.press(page.get_by_role("link", name=job.say("contribute.again")))
            page.wait_for_url("**#upload")
    before = job.ask(page, "/api/versions")["current"]
    name = {"sv": "Våtlabbet", "en": "The Wet Lab"}[job.language]
    expect(page.locator("main ul")).to_contain_text(name)
    hand.press(page.get_by_role("button", name=job.say("contribute.confirm")))
    expect(page.locator("h1")).to_have_text(job.say("contribute.done"))
    now = job.ask(page, "/api/versions")["current"]
    assert now != before
    expect(page.locator("table.facts code").nth(1)).to_have_text(now)
    graph = f"https://w3id.org/klustergraf/graph/{partner}/testbeds"
    rows = job.rows(page, f"SELECT ?name {{ GRAPH <{graph}> {{ ?s ?p ?name }} }}")
    assert name in {row["name"] for row in rows}


def ontology(job: Job) -> None:
    """Find a term and what uses it, and a rule on the page of the shapes."""
    page, hand = job.begin("/ontology")
    iri = "https://w3id.org/klustergraf/ontology#Testbed"
    labels = job.rows(
        page,
        f"SELECT ?l {{ <{iri}> <http://www.w3.org/2000/01/rdf-schema#label> ?l "
        f"FILTER(LANG(?l) = '{job.language}') }}",
    )
    contents = page.get_by_role("navigation", name=job.say("vocabulary.contents"))
    hand.press(contents.get_by_role("link", name=labels[0]["l"], exact=True))
    term = page.locator(":target")
    expect(term).to_be_in_viewport()
    expect(term.locator("h3 code")).to_have_text("kg:Testbed")
    use = term.locator("tr", has_text=job.say("vocabulary.use")).get_by_role("link").first
    counted = job.rows(page, f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a <{iri}> }}")[0]["n"]
    expect(use).to_have_text(job.say("vocabulary.use-class", count=grouped(int(counted))))
    hand.press(use)
    expect(page.locator("#view tbody td")).to_have_text(counted)
    page.goto("/ontology")
    hand.press(page.get_by_role("link", name=job.say("vocabulary.shapes")))
    page.wait_for_url("**/shapes**")
    contents = page.get_by_role("navigation", name=job.say("vocabulary.contents"))
    names = contents.locator("a").all_inner_texts()
    turtle = page.request.get(f"{job.site}/shapes.ttl").text()
    assert len(names) > 10
    assert all(f":{name}" in turtle for name in names)
    hand.press(contents.locator("a").nth(3))
    expect(page.locator(":target")).to_be_in_viewport()
    expect(page.locator(":target h3")).to_contain_text(names[3])


def about(job: Job) -> None:
    """Order the sources by their numbers, and open the query behind them."""
    page, hand = job.begin("/about")
    table = page.locator("table[data-sortable]")
    button = table.get_by_role("button", name=job.say("about.sources-statements"))
    hand.press(button)
    cells = table.locator("tbody td:last-child")
    numbers = [int(text.replace("\u2009", "")) for text in cells.all_inner_texts() if text]
    assert numbers == sorted(numbers, reverse=True)
    section = page.locator("details.sparql").first
    hand.press(section.locator("summary"))
    query = section.locator("code").inner_text()
    rows = job.rows(page, query)
    assert sorted(int(row["statements"]) for row in rows if "statements" in row) == sorted(numbers)
    hand.press(section.get_by_role("link", name=job.say("sparql.open")))
    expect(page.locator("#state")).to_contain_text(job.say("workbench.rows", count=len(rows)))


_JOBS: Final[list[Callable[[Job], None]]] = [
    *(start, search, thing, network, strategy, the_map, workbench, queries, ontology, about),
]

_EACH = pytest.mark.parametrize(
    ("language", "hand"), [(language, hand) for language in ("sv", "en") for hand in HANDS]
)


@_EACH
@pytest.mark.parametrize("work", _JOBS, ids=lambda work: work.__name__.removeprefix("the_"))
def test_job(
    open_page: Open, site: str, work: Callable[[Job], None], language: str, hand: str
) -> None:
    """Done, and every page on the way in the language."""
    _do(open_page, site, language, hand, work)


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("jobs") / "home")


@pytest.fixture(scope="module")
def taking(home: Path, founding: BuildResult) -> Iterator[tuple[str, str, str]]:
    """Serve it, after one contribution; give the address, and the versions before and after it."""
    with live_server(create_app(Settings(home=home, watch_seconds=3600))) as address:
        request = urllib.request.Request(
            f"{address}/graphs/first",
            (HEAD + a_testbed("first", "ett")).encode(),
            {
                "Authorization": f"Bearer {TokenStore(home).create('first')[1]}",
                "Content-Type": "text/turtle",
            },
            method="PUT",
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status in (200, 201, 204)
        with urllib.request.urlopen(f"{address}/api/versions") as answer:
            current = json.load(answer)["current"]

        def is_told() -> bool:
            with urllib.request.urlopen(f"{address}/data?lang=en") as answer:
                return b"testbed added" in answer.read()

        assert wait_until(is_told, 30), "what changed is not counted"
        yield address, founding.version.id, current


@_EACH
def test_job_data(open_page: Open, taking: tuple[str, str, str], language: str, hand: str) -> None:
    """Done over the two versions."""
    address, old, new = taking
    _do(open_page, address, language, hand, lambda job: data(job, old, new))


@_EACH
def test_job_contribute(
    open_page: Open,
    taking: tuple[str, str, str],
    home: Path,
    tmp_path: Path,
    language: str,
    hand: str,
) -> None:
    """Done with the token of one partner."""
    _do(open_page, taking[0], language, hand, lambda job: contribute(job, home, tmp_path))


def _do(open_page: Open, site: str, language: str, hand: str, work: Callable[[Job], None]) -> None:
    opened: list[Page] = []
    # What is no page has no language: files, and what the browser shows in their place.
    spoken: dict[str, str | None] = {}

    def note(page: Page) -> None:
        if page.locator("header.site").count():
            spoken[page.url] = page.locator("html").get_attribute("lang")

    def begin(path: str) -> Page:
        page = open_page(path, at=site, language=language, allow={422})
        opened.append(page)
        note(page)
        return page

    work(Job(begin, HANDS[hand], language, site))
    for page in opened:
        note(page)
    assert set(spoken.values()) == {language}
