"""Which focus nodes a changed statement can matter to: targets and paths walked backwards.

For a shape, each place where it looks at a statement is a :class:`Look`: the predicate (or any),
and the path that leads from the focus node to the statement's subject or object. Where a shape
looks by a query, the triple patterns of the query say the same. What cannot be told makes the shape
*global*: then all its focus nodes are validated anew.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pyoxigraph as ox
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.term import BNode, URIRef, Variable

from klustergraf.namespaces import RDF, RDFS
from klustergraf.shacl.compiler.model import Constraint, Query, Shape, Shapes
from klustergraf.shacl.compiler.queries import split
from klustergraf.shacl.compiler.spelling import parts_of, triples_of
from klustergraf.shacl.paths import Path

_TYPE = RDF + "type"
_BELOW = RDFS + "subClassOf"
_PAIRS = ("Equals", "Disjoint", "LessThan", "LessThanOrEquals")


@dataclass(frozen=True)
class Look:
    """A statement that matters: its predicate ("" for any), and the way to one of its ends."""

    predicate: str
    end: Literal["subject", "object"]
    way: Path | None
    """From the focus node to that end; None where the end is the focus node itself."""


def looks(shapes: Shapes, shape: Shape) -> set[Look] | None:
    """List the statements that matter to a shape with a target; None when any may matter."""
    found = set[Look]()
    for target in shape.targets:
        if target.kind == "class":
            found.add(Look(_TYPE, "subject", None))
        elif isinstance(target.term, ox.NamedNode) and target.kind == "subjectsOf":
            found.add(Look(target.term.value, "subject", None))
        elif isinstance(target.term, ox.NamedNode) and target.kind == "objectsOf":
            found.add(Look(target.term.value, "object", None))
        elif target.kind == "sparql" and target.query is not None:
            more = queried(target.query, None)
            if more is None:
                return None
            found |= more
    inner = _inside(shapes, shape, None)
    return None if inner is None else found | inner


def is_about_classes(quad: ox.Quad) -> bool:
    """Tell whether a statement changes which classes are below which."""
    return quad.predicate.value == _BELOW


def _inside(shapes: Shapes, shape: Shape, way: Path | None) -> set[Look] | None:
    found = set[Look]()
    there = way
    if shape.path is not None:
        found |= set(_along(turned(shape.path), way))
        there = _then(way, shape.path)
    for constraint in shape.constraints:
        more = _looked(shapes, shape, constraint, way, there)
        if more is None:
            return None
        found |= more
    return found


def _looked(
    shapes: Shapes, shape: Shape, constraint: Constraint, way: Path | None, there: Path | None
) -> set[Look] | None:
    found = set[Look]()
    name, term = constraint.component, constraint.term
    if constraint.sparql is not None:
        if way is not None or constraint.sparql.is_ask:
            return None
        return queried(constraint.sparql.query, shape.path)
    if name == "Class":
        found.add(Look(_TYPE, "subject", there))
    elif name == "Closed":
        found.add(Look("", "subject", there))
    elif name in _PAIRS and isinstance(term, ox.NamedNode):
        found.add(Look(term.value, "subject", way))
    for node in constraint.shapes + constraint.siblings:
        more = _inside(shapes, shapes.by_node[node], there)
        if more is None:
            return None
        found |= more
    return found


def _then(way: Path | None, path: Path) -> Path:
    return path if way is None else Path("/", parts=(way, path))


def _along(path: Path, way: Path | None) -> Iterator[Look]:
    """List the looks of a path, turned as :func:`turned` does, that starts where ``way`` led."""
    if not path.operator:
        yield Look(path.iri, "subject", way)
    elif path.operator == "^":
        yield Look(path.parts[0].iri, "object", way)
    elif path.operator == "/":
        for part in path.parts:
            yield from _along(part, way)
            way = _then(way, part)
    elif path.operator == "|":
        for part in path.parts:
            yield from _along(part, way)
    elif path.operator == "?":
        yield from _along(path.parts[0], way)
    else:
        yield from _along(path.parts[0], _then(way, Path("*", parts=path.parts)))


def turned(path: Path, *, is_inverse: bool = False) -> Path:
    """Give the same path with "inverse" at its properties only.

    >>> turned(Path("^", parts=(Path("+", parts=(Path(iri="urn:p"),)),))).sparql()
    '(^(<urn:p>))+'
    """
    if not path.operator:
        return Path("^", parts=(path,)) if is_inverse else path
    if path.operator == "^":
        return turned(path.parts[0], is_inverse=not is_inverse)
    parts = tuple(turned(part, is_inverse=is_inverse) for part in path.parts)
    is_backwards = is_inverse and path.operator == "/"
    return Path(path.operator, parts=parts[::-1] if is_backwards else parts)


def queried(query: Query, path: Path | None) -> set[Look] | None:
    """List the statements that matter to a query about ``?this``; None when any may matter."""
    if path is not None and path.operator:
        return None
    prologue, text = split(query)
    if path is not None:
        text = re.sub(r"[?$]PATH\b", f"<{path.iri}>", text)
    algebra = translateQuery(parseQuery(f"{prologue}\n{text}")).algebra
    patterns = {triple for part in parts_of(algebra) for triple in triples_of(part)}
    ways: dict[Any, Path | None] = {Variable("this"): None}
    for _ in patterns:  # as many rounds as the longest way can have steps
        for subject, predicate, value in sorted(patterns, key=str):
            if not isinstance(predicate, URIRef):
                continue
            step = Path(iri=str(predicate))
            if subject in ways and isinstance(value, Variable | BNode) and value not in ways:
                ways[value] = _then(ways[subject], step)
            if value in ways and isinstance(subject, Variable | BNode) and subject not in ways:
                ways[subject] = _then(ways[value], Path("^", parts=(step,)))
    found = set[Look]()
    for subject, predicate, value in patterns:
        name = str(predicate) if isinstance(predicate, URIRef) else ""
        if not isinstance(predicate, URIRef | Variable):
            return None
        if subject in ways:
            found.add(Look(name, "subject", ways[subject]))
        elif value in ways:
            found.add(Look(name, "object", ways[value]))
        else:
            return None
    return found
