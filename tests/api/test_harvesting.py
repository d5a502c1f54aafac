"""What harvesters fetch: catalogue, VoID, sitemap, robots, files."""

import gzip
from collections.abc import Iterator
from hashlib import sha256
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from application_profiles import profile, validate_profile
from klustergraf.catalogue import Catalogue
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import Version
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES
from two_versions import two_versions

URL = "https://data.example.org/"
DOCUMENTS = ("/datasets/dcat", "/.well-known/void", "/void")
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Version]]:
    """Serve a small version as an organisation would."""
    home = tmp_path_factory.mktemp("harvesting")
    _, version = two_versions(home)
    settings = Settings(
        home=home,
        public_url=URL,
        publisher_name="Exempelorganisationen",
        publisher_number="2120000001",
        publisher_email="oppnadata@example.org",
    )
    with EmbeddedEngine(version, timeout_seconds=2, memory_mb=128) as engine:
        app = create_app(settings, engine, Catalogue(TINY_QUERIES), version=version)
        with TestClient(app, follow_redirects=False) as client:
            yield client, version


def test_dcat_ap(served: tuple[TestClient, Version]) -> None:
    """The catalogue, as RDF/XML by default, meets the shapes of DCAT-AP 3.0.1."""
    response = served[0].get("/datasets/dcat")
    assert response.headers["content-type"].startswith("application/rdf+xml")
    assert response.headers["access-control-allow-origin"] == "*"
    quads = list(ox.parse(response.content, format=ox.RdfFormat.RDF_XML))
    assert not any(isinstance(q.subject, ox.BlankNode) for q in quads)
    assert served[1].id in response.text
    files = [
        q.object.value
        for q in quads
        if q.predicate.value.endswith("#downloadURL") and isinstance(q.object, ox.NamedNode)
    ]
    assert len(files) == 3 + 6
    for file in files:
        assert served[0].get(file.removeprefix(URL.rstrip("/"))).status_code == 200
    if profile("dcat-ap-3.0.1"):
        report = validate_profile(quads, "dcat-ap-3.0.1")
        assert report.conforms, report.text("en")
        lacking = [q for q in quads if not q.predicate.value.endswith("#contactPoint")]
        without_title = [q for q in lacking if not q.predicate.value.endswith("/title")]
        assert not validate_profile(without_title, "dcat-ap-3.0.1").conforms


@pytest.mark.parametrize("path", DOCUMENTS)
def test_formats(served: tuple[TestClient, Version], path: str) -> None:
    """Each description says the same in every format, and 304 to who has it."""
    client, _ = served
    found = set()
    for media_type in ("text/turtle", "application/rdf+xml", "application/ld+json"):
        response = client.get(path, headers={"Accept": media_type})
        assert response.headers["content-type"].startswith(media_type)
        form = ox.RdfFormat.from_media_type(media_type)
        found.add(frozenset(map(str, ox.parse(response.content, format=form))))
        tag = {"Accept": media_type, "If-None-Match": response.headers["etag"]}
        assert client.get(path, headers=tag).status_code == 304
    assert len(found) == 1
    assert client.head(path).status_code == 200
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_suffixes(served: tuple[TestClient, Version]) -> None:
    """A suffix chooses the format; one that is none is not there."""
    client, _ = served
    assert client.get("/void.nt").headers["content-type"].startswith("application/n-triples")
    assert client.get("/datasets/dcat.ttl").headers["content-type"].startswith("text/turtle")
    assert client.get("/void.exe").status_code == 404
    assert client.get("/datasets/dcat.html").status_code == 404


@pytest.mark.parametrize(
    ("path", "named", "media_type"),
    [
        ("/sparql?query=ASK{}", "json", "application/sparql-results+json"),
        ("/sparql?query=ASK{}", "text/csv", "text/csv"),
        ("/sparql?query=CONSTRUCT WHERE {?s a ?o}", "Turtle", "text/turtle"),
        ("/sparql?query=CONSTRUCT WHERE {?s a ?o}", "rdf%2Bxml", "application/rdf+xml"),
        ("/sparql?x=", "ttl", "text/turtle"),
        ("/datasets/dcat?x=", "jsonld", "application/ld+json"),
        ("/.well-known/void?x=", "nt", "application/n-triples"),
        ("/api/versions/{old}/diff/{new}?x=", "json", "application/json"),
        ("/api/versions/{old}/diff/{new}?x=", "nquads", "application/n-quads"),
        ("/api/versions/{old}/diff/{new}?x=", "patch", "application/rdf-patch"),
        ("/api/versions/{new}/citation?x=", "bibtex", "application/x-bibtex"),
        ("/ontology?x=", "rdf", "application/rdf+xml"),
        ("/shapes?x=", "html", "text/html"),
        ("/queries?x=", "ttl", "text/turtle"),
        ("/api/queries/actors?timeout=5", "csv", "text/csv"),
        ("/id/facility/one?x=", "jsonld", "/id/facility/one.jsonld"),
        ("/version/{new}?x=", "ttl", "/version/{new}.ttl"),
    ],
)
def test_formats_by_name(
    served: tuple[TestClient, Version], path: str, named: str, media_type: str
) -> None:
    """``format`` goes before Accept; a name that is not known is a problem that names those."""
    client, version = served
    old = client.get("/api/versions").json()["versions"][-1]["id"]
    names = {"{old}": old, "{new}": version.id}

    def filled(text: str) -> str:
        for name, value in names.items():
            text = text.replace(name, value)
        return text

    accept = {"Accept": "image/png"}
    response = client.get(f"{filled(path)}&format={named}", headers=accept)
    if response.status_code == 303:
        assert response.headers["location"].partition("?")[0] == filled(media_type)
    else:
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] == media_type
    refused = client.get(f"{filled(path)}&format=zip")
    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"
    known = named.lower() if named.isalpha() and named != "Turtle" else "ttl"
    assert known in refused.text


def test_every_format_of_openapi_is_known(served: tuple[TestClient, Version]) -> None:
    """Each operation with a format lists the names; a client sees what may be asked."""
    paths = served[0].get("/openapi.json").json()["paths"]
    listed = {
        path: parameter["schema"]
        for path, operations in paths.items()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "format"
    }
    assert {"/sparql", "/api/network", "/api/versions/{name}/diff/{other}"} <= set(listed)
    for path, schema in listed.items():
        (names,) = [s["enum"] for s in (schema, *schema.get("anyOf", [])) if "enum" in s]
        assert names, path
    assert "html" not in listed["/api/queries/actors"]["enum"]


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60))
def test_odd_headers(served: tuple[TestClient, Version], text: str) -> None:
    """No header, however odd, is an error of the service."""
    client, version = served
    value = text.encode("latin-1")
    headers = [(b"Accept", value), (b"Range", value), (b"If-Range", value)]
    for path in (*DOCUMENTS, f"/dumps/{version.id}/klustergraf.nq"):
        assert client.get(path, headers=headers).status_code < 500


def test_sitemap_and_robots(served: tuple[TestClient, Version]) -> None:
    """robots.txt names the sitemap, it its parts, and they every thing."""
    client, _ = served
    assert f"Sitemap: {URL}sitemap.xml" in client.get("/robots.txt").text
    index = ET.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 (our own)
    (part,) = [element.text or "" for element in index.iter(LOC)]
    things = ET.fromstring(client.get(part.removeprefix(URL.rstrip("/"))).content)  # noqa: S314 (our own)
    addresses = [element.text or "" for element in things.iter(LOC)]
    assert addresses == [f"{URL}id/facility/{n}" for n in ("four", "one", "three", "two")]
    for address in addresses:
        assert client.get(address.removeprefix(URL.rstrip("/"))).status_code == 303
    assert client.get("/sitemaps/7.xml").status_code == 404


def test_dumps(served: tuple[TestClient, Version]) -> None:
    """Files are listed, fetched whole, never change, and are what their checksums say."""
    client, version = served
    listed = client.get(client.get("/dumps").headers["location"]).json()
    assert listed["version"] == version.id
    for entry in listed["files"]:
        response = client.get(entry["url"].removeprefix(URL.rstrip("/")))
        assert response.headers["etag"] == f'"{sha256(response.content).hexdigest()}"'
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get(f"/dumps/{version.id}").json()["files"]
    assert all(entry["sha256"] and entry["size"] for entry in again)
    packed = client.get(f"/dumps/{version.id}/klustergraf.nq.gz")
    assert gzip.decompress(packed.content) == version.dataset_path.read_bytes()
    etag = {"If-None-Match": packed.headers["etag"]}
    assert client.get(f"/dumps/{version.id}/klustergraf.nq.gz", headers=etag).status_code == 304
    assert packed.headers["etag"].strip('"') in client.get("/datasets/dcat.ttl").text


def test_ranges(served: tuple[TestClient, Version]) -> None:
    """One range is given; beyond the end is 416 with the size; nonsense is passed over."""
    client, version = served
    path = f"/dumps/{version.id}/klustergraf.nq"
    content = version.dataset_path.read_bytes()
    size = len(content)
    for header, expected in (
        ("bytes=0-9", content[:10]),
        ("bytes=5-", content[5:]),
        ("bytes=-7", content[-7:]),
        (f"bytes={size - 1}-{size * 9}", content[-1:]),
        (f"bytes=-{size * 9}", content),
    ):
        response = client.get(path, headers={"Range": header})
        assert (response.status_code, response.content) == (206, expected), header
    for header in (f"bytes={size}-", f"bytes={size * 9}-{size * 10}", "bytes=-0"):
        response = client.get(path, headers={"Range": header})
        assert response.status_code == 416, header
        assert response.headers["content-range"] == f"bytes */{size}"
        assert response.json()["type"] == "/problems/range-not-satisfiable"
    for header in ("bytes=9-2", "lines=1-2", "bytes=a-b", "bytes=0-1,4-5", "", "bytes=--1"):
        response = client.get(path, headers={"Range": header})
        assert (response.status_code, response.content) == (200, content), header
    stale = client.get(path, headers={"Range": f"bytes={size}-", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, content)


def test_what_is_not_there(served: tuple[TestClient, Version], client: TestClient) -> None:
    """Unknown versions and files, and files that are no version, are problems."""
    own, version = served
    for path, slug in (
        ("/dumps/0000000/klustergraf.nq", "version-not-found"),
        ("/dumps/0000000", "version-not-found"),
        (f"/dumps/{version.id}/nope", "dump-not-found"),
        (f"/dumps/{version.id}/..%2fmanifest.json", "dump-not-found"),
        (f"/datasets/dcat?version={'0' * 64}", "version-not-found"),
    ):
        response = own.get(path)
        assert response.status_code == 404
        assert response.json()["type"] == f"/problems/{slug}"
    for path in (*DOCUMENTS, "/sitemap.xml", "/dumps/abcdefg"):
        assert client.get(path).json()["type"] == "/problems/version-not-found"
