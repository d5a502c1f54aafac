"""The service over a store elsewhere: answers, limits and headers as over its own engine."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from klustergraf.build import BuildResult
from klustergraf.engine.publication import RECORD_GRAPH, Publication
from klustergraf.publishing import GraphStore, publish
from klustergraf.version import Manifest, VersionStore
from klustergraf_api.app import create_app
from klustergraf_api.command import serve
from klustergraf_api.engines import engine_for
from klustergraf_api.settings import Settings
from serving import wait_until

pytestmark = pytest.mark.integration

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
THING = "SELECT ?p ?o { <https://w3id.org/klustergraf/id/place/flemingsberg> ?p ?o }"
# Some seconds of work for either: Oxigraph does not stop it when nobody waits any more.
HARD = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER (?c != ?f) }"


def home_of(result: BuildResult) -> Path:
    """Give the home folder that a version lies in."""
    return result.version.path.parent.parent


@pytest.fixture
def client(server: Any, founding: BuildResult) -> Iterator[TestClient]:
    """Serve the version that was published into a store; it is stored here as well."""
    publish(founding.version, server.store)
    settings = Settings(
        engine_url=server.query_url, home=home_of(founding), workers=2, watch_seconds=0.1
    )
    with TestClient(create_app(settings)) as made:
        yield made


@pytest.fixture(scope="module")
def own(founding: BuildResult) -> Iterator[TestClient]:
    """Serve the same version by an engine of this machine."""
    settings = Settings(home=home_of(founding))
    with (
        engine_for(founding.version, settings) as engine,
        TestClient(create_app(settings, engine, version=founding.version)) as made,
    ):
        yield made


def ask(client: TestClient, query: str, **headers: str) -> Any:
    """Ask, by default for CSV."""
    return client.get("/sparql", params={"query": query}, headers={"Accept": "text/csv", **headers})


@pytest.mark.parametrize("query", [COUNT, THING])
def test_same_answers(client: TestClient, own: TestClient, query: str) -> None:
    """Solutions, version, entity tag and cache are those of the service over its own engine."""
    here, there = ask(own, query), ask(client, query)
    assert there.status_code == 200, there.text
    assert sorted(there.text.splitlines()) == sorted(here.text.splitlines())
    for name in ("X-Klustergraf-Version", "Link", "ETag", "Content-Type", "Vary"):
        assert there.headers[name] == here.headers[name]
    assert there.headers["X-Klustergraf-Cache"] == "miss"
    assert ask(client, query).headers["X-Klustergraf-Cache"] == "hit"
    known = {"If-None-Match": there.headers["ETag"]}
    assert ask(client, query, **known).status_code == 304


def test_pages_and_data(client: TestClient, own: TestClient, founding: BuildResult) -> None:
    """What is computed from the version and what is asked of the store are both there."""
    here, there = (each.get("/id/place/flemingsberg.nt").text for each in (own, client))
    assert len(here.splitlines()) > 10
    assert set(there.splitlines()) == set(here.splitlines())
    for path in ("/", "/search?q=karolinska", "/network", "/strategy", "/data", "/api/versions"):
        assert client.get(path).status_code == 200, path
    assert client.get("/health").json() == {"status": "ok", "version": founding.version.id}
    assert client.get("/ready").json()["status"] == "ready"


def test_description_is_true(client: TestClient, own: TestClient) -> None:
    """Graphs and their sizes are those of the version; functions of the store are not claimed."""
    here, there = (each.get("/sparql", headers={"Accept": "text/turtle"}) for each in (own, client))
    count = re.compile(r"void:triples (\d+)")
    assert sorted(count.findall(there.text)) == sorted(count.findall(here.text))
    assert "geof:distance" in here.text
    assert "extensionFunction" not in there.text
    assert "MiB of memory" not in there.text


def test_refusals(client: TestClient) -> None:
    """What is wrong or not allowed is told as ever, and the store never sees it."""
    for query, status, slug in (
        ("SELECT * { ?s ?p", 400, "sparql-syntax"),
        ("ASK { SERVICE <http://127.0.0.1/> {} }", 403, "query-refused"),
        ("ASK FROM <file:///etc/passwd> {}", 403, "query-refused"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", 403, "query-refused"),
        ("ASK " + "{" * 300 + "}" * 300, 403, "query-refused"),
    ):
        reply = client.get("/sparql", params={"query": query})
        assert reply.status_code == status, reply.text
        assert reply.json()["type"].endswith(slug)


def test_deadline(client: TestClient) -> None:
    """A query past its time is 503 in time, and the next one is answered."""
    began = time.monotonic()
    late = client.get("/sparql", params={"query": HARD, "timeout": "0.3"})
    assert (late.status_code, late.json()["seconds"]) == (503, 0.3)
    assert time.monotonic() - began < 5
    assert ask(client, "ASK { ?s ?p ?o }").text.strip() == "true"


def test_next_version_is_followed(client: TestClient, server: Any, tmp_path: Path) -> None:
    """When another version is in the store, answers are of it and named so, and none is old."""
    before = ask(client, COUNT)
    assert ask(client, COUNT).headers["X-Klustergraf-Cache"] == "hit"
    line = b"<http://example.org/a> <http://example.org/b> <http://example.org/c> "
    dataset = line + b"<https://w3id.org/klustergraf/graph/other> .\n"
    manifest = Manifest(sha256(dataset).hexdigest(), "2026-01-01T00:00:00Z", "test")
    other = VersionStore(tmp_path).add(dataset, manifest, b"")
    publish(other, server.store)

    def is_followed() -> bool:
        return bool(client.get("/health").json()["version"] == other.id)

    assert wait_until(is_followed, 30)
    after = ask(client, COUNT)
    assert after.headers["X-Klustergraf-Version"] == other.id
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.content == b"n\r\n1\r\n"
    # It is not stored here, so what is computed from versions is not there, and is not made up.
    assert client.get("/api/search?q=a").status_code == 404


def test_half_a_publication_is_no_answer(client: TestClient, server: Any) -> None:
    """Between two versions the store is not asked, as nobody could say what its answer is of."""
    held = Publication.from_statements(server.store.get(RECORD_GRAPH))
    server.store.put(RECORD_GRAPH, Publication(held.graphs).to_n_triples())
    assert wait_until(lambda: client.get("/ready").status_code == 503, 30)
    told = client.get("/ready").json()["detail"]
    assert "between two versions" in told
    assert "127.0.0.1" not in told  # where the store is, is for nobody but its operator
    assert ask(client, f"{COUNT} #half").status_code == 503
    server.store.put(RECORD_GRAPH, held.to_n_triples())
    assert wait_until(lambda: client.get("/ready").status_code == 200, 30)


def test_command(server: Any, founding: BuildResult, tmp_path: Path) -> None:
    """`klustergraf serve --engine-url` answers, with no version and no engine of its own."""
    publish(founding.version, server.store)
    program = "from klustergraf_api.command import serve; serve()"
    options = ["--home", str(tmp_path), "--port", "0", "--engine-url", server.query_url]
    with subprocess.Popen(
        [sys.executable, "-c", program, *options], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            assert founding.version.id[:12] in lines[0]
            found = re.search(r"http://\S+/", lines[1])
            assert found
            with urllib.request.urlopen(f"{found[0]}sparql?query={quote(COUNT)}") as response:
                assert response.headers["X-Klustergraf-Version"] == founding.version.id
                assert json.load(response)["results"]["bindings"]
        finally:
            process.terminate()
        assert process.wait(20) == 0
    assert not (tmp_path / "versions").exists()


def test_store_without_record(oxigraph_server: Any, tmp_path: Path) -> None:
    """Any endpoint can be served; without a record, its version must be said."""
    store: GraphStore = oxigraph_server.store
    store.delete(RECORD_GRAPH)
    url = oxigraph_server.query_url
    refused = CliRunner().invoke(serve, ["--engine-url", url], obj=tmp_path)
    assert refused.exit_code == 1
    assert "has no record of a version" in refused.output
    settings = Settings(engine_url=url, engine_version="2026-11", home=tmp_path)
    with TestClient(create_app(settings)) as client:
        reply = client.get("/sparql", params={"query": "ASK {}"})
        assert reply.headers["X-Klustergraf-Version"] == "2026-11"


def test_wrong_addresses_are_told(tmp_path: Path) -> None:
    """An address that is none, nobody listens at, or comes with files, ends the command."""
    for options, told in (
        (["--engine-url", "127.0.0.1:7878"], "begins with http"),
        (["--engine-url", "http://user:secret@127.0.0.1/"], "KLUSTERGRAF_STORE_PASSWORD"),
        (["--engine-url", "http://127.0.0.1:9/query"], "cannot be asked"),
        (["--engine-url", "http://127.0.0.1:9/", "--data", str(tmp_path)], "Either"),
    ):
        result = CliRunner().invoke(serve, [*options, "--port", "0"], obj=tmp_path)
        assert result.exit_code != 0
        assert told in result.output
        assert "secret" not in result.output
