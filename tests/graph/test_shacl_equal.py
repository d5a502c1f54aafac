"""The compiled shapes find what pySHACL finds, in random shapes and data."""

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import shacl_cases as cases
from klustergraf.shacl.comparison import require_equal
from klustergraf.shacl.compiler.index import ShapesGraph
from klustergraf.shacl.compiler.reader import read_shapes
from klustergraf.shacl.shapes import ShapesFile
from klustergraf.shacl.validation import by_pyshacl, compiled

EXAMPLES = 1000 if settings.get_current_profile_name() == "thorough" else 100
"""For each component; shrinking is left out, since a disagreement is small as it is found."""


def loaded(quads: list[ox.Quad]) -> ShapesFile:
    """Take a graph of shapes as if it were a file."""
    graph = ShapesGraph(quads)
    return ShapesFile("generated", graph, read_shapes(graph))


@pytest.mark.parametrize("component", cases.COMPONENTS)
@given(st.data())
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_both_engines_agree(component: str, draw: st.DataObject) -> None:
    """Each Core component, alone and inside others, gives the results that pySHACL gives."""
    shapes = draw.draw(cases.shapes(component))
    data = draw.draw(cases.data(shapes))
    note(cases.turtle(shapes))
    note(cases.turtle(data))
    file = loaded(shapes)
    results, log = compiled(data, file)
    assert not log
    require_equal(results, by_pyshacl(data, file))
