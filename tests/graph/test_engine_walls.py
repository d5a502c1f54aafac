"""The walls around a worker: what it cannot do behind each, and which stand where."""

import ctypes
import json
import logging
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from klustergraf.engine import lane
from klustergraf.engine.base import QueryRequest
from klustergraf.engine.disk import Storage
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.walls import Walls, tried
from serving import TINY, without_walls

# Shuts itself in as a worker does, tries what one must not be able to do, and tells how it went.
_INSIDE = """
import errno, json, os, socket, sys
from pathlib import Path
from klustergraf.engine.walls import Walls
from klustergraf.engine.worker import _shut_in

calls, files, storage, own, others, port = sys.argv[1:]
ours, workers = socket.socketpair()
if os.fork() == 0:
    ours.close()
    folder = Path(own).parent if storage == "disk" else None
    channel = _shut_in(workers, folder, Walls(calls == "True", files == "True"))

    def connect():
        with socket.socket() as made:
            made.connect(("127.0.0.1", int(port)))

    attempts = {
        "connect": connect,
        "pair": socket.socketpair,
        "read own": lambda: Path(own).read_bytes(),
        "write own": lambda: Path(own).open("r+b"),
        "make another": lambda: Path(own).with_suffix(".new").touch(),
        "read another's": lambda: Path(others).read_bytes(),
        "read passwd": lambda: Path("/etc/passwd").read_bytes(),
        "run": lambda: os.execv(own, [own]),
        "fork": lambda: os.fork() or os._exit(0),
        "signal": lambda: os.kill(os.getppid(), 0),
        "give up a descriptor": lambda: os.close(3),
        "then connect": connect,
        "then read passwd": lambda: Path("/etc/passwd").read_bytes(),
    }
    told = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            told[name] = "done"
        except OSError as exc:
            told[name] = errno.errorcode[exc.errno]
    channel.sendall(json.dumps(told).encode())
    os._exit(0)
workers.close()
while data := ours.recv(65536):
    sys.stdout.write(data.decode())
"""
_REFUSALS = {"EPERM", "EACCES", "EMFILE"}
_NEVER = {"connect", "pair", "write own", "make another", "read another's", "read passwd"}
_NO_CALL = {"fork", "signal", "then connect"}
# Each alone, both, and none: of those that this kernel has.
_HERE = tried(None)
_COMBINATIONS = [
    Walls(calls, files)
    for calls in sorted({False, _HERE.calls})
    for files in sorted({False, _HERE.files})
]
_FREE = {"then connect", "then read passwd"}


def attempted(walls: Walls, storage: str, folder: Path) -> dict[str, str]:
    """Give what became of each attempt behind walls, of a worker with a store in a folder."""
    store = folder / "store"
    store.mkdir()
    own, others = store / "000001.sst", folder / "other.sst"
    own.write_text("own")
    others.write_text("another's")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arguments = (walls.calls, walls.files, storage, own, others, port)
        command = [sys.executable, "-c", _INSIDE, *map(str, arguments)]
        told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found: dict[str, str] = json.loads(told)
    return found


def refused(told: dict[str, str]) -> set[str]:
    """Name the attempts that were refused."""
    return {name for name, outcome in told.items() if outcome in _REFUSALS}


@pytest.mark.parametrize("storage", ["memory", "disk"])
@pytest.mark.parametrize("walls", _COMBINATIONS)
def test_worker_is_shut_in(walls: Walls, storage: str, tmp_path: Path) -> None:
    """Whatever the kernel offers, a worker opens no connection, and no file that is not its own."""
    told = attempted(walls, storage, tmp_path)
    must_fail = set(_NEVER)
    if walls.calls:
        must_fail |= _NO_CALL
    if walls.files:
        must_fail |= {"then read passwd"}
    if not (storage == "disk" and walls == Walls(calls=True, files=True)):
        must_fail |= {"read own"}
    assert refused(told) >= must_fail
    assert (told["run"] == "EPERM") == walls.calls
    if "read own" not in must_fail:
        assert told["read own"] == "done"
    # What no wall stops can be done: else the attempts would show nothing.
    assert {told[name] for name in _FREE - must_fail} <= {"done"}


def test_what_the_kernel_has_is_used() -> None:
    """A wall is taken for missing only where the kernel says that it has none."""
    filters = Path("/proc/sys/kernel/seccomp/actions_avail")
    assert tried(None).calls == (filters.exists() and "errno" in filters.read_text().split())
    version = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)  # landlock_create_ruleset
    assert tried(None).files == (version > 0)


def test_nothing_is_left_of_a_trial(tmp_path: Path) -> None:
    """Who tries walls is not behind them."""
    tried(tmp_path)
    with socket.create_server(("127.0.0.1", 0)):
        assert Path("/etc/passwd").read_bytes()


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_log_says_which_walls_stand(
    storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log names the walls that the worker's own state shows."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        caplog.at_level(logging.INFO, "klustergraf.engine"),
        EmbeddedEngine(TINY, storage=storage) as engine,
    ):
        b"".join(engine.query(QueryRequest("ASK {}")))
        (worker, *_) = children_that_answer(engine)
        status = Path(f"/proc/{worker}/status").read_text()
        limits = Path(f"/proc/{worker}/limits").read_text()
    (record,) = [record for record in caplog.records if "has loaded" in record.getMessage()]
    walls = vars(record)["walls"]
    assert ("seccomp" in walls) == ("Seccomp:\t2\n" in status)
    few = re.search(r"Max open files +4 +4 ", limits) is not None
    assert ("descriptors" in walls) == few
    assert few or {"seccomp", "Landlock"} <= set(walls)


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_engine_where_the_kernel_has_no_walls(
    storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without the kernel's walls the limit of descriptors stands, and queries are answered."""
    monkeypatch.setattr(lane, "command", without_walls)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        caplog.at_level(logging.INFO, "klustergraf.engine"),
        EmbeddedEngine(TINY, storage=storage) as engine,
    ):
        assert (
            b"".join(engine.query(QueryRequest("ASK { ?s ?p ?o }")))
            == b'{"head":{},"boolean":true}'
        )
        (worker, *_) = children_that_answer(engine)
        limits = Path(f"/proc/{worker}/limits").read_text()
    assert re.search(r"Max open files +4 +4 ", limits)
    (record,) = [record for record in caplog.records if "has loaded" in record.getMessage()]
    assert vars(record)["walls"] == ["descriptors"]


def children_that_answer(engine: EmbeddedEngine) -> list[int]:
    """Give the process ids of the workers that wait for a query after one."""
    lanes = engine._pool._idle
    descriptions = [Path(f"/proc/self/fdinfo/{lane._pidfd}").read_text() for lane in lanes]
    return [int(text.partition("Pid:")[2].split()[0]) for text in descriptions]
