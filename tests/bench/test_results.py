"""What the benchmark makes of its figures: nobody is left out in silence, no bound bent."""

import pytest

from client import RESULTS, TRIPLES, fingerprint, request_target
from faults import DeadlineCost
from generate import Contents
from mix import MixQuery
from results import Measured, PeerResult, StartCost, present

OURS, ON_DISK, IN_MEMORY, VIRTUOSO = (
    "Klustergraf",
    "Oxigraph, on disk",
    "Oxigraph, in memory",
    "Virtuoso",
)


def result(name: str, seconds: float, rate: float) -> PeerResult:
    """Make the figures of a server that is as fast in each of two rounds."""
    return PeerResult(
        name,
        version="1",
        seconds={query: [[seconds, seconds], [seconds]] for query in ("light", "heavy")},
        rates={
            (clients, is_unique): [rate, rate] for clients in (1, 8) for is_unique in (True, False)
        },
        memory_mb=[10.0],
    )


@pytest.fixture
def measured() -> Measured:
    """Give a run at one million triples: ours twice as fast as all, Virtuoso not installed."""
    return Measured(
        Contents(1_000_000, 10_000, 15_000, 700),
        [MixQuery(name, name, RESULTS, ("ASK {}",)) for name in ("light", "heavy")],
        is_together=True,
        rounds=2,
        peers={
            OURS: result(OURS, 0.001, 100.0),
            ON_DISK: result(ON_DISK, 0.002, 50.0),
            IN_MEMORY: result(IN_MEMORY, 0.002, 50.0),
            VIRTUOSO: PeerResult(VIRTUOSO, absence="virtuoso-t is not installed"),
        },
        start=StartCost(load_seconds=2.0, start_seconds=4.0),
        workers_mb={1: 100.0, 4: 140.0},
    )


def row(text: str, begin: str) -> list[str]:
    """Give the cells of the row of a table that begins so."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {begin}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_bounds_are_judged(measured: Measured) -> None:
    """A figure on its bound keeps it, one beyond does not, and what is missing is said."""
    text = present(measured)
    assert row(text, f"latency of the mix ÷ {ON_DISK}")[1:] == ["0.5 (0.5–0.5)", "≤ 0.5", "yes"]
    assert row(text, "look-ups a second ÷ Oxigraph, in memory, 8")[1:] == [
        "2 (2–2)",
        "≥ 0.6",
        "yes",
    ]
    assert row(text, "start to first answer")[1:] == ["2", "≤ 1.5", "**no**"]
    assert row(text, "memory (PSS) of 4 busy workers")[1:] == ["1.4", "≤ 1.4", "yes"]
    assert row(text, f"latency of the mix ÷ {VIRTUOSO}")[1:] == ["not measured", "≤ 0.7", "–"]


def test_bounds_are_those_of_one_million(measured: Measured) -> None:
    """At another size the ratios stand without a verdict."""
    measured.contents = Contents(10_000, 100, 138, 7)
    assert row(present(measured), f"latency of the mix ÷ {ON_DISK}")[1:] == ["0.5 (0.5–0.5)"]


def test_missing_peers_are_named(measured: Measured) -> None:
    """A peer that is not installed stands in the page, with the reason."""
    assert "Virtuoso: virtuoso-t is not installed" in present(measured)


def test_other_answers_are_left_out_and_named(measured: Measured) -> None:
    """The time of another answer counts in no ratio, and the page says so."""
    peer = measured.peers[ON_DISK]
    peer.faults["heavy"] = "2 rows"
    peer.seconds["light"] = [[0.01], [0.01]]
    del peer.seconds["heavy"]
    text = present(measured)
    assert row(text, "heavy")[2] == "another answer"
    assert f"- {ON_DISK}, heavy: 2 rows" in text
    assert row(text, f"latency of the mix ÷ {ON_DISK}")[1] == "0.1 (0.1–0.1)"


def test_our_store_on_disk_stands_beside_the_others(measured: Measured) -> None:
    """It has a column, and a row of ratios of its own; the bounds are still those in memory."""
    disk = "Klustergraf, on disk"
    measured.peers[disk] = result(disk, 0.004, 25.0)
    measured.peers[disk].rates[1, False] = [75.0, 75.0]
    measured.peers[disk].load_seconds = 7.0
    text = present(measured)
    own, own_on_disk = row(text, "**Klustergraf ÷"), row(text, f"**{disk} ÷")
    assert own[1:] == ["", "0.5 (0.5–0.5)", "0.5 (0.5–0.5)", "–", "0.25 (0.25–0.25)"]
    assert own_on_disk[1:] == ["4 (4–4)", "2 (2–2)", "2 (2–2)", "–", ""]
    assert row(text, "the same, asked again, 1")[-1] == "75"
    assert row(text, "loading")[-1] == "7.00 (to the first answer)"
    assert row(text, f"latency of the mix ÷ {ON_DISK}")[1] == "0.5 (0.5–0.5)"


def test_worst_deadline_counts(measured: Measured) -> None:
    """Of several stopped queries the slowest to die is shown; infinite is no figure to pass."""
    measured.deadlines = [
        DeadlineCost(503, 0.1, 0.2, 100.0, 900.0, 0.3, 10.0, 20.0),
        DeadlineCost(503, 0.1, 1.2, 100.0, 900.0, float("inf"), 10.0, 40.0),
    ]
    text = present(measured)
    assert row(text, "seconds from deadline")[1:] == ["1.2", "≤ 1", "**no**"]
    assert row(text, "seconds until its memory is back")[3] == "**no**"
    assert row(text, "others' latency")[1:] == ["3 (2–4)", "≤ 3", "yes"]


def test_fingerprints_tell_what_is_said() -> None:
    """Order, white space and how an engine marks a number fall away; another value does not."""
    plain = b'{"head":{"vars":["n"]},"results":{"bindings":[%s]}}'
    one = b'{"n":{"type":"literal","value":"1"}}'
    typed = (
        b'{"n": {"type": "typed-literal", "value": "1",'
        b' "datatype": "http://www.w3.org/2001/XMLSchema#integer"}}'
    )
    two = b'{"n":{"type":"literal","value":"2"}}'
    assert fingerprint(plain % one, RESULTS) == fingerprint(plain % typed, RESULTS)
    assert fingerprint(plain % one, RESULTS) != fingerprint(plain % two, RESULTS)
    assert fingerprint(plain % (one + b"," + two), RESULTS) == fingerprint(
        plain % (two + b"," + typed), RESULTS
    )
    first, second = b"<urn:a> <urn:b> 1 .", b"@prefix u: <urn:> . u:a u:b 2 ; u:b 1 ."
    assert fingerprint(first, TRIPLES) != fingerprint(second, TRIPLES)
    assert fingerprint(first + b" <urn:a> <urn:b> 2 .", TRIPLES) == fingerprint(second, TRIPLES)


def test_requests_are_encoded() -> None:
    """What a query holds does not end the request."""
    assert request_target("/sparql", "ASK {} #&?\n") == "/sparql?query=ASK+%7B%7D+%23%26%3F%0A"
