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
    anchored = [(_anchor(group, records), group) for group in groups]
    wanted: dict[str, int] = {}
    for anchor, _ in anchored:
        slug = _slug(anchor)
        wanted[slug] = wanted.get(slug, 0) + 1
    iris = {}
    for anchor, group in anchored:
        slug = _slug(anchor)
        iri = f"{ID}actor/{slug}"
        if not slug:
            iri = mint_iri("actor", _discriminator(anchor))
        elif wanted[slug] > 1 or iri in taken:
            iri = mint_iri("actor", slug, _discriminator(anchor))
        iris.update(dict.fromkeys(group, iri))
    return iris


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


def _discriminator(record: ActorRecord) -> str:
    """Give the strongest identifier of a record as a slug, or a short digest of its key."""
    for scheme in HARD_SCHEMES:
        for value in sorted(record.ids.get(scheme, ())):
            normal = normalise_id(scheme, value)
            if normal:
                return slugify(f"{scheme} {normal}")
    return slugify(f"{record.source} {sha256(record.key.encode()).hexdigest()[:8]}")
