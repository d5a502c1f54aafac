"""How long a contribution of fifty things takes in a graph of a million triples.

``.venv/bin/python bench/contribute.py [--quick]``. The graph is the shipped one with made-up
statements beside it, up to the size. The service runs as anybody runs it. Each turn sends fifty
new testbeds as Turtle, or as a table, to a graph of their own; a time is from the first byte sent
to the answer received. Meanwhile another client asks again and again whether the last of the fifty
is there: *visible* is from the first byte sent until an answer says so. Two more rows tell of the
first contribution after a start of the service: one that is sent as soon as it answers, and one
that is sent when it has been up for half a minute. Validating everything is
validating all statements of the same version, that lie in a store already, in the same run, in
between the turns.
"""

import argparse
import contextlib
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

import generate
import report
from klustergraf.build import build
from klustergraf.contributions.tokens import TokenStore
from klustergraf.derivations import derive_all
from klustergraf.namespaces import ID, KG
from klustergraf.shacl import validate
from klustergraf.shacl.shapes import load_shapes
from klustergraf.version import Version, VersionStore
from peers import Stored

_SIZE: Final = 1_000_000
_THINGS: Final = 50
_PARTNER: Final = "bench"
_BOUND_SECONDS: Final = 1.5
_BOUND_RATIO: Final = 20.0
_UP_SECONDS: Final = 30.0
_FORMS: Final = {"Turtle": "text/turtle", "table (CSV)": "text/csv"}


@dataclass
class Times:
    """What was measured, in seconds.

    ``first``: of the first contribution after a start, by how long the service had been up; each
    until it was answered, and until it was visible.
    """

    statements: int = 0
    first: dict[float, tuple[float, float]] = field(default_factory=dict)
    answered: dict[str, list[float]] = field(default_factory=dict)
    visible: dict[str, list[float]] = field(default_factory=dict)
    everything: list[float] = field(default_factory=list)


def grown(version: Version, home: Path, size: int) -> Version:
    """Store a version that has made-up statements beside what another holds, up to a size."""
    lines = version.dataset_path.read_bytes().splitlines(keepends=True)
    if len(lines) < size:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made-up.nq"
            generate.write_dataset(path, size - len(lines))
            # Canonical, as the lines of a version are.
            quads = ox.parse(path=path, format=ox.RdfFormat.N_QUADS)
            written = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
        lines += written.splitlines(keepends=True)
    content = b"".join(sorted(set(lines)))
    manifest = replace(version.manifest, id=sha256(content).hexdigest())
    return VersionStore(home).add(content, manifest, b"")


def testbeds(form: str, turn: int) -> tuple[bytes, str]:
    """Describe fifty testbeds; give the text, and the IRI of the last of them."""
    names = [f"{form.split()[0].lower()}-{turn}-{number}" for number in range(_THINGS)]
    last = f"{ID}facility/{_PARTNER}--{names[-1]}"
    if form == "Turtle":
        things = "".join(
            f"<facility/{_PARTNER}--{name}> a kg:Testbed ; "
            f'skos:prefLabel "Testbädd {name}"@sv , "Testbed {name}"@en ; '
            "kg:locatedIn <place/huddinge> ; kg:isOperatedBy <actor/kth> ; "
            "kg:contributesTo <priority/a2> ; kg:isOpenToCompanies true .\n"
            for name in names
        )
        head = (
            f"@base <{ID}> .\n@prefix kg: <{KG}> .\n"
            "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        )
        return (head + things).encode(), last
    rows = "".join(
        f"{name};Testbädd {name};Testbed {name};testbed;KTH;Huddinge;A2;yes\n" for name in names
    )
    header = "id;name_sv;name_en;kind;operated_by;place;priority_areas;open_to_companies\n"
    return (header + rows).encode(), last


@contextlib.contextmanager
def connected(url: str) -> Iterator[http.client.HTTPConnection]:
    """Open a connection that stays open."""
    parts = urlsplit(url)
    with contextlib.closing(
        http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    ) as connection:
        yield connection


def seen_after(url: str, iri: str, began: float, found: list[float], stop: threading.Event) -> None:
    """Ask until a thing is there; note how long after ``began``."""
    with connected(url) as connection:
        turn = 0
        while not found and not stop.is_set():
            turn += 1
            query = urlencode({"query": f"ASK {{ <{iri}> a ?class }} # {turn}"})
            headers = {"Accept": "application/sparql-results+json"}
            connection.request("GET", f"/sparql?{query}", headers=headers)
            if json.loads(connection.getresponse().read())["boolean"]:
                found.append(time.perf_counter() - began)
            time.sleep(0.01)


def contribute(url: str, token: str, form: str, turn: int) -> tuple[float, float]:
    """Send one contribution; give the seconds to the answer, and until queries see it.

    Errors: RuntimeError when it is refused, or not seen within a minute.
    """
    body, last = testbeds(form, turn)
    headers = {"Content-Type": _FORMS[form], "Authorization": f"Bearer {token}"}
    found: list[float] = []
    stop = threading.Event()
    with connected(url) as connection:
        connection.connect()
        began = time.perf_counter()
        asking = threading.Thread(target=seen_after, args=[url, last, began, found, stop])
        asking.start()
        path = f"/graphs/{_PARTNER}/{form.split()[0].lower()}-{turn}"
        connection.request("PUT", path, body=body, headers=headers)
        answer = connection.getresponse()
        told = answer.read()
        taken = time.perf_counter() - began
        asking.join(60 if answer.status == http.HTTPStatus.CREATED else 0)
        stop.set()
    if answer.status != http.HTTPStatus.CREATED or not found:
        raise RuntimeError(f"{path} answers {answer.status}: {told[:300]!r}")
    return taken, found[0]


def everything_seconds(store: ox.Store) -> float:
    """Validate all statements; give the seconds."""
    began = time.perf_counter()
    validate(store)
    return time.perf_counter() - began


def measure(size: int, turns: int) -> Times:
    """Build the graph, serve it, and take the times."""
    times = Times()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        version = grown(build(home).version, home, size)
        derive_all(version)
        times.statements = sum(1 for _ in version.dataset_path.open("rb"))
        store = ox.Store()
        store.bulk_load(path=version.dataset_path)
        load_shapes(None)
        token = TokenStore(home).create(_PARTNER)[1]
        with Stored(home, Path(temporary) / "at-once") as server:
            server.start()
            times.first[0.0] = contribute(server.url, token, "Turtle", turns + 1)
        with Stored(home, Path(temporary) / "served") as server:
            server.start()
            time.sleep(_UP_SECONDS)
            times.first[_UP_SECONDS] = contribute(server.url, token, "Turtle", 0)
            for turn in range(1, turns + 1):
                for form in _FORMS:
                    taken, seen = contribute(server.url, token, form, turn)
                    times.answered.setdefault(form, []).append(taken)
                    times.visible.setdefault(form, []).append(seen)
                if turn <= 3:
                    times.everything.append(everything_seconds(store))
    return times


def block(times: Times) -> str:
    """Write what was measured."""

    def told(seconds: list[float]) -> str:
        return f"{report.number(statistics.median(seconds))} ({report.number(max(seconds))})"

    whole = statistics.median(times.everything)
    rows = [
        [form, told(times.answered[form]), told(times.visible[form])] for form in times.answered
    ]
    rows += [
        [f"Turtle, the first, {seconds:g} s after the start", *map(report.number, one)]
        for seconds, one in times.first.items()
    ]
    pieces = [
        "## Contributions",
        "",
        f"{report.machine()}.",
        "",
        f"{_THINGS} new things into {times.statements:,} statements, "
        f"{len(next(iter(times.answered.values())))} times each. Seconds: median, and the longest "
        "in brackets.",
        "",
        report.table(["sent as", "answered", "visible to queries"], rows),
        "",
        f"Validating everything, in a store that is loaded: {told(times.everything)} s.",
        "",
    ]
    first = times.first[_UP_SECONDS][0]
    held = "held" if first <= _BOUND_SECONDS else "**missed**"
    pieces += [
        f"Bound: the first, {_UP_SECONDS:g} s after the start, {_BOUND_SECONDS:g} s: {held}, "
        f"{report.number(first)}.",
        "",
    ]
    for form, seconds in times.answered.items():
        middle, ratio = statistics.median(seconds), whole / statistics.median(seconds)
        held = "held" if middle <= _BOUND_SECONDS else "**missed**"
        pieces += [f"Bound: {form}, {_BOUND_SECONDS:g} s: {held}, {report.number(middle)}.", ""]
        held = "held" if ratio >= _BOUND_RATIO else "**missed**"
        pieces += [
            f"Bound: {form}, {_BOUND_RATIO:.0f} times as fast as validating everything: {held}, "
            f"{report.number(ratio)}.",
            "",
        ]
    return "\n".join(pieces)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the shipped graph alone, few turns")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="write into this file")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    times = measure(0 if chosen.quick else _SIZE, 3 if chosen.quick else 10)
    report.write_block("contributions", block(times), chosen.page)


if __name__ == "__main__":
    main()
