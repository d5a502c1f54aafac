"""A worker's own copy of the store's memory.

A forked worker shares the keeper's pages until it writes to them, and the store writes wherever it
reads: it counts who holds a node. So a query pays for the copy of every page that it is the first
to touch; at a million triples that made look-ups five times as dear, and scans half as dear again.
A worker that may have its own copy makes it beforehand, while nobody asks it anything.
"""

import contextlib
import ctypes
import select
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

Range = tuple[int, int]

_MADV_POPULATE_WRITE: Final = 23  # since Linux 5.14; elsewhere pages are copied as they are touched
# The kernel copies so much in a few milliseconds, which is what a query may have to wait.
_STEP_BYTES: Final = 4 * 1024 * 1024
_IDLE_MILLISECONDS: Final = 50


def private_memory() -> list[Range]:
    """Give the addresses of this process's memory that belongs to no file and can be written to."""
    ranges = []
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
        addresses, rights, _, _, inode, *name = line.split(maxsplit=5)
        if rights == "rw-p" and inode == "0" and name[:1] not in (["[stack]"], ["[vvar]"]):
            begin, _, end = addresses.partition("-")
            ranges.append((int(begin, 16), int(end, 16)))
    return ranges


def copyable(available_bytes: int) -> list[Range]:
    """Give the memory of which a worker may have its own copy; nothing where that is scarce."""
    ranges = private_memory()
    size = sum(end - begin for begin, end in ranges)
    return ranges if 2 * size < available_bytes else []


class OwnCopy:
    """Copies memory that is shared since the fork, step by step."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._steps = _steps(ranges)
        self._madvise = ctypes.CDLL(None, use_errno=True).madvise
        self._madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

    def make(self, asked: socket.socket) -> None:
        """Copy on while nothing comes from a socket."""
        poll = select.poll()
        poll.register(asked, select.POLLIN)
        if poll.poll(_IDLE_MILLISECONDS):
            return
        # Memory that was given back meanwhile has nothing to be copied; that is no error.
        for begin, end in self._steps:
            with contextlib.suppress(OSError):
                self._madvise(begin, end - begin, _MADV_POPULATE_WRITE)
            if poll.poll(0):
                return


def _steps(ranges: Sequence[Range]) -> Iterator[Range]:
    for begin, end in ranges:
        for start in range(begin, end, _STEP_BYTES):
            yield start, min(start + _STEP_BYTES, end)
