"""The shapes of European application profiles give what pySHACL gives, on generated data.

The shapes are not ours to ship: the tests exist where the folder lies beside the checkout.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from application_profiles import PROFILES, profile, validate_profile
from klustergraf.errors import GraphParseError
from klustergraf.namespaces import RDF
from klustergraf.shacl import validate
from klustergraf.shacl.comparison import require_equal
from klustergraf.shacl.compiler.model import Shapes
from klustergraf.shacl.shapes import load_shapes
from klustergraf.shacl.validation import by_pyshacl, compiled
from shacl_cases import typed

LITERALS = [
    ox.Literal("x"), ox.Literal("y", language="sv"), ox.Literal("z", language="en"),
    typed("2020-01-01", "date"), typed("2020-01-01T00:00:00", "dateTime"), typed("bad", "date"),
    typed("7", "nonNegativeInteger"), typed("1.50", "decimal"), typed("PT5M", "duration"),
    typed("2020", "gYear"),
]  # fmt: skip


def data(shapes: Shapes, seed: int, count: int = 60) -> Iterator[ox.Quad]:
    """Make instances of the classes that shapes name, with values for their properties."""
    chance = random.Random(seed)
    classes = set[ox.NamedNode]()
    properties = set[str]()
    for shape in shapes.by_node.values():
        named = [target.term for target in shape.targets if target.kind == "class"]
        named += [c.term for c in shape.constraints if c.component == "Class" and c.term]
        classes |= {term for term in named if isinstance(term, ox.NamedNode)}
        if shape.path is not None and shape.path.iri:
            properties.add(shape.path.iri)
    nodes = [ox.NamedNode(f"http://example.org/{number}") for number in range(count)]
    for node in nodes:
        for found in chance.sample(sorted(classes, key=str), chance.choice([1, 1, 2])):
            yield ox.Quad(node, ox.NamedNode(RDF + "type"), found)
        for name in chance.sample(sorted(properties), min(len(properties), 12)):
            for _ in range(chance.choice([1, 1, 2])):
                is_thing = chance.random() < 0.6
                value = chance.choice(nodes) if is_thing else chance.choice(LITERALS)
                yield ox.Quad(node, ox.NamedNode(name), value)


if PROFILES:

    @pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
    def test_a_profile_gives_what_pyshacl_gives(path: Path) -> None:
        """Both engines find the same, and something."""
        file = load_shapes([path], lenient=True)
        for seed in range(3):
            quads = list(data(file.shapes, seed))
            results, log = compiled(quads, file)
            assert not log
            assert results
            require_equal(results, by_pyshacl(quads, file))

    def test_dcat_ap_names_what_it_leaves_out() -> None:
        """DCAT-AP 3.0.1 has two property shapes without a path: both are named, the rest works."""
        path = profile("dcat-ap-3.0.1")
        if path is None:
            return
        with pytest.raises(GraphParseError, match="--lenient"):
            validate([], [path])
        catalogue = ox.Quad(
            ox.NamedNode("urn:c"),
            ox.NamedNode(RDF + "type"),
            ox.NamedNode("http://www.w3.org/ns/dcat#Catalog"),
        )
        report = validate_profile([catalogue], "dcat-ap-3.0.1")
        assert len([line for line in report.log if "was left out" in line]) == 2
        lacking = {r.result_path.iri for r in report.results if r.result_path is not None}
        assert "http://purl.org/dc/terms/title" in lacking
