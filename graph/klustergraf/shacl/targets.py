"""Targets that shapes choose by SPARQL (SHACL Advanced Features, section 3.1).

SHACL Core can name a class or a predicate, never "any predicate". Such a target is resolved here on
an embedded store, which takes milliseconds where rdflib takes seconds, and is handed to pySHACL as
plain ``sh:targetNode``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
import rdflib
from rdflib import RDF, SH
from rdflib.term import Node

from klustergraf.errors import GraphParseError
from klustergraf.shacl.terms import to_node


@dataclass(frozen=True)
class SparqlTarget:
    """The target of one shape: a SELECT query that gives its focus nodes as ``?this``."""

    shape: Node
    name: str
    query: str


@dataclass(frozen=True)
class Shapes:
    """A shapes graph, ready to be applied many times.

    ``graph`` is as it was read; ``plain`` is the same without the targets in ``targets``.
    """

    source: str
    graph: rdflib.Graph
    plain: rdflib.Graph
    targets: tuple[SparqlTarget, ...]


def prepare(graph: rdflib.Graph, source: str) -> Shapes:
    """Take the SPARQL targets out of a shapes graph. ``source`` names it in errors."""
    plain = _copy(graph)
    targets = []
    for shape, node in graph.subject_objects(SH.target):
        if (node, RDF.type, SH.SPARQLTarget) in graph:
            plain.remove((shape, SH.target, node))
            query = query_text(graph, node, SH.select)
            targets.append(SparqlTarget(shape, shape_name(graph, shape), query))
    return Shapes(source, graph, plain, tuple(sorted(targets, key=lambda target: target.name)))


def resolved(shapes: Shapes, quads: Sequence[ox.Quad]) -> rdflib.Graph:
    """Give the shapes graph with each SPARQL target replaced by the nodes that it chooses.

    It is the graph as it was read when the data has numbers that the store would spell anew (007
    as 7): then pySHACL itself has to find the targets.

    Errors: GraphParseError when a target is not a SELECT query, naming its shape.
    """
    if not shapes.targets:
        return shapes.plain
    store = ox.Store()
    store.extend(quads)
    if not _spellings(quads) <= _spellings(store):
        return shapes.graph
    chosen = [(t.shape, n) for t in shapes.targets for n in _chosen(store, t, shapes.source)]
    if not chosen:
        return shapes.plain
    graph = _copy(shapes.plain)
    for shape, node in chosen:
        graph.add((shape, SH.targetNode, node))
    return graph


def _copy(graph: rdflib.Graph) -> rdflib.Graph:
    copy = rdflib.Graph(bind_namespaces="none")
    for triple in graph:
        copy.add(triple)
    return copy


def _spellings(quads: Iterable[ox.Quad]) -> set[str]:
    return {quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)}


def _chosen(store: ox.Store, target: SparqlTarget, source: str) -> list[Node]:
    fault = GraphParseError(
        source, f"shape {target.name}: its target is not a SELECT query with ?this."
    )
    try:
        found = _values_of_this(store, target.query)
    except (SyntaxError, ValueError, OSError) as exc:
        raise fault from exc
    if found is None:
        raise fault
    return found


def _values_of_this(store: ox.Store, text: str) -> list[Node] | None:
    """Give what a query selects as ``?this``; None when it selects no such thing.

    A function of its own, which raises nothing: an error would keep the store's answer, and another
    thread may then be the one to let go of it, which it must not.
    """
    answer = store.query(text, use_default_graph_as_union=True)
    if not isinstance(answer, ox.QuerySolutions) or ox.Variable("this") not in answer.variables:
        return None
    found = [solution["this"] for solution in answer]
    return [to_node(term) for term in found if term is not None]


def shape_name(shapes_graph: rdflib.Graph, node: Node | None) -> str:
    """Name a shape by its IRI; a blank node by the shape that it stands in."""
    seen = set[Node]()
    while node is not None and not isinstance(node, rdflib.URIRef) and node not in seen:
        seen.add(node)
        node = min(shapes_graph.subjects(None, node), key=str, default=None)
    return f"<{node}>" if isinstance(node, rdflib.URIRef) else "without a name"


def query_text(shapes_graph: rdflib.Graph, holder: Node, predicate: rdflib.URIRef) -> str:
    """Give a query of the shapes graph, with the prefixes that it refers to."""
    lines = []
    for source in shapes_graph.objects(holder, SH.prefixes):
        for declaration in shapes_graph.objects(source, SH.declare):
            prefix = shapes_graph.value(declaration, SH.prefix)
            namespace = shapes_graph.value(declaration, SH.namespace)
            lines.append(f"PREFIX {prefix}: <{namespace}>")
    return "\n".join([*sorted(lines), str(shapes_graph.value(holder, predicate))])
