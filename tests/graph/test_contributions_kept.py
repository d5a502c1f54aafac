"""What is kept of contributions: a mirror, a backup and a roll-back give the same bytes again."""

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contributing import a_testbed, copy_home, put
from klustergraf.build import BuildResult
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.backup import back_up, restore
from klustergraf.contributions.desk import Contribution, Desk
from klustergraf.contributions.feed import changes_after
from klustergraf.errors import RecordError, VersionNotFound
from klustergraf.version import VersionStore

AA = GraphAddress("aa")


@pytest.fixture(scope="module")
def desk(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk that took six contributions, one of which takes the dataset where it was."""
    home = copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("kept") / "home")
    made = Desk(home)
    made.open()
    made.submit(put("aa", a_testbed("aa", "one")))
    made.submit(Contribution(AA, "delete"))
    made.submit(put("aa", a_testbed("aa", "one") + a_testbed("aa", "two")))
    made.submit(put("bb/labs", a_testbed("bb", "one")))
    made.submit(put("aa", a_testbed("aa", "two", "Annat")))
    made.submit(put("bb/labs", a_testbed("bb", "one") + a_testbed("bb", "three")))
    yield made
    made.close()


def _apply(lines: set[bytes], patch: bytes) -> set[bytes]:
    """Apply RDF Patch as a mirror does that knows nothing of us."""
    kept = set(lines)
    for line in patch.splitlines(keepends=True):
        if line.startswith(b"A "):
            assert line[2:] not in kept
            kept.add(line[2:])
        elif line.startswith(b"D "):
            kept.remove(line[2:])
        else:
            assert line.startswith((b"H ", b"TX", b"TC"))
    return kept


@pytest.mark.parametrize("most", [1, 2, 100])
def test_mirror_reaches_the_same_bytes(desk: Desk, founding: BuildResult, most: int) -> None:
    """Who has a version and follows the feed, page by page, has the dump of the last one."""
    version = founding.version.id
    lines = set(founding.version.dataset_path.read_bytes().splitlines(keepends=True))
    for _ in range(10):
        page = changes_after(desk.home, version, most)
        lines, version = _apply(lines, page.patch), page.version
        if page.is_last:
            break
    current = desk.versions.current()
    assert version == current.id
    assert b"".join(sorted(lines)) == current.dataset_path.read_bytes()
    with pytest.raises(VersionNotFound):
        changes_after(desk.home, "0" * 64, most)


def test_backup_gives_the_same_versions(desk: Desk, tmp_path: Path) -> None:
    """What is restored into an empty folder has the same versions, byte for byte."""
    copy = tmp_path / "copy.tar.gz"
    assert back_up(desk.home, copy) == len(desk.record.entries())
    assert copy.stat().st_mode & 0o077 == 0
    home = tmp_path / "home"
    assert restore(copy, home) == desk.versions.current().id
    again = VersionStore(home)
    for entry in desk.record.entries():
        before, after = desk.versions.get(entry.version), again.get(entry.version)
        assert after.dataset_path.read_bytes() == before.dataset_path.read_bytes()
        assert after.manifest == before.manifest
    with pytest.raises(RecordError):
        restore(copy, home)
    made = Desk(home)
    made.open()
    made.submit(put("cc", a_testbed("cc", "one")))  # life goes on
    made.close()


def test_damaged_backup_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A backup with another byte in it gives no record at all."""
    copy = tmp_path / "copy.tar.gz"
    back_up(desk.home, copy)
    folder = tmp_path / "unpacked"
    with tarfile.open(copy) as tar:
        tar.extractall(folder, filter="data")
    log = folder / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"partner": "bb"', b'"partner": "cc"', 1))
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(bad, "w:gz") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, path.relative_to(folder).as_posix())
    with pytest.raises(RecordError, match="damaged"):
        restore(bad, tmp_path / "home")
    (tmp_path / "no.tar.gz").write_bytes(b"\x1f\x8b nonsense")
    with pytest.raises(RecordError):
        restore(tmp_path / "no.tar.gz", tmp_path / "other")
    for home in (tmp_path / "home", tmp_path / "other"):
        assert not (home / "contributions" / "log.jsonl").exists()


def test_roll_back_is_a_new_version(desk: Desk) -> None:
    """A graph is made what it was, and the versions between stay."""
    first = desk.record.history(AA.iri)[2]
    before = desk.versions.current().id
    outcome = desk.roll_back(AA, first.version[:12])
    assert outcome.is_stored
    now = desk.record.history(AA.iri)[-1]
    assert (now.kind, now.parent) == ("rollback", before)
    assert now.statements == first.statements
    assert desk.versions.get(before).id == before
    assert not desk.roll_back(AA, first.version).is_stored
    gone = desk.record.entries()[0].version
    assert desk.roll_back(GraphAddress("bb", "labs"), gone).tag is None
    with pytest.raises(VersionNotFound):
        desk.roll_back(AA, "f" * 64)


def test_version_in_the_making_is_none_yet(founding: BuildResult, tmp_path: Path) -> None:
    """What is prepared beside the versions, with its manifest, is neither listed nor found."""
    store = VersionStore(copy_home(founding.version.path.parents[1], tmp_path / "home"))
    (whole,) = store.versions()
    shutil.copytree(whole.path, whole.path.parent / ".new-abc")
    assert [version.path for version in store.versions()] == [whole.path]
    assert store.get(whole.id[:12]).path == whole.path
