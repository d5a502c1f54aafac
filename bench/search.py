"""How long suggestions take at the server, in the shipped graph and with 100,000 actors in it.

Run it alone: ``.venv/bin/python bench/search.py [--quick]``. What is typed is taken from names of
the graph: their first letters, their beginnings word by word, a word from their middle, and
beginnings with two letters the wrong way round. A time is from the first byte sent to the last
received, on a connection that stays open, one client; no text is asked for twice.
"""

import argparse
import contextlib
import http.client
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import report
from klustergraf.build import build
from klustergraf.derivations import SEARCH, derive_all
from klustergraf.namespaces import ID, KG, RDF, SKOS
from klustergraf.search.index import DATABASE
from klustergraf.version import Version, VersionStore
from peers import Stored

_BOUNDS_MS: Final = {"shipped": 30.0, "with 100,000 actors": 80.0}
_ACTORS: Final = 100_000
_GRAPH: Final = "<https://w3id.org/klustergraf/graph/made-up>"
_FIRST: Final = (
    *("Svenska", "Nordic", "Mälar", "Uppsala", "Stockholm", "Södra", "Västra", "Östra", "Bio"),
    *("Cell", "Gen", "Neuro", "Onko", "Kardio", "Immun", "Protein", "Läkemedels", "Hälso", "Data"),
)
_MIDDLE: Final = (
    *("teknik", "forskning", "terapi", "diagnostik", "analys", "vård", "sensor", "design"),
    *("materia", "kemi", "dynamik", "scan", "pharma", "medicin", "system", "logik", "vision"),
)
_LAST: Final = ("AB", "institutet", "Centre", "stiftelsen", "Group", "laboratoriet", "Hub", "Lab")
_KINDS: Final = ("first letters", "beginning", "word within", "misspelt")


def made_up(actors: int, seed: int = 1) -> Iterator[str]:
    """Write actors with two names each, as N-Quads. The same number and seed give the same."""
    draw = random.Random(seed)  # noqa: S311 # no secret
    for number in range(actors):
        iri = f"<{ID}actor/made-up-{number}>"
        name = f"{draw.choice(_FIRST)}{draw.choice(_MIDDLE)} {draw.choice(_LAST)} {number}"
        other = f"{draw.choice(_FIRST)} {draw.choice(_MIDDLE)} {draw.choice(_LAST)}"
        yield f"{iri} <{RDF}type> <{KG}Actor> {_GRAPH} .\n"
        yield f'{iri} <{SKOS}prefLabel> "{name}"@sv {_GRAPH} .\n'
        yield f'{iri} <{SKOS}altLabel> "{other}" {_GRAPH} .\n'


def with_actors(version: Version, home: Path, actors: int) -> Version:
    """Store a version that has so many made-up actors beside what another holds."""
    lines = version.dataset_path.read_bytes().splitlines(keepends=True)
    lines += [line.encode() for line in made_up(actors)]
    content = b"".join(sorted(lines))
    manifest = replace(version.manifest, id=sha256(content).hexdigest())
    return VersionStore(home).add(content, manifest, b"")


def typed(version: Version, count: int, seed: int = 1) -> dict[str, list[str]]:
    """Give texts that somebody might type, by kind; each once."""
    draw = random.Random(seed)  # noqa: S311 # no secret
    with contextlib.closing(sqlite3.connect(SEARCH.folder(version) / DATABASE)) as database:
        names = [row[0] for row in database.execute("SELECT shown FROM name ORDER BY id")]
    texts: dict[str, dict[str, None]] = {kind: {} for kind in _KINDS}
    while any(len(found) < count for found in texts.values()):
        name = draw.choice(names)
        words = [word for word in name.split() if len(word) > 4 and word.isalpha()]
        texts["first letters"][name[: draw.randint(2, 4)].strip()] = None
        texts["beginning"][name[: draw.randint(5, 24)].strip()] = None
        if words:
            word = draw.choice(words)
            place = draw.randrange(1, len(word) - 1)
            texts["word within"][word] = None
            swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
            texts["misspelt"][swapped] = None
    return {kind: list(found)[:count] for kind, found in texts.items()}


def measure(url: str, texts: Sequence[str]) -> list[float]:
    """Ask for suggestions for each text; give the times in milliseconds."""
    parts = urlsplit(url)
    found = []
    with contextlib.closing(
        http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    ) as connection:
        for text in texts:
            began = time.perf_counter()
            query = urlencode({"q": text, "lang": "sv"})
            connection.request("GET", f"/api/search/suggestions?{query}")
            response = connection.getresponse()
            body = response.read()
            found.append(1000 * (time.perf_counter() - began))
            if response.status != http.HTTPStatus.OK:
                raise RuntimeError(f"{text!r} answers {response.status}: {body[:200]!r}")
    return found


def block(times: dict[tuple[str, str], list[float]]) -> str:
    """Write what was measured."""
    pieces = ["## Suggestions", "", f"{report.machine()}.", ""]
    pieces += ["Milliseconds: median, and the 95th percentile in brackets.", ""]
    rows = []
    for kind in _KINDS:
        cells = [sorted(times[name, kind]) for name in _BOUNDS_MS]
        told = [
            f"{report.number(statistics.median(c))} ({report.number(c[int(len(c) * 0.95)])})"
            for c in cells
        ]
        rows.append([kind, *told])
    pieces += [report.table(["what is typed", *_BOUNDS_MS], rows), ""]
    for name, bound in _BOUNDS_MS.items():
        middle = statistics.median([t for kind in _KINDS for t in times[name, kind]])
        verdict = "held" if middle <= bound else "**missed**"
        pieces += [
            f"Bound: median over all, {name}, {bound:.0f} ms: {verdict}, {report.number(middle)}.",
            "",
        ]
    return "\n".join(pieces)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer texts")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="write into this file")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    count = 40 if chosen.quick else 200
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        homes = {name: Path(temporary) / f"home-{n}" for n, name in enumerate(_BOUNDS_MS)}
        shipped = build(homes["shipped"]).version
        larger = with_actors(shipped, homes["with 100,000 actors"], _ACTORS)
        for (name, home), version in zip(homes.items(), (shipped, larger), strict=True):
            derive_all(version)
            folder = Path(temporary) / f"serve-{name.split()[0]}"
            with Stored(home, folder) as server:
                server.start()
                for kind, texts in typed(version, count).items():
                    times[name, kind] = measure(server.url, texts)
    report.write_block("suggestions", block(times), chosen.page)


if __name__ == "__main__":
    main()
