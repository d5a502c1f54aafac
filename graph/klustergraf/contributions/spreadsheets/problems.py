"""What is wrong with a table, told as SHACL results with their row and column.

The focus node is a part of what was sent, ``<graph>#cell=3,2`` or ``<graph>#row=3``, as RFC 7111
(section 2) names parts of CSV; rows and columns count from 1, the header's row among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import KGSH, SH
from klustergraf.shacl import Result

_LONGEST_SHOWN: Final = 80


@dataclass(frozen=True)
class TableProblem:
    """One thing that is wrong. ``row`` and ``column`` are 0 for what is wrong with all of it."""

    rule: str
    swedish: str
    english: str
    row: int = 0
    column: int = 0
    value: str = ""

    def focus(self, graph_iri: str) -> str:
        """Name the part of the table that it is about."""
        if self.row and self.column:
            return f"{graph_iri}#cell={self.row},{self.column}"
        return f"{graph_iri}#row={self.row}" if self.row else graph_iri

    def place(self) -> Mapping[str, int]:
        """Tell where it stands."""
        known = (("row", self.row), ("column", self.column))
        return {name: number for name, number in known if number}

    def result(self, graph_iri: str) -> Result:
        """Write it as a SHACL result."""
        return Result(
            focus_node=ox.NamedNode(self.focus(graph_iri)),
            result_path=None,
            value=ox.Literal(shown(self.value)) if self.value else None,
            source_shape=ox.NamedNode(f"{KGSH}table-{self.rule}"),
            constraint_component=SH + "SPARQLConstraintComponent",
            severity=SH + "Violation",
            messages={"sv": self.swedish, "en": self.english},
        )


class UnreadableTable(Exception):
    """A file is no table at all, or not one that is read here; nothing of it was read."""

    def __init__(self, problem: TableProblem) -> None:
        self.problem = problem
        super().__init__(problem.english)


def shown(text: str) -> str:
    r"""Write a value of a cell for a message: not longer than a line, nothing that moves the text.

    >>> shown("a" * 100)[-3:], shown("a\tb")
    ('aa…', 'a b')
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_SHOWN])
    return plain + ("…" if len(text) > _LONGEST_SHOWN else "")
