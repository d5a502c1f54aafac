"""Validation: what is found, in which order, and what happens with shapes that are no shapes."""

import random
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import PREFIXES
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl import validate

DATA = Path(__file__).parents[1] / "data"
BROKEN = DATA / "invalid" / "ActorShape-locatedIn-class.ttl"
PROLOGUE = "".join(f"@prefix {p}: <{ns}> .\n" for p, ns in PREFIXES.items())
PROLOGUE += "@prefix ex: <http://example.org/> .\n"
COMPANY = 'ex:c a kg:Company ; skos:prefLabel "Bolaget"@sv , "The company"@en .'


def turtle(folder: Path, text: str, name: str = "file.ttl") -> Path:
    """Write a Turtle file, with all prefixes."""
    path = folder / name
    path.write_text(PROLOGUE + text, encoding="utf-8")
    return path


def everything() -> list[Path]:
    """List the ontology, the statements that are written by hand, and the places they speak of."""
    places = room("data") / "open" / "geodata.nt.gz"
    return [*sorted(room("ontology").glob("*.ttl")), *sorted(room("data").rglob("*.ttl")), places]


def test_the_statements_written_by_hand_conform() -> None:
    """What editors wrote holds what must hold, as the whole graph does when it is built."""
    report = validate(quad for path in everything() for quad in read_quads(path))
    assert report.conforms, report.text("en")


def test_the_same_report_every_time() -> None:
    """The order of the statements changes no byte of the report."""
    quads = [q for path in sorted((DATA / "invalid").glob("P*.ttl")) for q in read_quads(path)]
    first = validate(quads)
    random.Random(4).shuffle(quads)
    again = validate(quads)
    assert len(first.results) > 20
    assert first.turtle() == again.turtle()
    assert first.json() == again.json()
    assert first.text("sv") == again.text("sv")


def test_results_are_in_order(tmp_path: Path) -> None:
    """Violations come first, then by focus node."""
    shapes = turtle(
        tmp_path,
        """
        ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:S-w , ex:S-v , ex:S-i .
        ex:S-w sh:path ex:p ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "w" .
        ex:S-v sh:path ex:p ; sh:minCount 1 ; sh:severity sh:Violation ; sh:message "v" .
        ex:S-i sh:path ex:p ; sh:minCount 1 ; sh:severity sh:Info ; sh:message "i" .
        """,
        "shapes.ttl",
    )
    data = turtle(tmp_path, "ex:b a ex:C . ex:a a ex:C .")
    report = validate(read_quads(data), [shapes])
    assert [(r.message("en"), str(r.focus_node)[-2]) for r in report.results] == [
        ("v", "a"), ("v", "b"), ("w", "a"), ("w", "b"), ("i", "a"), ("i", "b"),
    ]  # fmt: skip


def test_subclasses_count_without_inference(tmp_path: Path) -> None:
    """A shape of a class applies to its subclasses by rdfs:subClassOf in the data."""
    data = read_quads(turtle(tmp_path, "ex:u a kg:OrganisationalUnit ."))
    below = turtle(tmp_path, "kg:OrganisationalUnit rdfs:subClassOf kg:Actor .", "below.ttl")
    assert "NamedThingShape" not in validate(data).text("en")
    assert "NamedThingShape" in validate(data + read_quads(below)).text("en")


def test_the_label_comes_along(tmp_path: Path) -> None:
    """A result knows what its focus node is called, in both languages."""
    data = read_quads(turtle(tmp_path, COMPANY + " ex:c kg:hasCertainty ex:maybe ."))
    (result,) = validate(data).results
    assert result.focus_label == {"en": "The company", "sv": "Bolaget"}


def test_variables_in_messages_are_filled_in(tmp_path: Path) -> None:
    """A message of a SPARQL constraint keeps its language and shows the value."""
    shapes = turtle(
        tmp_path,
        """
        ex:S a sh:NodeShape ; sh:targetClass kg:Company ; sh:sparql [
            sh:message "Namnet är {?value}."@sv , "The name is {$value}."@en ;
            sh:select "SELECT $this ?value { $this ?p ?value . FILTER (LANG(?value) = 'sv') }" ] .
        """,
        "shapes.ttl",
    )
    (result,) = validate(read_quads(turtle(tmp_path, COMPANY)), [shapes]).results
    assert result.messages == {"sv": "Namnet är Bolaget.", "en": "The name is Bolaget."}


def test_paths_of_all_kinds_are_reported(tmp_path: Path) -> None:
    """The path of a result is the path of its shape, whatever operators it has."""
    written = {
        "ex:p": "<http://example.org/p>",
        "[ sh:inversePath ex:p ]": "^<http://example.org/p>",
        "( ex:p ex:q )": "<http://example.org/p>/<http://example.org/q>",
        "[ sh:alternativePath ( ex:p ex:q ) ]": "<http://example.org/p>|<http://example.org/q>",
        "( ex:p [ sh:zeroOrMorePath ex:q ] )": "<http://example.org/p>/(<http://example.org/q>*)",
        "[ sh:oneOrMorePath ex:p ]": "<http://example.org/p>+",
        "( ex:p [ sh:zeroOrOnePath ex:q ] )": "<http://example.org/p>/(<http://example.org/q>?)",
    }
    shapes = [f"[ sh:path {path} ; sh:minCount 1 ]" for path in written]
    text = f"ex:S a sh:NodeShape ; sh:targetClass kg:Company ; sh:property {' , '.join(shapes)} ."
    report = validate(read_quads(turtle(tmp_path, COMPANY)), [turtle(tmp_path, text, "shapes.ttl")])
    paths = {r.result_path.text(lambda iri: f"<{iri}>") for r in report.results if r.result_path}
    assert paths == set(written.values())


def test_a_telephone_number_hides_in_no_number(tmp_path: Path) -> None:
    """A number that a store would spell anew is looked at as it is written."""
    report = validate(read_quads(turtle(tmp_path, "ex:thing ex:says 0990000000 .")))
    assert [str(result.source_shape) for result in report.results] == [
        "<https://w3id.org/klustergraf/shapes#TelephoneShape>"
    ]


def test_literals_that_are_not_in_their_datatype(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An ill-typed literal is a result, and not a traceback in the log."""
    data = turtle(
        tmp_path, 'ex:s a oa:TextPositionSelector ; oa:start "x"^^xsd:integer ; oa:end 3 .'
    )
    assert not validate(read_quads(data)).conforms
    assert not caplog.records


ILL_FORMED = {
    "no path": ("ex:S a sh:NodeShape ; sh:property [ sh:minCount 1 ] .", "sh:path"),
    "count": ("ex:S a sh:PropertyShape ; sh:path ex:p ; sh:minCount 'x' .", "sh:minCount"),
    "two paths": ("ex:S a sh:PropertyShape ; sh:path ex:p , ex:q .", "sh:path stands more"),
    "text as path": ("ex:S sh:property [ sh:path 'p' ] ; sh:targetClass ex:C .", "sh:path"),
    "no list": ("ex:S a sh:NodeShape ; sh:or ex:T .", "sh:or"),
    "endless list": (
        "ex:S a sh:NodeShape ; sh:or ex:l . ex:l rdf:first ex:T ; rdf:rest ex:l .",
        "does not end",
    ),
    "broken list": (
        "ex:S a sh:NodeShape ; sh:or ex:l . ex:l rdf:first ex:T ; rdf:rest ex:m .",
        "does not end",
    ),
    "pattern": ("ex:S a sh:PropertyShape ; sh:path ex:p ; sh:pattern '(' .", "'('"),
    "recursion": ("ex:S a sh:NodeShape ; sh:node ex:T . ex:T sh:not ex:S .", "refers to itself"),
    "recursion in a list": ("ex:S a sh:NodeShape ; sh:or ( ex:S ) .", "refers to itself"),
    "no SPARQL": ("ex:S a sh:NodeShape ; sh:sparql [ sh:select 'SELECT $this' ] .", "not SPARQL"),
    "remote": (
        "ex:S a sh:NodeShape ; sh:sparql [ sh:select"
        " 'SELECT $this { SERVICE <http://example.org/> { ?s ?p ?o } }' ] .",
        "never SERVICE",
    ),
    "other graph": (
        "ex:S a sh:NodeShape ; sh:sparql [ sh:select"
        " 'SELECT $this FROM <http://example.org/> { $this ?p ?o }' ] .",
        "never FROM",
    ),
    "target": (
        "ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select 'ASK { ?s ?p ?o }' ] .",
        "?this",
    ),
    "target of another variable": (
        "ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select"
        " 'SELECT ?s { ?s ?p ?o }' ] .",
        "?this",
    ),
    "target without query": (
        "ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ] .",
        "?this",
    ),
}


@pytest.mark.parametrize("name", ILL_FORMED)
def test_ill_formed_shapes_are_named(tmp_path: Path, name: str) -> None:
    """Shapes that are not well-formed are refused; the error names the file and the shape."""
    text, reason = ILL_FORMED[name]
    shapes = turtle(tmp_path, text, "shapes.ttl")
    with pytest.raises(GraphParseError) as caught:
        validate(read_quads(turtle(tmp_path, COMPANY)), [shapes])
    assert caught.value.source == str(shapes)
    assert reason in caught.value.reason
    assert "<http://example.org/" in caught.value.reason


def test_a_word_in_a_text_is_no_query(tmp_path: Path) -> None:
    """SERVICE and FROM in strings, IRIs and comments of a query are fine."""
    query = (
        "SELECT $this { # FROM here\\n $this ?p ?o ; ?q <http://example.org/SERVICE> ."
        " FILTER (?o = 'a SERVICE') }"
    )
    text = f'ex:S a sh:NodeShape ; sh:targetClass kg:Company ; sh:sparql [ sh:select "{query}" ] .'
    shapes = turtle(tmp_path, text, "shapes.ttl")
    assert validate(read_quads(turtle(tmp_path, COMPANY)), [shapes]).conforms


def test_no_import_is_followed(tmp_path: Path) -> None:
    """owl:imports in shapes reaches nowhere."""
    text = "<http://example.org/shapes> a owl:Ontology ; owl:imports <http://127.0.0.1:9/x> ."
    shapes = turtle(tmp_path, text, "shapes.ttl")
    assert validate(read_quads(turtle(tmp_path, COMPANY)), [shapes]).conforms


def test_changed_shapes_are_read_anew(tmp_path: Path) -> None:
    """Shapes are kept between validations, but not when their file has changed."""
    data = read_quads(turtle(tmp_path, COMPANY))
    shapes = turtle(tmp_path, "ex:S a sh:NodeShape .", "shapes.ttl")
    assert validate(data, [shapes]).conforms
    text = "ex:S a sh:NodeShape ; sh:targetClass kg:Company ; sh:nodeKind sh:Literal ."
    assert not validate(data, [turtle(tmp_path, text, "shapes.ttl")]).conforms


def peak(count: int) -> int:
    """Validate so many statements; give the most memory that Python held meanwhile, in bytes."""
    statements = (
        Quad(NamedNode(f"urn:thing:{n}"), NamedNode("urn:name"), Literal(f"thing {n}"))
        for n in range(count)
    )
    tracemalloc.start()
    validate(statements)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_statements_are_not_held() -> None:
    """Ten times as many statements take no more memory, but for what the store holds."""
    peak(10)  # shapes and queries are read and kept
    assert peak(20_000) < peak(2_000) + 200_000


def test_a_store_is_asked_as_it_is() -> None:
    """A store gives the report that its statements give, and is as it was afterwards."""
    store = Store()
    store.bulk_extend(quad for quad in read_quads(BROKEN) if quad.graph_name == DefaultGraph())
    statements = set(store)
    report = validate(store)
    assert report.total
    assert report == validate(statements)
    assert set(store) == statements
    assert not list(store.named_graphs())


def test_a_store_with_named_graphs_is_merged() -> None:
    """What stands in two named graphs counts once."""
    store = Store()
    for name in ("urn:g", "urn:h"):
        store.extend(
            Quad(q.subject, q.predicate, q.object, NamedNode(name)) for q in read_quads(BROKEN)
        )
    assert validate(store) == validate(read_quads(BROKEN))


def test_each_broken_constraint_of_a_suspect_is_told(tmp_path: Path) -> None:
    """A node that breaks several constraints has a result for each, and no other node has one."""
    shapes = turtle(
        tmp_path,
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:property"
        " [ sh:path ex:p ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:string ;"
        " sh:uniqueLang true ] , [ sh:path ex:q ; sh:maxCount 4 ; sh:in ( 1 2 ) ] .",
        "shapes.ttl",
    )
    data = turtle(
        tmp_path,
        'ex:good a ex:C ; ex:p "a" ; ex:q 1 , 2 . ex:bare a ex:C .'
        ' ex:bad a ex:C ; ex:p "a"@en , "b"@en ; ex:q 3 , 4 , 5 , 6 , 7 . _:b a ex:C ; ex:p "b" .',
    )
    report = validate(read_quads(data), [shapes])
    found = Counter(
        (r.focus_node.value.rpartition("/")[2], r.constraint_component.rpartition("#")[2][:-19])
        for r in report.results
    )
    (blank,) = {q.subject.value for q in read_quads(data) if isinstance(q.subject, BlankNode)}
    assert found == {
        ("bare", "MinCount"): 1, ("bad", "MaxCount"): 2, ("bad", "Datatype"): 2,
        ("bad", "UniqueLang"): 1, ("bad", "In"): 5, (blank, "NodeKind"): 1,
    }  # fmt: skip
