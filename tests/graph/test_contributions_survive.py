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

_MOST_BETWEEN_KILLS = 20

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
            break
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


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.long)])
def test_killed_at_any_moment(founding: BuildResult, tmp_path: Path, count: int) -> None:
    """Every acknowledged contribution is there after each of the kills, and no refused one is."""
    home = home_of(founding, tmp_path)
    chance = random.Random(9)
    accepted: set[int] = set()
    answered = kills = 0
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "graph")]
    while answered < count:
        first = max(accepted, default=-1) + 2  # the one that was under way is its own
        code = _SENDER.format(paths=paths, home=str(home), first=first)
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as sender:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "open\n"
            wanted = min(chance.randrange(_MOST_BETWEEN_KILLS), count - answered)
            said = [sender.stdout.readline() for _ in range(wanted)]
            time.sleep(chance.random() * 0.3)
            os.killpg(sender.pid, signal.SIGKILL)
            kills += 1
            said += [line for line in sender.stdout if line.endswith("\n")]
        for line in said:
            assert line.startswith(("accepted ", "refused ")), line
            answered += 1
            if line.startswith("accepted"):
                accepted.add(int(line.split()[1]))
        desk = check(home)
        graphs = {iri.rpartition("/")[2] for iri in desk.record.state()}
        assert {f"k{number}" for number in accepted} <= graphs
        dataset = desk.versions.current().dataset_path.read_text(encoding="utf-8")
        assert all(f"facility/kill--k{number}>" in dataset for number in accepted)
        assert "facility/bad--" not in dataset
    assert len(accepted) > count / 2
    assert answered - len(accepted) > count / 20, "some were refused"
    assert kills >= count // _MOST_BETWEEN_KILLS


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
