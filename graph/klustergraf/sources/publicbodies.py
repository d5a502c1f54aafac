"""Swedish public bodies as published by publicbodies.org: authorities, regions, municipalities.

Telephone numbers, mail addresses and contacts are not read. The list is of 2013 to 2021, so a
county council of then is written with its name of then.
"""

from collections.abc import Iterator
from typing import Final

from klustergraf.sources import values
from klustergraf.sources.reading import Inputs, Row, table
from klustergraf.sources.records import ActorRecord, Item, Location, Name, Skipped

SOURCE: Final = "public-bodies"

_COLUMNS: Final = ("id", "name", "url", "source_url")


def read(inputs: Inputs) -> Iterator[Item]:
    """Read the bodies of the list."""
    seen: set[str] = set()
    for file in inputs.files:
        if file.suffix != ".csv":
            continue
        for row in table(inputs, file, _COLUMNS, delimiter=","):
            if not isinstance(row, Row):
                yield row
            elif not row["id"] or not row["name"]:
                yield Skipped(row.where, "has no id or no name")
            elif row["id"] in seen:
                reason = f"{row['id']} comes a second time; the first is kept"
                yield Skipped(row.where, reason)
            else:
                seen.add(row["id"])
                yield _body(row)


def _body(row: Row) -> ActorRecord:
    name = " ".join(_plain(word, place) for place, word in enumerate(row["name"].split()))
    names = [Name(name, "sv")]
    if row["abbreviation"]:
        names.append(Name(row["abbreviation"], "sv", "acronym"))
    names += [Name(n.strip(), "sv", "alias") for n in row["other_names"].split(";") if n.strip()]
    kind, location = _kind(name)
    return ActorRecord(
        source=SOURCE,
        key=row["id"],
        names=tuple(names),
        kind=kind,
        location=location,
        established=values.date(row["founding_date"])[0],
        homepage=values.homepage(row["url"]),
        status="inactive" if row["dissolution_date"] else "active",
        page=f"https://publicbodies.org/{row['id']}",
    )


def _plain(word: str, place: int) -> str:
    """Undo capitals that Swedish names do not have: "Kammarrätten I Stockholm"."""
    return word.lower() if place and word in ("I", "Och", "För", "Av", "Län") else word


def _kind(name: str) -> tuple[str, Location]:
    lowered = name.casefold()
    if lowered.endswith(" kommun"):
        return "MunicipalAuthority", Location(country="SE", city=name[: -len(" kommun")])
    if lowered == "stockholms stad":
        return "MunicipalAuthority", Location(country="SE", municipality_code="0180")
    if lowered.endswith(" stad"):
        return "MunicipalAuthority", Location(country="SE", city=name[: -len(" stad")])
    if lowered.startswith("länsstyrelsen"):
        return "CountyAdministrativeBoard", Location(country="SE")
    if lowered.startswith("region ") or "landsting" in lowered:
        return "RegionalAuthority", Location(country="SE")
    if "universitet" in lowered or "högskola" in lowered:
        return "HigherEducationInstitution", Location(country="SE")
    return "Agency", Location(country="SE")
