"""Publishing against a graph store of this machine that breaks when it is told to."""

import hashlib
import http.server
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from klustergraf.cli import main
from klustergraf.engine.publication import (
    MERGED_GRAPH,
    RECORD_GRAPH,
    Publication,
    PublishedGraph,
)
from klustergraf.engine.transport import Credentials
from klustergraf.errors import EngineUnavailable
from klustergraf.publishing import GraphStore, publish, split
from klustergraf.version import Manifest, Version, VersionStore
from local_server import served
from serving import wait_until

A, B, C = (f"https://example.org/graph/{name}" for name in "abc")


class Store:
    """A graph store in memory, which wants a password when it is given one."""

    def __init__(self) -> None:
        self.graphs: dict[str, bytes] = {}
        self.log: list[tuple[str, str]] = []
        self.status = 0
        self.delay = 0.0
        self.password = ""
        self.scheme = "basic"
        self.url = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        graph = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)["graph"][0]
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        status = self.status or (200 if self._is_allowed(handler) else 401)
        content = b"Sorry:\n\n no" if status >= 400 else b""
        if status == 200:
            self.log.append((handler.command, graph))
            time.sleep(self.delay * (handler.command == "PUT"))
            if handler.command == "PUT":
                status = 204 if graph in self.graphs else 201
                self.graphs[graph] = body
            elif graph not in self.graphs:
                status = 404
            elif handler.command == "DELETE":
                del self.graphs[graph]
            else:
                content = self.graphs[graph]
        handler.send_response(status)
        if status == 401:
            challenge = {
                "basic": 'Basic realm="x"',
                "digest": 'Digest realm="x", nonce="n0", qop="auth", algorithm=MD5',
                "bearer": "Bearer",
            }[self.scheme]
            handler.send_header("WWW-Authenticate", challenge)
        if status == 302:
            handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
        handler.send_header("Content-Type", "application/n-triples")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _is_allowed(self, handler: http.server.BaseHTTPRequestHandler) -> bool:
        given = handler.headers.get("Authorization", "")
        if not self.password:
            return not given
        if self.scheme == "bearer":
            return given == f"Bearer {self.password}"
        if self.scheme == "basic":
            return given == "Basic dTpw"  # u:p
        parts = dict(re.findall(r'(\w+)="?([^",]+)', given))
        if not parts:
            return False
        one = _md5(f"u:x:{self.password}")
        two = _md5(f"{handler.command}:{handler.path}")
        middle = f"{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}"
        return bool(parts["response"] == _md5(f"{one}:{middle}:{two}"))

    def put_graphs(self) -> list[str]:
        """Give the graphs that were put, without the record of them."""
        return [graph for method, graph in self.log if method == "PUT" and graph != RECORD_GRAPH]

    def publication(self) -> Publication:
        """Read the record that lies there."""
        return Publication.from_statements(GraphStore(self.url).get(RECORD_GRAPH))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what digest authentication uses


@pytest.fixture
def store() -> Iterator[Store]:
    """Run a graph store."""
    made = Store()
    with served(made.answer) as made.url:
        yield made


def version(home: Path, **graphs: int) -> Version:
    """Make a version with so many triples in each graph; the first is the same in all of them."""
    lines = {
        f"<urn:s{n or ''}> <urn:p> <urn:{name if n else 'o'}> "
        f"<https://example.org/graph/{name}> .\n"
        for name, count in graphs.items()
        for n in range(count)
    }
    dataset = "".join(sorted(lines)).encode()
    manifest = Manifest(
        hashlib.sha256(dataset).hexdigest(), "2026-01-01T00:00:00+00:00", "test", (),
        {f"https://example.org/graph/{name}": count for name, count in graphs.items()},
    )  # fmt: skip
    return VersionStore(home).add(dataset, manifest, b"")


def test_whole_version(store: Store, tmp_path: Path) -> None:
    """Each graph lies there as it is; the merge has each triple once; the version comes last."""
    made = version(tmp_path, a=3, b=2)
    steps: list[tuple[str, str]] = []
    result = publish(made, GraphStore(store.url), lambda *step: steps.append(step))
    assert set(store.graphs) == {A, B, MERGED_GRAPH, RECORD_GRAPH}
    assert result.put == [A, B, MERGED_GRAPH]
    assert len(list(parse(store.graphs[A], format=RdfFormat.N_TRIPLES))) == 3
    assert len(list(parse(store.graphs[MERGED_GRAPH], format=RdfFormat.N_TRIPLES))) == 4
    assert store.log[-1] == ("PUT", RECORD_GRAPH)
    assert store.publication().version_id == made.id
    assert store.publication().graphs[A].triples == 3
    assert [step for step, _ in steps] == ["reading", "splitting", "putting", "putting", "putting"]


def test_without_the_merge(store: Store, tmp_path: Path) -> None:
    """The merge can be left out; when it was there, it is removed."""
    made = version(tmp_path, a=3, b=2)
    publish(made, GraphStore(store.url))
    assert publish(made, GraphStore(store.url), with_merged_graph=False).removed == [MERGED_GRAPH]
    assert set(store.graphs) == {A, B, RECORD_GRAPH}


def test_nothing_to_do(store: Store, tmp_path: Path) -> None:
    """When the version lies there, nothing is written, unless it shall be put anew."""
    made = version(tmp_path, a=3, b=2)
    publish(made, GraphStore(store.url))
    store.log.clear()
    assert publish(made, GraphStore(store.url)).kept == [A, B, MERGED_GRAPH]
    assert store.log == [("GET", RECORD_GRAPH)]
    assert publish(made, GraphStore(store.url), anew=True).put == [A, B, MERGED_GRAPH]


def test_next_version(store: Store, tmp_path: Path) -> None:
    """What differs is put, what is gone is removed, what others put there stays."""
    publish(version(tmp_path, a=3, b=2, c=1), GraphStore(store.url))
    store.graphs["urn:of:others"] = b""
    store.log.clear()
    result = publish(version(tmp_path, a=3, b=4), GraphStore(store.url))
    assert (result.put, result.kept, result.removed) == ([B, MERGED_GRAPH], [A], [C])
    assert set(store.graphs) == {A, B, MERGED_GRAPH, RECORD_GRAPH, "urn:of:others"}


def test_a_graph_that_is_already_gone(store: Store, tmp_path: Path) -> None:
    """A graph that somebody has removed before is no obstacle."""
    publish(version(tmp_path, a=3, b=2), GraphStore(store.url))
    del store.graphs[B]
    assert publish(version(tmp_path, a=3), GraphStore(store.url)).removed == [B]


def test_between_two_versions(store: Store, tmp_path: Path) -> None:
    """From the first change to the last the record names no version, nor a graph in change."""
    publish(version(tmp_path, a=3, b=2), GraphStore(store.url))
    seen: list[Publication] = []

    class Watching(GraphStore):
        def put(self, graph: str, content: bytes | Path) -> None:
            if graph != RECORD_GRAPH:
                seen.append(store.publication())
                assert graph not in seen[-1].graphs
            super().put(graph, content)

    publish(version(tmp_path, a=4, b=3), Watching(store.url))
    assert len(seen) == 3
    publish(version(tmp_path, a=4, b=3, c=1), Watching(store.url), with_merged_graph=False)
    assert len(seen) == 4  # a graph came, and none was replaced
    assert all(not publication.version_id for publication in seen)


def test_killed_publication_goes_on(store: Store, tmp_path: Path) -> None:
    """After kill -9 the store says that it is between versions; the same command goes on."""
    made = version(tmp_path, **dict.fromkeys("abcdefgh", 3))
    store.delay = 0.05
    program = str(Path(sys.executable).parent / "klustergraf")
    command = [program, "--home", str(tmp_path), "publish"]
    process = subprocess.Popen(
        [*command, "--to", store.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert wait_until(lambda: len(store.put_graphs()) >= 4, 30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = store.publication()
    assert before.graphs
    assert not before.version_id
    done = subprocess.run(
        [*command, "--to", store.url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == made.id + "\n"
    assert store.publication().version_id == made.id
    # At most the one that was being put when it was killed was put twice.
    assert len(store.put_graphs()) <= 9 + 1


@pytest.mark.parametrize("scheme", ["basic", "digest", "bearer"])
def test_passwords(store: Store, tmp_path: Path, scheme: Any) -> None:
    """Each way to send a password works; a wrong one is told, and not shown."""
    store.password, store.scheme = "p", scheme
    made = version(tmp_path, a=3)
    publish(made, GraphStore(store.url, Credentials("u", "p", scheme)))
    assert f'"{made.id}"'.encode() in store.graphs[RECORD_GRAPH]
    with pytest.raises(EngineUnavailable, match=f"not take this.*sent as {scheme}") as caught:
        publish(made, GraphStore(store.url, Credentials("u", "wr0ng", scheme)))
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(EngineUnavailable, match="wants a name and a password"):
        publish(made, GraphStore(store.url))


def command(home: Path, *arguments: str, **environment: str) -> Result:
    """Run ``klustergraf publish``."""
    return CliRunner().invoke(main, ["--home", str(home), "publish", *arguments], env=environment)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "does not allow"),
        (404, "is no graph store"),
        (405, "is no graph store"),
        (500, "status 500: Sorry"),
        (302, "has moved to http://127.0.0.1:9/elsewhere"),
    ],
)
def test_refusals(store: Store, tmp_path: Path, status: int, says: str) -> None:
    """A store that refuses ends the command with status 2 and the reason."""
    made = version(tmp_path, a=3)
    publish(made, GraphStore(store.url))
    store.status = status
    result = command(tmp_path, "--to", store.url, "--anew")
    # Reading the record of a store that has none is no error; writing it is.
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_command(store: Store, tmp_path: Path) -> None:
    """The command prints the id; the password comes from the environment and is not shown."""
    made = version(tmp_path, a=3, b=1)
    store.password = "p"  # noqa: S105
    names = {"KLUSTERGRAF_STORE_USER": "u", "KLUSTERGRAF_STORE_PASSWORD": "p"}
    result = command(tmp_path, "--to", store.url, "--version", made.id[:10], **names)
    assert (result.exit_code, result.stdout) == (0, made.id + "\n")
    assert "3 graphs put, 0 left as they were, 0 removed." in result.stderr
    names |= {"KLUSTERGRAF_STORE_PASSWORD": "wr0ng"}
    result = command(tmp_path, "--to", store.url, **names)
    assert result.exit_code == 2
    assert "wr0ng" not in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--to"),
        (["--to", "ftp://127.0.0.1/"], "http://"),
        (["--to", "file:///etc/passwd"], "http://"),
        (["--to", "http://"], "http://"),
        (["--to", "http://u:s3cret@127.0.0.1/"], "KLUSTERGRAF_STORE_USER"),
        (["--to", "http://127.0.0.1:9/", "--user", "u"], "go together"),
        (["--to", "http://127.0.0.1:9/", "--version", "0000000"], "no version"),
        (["--to", "http://127.0.0.1:9/", "--timeout", "1"], "cannot be reached"),
    ],
)
def test_bad_use(tmp_path: Path, arguments: list[str], says: str) -> None:
    """What is asked wrongly ends with status 2 and a sentence."""
    version(tmp_path, a=1)
    result = command(tmp_path, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "s3cret" not in result.output


def test_what_is_no_graph_store(tmp_path: Path) -> None:
    """A page that answers everything with HTML is told apart from a store."""

    def page(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(b"<p>Welcome</p>")

    with served(page) as url, pytest.raises(EngineUnavailable, match="no graph store"):
        publish(version(tmp_path, a=1), GraphStore(url))


def test_statements_outside_of_graphs(tmp_path: Path) -> None:
    """A statement in no named graph is in the merge and in no other."""
    dataset = tmp_path / "dataset.nq"
    dataset.write_text("<urn:s> <urn:p> <urn:o> .\n<urn:s> <urn:p> <urn:o> <urn:g> .\n")
    files = split(dataset, tmp_path, with_merged_graph=True)
    assert {iri: graph.triples for iri, (_, graph) in files.items()} == {
        "urn:g": 1,
        MERGED_GRAPH: 1,
    }


_GRAPHS = st.dictionaries(
    st.sampled_from([A, B, C, MERGED_GRAPH]),
    st.builds(PublishedGraph, st.text("0123456789abcdef", min_size=64, max_size=64),
              st.integers(0, 10**9)),
)  # fmt: skip


@given(graphs=_GRAPHS, version_id=st.text("0123456789abcdef", max_size=64))
def test_record_round_trip(graphs: dict[str, PublishedGraph], version_id: str) -> None:
    """What the record says is read as it was written."""
    publication = Publication(graphs, version_id)
    quads = parse(publication.to_n_triples(), format=RdfFormat.N_TRIPLES)
    read = Publication.from_statements(
        (
            str(getattr(q.subject, "value", "")),
            q.predicate.value,
            str(getattr(q.object, "value", "")),
        )
        for q in quads
    )
    assert read == publication
