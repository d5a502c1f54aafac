"""Which constraints shapes have, so that tests can tell which of them were never seen to fire."""

import rdflib
from rdflib import SH
from rdflib.term import Node, URIRef

from klustergraf.namespaces import shorten

# What a parameter of a shape makes of it; those of a qualified value shape go by their counts.
COMPONENTS = {
    SH[parameter]: f"sh:{parameter[0].upper()}{parameter[1:]}ConstraintComponent"
    for parameter in (
        "class", "datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive",
        "maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "languageIn",
        "uniqueLang", "equals", "disjoint", "lessThan", "lessThanOrEquals", "not", "and", "or",
        "xone", "node", "qualifiedMinCount", "qualifiedMaxCount", "closed", "hasValue", "in",
    )
} | {SH.sparql: "sh:SPARQLConstraintComponent"}  # fmt: skip
TARGETS = (SH.target, SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)


def targeted(graph: rdflib.Graph) -> set[Node]:
    """List the node shapes that have a target."""
    return {shape for predicate in TARGETS for shape in graph.subjects(predicate)}


def constraints(graph: rdflib.Graph) -> set[tuple[str, str]]:
    """List each constraint that can give a result: (shape, component)."""
    shapes = targeted(graph)
    shapes |= {p for shape in shapes for p in graph.objects(shape, SH.property)}
    return {
        (shorten(str(shape)), COMPONENTS[predicate])
        for shape in shapes
        for predicate in graph.predicates(shape)
        if isinstance(predicate, URIRef) and predicate in COMPONENTS
    }
