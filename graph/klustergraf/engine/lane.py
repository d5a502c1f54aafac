"""The serving process's side of the keeper: its process, and a lane to each worker."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Final

from klustergraf.engine import frames
from klustergraf.engine.allocator import SYSTEM, preloaded
from klustergraf.engine.change import Change
from klustergraf.engine.keeper import HANDED_OVER, SUCCESSION
from klustergraf.errors import EngineUnavailable, GraphParseError
from klustergraf.fresh import command

# What the keeper may need to notice something; past this it is held to be stuck.
GRACE_SECONDS: Final = 5.0


class Lane:
    """A worker, and the two sockets that lead to it. Whoever holds it owns it."""

    def __init__(self, channel: int, watch: int, pidfd: int) -> None:
        self.channel = socket.socket(fileno=channel)
        self.watch = socket.socket(fileno=watch)
        self._pidfd = pidfd
        self.is_closed = False
        self._poll = select.poll()
        self._poll.register(pidfd, select.POLLIN)

    @property
    def is_alive(self) -> bool:
        """Whether the worker still runs."""
        return not self._poll.poll(0)

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
        self.channel.close()
        self.watch.close()
        os.close(self._pidfd)


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

    Made by :meth:`start`, or by :meth:`successor` of the keeper before.
    """

    def __init__(self, control: socket.socket, guardian: _Guardian, name: str) -> None:
        self._asking = threading.Lock()
        self._ending = threading.Lock()
        self._control = control
        self._guardian: _Guardian | None = guardian
        self._pidfd: int | None = None
        guardian.keep()
        try:
            report = self._await_loaded(name)
            self.pid: int = report["pid"]
            self.graphs = frozenset[str](report["graphs"])
            self._pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError as exc:
            self.close()
            raise EngineUnavailable(f"The engine ended after it had loaded {name}.") from exc
        except BaseException:
            self.close()
            raise

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
        descriptor = str(theirs.fileno())
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own code, and no shell
                command(
                    "klustergraf.engine.keeper",
                    *(
                        descriptor,
                        str(dataset_path),
                        default_graph,
                        str(memory_mb),
                        str(folder or ""),
                    ),
                ),
                pass_fds=[theirs.fileno()],
                env={**os.environ, **preloaded(allocator)},  # noqa: TID251 - handed on, not read
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt from the keyboard is for the service alone
            )
        return cls(control, _Guardian(process), dataset_path.name)

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
        (control,) = self._ask(b"s" + order, SUCCESSION)
        return KeeperProcess(socket.socket(fileno=control), self._guardian, name)

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


def _has_ended(pidfd: int, seconds: float) -> bool:
    """Wait so long for a process to end, and tell whether it has."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
