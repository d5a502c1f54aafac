"""``klustergraf serve`` as its users meet it: a process that starts, answers and ends cleanly."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from pyoxigraph import DefaultGraph

import klustergraf
import klustergraf_api
from klustergraf.version import Manifest, VersionStore, serialise_dataset
from klustergraf_api.command import serve
from klustergraf_api.served_files import dataset_file
from klustergraf_api.settings import Settings
from serving import ENDLESS_ROWS, children, is_running, reference_store, wait_until

ROOTS = [str(Path(package.__file__ or "").parents[1]) for package in (klustergraf, klustergraf_api)]
SCRIPT = f"""
import sys
sys.path[:0] = {ROOTS!r}
from klustergraf_api.command import serve
serve()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home folder whose current version is the tiny dataset."""
    folder = tmp_path_factory.mktemp("versions")
    store = reference_store()
    store.remove_graph(DefaultGraph())
    dataset = serialise_dataset(store)
    manifest = Manifest(sha256(dataset).hexdigest(), "2026-01-01T00:00:00Z", "test")
    VersionStore(folder).add(dataset, manifest, b"")
    return folder


@contextlib.contextmanager
def service(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command in a process of its own; give the process and its address."""
    command = [sys.executable, "-c", SCRIPT, "--home", str(home), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            found = re.search(r"http://\S+:\d+/", lines[1])
            assert found, (lines, process.stderr and process.stderr.read())
            yield process, found[0]
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends(home: Path, how: signal.Signals) -> None:
    """It says where it is, serves the current version, and leaves no process behind."""
    with service(home, "--port", "0", "--query-timeout", "3") as (process, address):
        with urlopen(f"{address}health", timeout=10) as response:
            version = VersionStore(home).current().id
            assert version in response.read().decode()
        processes = list(children(process.pid))
        assert len(processes) == 1
        processes += children(processes[0])
        process.send_signal(how)
        assert process.wait(20) == 0
        assert wait_until(lambda: not any(map(is_running, processes)))
        assert process.stderr is not None
        told = [json.loads(line) for line in process.stderr.read().splitlines()]
        assert {line["level"] for line in told} == {"info"}
        assert any("has loaded" in line["message"] for line in told)


def test_it_finishes_what_runs(home: Path) -> None:
    """A signal to end lets a running query come to its end; new connections are refused."""
    with service(home, "--port", "0", "--query-timeout", "2") as (process, address):
        with urlopen(f"{address}sparql?query={quote(ENDLESS_ROWS)}", timeout=10) as response:
            assert response.read(1000)
            process.send_signal(signal.SIGTERM)
            assert response.read(1000)
        assert process.wait(20) == 0


DATA = {
    "a.ttl": "@prefix e: <http://e/> . e:a e:is e:turtle . _:x e:in e:ttl .",
    "b.nt": "<http://e/b> <http://e/is> <http://e/ntriples> .",
    "c.nq": "<http://e/c> <http://e/is> <http://e/nquads> <http://e/graph> .",
    "d.trig": "<http://e/graph> { <http://e/d> <http://e/is> <http://e/x> . _:x <http://e/in> 1}",
    "deep/e.jsonld": '{"@id": "http://e/e", "http://e/is": {"@id": "http://e/jsonld"}}',
    "deep/f.rdf": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        '<rdf:Description rdf:about="http://e/f"><e:is rdf:resource="http://e/xml"/>'
        "</rdf:Description></rdf:RDF>"
    ),
    "readme.txt": "no RDF",
}
COUNT = quote("SELECT (COUNT(*) AS ?n) { ?s <http://e/is>|<http://e/in> ?o }")


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a file of each format."""
    folder = tmp_path_factory.mktemp("data")
    for name, text in DATA.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(("default_graph", "expected"), [("union", 8), ("unnamed", 5)])
def test_files_can_be_served(
    tmp_path: Path, data_folder: Path, default_graph: str, expected: int
) -> None:
    """``--data`` serves every RDF file of a folder, under the digest of what is in them."""
    versions = set()
    files = [str(data_folder / name) for name in DATA if name != "readme.txt"]
    for data in ([str(data_folder)], files):
        options = ("--default-graph", default_graph, "--port", "0", "--data", *data)
        with service(tmp_path, *options) as (_, address):
            request = Request(f"{address}sparql?query={COUNT}", headers={"Accept": "text/csv"})
            with urlopen(request, timeout=10) as response:
                assert response.read() == f"n\r\n{expected}\r\n".encode()
                versions.add(response.headers["X-Klustergraf-Version"])
    assert len(versions) == 1


def test_one_file_is_served_under_its_own_digest(tmp_path: Path, data_folder: Path) -> None:
    """A file that the engine reads by itself is not written again."""
    path = data_folder / "b.nt"
    assert dataset_file([path], tmp_path) == path
    with (
        service(tmp_path, "--port", "0", "--data", str(path)) as (_, address),
        urlopen(f"{address}health", timeout=10) as response,
    ):
        assert sha256(path.read_bytes()).hexdigest() in response.read().decode()


def test_what_cannot_be_served_is_told(tmp_path: Path, data_folder: Path) -> None:
    """No RDF, broken RDF and files without --data end the command with a message."""
    broken = tmp_path / "broken.ttl"
    broken.write_text("<http://e/a> <http://e/b>")
    for options, told in (
        (["--data", str(data_folder / "readme.txt")], "suffix"),
        (["--data", str(broken)], "broken.ttl"),
        (["--data", str(broken), str(data_folder / "b.nt")], "broken.ttl"),
        ([str(broken)], "--data"),
        (["--data", str(tmp_path / "nothing.ttl")], "does not exist"),
    ):
        result = CliRunner().invoke(serve, [*options, "--port", "0"])
        assert result.exit_code != 0
        assert told in result.output
        assert "Traceback" not in result.output


def test_data_can_lie_on_disk(home: Path) -> None:
    """With ``--storage disk`` the same version answers from a store beside its files."""
    with (
        service(home, "--port", "0", "--storage", "disk") as (_, address),
        urlopen(f"{address}sparql?query={quote('ASK { ?s ?p ?o }')}", timeout=10) as response,
    ):
        assert b"true" in response.read()
    assert list(home.glob("versions/*/store-union"))


def test_running_queries_have_only_so_long_at_the_end(home: Path) -> None:
    """Beyond the grace period a query is broken off, visibly, and the service ends."""
    options = ("--port", "0", "--grace", "1", "--query-timeout", "60")
    with service(home, *options) as (process, address):
        with urlopen(f"{address}sparql?query={quote(ENDLESS_ROWS)}", timeout=10) as response:
            assert response.read(1000)
            process.send_signal(signal.SIGTERM)
            with pytest.raises((IncompleteRead, ConnectionResetError)):
                response.read()
        assert process.wait(10) == 0


def test_taken_port_is_told(home: Path) -> None:
    """A port that is in use ends the command with a message, not a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, "--home", str(home), "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode != 0
    assert "address already in use" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_help_names_every_option() -> None:
    """The help says what each option does, with its default."""
    text = CliRunner().invoke(serve, ["--help"]).output
    for option in (
        "--host",
        "--port",
        "--home",
        "--query-timeout",
        "--memory-per-query",
        "--data",
        "--grace",
    ):
        assert option in text
    assert "127.0.0.1" in text


def test_wrong_options_are_told() -> None:
    """A value that cannot be is refused with a message."""
    for options in (["--port", "x"], ["--workers", "0"], ["--query-timeout", "0"]):
        result = CliRunner().invoke(serve, options)
        assert result.exit_code == 2
        assert "Usage" in result.output


def test_settings_are_described_frozen_and_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every field has a description; variables set it; nothing changes it afterwards."""
    assert all(field.description for field in Settings.model_fields.values())
    monkeypatch.setenv("KLUSTERGRAF_PORT", "9000")
    settings = Settings()
    assert settings.port == 9000
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1
