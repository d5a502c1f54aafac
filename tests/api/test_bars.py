"""Which answers are drawn as bars, and how long the bars are."""

import pytest

from klustergraf.engine.base import ResultKind
from klustergraf.namespaces import XSD
from klustergraf_api.bars import MOST_BARS, bars_of
from klustergraf_api.results import ResultTable
from klustergraf_api.terms import Solution, Term


def number(text: str) -> Term:
    """Make a number of the graph."""
    return Term("literal", text, datatype=XSD + "integer")


def name(text: str) -> Term:
    """Make a text."""
    return Term("literal", text)


def table(*rows: Solution) -> ResultTable:
    """Make an answer with the columns of its first row."""
    columns = list(rows[0]) if rows else []
    return ResultTable(ResultKind.SOLUTIONS, columns, list(rows), len(rows))


def test_lengths_are_shares_of_the_longest() -> None:
    """Half as much is half as long, and each bar has its name and its number."""
    found = bars_of(table({"a": name("x"), "n": number("8")}, {"a": name("y"), "n": number("4")}))
    assert found
    assert found.column == "n"
    assert [(b.names[0].value, b.value.value, b.share) for b in found.bars] == [
        ("x", "8", 1.0),
        ("y", "4", 0.5),
    ]


def test_long_answers_are_begun() -> None:
    """The first rows are drawn, and the whole is told."""
    rows = [{"a": name(str(i)), "n": number(str(i))} for i in range(1, MOST_BARS + 11)]
    found = bars_of(table(*rows))
    assert found
    assert len(found.bars) == MOST_BARS
    assert found.total == MOST_BARS + 10


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"a": name("x"), "n": number("8")}],
        [{"a": name("x"), "b": name("8")}, {"a": name("y"), "b": name("9")}],
        [{"a": name("x"), "n": number("8")}, {"a": name("y"), "n": number("-1")}],
        [{"a": name("x"), "n": number("8")}, {"a": name("y"), "n": number("NaN")}],
        [{"a": name("x"), "n": number("8")}, {"a": name("y"), "n": number("eight")}],
        [{"a": name("x"), "n": number("8")}, {"a": name("x"), "n": number("9")}],
        [{"n": number("8")}, {"n": number("9")}],
        [{"a": name("x"), "n": number("0")}, {"a": name("y"), "n": number("0")}],
        [{"a": name("x"), "n": number("8")}, {"a": name("y")}],
    ],
)
def test_what_bars_cannot_tell(rows: list[Solution]) -> None:
    """No rows, one, no numbers, below zero, none at all, names twice, no names, nothing, a gap."""
    assert bars_of(table(*rows)) is None


def test_other_answers() -> None:
    """Neither yes and no nor triples are drawn, nor a failure."""
    assert bars_of(ResultTable(ResultKind.BOOLEAN, text="true")) is None
    assert bars_of(None) is None
