"""An answer as bars: a number for each thing, beside the table that says the same."""

from dataclasses import dataclass
from typing import Final

from klustergraf.engine.base import ResultKind
from klustergraf_api.results import ResultTable
from klustergraf_api.terms import Term

MOST_BARS: Final = 30
# More columns of names than these, and a bar's name says too little of what it counts.
_MOST_NAMES: Final = 2


@dataclass(frozen=True)
class Bar:
    """One bar. ``names`` are terms to be written as in the table; ``share`` is of the longest."""

    names: tuple[Term, ...]
    value: Term
    share: float


@dataclass(frozen=True)
class Bars:
    """The first rows of an answer, ``column`` as lengths; ``total`` counts all rows."""

    column: str
    bars: tuple[Bar, ...]
    total: int


def bars_of(table: ResultTable | None) -> Bars | None:
    """Draw the last column of numbers, where the answer has one that bars can tell.

    None for an answer without a number in every row, with a negative one, with fewer than two
    rows, or without a name of its own for each bar.
    """
    if table is None or table.kind is not ResultKind.SOLUTIONS or len(table.rows) < 2:
        return None
    rows = table.rows[:MOST_BARS]
    measured = [c for c in table.columns if all(_is_measure(row.get(c)) for row in rows)]
    if not measured:
        return None
    column = measured[-1]
    names = [c for c in table.columns if not any(_is_number(row.get(c)) for row in rows)]
    names = [c for c in names if all(c in row for row in rows)][:_MOST_NAMES]
    longest = max(float(row[column].value) for row in rows)
    if not names or not longest or len({tuple(row[c] for c in names) for row in rows}) < len(rows):
        return None
    bars = (
        Bar(tuple(row[c] for c in names), row[column], float(row[column].value) / longest)
        for row in rows
    )
    return Bars(column, tuple(bars), table.total)


def _is_number(term: Term | None) -> bool:
    return term is not None and term.is_number


def _is_measure(term: Term | None) -> bool:
    """Tell whether a term is a number that a length can stand for."""
    if term is None or not term.is_number:
        return False
    try:
        return 0 <= float(term.value) < float("inf")
    except ValueError:  # an ill-formed literal
        return False
