"""Targets that look at every statement choose the same nodes together as each of them alone."""

from collections.abc import Callable, Container
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.aside import Turns
from klustergraf.shacl import validate
from klustergraf.shacl.compiler.model import Query
from klustergraf.shacl.compiler.sweeps import groups, swept
from klustergraf.shacl.shapes import load_shapes

EX = "http://example.org/"
SHAPES = "https://w3id.org/klustergraf/shapes#"

# The query, and the ends of a statement of which something must hold; none: it is asked alone.
QUERIES = {
    'SELECT ?this { ?this ?p ?v FILTER(REGEX(STR(?v), "o")) }': {"object"},
    'SELECT DISTINCT $this WHERE { $this ?p $v . FILTER(isIRI($v) && CONTAINS(STR($v), "b")) }':
        {"object"},
    'SELECT ?this { ?s ?p ?this FILTER(?this != :b) FILTER NOT EXISTS { ?this a ?k } }':
        {"object"},
    'SELECT ?this { ?this ?p ?v FILTER(STR(?v) = "two" || (?this = :a || STR(?v) = "one")) }':
        {"subject", "object"},
    'SELECT ?this { ?this ?p ?v FILTER(isIRI(?v) || ?v = 1) # no "FILTER(?this = :a)\n }':
        {"object"},
    'SELECT ?this { ?v ?p ?this . FILTER(?v = :b) . FILTER(?this = ?v || ?p = :q) }': {"subject"},
    'SELECT ?this { ?this ?p ?v FILTER(?v = "||" || ?v = "FILTER(?this)") }': {"object"},
    "SELECT ?this { ?this ?p ?v FILTER EXISTS { ?v :p ?w FILTER(?w = :c) } }": {"object"},
    "SELECT ?this { ?this ?p ?v FILTER(1/0 = 1 || ?v = 1) }": {"object"},
    "SELECT ?this { ?this ?p ?v FILTER(?v<3||?this>:b) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER(isIRI(?this)) FILTER(isIRI(?v)) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER(?this = ?v) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER(?p = :q) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER(?v = 1 || EXISTS { ?this a ?v }) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER EXISTS { ?this ?q ?v FILTER(?q != ?p) } }": set(),
    "SELECT ?this { ?this ?p ?v FILTER EXISTS { ?v :q ?n . ?this :p ?v } }": set(),
    "SELECT ?this { ?this ?p ?v . ?v ?q ?w FILTER(?v = :b) }": set(),
    "SELECT ?this { ?this :p ?v FILTER(?v = :b) }": set(),
    "SELECT ?this { ?this ?p ?v FILTER(?v = :b) } LIMIT 9": set(),
    "SELECT ?this { ?this ?p ?v BIND(?v AS ?w) FILTER(?v = :b) }": set(),
    "SELECT ?this { ?this ?this ?v FILTER(?v = :b) }": set(),
    "SELECT ?this { ?this ?p ?v OPTIONAL { ?v ?q ?w FILTER(?v = :b) } }": set(),
    "SELECT (?v AS ?this) { ?s ?p ?v FILTER(?v = :b) }": set(),
}  # fmt: skip
PREFIX = f"PREFIX : <{EX}>"


@pytest.mark.parametrize(("text", "ends"), QUERIES.items())
def test_what_a_target_wants_of_a_statement_is_found(text: str, ends: set[str]) -> None:
    """Each query, and of which end of a statement it tells what must hold."""
    found = swept(Query(PREFIX, text))
    assert set(found.clues if found else ()) == ends


def _shapes(folder: Path, queries: list[str]) -> Path:
    path = folder / "shapes.ttl"
    lines = [
        f"@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <{EX}> .",
        f':o sh:declare [ sh:prefix "" ; sh:namespace "{EX}" ] .',
    ]
    for number, query in enumerate(queries):
        lines.append(
            f":S{number} a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:prefixes :o ;"
            f" sh:select '''{query}''' ] ; sh:property :P{number} ."
            f" :P{number} sh:path :never ; sh:minCount 1 ; sh:message 'wrong {number}' ."
        )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each query as the target of a shape that every node breaks."""
    return _shapes(tmp_path_factory.mktemp("shapes"), list(QUERIES))


IRIS = [ox.NamedNode(EX + name) for name in "abc"]
PREDICATES = [
    *(ox.NamedNode(EX + name) for name in "pq"),
    ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
]
VALUES: list[ox.NamedNode | ox.BlankNode | ox.Literal] = [
    *IRIS, ox.BlankNode("n"), ox.Literal("one"), ox.Literal("two", language="en"), ox.Literal(1),
    ox.Literal("||"), ox.Literal("FILTER(?this)"), ox.Literal("7", datatype=ox.NamedNode(EX)),
    ox.Literal("01", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
]  # fmt: skip


@given(
    st.sets(
        st.builds(
            ox.Quad,
            st.sampled_from([*IRIS, ox.BlankNode("n")]),
            st.sampled_from(PREDICATES),
            st.sampled_from(VALUES),
        ),
        max_size=8,
    )
)
def test_targets_give_together_what_each_gives(shapes: Path, quads: set[ox.Quad]) -> None:
    """The focus nodes of each shape are what its query gives, asked of the store by itself."""
    store = ox.Store()
    store.extend(quads)
    report = validate(store, [shapes])
    found: dict[str, set[str]] = {}
    for result in report.results:
        found.setdefault(result.message("en"), set()).add(str(result.focus_node))
    for number, text in enumerate(QUERIES):
        rows = store.query(f"{PREFIX} {text}")
        assert isinstance(rows, ox.QuerySolutions)
        assert found.get(f"wrong {number}", set()) == {str(row["this"]) for row in rows}


SHARES: dict[str, Callable[[], tuple[Container[int], Container[int]]]] = {
    "the first, and the rest": lambda: (range(1), range(1, 99)),
    "every other": lambda: (range(1, 99, 2), range(0, 99, 2)),
    "as the turns come": lambda: (Turns(), range(0)),
}


@pytest.mark.parametrize("name", SHARES)
def test_shares_of_the_shapes_make_up_the_whole(shapes: Path, name: str) -> None:
    """However shapes are shared out, each is applied once, those that go together too."""
    quads = [ox.Quad(s, p, o) for s in IRIS for p in PREDICATES[:2] for o in VALUES]
    whole = validate(quads, [shapes])
    one, other = (validate(quads, [shapes], share=share) for share in SHARES[name]())
    assert whole.total > len(QUERIES)
    assert list(one.joined(other).results) == list(whole.results)


def test_the_shipped_targets_go_together() -> None:
    """The shapes that look into every statement for what is personal do it in one look."""
    together = [{shape.name for shape, _ in group} for group in groups(load_shapes(None).shapes)]
    names = ("Email", "Telephone", "IdentityNumber", "PersonIri", "DescribedThing")
    assert together == [{f"<{SHAPES}{name}Shape>" for name in names}]
