"""The rules of the query files."""

import re
from pathlib import Path

import pytest

from hygiene import (
    bilingual_text_faults,
    declared_terms,
    expect_none,
    is_ordered,
    name_of,
    prefix_faults,
    query_faults,
    query_files,
    query_form,
    query_iris,
    undeclared_faults,
    unknown_term_faults,
)
from klustergraf.catalogue import load_query, read_header

FILES = query_files()
CATALOGUE = query_files("catalogue")
RULES = query_files("rules")
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)
each_stored = pytest.mark.parametrize("path", CATALOGUE, ids=name_of)


def test_there_are_queries() -> None:
    """The rules below run over something."""
    assert CATALOGUE
    assert RULES


@each_file
def test_both_engines_read_it(path: Path) -> None:
    """A query file is SPARQL as it stands, for rdflib and for pyoxigraph."""
    expect_none(query_faults(path.read_text(encoding="utf-8")))


@each_file
def test_prefixes_are_the_usual_ones(path: Path) -> None:
    """A prefix means what ``klustergraf.namespaces.PREFIXES`` says."""
    expect_none(prefix_faults(path.read_text(encoding="utf-8")))


@each_file
def test_terms_exist(path: Path) -> None:
    """A query asks only for terms that the ontology, or their own vocabulary, declares."""
    used = query_iris(path.read_text(encoding="utf-8"))
    expect_none(undeclared_faults(used, declared_terms()) + unknown_term_faults(used))


@each_file
def test_query_is_described(path: Path) -> None:
    """A query begins with a ``#+`` block that has a title and a description in both languages."""
    header, _ = read_header(path)
    faults = [f for key in ("title", "description") for f in bilingual_text_faults(key, header)]
    expect_none(faults)


@each_file
def test_name_fits_the_folder(path: Path) -> None:
    """The catalogue names ``<subject>_<what>.rq``, quality ``<rule>-violation.rq``."""
    pattern = {
        "catalogue": r"[a-z0-9-]+(_[a-z0-9-]+)+",
        "quality": r"[a-z0-9-]+-violation",
        "rules": r"[a-z0-9]+([-_][a-z0-9]+)*",
    }[path.parent.name]
    assert re.fullmatch(pattern, path.stem), f"rename {path.name}: {pattern}.rq"


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_rules_construct(path: Path) -> None:
    """A rule is a CONSTRUCT query."""
    assert query_form(path.read_text(encoding="utf-8")) == "ConstructQuery"


@each_stored
def test_answers_come_in_an_order(path: Path) -> None:
    """A SELECT has ORDER BY, so that the same version gives the same answer, row by row."""
    expect_none([] if is_ordered(path.read_text("utf-8")) else ["add ORDER BY to the outer SELECT"])


@pytest.mark.parametrize("path", query_files("quality"), ids=name_of)
def test_quality_selects_what_is_wrong(path: Path) -> None:
    """A quality query is a SELECT, whose rows are what is wrong."""
    assert query_form(path.read_text(encoding="utf-8")) == "SelectQuery"


@each_stored
def test_parameters_can_be_given(path: Path) -> None:
    """Each parameter has a label in both languages, and its example is a value that fits."""
    query = load_query(path)
    for parameter in query.parameters:
        assert set(parameter.label) == {"sv", "en"}, f"label {parameter.name} in sv and en"
        bound = query.bind({parameter.name: parameter.example})
        assert query_faults(bound) == [], f"the example of {parameter.name} breaks the query"


@each_stored
def test_question_is_one_of_the_eighteen(path: Path) -> None:
    """The competency question that a query says it answers exists."""
    question = load_query(path).question
    assert question is None or question in range(1, 19), "question: 1 to 18, or leave it out"
