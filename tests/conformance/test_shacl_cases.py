"""Cases in the format of the W3C's SHACL tests, through ``klustergraf validate``.

Each says what the specification wants, in places where it is easy to read past it.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pyoxigraph import BlankNode, Literal, NamedNode

from klustergraf.cli import main
from klustergraf.namespaces import RDF, SH, XSD
from klustergraf.rdf_files import read_quads
from klustergraf.shacl.compiler.index import ShapesGraph
from shacl_manifests import cases, fault

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
CASES = sorted((Path(__file__).parents[1] / "data" / "shacl").glob("*.ttl"))
Row = tuple[str, ...]


def read(path: Path) -> ShapesGraph:
    """Read a case as the command does."""
    return ShapesGraph(read_quads(path, base_iri=path.resolve().as_uri()))


def term(value: NamedNode | BlankNode | Literal | None) -> str:
    """Write a term in one way."""
    return "-" if value is None else str(value)


def json_term(value: dict[str, str] | None) -> str:
    """Write a term of a JSON report in the same way."""
    if value is None:
        return "-"
    if value["type"] == "uri":
        return str(NamedNode(value["value"]))
    if value["type"] == "bnode":
        return str(BlankNode(value["value"]))
    if "xml:lang" in value:
        return str(Literal(value["value"], language=value["xml:lang"]))
    return str(Literal(value["value"], datatype=NamedNode(value.get("datatype", XSD + "string"))))


def wanted(graph: ShapesGraph, report: NamedNode | BlankNode | Literal) -> Counter[Row]:
    """List the results that a manifest wants."""
    rows = Counter[Row]()
    for result in graph.sh(report, "result"):
        path = graph.value(result, SH + "resultPath")
        values = [graph.value(result, SH + name) for name in ("value", "sourceShape")]
        severity = term(graph.value(result, SH + "resultSeverity"))
        rows[
            term(graph.value(result, SH + "focusNode")),
            graph.path(path).text(lambda iri: f"<{iri}>") if path is not None else "-",
            *map(term, values),
            term(graph.value(result, SH + "sourceConstraintComponent")),
            severity.removeprefix(f"<{SH}").rstrip(">").lower(),
        ] += 1
    return rows


def found(report: dict[str, Any]) -> Counter[Row]:
    """List the results of a JSON report."""
    return Counter(
        (
            json_term(result["focusNode"]),
            result["path"] or "-",
            json_term(result["value"]),
            json_term(result["sourceShape"]),
            f"<{result['constraintComponent']}>",
            result["severity"],
        )
        for result in report["results"]
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The report is the one that the manifest wants, or the shapes are refused."""
    graph = read(path)
    ((_, outcome),) = graph.pairs(MF + "result")
    options = ["--shapes", str(path), "--no-ontology", "--format", "json"]
    run = CliRunner().invoke(main, ["validate", str(path), *options])
    if outcome == NamedNode("http://www.w3.org/ns/shacl-test#Failure"):
        assert run.exit_code == 2
        assert "http://example.org/" in run.stderr
        return
    assert run.exit_code in (0, 1), run.stderr
    idle = path.stem in ("boolean-one", "deactivated-one", "qualified-of-nothing")
    assert bool(run.stderr) == idle  # what turns nothing on is told of
    assert found(json.loads(run.stdout)) == wanted(graph, outcome)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_report_in_turtle(path: Path) -> None:
    """The report in Turtle is the same graph as the one that the manifest wants."""
    (case,) = cases(path)
    assert fault(case) == ""


def test_a_fault_is_seen(tmp_path: Path) -> None:
    """The comparison tells a report that lacks a result, and shapes that should have failed."""
    text = (CASES[0].parent / "minCount.ttl").read_text(encoding="utf-8")
    wrong = tmp_path / "minCount.ttl"
    wrong.write_text(text.replace("sh:minCount 2", "sh:minCount 0"), encoding="utf-8")
    assert "missing" in fault(next(cases(wrong)))
    failing = next(cases(CASES[0].parent / "minCount.ttl"))
    assert fault(replace(failing, wanted=None)) == "exit status 1, not 2"


def test_every_component_has_a_case() -> None:
    """Each component of SHACL Core gives a result in some case."""
    components = {
        component.value
        for path in CASES
        for _, component in read(path).pairs(SH + "sourceConstraintComponent")
    }
    names = (
        "And", "Class", "Closed", "Datatype", "Disjoint", "Equals", "HasValue", "In", "LanguageIn",
        "LessThan", "LessThanOrEquals", "MaxCount", "MaxExclusive", "MaxLength", "MinCount",
        "MinInclusive", "MinLength", "Node", "NodeKind", "Not", "Or", "Pattern",
        "QualifiedMaxCount", "QualifiedMinCount", "SPARQL", "UniqueLang", "Xone",
    )  # fmt: skip
    missing = {name for name in names if f"{SH}{name}ConstraintComponent" not in components}
    assert not missing


def test_each_case_is_a_manifest() -> None:
    """A case names itself as its entry, and has a label."""
    for path in CASES:
        graph = read(path)
        assert len(graph.pairs(MF + "entries")) == 1
        assert f"<{path.stem}> a sht:Validate" in path.read_text(encoding="utf-8")
        assert any(q.predicate.value == RDF + "type" for q in graph.quads)
