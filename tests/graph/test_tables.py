"""Tables for spreadsheets: what they hold, and that no cell is a formula."""

import csv
import io
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from klustergraf.dumps import find_dump, list_dumps, made_dump, make_dump
from klustergraf.tables import QUERIES, safe_cell
from two_versions import NEW, store_version

# What the OWASP page on CSV injection names as beginnings of formulas.
STARTS = ("=", "+", "-", "@", "\t", "\r")


@given(st.one_of(st.text(), st.tuples(st.sampled_from(STARTS), st.text()).map("".join)))
def test_no_cell_is_a_formula(text: str) -> None:
    """A safe cell begins as no formula does, unless it is a number; no text is lost."""
    safe = safe_cell(text)
    assert safe.removeprefix("'" if safe != text else "") == text
    if safe.startswith(STARTS):
        assert re.fullmatch(r"[+-]\d+(\.\d+)?([eE][+-]?\d+)?", safe)


def test_tables(tmp_path: Path) -> None:
    """A table has a row for each thing, in both forms, with its names made safe."""
    more = 'id:four skos:prefLabel "@SUM(1)"@sv .\n'
    version = store_version(tmp_path, NEW + more, "2026-06-01T12:00:00+00:00")
    names = {dump.name for dump in list_dumps(version) if dump.kind == "csv"}
    assert names == {f"tables/{n}{form}.csv" for n in QUERIES for form in ("", ".excel")}
    dump = find_dump(version, "tables/facilities.csv")
    assert made_dump(version, dump) is None
    text = make_dump(version, dump).path.read_bytes().decode("utf-8")
    plain = list(csv.DictReader(io.StringIO(text, newline="")))
    content = make_dump(
        version, find_dump(version, "tables/facilities.excel.csv")
    ).path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    assert list(csv.DictReader(lines, delimiter=";")) == plain
    by_iri = {row["iri"].rpartition("/")[2]: row for row in plain}
    assert by_iri.keys() == {"one", "two"}  # of the class itself; nothing is inferred here
    assert by_iri["one"]["name_en"] == "One, renamed"
    assert by_iri["one"]["kinds"] == "Facility Testbed"
    assert made_dump(version, dump) is not None


def test_names_of_tables_are_safe(tmp_path: Path) -> None:
    """A name that begins as a formula is written with an apostrophe."""
    more = "id:four a kg:Facility .\n"
    version = store_version(tmp_path, NEW + more, "2026-06-01T12:00:00+00:00")
    made = make_dump(version, find_dump(version, "tables/facilities.csv"))
    assert ",'=four," in made.path.read_text(encoding="utf-8")
