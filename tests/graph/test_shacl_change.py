"""Validating a change gives what validating everything before and after it gives."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shacl_cases as cases
from klustergraf.namespaces import ID, KG
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl.change import Change, Validator
from klustergraf.shacl.comparison import comparable
from klustergraf.shacl.compiler.reach import turned
from klustergraf.shacl.paths import Path as PropertyPath
from klustergraf.shacl.report import Report

DATA = Path(__file__).parents[1] / "data"


def rows(report: Report) -> Counter[tuple[str, ...]]:
    """Count the results of a report, all but their words."""
    return Counter(map(comparable, report.results))


def shapes_file(folder: Path, quads: list[ox.Quad]) -> Path:
    """Write a graph of shapes."""
    path = folder / "shapes.ttl"
    path.write_text(cases.turtle(quads), encoding="utf-8")
    return path


def test_a_change_is_the_difference_of_two_reports(tmp_path: Path) -> None:
    """What came and went is what the whole reports before and after differ in."""

    @given(st.data())
    @cases.examples(300, thorough=8000)
    def differ(draw: st.DataObject) -> None:
        shapes = draw.draw(cases.shapes())
        old, new = draw.draw(cases.data(shapes)), draw.draw(cases.data(shapes))
        # One statement or two: a large change reaches every node of so small a graph anyway.
        count = draw.draw(st.sampled_from([1, 1, 1, 4]))
        gone = draw.draw(st.lists(st.sampled_from(old), max_size=count, unique=True))
        added = [quad for quad in new[: draw.draw(st.integers(0, count))] if quad not in gone]
        path = shapes_file(tmp_path, shapes)
        validator = Validator(old, [path])
        before = rows(validator.report())
        change = made(validator, added, gone)
        after = rows(validator.report())
        assert after == before - rows(change.went) + rows(change.came)
        assert rows(change.went) <= before
        fresh = [quad for quad in [*old, *added] if quad not in gone]
        assert after == rows(Validator(fresh, [path]).report())

    differ()


def made(validator: Validator, added: Iterable[ox.Quad], removed: Iterable[ox.Quad] = ()) -> Change:
    """Ask about a change, and make it."""
    change = validator.validate_change(added, removed)
    validator.apply(added, removed)
    return change


def test_a_change_that_is_asked_about_is_not_made() -> None:
    """Asking gives the same answer twice and leaves the report; a statement given twice is one."""
    quads = shipped()
    validator = Validator(quads)
    start = validator.report()
    broken = read_quads(DATA / "invalid" / "ActorShape-locatedIn-class.ttl")
    first = validator.validate_change([*broken, *broken], quads[:50])
    assert first.came.total
    assert not first.is_allowed
    assert validator.validate_change(broken, quads[:50]) == first
    assert validator.report() == start


def test_a_limit_bounds_what_a_change_shows() -> None:
    """The report of a change keeps as many results as wanted, and counts all."""
    validator = Validator(shipped())
    gone = [quad for quad in shipped() if quad.predicate.value.endswith("#prefLabel")]
    whole = validator.validate_change(removed=gone).came
    part = validator.validate_change(removed=gone, limit=3).came
    assert len(part.results) == 3 < whole.total == part.total
    assert part.counts == whole.counts


NAME = ox.Quad(cases.ex("a"), cases.ex("name"), ox.Literal("A"))


def named(graph: str) -> ox.Quad:
    """Put the name into a graph."""
    return ox.Quad(NAME.subject, NAME.predicate, NAME.object, cases.ex(graph))


@pytest.fixture
def named_validator(tmp_path: Path) -> Validator:
    """Give a validator for "a has a name", which two graphs say."""
    path = tmp_path / "shapes.ttl"
    path.write_text(
        "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "ex:P a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:name ; sh:minCount 1 .",
        encoding="utf-8",
    )
    return Validator([named("g"), named("h"), named("h")], [path])


def test_a_statement_of_two_graphs_goes_with_the_last(named_validator: Validator) -> None:
    """What another graph says too stays when one graph no longer says it."""
    assert named_validator.validate_change(removed=[named("g")]).came.total == 0
    assert named_validator.validate_change(removed=[named("h")]).came.total == 0
    assert named_validator.validate_change(removed=[named("g"), named("h")]).came.total == 1
    assert made(named_validator, [], [named("h")]).came.total == 0
    assert named_validator.validate_change(removed=[named("g")]).came.total == 1
    assert named_validator.validate_change([named("k")], [named("g")]).came.total == 0


def test_a_statement_that_comes_into_another_graph_is_shared(named_validator: Validator) -> None:
    """A graph that says what one has said keeps it there, whichever of the two goes first."""
    made(named_validator, [], [named("h")])
    made(named_validator, [named("k")])
    assert named_validator.validate_change(removed=[named("k")]).came.total == 0
    assert named_validator.validate_change(removed=[named("g"), named("k")]).came.total == 1
    assert made(named_validator, [], [named("g")]).came.total == 0
    assert made(named_validator, [], [named("k")]).came.total == 1
    assert made(named_validator, [named("g")]).went.total == 1


def shipped() -> list[ox.Quad]:
    """Read the ontology and the graph's own statements, and the valid examples."""
    folders = (room("ontology"), DATA / "valid")
    return [quad for f in folders for path in sorted(f.glob("*.ttl")) for quad in read_quads(path)]


def test_our_shapes_see_a_change_of_any_kind() -> None:
    """By our shapes, their queries among them, each broken example comes and goes as a change."""
    quads = shipped()
    validator = Validator(quads)
    start = rows(validator.report())
    seen = 0
    for path in sorted((DATA / "invalid").glob("[ENPRS]*.ttl")):
        added = [quad for quad in read_quads(path) if quad not in quads]
        came = made(validator, added)
        went = made(validator, (), added)
        assert rows(came.came) == rows(went.went), path.stem
        assert rows(came.went) == rows(went.came), path.stem
        seen += bool(rows(came.came))
    assert seen > 40  # the others break what a valid example makes good again
    assert rows(validator.report()) == start


def test_what_is_there_already_changes_nothing() -> None:
    """Adding what is there, and removing what is not, gives nothing."""
    quads = shipped()
    validator = Validator(quads)
    stranger = ox.Quad(
        ox.NamedNode(ID + "actor/none"), ox.NamedNode(KG + "locatedIn"), ox.Literal("x")
    )
    change = validator.validate_change(added=quads[:10], removed=[stranger])
    assert (change.came.total, change.went.total) == (0, 0)


def test_a_path_is_turned_to_its_properties() -> None:
    """The inverse of a sequence is the sequence of the inverses, backwards."""
    both = PropertyPath("/", parts=(PropertyPath(iri="urn:p"), PropertyPath(iri="urn:q")))
    written = turned(PropertyPath("^", parts=(both,))).sparql()
    assert written == "(^(<urn:q>))/(^(<urn:p>))"


FAR = {
    "( ex:p ex:q )": "ex:a ex:p ex:b . ex:b ex:q ex:c .",
    "( ex:p [ sh:inversePath ex:q ] )": "ex:a ex:p ex:b . ex:c ex:q ex:b .",
    "( [ sh:oneOrMorePath ex:p ] ex:q )": "ex:a ex:p ex:b . ex:b ex:p ex:d . ex:d ex:q ex:c .",
    "[ sh:inversePath ( ex:p ex:q ) ]": "ex:c ex:p ex:b . ex:b ex:q ex:a .",
}


@pytest.mark.parametrize("path", FAR)
@pytest.mark.parametrize("shape", ["sh:nodeKind sh:Literal", "sh:class ex:D", "sh:node ex:N"])
def test_a_change_far_from_the_focus_node(tmp_path: Path, path: str, shape: str) -> None:
    """A statement at the end of a path matters to the node at its start."""
    prefixes = "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        f"{prefixes} ex:P a sh:PropertyShape ; sh:targetNode ex:a ; sh:path {path} ; {shape} .\n"
        "ex:N a sh:NodeShape ; sh:property [ sh:path ex:r ; sh:minCount 1 ] .",
        encoding="utf-8",
    )
    data = tmp_path / "data.ttl"
    data.write_text(prefixes + FAR[path], encoding="utf-8")
    quads = read_quads(data)
    validator = Validator(quads, [shapes])
    for quad in quads:
        assert made(validator, (), [quad]).went.total == 1
        assert made(validator, [quad]).came.total == 1
    repaired = [
        ox.Quad(cases.ex("c"), cases.TYPE, cases.ex("D")),
        ox.Quad(cases.ex("c"), cases.ex("r"), cases.ex("c")),
    ]
    assert validator.validate_change(added=repaired).went.total == ("Literal" not in shape)
