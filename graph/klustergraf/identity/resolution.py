"""Resolve records to actors: the same input, in any order, gives the same actors.

1. What a curator decided, and parents and children that a source states, come first.
2. A shared identifier of a trusted scheme merges, scheme by scheme in the order of trust, unless
   the two look clearly different.
3. Names, places and kinds merge from the highest score down (:mod:`klustergraf.identity.scoring`),
   unless a cluster would then hold what excludes itself, or would fit two rivals as well.
4. What is nearly enough, or was refused, is doubtful: a person decides, in ``decisions.csv``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from klustergraf.identity.blocking import candidate_pairs
from klustergraf.identity.clusters import Clusters
from klustergraf.identity.curation import SAME, Decision
from klustergraf.identity.external_ids import TRUSTED_SCHEMES
from klustergraf.identity.minting import assign_iris
from klustergraf.identity.profiles import (
    KnownActor,
    Profile,
    profile_known,
    profile_record,
    record_ref,
)
from klustergraf.identity.scoring import (
    DOUBT,
    MERGE,
    Score,
    apart,
    clearly_different,
    name_likeness,
    score,
)
from klustergraf.sources.records import ActorRecord, Name, RelationRecord, Skipped

RIVAL_MARGIN: Final = 0.05
"""A cluster that fits two others, which exclude each other, within this is given to neither."""

APART_RELATIONS: Final = frozenset({"parent", "child", "successor", "predecessor"})

_SETTLED = ("decided", "both have", "different countries")
"""Conflicts that leave no doubt: the two are two."""

BY_DECISION: Final = "decision"
BY_NAME: Final = "name"
BY_ID: Final = "id"


@dataclass(frozen=True, slots=True)
class Merge:
    """Two records (or a record and an IRI) that are one actor: by what, and how sure.

    ``reason`` is ``decision``, ``id`` or ``name``; ``detail`` the words of the curator, the
    identifier that both have, or the parts of the score; ``detail_sv`` the curator's words in
    Swedish, empty where nobody decided.
    """

    left: str
    right: str
    reason: str
    score: float
    detail: str
    detail_sv: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two that may be one actor, for a person to decide: how alike, and why it was not decided."""

    left: str
    right: str
    score: float
    detail: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which actor each record is.

    ``actors``: the refs of each actor's records, by IRI, sorted; ``merges`` and ``doubtful``
    sorted; ``redirects``: an IRI given earlier to what is now known to be another actor, and that
    actor's; ``unused``: decisions about what is not there; ``skipped``: what was wrong.
    """

    iris: Mapping[str, str]
    actors: Mapping[str, tuple[str, ...]]
    merges: tuple[Merge, ...]
    doubtful: tuple[Doubt, ...]
    redirects: Mapping[str, str]
    unused: tuple[Decision, ...]
    skipped: tuple[Skipped, ...]
    profiles: Mapping[str, Profile]

    def iri(self, source: str, key: str) -> str:
        """Give the IRI of the actor that a record is.

        Errors: KeyError for a record that was not among those resolved.
        """
        return self.iris[record_ref(source, key)]


def resolve(
    records: Iterable[ActorRecord],
    known: Iterable[KnownActor] = (),
    decisions: Iterable[Decision] = (),
    *,
    relations: Iterable[RelationRecord] = (),
    names: Mapping[str, tuple[Name, ...]] | None = None,
    registry: Mapping[str, str] | None = None,
) -> Resolution:
    """Find one actor for each record, and one IRI for each actor.

    ``known`` actors keep their IRIs; ``relations`` between parents and children keep those apart;
    ``names`` are curated names by ref; ``registry`` holds the IRIs that records were given before.

    >>> from klustergraf.sources.records import ActorRecord, Location, Name
    >>> se = Location("SE", "Stockholm")
    >>> found = resolve([
    ...     ActorRecord("cordis", "9", (Name("EXEMPELHOEGSKOLAN"),), location=se),
    ...     ActorRecord("ror", "0", (Name("Exempelhögskolan", "sv"),), location=se),
    ... ])
    >>> found.iri("cordis", "9") == found.iri("ror", "0")
    True
    """
    unique, skipped = _unique(records)
    extra = names or {}
    profiles = [profile_known(actor) for actor in known]
    for ref, record in unique.items():
        profile, faults = profile_record(record, extra.get(ref, ()))
        profiles.append(profile)
        skipped += faults
    profiles.sort(key=lambda profile: (not profile.iri, profile.ref))
    run = _Run(profiles)
    unused = run.decide(decisions)
    run.keep_apart(relations)
    run.merge_by_id()
    run.merge_by_name()
    groups = [[profiles[i].ref for i in sorted(m)] for m in run.clusters.members if m]
    iris, redirects = assign_iris(groups, unique, registry or {})
    actors: dict[str, list[str]] = {}
    for ref in sorted(iris):
        actors.setdefault(iris[ref], []).append(ref)
    return Resolution(
        iris=iris,
        actors={iri: tuple(refs) for iri, refs in sorted(actors.items())},
        merges=tuple(sorted(run.merges, key=lambda m: (m.left, m.right))),
        doubtful=run.doubts(),
        redirects=redirects,
        unused=tuple(unused),
        skipped=tuple(sorted(skipped, key=lambda s: (s.where, s.reason))),
        profiles={profile.ref: profile for profile in profiles},
    )


def _unique(records: Iterable[ActorRecord]) -> tuple[dict[str, ActorRecord], list[Skipped]]:
    """Keep one record for each key, whichever comes first."""
    found: dict[str, list[ActorRecord]] = {}
    for record in records:
        same_key = found.setdefault(record_ref(record.source, record.key), [])
        if record not in same_key:
            same_key.append(record)
    skipped = []
    for ref, same_key in found.items():
        if len(same_key) > 1:
            same_key.sort(key=repr)
            skipped.append(Skipped(ref, f"{len(same_key)} records have this key; one is used"))
    return {ref: found[ref][0] for ref in sorted(found)}, skipped


class _Run:
    """One resolution under way. Positions are those of the sorted profiles."""

    def __init__(self, profiles: list[Profile]) -> None:
        self.profiles = profiles
        self.clusters = Clusters(profiles)
        self.merges: list[Merge] = []
        self._doubts: list[tuple[float, int, int, str]] = []
        self._positions = {profile.ref: i for i, profile in enumerate(profiles)}

    def decide(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Carry the decisions out; give those about what is not there."""
        unused = []
        ordered = sorted(decisions, key=lambda d: (d.verdict == SAME, d.pair))
        for decision in ordered:  # what is different first, so that it stands against all else
            places = [self._positions.get(ref) for ref in decision.pair]
            if places[0] is None or places[1] is None:
                unused.append(decision)
            elif decision.verdict != SAME:
                self.clusters.forbid(places[0], places[1])
            elif self.clusters.is_forbidden(places[0], places[1]):
                self._doubt(places[0], places[1], 1.0, "decisions contradict each other")
            else:
                words = decision.reason_en, decision.reason_sv
                self._merge(places[0], places[1], BY_DECISION, 1.0, *words)
        return unused

    def keep_apart(self, relations: Iterable[RelationRecord]) -> None:
        """Keep a parent and its child apart, and an actor and what came after it."""
        for relation in relations:
            if relation.predicate in APART_RELATIONS:
                refs = [record_ref(relation.source, k) for k in (relation.subject, relation.object)]
                places = [self._positions.get(ref) for ref in refs]
                if places[0] is not None and places[1] is not None and places[0] != places[1]:
                    self.clusters.forbid(places[0], places[1])

    def merge_by_id(self) -> None:
        """Merge what shares an identifier, unless it looks clearly different."""
        holders: dict[tuple[int, str], list[int]] = {}
        for place, profile in enumerate(self.profiles):
            for rank, scheme in enumerate(TRUSTED_SCHEMES):
                for value in profile.ids.get(scheme, ()):
                    holders.setdefault((rank, value), []).append(place)
        for (rank, value), group in sorted(holders.items()):
            identifier = f"{TRUSTED_SCHEMES[rank]} {value}"
            leaders: list[int] = []
            for place in group:
                if not any(self._joins(leader, place, identifier) for leader in leaders):
                    leaders.append(place)

    def _joins(self, leader: int, place: int, identifier: str) -> bool:
        if self.clusters.find(leader) == self.clusters.find(place):
            return True
        left, right = self.profiles[leader], self.profiles[place]
        if self.clusters.is_forbidden(leader, place) or (left.iri and right.iri):
            return False  # decided already
        agree = name_likeness(left, right) > 0.0
        likeness = 1.0 if agree else 0.95
        why = self.clusters.conflict(leader, place, by_id=True) or clearly_different(left, right)
        if why:
            self._doubt(leader, place, likeness, f"share {identifier}, but {why}")
            return False
        self._merge(leader, place, BY_ID, likeness, identifier)
        return True

    def merge_by_name(self) -> None:
        """Merge by name, place and kind, the highest score first."""
        edges: list[tuple[float, int, int, Score]] = []
        for left, right in candidate_pairs(self.profiles):
            if self.clusters.find(left) == self.clusters.find(right):
                continue
            pair = self.profiles[left], self.profiles[right]
            if apart(*pair):
                continue
            found = score(*pair)
            if found.total >= DOUBT:
                edges.append((found.total, left, right, found))
        edges.sort(key=lambda edge: (-edge[0], edge[1], edge[2]))
        rivals = self._rivals(edges)
        for total, left, right, found in edges:
            if self.clusters.find(left) == self.clusters.find(right):
                continue
            parts = f"name {found.name:.2f}, place {found.place:.2f}, kind {found.kind:.2f}"
            why = self.clusters.conflict(left, right, by_id=False)
            if total >= MERGE and not why and (left, right) not in rivals:
                self._merge(left, right, BY_NAME, total, parts)
            elif not why.startswith(_SETTLED) and (total >= MERGE or not why):
                because = why or ("fits another as well" if total >= MERGE else "")
                self._doubt(left, right, total, "; ".join(filter(None, (parts, because))))

    def _rivals(self, edges: list[tuple[float, int, int, Score]]) -> set[tuple[int, int]]:
        """Find the pairs of which one side fits another cluster as well, and the two exclude."""
        near: dict[int, dict[int, float]] = {}
        for total, left, right, _ in edges:
            if total >= MERGE - RIVAL_MARGIN:
                ends = self.clusters.find(left), self.clusters.find(right)
                for one, other in (ends, ends[::-1]):
                    best = near.setdefault(one, {})
                    best[other] = max(best.get(other, 0.0), total)
        found = set()
        for total, left, right, _ in edges:
            ends = self.clusters.find(left), self.clusters.find(right)
            for one, other in (ends, ends[::-1]):
                if any(
                    third != other
                    and likeness >= total - RIVAL_MARGIN
                    and self._exclude(other, third)
                    for third, likeness in near.get(one, {}).items()
                ):
                    found.add((left, right))
        return found

    def _exclude(self, left: int, right: int) -> bool:
        """Tell whether two clusters cannot be one, by themselves or by two of their members."""
        if self.clusters.conflict(left, right, by_id=False):
            return True
        members = self.clusters.members
        return any(
            apart(self.profiles[one], self.profiles[other])
            for one in members[left][:5]
            for other in members[right][:5]
        )

    def _merge(self, left: int, right: int, reason: str, likeness: float, *details: str) -> None:
        refs = sorted((self.profiles[left].ref, self.profiles[right].ref))
        if self.clusters.find(left) != self.clusters.find(right):
            self.merges.append(Merge(refs[0], refs[1], reason, likeness, *details))
        self.clusters.merge(left, right)

    def _doubt(self, left: int, right: int, likeness: float, detail: str) -> None:
        self._doubts.append((likeness, left, right, detail))

    def doubts(self) -> tuple[Doubt, ...]:
        """Give what is doubtful still: one pair for each two clusters, the most alike."""
        best: dict[tuple[int, int], Doubt] = {}
        for likeness, left, right, detail in sorted(self._doubts, key=lambda d: (-d[0], d[1:])):
            ends = sorted((self.clusters.find(left), self.clusters.find(right)))
            if ends[0] != ends[1]:
                refs = sorted((self.profiles[left].ref, self.profiles[right].ref))
                best.setdefault((ends[0], ends[1]), Doubt(refs[0], refs[1], likeness, detail))
        return tuple(sorted(best.values(), key=lambda d: (-d.score, d.left, d.right)))
