"""What a change makes and unmakes of derived statements is what deriving everything anew gives."""

import random

import pyoxigraph as ox
import pytest

from klustergraf.contributions.inference import Inference
from klustergraf.rules import load_rules

RULES = [rule for rule in load_rules() if rule.name in ("inverses", "subproperties")]
VOCABULARY = """
    @prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    :over owl:inverseOf :under . :beside a owl:SymmetricProperty . :over rdfs:subPropertyOf :near .
"""


def whole(asserted: set[ox.Quad]) -> ox.Store:
    """Derive everything from asserted statements: rule by rule, until nothing new comes."""
    store = ox.Store()
    store.extend(asserted)
    known = {quad.triple for quad in asserted}
    size = -1
    while size != len(store):
        size = len(store)
        for rule in RULES:
            given = store.query(rule.text, use_default_graph_as_union=True)
            assert isinstance(given, ox.QueryTriples)
            new = {triple for triple in given if triple not in known}
            store.extend(ox.Quad(t.subject, t.predicate, t.object, rule.graph) for t in new)
    return store


@pytest.mark.parametrize("seed", range(60))
def test_a_change_derives_what_deriving_anew_does(seed: int) -> None:
    """Also where what is asserted was derived before, or is derived still."""
    chance = random.Random(seed)
    graph = ox.NamedNode("http://example.org/graph")
    vocabulary = {
        ox.Quad(quad.subject, quad.predicate, quad.object, graph)
        for quad in ox.parse(VOCABULARY.encode(), format=ox.RdfFormat.TURTLE)
    }

    def node(names: str) -> ox.NamedNode:
        return ox.NamedNode(f"http://example.org/{chance.choice(names.split())}")

    def statement() -> ox.Quad:
        return ox.Quad(node("a b c"), node("over under beside near"), node("a b c"), node("g h"))

    asserted = vocabulary | {statement() for _ in range(chance.randint(0, 5))}
    store = whole(asserted)
    inference = Inference(store, RULES)
    for _ in range(5):
        before = set(store)
        added = {statement() for _ in range(chance.randint(0, 3))} - asserted
        free = sorted(asserted - vocabulary, key=str)
        removed = set(chance.sample(free, min(len(free), chance.randint(0, 2))))
        come, go = inference.change(sorted(added, key=str), sorted(removed, key=str))
        asserted = asserted - removed | added
        expected = set(whole(asserted))
        assert set(store) == expected
        assert before - removed - go | added | come == expected
