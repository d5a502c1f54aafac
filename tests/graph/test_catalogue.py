"""Stored queries: parameters become terms, whatever text they come from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from klustergraf.catalogue import Catalogue, Parameter, ParameterType, StoredQuery, load_query
from klustergraf.errors import GraphParseError, QueryNotFound, QueryParameterError

_QUERY = """\
#+ title: {sv: "x", en: "x"}
#+ description: {sv: "x", en: "x"}
#+ parameters:
#+   iri: {type: iri, label: {sv: "x", en: "x"}, example: "https://example.org/x"}
#+   text: {type: string, label: {sv: "x", en: "x"}, example: "x"}
#+   whole: {type: integer, label: {sv: "x", en: "x"}, example: 1}
#+   number: {type: decimal, label: {sv: "x", en: "x"}, example: 1.5}
#+   lang: {type: language, label: {sv: "x", en: "x"}, example: sv}
SELECT ?iri ?text ?whole ?number ?lang WHERE {
  VALUES ?iri { UNDEF }
  VALUES ?text { "default" }
  VALUES ?whole { 1 }
  VALUES ?number { 1.5 }
  VALUES ?lang { "sv" }
}
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Make a catalogue with one query that gives its parameters back."""
    folder = tmp_path_factory.mktemp("queries")
    (folder / "echo.rq").write_text(_QUERY)
    return Catalogue(folder)


def _answer(text: str) -> list[object]:
    solutions = Store().query(text)
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    assert names == ["iri", "text", "whole", "number", "lang"]
    (solution,) = solutions
    return [solution[name] for name in names]


@given(st.text())
def test_any_text_stays_a_text(catalogue: Catalogue, value: str) -> None:
    """No text, however hostile, becomes part of the query: it comes back as it went in."""
    if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        return
    assert _answer(catalogue.get("echo").bind({"text": value}))[1] == Literal(value)


@given(st.text())
def test_an_iri_is_an_iri_or_refused(catalogue: Catalogue, value: str) -> None:
    """What cannot stand between angle brackets never does."""
    try:
        bound = catalogue.get("echo").bind({"iri": value})
    except QueryParameterError:
        return
    assert _answer(bound)[0] == NamedNode(value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/x> } INSERT DATA { <a> <b> <c> } #",
        "https://example.org/x\n",
        "https://example.org/\\u003E",
        "relative/path",
        "//example.org/x",
        "",
    ],
)
def test_what_is_no_iri_is_refused(catalogue: Catalogue, value: str) -> None:
    """The message names the parameter and shows the value."""
    with pytest.raises(QueryParameterError, match="absolute IRI"):
        catalogue.get("echo").bind({"iri": value})


@pytest.mark.parametrize(
    ("name", "value", "term"),
    [
        ("whole", "-12", "-12"),
        ("whole", "1e3", "1000"),
        ("number", "2.50", "2.50"),
        ("number", "1e-3", "0.001"),
        ("lang", "EN", "en"),
    ],
)
def test_values_are_read_by_type(catalogue: Catalogue, name: str, value: str, term: str) -> None:
    """Numbers and language tags become literals in their plain form."""
    bound = catalogue.get("echo").bind({name: value})
    index = ["iri", "text", "whole", "number", "lang"].index(name)
    answer = _answer(bound)[index]
    assert isinstance(answer, Literal)
    assert answer.value == term.rstrip("0") if "." in term else answer.value == term


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", "1.5"),
        ("whole", "many"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", ""),
        ("lang", "sv'"),
        ("lang", ""),
    ],
)
def test_values_of_the_wrong_type_are_refused(catalogue: Catalogue, name: str, value: str) -> None:
    """The error carries the name of the parameter."""
    with pytest.raises(QueryParameterError) as error:
        catalogue.get("echo").bind({name: value})
    assert error.value.name == name


def test_unknown_names_are_answered_with_the_nearest(catalogue: Catalogue) -> None:
    """A slip of the finger is told what was meant; an unknown parameter, which there are."""
    with pytest.raises(QueryNotFound) as missing:
        Catalogue().get("fundation_backer")  # misspelt on purpose
    assert "foundation_backers" in missing.value.nearest
    with pytest.raises(QueryParameterError, match="iri, text, whole, number, lang"):
        catalogue.get("echo").bind({"iris": "x"})


def test_defaults_stand_in_the_query(catalogue: Catalogue) -> None:
    """Unbound parameters keep what the file says, so that the file runs as it stands."""
    query = catalogue.get("echo")
    assert query.bind({}) == query.text == _QUERY
    assert [p.default for p in query.parameters] == ["UNDEF", '"default"', "1", "1.5", '"sv"']


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * WHERE {}",
        "#+ just words\nSELECT * WHERE {}",
        "#+ a: [\nSELECT * WHERE {}",
        _QUERY.replace("VALUES ?whole", "VALUES ?other"),
    ],
)
def test_a_query_file_that_does_not_describe_itself_is_refused(text: str, tmp_path: Path) -> None:
    """The message names the file."""
    path = tmp_path / "broken.rq"
    path.write_text(text)
    with pytest.raises(GraphParseError, match=r"broken\.rq"):
        load_query(path)


@pytest.mark.parametrize("stored", list(Catalogue()), ids=lambda stored: stored.name)
def test_every_shipped_parameter_can_be_bound_to_its_example(stored: StoredQuery) -> None:
    """Each parameter of each stored query takes its example, and the result is still a query."""
    bound = stored.bind({parameter.name: parameter.example for parameter in stored.parameters})
    assert isinstance(Store().query(bound), QuerySolutions)
    for parameter in stored.parameters:
        assert str(parameter.parse(parameter.example)) in bound


def test_parse_never_gives_another_type() -> None:
    """A parameter's term has the kind its type says."""
    label = {"sv": "x", "en": "x"}
    iri = Parameter("p", ParameterType.IRI, label, "UNDEF", "x")
    assert isinstance(iri.parse("urn:x:y"), NamedNode)
