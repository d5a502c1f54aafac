"""Names that are markup and scripts, and a small graph in which every name is one."""

from typing import Final

from klustergraf.namespaces import ID

HOSTILE: Final = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
_WRITTEN: Final = HOSTILE.replace('"', '\\"')
HOSTILE_GRAPH: Final = f"""
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX id: <{ID}>
<{ID}actor/a> a kg:Actor ; skos:prefLabel "{_WRITTEN}"@sv , "{_WRITTEN}"@en ;
  kg:locatedIn <{ID}place/stockholm-uppsala> , <{ID}place/solna> , <{ID}place/county> ;
  kg:contributesTo <{ID}priority/a1> .
<{ID}actor/b> a kg:Actor ; skos:prefLabel "B {_WRITTEN}"@sv , "B {_WRITTEN}"@en ;
  kg:locatedIn <{ID}place/stockholm-uppsala> .
<{ID}project/p> a kg:Project ; skos:prefLabel "P {_WRITTEN}"@sv , "P {_WRITTEN}"@en .
<{ID}collaboration/c> a kg:Collaboration ; kg:hasCollaborator <{ID}actor/a> , <{ID}actor/b> ;
  kg:isThrough <{ID}project/p> ; kg:hasTieKind <{ID}tie-kind/project> .
<{ID}place/solna> a kg:Municipality ; skos:prefLabel "M {_WRITTEN}"@sv , "M {_WRITTEN}"@en ;
  geo:sfWithin <{ID}place/county> ; kg:hasSimplifiedBoundary <{ID}place/solna-boundary> .
<{ID}place/solna-boundary> geo:asWKT "POLYGON((17 59, 18 59, 18 60, 17 59))"^^geo:wktLiteral .
<{ID}place/county> a kg:County ; skos:prefLabel "C {_WRITTEN}"@sv , "C {_WRITTEN}"@en .
<{ID}priority/a1> a kg:PriorityArea ; skos:notation "A1" ;
  skos:prefLabel "A {_WRITTEN}"@sv , "A {_WRITTEN}"@en .
"""
