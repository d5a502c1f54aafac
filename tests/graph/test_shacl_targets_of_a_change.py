"""A target's query gives the same nodes whether it is asked for some or for all."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from klustergraf.shacl import validate
from klustergraf.shacl.compiler.model import Query
from klustergraf.shacl.compiler.queries import conditions, target

NODES = [ox.NamedNode(f"http://example.org/{name}") for name in "abcd"]
DATA = """
    prefix : <http://example.org/>
    :a :p :b , :c ; :q 1 . :b :p :c ; :q 2 ; a :K . :c :q 3 ; :r :d . :d :p :a .
"""

# The query, and how many of its filters ask of ?this alone.
QUERIES = {
    "SELECT ?this { ?s ?p ?this FILTER (isIRI(?this)) FILTER NOT EXISTS { ?this a ?c } }": 2,
    "SELECT ?this { ?this :p ?o FILTER (?this != :a && ?o != :b) }": 0,
    "SELECT $this { $this :p ?o FILTER ($this != :a) FILTER EXISTS { ?this :q ?n } }": 2,
    "SELECT ?this { ?this :p ?o . ?o :q ?n FILTER EXISTS { ?this :q ?m FILTER (?m < ?n) } }": 0,
    "SELECT ?this { ?this :p ?o FILTER (?this = :a || EXISTS { ?o a :K }) }": 0,
    "SELECT ?this { { ?this :p ?o FILTER (?this = :a) } UNION { ?this :r ?o } }": 0,
    "SELECT ?this { ?this :q ?n FILTER (?n > 1) MINUS { ?this :r ?o FILTER (?this = :a) } }": 0,
    "SELECT ?this { ?this :q ?n FILTER (?n > 1) OPTIONAL { ?this :r ?o FILTER (?this = :a) } }": 0,
    "SELECT ?this { ?s :p ?o BIND (?o AS ?this) FILTER (?this != :c) }": 0,
    "SELECT (?o AS ?this) { ?s :p ?o FILTER (?s != :a) }": 0,
    "SELECT (?o AS ?this) { ?this :p ?o FILTER (?this != :a) }": 0,
    'SELECT ?this { ?this :p ?o . FILTER (STR(?this) != "} FILTER (false)") # FILTER (false)\n}': 1,
    "SELECT ?this { ?this :p ?o FILTER NOT EXISTS { ?this :q _:n } FILTER (?this != :b) }": 1,
    "SELECT ?this { VALUES ?this { :a :c } ?this :q ?n }": 0,
    "SELECT ?this { ?s :q ?n . VALUES (?n ?this) { (1 :b) (7 :d) } }": 0,
    "SELECT ?this { ?this :q ?n } VALUES ?this { :a :d }": 0,
    "SELECT ?this { { SELECT (?o AS ?this) { ?s :p ?o } } ?this :p ?o }": 0,
    "SELECT ?this { ?this :p ?o FILTER (?o = :c) } GROUP BY ?this HAVING (COUNT(?o) > 0)": 0,
    "SELECT ?this { ?this :p ?o FILTER (STRENDS(STR(?this), \"a\") || (1 = 2)) } ORDER BY ?o": 1,
}  # fmt: skip


def nodes(store: ox.Store, text: str) -> set[str]:
    """Give the nodes that a query chooses."""
    rows = store.query(text)
    assert isinstance(rows, ox.QuerySolutions)
    return {str(row["this"]) for row in rows}


# What gives ?this a value twice is no query.
@pytest.mark.parametrize("text", [text for text in QUERIES if "AS ?this) { ?this" not in text])
def test_nodes_of_a_target_are_the_same_one_by_one(text: str) -> None:
    """What a query chooses of some nodes is what it chooses of all, and of these."""
    store = ox.Store()
    store.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    query = Query("PREFIX : <http://example.org/>", text)
    whole = nodes(store, target(query))
    assert whole
    for some in (NODES[:1], NODES[1:3], NODES[3:], NODES):
        values = " ".join(map(str, some))
        chosen = nodes(store, target(query, f"VALUES ?this {{ {values} }}"))
        assert chosen == whole & {str(node) for node in some}


@pytest.mark.parametrize(("text", "count"), QUERIES.items())
def test_filters_that_ask_of_the_node_alone_are_found(text: str, count: int) -> None:
    """A filter is asked first when nothing else of the query can change what it says."""
    assert len(conditions(text)) == count


SHAPES = """
    prefix : <http://example.org/>
    prefix sh: <http://www.w3.org/ns/shacl#>
    prefix xsd: <http://www.w3.org/2001/XMLSchema#>
    :prefixes sh:declare [ sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
    :S a sh:NodeShape ; sh:message "no kind"@en ;
        sh:target [ a sh:SPARQLTarget ; sh:prefixes :prefixes ; sh:select "%s" ] ;
        sh:property [ sh:path :r ; sh:minCount 1 ; sh:message "no r"@en ] .
"""


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?this { ?s :p ?o BIND (?o AS ?this) }",
        "SELECT (?o AS ?this) { ?s :p ?o }",
        "SELECT ?this { VALUES ?this { :a :c :d } ?this ?p ?o }",
        "SELECT ?this { ?this :p ?o } VALUES ?this { :a :b }",
    ],
)
def test_shapes_find_for_some_nodes_what_pyshacl_finds(tmp_path: Path, text: str) -> None:
    """A target that binds ?this itself is asked for the nodes of a change as for all."""
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(SHAPES % text)
    # A number that our store would spell anew has pySHACL look for the targets itself.
    data = list(ox.parse(f"{DATA} :d :q 007 .", format=ox.RdfFormat.TURTLE))
    whole = {str(r.focus_node) for r in validate(data, [shapes], engine="pyshacl").results}
    assert whole
    for some in (NODES[:1], NODES[1:3], NODES[3:], NODES):
        found = validate(data, [shapes], focus_nodes=some)
        assert {str(r.focus_node) for r in found.results} == whole & set(map(str, some))
        assert not found.log
