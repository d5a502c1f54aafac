"""Validating a change gives what validating everything before and after it gives."""

from collections import Counter
from pathlib import Path

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

import shacl_cases as cases
from klustergraf.namespaces import ID, KG
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl.change import Validator
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
    @cases.examples(400, thorough=4000)
    def differ(draw: st.DataObject) -> None:
        shapes = draw.draw(cases.shapes())
        old, new = draw.draw(cases.data(shapes)), draw.draw(cases.data(shapes))
        gone = old[draw.draw(st.integers(0, len(old))) :]
        added = [quad for quad in new[:4] if quad not in gone]
        path = shapes_file(tmp_path, shapes)
        validator = Validator(old, [path])
        before = rows(validator.report())
        change = validator.change(added, gone)
        after = rows(validator.report())
        assert after == before - rows(change.went) + rows(change.came)
        assert rows(change.went) <= before
        fresh = [quad for quad in [*old, *added] if quad not in gone]
        assert after == rows(Validator(fresh, [path]).report())

    differ()


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
        came = validator.change(added=added)
        went = validator.change(removed=added)
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
    change = validator.change(added=quads[:10], removed=[stranger])
    assert (change.came.total, change.went.total) == (0, 0)


def test_a_path_is_turned_to_its_properties() -> None:
    """The inverse of a sequence is the sequence of the inverses, backwards."""
    both = PropertyPath("/", parts=(PropertyPath(iri="urn:p"), PropertyPath(iri="urn:q")))
    written = turned(PropertyPath("^", parts=(both,))).sparql()
    assert written == "(^(<urn:q>))/(^(<urn:p>))"
