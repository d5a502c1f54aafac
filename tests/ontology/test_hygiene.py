"""The rules of the ontology's files."""

from pathlib import Path

import pytest
from rdflib.term import URIRef

from hygiene import (
    declared_terms,
    expect_none,
    header_faults,
    iris,
    load,
    name_of,
    ontology,
    own_terms,
    parser_faults,
    prefix_faults,
    profile_faults,
    satisfiability_faults,
    term_faults,
    turtle_files,
    undeclared_faults,
    unknown_term_faults,
)

FILES = turtle_files("ontology")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_there_is_an_ontology() -> None:
    """The rules below run over something."""
    assert {path.name for path in FILES} >= {"core.ttl", "concepts.ttl", "alignments.ttl"}
    assert len(own_terms(ontology())) > 100


@each_file
def test_both_libraries_read_the_same(path: Path) -> None:
    """A Turtle file gives the same triples in rdflib and in pyoxigraph."""
    expect_none(parser_faults(path))


@each_file
def test_prefixes_are_the_usual_ones(path: Path) -> None:
    """A prefix means what ``klustergraf.namespaces.PREFIXES`` says."""
    expect_none(prefix_faults(path.read_text(encoding="utf-8")))


@each_file
def test_terms_of_others_exist(path: Path) -> None:
    """A term of a well-known vocabulary exists in it."""
    expect_none(unknown_term_faults(iris(load(path))))


@each_file
def test_own_terms_are_declared(path: Path) -> None:
    """A term of ours that one file uses is declared in some file."""
    expect_none(undeclared_faults(iris(load(path)), declared_terms()))


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
