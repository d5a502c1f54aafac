"""The serving process's side of the keeper: its process, and a lane to each worker."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from klustergraf.engine import frames
from klustergraf.engine.keeper import HANDED_OVER
from klustergraf.errors import EngineUnavailable, GraphParseError

# What the keeper may need to notice something; past this it is held to be stuck.
GRACE_SECONDS: Final = 5.0
_SOURCE_ROOT = Path(__file__).resolve().parents[2]
# The keeper runs the same code as this process, wherever that was found.
_START = (
    "import sys; root = {!r}; sys.path[:0] = [] if root in sys.path else [root]; "
    "from klustergraf.engine import keeper; keeper.main()"
)


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


class KeeperProcess:
    """A running keeper, and the socket on which it is asked for workers.

    ``folder``: where the dataset's store lies or shall lie, if not in memory.

    Errors: GraphParseError, EngineUnavailable when the dataset cannot be loaded.
    """

    def __init__(
        self, dataset_path: Path, default_graph: str, memory_mb: int, folder: Path | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        start = _START.format(str(_SOURCE_ROOT))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own code, and no shell
                # -P: nothing of the folder the service was started in gets onto the search path.
                [
                    *(sys.executable, "-P", "-c", start, str(theirs.fileno())),
                    *(str(dataset_path), default_graph, str(memory_mb), str(folder or "")),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt from the keyboard is for the service alone
            )
        try:
            report = self._await_loaded(dataset_path.name)
        except BaseException:
            self.close()
            raise
        self.graphs = frozenset[str](report["graphs"])

    def _await_loaded(self, name: str) -> dict[str, Any]:
        header = frames.receive_exactly(self._control, frames.HEADER.size)
        if len(header) < frames.HEADER.size:
            code = self._process.wait()
            raise EngineUnavailable(f"The engine ended while it loaded {name} (status {code}).")
        kind, size = frames.HEADER.unpack(header)
        report: dict[str, Any] = json.loads(frames.receive_exactly(self._control, size))
        if kind == frames.HEAD:
            return report
        if report["error"] == "GraphParseError":
            raise GraphParseError(name, report["reason"], report["line"], report["column"])
        raise EngineUnavailable(f"The engine cannot load {name}: {report['reason']}")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def open_lane(self) -> Lane:
        """Ask for a worker.

        Errors: OSError when the keeper has died.
        """
        with self._lock:
            self._control.sendall(b"w")
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, HANDED_OVER)
        if len(descriptors) < HANDED_OVER:
            raise ConnectionResetError
        return Lane(*descriptors)

    def close(self) -> None:
        """End the keeper, and with it its workers; leave no process behind."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        try:
            self._process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
