"""Nothing that was acknowledged is lost, by kill -9 at any moment or by a disk that fails."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from contributing import a_testbed, copy_home, put
from klustergraf.build import BuildResult
from klustergraf.contributions.desk import Desk
from klustergraf.errors import RecordError

_KILLS = 8
_EACH = 18

# Sends contributions without end, good ones and bad ones, and says on standard output which were
# accepted. Killed at some moment.
_SENDER = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from contributing import a_testbed, put
from klustergraf.contributions.desk import Desk
from klustergraf.errors import ContributionRefused

desk = Desk(Path({home!r}))
desk.open()
print("open", flush=True)
for number in range({first}, {first} + 10_000):
    name = f"k{{number}}"
    try:
        if number % 5 == 4:
            desk.submit(put("bad", f"<facility/bad--{{name}}> a kg:Testbed ."))
            print("wrong", flush=True)
        outcome = desk.submit(put(f"kill/{{name}}", a_testbed("kill", name)))
        print(f"accepted {{number}} {{outcome.version}}", flush=True)
    except ContributionRefused:
        print(f"refused {{number}}", flush=True)
"""


def home_of(founding: BuildResult, tmp_path: Path) -> Path:
    """Give a home of a test's own."""
    return copy_home(founding.version.path.parents[1], tmp_path / "home")


def check(home: Path) -> Desk:
    """Open the store as a restart does; whatever is current is what its name says."""
    desk = Desk(home)
    desk.open()
    desk.close()
    current = desk.versions.current()
    assert sha256(current.dataset_path.read_bytes()).hexdigest() == current.id
    entries = desk.record.entries()
    if entries:
        assert entries[-1].version == current.id
    return desk


def test_killed_at_any_moment(founding: BuildResult, tmp_path: Path) -> None:
    """Every acknowledged contribution is there after each of the kills, and no refused one is."""
    home = home_of(founding, tmp_path)
    chance = random.Random(9)
    accepted: set[int] = set()
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "graph")]
    for turn in range(_KILLS):
        code = _SENDER.format(paths=paths, home=str(home), first=turn * _EACH)
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as sender:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "open\n"
            wanted = chance.randrange(_EACH)
            lines = 0
            while lines < wanted:
                line = sender.stdout.readline()
                lines += 1
                if line.startswith("accepted"):
                    accepted.add(int(line.split()[1]))
                assert not line.startswith("wrong")
            time.sleep(chance.random() * 0.05)
            os.killpg(sender.pid, signal.SIGKILL)
            for line in sender.stdout:
                if line.startswith("accepted") and line.endswith("\n"):
                    accepted.add(int(line.split()[1]))
        desk = check(home)
        graphs = {iri.rpartition("/")[2] for iri in desk.record.state()}
        assert {f"k{number}" for number in accepted} <= graphs
        dataset = desk.versions.current().dataset_path.read_text(encoding="utf-8")
        assert all(f"facility/kill--k{number}>" in dataset for number in accepted)
        assert "facility/bad--" not in dataset
    assert len(accepted) > _KILLS


@pytest.mark.parametrize("broken", ["write", "fsync"])
@pytest.mark.parametrize("moment", range(1, 8))
def test_disk_fails(
    founding: BuildResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    moment: int,
) -> None:
    """A full disk and a failing fsync at each step: refused without a trace, or kept for good."""
    home = home_of(founding, tmp_path)
    desk = Desk(home)
    desk.open()
    try:
        desk.submit(put("disk", a_testbed("disk", "before")))
        before = desk.versions.current().id
        calls = 0

        def failing(handle: int) -> None:
            nonlocal calls
            calls += 1
            if calls == moment:
                raise OSError(errno.ENOSPC if broken == "write" else errno.EIO, "no more")
            os.fdatasync(handle)

        with monkeypatch.context() as patch:
            patch.setattr("klustergraf.contributions.record.os.fsync", failing)
            try:
                outcome = desk.submit(put("disk", a_testbed("disk", "after")))
                stored = outcome.is_stored
            except RecordError:
                stored = False
        again = check(home)
        dataset = again.versions.current().dataset_path.read_text(encoding="utf-8")
        assert ("facility/disk--after>" in dataset) is stored
        if not stored:
            assert again.versions.current().id == before
            # And it goes on: the same is accepted once the disk is well again.
            assert desk.submit(put("disk", a_testbed("disk", "after"))).is_stored
    finally:
        desk.close()
