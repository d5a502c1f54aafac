"""Which pairs are worth a comparison: those that share a key, never all with all."""

from collections.abc import Iterable, Iterator
from typing import Final

from klustergraf.identity.profiles import Profile

_Pair = tuple[int, int]

FUZZY_LIMIT: Final = 25
"""A key that only hints (a first word, a beginning) and that more profiles share says nothing."""

EXACT_LIMIT: Final = 60
"""In a larger group of one name, each is compared with its neighbours by reference only."""

_BEGINNING: Final = 10
_SKELETON: Final = 5


def candidate_pairs(profiles: list[Profile]) -> set[_Pair]:
    """List the pairs of positions to compare, the smaller first.

    Keys: the whole name and the set of its words (with the country, where a profile that has none
    joins those of every country); as hints the first word, the beginning and the end of the
    name, its consonants, an acronym beside a name that is one, and a Crossref funder id.
    """
    exact: dict[tuple[str, ...], list[int]] = {}
    hints: dict[tuple[str, ...], list[int]] = {}
    for position, profile in enumerate(profiles):
        for key in set(_exact_keys(profile)):
            exact.setdefault(key, []).append(position)
        for key in set(_hints(profile)):
            hints.setdefault(key, []).append(position)
    pairs: set[_Pair] = set()
    for group in exact.values():
        for members in _by_country(profiles, group):
            pairs.update(_pairs(members, EXACT_LIMIT))
    for group in hints.values():
        if len(group) <= FUZZY_LIMIT:
            pairs.update(_pairs(group, FUZZY_LIMIT))
    return pairs


def _exact_keys(profile: Profile) -> Iterator[tuple[str, ...]]:
    for name, _ in profile.names:
        yield ("name", name.compact)
        yield ("words", *sorted(name.words))


def _hints(profile: Profile) -> Iterator[tuple[str, ...]]:
    for name, _ in profile.names:
        if len(name.first) > 3:
            yield ("first", profile.country, name.first)
        if len(name.compact) >= _BEGINNING:
            yield ("beginning", profile.country, name.compact[:_BEGINNING])
            yield ("end", profile.country, name.compact[-_BEGINNING:])
        if len(name.skeleton) >= _SKELETON:
            yield ("skeleton", profile.country, name.skeleton)
        if len(name.words) == 1:
            yield ("acronym", name.compact)
    for acronym in profile.acronyms:
        yield ("acronym", acronym)
    for value in profile.ids.get("crossref", ()):
        yield ("crossref", value)


def _by_country(profiles: list[Profile], group: list[int]) -> Iterable[list[int]]:
    countries: dict[str, list[int]] = {}
    for position in group:
        countries.setdefault(profiles[position].country, []).append(position)
    anywhere = countries.pop("", [])
    return [sorted(members + anywhere) for members in countries.values()] or [anywhere]


def _pairs(members: list[int], limit: int) -> Iterator[_Pair]:
    near = len(members) if len(members) <= limit else 5
    for place, left in enumerate(members):
        for right in members[place + 1 : place + 1 + near]:
            yield left, right
