"""Asks the index of a version: suggestions while somebody types, and whole results with facets."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from klustergraf.search.folding import edits, fold, grams
from klustergraf.search.index import DATABASE, FACETS
from klustergraf.search.reading import IDENTIFIER

LONGEST_TEXT: Final = 200
_MOST_WORDS: Final = 8
_CANDIDATES: Final = 200
_ALTERNATIVES: Final = 8
_FEW: Final = 3
_FEWER_TO_ASK: Final = 2000


@dataclass(frozen=True)
class Suggestion:
    """What somebody may mean: a thing, what it is called, and the name that fits if another."""

    iri: str
    type: str
    label: str
    name: str
    place: str


@dataclass(frozen=True)
class Hit(Suggestion):
    """One thing of a result."""

    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchResult:
    """What was found. ``facets``: by facet, its values with label and count, the most first.

    ``corrected``: the words that were searched for instead of misspelt ones, by those.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, str, int], ...]]
    corrected: Mapping[str, tuple[str, ...]]


class SearchIndex:
    """The index of one version. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE
        self._local = threading.local()

    @property
    def _database(self) -> sqlite3.Connection:
        if not hasattr(self._local, "database"):
            address = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
            self._local.database = sqlite3.connect(address, uri=True)
        database: sqlite3.Connection = self._local.database
        return database

    def suggest(self, text: str, language: str, most: int = 8) -> list[Suggestion]:
        """Suggest things whose name begins like a text, or has words that do, the likeliest first.

        ``language``: sv or en. Misspelt words find what they may stand for.
        """
        folded = _words_of(text)
        if not folded:
            return []
        names = self._names(self._expression(folded)[0], _CANDIDATES)
        names.update(self._names_beginning(folded))
        if len({thing for thing, *_ in names.values()}) < _FEW:
            names.update(self._names(self._expression(folded, correct=True)[0], _CANDIDATES))
        best = _rank(folded, names)[:most]
        things = self._things([thing for thing, _ in best], language)
        return [
            Suggestion(*things[thing][:2], things[thing][2], name, things[thing][3])
            for thing, name in best
        ]

    def search(
        self,
        text: str,
        language: str,
        *,
        facets: Mapping[str, Iterable[str]],
        first: int = 0,
        most: int = 20,
    ) -> SearchResult:
        """Find things by name and facets; no text finds all.

        ``facets``: values by facet, of FACETS; several values of one facet mean any of them. The
        counts of a facet leave out what is chosen of itself, so that they say what choosing gives.
        """
        folded = _words_of(text)
        chosen = {name: set(values) for name, values in facets.items() if name in FACETS}
        expression, corrected = self._expression(folded)
        ranked = self._matching(folded, expression)
        if folded and len(ranked) < _FEW:
            expression, corrected = self._expression(folded, correct=True)
            ranked = self._matching(folded, expression)
        fitting = {name: self._with_facet(name, chosen[name]) for name in chosen if chosen[name]}
        found = [item for item in ranked if all(item[0] in fits for fits in fitting.values())]
        shown = found[first : first + most]
        things = self._things([thing for thing, _ in shown], language)
        hits = [
            Hit(*things[thing][:3], name, things[thing][3], things[thing][4])
            for thing, name in shown
        ]
        counts = {
            name: self._counts(
                name,
                [t for t, _ in ranked if all(t in f for n, f in fitting.items() if n != name)],
                language,
            )
            for name in FACETS
        }
        return SearchResult(len(found), tuple(hits), counts, corrected)

    def label(self, value: str, language: str) -> str:
        """Give the label of a value of a facet; the value itself when it has none."""
        column = "sv" if language == "sv" else "en"
        row = self._database.execute(
            f"SELECT {column} FROM facet_value WHERE value = ?",  # noqa: S608 # one of two columns
            (value,),
        ).fetchone()
        return str(row[0]) if row else value

    # ── names ──────────────────────────────────────────────────────────────────────────────────

    def _expression(
        self, folded: str, *, correct: bool = False
    ) -> tuple[str, dict[str, tuple[str, ...]]]:
        """Write what FTS5 shall find, and tell what it looks for instead of misspelt words."""
        clauses, corrected = [], {}
        for word in folded.split():
            near = self._near(word) if correct and not self._is_known(word) else ()
            if near:
                corrected[word] = near
            # Words are letters and digits alone, so nothing of them is read as an operator.
            terms = [f'"{word}"*', *(f'"{other}"' for other in near)]
            clauses.append(f"({' OR '.join(terms)})")
        return " AND ".join(clauses), corrected

    def _is_known(self, word: str) -> bool:
        row = self._database.execute("SELECT 1 FROM vocabulary WHERE word = ?", (word,))
        return row.fetchone() is not None

    def _near(self, word: str) -> tuple[str, ...]:
        """Give the words that this one may stand for: few letters apart, or with it inside."""
        pieces = sorted(grams(word))
        if len(word) < 3:
            return ()
        marks = ", ".join("?" * len(pieces))
        rows = self._database.execute(
            f"SELECT v.word, v.frequency FROM gram g JOIN vocabulary v ON v.id = g.word "  # noqa: S608 # question marks
            f"WHERE g.gram IN ({marks}) GROUP BY g.word HAVING COUNT(*) * 3 >= ? "
            "ORDER BY COUNT(*) DESC LIMIT 150",
            (*pieces, len(pieces)),
        ).fetchall()
        most = 1 if len(word) < 5 else 2
        scored = []
        for other, frequency in rows:
            distance = edits(word, other, most)
            if distance > most:  # the word may go on, or stand inside another
                distance = edits(word, other[: len(word)], most)
            if distance > most and word in other:
                distance = most
            if distance <= most:
                scored.append((distance, -frequency, other))
        return tuple(other for _, _, other in sorted(scored)[:_ALTERNATIVES])

    def _names(self, expression: str, most: int) -> dict[int, tuple[int, str, str, int]]:
        rows = self._database.execute(
            "SELECT id, thing, folded, shown, rank FROM name WHERE id IN "
            "(SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)",
            (expression, most),
        )
        return {row[0]: row[1:] for row in rows}

    def _names_beginning(self, folded: str) -> dict[int, tuple[int, str, str, int]]:
        """Give names that begin so, the shortest in the alphabet first."""
        rows = self._database.execute(
            "SELECT id, thing, folded, shown, rank FROM name WHERE folded >= ? AND folded < ? "
            "ORDER BY folded LIMIT 40",
            (folded, folded + "\U0010ffff"),
        )
        return {row[0]: row[1:] for row in rows}

    def _matching(self, folded: str, expression: str) -> list[tuple[int, str]]:
        if not folded:
            rows = self._database.execute("SELECT id, '' FROM thing ORDER BY id")
            return rows.fetchall()
        return _rank(folded, self._names(expression, -1))

    # ── things ─────────────────────────────────────────────────────────────────────────────────

    def _things(
        self, numbers: list[int], language: str
    ) -> dict[int, tuple[str, str, str, str, tuple[str, ...]]]:
        column = "sv" if language == "sv" else "en"
        found = {}
        for number in numbers:
            row = self._database.execute(
                f"SELECT iri, type, {column}, place_{column} FROM thing WHERE id = ?",  # noqa: S608 # one of two columns
                (number,),
            ).fetchone()
            kinds = self._database.execute(
                f"SELECT v.{column} FROM facet f JOIN facet_value v ON v.value = f.value "  # noqa: S608 # one of two columns
                "WHERE f.thing = ? AND f.name = 'kind' ORDER BY 1",
                (number,),
            ).fetchall()
            found[number] = (row[0], row[1], row[2], row[3], tuple(k[0] for k in kinds))
        return found

    def _with_facet(self, name: str, values: set[str]) -> set[int]:
        found: set[int] = set()
        for value in values:
            rows = self._database.execute(
                "SELECT thing FROM facet WHERE name = ? AND value = ?", (name, value)
            )
            found.update(row[0] for row in rows)
        return found

    def _counts(
        self, name: str, things: list[int], language: str
    ) -> tuple[tuple[str, str, int], ...]:
        counts: Counter[str] = Counter()
        if len(things) < _FEWER_TO_ASK:
            for thing in things:
                rows = self._database.execute(
                    "SELECT value FROM facet WHERE thing = ? AND name = ?", (thing, name)
                )
                counts.update(row[0] for row in rows)
        else:
            wanted = set(things)
            rows = self._database.execute("SELECT value, thing FROM facet WHERE name = ?", (name,))
            counts.update(value for value, thing in rows if thing in wanted)
        labelled = [(value, self.label(value, language), count) for value, count in counts.items()]
        return tuple(sorted(labelled, key=lambda item: (-item[2], item[1])))


def _words_of(text: str) -> str:
    return " ".join(fold(text[:LONGEST_TEXT]).split()[:_MOST_WORDS])


def _rank(folded: str, names: Mapping[int, tuple[int, str, str, int]]) -> list[tuple[int, str]]:
    """Order things: the name itself, names that begin so, then by importance; one name for each."""
    best: dict[int, tuple[tuple[int, int, int], str]] = {}
    for number, (thing, name, shown, rank) in names.items():
        if name == folded:
            closeness = 0
        elif name.startswith(folded):
            closeness = 1 if rank != IDENTIFIER else 3
        elif folded in name:
            closeness = 2
        else:
            closeness = 4
        key = (closeness, thing, number)
        if thing not in best or key < best[thing][0]:
            best[thing] = (key, shown)
    return [(thing, shown) for thing, (_, shown) in sorted(best.items(), key=lambda i: i[1][0])]
