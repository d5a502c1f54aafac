"""Lists of the SciLifeLab Data Centre: services, data sources, quality registries, cohorts.

All are facilities that give access to data. Persons who maintain a service, and every address of
support, are left out; descriptions are not read.
"""

from collections.abc import Iterator
from typing import Any, Final

from klustergraf.errors import SourceFormatError
from klustergraf.sources import values
from klustergraf.sources.reading import Input, Inputs, json_document
from klustergraf.sources.records import ActorRecord, FacilityRecord, Item, Location, Name, Skipped

SOURCE: Final = "scilifelab"

# Who maintains services, where that is an organisation; other names may be those of persons.
_ORGANISATION_WORDS: Final = (
    "scilifelab", "nbis", "infrastructure", "university", "universitet", "institute", "centre",
    "center", "atlas", "kth", "platform", "facility", "elixir", "uppmax",
)  # fmt: skip
# The counties and towns of the centres that run registries, as far as their names say.
_CENTRES: Final = {
    "kvalitetsregistercentrum stockholm": Location(country="SE", county_code="01"),
    "uppsala clinical research center": Location(country="SE", municipality_code="0380"),
}


def read(inputs: Inputs) -> Iterator[Item]:
    """Read the lists that are there, each facility with who runs it."""
    seen: set[str] = set()
    for file in inputs.files:
        if file.suffix != ".json" or "pathogens" in file.stem:
            continue
        document = json_document(inputs, file)
        rows = document.get("dataSources") if isinstance(document, dict) else document
        if not isinstance(rows, list):
            raise SourceFormatError(file.name, "its beginning", "it is no list of facilities.")
        for number, row in enumerate(rows, 1):
            yield from _facility(file, number, row, seen)


def _facility(file: Input, number: int, row: Any, seen: set[str]) -> Iterator[Item]:
    where = f"{file.name}, record {number}"
    name = str(row.get("name") or row.get("title") or "").strip() if isinstance(row, dict) else ""
    if not name:
        yield Skipped(where, "has no name")
        return
    if name.casefold() in seen:
        yield Skipped(where, f"{name} comes a second time; the first is kept")
        return
    seen.add(name.casefold())
    operators = [str(centre) for centre in row.get("registry_centre") or []]
    maintainer = str(row.get("maintained_by") or "").strip()
    if any(word in maintainer.casefold() for word in _ORGANISATION_WORDS):
        operators.append(maintainer)
    for operator in operators:
        if operator.casefold() not in seen:
            seen.add(operator.casefold())
            location = _location(operator)
            yield ActorRecord(SOURCE, operator, (Name(operator),), "Actor", location)
    language = "sv" if "registry_centre" in row else ""
    yield FacilityRecord(
        source=SOURCE,
        key=name,
        names=(Name(name, language),),
        kind="QualityRegistry" if "registry_centre" in row else _kind(row),
        operators=tuple(dict.fromkeys(operators)),
        fields=_fields(row),
        page=values.homepage(str(row.get("metadata_url") or row.get("url") or row.get("link"))),
        homepage=values.homepage(str(row.get("url") or row.get("link") or "")),
        since=values.date(str(row.get("start_date") or ""))[0],
    )


def _location(operator: str) -> Location:
    lowered = operator.casefold()
    for name, location in _CENTRES.items():
        if name in lowered:
            return location
    return Location()


def _kind(row: dict[str, Any]) -> str:
    return "Cohort" if row.get("category") == "research_cohort" else "DataInfrastructure"


def _fields(row: dict[str, Any]) -> tuple[str, ...]:
    values_of = row.get("ddls") or row.get("disease_area") or row.get("type") or []
    return tuple(str(value).replace("_", " ") for value in values_of)
