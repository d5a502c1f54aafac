"""What is sent for which Accept header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from klustergraf_api.negotiation import (
    HTML,
    RESULTS,
    TRIPLES,
    choose,
    choose_language,
    prefers_html,
)

OFFERS = ["text/turtle", "application/n-triples", "application/rdf+xml", "text/html"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

_names = st.sampled_from(["text", "application", "*", "x", ""])
_subnames = st.sampled_from(["turtle", "html", "n-triples", "rdf+xml", "*", "json", ""])
_qualities = st.sampled_from(["", ";q=0", ";q=1", ";q=0.5", ";q=0.001", ";q=2", ";q=x", ";q=", ";"])
_headers = st.lists(st.builds("{}/{}{}".format, _names, _subnames, _qualities), max_size=6).map(
    ",".join
)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "text/turtle"),
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/*", "text/turtle"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html;level=1", "text/html"),
        ("text/turtle;q=0.2, application/rdf+xml;q=0.9", "application/rdf+xml"),
        ("text/turtle;q=0, */*", "application/n-triples"),
        ("*/*;q=0.1, text/html;q=0.2", "text/html"),
        ("text/*;q=0.9, text/turtle;q=0.1", "text/html"),
        (BROWSER, "text/html"),
        ('text/html;title="a,b;q=0", text/turtle;q=0.1', "text/html"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/turtle;q=0", None),
        ("nonsense", None),
        (",,,", "text/turtle"),
    ],
)
def test_the_best_offer_is_chosen(accept: str | None, chosen: str | None) -> None:
    """RFC 9110: the most exact range counts, then the quality, then the order of the offers."""
    assert choose(accept, OFFERS) == chosen


@given(_headers)
def test_what_is_chosen_is_offered_and_accepted(accept: str) -> None:
    """Whatever the header: an offer or None; never one whose own entry refuses it alone."""
    chosen = choose(accept, OFFERS)
    assert chosen is None or chosen in OFFERS
    entries = [piece.split(";") for piece in accept.split(",")]
    own = [entry[1:] for entry in entries if entry[0] == chosen]
    assert not own or own != [["q=0"]] * len(own)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_header_ever_gives_a_server_error(client: TestClient, header: str) -> None:
    """Every Accept and Accept-Language header has an answer below 500."""
    headers = {"Accept": header, "Accept-Language": header, "If-None-Match": header}
    for path in ("/sparql", "/sparql?query=ASK%7B%7D", "/ontology", "/queries/actors", "/nope"):
        assert client.get(path, headers=headers).status_code < 500


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        ("*/*", False),
        (BROWSER, True),
        ("text/html", True),
        ("text/html;q=0.1, application/json", False),
        ("application/problem+json, text/html;q=0.9", True),
    ],
)
def test_only_browsers_prefer_pages(accept: str | None, html: bool) -> None:
    """A page is for who names HTML and nothing we have that it likes more."""
    assert prefers_html(accept) is html


@pytest.mark.parametrize(
    ("asked", "header", "language"),
    [
        (None, None, "sv"),
        (None, "en", "en"),
        (None, "en-US,en;q=0.9,sv;q=0.8", "en"),
        (None, "sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        (None, "de", "sv"),
        (None, "en;q=0", "sv"),
        ("en", "sv", "en"),
        ("sv", "en", "sv"),
        ("de", "en", "en"),
    ],
)
def test_language(asked: str | None, header: str | None, language: str) -> None:
    """The address decides, then the header, then Swedish."""
    assert choose_language(asked, header) == language


def test_every_format_is_offered_under_its_own_name() -> None:
    """What a format is called is also how one may ask for it."""
    for offers in (RESULTS, TRIPLES):
        assert {form.value for form in offers.values()} <= set(offers)
    assert HTML not in {*RESULTS, *TRIPLES}
