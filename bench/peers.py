"""The servers that are compared: each is started here, on loopback, over one generated file."""

import contextlib
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, Self

import processes
from client import Client, EndpointError

# Long enough for any query of the mix at any size: what is measured is not the deadline.
QUERY_SECONDS: Final = 300

_READY: Final = "ASK { ?thing a ?class }"
_START_SECONDS: Final = 1800.0
_STOP_SECONDS: Final = 60.0


class NotInstalled(Exception):
    """A peer's program is not on this machine."""


class PeerFailed(Exception):
    """A peer did not start or did not load the data."""


class Peer(ABC):
    """One server. ``start`` returns when it has answered its first query."""

    name: str
    # Asks nothing of a cache: what is measured is the engine.
    unique_queries = False

    def __init__(self, data: Path, folder: Path) -> None:
        self.data = data
        self.folder = folder / re.sub(r"\W+", "-", self.name.lower())
        self.folder.mkdir(parents=True, exist_ok=True)
        self.load_seconds = 0.0
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    @abstractmethod
    def url(self) -> str:
        """The address of the endpoint."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The version of the program. Errors: NotInstalled."""

    @abstractmethod
    def launch(self) -> None:
        """Start the process and load the data, unless it holds it from an earlier start."""

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._processes[-1].pid

    def start(self) -> float:
        """Start the server; give the seconds until the first answer.

        Errors: NotInstalled, PeerFailed.
        """
        began = time.perf_counter()
        try:
            self.launch()
            self.await_answer(_READY)
        except BaseException:
            self.stop()
            raise
        return time.perf_counter() - began

    def await_answer(self, query: str) -> None:
        """Ask until there is an answer. Errors: PeerFailed."""
        deadline = time.monotonic() + _START_SECONDS
        with contextlib.closing(Client(self.url)) as client:
            while time.monotonic() < deadline:
                if (code := self._processes[-1].poll()) is not None:
                    raise PeerFailed(f"{self.name} ended with status {code}: {self.last_words()}")
                try:
                    client.answer(query)
                except EndpointError:
                    time.sleep(0.02)
                else:
                    return
        raise PeerFailed(f"{self.name} does not answer: {self.last_words()}")

    def spawn(self, command: list[str]) -> None:
        """Start a process; what it says goes to a file of its folder."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the programs that are compared, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        self._processes.append(process)

    def run(self, command: list[str]) -> str:
        """Run a program to its end. Errors: PeerFailed."""
        done = subprocess.run(  # noqa: S603 - the programs that are compared, no shell
            command, capture_output=True, text=True, cwd=self.folder, check=False
        )
        if done.returncode:
            raise PeerFailed(f"{self.name}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def last_words(self) -> str:
        """Give the end of what the server said."""
        log = self.folder / "log"
        return log.read_text("utf-8", "replace")[-400:] if log.exists() else ""

    def stop(self) -> None:
        """End the server; nothing of it is left running."""
        while self._processes:
            process = self._processes.pop()
            family = processes.descendants(process.pid)
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            deadline = time.monotonic() + _STOP_SECONDS
            while any(map(processes.is_running, family)) and time.monotonic() < deadline:
                time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


class Klustergraf(Peer):
    """Our service with its embedded engine."""

    name = "Klustergraf"
    unique_queries = True

    def __init__(
        self, data: Path, folder: Path, *, workers: int = 4, timeout_seconds: float = QUERY_SECONDS
    ) -> None:
        super().__init__(data, folder)
        self._workers = workers
        self._timeout_seconds = timeout_seconds
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self._port}/sparql"

    @property
    def version(self) -> str:
        """What the service of this commit stands on."""
        return "this commit, with " + ", ".join(
            f"{name} {importlib.metadata.version(name)}"
            for name in ("pyoxigraph", "uvicorn", "httptools", "uvloop")
            if importlib.util.find_spec(name) is not None
        )

    def launch(self) -> None:
        """Start the service over the data."""
        self.spawn(self.command())

    def command(self) -> list[str]:
        """Give the command that starts it, on a free port."""
        self._port = processes.free_port()
        return [
            *(_program("klustergraf"), "serve", "--data", str(self.data)),
            *("--port", str(self._port), "--workers", str(self._workers)),
            *("--query-timeout", str(self._timeout_seconds)),
        ]


class KlustergrafOnDisk(Klustergraf):
    """Our service with its store on disk, which is derived when it is started first."""

    name = "Klustergraf, on disk"

    def launch(self) -> None:
        """Start the service over the data; its store lies in the folder of this server."""
        cache = f"XDG_CACHE_HOME={self.folder / 'cache'}"
        self.spawn([_program("env"), cache, *self.command(), "--storage", "disk"])

    def start(self) -> float:
        """Start the server; the first start is what loading takes."""
        seconds = super().start()
        self.load_seconds = self.load_seconds or seconds
        return seconds


class Stored(Klustergraf):
    """Our service over a stored version, with all its pages; ``data`` is the home."""

    def launch(self) -> None:
        """Start the service over the home."""
        self._port = processes.free_port()
        command = [_program("klustergraf"), "serve", "--home", str(self.data)]
        self.spawn([*command, "--port", str(self._port)])


class Oxigraph(Peer):
    """The server of Oxigraph; the default graph of queries is the union of the named graphs."""

    def __init__(self, data: Path, folder: Path) -> None:
        super().__init__(data, folder)
        self._port = 0

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self._port}/query"

    @property
    def version(self) -> str:
        """The version of the program. Errors: NotInstalled."""
        return self.run([_program("oxigraph"), "--version"]).split()[-1]

    def serve(self, *options: str) -> None:
        """Start the server."""
        self._port = processes.free_port()
        address = f"127.0.0.1:{self._port}"
        self.spawn(
            [
                *(_program("oxigraph"), "serve", "--bind", address, "--union-default-graph"),
                *options,
            ]
        )


class OxigraphInMemory(Oxigraph):
    """Oxigraph with everything in memory, loaded over HTTP: it has no other way."""

    name = "Oxigraph, in memory"

    def launch(self) -> None:
        """Start the server and send it the data."""
        self.serve()
        self.await_answer("ASK {}")
        began = time.perf_counter()
        with self.data.open("rb") as body:
            request = urllib.request.Request(  # noqa: S310 - an address of this machine
                self.url.replace("/query", "/store?no_transaction"),
                data=body,
                method="POST",
                headers={
                    "Content-Type": "application/n-quads",
                    "Content-Length": str(self.data.stat().st_size),
                },
            )
            try:
                urllib.request.urlopen(request).close()  # noqa: S310 - see above
            except urllib.error.URLError as exc:
                raise PeerFailed(f"{self.name} does not load the data: {exc}") from exc
        self.load_seconds = time.perf_counter() - began


class OxigraphOnDisk(Oxigraph):
    """Oxigraph with its store on disk."""

    name = "Oxigraph, on disk"

    def launch(self) -> None:
        """Load the data unless it is loaded, and start the server."""
        store = self.folder / "store"
        if not store.exists():
            began = time.perf_counter()
            self.run(
                [
                    *(_program("oxigraph"), "load", "--location", str(store)),
                    *("--file", str(self.data)),
                ]
            )
            self.load_seconds = time.perf_counter() - began
        self.serve("--location", str(store))


class Virtuoso(Peer):
    """Virtuoso, open source edition: columns on disk, buffers in memory."""

    name = "Virtuoso"

    def __init__(self, data: Path, folder: Path) -> None:
        super().__init__(data, folder)
        self._http_port = 0
        self._sql_port = 0

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self._http_port}/sparql"

    @property
    def version(self) -> str:
        """The version of the program. Errors: NotInstalled."""
        _program("isql-vt")
        done = subprocess.run(  # noqa: S603 - one of the programs that are compared
            [_program("virtuoso-t"), "-?"], capture_output=True, text=True, check=False
        )
        found = re.search(r"Version (\d+(?:\.\d+)+)", done.stdout + done.stderr)
        return found[1] if found else "unknown"

    def launch(self) -> None:
        """Start the server, and load the data unless it is loaded."""
        self._http_port, self._sql_port = processes.free_port(), processes.free_port()
        is_new = not (self.folder / "virtuoso.db").exists()
        settings = self.folder / "virtuoso.ini"
        settings.write_text(self._settings(), encoding="ascii")
        self.spawn([_program("virtuoso-t"), "+foreground", "+configfile", str(settings)])
        self.await_answer("ASK { ?s ?p ?o }")
        if is_new:
            began = time.perf_counter()
            self._sql(f"ld_dir('{self.data.parent}', '{self.data.name}', 'urn:bench:unnamed');")
            self._sql("rdf_loader_run();")
            self._sql("checkpoint;")
            failed = self._sql("SELECT ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL;")
            if "\n0 Rows." not in failed:
                raise PeerFailed(f"{self.name} does not load the data: {failed[-300:]}")
            self.load_seconds = time.perf_counter() - began

    def _sql(self, statement: str) -> str:
        return self.run(
            [_program("isql-vt"), f"127.0.0.1:{self._sql_port}", "dba", "dba", f"exec={statement}"]
        )

    def _settings(self) -> str:
        # Buffers of 8 KiB: enough for all of the data, up to a fifth of the machine's memory.
        wanted_mb = 512 + 2 * self.data.stat().st_size / 2**20
        buffers = int(min(wanted_mb, processes.total_mb() / 5) * 128)
        return f"""\
[Database]
DatabaseFile = {self.folder}/virtuoso.db
ErrorLogFile = {self.folder}/virtuoso.log
LockFile = {self.folder}/virtuoso.lck
TransactionFile = {self.folder}/virtuoso.trx
xa_persistent_file = {self.folder}/virtuoso.pxa
ErrorLogLevel = 7
MaxCheckpointRemap = 2000

[TempDatabase]
DatabaseFile = {self.folder}/virtuoso-temp.db
TransactionFile = {self.folder}/virtuoso-temp.trx
MaxCheckpointRemap = 2000

[Parameters]
ServerPort = 127.0.0.1:{self._sql_port}
ServerThreads = 20
CheckpointInterval = 0
DirsAllowed = {self.data.parent}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {buffers * 3 // 4}

[HTTPServer]
ServerPort = 127.0.0.1:{self._http_port}
ServerThreads = 20
KeepAliveTimeout = 600
MaxKeepAlives = 20

[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryExecutionTime = {QUERY_SECONDS}
"""


def _program(name: str) -> str:
    """Find a program, first beside the interpreter. Errors: NotInstalled."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed")
    return found


PEERS: Final[tuple[type[Peer], ...]] = (
    KlustergrafOnDisk,
    OxigraphOnDisk,
    OxigraphInMemory,
    Virtuoso,
)
