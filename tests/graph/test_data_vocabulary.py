"""Every term of the shipped graph is declared, and each class of ours is judged by a shape."""

from typing import Literal

from pyoxigraph import NamedNode, QuerySolutions, Store
from rdflib import OWL, RDF, RDFS, SH, Graph, URIRef

from klustergraf.namespaces import GRAPH, KG
from klustergraf.resources import room

# Declared by RDF, RDFS and SHACL themselves.
BUILT_IN = {RDF.type, RDF.subject, RDF.predicate, RDF.object}
BUILT_IN |= {RDFS.label, RDFS.comment, RDFS.seeAlso}
# Stored questions are described in SHACL's terms, as editors of SPARQL read them.
OF_QUERIES = {SH.select, SH.prefixes, SH.declare, SH.prefix, SH.namespace}
OF_QUERIES |= {URIRef("https://schema.org/target"), SH.SPARQLExecutable, SH.SPARQLSelectExecutable}
# What is described there is a vocabulary, and judged by the shapes of the ontology.
_NOT_DATA = f"FILTER (?g NOT IN (<{GRAPH}ontology>, <{GRAPH}shapes>))"


def _files(name: Literal["ontology", "shapes"]) -> Graph:
    graph = Graph()
    for path in sorted(room(name).glob("*.ttl")):
        graph.parse(path)
    return graph


def _used(store: Store, pattern: str) -> set[URIRef]:
    found = store.query(f"SELECT DISTINCT ?term {{ GRAPH ?g {{ {pattern} }} {_NOT_DATA} }}")
    assert isinstance(found, QuerySolutions)
    return {URIRef(row[0].value) for row in found if isinstance(row[0], NamedNode)}


def test_every_property_of_the_shipped_graph_is_declared(shipped_store: Store) -> None:
    """Whatever an importer, a rule or a person writes: the ontology tells what it means."""
    ontology = _files("ontology")
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    declared = {term for kind in kinds for term in ontology.subjects(RDF.type, kind)}
    used = _used(shipped_store, "?s ?term ?o")
    assert len(used) > 100
    assert used - declared == (BUILT_IN | OF_QUERIES) & used - declared


def test_every_class_of_the_shipped_graph_is_declared(shipped_store: Store) -> None:
    """Classes too."""
    declared = set(_files("ontology").subjects(RDF.type, OWL.Class))
    used = _used(shipped_store, "?s a ?term")
    assert len(used) > 80
    assert used - declared == OF_QUERIES & used - declared


def test_every_class_of_ours_is_judged_by_a_shape(shipped_store: Store) -> None:
    """A shape looks at each class that is used, itself or as what is under it; none is left out."""
    ontology, shapes = _files("ontology"), _files("shapes")
    targets = set(shapes.objects(None, SH.targetClass))
    used = {term for term in _used(shipped_store, "?s a ?term") if term.startswith(KG)}
    assert len(used) > 60
    unjudged = {
        term.removeprefix(KG)
        for term in used
        if not set(ontology.transitive_objects(term, RDFS.subClassOf)) & targets
    }
    assert unjudged == set()
