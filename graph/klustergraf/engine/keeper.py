"""The keeper: the process that loads the dataset and forks workers.

It is started as a fresh interpreter: nothing of the serving process (threads, sockets, secrets) is
in it. It has one thread, loads the dataset once, and forks workers, which share its memory
copy-on-write. On the *control* socket the serving process asks for a worker with ``w``, and is
handed three descriptors: the *channel* to the worker (:mod:`klustergraf.engine.frames`), a *watch*,
and the worker's pidfd, with which it can kill it. When a worker ends, the keeper says how on its
watch, JSON ``{"code"}``, and closes it. One worker is always ready to be handed out.

With ``s`` and a frame with a change of the dataset (:mod:`klustergraf.engine.change`) the serving
process asks for a *successor*: a fork of the keeper that makes the change to its store and is the
keeper of the next version. It is handed the successor's control socket and its news. The keepers of
one line of versions share a *guardian*, the process that was started: it does nothing but bury
them, in whatever order they end, and ends with the last.

Once it has loaded, a child of the keeper derives columns from the store
(:mod:`klustergraf.engine.columns`), in memory that all workers see: what they answer faster with.
What became of them goes to the serving process as a frame ``N`` on the socket *news*, once.
"""

import contextlib
import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from klustergraf.engine.change import Change, changed
from klustergraf.engine.columns.outcome import ColumnsState, Outcome
from klustergraf.engine.disk import available_bytes, load_from_disk, open_files
from klustergraf.engine.frames import HEAD, HEADER, NEWS, error_frame, frame, receive_exactly
from klustergraf.engine.loading import Loaded, load
from klustergraf.engine.own_copy import copyable
from klustergraf.engine.walls import Walls, tried
from klustergraf.engine.worker import work

_MEBIBYTE = 1024 * 1024
HANDED_OVER = 3  # descriptors of a worker
SUCCESSION = 2  # descriptors of a successor
_PR_SET_CHILD_SUBREAPER = 36
# Imported while the dataset is loaded, which it would hold up.
_COLUMNS: Final = "klustergraf.engine.columns.filling"
# After a change another may follow soon; columns that nobody would use are not worth making.
_REST_SECONDS: Final = 2.0
_TIMES_MEMORY: Final = 3


@dataclass
class _Worker:
    """A forked worker. ``handed`` are the serving process's ends, until it has them."""

    pid: int
    pidfd: int
    watch: socket.socket
    handed: tuple[socket.socket, socket.socket] | None


class Keeper:
    """The loop that forks workers, hands them out, and buries them."""

    def __init__(
        self,
        loaded: Loaded,
        control: socket.socket,
        news: socket.socket,
        memory_bytes: int,
        default_graph: str,
        walls: Walls,
        rest_seconds: float = 0.0,
    ) -> None:
        self._loaded = loaded
        self._control = control
        self._news = news
        self._memory_bytes = memory_bytes
        self._default_graph = default_graph
        self._walls = walls
        # A store on disk is read from the system's cache, which all share.
        self._copyable = copyable(available_bytes()) if loaded.folder is None else []
        self._selector = selectors.DefaultSelector()
        self._spare: _Worker | None = None
        self._workers: dict[int, _Worker] = {}
        self._filling: int | None = None  # the pidfd of the process that fills the columns
        self._fill_columns(rest_seconds)

    def _fill_columns(self, rest_seconds: float) -> None:
        """Have columns made of what is loaded, where there is memory for them."""
        self._loaded = replace(self._loaded, rewritten=None)
        size = sum(end - begin for begin, end in self._copyable)
        # Whoever reads the store copies its memory, as the warm worker does at the same time.
        if self._loaded.folder is not None:
            self._tell(Outcome(ColumnsState.ON_DISK))
        elif not 0 < _TIMES_MEMORY * size < available_bytes():
            self._tell(Outcome(ColumnsState.NO_MEMORY))
        else:
            columns = import_module(_COLUMNS).Columns(size)
            pid = columns.fill(self._loaded, rest_seconds, self._tell)
            self._filling = os.pidfd_open(pid)
            self._selector.register(
                self._filling, selectors.EVENT_READ, partial(self._bury_filling, pid)
            )
            self._loaded = replace(self._loaded, rewritten=columns.rewritten)

    def _tell(self, outcome: Outcome) -> None:
        """Tell the serving process what became of the columns. It may want to know no more."""
        with contextlib.suppress(OSError):
            self._news.sendall(frame(NEWS, outcome.to_bytes()))

    def _bury_filling(self, pid: int) -> None:
        if self._filling is not None:
            self._selector.unregister(self._filling)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code:
                reason = f"the process that made them ended with status {code}"
                self._tell(Outcome(ColumnsState.FAILED, reason=reason))
            os.close(self._filling)
            self._filling = None

    def run(self) -> "Keeper":
        """Serve until the serving process closes the control socket.

        Returns in a successor alone: the keeper that it shall be.
        """
        self._selector.register(self._control, selectors.EVENT_READ, None)
        while True:
            if self._spare is None:
                self._spare = self._fork()
            for key, _ in self._selector.select():
                if key.data is not None:
                    bury: Callable[[], None] = key.data
                    bury()
                elif (successor := self._obey()) is not None:
                    return successor

    def _fork(self) -> _Worker:
        channel, workers_channel = socket.socketpair()
        watch, keepers_watch = socket.socketpair()
        keeper_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            shared = self._copyable
            limit = self._memory_bytes
            work(self._loaded, workers_channel, keeper_pid, limit, shared, self._walls)
        workers_channel.close()
        worker = _Worker(pid, os.pidfd_open(pid), keepers_watch, (channel, watch))
        self._workers[pid] = worker
        self._selector.register(worker.pidfd, selectors.EVENT_READ, partial(self._bury, worker))
        return worker

    def _obey(self) -> "Keeper | None":
        command = self._control.recv(1)
        if command == b"w":
            self._hand_over()
        elif command == b"s":
            return self._hand_on()
        else:
            self._end()
        return None

    def _hand_on(self) -> "Keeper | None":
        """Fork the keeper of the next version; give that in the fork alone."""
        header = receive_exactly(self._control, HEADER.size)
        if len(header) < HEADER.size:
            self._end()
        content = receive_exactly(self._control, HEADER.unpack(header)[1])
        control, successors_control = socket.socketpair()
        news, successors_news = socket.socketpair()
        if os.fork() == 0:
            control.close()
            news.close()
            return self._succeeded(content, successors_control, successors_news)
        successors_control.close()
        successors_news.close()
        with control, news:
            try:
                socket.send_fds(self._control, [b"s"], [control.fileno(), news.fileno()])
            except OSError:
                self._end()
        return None

    def _succeeded(self, content: bytes, control: socket.socket, news: socket.socket) -> "Keeper":
        """Make the keeper of the next version, and keep nothing but the store of this one."""
        self._selector.close()
        self._control.close()
        self._news.close()
        for worker in self._workers.values():
            self._let_go(worker)
            worker.watch.close()
            os.close(worker.pidfd)
        if self._filling is not None:
            os.close(self._filling)
        try:
            loaded = changed(self._loaded, Change.from_bytes(content), self._default_graph)
        except (OSError, ValueError, SyntaxError) as exc:
            control.sendall(error_frame("EngineUnavailable", reason=str(exc)))
            os._exit(1)
        walls = self._walls
        control.sendall(frame(HEAD, json.dumps(_told(loaded, walls)).encode()))
        memory_bytes = self._memory_bytes
        graph = self._default_graph
        return Keeper(loaded, control, news, memory_bytes, graph, walls, _REST_SECONDS)

    def _hand_over(self) -> None:
        worker, self._spare = self._spare or self._fork(), None
        if worker.handed is not None:
            channel, watch = worker.handed
            descriptors = [channel.fileno(), watch.fileno(), worker.pidfd]
            try:
                socket.send_fds(self._control, [b"w"], descriptors)
            except OSError:
                self._end()
            self._let_go(worker)

    def _let_go(self, worker: _Worker) -> None:
        for end in worker.handed or ():
            end.close()
        worker.handed = None

    def _bury(self, worker: _Worker) -> None:
        """Take leave of a worker that has ended, and tell the serving process how."""
        if self._spare is worker:
            self._spare = None
        self._selector.unregister(worker.pidfd)
        del self._workers[worker.pid]
        _, status = os.waitpid(worker.pid, 0)
        os.close(worker.pidfd)
        self._let_go(worker)
        code = os.waitstatus_to_exitcode(status)
        # Who no longer wants to know has closed the other end.
        with contextlib.suppress(OSError):
            worker.watch.sendall(json.dumps({"code": code}).encode())
        worker.watch.close()

    def _end(self) -> NoReturn:
        for worker in self._workers.values():
            signal.pidfd_send_signal(worker.pidfd, signal.SIGKILL)
            os.waitpid(worker.pid, 0)
        os._exit(0)


def _told(loaded: Loaded, walls: Walls) -> dict[str, object]:
    """Tell the serving process of a keeper that is ready."""
    return {"graphs": loaded.graphs, "pid": os.getpid(), "walls": walls.names(loaded.folder)}


def _guard() -> None:
    """Fork, and return in the child; the parent buries every keeper, and ends with the last."""
    # A successor whose predecessor has ended becomes a child of this process.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if os.fork() == 0:
        return
    # The serving process notices by its control socket that a keeper has ended.
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def main() -> None:
    """Run as the keeper, as the arguments say."""
    descriptor, news_descriptor, path, default_graph, memory_mb, folder = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    news = socket.socket(fileno=int(news_descriptor))
    os.putenv("RUST_BACKTRACE", "0")
    os.putenv("OPENBLAS_NUM_THREADS", "1")  # numpy's: a process that forks has one thread
    _guard()
    importing = threading.Thread(target=import_module, args=[_COLUMNS])
    importing.start()
    try:
        if folder:
            loaded = load_from_disk(Path(path), default_graph, Path(folder))
        else:
            loaded = load(Path(path), default_graph)
        importing.join()
        walls = tried(loaded.folder)
        if loaded.folder is not None:
            may_open = walls.may_open(loaded.folder)
            open_files(loaded.store, loaded.folder, every=not may_open)
    except SyntaxError as exc:
        control.sendall(
            error_frame("GraphParseError", reason=exc.msg, line=exc.lineno, column=exc.offset)
        )
        return
    except (OSError, ValueError) as exc:
        control.sendall(error_frame("EngineUnavailable", reason=str(exc)))
        return
    control.sendall(frame(HEAD, json.dumps(_told(loaded, walls)).encode()))
    # What lives now is never looked at again by the collector: it would only dirty shared pages.
    gc.collect()
    gc.freeze()
    gc.disable()
    keeper = Keeper(loaded, control, news, int(memory_mb) * _MEBIBYTE, default_graph, walls)
    del loaded
    while True:
        keeper = keeper.run()
