"""Every failure is a problem document with the five members (RFC 9457)."""

import inspect
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from klustergraf import errors
from klustergraf.engine.base import Cancellation, QueryAnswer, QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import GraphError
from klustergraf_api import request_errors
from klustergraf_api.negotiation import LANGUAGES
from klustergraf_api.pages.rendering import load_messages
from klustergraf_api.problems import KINDS
from klustergraf_api.request_errors import RequestError
from serving import ENDLESS, GREEDY, TINY, tiny_app

MEMBERS = {"type", "title", "status", "detail", "instance"}
FORM = "application/x-www-form-urlencoded"
SPARQL = "application/sparql-query"


def subclasses(root: type[Exception]) -> Iterator[type[Exception]]:
    """Give a class and everything below it."""
    yield root
    for below in root.__subclasses__():
        yield from subclasses(below)


def test_every_error_has_an_entry() -> None:
    """No error of the library or of a request is without its own status and slug."""
    ours = {e for e in subclasses(GraphError) if e.__module__ == errors.__name__}
    theirs = {e for e in subclasses(RequestError) if e is not RequestError}
    assert ours | theirs <= set(KINDS)


def test_slugs_are_distinct_and_explained_in_both_languages() -> None:
    """Each kind has its own page, in Swedish and English."""
    slugs = [kind.slug for kind in KINDS.values()]
    assert len(slugs) == len(set(slugs))
    for language in LANGUAGES:
        messages = load_messages(language)
        assert all(f"problem.{slug}" in messages for slug in slugs)
        assert all(kind.title[language] for kind in KINDS.values())


def test_members_are_attributes_of_the_errors() -> None:
    """What a problem sends beside its text, the error carries."""
    for error, kind in KINDS.items():
        if error.__module__ in (errors.__name__, request_errors.__name__) and kind.members:
            source = inspect.getsource(error)
            inherited = "".join(inspect.getsource(e) for e in error.__mro__[1:-3])
            for member in kind.members:
                assert f"self.{member} =" in source + inherited, f"{error.__name__}.{member}"


FAILURES = {
    "malformed query": (400, "sparql-syntax", "GET", "/sparql?query=SELECT", None, b""),
    "malformed query, posted": (400, "sparql-syntax", "POST", "/sparql", SPARQL, b"SELECT"),
    "empty query": (400, "sparql-syntax", "GET", "/sparql?query=", None, b""),
    "no query": (400, "malformed-request", "POST", "/sparql", FORM, b""),
    "two queries": (400, "malformed-request", "GET", "/sparql?query=ASK{}&query=ASK{}", None, b""),
    "not UTF-8 in the address": (400, "malformed-request", "GET", "/sparql?query=%FF", None, b""),
    "not UTF-8 in a form": (400, "malformed-request", "POST", "/sparql", FORM, b"query=%FF"),
    "not UTF-8 posted": (400, "malformed-request", "POST", "/sparql", SPARQL, b"ASK{} #\xff"),
    "timeout no number": (400, "malformed-request", "GET", "/sparql?query=A&timeout=x", None, b""),
    "timeout not more than 0": (
        *(400, "malformed-request", "GET", "/sparql?query=ASK{}&timeout=0", None, b""),
    ),
    "timeout not finite": (
        *(400, "malformed-request", "GET", "/sparql?query=ASK{}&timeout=inf", None, b""),
    ),
    "service": (
        *(403, "query-refused", "GET", "/sparql?query=ASK{SERVICE<http://e/>{}}", None, b""),
    ),
    "file": (403, "query-refused", "GET", "/sparql?query=ASK FROM <file:///x> {}", None, b""),
    "foreign graph": (
        *(403, "query-refused", "GET", "/sparql?query=ASK{}&default-graph-uri=file:///x", None),
        b"",
    ),
    "update as query": (403, "query-refused", "POST", "/sparql", SPARQL, b"CLEAR ALL"),
    "update in a form": (403, "query-refused", "POST", "/sparql", FORM, b"update=CLEAR+ALL"),
    "update posted": (
        *(403, "query-refused", "POST", "/sparql", "application/sparql-update", b"CLEAR ALL"),
    ),
    "nested": (403, "query-refused", "POST", "/sparql", SPARQL, b"ASK " + b"{" * 50_000),
    "wrong body": (415, "unsupported-media-type", "POST", "/sparql", "text/plain", b"ASK{}"),
    "no type of body": (415, "unsupported-media-type", "POST", "/sparql", None, b"ASK{}"),
    "large body": (413, "content-too-large", "POST", "/sparql", SPARQL, b"#" * 100_000),
    "timeout": (*(503, "query-timeout", "POST", "/sparql?timeout=0.3", SPARQL, ENDLESS.encode()),),
    "memory": (422, "query-resources", "POST", "/sparql", SPARQL, GREEDY.encode()),
    "unknown thing": (404, "resource-not-found", "GET", "/id/actor/nobody", None, b""),
    "unknown document": (404, "resource-not-found", "GET", "/id/actor/nobody.ttl", None, b""),
    "unknown page": (404, "resource-not-found", "GET", "/id/actor/nobody.html", None, b""),
    "impossible thing": (404, "resource-not-found", "GET", "/id/a%3E%20%22b", None, b""),
    "unknown graph": (404, "resource-not-found", "GET", "/graph/nothing", None, b""),
    "unknown graph's page": (404, "resource-not-found", "GET", "/graph/nothing.html", None, b""),
    "unknown form of the ontology": (404, "resource-not-found", "GET", "/ontology.x", None, b""),
    "unknown query": (404, "query-not-found", "GET", "/queries/acters", None, b""),
    "unknown problem": (404, "page-not-found", "GET", "/problems/nope", None, b""),
}
HTTP_FAILURES = {
    "no such address": (404, "GET", "/nope"),
    "no such file": (404, "GET", "/static/nope.css"),
    "out of the folder": (404, "GET", "/static/..%2frendering.py"),
    **{
        f"{method} {path}": (405, method, path)
        for path in (
            "/sparql",
            "/sparql/",
            "/id/actor/lab",
            "/",
            "/queries",
            "/ontology",
            "/health",
        )
        for method in ("PUT", "DELETE", "PATCH")
    },
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES.keys())
def test_every_failure_is_told(
    client: TestClient, case: tuple[int, str, str, str, str | None, bytes]
) -> None:
    """Status, slug and the five members, for each way to fail."""
    status, slug, method, path, media_type, body = case
    headers = {"Content-Type": media_type} if media_type else {}
    response = client.request(method, path, headers=headers, content=body or None)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) >= MEMBERS
    assert problem["type"] == f"/problems/{slug}"
    assert problem["status"] == status
    assert problem["instance"] == path.partition("?")[0].replace("%3E%20%22", '> "')
    assert all(isinstance(problem[name], str) and problem[name] for name in MEMBERS - {"status"})
    assert client.get(problem["type"]).status_code == 200
    assert "Traceback" not in response.text


@pytest.mark.parametrize("case", HTTP_FAILURES.values(), ids=HTTP_FAILURES.keys())
def test_failures_of_http_itself_are_told(client: TestClient, case: tuple[int, str, str]) -> None:
    """Unknown addresses and methods are problems without a page of their own."""
    status, method, path = case
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert set(response.json()) >= MEMBERS
    assert response.json()["type"] == "about:blank"
    if status == 405:
        assert "GET" in response.headers["allow"]


def test_members_of_their_own(client: TestClient) -> None:
    """A syntax error says where, an unknown query what is near, a timeout how long."""
    syntax = client.get("/sparql", params={"query": "ASK {\n  ?s nope:x 1 .\n  ?s ?p ?o\n}"}).json()
    assert (syntax["line"], syntax["column"]) == (2, 12)
    assert client.get("/queries/actor").json()["nearest"] == ["actors"]
    unacceptable = client.get("/ontology", headers={"Accept": "image/png"})
    assert unacceptable.status_code == 406
    assert "text/turtle" in unacceptable.json()["supported"]
    late = client.get("/sparql", params={"query": ENDLESS, "timeout": "0.2"})
    assert late.json()["seconds"] == 0.2
    assert int(late.headers["retry-after"]) > 0


def test_titles_follow_the_language(client: TestClient) -> None:
    """Programs get English unless they ask for Swedish; browsers Swedish."""
    assert client.get("/id/x").json()["title"] == "Not in the graph"
    swedish = client.get("/id/x", headers={"Accept-Language": "sv"})
    assert swedish.json()["title"] == "Finns inte i grafen"
    page = client.get("/id/x", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>Finns inte i grafen</h1>" in page.text


class _Broken:
    """An engine with a fault that nobody foresaw."""

    version_id = "0" * 64

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> QueryAnswer:
        """Fail, and know a secret."""
        raise RuntimeError("the secret", request, cancellation)

    def close(self) -> None:
        """Do nothing."""


def test_what_nobody_foresaw_says_nothing_of_the_inside() -> None:
    """An unknown fault is a plain 500, with every common header, and it is logged."""
    with TestClient(tiny_app(_Broken())) as broken:
        response = broken.get("/sparql?query=ASK{}")
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["access-control-allow-origin"] == "*"
        body = response.json()
        assert set(body) == MEMBERS
        assert body["type"] == "about:blank"
        assert body["detail"] == load_messages("en")["http.500"]


def test_closed_engine_is_unavailable() -> None:
    """When the engine is gone, it is a 503 that says when to come again."""
    engine = EmbeddedEngine(TINY)
    engine.close()
    with TestClient(tiny_app(engine)) as client:
        for path in ("/ready", "/", "/id/actor/lab"):
            response = client.get(path)
            assert response.status_code == 503
            assert response.json()["type"] == "/problems/engine-unavailable"
            assert "retry-after" in response.headers
        assert client.get("/health").status_code == 200
