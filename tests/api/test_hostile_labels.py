"""Markup in names: shown as it is written, on every page that names actors."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hostile import HOSTILE_GRAPH
from klustergraf.catalogue import Catalogue
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES
from two_versions import CREATED, store_version


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve a version in which every name is hostile."""
    home = tmp_path_factory.mktemp("hostile")
    version = store_version(Path(home), HOSTILE_GRAPH, CREATED[0])
    derive_all(version)
    with EmbeddedEngine(version, workers=1) as engine:
        app = create_app(Settings(home=home), engine, Catalogue(TINY_QUERIES), version=version)
        with TestClient(app) as served:
            yield served


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "path",
    [
        *("/network", "/network?ego=a&colour=county", "/network?from=a&to=b&colour=community"),
        *("/map", "/map?municipality=solna", "/strategy", "/strategy?area=a1&by=municipality"),
        *("/strategy?by=county&area=a1&column=county", "/id/actor/a.html", "/search?q=alert"),
        "/network?ego=%3Cscript%3Ealert(1)%3C/script%3E%22'%3E%3Cimg+src=x+onerror=alert(2)%3E",
    ],
)
def test_names_are_text(client: TestClient, path: str, language: str) -> None:
    """The name is there, as text; no tag of it is."""
    sign = "&" if "?" in path else "?"
    answer = client.get(f"{path}{sign}lang={language}", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    page = answer.text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "alert(1)</script>" not in page
    assert "<script>alert(1)" in html.unescape(page)


def test_unknown_language(client: TestClient) -> None:
    """A language that we do not write is passed over, and what the browser asks for is given."""
    for path in ("/network", "/map", "/strategy"):
        page = client.get(f"{path}?lang=xx", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert '<html lang="en">' in page.text
        assert "lang=xx" not in page.text
