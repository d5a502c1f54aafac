"""The shapes for catalogues: what is complete conforms, and each rule finds what it is for.

``tests/data/catalogue/faults.txt`` has a line for each constraint: what in the complete catalogue
is put wrong, and which other shapes see it too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import RDF, SH
from rdflib.term import BNode, Node, URIRef

from hygiene import load
from klustergraf.namespaces import KGSH, shorten
from klustergraf.resources import room
from klustergraf.shacl import Report, catalogue_shapes, validate
from klustergraf.shacl.shapes import graph_shapes, load_shapes
from shape_constraints import COMPONENTS, constraints

DATA = Path(__file__).parents[1] / "data" / "catalogue"
COMPLETE = DATA / "complete.ttl"
# The examples of DIGG for DCAT-AP-SE; they are not ours to ship.
PUBLISHED = room("shapes").parent.parent / "shared/data/vocab/dcat-ap-se"
PREFIXES = "".join(
    line
    for line in COMPLETE.read_text(encoding="utf-8").splitlines(keepends=True)
    if line.startswith("@prefix")
)


class Fault(NamedTuple):
    """One line of the file."""

    shape: str
    parameter: str
    place: str
    values: str
    others: frozenset[str]

    @property
    def component(self) -> str:
        """The constraint component that is to find it."""
        return COMPONENTS[SH[self.parameter]]


def faults() -> list[Fault]:
    """Read the file."""
    lines = (DATA / "faults.txt").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            shape, parameter, place, values, *others = (p.strip() for p in line.split("|"))
            found.append(Fault(shape, parameter, place, values, frozenset("".join(others).split())))
    return found


def spoilt(fault: Fault) -> rdflib.Graph:
    """Put the complete catalogue wrong: ``place`` gets other values, none, or is a blank node."""
    graph = rdflib.Graph()
    graph += load(COMPLETE)
    subject, *predicates = fault.place.split()
    if not predicates:
        renamed = {node_of(subject): BNode()}
        for triple in list(graph):
            s, p, o = triple
            graph.remove(triple)
            graph.add((renamed.get(s, s), p, renamed.get(o, o)))
    for predicate in predicates:
        graph.remove((node_of(subject), node_of(predicate), None))
    if fault.values:
        graph.parse(data=f"{PREFIXES}{fault.place} {fault.values} .", format="turtle")
    return graph


def node_of(text: str) -> Node:
    """Read an IRI as Turtle writes it."""
    ((_, _, value),) = rdflib.Graph().parse(data=f"{PREFIXES}:x :x {text} .", format="turtle")
    return value


def judged(graph: rdflib.Graph) -> Report:
    """Validate a catalogue as ``klustergraf self-check`` does."""
    text = graph.serialize(format="nt", encoding="utf-8")
    return validate(ox.parse(text, format=ox.RdfFormat.N_TRIPLES), [catalogue_shapes()])


def found_by(report: Report) -> Iterator[tuple[str, str, str]]:
    """Give shape, component and severity of each result."""
    for result in report.results:
        assert isinstance(result.source_shape, ox.NamedNode)
        shape = result.source_shape.value.removeprefix(KGSH)
        yield shape, shorten(result.constraint_component), result.severity_name


def test_a_complete_catalogue_conforms() -> None:
    """Nothing is found in a catalogue with everything in it, not even a warning."""
    assert judged(load(COMPLETE)).text("en") == "Everything conforms.\n"


@pytest.mark.parametrize("fault", faults(), ids=lambda f: f"{f.shape}-{f.parameter}")
def test_each_constraint_finds_what_it_is_for(fault: Fault) -> None:
    """What is put wrong is found by the shape of that line, and by no others than it says."""
    found = list(found_by(judged(spoilt(fault))))
    assert (fault.shape, fault.component) in {(shape, component) for shape, component, _ in found}
    assert {shape for shape, _, _ in found} == {fault.shape, *fault.others}


def test_no_constraint_is_without_a_fault() -> None:
    """Each constraint of each shape has a line in faults.txt."""
    shown = {(f"kgsh:{fault.shape}", fault.component) for fault in faults()}
    missing = sorted(constraints(load(catalogue_shapes())) - shown)
    assert not missing, "\n".join(f"write a line for {s} and {c}" for s, c in missing)


def test_results_say_what_to_do_in_both_languages() -> None:
    """A recommended thing that lacks is a warning, a mandatory one is not; both say what to add."""
    graph = rdflib.Graph()
    graph += load(COMPLETE)
    dataset = URIRef("https://data.example.org/catalogue#dataset")
    for name in ("keyword", "contactPoint"):
        graph.remove((dataset, URIRef(f"http://www.w3.org/ns/dcat#{name}"), None))
    report = judged(graph)
    assert report.conforms
    graph.remove((dataset, URIRef("http://purl.org/dc/terms/publisher"), None))
    report = judged(graph)
    assert not report.conforms
    for language in ("sv", "en"):
        text = report.text(language)
        for word in ("dcat:keyword", "dcat:contactPoint", "dct:publisher"):
            assert word in text


def test_the_shapes_can_all_find_something() -> None:
    """No part of the shapes is silent: an unknown term, a shape that nothing leads to."""
    load_shapes([catalogue_shapes()]).require_meaning()


def test_the_graph_is_not_held_to_them() -> None:
    """They are in shapes/, and the build leaves them out: the graph has no mailboxes."""
    assert catalogue_shapes() not in graph_shapes()
    assert catalogue_shapes().parent == room("shapes")
    dataset = ox.Quad(
        ox.NamedNode("https://example.org/d"),
        ox.NamedNode(str(RDF.type)),
        ox.NamedNode("http://www.w3.org/ns/dcat#Dataset"),
    )
    assert validate([dataset]).conforms
    assert not validate([dataset], [catalogue_shapes()]).conforms


if PUBLISHED.is_dir():

    def test_published_examples() -> None:
        """DIGG's example of what is mandatory conforms; that of what is recommended is older.

        It was written for version 2, which had other words for how available something is.
        """
        found = {
            name: {
                shape
                for shape, _, severity in found_by(judged(load(PUBLISHED / f"{name}.ttl")))
                if severity == "violation"
            }
            for name in ("obligatoriskt", "rekommenderat")
        }
        assert found == {
            "obligatoriskt": set(),
            "rekommenderat": {"DistributionShape-availability"},
        }
