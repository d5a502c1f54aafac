"""The documentation of the ontology and the shapes: whole, true, and as it was before."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.compare
import signposting
from rdflib import OWL, RDF, RDFS, SH, SKOS
from starlette.testclient import TestClient

from conftest import load_merged
from klustergraf.build import BuildResult
from klustergraf.catalogue import Catalogue
from klustergraf.description import vocabulary
from klustergraf.description.vocabulary import make_vocabulary, read_use
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.namespaces import KG, KGSH
from klustergraf.resources import room
from klustergraf.shacl import catalogue_shapes
from klustergraf.version import Manifest, Version, VersionStore, serialise_dataset
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES

# rdflib's JSON-LD parser uses a class that rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

FORMATS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}
PARTS = ("ontology", "shapes")


def _client(version: Version, engine: EmbeddedEngine) -> TestClient:
    return TestClient(create_app(Settings(), engine, Catalogue(TINY_QUERIES), version=version))


@pytest.fixture(scope="module")
def client(founding: BuildResult) -> Iterator[TestClient]:
    """Serve the graph of the founding documents."""
    with EmbeddedEngine(founding.version) as engine, _client(founding.version, engine) as client:
        yield client


def _files(part: str) -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in room(part).glob("*.ttl"):  # type: ignore[arg-type]  # a name of a room
        graph.parse(path)
    return graph


def _article(page: str, name: str) -> str:
    found = re.search(rf'<article class="term" id="{name}">(.*?)</article>', page, re.DOTALL)
    assert found, name
    return found[1]


def _escaped(text: object) -> str:
    return (
        str(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_term_is_documented(client: TestClient, language: str) -> None:
    """Each declared term has an anchor, its labels and definitions in both languages, its use."""
    page = client.get("/ontology", params={"lang": language}, headers={"Accept": "text/html"}).text
    declared = _files("ontology")
    terms = {s for s in declared.subjects(RDF.type) if str(s).startswith(KG)}
    assert len(terms) > 150
    assert len(re.findall('<article class="term"', page)) == len(terms)
    for term in terms:
        part = _article(page, str(term).removeprefix(KG))
        labels = {*declared.objects(term, RDFS.label), *declared.objects(term, SKOS.prefLabel)}
        for text in {*labels, *declared.objects(term, SKOS.definition)}:
            assert _escaped(text) in part, (term, text)
        for other in declared.objects(term, RDFS.subClassOf | RDFS.subPropertyOf | SKOS.closeMatch):
            if isinstance(other, rdflib.URIRef):
                assert (
                    f'{_escaped(other).removeprefix("https://w3id.org/klustergraf/ontology")}"'
                    in part
                )
        assert 'href="/sparql?query=' in part or "inte i den här" in part or "Not used" in part


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_rule_is_documented(client: TestClient, language: str) -> None:
    """Each node shape has an anchor, each rule its message in the language of the page."""
    page = client.get("/shapes", params={"lang": language}, headers={"Accept": "text/html"}).text
    shapes = _files("shapes")
    nodes = [s for s in shapes.subjects(RDF.type, SH.NodeShape) if isinstance(s, rdflib.URIRef)]
    assert len(nodes) > 50
    for node in nodes:
        part = _article(page, str(node).removeprefix(KGSH))
        comments = {getattr(c, "language", ""): c for c in shapes.objects(node, RDFS.comment)}
        assert _escaped(comments[language]) in part
        for rule in {node, *shapes.objects(node, SH.property | SH.sparql)}:
            for message in shapes.objects(rule, SH.message):
                if isinstance(message, rdflib.Literal) and message.language == language:
                    assert _escaped(message) in part


def test_rules_for_catalogues_stand_apart(client: TestClient) -> None:
    """The rules that the build leaves out come after the others, under what they are of."""
    page = client.get("/shapes", params={"lang": "en"}, headers={"Accept": "text/html"}).text
    (graph, catalogues) = page.split("Rules for catalogues of datasets</h2>")
    for path in room("shapes").glob("*.ttl"):
        place = catalogues if path == catalogue_shapes() else graph
        nodes = rdflib.Graph().parse(path).subjects(RDF.type, SH.NodeShape)
        for node in (node for node in nodes if isinstance(node, rdflib.URIRef)):
            assert f'<article class="term" id="{str(node).removeprefix(KGSH)}"' in place, node
    assert 'href="https://docs.dataportal.se/dcat/3.0.1/sv/"' in catalogues


def test_uses_are_what_the_query_says(client: TestClient, founding: BuildResult) -> None:
    """The numbers are those of SPARQL over the whole graph, for every term."""
    store = load_merged(founding.version.dataset_path)
    uses = read_use(founding.version)
    for pattern, name in (
        ("?s a ?term", "instances"),
        ("?s ?term ?o", "statements"),
        ("?s ?p ?term FILTER(?p != rdf:type)", "mentions"),
    ):
        rows = store.query(
            f"PREFIX rdf: <{RDF}> SELECT ?term (COUNT(*) AS ?n) WHERE {{ {pattern} "
            f"FILTER(isIRI(?term) && STRSTARTS(STR(?term), '{KG}')) }} GROUP BY ?term"
        )
        assert isinstance(rows, ox.QuerySolutions)
        counted = {row["term"].value: int(row["n"].value) for row in rows}
        assert counted == {iri: n for iri, use in uses.items() if (n := getattr(use, name))}
        assert len(counted) > 10
    page = client.get("/ontology", params={"lang": "en"}, headers={"Accept": "text/html"}).text
    for name, words in (
        ("Actor", "things"),
        ("hasCertainty", "statements"),
        ("stated", "mentions"),
    ):
        part = _article(page, name)
        link = re.search(rf'href="(/sparql[^"]*)">({words}:[^<]*)<', part)
        assert link, name
        address, number = link[1], re.sub(r"\D", "", link[2])
        answer = client.get(address.replace("&amp;", "&"), headers={"Accept": "text/csv"}).text
        assert answer.split()[1] == number


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_data_is_the_files(client: TestClient, part: str, suffix: str) -> None:
    """Every format, of the current edition and by its number, is what stands in the files."""
    (number,) = {str(v) for v in _files(part).objects(None, OWL.versionInfo)}
    expected = rdflib.compare.to_isomorphic(_files(part))
    for path in (f"/{part}.{suffix}", f"/{part}/{number}.{suffix}"):
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["content-location"] == path
        graph = rdflib.Graph().parse(data=response.content, format=FORMATS[suffix])
        assert rdflib.compare.to_isomorphic(graph) == expected
        tag = {"If-None-Match": response.headers["etag"]}
        assert client.get(path, headers=tag).status_code == 304
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("part", PARTS)
def test_signposts_of_an_edition(client: TestClient, part: str) -> None:
    """An edition is cited by its own IRI; each document that its page names is there."""
    (number,) = {str(v) for v in _files(part).objects(None, OWL.versionInfo)}
    (iri,) = {str(v) for v in _files(part).objects(None, OWL.versionIRI)}
    page = client.get(f"/{part}/{number}", headers={"Accept": "text/html"})
    found = signposting.find_signposting_http_link([page.headers["link"]], str(page.url))
    assert str(found.citeAs.target) == iri
    documents = [*found.describedBy, *found.linksets]
    assert len(documents) == 5
    for document in documents:
        answer = client.get(str(document.target))
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == str(document.type)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_not_there(client: TestClient, part: str) -> None:
    """Unknown numbers, formats and tricks are not found; a format that nobody offers is refused."""
    for name in ("9.9.9", "0.1", "..%2f", "%00", "1.4.2.xml", "x" * 300, "1.4.2%3E", "%ff"):
        assert client.get(f"/{part}/{name}").status_code == 404, name
    assert client.get(f"/{part}.xml").status_code == 404
    assert client.get(f"/{part}", headers={"Accept": "image/png"}).status_code == 406


def _dataset(number: str, terms: str) -> bytes:
    text = f"""
    @prefix kg: <{KG}> .
    @prefix owl: <{OWL}> .
    @prefix rdfs: <{RDFS}> .
    @prefix skos: <{SKOS}> .
    <https://w3id.org/klustergraf/graph/ontology> {{
        <https://w3id.org/klustergraf/ontology> a owl:Ontology ; owl:versionInfo "{number}" .
        {terms} }}
    <https://w3id.org/klustergraf/graph/more> {{
        <https://w3id.org/klustergraf/id/x/1> a kg:Kept . }}"""
    return serialise_dataset(ox.parse(text, format=ox.RdfFormat.TRIG))


OLD = """kg:Kept a owl:Class ; rdfs:label "kept"@en ; skos:definition "what stays"@en .
         kg:Gone a owl:Class ; rdfs:label "gone"@en ."""
NEW = """kg:Kept a owl:Class ; rdfs:label "kept"@en ; skos:definition "what remains"@en .
         kg:Come a owl:Class ; rdfs:label "come"@en ."""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TestClient]:
    """Serve a version whose ontology is another than that of the version before."""
    store = VersionStore(tmp_path)
    version = Version(tmp_path)
    for day, (number, terms) in enumerate((("0.8.0", OLD), ("0.9.0", NEW)), 1):
        dataset = _dataset(number, terms)
        created = f"2026-01-0{day}T00:00:00+00:00"
        manifest = Manifest(sha256(dataset).hexdigest(), created, "test")
        version = store.add(dataset, manifest, b"")
        version.derived(vocabulary.VOCABULARY, make_vocabulary)
    with EmbeddedEngine(version) as engine, _client(version, engine) as client:
        yield client


def _page(client: TestClient, path: str) -> str:
    response = client.get(path, params={"lang": "en"}, headers={"Accept": "text/html"})
    assert response.status_code == 200
    return response.text


def test_an_earlier_edition_keeps_answering(two: TestClient) -> None:
    """By its number, an edition says what it said, whatever the graph says now."""
    for path, there, gone in (
        ("/ontology", "Come", "Gone"),
        ("/ontology/0.9.0", "Come", "Gone"),
        ("/ontology/0.8.0", "Gone", "Come"),
    ):
        page = _page(two, path)
        assert f'<article class="term" id="{there}">' in page
        assert f'<article class="term" id="{gone}">' not in page
        turtle = two.get(path, headers={"Accept": "text/turtle"})
        graph = rdflib.Graph().parse(data=turtle.text, format="turtle")
        classes = {str(s).removeprefix(KG) for s in graph.subjects(RDF.type, OWL.Class)}
        assert classes == {"Kept", there}


def test_changes_are_told(two: TestClient) -> None:
    """What came, what went, and what is said otherwise, beside the edition before."""
    changes = _page(two, "/ontology").split('id="changes"')[1].split("</section>")[0]
    text = " ".join(re.sub("<[^>]*>", " ", changes).split())
    assert "Compared with edition 0.8.0." in text
    assert "Added 1 Come Removed 1 Gone Changed 1" in text
    assert text.endswith("Kept definition what stays (en) what remains (en)")
    first = _page(two, "/ontology/0.8.0")
    assert "the first edition" in first.split('id="changes"')[1].split("</section>")[0]


def test_a_release_outlives_the_store(
    two: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edition of which no version of the graph is left answers from the released file."""
    kept = tmp_path / "released" / "releases"
    kept.mkdir(parents=True)
    lines = [
        "<https://w3id.org/klustergraf/ontology> <http://www.w3.org/2002/07/owl#versionInfo> "
        '"0.7.0" .',
        f"<{KG}Oldest> <{RDF.type}> <{OWL.Class}> .",
    ]
    (kept / "0.7.0.nt").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(vocabulary, "room", lambda _: kept.parent)
    assert '<article class="term" id="Oldest">' in _page(two, "/ontology/0.7.0")
    assert "Compared with edition 0.7.0." in _page(two, "/ontology/0.8.0")


@pytest.mark.parametrize("part", PARTS)
def test_a_released_edition_is_never_changed(part: vocabulary.Part) -> None:
    """A file of a release has the number of its name, and the edition in work another."""
    (number,) = {str(v) for v in _files(part).objects(None, OWL.versionInfo)}
    for edition in vocabulary.released(part):
        assert edition.name == edition.path.stem
        assert edition.name != number, f"raise the version in the header of {part}: {number} is out"
