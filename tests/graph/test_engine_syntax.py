"""Typical mistakes in queries, and the words in which each is told."""

import pyoxigraph as ox
import pytest

from klustergraf.engine.syntax import explain
from klustergraf.errors import SparqlSyntaxError

ORG = "begin the query with PREFIX org: <http://www.w3.org/ns/org#>"
MISTAKES = {
    "a triple without its object": ("SELECT ?x WHERE { ?x ?y }", 25, 'unexpected "}"'),
    "an undeclared prefix we know": ("ASK { ?s org:x 1 }", 15, f"org: is not declared; {ORG}"),
    "an undeclared prefix": ("ASK { ?s nope:x 1 }", 16, "the prefix nope: is not declared"),
    "a bracket left open": ("ASK { ?s ?p ?o", 15, "ends too early: the { of line 1 is open"),
    "a bracket too many": ("SELECT * { ?s ?p ?o } }", 23, 'unexpected "}": nothing that it closes'),
    "the wrong bracket": ("SELECT * { ?s ?p ?o )", 21, 'unexpected ")"'),
    "a bracket never opened": ("ASK WHERE ?s ?p ?o }", 11, '{ is missing before "?s"'),
    "a misspelt keyword": ("CHOOSE * { ?s ?p ?o }", 1, 'DESCRIBE, not with "CHOOSE"'),
    "no query at all": ("hello", 1, 'not with "hello"'),
    "nothing": ("", 1, "the query is empty"),
    "a comment only": ("# later", 8, "the query is empty"),
    "a prologue only": ("PREFIX a: <http://e/>", 22, "the query ends too early"),
    "a prefix without a colon": ("PREFIX a <http://e/> ASK {}", 10, "a prefix ends with a colon"),
    "a string left open": ("ASK { ?s ?p 'abc }", 13, "string that begins here is not closed"),
    "a space in an IRI": ("ASK { ?s ?p <http://a b> }", 13, '"<http://a b>" is no IRI'),
    "a relative IRI": ("ASK { <x> ?p ?o }", 7, "the IRI <x> is relative, and there is no BASE"),
    "commas in SELECT": ("SELECT ?a, ?b { ?a ?p ?b }", 10, "stands a space, no comma"),
    "no number of LIMIT": ("SELECT * { ?s ?p ?o } LIMIT", 28, "something must follow LIMIT"),
    "a negative LIMIT": ("SELECT * { ?s ?p ?o } LIMIT -1", 29, 'unexpected "-"'),
    "ORDER without BY": ("SELECT * { ?s ?p ?o } ORDER ?s", 29, 'unexpected "?s"'),
    "a missing operand": ("ASK { ?s ?p ?o FILTER(?o > ) }", 28, "missing between > and )"),
    "a missing AS": ("SELECT (COUNT(*) ?n) { ?s ?p ?o }", 18, "AS is missing before ?n"),
    "a variable outside a group": ("SELECT ?x { ?s ?p ?x } GROUP BY ?s", 35, "must be grouped by"),
    "everything of groups": ("SELECT * { ?s ?p ?o } GROUP BY ?s", 34, "SELECT * cannot be used"),
    "AS to a taken name": ("SELECT (1 AS ?s) { ?s ?p ?o }", 30, "exists already"),
    "BIND twice": ("ASK { BIND(1 AS ?x) BIND(2 AS ?x) }", 31, "BIND cannot give ?x a value"),
}


def told(text: str) -> SparqlSyntaxError:
    """Give what is said of a query that the engine cannot parse."""
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(text)
    return explain(text, str(caught.value.msg))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_typical_mistakes_are_told_in_words(mistake: str) -> None:
    """Each mistake is told with its place and a reason that a person can use."""
    text, column, reason = MISTAKES[mistake]
    error = told(text)
    assert reason in error.reason
    assert (error.line, error.column) == (1, column)


@pytest.mark.parametrize("mistake", [name for name, row in MISTAKES.items() if row[0]])
def test_place_is_counted_over_lines(mistake: str) -> None:
    """The same mistake some lines further down is told there."""
    text, column, _ = MISTAKES[mistake]
    error = told(f"# one\n\n{text}")
    assert (error.line, error.column) == (3, column)


def test_parser_innards_are_never_shown() -> None:
    """What the parser had hoped for stays with the parser, whatever is cut off where."""
    text = 'PREFIX e: <http://e/> SELECT (COUNT(*) AS ?n) { ?s e:p "x"@en, 1.5 FILTER(?n IN (1)) }'
    for end in range(len(text)):
        try:
            ox.Store().query(text[:end])
        except SyntaxError as exc:
            reason = explain(text[:end], str(exc.msg)).reason
            assert "expected one of" not in reason
            assert "[_]" not in reason
            assert "LATERAL" not in reason


def test_errors_without_a_place_are_passed_on() -> None:
    """What is said of a query as a whole has no place."""
    error = explain("ASK {}", "The custom function <http://e/f> is not supported")
    assert (error.line, error.reason[:10]) == (None, "The custom")
