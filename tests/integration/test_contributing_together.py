"""Twenty partners write at once while twenty read: no update is lost, and no read fails."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from contributing import HEAD, a_testbed, copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.desk import Desk
from klustergraf.contributions.tokens import TokenStore

_PARTNERS = 20
_READERS = 20
_EACH = 2
_ID = "https://w3id.org/klustergraf/id/"

# Things of these tests and their operators: where one is without its operator, a version was read
# that nobody made.
_COUNT = """
SELECT (COUNT(DISTINCT ?thing) AS ?things) (COUNT(DISTINCT ?run) AS ?operated) WHERE {
  ?thing a <https://w3id.org/klustergraf/ontology#Testbed>
  FILTER(CONTAINS(STR(?thing), "--w"))
  OPTIONAL { ?thing <https://w3id.org/klustergraf/ontology#isOperatedBy> ?actor
    BIND(?thing AS ?run) }
}"""


@pytest.fixture
def home(founding: BuildResult, tmp_path: Path) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path / "home")


@pytest.fixture
def site(home: Path, tmp_path: Path) -> Iterator[str]:
    """Start the service as whoever runs it does; give its address."""
    program = Path(sys.executable).with_name("klustergraf")
    command = [str(program), "--home", str(home), "serve", "--port", "0", "--workers", "2"]
    # Each of those who ask is told apart, as a proxy tells them apart.
    environment = os.environ | {"KLUSTERGRAF_TRUSTED_PROXIES": "1"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        ) as service,
    ):
        try:
            assert service.stdout is not None
            address = ""
            while not address:
                line = service.stdout.readline()
                assert line, "the service ended"
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                address = found[0] if found else ""
            yield address
        finally:
            service.terminate()


def ask(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Send a request; give the status, the headers by their small names, and the body."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, told, answer.read()
    except urllib.error.HTTPError as exc:
        told = {name.lower(): value for name, value in exc.headers.items()}
        return exc.code, told, exc.read()


class Readers:
    """Read without end: what is counted never becomes less, and is never half of a change."""

    def __init__(self, site: str) -> None:
        self.faults: list[str] = []
        self.reads = 0
        self._site = site
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=[number]) for number in range(_READERS)
        ]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(120)

    def _read(self, number: int) -> None:
        me = {"X-Forwarded-For": f"192.0.2.{number}"}
        pages = ("/id/actor/kth.ttl", "/data", "/contribute", f"/graphs/p{number}")
        most, turn = 0, 0
        while not self._done.is_set():
            turn += 1
            # No cache knows a query that nobody asked before.
            query = urllib.parse.quote(f"{_COUNT} # {number} {turn}")
            headers = {"Accept": "application/sparql-results+json", **me}
            status, _, body = ask(f"{self._site}/sparql?query={query}", headers=headers)
            if status != 200:
                self.faults.append(f"query: {status} {body[:200]!r}")
                return
            (row,) = json.loads(body)["results"]["bindings"]
            things, operated = int(row["things"]["value"]), int(row["operated"]["value"])
            if things < most or things != operated:
                self.faults.append(f"{things} things, {operated} operated, after {most}")
            most = max(most, things)
            path = pages[turn % len(pages)]
            status, _, body = ask(f"{self._site}{path}", headers=me)
            if status != 200 and not (status == 404 and path.startswith("/graphs/")):
                self.faults.append(f"{path}: {status} {body[:200]!r}")
            self.reads += 2


def auth(home: Path, partner: str) -> dict[str, str]:
    """Make a token for a partner; give the headers that send it with Turtle."""
    text = TokenStore(home).create(partner)[1]
    return {"Authorization": f"Bearer {text}", "Content-Type": "text/turtle"}


def names_in(body: bytes) -> set[str]:
    """List the things of these tests that a graph describes."""
    return set(re.findall(r"--(w[a-z0-9]+)>? ", body.decode()))


def test_no_update_is_lost_and_no_read_fails(home: Path, site: str, tmp_path: Path) -> None:
    """Each partner adds to its own graph; then all change one graph, each from what it read."""

    def add(number: int) -> list[int]:
        partner = f"p{number}"
        headers = auth(home, partner)
        return [
            ask(
                f"{site}/graphs/{partner}",
                method="POST",
                body=(HEAD + a_testbed(partner, f"w{turn}")).encode(),
                headers=headers,
            )[0]
            for turn in range(_EACH)
        ]

    shared = auth(home, "shared")

    def change(number: int) -> int:
        """Get, add one line, put back with the tag; on 412 from the start. Give how often."""
        tries = 0
        while tries < 100:
            tries += 1
            get = {"Accept": "text/turtle", "X-Forwarded-For": f"198.51.100.{number}"}
            status, told, body = ask(f"{site}/graphs/shared", headers=get)
            known = names_in(body) if status == 200 else set()
            things = "".join(a_testbed("shared", name) for name in sorted(known | {f"w{number}"}))
            match = {"If-Match": told["etag"]} if status == 200 else {"If-None-Match": "*"}
            status, _, body = ask(
                f"{site}/graphs/shared",
                method="PUT",
                body=(HEAD + things).encode(),
                headers=shared | match,
            )
            if status in (200, 201):
                return tries
            assert status == 412, body
        raise AssertionError(f"writer {number} never came through")

    with Readers(site) as readers, ThreadPoolExecutor(_PARTNERS) as writers:
        added = list(writers.map(add, range(_PARTNERS)))
        tries = list(writers.map(change, range(_PARTNERS)))
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert readers.faults == [], log[-4000:]
    assert "Traceback" not in log
    assert readers.reads > 2 * _READERS
    assert added == [[201, *[200] * (_EACH - 1)]] * _PARTNERS
    assert sum(tries) > _PARTNERS, "two at least meant to change the same state"
    for number in range(_PARTNERS):
        _, _, body = ask(f"{site}/graphs/p{number}", headers={"Accept": "application/n-triples"})
        assert names_in(body) == {f"w{turn}" for turn in range(_EACH)}
    _, _, body = ask(f"{site}/graphs/shared", headers={"Accept": "application/n-triples"})
    assert names_in(body) == {f"w{number}" for number in range(_PARTNERS)}
    desk = Desk(home)
    current = desk.versions.current()
    assert sha256(current.dataset_path.read_bytes()).hexdigest() == current.id
    kept = [entry for entry in desk.record.entries() if entry.kind != "base"]
    assert len(kept) == _PARTNERS * _EACH + _PARTNERS, "every acknowledged change is in the record"
    chain = [entry.version for entry in desk.record.entries()]
    assert [entry.parent for entry in kept] == chain[:-1]
