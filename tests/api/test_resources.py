"""Linked data: 303, documents in every format, pages that say where things come from."""

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from klustergraf_api.negotiation import SUFFIXES
from serving import LAB, STATED, reference_store

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_thing_sends_to_its_documents(client: TestClient, suffix: str) -> None:
    """A thing is no document: 303 to the one whose format is asked for."""
    response = client.get("/id/actor/lab", headers={"Accept": SUFFIXES[suffix]})
    assert response.status_code == 303
    assert response.headers["location"] == f"/id/actor/lab.{suffix}"
    assert "Accept" in response.headers["vary"]
    assert client.get(response.headers["location"]).status_code == 200


def test_the_language_goes_along(client: TestClient) -> None:
    """What the address says beside the path is kept."""
    response = client.get("/id/actor/lab?lang=en", headers=PAGE)
    assert response.headers["location"] == "/id/actor/lab.html?lang=en"


@pytest.mark.parametrize("suffix", ["ttl", "nt", "jsonld", "rdf"])
def test_documents_describe_the_thing(client: TestClient, suffix: str) -> None:
    """What is said of a thing, what points to it, and its relations; beside that, provenance."""
    response = client.get(f"/id/actor/lab.{suffix}")
    assert response.headers["content-type"].partition(";")[0] == SUFFIXES[suffix]
    form = ox.RdfFormat.from_media_type(SUFFIXES[suffix])
    triples = {quad.triple for quad in ox.parse(response.content, format=form)}
    everything = {quad.triple for quad in reference_store()}
    lab, document = ox.NamedNode(LAB), ox.NamedNode(f"{LAB}#description")
    assert {t.subject for t in triples - everything} == {document}
    assert {t for t in everything if lab in (t.subject, t.object)} <= triples
    membership = ox.NamedNode("https://w3id.org/klustergraf/id/membership/lab--town")
    assert {t for t in everything if t.subject == membership} <= triples
    town = ox.NamedNode("https://w3id.org/klustergraf/id/actor/town")
    names = {t.object.value for t in triples if t.subject == town and hasattr(t.object, "value")}
    assert {"Staden", "The Town"} <= names
    said = {str(t.object) for t in triples if t.subject == document}
    assert {f"<{STATED}>", "<https://creativecommons.org/licenses/by/4.0/>"} <= said
    assert f'"{response.headers["x-klustergraf-version"]}"' in said
    known = client.get(
        f"/id/actor/lab.{suffix}", headers={"If-None-Match": response.headers["etag"]}
    )
    assert known.status_code == 304


@pytest.mark.parametrize("language", ["sv", "en"])
def test_page_tells_what_is_known_and_whence(client: TestClient, language: str) -> None:
    """Names, facts, relations with certainty and reason, passages, sources, data, queries."""
    page = client.get("/id/actor/lab.html", params={"lang": language})
    assert page.status_code == 200
    assert page.headers["content-language"] == language
    expected = {
        "sv": ("Labbet", "Staden", "aktör", "tolkat", "Källan säger orten.", "tecken 3–9", "ja"),
        "en": ("The Lab", "The Town", "actor", "inferred", "The source says the place.", "yes"),
    }[language]
    for text in (*expected, LAB, "/id/actor/lab.ttl", "/id/document/note"):
        assert text in page.text, text
    assert f'<html lang="{language}">' in page.text
    assert f'href="/id/actor/town?lang={language}"' in page.text


def test_page_escapes_what_the_data_say(client: TestClient) -> None:
    """Nothing in the data becomes markup, and no link runs a script."""
    page = client.get("/id/actor/lab.html")
    assert "<b>" not in page.text
    assert "&lt;b&gt;fet&lt;/b&gt; text &amp; tecken" in page.text
    assert 'href="javascript:' not in page.text
    assert 'href="https://example.org/lab"' in page.text


def test_derived_is_apart_from_stated(client: TestClient) -> None:
    """What only a rule says stands in its own part of the page."""
    page = client.get("/id/actor/lab.html", params={"lang": "en"}).text
    stated, derived = page.split('id="derived"')
    assert 'id="facts-other"' in stated
    assert "has member" not in stated.split('id="facts-')[-1]
    assert "has member" in derived.split("</section>")[0]
    # What a source states and a rule derives as well is stated.
    assert "kg:isBinding" in stated.split('id="facts-')[-1]
    assert "kg:isBinding" not in derived.split("</section>")[0]


def test_numbers_on_the_page_have_their_query(client: TestClient) -> None:
    """Each query that a page shows runs as it stands and finds what the page says."""
    page = client.get("/id/actor/lab.html").text
    assert page.count('class="sparql"') == 4
    for href in page.split('href="')[1:]:
        address = href.partition('"')[0].replace("&amp;", "&")
        if address.startswith("/sparql?"):
            assert client.get(address, headers={"Accept": "*/*"}).status_code == 200


def test_what_only_is_pointed_to_has_a_page(client: TestClient) -> None:
    """A thing that is only an object is a thing."""
    assert client.get("/id/passage/note-3-9", headers=PAGE).status_code == 303
    page = client.get("/id/passage/note-3-9.html")
    assert "Labbet" in page.text


def test_named_graph(client: TestClient) -> None:
    """A named graph has a page and a description; what stands in it is at /graphs/, whole."""
    assert client.get("/graph/stated", headers=PAGE).headers["location"] == "/graph/stated.html"
    page = client.get("/graph/stated.html")
    assert "Det utsagda" in page.text
    described = client.get("/graph/stated.nt").text
    assert '"What is stated"@en' in described
    assert "dataDump> <https://w3id.org/klustergraf/graphs/stated>" in described
    data = client.get("/graphs/stated", headers={"Accept": "application/n-triples"})
    assert data.headers["content-type"] == "application/n-triples"
    assert data.headers["content-location"] == "/graphs/stated.nt"
    graph = ox.NamedNode(STATED)
    expected = {q.triple for q in reference_store().quads_for_pattern(None, None, None, graph)}
    assert {q.triple for q in ox.parse(data.content, format=ox.RdfFormat.N_TRIPLES)} == expected
    assert client.get("/graphs/derived/members.ttl").status_code == 200
    tag = data.headers["etag"]
    headers = {"Accept": "application/n-triples", "If-None-Match": tag}
    assert client.get("/graphs/stated", headers=headers).status_code == 304
    assert client.get("/graphs/none").status_code == 404
    assert client.get("/graphs/stated", headers=PAGE).headers["location"] == "/graph/stated.html"


def test_ontology(client: TestClient) -> None:
    """The ontology is a page with an anchor for each term, and data."""
    page = client.get("/ontology", headers=PAGE, params={"lang": "en"})
    assert 'id="Actor"' in page.text
    assert "someone who acts" in page.text
    assert "how certain it is" in page.text
    for suffix, media_type in SUFFIXES.items():
        response = client.get(f"/ontology.{suffix}")
        assert response.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    "path",
    [
        "/id/a%20b",
        "/id/%3Cscript%3E",
        "/id/x%0d%0aSet-Cookie:%20a",
        "/id/",
        "/id/..%2f..",
        "/graph/",
    ],
)
def test_strange_addresses_are_not_found(client: TestClient, path: str) -> None:
    """Whatever stands in an address, it is an IRI or nothing."""
    for headers in ({}, PAGE):
        response = client.get(path, headers=headers)
        assert response.status_code == 404
        assert "set-cookie" not in response.headers
        assert headers != PAGE or "<script>" not in response.text
