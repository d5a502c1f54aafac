"""The examples of docs/contributing-data.md do what it says, beside a running service."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from contributing import copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.desk import Desk
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import live_server

PAGE = (Path(__file__).parents[2] / "docs" / "contributing-data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ID = "https://w3id.org/klustergraf/id/"
KG = "https://w3id.org/klustergraf/ontology#"


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("guide") / "home")


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    """Serve it; contributions are taken."""
    with live_server(create_app(Settings(home=home, watch_seconds=3600))) as address:
        yield address


def test_every_example_is_tried() -> None:
    """No example stands on the page that no test runs."""
    assert [name for name, _ in BLOCKS] == ["sh", "csv", "sh", "turtle", "sh"]


def test_examples(home: Path, site: str, tmp_path: Path) -> None:
    """The token is made, the table and the Turtle are sent, and the graph has what they say."""
    (_, create), (_, table), (_, send), (_, turtle), (_, send_rdf) = BLOCKS
    (tmp_path / "testbeds.csv").write_text(table, encoding="utf-8")
    (tmp_path / "lab.ttl").write_text(turtle, encoding="utf-8")
    program = f"{Path(sys.executable).with_name('klustergraf')} --home {home}"

    def run(text: str) -> str:
        script = re.sub("(?m)^klustergraf", program, text).replace(
            "https://graph.example.org", site
        )
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail"],
            input=script, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    token = run(create).strip()
    assert TokenStore(home).partner_of(token) == "kth"
    said = run(send.replace("kgt_…", token))
    assert '"stored":true' in said.replace(" ", "")
    run(f"export KLUSTERGRAF_TOKEN={token}\n{send_rdf}")
    store = ox.Store()
    store.bulk_load(path=Desk(home).versions.current().dataset_path)
    facility, place, area = f"{ID}facility/kth--", f"{KG}locatedIn", f"{KG}contributesTo"
    for thing, predicate, value, graph in (
        ("vat", place, f"{ID}place/huddinge", "kth/testbeds"),
        ("vat", area, f"{ID}priority/e1", "kth/testbeds"),
        ("vat", f"{KG}isOperatedBy", f"{ID}actor/kth", "kth/testbeds"),
        ("test-lab", place, f"{ID}place/flemingsberg", "kth"),
    ):
        quad = ox.Quad(
            ox.NamedNode(facility + thing),
            ox.NamedNode(predicate),
            ox.NamedNode(value),
            ox.NamedNode(f"https://w3id.org/klustergraf/graph/{graph}"),
        )
        assert quad in store


def test_wrong_table_is_told(home: Path, site: str, tmp_path: Path) -> None:
    """A table with a wrong cell ends with 1 and the place; a file of an unknown kind with 2."""
    _, token = TokenStore(home).create("kth")
    program = [
        str(Path(sys.executable).with_name("klustergraf")),
        "--home",
        str(home),
        "contribute",
    ]
    rest = ["--partner", "kth/wrong", "--to", site, "--table", "testbeds", "--token", token]
    statuses = {}
    for name, text in {
        "wrong.csv": BLOCKS[1][1].replace("Huddinge", "Hudinge"),
        "wrong.txt": BLOCKS[1][1],
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*program, tmp_path / name, *rest], capture_output=True, text=True, check=False
        )
        statuses[name] = done.returncode
        assert token not in done.stdout + done.stderr
        if name == "wrong.csv":
            assert re.search(r'"row": ?2, ?"column": ?6', done.stderr)
            assert "Nearest: Huddinge" in done.stderr
    assert statuses == {"wrong.csv": 1, "wrong.txt": 2}
