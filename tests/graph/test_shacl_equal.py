"""The compiled shapes find what pySHACL finds, in random shapes and data."""

import pyoxigraph as ox
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shacl_cases as cases
from klustergraf.shacl.comparison import require_equal
from klustergraf.shacl.compiler.index import ShapesGraph
from klustergraf.shacl.compiler.reader import read_shapes
from klustergraf.shacl.shapes import ShapesFile
from klustergraf.shacl.validation import by_pyshacl, compiled


def loaded(quads: list[ox.Quad]) -> ShapesFile:
    """Take a graph of shapes as if it were a file."""
    graph = ShapesGraph(quads)
    return ShapesFile("generated", graph, read_shapes(graph))


@pytest.mark.parametrize("component", cases.COMPONENTS)
def test_both_engines_agree(component: str) -> None:
    """Each Core component, alone and inside others, gives the results that pySHACL gives."""

    @given(st.data())
    @cases.examples(100, thorough=1000)
    def agree(draw: st.DataObject) -> None:
        shapes = draw.draw(cases.shapes(component))
        data = draw.draw(cases.data(shapes))
        note(cases.turtle(shapes))
        note(cases.turtle(data))
        file = loaded(shapes)
        results, log = compiled(data, file)
        assert not log
        require_equal(results, by_pyshacl(data, file))

    agree()
