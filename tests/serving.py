"""What tests of the engine and the service share: a tiny dataset, hostile queries, a server."""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import uvicorn
from fastapi import FastAPI

from klustergraf.catalogue import Catalogue
from klustergraf.engine.base import QueryEngine
from klustergraf_api.app import create_app
from klustergraf_api.server import server_config
from klustergraf_api.settings import Settings

DATA = Path(__file__).resolve().parent / "data"
TINY = DATA / "tiny.trig"
TINY_QUERIES = DATA / "tiny_queries"

LAB = "https://w3id.org/klustergraf/id/actor/lab"
STATED = "https://w3id.org/klustergraf/graph/stated"
DERIVED = "https://w3id.org/klustergraf/graph/derived/members"


def numbers(count: int) -> str:
    """Give the inside of a VALUES block with so many numbers."""
    return " ".join(map(str, range(count)))


def cross_join(variables: int = 8, each: int = 100) -> str:
    """Give the body of a query with each ** variables solutions."""
    return "".join(f"VALUES ?v{i} {{ {numbers(each)} }} " for i in range(variables))


# Runs for ages without an answer; gives its answer for ages; needs more memory than there is.
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {cross_join()} }}"
ENDLESS_ROWS = f"SELECT * {{ {cross_join()} }}"
GREEDY = f"SELECT * {{ {cross_join(3, 1000)} }} ORDER BY ?v2 ?v1"


# Takes from a keeper what it would build walls with, as an old kernel or a container does.
_WITHOUT_WALLS = (
    "from klustergraf.engine import walls; from klustergraf.engine.keeper import main; "
    "walls._FORBIDDEN = {'seccomp': (317, 277), 'landlock_create_ruleset': (444, 444)}; "
    "walls.forbid_calls(); main()"
)


def without_walls(_module: str, *arguments: str) -> list[str]:
    """Give the command that starts a keeper where the kernel builds no walls around workers."""
    return [sys.executable, "-c", _WITHOUT_WALLS, *arguments]


def reference_store() -> ox.Store:
    """Load the tiny dataset here, with the merge of its graphs as the default graph."""
    store = ox.Store()
    store.load(path=TINY)
    for quad in list(store):
        store.add(ox.Quad(quad.subject, quad.predicate, quad.object, ox.DefaultGraph()))
    return store


def children(pid: int) -> dict[int, str]:
    """Give the child processes of a process, with their state (``Z`` for a zombie)."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                _, _, rest = (folder / "stat").read_text().rpartition(") ")
                state, parent = rest.split()[:2]
                if int(parent) == pid:
                    found[int(folder.name)] = state
    return found


def is_running(pid: int) -> bool:
    """Tell whether a process exists."""
    return Path(f"/proc/{pid}").exists()


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for something to come true; tell whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_done_within(seconds: float, act: Callable[[], object]) -> bool:
    """Tell whether something takes less time than this.

    The best of three tries counts: the machine may be busy with something else in one of them.
    """
    for _ in range(3):
        began = time.monotonic()
        act()
        if time.monotonic() - began < seconds:
            return True
    return False


@contextlib.contextmanager
def live_server(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; give its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(server_config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert wait_until(lambda: server.started, 20), "the server does not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def tiny_app(engine: QueryEngine, **settings: Any) -> FastAPI:
    """Make the service over an engine, with the tiny dataset's own stored queries."""
    return create_app(Settings(**settings), engine, Catalogue(TINY_QUERIES))
