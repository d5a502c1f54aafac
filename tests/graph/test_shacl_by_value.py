"""What must hold for each value is asked of the values where nodes are many: the same is found."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl import Report, validate
from klustergraf.shacl.compiler import plan

INVALID = Path(__file__).parents[1] / "data" / "invalid"
EX = "http://example.org/"


def _said(report: Report) -> Counter[str]:
    return Counter(
        f"{r.focus_node} {r.result_path and r.result_path.turtle()} {r.value} {r.source_shape}"
        f" {r.constraint_component}"
        for r in report.results
    )


@pytest.fixture(scope="module")
def broken() -> list[ox.Quad]:
    """Everything that the examples of broken statements say, together."""
    files = [*sorted(room("ontology").glob("*.ttl")), *sorted(INVALID.glob("*.ttl"))]
    return [quad for path in files for quad in read_quads(path)]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the steps that went by value since the last count."""
    made: list[str] = []
    step = plan.Step

    def noted(kind: Any, text: str, *others: Any, **more: Any) -> plan.Step:
        made.append(text)
        return step(kind, text, *others, **more)

    def count() -> int:
        found = sum(text.startswith("INSERT") and "GROUP BY" in text for text in made)
        made.clear()
        return found

    monkeypatch.setattr(plan, "Step", noted)
    return count


def test_the_same_is_found_by_value_and_by_node(
    broken: list[ox.Quad], monkeypatch: pytest.MonkeyPatch, steps: Callable[[], int]
) -> None:
    """Every shape that is shipped, each broken: the same results whichever way is taken."""
    by_node = validate(broken)
    assert steps() == 0
    monkeypatch.setattr(plan, "_MANY", 0)
    by_value = validate(broken)
    assert steps() > 50
    assert _said(by_value) == _said(by_node)
    assert by_node.total > 300


SHAPES = f"""
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <{EX}> .
:S a sh:NodeShape ; sh:targetClass :C ; sh:targetSubjectsOf :marked ; sh:targetNode :named ;
    sh:property [ sh:path :p ; sh:nodeKind sh:IRI ; sh:class :C ; sh:minCount 1 ] .
"""


def test_only_focus_nodes_are_told_of(tmp_path: Path, steps: Callable[[], int]) -> None:
    """Of thousands of nodes, those that are targets: of a class, by a predicate, by name."""
    path = tmp_path / "shapes.ttl"
    path.write_text(SHAPES, encoding="utf-8")
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    p, marked, ours = (ox.NamedNode(EX + name) for name in ("p", "marked", "C"))
    nodes = [ox.NamedNode(f"{EX}n{number}") for number in range(plan._MANY + 500)]
    quads = [ox.Quad(node, p, nodes[0]) for node in nodes]
    quads += [ox.Quad(node, kind, ours) for node in nodes[:-3]]
    quads += [ox.Quad(node, p, ox.Literal("no thing")) for node in (nodes[5], *nodes[-3:])]
    quads += [ox.Quad(nodes[-1], marked, p), ox.Quad(ox.NamedNode(EX + "named"), p, nodes[-2])]
    report = validate(quads, [path])
    assert steps() == 1
    found = {
        (r.focus_node, r.value, r.constraint_component.rpartition("#")[2]) for r in report.results
    }
    class_, node_kind = "ClassConstraintComponent", "NodeKindConstraintComponent"
    assert found == {
        (nodes[5], ox.Literal("no thing"), class_),
        (nodes[5], ox.Literal("no thing"), node_kind),
        (nodes[-1], ox.Literal("no thing"), class_),
        (nodes[-1], ox.Literal("no thing"), node_kind),
        (ox.NamedNode(EX + "named"), nodes[-2], class_),
    }
    assert report.total == len(found)


def test_values_of_others_are_left_alone(tmp_path: Path, steps: Callable[[], int]) -> None:
    """Where a predicate tells of many that are no focus nodes, they are not gone through."""
    path = tmp_path / "shapes.ttl"
    path.write_text(SHAPES, encoding="utf-8")
    p, marked = ox.NamedNode(EX + "p"), ox.NamedNode(EX + "marked")
    nodes = [ox.NamedNode(f"{EX}n{number}") for number in range(plan._FAR + plan._MANY)]
    ours = nodes[::10]
    quads = [ox.Quad(node, p, p) for node in nodes]
    quads += [ox.Quad(node, marked, p) for node in ours]
    assert validate(quads, [path]).total == len(ours) + 1
    assert len(ours) > plan._MANY
    assert steps() == 0
    quads += [ox.Quad(node, marked, p) for node in nodes]
    assert validate(quads, [path]).total == len(nodes) + 1
    assert steps() == 1


def test_a_node_without_values_is_told_of(tmp_path: Path, steps: Callable[[], int]) -> None:
    """Among thousands that are right, one that lacks what it must have: no value tells of it."""
    path = tmp_path / "shapes.ttl"
    path.write_text(SHAPES, encoding="utf-8")
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    p, ours, named = (ox.NamedNode(EX + name) for name in ("p", "C", "named"))
    nodes = [*(ox.NamedNode(f"{EX}n{number}") for number in range(plan._MANY)), named]
    quads = [ox.Quad(node, kind, ours) for node in nodes]
    quads += [ox.Quad(node, p, named) for node in nodes if node != nodes[7]]
    report = validate(quads, [path])
    assert steps() == 1
    assert [(r.focus_node, r.value) for r in report.results] == [(nodes[7], None)]
