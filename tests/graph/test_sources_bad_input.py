"""Bad input, through the command: a clear message, the rest imported, nothing half-written."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import Literal, NamedNode

from klustergraf.cli import main
from klustergraf.namespaces import ID, SCHEMA
from klustergraf.sources.own import imported_file

FIXTURES = Path(__file__).parents[1] / "data" / "sources"


def _cordis(folder: Path) -> Path:
    target = folder / "cordis"
    target.mkdir()
    for file in (FIXTURES / "cordis").iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


def _changed(folder: Path, old: bytes, new: bytes, name: str = "project.csv") -> Path:
    file = _cordis(folder) / name
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))
    return file.parent


def _cut_zip(folder: Path) -> Path:
    whole, cut = folder / "whole.zip", folder / "cut.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (FIXTURES / "cordis").iterdir():
            archive.write(file, file.name)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    whole.unlink()
    return cut


def _import(name: str, path: Path, out: Path) -> tuple[Result, str]:
    arguments = ["import", name, str(path), "--all", "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    return result, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("broken", "status", "said"),
    [
        (
            lambda folder: _changed(folder, b'"startDate"', b'"start_date"'),
            2,
            "there is no column 'startDate'; the nearest is 'start_date'",
        ),
        (_cut_zip, 1, "Was the download cut short?"),
    ],
)
def test_what_cannot_be_read_leaves_the_file_that_was_there(
    broken: Callable[[Path], Path], status: int, said: str, tmp_path: Path
) -> None:
    """A missing column, a zip that was cut short: said, and no half-written file beside."""
    out = tmp_path / "out" / "cordis.nt.gz"
    out.parent.mkdir()
    out.write_bytes(b"as it was")
    result, output = _import("cordis", broken(tmp_path), out)
    assert result.exit_code == status
    assert said in output
    assert "Traceback" not in output
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert out.read_bytes() == b"as it was"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"A trial; in two parts", "Prövning".encode("latin-1"), "is not UTF-8; read as Windows-1"),
        (b'"SIGNED";"A trial', b'"SIGNED";"";"A trial', "line 2: the row has 14 cells, the header"),
        (b"2020-01-01", b"2020-13-41", "line 2: '2020-13-41' is no date"),
        (b'"1000,50"', b'"-1000,50"', "line 2: the amount '-1000,50' is negative"),
        (b'"102";"BETA"', b'"101";"BETA"', "line 3: project 101 comes a second time; the first"),
    ],
)
def test_a_bad_row_is_said_and_the_rest_imported(
    old: bytes, new: bytes, said: str, tmp_path: Path
) -> None:
    """Latin-1, a shifted row, impossible dates, negative money, two records with one id."""
    result, output = _import("cordis", _changed(tmp_path, old, new), tmp_path / "x.nt.gz")
    assert result.exit_code == 0
    assert said in output
    quads = imported_file(tmp_path / "x.nt.gz").quads()
    subjects = {quad.subject for quad in quads}
    assert NamedNode(ID + "project/ec-101") in subjects
    amounts = [q.object.value for q in quads if isinstance(q.object, Literal)]
    assert not any(amount.startswith("-") for amount in amounts)
    dates = {
        q.object.value
        for q in quads
        if q.predicate == NamedNode(SCHEMA + "startDate") and isinstance(q.object, Literal)
    }
    assert "2020-13-41" not in dates


def test_a_circle_of_parents_is_opened_where_it_closes(tmp_path: Path) -> None:
    """Of two that each have the other as parent, one relation is kept, the other said."""
    result, output = _import("ror", FIXTURES / "ror", tmp_path / "x.nt.gz")
    assert result.exit_code == 0
    assert "would make an organisation a part of its own part" in output
    parts = {
        (quad.subject, quad.object)
        for quad in imported_file(tmp_path / "x.nt.gz").quads()
        if quad.predicate.value.endswith("#subOrganizationOf")
    }
    assert parts
    assert not {(whole, part) for part, whole in parts} & parts
