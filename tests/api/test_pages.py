"""The pages: two languages of one quality, every number with its query, nothing of strangers."""

import json
import re
import string
from html.parser import HTMLParser

import pytest
from pyoxigraph import QuerySolutions, Store
from starlette.testclient import TestClient

from klustergraf.analysis.kinds import GROUPS
from klustergraf.catalogue import Catalogue
from klustergraf.namespaces import KG, SKOS
from klustergraf_api.negotiation import LANGUAGES
from klustergraf_api.pages.rendering import FOLDER, MESSAGES, load_messages

PAGES = [
    *("/", "/queries", "/queries/actors", "/sparql", "/ontology", "/problems/sparql-syntax"),
    *("/sparql?query=ASK{}&format=html", "/sparql?query=CONSTRUCT{}WHERE{}&format=html"),
    *("/id/actor/lab.html", "/id/document/note.html", "/graph/stated.html", "/contribute"),
]


class _Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def get(client: TestClient, path: str, language: str) -> str:
    """Fetch a page as a browser would, and check what holds for every page."""
    separator = "&" if "?" in path else "?"
    response = client.get(f"{path}{separator}lang={language}", headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return str(response.text)


def test_catalogues_have_the_same_messages() -> None:
    """Every message is there in both languages, with the same places to fill, and used."""
    swedish, english = (load_messages(language) for language in LANGUAGES)
    assert list(swedish) == list(english)
    sources = [*FOLDER.glob("*.html"), *FOLDER.parent.rglob("*.py")]
    used = "".join(path.read_text(encoding="utf-8") for path in sources)
    for key in swedish:
        for text in (swedish[key], english[key]):
            assert text.strip(), key
        fields = [
            {f[1] for f in string.Formatter().parse(m[key]) if f[1] is not None}
            for m in (swedish, english)
        ]
        assert fields[0] == fields[1], key
        dynamic = key.startswith(
            (
                *("term.", "problem.", "http.", "count.", "format.", "parameter.type."),
                *("answer.", "boolean.", "thing.query.", "ontology.", "service.", "type."),
                *("search.facet.", "things.table.", "things.column.", "things.facts.", "part."),
                "vocabulary.",
                "reason.",
                "fault.",
                "column.",
                *(
                    "strategy.",
                    "data.kind.",
                    "data.table.",
                    "about.",
                    "network.",
                    "map.",
                    "workbench.",
                    "pictures.",
                    "contribute.",
                ),
            )
        )
        plain = key.removesuffix(".one")  # how one is told, chosen by the count
        assert plain in swedish, key
        assert dynamic or f'"{plain}"' in used or f"'{plain}'" in used, f"{key} is not used"


def test_message_files_are_sorted_as_written() -> None:
    """A message catalogue is JSON that a person can edit: one message per line."""
    paths = sorted(MESSAGES.iterdir())
    topics = {path.name.partition(".")[0] for path in paths}
    assert [p.name for p in paths] == sorted(f"{t}.{x}.json" for t in topics for x in LANGUAGES)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_made(client: TestClient, path: str, language: str) -> None:
    """Language, title, one heading, a way past the menu, labelled fields, own files only."""
    page = _Page(get(client, path, language))
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    assert len(page.all("title")) == 1
    assert page.all("main")[0]["id"] == "main"
    assert page.all("a")[0]["href"] == "#main"
    for script in page.all("script"):
        own = str(script.get("src", "")).startswith("/static/build/assets/")
        assert own or script.get("type") in ("application/json", "application/ld+json")
    assert not page.all("style")
    assert not any("style" in attributes for _, attributes in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    labelled = {label["for"] for label in page.all("label")}
    for tag in ("input", "textarea", "select"):
        for attributes in page.all(tag):
            assert attributes.get("type") == "hidden" or attributes["id"] in labelled
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("link"):
        assert str(link["href"]).startswith("/")


@pytest.mark.parametrize("path", PAGES)
def test_no_link_of_ours_is_broken(client: TestClient, path: str) -> None:
    """Every address of this service that a page leads to answers."""
    text = get(client, path, "en")
    page = _Page(text)
    ids = {attributes.get("id") for _, attributes in page.tags}
    for link in [*page.all("a"), *page.all("link")]:
        address = link["href"]
        assert address
        if address.startswith("#"):
            assert address[1:] in ids, address
        elif address.startswith("/"):
            response = client.get(address)
            missing = response.status_code == 404 and "/id/" not in address
            assert response.status_code < 400 or not missing, address


def test_safety_headers(client: TestClient) -> None:
    """Browsers are told to run nothing, guess nothing, and tell nobody."""
    for path in ("/", "/sparql?query=ASK{}", "/nope", "/static/style.css"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_files_named_by_content_are_kept(client: TestClient) -> None:
    """What carries its content in its address is never asked for again; the rest is."""
    link = re.search(r'href="(/static/style\.css\?v=[^"]+)"', get(client, "/", "en"))
    assert link
    assert "immutable" in client.get(link[1]).headers["cache-control"]
    assert client.get("/static/style.css").headers["cache-control"] == "no-cache"


def test_start_counts_what_its_queries_count(client: TestClient) -> None:
    """Each number on the start page is what the query behind it gives."""
    text = get(client, "/", "en")
    found = re.findall(r'<a href="(/sparql[^"]*)"[^>]*><span class="figure">([^<]*)</span>', text)
    assert found
    for address, figure in found:
        answer = client.get(address.replace("&amp;", "&"), headers={"Accept": "text/csv"})
        assert answer.text.split()[1] == figure.replace("\u2009", "").replace(" ", "")
    assert '<span class="figure">2</span> actors' in text


def test_stored_query_is_asked_in_the_language_of_the_page(client: TestClient) -> None:
    """The answer, the SPARQL that gives it, downloads and a command that does the same."""
    swedish = get(client, "/queries/actors", "sv")
    english = get(client, "/queries/actors", "en")
    assert "Labbet" in swedish
    assert "The Lab" in english
    assert "Which actors are there?" in english
    assert "#+" not in english
    assert "curl http://testserver/sparql" in english
    unasked = client.get("/queries/actors", headers={"Accept-Language": "en"})
    assert "The Lab" in unasked.text
    chosen = client.get("/queries/actors?actor=https://w3id.org/klustergraf/id/actor/town&lang=sv")
    assert "Staden" in chosen.text
    assert "Labbet" not in chosen.text


def test_wrong_parameter_is_told_beside_the_form(client: TestClient) -> None:
    """A value that does not fit keeps the form, with what was written in it."""
    page = client.get("/queries/actors", params={"actor": '"><script>'})
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert '"><script>' not in page.text
    injected = client.get("/queries/actors", params={"actor": "http://e/> } INSERT <http://e/"})
    assert injected.status_code == 400


def test_operations(client: TestClient) -> None:
    """Health and readiness name the version that is served."""
    health, ready = client.get("/health"), client.get("/ready")
    assert health.json()["status"] == "ok"
    assert ready.json()["status"] == "ready"
    assert health.json()["version"] == ready.json()["version"]
    assert client.head("/health").status_code == 200


def test_interface_description(client: TestClient) -> None:
    """The OpenAPI description is there and names the endpoint."""
    assert "/sparql" in client.get("/openapi.json").json()["paths"]


def test_names_are_shown_once(client: TestClient) -> None:
    """A column of names beside the things that carry them is not shown again; other text is."""
    query = f"""
        PREFIX kg: <{KG}>
        PREFIX skos: <{SKOS}>
        SELECT ?actor ?label ?same WHERE {{
          ?actor a kg:Actor ; skos:prefLabel ?label .
          FILTER (LANG(?label) = "en")
          BIND (CONCAT(?label, "!") AS ?same)
        }}"""
    page = client.get("/sparql", params={"query": query, "format": "html", "lang": "en"}).text
    headings = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)
    assert headings == ["actor", "same"]
    assert "The Lab" in page


def test_each_stored_query_is_an_interface(client: TestClient) -> None:
    """Typed parameters in OpenAPI; the answer in what is asked for; faults as problems."""
    described = client.get("/openapi.json").json()["paths"]["/api/queries/actors"]["get"]
    types = {p["name"]: p["schema"]["type"] for p in described["parameters"]}
    assert types["actor"] == "string"
    assert types["timeout"] == "number"
    town = "https://w3id.org/klustergraf/id/actor/town"
    found = client.get("/api/queries/actors", params={"actor": town, "lang": "sv"})
    assert found.headers["content-type"].startswith("application/sparql-results+json")
    assert [b["actor"]["value"] for b in found.json()["results"]["bindings"]] == [town]
    table = client.get("/api/queries/actors", params={"actor": town, "format": "csv"})
    assert table.text.splitlines()[0] == ",".join(found.json()["head"]["vars"])
    again = client.get(
        "/api/queries/actors",
        params={"actor": town, "format": "csv"},
        headers={"If-None-Match": table.headers["etag"]},
    )
    assert again.status_code == 304
    for query, status in (
        ("actor=x", 400),
        ("nope=1", 400),
        ("timeout=-1", 400),
        ("format=html", 400),
        ("actor=http://e/%3E%20%7D", 400),
    ):
        answer = client.get(f"/api/queries/actors?{query}")
        assert answer.status_code == status, query
        assert answer.headers["content-type"] == "application/problem+json"
    missing = client.get("/api/queries/actor")
    assert missing.status_code == 404
    assert "actors" in missing.json()["nearest"]


def test_vocabulary_for_editors(client: TestClient) -> None:
    """Prefixes, and the terms that there are, with labels in both languages."""
    found = client.get("/api/vocabulary").json()
    assert found["prefixes"]["kg"] == "https://w3id.org/klustergraf/ontology#"
    assert all(set(term) == {"iri", "name", "kind", "labels", "count"} for term in found["terms"])


def test_pictures_and_pages_name_groups_alike() -> None:
    """The legend of a picture uses the words of the pages."""
    for language in LANGUAGES:
        messages = load_messages(language)
        for name, group in GROUPS.items():
            assert messages[f"network.kind.{name}"] == group.labels[language]


def test_columns_of_stored_queries_are_named() -> None:
    """What each stored query selects has a name in both languages, and no name is left over."""
    selected: set[str] = set()
    for stored in Catalogue():
        found = Store().query(stored.bind({}), use_default_graph_as_union=True)
        if isinstance(found, QuerySolutions):
            selected |= {variable.value for variable in found.variables}
    for language in LANGUAGES:
        messages = load_messages(language)
        named = {key.partition(".")[2] for key in messages if key.startswith("column.")}
        assert named == selected
