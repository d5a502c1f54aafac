"""The rules of the graph's own statements."""

from pathlib import Path

import pytest

from hygiene import (
    data_faults,
    expect_none,
    load,
    name_of,
    ontology,
    satisfiability_faults,
    turtle_files,
    union,
)

FILES = turtle_files("data")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_there_are_statements() -> None:
    """The rules below run over something."""
    assert FILES


@each_file
def test_things_have_names(path: Path) -> None:
    """There is no blank node, and every thing of ours is ``id/<kind>/<slug>``."""
    expect_none(data_faults(load(path)))


def test_statements_do_not_contradict_the_ontology() -> None:
    """The founding statements and the ontology have a model together."""
    founding = [path for path in FILES if path.parent.name == "founding"]
    expect_none(satisfiability_faults(ontology() + union(founding)))
