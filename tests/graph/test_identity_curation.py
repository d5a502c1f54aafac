"""What people decided is read with care: a fault is told with its line, never passed over."""

from pathlib import Path

import pytest
from pyoxigraph import Literal

from klustergraf.errors import SourceFormatError, SourceUnavailable
from klustergraf.identity import read_decisions, read_names, read_registry, write_registry
from klustergraf.identity.curation import read_towns
from klustergraf.identity.normalisation import fold
from klustergraf.namespaces import ID, KG
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.sources.records import Name

HEADER = "left,right,verdict,reason_sv,reason_en,date\n"


def write(tmp_path: Path, text: str) -> Path:
    """Write a table."""
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_files_can_be_read() -> None:
    """The curated files of the repository are without fault."""
    read_decisions()
    read_registry()
    assert read_names()[f"{ID}actor/region-stockholm"][0].until == "2018-12-31"
    towns = read_towns()
    assert towns["solna"] == "0184"
    assert all(fold(town) == town for town in towns)
    assert all(len(code) == 4 and code.isdigit() for code in towns.values())


def test_decisions_are_read(tmp_path: Path) -> None:
    """A decision has two sides, a verdict, a reason in each language and a date, in any order."""
    text = (
        HEADER
        + "b:2,a:1,same,en telefon,one phone,2026-11-22\n"
        + "a:1,c:3,different,två säten,two seats,2026-11-22\n"
    )
    first, second = read_decisions(write(tmp_path, text))
    assert first.pair == ("a:1", "b:2")
    assert (second.verdict, second.date) == ("different", "2026-11-22")
    assert (second.reason_sv, second.reason_en) == ("två säten", "two seats")


def test_shipped_reasons_come_in_both_languages() -> None:
    """What the shipped graph says of decided merges are the curator's words, in each language."""
    decided = [decision for decision in read_decisions() if decision.verdict == "same"]
    assert all(decision.reason_sv != decision.reason_en for decision in decided)
    told = {"sv": "En redaktör har beslutat det: ", "en": "A curator decided it: "}
    expected = {("sv", told["sv"] + decision.reason_sv) for decision in decided}
    expected |= {("en", told["en"] + decision.reason_en) for decision in decided}
    for predicate in ("identityReason", "inferenceReason"):
        found = {
            (quad.object.language, quad.object.value)
            for quad in read_quads(room("data") / "derived" / "identity.nt.gz")
            if quad.predicate.value == KG + predicate
            and isinstance(quad.object, Literal)
            and quad.object.value.startswith(tuple(told.values()))
        }
        assert found <= expected
        languages = [language for language, _ in found]
        assert languages.count("sv") == languages.count("en") > 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "left,right,verdit,reason_sv,reason_en,date\n",
            "line 1: has no column 'verdict'; the nearest is 'verdit'",
        ),
        ("left;right\n", "line 1: has no column 'left'"),
        ("", "line 1: has no column 'left'"),
        (HEADER + "a:1,b:2,maybe,x,y,2026-11-22\n", "line 2: the verdict is 'maybe'"),
        (HEADER + "a:1,b:2,same,,y,2026-11-22\n", "line 2: gives no reason in Swedish"),
        (HEADER + "a:1,b:2,same,x,,2026-11-22\n", "line 2: gives no reason in English"),
        (HEADER + "a:1,b:2,same,x,y,yesterday\n", "line 2: 'yesterday' is no date"),
        (
            HEADER + "a1,b:2,same,x,y,2026-11-22\n",
            "line 2: left 'a1' is neither source:key nor an IRI",
        ),
        (HEADER + "a:1,a:1,same,x,y,2026-11-22\n", "line 2: compares a record with itself"),
        (HEADER + "a:1,b:2,same,x,y,2026-11-22,more\n", "line 2: has more fields than the header"),
        (
            HEADER + "a:1,b:2,same,x,y,2026-11-22\nb:2,a:1,different,x,y,2026-11-22\n",
            "line 3: is decided the other way on another line",
        ),
    ],
)
def test_a_faulty_decision_is_told(tmp_path: Path, text: str, told: str) -> None:
    """The message says which line, what is wrong, and the nearest column where one is missing."""
    with pytest.raises(SourceFormatError) as caught:
        read_decisions(write(tmp_path, text))
    assert told in str(caught.value)


def test_a_missing_or_broken_file_is_told(tmp_path: Path) -> None:
    """A file that is not there, or is not UTF-8, is told by name."""
    with pytest.raises(SourceUnavailable, match=r"none\.csv"):
        read_decisions(tmp_path / "none.csv")
    path = tmp_path / "latin.csv"
    path.write_bytes(HEADER.encode() + "a:1,b:2,same,Malmö,y,2026-11-22\n".encode("latin-1"))
    with pytest.raises(SourceFormatError, match="is not UTF-8"):
        read_decisions(path)


def test_names_are_read(tmp_path: Path) -> None:
    """A curated name has a kind, the dates of its use, and a reason."""
    header = "subject,name,language,kind,since,until,reason\n"
    text = header + "a:1,Gamla namnet,sv,former,1999,2018-12-31,renamed\n"
    names = read_names(write(tmp_path, text))
    assert names == {"a:1": (Name("Gamla namnet", "sv", "former", "1999", "2018-12-31"),)}
    with pytest.raises(SourceFormatError, match="'nickname' is no kind of name"):
        read_names(write(tmp_path, text.replace("former", "nickname")))
    with pytest.raises(SourceFormatError, match="no name or no reason"):
        read_names(write(tmp_path, text.replace("renamed", "")))


def test_a_registry_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What is written is read again, the same bytes each time; an IRI of another kind is told."""
    registry = {"b:2": f"{ID}actor/beta", "a:1,x": f"{ID}actor/alfa", "a:2": f"{ID}actor/beta"}
    path = tmp_path / "registry.csv"
    write_registry(path, registry)
    first = path.read_bytes()
    assert read_registry(path) == registry
    write_registry(path, dict(reversed(registry.items())))
    assert path.read_bytes() == first
    with pytest.raises(SourceFormatError, match="is not the IRI of an actor"):
        read_registry(write(tmp_path, f"record,iri\na:1,{ID}place/alfa\n"))
    two = f"record,iri\na:1,{ID}actor/alfa\na:1,{ID}actor/beta\n"
    with pytest.raises(SourceFormatError, match="line 3: a:1 has another IRI above"):
        read_registry(write(tmp_path, two))
