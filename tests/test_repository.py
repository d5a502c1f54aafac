"""The rules of the repository as a whole: one version, no traces of a machine, honest documents."""

import re
import subprocess
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import click
import pyoxigraph
import pytest
from pydantic.fields import FieldInfo
from rdflib import OWL, URIRef

from hygiene import expect_none, ontology, turtle_files
from klustergraf.cli import main
from klustergraf.namespaces import ONTOLOGY
from klustergraf_api.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))

# Built from pieces, so that this file does not match itself.
TRACES = {
    "the host of a package registry": "|".join(
        ("pypi" + r"\.org", "pythonhosted" + r"\.org", "arti" + "factory", "//[^/]*/" + "simple/?")
    ),
    "a path of one machine": "|".join(
        ("/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/op" + "t/")
    ),
    "unfinished work": r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b",
    "a test that is switched off": "|".join(
        (r"\bmark\.sk" + "ip", r"\bpytest\.sk" + r"ip\b", "import" + "orsk" + "ip")
    ),
}


@cache
def tracked() -> dict[str, str]:
    """Read every text file that git tracks, by its path in the repository."""
    git = ["git", "-c", f"safe.directory={ROOT}"]
    listing = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    texts = {}
    for name in sorted(set(listing.split("\0")) - {""}):
        path = ROOT / name
        if (
            path.is_file()
            and path.suffix not in (".png", ".ico", ".woff2", ".gz")
            and not name.startswith(".coverage")
        ):
            # Among the examples of tests are files that are broken on purpose.
            errors = "replace" if name.startswith("tests/data/") else "strict"
            texts[name] = path.read_bytes().decode("utf-8", errors)
    return texts


def project() -> dict[str, Any]:
    """Read the project's table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads(tracked()["pyproject.toml"])["project"]
    return table


def make_targets() -> dict[str, str]:
    """List the commands of the Makefile and what they say of themselves."""
    return dict(re.findall(r"(?m)^([a-z]+):[^#\n]*## (.+)$", tracked()["Makefile"]))


def commands() -> dict[str, click.Command]:
    """List the commands of ``klustergraf``."""
    with click.Context(main) as context:
        found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_versions_agree_with_the_changelog() -> None:
    """The newest entry of CHANGELOG.md names the versions of the software and of the ontology."""
    heading = re.search(
        r"(?m)^## \[(\d+\.\d+\.\d+)\].*\n+.*?ontology (\d+\.\d+\.\d+)", tracked()["CHANGELOG.md"]
    )
    assert heading, "CHANGELOG.md begins with `## [x.y.z] – …` and a line `With ontology x.y.z.`"
    software = project()["version"]
    assert heading[1] == software, f"pyproject.toml says {software}: add its entry to CHANGELOG.md"
    stated = str(ontology().value(URIRef(ONTOLOGY), OWL.versionInfo))
    assert heading[2] == stated, f"the ontology's header says {stated}: name it in CHANGELOG.md"


def test_version_stands_once() -> None:
    """The version of the software stands in pyproject.toml alone (and in the changelog)."""
    pattern = re.compile(rf"(?<![\d.]){re.escape(project()['version'])}(?!\.?\d)")
    expect_none(
        [
            f"{name} repeats the version: ask importlib.metadata for it, or leave it out"
            for name, text in tracked().items()
            if name.endswith((".py", ".cff", ".md", ".json", ".html"))
            and name != "CHANGELOG.md"
            and pattern.search(text)
        ]
    )


@pytest.mark.parametrize("what", TRACES)
def test_no_traces(what: str) -> None:
    """No file names a registry's host or a path of one machine, or leaves work for later."""
    pattern = re.compile(TRACES[what])
    expect_none(
        [
            f"{name}:{number}: {what}: take it out: {line.strip()[:80]}"
            for name, text in tracked().items()
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    )


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the host of a package registry", "https://py" + "pi.org/click/"),
        ("a path of one machine", "open('/wo" + "rk/data.ttl')"),
        ("unfinished work", "# TO" + "DO later"),
        ("a test that is switched off", "@pytest.mark.sk" + "ipif(True)"),
    ],
)
def test_traces_are_caught(what: str, text: str) -> None:
    """The patterns of traces find an example of each."""
    assert re.search(TRACES[what], text)


def test_texts_are_plain() -> None:
    """A text ends its last line, has no carriage returns, and writes å as one character."""
    faults = []
    for name, text in tracked().items():
        if name.startswith("tests/data/"):
            continue
        if text and not text.endswith("\n"):
            faults.append(f"{name}: end the last line")
        if "\r" in text:
            faults.append(f"{name}: has carriage returns; use line feeds alone")
        if not unicodedata.is_normalized("NFC", text):
            faults.append(f"{name}: å, ä, ö or é is written as two characters; normalise to NFC")
    expect_none(faults)


def test_constraints_are_names_and_versions() -> None:
    """Each line of constraints.txt is a name and a version, and each dependency has its line."""
    lines = tracked()["constraints.txt"].splitlines()
    expect_none([f"constraints.txt: {x}" for x in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", x)])
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    groups = tomllib.loads(tracked()["pyproject.toml"])["dependency-groups"]
    asked = [*project()["dependencies"], *groups["dev"], "pip", "hatchling", "editables"]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[<>=~!\[; ]", text)[0]).lower() for text in asked}
    missing = ", ".join(sorted(names - pinned))
    assert not missing, f"constraints.txt has no version of {missing} (CONTRIBUTING.md tells how)"


def test_make_commands_exist() -> None:
    """Every ``make …`` that a document shows is a command of the Makefile, and CI's is one."""
    expect_none(
        [
            f"{path.name} shows `make {target}`, which the Makefile does not have"
            for path in [*DOCUMENTS, ROOT / ".ci" / "run"]
            for target in re.findall(
                r"(?m)(?:`|^\s*|timeout .* )make ([a-z]+)\b", path.read_text(encoding="utf-8")
            )
            if target not in make_targets()
        ]
    )


def test_make_commands_are_documented() -> None:
    """README.md's table has every command of the Makefile."""
    expect_none(
        [
            f"README.md: add the row | `make {target}` | {about} |"
            for target, about in make_targets().items()
            if not re.search(rf"(?m)^\| `make {target}` \| .+ \|$", tracked()["README.md"])
        ]
    )


def test_klustergraf_commands_exist() -> None:
    """Every ``klustergraf …`` that a document shows is a command."""
    shown = {
        (path.name, name)
        for path in DOCUMENTS
        for name in re.findall(r"(?m)(?:`|^|/)klustergraf ([a-z][a-z-]+)", path.read_text("utf-8"))
    }
    assert shown
    known = commands()
    expect_none(
        [f"{where}: there is no `klustergraf {x}`" for where, x in shown - {*()} if x not in known]
    )


def test_klustergraf_commands_are_documented() -> None:
    """README.md's table has every command of ``klustergraf``."""
    expect_none(
        [
            f"README.md: add the row | `klustergraf {name} …` | {command.get_short_help_str(80)} |"
            for name, command in commands().items()
            if not re.search(rf"(?m)^\| `klustergraf {name}\b.*` \| .+ \|$", tracked()["README.md"])
        ]
    )


def test_settings_are_documented() -> None:
    """README.md's table of settings is what ``klustergraf_api.settings.Settings`` says."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    readme = tracked()["README.md"]
    shown = re.findall(rf"(?m)^\| `{prefix}\w+` .*$", readme)
    assert shown == rows, "README.md: the rows of the settings are\n" + "\n".join(rows)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the platform's user data folder"
    return f"`{field.default}`"


def test_query_of_the_readme_answers() -> None:
    """The query that README.md shows gives the seven that stand behind Flemingsberg Science."""
    (query,) = re.findall(r"(?s)```sparql\n(.*?)```", tracked()["README.md"])
    store = pyoxigraph.Store()
    for path in turtle_files("data"):
        store.load(path=path, format=pyoxigraph.RdfFormat.TURTLE)
    solutions = store.query(query)
    assert isinstance(solutions, pyoxigraph.QuerySolutions)
    actors = [str(solution["actor"]) for solution in solutions]
    assert len(actors) == len(set(actors)) == 7, actors


def test_links_between_documents_lead_somewhere() -> None:
    """A relative link of a document leads to a file of the repository."""
    expect_none(
        [
            f"{path.relative_to(ROOT)}: {link} leads nowhere"
            for path in DOCUMENTS
            for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
            if "://" not in link and not (path.parent / link).exists()
        ]
    )


def test_documents_stand_in_the_index() -> None:
    """docs/README.md leads to every page of docs/."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [
        p.relative_to(ROOT / "docs").as_posix() for p in DOCUMENTS if ROOT / "docs" in p.parents
    ]
    expect_none(
        [
            f"docs/README.md: add a link to {x}"
            for x in pages
            if x != "README.md" and f"({x})" not in index
        ]
    )
