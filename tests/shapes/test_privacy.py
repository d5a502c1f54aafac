"""The privacy shapes catch what is personal wherever it stands, and nothing else."""

import re
from datetime import date

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import SH
from rdflib.term import URIRef

from hygiene import load
from klustergraf.namespaces import KGSH
from klustergraf.resources import room
from klustergraf.shacl import validate

PRIVACY = load(room("shapes") / "privacy.ttl")
LOOKS_INTO_TEXTS = ("EmailShape", "TelephoneShape", "IdentityNumberShape", "PersonIriShape")


def pattern_of(shape: str) -> str:
    """Give the regular expression by which a shape finds what it refuses."""
    constraint = PRIVACY.value(URIRef(KGSH + shape), SH.sparql)
    query = str(PRIVACY.value(constraint, SH.select))
    (pattern, *others) = re.findall(r'REGEX\(STR\(\?\w+\), "(.*?)"\)', query)
    assert set(others) <= {pattern}
    return str(pattern).replace("\\u00A0", "\u00a0")


PATTERNS = {shape: pattern_of(shape) for shape in LOOKS_INTO_TEXTS}


def caught_by(text: str) -> set[str]:
    """Name the shapes that refuse a text, in Python's dialect of regular expressions."""
    return {shape for shape, pattern in PATTERNS.items() if re.search(pattern, text)}


def caught_by_store(text: str) -> set[str]:
    """Name the shapes that refuse a text, in the dialect of the embedded store."""
    store = ox.Store()
    found = set()
    for shape, pattern in PATTERNS.items():
        ask = f"ASK {{ FILTER (REGEX({ox.Literal(text)}, {ox.Literal(pattern)})) }}"
        answer = store.query(ask)
        assert isinstance(answer, ox.QueryBoolean)
        if answer:
            found.add(shape)
    return found


DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))
DIGITS = st.integers(0, 9)


@given(DAYS, st.integers(0, 9999), st.sampled_from("-+–"), st.booleans(), st.booleans())
def test_every_identity_number_is_caught(
    born: date, number: int, sign: str, century: bool, coordination: bool
) -> None:
    """A personal identity number or coordination number is caught inside any sentence."""
    day = born.day + 60 if coordination else born.day
    start = f"{born:%Y%m}"[0 if century else 2 :]
    text = f"Nummer {start}{day:02d}{sign}{number:04d}, som står här."
    assert caught_by(text) == caught_by_store(text) == {"IdentityNumberShape"}


@given(st.from_regex(r"\A[1-9][0-9][2-9][0-9]{3}-[0-9]{4}\Z"))
def test_no_organisation_number_is_caught(number: str) -> None:
    """The third digit of an organisation number is 2 or more, so it looks like no birthday."""
    assert caught_by(f"Organisationsnummer {number}.") == set()


@given(
    st.sampled_from(["08", "018", "0171", "070", "010"]),
    st.sampled_from(["{}-", "{} - ", "({}) ", "{} ", "{}/", "+46 (0){} ", "+46 {} ", "0046{}"]),
    st.sampled_from(["000 000 00", "000 00 00"]),
)
def test_every_telephone_number_is_caught(area: str, written: str, rest: str) -> None:
    """A Swedish telephone number is caught however it is grouped."""
    start = written.format(area[1:] if "46" in written else area)
    text = f"Ring {start}{rest}."
    assert caught_by(text) == caught_by_store(text) == {"TelephoneShape"}


FINE = {
    "date": DAYS.map(lambda day: day.isoformat()),
    "time": st.datetimes().map(lambda time: time.isoformat()),
    "isni": st.from_regex(r"\A0000 ?000[0-9] ?[0-9]{4} ?[0-9]{3}[0-9X]\Z"),
    "diary number": st.from_regex(r"\A(RS|KS|HSN)[ -][12][0-9]{3}[-/][0-9]{4}(\.[0-9]{3})?\Z"),
    "code": st.from_regex(r"\A0[0-9]{3}\Z"),
    "digest": st.from_regex(r"\A[0-9a-f]{63}[a-f]\Z"),
    "point": st.tuples(st.floats(10, 25), st.floats(55, 70)).map(lambda p: f"POINT({p[0]} {p[1]})"),
    "amount": st.integers(0, 99_999_999).map(str),
    "postal code": st.from_regex(r"\A[1-9][0-9]{2} [0-9]{2}\Z"),
    "ror": st.from_regex(r"\Ahttps://ror\.org/0[a-z0-9]{6}[0-9]{2}\Z"),
    "uncertain date": st.from_regex(r"\A20[0-9]{2}-0[1-9](-[0-2][1-9])?[?~%]\Z"),
}


@pytest.mark.parametrize("kind", FINE)
def test_what_is_fine_is_not_caught(kind: str) -> None:
    """Dates, codes, points, digests and identifiers of organisations pass."""

    @given(FINE[kind])
    def passes(text: str) -> None:
        assert caught_by(text) == caught_by_store(text) == set()

    passes()


EX = "http://example.org/"
MAIL = ox.Literal("Skriv till kontakt@exempel.invalid.")
PLACES = {
    "any subject and predicate": ox.Quad(
        ox.NamedNode(EX + "a"), ox.NamedNode(EX + "b"), MAIL, ox.DefaultGraph()
    ),
    "a blank node": ox.Quad(ox.BlankNode("a"), ox.NamedNode(EX + "b"), MAIL),
    "a named graph": ox.Quad(
        ox.NamedNode(EX + "a"), ox.NamedNode(EX + "b"), MAIL, ox.NamedNode(EX + "g")
    ),
    "a language": ox.Quad(
        ox.NamedNode(EX + "a"), ox.NamedNode(EX + "b"), ox.Literal(MAIL.value, language="de")
    ),
    "a datatype": ox.Quad(
        ox.NamedNode(EX + "a"),
        ox.NamedNode(EX + "b"),
        ox.Literal(MAIL.value, datatype=ox.NamedNode(EX + "type")),
    ),
}


@pytest.mark.parametrize("where", PLACES)
def test_a_text_is_looked_at_wherever_it_stands(where: str) -> None:
    """No subject, predicate, graph, language or datatype hides a text."""
    report = validate([PLACES[where]])
    assert [str(result.source_shape) for result in report.results] == [f"<{KGSH}EmailShape>"]
    assert report.results[0].result_path is not None
    assert report.results[0].value == PLACES[where].object
