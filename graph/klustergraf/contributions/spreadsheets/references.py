"""Finds the actors that cells name: by IRI, ROR, organisation number, name, or slug."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from klustergraf.identity.external_ids import normalise_id
from klustergraf.namespaces import ID, KG, RDF, SCHEMA, SKOS

_TYPE: Final = ox.NamedNode(RDF + "type")
_ACTOR: Final = ox.NamedNode(KG + "Actor")
_SAME: Final = ox.NamedNode(SCHEMA + "sameAs")
_NUMBER: Final = ox.NamedNode(KG + "organisationNumber")
_LOCATED: Final = ox.NamedNode(KG + "locatedIn")
_MUNICIPALITY: Final = ox.NamedNode(KG + "Municipality")
_NAMES: Final = (ox.NamedNode(SKOS + "prefLabel"), ox.NamedNode(SKOS + "altLabel"))
_LANGUAGES: Final = ("sv", "en")
_SLUG: Final = re.compile(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*")
_MOST_NEAREST: Final = 20  # names of a table for which the nearest are looked for
_CANDIDATES: Final = 5
_LIKE: Final = 0.75


def organisation_number(text: str) -> str:
    """Give an organisation number as the graph writes it, or "".

    >>> organisation_number("5560117482"), organisation_number("811228-9874")
    ('556011-7482', '')
    """
    digits = normalise_id("orgnr", text)
    return f"{digits[:6]}-{digits[6:]}" if digits else ""


def ror_iri(text: str) -> str:
    """Give the IRI of a ROR identifier, or "".

    >>> ror_iri("ror.org/056d84691")
    'https://ror.org/056d84691'
    """
    found = normalise_id("ror", text) if re.fullmatch(r"[\w./:]+", text) else ""
    return f"https://ror.org/{found}" if found else ""


@dataclass(frozen=True)
class Found:
    """The actors that a text names: one, none, or several; and what they are called in words.

    ``nearest``: names that are like the text, when no actor has it.
    """

    actors: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


class Actors:
    """The actors of a version, and those of the table itself (``own``: IRIs by name and slug)."""

    def __init__(self, store: ox.Store, own: Mapping[str, str]) -> None:
        self._store = store
        self._own = own
        self._known: dict[str, Found] = {}
        self._looks_left = _MOST_NEAREST

    def find(self, text: str) -> Found:
        """Find what a text names."""
        if text not in self._known:
            self._known[text] = self._find(text)
        return self._known[text]

    def by_identifier(self, iri: str) -> tuple[str, ...]:
        """Give the actors that are the same as something elsewhere."""
        return self._subjects(_SAME, ox.NamedNode(iri))

    def by_number(self, number: str) -> tuple[str, ...]:
        """Give the actors with an organisation number, written as the graph writes it."""
        return self._subjects(_NUMBER, ox.Literal(number))

    def described(self, iri: str, language: str) -> str:
        """Name an actor so that it can be told from another of the same name."""
        name = self._label(ox.NamedNode(iri), language)
        places = sorted(
            self._label(quad.object, language)
            for quad in self._store.quads_for_pattern(ox.NamedNode(iri), _LOCATED, None, None)
            if isinstance(quad.object, ox.NamedNode) and self._has(quad.object, _MUNICIPALITY)
        )
        return f"{name} ({', '.join([*dict.fromkeys(places), iri])})"

    def _find(self, text: str) -> Found:
        if text in self._own:
            return Found((self._own[text],))
        if text.startswith(("http://", "https://")) and not ror_iri(text):
            is_known = text in self._own.values() or self._is_actor(text)
            return Found((text,)) if is_known else Found()
        number, ror = organisation_number(text), ror_iri(text)
        if number and re.fullmatch(r"[\d\s-]+", text):
            return Found(self.by_number(number))
        if ror and text.count(" ") == 0 and (found := self.by_identifier(ror)):
            return Found(found)
        if named := self._named(text):
            return Found(named)
        if _SLUG.fullmatch(text) and self._is_actor(f"{ID}actor/{text}"):
            return Found((f"{ID}actor/{text}",))
        return Found(nearest=self._nearest(text))

    def _named(self, text: str) -> tuple[str, ...]:
        """Find actors by exact name; one that is called so comes before one also called so."""
        for predicate in _NAMES:
            found = sorted(
                {
                    iri
                    for language in _LANGUAGES
                    for iri in self._subjects(predicate, ox.Literal(text, language=language))
                }
            )
            if found:
                return tuple(found)
        return ()

    def _nearest(self, text: str) -> tuple[str, ...]:
        if not self._looks_left:
            return ()
        self._looks_left -= 1
        matches = difflib.get_close_matches(text.casefold(), self._names, _CANDIDATES, cutoff=_LIKE)
        return tuple(self._names[match] for match in matches)

    @cached_property
    def _names(self) -> dict[str, str]:
        """The names of all actors, by themselves in small letters."""
        names: dict[str, str] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, _ACTOR, None):
            if isinstance(quad.subject, ox.NamedNode):
                for name in self._labels(quad.subject):
                    names.setdefault(name.value.casefold(), name.value)
        return names

    def _subjects(
        self, predicate: ox.NamedNode, value: ox.NamedNode | ox.Literal
    ) -> tuple[str, ...]:
        found = {
            quad.subject.value
            for quad in self._store.quads_for_pattern(None, predicate, value, None)
            if isinstance(quad.subject, ox.NamedNode) and self._has(quad.subject, _ACTOR)
        }
        return tuple(sorted(found))

    def _is_actor(self, iri: str) -> bool:
        try:
            return self._has(ox.NamedNode(iri), _ACTOR)
        except ValueError:
            return False

    def _has(self, thing: ox.NamedNode, class_: ox.NamedNode) -> bool:
        return next(self._store.quads_for_pattern(thing, _TYPE, class_, None), None) is not None

    def _labels(self, thing: ox.NamedNode) -> Iterator[ox.Literal]:
        for quad in self._store.quads_for_pattern(thing, _NAMES[0], None, None):
            if isinstance(quad.object, ox.Literal):
                yield quad.object

    def _label(self, thing: ox.NamedNode, language: str) -> str:
        names = {name.language or "": name.value for name in self._labels(thing)}
        return names.get(language) or next(iter(names.values()), thing.value)
