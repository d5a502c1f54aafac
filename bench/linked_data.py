"""How long a thing's documents take, by the size of the thing and by the size of the graph.

Run it alone: ``.venv/bin/python bench/linked_data.py [--quick]``. The shipped graph is served as it
is, and with made-up statements beside it up to a million and beyond; the same things are asked for
in each, in turn. Nothing is cached: documents are made for each request, and no request is sent
with an ``If-None-Match``. A time is from the first byte sent to the last received, on a connection
that stays open, one client.
"""

import argparse
import contextlib
import http.client
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import report
from generate import write_dataset
from klustergraf.build import build
from klustergraf.namespaces import BASE, ID
from peers import Klustergraf

_ACTOR: Final = f"<{ID}actor/".encode()
_THING: Final = f"<{ID}".encode()
# What is asked for: suffix, heading, and the bound for the largest actor in milliseconds.
_DOCUMENTS: Final = (("ttl", "data", 50.0), ("html", "page", 100.0))
# Things that have about so many statements, to show how the time grows with the thing.
_DEGREES: Final = (10, 100, 1_000)
_WARM_UP: Final = 5


@dataclass(frozen=True)
class Subject:
    """A thing that is asked for. ``statements``: those that it is the subject or the object of."""

    about: str
    iri: str
    statements: int


def choose_subjects(dataset: Path) -> list[Subject]:
    """Choose the largest actor, the largest thing of all, and things of some sizes."""
    degrees: Counter[bytes] = Counter()
    last = b""
    with dataset.open("rb") as lines:
        for line in lines:
            subject, _, rest = line.split(b" ", 2)
            value = rest.split(b" ", 1)[0]
            if line.rpartition(b" <")[0] == last:
                continue
            last = line.rpartition(b" <")[0]
            if subject.startswith(_THING):
                degrees[subject] += 1
            if value.startswith(_THING):
                degrees[value] += 1
    named = degrees.most_common()
    chosen = {"the largest actor": next(i for i, _ in named if i.startswith(_ACTOR))}
    for degree in reversed(_DEGREES):
        nearest = min(named, key=lambda pair: (abs(pair[1] - degree), pair[0]))
        if nearest[0] not in chosen.values():
            chosen[f"about {degree:,} statements"] = nearest[0]
    chosen["the largest of all things"] = named[0][0]
    subjects = [Subject(a, iri[1:-1].decode(), degrees[iri]) for a, iri in chosen.items()]
    return sorted(subjects, key=lambda subject: -subject.statements)


class Documents:
    """Asks for documents over one connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def seconds(self, subject: Subject, suffix: str) -> tuple[float, int]:
        """Ask for a document; give how long it took and how large it is."""
        path = f"/{quote(subject.iri.removeprefix(BASE))}.{suffix}"
        began = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        taken = time.perf_counter() - began
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} answers {response.status}: {body[:200]!r}")
        return taken, len(body)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


Times = dict[tuple[str, str, str], list[float]]


def measure(
    datasets: dict[str, Path], subjects: Sequence[Subject], rounds: int, folder: Path
) -> tuple[Times, dict[tuple[str, str], int]]:
    """Ask every server for every document, in turn; give the seconds and the sizes in bytes."""
    times: Times = {}
    sizes: dict[tuple[str, str], int] = {}
    with contextlib.ExitStack() as stack:
        clients = {}
        for name, path in datasets.items():
            place = folder / name.replace(" ", "-")
            server = stack.enter_context(Klustergraf(path, place, workers=2))
            server.start()
            clients[name] = stack.enter_context(contextlib.closing(Documents(server.url)))
        for number in range(rounds + _WARM_UP):
            for subject in subjects:
                for suffix, _, _ in _DOCUMENTS:
                    for name, client in clients.items():
                        taken, size = client.seconds(subject, suffix)
                        sizes[subject.iri, suffix] = size
                        if number >= _WARM_UP:
                            times.setdefault((name, subject.iri, suffix), []).append(taken)
    return times, sizes


def block(
    datasets: dict[str, int],
    subjects: Sequence[Subject],
    times: Times,
    sizes: dict[tuple[str, str], int],
) -> str:
    """Write what was measured."""

    def milliseconds(name: str, subject: Subject, suffix: str) -> str:
        found = sorted(seconds * 1000 for seconds in times[name, subject.iri, suffix])
        late = found[min(int(len(found) * 0.95), len(found) - 1)]
        return f"{report.number(statistics.median(found))} ({report.number(late)})"

    pieces = ["## Documents of linked data", "", f"{report.machine()}.", ""]
    pieces += [
        "Milliseconds: median, and the 95th percentile in brackets; made anew for each request.",
        "",
    ]
    first = next(iter(datasets))
    for suffix, title, bound in _DOCUMENTS:
        head = [
            "thing",
            "statements",
            f"{title}, KiB",
            *(f"{n:,} triples" for n in datasets.values()),
        ]
        rows = [
            [
                f"{subject.about} (`{subject.iri.removeprefix(ID)}`)",
                f"{subject.statements:,}",
                report.number(sizes[subject.iri, suffix] / 1024),
                *(milliseconds(name, subject, suffix) for name in datasets),
            ]
            for subject in subjects
        ]
        pieces += [report.table(head, rows), ""]
        largest = next(s for s in subjects if s.about == "the largest actor")
        median = statistics.median(times[first, largest.iri, suffix]) * 1000
        verdict = "held" if median <= bound else "**missed**"
        pieces += [
            f"Bound: the {title} of the largest actor of the shipped graph in {bound:.0f} ms "
            f"(median): {verdict}, {report.number(median)} ms.",
            "",
        ]
    return "\n".join(pieces)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, one larger graph")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--dataset", type=Path, help="N-Quads instead of the shipped graph")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="write into this file")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    rounds = 5 if chosen.quick else chosen.rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        dataset = chosen.dataset or build(folder / "home").version.dataset_path
        subjects = choose_subjects(dataset)
        with dataset.open("rb") as lines:
            shipped = sum(1 for _ in lines)
        counts, paths = {"shipped": shipped}, {"shipped": dataset}
        for total in (1_000_000,) if chosen.quick else (1_000_000, 2_000_000):
            name = f"with {total}"
            paths[name] = folder / f"{total}.nq"
            made = write_dataset(paths[name], max(total - shipped, 10_000))
            with dataset.open("rb") as own, paths[name].open("ab") as whole:
                shutil.copyfileobj(own, whole)
            counts[name] = shipped + made.triples
        times, sizes = measure(paths, subjects, rounds, folder)
    report.write_block("linked data", block(counts, subjects, times, sizes), chosen.page)


if __name__ == "__main__":
    main()
