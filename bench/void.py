"""How long the description of a graph by VoID takes, by the size of the graph.

Run it alone: ``.venv/bin/python bench/void.py [--quick]``. The shipped graph is described as it is,
and with made-up statements beside it up to a million and beyond. Counted is all from the dataset on
disk to the document: one pass over the statements, and writing VoID of every named graph as Turtle.
What is counted is kept with a version, so that a request pays for the document only.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

import report
from generate import write_dataset
from klustergraf.build import build
from klustergraf.description.statistics import count_statements
from klustergraf.description.void import PREFIXES, describe_void
from klustergraf.namespaces import VOID

_SIZES: Final = (1_000_000, 2_000_000)
_BOUND_SIZE: Final = 1_000_000
_BOUND_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Taken:
    """What one description took, in seconds, and what it says of how many statements and graphs."""

    counting: float
    writing: float
    triples: int
    graphs: int
    partitions: int

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.counting + self.writing


def describe(dataset: Path) -> Taken:
    """Describe a dataset in sorted N-Quads, and take the time."""
    began = time.perf_counter()
    with dataset.open("rb") as lines:
        counted = count_statements(lines)
    between = time.perf_counter()
    triples = describe_void(
        "0" * 64, "2026-11-26T12:00:00+00:00", counted, "https://data.example.org/"
    )
    document = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    ended = time.perf_counter()
    if not document:
        raise RuntimeError(f"{dataset} gave no description")
    partitions = (f"{VOID}classPartition", f"{VOID}propertyPartition")
    return Taken(
        counting=between - began,
        writing=ended - between,
        triples=sum(found.triples for found in counted.values()),
        graphs=len(counted),
        partitions=sum(triple.predicate.value in partitions for triple in triples),
    )


def with_made_up(dataset: Path, folder: Path, size: int) -> Path:
    """Write a dataset with made-up statements beside those of another, so many in all; sorted."""
    own = dataset.read_bytes().splitlines(keepends=True)
    made = folder / "made-up.nq"
    write_dataset(made, size - len(own))
    path = folder / f"{size}.nq"
    path.write_bytes(b"".join(sorted([*own, *made.read_bytes().splitlines(keepends=True)])))
    made.unlink()
    return path


def block(found: Sequence[Sequence[Taken]]) -> str:
    """Write what was measured: for each dataset, each of its rounds."""
    rows, verdicts = [], list[str]()
    for rounds in found:
        first = rounds[0]
        counting, writing, whole = (
            statistics.median(getattr(taken, name) for taken in rounds)
            for name in ("counting", "writing", "seconds")
        )
        rows.append(
            [
                f"{first.triples:,}",
                f"{first.graphs:,}",
                f"{first.partitions:,}",
                *(report.number(seconds) for seconds in (counting, writing, whole)),
                report.number(max(taken.seconds for taken in rounds)),
            ]
        )
        if not verdicts and first.triples >= _BOUND_SIZE:
            verdict = "held" if whole <= _BOUND_SECONDS else "**missed**"
            verdicts.append(
                f"Bound: VoID of {first.triples:,} triples in {_BOUND_SECONDS:.0f} s (median): "
                f"{verdict}, {report.number(whole)} s."
            )
    head = ["triples", "graphs", "partitions", "counting, s", "writing, s", "both, s", "slowest, s"]
    pieces = ["## VoID", "", f"{report.machine()}.", ""]
    pieces += [
        "Seconds, the median of several rounds: from the dataset on disk to VoID in Turtle, by one "
        "process.",
        "",
        report.table(head, rows),
        "",
        *verdicts,
    ]
    return "\n".join(pieces)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, and a million at most")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="write into this file")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    rounds, sizes = (1, _SIZES[:1]) if chosen.quick else (5, _SIZES)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shipped = build(folder / "home").version.dataset_path
        datasets = [shipped, *(with_made_up(shipped, folder, size) for size in sizes)]
        found = [[describe(path) for _ in range(rounds)] for path in datasets]
    report.write_block("void", block(found), chosen.page)


if __name__ == "__main__":
    main()
