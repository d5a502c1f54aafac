"""The answer of a query as a page shows it."""

from dataclasses import dataclass, field

from klustergraf.engine.base import QueryRequest, ResultKind
from klustergraf_api.execution import Executor, parse_solutions
from klustergraf_api.labels import Labels, read_labels
from klustergraf_api.terms import Solution


@dataclass(frozen=True)
class ResultTable:
    """An answer on a page. ``total`` counts all solutions, ``rows`` are those shown.

    ``columns`` are those shown: a column of names that only repeats what another column's IRIs are
    called is left out (downloads have it). ``text``: the Turtle of an answer in triples, ``true``
    or ``false`` of a boolean.
    """

    kind: ResultKind
    columns: list[str] = field(default_factory=list)
    rows: list[Solution] = field(default_factory=list)
    total: int = 0
    text: str = ""
    labels: Labels = field(default_factory=lambda: Labels({}))


async def read_results(executor: Executor, query: QueryRequest, most_rows: int) -> ResultTable:
    """Run a query for a page; its formats must be JSON and Turtle.

    Errors: as Executor.read.
    """
    kind, document = await executor.read(query)
    if kind is ResultKind.TRIPLES:
        return ResultTable(kind, text=document.decode())
    if kind is ResultKind.BOOLEAN:
        return ResultTable(kind, text="true" if b'"boolean":true' in document else "false")
    columns, rows = parse_solutions(document)
    shown = rows[:most_rows]
    iris = {term.value for row in shown for term in row.values() if term.is_iri}
    labels = await read_labels(executor, iris)
    told = [c for c in columns if not _is_told(c, columns, shown, labels)]
    return ResultTable(kind, told, shown, len(rows), labels=labels)


def _is_told(column: str, columns: list[str], rows: list[Solution], labels: Labels) -> bool:
    """Tell whether a column holds names alone that a page already shows for another column's IRIs.

    The names may be of one language, which the page then shows the others in.
    """
    named = [row for row in rows if column in row]
    return bool(named) and any(
        all(
            other in row
            and row[other].is_iri
            and row[column].value in labels.all_of(row[other].value).values()
            for row in named
        )
        for other in columns
        if other != column
    )
