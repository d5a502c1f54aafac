"""Errors in the language of the reader: each text that the service can raise is known in both."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import klustergraf
import klustergraf_api
from klustergraf import errors
from klustergraf.engine.syntax import explain
from klustergraf.errors import GraphError, SparqlSyntaxError
from klustergraf_api import request_errors
from klustergraf_api.negotiation import LANGUAGES
from klustergraf_api.pages.rendering import load_messages
from klustergraf_api.request_errors import RequestError
from klustergraf_api.wording import Wording

_ERRORS: Final = {
    name: kind
    for module in (errors, request_errors)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, (GraphError, RequestError))
}
# What only the command line, a build, or whoever runs the service is told; and reports of shapes,
# which come in both languages by themselves.
_NOT_OF_PAGES: Final = {
    *("GraphError", "EvidenceError", "ShapeViolations", "ContributionRefused"),
    *("SourceError", "SourceUnavailable", "SourceFormatError"),
}
_ELSEWHERE: Final = (*("cli", "sources", "site_check", "publishing.py", "rules.py", "backup.py"),)


@pytest.fixture(scope="module")
def wording() -> Wording:
    """Read the messages of both languages."""
    return Wording({language: load_messages(language) for language in LANGUAGES})


def _sample(node: ast.expr, annotation: str) -> Any:
    """Give what stands at a place where an error is raised: its text, with examples filled in."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(piece.value) if isinstance(piece, ast.Constant) else _filled(piece)
            for piece in node.values
        )
    if isinstance(node, ast.IfExp):
        return _sample(node.body, annotation)
    examples = {"int": 7, "float": 1.5, "bool": True, "str": "sample"}
    return examples.get(annotation, ("ab", "cd"))


def _filled(piece: ast.expr) -> str:
    """Fill a place of a text with an example; what may be added to it, with nothing."""
    is_addition = isinstance(piece, ast.FormattedValue) and (
        ast.unparse(piece.value) in ("hint", "doubt")
    )
    if isinstance(piece, ast.FormattedValue) and isinstance(piece.value, ast.IfExp):
        return str(_sample(piece.value.body, "str"))
    return "" if is_addition else "sample"


def _annotations(kind: type[Exception]) -> list[str]:
    """Give what the parameters of an error are; of one without a constructor: its text."""
    made: Any = kind.__init__
    if made is Exception.__init__:
        return ["str"]
    parameters = list(inspect.signature(made).parameters.values())[1:]
    return [getattr(parameter.annotation, "__name__", "") for parameter in parameters]


def _raised() -> Iterator[tuple[str, Exception]]:
    """Make every error that a module raises with a text of its own, as it would be raised."""
    for package in (klustergraf, klustergraf_api):
        root = Path(inspect.getfile(package)).parent
        for path in sorted(root.rglob("*.py")):
            if any(part in _ELSEWHERE for part in path.relative_to(root).parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                name = node.func.id
                if name not in _ERRORS or name in _NOT_OF_PAGES or name == "SparqlSyntaxError":
                    continue
                if name == "GraphParseError" and path.parent.name != "contributions":
                    continue  # of files that the command line reads
                given = [
                    _sample(argument, annotation)
                    for argument, annotation in zip(
                        node.args, _annotations(_ERRORS[name]), strict=False
                    )
                ]
                named = {
                    k.arg: _sample(k.value, "bool") for k in node.keywords if k.arg is not None
                }
                yield f"{path.name}:{node.lineno}", _ERRORS[name](*given, **named)


def test_every_text_is_known_in_both_languages(wording: Wording) -> None:
    """No text that a module raises stays English on a Swedish page."""
    found = list(_raised())
    assert len(found) > 100
    unknown = [
        f"{place}: {error}"
        for place, error in found
        if getattr(error, "reason", "") != "sample"  # a text that is made elsewhere
        and not wording.tell(error, "sv").is_translated
    ]
    assert unknown == [], "add to pages/messages/reasons.en.json and reasons.sv.json"


def test_what_is_told_keeps_its_values(wording: Wording) -> None:
    """Names, numbers and alternatives come along; English stays what was raised."""
    error = errors.QueryNotFound("aktr", ("actors", "activities"))
    assert wording.tell(error, "sv").text == (
        "Det finns ingen sparad fråga som heter 'aktr'. Menade du actors eller activities?"
    )
    assert wording.tell(error, "en").text == str(error)
    late = errors.QueryTimeout(2.5)
    assert wording.tell(late, "sv").text.startswith("Frågan blev inte klar inom 2.5 s")
    hostile = errors.QueryNotFound("{0} {name} %s")
    assert "'{0} {name} %s'" in wording.tell(hostile, "sv").text


@pytest.mark.parametrize(
    ("query", "message", "told"),
    [
        (
            "ASK { ?s ?p }",
            "error at 1:14: expected one of LATERAL, [_]",
            'Rad 1, kolumn 13: "}" hör inte hemma här',
        ),
        ("", "error at 1:1: expected SELECT", "Rad 1, kolumn 1: frågan är tom"),
        (
            "ASK { ?s nope:x 1 }",
            "error at 1:16: Prefix not found",
            "Rad 1, kolumn 16: prefixet nope: är inte deklarerat",
        ),
        (
            "SELECT ?a, ?b { ?a ?b 1 }",
            "error at 1:10: expected one of",
            "Rad 1, kolumn 10: mellan variablerna i SELECT står mellanslag, inte komma",
        ),
    ],
)
def test_faults_of_queries(wording: Wording, query: str, message: str, told: str) -> None:
    """Line, column and reason are in Swedish."""
    assert wording.tell(explain(query, message), "sv").text == told


def test_what_the_engine_says_is_quoted(wording: Wording) -> None:
    """A message of the engine that is not known is quoted as it is, and told to be a quotation."""
    told = wording.tell(SparqlSyntaxError("some fault of its own", 2, 3), "sv")
    assert told.text == "Rad 2, kolumn 3: Motorn säger: ”some fault of its own”"
    assert told.quoted == "some fault of its own"


def test_words_of_faults_are_known(wording: Wording) -> None:
    """Every reason that the module of faults can give has its Swedish words."""
    source = Path(inspect.getfile(explain)).read_text(encoding="utf-8")
    reasons = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            reasons.add(_sample(node.value.elts[0], "tuple"))
    texts = [reason for reason in reasons if isinstance(reason, str)]
    assert len(texts) > 10
    assert [text for text in texts if not wording.translate(text, "sv").is_translated] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_problem_details_in_the_language_asked_for(client: TestClient, language: str) -> None:
    """Title and detail are in the language of Accept-Language; the header says which."""
    headers = {"Accept-Language": language}
    answer = client.get("/sparql", params={"query": "ASK {\n ?s ?p }"}, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-language"] == language
    problem = answer.json()
    told = {
        "sv": 'Rad 2, kolumn 8: "}" hör inte hemma här',
        "en": 'Line 2, column 8: unexpected "}"',
    }
    assert problem["detail"] == told[language]
    assert problem["reason"] == 'unexpected "}"'
    assert (problem["line"], problem["column"]) == (2, 8)


@pytest.mark.parametrize(
    "path",
    [
        *("/id/actor/nobody", "/queries/acters", "/sparql?query=ASK{}&timeout=x", "/nope"),
        *("/sparql?query=CLEAR+ALL&format=html", "/problems/nope", "/api/search?limit=x"),
        "/api/queries/actors?colour=red",
    ],
)
def test_swedish_pages_have_no_english(client: TestClient, path: str) -> None:
    """A page that tells what went wrong is Swedish throughout, in a browser that asks for it."""
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": "sv"})
    assert answer.status_code >= 400
    failure = re.search(r'<div class="failure".*?</div>', answer.text, re.DOTALL)
    assert failure is not None
    assert 'lang="en"' not in failure[0]
    assert not re.search(r"\b(the|is|not|should|must|input)\b", failure[0], re.IGNORECASE)
