"""The rules of every Turtle file, whichever room it lies in."""

from pathlib import Path

import pytest

from hygiene import (
    declared_terms,
    expect_none,
    iris,
    load,
    name_of,
    parser_faults,
    prefix_faults,
    turtle_files,
    undeclared_faults,
    unknown_term_faults,
)

FILES = [*turtle_files("ontology"), *turtle_files("shapes"), *turtle_files("data")]
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


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
