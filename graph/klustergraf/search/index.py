"""Makes the index of a version: ``search.db``, SQLite with full text (FTS5) over folded names.

Names stand in the order of their importance, so that a search that stops early has the important
ones. Of each word there is its pieces of three letters: that is how a misspelt word finds those
that it may stand for.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from klustergraf.namespaces import KG
from klustergraf.search.folding import fold, grams
from klustergraf.search.reading import IDENTIFIER, OTHER_NAME, PREFERRED, Thing, read_dataset
from klustergraf.version import Version

SEARCH_INDEX: Final = "search-1"
DATABASE: Final = "search.db"
_MOST_PLACES: Final = 3
FACETS: Final = ("type", "kind", "county", "municipality", "aspect", "source")

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE thing (
    id INTEGER PRIMARY KEY, iri TEXT NOT NULL, type TEXT NOT NULL,
    sv TEXT NOT NULL, en TEXT NOT NULL, place_sv TEXT NOT NULL, place_en TEXT NOT NULL);
CREATE TABLE facet (thing INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (thing, name, value)) WITHOUT ROWID;
CREATE INDEX facet_by_value ON facet (name, value, thing);
CREATE TABLE facet_value (value TEXT PRIMARY KEY, sv TEXT NOT NULL, en TEXT NOT NULL);
CREATE TABLE name (
    id INTEGER PRIMARY KEY, thing INTEGER NOT NULL, shown TEXT NOT NULL, language TEXT NOT NULL,
    folded TEXT NOT NULL, rank INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (
    folded, content = '', tokenize = 'ascii', prefix = '1 2 3 4', columnsize = 0, detail = 'none');
CREATE TABLE vocabulary (id INTEGER PRIMARY KEY, word TEXT NOT NULL, frequency INTEGER NOT NULL);
CREATE TABLE gram (gram TEXT NOT NULL, word INTEGER NOT NULL,
    PRIMARY KEY (gram, word)) WITHOUT ROWID;
"""
# A place or a document is seldom what somebody looks for who does not say so.
_WEIGHTS: Final = {"actor": 2.0, "facility": 2.0, "strategy": 1.5, "priority-area": 1.5}


def build_index(version: Version, folder: Path) -> None:
    """Fill a folder with the index of a version."""
    write_index(read_dataset(version.dataset_path), folder)


def write_index(things: Mapping[str, Thing], folder: Path) -> None:
    """Write the index of these things; those that have a type can be found."""
    found = [(thing, thing.type) for thing in things.values() if thing.names]
    ordered = sorted(
        ((_weight(thing, type_), thing, type_) for thing, type_ in found if type_ is not None),
        key=lambda item: (-item[0], item[1].iri),
    )
    with sqlite3.connect(folder / DATABASE) as database:
        database.executescript(_SCHEMA)
        _write_things(database, things, ordered)
        _write_names(database, [thing for _, thing, _ in ordered])
        database.executescript("CREATE INDEX name_by_text ON name (folded); ANALYZE;")
        database.execute("INSERT INTO words (words) VALUES ('optimize')")
    database.close()


def _weight(thing: Thing, type_: str) -> float:
    regional = 1.0 if any("stockholm-uppsala" in place for place in thing.places) else 0.0
    return _WEIGHTS.get(type_, 1.0) + regional + math.log1p(thing.degree)


def _write_things(
    database: sqlite3.Connection,
    things: Mapping[str, Thing],
    ordered: list[tuple[float, Thing, str]],
) -> None:
    values: set[str] = set()
    for number, (_, thing, type_) in enumerate(ordered, 1):
        facets = set(_facets(thing, type_, things))
        labels = [thing.label(language) for language in ("sv", "en")]
        places = [_places(facets, things, language) for language in ("sv", "en")]
        database.execute(
            "INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, thing.iri, type_, *labels, *places),
        )
        database.executemany("INSERT INTO facet VALUES (?, ?, ?)", [(number, *f) for f in facets])
        values |= {value for name, value in facets if name != "type"}
    known = ((value, things[value]) for value in sorted(values) if value in things)
    database.executemany(
        "INSERT INTO facet_value VALUES (?, ?, ?)",
        ((value, thing.label("sv"), thing.label("en")) for value, thing in known),
    )


def _places(facets: set[tuple[str, str]], things: Mapping[str, Thing], language: str) -> str:
    """Name the municipalities of a thing, or its counties; of many, the first in the alphabet."""
    for facet in ("municipality", "county"):
        labels = sorted(things[value].label(language) for name, value in facets if name == facet)
        if labels:
            return ", ".join(labels[:_MOST_PLACES]) + (" …" if len(labels) > _MOST_PLACES else "")
    return ""


def _facets(thing: Thing, type_: str, things: Mapping[str, Thing]) -> Iterator[tuple[str, str]]:
    yield "type", type_
    for kind in thing.kinds:
        yield "kind", kind
    for place in thing.places:
        classes = things[place].classes if place in things else set()
        for local in ("County", "Municipality"):
            if KG + local in classes:
                yield local.lower(), place
    areas = {thing.iri} if type_ == "priority-area" else thing.areas
    for area in areas:
        for aspect in things[area].broader if area in things else ():
            yield "aspect", aspect
    for source in thing.sources:
        yield "source", source


def _write_names(database: sqlite3.Connection, ordered: list[Thing]) -> None:
    frequencies: Counter[str] = Counter()
    names = [
        (number, *parts)
        for number, parts in enumerate(
            (
                (thing_number, shown, language, folded, rank)
                for rank in (PREFERRED, OTHER_NAME, IDENTIFIER)
                for thing_number, thing in enumerate(ordered, 1)
                for folded, shown, language in _names(thing, rank)
            ),
            1,
        )
    ]
    database.executemany("INSERT INTO name VALUES (?, ?, ?, ?, ?, ?)", names)
    folded_names = [(name[0], name[4]) for name in names]
    database.executemany("INSERT INTO words (rowid, folded) VALUES (?, ?)", folded_names)
    for _, folded in folded_names:
        frequencies.update(set(folded.split()))
    for word_number, word in enumerate(sorted(frequencies), 1):
        database.execute(
            "INSERT INTO vocabulary VALUES (?, ?, ?)", (word_number, word, frequencies[word])
        )
        pieces = [(piece, word_number) for piece in sorted(grams(word))] if len(word) > 2 else []
        database.executemany("INSERT INTO gram VALUES (?, ?)", pieces)


def _names(thing: Thing, rank: int) -> list[tuple[str, str, str]]:
    """Give the names of a rank, one for each way to write it folded."""
    found: dict[str, tuple[str, str]] = {}
    for _, text, language in sorted(name for name in thing.names if name[0] == rank):
        found.setdefault(fold(text), (text, language))
    return [(folded, *shown) for folded, shown in found.items() if folded]
