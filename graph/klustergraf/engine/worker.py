"""The keeper and its workers: the processes in which queries run.

A script of its own, started as a fresh interpreter: nothing of the serving process (threads,
sockets, secrets) is in it, and it imports no other module of ours.

The *keeper* has one thread. It loads the dataset once and forks workers, which share its memory
copy-on-write. A *worker* runs one query, serialises the answer itself, writes it as frames to the
socket it was handed, and ends. Before it sees the query it gives up what it could do harm with:
it holds three descriptors and may open no other (so no file and no connection), and its memory is
bounded. The keeper kills it at its deadline and when the reader hangs up.

Frames: one byte of type, four bytes of length (big-endian), the payload.

``H`` head of the answer, JSON ``{"kind", "media_type"}``; ``D`` a piece of the answer; ``E`` the
answer is complete; ``X`` an error instead, JSON ``{"error", …}``. A stream that ends without ``E``
or ``X`` has broken off. On the *watch* socket the keeper says why, JSON ``{"cause", …}``; the
reader hangs up by closing it.
"""

import contextlib
import ctypes
import gc
import io
import json
import os
import re
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NoReturn, cast

import pyoxigraph as ox

HEADER: Final = struct.Struct("!cI")
DISPATCH: Final = struct.Struct("!dQ")  # seconds until the deadline, bytes of memory
HEAD: Final = b"H"
DATA: Final = b"D"
END: Final = b"E"
ERROR: Final = b"X"

_PIECE = 64 * 1024
_SPARES = 2
_PR_SET_PDEATHSIG = 1
_CHARACTER_CLASSES = re.compile(r",?\s*\[(?:'[^']*'|[^\[\]'])*\]")
_PLACE = re.compile(r"^(?:error|Parser error) at (?:line )?(\d+)(?::| column )(\d+)(?:: | )")


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Put a payload into a frame."""
    return HEADER.pack(kind, len(payload)) + payload


def error_frame(error: str, **members: Any) -> bytes:
    """Put an error into a frame: the name of its class in ``klustergraf.errors``, and its data."""
    return frame(ERROR, json.dumps({"error": error, **members}).encode())


def receive_exactly(source: socket.socket, size: int) -> bytes:
    """Read so many bytes; fewer come only at the end of the stream."""
    pieces = bytearray()
    while len(pieces) < size:
        piece = source.recv(min(size - len(pieces), 1 << 20))
        if not piece:
            break
        pieces += piece
    return bytes(pieces)


class _FrameWriter(io.RawIOBase):
    """Where the engine serialises to: gathers pieces, and sends the head with the first one."""

    def __init__(self, sink: socket.socket, head: bytes) -> None:
        self._sink = sink
        self._head = head
        self._gathered = bytearray()
        self.broken = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._gathered += data
        if len(self._gathered) >= _PIECE:
            self._send(b"")
        return len(data)

    def finish(self) -> None:
        """Send what is left and the end."""
        self._send(frame(END))

    def _send(self, tail: bytes) -> None:
        body = frame(DATA, bytes(self._gathered)) if self._gathered else b""
        try:
            self._sink.sendall(self._head + body + tail)
        except OSError:
            self.broken = True
            raise
        self._head = b""
        self._gathered.clear()


def _syntax_error(exc: SyntaxError) -> bytes:
    """Report where the parser stopped, without the character classes that it lists."""
    text = " ".join(str(exc.msg).split())
    place = _PLACE.match(text)
    reason = _CHARACTER_CLASSES.sub("", text[place.end() :] if place else text).strip(" ,")
    reason = reason.replace("IRI parsing failed", "an absolute IRI")
    return error_frame(
        "SparqlSyntaxError",
        reason="the query ends too early or goes on where it cannot"
        if reason in ("expected", "expected one of")
        else reason,
        line=int(place[1]) if place else None,
        column=int(place[2]) if place else None,
    )


def _answer(store: ox.Store, job: dict[str, Any], sink: socket.socket) -> None:
    """Run the query of a job and write its answer."""
    dataset: dict[str, Any] = {}
    if job["default_graphs"] or job["named_graphs"]:
        dataset["default_graph"] = [ox.NamedNode(iri) for iri in job["default_graphs"]]
        dataset["named_graphs"] = [ox.NamedNode(iri) for iri in job["named_graphs"]]
    writer = None
    try:
        result = store.query(job["text"], **dataset)
        if isinstance(result, ox.QueryTriples):
            kind, media_type = "triples", job["triples_format"]
        else:
            media_type = job["results_format"]
            kind = "boolean" if isinstance(result, ox.QueryBoolean) else "solutions"
        head = {"kind": kind, "media_type": media_type}
        writer = _FrameWriter(sink, frame(HEAD, json.dumps(head).encode()))
        output = cast(IO[bytes], writer)
        if isinstance(result, ox.QueryTriples):
            result.serialize(output, format=ox.RdfFormat.from_media_type(media_type))
        else:
            result.serialize(output, format=ox.QueryResultsFormat.from_media_type(media_type))
        writer.finish()
    except SyntaxError as exc:
        sink.sendall(_syntax_error(exc))
    except MemoryError:
        sink.sendall(error_frame("QueryResourcesExceeded", reason="memory"))
    except RuntimeError as exc:
        sink.sendall(error_frame("SparqlSyntaxError", reason=str(exc), line=None, column=None))
    except OSError:
        # The store lies in memory: only what the query itself tried to reach can fail so.
        if writer is None or not writer.broken:
            sink.sendall(error_frame("QueryRefused", reason="outside"))


def _shut_in(memory_bytes: int) -> None:
    """Give up every right that a query does not need. Descriptors 0, 1 and 2 are in use."""
    data_pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    memory_bytes += data_pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _work(store: ox.Store, orders: socket.socket, keeper_pid: int) -> NoReturn:
    """Wait for one query, run it, and end. Never returns into the keeper's code."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper_pid:
            os._exit(1)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(orders.detach(), 0)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.closerange(3, max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1)
        with socket.socket(fileno=0) as inbox:
            order, descriptors, _, _ = socket.recv_fds(inbox, DISPATCH.size, 1)
            if not descriptors:
                os._exit(0)
            inbox.detach()
        os.dup2(descriptors[0], 0)
        os.close(descriptors[0])
        _, memory_bytes = DISPATCH.unpack(order)
        _shut_in(memory_bytes)
        sink = socket.socket(fileno=0)
        _, size = HEADER.unpack(receive_exactly(sink, HEADER.size))
        _answer(store, json.loads(receive_exactly(sink, size)), sink)
        status = 0
    finally:
        os._exit(status)


@dataclass
class _Worker:
    """A forked worker: gets its query through ``orders``, then has a watch and a deadline."""

    pid: int
    pidfd: int
    orders: socket.socket
    watch: socket.socket | None = None
    deadline: float = float("inf")
    cause: str = "ended"
    buried: bool = False


class Keeper:
    """The loop that forks workers, hands them queries, and kills them in time."""

    def __init__(self, store: ox.Store, control: socket.socket) -> None:
        self._store = store
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._spares: list[_Worker] = []
        self._busy: list[_Worker] = []

    def run(self) -> None:
        """Serve until the serving process closes the control socket."""
        self._selector.register(self._control, selectors.EVENT_READ, self._dispatch)
        while True:
            while len(self._spares) < _SPARES:
                self._spares.append(self._fork())
            now = time.monotonic()
            wait = min((w.deadline - now for w in self._busy), default=float("inf"))
            events = self._selector.select(None if wait == float("inf") else max(wait, 0))
            for key, _ in events:
                key.data()
            now = time.monotonic()
            for worker in [w for w in self._busy if w.deadline <= now]:
                self._kill(worker, "deadline")

    def _fork(self) -> _Worker:
        ours, theirs = socket.socketpair()
        keeper_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            _work(self._store, theirs, keeper_pid)
        theirs.close()
        worker = _Worker(pid, os.pidfd_open(pid), ours)
        self._selector.register(worker.pidfd, selectors.EVENT_READ, lambda: self._bury(worker))
        return worker

    def _dispatch(self) -> None:
        order, descriptors, _, _ = socket.recv_fds(self._control, DISPATCH.size, 2)
        if len(order) < DISPATCH.size or len(descriptors) < 2:
            self._end()
        channel, watch = descriptors
        worker = self._spares.pop(0) if self._spares else self._fork()
        try:
            socket.send_fds(worker.orders, [order], [channel])
        except OSError:
            worker.cause = "lost"
        os.close(channel)
        worker.orders.close()
        worker.watch = socket.socket(fileno=watch)
        worker.deadline = time.monotonic() + DISPATCH.unpack(order)[0]
        self._busy.append(worker)
        self._selector.register(
            worker.watch, selectors.EVENT_READ, lambda: self._kill(worker, "hung up")
        )

    def _kill(self, worker: _Worker, cause: str) -> None:
        if worker.buried:
            return
        worker.cause = cause
        signal.pidfd_send_signal(worker.pidfd, signal.SIGKILL)
        self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """Take leave of a worker that has ended, and tell the reader how.

        May be called twice: in one round it can end, be hung up on and reach its deadline.
        """
        if worker.buried:
            return
        worker.buried = True
        self._selector.unregister(worker.pidfd)
        _, status = os.waitpid(worker.pid, 0)
        os.close(worker.pidfd)
        if worker.watch is None:
            worker.orders.close()
            self._spares.remove(worker)
        else:
            self._busy.remove(worker)
            self._selector.unregister(worker.watch)
            code = os.waitstatus_to_exitcode(status)
            # A reader that has all it wanted is gone.
            with contextlib.suppress(OSError):
                worker.watch.sendall(json.dumps({"cause": worker.cause, "code": code}).encode())
            worker.watch.close()

    def _end(self) -> NoReturn:
        for worker in (*self._spares, *self._busy):
            signal.pidfd_send_signal(worker.pidfd, signal.SIGKILL)
            os.waitpid(worker.pid, 0)
        os._exit(0)


def load(path: str, default_graph: str) -> ox.Store:
    """Load a dataset into memory.

    ``union`` puts every triple of the named graphs into the default graph as well, where each
    stands once. The engine's own option for this counts a triple once per graph it stands in
    (not the RDF merge that SPARQL 1.1 Query, section 13.1 speaks of) and ignores ``FROM``.
    """
    store = ox.Store()
    store.bulk_load(path=path)
    if default_graph == "union":
        store.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
    return store


def main() -> None:
    """Run as the keeper: arguments are the control descriptor, the path, the default graph."""
    descriptor, path, default_graph = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    os.putenv("RUST_BACKTRACE", "0")
    try:
        store = load(path, default_graph)
    except SyntaxError as exc:
        control.sendall(
            error_frame("GraphParseError", reason=exc.msg, line=exc.lineno, column=exc.offset)
        )
        return
    except (OSError, ValueError) as exc:
        control.sendall(error_frame("EngineUnavailable", reason=str(exc)))
        return
    graphs = [graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)]
    control.sendall(frame(HEAD, json.dumps({"graphs": graphs}).encode()))
    # What lives now is never looked at again by the collector: it would only dirty shared pages.
    gc.collect()
    gc.freeze()
    gc.disable()
    Keeper(store, control).run()


if __name__ == "__main__":
    main()
