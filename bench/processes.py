"""What the benchmark asks the operating system about the processes of a server. Linux only."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PSS: Final = re.compile(r"(?m)^Pss:\s+(\d+) kB")
_MEBI: Final = 1024
_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.02


def descendants(pid: int) -> list[int]:
    """Give a process and everything that descends from it, as it stands now."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = _stat(int(folder.name))
                children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, new = [], [pid]
    while new:
        found += new
        new = [child for parent in new for child in children.get(parent, [])]
    return found


def pss_mb(pid: int) -> float:
    """Give the memory of a process and its descendants; shared pages count in proportion.

    Counted again while processes come and go, since a share would be missed or counted twice.
    Units: 2**20 bytes (proportional set size).
    """
    total = 0.0
    for _ in range(_TRIES):
        family = descendants(pid)
        total = sum(_pss_of(process) for process in family)
        if descendants(pid) == family:
            break
        time.sleep(_PAUSE_SECONDS)
    return total


def pss_of_each(pid: int) -> dict[int, float]:
    """Give the memory of a process and of each of its descendants. Units: as pss_mb."""
    return {process: _pss_of(process) for process in descendants(pid)}


def is_running(pid: int) -> bool:
    """Tell whether a process exists and has not ended."""
    with contextlib.suppress(OSError):
        return _stat(pid)[0] != "Z"
    return False


def available_mb() -> float:
    """Give the memory that can be had without swapping, in units of 2**20 bytes."""
    return _meminfo("MemAvailable")


def total_mb() -> float:
    """Give the memory of the machine, in units of 2**20 bytes."""
    return _meminfo("MemTotal")


def processor() -> str:
    """Give the name of the processor."""
    for line in _lines(_PROC / "cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def free_port() -> int:
    """Find a port that is free on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stat(pid: int) -> list[str]:
    """Give the fields of ``/proc/PID/stat`` from the state on."""
    return (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(") ")[2].split()


def _pss_of(pid: int) -> float:
    with contextlib.suppress(OSError):
        found = _PSS.search((_PROC / str(pid) / "smaps_rollup").read_text("ascii"))
        if found:
            return int(found[1]) / _MEBI
    return 0.0


def _meminfo(name: str) -> float:
    for line in _lines(_PROC / "meminfo"):
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / _MEBI
    return 0.0


def _lines(path: Path) -> Iterator[str]:
    yield from path.read_text("utf-8", "replace").splitlines()
