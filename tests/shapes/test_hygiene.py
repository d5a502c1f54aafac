"""The rules of the shapes' files."""

from pathlib import Path

import pytest

from hygiene import (
    declared_terms,
    embedded_queries,
    expect_none,
    load,
    name_of,
    query_faults,
    query_iris,
    shape_faults,
    target_faults,
    turtle_files,
    undeclared_faults,
    union,
    unknown_term_faults,
)

FILES = turtle_files("shapes")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_there_are_shapes() -> None:
    """The rules below run over something."""
    assert len(FILES) > 3


@each_file
def test_shapes_have_names_severities_and_messages(path: Path) -> None:
    """A shape has an IRI, one severity, and a message in both languages."""
    expect_none(shape_faults(load(path)))


@each_file
def test_queries_inside_shapes_are_sound(path: Path) -> None:
    """A query inside a shape is SPARQL for both engines and uses declared terms only."""
    graph = union(FILES)
    for holder, text in embedded_queries(load(path), graph):
        expect_none([f"{holder}: {fault}" for fault in query_faults(text)])
        used = query_iris(text)
        expect_none([f"{holder}: {fault}" for fault in undeclared_faults(used, declared_terms())])
        expect_none([f"{holder}: {fault}" for fault in unknown_term_faults(used)])


def test_every_shape_is_reached() -> None:
    """A node shape has a target, or another shape uses it: it checks something."""
    expect_none(target_faults(union(FILES)))
