"""Linked data as other libraries see it: the same graph in every format, signposts, withdrawals."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.compare
import signposting.linkset
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld
from starlette.testclient import TestClient

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import Manifest, Version, VersionStore, serialise_dataset
from klustergraf_api import thing_data
from klustergraf_api.negotiation import SUFFIXES
from serving import LAB, TINY, tiny_app
from structured_data import faults_of, structured_data

# rdflib's JSON-LD parser uses a class that rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

BASE = "https://w3id.org/klustergraf/"
CREATED = "2026-11-26T01:02:03+00:00"
FORMATS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}
SIGNPOSTED = [
    *("id/actor/lab", "graph/stated", "id/document/note"),
    *("ontology", "shapes", "queries", "queries/actors"),
]

# A hub, something withdrawn, and names that would break out of a query if they were pasted.
MORE = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/klustergraf/id/> .
<https://w3id.org/klustergraf/graph/more> {
    <actor/lab> a schema:Organization .
    <actor/old> owl:deprecated true ; dct:isReplacedBy <actor/lab> .
    <actor/gone> owl:deprecated true .
    <strategy/first> skos:prefLabel "Den första"@sv ; dct:isReplacedBy <strategy/second> .
    <actor/d'Arc(1)> skos:prefLabel "Apostrof och parentes"@sv .
    <actor/åäö> skos:prefLabel "Å"@sv .
"""


def _more() -> str:
    hub = (f"    <project/p{n:03}> kg:isAbout <actor/hub> .\n" for n in range(60))
    return f"{MORE}{''.join(hub)}}}"


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Store a version of the tiny dataset with what these tests need more."""
    quads = [*ox.parse(path=TINY), *ox.parse(_more(), format=ox.RdfFormat.TRIG)]
    dataset = serialise_dataset(quads)
    version_id = sha256(dataset).hexdigest()
    manifest = Manifest(id=version_id, created=CREATED, software="test")
    return VersionStore(tmp_path_factory.mktemp("home")).add(dataset, manifest, b"")


@pytest.fixture(scope="module")
def served(version: Version) -> Iterator[TestClient]:
    """Serve that version."""
    with EmbeddedEngine(version, timeout_seconds=5) as engine:
        app = tiny_app(engine)
        with TestClient(app, follow_redirects=False) as client:
            app.state.parts.version = version
            yield client


def _graph(client: TestClient, path: str, suffix: str) -> rdflib.Graph:
    response = client.get(f"/{path}.{suffix}")
    assert response.status_code == 200
    return rdflib.Graph().parse(data=response.content, format=FORMATS[suffix], publicID=BASE)


@pytest.mark.parametrize("path", ["id/actor/lab", "id/actor/hub", "graph/stated", "id/actor/åäö"])
def test_every_format_is_the_same_graph(served: TestClient, path: str) -> None:
    """What rdflib reads from any of the formats is isomorphic."""
    turtle = _graph(served, path, "ttl")
    assert len(turtle) > 5
    for suffix in ("nt", "jsonld", "rdf"):
        assert rdflib.compare.isomorphic(turtle, _graph(served, path, suffix)), suffix
    quads = jsonld.to_rdf(
        json.loads(served.get(f"/{path}.jsonld").content), {"format": "application/n-quads"}
    )
    assert rdflib.compare.isomorphic(turtle, rdflib.Graph().parse(data=quads, format="nt"))


def test_a_limit_is_stated(served: TestClient) -> None:
    """Of what points to a thing, the first are told, how many there are, and where the rest is."""
    hub = rdflib.URIRef(BASE + "id/actor/hub")
    graph = _graph(served, "id/actor/hub", "ttl")
    about = rdflib.URIRef(BASE + "ontology#isAbout")
    subjects = sorted(map(str, graph.subjects(about, hub)))
    assert subjects == [f"{BASE}id/project/p{n:03}" for n in range(thing_data.MOST_SUBJECTS)]
    hydra = rdflib.Namespace(thing_data.HYDRA)
    (part,) = graph.subjects(hydra.property, about)
    assert graph.value(part, hydra.totalItems) == rdflib.Literal(60)
    rest = urlsplit(str(graph.value(part, rdflib.RDFS.seeAlso)))
    query = parse_qs(rest.query)["query"][0]
    answer = served.get(rest.path.replace("/klustergraf", ""), params={"query": query})
    assert len(answer.json()["results"]["bindings"]) == 60


def test_withdrawn_is_gone(served: TestClient) -> None:
    """What is withdrawn answers 410 and names what replaces it; what is only replaced stands."""
    for path in ("/id/actor/old", "/id/actor/old.ttl", "/id/actor/old.html"):
        gone = served.get(path)
        assert gone.status_code == 410
        assert gone.headers["content-type"] == "application/problem+json"
        assert gone.json()["type"] == "/problems/resource-withdrawn"
        assert gone.json()["replaced_by"] == [LAB]
    page = served.get("/id/actor/old", headers={"Accept": "text/html"})
    assert page.status_code == 410
    assert LAB in page.text
    assert served.get("/id/actor/gone").json()["replaced_by"] == []
    assert served.get("/id/strategy/first").status_code == 303


def test_head_is_get_without_the_body(served: TestClient) -> None:
    """HEAD has the status and the headers of GET."""
    for path in ("/id/actor/lab", "/id/actor/lab.ttl", "/graphs/stated.nt", "/id/actor/none"):
        get, head = served.get(path), served.head(path)
        assert head.status_code == get.status_code
        assert head.content == b""
        for name in ("etag", "link", "last-modified", "vary", "content-type", "location"):
            assert head.headers.get(name) == get.headers.get(name), name


def test_dates_revalidate(served: TestClient) -> None:
    """A document is as old as its version; a client that has it needs nothing new."""
    document = served.get("/id/actor/lab.ttl")
    assert document.headers["last-modified"] == "Thu, 26 Nov 2026 01:02:03 GMT"
    assert document.headers["content-location"] == "/id/actor/lab.ttl"
    assert document.headers["access-control-allow-origin"] == "*"
    for since, status in (
        ("Thu, 26 Nov 2026 01:02:03 GMT", 304),
        ("Thu, 26 Nov 2026 01:02:02 GMT", 200),
        ("the day before yesterday", 200),
        ("Thu, 26 Nov 2026 01:02:03", 200),
    ):
        headers = {"If-Modified-Since": since}
        assert served.get("/id/actor/lab.ttl", headers=headers).status_code == status, since
    both = {"If-Modified-Since": "Thu, 26 Nov 2026 01:02:03 GMT", "If-None-Match": '"other"'}
    assert served.get("/id/actor/lab.ttl", headers=both).status_code == 200


@pytest.mark.parametrize("path", SIGNPOSTED)
def test_signposts_lead_on(served: TestClient, path: str) -> None:
    """A signposting library finds what FAIR signposting asks for; each document is there."""
    page = served.get(f"/{path}.html")
    url = f"http://testserver/{path}.html"
    found = signposting.find_signposting_http_link([page.headers["link"]], url)
    assert str(found.citeAs.target) == BASE + path
    assert {str(found.license.target)} == {"https://creativecommons.org/licenses/by/4.0/"}
    assert [str(s.target) for s in found.authors] == [BASE]
    assert "https://schema.org/AboutPage" in {str(s.target) for s in found.types}
    for signpost in (*found.describedBy, *found.items, *found.linksets):
        document = served.get(str(signpost.target))
        assert document.status_code == 200
        assert document.headers["content-type"].partition(";")[0] == str(signpost.type)
    assert {str(s.type) for s in found.describedBy} == set(SUFFIXES.values()) - {"text/html"}
    assert bool(found.items) == (path == "queries" or path.startswith("graph/"))
    assert (found.collection is not None) == path.startswith(("id/", "graph/", "queries/"))
    data = served.get(f"/{path}.ttl").headers["link"]
    assert f'<{BASE}{path}>; rel="cite-as"' in data
    assert f'</{path}.html>; rel="describes"; type="text/html"' in data


@pytest.mark.parametrize("path", SIGNPOSTED)
def test_linkset_says_the_same(served: TestClient, path: str) -> None:
    """The linkset (RFC 9264), read by the library, has the links of the page."""
    response = served.get(f"/{path}.linkset.json")
    assert response.headers["content-type"] == "application/linkset+json"
    read = signposting.linkset.LinksetJSON(
        response.text,
        "application/linkset+json",
        f"http://testserver/{path}.linkset.json",
        signposting.AbsoluteURI(f"http://testserver/{path}.linkset.json"),
    )
    page = f"http://testserver/{path}.html"
    linkset = signposting.linkset._parse_linkset_json(read)
    header = signposting.find_signposting_http_link(
        [served.get(f"/{path}.html").headers["link"]], page
    )
    links = {(s.rel, str(s.target)) for s in linkset.for_context(page)}
    assert links == {(s.rel, str(s.target)) for s in header}
    assert len(links) > 8


ANY_HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"))
# Headers that look like Accept, with what can be wrong in them.
RANGES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(
            ["text/html", "text/turtle", "*/*", "text/*", "*", "/", "", "a/b/c", '"', "TEXT/HTML"]
        ),
        st.sampled_from(
            ["", ";", ";q", ";q=", "; q = ", ";Q=", ";charset=utf-8;q=", ';x="a,b";q=']
        ),
        st.sampled_from(["", "0", "1", "0.5", "1.0000", "-1", "nan", "1e3", "٣", ",", ";", '"'])
        | st.floats().map(str),
    ),
    max_size=6,
).map(",".join)


@given(accept=ANY_HEADER | RANGES)
def test_no_accept_header_is_an_error(served: TestClient, accept: str) -> None:
    """Whatever Accept says, the answer is a redirect, a document, or that nothing fits."""
    header = {b"Accept": accept.encode("utf-8")}
    for path in ("/id/actor/lab", "/graph/stated", "/version/current"):
        assert served.get(path, headers=header).status_code in (303, 404, 406)
    for path in ("/ontology", "/shapes", "/graphs/stated", "/queries", "/queries/actors"):
        assert served.get(path, headers=header).status_code in (200, 303, 404, 406)


@given(language=ANY_HEADER, tag=ANY_HEADER, since=ANY_HEADER)
def test_no_other_header_is_an_error(
    served: TestClient, language: str, tag: str, since: str
) -> None:
    """Whatever a client says of languages and of what it has, it gets the document or a 304."""
    headers = {
        b"Accept-Language": language.encode("latin-1"),
        b"If-None-Match": tag.encode("latin-1"),
        b"If-Modified-Since": since.encode("latin-1"),
    }
    for suffix in ("html", "ttl", "linkset.json"):
        response = served.get(f"/id/actor/lab.{suffix}", headers=headers)
        assert response.status_code in (200, 304)
        assert (response.status_code == 304) == (tag.strip() == "*") or '"' in tag


@given(
    parameters=st.dictionaries(
        st.sampled_from(["partners", "projects", "relations", "lang", "format"]),
        st.text(max_size=30),
    )
)
def test_no_parameter_is_an_error(served: TestClient, parameters: dict[str, str]) -> None:
    """Whatever the address of a page asks for, there is the page."""
    assert served.get("/id/actor/lab.html", params=parameters).status_code == 200


@given(
    name=st.text(max_size=40),
    suffix=st.sampled_from(["", ".ttl", ".html", ".linkset.json", ".x", "."]),
)
def test_no_name_is_an_error(served: TestClient, name: str, suffix: str) -> None:
    """Whatever an address holds, it is an IRI of something or of nothing."""
    path = quote(name.encode("utf-8", "surrogatepass"), safe="") + suffix
    for folder in ("id/actor", "graph", "graphs", "version", "ontology", "shapes", "queries"):
        assert served.get(f"/{folder}/{path}").status_code in (200, 303, 404), folder


@pytest.mark.parametrize(
    "name",
    [
        "x> ?p ?o } DROP ALL { <x",
        'x"@sv',
        "x\n}",
        "x\\u003E",
        "x%",
        "../../graph/stated",
        "x{}|^`",
    ],
)
def test_nothing_breaks_out_of_a_query(served: TestClient, name: str) -> None:
    """What cannot stand in an IRI is not found; it never becomes part of a query."""
    for suffix in ("", ".ttl", ".html", ".jsonld"):
        assert served.get(f"/id/{quote(name, safe='')}{suffix}").status_code == 404


@pytest.mark.parametrize("name", ["d'Arc(1)", "åäö"])
def test_strange_names_that_are_there(served: TestClient, name: str) -> None:
    """A quote, a parenthesis or a letter outside ASCII in an IRI is found as it is."""
    response = served.get(f"/id/actor/{quote(name)}", headers={"Accept": "text/turtle"})
    assert response.status_code == 303
    document = served.get(response.headers["location"])
    assert document.status_code == 200
    assert document.headers["link"].isascii()
    graph = rdflib.Graph().parse(data=document.text, format="turtle")
    assert (rdflib.URIRef(f"{BASE}id/actor/{name}"), None, None) in graph


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf"])
def test_a_version_dereferences(served: TestClient, version: Version, suffix: str) -> None:
    """A version tells what it is, in every format; one that is not there is not found."""
    path = f"/version/{version.id}"
    response = served.get(path, headers={"Accept": SUFFIXES[suffix]})
    assert response.status_code == 303
    assert response.headers["location"] == f"{path}.{suffix}"
    graph = _graph(served, path[1:], suffix)
    this = rdflib.URIRef(BASE + path[1:])
    assert graph.value(this, rdflib.DCTERMS.identifier) == rdflib.Literal(version.id)
    for unknown in ("0" * 64, "...", "a/b", "%00", "x" * 300):
        assert served.get(f"/version/{unknown}").status_code == 404


def test_a_version_has_a_page(served: TestClient, version: Version) -> None:
    """In both languages, with its whole name and the links of signposting."""
    page = served.get(f"/version/{version.id}.html")
    for language, word in (("sv", "Byggd"), ("en", "Built")):
        page = served.get(f"/version/{version.id}.html?lang={language}")
        assert version.id in page.text
        assert word in page.text
        assert f'<{BASE}version/{version.id}>; rel="cite-as"' in page.headers["link"]
        data = structured_data(page.text)
        assert data["@type"] == "Dataset"
        assert faults_of(data) == []
    linkset = served.get(f"/version/{version.id}.linkset.json")
    assert linkset.json()["linkset"]
    found = signposting.find_signposting_http_link([page.headers["link"]], str(page.url))
    assert len(found.items) == 3
    for item in found.items:
        content = served.get(str(item.target))
        assert (content.status_code, content.headers["content-type"]) == (200, str(item.type))
    for document in (page, linkset):
        again = served.get(
            document.request.url, headers={"If-None-Match": document.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf"])
def test_a_query_dereferences(served: TestClient, suffix: str) -> None:
    """A stored query is there as data: what it answers, and its text, which runs."""
    listed = _graph(served, "queries", suffix)
    nodes = sorted(str(node) for node in listed.subjects(rdflib.SH.select))
    assert nodes
    for node in nodes:
        path = node.removeprefix(BASE)
        graph = _graph(served, path, suffix)
        about = rdflib.URIRef(node)
        target = rdflib.URIRef("https://schema.org/target")
        assert graph.value(about, target) == rdflib.URIRef(f"{BASE}sparql")
        labels = graph.objects(about, rdflib.RDFS.label)
        assert {getattr(label, "language", "") for label in labels} == {"sv", "en"}
        text = str(graph.value(about, rdflib.SH.select))
        answer = served.get("/sparql", params={"query": text})
        assert answer.status_code == 200
        chosen = served.get(f"/{path}", headers={"Accept": SUFFIXES[suffix]})
        assert chosen.headers["content-location"] == f"/{path}.{suffix}"
        tag = {"If-None-Match": chosen.headers["etag"], "Accept": SUFFIXES[suffix]}
        assert served.get(f"/{path}", headers=tag).status_code == 304
        browser = served.get(f"/{path}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert browser.headers["content-type"].startswith("text/html")
    for unknown in ("/queries/none.ttl", "/queries.xml", "/queries/.ttl", "/queries/%0a.ttl"):
        assert served.get(unknown).status_code == 404


def test_the_root_is_the_catalogue_as_data(served: TestClient) -> None:
    """The IRI that publishes everything leads a harvester to the catalogue, a browser to a page."""
    data = served.get("/", headers={"Accept": "text/turtle, */*;q=0.1"})
    assert (data.status_code, data.headers["location"]) == (303, "/datasets/dcat")
    for accept in ("text/html,*/*;q=0.8", "*/*", "image/png"):
        page = served.get("/", headers={"Accept": accept})
        assert page.headers["content-type"].startswith("text/html")


def test_a_page_says_how_to_cite_it(served: TestClient, version: Version) -> None:
    """The links lead to citations of this version, and to the page as it is in it."""
    page = served.get("/id/actor/lab.html", params={"lang": "en"}).text
    links = [unescape(link) for link in re.findall(r'href="(/[^"]*)"', page)]
    cites = [link for link in links if "/citation" in link]
    assert len(cites) == 3
    for link in cites:
        answer = served.get(link)
        assert answer.status_code == 200
        assert version.id[:12] in answer.text
    (frozen,) = {link for link in links if f"version={version.id}" in link and "/id/" in link}
    assert served.get(frozen).status_code == 200


def test_a_page_revalidates_by_what_it_shows(served: TestClient) -> None:
    """A page that a browser has is not sent again; in another language it is another."""
    pages = [
        served.get("/id/actor/lab.html", params={"lang": "sv"}),
        served.get("/id/actor/lab.html", params={"lang": "en"}),
        served.get("/id/actor/lab.html", headers={"Accept-Language": "en"}),
        served.get("/id/actor/lab.html", params={"relations": "2"}),
    ]
    tags = [page.headers["etag"] for page in pages]
    assert len(set(tags)) == 4
    for page in pages:
        headers = {"If-None-Match": page.headers["etag"]}
        if "accept-language" in page.request.headers:
            headers["Accept-Language"] = page.request.headers["accept-language"]
        again = served.get(page.request.url, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert "Accept-Language" in again.headers["vary"]
        assert served.get(page.request.url, headers={**headers, "If-None-Match": '"x"'}).is_success


def test_the_data_page_is_a_catalogue_to_search_engines(
    served: TestClient, version: Version
) -> None:
    """It tells of the catalogue and the version that is served, in terms that schema.org has."""
    for language in ("sv", "en"):
        page = served.get(f"/data?lang={language}")
        data = structured_data(page.text)
        assert (data["@type"], data["inLanguage"]) == ("DataCatalog", language)
        assert faults_of(data) == []
        dataset = data["dataset"]
        assert isinstance(dataset, dict)
        assert dataset["version"] == version.id
        assert faults_of(dataset) == []


@pytest.mark.parametrize("path", ["ontology", "shapes", "queries"])
def test_a_page_that_shares_its_address_names_its_own(served: TestClient, path: str) -> None:
    """Content-Location of a negotiated page gives that page, in its language, to whoever asks."""
    for language in ("sv", "en"):
        headers = {"Accept": "text/html", "Accept-Language": language}
        page = served.get(f"/{path}", headers=headers)
        own = served.get(page.headers["content-location"], headers={"Accept-Language": "de"})
        assert own.headers["content-type"].startswith("text/html")
        assert own.headers["content-language"] == language
        assert own.text.count("<h1") == page.text.count("<h1") == 1
        tag = {"If-None-Match": page.headers["etag"]}
        assert served.get(f"/{path}", headers=headers | tag).status_code == 304
