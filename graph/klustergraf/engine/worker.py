"""A worker: the process in which queries run, one after the other.

The keeper (:mod:`klustergraf.engine.keeper`) forks it; it shares the keeper's store copy-on-write.
Before it sees a query it gives up what it could do harm with: it holds four descriptors,
walls stand around it (:mod:`klustergraf.engine.walls`) through which it can open neither a file nor
a connection, and its memory is bounded for each query anew. Of a store on disk it has the files
that the keeper has opened, and behind the kernel's walls can open the others. The kernel kills it
at the deadline of a query, whatever it is doing then.

It ends of its own accord after an error that may have left something behind, and when it has
grown: pages that it wrote to, or keeps for later, are no longer shared with the others. A *warm*
worker may have its own copy of all that was shared (:mod:`klustergraf.engine.own_copy`).
"""

import contextlib
import ctypes
import errno
import fcntl
import io
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import pyoxigraph as ox

from klustergraf.engine.frames import (
    DATA,
    END,
    HEAD,
    HEADER,
    LAST,
    error_frame,
    frame,
    receive_exactly,
)
from klustergraf.engine.loading import Loaded
from klustergraf.engine.own_copy import OwnCopy, Range
from klustergraf.engine.walls import Walls

_PIECE = 64 * 1024
_PR_SET_PDEATHSIG = 1
_STATM = 3  # the descriptor of /proc/self/statm
_MEBIBYTE = 1024 * 1024
# Past any of these a worker makes room for a fresh one. The faults count the shared pages that it
# has made its own; a query that causes so many has taken longer than a fork does.
_MOST_FAULTS = 16 * 1024
_MOST_GROWTH_BYTES = 64 * _MEBIBYTE


class _Memory:
    """What this process uses, against what it used when it was forked."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._most_growth = min(_MOST_GROWTH_BYTES, limit_bytes // 4)
        self._page = resource.getpagesize()
        self._resident, self._data = self._read()
        self._data_now = self._data  # as it was after the last query: between two, none is taken
        self._soft = -1
        self._faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        self._hard = self._data + self._most_growth + limit_bytes
        self.may_copy = False  # of what it shares

    def _read(self) -> tuple[int, int]:
        fields = os.pread(_STATM, 256, 0).split()
        return int(fields[1]) * self._page, int(fields[5]) * self._page

    def allow(self) -> None:
        """Let the next query use as much as one may, beside what is in use now."""
        soft = min(self._data_now + self._limit, self._hard)
        if soft != self._soft:
            self._soft = soft
            resource.setrlimit(resource.RLIMIT_DATA, (soft, self._hard))

    def copied(self, copy: Callable[[], None]) -> None:
        """Let shared memory be copied; what that adds, as huge pages do, is no growth."""
        before = self._read()[0]
        copy()
        resident, self._data_now = self._read()
        self._resident += max(resident - before, 0)

    def has_grown(self) -> bool:
        """Tell whether it is time for a fresh worker."""
        resident, data = self._read()
        self._data_now = data
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - self._faults
        growth = max(resident - self._resident, data - self._data)
        has_copied = faults > _MOST_FAULTS and not self.may_copy
        return has_copied or growth > self._most_growth


class _FrameWriter(io.RawIOBase):
    """Where the engine serialises to: gathers pieces, and sends the head with the first one."""

    def __init__(self, sink: socket.socket, head: bytes, most_bytes: int) -> None:
        self._sink = sink
        self._head = head
        self._gathered = bytearray()
        self._room = most_bytes
        self.broken = False
        self.too_large = False

    @property
    def has_begun(self) -> bool:
        """Whether anything has been sent."""
        return not self._head

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._gathered += data
        self._room -= len(data)
        if self._room < 0:
            self.too_large = True
            raise OSError(errno.EFBIG, "too large")
        if len(self._gathered) >= _PIECE:
            self._send(b"")
        return len(data)

    def finish(self, memory: _Memory) -> bool:
        """Send what is left and the end; tell whether this process takes another query."""
        if self.has_begun:
            self._send(b"")  # may wait for the reader, so the time still runs
        _disarm()
        grown = memory.has_grown()
        self._send(frame(LAST if grown else END))
        return not grown

    def _send(self, tail: bytes) -> None:
        body = frame(DATA, bytes(self._gathered)) if self._gathered else b""
        try:
            self._sink.sendall(self._head + body + tail)
        except OSError:
            self.broken = True
            raise
        self._head = b""
        self._gathered.clear()


def _disarm() -> None:
    """Stop the clock. A worker that has said that it lives on must not be killed after that."""
    signal.setitimer(signal.ITIMER_REAL, 0)


# There are few formats, and a look-up is done in less time than it takes to find three by name.
_triples_format = cache(ox.RdfFormat.from_media_type)
_results_format = cache(ox.QueryResultsFormat.from_media_type)


@cache
def _head(kind: str, media_type: str, by: str) -> bytes:
    told = {"kind": kind, "media_type": media_type, "by": by}
    return frame(HEAD, json.dumps(told).encode())


class _Job:
    """One query as it came, and what it may use."""

    def __init__(self, loaded: Loaded, sink: socket.socket, memory: _Memory, data: bytes) -> None:
        self._loaded = loaded
        self._sink = sink
        self._memory = memory
        self._order: dict[str, Any] = json.loads(data)
        self.is_warm = bool(self._order["warm"])

    def run(self) -> bool:
        """Run the query and write its answer; tell whether this process takes another one."""
        self._memory.allow()
        signal.setitimer(signal.ITIMER_REAL, max(self._order["seconds"], 0.001))
        writer: _FrameWriter | None = None
        try:
            graphs = self._order["default_graphs"], self._order["named_graphs"]
            shorter = self._loaded.shortened(self._order["text"], *graphs)
            result = self._loaded.query(shorter or self._order["text"], *graphs)
            writer = self._writer(result, has_columns=shorter is not None)
            output = cast(IO[bytes], writer)
            if isinstance(result, ox.QueryTriples):
                result.serialize(output, format=_triples_format(self._order["triples_format"]))
            else:
                result.serialize(output, format=_results_format(self._order["results_format"]))
            return writer.finish(self._memory)
        except SyntaxError as exc:
            return self._fail("SparqlSyntaxError", lives=writer is None, reason=str(exc.msg))
        except RuntimeError as exc:
            return self._fail("SparqlSyntaxError", lives=writer is None, reason=str(exc))
        except MemoryError:
            return self._fail("QueryResourcesExceeded", lives=False, reason="memory")
        except OSError:
            # The store needs no descriptor: only what the query itself tried to reach can fail so.
            if writer is not None and writer.broken:
                return False
            if writer is not None and writer.too_large:
                return self._fail("QueryResourcesExceeded", lives=False, reason="size")
            error = "QueryRefused" if self._loaded.folder is None else "EngineUnavailable"
            return self._fail(error, lives=False, reason="outside")

    def _writer(
        self, result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples, *, has_columns: bool
    ) -> _FrameWriter:
        if isinstance(result, ox.QueryTriples):
            kind, media_type = "triples", self._order["triples_format"]
        else:
            media_type = self._order["results_format"]
            kind = "boolean" if isinstance(result, ox.QueryBoolean) else "solutions"
        by = "columns" if has_columns else "store"
        return _FrameWriter(self._sink, _head(kind, media_type, by), self._order["most_bytes"])

    def _fail(self, error: str, *, lives: bool, reason: str) -> bool:
        _disarm()
        lives = lives and not self._memory.has_grown()
        self._sink.sendall(error_frame(error, lives=lives, reason=reason))
        return lives


def _is_in(folder: Path | None, descriptor: int) -> bool:
    """Tell whether a descriptor is a file of the store on disk."""
    if folder is None:
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(folder.resolve())
    return False


def _shut_in(channel: socket.socket, folder: Path | None, walls: Walls) -> socket.socket:
    """Give up every right that a query does not need, and every descriptor but four.

    Of a store on disk, its open files stay too; others of its files can be opened behind the walls.
    """
    null = os.open(os.devnull, os.O_RDWR)
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    # The numbers may overlap with those that are wanted: first all go above them.
    wanted_ones = (channel.detach(), null, null, statm)
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 16) for descriptor in wanted_ones]
    for wanted, descriptor in enumerate(high):
        os.dup2(descriptor, wanted)
    for descriptor in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if descriptor >= len(wanted_ones) and not _is_in(folder, descriptor):
            with contextlib.suppress(OSError):
                os.close(descriptor)  # not that of the listing itself, which is closed
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    walls.raise_here(folder, len(wanted_ones))
    return socket.socket(fileno=0)


def _receive_order(source: socket.socket) -> bytes | None:
    """Wait for a query; None: there will be no more. One alone is on its way at any time."""
    first = source.recv(_PIECE)
    if len(first) < HEADER.size:
        first += receive_exactly(source, HEADER.size - len(first))
        if len(first) < HEADER.size:
            return None
    missing = HEADER.size + HEADER.unpack_from(first)[1] - len(first)
    return first[HEADER.size :] + (receive_exactly(source, missing) if missing else b"")


def work(
    loaded: Loaded,
    channel: socket.socket,
    keeper_pid: int,
    memory_bytes: int,
    shared: Sequence[Range],
    walls: Walls,
) -> NoReturn:
    """Take queries from the channel until it ends. Never returns into the keeper's code.

    ``shared``: the memory that this worker may copy when it is told to be warm; ``walls``: those
    that hold on this machine.
    """
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper_pid:
            os._exit(1)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        sink = _shut_in(channel, loaded.folder, walls)
        memory = _Memory(memory_bytes)
        copy = OwnCopy(shared, sink)
        lives = True
        while lives:
            order = _receive_order(sink)
            if order is None:
                break
            job = _Job(loaded, sink, memory, order)
            memory.may_copy = job.is_warm and bool(shared)
            lives = job.run()
            if lives and memory.may_copy and copy.has_time():
                memory.copied(copy.make)
        status = 0
    finally:
        os._exit(status)
