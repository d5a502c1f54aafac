"""Each shape has an example that conforms; each of its constraints has one that it catches.

A broken example says at its top what is wrong with it, and in ``# expect:`` lines which results it
gives: focus node, path, constraint component, severity and source shape. The first line is the
one that the example is for.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import NamedNode, Quad
from rdflib import SH

from hygiene import load, union
from klustergraf.namespaces import KGSH, RDFS, shorten
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl import Report, Result, validate
from klustergraf.shacl.shapes import graph_shapes
from shape_constraints import COMPONENTS, constraints, targeted

DATA = Path(__file__).parents[1] / "data"
INVALID = sorted((DATA / "invalid").glob("*.ttl"))
VALID = sorted((DATA / "valid").glob("*.ttl"))
# Those for catalogues have cases of their own (test_catalogue.py).
SHAPES = graph_shapes()

NO_CONSTRAINT = {
    SH[name]
    for name in (
        "path", "name", "description", "message", "severity", "property", "target", "targetClass",
        "targetNode", "targetSubjectsOf", "targetObjectsOf", "qualifiedValueShape",
        "qualifiedValueShapesDisjoint", "flags", "order", "group", "ignoredProperties",
    )
}  # fmt: skip


class Expected(NamedTuple):
    """One line ``# expect:``, all by CURIE; ``path`` is "-" where there is none."""

    focus_node: str
    path: str
    component: str
    severity: str
    shape: str


def expectations(path: Path) -> list[Expected]:
    """Read what an example says of itself."""
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]
    return [Expected(*line.split(" ")) for line in marked]


def summary(result: Result) -> Expected:
    """Say of a result what an example expects of it."""
    focus = result.focus_node
    shape = result.source_shape
    return Expected(
        str(focus) if isinstance(focus, NamedNode) else "_:",
        result.result_path.text() if result.result_path else "-",
        shorten(result.constraint_component),
        shorten(result.severity),
        shorten(shape.value) if isinstance(shape, NamedNode) else "_:",
    )


@cache
def class_hierarchy() -> tuple[Quad, ...]:
    """Give what an example needs of the ontology: which class is under which."""
    below = NamedNode(RDFS + "subClassOf")
    files = sorted(room("ontology").glob("*.ttl"))
    return tuple(q for file in files for q in read_quads(file) if q.predicate == below)


def validated(path: Path) -> Report:
    """Validate one example against all shapes."""
    return validate([*class_hierarchy(), *read_quads(path)])


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_broken_example_is_caught(path: Path) -> None:
    """A broken example gives the results that it lists, and no other violation."""
    expected = expectations(path)
    report = validated(path)
    found = {summary(result) for result in report.results}
    violations = {summary(r) for r in report.results if r.severity_name == "violation"}
    assert expected, "say what is expected: # expect: <focus> <path> <component> <severity> <shape>"
    assert set(expected) <= found
    assert violations <= set(expected)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_broken_example_is_named_after_its_case(path: Path) -> None:
    """A broken example is called <shape>-<constraint>[-<variant>].ttl, and says what is wrong."""
    first = expectations(path)[0]
    component = first.component.removeprefix("sh:").removesuffix("ConstraintComponent")
    parameter = "sparql" if component == "SPARQL" else component[0].lower() + component[1:]
    name = f"{first.shape.removeprefix('kgsh:')}-{parameter}"
    assert path.stem == name or path.stem.startswith(f"{name}-")
    assert len(path.read_text(encoding="utf-8").splitlines()[0]) > len("# ")


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_conforms(path: Path) -> None:
    """A valid example conforms, without a warning."""
    assert validated(path).text("en") == "Everything conforms.\n"


def test_every_constraint_has_a_broken_example() -> None:
    """For each (shape, component) there is a file in tests/data/invalid/ that is for it."""
    first = [expectations(path)[0] for path in INVALID]
    missing = constraints(union(SHAPES)) - {(case.shape, case.component) for case in first}
    faults = [f"write tests/data/invalid/ for {s} and {c}" for s, c in sorted(missing)]
    assert not faults, "\n".join(faults)


def test_every_shape_has_a_valid_example() -> None:
    """For each node shape with a target there is tests/data/valid/<shape>.ttl, and no other."""
    names = {str(shape).removeprefix(KGSH) for shape in targeted(union(SHAPES))}
    assert {path.stem for path in VALID} == names


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_every_parameter_is_known(path: Path) -> None:
    """A shape uses only parameters of which the tests know what constraint they make."""
    used = {p for p in load(path).predicates() if str(p).startswith(str(SH))}
    inside = {SH.prefixes, SH.prefix, SH.namespace, SH.declare, SH.select, SH.alternativePath}
    unknown = used - set(COMPONENTS) - NO_CONSTRAINT - inside - {SH.inversePath}
    assert not unknown
