"""IRIs of actors: the known ones stay, the registered ones stay, new ones are made from names.

A new IRI is made from the name in the best source. Where two actors would get the same, or the
name is taken, the actor's strongest identifier is added: ``…/actor/ministry--ror-012ab34``.
What makes an IRI stay when more records come is the registry: it holds, for each record, the IRI
that it was given, and is written anew after each import (:func:`updated_registry`).
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from klustergraf.errors import IdentifierError
from klustergraf.identifiers import mint_iri, slugify
from klustergraf.identity.external_ids import HARD_SCHEMES, normalise_id
from klustergraf.namespaces import ID
from klustergraf.sources.records import ActorRecord, Name

SOURCE_ORDER: Final = ("ror", "public-bodies", "ecosystem-facts")
"""The sources whose names are best, best first; then all others in the order of their names."""

_LONGEST_SLUG: Final = 80
_LANGUAGES: Final = ("sv", "", "en")


def assign_iris(
    groups: Iterable[list[str]],
    records: Mapping[str, ActorRecord],
    registry: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str]]:
    """Give each group of refs one IRI; return the IRI of each record's ref, and the redirects.

    A group that holds a known actor has its IRI. A registered IRI goes to the group of the record
    that stands first under it in the registry's order; a group that merges several keeps the one
    that stands first, and the others are redirects.
    """
    order = {iri: place for place, iri in enumerate(dict.fromkeys(registry.values()))}
    anchors: dict[str, str] = {}
    for ref, iri in registry.items():
        if ref in records:
            anchors.setdefault(iri, ref)
    named: list[tuple[list[str], str]] = []
    unnamed: list[list[str]] = []
    redirects: dict[str, str] = {}
    for group in sorted(groups):
        members = [ref for ref in group if ref in records]
        known = [ref for ref in group if ref not in records]
        given = [registry[ref] for ref in members if anchors.get(registry.get(ref, "")) == ref]
        given.sort(key=lambda iri: order[iri])
        chosen = (known or given or [""])[0]
        redirects.update({iri: chosen for iri in given if iri != chosen})
        if chosen:
            named.append((members, chosen))
        else:
            unnamed.append(members)
    iris = {ref: iri for members, iri in named for ref in members}
    taken = {iri for _, iri in named} | set(order)
    iris.update(_mint(unnamed, records, taken))
    return iris, dict(sorted(redirects.items()))


def updated_registry(registry: Mapping[str, str], iris: Mapping[str, str]) -> dict[str, str]:
    """Add to a registry what was given to records that it does not have; nothing in it changes."""
    return {**iris, **registry}


def _mint(
    groups: list[list[str]], records: Mapping[str, ActorRecord], taken: set[str]
) -> dict[str, str]:
    """Make IRIs from names, with an identifier where those meet, with a digest where that does."""
    left = [(_anchor(group, records), group) for group in groups]
    iris: dict[str, str] = {}
    for make in (_by_name, _by_identifier, _by_digest):
        wanted: dict[str, list[tuple[ActorRecord, list[str]]]] = {}
        for anchor, group in left:
            wanted.setdefault(make(anchor), []).append((anchor, group))
        left = []
        for iri, claims in wanted.items():
            if len(claims) > 1 or iri in taken or not iri:
                left += claims
            else:
                iris.update(dict.fromkeys(claims[0][1], iri))
        taken = taken | set(iris.values())
    return iris


def _by_name(anchor: ActorRecord) -> str:
    slug = _slug(anchor)
    return f"{ID}actor/{slug}" if slug else ""


def _by_identifier(anchor: ActorRecord) -> str:
    for scheme in HARD_SCHEMES:
        for value in sorted(anchor.ids.get(scheme, ())):
            normal = normalise_id(scheme, value)
            if normal:
                return _with(anchor, f"{scheme} {normal}")
    return ""


def _by_digest(anchor: ActorRecord) -> str:
    return _with(anchor, f"{anchor.source} {sha256(anchor.key.encode()).hexdigest()[:16]}")


def _with(anchor: ActorRecord, addition: str) -> str:
    slug = _slug(anchor)
    return mint_iri("actor", slug, addition) if slug else mint_iri("actor", addition)


def _anchor(group: list[str], records: Mapping[str, ActorRecord]) -> ActorRecord:
    return min((records[ref] for ref in group), key=lambda r: (_rank(r.source), r.source, r.key))


def _rank(source: str) -> int:
    return SOURCE_ORDER.index(source) if source in SOURCE_ORDER else len(SOURCE_ORDER)


def _slug(record: ActorRecord) -> str:
    """Make the slug of a record's best name: a label in Swedish, in no language, in English."""

    def preference(name: Name) -> tuple[bool, int, str]:
        language = _LANGUAGES.index(name.language) if name.language in _LANGUAGES else 3
        return (name.kind != "label", language, name.text)

    for name in sorted(record.names, key=preference):
        try:
            slug = slugify(name.text)
        except IdentifierError:
            continue
        return slug if len(slug) <= _LONGEST_SLUG else slug[:_LONGEST_SLUG].rsplit("-", 1)[0]
    return ""
