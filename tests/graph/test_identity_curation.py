"""What people decided is read with care: a fault is told with its line, never passed over."""

from pathlib import Path

import pytest

from klustergraf.errors import SourceFormatError, SourceUnavailable
from klustergraf.identity import read_decisions, read_names, read_registry, write_registry
from klustergraf.identity.curation import read_towns
from klustergraf.identity.normalisation import fold
from klustergraf.namespaces import ID
from klustergraf.sources.records import Name

HEADER = "left,right,verdict,reason,date\n"


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
    """A decision has two sides, a verdict, a reason and a date; their order does not matter."""
    text = HEADER + "b:2,a:1,same,one phone,2026-11-22\na:1,c:3,different,two seats,2026-11-22\n"
    first, second = read_decisions(write(tmp_path, text))
    assert first.pair == ("a:1", "b:2")
    assert (second.verdict, second.reason) == ("different", "two seats")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "left,right,verdit,reason,date\n",
            "line 1: has no column 'verdict'; the nearest is 'verdit'",
        ),
        ("left;right\n", "line 1: has no column 'left'"),
        ("", "line 1: has no column 'left'"),
        (HEADER + "a:1,b:2,maybe,x,2026-11-22\n", "line 2: the verdict is 'maybe'"),
        (HEADER + "a:1,b:2,same,,2026-11-22\n", "line 2: gives no reason"),
        (HEADER + "a:1,b:2,same,x,yesterday\n", "line 2: 'yesterday' is no date"),
        (
            HEADER + "a1,b:2,same,x,2026-11-22\n",
            "line 2: left 'a1' is neither source:key nor an IRI",
        ),
        (HEADER + "a:1,a:1,same,x,2026-11-22\n", "line 2: compares a record with itself"),
        (HEADER + "a:1,b:2,same,x,2026-11-22,more\n", "line 2: has more fields than the header"),
        (
            HEADER + "a:1,b:2,same,x,2026-11-22\nb:2,a:1,different,x,2026-11-22\n",
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
    path.write_bytes(HEADER.encode() + "a:1,b:2,same,Malmö,2026-11-22\n".encode("latin-1"))
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
