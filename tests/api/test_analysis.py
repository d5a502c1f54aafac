"""``/api/network…``, ``/api/strategy…`` and ``/api/suggestions``, over the shipped graph."""

import csv
import html
import io
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from pyoxigraph import Store
from starlette.testclient import TestClient

from asking import ask
from klustergraf.analysis.contents import Contents
from klustergraf.analysis.formats import FORMATS
from klustergraf.build import BuildResult
from klustergraf.derivations import NETWORK
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def analysed(shipped: BuildResult, engine: EmbeddedEngine) -> Iterator[TestClient]:
    """Serve the analysis of the shipped graph; no route of it asks the engine."""
    version = shipped.version
    NETWORK.folder(version)
    with TestClient(create_app(Settings(), engine, version=version)) as made:
        yield made


def test_network(analysed: TestClient) -> None:
    """Nodes and edges fit each other; every edge states its rule and carries evidence."""
    answer = analysed.get("/api/network").json()
    slugs = {node["slug"] for node in answer["nodes"]}
    assert answer["counts"] == {"nodes": len(slugs), "edges": len(answer["edges"])}
    for edge in answer["edges"]:
        assert {edge["source"], edge["target"]} <= slugs
        assert edge["rules"]
        assert edge["evidence"][0]["evidence"].startswith("https://")
        assert edge["evidence_total"] == sum(edge["ties"].values())
    kth = next(node for node in answer["nodes"] if node["slug"] == "kth")
    partners = [e for e in answer["edges"] if "kth" in (e["source"], e["target"])]
    assert kth["measures"]["degree"] == len(partners)
    assert kth["measures"]["strength"] == sum(e["weight"] for e in partners)
    assert "SELECT" in answer["query"]


@pytest.mark.parametrize(
    "filters",
    [
        "county=uppsala-lan&since=2012",
        "kind=university&tie=project&min_weight=2",
        "counting=fractional&municipality=huddinge&until=2020",
        "ego=KTH&radius=1&programme=fp7",
    ],
)
def test_the_query_of_a_network_gives_it(
    analysed: TestClient, shipped_store: Store, filters: str
) -> None:
    """The SPARQL of an answer finds its pairs, weights and actors; the page shows the same text."""
    answer = analysed.get(f"/api/network?{filters}").json()
    iris = {node["slug"]: node["iri"] for node in answer["nodes"]}
    own = {(iris[e["source"]], iris[e["target"]]): e["weight"] for e in answer["edges"]}
    rows = ask(shipped_store, answer["query"])
    assert {(a, b): float(weight) for a, b, weight in rows} == pytest.approx(own)
    assert own
    assert {a for (a,) in ask(shipped_store, answer["actors_query"])} == set(iris.values())
    page = analysed.get(f"/network?{filters}", headers={"Accept": "text/html"}).text
    assert answer["query"] in html.unescape(page)


def test_network_is_fresh_until_the_version_changes(analysed: TestClient) -> None:
    """An answer has an entity tag, and a client that has it gets 304."""
    first = analysed.get("/api/network?tie=foundation")
    again = analysed.get(
        "/api/network?tie=foundation", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert {e for edge in first.json()["edges"] for e in edge["ties"]} == {"foundation"}


def test_contradictory_filters(analysed: TestClient) -> None:
    """Filters that nothing fits give an empty network, 200 and a hint."""
    answer = analysed.get("/api/network?kind=university&until=1400")
    assert answer.status_code == 200
    assert answer.json()["nodes"] == []
    assert "Take one away" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("network?kind=universty", "Did you mean university?"),
        ("network?kind=university&kind=x", "Nothing has the kind 'x'."),
        ("network?since=2020&until=2010", "end (2010) before they begin (2020)"),
        ("network/projection?onto=project&programme=fp77", "Did you mean fp7"),
        ("network/paths?from=KTH&to=kth", "the same actor"),
    ],
)
def test_hints(analysed: TestClient, query: str, told: str) -> None:
    """What is amiss with filters or ends is said in the answer."""
    answer = analysed.get(f"/api/{query}")
    assert answer.status_code == 200
    assert told in answer.json()["hint"]


def test_ego(analysed: TestClient) -> None:
    """What is around Flemingsberg Science has it and its seven backers."""
    answer = analysed.get("/api/network?ego=flemingsberg-science&radius=1").json()
    assert len(answer["nodes"]) >= 8


def test_node(analysed: TestClient) -> None:
    """An actor comes with its partners, and as many edges."""
    answer = analysed.get("/api/network/nodes/kth").json()
    assert len(answer["partners"]) == len(answer["edges"]) == answer["node"]["measures"]["degree"]
    assert set(answer["brokerage"]) == {"county", "kind"}


def test_paths(analysed: TestClient) -> None:
    """Each step of a path has its ties."""
    answer = analysed.get("/api/network/paths?from=botkyrka-kommun&to=region-uppsala").json()
    assert answer["shortest"]
    for path in answer["shortest"] + answer["best"]:
        assert len(path["edges"]) == path["steps"] == len(path["nodes"]) - 1
        assert all(edge["evidence"] for edge in path["edges"])


def test_strategy(analysed: TestClient) -> None:
    """The matrix has the thirteen areas; gaps are ranked for each area and column."""
    answer = analysed.get("/api/strategy/coverage?by=kind").json()
    assert len(answer["areas"]) == 13
    for cell in answer["cells"]:
        assert cell["total"] == sum(len(things) for things in cell["things"].values())
    gaps = analysed.get("/api/strategy/gaps").json()
    assert "expected" in gaps["formula"]


def test_suggestions(analysed: TestClient) -> None:
    """Each suggestion has a reason in both languages."""
    answer = analysed.get("/api/suggestions?actor=botkyrka-kommun&limit=3").json()
    assert answer["suggestions"]
    for item in answer["suggestions"]:
        assert item["reasons"]["sv"]
        assert item["reasons"]["en"]


@pytest.mark.parametrize(
    "name", ["graphml", "gexf", "cytoscape", "vosviewer", "kumu", "csv", "mtx"]
)
def test_formats(analysed: TestClient, name: str) -> None:
    """Every format is a file that any page may fetch."""
    answer = analysed.get(f"/api/network?format={name}", headers={"Origin": "https://example.org"})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_files(analysed: TestClient) -> None:
    """Each file is where it is said to be, at an address of the version; tools are given that."""
    answer = analysed.get("/api/network/files?tie=foundation&ego=KTH").json()
    assert {f["format"] for f in answer["files"]} == {"json", "svg", "png", *FORMATS}
    for file in answer["files"]:
        assert f"version={answer['version']}" in file["url"]
        assert "ego=kth" in file["url"]
        got = analysed.get(file["url"])
        assert got.status_code == 200, file
        assert got.headers["Content-Type"] == file["media_type"]
        for address in file["open_in"].values():
            (opened,) = parse_qs(urlsplit(address).query).popitem()[1]
            assert opened == file["url"]
    opened_by = [tool for file in answer["files"] for tool in file["open_in"]]
    assert opened_by == ["Gephi Lite", "VOSviewer"]


@pytest.mark.parametrize("path", ["network?", "network/projection?onto=facility&"])
def test_files_are_written_aside(
    analysed: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """While a large file is written, others are answered; asked again, it is not written again."""
    threads: list[str] = []

    def write(held: Contents) -> bytes:
        threads.append(threading.current_thread().name)
        return FORMATS["dot"][0](held)

    monkeypatch.setitem(FORMATS, "mtx", (write, *FORMATS["mtx"][1:]))
    address = f"/api/{path}format=mtx&min_weight=0.123"
    first = analysed.get(address)
    assert first.text.startswith("// version")
    assert analysed.get(address).content == first.content
    (name,) = threads
    assert "worker" in name.lower()


def test_growth(analysed: TestClient) -> None:
    """New pairs of all years are the pairs with a date; ties without one are told apart."""
    answer = analysed.get("/api/network/growth?tie=project").json()
    years = [item["year"] for item in answer["years"]]
    assert years == list(range(years[0], years[-1] + 1))
    edges = analysed.get("/api/network?tie=project").json()["edges"]
    assert sum(y["new_pairs"] for y in answer["years"]) == sum(bool(e["since"]) for e in edges)


@pytest.mark.parametrize("onto", ["priority", "facility", "project"])
def test_projection(analysed: TestClient, onto: str) -> None:
    """Weights of edges, of targets and of the spreadsheet are the same."""
    answer = analysed.get(f"/api/network/projection?onto={onto}").json()
    for target in answer["targets"]:
        own = [e for e in answer["edges"] if e["target"] == target["slug"]]
        assert (target["actors"], target["weight"]) == (len(own), sum(e["weight"] for e in own))
    text = analysed.get(f"/api/network/projection?onto={onto}&format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["source"], r["target"], int(r["weight"])) for r in rows] == [
        (e["actor"], f"{onto}:{e['target']}", e["weight"]) for e in answer["edges"]
    ]
    first = analysed.get(f"/api/network/projection?onto={onto}")
    assert first.json() == answer, "asked again, it is the same"
    again = {"If-None-Match": first.headers["ETag"]}
    assert analysed.get(f"/api/network/projection?onto={onto}", headers=again).status_code == 304


@pytest.mark.parametrize("onto", ["priority", "facility"])
def test_files_of_a_projection(analysed: TestClient, onto: str) -> None:
    """A projection is there in every format, at addresses of the version, and opens in tools."""
    answer = analysed.get(f"/api/network/files?county=uppsala-lan&onto={onto}&ego=KTH").json()
    assert [f["format"] for f in answer["files"]] == ["json", *FORMATS]
    nodes = analysed.get(f"/api/network/projection?county=uppsala-lan&onto={onto}").json()
    for file in answer["files"]:
        assert f"onto={onto}" in file["url"]
        assert "ego" not in file["url"]
        got = analysed.get(file["url"])
        assert (got.status_code, got.headers["Content-Type"]) == (200, file["media_type"]), file
    held = analysed.get(answer["files"][3]["url"]).json()
    count = len(nodes["actors"]) + len(nodes["targets"])
    assert len(held["elements"]["nodes"]) == count > 0
    assert [tool for f in answer["files"] for tool in f["open_in"]] == ["Gephi Lite", "VOSviewer"]


def test_communities(analysed: TestClient) -> None:
    """Communities of the actors shown, with their size, and how much of them comes back."""
    answer = analysed.get("/api/network?isolates=true").json()
    for group in answer["communities"]:
        members = [n for n in answer["nodes"] if n["community"] == group["number"]]
        assert group["actors"] == group["shown"] == len(members)
        assert {n["community_stability"] for n in members} == {group["stability"]}
        assert 0 < group["stability"] <= 1
    assert len({group["stability"] for group in answer["communities"]}) > 2
    part = analysed.get("/api/network?county=uppsala-lan").json()["communities"]
    assert any(0 < group["shown"] < group["actors"] for group in part)


def test_trend_and_changes(analysed: TestClient) -> None:
    """Each area has every year; nothing changed since the version itself."""
    trend = analysed.get("/api/strategy/trend").json()
    years = {item["year"] for item in trend["years"]}
    assert len(trend["years"]) == len(years) * len(trend["areas"]) > 0
    version = trend["version"]
    same = analysed.get(f"/api/strategy/changes?since={version[:12]}").json()
    assert (same["since"], same["changes"]) == (version, [])


@pytest.mark.parametrize(("path", "rows"), [("coverage", "cells"), ("gaps", "gaps")])
def test_strategy_as_csv(analysed: TestClient, path: str, rows: str) -> None:
    """The spreadsheet has the rows of the answer, and the version in each."""
    answer = analysed.get(f"/api/strategy/{path}?by=kind").json()
    sent = analysed.get(f"/api/strategy/{path}?by=kind&format=csv")
    assert sent.headers["Content-Type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(sent.text)))
    assert [(r["area"], r["column"]) for r in table] == [
        (r["area"], r["column"]) for r in answer[rows]
    ]
    assert {r["version"] for r in table} == {answer["version"]}


def test_origins_of_cells(analysed: TestClient) -> None:
    """Stated and derived are told apart for each kind, and add up."""
    for cell in analysed.get("/api/strategy/coverage").json()["cells"]:
        stated, derived = cell["by_origin"]["stated"], cell["by_origin"]["derived"]
        assert cell["stated"] == sum(stated.values())
        for kind in ("actors", "facilities", "projects"):
            assert stated[kind] + derived[kind] == cell[kind]
        assert 0 <= cell["amount_eur_derived"] <= cell["amount_eur"] + 1e-6


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/api/network/nodes/karolinska-institutt", 404, "karolinska-institutet"),
        ("/api/network?ego=nobody-at-all-xyz", 404, "no actor"),
        ("/api/network?ego=kth&radius=9", 400, "1 to 5"),
        ("/api/network/nodes/SSE", 409, "handelshogskolan-i-stockholm"),
        ("/api/network?format=word", 400, "graphml"),
        ("/api/network?counting=double", 400, "full or fractional"),
        ("/api/network/paths?from=kth&to=region-uppsala&k=51", 400, "1 to 50"),
        ("/api/strategy/coverage?by=planet", 400, "county"),
        ("/api/network/projection?onto=planet", 400, "priority, facility, project"),
        ("/api/network/files?ego=kth&radius=9", 400, "1 to 5"),
        ("/api/strategy/changes?since=ffffffffffff", 404, "version"),
        ("/api/strategy/changes", 422, "does not fit"),
        ("/api/suggestions?actor=kth&limit=0", 422, "does not fit"),
        ("/api/network?since=yesterday", 422, "does not fit"),
    ],
)
def test_bad_input(analysed: TestClient, path: str, status: int, detail: str) -> None:
    """What cannot be answered is told, with what to do."""
    answer = analysed.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert detail in answer.json()["detail"]


def test_files_that_are_no_version_have_no_analysis(client: TestClient) -> None:
    """A service of plain files says that there is none."""
    answer = client.get("/api/network")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/version-not-found"


def test_fields_left_empty(analysed: TestClient) -> None:
    """A form sends empty fields as well: they ask for nothing."""
    empty = {"since": "", "until": "", "min_weight": "", "tie": "", "kind": ""}
    assert analysed.get("/api/network", params=empty).json() == analysed.get("/api/network").json()
    assert analysed.get("/api/network", params={"since": "999"}).status_code == 422


def test_pictures(analysed: TestClient) -> None:
    """SVG and PNG of the same filters; an actor that is not there is told."""
    drawn = analysed.get("/api/network.svg", params={"tie": "foundation", "lang": "sv"})
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in drawn.content
    assert "Lärosäten" in drawn.text
    tag = drawn.headers["etag"]
    params = {"tie": "foundation", "lang": "sv"}
    again = analysed.get("/api/network.svg", params=params, headers={"If-None-Match": tag})
    assert again.status_code == 304
    picture = analysed.get("/api/network.png", params={"ego": "kth", "tie": "foundation"})
    assert picture.content.startswith(b"\x89PNG")
    assert analysed.get("/api/network.svg", params={"ego": "nobody"}).status_code == 404
