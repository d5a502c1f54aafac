"""What a query in a shapes graph must be (SHACL, sections 5 and 6 and appendix A)."""

import re
from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import XSD
from klustergraf.shacl.compiler.index import SH, ShapesGraph
from klustergraf.shacl.compiler.queries import code
from klustergraf.shacl.compiler.reader import read_query
from klustergraf.shacl.report import Term

_REMOTE: Final = re.compile(r"\b(?:SERVICE|FROM)\b", re.IGNORECASE)
_UNBOUND: Final = re.compile(r"\b(?:MINUS|VALUES)\b", re.IGNORECASE)
_REBOUND: Final = re.compile(
    r"\bAS\s+[?$](this|shapesGraph|currentShape|value)\b(?!\s*\)\s*(?:[?$(]|WHERE|\{))",
    re.IGNORECASE,
)
_INNER: Final = re.compile(r"\{\s*SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?([^{]*)", re.IGNORECASE)
_NO_TARGET: Final = "its target is not a SELECT query with ?this"


def query_faults(graph: ShapesGraph) -> Iterator[tuple[Term, str]]:
    """List what is wrong with queries: (the node that has the query, the fault)."""
    for target in _targets(graph):
        yield from ((target, fault) for fault in _target_faults(graph, target))
    for _, constraint in graph.pairs(SH + "sparql"):
        queries = graph.sh(constraint, "select")
        if len(queries) != 1 or not _is_text(queries[0]):
            yield constraint, "sh:sparql has not one sh:select that is a string"
            continue
        yield from ((constraint, fault) for fault in _faults(graph, constraint, "select"))
    for component in sorted({node for node, _ in graph.pairs(SH + "parameter")}, key=str):
        yield from _component_faults(graph, component)
    for holder, declaration in graph.pairs(SH + "declare"):
        prefix, namespace = graph.sh(declaration, "prefix"), graph.sh(declaration, "namespace")
        if len(prefix) != 1 or len(namespace) != 1:
            yield holder, "sh:declare has not one sh:prefix and one sh:namespace"


def _targets(graph: ShapesGraph) -> list[Term]:
    found = {node for _, node in graph.pairs(SH + "target") if graph.sh(node, "select")}
    found |= {
        node
        for _, node in graph.pairs(SH + "target")
        if graph.is_instance(node, SH + "SPARQLTarget")
    }
    return sorted(found, key=str)


def _target_faults(graph: ShapesGraph, target: Term) -> Iterator[str]:
    query = read_query(graph, target, "select")
    yield from _remote(query.text)
    try:
        is_target = _form_of(f"{query.prologue}\n{query.text}") == "select"
    except (SyntaxError, ValueError):
        is_target = False
    if not is_target:
        yield _NO_TARGET


_WRONG_FORM: Final = {
    "ask": "sh:ask has no ASK query",
    "select": "sh:select is no SELECT query with $this",
}


def _form_of(text: str) -> str:
    """Tell what a query gives: "ask", "select" with ``?this``, or another thing ("").

    Errors: SyntaxError, ValueError for what is no query.
    """
    answer = ox.Store().query(text)
    if isinstance(answer, ox.QueryBoolean):
        return "ask"
    has_this = isinstance(answer, ox.QuerySolutions) and ox.Variable("this") in answer.variables
    return "select" if has_this else ""


def _component_faults(graph: ShapesGraph, component: Term) -> Iterator[tuple[Term, str]]:
    for parameter in graph.sh(component, "parameter"):
        paths = graph.sh(parameter, "path")
        if len(paths) != 1 or not isinstance(paths[0], ox.NamedNode):
            yield component, "a parameter has not one sh:path that is an IRI"
    for name, wanted in (("validator", "ask"), ("nodeValidator", "select"),
                         ("propertyValidator", "select")):  # fmt: skip
        for validator in graph.sh(component, name):
            kinds = [kind for kind in ("ask", "select") if graph.sh(validator, kind)]
            if not kinds:
                continue  # in JavaScript, or none at all: no constraint comes of it
            if kinds != [wanted] or len(graph.sh(validator, wanted)) != 1:
                yield component, f"sh:{name} has not one sh:{wanted}"
                continue
            yield from ((component, fault) for fault in _faults(graph, validator, wanted))


def _is_text(term: Term) -> bool:
    return isinstance(term, ox.Literal) and term.datatype.value == XSD + "string"


def _remote(text: str) -> Iterator[str]:
    found = _REMOTE.search(code(text))
    if found:
        yield f"a query reads the data only, never {found.group().upper()}"


def _faults(graph: ShapesGraph, holder: Term, kind: str) -> Iterator[str]:
    """List the faults of a query whose variables are bound before it runs."""
    query = read_query(graph, holder, kind)
    faults = list(_remote(query.text))
    plain = code(query.text)
    if unbound := _UNBOUND.search(plain):
        word = unbound.group().upper()
        faults.append(f"a query with variables that are bound before has no {word}")
    if rebound := _REBOUND.search(plain[plain.find("{") :]):
        faults.append(f"a query binds ?{rebound.group(1)} anew, which is bound before")
    inner = [found.group(1) for found in _INNER.finditer(plain[plain.find("{") + 1 :])]
    if not all(re.search(r"[?$]this\b", head) for head in inner):
        faults.append("a query inside a query does not select $this")
    if not faults:
        text = re.sub(r"[$?]PATH\b", "<urn:x-path>", f"{query.prologue}\n{query.text}")
        try:
            form = _form_of(text)
        except (SyntaxError, ValueError) as exc:
            faults.append(f"a query is not SPARQL ({exc})")
        else:
            if kind in _WRONG_FORM and form != kind:
                faults.append(_WRONG_FORM[kind])
    yield from faults
