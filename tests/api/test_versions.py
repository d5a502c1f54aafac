"""Past versions over HTTP: their list, their differences, queries against them, Memento."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from klustergraf.catalogue import Catalogue
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import Version
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES
from two_versions import OLD, store_version, two_versions

COUNT = {"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"}
ONE = "/id/facility/one"


class Site:
    """A service over the newer of two versions."""

    def __init__(self, client: TestClient, old: Version, new: Version) -> None:
        self.client = client
        self.old = old
        self.new = new


@contextmanager
def served(home: Path) -> Iterator[Site]:
    """Serve two versions, with room for one of the past."""
    old, new = two_versions(home)
    settings = Settings(home=home, past_versions=1)
    with EmbeddedEngine(new, timeout_seconds=2, memory_mb=128) as engine:
        app = create_app(settings, engine, Catalogue(TINY_QUERIES), version=new)
        with TestClient(app, follow_redirects=False) as client:
            yield Site(client, old, new)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve two versions."""
    with served(tmp_path_factory.mktemp("versions")) as made:
        yield made


def count(site: Site, version: Version) -> int:
    """Count the statements of a version's file."""
    return len(version.dataset_path.read_bytes().splitlines())


def test_list(site: Site) -> None:
    """All versions, the newest first, a page at a time."""
    document = site.client.get("/api/versions").json()
    assert [v["id"] for v in document["versions"]] == [site.new.id, site.old.id]
    assert [v["current"] for v in document["versions"]] == [True, False]
    assert document["total"] == 2
    assert document["next"] is None
    first = site.client.get("/api/versions?limit=1").json()
    second = site.client.get(first["next"]).json()
    assert [v["id"] for v in (*first["versions"], *second["versions"])] == [
        site.new.id,
        site.old.id,
    ]
    assert site.client.head("/api/versions").status_code == 200


def test_one_version(site: Site) -> None:
    """A version by its id or a beginning of it; of another name, a problem."""
    for name in (site.old.id, site.old.id[:7]):
        document = site.client.get(f"/api/versions/{name}").json()
        assert document["id"] == site.old.id
        assert document["statements"] == count(site, site.old)
    assert site.client.get("/api/versions/current").json()["id"] == site.new.id
    for name in ("0" * 64, "abc", "%00", "ö", "newest"):
        response = site.client.get(f"/api/versions/{name}")
        assert response.status_code == 404
        assert response.json()["type"] == "/problems/version-not-found"


def test_difference(site: Site) -> None:
    """In words, as RDF Patch, and as N-Quads; paged."""
    path = f"/api/versions/{site.old.id}/diff/{site.new.id}"
    document = site.client.get(path, headers={"Accept-Language": "sv"}).json()
    assert document["words"][1] == "3 testbäddar tillkom"
    assert (document["added"], document["removed"]) == (8, 3)
    quads = site.client.get(path, headers={"Accept": "application/n-quads"})
    assert len(list(ox.parse(quads.content, format=ox.RdfFormat.N_QUADS))) == 8
    accept = {"Accept": "application/rdf-patch"}
    response = site.client.get(f"{path}?limit=4", headers=accept)
    patch = response.text
    while "next" in response.links:
        response = site.client.get(response.links["next"]["url"], headers=accept)
        patch += response.text
    assert [line[:2] for line in patch.splitlines()] == ["D "] * 3 + ["A "] * 8
    assert "immutable" in response.headers["cache-control"]
    again = site.client.get(path, headers={"If-None-Match": site.client.get(path).headers["etag"]})
    assert again.status_code == 304
    assert site.client.get(f"{path}?offset=-1").status_code == 422
    assert site.client.get(f"{path}?offset=999999").json()["patch"] == []
    assert site.client.get(f"{path}?limit=999999999").status_code == 422
    assert site.client.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert site.client.get(f"/api/versions/{site.old.id}/diff/0000000").status_code == 404


def test_queries_against_the_past(site: Site) -> None:
    """A query names a version and is answered from it; each answer says from which."""
    for version in (site.new, site.old, site.new):
        response = site.client.get("/sparql", params={**COUNT, "version": version.id})
        rows = response.json()["results"]["bindings"]
        assert int(rows[0]["n"]["value"]) == count(site, version)
        assert response.headers["x-klustergraf-version"] == version.id
    posted = site.client.post(f"/sparql?version={site.old.id[:12]}", data=COUNT)
    assert posted.headers["x-klustergraf-version"] == site.old.id
    assert site.client.get("/sparql", params=COUNT).headers["x-klustergraf-version"] == site.new.id


def test_bad_versions(site: Site) -> None:
    """Unknown, two at once, in the body: problems that say what to do."""
    for name in ("0" * 64, "0" * 10_000, "", "..", "\x00", "%ff"):
        response = site.client.get("/sparql", params={**COUNT, "version": name})
        assert response.status_code == 404, name
        assert response.json()["type"] == "/problems/version-not-found"
        assert "/" not in response.json()["detail"].partition("`")[0]  # where it lies is not told
    two = site.client.get(f"/sparql?version={site.old.id}&version={site.new.id}")
    assert two.status_code == 400
    body = site.client.post("/sparql", data={**COUNT, "version": site.old.id})
    assert body.status_code == 400
    assert "in the address" in body.json()["detail"]


def test_few_engines_are_kept(tmp_path: Path) -> None:
    """With room for one past version, a second takes the place of the first."""
    third = store_version(tmp_path, OLD + "id:x a kg:Facility .", "2026-05-01T12:00:00+00:00")
    with served(tmp_path) as site:
        for version in (third, site.old, third):
            response = site.client.get("/sparql", params={**COUNT, "version": version.id})
            assert response.headers["x-klustergraf-version"] == version.id
        for _ in range(3):
            query = {"query": "SELECT (RAND() AS ?n) {}", "version": third.id}
            assert site.client.get("/sparql", params=query).status_code == 200
        archive = site.client.app.state.archive  # type: ignore[attr-defined] # TestClient says ASGI
        assert list(archive._open) == [third.id]
        assert [entry.users for entry in archive._open.values()] == [0]
        archive._open[third.id].users = 1
        busy = site.client.get("/sparql", params={**COUNT, "version": site.old.id, "n": "2"})
        assert busy.status_code == 503
        assert busy.headers["retry-after"]


def test_memento(site: Site) -> None:
    """A thing is its own TimeGate: a date leads to the version of then, which gives its date."""
    plain = site.client.get(f"{ONE}.ttl")
    assert plain.links["timemap"]["url"].endswith(f"/timemap{ONE}.ttl")
    assert "Accept-Datetime" in plain.headers["vary"]
    for date, version in (
        ("Sun, 01 Mar 2026 12:00:00 GMT", site.old),
        ("Thu, 01 Jan 1970 00:00:00 GMT", site.old),
        ("Wed, 01 Jan 2098 00:00:00 GMT", site.new),
    ):
        gate = site.client.get(f"{ONE}.ttl", headers={"Accept-Datetime": date})
        assert gate.status_code == 302
        memento = site.client.get(gate.headers["location"])
        assert memento.headers["x-klustergraf-version"] == version.id
        assert memento.headers["memento-datetime"].endswith("2026 12:00:00 GMT")
        assert ("renamed" in memento.text) == (version is site.new)


def test_timemap(site: Site) -> None:
    """A TimeMap lists every version with its date."""
    response = site.client.get(f"/timemap{ONE}")
    assert response.headers["content-type"].startswith("application/link-format")
    assert site.old.id in response.text
    assert 'rel="first memento";datetime="Sun, 01 Mar 2026 12:00:00 GMT"' in response.text
    assert site.client.get("/timemap/sparql").status_code == 404


@pytest.mark.parametrize("date", ["nonsense", "", "2026-13-45", "Thu, 99 Foo 2026 12:00:00 GMT"])
def test_nonsense_dates(site: Site, date: str) -> None:
    """What is no date is a bad request (RFC 7089, 4.5.3)."""
    response = site.client.get(ONE, headers={"Accept-Datetime": date})
    assert response.status_code == 400
    assert response.json()["type"] == "/problems/malformed-request"


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60))
def test_any_date_and_accept(site: Site, text: str) -> None:
    """No header, however odd, is an error of the service."""
    value = text.encode("latin-1")
    headers = {b"Accept-Datetime": value, b"Accept": value}
    for path in (ONE, "/api/versions", f"/api/versions/{site.old.id}/diff/{site.new.id}"):
        assert site.client.get(path, headers=headers).status_code < 500


def test_without_versions(client: TestClient) -> None:
    """Files that are no version have no past, and say so."""
    for path in ("/api/versions", "/timemap/id/actor/lab", "/sparql?query=ASK{}&version=abcdefg"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["type"] == "/problems/version-not-found"
    assert client.get("/id/actor/lab.ttl").status_code == 200


def test_citation(site: Site) -> None:
    """Each form, of a version and of an answer; the link of an answer gives that answer again."""
    address = f"/api/versions/{site.old.id[:9]}/citation"
    text = site.client.get(address, params={"format": "text", "lang": "sv"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert site.old.id in text.text
    assert "datamängd" in text.text
    entry = site.client.get(address, headers={"Accept": "application/x-bibtex"})
    assert entry.text.startswith("@misc{klustergraf-")
    csl = site.client.get(address, params={"format": "csl", **COUNT}).json()
    again = site.client.get(csl[0]["URL"], headers={"Accept": "text/csv"})
    assert again.text.split()[1] == str(count(site, site.old))
    kept = site.client.get(address, params={"format": "text"})
    tag = {"If-None-Match": kept.headers["etag"]}
    assert site.client.get(address, params={"format": "text"}, headers=tag).status_code == 304
    for wrong, status in (
        ({"format": "word"}, 422),
        ({"query": "x" * 20_001}, 422),
        ({"format": "../../etc"}, 422),
    ):
        assert site.client.get(address, params=wrong).status_code == status
    assert site.client.get("/api/versions/0000000/citation").status_code == 404
    assert site.client.get(address, headers={"Accept": "image/png"}).status_code == 406


_PAGES = [
    *("/", "/search?q=one", "/network", "/map", "/strategy", "/queries", "/data", "/about"),
    *("/sparql", ONE, "/ontology"),
]
# What has its version in its path, or none; what stands outside the graph.
_OF_NO_VERSION = (
    *("/static/", "/dumps/", "/api/versions/", "/version/", "/datasets/", "/ontology"),
    *("/.well-known/", "/openapi.json", "/sitemap.xml"),
)


@pytest.mark.parametrize("path", _PAGES)
def test_pages_of_the_past(site: Site, path: str) -> None:
    """Each says that it is old and from when, leads to the newest, and all its links stay."""
    address = f"{path}{'&' if '?' in path else '?'}version={site.old.id}&lang=en"
    page = site.client.get(address, headers={"Accept": "text/html"}, follow_redirects=True).text
    date = site.old.manifest.created[:10]
    told = re.search(r'<p class="failure past" role="note">(.*?)</p>', page)
    assert told, page
    assert date in told[1]
    newest = html.unescape(re.findall(r'href="([^"]+)"', told[1])[0])
    assert "version=" not in newest
    again = site.client.get(newest, headers={"Accept": "text/html"})
    assert again.status_code == 200
    assert "failure past" not in again.text
    rest = page.replace(told[0], "")
    links = {html.unescape(link) for link in re.findall(r'<a [^>]*?href="(/[^"]*)"', rest)}
    lost = [link for link in links if "version=" not in link]
    assert not [link for link in lost if not link.startswith(_OF_NO_VERSION)], lost
    assert links
    assert rest.count("<form") == rest.count(f'name="version" value="{site.old.id}"')


def test_page_of_the_newest_version(site: Site) -> None:
    """The newest version by its name is not told as old, and links keep the name."""
    page = site.client.get(f"/data?version={site.new.id}", headers={"Accept": "text/html"}).text
    assert "failure past" not in page
    assert f'href="/search?version={site.new.id}"' in page


def test_page_of_no_version(site: Site) -> None:
    """A version that there is not is told as such, and its name goes no further."""
    page = site.client.get("/data?version=0000000", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "version=0000000" not in page.text.partition("</header>")[2]
