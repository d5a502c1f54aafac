"""Columns tell what has become of them: in the log and to whoever asks the engine."""

import logging
import sys
from pathlib import Path

import pytest

from klustergraf.engine import lane
from klustergraf.engine.change import Change
from klustergraf.engine.columns.outcome import ColumnsState, Outcome
from klustergraf.engine.disk import Storage
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.version import Version
from serving import TINY, wait_until

_START = (
    "from klustergraf.engine import keeper; from klustergraf.engine.columns import filling; "
    "import os, signal; {}; keeper.main()"
)
# What goes wrong in a keeper, or in the process that makes the columns; what is told then.
_FAULTS = {
    "an error": (
        "filling.make_table = lambda loaded: [][0]",
        Outcome(ColumnsState.FAILED, reason="IndexError: list index out of range"),
    ),
    "killed": (
        "filling.make_table = lambda loaded: os.kill(os.getpid(), signal.SIGKILL)",
        Outcome(ColumnsState.FAILED, reason="the process that made them ended with status -9"),
    ),
    "little memory": ("keeper.available_bytes = lambda: 0", Outcome(ColumnsState.NO_MEMORY)),
    "no room": ("filling.Place.put = lambda self, table: False", Outcome(ColumnsState.NO_MEMORY)),
}


def told(path: Path, storage: Storage = "memory") -> Outcome:
    """Start an engine and give what becomes of its columns."""
    with EmbeddedEngine(path, storage=storage) as engine:
        assert wait_until(lambda: engine.columns.state is not ColumnsState.MAKING, 30)
        return engine.columns


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str, str]]:
    """Give the log's lines about columns: level, text, state."""
    return [
        (record.levelno, record.getMessage(), vars(record)["columns"])
        for record in caplog.records
        if "columns" in vars(record)
    ]


@pytest.mark.parametrize("name", _FAULTS)
def test_why_there_are_none(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong has a line in the log with its reason; a fault is a warning."""
    code, expected = _FAULTS[name]
    start = [sys.executable, "-c", _START.format(code)]
    monkeypatch.setattr(lane, "command", lambda _module, *arguments: [*start, *arguments])
    with caplog.at_level(logging.INFO, "klustergraf.engine"):
        assert told(TINY) == expected
        assert wait_until(lambda: len(lines(caplog)) == 1)
    ((level, text, state),) = lines(caplog)
    assert level == (logging.WARNING if expected.state == "failed" else logging.INFO)
    assert text.startswith(f"{TINY.name}: no columns: ")
    assert expected.reason in text
    assert state == expected.state


def test_what_was_made(caplog: pytest.LogCaptureFixture) -> None:
    """Columns that are made tell how long it took, and what they take."""
    with caplog.at_level(logging.INFO, "klustergraf.engine"):
        outcome = told(TINY)
        assert wait_until(lambda: len(lines(caplog)) == 1)
    assert outcome.state is ColumnsState.MADE
    assert outcome.seconds > 0
    # More than the dataset's terms, and no more than its text.
    assert 1000 < outcome.size < 20 * TINY.stat().st_size
    ((level, text, _),) = lines(caplog)
    assert level == logging.INFO
    assert text.startswith(f"{TINY.name}: columns made in ")


def test_no_columns_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store on disk has none, and says so."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert told(TINY, "disk") == Outcome(ColumnsState.ON_DISK)


def test_dataset_that_columns_cannot_hold(tmp_path: Path) -> None:
    """A triple as a term is the store's."""
    path = tmp_path / "data.ttl"
    path.write_text("<e:a> <e:p> <<( <e:b> <e:c> <e:d> )>> .", encoding="utf-8")
    assert told(path) == Outcome(ColumnsState.UNFIT)


def test_a_change_is_told_of_anew(tmp_path: Path) -> None:
    """The engine of the next version has columns of its own, and tells of them."""
    before = b"".join(b'<http://e/a> <http://e/p> "%d" .\n' % number for number in range(100))
    after = b'<http://e/b> <http://e/p> "a" .\n'
    folder = tmp_path / ("0" * 64)
    folder.mkdir()
    (folder / "dataset.nq").write_bytes(before + after)
    first = tmp_path / "first.nq"
    first.write_bytes(before)
    with EmbeddedEngine(first) as engine:
        assert wait_until(lambda: engine.columns.state is ColumnsState.MADE, 30)
        with engine.successor(Version(folder), Change(added=[after], removed=[])) as successor:
            assert successor.columns == Outcome(ColumnsState.MAKING)
            assert wait_until(lambda: successor.columns.state is ColumnsState.MADE, 30)
            assert successor.columns != engine.columns
