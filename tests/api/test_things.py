"""Pages of things: tables with their count and query, facts by meaning, schema.org for machines."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.sources.own import source_files
from klustergraf_api.thing_tables import KINDS, ROWS
from serving import tiny_app
from structured_data import faults_of, structured_data

PROJECTS = 2 * ROWS + 3
HEAD = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/klustergraf/id/> .
<https://w3id.org/klustergraf/graph/made> {
    <actor/big> a kg:Actor , schema:Organization ;
        skos:prefLabel "Stora </script><script>alert(1)</script>"@sv , "The big one"@en ;
        schema:sameAs <https://ror.org/0> , <http://www.wikidata.org/entity/Q1> ;
        dct:identifier "202100-0000" ; kg:contributesTo <priority/a1> .
    <priority/a1> a kg:PriorityArea ; skos:prefLabel "Område"@sv , "Area"@en .
    <actor/small> a kg:Actor ; skos:prefLabel "Lilla"@sv , "The small one"@en .
    <collaboration/1> kg:hasCollaborator <actor/big> , <actor/small> ; kg:isThrough <project/0> ;
        kg:hasTieKind <tie-kind/project> ; kg:hasPremiseCertainty kg:stated .
    <collaboration/2> kg:hasCollaborator <actor/big> , <actor/small> ; kg:isThrough <project/1> ;
        kg:hasTieKind <tie-kind/project> ; kg:hasPremiseCertainty kg:inferred .
    <actor/big> kg:backs <actor/small> ; skos:altLabel "TB"@en , "TB"@sv , "TB"@und , "DS"@fi .
    <fact/f1> a kg:Membership , kg:SourcedStatement ; kg:hasCertainty kg:inferred ;
        kg:inferenceReason "Därför"@sv , "Because"@en ; rdf:subject <actor/big> ;
        rdf:predicate kg:backs ; rdf:object <actor/small> ; org:member <actor/big> ;
        org:organization <actor/small> ; dct:source <https://www.news.example/a> .
    <reading/r1> a kg:Reading ; kg:hasCertainty kg:inferred ; rdf:subject <actor/big> ;
        rdf:predicate kg:contributesTo ; rdf:object <priority/a1> .
    <reading/r2> a kg:Reading ; kg:hasCertainty kg:stated ; rdf:subject <actor/small> ;
        rdf:predicate kg:concerns ; rdf:object <priority/a2> ; prov:wasDerivedFrom <passage/p1> .
    <actor/small> kg:concerns <priority/a2> .
    <passage/p1> a kg:Passage ; oa:hasSource <document/d> ; oa:hasSelector <passage/p1#selector> .
    <passage/p1#selector> oa:start 3 ; oa:end 9 .
    <document/d> a kg:SourceDocument ; skos:prefLabel "Dokument"@sv , "Document"@en .
    <actor/big> kg:contributesTo <priority/a2> .
    <priority/a2> a kg:PriorityArea ; skos:prefLabel "Område 2"@sv , "Area 2"@en .
"""


def _dataset() -> bytes:
    projects = (
        f"""    <project/{n}> a kg:Project ; skos:prefLabel "P{n:03}"@sv , "P{n:03}"@en ;
        schema:startDate "{1990 + n}-01-01"^^xsd:date .
    <participation/{n}> a kg:ProjectParticipation ; kg:hasCertainty kg:stated ;
        kg:hasParticipant <actor/big> ; kg:inProject <project/{n}> .
"""
        for n in range(PROJECTS)
    )
    return f"{HEAD}{''.join(projects)}}}".encode()


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve an actor with many projects."""
    path = tmp_path_factory.mktemp("big") / "big.trig"
    path.write_bytes(_dataset())
    with EmbeddedEngine(path) as engine, TestClient(tiny_app(engine)) as client:
        yield client


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve the graph's own statements, as they stand in its files."""
    path = tmp_path_factory.mktemp("shipped") / "founding.nq"
    founding = [file for file in source_files() if "/open/" not in file.graph.value]
    quads = [quad for file in founding for quad in file.quads()]
    path.write_bytes(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"")
    with EmbeddedEngine(path) as engine, TestClient(tiny_app(engine)) as client:
        yield client


def _section(page: str, name: str) -> str:
    return page.split(f'id="{name}"')[1].split("</section>")[0]


def test_a_long_table_comes_in_pages(big: TestClient) -> None:
    """Every row stands on one page of the table, and the page says how many there are."""
    seen: list[str] = []
    for number in (1, 2, 3):
        part = _section(big.get(f"/id/actor/big.html?lang=en&projects={number}").text, "projects")
        assert f"{PROJECTS}</small>" in part
        assert f"Page {number} of 3" in part
        seen += re.findall(r">(P\d{3})<", part)
    assert seen == [f"P{n:03}" for n in reversed(range(PROJECTS))]


@pytest.mark.parametrize("number", ["4", "9999999", "-1", "x", "1.5", "²", "9" * 400, ""])
def test_a_page_of_a_table_that_is_not_there(big: TestClient, number: str) -> None:
    """Beyond the end a table says so; what is no number is the first page."""
    page = big.get("/id/actor/big.html", params={"lang": "en", "projects": number})
    assert page.status_code == 200
    part = _section(page.text, "projects")
    assert f"{PROJECTS}</small>" in part
    assert ("nothing on this page" in part) == (number in ("4", "9999999"))


def test_evidence_comes_in_pages(tmp_path: Path) -> None:
    """Every node stands on one page; beyond the end the page says so, and leads to the first."""
    facts = "".join(
        f"""    <fact/f{n:03}> a kg:Reading ; kg:hasCertainty kg:stated ; rdf:subject <actor/big> ;
        rdf:predicate kg:concerns ; rdf:object "N{n:03}" .\n"""
        for n in range(2 * ROWS + 1)
    )
    path = tmp_path / "facts.trig"
    path.write_text(f"{HEAD}{facts}}}", encoding="utf-8")
    seen: list[str] = []
    with EmbeddedEngine(path) as engine, TestClient(tiny_app(engine)) as client:
        for number in (1, 2, 3):
            page = client.get(f"/id/actor/big.html?lang=en&relations={number}").text
            seen += re.findall(r">(N\d{3})<", _section(page, "relations"))
            assert ('rel="next"' in page.split('id="relations"')[1]) == (number < 3)
        beyond = client.get("/id/actor/big.html?lang=en&relations=999999").text
    assert seen == [f"N{n:03}" for n in range(2 * ROWS + 1)]
    part = _section(beyond, "relations")
    assert "nothing on this page" in part
    assert 'href="/id/actor/big.html?lang=en#relations"' in part


def test_works_with_counts_and_dates(big: TestClient) -> None:
    """Partner, how often, since when, and on what it rests."""
    part = _section(big.get("/id/actor/big.html?lang=en").text, "partners")
    cells = [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", part)]
    assert cells == [
        *("The small one", "id/tie-kind/project", "2", "1990", "P000"),
        "● stated in the source",
    ]


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


_ENTRY = re.compile(r'<div class="why-entry".*?</div>', re.DOTALL)


def test_a_fact_names_its_ground(big: TestClient) -> None:
    """In the drawer stands where a statement was read, and that it is inferred, with the reason."""
    part = _section(big.get("/id/actor/big.html?lang=en").text, "facts-parts")
    (entry,) = _ENTRY.findall(part)
    assert _text(_ENTRY.sub("", part).partition(">")[2]) == (
        "Part of, and parts To the contents kg:backs The small one "
        "Evidence for The small one: ○ inferred 1"
    )
    assert 'href="https://www.news.example/a"' in entry
    assert 'href="/id/fact/f1?lang=en"' in entry
    assert _text(entry) == (
        "Close Evidence kg:backs : The small one ○ inferred Read at news.example Reason: Because "
        "The statement by itself Sources graph/made"
    )
    number = re.findall(r'id="why-(\d+)"', entry)[0]
    assert f'id="fact-{number}" href="#why-{number}"' in part
    assert f'href="#fact-{number}">Close' in entry


def test_a_fact_names_its_passage(big: TestClient) -> None:
    """A statement that was read from a document leads to the place in it."""
    part = _section(big.get("/id/actor/small.html?lang=en").text, "facts-other")
    assert "inferred" not in part
    (entry,) = _ENTRY.findall(part)
    assert "Read from Document, characters 3–9" in _text(entry)
    assert 'href="/id/passage/p1?lang=en"' in entry


def test_strategy_tells_on_what_ground(big: TestClient) -> None:
    """What a source says is stated, what a curator concluded is inferred; both stand once."""
    page = big.get("/id/actor/big.html?lang=en").text
    chips = re.findall(r"<li>.*?</li>", _section(page, "strategy"), re.DOTALL)
    assert [_text(chip) for chip in chips] == ["Area ○ inferred", "Area 2 ● stated in the source"]
    assert 'id="facts-other"' not in page
    area = _section(big.get("/id/priority/a1.html?lang=en").text, "contributors")
    assert "○ inferred" in area


def test_evidence_is_told_from_the_side_of_the_thing(big: TestClient) -> None:
    """What a node says stands once, as a statement; the other end is told that it is the object."""
    for path, said in (
        ("big", "kg:backs The small one"),
        ("small", "kg:backs said of The big one"),
    ):
        part = _section(big.get(f"/id/actor/{path}.html?lang=en").text, "relations")
        cells = [_text(cell) for cell in re.findall(r"<td>.*?</td>", part, re.DOTALL)]
        assert cells[:2] == [said, "○ inferred Because 1 news.example"]


def test_the_same_elsewhere_stands_at_the_head(big: TestClient) -> None:
    """Registers that have the thing are named, and lead to it there."""
    head = big.get("/id/actor/big.html?lang=en").text.split("<section")[0]
    assert '<a href="https://ror.org/0">ROR</a>' in head
    assert '<a href="http://www.wikidata.org/entity/Q1">Wikidata</a>' in head


def test_names_are_told_once(big: TestClient) -> None:
    """A name that is the same in several languages stands once; one in another is marked."""
    part = _section(big.get("/id/actor/big.html?lang=en").text, "facts-identity")
    part = re.sub(r'<span class="hidden">.*?</span>', "", _ENTRY.sub("", part), flags=re.DOTALL)
    names = [_text(item) for item in re.findall(r"<li>.*?</li>", part, re.DOTALL)]
    assert names[:3] == ["DS fi 1", "TB 1", "202100-0000 1"]


def test_what_has_no_name_is_called_after_what_it_joins(
    big: TestClient, shipped: TestClient
) -> None:
    """A node between things, a passage: no address is shown where a name can be told."""
    for path, name in (
        ("participation/0", "The big one – P000"),
        ("collaboration/1", "The big one – The small one"),
        ("fact/f1", "The big one – kg:backs – The small one"),
    ):
        assert _text(big.get(f"/id/{path}.html?lang=en").text.split("</h1>")[0]).endswith(name)
    page = shipped.get("/id/passage/letter-of-intent-340-382.html?lang=en").text
    assert re.search(r"<h1><span>[^<]+, characters 340–382</span></h1>", page)


def test_the_sparql_of_a_table_gives_its_rows(big: TestClient) -> None:
    """The number on the page is that of the answer of the query that the page links to."""
    page = big.get("/id/actor/big.html?lang=en").text
    for kind in KINDS:
        if f'id="{kind.name}"' not in page:
            continue
        part = _section(page, kind.name)
        total = int(re.search(r'<small class="quiet">(\d+)</small>', part)[1])  # type: ignore[index]  # there is one
        query = kind.query("https://w3id.org/klustergraf/id/actor/big")
        answer = big.get("/sparql", params={"query": query}, headers={"Accept": "text/csv"})
        assert len(answer.text.strip().splitlines()) - 1 == total, kind.name


def test_structured_data_cannot_end_its_element(big: TestClient) -> None:
    """A name with markup stays inside the JSON, and comes out of it whole."""
    page = big.get("/id/actor/big.html?lang=sv").text
    assert "<script>alert" not in page
    assert structured_data(page)["name"] == "Stora </script><script>alert(1)</script>"


@pytest.mark.parametrize(
    "path",
    [
        "id/actor/flemingsberg-science",
        "id/place/huddinge",
        "id/agreement/letter-of-intent-2024",
        "id/strategy/rs-2025-0671",
        "id/priority/a1",
        "id/event/signing-2024",
        "id/document/letter-of-intent",
        "id/passage/letter-of-intent-340-382",
        "graph/founding/letter-of-intent",
    ],
)
def test_structured_data_is_schema_org(shipped: TestClient, path: str) -> None:
    """Every type and property of the data block is one of schema.org, used where it fits."""
    for language in ("sv", "en"):
        page = shipped.get(f"/{path}.html", params={"lang": language})
        assert page.status_code == 200
        data = structured_data(page.text)
        assert str(data["name"]) not in ("", path)
        if data["@type"] == "Dataset":
            assert {"license", "description", "distribution"} <= data.keys()
        assert faults_of(data) == []


def test_faults_are_found() -> None:
    """The comparison above finds a property of another class."""
    assert faults_of({"@context": "https://schema.org", "@type": "Place", "foundingDate": "1999"})
