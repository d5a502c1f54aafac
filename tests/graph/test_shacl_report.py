"""A report reads well in both languages, and is the same bytes every time."""

import json

import pyoxigraph as ox
import rdflib
from rdflib import RDF, SH

from klustergraf.shacl import Path, Report, Result

EX = "http://example.org/"
SHN = str(SH)
MIN_COUNT = SHN + "MinCountConstraintComponent"
CLASS = SHN + "ClassConstraintComponent"


def result(
    focus: ox.NamedNode | ox.BlankNode | None = None,
    severity: str = "Violation",
    path: Path | None = None,
    value: ox.NamedNode | ox.BlankNode | ox.Literal | None = None,
) -> Result:
    """Make a result, each part with a default."""
    return Result(
        focus_node=focus or ox.NamedNode(EX + "thing"),
        result_path=path,
        value=value,
        source_shape=ox.NamedNode("https://w3id.org/klustergraf/shapes#PostShape-postIn"),
        constraint_component=CLASS if value is not None else MIN_COUNT,
        severity=SHN + severity,
        messages={"sv": "Det saknas.", "en": "It is missing."},
        focus_label={"sv": "Saken", "en": "The thing"},
    )


POST_IN = Path(iri="http://www.w3.org/ns/org#postIn")
INVERSE = Path("^", parts=(POST_IN,))
BOTH = Report((result(path=POST_IN), result(severity="Warning", path=INVERSE)))


def test_text_in_swedish() -> None:
    """A result shows the thing by name and IRI, what to do, the property and the condition."""
    report = Report((result(path=POST_IN, value=ox.Literal("chef", language="sv")),))
    assert report.text("sv") == (
        "Kraven är inte uppfyllda: 1 fel.\n"
        "\n"
        "Fel: Saken <http://example.org/thing>\n"
        "    Det saknas.\n"
        "    egenskap: org:postIn\n"
        '    värde: "chef"@sv\n'
        "    villkor: kgsh:PostShape-postIn (ClassConstraintComponent)\n"
    )


def test_text_in_english() -> None:
    """Warnings are counted apart and do not make the data fail."""
    report = Report((result(severity="Warning", path=INVERSE),))
    assert report.conforms
    assert report.text("en") == (
        "Everything that must hold holds, with remarks: 1 warning(s).\n"
        "\n"
        "Warning: The thing <http://example.org/thing>\n"
        "    It is missing.\n"
        "    path: ^org:postIn\n"
        "    shape: kgsh:PostShape-postIn (MinCountConstraintComponent)\n"
    )


def test_text_of_nothing() -> None:
    """A report without results says so in one line."""
    assert Report().text("sv") == "Allt uppfyller villkoren.\n"
    assert Report().text("en") == "Everything conforms.\n"


def test_a_text_in_another_language_is_better_than_none() -> None:
    """Where a language is missing the other one is shown, then any, then nothing."""
    only_swedish = Result(
        ox.BlankNode("b"), None, None, ox.BlankNode("s"), CLASS, SHN + "Violation", {"sv": "Fel."}
    )
    assert only_swedish.message("en") == "Fel."
    assert only_swedish.label("en") == ""
    assert "Violation: _:b\n    Fel.\n    shape: _:s" in Report((only_swedish,)).text("en")


def test_counts() -> None:
    """Results are counted by severity, and an unknown severity is taken seriously."""
    own = Result(
        ox.NamedNode(EX + "a"), None, None, ox.NamedNode(EX + "s"), CLASS, EX + "Catastrophe"
    )
    report = Report((*BOTH.results, result(severity="Info"), own))
    assert report.counts == {"violation": 2, "warning": 1, "info": 1}
    assert not report.conforms


def test_turtle_is_a_shacl_report() -> None:
    """The Turtle is read back as a sh:ValidationReport with the same results."""
    paths = [
        POST_IN,
        INVERSE,
        Path("/", parts=(POST_IN, INVERSE)),
        Path("|", parts=(POST_IN, INVERSE)),
        *(Path(sign, parts=(POST_IN,)) for sign in "*+?"),
    ]
    value = ox.Literal('a "quoted"\nline')
    report = Report(tuple(result(path=path, value=value) for path in paths))
    graph = rdflib.Graph().parse(data=report.turtle(), format="turtle")
    (node,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(node, SH.conforms) == rdflib.Literal(False)
    found = list(graph.objects(node, SH.result))
    assert len(found) == len(paths)
    assert {str(graph.value(each, SH.value)) for each in found} == {value.value}
    assert {str(m) for each in found for m in graph.objects(each, SH.resultMessage)} == {
        "Det saknas.",
        "It is missing.",
    }


def test_conforms_in_turtle_is_shacl_s_own() -> None:
    """sh:conforms is false with any result, as SHACL defines it; true only without."""
    warning = Report((result(severity="Warning"),))
    assert "sh:conforms false" in warning.turtle()
    assert "sh:conforms true" in Report().turtle()


def test_blank_nodes_of_the_data_stay_apart_from_the_report_s_own() -> None:
    """A blank node called like one of the report's is another node."""
    report = Report((result(focus=ox.BlankNode("result1"), value=ox.BlankNode("report")),))
    graph = rdflib.Graph().parse(data=report.turtle(), format="turtle")
    (node,) = graph.objects(None, SH.result)
    assert graph.value(node, SH.focusNode) != node
    assert graph.value(node, SH.value) not in set(graph.subjects(RDF.type, SH.ValidationReport))


def test_json() -> None:
    """The JSON has the terms of the SPARQL results format, the path in SPARQL syntax."""
    integer = ox.Literal("1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    values = (ox.NamedNode(EX + "v"), ox.BlankNode("b"), ox.Literal("x"), integer)
    report = Report(tuple(result(path=INVERSE, value=value) for value in values))
    document = json.loads(report.json())
    assert document["conforms"] is False
    assert document["counts"] == {"violation": 4, "warning": 0, "info": 0}
    first = document["results"][0]
    assert first["focusNode"] == {"type": "uri", "value": EX + "thing"}
    assert first["path"] == "^<http://www.w3.org/ns/org#postIn>"
    assert first["messages"] == {"en": "It is missing.", "sv": "Det saknas."}
    assert [each["value"] for each in document["results"]] == [
        {"type": "uri", "value": EX + "v"},
        {"type": "bnode", "value": "b"},
        {"type": "literal", "value": "x"},
        {
            "type": "literal",
            "value": "1",
            "datatype": "http://www.w3.org/2001/XMLSchema#integer",
        },
    ]


def test_paths_are_written_as_sparql_writes_them() -> None:
    """Operators bind as in SPARQL: only what needs brackets has them."""
    nested = Path("*", parts=(Path("|", parts=(POST_IN, INVERSE)),))
    assert nested.text() == "(org:postIn|^org:postIn)*"
    assert Path("^", parts=(Path("+", parts=(POST_IN,)),)).text() == "^(org:postIn+)"


def test_two_reports_of_different_shapes_make_one() -> None:
    """Joined, they are the report that one validation would have given, whichever comes first."""
    one = Report.of([result(severity="Warning"), result(path=POST_IN)], limit=1, log=["slow"])
    other = Report.of([result(path=INVERSE)], log=["slow", "left"])
    joined = one.joined(other)
    assert joined.results == Report.of([result(path=POST_IN), result(path=INVERSE)]).results
    assert joined.counts == {"violation": 2, "warning": 1, "info": 0}
    assert joined.log == ("slow", "left")
    assert other.joined(one).results == joined.results
