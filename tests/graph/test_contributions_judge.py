"""Whatever goes wrong where a contribution is judged, the one who sent it is told, and soon."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contributing import put
from klustergraf.contributions.desk import Desk
from klustergraf.errors import ContributionTooHeavy, GraphError, JudgeFailed
from two_versions import two_versions

_LIMIT_SECONDS = 3.0
# A gatekeeper whose gate does something else than to judge.
_SCRIPT = """
import os, signal, sys, threading, time
sys.path[:0] = {paths!r}
import pyoxigraph as ox
from klustergraf.contributions import gatekeeper
from klustergraf.contributions.gate import Verdict
from klustergraf.contributions.lines import Delta
from klustergraf.shacl import Report

def told():
    return Verdict(b"", Delta(), Report.of(()), {{}})

def no_thread(self):
    raise RuntimeError("can't start new thread")

def in_a_thread():
    assert threading.current_thread() is not threading.main_thread()
    return told()

class Gate:
    def __init__(self, path):
        self.store = ox.Store()

    def judge(self, candidate):
        return {act}

gatekeeper.Gate = Gate
{before}
gatekeeper.main()
"""
_NO_THREAD = "threading.Thread.start = no_thread"


@contextmanager
def desk(monkeypatch: pytest.MonkeyPatch, home: Path, act: str, before: str = "") -> Iterator[Desk]:
    """Give a desk whose judges do this; ``before``: what happens before the first."""
    script = _SCRIPT.format(paths=sys.path, act=act, before=before)
    monkeypatch.setattr(
        "klustergraf.contributions.desk.command",
        lambda _, *arguments: [sys.executable, "-c", script, *arguments],
    )
    two_versions(home)
    made = Desk(home, seconds=_LIMIT_SECONDS)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("act", "error"),
    [
        ("1 / 0", JudgeFailed),
        ("sys.exit(0)", ContributionTooHeavy),
        ("threading.stack_size(-1)", JudgeFailed),
        ("os._exit(0)", ContributionTooHeavy),
        ("os.abort()", ContributionTooHeavy),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ContributionTooHeavy),
        ("time.sleep(600)", ContributionTooHeavy),
        ("[0] * (1 << 40)", ContributionTooHeavy),
        ("Verdict(b'\\xff', Delta(), Report.of(()), {})", JudgeFailed),
    ],
)
@pytest.mark.parametrize("before", ["", _NO_THREAD], ids=["thread", "no thread"])
def test_a_fault_is_told_and_the_next_is_judged(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    act: str,
    error: type[GraphError],
    before: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A judge that fails, ends, hangs or takes too much: an error of its own, and no hang."""
    with desk(monkeypatch, tmp_path, act, before) as tested:
        tested.open()
        pid = tested._keeper().pid
        version = tested.versions.current().id
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(error):
                tested.submit(put("aa", "<actor/aa> a <x> ."))
            assert time.monotonic() - began < 60
        assert tested._keeper().pid == pid, "the gatekeeper itself goes on"
        assert tested.versions.current().id == version
        assert tested.record.entries() == []
        assert ("Traceback" in caplog.text) == (error is JudgeFailed)


@pytest.mark.parametrize("before", ["", _NO_THREAD], ids=["thread", "no thread"])
def test_without_a_thread_it_is_judged_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str
) -> None:
    """In the first thread judging takes longer, and says the same."""
    act = "told()" if before else "in_a_thread()"
    with desk(monkeypatch, tmp_path, act, before) as tested:
        assert tested.check(put("aa", "<actor/aa> a <x> .")).report["conforms"]
