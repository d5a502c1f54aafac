"""Citations say what, from when, and where it is again, in forms that other tools read."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.citation import Citation

VERSION = "0123456789abcdef" * 4
URL = "https://kg.example/version/" + VERSION


def cited(publisher: str = "Region Exempel", **changed: object) -> Citation:
    """Make a citation."""
    given_: dict[str, object] = {
        "version": VERSION,
        "created": "2026-11-26T10:00:00+00:00",
        "publisher": publisher,
        "url": URL,
    }
    return Citation(**{**given_, **changed})  # type: ignore[arg-type]


def fields(entry: str) -> dict[str, str]:
    """Read the fields of a BibTeX entry by counting braces, as BibTeX does."""
    head = re.match(r"@misc\{([^,\s{}]+),", entry)
    assert head
    found, place = {}, head.end()
    while match := re.compile(r"\s*(\w+)\s*=\s*\{").match(entry, place):
        depth, end = 1, match.end()
        while depth:
            escaped = entry[end - 1] == "\\"
            depth += 0 if escaped else {"{": 1, "}": -1}.get(entry[end], 0)
            end += 1
        found[match[1]] = entry[match.end() : end - 1]
        place = end + 1
    assert entry[place:].strip() == "}"
    return found


@pytest.mark.parametrize(("language", "word"), [("sv", "datamängd"), ("en", "data set")])
def test_text(language: str, word: str) -> None:
    """Publisher, year, title, version and address, in the language asked for."""
    text = cited(language=language).text()
    for part in ("Region Exempel (2026)", VERSION[:12], f"[{word}]", URL):
        assert part in text


def test_answer_says_that_it_is_one() -> None:
    """What an answer is cited as is not the title of the whole."""
    assert cited().title in cited(is_answer=True).title
    assert cited().title != cited(is_answer=True).title


@given(st.text(min_size=1, max_size=40).filter(lambda t: t.strip() and t.isprintable()))
def test_bibtex_holds_any_name(publisher: str) -> None:
    """No name of a publisher breaks out of its field."""
    found = fields(cited(publisher).bibtex())
    assert list(found) == ["author", "title", "year", "month", "version", "note", "url"]
    assert found["year"] == "2026"
    assert found["url"] == URL


@given(st.text(max_size=60).filter(str.isprintable))
def test_csl_is_json(publisher: str) -> None:
    """Reference managers read it back with every part."""
    (item,) = json.loads(cited(publisher).csl_text())
    assert item["type"] == "dataset"
    assert item["issued"] == {"date-parts": [[2026, 11, 26]]}
    assert item["author"] == [{"literal": publisher}]
    assert (item["version"], item["URL"]) == (VERSION, URL)
