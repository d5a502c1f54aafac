"""What a run measured, as tables: every figure with its spread, every bound with its verdict."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Final

import report
import throughput
from faults import DeadlineCost
from generate import SIZES, Contents
from mix import MixQuery

OURS: Final = "Klustergraf"
_OURS_ON_DISK: Final = "Klustergraf, on disk"
_ON_DISK: Final = "Oxigraph, on disk"
_IN_MEMORY: Final = "Oxigraph, in memory"
_VIRTUOSO: Final = "Virtuoso"
_MISSING: Final = "–"


@dataclass
class PeerResult:
    """What one server did. ``seconds`` by query: for each round, the time of each request."""

    name: str
    version: str = ""
    absence: str = ""
    load_seconds: float = 0.0
    seconds: dict[str, list[list[float]]] = field(default_factory=dict)
    # By the number of clients, and whether no cache could help.
    rates: dict[tuple[int, bool], list[float]] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    def median_ms(self, query: str) -> float:
        """Give the median over all requests of all rounds."""
        return statistics.median(chain.from_iterable(self.seconds[query])) * 1000

    def p95_ms(self, query: str) -> float:
        """Give the 95th percentile over all requests of all rounds."""
        ordered = sorted(chain.from_iterable(self.seconds[query]))
        return ordered[min(math.ceil(len(ordered) * 0.95), len(ordered)) - 1] * 1000


@dataclass(frozen=True)
class StartCost:
    """Seconds until the first answer, beside what the store alone takes to load the same file."""

    load_seconds: float
    start_seconds: float


@dataclass
class Measured:
    """Everything of one size."""

    contents: Contents
    mix: list[MixQuery]
    is_together: bool
    rounds: int
    peers: dict[str, PeerResult] = field(default_factory=dict)
    start: StartCost | None = None
    deadlines: list[DeadlineCost] = field(default_factory=list)
    workers_mb: dict[int, float] = field(default_factory=dict)

    def add_peer(self, name: str) -> PeerResult:
        """Make room for the figures of a server."""
        self.peers[name] = PeerResult(name)
        return self.peers[name]

    def mix_ratio(self, peer: str, own: str = OURS) -> tuple[float, float, float] | None:
        """Give the geometric mean of our medians over a peer's: of all, least and most of a round.

        Only queries that both answered, and alike. ``own``: which of ours.
        """
        ours, theirs = self.peers.get(own), self.peers.get(peer)
        if ours is None or theirs is None:
            return None
        common = [q.name for q in self.mix if q.name in ours.seconds and q.name in theirs.seconds]
        if not common:
            return None
        whole = geometric_mean([ours.median_ms(q) / theirs.median_ms(q) for q in common])
        rounds = [
            geometric_mean(
                [
                    statistics.median(ours.seconds[q][number])
                    / statistics.median(theirs.seconds[q][number])
                    for q in common
                ]
            )
            for number in range(self.rounds)
        ]
        return whole, min(rounds), max(rounds)

    def rate_ratio(
        self, peer: str, clients: int, *, is_unique: bool
    ) -> tuple[float, float, float] | None:
        """Give our requests per second over those of a peer: of all, least and most of a round."""
        theirs = self.peers[peer].rates.get((clients, True), [])
        ours = self.peers[OURS].rates.get((clients, is_unique), [])
        if not theirs or len(ours) != len(theirs):
            return None
        rounds = [a / b for a, b in zip(ours, theirs, strict=True)]
        return statistics.median(ours) / statistics.median(theirs), min(rounds), max(rounds)


def geometric_mean(values: Sequence[float]) -> float:
    """Give the geometric mean.

    >>> round(geometric_mean([1, 100]), 6)
    10.0
    """
    return math.exp(sum(math.log(value) for value in values) / len(values))


def present(measured: Measured) -> str:
    """Write a size's tables as Markdown."""
    contents = measured.contents
    versions = "; ".join(
        f"{peer.name}: {peer.absence or peer.version}" for peer in measured.peers.values()
    )
    turn = (
        "all servers running at once, asked in turn"
        if measured.is_together
        else "one server running at a time, each started anew for its turn"
    )
    parts = [
        f"## {contents.triples:,} triples",
        f"{report.machine()}.",
        f"{versions}.",
        f"{contents.actors:,} actors, {contents.projects:,} projects. {measured.rounds} rounds, "
        f"{turn}; requests per second by {throughput.client_name()}.",
        "Latency in milliseconds: median, and the 95th percentile in brackets.",
        _latency_table(measured),
        _server_table(measured),
        _faults(measured),
        _bounds(measured),
    ]
    return "\n\n".join(part for part in parts if part)


def _latency_table(measured: Measured) -> str:
    peers = list(measured.peers.values())
    rows = [
        [f"{query.about} (`{query.name}`)", *(_latency(peer, query.name) for peer in peers)]
        for query in measured.mix
    ]
    means = [
        report.number(geometric_mean([peer.median_ms(query) for query in peer.seconds]))
        if peer.seconds
        else _MISSING
        for peer in peers
    ]
    rows.append(["**geometric mean of the medians**", *means])
    for own in (OURS, _OURS_ON_DISK):
        ratios = [
            "" if peer.name == own else _range(measured.mix_ratio(peer.name, own)) for peer in peers
        ]
        if own in measured.peers:
            rows.append([f"**{own} ÷ theirs** (least–most of a round)", *ratios])
    return report.table(["query", *(peer.name for peer in peers)], rows)


def _latency(peer: PeerResult, query: str) -> str:
    if query in peer.faults:
        return "another answer"
    if query not in peer.seconds:
        return _MISSING
    return f"{report.number(peer.median_ms(query))} ({report.number(peer.p95_ms(query))})"


def _server_table(measured: Measured) -> str:
    peers = list(measured.peers.values())

    def row(title: str, figure: Callable[[PeerResult], str]) -> list[str]:
        return [title, *(figure(peer) for peer in peers)]

    return report.table(
        ["server", *(peer.name for peer in peers)],
        [
            row("look-ups a second, 1 client", lambda peer: _middle(peer.rates.get((1, True)))),
            row("look-ups a second, 8 clients", lambda peer: _middle(peer.rates.get((8, True)))),
            row("the same, asked again, 1 client", lambda peer: _again(peer, 1)),
            row("the same, asked again, 8 clients", lambda peer: _again(peer, 8)),
            row("memory after the mix, MiB (PSS)", lambda peer: _middle(peer.memory_mb)),
            row("loading, s", lambda peer: _loading(measured, peer)),
        ],
    )


def _again(peer: PeerResult, clients: int) -> str:
    """Give the rate of requests that a cache may answer; the others are measured in one way."""
    return _middle(peer.rates.get((clients, False)) or peer.rates.get((clients, True)))


def _loading(measured: Measured, peer: PeerResult) -> str:
    if peer.name == OURS:
        return f"{measured.start.start_seconds:.2f} (to the first answer)" if measured.start else ""
    if peer.absence:
        return _MISSING
    until = " (to the first answer)" if peer.name == _OURS_ON_DISK else ""
    return f"{peer.load_seconds:.2f}{until}"


def _faults(measured: Measured) -> str:
    """List what was not answered, or not like ours."""
    lines = [
        f"- {peer.name}, {what}: {' '.join(why.split())[:200]}"
        for peer in measured.peers.values()
        for what, why in peer.faults.items()
    ]
    return "Left out of the ratios:\n\n" + "\n".join(lines) if lines else ""


def _bounds(measured: Measured) -> str:
    """Set the ratios beside their bounds, which are those of one million triples."""
    rows = _verdicts(measured)
    if SIZES["1m"] <= measured.contents.triples < 2 * SIZES["1m"]:
        return report.table(["figure", "measured", "bound", "met"], rows)
    return report.table(["figure", "measured"], [row[:2] for row in rows])


def _verdicts(measured: Measured) -> list[list[str]]:
    """Set each figure beside the bound that it must keep."""
    rows = []
    for peer, bound in ((_ON_DISK, 0.5), (_IN_MEMORY, 1.2), (_VIRTUOSO, 0.7)):
        rows.append(_at_most(f"latency of the mix ÷ {peer}", measured.mix_ratio(peer), bound))
    for is_unique, bound, title in ((True, 0.6, "look-ups"), (False, 1.0, "repeated look-ups")):
        for peer, clients in product((_ON_DISK, _IN_MEMORY), (1, 8)):
            ratio = measured.rate_ratio(peer, clients, is_unique=is_unique)
            name = f"{title} a second ÷ {peer}, {clients} client{'s' * (clients > 1)}"
            rows.append(_at_least(name, ratio, bound))
    if measured.start is not None:
        start = measured.start
        rows.append(
            _at_most(
                f"start to first answer ÷ the store's own loading ({start.load_seconds:.2f} s)",
                start.start_seconds / start.load_seconds,
                1.5,
            )
        )
    rows += _deadline_verdicts(measured.deadlines)
    if one := measured.workers_mb.get(1):
        for workers, many in measured.workers_mb.items():
            if workers > 1:
                title = f"memory (PSS) of {workers} busy workers ÷ one ({one:,.0f} MiB)"
                rows.append(_at_most(title, many / one, 1.4))
    return rows


def _deadline_verdicts(costs: Sequence[DeadlineCost]) -> list[list[str]]:
    """Set a stopped query beside its bounds: the worst of all tries, for latency the median."""
    if not costs:
        return []
    status = ", ".join(sorted({str(cost.status) for cost in costs}))
    peak = max(cost.memory_at_most_mb for cost in costs)
    before = statistics.median(cost.memory_before_mb for cost in costs)
    late = max(max(cost.dead_late_seconds, cost.answer_late_seconds) for cost in costs)
    back = max(cost.memory_back_late_seconds for cost in costs)
    ratios = [cost.disturbance for cost in costs]
    spread = (statistics.median(ratios), min(ratios), max(ratios))
    quiet = statistics.median(cost.quiet_ms for cost in costs)
    return [
        _at_most(f"seconds from deadline to a dead cross join (status {status})", late, 1.0),
        _at_most(
            f"seconds until its memory is back ({before:,.0f} MiB before, {peak:,.0f} at most)",
            back,
            1.0,
        ),
        _at_most(f"others' latency meanwhile ÷ quiet ({quiet:.2f} ms)", spread, 3.0),
    ]


_Figure = float | tuple[float, float, float] | None


def _at_most(title: str, figure: _Figure, bound: float) -> list[str]:
    return _verdict(title, figure, f"≤ {bound:g}", lambda value: value <= bound)


def _at_least(title: str, figure: _Figure, bound: float) -> list[str]:
    return _verdict(title, figure, f"≥ {bound:g}", lambda value: value >= bound)


def _verdict(title: str, figure: _Figure, bound: str, is_met: Callable[[float], bool]) -> list[str]:
    if figure is None:
        return [title, "not measured", bound, _MISSING]
    value = figure[0] if isinstance(figure, tuple) else figure
    return [title, _range(figure), bound, "yes" if is_met(value) else "**no**"]


def _range(figure: _Figure) -> str:
    if figure is None:
        return _MISSING
    if isinstance(figure, tuple):
        value, least, most = map(report.number, figure)
        return f"{value} ({least}–{most})"
    return report.number(figure)


def _middle(values: Sequence[float] | None) -> str:
    return report.number(statistics.median(values)) if values else _MISSING
