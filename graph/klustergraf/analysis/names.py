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


def find_actor(snapshot: Snapshot, wanted: str) -> int:
    """Find an actor's place in the snapshot.

    Errors: ActorNotFound with the nearest names; ActorAmbiguous when several have the name.
    """
    slug = _SHORT.get(wanted.lower(), wanted)
    for place, actor in enumerate(snapshot.actors):
        if slug in (actor.slug, actor.iri):
            return place
    plain = _plain(wanted)
    by_name: dict[str, set[int]] = {}
    for place, actor in enumerate(snapshot.actors):
        for name in (*actor.names, actor.slug):
            by_name.setdefault(_plain(name), set()).add(place)
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
