"""The Graph Store Protocol behind the gate, over HTTP."""

import json
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from contributing import HEAD, a_testbed, copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.desk import Desk, Gatekeeper
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import children, wait_until

TURTLE = "text/turtle"


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("desk") / "home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[TestClient]:
    """Give a client of a service that takes contributions."""
    with TestClient(create_app(Settings(home=home, watch_seconds=3600))) as made:
        yield made


def token(home: Path, partner: str) -> dict[str, str]:
    """Make a token for a partner; give the headers that send it with Turtle."""
    text = TokenStore(home).create(partner)[1]
    return {"Authorization": f"Bearer {text}", "Content-Type": TURTLE}


def ask(service: TestClient, pattern: str) -> bool:
    """Ask the service whether there is something."""
    query = f"BASE <https://w3id.org/klustergraf/id/> ASK {{ {pattern} }}"
    answer: bool = service.get("/sparql", params={"query": query}).json()["boolean"]
    return answer


def test_put_get_post_delete(service: TestClient, home: Path) -> None:
    """A graph is made, read, added to and removed; every query sees it at once."""
    headers = token(home, "aa")
    made = service.put("/graphs/aa", content=HEAD + a_testbed("aa", "x"), headers=headers)
    assert (made.status_code, made.headers["location"]) == (201, "/graphs/aa")
    assert made.json()["report"]["conforms"]
    assert ask(service, "<facility/aa--x> a ?class")
    got = service.get("/graphs/aa", headers={"Accept": "application/n-triples"})
    assert got.headers["x-klustergraf-version"] == made.headers["x-klustergraf-version"]
    sent = {q.triple for q in ox.parse(HEAD + a_testbed("aa", "x"), format=ox.RdfFormat.TURTLE)}
    assert {q.triple for q in ox.parse(got.content, format=ox.RdfFormat.N_TRIPLES)} == sent
    match = {**headers, "If-Match": got.headers["etag"]}
    added = service.post("/graphs/aa", content=HEAD + a_testbed("aa", "y"), headers=match)
    assert added.status_code == 200
    assert ask(service, "<facility/aa--x> a ?a . <facility/aa--y> a ?b")
    late = service.put("/graphs/aa", content=HEAD + a_testbed("aa", "z"), headers=match)
    assert (late.status_code, late.json()["type"]) == (412, "/problems/precondition-failed")
    assert service.delete("/graphs/aa", headers=headers).status_code == 204
    assert not ask(service, "<facility/aa--x> a ?class")
    assert service.get("/graphs/aa").status_code == 404
    assert service.delete("/graphs/aa", headers=headers).status_code == 404


def rows(results: object) -> list[list[str]]:
    """Give the rows of a result, but for names of blank nodes, which every store gives anew."""
    assert isinstance(results, ox.QuerySolutions)
    names = [variable.value for variable in results.variables]
    found = [[str(row[name]) for name in names] for row in results]
    return sorted([text for text in row if not text.startswith("_:")] for row in found)


def test_no_contribution_loads_the_dataset(
    service: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running store is changed, and holds what a store that loads the version holds."""

    def refuse(*_: object) -> None:
        raise AssertionError("the dataset is loaded")

    headers = token(home, "ll")
    monkeypatch.setattr("klustergraf.engine.embedded.KeeperProcess.start", refuse)
    first, second = (HEAD + a_testbed("ll", name) for name in "xy")
    for method, body in (("put", first), ("post", second), ("put", second), ("delete", "")):
        done = service.request(method, "/graphs/ll", content=body, headers=headers)
        assert done.is_success
        version = done.headers["x-klustergraf-version"]
        fresh = ox.Store()
        fresh.bulk_load(path=home / "versions" / version / "dataset.nq")
        for query in ("SELECT ?s ?p ?o { ?s ?p ?o }", "SELECT * { GRAPH ?g { ?s ?p ?o } }"):
            got = service.post("/sparql", data={"query": query})
            assert got.headers["x-klustergraf-version"] == version
            found = ox.parse_query_results(got.content, format=ox.QueryResultsFormat.JSON)
            # A merge of graphs has each triple once.
            once = query.replace("SELECT", "SELECT DISTINCT")
            assert rows(found) == rows(fresh.query(once, use_default_graph_as_union=True))


def test_gatekeeper_starts_with_the_first_token(founding: BuildResult, tmp_path: Path) -> None:
    """A token that is made while the service runs makes it ready before anything is sent."""
    home = copy_home(founding.version.path.parents[1], tmp_path / "home")
    app = create_app(Settings(home=home, watch_seconds=0.02))
    with TestClient(app):
        desk: Desk = app.state.parts.contributing.desk

        def keepers() -> list[Gatekeeper]:
            return [keeper for keeper in [desk._gatekeeper] if keeper is not None]

        time.sleep(0.5)
        assert not keepers()
        TokenStore(home).create("gg")
        assert wait_until(lambda: bool(keepers()), 60)
        (first,) = keepers()
        assert first.version_id == founding.version.id
        time.sleep(0.5)
        assert keepers() == [first]  # it is not started again and again
        assert first.pid in children(os.getpid())


def test_refusal_has_report_and_line(service: TestClient, home: Path) -> None:
    """A refusal is a 422 with the report as JSON and a link to it as RDF."""
    body = HEAD + a_testbed("bb", "x").replace(', "Lab x"@en', "")
    refused = service.put("/graphs/bb", content=body, headers=token(home, "bb"))
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["type"] == "/problems/contribution-refused"
    (result,) = problem["report"]["results"]
    assert result["line"] == HEAD.count("\n") + 2
    assert {"sv", "en"} <= result["messages"].keys()
    report = service.get(refused.headers["link"].partition(">")[0].removeprefix("<"))
    assert report.headers["content-type"].startswith(TURTLE)
    quads = list(ox.parse(report.content, format=ox.RdfFormat.TURTLE))
    assert any(q.predicate.value.endswith("#resultMessage") for q in quads)
    assert service.get("/graphs/bb").status_code == 404


def test_only_with_a_token_of_the_partner(service: TestClient, home: Path) -> None:
    """No token, a wrong one, a revoked or expired one: 401. Another partner's graph: 403."""
    store = TokenStore(home)
    made, text = store.create("cc")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    _, expired = store.create("cc", yesterday)
    body = HEAD + a_testbed("cc", "x")
    for given in (None, "", "kgt_x", text[:-1] + ("a" if text[-1] != "a" else "b"), expired):
        headers = {"Content-Type": TURTLE}
        if given is not None:
            headers["Authorization"] = f"Bearer {given}"
        answer = service.put("/graphs/cc", content=body, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "/problems/token-refused"
    good = {"Authorization": f"Bearer {text}", "Content-Type": TURTLE}
    other = service.put("/graphs/aa", content=body, headers=good)
    assert (other.status_code, other.json()["type"]) == (403, "/problems/forbidden-graph")
    for reserved in ("founding/curation", "ontology", "catalogue", "derived/inverses", "../x"):
        assert service.put(f"/graphs/{reserved}", content=body, headers=good).status_code >= 400
    store.revoke(made.id)
    assert service.put("/graphs/cc", content=body, headers=good).status_code == 401


def test_many_wrong_tokens_make_the_client_wait(home: Path) -> None:
    """After ten tokens that do not fit, even a good one must wait; another client need not."""
    headers = token(home, "dd")
    settings = Settings(home=home, watch_seconds=3600, trusted_proxies=1)
    with TestClient(create_app(settings)) as service:
        wrong = {"Authorization": "Bearer kgt_a_b", "X-Forwarded-For": "192.0.2.1"}
        statuses = [service.delete("/graphs/dd", headers=wrong).status_code for _ in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        waits = service.delete("/graphs/dd", headers={**headers, "X-Forwarded-For": "192.0.2.1"})
        assert waits.status_code == 429
        assert int(waits.headers["retry-after"]) > 0
        free = service.delete("/graphs/dd", headers={**headers, "X-Forwarded-For": "192.0.2.2"})
        assert free.status_code == 404


def test_no_secret_is_kept_or_logged(
    service: TestClient, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The secret of a token stands in no file of the home folder and in no log."""
    headers = token(home, "ee")
    secret = headers["Authorization"].rpartition("_")[2]
    with caplog.at_level(logging.DEBUG):
        service.put("/graphs/ee", content=HEAD + a_testbed("ee", "x"), headers=headers)
        service.put("/graphs/ff", content="", headers=headers)
        bad = {**headers, "Authorization": headers["Authorization"] + "x"}
        service.put("/graphs/ee", content="", headers=bad)
    assert "a token was refused" in caplog.text
    assert secret not in caplog.text
    for path in home.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert (home / "contributions" / "tokens.json").stat().st_mode & 0o077 == 0


def test_dry_run_and_validate(service: TestClient, home: Path) -> None:
    """A dry run, and validation without a token, give the full report and store nothing."""
    headers = token(home, "gg")
    body = HEAD + "<facility/gg--x> a kg:Testbed ; skos:prefLabel 'X'@sv ."
    dry = service.put("/graphs/gg?dry-run=true", content=body, headers=headers)
    open_to_all = service.post(
        "/api/validate?graph=gg", content=body, headers={"Content-Type": TURTLE}
    )
    for answer in (dry, open_to_all):
        assert answer.status_code == 200
        assert not answer.json()["conforms"]
        assert answer.json()["results"][0]["line"] == HEAD.count("\n") + 1
    assert service.get("/graphs/gg").status_code == 404
    nonsense = service.put("/graphs/gg?dry-run=maybe", content=body, headers=headers)
    assert nonsense.json()["type"] == "/problems/malformed-request"


def test_what_cannot_be_read(service: TestClient, home: Path) -> None:
    """Another media type, a syntax error, too much: each has its own problem."""
    headers = token(home, "hh")
    other = service.put("/graphs/hh", content="x", headers={**headers, "Content-Type": "text/x"})
    assert (other.status_code, other.json()["type"]) == (415, "/problems/unsupported-media-type")
    broken = service.put("/graphs/hh", content="<a> <b>\n<c", headers=headers)
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/graph-parse")
    assert broken.json()["line"] >= 1
    large = service.put("/graphs/hh", content=b"#" * (5 << 20), headers=headers)
    assert large.status_code == 413
    ld = json.dumps({"@context": "http://example.org/", "@id": "urn:a"})
    remote = service.put(
        "/graphs/hh", content=ld, headers={**headers, "Content-Type": "application/ld+json"}
    )
    assert "never fetched" in remote.json()["detail"]


def test_tag_is_of_what_is_sent(
    service: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a new version is stored and not served yet, a graph comes with the tag that it had.

    Else whoever read it then, and sent the tag back, would undo what was stored.
    """
    headers = token(home, "uu")
    first = service.put("/graphs/uu", content=HEAD + a_testbed("uu", "x"), headers=headers)
    old = first.headers["etag"].strip('"')
    got: list[str] = []
    parts = service.app.state.parts  # type: ignore[attr-defined]
    serve = parts.contributing._serve

    def look_before(*change: Any) -> None:
        read = service.get("/graphs/uu", headers={"Accept": "text/turtle"})
        got.extend([read.headers["etag"].strip('"'), read.text])
        serve(*change)

    monkeypatch.setattr(parts.contributing, "_serve", look_before)
    added = service.post("/graphs/uu", content=HEAD + a_testbed("uu", "y"), headers=headers)
    assert added.status_code == 200
    tag, text = got
    assert "uu--y" not in text
    assert tag.partition(".")[0] == old
    late = service.put(
        "/graphs/uu",
        content=HEAD + a_testbed("uu", "z"),
        headers={**headers, "If-Match": f'"{tag}"'},
    )
    assert late.status_code == 412


TABLE = "Id;Namn på svenska;Namn på engelska;Slag;Drivs av\nx;X;X;testbädd;KTH\n"


def test_tables(service: TestClient, home: Path, tmp_path: Path) -> None:
    """A table is stored as what it says; a wrong one is told by row and column, by all doors."""
    headers = {**token(home, "tt"), "Content-Type": "text/csv; charset=utf-8"}
    made = service.put("/graphs/tt", content=TABLE.encode(), headers=headers)
    assert (made.status_code, made.json()["stored"]) == (201, True)
    assert ask(service, "<facility/tt--x> <https://w3id.org/klustergraf/ontology#isOperatedBy> ?a")
    wrong = TABLE.replace("testbädd", "testbäd").encode()
    refused = service.post("/graphs/tt", content=wrong, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/contribution-refused")
    told = service.post("/api/validate?graph=tt", content=wrong, headers=headers)
    for report in (refused.json()["report"], told.json()):
        (result,) = report["results"]
        assert (result["row"], result["column"]) == (2, 4)
        assert "testbädd" in result["messages"]["sv"]
    short = b"id,name_sv,name_en,kind\ny,Y,Y,company\n"
    added = service.post("/graphs/tt?table=actors", content=short, headers=headers)
    assert added.status_code == 200
    assert ask(service, "<facility/tt--x> a ?a . <actor/tt--y> a ?b")
    for asked, media_type in (("people", "text/csv"), ("actors", TURTLE)):
        answer = service.put(
            f"/graphs/tt?table={asked}",
            content=short,
            headers={**headers, "Content-Type": media_type},
        )
        assert answer.json()["type"] == "/problems/malformed-request"
    kept = service.get("/api/history/tt").json()["changes"]
    assert [change["change"] for change in kept] == ["put", "post"]


def test_changes_and_history(service: TestClient, home: Path) -> None:
    """The feed leads from a version to the one that is served; the history names each change."""
    headers = token(home, "mm")
    first = service.get("/graphs/founding/curation").headers["x-klustergraf-version"]
    for name in ("x", "y"):
        service.put("/graphs/mm", content=HEAD + a_testbed("mm", name), headers=headers)
    page = service.get(f"/changes?after={first}&most=1")
    assert page.headers["content-type"].startswith("application/rdf-patch")
    assert page.text.count("TX .") == 1
    link, _, relation = page.headers["link"].partition(">")
    assert "next" in relation
    rest = service.get(link.removeprefix("<"))
    served = service.get("/graphs/mm").headers["x-klustergraf-version"]
    assert rest.headers["x-klustergraf-version"] == served
    assert not service.get(f"/changes?after={served}").content
    assert service.get(f"/changes?after={'0' * 64}").status_code == 404
    assert service.get("/changes?after=x").status_code == 422
    told = service.get("/api/history/mm").json()["changes"]
    assert [change["change"] for change in told] == ["put", "put"]
    assert told[1]["version"] == served
    assert service.get("/api/history/nobody").status_code == 404
