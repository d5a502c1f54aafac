"""No English sentence on a Swedish page or in a Swedish problem, but where an element says so."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from contributing import HEAD, a_testbed, copy_home
from english import english_in, is_english
from klustergraf.build import BuildResult
from klustergraf.contributions.tokens import TokenStore
from klustergraf.engine.base import Cancellation, QueryAnswer, QueryRequest
from klustergraf.errors import (
    ContributionError,
    ContributionInReview,
    ContributionTooHeavy,
    EngineBusy,
    EngineUnavailable,
    GraphError,
    JudgeFailed,
    QueryResourcesExceeded,
    QueryTimeout,
    RecordError,
    SourceUnavailable,
)
from klustergraf_api.app import create_app
from klustergraf_api.request_errors import (
    ContributionsClosed,
    HeadTooLarge,
    RequestError,
    RequestTooSlow,
    TooManyAttempts,
    TooManyContributions,
    TooManyQueries,
)
from klustergraf_api.settings import Settings
from serving import tiny_app

_SWEDISH: Final = {"Accept-Language": "sv"}
_BROWSER: Final = {**_SWEDISH, "Accept": "text/html"}
_OF_EACH_KIND: Final = 3
_SPARQL: Final = {"Content-Type": "application/sparql-query"}
_TURTLE: Final = {"Content-Type": "text/turtle"}


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("sv") / "home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[TestClient]:
    """Give a client of a service that takes contributions; it follows no redirect."""
    app = create_app(Settings(home=home, watch_seconds=3600, request_body_kb=64))
    with TestClient(app, follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def names(home: Path) -> re.Pattern[str]:
    """Find what the graph itself says in Swedish, or in no language, such as names and titles."""
    store = ox.Store()
    for path in home.glob("versions/*/dataset.nq"):
        store.bulk_load(path=path)
    said = {
        quad.object.value
        for quad in store
        if isinstance(quad.object, ox.Literal)
        and quad.object.language in (None, "sv")
        and is_english(quad.object.value)
    }
    assert said
    return re.compile("|".join(re.escape(text) for text in sorted(said, key=len, reverse=True)))


def _kind(address: str) -> str:
    path, _, query = address.partition("?")
    parts = path.split("/")
    names_of = sorted({pair.partition("=")[0] for pair in query.split("&")} - {"lang"})
    depth = 3 if parts[1] in ("id", "problems") else len(parts)
    return "/".join(parts[:depth]) + "?" + "&".join(names_of)


def test_no_page_has_english_sentences(service: TestClient, names: re.Pattern[str]) -> None:
    """Every kind of page that links lead to, from the first one, is Swedish throughout."""
    waiting, seen, kinds, found = ["/", "/contribute", "/about"], set(), Counter[str](), []
    while waiting:
        address = waiting.pop(0)
        kinds[_kind(address)] += 1
        if address in seen or kinds[_kind(address)] > _OF_EACH_KIND:
            continue
        seen.add(address)
        answer = service.get(address, headers=_BROWSER)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        found += [
            f"{address}: {said}"
            for said in english_in(answer.text)
            if is_english(names.sub("", said))
        ]
        waiting += [
            unescape(link)
            for link in re.findall(r'href="(/[^"#]*)', answer.text)
            if "lang=en" not in link and not link.startswith("/static")
        ]
    assert len(seen) > 200
    assert found == []


_FAILURES: Final[dict[str, tuple[int, str, str, dict[str, str], bytes]]] = {
    "no SPARQL": (400, "GET", "/sparql?query=SELECT", {}, b""),
    "a fault that the engine tells": (
        *(400, "GET", "/sparql?query=SELECT*{?s+%3Chttp://a+b%3E+?o}", {}),
        b"",
    ),
    "two queries": (400, "GET", "/sparql?query=ASK{}&query=ASK{}", {}, b""),
    "no number": (400, "GET", "/sparql?query=ASK{}&timeout=x", {}, b""),
    "no form of an answer": (400, "GET", "/sparql?query=ASK{}&format=x", {}, b""),
    "parameter": (400, "GET", "/queries/actor_facts?actor=x", {}, b""),
    "unknown parameter": (400, "GET", "/api/queries/actor_facts?nope=x", {}, b""),
    "network": (200, "GET", "/network?ego=nobody", {}, b""),
    "network of no number": (422, "GET", "/api/network?min_weight=x", {}, b""),
    "no token": (401, "PUT", "/graphs/aa", _TURTLE, b""),
    "a wrong token": (401, "PUT", "/graphs/aa", {**_TURTLE, "Authorization": "Bearer kgt_x"}, b""),
    "SERVICE": (403, "GET", "/sparql?query=ASK{SERVICE<http://e/>{}}", {}, b""),
    "an update": (403, "POST", "/sparql", _SPARQL, b"CLEAR ALL"),
    "another graph": (403, "GET", "/sparql?query=ASK+FROM<http://e/>{}", {}, b""),
    "no such thing": (404, "GET", "/id/actor/nobody", {}, b""),
    "no such address": (404, "GET", "/nope", {}, b""),
    "no such version": (404, "GET", "/search?version=" + "0" * 64, {}, b""),
    "no such actor": (404, "GET", "/api/network/ego?actor=nobody", {}, b""),
    "no such query": (404, "GET", "/queries/acters", {}, b""),
    "no such method": (405, "DELETE", "/search", {}, b""),
    "no such form": (406, "GET", "/ontology", {"Accept": "image/png"}, b""),
    "a large body": (413, "POST", "/sparql", _SPARQL, b"#" * 100_000),
    "another body": (415, "POST", "/sparql", {"Content-Type": "text/plain"}, b"ASK{}"),
    "no number of a page": (422, "GET", "/api/search?q=a&limit=x", {}, b""),
    "too many at once": (422, "GET", "/api/search?q=a&limit=100000", {}, b""),
    "no version to begin with": (422, "GET", "/changes?after=x", {}, b""),
}
_ABOVE: Final[dict[str, GraphError | RequestError]] = {
    "408": RequestTooSlow(3),
    "409": ContributionInReview("https://e/1", (("a", "b"),)),
    "422 needs too much": QueryResourcesExceeded(
        "What the endpoints of SERVICE answered is more than can be joined here. "
        "Ask them for less within SERVICE."
    ),
    "422 too heavy": ContributionTooHeavy(3),
    "422 contribution": ContributionError("The change does not fit the dataset: x is not there."),
    "429 queries": TooManyQueries(3),
    "429 attempts": TooManyAttempts(3),
    "431": HeadTooLarge(3),
    "502": SourceUnavailable("x", "Zeile 3: kaputt"),
    "503 busy": EngineBusy(3),
    "503 away": EngineUnavailable("The store cannot be asked: Verbindung verweigert."),
    "503 late": QueryTimeout(3),
    "503 closed": ContributionsClosed(),
    "503 waiting": TooManyContributions(3),
    "500 judge": JudgeFailed(),
    "503 record": RecordError("The record lacks abc: Datei fehlt."),
    "500": GraphError("Zeile 3: kaputt"),
}


def _told(service: TestClient, case: tuple[int, str, str, dict[str, str], bytes]) -> list[str]:
    """Fail in the same way as a browser and as a program; give the English of both answers."""
    status, method, path, headers, body = case
    page = service.request(method, path, headers={**_BROWSER, **headers}, content=body or None)
    problem = service.request(method, path, headers={**_SWEDISH, **headers}, content=body or None)
    found = []
    for answer in (page, problem):
        assert answer.status_code == status, answer.text[:300]
        assert answer.headers["content-language"] == "sv"
        if answer.headers["content-type"].startswith("text/html"):
            found += list(english_in(answer.text))
        else:
            told: dict[str, Any] = answer.json()
            said = [told["title"], told["detail"], *(e["detail"] for e in told.get("errors", []))]
            found += [text for text in said if is_english(text.partition("”")[0])]
    return found


@pytest.mark.parametrize("case", _FAILURES.values(), ids=_FAILURES.keys())
def test_no_failure_is_told_in_english(
    service: TestClient, case: tuple[int, str, str, dict[str, str], bytes]
) -> None:
    """Pages and problem details of each way to fail are Swedish."""
    assert _told(service, case) == []


class _Failing:
    """An engine that fails in a given way, after it was asked for what a service begins with."""

    version_id = "0" * 64
    graphs: frozenset[str] = frozenset()

    def __init__(self, error: Exception) -> None:
        self.error = error

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> QueryAnswer:
        """Fail."""
        raise self.error from ValueError(request, cancellation)

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("error", _ABOVE.values(), ids=_ABOVE.keys())
def test_no_failure_of_the_engine_is_told_in_english(error: GraphError | RequestError) -> None:
    """What can go wrong behind a route is told in Swedish, whatever it is."""
    with TestClient(tiny_app(_Failing(error))) as service:
        for headers in (_BROWSER, _SWEDISH):
            answer = service.get("/sparql?query=ASK{}", headers=headers)
            assert answer.status_code >= 400
            if "json" in answer.headers["content-type"]:
                told = [answer.json()["title"], answer.json()["detail"]]
                assert [text for text in told if is_english(text)] == []
            else:
                assert list(english_in(answer.text)) == []


_UPLOADS: Final = {
    "early end": ("a.ttl", b"<http://a/a> <http://a/b> 1", "filen slutar för tidigt"),
    "prefix": ("a.ttl", b"\nex:a ex:b ex:c .", "ett prefix är inte deklarerat"),
    "IRI": ("a.ttl", b"<http://a/a> <http://a/b> <http://a b> .", "en IRI är inte giltig"),
    "subject": ("a.ttl", b'"x" <http://a/b> 1 .', "subjekt"),
    "predicate": ("a.ttl", b'<http://a/a> "x" 1 .', "predikat"),
    "object": ("a.ttl", b"<http://a/a> a , .", "objekt"),
    "full stop": ("a.nt", b"<http://a/a> <http://a/b> <http://a/c>\n", "en punkt saknas"),
    "language": ("a.ttl", b'<http://a/a> <http://a/b> "x"@ .', "en text är fel skriven"),
    "datatype": ("a.ttl", b'<http://a/a> <http://a/b> "x"^^ .', "saknas en datatyp"),
    "JSON": ("a.jsonld", b'{"a" 1}', "filen är inte JSON"),
    "JSON-LD": ("a.jsonld", b'{"@id": 1}', "Ett nyckelord i JSON-LD"),
    "context": ("a.jsonld", b'{"@context": "http://e/", "a": 1}', "aldrig hämtas"),
    "RDF/XML": ("a.rdf", b"<a/>", "RDF/XML"),
    "entities": ("a.rdf", b"<!DOCTYPE a><a/>", "entiteter"),
    "blank node": ("a.ttl", b"<http://a/a> <http://a/b> [] .", "en blank nod"),
    "another graph": ("a.trig", b"<http://a/g> { <http://a/a> a <http://a/b> }", "i grafen"),
    "long text": ("a.ttl", b'<http://a/a> <http://a/b> "' + b"x" * 20_000 + b'" .', "tecken"),
    "not UTF-8": ("a.ttl", b"\n <http://a/\xff>", "Rad 2, kolumn 12: filen är inte UTF-8"),
}


@pytest.mark.parametrize("upload", _UPLOADS.values(), ids=_UPLOADS.keys())
def test_no_upload_is_refused_in_english(
    service: TestClient, home: Path, upload: tuple[str, bytes, str]
) -> None:
    """The kind of fault stands in Swedish; what the parser said is marked as English."""
    name, content, told = upload
    token = TokenStore(home).create("aa")[1]
    answer = service.post(
        "/contribute/check",
        data={"token": token, "kind": "", "mode": "put"},
        files={"file": (name, content, "application/octet-stream")},
        headers=_BROWSER,
    )
    assert answer.status_code == 400
    failure = re.search(r'<div class="failure".*?</div>', answer.text, re.DOTALL)
    assert failure is not None
    assert told in unescape(re.sub("<[^>]*>", "", failure[0]))
    assert list(english_in(answer.text)) == []


def test_results_of_shapes_are_told_in_swedish(service: TestClient, home: Path) -> None:
    """What a contribution breaks is told in Swedish, with what the program gets."""
    token = TokenStore(home).create("bb")[1]
    body = HEAD + a_testbed("bb", "x").replace("kg:isOperatedBy <actor/kth>", "kg:isOperatedBy <a>")
    body += '<facility/bb--y> a kg:Testbed ; skos:prefLabel "y"@sv .\n<actor/kth> a kg:Company .\n'
    page = service.post(
        "/contribute/check",
        data={"token": token, "kind": "", "mode": "put"},
        files={"file": ("a.ttl", body.encode(), "text/turtle")},
        headers=_BROWSER,
    )
    assert page.status_code == 422
    assert 'class="remarks"' in page.text
    assert list(english_in(page.text)) == []
    problem = service.put(
        "/graphs/bb",
        content=body.encode(),
        headers={**_SWEDISH, **_TURTLE, "Authorization": f"Bearer {token}"},
    )
    assert problem.status_code == 422
    assert not is_english(problem.json()["detail"])
