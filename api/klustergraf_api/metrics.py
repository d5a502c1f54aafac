"""What is counted while the service runs, in the text format of Prometheus; slow queries' log."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

OK: Final = "ok"
NO_KIND: Final = "none"

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
_log = logging.getLogger(__name__)


class Metrics:
    """The counts of one service.

    ``slow_seconds``: a query that takes longer is logged, by its hash and never by its text.
    """

    def __init__(self, slow_seconds: float) -> None:
        self._slow_seconds = slow_seconds
        self._registry = CollectorRegistry()
        self._queries = Counter(
            "klustergraf_queries",
            "Queries, by what they give and how they ended.",
            ("kind", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "klustergraf_query_seconds",
            "Time from the query to the end of its answer, waiting included.",
            ("kind",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "klustergraf_answer_bytes",
            "Bytes of answers, before compression.",
            registry=self._registry,
        )
        self._version = Gauge(
            "klustergraf_version_info",
            "The version that is served.",
            ("version",),
            registry=self._registry,
        )
        self._registry.register(_Memory())
        # To find them by their labels takes longer than to count.
        self._counters: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def follow(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show a value that is known elsewhere, read when it is asked for."""
        Gauge(name, text, registry=self._registry).set_function(value)

    def follow_state(
        self, name: str, text: str, states: Sequence[str], state: Callable[[], str]
    ) -> None:
        """Show which of some states holds, read when it is asked for."""
        self._registry.register(_State(name, text, states, state))

    def record(self, query: str, kind: str, outcome: str, seconds: float, size: int) -> None:
        """Count a query that has ended."""
        counters = self._counters.get((kind, outcome))
        if counters is None:
            counters = self._queries.labels(kind, outcome), self._seconds.labels(kind)
            self._counters[kind, outcome] = counters
        counters[0].inc()
        counters[1].observe(seconds)
        self._bytes.inc(size)
        if seconds >= self._slow_seconds:
            _log.warning(
                "slow query",
                extra={
                    "query": query_hash(query),
                    "kind": kind,
                    "outcome": outcome,
                    "seconds": round(seconds, 3),
                    "bytes": size,
                },
            )

    def set_version(self, version_id: str) -> None:
        """Say which version is served from now on."""
        self._version.clear()
        self._version.labels(version_id).set(1)

    def text(self) -> bytes:
        """Write everything in the text format of Prometheus."""
        return generate_latest(self._registry)


def query_hash(query: str) -> str:
    """Name a query in a log without telling what it asks."""
    return sha256(query.encode("utf-8", "replace")).hexdigest()[:16]


def outcome_of(error: BaseException) -> str:
    """Name how a query failed.

    >>> outcome_of(TimeoutError())
    'timeout-error'
    """
    return _WORD_START.sub("-", type(error).__name__).lower()


class _State:
    """Reads a state when it is asked for: 1 for the one that holds, 0 for the others."""

    def __init__(
        self, name: str, text: str, states: Sequence[str], state: Callable[[], str]
    ) -> None:
        self._name = name
        self._text = text
        self._states = states
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=["state"])
        now = self._state()
        for state in self._states:
            family.add_metric([state], state == now)
        yield family


class _Memory:
    """Reads what the service and the processes below it take, when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "klustergraf_memory_bytes",
            "Proportional memory (PSS) of the service itself and of its engine's processes.",
            labels=["part"],
        )
        family.add_metric(["service"], _proportional_bytes("self"))
        engine = sum(_proportional_bytes(pid) for pid in _descendants("self"))
        family.add_metric(["engine"], engine)
        yield family


def _proportional_bytes(pid: str) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0.0  # it has ended meanwhile
    found = re.search(r"(?m)^Pss:\s+(\d+) kB", text)
    return float(found[1]) * 1024 if found else 0.0


def _descendants(pid: str) -> Iterator[str]:
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listing.read_text("ascii").split()
        except OSError:
            continue
        for child in children:
            yield child
            yield from _descendants(child)
