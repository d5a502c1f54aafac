"""What a shapes graph must be before it is applied: a fault names the shape that has it.

Source: SHACL, the syntax rules of sections 2, 4, 5 and 6, section 3.4.3 (ill-formed shapes graphs)
and section 3.4.4 (recursive shapes).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import RDF, XSD
from klustergraf.shacl.compiler.context import compiled, is_regular
from klustergraf.shacl.compiler.index import SH, ShapesGraph
from klustergraf.shacl.compiler.literals import is_well_formed
from klustergraf.shacl.compiler.reader import LISTS, shape_nodes
from klustergraf.shacl.query_rules import query_faults
from klustergraf.shacl.report import Term

_NODE_KINDS: Final = {
    SH + name
    for name in (
        "IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral",
    )
}  # fmt: skip
_KINDS: Final = {
    **dict.fromkeys(
        ("targetClass", "targetSubjectsOf", "targetObjectsOf", "severity", "class", "datatype",
         "nodeKind", "equals", "disjoint", "lessThan", "lessThanOrEquals"), "an IRI"),
    **dict.fromkeys(
        ("minCount", "maxCount", "minLength", "maxLength", "qualifiedMinCount",
         "qualifiedMaxCount"), "an integer"),
    **dict.fromkeys(
        ("deactivated", "uniqueLang", "closed", "qualifiedValueShapesDisjoint"), "a boolean"),
    **dict.fromkeys(("pattern", "flags"), "a string"),
    **dict.fromkeys(("message", "name", "description"), "a string or a text with a language"),
    **dict.fromkeys(
        ("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"), "a literal"),
    **dict.fromkeys(("targetNode",), "an IRI or a literal"),
    **dict.fromkeys(
        ("property", "node", "not", "qualifiedValueShape", "sparql"), "an IRI or a blank node"),
}  # fmt: skip
_ONCE: Final = (
    "path", "severity", "deactivated", "datatype", "nodeKind", "minCount", "maxCount",
    "minExclusive", "minInclusive", "maxExclusive", "maxInclusive", "minLength", "maxLength",
    "flags", "languageIn", "uniqueLang", "closed", "ignoredProperties", "in",
    "qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount",
    "qualifiedValueShapesDisjoint",
)  # fmt: skip
_OF_PROPERTIES: Final = (
    "minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals", "qualifiedValueShape",
)  # fmt: skip
_OF_LISTS: Final = (*LISTS, "languageIn", "in", "ignoredProperties")
_USES: Final = ("property", "node", "not", "qualifiedValueShape")


def require_well_formed(graph: ShapesGraph, source: str) -> None:
    """Refuse shapes that are not well-formed, that recur, or whose queries leave the data.

    Errors: GraphParseError, with every fault that was found; a fault names its shape.
    """
    faults = sorted(set(_list_faults(graph)))
    if not faults:  # what follows walks along lists, which must end for that
        faults = sorted(set(_faults(graph)))
    if not faults:
        faults = [f"shape {name} refers to itself" for name in sorted(_recursive(graph))]
    if faults:
        raise GraphParseError(source, "the shapes are not well-formed: " + "; ".join(faults))


def _list_faults(graph: ShapesGraph) -> Iterator[str]:
    for name in _OF_LISTS:
        for shape, node in graph.pairs(SH + name):
            if isinstance(node, ox.Literal):
                yield f"shape {graph.name(shape)}: sh:{name} has no list but {node}"
                continue
            try:
                graph.members(node)
            except ValueError:
                is_list = bool(graph.values(node, RDF + "rest"))
                fault = "a list that does not end" if is_list else "no list"
                yield f"shape {graph.name(shape)}: sh:{name} has {fault}"


def _faults(graph: ShapesGraph) -> Iterator[str]:
    for shape in shape_nodes(graph):
        for fault in _shape_faults(graph, shape):
            yield f"shape {graph.name(shape)}: {fault}"
    for holder, fault in query_faults(graph):
        yield f"shape {graph.name(holder)}: {fault}"


def _shape_faults(graph: ShapesGraph, shape: Term) -> Iterator[str]:
    for name, kind in _KINDS.items():
        for value in graph.sh(shape, name):
            if not _is(value, kind):
                yield f"sh:{name} has {value}, which is not {kind}"
    for name in _ONCE:
        if len(graph.sh(shape, name)) > 1:
            yield f"sh:{name} stands more than once"
    yield from _path_faults(graph, shape)
    yield from _value_faults(graph, shape)
    for name in (*_USES, *LISTS):
        for value in _shapes_of(graph, shape, name):
            if isinstance(value, ox.Literal):
                yield f"sh:{name} has {value}, which is no shape"
            elif name == "property" and not graph.sh(value, "path"):
                fault = "which has no sh:path (--lenient leaves it out)"
                yield f"sh:property has {_shown(value)}, {fault}"
            elif name == "node" and graph.sh(value, "path"):
                yield f"sh:node has {_shown(value)}, which is a property shape"


def _path_faults(graph: ShapesGraph, shape: Term) -> Iterator[str]:
    paths = graph.sh(shape, "path")
    for path in paths:
        try:
            graph.path(path)
        except (ValueError, RecursionError) as exc:
            yield f"sh:path is not well-formed ({exc})"
    if not paths:
        if graph.is_instance(shape, SH + "PropertyShape"):
            yield "it is a property shape and has no sh:path"
        for name in _OF_PROPERTIES:
            if graph.sh(shape, name):
                yield f"sh:{name} stands in a node shape"
    elif graph.is_instance(shape, SH + "NodeShape"):
        yield "it is a node shape and has sh:path"


def _value_faults(graph: ShapesGraph, shape: Term) -> Iterator[str]:
    for value in graph.sh(shape, "nodeKind"):
        if isinstance(value, ox.NamedNode) and value.value not in _NODE_KINDS:
            yield f"sh:nodeKind has {value}, which is no kind of node"
    for name, kind in (("languageIn", "a string"), ("ignoredProperties", "an IRI")):
        for node in graph.sh(shape, name):
            for member in graph.members(node):
                if not _is(member, kind):
                    yield f"sh:{name} has {member}, which is not {kind}"
    flags = next((f.value for f in graph.sh(shape, "flags")), "")
    for value in graph.sh(shape, "pattern"):
        if not is_regular(value.value, flags):
            try:
                compiled(value.value, flags)
            except re.error as exc:
                yield f"sh:pattern has {value.value!r}, which is no regular expression ({exc})"
    if graph.sh(shape, "ignoredProperties") and not graph.sh(shape, "closed"):
        yield "sh:ignoredProperties stands without sh:closed"
    counts = graph.sh(shape, "qualifiedMinCount") or graph.sh(shape, "qualifiedMaxCount")
    if graph.sh(shape, "qualifiedValueShape") and not counts:
        yield "sh:qualifiedValueShape stands without sh:qualifiedMinCount or sh:qualifiedMaxCount"


def _is(value: Term, kind: str) -> bool:
    if kind == "an IRI":
        return isinstance(value, ox.NamedNode)
    if kind == "an IRI or a blank node":
        return not isinstance(value, ox.Literal)
    if kind == "an IRI or a literal":
        return not isinstance(value, ox.BlankNode)
    if not isinstance(value, ox.Literal):
        return False
    datatype = value.datatype.value
    if kind == "an integer":
        return datatype == XSD + "integer" and is_well_formed(value.value, "integer")
    if kind == "a boolean":
        return datatype == XSD + "boolean" and is_well_formed(value.value, "boolean")
    if kind == "a string":
        return datatype == XSD + "string"
    return kind == "a literal" or datatype in (XSD + "string", RDF + "langString")


def _shapes_of(graph: ShapesGraph, shape: Term, name: str) -> Iterator[Term]:
    for value in graph.sh(shape, name):
        if name in LISTS:
            yield from graph.members(value)
        else:
            yield value


def _shown(node: Term) -> str:
    return str(node) if isinstance(node, ox.NamedNode) else "a blank node"


def _recursive(graph: ShapesGraph) -> Iterator[str]:
    uses: dict[Term, set[Term]] = {}
    for shape in shape_nodes(graph):
        uses[shape] = {used for n in (*_USES, *LISTS) for used in _shapes_of(graph, shape, n)}
    for node, used in uses.items():
        if node in _reached(uses, used):
            yield graph.name(node)


def _reached(uses: dict[Term, set[Term]], start: Iterable[Term]) -> set[Term]:
    reached = set[Term]()
    waiting = list(start)
    while waiting:
        shape = waiting.pop()
        if shape not in reached:
            reached.add(shape)
            waiting += uses.get(shape, ())
    return reached
