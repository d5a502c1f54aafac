"""Whether a query in a shape would notice that the store keeps some literals as texts.

Literals that the store would spell anew are in it under another datatype. Their text is as it was,
and each is the same term as itself; but SPARQL cannot compare them, count with them or ask for
their datatype. So a query that does is left to pySHACL, where the data has such literals in reach.
"""

from collections.abc import Iterator, Set
from functools import lru_cache
from typing import Any, Final

from rdflib.paths import Path
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Literal, URIRef, Variable

from klustergraf.shacl.compiler.model import Query, Shape
from klustergraf.shacl.compiler.queries import split

_HARMLESS: Final = frozenset(
    {"Builtin_STR", "Builtin_isIRI", "Builtin_isURI", "Builtin_isBLANK", "Builtin_isLITERAL",
     "Builtin_BOUND", "Builtin_LANG", "Builtin_sameTerm", "Builtin_EXISTS", "Builtin_NOTEXISTS"}
)  # fmt: skip


def needs_spelling(shape: Shape, respelt: Set[str]) -> bool:
    """Tell whether a query of a shape may ask for the value of a literal that is kept as a text.

    ``respelt`` lists the predicates that have such literals as values.
    """
    if not respelt:
        return False
    queries = [t.query for t in shape.targets if t.query is not None]
    queries += [c.sparql.query for c in shape.constraints if c.sparql is not None]
    path = tuple(sorted(_properties(shape)))
    return any(_needs(query, path, frozenset(respelt)) for query in queries)


def _properties(shape: Shape) -> Iterator[str]:
    waiting = [shape.path] if shape.path is not None else []
    while waiting:
        path = waiting.pop()
        if path.iri:
            yield path.iri
        waiting += path.parts


@lru_cache(maxsize=512)
def _parts(query: Query, path: tuple[str, ...]) -> tuple[tuple[CompValue, ...], bool]:
    """Give the parts of a query's algebra, and whether it is an ASK."""
    prologue, text = split(query)
    written = "|".join(f"<{iri}>" for iri in path) or "<urn:klustergraf:no-path>"
    text = text.replace("$PATH", f"({written})").replace("?PATH", f"({written})")
    algebra = translateQuery(parseQuery(f"{prologue}\n{text}")).algebra
    return tuple(parts_of(algebra)), text.lstrip()[:3].upper() == "ASK"


@lru_cache(maxsize=512)
def _needs(query: Query, path: tuple[str, ...], respelt: frozenset[str]) -> bool:
    parts, is_ask = _parts(query, path)
    touched = {name for part in parts for name in _touched(part, respelt)}
    if is_ask:  # the value nodes that it is asked about
        touched.add("value")
    aliases = [
        (str(part.var), str(part.expr))
        for part in parts
        if part.name == "Extend" and isinstance(part.expr, Variable)
    ]
    for _ in aliases:
        touched |= {to for to, origin in aliases if origin in touched}
    used = {name for part in parts for name in _used(part)}
    return bool(touched & used) or any(map(_has_number, parts))


def parts_of(value: Any) -> Iterator[CompValue]:
    """Walk the algebra of a query, its expressions included."""
    if isinstance(value, CompValue):
        yield value
        for inner in value.values():
            yield from parts_of(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from parts_of(inner)


def _touched(part: CompValue, respelt: frozenset[str]) -> Iterator[str]:
    """Name the variables that may stand for a literal that is kept as a text."""
    for subject, predicate, value in triples_of(part):
        named = _iris(predicate)
        if isinstance(value, Variable) and (named is None or named & respelt):
            yield str(value)
        if isinstance(predicate, Path) and isinstance(subject, Variable):
            yield str(subject)


def triples_of(part: CompValue) -> Iterator[tuple[Any, Any, Any]]:
    """List the triple patterns of one part of a query."""
    for terms in dict(part.items()).get("triples") or ():
        for start in range(0, len(terms) - 2, 3):
            yield terms[start], terms[start + 1], terms[start + 2]


def _iris(predicate: Any) -> set[str] | None:
    """List the properties of a predicate or path; None when it may be any."""
    if isinstance(predicate, URIRef):
        return {str(predicate)}
    if not isinstance(predicate, Path):
        return None
    found = set[str]()
    parts = [getattr(predicate, name, None) for name in ("arg", "path")]
    for inner in getattr(predicate, "args", None) or parts:
        if inner is not None:
            names = _iris(inner)
            if names is None:
                return None
            found |= names
    return found or None


def _used(part: CompValue) -> Iterator[str]:
    """Name the variables of which an expression takes the value."""
    is_expression = part.name.startswith("Builtin_") or part.name in (
        "RelationalExpression", "AdditiveExpression", "MultiplicativeExpression", "UnaryMinus",
        "UnaryPlus", "UnaryNot", "ConditionalAndExpression", "ConditionalOrExpression", "Function",
        "OrderCondition", "Filter",
    ) or part.name.startswith("Aggregate_")  # fmt: skip
    if not is_expression or part.name in _HARMLESS or part.name == "Aggregate_Count":
        return
    for key, value in part.items():
        if key in ("p", "_vars"):
            continue
        for inner in value if isinstance(value, list | tuple) else [value]:
            if isinstance(inner, Variable):
                yield str(inner)


def _has_number(part: CompValue) -> bool:
    """Tell whether a pattern has a number or date in it, which the store finds by value."""
    return any(
        isinstance(term, Literal) and term.datatype is not None
        for triple in triples_of(part)
        for term in triple
    )
