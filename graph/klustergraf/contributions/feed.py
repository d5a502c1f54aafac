"""The changes of the dataset, one after the other, for those who keep a copy.

Each change is a transaction of RDF Patch: ``H prev`` names the version that it changes and ``H id``
the one that it gives. Whoever has the first and applies it has the second.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from klustergraf.contributions.lines import Delta
from klustergraf.contributions.record import Entry, Record
from klustergraf.errors import VersionNotFound

MEDIA_TYPE: Final = "application/rdf-patch"
NAME: Final = "urn:sha256:"
_MOST_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class Page:
    """Some changes. ``version``: where they lead; ``is_last``: there is none after them yet."""

    patch: bytes
    version: str
    is_last: bool


def changes_after(home: Path, version: str, most: int) -> Page:
    """Give the next changes of a version, at most so many, and few when they are large.

    A version may come again (what was added is removed); the changes are those after its last time.
    Errors: VersionNotFound when the record does not know the version.
    """
    record = Record(home)
    entries = record.entries()
    place = next((n for n in reversed(range(len(entries))) if entries[n].version == version), None)
    if place is None:
        raise VersionNotFound(version, "the record of changes")
    pieces: list[bytes] = []
    size, reached = 0, version
    rest = entries[place + 1 :]
    for count, entry in enumerate(rest):
        if count == most or size > _MOST_BYTES:
            return Page(b"".join(pieces), reached, is_last=False)
        piece = _transaction(entry, record.delta(entry))
        pieces.append(piece)
        size += len(piece)
        reached = entry.version
    return Page(b"".join(pieces), reached, is_last=True)


def _transaction(entry: Entry, delta: Delta) -> bytes:
    head = f"H id <{NAME}{entry.version}> .\nH prev <{NAME}{entry.parent}> .\nTX .\n"
    return head.encode() + delta.to_bytes() + b"TC .\n"
