"""What the text of a cell means: an RDF term, or a problem told in Swedish and English.

Only what a cell can say by itself; what it means in the graph is found by
:mod:`klustergraf.contributions.spreadsheets.table`.
"""

import re
from typing import Final
from urllib.parse import urlsplit

import pyoxigraph as ox

from klustergraf.contributions.reading import LONGEST_IRI
from klustergraf.contributions.spreadsheets.problems import shown
from klustergraf.contributions.spreadsheets.references import organisation_number, ror_iri
from klustergraf.identity.external_ids import normalise_id
from klustergraf.namespaces import XSD
from klustergraf.sources import values

Message = tuple[str, str]
"""What is wrong, in Swedish and English."""


class CellError(Exception):
    """A cell does not say what its column asks for. ``rule``: the end of the name of its shape."""

    def __init__(self, rule: str, swedish: str, english: str) -> None:
        self.rule = rule
        self.swedish = swedish
        self.english = english
        super().__init__(english)


_DATATYPES: Final = {4: "gYear", 7: "gYearMonth", 10: "date"}
_TRUE: Final = frozenset(("ja", "yes", "true", "sant", "j", "y", "x", "1"))
_FALSE: Final = frozenset(("nej", "no", "false", "falskt", "n", "0"))


def read_date(text: str) -> ox.Literal:
    """Read a date. Errors: CellError.

    >>> read_date("2026-03").datatype.value[-10:]
    'gYearMonth'
    """
    found, _ = values.date(text)
    if not found or found != text:
        raise CellError(
            "date",
            f"”{shown(text)}” är inget datum. Skriv ÅÅÅÅ-MM-DD, ÅÅÅÅ-MM eller ÅÅÅÅ.",
            f"“{shown(text)}” is no date. Write YYYY-MM-DD, YYYY-MM or YYYY.",
        )
    return ox.Literal(found, datatype=ox.NamedNode(XSD + _DATATYPES[len(found)]))


def read_boolean(text: str) -> ox.Literal:
    """Read yes or no. Errors: CellError."""
    folded = text.casefold()
    if folded not in _TRUE | _FALSE:
        raise CellError(
            "boolean",
            f"”{shown(text)}” är varken ja eller nej.",
            f"“{shown(text)}” is neither yes nor no.",
        )
    return ox.Literal(folded in _TRUE)


def read_url(text: str) -> ox.NamedNode:
    """Read a web address. Errors: CellError."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
        is_good = is_good and "@" not in parts.netloc and len(text) <= LONGEST_IRI
        if is_good and re.fullmatch(r"[^\s<>\"{}|\\^`]+", text):
            return ox.NamedNode(text)
    except ValueError:
        pass
    raise CellError(
        "url",
        f"”{shown(text)}” är ingen webbadress. Skriv den hel, som https://www.example.org/.",
        f"“{shown(text)}” is no web address. Write it in full, such as https://www.example.org/.",
    )


def read_ror(text: str) -> ox.NamedNode:
    """Read a ROR identifier. Errors: CellError."""
    iri = ror_iri(text)
    if not iri:
        raise CellError(
            "ror",
            f"”{shown(text)}” är ingen ROR-identifierare. Skriv den som https://ror.org/012345678.",
            f"“{shown(text)}” is no ROR identifier. Write it as https://ror.org/012345678.",
        )
    return ox.NamedNode(iri)


def read_number(text: str) -> ox.Literal:
    """Read an organisation number. Errors: CellError."""
    number = organisation_number(text) if re.fullmatch(r"[\d\s-]+", text) else ""
    if not number:
        # What was written is not repeated: it may be a personal identity number.
        raise CellError(
            "organisation-number",
            "Det är inget organisationsnummer: tio siffror, den tredje minst 2, den sista en "
            "kontrollsiffra. Ett personnummer får inte anges.",
            "This is no organisation number: ten digits, the third at least 2, the last a check "
            "digit. A personal identity number must not be given.",
        )
    return ox.Literal(number)


def read_wikidata(text: str) -> ox.NamedNode:
    """Read a Wikidata identifier. Errors: CellError."""
    found = normalise_id("wikidata", text) if re.fullmatch(r"[\w./:]+", text) else ""
    if not found:
        raise CellError(
            "wikidata",
            f"”{shown(text)}” är ingen Wikidata-identifierare. Skriv den som Q219564.",
            f"“{shown(text)}” is no Wikidata identifier. Write it as Q219564.",
        )
    return ox.NamedNode(f"http://www.wikidata.org/entity/{found}")


def parts_of(text: str, *, by_comma: bool = False) -> list[str]:
    """Take a cell with several values apart, each once, in their order.

    >>> parts_of("A1; B2;; A1"), parts_of("a, b")
    (['A1', 'B2'], ['a, b'])
    """
    marks = r"[;\n,]" if by_comma else r"[;\n]"
    parts = (" ".join(part.split()) for part in re.split(marks, text))
    return list(dict.fromkeys(part for part in parts if part))
