"""How fast a version is built, and in how much memory, beside the store of what was built.

``.venv/bin/python bench/build.py`` builds the shipped graph; ``--with PATH`` (a file or folder that
``klustergraf import`` wrote; may be repeated) builds that in as well. Each turn is the command
``klustergraf build`` in a process of its own and an empty home. In one more turn, whose time does
not count, its memory is looked at many times a second: the proportional set size of all its
processes. To look takes a part of a processor when processes are large, so it is not done while
time is taken. The finished store is the memory of a process that loads the version and does nothing
else. All turns must give the same version; if they do not, this fails. Beside the seconds stands
the processor time of all processes, which other work on the machine changes less. Linux only.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import processes
from klustergraf.version import VersionStore
from report import machine, table, write_block

_LOOKS_SECONDS: Final = 0.1
_BOUND_SECONDS: Final = 20
_BOUND_RATE: Final = 60_000
_BOUND_MEMORY: Final = 3
_LOAD: Final = """
import sys
from pyoxigraph import Store
store = Store()
sys.stdin.readline()
store.bulk_load(path=sys.argv[1])
print("loaded", flush=True)
sys.stdin.readline()
"""


@dataclass(frozen=True)
class Turn:
    """One build: seconds to the version and to the end of the command.

    ``processor`` is the processor time of the command and of all that it started, in seconds.
    ``peak_mb`` and ``store_mb``, in MiB, are 0 where memory was not looked at.
    """

    version: str
    statements: int
    processor: float
    to_version: float
    to_end: float
    peak_mb: float = 0.0
    store_mb: float = 0.0


def measure(added: list[Path], *, is_memory_looked_at: bool = False) -> Turn:
    """Build once, and load what was built. Errors: CalledProcessError when the build fails."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(sys.executable).with_name("klustergraf")
        command = [str(program), "--home", folder, "build"]
        command += [part for path in added for part in ("--with", str(path))]
        used = _processor_of_ended()
        began = time.time()
        said = Path(folder) / "said.txt"  # a pipe would fill, and the build wait for who reads it
        with (
            said.open("wb") as file,
            subprocess.Popen(  # noqa: S603 - our own command, no shell
                command, stdout=file, stderr=file
            ) as process,
        ):
            peak = 0.0
            while is_memory_looked_at and process.poll() is None:
                peak = max(peak, processes.pss_mb(process.pid))
                time.sleep(_LOOKS_SECONDS)
            process.wait()
            ended = time.time()
        used = _processor_of_ended() - used
        if process.returncode:
            sys.stderr.write(said.read_text("utf-8")[:5000])
            raise subprocess.CalledProcessError(process.returncode, process.args)
        version = VersionStore(Path(folder)).current()
        return Turn(
            version=version.id,
            processor=used,
            statements=sum(version.manifest.triples.values()),
            # The version is there when the pointer to the current one is.
            to_version=(Path(folder) / "current").stat().st_mtime - began,
            to_end=ended - began,
            peak_mb=peak,
            store_mb=_store_mb(version.dataset_path) if is_memory_looked_at else 0.0,
        )


def _processor_of_ended() -> float:
    """Give the processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _store_mb(dataset: Path) -> float:
    """Give what a process grows by that loads a dataset into a store in memory."""
    with subprocess.Popen(  # noqa: S603 - the interpreter that runs this
        [sys.executable, "-c", _LOAD, str(dataset)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process was started without its pipes")
        time.sleep(1)
        before = processes.pss_mb(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        after = processes.pss_mb(process.pid)
        process.stdin.write(b"\n")
    return after - before


def rows(name: str, turns: list[Turn], looked: Turn) -> list[list[str]]:
    """Make the lines of the table; the bound that each figure has stands beside it."""
    median = {
        part: statistics.median(getattr(turn, part) for turn in turns)
        for part in ("to_version", "to_end", "processor")
    }
    count = turns[0].statements
    is_shipped = name == "the shipped graph"
    return [
        [f"{name}: statements", f"{count:,}", ""],
        [
            f"{name}: seconds to the version",
            f"{median['to_version']:.1f}",
            f"≤ {_BOUND_SECONDS}" if is_shipped else "",
        ],
        [f"{name}: with indexes and analyses", f"{median['to_end']:.1f}", ""],
        [f"{name}: processor time, all of it", f"{median['processor']:.1f}", ""],
        [
            f"{name}: statements a second, to the version",
            f"{count / median['to_version']:,.0f}",
            "" if is_shipped else f"≥ {_BOUND_RATE:,}",
        ],
        [
            f"{name}: peak memory ÷ finished store (MiB)",
            f"{looked.peak_mb / looked.store_mb:.2f}"
            f" ({looked.peak_mb:,.0f} ÷ {looked.store_mb:,.0f})",
            "" if is_shipped else f"≤ {_BOUND_MEMORY}",
        ],
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print a table and write it into the page of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with", dest="added", action="append", type=Path, default=[])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one turn for time and one for memory, and no page is written",
    )
    parser.add_argument("--turns", type=int, default=3)
    chosen = parser.parse_args(arguments)
    kinds = {"the shipped graph": []} | ({"with all at hand": chosen.added} if chosen.added else {})
    lines = []
    for name, added in kinds.items():
        turns = [measure(added) for _ in range(1 if chosen.quick else chosen.turns)]
        looked = measure(added, is_memory_looked_at=True)
        if len(versions := {turn.version for turn in (*turns, looked)}) > 1:
            sys.exit(f"{name}: turns of one input gave different versions: {sorted(versions)}")
        lines += rows(name, turns, looked)
    found = table(["figure", "measured", "bound"], lines)
    sys.stdout.write(found + "\n")
    if not chosen.quick:
        load = (
            f"Load of the machine at the end: {os.getloadavg()[0]:.1f}, the build itself included"
        )
        write_block("build", f"## Building a version\n\n{machine()}.\n{load}.\n\n{found}")


if __name__ == "__main__":
    main()
