"""Networks of those who take part in the same things, wherever they are: whole programmes."""

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Final

from klustergraf.analysis.snapshot import Actor, Snapshot, Thing, Tie

_KIND: Final = "project"


def joint_projects(members: Mapping[str, Collection[str]], version: str = "") -> Snapshot:
    """Tie all who take part in the same project, as the rule of projects does for the region.

    ``members``: the actors of each project. A project with n actors gives n (n - 1) / 2 ties.
    """
    names = sorted({actor for actors in members.values() for actor in actors})
    places = {name: place for place, name in enumerate(names)}
    ties: list[Tie] = []
    for project, actors in sorted(members.items()):
        there = sorted({places[actor] for actor in actors})
        count = len(there)
        ties.extend(
            Tie(a, b, _KIND, project, count, project, "stated") for a, b in combinations(there, 2)
        )
    return Snapshot(
        version=version,
        actors=tuple(Actor(name, {}) for name in names),
        ties=tuple(ties),
        things={
            project: Thing(project, {}, participants=len(set(actors)))
            for project, actors in members.items()
        },
        participations=(),
        facility_actors={},
        facility_places={},
        areas={},
        contributions=(),
    )
