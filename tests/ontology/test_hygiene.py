"""The rules of the ontology's files."""

import pytest
from rdflib.term import URIRef

from hygiene import (
    expect_none,
    header_faults,
    name_of,
    ontology,
    own_terms,
    profile_faults,
    satisfiability_faults,
    term_faults,
    turtle_files,
)

FILES = turtle_files("ontology")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_there_is_an_ontology() -> None:
    """The rules below run over something."""
    assert {path.name for path in FILES} >= {"core.ttl", "concepts.ttl", "alignments.ttl"}
    assert len(own_terms(ontology())) > 100


def test_header_is_complete() -> None:
    """The ontology says in its header what it is, in which version, and under which licence."""
    expect_none(header_faults(ontology()))


@pytest.mark.parametrize("term", own_terms(ontology()), ids=lambda term: term.split("#")[1])
def test_term_is_described(term: URIRef) -> None:
    """A term has a label and a definition in both languages, a home, a status, a fitting name."""
    expect_none(term_faults(ontology(), term))


def test_ontology_is_owl_2_dl() -> None:
    """Every term used is declared, every property is of one kind, every value fits its kind."""
    expect_none(profile_faults(ontology()))


def test_every_class_can_have_a_member() -> None:
    """No class is unsatisfiable, and no property is, by the rules of OWL 2 RL."""
    expect_none(satisfiability_faults(ontology()))
