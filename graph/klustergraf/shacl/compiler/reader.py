"""Read shapes from a shapes graph (SHACL, sections 2 and 4 to 6).

The graph has passed the checks of well-formedness before: what is met here is as it should be.
"""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import RDFS
from klustergraf.shacl.compiler.index import SH, ShapesGraph
from klustergraf.shacl.compiler.model import (
    Constraint,
    Query,
    Shape,
    Shapes,
    SparqlConstraint,
    Target,
)
from klustergraf.shacl.report import Term

TERMS: Final = (
    "class", "datatype", "nodeKind", "minExclusive", "minInclusive", "maxExclusive",
    "maxInclusive", "hasValue", "equals", "disjoint", "lessThan", "lessThanOrEquals",
)  # fmt: skip
NUMBERS: Final = ("minCount", "maxCount", "minLength", "maxLength")
SHAPES: Final = ("not", "node", "property")
LISTS: Final = ("and", "or", "xone")
TARGETS: Final = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
FOREIGN: Final = ("js", "expression")
_PARAMETERS: Final = (
    *TERMS, *NUMBERS, *SHAPES, *LISTS, "pattern", "languageIn", "uniqueLang", "in", "closed",
    "qualifiedValueShape", "sparql",
)  # fmt: skip


def read_shapes(graph: ShapesGraph) -> Shapes:
    """Read every shape of a shapes graph."""
    components = list(_components(graph))
    nodes = sorted(shape_nodes(graph), key=str)
    return Shapes({node: _shape(graph, node, components) for node in nodes})


def shape_nodes(graph: ShapesGraph) -> set[ox.NamedNode | ox.BlankNode]:
    """List the nodes of a graph that are shapes (SHACL, section 2.1)."""
    found = set[Term]()
    own = {custom for parameters, _ in _components(graph) for custom, optional in parameters}
    for name in (*TARGETS, "target", *_PARAMETERS, "path"):
        found.update(node for node, _ in graph.pairs(SH + name))
    for predicate in own:
        found.update(node for node, _ in graph.pairs(predicate))
    for node, _ in graph.pairs("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"):
        if graph.is_instance(node, SH + "NodeShape", SH + "PropertyShape"):
            found.add(node)
    for name in (*SHAPES, "qualifiedValueShape"):
        found.update(shape for _, shape in graph.pairs(SH + name))
    for name in LISTS:
        for _, shapes in graph.pairs(SH + name):
            found.update(graph.members(shapes))
    declared = {node for _, node in graph.pairs(SH + "parameter")}
    return {node for node in found - declared if not isinstance(node, ox.Literal)}


def _shape(graph: ShapesGraph, node: Term, components: list["_Component"]) -> Shape:
    path = graph.value(node, SH + "path")
    severity = graph.value(node, SH + "severity")
    return Shape(
        node=node,
        name=graph.name(node),
        path=graph.path(path) if path is not None else None,
        targets=tuple(_targets(graph, node)),
        constraints=tuple(_constraints(graph, node, components)),
        severity=severity.value if severity is not None else SH + "Violation",
        messages=messages(graph, node),
        deactivated=is_true(graph, node, "deactivated"),
        foreign=tuple(_foreign(graph, node)),
    )


def is_true(graph: ShapesGraph, node: Term, name: str) -> bool:
    """Tell whether a parameter is true: the very literal, since "1" is another term than "true"."""
    return ox.Literal(value=True) in graph.sh(node, name)


def messages(graph: ShapesGraph, node: Term) -> tuple[ox.Literal, ...]:
    """List the messages of a shape, constraint or validator."""
    return tuple(m for m in graph.sh(node, "message") if isinstance(m, ox.Literal))


def _foreign(graph: ShapesGraph, node: Term) -> Iterator[str]:
    yield from (f"sh:{name}" for name in FOREIGN if graph.sh(node, name))
    for target in graph.sh(node, "target"):
        if not _is_query(graph, target):
            yield "sh:target without sh:select"


def _is_query(graph: ShapesGraph, target: Term) -> bool:
    return bool(graph.sh(target, "select")) or graph.is_instance(target, SH + "SPARQLTarget")


def _targets(graph: ShapesGraph, node: Term) -> Iterator[Target]:
    for term in graph.sh(node, "targetNode"):
        yield Target("node", term)
    for term in graph.sh(node, "targetClass"):
        yield Target("class", term)
    if isinstance(node, ox.NamedNode) and graph.is_instance(node, RDFS + "Class"):
        yield Target("class", node)
    for term in graph.sh(node, "targetSubjectsOf"):
        yield Target("subjectsOf", term)
    for term in graph.sh(node, "targetObjectsOf"):
        yield Target("objectsOf", term)
    for term in graph.sh(node, "target"):
        if _is_query(graph, term):
            yield Target("sparql", term, read_query(graph, term, "select"))


def read_query(graph: ShapesGraph, holder: Term, name: str) -> Query:
    """Give a query of the shapes graph, with the prefixes that it refers to."""
    lines = set[str]()
    waiting = graph.sh(holder, "prefixes")[:]
    seen = set[Term]()
    while waiting:
        source = waiting.pop()
        if source in seen:
            continue
        seen.add(source)
        waiting += graph.values(source, "http://www.w3.org/2002/07/owl#imports")
        for declaration in graph.sh(source, "declare"):
            prefix = graph.value(declaration, SH + "prefix")
            namespace = graph.value(declaration, SH + "namespace")
            if prefix is not None and namespace is not None:
                lines.add(f"PREFIX {prefix.value}: <{namespace.value}>")
    text = graph.value(holder, SH + name)
    return Query("\n".join(sorted(lines)), text.value if text is not None else "")


def _constraints(
    graph: ShapesGraph, node: Term, components: list["_Component"]
) -> Iterator[Constraint]:
    yield from _simple(graph, node)
    for name in SHAPES:
        for term in graph.sh(node, name):
            yield Constraint(_component(name), term, shapes=(term,))
    for name in LISTS:
        for term in graph.sh(node, name):
            yield Constraint(_component(name), term, shapes=graph.members(term))
    yield from _qualified(graph, node)
    for term in graph.sh(node, "sparql"):
        if not is_true(graph, term, "deactivated"):
            query = read_query(graph, term, "select")
            own = SparqlConstraint(term, query, messages=messages(graph, term))
            yield Constraint("SPARQL", term, sparql=own)
    for parameters, component in components:
        yield from _custom(graph, node, parameters, component)


def _simple(graph: ShapesGraph, node: Term) -> Iterator[Constraint]:
    for name in TERMS:
        for term in graph.sh(node, name):
            yield Constraint(_component(name), term)
    for name in NUMBERS:
        for term in graph.sh(node, name):
            yield Constraint(_component(name), term, count=int(term.value))
    for term in graph.sh(node, "pattern"):
        flags = graph.value(node, SH + "flags")
        yield Constraint("Pattern", term, flags=flags.value if flags is not None else "")
    for name in ("languageIn", "in"):
        for term in graph.sh(node, name):
            yield Constraint(_component(name), term, members=graph.members(term))
    if is_true(graph, node, "uniqueLang"):
        yield Constraint("UniqueLang")
    if is_true(graph, node, "closed"):
        yield Constraint("Closed", members=tuple(sorted(_allowed(graph, node), key=str)))


def _component(name: str) -> str:
    return name[0].upper() + name[1:]


def _allowed(graph: ShapesGraph, node: Term) -> Iterator[Term]:
    for term in graph.sh(node, "ignoredProperties"):
        yield from graph.members(term)
    for shape in graph.sh(node, "property"):
        yield from (p for p in graph.sh(shape, "path") if isinstance(p, ox.NamedNode))


def _qualified(graph: ShapesGraph, node: Term) -> Iterator[Constraint]:
    for shape in graph.sh(node, "qualifiedValueShape"):
        siblings = set[Term]()
        if is_true(graph, node, "qualifiedValueShapesDisjoint"):
            for parent in graph.subjects(SH + "property", node):
                for sibling in graph.sh(parent, "property"):
                    siblings.update(graph.sh(sibling, "qualifiedValueShape"))
        others = tuple(sorted(siblings - {shape}, key=str))
        for name in ("qualifiedMinCount", "qualifiedMaxCount"):
            for term in graph.sh(node, name):
                count = int(term.value)
                yield Constraint(_component(name), term, (), (shape,), others, count)


_Component = tuple[tuple[tuple[str, bool], ...], Term]


def _components(graph: ShapesGraph) -> Iterator[_Component]:
    """List the constraint components that the graph declares: (parameters, component)."""
    found = {node for node, _ in graph.pairs(SH + "parameter")}
    for component in sorted(found, key=str):
        parameters = []
        for parameter in graph.sh(component, "parameter"):
            path = graph.value(parameter, SH + "path")
            if path is not None:
                parameters.append((path.value, is_true(graph, parameter, "optional")))
        yield tuple(parameters), component


def _custom(
    graph: ShapesGraph, node: Term, parameters: tuple[tuple[str, bool], ...], component: Term
) -> Iterator[Constraint]:
    given = {path: graph.values(node, path) for path, _ in parameters}
    if not parameters or any(not given[path] for path, optional in parameters if not optional):
        return
    is_property = bool(graph.sh(node, "path"))
    own = graph.sh(component, "propertyValidator" if is_property else "nodeValidator")
    validator = next(iter(own or graph.sh(component, "validator")), None)
    if validator is None:
        return
    is_ask = not graph.sh(validator, "select")
    query = read_query(graph, validator, "ask" if is_ask else "select")
    said = messages(graph, validator) or messages(graph, component)
    first = parameters[0][0] if len(parameters) == 1 else None
    for value in given[first] if first else [None]:
        bound = tuple(
            (_local_name(path), value if value is not None else given[path][0])
            for path, _ in parameters
            if given[path]
        )
        sparql = SparqlConstraint(validator, query, is_ask, bound, said)
        yield Constraint(component.value, component, sparql=sparql)


def _local_name(iri: str) -> str:
    """Give the variable name of a parameter (SHACL, section 6.2.1)."""
    return iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]
