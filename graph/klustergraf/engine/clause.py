"""The dataset that a query names: its FROM and FROM NAMED clauses."""

import re
from typing import Final, NamedTuple
from urllib.parse import urljoin

from klustergraf.engine.guard import unescape
from klustergraf.engine.tokens import Token, prologue_end, tokens

ABSOLUTE: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


class Dataset(NamedTuple):
    """The graphs that a query names as its dataset; none at all: the engine's own."""

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


def dataset_clause(text: str) -> Dataset:
    """Read the dataset clause of a query (SPARQL 1.1 Query, section 13.2).

    >>> dataset_clause("PREFIX e: <http://e/> ASK FROM <http://e/g> FROM NAMED e:h {}")
    Dataset(default_graphs=('http://e/g',), named_graphs=('http://e/h',))
    """
    text = unescape(text)
    if "from" not in text.lower():
        return Dataset()
    cut = list(tokens(text))
    begin = prologue_end(cut)
    names = Names(cut[:begin])
    graphs: tuple[list[str], list[str]] = ([], [])
    for index in range(begin, len(cut) - 1):
        if cut[index].keyword == "FROM":
            is_named = cut[index + 1].keyword == "NAMED"
            graph = names.iri(cut[index + 2 if is_named and index + 2 < len(cut) else index + 1])
            if graph is not None:
                graphs[is_named].append(graph)
    return Dataset(tuple(graphs[False]), tuple(graphs[True]))


class Names:
    """What a prologue declares."""

    def __init__(self, prologue: list[Token]) -> None:
        self._base = ""
        self._prefixes: dict[str, str] = {}
        for index, token in enumerate(prologue):
            if token.keyword == "BASE":
                self._base = self._resolve(prologue[index + 1].text[1:-1])
            elif token.keyword == "PREFIX":
                prefix = prologue[index + 1].text
                self._prefixes[prefix] = self._resolve(prologue[index + 2].text[1:-1])

    def iri(self, token: Token) -> str | None:
        """Give the IRI that a token means; None if it means none."""
        if token.kind == "iri":
            return self._resolve(token.text[1:-1])
        prefix, colon, local = token.text.partition(":")
        if token.kind != "name" or prefix + colon not in self._prefixes:
            return None
        return self._prefixes[prefix + colon] + re.sub(r"\\([^\w\s])", r"\1", local.rstrip("."))

    def _resolve(self, iri: str) -> str:
        return iri if ABSOLUTE.match(iri) else urljoin(self._base, iri)
