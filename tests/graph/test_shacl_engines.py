"""The choice of engine, limits and deadlines; and what the specification decides."""

import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from klustergraf.cli import main
from klustergraf.errors import GraphParseError
from klustergraf.rdf_files import read_quads
from klustergraf.shacl import EngineDisagreement, validate
from klustergraf.shacl.report import Report

DATA = Path(__file__).parents[1] / "data"
INVALID = DATA / "invalid" / "ActorShape-locatedIn-class.ttl"
PREFIXES = (
    "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)


def turtle(folder: Path, text: str, name: str) -> Path:
    """Write a Turtle file."""
    path = folder / name
    path.write_text(PREFIXES + text, encoding="utf-8")
    return path


def both(folder: Path, shapes: str, data: str) -> tuple[list[ox.Quad], list[Path]]:
    """Write shapes and data."""
    return read_quads(turtle(folder, data, "data.ttl")), [turtle(folder, shapes, "shapes.ttl")]


def run(*arguments: str | Path) -> Result:
    """Run the command as a user does."""
    return CliRunner().invoke(main, ["validate", *map(str, arguments)])


def summary(report: Report) -> list[str]:
    """Name the values that a report is about."""
    return [str(result.value) for result in report.results]


@pytest.mark.parametrize("engine", ["compiled", "pyshacl", "both"])
def test_each_engine_finds_it(engine: str) -> None:
    """A broken example gives the same report by each engine."""
    result = run(INVALID, "--engine", engine, "--format", "json")
    assert result.exit_code == 1
    assert result.stdout == run(INVALID, "--format", "json").stdout


DECIDED = {
    "SPARQL cannot compare IRIs, so the pair is a violation (SHACL, 4.5.3)": (
        "ex:P sh:path ex:p ; sh:targetNode ex:a ; sh:lessThan ex:q .",
        "ex:a ex:p ex:b ; ex:q ex:c .",
        ["<http://example.org/b>"],
    ),
    "a blank node is a violation of any length, be it 0 (SHACL, 4.4.1)": (
        "ex:P sh:path ex:p ; sh:targetNode ex:a ; sh:minLength 0 .",
        "ex:a ex:p [] .",
        ["_:"],
    ),
    "SPARQL cannot compare an ill-typed literal, so it is a violation (SHACL, 4.3.4)": (
        "ex:P sh:path ex:p ; sh:targetNode ex:a ; sh:maxInclusive 400 .",
        'ex:a ex:p "300"^^xsd:byte .',
        ['"300"'],
    ),
}


@pytest.mark.parametrize("reason", DECIDED)
def test_the_specification_decides(tmp_path: Path, reason: str) -> None:
    """Where the engines differ the compiled shapes follow the text; "both" shows the difference."""
    shapes, data, values = DECIDED[reason]
    quads, files = both(tmp_path, shapes, data)
    found = summary(validate(quads, files))
    assert len(found) == len(values)
    assert all(value.startswith(start) for value, start in zip(found, values, strict=True))
    with pytest.raises(EngineDisagreement, match="only compiled"):
        validate(quads, files, engine="both")


def test_a_difference_is_shown(tmp_path: Path) -> None:
    """On the command line engines that differ give 3, and what only one of them found."""
    both(
        tmp_path, *DECIDED["a blank node is a violation of any length, be it 0 (SHACL, 4.4.1)"][:2]
    )
    paths = (tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl", "--engine", "both")
    result = run(*paths)
    assert result.exit_code == 3
    assert "only compiled (1):" in result.stderr
    assert "MinLengthConstraintComponent" in result.stderr


def test_what_is_left_to_pyshacl_is_said(tmp_path: Path) -> None:
    """A query that asks for the value of what the store spells anew is run by pySHACL, alone."""
    query = "SELECT $this ?value { $this <http://example.org/p> ?value FILTER (?value > 6) }"
    shapes = (
        f'ex:S sh:targetNode ex:a ; sh:sparql [ sh:select "{query}" ] .\n'
        "ex:P sh:path ex:p ; sh:targetNode ex:a ; sh:maxCount 1 ."
    )
    quads, files = both(tmp_path, shapes, 'ex:a ex:p "007"^^xsd:integer , 5 .')
    report = validate(quads, files)
    assert sorted(summary(report)) == ['"007"^^<http://www.w3.org/2001/XMLSchema#integer>', "None"]
    (line,) = report.log
    assert "<http://example.org/S> was left to pySHACL" in line
    plain = [ox.Quad(q.subject, q.predicate, ox.Literal(7)) for q in quads[:1]]
    assert validate(plain, files).log == ()


def test_focus_nodes(tmp_path: Path) -> None:
    """Only the named nodes are looked at, by the shapes that look at them."""
    quads, files = both(
        tmp_path,
        "ex:S sh:targetClass ex:C ; sh:nodeKind sh:Literal ."
        " ex:T sh:targetNode ex:z ; sh:hasValue 1 .",
        "ex:a a ex:C . ex:b a ex:C . ex:z ex:p ex:a .",
    )
    report = validate(quads, files, focus_nodes=[ox.NamedNode("http://example.org/a")])
    assert summary(report) == ["<http://example.org/a>"]
    again = run(tmp_path / "data.ttl", "--shapes", files[0], "--focus", "http://example.org/b")
    assert "1 violation(s)" in again.stdout
    assert run(tmp_path / "data.ttl", "--focus", "not an iri").exit_code == 2


def test_a_limit_is_honest(tmp_path: Path) -> None:
    """A report that is bounded says how many results there are in all."""
    things = " ".join(f"ex:n{number} a ex:C ." for number in range(9))
    quads, files = both(tmp_path, "ex:S sh:targetClass ex:C ; sh:nodeKind sh:Literal .", things)
    report = validate(quads, files, limit=2)
    assert (len(report.results), report.total, report.counts["violation"]) == (2, 9, 9)
    assert "7 more result(s) are not shown." in report.text("en")
    assert "7 resultat till visas inte." in report.text("sv")
    assert json.loads(report.json())["omitted"] == 7
    assert "# 9 results, of which 2 are shown." in report.turtle()
    assert not validate(quads, files, limit=0).conforms


def test_details_are_in_the_report(tmp_path: Path) -> None:
    """A result of sh:node has what is wrong inside as sh:detail, in RDF and JSON."""
    quads, files = both(
        tmp_path,
        "ex:S sh:targetNode ex:a ; sh:node ex:I . ex:I a sh:NodeShape ; sh:property ex:P ."
        " ex:P sh:path ex:p ; sh:minCount 1 .",
        "ex:a ex:q 1 .",
    )
    report = validate(quads, files)
    (result,) = report.results
    (detail,) = result.details
    assert str(detail.source_shape) == "<http://example.org/P>"
    assert "sh:detail _:result1-1" in report.turtle()
    assert len(json.loads(report.json())["results"][0]["details"]) == 1
    theirs = validate(quads, files, engine="pyshacl").results[0]
    assert [str(d.source_shape) for d in theirs.details] == ["<http://example.org/P>"]


def test_a_deadline_names_the_shape(tmp_path: Path) -> None:
    """A shape that would run for minutes is stopped, and named."""
    cross = "SELECT $this { $this ?a ?b . ?c ?d ?e . ?f ?g ?h . ?i ?j ?k FILTER (?k < ?h) }"
    shapes = f'ex:Slow sh:targetClass ex:C ; sh:sparql [ sh:select "{cross}" ] .'
    data = " ".join(f"ex:n{number} a ex:C ; ex:p {number} ." for number in range(300))
    quads, files = both(tmp_path, shapes, data)
    with pytest.raises(GraphParseError, match=r"ex.*Slow.*did not finish within 0\.5 s"):
        validate(quads, files, deadline_seconds=0.5)


def test_a_deadline_that_is_kept_changes_nothing() -> None:
    """With a deadline the report and the errors are the same."""
    quads = read_quads(INVALID)
    assert validate(quads, deadline_seconds=60).turtle() == validate(quads).turtle()


def test_a_shape_that_finds_nothing_is_remarked(tmp_path: Path) -> None:
    """Unknown terms of SHACL and shapes without a target are told of, and do not stop the rest."""
    quads, files = both(
        tmp_path,
        "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:shape ex:T ] ."
        " ex:T a sh:NodeShape ; sh:nodeKind sh:IRI .",
        "ex:a a ex:C .",
    )
    assert validate(quads, files).log == (
        "shape <http://example.org/S>: SHACL has no sh:shape, it does nothing",
        "shape <http://example.org/T>: it has no target and no shape with a target leads to it",
    )


def test_shapes_are_held_to_a_vocabulary(tmp_path: Path) -> None:
    """With a vocabulary, a class or property that it lacks is an error that names the shape."""
    quads, files = both(
        tmp_path, "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:minCount 0 ] .", ""
    )
    words = "ex:p a <http://www.w3.org/1999/02/22-rdf-syntax-ns#Property> ."
    known = turtle(tmp_path, words, "known.ttl")
    with pytest.raises(GraphParseError, match=r"S>: the vocabulary has no class <.*C>$"):
        validate(quads, files, vocabulary=read_quads(known))
    result = run(tmp_path / "data.ttl", "--shapes", files[0], "--vocabulary", known)
    assert result.exit_code == 2
    assert "no class <http://example.org/C>" in result.stderr
