"""The rules of the graph's own statements."""

from pathlib import Path

import pytest

from hygiene import (
    data_faults,
    declared_terms,
    expect_none,
    iris,
    load,
    name_of,
    ontology,
    parser_faults,
    prefix_faults,
    satisfiability_faults,
    turtle_files,
    undeclared_faults,
    union,
    unknown_term_faults,
)

FILES = turtle_files("data")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_there_are_statements() -> None:
    """The rules below run over something."""
    assert FILES


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
    """A statement uses only terms that the ontology declares."""
    expect_none(undeclared_faults(iris(load(path)), declared_terms()))


@each_file
def test_things_have_names(path: Path) -> None:
    """There is no blank node, and every thing of ours is ``id/<kind>/<slug>``."""
    expect_none(data_faults(load(path)))


def test_statements_do_not_contradict_the_ontology() -> None:
    """The founding statements and the ontology have a model together."""
    founding = [path for path in FILES if path.parent.name == "founding"]
    expect_none(satisfiability_faults(ontology() + union(founding)))
