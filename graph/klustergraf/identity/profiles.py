"""Profiles: records and known actors in one form, ready to be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from klustergraf.identity.countries import country_names
from klustergraf.identity.curation import read_towns
from klustergraf.identity.external_ids import (
    HARD_SCHEMES,
    normalise_id,
    normalise_scheme,
)
from klustergraf.identity.normalisation import (
    COMPANY_FORMS,
    NameKey,
    fold,
    name_key,
    parts,
    place_keys,
    split_country,
    without_acronym,
)
from klustergraf.sources.records import ActorRecord, Location, Name, Skipped

CLOSED_SOURCES: Final = frozenset({"ror", "ecosystem-facts"})
"""Sources that keep their actors apart: two keys of one of them are two actors."""

NOWHERE: Final = Location()

PART_WEIGHT: Final = 0.75
BARE_WEIGHT: Final = 0.97

_HOSPITAL = ("sjukhu", "hospital", "lasarett", "sykehu", "klinikum", "hospitalet", "krankenhau")
_EDUCATION = ("hogskola", "hochschule", "yliopisto", "hogeschool")


@dataclass(frozen=True, slots=True)
class KnownActor:
    """An actor that has an IRI already. ``names`` hold former names too, with their dates."""

    iri: str
    names: tuple[Name, ...]
    kind: str = "Actor"
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    location: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Profile:
    """A record or a known actor, made comparable.

    ``ref`` is ``source:key`` of a record, or the IRI of a known actor; ``names`` are its full
    names, each with its weight as evidence; ``joint`` the parts of names that hold two;
    ``acronyms`` are folded; ``ids`` normalised; ``places`` codes and names of towns.
    """

    ref: str
    source: str
    iri: str
    names: tuple[tuple[NameKey, float], ...]
    joint: tuple[frozenset[str], ...]
    acronyms: frozenset[str]
    kind: str
    country: str
    places: frozenset[str]
    postal_code: str
    point: tuple[float, float] | None
    ids: Mapping[str, frozenset[str]]
    forms: frozenset[str]


def record_ref(source: str, key: str) -> str:
    """Name a record among those of all sources.

    >>> record_ref("ror", "056d84691")
    'ror:056d84691'
    """
    return f"{source}:{key}"


def profile_record(
    record: ActorRecord, extra: Iterable[Name] = ()
) -> tuple[Profile, list[Skipped]]:
    """Make a record comparable; what is no identifier is left out and told."""
    ref = record_ref(record.source, record.key)
    ids, skipped = _ids(ref, record.ids)
    names = (*record.names, *extra)
    return _profile(ref, record.source, "", names, record.kind, record.location, ids), skipped


def profile_known(actor: KnownActor) -> Profile:
    """Make a known actor comparable."""
    ids, _ = _ids(actor.iri, actor.ids)
    return _profile(actor.iri, "", actor.iri, actor.names, actor.kind, actor.location, ids)


def _profile(
    ref: str,
    source: str,
    iri: str,
    names: Iterable[Name],
    kind: str,
    location: Location,
    ids: Mapping[str, frozenset[str]],
) -> Profile:
    names = list(names)
    acronyms = frozenset(fold(n.text).replace(" ", "") for n in names if n.kind == "acronym")
    keys, joint = _name_keys([n.text for n in names if n.kind != "acronym"], acronyms)
    forms = frozenset(form for key in keys for form in key.forms)
    countries = sorted({key.country for key in keys if key.country})
    return Profile(
        ref=ref,
        source=source,
        iri=iri,
        names=tuple(sorted(keys.items(), key=lambda item: (item[0].compact, -item[1]))),
        joint=joint,
        acronyms=acronyms - {""},
        kind=_kind(kind, keys, forms),
        country=location.country or (countries[0] if len(countries) == 1 else ""),
        places=_places(location),
        postal_code="".join(c for c in location.postal_code.upper() if c.isalnum()),
        point=_point(location),
        ids=ids,
        forms=forms,
    )


def _name_keys(
    texts: Iterable[str], acronyms: frozenset[str]
) -> tuple[dict[NameKey, float], tuple[frozenset[str], ...]]:
    """Make names comparable, with the weight of each, and the parts of those that hold two."""
    keys: dict[NameKey, float] = {}
    joint = []
    for text in texts:
        halves = parts(text)
        variants = [(text, 1.0), *((half, PART_WEIGHT) for half in halves)]
        variants += [(bare, BARE_WEIGHT) for bare in _bare(text, halves, acronyms)]
        for variant, weight in variants:
            key = name_key(variant)
            if key.compact:
                keys[key] = max(keys.get(key, 0.0), weight)
        if halves:
            joint.append(frozenset(name_key(half).compact for half in halves))
    return keys, tuple(sorted(joint, key=sorted))


def _bare(text: str, halves: list[str], acronyms: frozenset[str]) -> list[str]:
    """Give a name without its own acronym, and with the country of its register as a word."""
    found = [without_acronym(text)]
    if len(halves) == 2:
        short = [half for half in halves if fold(half).replace(" ", "") in acronyms]
        found += [half for half in halves if len(short) == 1 and half not in short]
    base, country = split_country(text)
    if country:
        found += [f"{base} {name}" for name in country_names(country)]
    return [bare for bare in found if bare]


def _kind(kind: str, keys: Iterable[NameKey], forms: frozenset[str]) -> str:
    """Tell the kind by the name where the source does not: "… AB", "… sjukhus", "… universitet"."""
    if kind != "Actor":
        return kind
    words = {word for key in keys for word in key.words}
    if forms & COMPANY_FORMS:
        return "Company"
    if any(word.endswith(_HOSPITAL) for word in words):
        return "Hospital"
    if any(word.startswith("universi") or word.endswith(_EDUCATION) for word in words):
        return "HigherEducationInstitution"
    if any(word in ("kommun", "municipality") for word in words):
        return "MunicipalAuthority"
    return "Actor"


def _places(location: Location) -> frozenset[str]:
    """Give the municipality, else the town, and the county where the source tells it."""
    if location.municipality_code:
        return frozenset({location.municipality_code})
    return place_keys(location.city, read_towns()) | ({location.county_code} - {""})


def _point(location: Location) -> tuple[float, float] | None:
    if location.latitude is None or location.longitude is None:
        return None
    return location.latitude, location.longitude


def _ids(
    ref: str, given: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, frozenset[str]], list[Skipped]]:
    found: dict[str, set[str]] = {}
    skipped = []
    for scheme, values in sorted(given.items()):
        for value in values:
            normal = normalise_id(scheme, value)
            if normal:
                found.setdefault(normalise_scheme(scheme), set()).add(normal)
            else:
                # The value itself may be a personal identity number: it is not repeated.
                skipped.append(Skipped(ref, f"its {scheme} is not a valid identifier; left out"))
    for scheme in HARD_SCHEMES:
        if len(found.get(scheme, ())) > 1:
            values_text = ", ".join(sorted(found.pop(scheme)))
            skipped.append(Skipped(ref, f"has several {scheme} ({values_text}); none is used"))
    return {scheme: frozenset(values) for scheme, values in found.items()}, skipped


@cache
def county_of(place: str) -> str:
    """Give the county of a code of one or of a municipality, "" for a town without a code."""
    return place[:2] if place.isdigit() else ""
