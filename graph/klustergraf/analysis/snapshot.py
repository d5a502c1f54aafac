"""What the analysis knows of a version: actors, ties, facilities, priority areas, contributions."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

RULES: Final[dict[str, str]] = {
    "project": "collaboration-project",
    "agreement": "collaboration-agreement",
    "foundation": "collaboration-foundation",
    "group": "collaboration-group",
    "facility": "shared-facility",
    "membership": "membership",
    "stated": "collaboration-stated",
}
"""The kinds of tie, and the rule that makes each; docs/analysis.md says what the rules are."""

Labels = dict[str, str]


def slug_of(iri: str) -> str:
    """Give the last part of an IRI of ours.

    >>> slug_of("https://w3id.org/klustergraf/id/actor/kth")
    'kth'
    """
    return iri.rpartition("/")[2]


@dataclass(frozen=True)
class Thing:
    """Anything with a name. ``labels``: by language, sv and en; ``topics``: IRIs."""

    iri: str
    labels: Labels
    since: str | None = None
    until: str | None = None
    programmes: tuple[str, ...] = ()
    participants: int = 0
    topics: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The last part of the IRI."""
        return slug_of(self.iri)

    def name(self, language: str = "en") -> str:
        """Give the label in a language, or another, or the slug."""
        return self.labels.get(language) or next(iter(self.labels.values()), self.slug)


@dataclass(frozen=True)
class Actor(Thing):
    """An actor. Places and kinds are slugs; ``point`` is latitude, longitude (WGS 84)."""

    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    point: tuple[float, float] | None = None
    in_region: bool = False
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tie:
    """One thing that ties two actors, by their places in ``Snapshot.actors`` (a < b).

    ``through``: IRI of what ties them; ``members``: how many it ties in all; ``amount_eur``: EU
    contribution to the two for it, where a source states one; ``evidence``: the node that says so.
    """

    a: int
    b: int
    kind: str
    through: str
    members: int
    evidence: str
    certainty: str
    since: str | None = None
    until: str | None = None
    amount_eur: float | None = None


@dataclass(frozen=True)
class Contribution:
    """A thing contributes to a priority area: stated by a source or a curator, or derived."""

    iri: str
    area: str
    derived: bool
    graphs: tuple[str, ...]


@dataclass(frozen=True)
class Participation:
    """An actor takes part in a project; ``amount_eur`` is the EU contribution to it."""

    project: str
    actor: str
    amount_eur: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything that the analysis reads from a version.

    ``actors``: those of the region and those with a tie, by IRI; ``facility_actors``: facility IRI
    to actor IRIs that operate it; ``places`` and ``kinds``: labels by slug; ``topics``: by IRI.
    """

    version: str
    actors: tuple[Actor, ...]
    ties: tuple[Tie, ...]
    things: dict[str, Thing]
    participations: tuple[Participation, ...]
    facility_actors: dict[str, tuple[str, ...]]
    facility_places: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    areas: dict[str, Thing]
    contributions: tuple[Contribution, ...]
    places: dict[str, Labels] = field(default_factory=dict)
    kinds: dict[str, Labels] = field(default_factory=dict)
    topics: dict[str, Labels] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """Give plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Snapshot":
        """Read what :meth:`to_data` gave."""

        def thing(item: dict[str, Any]) -> Thing:
            lists = {key: tuple(item[key]) for key in ("programmes", "topics")}
            return Thing(**{**item, **lists})

        return cls(
            version=data["version"],
            actors=tuple(_actor(item) for item in data["actors"]),
            ties=tuple(Tie(**item) for item in data["ties"]),
            things={iri: thing(item) for iri, item in data["things"].items()},
            participations=tuple(Participation(**item) for item in data["participations"]),
            facility_actors={k: tuple(v) for k, v in data["facility_actors"].items()},
            facility_places={
                k: (tuple(v[0]), tuple(v[1])) for k, v in data["facility_places"].items()
            },
            areas={iri: thing(item) for iri, item in data["areas"].items()},
            contributions=tuple(
                Contribution(**{**item, "graphs": tuple(item["graphs"])})
                for item in data["contributions"]
            ),
            places=data["places"],
            kinds=data["kinds"],
            topics=data["topics"],
        )


def _actor(item: dict[str, Any]) -> Actor:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in item.items()
    }
    return Actor(**values)
