"""Memory that is given back, where the C library can."""

import ctypes
import os
from pathlib import Path

import pytest

from klustergraf.memory import give_back


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_what_was_freed_is_given_back() -> None:
    """Many small blocks, of which the last holds the rest in place: most goes when they go."""
    blocks = [bytes(1000) for _ in range(100_000)]
    last = bytes(1000)
    full = _resident_bytes()
    del blocks
    give_back()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        assert full - _resident_bytes() > 50_000_000
    assert last


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nothing to call, nothing is called."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    give_back()
