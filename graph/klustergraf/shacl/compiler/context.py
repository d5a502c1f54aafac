"""What the writing of queries needs to know: the shapes, the data, and names not yet used."""

import itertools
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import RDF
from klustergraf.shacl.compiler.dataset import Dataset, noted
from klustergraf.shacl.compiler.literals import compares
from klustergraf.shacl.compiler.model import End, Shape, Shapes, Target
from klustergraf.shacl.report import Term

_Any = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None
_COMPARES: Final = ox.NamedNode("urn:klustergraf:compares")
_MATCHES: Final = ox.NamedNode("urn:klustergraf:matches")
_TYPE: Final = f"<{RDF}type>"
_LONG: Final = 256
"""How many terms a query may name; more are looked up in the store, which takes longer each."""

_TRUE: Final = ox.Literal(True)
_FALSE: Final = ox.Literal(False)


class Context:
    """Shapes that are written as queries for one data graph."""

    def __init__(self, shapes: Shapes, data: Dataset) -> None:
        self.shapes = shapes
        self.data = data
        self._numbers = itertools.count()
        self._lists: dict[tuple[Term, ...], str] = {}
        self.swept: dict[Target, dict[End, str]] = {}
        """Targets that one look at all statements serves: under which names it notes terms."""
        named = (t.term for s in shapes.by_node.values() for t in s.targets if t.kind == "node")
        self.has_respelt = bool(data.respelt) or any(data.term(term) != term for term in named)

    def shape(self, node: Term) -> Shape:
        """Give the shape of a node."""
        return self.shapes.by_node[node]

    def variable(self) -> str:
        """Give a variable that no other part of a query has."""
        return f"?kg_{next(self._numbers)}"

    def mark(self, kind: str) -> str:
        """Give a name for a set of nodes that is not yet used."""
        return f"urn:klustergraf:{kind}:{next(self._numbers)}"

    def term(self, term: Term) -> str:
        """Write a term of a shape as it stands in the store."""
        return str(self.data.term(term))

    def is_one_of(self, variable: str, terms: Sequence[Term]) -> str:
        """Write the expression that a variable is one of some terms, the same term and not equal.

        A long list is kept in the store and looked up, as is one with a blank node, which no
        query can name.
        """
        if any(isinstance(t, ox.BlankNode) for t in terms) or len(terms) > _LONG:
            return f"EXISTS {{ {noted(self.list_of(terms), variable)} }}"
        if not terms:
            return "false"
        if all(isinstance(term, ox.NamedNode) for term in terms):
            return f"({variable} IN ({', '.join(map(str, terms))}))"
        return "(" + " || ".join(f"sameTerm({variable}, {self.term(t)})" for t in terms) + ")"

    def list_of(self, terms: Sequence[Term]) -> str:
        """Keep terms in the store and give the name of their set."""
        key = tuple(terms)
        if key not in self._lists:
            self._lists[key] = self.mark("list")
            self.data.note(self._lists[key], map(self.data.term, key))
        return self._lists[key]

    def instance(self, variable: str, node: Term) -> str:
        """Write the pattern that a variable is a SHACL instance of a class; it may hold twice."""
        classes = self.data.subclasses(node)
        if len(classes) == 1 and isinstance(node, ox.NamedNode):
            return f"{variable} {_TYPE} {node} ."
        found = self.variable()
        if any(isinstance(c, ox.BlankNode) for c in classes) or len(classes) > _LONG:
            return f"{variable} {_TYPE} {found} . {noted(self.list_of(classes), found)}"
        return f"{variable} {_TYPE} {found} . FILTER({found} IN ({', '.join(map(str, classes))}))"

    def instances(self, variable: str, node: Term) -> str:
        """Write the pattern that gives the SHACL instances of a class; some may come twice."""
        classes = self.data.subclasses(node)
        if any(isinstance(c, ox.BlankNode) for c in classes) or len(classes) == 1:
            return self.instance(variable, node)
        found = self.variable()
        named = " ".join(map(str, classes))
        return f"VALUES {found} {{ {named} }} {variable} {_TYPE} {found} ."

    def compare(self, left: str, sign: str, right: str) -> str:
        """Write the comparison of two variables, or of a variable and a term that was written."""
        plain = f"({left} {sign} {right})"
        if not self.has_respelt:
            return plain
        called = f'{_COMPARES}({left}, {right}, "{sign}")'
        kept = [
            f'STRSTARTS(STR(DATATYPE({x})), "urn:klustergraf:")'
            for x in (left, right)
            if x.startswith("?")
        ]
        return f"IF({' || '.join(kept)}, {called}, {plain})"

    def compare_with(self, left: str, sign: str, bound: Term) -> str:
        """Write the comparison of a variable with a term of a shape."""
        kept = self.data.term(bound)
        if kept != bound:
            return f'{_COMPARES}({left}, {kept}, "{sign}")'
        return self.compare(left, sign, str(bound))

    def matches(self, variable: str, pattern: str, flags: str) -> str:
        """Write that the text of a variable matches a regular expression."""
        arguments = f"STR({variable}), {ox.Literal(pattern)}, {ox.Literal(flags)}"
        return f"REGEX({arguments})" if is_regular(pattern, flags) else f"{_MATCHES}({arguments})"


@lru_cache(maxsize=4096)
def is_regular(pattern: str, flags: str) -> bool:
    """Tell whether the store can match a regular expression itself."""
    text = f'SELECT (REGEX("", {ox.Literal(pattern)}, {ox.Literal(flags)}) AS ?is) {{}}'
    rows = ox.Store().query(text)
    return isinstance(rows, ox.QuerySolutions) and next(iter(rows))[0] is not None


def _call_compares(left: Term, right: Term, sign: Term) -> ox.Literal | None:
    found = compares(left, right, sign.value)
    return None if found is None else (_TRUE if found else _FALSE)


def _call_matches(text: Term, pattern: Term, flags: Term) -> ox.Literal | None:
    try:
        found = compiled(pattern.value, flags.value).search(text.value)
    except re.error:
        return None
    return _TRUE if found else _FALSE


@lru_cache(maxsize=1024)
def compiled(pattern: str, flags: str) -> re.Pattern[str]:
    """Compile a regular expression with the flags of SPARQL (s, m, i, x, q)."""
    names = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}
    chosen = re.RegexFlag(0)
    for flag in flags:
        chosen |= names.get(flag, re.RegexFlag(0))
    return re.compile(re.escape(pattern) if "q" in flags else pattern, chosen)


FUNCTIONS: Final[dict[ox.NamedNode, Callable[..., _Any]]] = {
    _COMPARES: _call_compares,
    _MATCHES: _call_matches,
}
"""What queries call that SPARQL does not have."""
