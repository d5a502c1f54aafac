"""Facts about the ecosystem that were read from public web pages, each with its page.

Three tables: ``facts.csv`` (who does what with whom), ``testbeds.csv`` (test environments and
infrastructures), ``aliases.csv`` (other spellings). Every row keeps the address of its page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from klustergraf.sources import values
from klustergraf.sources.reading import Inputs, Row, table
from klustergraf.sources.records import (
    ActorRecord,
    FacilityRecord,
    Item,
    Location,
    Marked,
    Name,
    ProjectRecord,
    RelationRecord,
    Skipped,
    ThingRecord,
)

SOURCE: Final = "ecosystem-facts"

ACTOR_KINDS: Final = {
    "agency": "Agency",
    "association": "Association",
    "business support": "BusinessSupportOrganisation",
    "cluster organisation": "ClusterOrganisation",
    "company": "Company",
    "foundation": "Foundation",
    "fund": "Fund",
    "government": "PublicBody",
    "holding company": "HoldingCompany",
    "hospital": "Hospital",
    "incubator": "Incubator",
    "innovation office": "InnovationOffice",
    "investor": "Investor",
    "municipality": "MunicipalAuthority",
    "museum": "Museum",
    "network": "NetworkOrganisation",
    "office": "Actor",
    "region": "RegionalAuthority",
    "research centre": "ResearchCentre",
    "research institute": "ResearchInstitute",
    "science park": "SciencePark",
    "university": "HigherEducationInstitution",
}
FACILITY_KINDS: Final = {
    "biobank": "Biobank",
    "data infrastructure": "DataInfrastructure",
    "innovation lab": "InnovationLab",
    "production plant": "ProductionPlant",
    "research infrastructure": "ResearchInfrastructure",
    "testbed": "Testbed",
}
_OTHER_KINDS: Final = {
    "agreement": "Agreement",
    "building": "Building",
    "campus": "Campus",
    "initiative": "Programme",
    "place": "Place",
    "programme": "Programme",
    "strategy": "Strategy",
}
# What pages call a place, and the municipality that it is or lies in. Stockholm is no such name.
_MUNICIPALITIES: Final = {
    "Botkyrka": "0127",
    "Danderyd": "0162",
    "Flemingsberg": "0126",
    "Haninge": "0136",
    "Huddinge": "0126",
    "Kalmar": "0880",
    "Nacka": "0182",
    "Solna": "0184",
    "Södertälje": "0181",
    "Tullinge": "0127",
    "Uppsala": "0380",
}
# Towns that lie in the municipality of their name; what is in Stockholm is surely in the county.
_SAME_PLACE: Final = {
    name: code for name, code in _MUNICIPALITIES.items() if name not in ("Flemingsberg", "Tullinge")
} | {"Stockholm": "01"}
# The list of test environments has a column of municipalities, where Stockholm is one.
_TESTBED_MUNICIPALITIES: Final = _MUNICIPALITIES | {"Stockholm": "0180"}
FACILITY_PREFIX: Final = "facility: "
_FACT: Final = (
    "fact_id", "subject", "subject_kind", "subject_ror", "predicate", "object", "object_kind",
    "object_ror", "from", "to", "note", "source_url",
)  # fmt: skip
_TESTBED: Final = (
    "name_sv", "name_en", "kind", "operator", "partners", "municipality", "fields",
    "open_to_companies", "strategy_aspect_hint", "source_url",
)  # fmt: skip


@dataclass
class _Thing:
    kinds: list[str] = field(default_factory=list)
    ror: str = ""
    page: str = ""
    towns: list[str] = field(default_factory=list)


@dataclass
class _Read:
    things: dict[str, _Thing] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    relations: list[RelationRecord] = field(default_factory=list)
    facilities: list[FacilityRecord] = field(default_factory=list)


def read(inputs: Inputs) -> Iterator[Item]:
    """Read things with all their names, then the facts about them, then the test environments."""
    found = _Read()
    for file in inputs.named("aliases", suffix=".csv"):
        for row in table(inputs, file, ("name", "alias", "source_url"), delimiter=","):
            if isinstance(row, Row):
                found.aliases.setdefault(row["name"], []).append(row["alias"])
            else:
                yield row
    for file in inputs.named("facts", suffix=".csv"):
        yield from _facts(table(inputs, file, _FACT, delimiter=","), found)
    for file in inputs.named("testbeds", suffix=".csv"):
        yield from _testbeds(table(inputs, file, _TESTBED, delimiter=","), found)
    facilities = {facility.key for facility in found.facilities}
    for key, thing in found.things.items():
        if key not in facilities:
            yield _record(key, thing, found)
    yield from found.facilities
    yield from found.relations


def _facts(rows: Iterator[Row | Skipped | Marked], found: _Read) -> Iterator[Item]:
    seen: set[str] = set()
    for row in rows:
        if not isinstance(row, Row):
            yield row
            continue
        key = row["fact_id"]
        where = f"{row.where} ({key})"
        if not key or not row["subject"] or not row["predicate"] or not row["object"]:
            yield Skipped(row.where, "has no id, subject, predicate or object")
        elif key in seen:
            yield Skipped(where, "comes a second time; the first is kept")
        elif not values.homepage(row["source_url"]):
            yield Skipped(where, "names no page that it was read from")
        else:
            seen.add(key)
            yield from _fact(row, where, found)


def _fact(row: Row, where: str, found: _Read) -> Iterator[Item]:
    page = row["source_url"]
    since, since_fault = values.date(row["from"])
    until, until_fault = values.date(row["to"])
    _note(found, row["subject"], row["subject_kind"], row["subject_ror"], page)
    value = target = ""
    if row["object_kind"]:
        target = row["object"]
        _note(found, target, row["object_kind"], row["object_ror"], page)
        if row["predicate"] == "located in" and row["object_kind"] == "place":
            found.things[row["subject"]].towns.append(target)
    else:
        value, fault = values.date(row["object"])
        if fault:
            yield Skipped(where, fault)
            return
    for fault in (since_fault, until_fault):
        if fault:
            yield Marked(where, fault)
    found.relations.append(
        RelationRecord(
            source=SOURCE,
            key=row["fact_id"],
            subject=row["subject"],
            predicate=row["predicate"],
            object=target,
            since=since,
            until=until,
            note=row["note"],
            page=page,
            value=value,
        )
    )


def _note(found: _Read, name: str, kind: str, ror: str, page: str) -> None:
    thing = found.things.setdefault(name, _Thing(page=page))
    thing.kinds.append(kind)
    thing.ror = thing.ror or values.ror(ror)


def _record(key: str, thing: _Thing, found: _Read) -> Item:
    kind = max(dict.fromkeys(thing.kinds), key=thing.kinds.count)
    names = _names(key, key, found)
    location = Location(country="SE", city=thing.towns[0]) if thing.towns else Location()
    if location.city in _MUNICIPALITIES:
        location = Location(country="SE", municipality_code=_MUNICIPALITIES[location.city])
    if kind == "municipality":
        location = _territory(key) or location
    if kind in ACTOR_KINDS:
        ids = {"ror": (thing.ror,)} if thing.ror else {}
        return ActorRecord(
            SOURCE, key, names, ACTOR_KINDS[kind], location, ids=ids, page=thing.page
        )
    if kind in FACILITY_KINDS:
        return FacilityRecord(
            SOURCE, key, names, FACILITY_KINDS[kind], location=location, page=thing.page
        )
    if kind == "project":
        return ProjectRecord(SOURCE, key, title=key, page=thing.page)
    if kind == "place" and key in _SAME_PLACE:
        code = _SAME_PLACE[key]
        kind = "County" if len(code) == 2 else "Municipality"
        return ThingRecord(SOURCE, key, (), kind, (code,), thing.page)
    code = _MUNICIPALITIES.get(key, "")
    if not code and thing.towns:
        code = _MUNICIPALITIES.get(thing.towns[0], "")
    within = (code,) if code else ()
    return ThingRecord(SOURCE, key, names, _OTHER_KINDS.get(kind, "Programme"), within, thing.page)


def _territory(name: str) -> Location | None:
    """Tell from the name of a municipal authority which municipality is its own."""
    if name == "City of Stockholm":
        return Location(country="SE", municipality_code="0180")
    town = name.removesuffix(" Municipality").removeprefix("City of ")
    return Location(country="SE", city=town) if town not in (name, "Stockholm") else None


def _names(english: str, swedish: str, found: _Read) -> tuple[Name, ...]:
    first = [Name(english)] if english == swedish else [Name(english, "en"), Name(swedish, "sv")]
    others = dict.fromkeys([*found.aliases.get(english, []), *found.aliases.get(swedish, [])])
    return (
        *first,
        *(Name(name, kind="alias") for name in others if name not in (english, swedish)),
    )


def _testbeds(rows: Iterator[Row | Skipped | Marked], found: _Read) -> Iterator[Item]:
    seen: set[str] = set()
    for row in rows:
        if not isinstance(row, Row):
            yield row
            continue
        names = [name for name in (row["name_en"], row["name_sv"]) if name]
        if not names or row["kind"] not in FACILITY_KINDS:
            yield Skipped(row.where, "has no name, or is of no known kind")
        elif names[0] in seen:
            yield Skipped(row.where, f"{names[0]} comes a second time; the first is kept")
        else:
            seen.add(names[0])
            _facility(row, names, found)


def _facility(row: Row, names: list[str], found: _Read) -> None:
    operators, partners = _several(row["operator"]), _several(row["partners"])
    for name in (*operators, *partners):
        found.things.setdefault(name, _Thing(kinds=["office"], page=row["source_url"]))
    # Facts may call it by the other of its names; what they call a building or an actor of the
    # same name is another thing.
    called = [n for n in names if n in found.things and found.things[n].kinds[0] in FACILITY_KINDS]
    codes = [_TESTBED_MUNICIPALITIES.get(town, "") for town in _several(row["municipality"])]
    found.facilities.append(
        FacilityRecord(
            source=SOURCE,
            key=(called or [FACILITY_PREFIX + names[0]])[0],
            names=_names(names[0], names[-1], found),
            kind=FACILITY_KINDS[row["kind"]],
            operators=operators,
            partners=partners,
            fields=_several(row["fields"]),
            is_open_to_companies=True if row["open_to_companies"] == "yes" else None,
            aspect_hint=row["strategy_aspect_hint"],
            page=row["source_url"],
            municipalities=tuple(code for code in codes if code),
        )
    )


def _several(cell: str) -> tuple[str, ...]:
    """Part a cell at "; ", but not inside brackets."""
    return tuple(part.strip() for part in re.split(r"; (?![^(]*\))", cell) if part.strip())
