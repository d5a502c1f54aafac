"""How good the decisions are, against pairs that a person judged.

``tests/data/identity/gold.csv`` holds the pairs, ``records.csv`` what the sources say of each side.
The rules were tuned on the rows of the part ``tuning``; those of ``held-out`` (where the first byte
of the SHA-256 of ``left|right``, sorted, is a multiple of three) were not scored before the rules
stood. A pair in doubt counts as not merged.
"""

import csv
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from klustergraf.identity import (
    Resolution,
    known_actors,
    read_decisions,
    read_names,
    resolve,
)
from klustergraf.namespaces import ID
from klustergraf.sources.own import SourceFile, source_files
from klustergraf.sources.records import ActorRecord, Location, Name

DATA = Path(__file__).parents[1] / "data" / "identity"


@dataclass(frozen=True)
class Pair:
    """A pair of the gold file."""

    left: str
    right: str
    is_same: bool
    part: str
    reason: str


@dataclass(frozen=True)
class Quality:
    """How good the decisions about some pairs are."""

    precision: float
    recall: float
    faults: tuple[str, ...]


def read_name(text: str) -> Name:
    """Read a name of records.csv: ``kind@language:text``."""
    kind, _, rest = text.partition("@")
    language, _, name = rest.partition(":")
    return Name(name, language, kind)


def read_records() -> list[ActorRecord]:
    """Read the records that the pairs are about."""
    found = []
    with (DATA / "records.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ids: dict[str, tuple[str, ...]] = {}
            for entry in filter(None, row["ids"].split(" | ")):
                scheme, _, value = entry.partition("=")
                ids[scheme] = (*ids.get(scheme, ()), value)
            location = Location(
                country=row["country"],
                city=row["city"],
                postal_code=row["postal_code"],
                municipality_code=row["municipality_code"],
                county_code=row["county_code"],
                latitude=float(row["latitude"]) if row["latitude"] else None,
                longitude=float(row["longitude"]) if row["longitude"] else None,
            )
            names = tuple(read_name(text) for text in row["names"].split(" | "))
            record = ActorRecord(row["source"], row["key"], names, row["kind"], location, ids)
            found.append(record)
    return found


def read_gold() -> list[Pair]:
    """Read the pairs."""
    with (DATA / "gold.csv").open(encoding="utf-8", newline="") as file:
        return [
            Pair(row["left"], row["right"], row["verdict"] == "same", row["part"], row["reason"])
            for row in csv.DictReader(file)
        ]


def founding_files() -> list[SourceFile]:
    """Give the files of the actors that have IRIs, with the ontology's classes."""
    return [f for f in source_files() if f.name.startswith(("ontology/", "data/founding/"))] + [
        f for f in source_files() if f.name == "data/open/ror.ttl"
    ]


@cache
def resolved() -> Resolution:
    """Resolve all records of the gold file at once, so that merges can run through others."""
    names = read_names()
    quads = [quad for file in founding_files() for quad in file.quads()]
    return resolve(read_records(), known_actors(quads, names), read_decisions(), names=names)


def measure(part: str) -> Quality:
    """Hold the decisions against the pairs of one part."""
    resolution = resolved()

    def actor(ref: str) -> str:
        return ref if ref.startswith(ID) else resolution.iris[ref]

    right = wrong = missed = 0
    faults = []
    for pair in read_gold():
        if pair.part != part:
            continue
        is_merged = actor(pair.left) == actor(pair.right)
        right += is_merged and pair.is_same
        wrong += is_merged and not pair.is_same
        missed += pair.is_same and not is_merged
        if is_merged != pair.is_same:
            what = "merged" if is_merged else "not merged"
            faults.append(f"{what}: {pair.left} {pair.right} ({pair.reason})")
    return Quality(right / (right + wrong), right / (right + missed), tuple(faults))


def test_the_gold_file_is_large_and_balanced() -> None:
    """There are at least 200 pairs, many of each verdict in each part, no pair twice."""
    gold = read_gold()
    assert len(gold) >= 200
    assert len({frozenset((pair.left, pair.right)) for pair in gold}) == len(gold)
    for part in ("tuning", "held-out"):
        for is_same in (True, False):
            assert sum(p.part == part and p.is_same == is_same for p in gold) >= 50


def test_held_out_pairs_are_chosen_by_lot() -> None:
    """Which pairs are held out depends on a digest, on nobody's choice."""
    for pair in read_gold():
        both = "|".join(sorted((pair.left, pair.right)))
        lot = sha256(both.encode()).digest()[0] % 3 == 0
        assert (pair.part == "held-out") == lot, pair


@pytest.mark.parametrize("part", ["tuning", "held-out"])
def test_decisions_are_good(part: str) -> None:
    """Of what is merged at least 99 % is one actor, and of what is one at least 90 % is merged."""
    quality = measure(part)
    assert quality.precision >= 0.99, "\n".join(quality.faults)
    assert quality.recall >= 0.90, "\n".join(quality.faults)


def test_no_decision_is_about_what_the_gold_file_measures() -> None:
    """The figures measure the rules: no curated decision settles a pair of the gold file."""
    decided = {decision.pair for decision in read_decisions()}
    assert not decided & {(min(p.left, p.right), max(p.left, p.right)) for p in read_gold()}
