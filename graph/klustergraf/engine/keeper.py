"""The keeper: the process that loads the dataset and forks workers.

It is started as a fresh interpreter: nothing of the serving process (threads, sockets, secrets) is
in it. It has one thread, loads the dataset once, and forks workers, which share its memory
copy-on-write. On the *control* socket the serving process asks for a worker with one byte, and is
handed three descriptors: the *channel* to the worker (:mod:`klustergraf.engine.frames`), a *watch*,
and the worker's pidfd, with which it can kill it. When a worker ends, the keeper says how on its
watch, JSON ``{"code"}``, and closes it. One worker is always ready to be handed out.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from klustergraf.engine.disk import available_bytes, load_from_disk
from klustergraf.engine.frames import HEAD, error_frame, frame
from klustergraf.engine.loading import Loaded, load
from klustergraf.engine.own_copy import copyable
from klustergraf.engine.worker import work

_MEBIBYTE = 1024 * 1024
HANDED_OVER = 3  # descriptors


@dataclass
class _Worker:
    """A forked worker. ``handed`` are the serving process's ends, until it has them."""

    pid: int
    pidfd: int
    watch: socket.socket
    handed: tuple[socket.socket, socket.socket] | None


class Keeper:
    """The loop that forks workers, hands them out, and buries them."""

    def __init__(self, loaded: Loaded, control: socket.socket, memory_bytes: int) -> None:
        self._loaded = loaded
        self._control = control
        self._memory_bytes = memory_bytes
        # A store on disk is read from the system's cache, which all share.
        self._copyable = copyable(available_bytes()) if loaded.folder is None else []
        self._selector = selectors.DefaultSelector()
        self._spare: _Worker | None = None
        self._workers: dict[int, _Worker] = {}

    def run(self) -> NoReturn:
        """Serve until the serving process closes the control socket."""
        self._selector.register(self._control, selectors.EVENT_READ, None)
        while True:
            if self._spare is None:
                self._spare = self._fork()
            for key, _ in self._selector.select():
                if key.data is None:
                    self._hand_over()
                else:
                    self._bury(key.data)

    def _fork(self) -> _Worker:
        channel, workers_channel = socket.socketpair()
        watch, keepers_watch = socket.socketpair()
        keeper_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            work(self._loaded, workers_channel, keeper_pid, self._memory_bytes, self._copyable)
        workers_channel.close()
        worker = _Worker(pid, os.pidfd_open(pid), keepers_watch, (channel, watch))
        self._workers[pid] = worker
        self._selector.register(worker.pidfd, selectors.EVENT_READ, worker)
        return worker

    def _hand_over(self) -> None:
        if not self._control.recv(1):
            self._end()
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


def main() -> None:
    """Run as the keeper, as the arguments say."""
    descriptor, path, default_graph, memory_mb, folder = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    os.putenv("RUST_BACKTRACE", "0")
    try:
        if folder:
            loaded = load_from_disk(Path(path), default_graph, Path(folder))
        else:
            loaded = load(Path(path), default_graph)
    except SyntaxError as exc:
        control.sendall(
            error_frame("GraphParseError", reason=exc.msg, line=exc.lineno, column=exc.offset)
        )
        return
    except (OSError, ValueError) as exc:
        control.sendall(error_frame("EngineUnavailable", reason=str(exc)))
        return
    control.sendall(frame(HEAD, json.dumps({"graphs": loaded.graphs}).encode()))
    # What lives now is never looked at again by the collector: it would only dirty shared pages.
    gc.collect()
    gc.freeze()
    gc.disable()
    Keeper(loaded, control, int(memory_mb) * _MEBIBYTE).run()
