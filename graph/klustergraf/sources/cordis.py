"""CORDIS, the Commission's register of research projects: H2020 and Horizon Europe as published.

The dump is a zip (or a folder) of tables with ``;`` between quoted cells: ``project``,
``organization``, ``topics``, ``legalBasis``, ``euroSciVoc``. Objectives and contacts are not read.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from klustergraf.errors import SourceFormatError
from klustergraf.sources import values
from klustergraf.sources.reading import Inputs, Row, table
from klustergraf.sources.records import (
    ActorRecord,
    ConceptRecord,
    Item,
    Location,
    Marked,
    Name,
    ParticipationRecord,
    ProjectRecord,
    Skipped,
)

SOURCE: Final = "cordis"

_ORGANIZATION: Final = (
    "projectID", "projectAcronym", "organisationID", "vatNumber", "name", "shortName",
    "activityType", "postCode", "city", "country", "role", "ecContribution",
)  # fmt: skip
_PROJECT: Final = (
    "id", "acronym", "title", "startDate", "endDate", "totalCost", "ecMaxContribution",
    "legalBasis", "topics", "frameworkProgramme", "rcn",
)  # fmt: skip
KINDS: Final = {
    "HES": "EducationOrganisation",
    "REC": "ResearchOrganisation",
    "PRC": "Company",
    "PUB": "PublicBody",
}
_ROLES: Final = {
    "coordinator": "coordinator",
    "participant": "participant",
    "thirdParty": "third-party",
    "partner": "partner",
    "associatedPartner": "partner",
    "internationalPartner": "partner",
}


def read(inputs: Inputs) -> Iterator[Item]:
    """Read programmes, topics, projects, organisations and their parts in the projects."""
    topics: dict[str, list[str]] = {}
    fields: dict[str, list[str]] = {}
    yield from _topics(inputs, topics)
    yield from _legal_bases(inputs)
    yield from _fields(inputs, fields)
    if not inputs.named("project", "organization"):
        names = ", ".join(file.name for file in inputs.files)
        raise SourceFormatError(names, "the files", "none is project.csv or organization.csv.")
    known: set[str] = set()
    yield from _projects(inputs, topics, fields, known)
    yield from _organisations(inputs, topics, fields, known)


def _topics(inputs: Inputs, topics: dict[str, list[str]]) -> Iterator[Item]:
    seen: set[str] = set()
    for file in inputs.named("topics", suffix=".csv"):
        for row in table(inputs, file, ("projectID", "topic", "title")):
            if not isinstance(row, Row):
                yield row
                continue
            topics.setdefault(row["projectID"], []).append(row["topic"])
            if row["topic"] and row["topic"] not in seen:
                seen.add(row["topic"])
                names = (Name(row["title"] or row["topic"], "en"),)
                yield ConceptRecord(SOURCE, row["topic"], names, "Topic")


def _legal_bases(inputs: Inputs) -> Iterator[Item]:
    seen: set[str] = set()
    for file in inputs.named("legalbasis", suffix=".csv"):
        for row in table(inputs, file, ("legalBasis", "title")):
            if not isinstance(row, Row):
                yield row
            elif row["legalBasis"] and row["legalBasis"] not in seen:
                seen.add(row["legalBasis"])
                names = (Name(row["title"] or row["legalBasis"], "en"),)
                yield ConceptRecord(SOURCE, row["legalBasis"], names, "Programme")


def _fields(inputs: Inputs, fields: dict[str, list[str]]) -> Iterator[Item]:
    for file in inputs.named("euroscivoc", suffix=".csv"):
        for row in table(inputs, file, ("projectID", "euroSciVocCode")):
            if isinstance(row, Row):
                fields.setdefault(row["projectID"], []).append(row["euroSciVocCode"])
            else:
                yield row


def project_key(grant: str) -> str:
    """Give the slug of an EU project: its grant agreement number, which no programme reuses."""
    return f"ec-{grant}"


def _projects(
    inputs: Inputs, topics: dict[str, list[str]], fields: dict[str, list[str]], known: set[str]
) -> Iterator[Item]:
    for file in inputs.named("project", suffix=".csv"):
        for row in table(inputs, file, _PROJECT):
            if not isinstance(row, Row):
                yield row
                continue
            grant = row["id"]
            if not grant.isdigit():
                yield Skipped(row.where, f"{grant!r} is no grant agreement number: a shifted row")
                continue
            if grant in known:
                yield Skipped(row.where, f"project {grant} comes a second time; the first is kept")
                continue
            known.add(grant)
            record, faults = dated_project(
                row,
                ProjectRecord(
                    source=SOURCE,
                    key=project_key(grant),
                    title=row["title"] or row["acronym"] or grant,
                    acronym=row["acronym"],
                    programme=row["legalBasis"],
                    framework=row["frameworkProgramme"],
                    topics=tuple(dict.fromkeys(topics.get(grant, []) or split(row["topics"]))),
                    page=f"https://cordis.europa.eu/project/id/{grant}",
                    fields=tuple(dict.fromkeys(fields.get(grant, []))),
                    identifiers=(grant, f"rcn {row['rcn']}") if row["rcn"] else (grant,),
                ),
            )
            yield from faults
            yield record


def dated_project(row: Row, record: ProjectRecord) -> tuple[ProjectRecord, list[Marked]]:
    """Add dates and amounts to a project, and say what was wrong with those left out."""
    start, start_fault = values.date(row["startDate"])
    end, end_fault = values.date(row["endDate"])
    cost, cost_fault = values.money(row["totalCost"])
    contribution, contribution_fault = values.money(row["ecMaxContribution"])
    faults = [start_fault, end_fault, cost_fault, contribution_fault]
    if start and end and end < start[: len(end)]:
        faults.append(f"it ends ({end}) before it starts ({start}); the end is left out")
        end = ""
    dated = replace(
        record, start=start, end=end, total_cost_eur=cost, contribution_eur=contribution
    )
    return dated, [Marked(row.where, fault) for fault in faults if fault]


def split(text: str) -> tuple[str, ...]:
    """Part a cell that holds several codes."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _organisations(
    inputs: Inputs, topics: dict[str, list[str]], fields: dict[str, list[str]], known: set[str]
) -> Iterator[Item]:
    seen: set[str] = set()
    parts: dict[tuple[str, str, str], Decimal | None] = {}
    for file in inputs.named("organization", suffix=".csv"):
        for row in table(inputs, file, _ORGANIZATION):
            if not isinstance(row, Row):
                yield row
                continue
            grant, pic = row["projectID"], row["organisationID"]
            if not grant.isdigit() or not pic.isdigit() or not row["name"]:
                reason = "has no project number, PIC or name where they belong: a shifted row"
                yield Skipped(row.where, reason)
                continue
            if grant not in known:
                known.add(grant)
                yield _project_by_number(row, topics, fields)
            if pic not in seen:
                seen.add(pic)
                yield from _organisation(row, pic)
            amount, fault = values.money(row["ecContribution"])
            if fault:
                yield Marked(row.where, fault)
            role = _ROLES.get(row["role"], "participant")
            part = (project_key(grant), pic, role)
            if part in parts:
                yield Marked(row.where, "the same part in the project comes again; amounts added")
                parts[part] = _sum(parts[part], amount)
            else:
                parts[part] = amount
    for (project, actor, role), amount in parts.items():
        yield ParticipationRecord(SOURCE, project, actor, role, amount)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Add two amounts; what is not told counts as nothing, unless neither is told."""
    if one is None or other is None:
        return one if other is None else other
    return one + other


def _project_by_number(
    row: Row, topics: dict[str, list[str]], fields: dict[str, list[str]]
) -> ProjectRecord:
    """Make a project of which only the table of organisations tells."""
    grant = row["projectID"]
    return ProjectRecord(
        source=SOURCE,
        key=project_key(grant),
        title=row["projectAcronym"] or grant,
        acronym=row["projectAcronym"],
        topics=tuple(dict.fromkeys(topics.get(grant, []))),
        page=f"https://cordis.europa.eu/project/id/{grant}",
        fields=tuple(dict.fromkeys(fields.get(grant, []))),
        identifiers=(grant,),
    )


def _organisation(row: Row, pic: str) -> Iterator[Item]:
    name, doubt = values.repaired(row["name"])
    if doubt:
        yield Marked(row.where, f"the name {name!r} {doubt}")
    nation = values.country(row["country"])
    ids: dict[str, tuple[str, ...]] = {"pic": (pic,)}
    vat, number = values.swedish_vat(row["vatNumber"])
    if vat:
        ids |= {"vat": (vat,), "orgnr": (number,)}
    latitude, longitude = _point(row["geolocation"])
    names = [Name(name)]
    if row["shortName"] and row["shortName"] != name:
        names.append(Name(row["shortName"], kind="acronym"))
    yield ActorRecord(
        source=SOURCE,
        key=pic,
        names=tuple(names),
        kind=KINDS.get(row["activityType"], "Actor"),
        location=Location(
            country=nation,
            city=row["city"],
            postal_code=values.postal_code(row["postCode"]) if nation == "SE" else "",
            latitude=latitude,
            longitude=longitude,
        ),
        ids=ids,
        homepage=values.homepage(row["organizationURL"]),
    )


def _point(text: str) -> tuple[float | None, float | None]:
    try:
        latitude, longitude = (float(part) for part in text.strip("()").split(","))
    except ValueError:
        return None, None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None, None
    return latitude, longitude
