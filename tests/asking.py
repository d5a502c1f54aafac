"""Ask a store, and read the rows."""

from pyoxigraph import QuerySolutions, Store


def ask(store: Store, text: str) -> list[tuple[str, ...]]:
    """Give the values of a SELECT, "" where there is none."""
    rows = store.query(text)
    assert isinstance(rows, QuerySolutions)
    names = [variable.value for variable in rows.variables]
    return [tuple(str(getattr(row[n], "value", "")) for n in names) for row in rows]
