"""The wheel is what people get: build it, install it elsewhere, use it far from the checkout."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from klustergraf.catalogue import Catalogue
from klustergraf.namespaces import ID, KG
from klustergraf.resources import Room, room

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parents[2]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # straight to this machine
ROOMS: tuple[Room, ...] = ("ontology", "shapes", "queries", "data")


@dataclass(frozen=True)
class Installed:
    """A fresh environment that holds the wheel, and a folder far from the checkout to work in."""

    bin: Path
    elsewhere: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command: nothing of ours but the home folder."""
        inherited = {
            k: v for k, v in os.environ.items() if not k.startswith(("KLUSTERGRAF_", "PYTHON"))
        }
        return inherited | {"KLUSTERGRAF_HOME": str(self.elsewhere / "home"), "NO_COLOR": "1"}

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs, far from the checkout."""
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.elsewhere,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def _must(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it alone."""
    out = tmp_path_factory.mktemp("dist")
    _must(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), ".", cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel into a fresh environment."""
    base = tmp_path_factory.mktemp("installed")
    _must(sys.executable, "-m", "venv", str(base / "venv"), cwd=base)
    programs = base / "venv" / "bin"
    constraints = str(ROOT / "constraints.txt")
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    _must(*pip, "--quiet", "--constraint", constraints, str(wheel), cwd=base)
    elsewhere = base / "elsewhere"
    for name in ("graph", "api", "queries", "ontology", "klustergraf_data"):
        (elsewhere / name).mkdir(parents=True)  # a stranger's folders of the same names
        (elsewhere / name / "__init__.py").write_text("raise ImportError\n", encoding="utf-8")
    return Installed(programs, elsewhere)


def test_wheel_holds_the_packages_and_the_rooms_only(wheel: Path) -> None:
    """Nothing but the two packages and the metadata lies in the wheel; tests and caches do not."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "klustergraf",
        "klustergraf_api",
    }
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]
    licences = {name.rsplit("/", 1)[1] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "LICENSE-DATA"}
    built = "klustergraf_api/pages/static/build/"
    manifest = built + "manifest.json"
    assert manifest in names, "the scripts of the pages were not built"
    with zipfile.ZipFile(wheel) as archive:
        chunks = json.loads(archive.read(manifest)).values()
    assert {built + chunk["file"] for chunk in chunks} <= set(names)
    typed = {name for name in names if name.endswith("py.typed")}
    assert typed == {"klustergraf/py.typed", "klustergraf_api/py.typed"}


@pytest.mark.parametrize("name", ROOMS)
def test_room_is_whole(installed: Installed, name: Room) -> None:
    """A room of the installed wheel has the files of the checkout, byte for byte."""
    done = installed.run(
        "python", "-c", f"from klustergraf.resources import room; print(room({name!r}))"
    )
    assert done.returncode == 0, done.stderr
    there = Path(done.stdout.strip())
    assert installed.bin.parent in there.parents
    files = {
        p.relative_to(room(name)): p.read_bytes() for p in room(name).rglob("*") if p.is_file()
    }
    assert files
    assert files == {p.relative_to(there): p.read_bytes() for p in there.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "script",
    [e.name for e in entry_points(group="console_scripts") if e.module.startswith("klustergraf")],
)
def test_console_script_starts(installed: Installed, script: str) -> None:
    """A console script that the wheel promises starts."""
    done = installed.run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_every_command_explains_itself(installed: Installed) -> None:
    """Each command of ``klustergraf``, the service's too, is found and has its help."""
    for command in ("build", "query", "validate", "verify-sources", "serve"):
        done = installed.run("klustergraf", command, "--help")
        assert done.returncode == 0, f"{command}: {done.stderr}"


@pytest.fixture(scope="session")
def built(installed: Installed) -> Installed:
    """Build the graph from the wheel's own rooms."""
    done = installed.run("klustergraf", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return installed


@pytest.mark.parametrize("name", [query.name for query in Catalogue()])
def test_stored_query_answers(built: Installed, name: str) -> None:
    """A stored query of the wheel answers over the graph that the wheel built."""
    done = built.run("klustergraf", "query", name, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


@pytest.mark.parametrize(
    ("turtle", "status"),
    [
        ("<https://example.org/a> <https://example.org/b> 'c' .", 0),
        (f"<{ID}actor/a> a <{KG}Actor> .", 1),
        ("<a> <b>", 2),
    ],
    ids=["sound", "violating", "unreadable"],
)
def test_validate_tells_apart(installed: Installed, turtle: str, status: int) -> None:
    """``validate`` finds its shapes far from the checkout, and says by its status what it found."""
    file = installed.elsewhere / "some.ttl"
    file.write_text(turtle, encoding="utf-8")
    done = installed.run("klustergraf", "validate", str(file))
    assert done.returncode == status, done.stdout + done.stderr


@pytest.fixture(scope="session")
def service(built: Installed) -> Iterator[str]:
    """Serve the graph from the wheel; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (built.elsewhere / "log.txt").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [str(built.bin / "klustergraf"), "serve", "--port", str(port)],
        cwd=built.elsewhere,
        env=built.environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                OPENER.open(address + "/health", timeout=5).close()
                break
            except (urllib.error.URLError, TimeoutError):
                log.seek(0)
                assert process.poll() is None, log.read()
                assert time.monotonic() < deadline, log.read()
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            log.close()


def test_service_answers(service: str) -> None:
    """The installed service counts the statements of the graph that it serves."""
    query = urllib.parse.quote("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    request = urllib.request.Request(
        f"{service}/sparql?query={query}", headers={"Accept": "application/sparql-results+json"}
    )
    with OPENER.open(request, timeout=30) as response:
        answer = json.load(response)
    assert int(answer["results"]["bindings"][0]["n"]["value"]) > 100


def test_service_has_its_pages(service: str) -> None:
    """Templates and style sheets came along in the wheel: the start page renders."""
    with OPENER.open(service + "/", timeout=30) as response:
        page = response.read().decode("utf-8")
    assert "</html>" in page
    assert "Flemingsberg" in page or "Klustergraf" in page


def test_nothing_is_written_outside_home(service: str, built: Installed) -> None:
    """Building, asking and serving leave nothing but the home folder behind."""
    assert service
    left = {p.name for p in built.elsewhere.iterdir()}
    ours = {"graph", "api", "queries", "ontology", "klustergraf_data", "some.ttl", "log.txt"}
    assert left - ours == {"home"}
