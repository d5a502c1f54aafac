"""Find an actor by its slug, IRI, name or abbreviation, however it is written."""

import difflib
import re
import unicodedata

from klustergraf.analysis.snapshot import Actor, Snapshot
from klustergraf.errors import ActorAmbiguous, ActorNotFound

_SHORT = {
    "ki": "karolinska-institutet",
    "uu": "uppsala-universitet",
    "su": "stockholms-universitet",
}


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))


# How alike two spellings are that are surely meant to be one, and how far the next must be off.
_SURE, _APART = 0.9, 0.05
_NEAR = 0.6


def _by_name(snapshot: Snapshot) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for place, actor in enumerate(snapshot.actors):
        for name in (*actor.names, actor.slug):
            found.setdefault(_plain(name), set()).add(place)
    return found


def likely_actors(snapshot: Snapshot, wanted: str, most: int = 8) -> list[int]:
    """Find whom a text may mean that is nobody's name as it stands; one place: it is surely that.

    First who is called so; else in whose name each word of it begins a word; else who is spelt
    nearly so. The likeliest come first.
    """
    by_name, plain = _by_name(snapshot), _plain(wanted)
    words = plain.split()
    if not words:
        return []
    fitting = by_name.get(plain, set()) or {
        place
        for name, places in by_name.items()
        if all(any(word.startswith(w) for word in name.split()) for w in words)
        for place in places
    }
    if fitting:
        length = {p: len(snapshot.actors[p].name()) for p in fitting}
        return sorted(fitting, key=lambda p: (length[p], snapshot.actors[p].slug))[:most]
    alike: dict[int, float] = {}
    for name in difflib.get_close_matches(plain, by_name, most, _NEAR):
        ratio = difflib.SequenceMatcher(None, name, plain).ratio()
        for place in by_name[name]:
            alike[place] = max(alike.get(place, 0.0), ratio)
    ordered = sorted(alike, key=lambda p: (-alike[p], snapshot.actors[p].slug))
    if ordered and alike[ordered[0]] >= _SURE:
        near = [p for p in ordered[1:] if alike[ordered[0]] - alike[p] < _APART]
        return ordered[:1] if not near else [ordered[0], *near][:most]
    return ordered[:most]


def find_actor(snapshot: Snapshot, wanted: str) -> int:
    """Find an actor's place in the snapshot.

    Errors: ActorNotFound with the nearest names; ActorAmbiguous when several have the name.
    """
    slug = _SHORT.get(wanted.lower(), wanted)
    for place, actor in enumerate(snapshot.actors):
        if slug in (actor.slug, actor.iri):
            return place
    plain = _plain(wanted)
    by_name = _by_name(snapshot)
    fitting = by_name.get(plain, set())
    if len(fitting) == 1:
        return next(iter(fitting))
    if fitting:
        raise ActorAmbiguous(wanted, tuple(_told(snapshot.actors[p]) for p in sorted(fitting)))
    near = difflib.get_close_matches(plain, by_name, 5, 0.5)
    places = dict.fromkeys(p for name in near for p in sorted(by_name[name]))
    raise ActorNotFound(wanted, tuple(_told(snapshot.actors[p]) for p in places)[:5])


def _told(actor: Actor) -> str:
    return f"{actor.name()} ({actor.slug})"
