"""Write the query that is left for the store when columns have done the work.

What they worked out stands in it as VALUES, so everything around the pattern (expressions, HAVING,
ORDER BY, LIMIT, the format of the answer) stays the store's, and is what it would be without them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from klustergraf.engine.columns.evaluation import Groups, evaluate
from klustergraf.engine.columns.fragment import NotInFragment, read_fragment
from klustergraf.engine.columns.table import DIGITS, NO_NUMBER, Ids, Table, Terms

# More rows than this the store finds as soon as it reads them.
_MOST_ROWS: Final = 50_000
_WORTH_IT: Final = re.compile(r"\b(?:count|sum|group|distinct|filter)\b", re.IGNORECASE)


def rewritten(text: str, table: Table, least_work: float = 0) -> str | None:
    """Give a query with the same answer that takes the store less time; None where there is none.

    The table must be of the default graph that the query is asked of. ``least_work``: as for
    :func:`klustergraf.engine.columns.evaluation.evaluate`.
    """
    if _WORTH_IT.search(text) is None:
        return None
    try:
        fragment = read_fragment(text)
        ox.Store().query(text)  # what is no SPARQL is the store's to refuse
        groups = _sorted(evaluate(fragment, table, least_work), fragment.order, table.terms)
        rows = " ".join(_rows(groups, table.terms))
    except (NotInFragment, SyntaxError, RuntimeError, MemoryError):
        return None
    names = " ".join(f"?{name}" for name in (*groups.keys, *groups.values))
    return f"{fragment.head}VALUES ({names}) {{ {rows} }}{fragment.tail}"


def _sorted(groups: Groups, order: Sequence[tuple[str, bool]], terms: Terms) -> Groups:
    """Put rows into the order that is asked for, as far as can be foreseen.

    The store sorts them all the same, but what is sorted already it only looks through; to sort it
    takes longer than all the rest, for it makes a term anew for each comparison.
    """
    if not order or groups.length > _MOST_ROWS:
        return groups
    ranks = []
    for name, is_descending in order:
        rank = _ranks(groups.keys[name], terms) if name in groups.keys else groups.values[name]
        ranks.append(-rank if is_descending else rank)
    places = np.lexsort(ranks[::-1])
    return replace(
        groups,
        keys={name: column[places] for name, column in groups.keys.items()},
        values={name: column[places] for name, column in groups.values.items()},
        scaled={name: column[places] for name, column in groups.scaled.items()},
    )


def _ranks(column: Ids, terms: Terms) -> npt.NDArray[np.int64]:
    """Give numbers that sort as terms do: IRIs by their text, literals by their number or text."""
    numbers, inverse = np.unique(column, return_inverse=True)
    if not len(numbers) or numbers[0] < terms.first_literal:
        return column.astype(np.int64)
    values = terms.numbers[numbers]
    if (values != NO_NUMBER).all():
        return values[inverse]
    texts = [text[1:].rpartition('"') for text in terms.texts(numbers)]
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks[inverse]


def _rows(groups: Groups, terms: Terms) -> Iterator[str]:
    if groups.length > _MOST_ROWS:
        raise NotInFragment
    columns = [_terms(column, terms) for column in groups.keys.values()]
    for name, values in groups.values.items():
        if name in groups.scaled:
            sums = zip(values.tolist(), groups.scaled[name].tolist(), strict=True)
            columns.append([_sum(value, is_decimal=is_decimal) for value, is_decimal in sums])
        else:
            columns.append([str(value) for value in values.tolist()])
    for row in zip(*columns, strict=True):
        yield f"({' '.join(row)})"


def _terms(column: Ids, terms: Terms) -> list[str]:
    """Write terms as SPARQL does. Errors: NotInFragment, for what VALUES cannot hold."""
    numbers, inverse = np.unique(column, return_inverse=True)
    if len(numbers) and numbers[0] < terms.first_iri:
        raise NotInFragment  # a blank node
    texts = terms.texts(numbers)
    if any("\\u" in text or "\\U" in text for text in texts):
        raise NotInFragment  # means another thing in a query
    return [texts[index] for index in inverse.tolist()]


def _sum(scaled: int, *, is_decimal: bool) -> str:
    whole, fraction = divmod(abs(scaled), 10**DIGITS)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{fraction:0{DIGITS}}" if is_decimal else f"{sign}{whole}"
