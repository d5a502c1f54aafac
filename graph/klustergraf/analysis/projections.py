"""Actors tied to something else: to priority areas, facilities or projects.

The weight is how many things tie the two. An actor is tied to a priority area by itself, by the
facilities that it runs and by the projects that it takes part in, when those contribute to it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from klustergraf.analysis.network import NetworkFilter
from klustergraf.analysis.snapshot import Snapshot
from klustergraf.errors import AnalysisParameterError

ONTO: Final = ("priority", "facility", "project")


@dataclass(frozen=True)
class Contact:
    """An actor (its place in the snapshot) and what it is tied to, through which things (IRIs).

    ``derived``: those of ``through`` that only a rule ties to it.
    """

    actor: int
    target: str
    through: tuple[str, ...]
    derived: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """Count what ties them."""
        return len(self.through)


def check_onto(onto: str) -> None:
    """Refuse what actors cannot be projected onto.

    Errors: AnalysisParameterError when it is none of the three.
    """
    if onto not in ONTO:
        raise AnalysisParameterError("onto", f"must be one of {', '.join(ONTO)}, not {onto!r}")


def project_onto(snapshot: Snapshot, onto: str, asked: NetworkFilter) -> list[Contact]:
    """Tie the region's actors to priority areas, facilities or projects.

    Of the filter, kinds, places and the least weight count; programmes and years for what is a
    project. Errors: AnalysisParameterError when ``onto`` is none of the three.
    """
    check_onto(onto)
    places = {
        actor.iri: place
        for place, actor in enumerate(snapshot.actors)
        if actor.in_region and asked.takes_actor(actor)
    }
    found: dict[tuple[int, str], dict[str, bool]] = defaultdict(dict)
    contributes = defaultdict(list)
    for item in snapshot.contributions:
        contributes[item.iri].append(item)
    for actor, thing in _holdings(snapshot, onto, asked):
        if actor not in places:
            continue
        if onto == "priority":
            for item in contributes.get(thing, ()):
                found[places[actor], item.area][thing] = item.derived
        else:
            found[places[actor], thing][thing] = False
    contacts = [
        Contact(
            actor,
            target,
            tuple(sorted(ties)),
            tuple(sorted(t for t, derived in ties.items() if derived)),
        )
        for (actor, target), ties in sorted(found.items())
    ]
    return [contact for contact in contacts if contact.weight >= asked.least_weight]


def _holdings(snapshot: Snapshot, onto: str, asked: NetworkFilter) -> Iterator[tuple[str, str]]:
    """Give what each actor is, runs, and takes part in, as far as it matters."""
    if onto == "priority":
        yield from ((actor.iri, actor.iri) for actor in snapshot.actors)
    if onto != "project":
        for facility, operators in snapshot.facility_actors.items():
            yield from ((actor, facility) for actor in operators)
    if onto != "facility":
        for part in snapshot.participations:
            thing = snapshot.things[part.project]
            if asked.takes_thing(thing.since, thing.until, thing.programmes):
                yield part.actor, part.project
