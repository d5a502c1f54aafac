"""What a contribution may be sent as, and how files of each kind are called."""

from collections.abc import Mapping
from typing import Final

from klustergraf.contributions.reading import MEDIA_TYPES
from klustergraf.contributions.spreadsheets.sheets import CSV, XLSX

ACCEPTED: Final = (*MEDIA_TYPES, CSV, XLSX)
"""The media types, RDF first."""

TABLES: Final = frozenset((CSV, XLSX))

SUFFIXES: Final[Mapping[str, str]] = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    ".trig": "application/trig",
    ".csv": CSV,
    ".xlsx": XLSX,
}
"""The media type of a file, by how its name ends."""


def with_table(media_type: str, table: str) -> str:
    """Add the kind of table to the media type of one.

    >>> with_table("text/csv", "actors")
    'text/csv;table=actors'
    """
    return f"{media_type};table={table}" if table and media_type in TABLES else media_type
