"""What is kept with a version is made after a contribution; no request waits for it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from contributing import HEAD, a_testbed, copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.tokens import TokenStore
from klustergraf.derivations import DERIVATIONS, derive_all
from klustergraf.version import DERIVED, Version
from klustergraf_api.app import create_app
from klustergraf_api.contributing import Contributing
from klustergraf_api.deriving import Deriving
from klustergraf_api.settings import Settings
from serving import wait_until

VERSION = "x-klustergraf-version"
# What answers from an index, from the analysis, or from what was counted.
COUNTED = (
    "/search?q=zzlab", "/api/search?q=zzlab", "/api/search/suggestions?q=zzlab", "/network",
    "/network/graph.json", "/api/network", "/api/network.svg", "/strategy",
    "/api/strategy/coverage", "/void", "/datasets/dcat", "/sitemap.xml", "/sitemaps/0.xml",
    "/api/vocabulary",
)  # fmt: skip
# What answers from the engine, and shows something that was counted.
PARTLY = ("/id/actor/kth.html", "/ontology")
TOLD = {
    "en": "This page shows the version before",
    "sv": "Sidan visar versionen före",
}
PARTLY_TOLD = {
    "en": "may be of the version before",
    "sv": "kan vara från versionen före",
}


class Held:
    """What makes what is kept with a version: not before it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.reason = ""

    def __call__(self, version: Version) -> str:
        """Wait, then make it."""
        self.may.wait(120)
        if not self.reason:
            derive_all(version)
        return self.reason


@pytest.fixture
def held() -> Iterator[Held]:
    """Give it; it lets go in the end."""
    made = Held()
    yield made
    made.may.set()


@pytest.fixture
def service(founding: BuildResult, tmp_path: Path, held: Held) -> Iterator[TestClient]:
    """Serve a graph that can be contributed to."""
    home = copy_home(founding.version.path.parents[1], tmp_path / "home")
    app = create_app(Settings(home=home, watch_seconds=3600))
    with TestClient(app, headers={"Accept": "*/*"}) as client:
        contributing: Contributing = app.state.parts.contributing
        contributing._deriving = Deriving(held, seconds=0, then=contributing._settled)
        yield client


def contribute(service: TestClient, tmp_path: Path, name: str) -> str:
    """Contribute a testbed that is called Zzlab; give the new version."""
    token = TokenStore(tmp_path / "home").create("zz")[1]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"}
    body = HEAD + a_testbed("zz", name, label="Zzlab")
    done = service.put(f"/graphs/zz/{name}", content=body, headers=headers)
    assert done.status_code == 201, done.text
    version: str = done.headers[VERSION]
    return version


def found(service: TestClient) -> int:
    """Count what the search finds of it."""
    return len(hits(service.get("/api/search?q=zzlab&limit=200").json()))


def hits(answer: Any) -> list[str]:
    """Give the things of the partner that were found."""
    return [hit["iri"] for hit in answer["hits"] if "/facility/zz--" in hit["iri"]]


def test_pages_answer_from_the_version_before_meanwhile(
    service: TestClient, held: Held, tmp_path: Path
) -> None:
    """They say which version that is, and make nothing themselves; then they follow."""
    before = service.get("/api/search?q=zzlab").json()["version"]
    tags: dict[str, str] = {}
    new = contribute(service, tmp_path, "one")
    assert new != before
    for path in COUNTED:
        answer = service.get(path)
        assert answer.status_code == 200, path
        told = answer.headers.get(VERSION) or str(answer.json().get("version", before))
        assert told == before, path
    assert found(service) == 0
    for path in PARTLY:
        answer = service.get(path, headers={"Accept": "text/html"})
        tags[path] = answer.headers["etag"]
        assert answer.headers[VERSION] == new, path
    for language in ("sv", "en"):
        for path in ("/search", "/network", "/strategy"):
            page = service.get(f"{path}?lang={language}", headers={"Accept": "text/html"}).text
            assert TOLD[language] in page, path
        for path in PARTLY:
            page = service.get(f"{path}?lang={language}", headers={"Accept": "text/html"}).text
            assert PARTLY_TOLD[language] in page, path
    start = service.get("/?lang=en", headers={"Accept": "text/html"}).text
    assert TOLD["en"] not in start
    assert PARTLY_TOLD["en"] not in start
    made = tmp_path / "home" / "versions" / new / DERIVED
    assert not [derivation.name for derivation in DERIVATIONS if (made / derivation.name).exists()]

    held.may.set()
    assert wait_until(lambda: found(service) == 1, 120)
    for path in COUNTED:
        answer = service.get(path)
        assert (answer.headers.get(VERSION) or answer.json().get("version", new)) == new, path
    for path in ("/search", "/network", "/strategy", *PARTLY):
        page = service.get(f"{path}?lang=en", headers={"Accept": "text/html"}).text
        assert TOLD["en"] not in page, path
        assert PARTLY_TOLD["en"] not in page, path
    for path, tag in tags.items():
        again = service.get(path, headers={"Accept": "text/html", "If-None-Match": tag})
        assert again.status_code == 200, "what was partly of the version before is not kept"


def test_who_names_the_version_gets_that_version(
    service: TestClient, held: Held, tmp_path: Path
) -> None:
    """An address with a version is answered from it, and waits for what it needs."""
    new = contribute(service, tmp_path, "two")
    answer = service.get(f"/api/search?q=zzlab&version={new}").json()
    assert (answer["version"], len(hits(answer))) == (new, 1)
    assert found(service) == 0


def test_a_version_that_was_replaced_changes_nothing(
    service: TestClient, held: Held, tmp_path: Path
) -> None:
    """While contributions come in a row, the version that was counted last stays."""
    before = service.get("/api/search?q=zzlab").json()["version"]
    first = contribute(service, tmp_path, "three")
    second = contribute(service, tmp_path, "four")
    app = service.app
    contributing: Contributing = app.state.parts.contributing  # type: ignore[attr-defined]
    contributing._settled(Version(tmp_path / "home" / "versions" / first))
    assert service.get("/api/search?q=zzlab").json()["version"] == before
    held.may.set()
    assert wait_until(lambda: found(service) == 2, 120)
    assert service.get("/api/search?q=zzlab").json()["version"] == second


def test_what_cannot_be_made_leaves_the_version_before(
    service: TestClient, held: Held, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and pages go on answering."""
    before = service.get("/api/search?q=zzlab").json()["version"]
    held.reason = "the disk is full"
    contribute(service, tmp_path, "five")
    held.may.set()
    assert wait_until(lambda: "the disk is full" in caplog.text, 60)
    answer = service.get("/search?q=zzlab")
    assert (answer.status_code, answer.headers[VERSION]) == (200, before)
