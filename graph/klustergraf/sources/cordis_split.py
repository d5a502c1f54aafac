"""Older states of CORDIS that lie in split tables: FP7, and H2020 as of 2016.

Both part the published table of participations in two: organisations with a key (the PIC where it
is known, else a digest), and pairs of project and organisation. FP7 comes without its projects; its
names are UTF-8 that was read as Windows-1252, and are repaired where that is certain.
"""

from collections.abc import Iterator
from typing import Final

from klustergraf.errors import SourceFormatError
from klustergraf.sources import values
from klustergraf.sources.cordis import KINDS, dated_project, project_key, split
from klustergraf.sources.reading import Input, Inputs, Row, table
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

FP7: Final = "cordis-fp7"
H2020: Final = "cordis-h2020-2016"

_EDGE: Final = ("projectRcn", "new_org_id")
_COUNTY_OF_NUTS: Final = {"SE110": "01", "SE121": "03"}


def read_fp7(inputs: Inputs) -> Iterator[Item]:
    """Read the organisations of FP7 and their parts in its projects, which are known by number."""
    pics = dict(_pics(inputs))
    organisations = _one(inputs, "fp7org")
    edges = _one(inputs, "fp7edges")
    known: set[str] = set()
    columns = ("new_org_id", "organisationName", "REGION_Level_NUTS_3", "country", "city")
    for row in table(inputs, organisations, columns):
        if isinstance(row, Row):
            yield from _fp7_organisation(row, pics, known)
        else:
            yield row
    projects: set[str] = set()
    for item in _edges(inputs, edges, known):
        if isinstance(item, ParticipationRecord) and item.project not in projects:
            projects.add(item.project)
            yield _fp7_project(item.project)
        yield item


def _one(inputs: Inputs, start: str) -> Input:
    """Find the whole table of that name; extracts of it (``….se-projects``) are left alone."""
    found = [f for f in inputs.files if f.stem.startswith(start) and f.suffix == ".csv"]
    whole = [file for file in found if "." not in file.stem] or found
    if not whole:
        names = ", ".join(file.name for file in inputs.files)
        raise SourceFormatError(names, "the files", f"none begins with {start!r}.")
    return whole[0]


def _pics(inputs: Inputs) -> Iterator[tuple[str, str]]:
    for file in inputs.named("derived_fp7_org_to_pic"):
        for row in table(inputs, file, ("new_org_id", "pic"), delimiter=","):
            if isinstance(row, Row):
                yield row["new_org_id"], row["pic"]


def _fp7_organisation(row: Row, pics: dict[str, str], known: set[str]) -> Iterator[Item]:
    key = row["new_org_id"]
    if not key or not row["organisationName"]:
        yield Skipped(row.where, "has no key or no name")
        return
    if key in known:
        yield Skipped(row.where, f"organisation {key} comes a second time; the first is kept")
        return
    known.add(key)
    name, doubt = values.repaired(row["organisationName"])
    city, _ = values.repaired(row["city"])
    if doubt:
        yield Marked(row.where, f"the name {name!r} {doubt}")
    nation = values.country(row["country"])
    names = [Name(name)]
    short, _ = values.repaired(row["organisationShortName"])
    if short and short.casefold() != name.casefold():
        names.append(Name(short, kind="acronym"))
    pic = pics.get(key, "")
    yield ActorRecord(
        source=FP7,
        key=key,
        names=tuple(names),
        location=Location(
            country=nation,
            city=city,
            postal_code=values.postal_code(row["postCode"]) if nation == "SE" else "",
            county_code=_COUNTY_OF_NUTS.get(row["REGION_Level_NUTS_3"], ""),
        ),
        ids={"pic": (pic,)} if pic else {},
        homepage=values.homepage(row["organizationUrl"]),
    )


def _fp7_project(key: str) -> ProjectRecord:
    rcn = key.removeprefix("rcn-")
    return ProjectRecord(
        source=FP7,
        key=key,
        title="",
        framework="FP7",
        page=f"https://cordis.europa.eu/project/rcn/{rcn}",
        identifiers=(f"rcn {rcn}",),
    )


def _edges(
    inputs: Inputs, file: Input, known: set[str], projects: dict[str, str] | None = None
) -> Iterator[ParticipationRecord | Skipped | Marked]:
    seen: set[tuple[str, str]] = set()
    for row in table(inputs, file, _EDGE, delimiter="\t", is_quoted=False):
        if not isinstance(row, Row):
            yield row
            continue
        rcn, organisation = row["projectRcn"], row["new_org_id"]
        project = projects.get(rcn, "") if projects is not None else f"rcn-{rcn}"
        if not rcn.isdigit() or not project:
            yield Skipped(row.where, f"there is no project {rcn!r}")
        elif organisation not in known:
            yield Skipped(row.where, f"there is no organisation {organisation!r}")
        elif (rcn, organisation) in seen:
            yield Skipped(row.where, "the participation comes a second time; the first is kept")
        else:
            seen.add((rcn, organisation))
            yield ParticipationRecord(file_source(projects), project, organisation)


def file_source(projects: dict[str, str] | None) -> str:
    """Give the source of a table of participations: only H2020 brings its projects along."""
    return FP7 if projects is None else H2020


_PROJECT: Final = (
    "rcn", "reference", "acronym", "programme", "topics", "startDate", "endDate", "totalCost",
    "ecMaxContribution", "coordinator",
)  # fmt: skip


def read_h2020(inputs: Inputs) -> Iterator[Item]:
    """Read the projects, organisations and participations of H2020 as of 2016."""
    for name, columns, kind in (
        ("cordisref-h2020programmes", ("code", "title"), "Programme"),
        ("cordisref-h2020topics", ("topicCode", "title"), "Topic"),
    ):
        yield from _concepts(inputs, name, columns, kind)
    projects: dict[str, str] = {}
    coordinators: dict[str, str] = {}
    for row in table(inputs, _one(inputs, "projects"), _PROJECT, delimiter="\t", is_quoted=False):
        if isinstance(row, Row):
            yield from _h2020_project(row, projects, coordinators)
        else:
            yield row
    about = _places(inputs)
    known: set[str] = set()
    names: dict[str, str] = {}
    organisations = _one(inputs, "unique_org")
    required = ("new_org_id", "name", "country")
    for row in table(inputs, organisations, required, delimiter="\t", is_quoted=False):
        if not isinstance(row, Row):
            yield row
            continue
        for item in _h2020_organisation(row, about, known):
            if isinstance(item, ActorRecord):
                names[item.key] = row["name"]
            yield item
    for item in _edges(inputs, _one(inputs, "edges"), known, projects):
        if isinstance(item, ParticipationRecord):
            leads = coordinators[item.project] == names[item.actor].casefold()
            role = "coordinator" if leads else "participant"
            yield ParticipationRecord(item.source, item.project, item.actor, role)
        else:
            yield item


def _concepts(inputs: Inputs, name: str, columns: tuple[str, str], kind: str) -> Iterator[Item]:
    seen: set[str] = set()
    code, title = columns
    for file in inputs.named(name):
        for row in table(inputs, file, columns):
            if not isinstance(row, Row):
                yield row
            elif row[code] and row[code] not in seen and _is_english(row):
                seen.add(row[code])
                text, _ = values.repaired(row[title])
                yield ConceptRecord(H2020, row[code], (Name(text or row[code], "en"),), kind)


def _is_english(row: Row) -> bool:
    return row["language"] in ("", "en")


def _h2020_project(
    row: Row, projects: dict[str, str], coordinators: dict[str, str]
) -> Iterator[Item]:
    rcn, grant = row["rcn"], row["reference"]
    if not rcn.isdigit() or not grant.isdigit():
        yield Skipped(row.where, f"{rcn!r}, {grant!r} are no project numbers: a shifted row")
        return
    if rcn in projects:
        yield Skipped(row.where, f"project {rcn} comes a second time; the first is kept")
        return
    key = projects[rcn] = project_key(grant)
    coordinators[key] = row["coordinator"].casefold()
    acronym, doubt = values.repaired(row["acronym"])
    if doubt:
        yield Marked(row.where, f"the acronym {acronym!r} {doubt}")
    record, faults = dated_project(
        row,
        ProjectRecord(
            source=H2020,
            key=key,
            title=acronym or grant,
            acronym=acronym,
            programme=";".join(split(row["programme"])),
            framework="H2020",
            topics=split(row["topics"]),
            page=f"https://cordis.europa.eu/project/id/{grant}",
            identifiers=(grant, f"rcn {rcn}"),
        ),
    )
    yield from faults
    yield record


def _places(inputs: Inputs) -> dict[str, Row]:
    """Read where organisations are and what they do, by PIC, from the table of a year later."""
    about: dict[str, Row] = {}
    for file in inputs.named("org_nodes_2017"):
        for row in table(inputs, file, ("orgId", "city", "activityType"), delimiter=","):
            if isinstance(row, Row):
                about.setdefault(row["orgId"], row)
    return about


def _h2020_organisation(row: Row, about: dict[str, Row], known: set[str]) -> Iterator[Item]:
    key = row["new_org_id"]
    if not key or not row["name"]:
        yield Skipped(row.where, "has no key or no name")
        return
    if key in known:
        yield Skipped(row.where, f"organisation {key} comes a second time; the first is kept")
        return
    known.add(key)
    name, doubt = values.repaired(row["name"])
    if doubt:
        yield Marked(row.where, f"the name {name!r} {doubt}")
    short, _ = values.repaired(row["shortName"])
    names = [Name(name)]
    if short and short.casefold() != name.casefold():
        names.append(Name(short, kind="acronym"))
    more = about.get(key)
    yield ActorRecord(
        source=H2020,
        key=key,
        names=tuple(names),
        kind=KINDS.get(more["activityType"], "Actor") if more else "Actor",
        location=Location(
            country=values.country(row["country"]),
            city=values.repaired(more["city"])[0] if more else "",
        ),
        ids={"pic": (key,)} if key.isdigit() else {},
        homepage=values.homepage(more["organizationUrl"]) if more else "",
    )
