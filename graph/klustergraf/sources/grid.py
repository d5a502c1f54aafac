"""GRID, the registry before ROR: read only as a bridge from its ids to those of others.

Tables ``external_ids``, ``labels``, ``aliases``, ``acronyms`` (extracts of one country may end in
its code, ``labels.se.csv``). An id without a ROR id of its own is of no use, so what is written is
names in other languages and ids under the GRID id, for identity to join; they are never preferred.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from klustergraf.errors import SourceFormatError
from klustergraf.sources import values
from klustergraf.sources.reading import Input, Inputs, Row, table
from klustergraf.sources.records import ActorRecord, Item, Marked, Name, Skipped

SOURCE: Final = "grid"

_SCHEMES: Final = {"ISNI": "isni", "Wikidata": "wikidata", "FundRef": "crossref"}


def read(inputs: Inputs) -> Iterator[Item]:
    """Read ids and names, gathered by GRID id."""
    ids: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    names: defaultdict[str, list[Name]] = defaultdict(list)
    files = {file.stem.split(".")[0]: file for file in inputs.files if file.suffix == ".csv"}
    if "labels" not in files and "external_ids" not in files:
        found = ", ".join(file.name for file in inputs.files)
        raise SourceFormatError(found, "the files", "none is labels.csv or external_ids.csv.")
    for row in _rows(inputs, files.get("external_ids"), ("external_id_type", "external_id")):
        if isinstance(row, Row):
            scheme = _SCHEMES.get(row["external_id_type"])
            value = row["external_id"]
            value = values.isni(value) if scheme == "isni" else value
            if scheme and value:
                ids[row["grid_id"]][scheme].append(value)
        else:
            yield row
    for stem, column, kind in (
        ("labels", "label", "alias"),
        ("aliases", "alias", "alias"),
        ("acronyms", "acronym", "acronym"),
    ):
        for row in _rows(inputs, files.get(stem), (column,)):
            if isinstance(row, Row):
                names[row["grid_id"]].append(Name(row[column], row["iso639"], kind))
            else:
                yield row
    for key in dict.fromkeys([*ids, *names]):
        if not values.grid(key):
            yield Skipped(key, "is no GRID id")
        elif names[key]:
            schemes = {scheme: tuple(found) for scheme, found in ids[key].items()}
            yield ActorRecord(
                SOURCE,
                key,
                tuple(names[key]),
                ids={"grid": (key,)} | schemes,
                page=f"https://www.grid.ac/institutes/{key}",
            )


def _rows(
    inputs: Inputs, file: Input | None, columns: tuple[str, ...]
) -> Iterator[Row | Skipped | Marked]:
    if file is not None:
        yield from table(inputs, file, ("grid_id", *columns), delimiter=",")
