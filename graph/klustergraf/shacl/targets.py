"""Targets that shapes choose by SPARQL (SHACL Advanced Features, section 3.1).

SHACL Core can name a class or a predicate, never "any predicate". Such a target is resolved here on
an embedded store, which takes milliseconds where rdflib takes seconds, and is handed to pySHACL as
plain ``sh:targetNode``.
"""

from collections.abc import Iterable, Sequence

import pyoxigraph as ox
import rdflib
from rdflib import RDF, SH
from rdflib.term import Node

from klustergraf.errors import GraphParseError
from klustergraf.shacl.terms import to_node
from klustergraf.shacl.wellformed import query_text, shape_name


def with_resolved_targets(
    shapes_graph: rdflib.Graph, quads: Sequence[ox.Quad], source: str
) -> rdflib.Graph:
    """Copy a shapes graph, each SPARQL target replaced by the nodes that it chooses in the data.

    The graph is given back as it is when it has no such target, and when the data has numbers that
    the store would spell anew (007 as 7): then pySHACL itself has to find the targets.

    Errors: GraphParseError when a target is not a SELECT query, naming its shape.
    """
    targets = [
        (shape, target)
        for shape, target in shapes_graph.subject_objects(SH.target)
        if (target, RDF.type, SH.SPARQLTarget) in shapes_graph
    ]
    if not targets:
        return shapes_graph
    store = ox.Store()
    store.extend(quads)
    if not _keeps_spelling(store, quads):
        return shapes_graph
    resolved = rdflib.Graph(bind_namespaces="none")
    for triple in shapes_graph:
        resolved.add(triple)
    for shape, target in targets:
        resolved.remove((shape, SH.target, target))
        for node in _chosen(store, shapes_graph, target, source):
            resolved.add((shape, SH.targetNode, node))
    return resolved


def _keeps_spelling(store: ox.Store, quads: Iterable[ox.Quad]) -> bool:
    return _spellings(quads) <= _spellings(store)


def _spellings(quads: Iterable[ox.Quad]) -> set[str]:
    return {quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)}


def _chosen(
    store: ox.Store, shapes_graph: rdflib.Graph, target: Node, source: str
) -> Iterable[Node]:
    fault = GraphParseError(
        source,
        f"shape {shape_name(shapes_graph, target)}: its target is not a SELECT query with ?this.",
    )
    try:
        text = query_text(shapes_graph, target, SH.select)
        solutions = store.query(text, use_default_graph_as_union=True)
    except (SyntaxError, ValueError, OSError) as exc:
        raise fault from exc
    if not isinstance(solutions, ox.QuerySolutions):
        raise fault
    if ox.Variable("this") not in solutions.variables:
        raise fault
    found = [solution["this"] for solution in solutions]
    return [to_node(term) for term in found if term is not None]
