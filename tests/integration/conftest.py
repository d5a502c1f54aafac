"""Two real servers, each started for the tests on a free port of this machine and stopped after."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from klustergraf.engine.transport import Credentials
from klustergraf.publishing import GraphStore

# What the Virtuoso of these tests gives at most: more than any stored query, less than the graph.
MOST_ROWS = 5000
# What it lets a query run, so that none that was given up is in the way of the next.
MOST_SECONDS = 5

_SETTINGS = f"""\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{{sql_port}}
DisableUnixSocket = 1
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{{http_port}}
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = {MOST_ROWS}
MaxQueryExecutionTime = {MOST_SECONDS}
[Plugins]
LoadPath = .
"""

_PASSWORD = "not-the-one-it-came-with"  # noqa: S105 - of a server that lives for one test run


@dataclass(frozen=True)
class Server:
    """A running store: its address for queries, and its graphs."""

    name: str
    query_url: str
    store: GraphStore


@pytest.fixture(scope="session")
def oxigraph_server() -> Iterator[Server]:
    """Run the Oxigraph server, in memory."""
    program = _program("oxigraph", "pip install oxigraph")
    (port,) = _free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [program, "serve", "--bind", f"127.0.0.1:{port}", "--timeout-s", str(MOST_SECONDS)]
    with _running(command, None, f"{url}/query?query=ASK%7B%7D"):
        yield Server("Oxigraph", f"{url}/query", GraphStore(f"{url}/store", None, 30))


@pytest.fixture(scope="session")
def virtuoso_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run Virtuoso with a new database, another password, and a user who may publish."""
    program = _program("virtuoso-t", "apt-get install virtuoso-opensource")
    folder = tmp_path_factory.mktemp("virtuoso")
    sql_port, http_port = _free_ports(2)
    settings = _SETTINGS.format(sql_port=sql_port, http_port=http_port)
    (folder / "virtuoso.ini").write_text(settings, encoding="utf-8")
    url = f"http://127.0.0.1:{http_port}"
    command = [program, "+foreground", "+configfile", "virtuoso.ini"]
    with _running(command, folder, f"{url}/sparql?query=ASK%7B%7D"):
        _isql(sql_port, "dba", f'set password "dba" "{_PASSWORD}"')
        _isql(sql_port, _PASSWORD, f"DB.DBA.USER_CREATE ('publisher', '{_PASSWORD}')")
        _isql(sql_port, _PASSWORD, 'grant SPARQL_UPDATE to "publisher"')
        store = GraphStore(
            f"{url}/sparql-graph-crud-auth", Credentials("publisher", _PASSWORD, "digest"), 30
        )
        yield Server("Virtuoso", f"{url}/sparql", store)


@pytest.fixture(params=["oxigraph_server", "virtuoso_server"])
def server(request: pytest.FixtureRequest) -> Server:
    """Give each server in turn."""
    given: Server = request.getfixturevalue(request.param)
    return given


def _program(name: str, how: str) -> str:
    """Find a server. One that is missing fails: a test that was left out unseen is no test."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        pytest.fail(
            f"{name} is not installed: {how} (.ci/run does). "
            "Without it, leave these tests out: pytest -m 'not integration'"
        )
    return found


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def _running(command: list[str], folder: Path | None, probe: str) -> Iterator[None]:
    """Run a server until it is no longer needed; wait until it answers."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not _answers(probe):
            assert process.poll() is None, f"{command[0]} ended with status {process.returncode}"
            assert time.monotonic() < deadline, f"{command[0]} does not answer"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(probe: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(probe, timeout=5):
            return True
    except urllib.error.HTTPError as exc:
        exc.close()
        return False
    except OSError:
        return False


def _isql(port: int, password: str, statement: str) -> None:
    program = _program("isql-vt", "apt-get install virtuoso-opensource")
    done = subprocess.run(
        [program, f"127.0.0.1:{port}", "dba", password, f"exec={statement}"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "Error" not in done.stdout + done.stderr, done.stdout + done.stderr
