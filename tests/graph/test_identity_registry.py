"""IRIs stay: an actor that a source renames, or gives another id, keeps the IRI it was given."""

import csv
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from klustergraf.cli.importing import import_
from klustergraf.identity import read_registry
from klustergraf.identity.curation import identity_folder
from klustergraf.namespaces import ID
from klustergraf.resources import room
from klustergraf.sources.own import imported_file

_COLUMNS = (
    "id,name,abbreviation,other_names,description,classification,parent_id,founding_date,"
    "dissolution_date,image,url,jurisdiction_code,phone,email,address,contact,tags,source_url"
)


def _bodies(folder: Path, *rows: tuple[str, str]) -> Path:
    file = folder / "publicbodies-se" / "se.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS.split(","))
        writer.writerows([key, name, *[""] * 16] for key, name in rows)
    return folder


@pytest.fixture
def curated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a folder of curated files of the test's own, whose registry is empty."""
    copied = tmp_path / "identity"
    shutil.copytree(identity_folder(), copied)
    (copied / "registry.csv").write_text("record,iri\n", encoding="utf-8")
    monkeypatch.setattr("klustergraf.identity.curation.identity_folder", lambda: copied)
    return copied


def _imported(data: Path, out: Path) -> dict[str, str]:
    """Import; give which IRI each name has."""
    arguments = ["everything", str(data), "--all", "--out", str(out)]
    result = CliRunner().invoke(import_, arguments)
    assert result.exit_code == 0, result.output
    return {
        str(quad.object).partition('"')[2].partition('"')[0]: str(quad.subject)[1:-1]
        for quad in imported_file(out / "open" / "public-bodies.nt.gz").quads()
        if quad.predicate.value.endswith("#prefLabel")
    }


def test_a_renamed_actor_keeps_its_iri(curated: Path, tmp_path: Path) -> None:
    """With the registry of the import before, neither another name nor a namesake changes it."""
    data = tmp_path / "data"
    before = _imported(_bodies(data, ("a", "Provverket"), ("b", "Testmyndigheten")), tmp_path / "1")
    assert before["Provverket"] == ID + "actor/provverket"
    shutil.copy(tmp_path / "1" / "identity" / "registry.csv", curated / "registry.csv")
    _bodies(data, ("a", "Verket för prov"), ("b", "Testmyndigheten"), ("c", "Provverket"))
    after = _imported(data, tmp_path / "2")
    assert after["Verket för prov"] == before["Provverket"]
    assert after["Testmyndigheten"] == before["Testmyndigheten"]
    assert after["Provverket"] not in before.values()


def test_without_the_registry_it_would_change(curated: Path, tmp_path: Path) -> None:
    """What the registry is for: a new IRI is made from the name that the source gives now."""
    data = tmp_path / "data"
    _imported(_bodies(data, ("a", "Provverket")), tmp_path / "1")
    assert read_registry(curated / "registry.csv") == {}
    after = _imported(_bodies(data, ("a", "Verket för prov")), tmp_path / "2")
    assert after["Verket för prov"] == ID + "actor/verket-for-prov"


def test_an_actor_with_another_id_keeps_its_iri(curated: Path, tmp_path: Path) -> None:
    """A source lists an actor under a new key, for a while beside the old: the IRI goes along."""
    data = tmp_path / "data"
    before = _imported(_bodies(data, ("a", "Provverket i Exempelstad")), tmp_path / "1")
    shutil.copy(tmp_path / "1" / "identity" / "registry.csv", curated / "registry.csv")
    both = _bodies(data, ("a", "Provverket i Exempelstad"), ("z", "Provverket i Exempelstad"))
    _imported(both, tmp_path / "2")
    shutil.copy(tmp_path / "2" / "identity" / "registry.csv", curated / "registry.csv")
    after = _imported(_bodies(data, ("z", "Provverket i Exempelstad")), tmp_path / "3")
    assert after == before


def test_the_shipped_registry_knows_every_actor_of_open_data() -> None:
    """Each actor that an importer wrote has its IRI there, so that the next import gives it."""
    registered = set(read_registry().values())
    written = {
        str(quad.subject)[1:-1]
        for path in sorted((room("data") / "open").glob("*.nt.gz"))
        for quad in imported_file(path).quads()
        if quad.predicate.value.endswith("#prefLabel")
        and str(quad.subject).startswith(f"<{ID}actor/")
    }
    assert written
    missing = written - registered
    assert not missing, f"run the import again, and keep its registry: {sorted(missing)[:5]}"


def test_everything_is_written_within_the_folder(curated: Path, tmp_path: Path) -> None:
    """Nothing comes beside what --out names, and a file cannot be named there."""
    data = _bodies(tmp_path / "data", ("a", "Provverket"))
    _imported(data, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"data", "identity", "out"}
    written = {path.parent.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {"open", "derived", "identity"}
    arguments = ["everything", str(data), "--all", "--out", str(tmp_path / "all.nt.gz")]
    result = CliRunner().invoke(import_, arguments)
    assert result.exit_code == 2
    assert "all.nt.gz names a file" in result.output.replace("\n", " ")
