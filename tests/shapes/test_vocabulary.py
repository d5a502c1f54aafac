"""Shapes ask for terms that there are, and are themselves what SHACL asks of shapes."""

import rdflib
from rdflib import OWL, RDF, RDFS, SH
from rdflib.term import Node, URIRef

from hygiene import expect_none, header_faults, ontology, show, turtle_files, union
from klustergraf.namespaces import SHAPES
from klustergraf.rdf_files import read_quads
from klustergraf.shacl.compiler.index import ShapesGraph
from klustergraf.shacl.shapes import graph_shapes
from klustergraf.shacl.wellformed import require_well_formed

# What must not stand in the graph has to be named by the shapes that refuse it; the ontology does
# not declare it.
FORBIDDEN_CLASSES = """
http://schema.org/Person
http://www.w3.org/2000/10/swap/pim/contact#Person
http://www.w3.org/2006/vcard/ns#Individual
http://www.w3.org/ns/person#Person
http://www.wikidata.org/entity/Q5
http://xmlns.com/foaf/0.1/Person
http://www.w3.org/ns/prov#Person
https://schema.org/Person
"""
FORBIDDEN_PROPERTIES = """
http://schema.org/address
http://schema.org/email
http://schema.org/familyName
http://schema.org/givenName
http://schema.org/telephone
http://www.w3.org/2006/vcard/ns#additional-name
http://www.w3.org/2006/vcard/ns#bday
http://www.w3.org/2006/vcard/ns#email
http://www.w3.org/2006/vcard/ns#family-name
http://www.w3.org/2006/vcard/ns#given-name
http://www.w3.org/2006/vcard/ns#hasAddress
http://www.w3.org/2006/vcard/ns#hasEmail
http://www.w3.org/2006/vcard/ns#hasFamilyName
http://www.w3.org/2006/vcard/ns#hasGender
http://www.w3.org/2006/vcard/ns#hasGivenName
http://www.w3.org/2006/vcard/ns#hasName
http://www.w3.org/2006/vcard/ns#hasTelephone
http://www.w3.org/2006/vcard/ns#n
http://www.w3.org/2006/vcard/ns#tel
http://www.w3.org/ns/dcat#contactPoint
http://www.w3.org/ns/oa#exact
http://www.w3.org/ns/oa#prefix
http://www.w3.org/ns/oa#suffix
http://www.w3.org/ns/org#headOf
http://www.w3.org/ns/org#heldBy
http://www.w3.org/ns/org#holds
http://www.w3.org/ns/org#reportsTo
http://www.w3.org/ns/person#birthName
http://xmlns.com/foaf/0.1/account
http://xmlns.com/foaf/0.1/age
http://xmlns.com/foaf/0.1/birthday
http://xmlns.com/foaf/0.1/familyName
http://xmlns.com/foaf/0.1/family_name
http://xmlns.com/foaf/0.1/firstName
http://xmlns.com/foaf/0.1/gender
http://xmlns.com/foaf/0.1/givenName
http://xmlns.com/foaf/0.1/givenname
http://xmlns.com/foaf/0.1/knows
http://xmlns.com/foaf/0.1/lastName
http://xmlns.com/foaf/0.1/mbox
http://xmlns.com/foaf/0.1/mbox_sha1sum
http://xmlns.com/foaf/0.1/phone
http://xmlns.com/foaf/0.1/surname
https://schema.org/additionalName
https://schema.org/address
https://schema.org/birthDate
https://schema.org/birthPlace
https://schema.org/contactPoint
https://schema.org/deathDate
https://schema.org/email
https://schema.org/employee
https://schema.org/familyName
https://schema.org/faxNumber
https://schema.org/gender
https://schema.org/givenName
https://schema.org/homeLocation
https://schema.org/honorificPrefix
https://schema.org/jobTitle
https://schema.org/nationality
https://schema.org/telephone
https://schema.org/worksFor
"""


def shapes() -> rdflib.Graph:
    """Give all shapes for the graph as one graph."""
    return union(graph_shapes())


def properties_of_paths(graph: rdflib.Graph) -> set[Node]:
    """List every property that a path, a target or a pair constraint names."""
    named = set[Node]()
    pairs = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
    for predicate in (SH.path, SH.targetSubjectsOf, SH.targetObjectsOf, *pairs):
        waiting = list(graph.objects(None, predicate))
        while waiting:
            node = waiting.pop()
            if isinstance(node, URIRef):
                named.add(node)
            else:  # an operator over other paths
                waiting += [o for o in graph.objects(node) if o != RDF.nil]
    return named


def test_every_path_is_declared() -> None:
    """A property that shapes ask for is declared in ontology/, or stands in the list above."""
    forbidden = {URIRef(iri) for iri in FORBIDDEN_PROPERTIES.split()}
    used = properties_of_paths(shapes())
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    declared = {s for kind in kinds for s in ontology().subjects(RDF.type, kind)}
    declared |= {RDF.type, RDF.subject, RDF.predicate, RDF.object}  # built in
    declared |= {RDFS.label, RDFS.isDefinedBy, OWL.versionInfo, OWL.versionIRI}
    unknown = sorted(used - declared - forbidden, key=str)
    expect_none([f"{show(p)} is used in a shape: declare it in ontology/" for p in unknown])
    assert forbidden <= used - declared


def test_every_class_is_declared() -> None:
    """A class that shapes ask for is declared in ontology/, or stands in the list above."""
    forbidden = {URIRef(iri) for iri in FORBIDDEN_CLASSES.split()}
    graph = shapes()
    used = {c for p in (SH["class"], SH.targetClass) for c in graph.objects(None, p)}
    declared = set(ontology().subjects(RDF.type, OWL.Class))
    declared |= {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.Ontology}  # OWL's own
    unknown = sorted(used - declared - forbidden, key=str)
    expect_none([f"{show(c)} is used in a shape: declare it in ontology/" for c in unknown])
    assert forbidden <= used - declared


def test_the_shapes_are_well_formed() -> None:
    """The shapes pass SHACL's own shapes, do not recur, and their queries stay in the data."""
    require_well_formed(
        ShapesGraph(quad for path in turtle_files("shapes") for quad in read_quads(path)), "shapes/"
    )


def test_the_shapes_have_one_header() -> None:
    """Title, licence and version of the shapes stand in one place."""
    expect_none(header_faults(union(turtle_files("shapes")), SHAPES))
