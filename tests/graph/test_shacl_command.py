"""``klustergraf validate``: exit status, report, and what a user can get wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klustergraf.cli import main
from klustergraf.rdf_files import read_quads

DATA = Path(__file__).parents[1] / "data"
VALID = DATA / "valid" / "ActorShape.ttl"
INVALID = DATA / "invalid" / "ActorShape-locatedIn-class.ttl"
WARNING = DATA / "invalid" / "CaseShape-isHandledBy-given-minCount.ttl"


def run(*arguments: str | Path) -> Result:
    """Run the command as a user does."""
    return CliRunner().invoke(main, ["validate", *map(str, arguments)])


def test_valid() -> None:
    """What conforms gives 0 and one line."""
    result = run(VALID)
    assert (result.exit_code, result.stdout) == (0, "Everything conforms.\n")


def test_a_warning_does_not_fail() -> None:
    """What should hold and does not is shown, with exit 0."""
    result = run(WARNING)
    assert result.exit_code == 0
    assert "Warning: The Example Case" in result.stdout


def test_a_violation_is_shown_with_all_that_helps() -> None:
    """What must hold and does not gives 1: label, IRI, path, value, message, shape."""
    result = run(INVALID, "--lang", "sv")
    assert result.exit_code == 1
    for part in (
        "Fel: Exempelbolaget <https://w3id.org/klustergraf/id/actor/exempelbolaget>",
        "egenskap: kg:locatedIn",
        "värde: <https://example.org/something-else>",
        "kg:locatedIn leder inte till en plats. Rätta IRI:n",
        "villkor: kgsh:ActorShape-locatedIn (ClassConstraintComponent)",
    ):
        assert part in result.stdout


def test_several_files_are_one_graph(tmp_path: Path) -> None:
    """What one file lacks another may have."""
    place = tmp_path / "place.ttl"
    text = "<https://example.org/something-else> a <https://w3id.org/klustergraf/ontology#Place> ;"
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    place.write_text(f'{text} {label} "Plats"@sv , "Place"@en .', encoding="utf-8")
    assert run(INVALID, place).exit_code == 0


def test_a_catalogue(tmp_path: Path) -> None:
    """With --catalogue a file is judged as a catalogue: what Sweden wants, and no more."""
    complete = DATA / "catalogue" / "complete.ttl"
    assert run("--catalogue", complete).stdout == "Everything conforms.\n"
    spoilt = tmp_path / "catalogue.ttl"
    text = complete.read_text(encoding="utf-8").replace(
        "publicdomain/zero/1.0/", "licenses/by/4.0/"
    )
    spoilt.write_text(text, encoding="utf-8")
    result = run("--catalogue", spoilt, "--lang", "sv")
    assert result.exit_code == 1
    assert "har inte licensen CC0" in result.stdout
    assert result.stdout.count("Fel:") == 1


def test_json() -> None:
    """The report as JSON."""
    result = run(INVALID, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["counts"]["violation"] == 1


def test_turtle(tmp_path: Path) -> None:
    """The report as Turtle can be read again."""
    result = run(INVALID, "--format", "ttl")
    report = tmp_path / "report.ttl"
    report.write_text(result.stdout, encoding="utf-8")
    assert result.exit_code == 1
    assert len(read_quads(report)) > 5


def test_without_the_ontology() -> None:
    """Without the ontology a company is not known to be an actor."""
    path = DATA / "invalid" / "NamedThingShape-prefLabel-sv-qualifiedMinCount.ttl"
    assert run(path).exit_code == 1
    assert run(path, "--no-ontology").exit_code == 0


def test_shapes_of_one_s_own(tmp_path: Path) -> None:
    """Any shapes can be applied."""
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<http://example.org/S> a sh:NodeShape ; sh:nodeKind sh:Literal ;\n"
        "  sh:targetClass <https://w3id.org/klustergraf/ontology#Project> .",
        encoding="utf-8",
    )
    result = run(VALID, "--shapes", shapes)
    assert result.exit_code == 1
    assert "shape: http://example.org/S (NodeKindConstraintComponent)" in result.stdout


def test_an_unreadable_file(tmp_path: Path) -> None:
    """Turtle that does not parse gives 2, and file, line, column and reason on stderr."""
    broken = tmp_path / "broken.ttl"
    broken.write_text("<http://example.org/a> <http://example.org/b> 1 .\n  kg:x kg:y 2 .\n")
    result = run(broken)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{broken}, line 2, column 3: " in result.stderr
    assert "prefix" in result.stderr


@pytest.mark.parametrize(("name", "reason"), [("none.ttl", "no such file"), ("text.md", "suffix")])
def test_a_file_of_the_wrong_kind(tmp_path: Path, name: str, reason: str) -> None:
    """A missing file and an unknown suffix give 2 and the reason."""
    (tmp_path / "text.md").write_text("text")
    result = run(tmp_path / name)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_ill_formed_shapes(tmp_path: Path) -> None:
    """Shapes that are none give 2 and name the shape."""
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<http://example.org/S> a sh:NodeShape ; sh:minCount 'x' .",
        encoding="utf-8",
    )
    result = run(VALID, "--shapes", shapes)
    assert result.exit_code == 2
    assert "<http://example.org/S>" in result.stderr


def test_no_file_at_all() -> None:
    """Without a file the command says how it is used."""
    assert run().exit_code == 2


def test_a_property_shape_without_a_path_can_be_left_out(tmp_path: Path) -> None:
    """It is refused by name; with --lenient it is named on stderr, and the rest is validated."""
    prefixes = "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    shapes.write_text(
        f"{prefixes}ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property ex:nothing ,"
        " [ sh:path ex:p ; sh:minCount 1 ] . ex:nothing sh:minCount 2 .",
        encoding="utf-8",
    )
    data.write_text(prefixes, encoding="utf-8")
    command = ["validate", str(data), "--shapes", str(shapes)]
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 2
    assert "<http://example.org/nothing>, which has no sh:path" in refused.stderr
    done = CliRunner().invoke(main, [*command, "--lenient"])
    assert done.exit_code == 1
    assert "<http://example.org/nothing> was left out, it has no sh:path" in done.stderr
    assert "It does not conform: 1 violation(s)." in done.stdout
