"""Two small versions of one home, for tests of what tells them apart."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from klustergraf.version import Manifest, Version, VersionStore, serialise_dataset

GRAPH = "https://w3id.org/klustergraf/graph/stated"
_PREFIXES = """\
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix id: <https://w3id.org/klustergraf/id/facility/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
kg:Facility a owl:Class ; rdfs:label "anläggning"@sv , "facility"@en .
kg:Testbed a owl:Class ; rdfs:subClassOf kg:Facility ; rdfs:label "testbädd"@sv , "testbed"@en .
"""
OLD = (
    _PREFIXES
    + """\
id:one a kg:Testbed , kg:Facility ; skos:prefLabel "One"@en .
id:gone a kg:Facility ; skos:prefLabel "Gone \\"2\\""@en .
"""
)
NEW = (
    _PREFIXES
    + """\
id:one a kg:Testbed , kg:Facility ; skos:prefLabel "One, renamed"@en .
id:two a kg:Testbed , kg:Facility ; skos:prefLabel "Two"@en .
id:three a kg:Testbed ; skos:prefLabel "Three\\nlines"@en .
id:four a kg:Testbed ; skos:prefLabel "=four"@en .
"""
)
CREATED = ("2026-03-01T12:00:00+00:00", "2026-06-01T12:00:00+00:00")


def dataset(turtle: str) -> bytes:
    """Write Turtle as the dataset of a version, in one named graph."""
    name = ox.NamedNode(GRAPH)
    return serialise_dataset(
        ox.Quad(q.subject, q.predicate, q.object, name)
        for q in ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)
    )


def store_version(home: Path, turtle: str, created: str) -> Version:
    """Add a version to a home and make it the current one."""
    content = dataset(turtle)
    manifest = Manifest(sha256(content).hexdigest(), created, "test")
    counted = replace(manifest, triples={GRAPH: content.count(b"\n")})
    return VersionStore(home).add(content, counted, b"")


def two_versions(home: Path) -> tuple[Version, Version]:
    """Make both versions, the older first; the newer is the current one."""
    old = store_version(home, OLD, CREATED[0])
    return old, store_version(home, NEW, CREATED[1])
