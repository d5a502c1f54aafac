"""The benchmark of the SPARQL service beside other servers: ``make bench``.

Every figure that is compared comes from one run, in which the servers are asked in turn, forwards
and then backwards, so that what else the machine does falls on all of them alike.
"""

import argparse
import contextlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import processes
import report
from client import Client, EndpointError, fingerprint
from faults import DeadlineCost, busy_memory_mb, measure_deadline
from generate import SIZES, Contents, write_dataset
from mix import LOOKUP, MixQuery, read_mix
from peers import PEERS, Klustergraf, NotInstalled, Peer, PeerFailed
from results import Measured, StartCost, present
from throughput import RequestsFailed, requests_per_second

# What all servers together may need in memory, for each triple.
_BYTES_PER_TRIPLE: Final = 3000
_MANY_WORKERS: Final = 4
_SETTLE_SECONDS: Final = 0.5
_LOAD: Final = (
    "import sys, time, pyoxigraph\n"
    "store = pyoxigraph.Store()\n"
    "began = time.perf_counter()\n"
    "store.bulk_load(path=sys.argv[1])\n"
    "print(time.perf_counter() - began)\n"
)


@dataclass(frozen=True)
class Effort:
    """How much is measured. ``rounds`` is even: as often forwards as backwards."""

    rounds: int
    texts: int
    seconds_per_query: float
    throughput_seconds: float
    starts: int


THOROUGH: Final = Effort(6, 20, 0.5, 5.0, 3)
QUICK: Final = Effort(2, 8, 0.25, 2.0, 1)


@dataclass
class Session:
    """The servers of one run: all at once where memory allows, else one at a time."""

    is_together: bool
    _clients: dict[str, Client] = field(default_factory=dict)
    _running: dict[str, Peer] = field(default_factory=dict)

    def visit(self, peer: Peer) -> Client:
        """Give a connection to a server that runs. Errors: PeerFailed, NotInstalled."""
        if peer.name not in self._running:
            if not self.is_together:
                self.stop()
            _say(f"  starting {peer.name}")
            peer.start()
            self._running[peer.name] = peer
            self._clients[peer.name] = Client(peer.url)
        return self._clients[peer.name]

    def stop(self) -> None:
        """End every server."""
        for client in self._clients.values():
            client.close()
        for peer in self._running.values():
            peer.stop()
        self._clients.clear()
        self._running.clear()


class Run:
    """One size, measured."""

    def __init__(self, data: Path, folder: Path, contents: Contents, effort: Effort) -> None:
        self._data = data
        self._folder = folder
        self._effort = effort
        self._mix = read_mix(contents, effort.texts)
        self._slowest: dict[str, float] = {}
        needed_mb = contents.triples * _BYTES_PER_TRIPLE / 2**20
        self._session = Session(is_together=needed_mb < processes.available_mb())
        self._asked = 0
        self.measured = Measured(contents, self._mix, self._session.is_together, effort.rounds)

    def measure(self) -> Measured:
        """Measure everything there is to measure at this size."""
        try:
            peers = self._compare_answers()
            for number in range(self._effort.rounds):
                _say(f"  round {number + 1} of {self._effort.rounds}")
                self._round(number, peers)
        finally:
            self._session.stop()
        self._measure_own()
        return self.measured

    def _compare_answers(self) -> list[Peer]:
        """Ask everything once: warms up, and shows which answers are equal to ours."""
        answering: list[Peer] = []
        ours: dict[tuple[str, int], str] = {}
        kinds: tuple[type[Peer], ...] = (Klustergraf, *PEERS)
        for kind in kinds:
            peer = kind(self._data, self._folder)
            result = self.measured.add_peer(peer.name)
            try:
                result.version = peer.version
                client = self._session.visit(peer)
            except (NotInstalled, PeerFailed) as exc:
                result.absence = str(exc)
                _say(f"  {peer.name}: {exc}")
                continue
            answering.append(peer)
            result.load_seconds = peer.load_seconds
            for query in self._mix:
                told = list(self._fingerprints(client, query))
                for index, found in enumerate(told):
                    if ours.setdefault((query.name, index), found) != found:
                        result.faults[query.name] = f"{found} (ours: {ours[query.name, index]})"
        return answering

    def _fingerprints(self, client: Client, query: MixQuery) -> Iterator[str]:
        """Give what each answer says, or why there is none."""
        for text in query.texts:
            try:
                answer = client.answer(text, query.accept)
            except EndpointError as exc:
                yield str(exc)
                return
            slowest = max(self._slowest.get(query.name, 0.0), answer.seconds)
            self._slowest[query.name] = slowest
            yield fingerprint(answer.body, query.accept)

    def _round(self, number: int, peers: Sequence[Peer]) -> None:
        order = peers if number % 2 == 0 else peers[::-1]
        tasks = [self._latency_task(query, number) for query in self._mix]
        tasks += [self._throughput_task(clients) for clients in (1, 8)]
        tasks.append(self._measure_memory)
        steps: Iterable[tuple[Peer, Callable[[Peer], None]]]
        if self._session.is_together:
            steps = ((peer, task) for task in tasks for peer in order)
        else:
            steps = ((peer, task) for peer in order for task in tasks)
        for peer, task in steps:
            task(peer)

    def _latency_task(self, query: MixQuery, number: int) -> Callable[[Peer], None]:
        """Make what asks one query of one server, each of them the same texts in one round."""
        fitting = int(self._effort.seconds_per_query / max(self._slowest[query.name], 1e-3))
        count = min(max(fitting, 1), self._effort.texts)
        chosen = [query.texts[(number * count + i) % len(query.texts)] for i in range(count)]

        def ask(peer: Peer) -> None:
            result = self.measured.peers[peer.name]
            if query.name in result.faults:
                return
            client = self._session.visit(peer)
            seconds = []
            for text in chosen:
                self._asked += 1
                unique = f"{text}\n# {self._asked}" if peer.unique_queries else text
                seconds.append(client.answer(unique, query.accept).seconds)
            result.seconds.setdefault(query.name, []).append(seconds)

        return ask

    def _throughput_task(self, clients: int) -> Callable[[Peer], None]:
        (texts,) = (query.texts for query in self._mix if query.name == LOOKUP)
        seconds = self._effort.throughput_seconds

        def ask(peer: Peer) -> None:
            self._session.visit(peer)
            result = self.measured.peers[peer.name]
            for is_unique in (True, False) if peer.unique_queries else (False,):
                try:
                    rate = requests_per_second(
                        peer.url, texts, clients=clients, seconds=seconds, is_unique=is_unique
                    )
                except RequestsFailed as exc:
                    result.faults[f"{clients} clients"] = str(exc)
                    continue
                key = (clients, is_unique or not peer.unique_queries)
                result.rates.setdefault(key, []).append(rate)

        return ask

    def _measure_memory(self, peer: Peer) -> None:
        self._session.visit(peer)
        time.sleep(_SETTLE_SECONDS)
        self.measured.peers[peer.name].memory_mb.append(processes.pss_mb(peer.pid))

    def _measure_own(self) -> None:
        """Measure what has no counterpart in the others: start, deadline, workers."""
        _say("  start, deadline and workers")
        loads, starts = [], []
        for number in range(self._effort.starts):
            if number % 2 == 0:
                loads.append(self._load())
            starts.append(self._start())
            if number % 2:
                loads.append(self._load())
        self.measured.start = StartCost(statistics.median(loads), statistics.median(starts))
        (lookups,) = (query.texts for query in self._mix if query.name == LOOKUP)
        costs: list[DeadlineCost] = []
        with Klustergraf(self._data, self._folder) as server:
            server.start()
            for _ in range(self._effort.starts):
                with contextlib.suppress(EndpointError):
                    costs.append(measure_deadline(server, lookups))
        self.measured.deadlines = costs
        self.measured.workers_mb = {
            workers: busy_memory_mb(self._data, self._folder, workers)
            for workers in (1, _MANY_WORKERS)
        }

    def _load(self) -> float:
        done = subprocess.run(  # noqa: S603 - the interpreter that runs this
            [sys.executable, "-c", _LOAD, str(self._data)],
            check=True,
            capture_output=True,
            text=True,
        )
        return float(done.stdout)

    def _start(self) -> float:
        with Klustergraf(self._data, self._folder) as server:
            return server.start()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=[*SIZES, "all"], default="all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first look")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="where the tables go")
    options = parser.parse_args(arguments)
    # Told to end, it ends its servers first: the way of an exception does that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for size in SIZES if options.size == "all" else [options.size]:
        _say(f"{SIZES[size]:,} triples")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="klustergraf-bench-") as name:
            folder = Path(name)
            data = folder / "data" / "bench.nq"
            data.parent.mkdir()
            contents = write_dataset(data, SIZES[size])
            effort = QUICK if options.quick else THOROUGH
            block = present(Run(data, folder, contents, effort).measure())
        report.write_block(f"sparql {size}", block, options.page)
        sys.stdout.write(f"{block}\n")
        _say(f"took {time.monotonic() - began:.0f} s")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
