"""The serving process's side of the keeper: its process, and a lane to each worker."""

import asyncio
import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from klustergraf.engine import frames
from klustergraf.engine.allocator import SYSTEM, preloaded
from klustergraf.engine.change import Change
from klustergraf.engine.columns.outcome import ColumnsState, Outcome
from klustergraf.engine.keeper import HANDED_OVER, SUCCESSION
from klustergraf.errors import EngineUnavailable, GraphParseError
from klustergraf.fresh import command

# What the keeper may need to notice something; past this it is held to be stuck.
GRACE_SECONDS: Final = 5.0
_READ_BYTES: Final = 1 << 18

_log = logging.getLogger(__name__)


class Lane:
    """A worker, and the two sockets that lead to it. Whoever holds it owns it."""

    def __init__(self, channel: int, watch: int, pidfd: int) -> None:
        self.channel = socket.socket(fileno=channel)
        self.watch = socket.socket(fileno=watch)
        self._pidfd = pidfd
        self.is_closed = False
        self.is_late = False
        self._poll = select.poll()
        self._poll.register(pidfd, select.POLLIN)
        self._lock = threading.Lock()
        self._reader: _Reader | None = None
        self._receive: Callable[[bytes], None] | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the worker still runs."""
        return not self._poll.poll(0)

    def listen(self, receive: Callable[[bytes], None], due: float) -> None:
        """Have the next bytes given to a function, in the event loop that runs; none: the end.

        The channel stays with the loop from one query to the next, for to take it there and back
        takes as long as to read an answer. ``due``: when a worker that has sent nothing is killed
        (:attr:`is_late`), on the clock of ``time.monotonic``.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            self._receive, self._due = receive, due
            if self._reader is None or self._reader.loop is not loop:
                # One of another loop ends there, as soon as something comes.
                self._reader, self._timer = _Reader(loop, self.channel, self._on_readable), None
        if self._timer is None:
            self._timer = loop.call_later(max(due - time.monotonic(), 0), self._on_time, loop)

    def _on_readable(self, reader: "_Reader") -> None:
        with self._lock:
            is_mine = reader is self._reader
            receive = self._receive if is_mine else None
            if receive is None:  # a thread or another loop wants them, or nobody does now
                reader.stop()
                if is_mine:
                    self._reader = None
                return
            self._receive = None
        try:
            data = self.channel.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._receive = receive
            return
        except OSError:
            data = b""  # the worker died with our bytes unread: the same as an end
        if not data:
            with self._lock:
                self._reader = None
            reader.stop()
        receive(data)

    def _on_time(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._receive is None or self._reader is None or self._reader.loop is not loop:
            return
        left = self._due - time.monotonic()
        if left > 0:
            self._timer = loop.call_later(left, self._on_time, loop)
        else:
            self.is_late = True
            self.kill()

    def kill(self) -> None:
        """End the worker, and wake whoever waits for its bytes. In any thread, before close."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        for end in (self.channel, self.watch):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back the descriptors; an idle worker then ends by itself."""
        self.is_closed = True
        with self._lock:
            reader, self._reader = self._reader, None
        if reader is not None and reader.loop is _running_loop():
            reader.stop()
            if self._timer is not None:
                self._timer.cancel()
        elif reader is not None:
            # Its loop takes that for an end; so does the worker, whatever is open here.
            with contextlib.suppress(OSError):
                self.channel.shutdown(socket.SHUT_RDWR)
        self.channel.close()
        self.watch.close()
        os.close(self._pidfd)


class _Reader:
    """What looks for bytes on a channel, for one event loop.

    It has a descriptor of its own: only the loop may close one that it looks at, but others may
    close the channel.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        channel: socket.socket,
        call: "Callable[[_Reader], None]",
    ) -> None:
        self.loop = loop
        self._descriptor = os.dup(channel.fileno())
        loop.add_reader(self._descriptor, call, self)

    def stop(self) -> None:
        """Look no more. In the loop alone; may be called twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self.loop.remove_reader(descriptor)
            os.close(descriptor)

    def __del__(self) -> None:
        if self._descriptor >= 0:  # the loop was closed
            os.close(self._descriptor)


class _Guardian:
    """The process that buries the keepers of one line of versions, and who still needs one."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._lock = threading.Lock()
        self._keepers = 0

    def keep(self) -> None:
        """Count a keeper."""
        with self._lock:
            self._keepers += 1

    def let_go(self) -> None:
        """Count a keeper as ended. With the last, the guardian ends as well."""
        with self._lock:
            self._keepers -= 1
            if self._keepers:
                return
        try:
            self._process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            # It leads the group that its keepers and their workers are in.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class KeeperProcess:
    """A running keeper, and the socket on which it is asked for workers.

    Made by :meth:`start`, or by :meth:`successor` of the keeper before. ``columns``: what has
    become of the dataset's columns so far.
    """

    def __init__(
        self, control: socket.socket, news: socket.socket, guardian: _Guardian, name: str
    ) -> None:
        self.columns = Outcome(ColumnsState.MAKING)
        self._asking = threading.Lock()
        self._ending = threading.Lock()
        self._control = control
        self._guardian: _Guardian | None = guardian
        self._pidfd: int | None = None
        guardian.keep()
        # It waits for one thing and ends, at the latest with the keeper.
        threading.Thread(target=self._hear, args=[news, name], daemon=True).start()
        try:
            report = self._await_loaded(name)
            self.pid: int = report["pid"]
            self.graphs = frozenset[str](report["graphs"])
            self._pidfd = os.pidfd_open(self.pid)
            _log.info(
                "the keeper %d has loaded %s", self.pid, name, extra={"walls": report["walls"]}
            )
        except ProcessLookupError as exc:
            self.close()
            raise EngineUnavailable(f"The engine ended after it had loaded {name}.") from exc
        except BaseException:
            self.close()
            raise

    def _hear(self, news: socket.socket, name: str) -> None:
        """Wait for what becomes of the columns, and say it in the log."""
        with news:
            header = frames.receive_exactly(news, frames.HEADER.size)
            if len(header) < frames.HEADER.size:
                return  # the keeper has ended before; its dataset has no use for columns
            told = frames.receive_exactly(news, frames.HEADER.unpack(header)[1])
        self.columns = outcome = Outcome.from_bytes(told)
        is_fault = outcome.state is ColumnsState.FAILED
        _log.log(
            logging.WARNING if is_fault else logging.INFO,
            "%s: %s",
            name,
            outcome.text,
            extra={"columns": outcome.state.value},
        )

    @classmethod
    def start(
        cls,
        dataset_path: Path,
        default_graph: str,
        memory_mb: int,
        folder: Path | None = None,
        allocator: str = SYSTEM,
    ) -> "KeeperProcess":
        """Start a keeper, and wait until it has loaded the dataset.

        ``folder``: where the dataset's store lies or shall lie, if not in memory; ``allocator``: as
        for :func:`klustergraf.engine.allocator.preloaded`.
        Errors: GraphParseError, EngineUnavailable when the dataset cannot be loaded.
        """
        control, theirs = socket.socketpair()
        news, told = socket.socketpair()
        with theirs, told:
            process = subprocess.Popen(  # noqa: S603 - our own code, and no shell
                command(
                    "klustergraf.engine.keeper",
                    *(
                        str(theirs.fileno()),
                        str(told.fileno()),
                        str(dataset_path),
                        default_graph,
                        str(memory_mb),
                        str(folder or ""),
                    ),
                ),
                pass_fds=[theirs.fileno(), told.fileno()],
                env={**os.environ, **preloaded(allocator)},  # noqa: TID251 - handed on, not read
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt from the keyboard is for the service alone
            )
        return cls(control, news, _Guardian(process), dataset_path.name)

    def _await_loaded(self, name: str) -> dict[str, Any]:
        header = frames.receive_exactly(self._control, frames.HEADER.size)
        if len(header) < frames.HEADER.size:
            raise EngineUnavailable(f"The engine ended while it loaded {name}.")
        kind, size = frames.HEADER.unpack(header)
        report: dict[str, Any] = json.loads(frames.receive_exactly(self._control, size))
        if kind == frames.HEAD:
            return report
        if report["error"] == "GraphParseError":
            raise GraphParseError(name, report["reason"], report["line"], report["column"])
        raise EngineUnavailable(f"The engine cannot load {name}: {report['reason']}")

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        with self._ending:
            return self._pidfd is not None and not _has_ended(self._pidfd, 0)

    def open_lane(self) -> Lane:
        """Ask for a worker.

        Errors: OSError when the keeper has died.
        """
        return Lane(*self._ask(b"w", HANDED_OVER))

    def successor(self, change: Change, name: str) -> "KeeperProcess":
        """Have the keeper of the next version made, by a change of this one's dataset.

        ``name``: what the next dataset is called in errors.
        Errors: OSError when the keeper has died; EngineUnavailable.
        """
        if self._guardian is None:
            raise EngineUnavailable("The engine is closed.")
        order = frames.frame(frames.CHANGE, change.to_bytes())
        control, news = (socket.socket(fileno=n) for n in self._ask(b"s" + order, SUCCESSION))
        return KeeperProcess(control, news, self._guardian, name)

    def _ask(self, order: bytes, wanted: int) -> list[int]:
        with self._asking:
            self._control.sendall(order)
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, wanted)
        if len(descriptors) < wanted:
            raise ConnectionResetError
        return descriptors

    def close(self) -> None:
        """End the keeper, and with it its workers; leave no process behind. May be called twice."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        with self._ending:
            pidfd, self._pidfd = self._pidfd, None
            guardian, self._guardian = self._guardian, None
        if pidfd is not None:
            if not _has_ended(pidfd, GRACE_SECONDS):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)
        if guardian is not None:
            guardian.let_go()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _has_ended(pidfd: int, seconds: float) -> bool:
    """Wait so long for a process to end, and tell whether it has."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
