"""The examples of docs/harvesting.md do what it says, beside a running service."""

import csv
import io
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from klustergraf.build import BuildResult
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import live_server

PAGE = (Path(__file__).parents[2] / "docs" / "harvesting.md").read_text(encoding="utf-8")
BASE = "http://127.0.0.1:8000"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

# What each example is to print; in the order of the page.
SHELL = [
    "Botkyrka Municipality",
    "Flemingsberg Science Foundation",
    "A1,Collaboration and knowledge sharing",
    "  -",
]
PYTHON = ["Flemingsberg Science Foundation", "Huddinge Municipality", ""]


@pytest.fixture(scope="module")
def site(founding: BuildResult) -> Iterator[str]:
    """Serve the graph of the founding documents."""
    with EmbeddedEngine(founding.version, workers=2) as engine:
        app = create_app(Settings(), engine, version=founding.version)
        with live_server(app) as address:
            yield address


def blocks(language: str) -> list[str]:
    """Give the examples in a language."""
    return [text for name, text in BLOCKS if name == language]


def run(command: list[str], text: str) -> str:
    """Run an example."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tried() -> None:
    """No example stands on the page that no test runs."""
    assert len(blocks("sh")) == len(SHELL)
    assert len(blocks("python")) == len(PYTHON)
    assert {name for name, _ in BLOCKS} == {"sh", "python", "r", "powerquery"}


@pytest.mark.parametrize("number", range(len(SHELL)))
def test_shell(site: str, number: int) -> None:
    """The commands give what they are said to give."""
    text = blocks("sh")[number].replace(BASE, site)
    assert SHELL[number] in run(["bash", "-eu", "-o", "pipefail"], text)


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_python(site: str, number: int) -> None:
    """The programs run, and print what they are said to print."""
    said = run([sys.executable, "-"], blocks("python")[number].replace(BASE, site))
    assert PYTHON[number] in said
    if not PYTHON[number]:
        assert int(said) > 20


@pytest.mark.parametrize("language", ["r", "powerquery"])
def test_addresses_of_other_tools(site: str, language: str) -> None:
    """What R and Power Query ask for is there, as UTF-8 with the columns that they name."""
    (text,) = blocks(language)
    (address,) = re.findall(r'"(http://[^"]+)"', text)
    with urllib.request.urlopen(address.replace(BASE, site)) as answer:
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.read().decode("utf-8"))))
    assert {"iri", "name_en", "kinds"} <= set(rows[0])
    assert "Södertörns högskola" in {row["name_sv"] for row in rows}
    assert all(None not in row for row in rows), "every row has as many cells as the heading"
