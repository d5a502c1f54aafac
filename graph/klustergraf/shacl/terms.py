"""Between the two term models: pyoxigraph's, which the library speaks, and rdflib's."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyoxigraph as ox
import rdflib
from rdflib.term import BNode, IdentifiedNode, Literal, Node, URIRef

from klustergraf.errors import GraphParseError
from klustergraf.shacl.report import Term


def to_rdflib(quads: Iterable[ox.Quad]) -> rdflib.Graph:
    """Build the union of the quads' triples as one rdflib graph; literals keep their spelling.

    Errors: GraphParseError for what RDF 1.1 does not have (triple terms, text direction).
    """
    graph = rdflib.Graph(bind_namespaces="none")
    known: dict[Term | ox.Triple, Node] = {}
    with _quiet_about_literals():
        for quad in quads:
            nodes: list[Node] = []
            for term in (quad.subject, quad.predicate, quad.object):
                node = known.get(term)
                if node is None:
                    node = known[term] = to_node(term)
                nodes.append(node)
            graph.add((nodes[0], nodes[1], nodes[2]))
    return graph


def to_node(term: Term | ox.Triple) -> IdentifiedNode | Literal:
    """Give the rdflib node of a pyoxigraph term.

    Errors: GraphParseError for what RDF 1.1 does not have (triple terms, text direction).
    """
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal) and term.direction is None:
        if term.language:
            return Literal(term.value, lang=term.language)
        if term.datatype.value == str(rdflib.XSD.string):
            return Literal(term.value)
        return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
    raise GraphParseError("the data", f"uses RDF 1.2 ({term}). This graph is RDF 1.1.")


def to_term(node: Node) -> Term:
    """Give the pyoxigraph term of an rdflib node."""
    if isinstance(node, URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, BNode):
        return ox.BlankNode(str(node))
    if not isinstance(node, Literal):
        raise TypeError(f"{node!r} is no RDF term")
    if node.language:
        return ox.Literal(str(node), language=node.language)
    if node.datatype is None:
        return ox.Literal(str(node))
    return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype)))


@contextmanager
def _quiet_about_literals() -> Iterator[None]:
    """Keep rdflib from logging a traceback per ill-typed literal: shapes report those."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
