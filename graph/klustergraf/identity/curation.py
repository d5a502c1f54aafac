"""What people decided about identity: the files of ``graph/data/identity``.

``decisions.csv``: left, right, verdict (``same`` or ``different``), reason_sv, reason_en, date.
What stands there wins over every rule. ``names.csv``: names that a source does not tell, such as
former ones, with the dates of their use. ``towns.csv``: postal towns and their municipalities.
``registry.csv``: the IRI that a record was given, for good.
"""

import csv
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from klustergraf.errors import SourceFormatError, SourceUnavailable
from klustergraf.namespaces import ID
from klustergraf.resources import room
from klustergraf.sources.records import Name

SAME: Final = "same"
DIFFERENT: Final = "different"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_KINDS = ("label", "alias", "acronym", "former")

DECISION_COLUMNS: Final = ("left", "right", "verdict", "reason_sv", "reason_en", "date")
"""The columns of ``decisions.csv``, in the order of the fields of :class:`Decision`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a curator decided about two records, or a record and an IRI: same or different."""

    left: str
    right: str
    verdict: str
    reason_sv: str
    reason_en: str
    date: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """The two, in an order that does not depend on how they were written down."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


def identity_folder() -> Path:
    """Return the folder of the curated files."""
    return room("data") / "identity"


def read_decisions(path: Path | None = None) -> list[Decision]:
    """Read the decisions, sorted.

    Errors: SourceUnavailable; SourceFormatError for a missing column (with the nearest found), a
    verdict that is neither, a reason missing in one language, a date that is none, a pair decided
    both ways.
    """
    path = path or identity_folder() / "decisions.csv"
    found: dict[tuple[str, str], Decision] = {}
    for where, row in _rows(path, DECISION_COLUMNS):
        decision = Decision(*(row[column] for column in DECISION_COLUMNS))
        for column in ("left", "right"):
            if ":" not in row[column]:
                raise SourceFormatError(
                    path.name, where, f"{column} {row[column]!r} is neither source:key nor an IRI"
                )
        if decision.verdict not in (SAME, DIFFERENT):
            raise SourceFormatError(
                path.name, where, f"the verdict is {decision.verdict!r}, not same or different"
            )
        if decision.left == decision.right:
            raise SourceFormatError(path.name, where, "compares a record with itself")
        for column, language in (("reason_sv", "Swedish"), ("reason_en", "English")):
            if not row[column]:
                raise SourceFormatError(path.name, where, f"gives no reason in {language}")
        if not _DATE.fullmatch(decision.date):
            raise SourceFormatError(path.name, where, f"{decision.date!r} is no date (YYYY-MM-DD)")
        earlier = found.setdefault(decision.pair, decision)
        if earlier.verdict != decision.verdict:
            raise SourceFormatError(path.name, where, "is decided the other way on another line")
    return [found[pair] for pair in sorted(found)]


def read_names(path: Path | None = None) -> dict[str, tuple[Name, ...]]:
    """Read the curated names, by ``source:key`` or IRI.

    Errors: as :func:`read_decisions`.
    """
    path = path or identity_folder() / "names.csv"
    found: dict[str, list[Name]] = {}
    columns = ("subject", "name", "language", "kind", "since", "until", "reason")
    for where, row in _rows(path, columns):
        if row["kind"] not in _KINDS:
            raise SourceFormatError(path.name, where, f"{row['kind']!r} is no kind of name")
        if not row["name"] or not row["reason"]:
            raise SourceFormatError(path.name, where, "gives no name or no reason")
        name = Name(row["name"], row["language"], row["kind"], row["since"], row["until"])
        found.setdefault(row["subject"], []).append(name)
    return {subject: tuple(names) for subject, names in found.items()}


@cache
def read_towns() -> dict[str, str]:
    """Read the municipality code of each town, by the town's folded name.

    Errors: as :func:`read_decisions`.
    """
    path = identity_folder() / "towns.csv"
    return {row["town"]: row["municipality"] for _, row in _rows(path, ("town", "municipality"))}


def read_registry(path: Path | None = None) -> dict[str, str]:
    """Read which IRI a record was given, by ``source:key``, in the order of the file.

    Errors: as :func:`read_decisions`; SourceFormatError for an IRI that is no actor's.
    """
    path = path or identity_folder() / "registry.csv"
    found: dict[str, str] = {}
    for where, row in _rows(path, ("record", "iri")):
        iri = row["iri"]
        if not iri.startswith(ID + "actor/"):
            raise SourceFormatError(path.name, where, f"{iri!r} is not the IRI of an actor")
        if found.setdefault(row["record"], iri) != iri:
            raise SourceFormatError(path.name, where, f"{row['record']} has another IRI above")
    return found


def write_registry(path: Path, registry: Mapping[str, str]) -> None:
    """Write a registry, sorted by IRI and record: what was given before stands as it stood."""
    lines = sorted((iri, record) for record, iri in registry.items())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("record", "iri"))
        writer.writerows((record, iri) for iri, record in lines)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterable[tuple[str, dict[str, str]]]:
    """Read a table with these columns, each row with where it stands."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise SourceUnavailable(str(path), f"cannot be read ({exc.strerror})") from exc
    except UnicodeDecodeError as exc:
        reason = f"is not UTF-8 (byte {exc.start})"
        raise SourceFormatError(path.name, "the file", reason) from exc
    reader = csv.DictReader(text.splitlines(), restkey="_more", restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    for column in columns:
        if column not in header:
            near = difflib.get_close_matches(column, header, 1, 0.5)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise SourceFormatError(path.name, "line 1", f"has no column {column!r}{hint}")
    for row in reader:
        where = f"line {reader.line_num}"
        if "_more" in row:
            raise SourceFormatError(path.name, where, "has more fields than the header")
        yield where, {column: (row[column] or "").strip() for column in columns}
