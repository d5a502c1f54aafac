"""Five hundred hostile uploads: each refused with a reason, nothing fetched, nothing stored."""

import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from contributing import copy_home
from hostile_uploads import PARTNER, Canary, Upload, good, hostile
from klustergraf.build import BuildResult
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings

_LATEST_SECONDS = 30.0  # what judging may take, and what carrying it there takes on a busy machine
_PROBLEMS = {
    400: {"/problems/graph-parse", "/problems/malformed-request"},
    413: {"/problems/content-too-large"},
    415: {"/problems/unsupported-media-type"},
    422: {
        "/problems/contribution-refused",
        "/problems/contribution-too-heavy",
        "/problems/contribution",
    },
}


@pytest.fixture
def home(founding: BuildResult, tmp_path: Path) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path / "home")


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Listen where hostile uploads lead."""
    made = Canary()
    yield made
    made.close()


def state(home: Path) -> dict[str, str]:
    """Give the digest of every file of a home, but for the tokens and what is derived."""
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and "tokens" not in path.name and "-1" not in str(path.parent.name)
    }


def put(service: TestClient, upload: Upload, token: str, query: str = "") -> Any:
    """Send one."""
    return service.put(
        f"/graphs/{PARTNER}{query}",
        content=upload.content,
        headers={"Content-Type": upload.media_type, "Authorization": f"Bearer {token}"},
    )


def test_canary_notices_a_connection(canary: Canary) -> None:
    """Whoever follows an address of a hostile upload is noticed."""
    assert not canary.was_touched()
    with pytest.raises((urllib.error.URLError, TimeoutError, ConnectionError)):
        urllib.request.urlopen(canary.address, timeout=0.2)
    assert canary.was_touched()
    assert not canary.was_touched()


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.long)])
def test_hostile(home: Path, canary: Canary, count: int) -> None:
    """Each is refused in time, by the interface and on the page, and leaves no trace."""
    token = TokenStore(home).create(PARTNER)[1]
    with TestClient(create_app(Settings(home=home, watch_seconds=3600))) as service:
        for upload in good():
            accepted = put(service, upload, token, "?dry-run=true")
            assert accepted.json()["conforms"], (upload.media_type, accepted.text[:500])
        before = state(home)
        uploads = list(hostile(count, canary.address))
        assert len({upload.content for upload in uploads}) == count
        told: Counter[str] = Counter()
        for number, upload in enumerate(uploads):
            began = time.monotonic()
            answer = put(service, upload, token)
            assert time.monotonic() - began < _LATEST_SECONDS, upload.name
            assert answer.status_code in _PROBLEMS, (upload.name, answer.status_code)
            problem = answer.json()
            assert problem["type"] in _PROBLEMS[answer.status_code], upload.name
            assert len(problem["detail"]) > 15, upload.name
            for result in problem.get("report", {}).get("results", []):
                assert all(result["messages"][language] for language in ("sv", "en")), upload.name
            told[problem["type"]] += 1
            if number % 5 == 0:
                page = service.post(
                    "/contribute/check",
                    data={"token": token, "kind": "", "mode": "put"},
                    files={"file": (f"x{upload.suffix}", upload.content)},
                )
                assert 400 <= page.status_code < 500, upload.name
        assert told["/problems/contribution-too-heavy"] < 0.02 * count + 1, told
        assert state(home) == before
        assert not canary.was_touched()
        for upload in good()[-1:]:
            assert put(service, upload, token).status_code == 201, "and a good one is let in after"
    assert state(home) != before
