"""``klustergraf identity`` shows what is in doubt, and why an actor is what it is."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import RdfFormat, serialize

from klustergraf.cli import main
from klustergraf.identity import KnownActor, resolve
from klustergraf.identity.statements import statements
from klustergraf.namespaces import ID
from klustergraf.sources.records import ActorRecord, Location, Name

UPPSALA = Location("SE", "Uppsala")
KNOWN = KnownActor(f"{ID}actor/alfa", (Name("Alfa institutet", "sv"),), location=UPPSALA)
RECORDS = [
    ActorRecord("ror", "056d84691", (Name("Alfa Institutet"),), location=UPPSALA),
    ActorRecord("cordis", "9", (Name("ALFA INSTITUTET"),), location=UPPSALA),
    ActorRecord("list", "1", (Name("Beta [AB]"),), "Hospital", UPPSALA, {"wikidata": ("Q1",)}),
    ActorRecord("list", "2", (Name("Gamma"),), "University", UPPSALA, {"wikidata": ("Q1",)}),
    ActorRecord("list", "3", (Name("Alfa institutet", "sv"),), "NetworkOrganisation"),
]


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Write what was resolved to a file."""
    resolution = resolve(RECORDS, [KNOWN])
    by_ref = {f"{record.source}:{record.key}": record for record in RECORDS}
    path = tmp_path / "identity.nq"
    quads = list(statements(resolution, by_ref, "2026-06-23"))
    serialize(quads, str(path), format=RdfFormat.N_QUADS)
    return path


def run(*args: str) -> Result:
    """Run ``klustergraf identity`` in a wide terminal."""
    return CliRunner().invoke(main, ["identity", *args], env={"COLUMNS": "200"})


def test_review_shows_both_sides(told: Path) -> None:
    """A doubtful pair is shown with the names, places, kinds and identifiers of both."""
    result = run("review", "--file", str(told))
    assert result.exit_code == 0, result.output
    for text in ("Beta [AB]", "Gamma", "wikidata Q1", "Hospital", "University", "different kinds"):
        assert text in result.output
    assert "2 pairs in doubt, 2 shown." in result.output
    assert "1 shown." in run("review", "--file", str(told), "--limit", "1").output
    assert "olika slag" in run("review", "--file", str(told), "--lang", "sv").output


def test_review_gives_lines_for_decisions(told: Path) -> None:
    """The lines fit decisions.csv; the verdict is left to the curator."""
    result = run("review", "--file", str(told), "--format", "csv")
    header, first, second = result.output.splitlines()
    assert header == "left,right,verdict,reason_sv,reason_en,date"
    assert first.startswith("list:1,list:2,,")
    assert second.startswith(f"list:3,{KNOWN.iri},,")
    *_, reason_sv, reason_en, date = next(csv.reader([first]))
    assert "men olika slag" in reason_sv
    assert "but different kinds" in reason_en
    assert date == ""


def test_explain_tells_records_and_reasons(told: Path) -> None:
    """An actor is explained by its records and by what made them one, and what is in doubt."""
    result = run("explain", "alfa", "--file", str(told))
    assert result.exit_code == 0, result.output
    assert "2 records:" in result.output
    assert "ALFA INSTITUTET\n      Uppsala, SE" in result.output
    assert "Alike: name 1.00" in result.output
    assert "In doubt:" in result.output
    assert run("explain", KNOWN.iri, "--file", str(told)).output == result.output


def test_explain_of_nothing(told: Path) -> None:
    """An actor without a comparison is told not to be there."""
    result = run("explain", "omega", "--file", str(told))
    assert result.exit_code == 2
    assert f"{ID}actor/omega" in result.output


def test_the_current_version_is_read(tmp_path: Path) -> None:
    """Without a file, the current version is asked; it is built when there is none."""
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "identity", "review"])
    assert result.exit_code == 0, result.output
    assert "pairs in doubt" in result.output
