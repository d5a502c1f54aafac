"""Importers: each published layout, whole and damaged, against answers counted by hand."""

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from klustergraf.errors import SourceFormatError, SourceUnavailable
from klustergraf.sources.datasets import DATASETS
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import (
    ActorRecord,
    ConceptRecord,
    FacilityRecord,
    Item,
    Marked,
    ParticipationRecord,
    ProjectRecord,
    RelationRecord,
    Skipped,
)

FIXTURES = Path(__file__).parents[1] / "data" / "sources"


def read(dataset: str, *paths: Path) -> list[Item]:
    """Read files as one data set."""
    return list(DATASETS[dataset].read(Inputs(paths)))


def kinds(items: list[Item]) -> dict[str, int]:
    """Count items by kind."""
    return dict(Counter(type(item).__name__.removesuffix("Record") for item in items))


def reasons(items: list[Item], kind: type[Skipped] | type[Marked] = Skipped) -> list[str]:
    """List what was skipped or marked, as a user reads it."""
    return [f"{i.where}: {i.reason}" for i in items if isinstance(i, kind)]


def test_ror_v2() -> None:
    """Names with their languages, ids, relations; withdrawn, double, broken are skipped."""
    items = read("ror", FIXTURES / "ror" / "ror-v2.json")
    assert kinds(items) == {"Actor": 3, "Relation": 4, "Skipped": 4}
    actor = next(i for i in items if isinstance(i, ActorRecord))
    assert [(n.text, n.language, n.kind) for n in actor.names] == [
        ("Example University", "en", "label"),
        ("Exempelhögskolan", "sv", "label"),
        ("EX", "", "acronym"),
    ]
    assert actor.ids == {
        "ror": ("0aaaaaa01",),
        "isni": ("0000000123456789",),
        "grid": ("grid.1.a",),
        "wikidata": ("Q1",),
        "crossref": ("501100000001", "501100000002"),
    }
    assert (actor.established, actor.homepage) == ("1901", "https://ex.example")
    said = "\n".join(reasons(items))
    for reason in ("withdrawn", "second time", "not laid out as ROR", "no ROR id"):
        assert reason in said
    hospital = [i for i in items if isinstance(i, ActorRecord) and i.key == "0aaaaaa02"]
    assert hospital[0].kind == "Hospital"


def test_ror_v1() -> None:
    """The older schema gives the same records; its place says the municipality itself."""
    items = read("ror", FIXTURES / "ror" / "ror-v1.json")
    actor = next(i for i in items if isinstance(i, ActorRecord))
    assert actor.ids["grid"] == ("grid.2.b",)
    assert actor.location.municipality_code == "9902"
    assert actor.kind == "NonProfitOrganisation"
    assert [i.predicate for i in items if isinstance(i, RelationRecord)] == ["related"]


def test_ror_from_the_published_zip(tmp_path: Path) -> None:
    """A release holds both schemas and CSV: the newer JSON is read, and nothing twice."""
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(FIXTURES / "ror" / "ror-v2.json", "v2-ror-data_schema_v2.json")
        archive.write(FIXTURES / "ror" / "ror-v1.json", "v2-ror-data.json")
        archive.writestr("v2-ror-data.csv", "id\n")
    assert kinds(read("ror", path)) == {"Actor": 3, "Relation": 4, "Skipped": 4}


def test_cordis_as_published() -> None:
    """Projects, organisations, parts in projects; what is wrong is left out and said."""
    items = read("cordis", FIXTURES / "cordis")
    assert kinds(items) == {
        "Concept": 3, "Project": 3, "Actor": 3, "Participation": 4, "Skipped": 4, "Marked": 4,
    }  # fmt: skip
    alpha = next(i for i in items if isinstance(i, ProjectRecord) and i.key == "ec-101")
    assert (alpha.title, alpha.start, alpha.end) == (
        "A trial; in two parts", "2020-01-01", "2022-12-31",
    )  # fmt: skip
    assert (str(alpha.total_cost_eur), str(alpha.contribution_eur)) == ("1000.50", "900.25")
    assert (alpha.topics, alpha.fields, alpha.programme) == (
        ("SC1-01",), ("/21/33/7",), "H2020-EU.3.1.",
    )  # fmt: skip
    beta = next(i for i in items if isinstance(i, ProjectRecord) and i.key == "ec-102")
    assert (beta.start, beta.end, beta.total_cost_eur) == ("", "2019-01-01", None)
    parts = [i for i in items if isinstance(i, ParticipationRecord)]
    assert {(p.project, p.actor, p.role, str(p.contribution_eur)) for p in parts} == {
        ("ec-101", "9001", "coordinator", "500.25"),
        ("ec-101", "9002", "participant", "400"),
        ("ec-102", "9003", "coordinator", "None"),
        ("ec-999", "9003", "third-party", "None"),
    }
    actor = next(i for i in items if isinstance(i, ActorRecord))
    assert actor.ids == {"pic": ("9001",), "vat": ("SE202100306201",), "orgnr": ("202100-3062",)}
    assert any("line 5: the row has 14 cells, the header 13" in r for r in reasons(items))
    assert any("'2020-02-30' is no date" in r for r in reasons(items, Marked))
    assert any("'-5' is negative" in r for r in reasons(items, Marked))


def test_nobody_is_named() -> None:
    """Contacts, mails, telephone numbers and persons who maintain things are not read."""
    for dataset, folder in (("cordis", "cordis"), ("public-bodies", "bodies"),
                            ("scilifelab", "scilifelab")):  # fmt: skip
        said = repr(read(dataset, FIXTURES / folder))
        for private in ("contact.example", "@", "010-", "Someone", "Lastname"):
            assert private not in said, f"{dataset}: {private}"


def test_fp7_split_tables() -> None:
    """Names are repaired, keys that come twice or are missing are said, projects have numbers."""
    items = read("cordis-fp7", FIXTURES / "fp7")
    assert kinds(items) == {
        "Actor": 3, "Project": 2, "Participation": 3, "Skipped": 4, "Marked": 1,
    }  # fmt: skip
    actors = [i for i in items if isinstance(i, ActorRecord)]
    assert actors[0].names[0].text == "EXEMPELHÖGSKOLAN"
    assert actors[0].location.county_code == "01"
    assert actors[2].location.country == "GR"
    assert {p.key for p in items if isinstance(p, ProjectRecord)} == {"rcn-11", "rcn-12"}


def test_h2020_split_tables() -> None:
    """The project's coordinator is told by name, and becomes the role of that participant."""
    items = read("cordis-h2020-2016", FIXTURES / "h2020")
    assert kinds(items) == {"Project": 1, "Actor": 2, "Participation": 2, "Skipped": 1}
    parts = [i for i in items if isinstance(i, ParticipationRecord)]
    assert [(p.project, p.actor, p.role) for p in parts] == [
        ("ec-101", "9001", "coordinator"), ("ec-101", "aaaa", "participant"),
    ]  # fmt: skip


def test_facts() -> None:
    """Every fact keeps its page; a test environment of a building's name is a thing of its own."""
    items = read("ecosystem-facts", FIXTURES / "facts")
    relations = [i for i in items if isinstance(i, RelationRecord)]
    assert [r.key for r in relations] == ["X1", "X2", "X3", "X4", "X5", "X6", "X8", "X10"]
    assert all(r.page for r in relations)
    assert [r.split(": ", 1)[1] for r in reasons(items)] == [
        "'soon' is no date",
        "comes a second time; the first is kept",
        "names no page that it was read from",
    ]
    beds = {i.names[0].text: i for i in items if isinstance(i, FacilityRecord)}
    assert set(beds) == {"Provlabbet", "Huset"}
    assert beds["Provlabbet"].fields == ("glass (blown; cut)", "steel")
    assert beds["Provlabbet"].partners == ("Firma", "Provnätet")
    assert (beds["Provlabbet"].is_open_to_companies, beds["Huset"].is_open_to_companies) == (
        True, None,
    )  # fmt: skip


def test_smaller_lists() -> None:
    """Public bodies, SciLifeLab, EuroSciVoc and GRID are read by what they publish."""
    assert kinds(read("public-bodies", FIXTURES / "bodies")) == {"Actor": 2, "Skipped": 1}
    found = read("scilifelab", FIXTURES / "scilifelab")
    assert kinds(found) == {"Facility": 3, "Actor": 2, "Skipped": 1}
    concepts = read("euroscivoc", FIXTURES / "euroscivoc")
    assert [(c.key, c.broader) for c in concepts if isinstance(c, ConceptRecord)] == [
        ("/21", ""), ("/21/33", "/21"), ("/21/33/7", "/21/33"),
    ]  # fmt: skip
    assert kinds(read("grid", FIXTURES / "grid")) == {"Actor": 1}


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    """Another layout stops the import at once: every record would be wrong."""
    path = tmp_path / "counties.csv"
    path.write_text("countycode,county_name\n01,X\n")
    with pytest.raises(SourceFormatError, match="no column 'county_code'; the nearest is 'county"):
        read("geodata", path)


def _zip_of_cordis(tmp_path: Path) -> Path:
    path = tmp_path / "cordis.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((FIXTURES / "cordis").iterdir()):
            archive.write(file, f"csv/{file.name}")
    return path


def test_cordis_from_a_zip(tmp_path: Path) -> None:
    """The published zip gives what its files give."""
    assert read("cordis", _zip_of_cordis(tmp_path))[-1] == read("cordis", FIXTURES / "cordis")[-1]


def test_a_truncated_zip_is_said_and_the_rest_read(tmp_path: Path) -> None:
    """One file that was cut short does not hide the others."""
    whole = _zip_of_cordis(tmp_path)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:500])
    inputs = Inputs([cut, FIXTURES / "ror" / "ror-v2.json"])
    assert "is not a whole zip" in inputs.faults[0].reason
    assert [file.name for file in inputs.files] == ["ror-v2.json"]


def test_truncated_json_gives_what_came_before(tmp_path: Path) -> None:
    """The records before the cut are read, and the cut is said."""
    text = (FIXTURES / "ror" / "ror-v1.json").read_text(encoding="utf-8").strip()
    path = tmp_path / "cut.json"
    path.write_text(text[:-1] + ', {"id": "https://ror.org/0aaa', encoding="utf-8")
    items = read("ror", path)
    assert kinds(items) == {"Actor": 1, "Relation": 1, "Skipped": 1}
    assert "damaged from here on" in reasons(items)[0]
    path.write_text(text[:-1], encoding="utf-8")
    assert "ends before its end" in reasons(read("ror", path))[0]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(SourceFormatError, match="not a JSON array"):
        read("ror", path)


@pytest.mark.parametrize("piece", [1, 7, 64])
def test_json_is_read_in_pieces(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a piece of the file ends, the records are the same."""
    whole = read("ror", FIXTURES / "ror" / "ror-v2.json")
    monkeypatch.setattr("klustergraf.sources.reading._JSON_CHUNK", piece)
    assert read("ror", FIXTURES / "ror" / "ror-v2.json") == whole


def test_latin_1_where_utf_8_is_promised(tmp_path: Path) -> None:
    """The line is read as what it must be, and marked."""
    path = tmp_path / "counties.csv"
    path.write_bytes("county_code,county_name\n01,Södra länet\n".encode("latin-1"))
    items = read("geodata", path)
    assert [getattr(i, "name", "") for i in items if not isinstance(i, Marked)] == ["Södra länet"]
    assert reasons(items, Marked) == ["counties.csv, line 2: is not UTF-8; read as Windows-1252"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """No such path, an empty folder, a folder of other files."""
    with pytest.raises(SourceUnavailable, match="no such file"):
        Inputs([tmp_path / "none"])
    with pytest.raises(SourceUnavailable, match="no file to read"):
        Inputs([tmp_path])
    with pytest.raises(SourceFormatError, match=r"none is project\.csv"):
        read("cordis", FIXTURES / "ror")


def test_progress_adds_up_to_the_size() -> None:
    """What is told while reading is, in the end, the size of the files."""
    told: list[int] = []
    inputs = Inputs([FIXTURES / "fp7"], told.append)
    reader: Callable[[Inputs], Iterator[Item]] = DATASETS["cordis-fp7"].read
    assert list(reader(inputs))
    assert sum(told) == inputs.size
