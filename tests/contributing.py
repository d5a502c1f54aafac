"""What tests of contributions share: examples in Turtle, and a home that has a version."""

import shutil
from pathlib import Path

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution

HEAD = """\
@prefix dct: <http://purl.org/dc/terms/> .
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/klustergraf/id/> .
"""


def a_testbed(partner: str, name: str, label: str = "Labb") -> str:
    """Describe a testbed of a partner's own, in five lines that conform."""
    return f"""\
<facility/{partner}--{name}> a kg:Testbed ;
    skos:prefLabel "{label} {name}"@sv , "Lab {name}"@en ;
    kg:locatedIn <place/flemingsberg> ;
    kg:isOperatedBy <actor/kth> .
"""


def put(partner: str, body: str, **more: str) -> Contribution:
    """Make the contribution that puts these statements into a partner's graph."""
    return Contribution(GraphAddress.of(partner), "put", (HEAD + body).encode(), **more)


def copy_home(source: Path, target: Path) -> Path:
    """Copy a home with its versions."""
    shutil.copytree(source, target)
    return target
