"""``/search`` and ``/api/search`` over a stored version."""

from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import Version
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve the names that the tiny dataset has, as a stored version."""
    version = Version(tmp_path_factory.mktemp("tiny"))
    quads = ox.parse(path=TINY)
    version.dataset_path.write_bytes(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"")
    with (
        EmbeddedEngine(TINY) as engine,
        TestClient(create_app(Settings(), engine, version=version)) as client,
    ):
        yield client


def test_suggestions(stored: TestClient) -> None:
    """A suggestion has what a list shows of it, in the language that is asked for."""
    found = stored.get("/api/search/suggestions", params={"q": "LABBBET", "lang": "en"}).json()
    assert [s["label"] for s in found["suggestions"]] == ["The Lab"]
    assert found["suggestions"][0]["name"] == "Labbet"
    assert found["version"]
    only = {"q": "the", "type": "document"}
    found = stored.get("/api/search/suggestions", params=only).json()
    assert [s["label"] for s in found["suggestions"]] == ["The note"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/search/suggestions",
        "/api/search/suggestions?q=" + "a" * 201,
        "/api/search/suggestions?q=a&limit=0",
        "/api/search?first=-1",
        "/api/search?limit=1000",
        "/api/search?lang=fi",
    ],
)
def test_what_does_not_fit_is_a_problem(stored: TestClient, address: str) -> None:
    """A missing text, a too long one, numbers out of range: a problem that says which."""
    answer = stored.get(address)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]


def test_page_shows_state_of_its_address(stored: TestClient) -> None:
    """Text and facets stand in the form; each value that is chosen can be taken away."""
    page = stored.get("/search?q=the&type=actor&lang=en", headers=HTML).text
    assert 'value="the"' in page
    assert 'name="type" value="actor" checked' in page
    assert "2 found" in page
    assert 'href="/search?q=the&amp;lang=en"' in page
    assert 'href="/id/actor/lab?lang=en"' in page


def test_one_value_of_a_facet_is_taken_off(stored: TestClient) -> None:
    """What else is chosen of the same facet stays, and the page number goes."""
    address = "/search?q=the&type=actor&type=document&page=2&lang=en"
    page = stored.get(address, headers=HTML).text
    assert 'class="chip" href="/search?q=the&amp;type=document&amp;lang=en"' in page
    assert 'class="chip" href="/search?q=the&amp;type=actor&amp;lang=en"' in page


@pytest.mark.parametrize(("language", "told"), [("sv", "1 träff<"), ("en", "1 found<")])
def test_one_is_no_plural(stored: TestClient, language: str, told: str) -> None:
    """One hit is told as one."""
    page = stored.get(f"/search?q=the&type=document&lang={language}", headers=HTML).text
    assert f"<strong>{told}" in page


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=999999", "type=%3Cscript%3E", "lang=fi"]
)
def test_odd_addresses_show_a_page(stored: TestClient, query: str) -> None:
    """A page that is none, a value that is none, a language that is none: never an error."""
    page = stored.get(f"/search?q=%3Cscript%3Ealert(1)%3C/script%3E&{query}", headers=HTML)
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_without_a_stored_version_there_is_a_problem(client: TestClient) -> None:
    """Files that are no version have no index: that is told."""
    answer = client.get("/api/search?q=a")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/version-not-found"
