"""What a page says of a thing, one by one: statements, and what each rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from klustergraf_api.terms import Solution, Term


@dataclass(frozen=True)
class Ground:
    """What one statement rests on: a node of the graph that holds it, and where that was read.

    ``pages`` are addresses, ``passages`` places in documents of the graph.
    ``certainty`` is an IRI or empty; ``reasons``, by language, say why something is inferred.
    """

    node: str
    certainty: str
    pages: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def is_inferred(self) -> bool:
        """Whether a curator inferred it."""
        return self.certainty.endswith("inferred")


@dataclass
class Statement:
    """One predicate and one object (or subject), and the graphs that say it."""

    predicate: str
    value: Term
    graphs: set[str] = field(default_factory=set)
    grounds: list[Ground] = field(default_factory=list)


Groups = dict[str, list[Statement]]


def group(statements: Iterable[Statement]) -> Groups:
    """Group statements by predicate."""
    groups: Groups = {}
    for statement in statements:
        groups.setdefault(statement.predicate, []).append(statement)
    return groups


def read_statements(rows: Iterable[Solution], position: str) -> list[Statement]:
    """Collect the graphs of each statement. ``position``: the variable that holds its value."""
    found: dict[tuple[str, Term], Statement] = {}
    for row in rows:
        predicate, value = row["predicate"].value, row[position]
        statement = found.setdefault((predicate, value), Statement(predicate, value))
        if "graph" in row:
            statement.graphs.add(row["graph"].value)
    return list(found.values())


def host_of(address: str) -> str:
    """Name the site of a page.

    >>> host_of("https://www.example.org/a/b"), host_of("http://[")
    ('example.org', 'http://[')
    """
    try:
        return (urlsplit(address).hostname or address).removeprefix("www.")
    except ValueError:
        return address
