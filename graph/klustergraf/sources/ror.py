"""ROR, the Research Organization Registry: the data dump, schema v2 or v1, plain or zip.

A zip of the registry holds the same records in both schemas and as CSV; of those, v2 is read.
Organisations that the registry has withdrawn are left out; inactive ones stay, and say so.
"""

from collections.abc import Iterator
from typing import Any, Final

from klustergraf.sources import values
from klustergraf.sources.reading import Input, Inputs, json_array
from klustergraf.sources.records import (
    ActorRecord,
    Item,
    Location,
    Name,
    RelationRecord,
    Skipped,
)

SOURCE: Final = "ror"

_KINDS: Final = {
    "education": "EducationOrganisation",
    "healthcare": "HealthCareProvider",
    "company": "Company",
    "government": "PublicBody",
    "nonprofit": "NonProfitOrganisation",
    "facility": "ResearchOrganisation",
    "funder": "Funder",
}
_RELATIONS: Final = {
    "parent": "parent",
    "child": "child",
    "related": "related",
    "predecessor": "predecessor",
    "successor": "successor",
}
_SCHEMES: Final = {"isni": "isni", "grid": "grid", "wikidata": "wikidata", "fundref": "crossref"}
_NAME_KINDS: Final = ("label", "alias", "acronym")


def read(inputs: Inputs) -> Iterator[Item]:
    """Read organisations and the relations between them."""
    files = [file for file in inputs.files if file.suffix == ".json"]
    if any("schema_v2" in file.stem for file in files):
        files = [file for file in files if "schema_v2" in file.stem]
    seen: set[str] = set()
    for file in files:
        for number, item in enumerate(json_array(inputs, file), 1):
            if isinstance(item, Skipped):
                yield item
            else:
                yield from _organisation(file, number, item, seen)


def _organisation(file: Input, number: int, item: Any, seen: set[str]) -> Iterator[Item]:
    key = values.ror(str(item.get("id", ""))) if isinstance(item, dict) else ""
    where = f"{file.name}, record {number}" + (f" ({key})" if key else "")
    if not key:
        yield Skipped(where, "has no ROR id")
    elif key in seen:
        yield Skipped(where, "comes a second time; the first is kept")
    elif item.get("status") == "withdrawn":
        seen.add(key)
        yield Skipped(where, "was withdrawn from the registry")
    else:
        seen.add(key)
        try:
            is_v2 = "names" in item
            record = _of_v2(key, item) if is_v2 else _of_v1(key, item)
            relations = list(_relations(key, item))
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as exc:
            yield Skipped(where, f"is not laid out as ROR publishes it ({exc!r})")
            return
        if not record.names:
            yield Skipped(where, "has no name")
            return
        yield record
        yield from relations


def _of_v2(key: str, item: dict[str, Any]) -> ActorRecord:
    names = []
    for name in item["names"]:
        kinds = [kind for kind in _NAME_KINDS if kind in name["types"]]
        is_shown = "ror_display" in name["types"]
        kind = kinds[0] if kinds else ("label" if is_shown else "alias")
        names.append((not is_shown, Name(name["value"], name.get("lang") or "", kind)))
    ids: dict[str, tuple[str, ...]] = {"ror": (key,)}
    for entry in item.get("external_ids", []):
        _add_id(ids, entry["type"], entry.get("preferred"), entry["all"])
    links = [link["value"] for link in item.get("links", []) if link["type"] == "website"]
    place = (item.get("locations") or [{}])[0].get("geonames_details", {})
    return ActorRecord(
        source=SOURCE,
        key=key,
        names=tuple(name for _, name in sorted(names, key=lambda pair: pair[0])),
        kind=_kind(item.get("types", []), [name.text for _, name in names]),
        location=Location(
            country=values.country(place.get("country_code") or ""),
            city=place.get("name") or "",
            latitude=place.get("lat"),
            longitude=place.get("lng"),
        ),
        ids=ids,
        established=str(item.get("established") or ""),
        homepage=values.homepage(links[0]) if links else "",
        status=item.get("status", "active"),
        page=f"https://ror.org/{key}",
    )


def _of_v1(key: str, item: dict[str, Any]) -> ActorRecord:
    names = [Name(item["name"], "", "label")]
    names += [Name(label["label"], label.get("iso639") or "") for label in item.get("labels", [])]
    names += [Name(alias, "", "alias") for alias in item.get("aliases", [])]
    names += [Name(acronym, "", "acronym") for acronym in item.get("acronyms", [])]
    ids: dict[str, tuple[str, ...]] = {"ror": (key,)}
    for scheme, entry in (item.get("external_ids") or {}).items():
        found = entry["all"]
        _add_id(ids, scheme, entry.get("preferred"), [found] if isinstance(found, str) else found)
    address = (item.get("addresses") or [{}])[0]
    city = address.get("geonames_city") or {}
    code = str((city.get("geonames_admin2") or {}).get("code") or "")
    links = item.get("links") or []
    return ActorRecord(
        source=SOURCE,
        key=key,
        names=tuple(names),
        kind=_kind([kind.lower() for kind in item.get("types", [])], [n.text for n in names]),
        location=Location(
            country=values.country((item.get("country") or {}).get("country_code") or ""),
            city=address.get("city") or "",
            municipality_code=code[-4:] if code.startswith("SE.") else "",
            latitude=address.get("lat"),
            longitude=address.get("lng"),
        ),
        ids=ids,
        established=str(item.get("established") or ""),
        homepage=values.homepage(links[0]) if links else "",
        status=item.get("status", "active"),
        page=f"https://ror.org/{key}",
    )


def _add_id(
    ids: dict[str, tuple[str, ...]], scheme: str, preferred: str | None, found: list[str]
) -> None:
    own = _SCHEMES.get(scheme.lower())
    if own is None:
        return
    ordered = [preferred] if preferred else []
    ordered += [value for value in found if value != preferred]
    if own == "isni":
        ordered = [values.isni(value) for value in ordered]
    elif own == "grid":
        ordered = [values.grid(value) for value in ordered]
    elif own == "wikidata":
        ordered = [v for v in ordered if v.startswith("Q") and v[1:].isdigit()]
    kept = tuple(dict.fromkeys(value for value in ordered if value))
    if kept:
        ids[own] = kept


def _kind(types: list[str], names: list[str]) -> str:
    for kind in types:
        if kind == "healthcare" and any(_is_hospital(name) for name in names):
            return "Hospital"
        if kind != "funder" and kind in _KINDS:
            return _KINDS[kind]
    return "Funder" if "funder" in types else "Actor"


def _is_hospital(name: str) -> bool:
    return "hospital" in name.lower() or "sjukhus" in name.lower()


def _relations(key: str, item: dict[str, Any]) -> Iterator[RelationRecord]:
    for relation in item.get("relationships", []):
        other = values.ror(relation["id"])
        predicate = _RELATIONS.get(relation["type"].lower())
        if other and predicate and other != key:
            yield RelationRecord(
                source=SOURCE,
                key=f"{key}-{predicate}-{other}",
                subject=key,
                predicate=predicate,
                object=other,
                page=f"https://ror.org/{key}",
            )
