"""What a query that will not end costs the others, and what more workers cost in memory."""

import contextlib
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Final

import processes
from client import Client, EndpointError
from peers import Klustergraf, Peer

# Without an end, and with a table of groups that grows as long as it runs.
CROSS_JOIN: Final = """\
SELECT ?a ?d (COUNT(*) AS ?n)
WHERE { ?a ?b ?c . ?d ?e ?f }
GROUP BY ?a ?d"""
# As good as without an end, over the whole store and in little memory of its own.
COUNTING: Final = """\
SELECT (COUNT(*) AS ?count)
WHERE { ?thing ?a ?b ; ?c ?d ; ?e ?f ; ?g ?h ; ?i ?j ; ?k ?l ; ?m ?n }"""

# Makes every request of the other client one that no cache has seen.
_ASKED: Final = count()

_DEADLINE_SECONDS: Final = 4.0
_QUIET_SECONDS: Final = 4.0
_PATIENCE_SECONDS: Final = 30.0
_BACK_SHARE: Final = 1.05
_SETTLE_SECONDS: Final = 2.0
_READING_SECONDS: Final = 0.6


@dataclass(frozen=True)
class DeadlineCost:
    """What happened around a cross join that reached its deadline."""

    status: int
    answer_late_seconds: float
    dead_late_seconds: float
    memory_before_mb: float
    memory_at_most_mb: float
    memory_back_late_seconds: float
    quiet_ms: float
    disturbed_ms: float

    @property
    def disturbance(self) -> float:
        """How many times longer the others waited."""
        return self.disturbed_ms / self.quiet_ms


class _Asker(threading.Thread):
    """Another client: asks look-ups, one after the other, until told to stop."""

    def __init__(self, url: str, texts: tuple[str, ...]) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._texts = texts
        self._stop_asking = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        """Ask; an answer that fails ends it."""
        with contextlib.closing(Client(self._url)) as client:
            for text in cycle(self._texts):
                if self._stop_asking.is_set():
                    return
                unique = f"{text} #other-{next(_ASKED)}"
                self.seconds.append(client.answer(unique).seconds)

    def finish(self) -> list[float]:
        """Stop asking; give the latencies."""
        self._stop_asking.set()
        self.join()
        return self.seconds


def measure_deadline(server: Peer, lookups: tuple[str, ...]) -> DeadlineCost:
    """Ask a cross join with a deadline while another client asks look-ups.

    Errors: EndpointError when it, or the other client, gets no answer at all.
    """
    quiet = _Asker(server.url, lookups)
    quiet.start()
    time.sleep(_QUIET_SECONDS)
    quiet_seconds = quiet.finish()
    time.sleep(_SETTLE_SECONDS / 4)
    before = processes.pss_mb(server.pid)
    each_before = processes.pss_of_each(server.pid)
    status: list[int] = []
    ended: list[float] = []

    def ask() -> None:
        with contextlib.closing(Client(server.url)) as client, contextlib.suppress(EndpointError):
            status.append(client.ask(CROSS_JOIN, timeout=f"{_DEADLINE_SECONDS:g}").status)
            ended.append(time.monotonic())

    others = _Asker(server.url, lookups)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    asking = threading.Thread(target=ask)
    asking.start()
    others.start()
    time.sleep(_DEADLINE_SECONDS - _READING_SECONDS)
    disturbed_seconds = others.finish()
    peak = processes.pss_mb(server.pid)
    # Its table of groups makes the process that runs it grow most; it may have ended already.
    grown = {
        pid: mb - each_before.get(pid, 0.0)
        for pid, mb in processes.pss_of_each(server.pid).items()
        if pid != server.pid
    }
    worker = None if status else max(grown, key=lambda pid: grown[pid])
    dead, back = _moments(
        lambda: worker is None or not processes.is_running(worker),
        lambda: processes.pss_mb(server.pid) <= before * _BACK_SHARE,
    )
    asking.join()
    if not (status and disturbed_seconds and quiet_seconds):
        raise EndpointError("a client got no answer")
    return DeadlineCost(
        status[0],
        ended[0] - deadline,
        dead - deadline,
        before,
        peak,
        back - deadline,
        statistics.median(quiet_seconds) * 1000,
        statistics.median(disturbed_seconds) * 1000,
    )


def _moments(*conditions: Callable[[], bool]) -> list[float]:
    """Wait until each of these holds; give the moments. Infinite for one that never did."""
    moments = [float("inf")] * len(conditions)
    end = time.monotonic() + _PATIENCE_SECONDS
    while float("inf") in moments and time.monotonic() < end:
        for index, condition in enumerate(conditions):
            if moments[index] == float("inf") and condition():
                moments[index] = time.monotonic()
        time.sleep(0.01)
    return moments


def busy_memory_mb(data: Path, folder: Path, workers: int) -> float:
    """Give the memory of a service whose workers all compute."""
    with Klustergraf(data, folder, workers=workers) as server:
        server.start()
        with _all_busy(server, workers):
            time.sleep(_SETTLE_SECONDS)
            return statistics.median(processes.pss_mb(server.pid) for _ in range(3))


@contextlib.contextmanager
def _all_busy(server: Peer, workers: int) -> Iterator[None]:
    """Keep so many workers busy; hanging up ends them."""
    clients = [Client(server.url) for _ in range(workers)]

    def ask(client: Client) -> None:
        with contextlib.suppress(EndpointError):
            client.ask(COUNTING)

    threads = [threading.Thread(target=ask, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for client in clients:
            client.hang_up()
        for thread in threads:
            thread.join(_PATIENCE_SECONDS)
