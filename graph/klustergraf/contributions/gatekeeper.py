"""The gatekeeper: a process that keeps a version ready, and forks a judge for each contribution.

What partners send is read and judged in a fork of this process, which shares its memory
copy-on-write, has no network and no file, and is ended at its deadline or past its memory. A fork
that judged is thrown away, so nothing that it did stays; what was accepted is applied here.

On the control socket: ``f`` asks for a fork and is answered with its channel and pidfd; ``a`` and a
frame with a change of the dataset applies it. What comes behind is done after it.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

import pyoxigraph as ox

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.gate import Candidate, Gate, Verdict
from klustergraf.contributions.lines import Delta
from klustergraf.contributions.media_types import TABLES
from klustergraf.contributions.reading import Reading, read
from klustergraf.contributions.spreadsheets.table import read_table
from klustergraf.engine import frames
from klustergraf.errors import FullBuildNeeded, GraphParseError, IdentifierError
from klustergraf.shacl import Report

_PR_SET_PDEATHSIG: Final = 1
_MEBIBYTE: Final = 1024 * 1024
MOST_RESULTS: Final = 1000
_TRACE: Final = 4000
JUDGED: Final = b"J"
ORDER: Final = b"O"


def main() -> None:
    """Run as the gatekeeper, as the arguments say."""
    descriptor, dataset = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    try:
        gate = Gate(Path(dataset))
    except (OSError, SyntaxError, ValueError) as exc:
        control.sendall(frames.error_frame("RecordError", reason=str(exc)))
        return
    control.sendall(frames.frame(frames.HEAD, b"{}"))
    gc.collect()
    gc.freeze()
    gc.disable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are buried by the kernel
    _serve(gate, control)


def _serve(gate: Gate, control: socket.socket) -> NoReturn:
    while True:
        command = control.recv(1)
        if command == b"f":
            channel, theirs = socket.socketpair()
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                _in_a_thread(gate, theirs, parent)
            theirs.close()
            pidfd = os.pidfd_open(pid)
            socket.send_fds(control, [b"f"], [channel.fileno(), pidfd])
            channel.close()
            os.close(pidfd)
        elif command == b"a":
            header = frames.receive_exactly(control, frames.HEADER.size)
            content = frames.receive_exactly(control, frames.HEADER.unpack(header)[1])
            gate.apply(Delta.from_bytes(content))
        else:
            os._exit(0)


def _in_a_thread(gate: Gate, channel: socket.socket, parent: int) -> NoReturn:
    """Judge in a thread of its own: the system's allocator gives it memory of its own.

    In the first thread, what is needed anew is put into the gaps between what was loaded, and each
    page that has such a gap is shared with the gatekeeper, and copied by the kernel first.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the end of who takes too long
    thread = threading.Thread(target=_judge, args=[gate, channel, parent])
    try:
        thread.start()
    except RuntimeError:  # there is none to be had: then it takes longer
        _judge(gate, channel, parent)
    thread.join()
    os._exit(1)


def _judge(gate: Gate, channel: socket.socket, parent: int) -> NoReturn:
    """Read one order from the channel, judge it, and answer. Never returns."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for entry in list(Path("/proc/self/fd").iterdir()):
            if int(entry.name) not in (channel.fileno(), 2):
                with contextlib.suppress(OSError):
                    os.close(int(entry.name))
        header = frames.receive_exactly(channel, frames.HEADER.size)
        order = frames.receive_exactly(channel, frames.HEADER.unpack(header)[1])
        size = int.from_bytes(order[:4], "big")
        members: dict[str, Any] = json.loads(order[4 : 4 + size])
        _shut_in(members["seconds"], members["memory_mb"])
        rest = order[4 + size :]
        content, before = rest[: members["content_bytes"]], rest[members["content_bytes"] :]
        try:
            answer = json.dumps(_answer(gate, members, content, before))
        except Exception:  # noqa: BLE001 - a fault of ours is told as one, and not as a heavy file
            # The desk logs it: this process may write no file, and its standard error may be one.
            answer = json.dumps({"error": "fault", "trace": traceback.format_exc()[-_TRACE:]})
        channel.sendall(frames.frame(JUDGED, answer.encode()))
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(1)


def _shut_in(seconds: float, memory_mb: int) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with Path("/proc/self/statm").open("rb") as statm:
        data = int(statm.read().split()[5]) * resource.getpagesize()
    limit = data + memory_mb * _MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The shapes lie in files that may be read; a socket needs one more descriptor than these.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _answer(gate: Gate, order: dict[str, Any], content: bytes, before: bytes) -> dict[str, Any]:
    try:
        address = GraphAddress.of(order["graph"])
        if order["is_gone"]:
            reading = Reading(())
        else:
            reading = read_any(gate.store, content, order["media_type"], address)
        candidate = Candidate(
            address, reading, before, order["issued"], order["adds"], order["is_gone"]
        )
        return _told(gate.judge(candidate), reading)
    except GraphParseError as exc:
        return {"error": "parse", "source": exc.source, "reason": exc.reason, "line": exc.line,
                "column": exc.column}  # fmt: skip
    except (FullBuildNeeded, IdentifierError) as exc:
        return {"error": "refused", "reason": str(exc)}
    except MemoryError:
        return {"error": "memory"}


def read_any(store: ox.Store, content: bytes, media_type: str, address: GraphAddress) -> Reading:
    """Read RDF, or a table. ``store``: the version in which a table's names are looked up."""
    plain, _, parameter = media_type.partition(";")
    if plain in TABLES:
        return read_table(store, content, plain, address, parameter.removeprefix("table="))
    return read(content, plain, address.iri)


def _told(verdict: Verdict, reading: Reading) -> dict[str, Any]:
    whole = verdict.came
    report = Report.of(whole.results, limit=MOST_RESULTS)
    told: dict[str, Any] = json.loads(report.json())
    for result, members in zip(report.results, told["results"], strict=True):
        focus = getattr(result.focus_node, "value", "")
        predicate = result.result_path.iri if result.result_path else ""
        value = "" if result.value is None else str(result.value)
        place = reading.place(focus, predicate, value)
        if place is not None:
            members.update(place)
    return {
        "statements": verdict.statements.decode(),
        "delta": verdict.delta.to_bytes().decode(),
        "conforms": whole.conforms,
        "counts": whole.counts,
        "went": verdict.went,
        "merged": list(verdict.merged),
        "rows": reading.rows,
        "report": told,
        "turtle": report.turtle(),
        "text": {"sv": report.text("sv"), "en": report.text("en")},
    }
