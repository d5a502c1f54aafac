"""The command line: what a person types, what comes back, and with which exit status."""

import csv
import io
import json
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner, Result

from klustergraf.build import BuildResult
from klustergraf.cli import main
from klustergraf.resources import Room, room
from klustergraf.version import VersionStore


@pytest.fixture(scope="module")
def home(founding: BuildResult) -> Path:
    """Give a home whose version is small: each command loads it anew."""
    return founding.version.path.parents[1]


def _run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *words])


_CODES = "SELECT ?n WHERE { ?a a kg:StrategyAspect ; skos:notation ?n } ORDER BY ?n"
_PREFIXES = (
    "PREFIX kg: <https://w3id.org/klustergraf/ontology#> "
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
)


def test_solutions_come_as_table_json_csv_and_tsv(home: Path) -> None:
    """Each format holds the five aspects, and a program can read those meant for programs."""
    text = _PREFIXES + _CODES
    table = _run(home, "query", "-e", text)
    assert table.exit_code == 0
    assert "5 rows" in table.stdout
    found = json.loads(_run(home, "query", "-e", text, "--format", "json").stdout)
    assert [row["n"]["value"] for row in found["results"]["bindings"]] == list("ABCDE")
    rows = list(csv.reader(io.StringIO(_run(home, "query", "-e", text, "--format", "csv").stdout)))
    assert rows == [["n"], ["A"], ["B"], ["C"], ["D"], ["E"]]
    tsv = _run(home, "query", "-e", text, "--format", "tsv").stdout.splitlines()
    assert tsv == ["?n", '"A"', '"B"', '"C"', '"D"', '"E"']


def test_triples_come_as_turtle_and_a_boolean_as_a_word(home: Path) -> None:
    """CONSTRUCT gives Turtle that another parser reads; ASK gives yes or no."""
    construct = _run(home, "query", "-e", "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c } LIMIT 3")
    assert len(rdflib.Graph().parse(data=construct.stdout, format="turtle")) == 3
    assert _run(home, "query", "-e", "ASK { ?s ?p ?o }").stdout == "yes\n"
    assert _run(home, "query", "-e", "ASK { ?s <urn:no> ?o }").stdout == "no\n"


def test_a_stored_query_takes_parameters_and_a_file_runs_too(home: Path, tmp_path: Path) -> None:
    """By name with --param, and the same text from a file."""
    stored = _run(home, "query", "foundation_backers", "--param", "lang=en", "--format", "csv")
    assert "Botkyrka Municipality" in stored.stdout
    file = tmp_path / "mine.rq"
    file.write_text(_PREFIXES + _CODES)
    assert _run(home, "query", str(file), "--format", "csv").stdout.split() == list("nABCDE")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["query", "foundation_baker"], "Did you mean foundation_backers"),
        (["query", "foundation_backers", "--param", "lang=1"], "language tag"),
        (["query", "foundation_backers", "--param", "place=x"], "not one of this query's"),
        (["query", "foundation_backers", "--param", "lang"], "KEY=VALUE"),
        (["query", "-e", "ASK {}", "--param", "lang=sv"], "for stored queries only"),
        (["query", "-e", "SELECT ?x WHERE {\n ?x ?y }"], "Line 2, column "),
        (["query", "-e", "SELECT ?x { ?x ?y ?z }", "--format", "ttl"], "Solutions are no triples"),
        (["query", "-e", "ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"], "SERVICE"),
        (["query", "-e", "DELETE WHERE { ?s ?p ?o }"], "only"),
        (["query"], "Give the name"),
        (["nonsense"], "No such command"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(home: Path, words: list[str], said: str) -> None:
    """Exit status 2, a message that helps, and never a traceback."""
    result = _run(home, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_a_query_that_takes_too_long_is_stopped(home: Path) -> None:
    """--timeout bounds the time, and the message names it."""
    endless = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    result = _run(home, "query", "-e", endless, "--timeout", "0.5")
    assert result.exit_code == 2
    assert "within 0.5 s" in result.stderr


def test_queries_lists_what_can_be_asked(home: Path) -> None:
    """Every stored query with its title in the language asked for."""
    assert "foundation_backers" in _run(home, "queries").stdout
    assert "Vilka" in _run(home, "queries", "--lang", "sv").stdout


def test_query_builds_the_shipped_graph_first(tmp_path: Path, shipped: BuildResult) -> None:
    """With no version yet, the first question makes one."""
    result = _run(tmp_path / "new", "query", "strategy_priority-areas", "--format", "csv")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 14
    assert VersionStore(tmp_path / "new").current().id == shipped.version.id
    again = _run(tmp_path / "new", "build")
    assert again.exit_code == 0, again.output
    assert again.stdout.strip() == shipped.version.id
    assert "all graphs" in again.stderr


def test_a_refused_build_tells_why_and_leaves_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 1, the readable report, and the SHACL report as a file."""
    broken = tmp_path / "data" / "broken.ttl"
    broken.parent.mkdir()
    broken.write_text(
        "@prefix kg: <https://w3id.org/klustergraf/ontology#> ."
        "<https://w3id.org/klustergraf/id/actor/x> a kg:Company ."
    )
    names: tuple[Room, ...] = ("ontology", "shapes", "queries")
    rooms: dict[Room, Path] = {name: room(name) for name in names}
    monkeypatch.setattr(
        "klustergraf.sources.own.room", {**rooms, "data": broken.parent}.__getitem__
    )
    result = _run(tmp_path / "home", "build")
    assert result.exit_code == 1
    assert "id/actor/x" in result.stderr
    report = rdflib.Graph().parse(tmp_path / "home" / "refused-report.ttl")
    assert (None, rdflib.SH.conforms, rdflib.Literal(False)) in report
    assert not (tmp_path / "home" / "current").exists()
