"""Read what the analysis needs from a version's dataset, in one pass."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from klustergraf.analysis.snapshot import (
    Actor,
    Contribution,
    Labels,
    Participation,
    Snapshot,
    Thing,
    Tie,
    slug_of,
)
from klustergraf.namespaces import DCT, GEO, GRAPH, ID, KG, ORG, RDF, SCHEMA, SKOS
from klustergraf.version import Version

REGION: Final = ID + "place/stockholm-uppsala"
_TYPE: Final = RDF + "type"
_SUBJECT: Final = RDF + "subject"
_PREDICATE: Final = RDF + "predicate"
_OBJECT: Final = RDF + "object"

_READ: Final = frozenset(
    f"<{iri}>".encode()
    for iri in (
        _SUBJECT, _PREDICATE, _OBJECT, SKOS + "prefLabel", SKOS + "altLabel", SKOS + "notation",
        KG + "locatedIn", KG + "hasCollaborator", KG + "isThrough", KG + "hasTieKind",
        KG + "hasPremiseCertainty", KG + "hasCertainty", KG + "worksWith", KG + "inProject",
        KG + "hasParticipant", KG + "euContribution", KG + "inProgramme", KG + "contributesTo",
        KG + "isOperatedBy", KG + "operates", ORG + "member", ORG + "organization",
        ORG + "classification", ORG + "subOrganizationOf", ORG + "hasSubOrganization",
        ORG + "hasSite", ORG + "hasPrimarySite", SCHEMA + "startDate", SCHEMA + "endDate",
        GEO + "hasGeometry", GEO + "asWKT", KG + "hasTerritory", DCT + "subject",
    )
)  # fmt: skip
_TELLING: Final = ("university", "hospital", "region", "municipality", "incubator", "start-up")
_CLASS: Final = f"<{KG}".encode()
_TYPE_BYTES: Final = f"<{_TYPE}>".encode()


class Facts:
    """The statements of a dataset that matter here: values by predicate and subject."""

    def __init__(self, version: Version) -> None:
        self.values: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.labels: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.names: dict[str, set[str]] = defaultdict(set)
        self.members: dict[str, set[str]] = defaultdict(set)
        self.contributions: dict[tuple[str, str], set[str]] = defaultdict(set)
        for quad in parse(input=_kept(version), format=RdfFormat.N_QUADS):
            if not isinstance(quad.subject, NamedNode) or not isinstance(
                quad.object, NamedNode | Literal
            ):
                continue
            subject, predicate, value = quad.subject.value, quad.predicate.value, quad.object.value
            if predicate == _TYPE:
                self.members[value].add(subject)
            elif predicate in (SKOS + "prefLabel", SKOS + "altLabel"):
                self.names[subject].add(value)
                if predicate.endswith("prefLabel") and isinstance(quad.object, Literal):
                    self.labels[subject][quad.object.language or ""].append(value)
            else:
                self.values[predicate][subject].add(value)
                if predicate == KG + "contributesTo" and isinstance(quad.graph_name, NamedNode):
                    self.contributions[subject, value].add(quad.graph_name.value)

    def all(self, subject: str, predicate: str) -> list[str]:
        """Give the values of a predicate, sorted."""
        return sorted(self.values[predicate].get(subject, ()))

    def first(self, subject: str, predicate: str) -> str | None:
        """Give the least of the values of a predicate."""
        return min(self.values[predicate].get(subject, ()), default=None)

    def label(self, iri: str) -> Labels:
        """Give the preferred labels, in sv and en."""
        found = self.labels.get(iri, {})
        return {lang: min(found[lang]) for lang in ("sv", "en") if lang in found}

    def amount(self, iri: str) -> float | None:
        """Give the EU contribution in euro."""
        value = self.first(iri, KG + "euContribution")
        return None if value is None else float(value)


def _kept(version: Version) -> bytes:
    lines = []
    with version.dataset_path.open("rb") as file:
        for line in file:
            _, predicate, rest = line.split(b" ", 2)
            if predicate in _READ or (predicate == _TYPE_BYTES and rest.startswith(_CLASS)):
                lines.append(line)
    return b"".join(lines)


def extract(version: Version) -> Snapshot:
    """Read a version's dataset into what the analysis works on."""
    facts = Facts(version)
    actors = facts.members[KG + "Actor"]
    ties = sorted(
        {*_collaborations(facts), *_memberships(facts), *_stated(facts), *_facilities(facts)},
        key=lambda tie: tie[:7],
    )
    region = {iri for iri in actors if REGION in facts.values[KG + "locatedIn"].get(iri, ())}
    tied = {end for tie in ties for end in tie[:2]}
    chosen = sorted(region | tied)
    places = {iri: index for index, iri in enumerate(chosen)}
    counties, municipalities = facts.members[KG + "County"], facts.members[KG + "Municipality"]
    operated = _operators(facts)
    facilities = {
        iri: tuple(sorted(operated.get(iri, ()))) for iri in facts.members[KG + "Facility"]
    }
    projects = _projects(facts, region)
    areas = {iri: _thing(facts, iri) for iri in sorted(facts.members[KG + "PriorityArea"])}
    through = {tie[3] for tie in ties}
    contributions = [
        Contribution(
            thing,
            area,
            all(g.startswith(GRAPH + "derived/") for g in graphs),
            tuple(sorted(graphs)),
        )
        for (thing, area), graphs in sorted(facts.contributions.items())
        if area in areas
    ]
    named = through | set(facilities) | set(projects) | {c.iri for c in contributions}
    kinds = {kind: facts.label(kind) for kind in facts.members[KG + "ActorKind"]}
    return Snapshot(
        version=version.id,
        actors=tuple(_actor(facts, iri, counties, municipalities, iri in region) for iri in chosen),
        ties=tuple(Tie(places[tie[0]], places[tie[1]], *tie[2:]) for tie in ties),
        things={iri: _thing(facts, iri, len(projects.get(iri, ()))) for iri in sorted(named)},
        participations=tuple(p for iri in sorted(projects) for p in projects[iri]),
        facility_actors=dict(sorted(facilities.items())),
        facility_places={
            iri: (_within(facts, iri, counties), _within(facts, iri, municipalities))
            for iri in sorted(facilities)
        },
        areas=areas,
        contributions=tuple(contributions),
        places={slug_of(p): facts.label(p) for p in sorted(counties | municipalities)},
        kinds={slug_of(kind): labels for kind, labels in sorted(kinds.items())},
        topics={
            topic: facts.label(topic)
            for topic in sorted({t for p in projects for t in facts.all(p, DCT + "subject")})
        },
    )


TieFacts = tuple[str, str, str, str, int, str, str, str | None, str | None, float | None]


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _collaborations(facts: Facts) -> Iterable[TieFacts]:
    """Ties through projects, agreements, foundations and groups: the nodes that rules made."""
    participations: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for node in facts.members[KG + "ProjectParticipation"]:
        project, actor = (
            facts.first(node, KG + "inProject"),
            facts.first(node, KG + "hasParticipant"),
        )
        amount = facts.amount(node)
        if project and actor:
            participations[project][actor].extend([] if amount is None else [amount])
    nodes = []
    together: dict[str, set[str]] = defaultdict(set)
    for node in facts.members[KG + "Collaboration"]:
        ends = facts.all(node, KG + "hasCollaborator")
        through, kind = facts.first(node, KG + "isThrough"), facts.first(node, KG + "hasTieKind")
        if len(ends) == 2 and through and kind:
            nodes.append((node, ends[0], ends[1], through, slug_of(kind)))
            together[through].update(ends)
    for node, a, b, through, kind in nodes:
        shares = participations.get(through, {})
        amounts = [*shares.get(a, ()), *shares.get(b, ())]
        yield (
            *_ordered(a, b), kind, through, len(together[through] | set(shares)), node,
            (facts.first(node, KG + "hasPremiseCertainty") or "").rpartition("#")[2],
            facts.first(node, SCHEMA + "startDate"), facts.first(through, SCHEMA + "endDate"),
            sum(amounts) if amounts else None,
        )  # fmt: skip


def _memberships(facts: Facts) -> Iterable[TieFacts]:
    """Ties between an actor and an actor that it is a member of."""
    actors = facts.members[KG + "Actor"]
    for node in facts.members[KG + "Membership"]:
        member, whole = facts.first(node, ORG + "member"), facts.first(node, ORG + "organization")
        if member in actors and whole in actors and member and whole and member != whole:
            yield (
                *_ordered(member, whole), "membership", whole, 2, node, _certainty(facts, node),
                *_time(facts, node), None,
            )  # fmt: skip


def _stated(facts: Facts) -> Iterable[TieFacts]:
    """Ties that a source tells of in so many words."""
    actors = facts.members[KG + "Actor"]
    for node in facts.values[_PREDICATE]:
        if facts.first(node, _PREDICATE) != KG + "worksWith":
            continue
        a, b = facts.first(node, _SUBJECT), facts.first(node, _OBJECT)
        if a in actors and b in actors and a and b and a != b:
            yield (
                *_ordered(a, b), "stated", node, 2, node, _certainty(facts, node),
                *_time(facts, node), None,
            )  # fmt: skip


def _facilities(facts: Facts) -> Iterable[TieFacts]:
    """Ties between actors that run the same facility."""
    for facility, operators in _operators(facts).items():
        for a, b in combinations(sorted(operators), 2):
            yield (
                a, b, "facility", facility, len(operators), facility, "stated",
                *_time(facts, facility), None,
            )  # fmt: skip


def _operators(facts: Facts) -> dict[str, set[str]]:
    actors, facilities = facts.members[KG + "Actor"], facts.members[KG + "Facility"]
    found: dict[str, set[str]] = defaultdict(set)
    for facility, operators in facts.values[KG + "isOperatedBy"].items():
        if facility in facilities:
            found[facility] |= operators & actors
    for actor, operated in facts.values[KG + "operates"].items():
        for facility in operated & facilities if actor in actors else ():
            found[facility].add(actor)
    return found


def _projects(facts: Facts, region: set[str]) -> dict[str, list[Participation]]:
    found: dict[str, dict[str, float | None]] = defaultdict(dict)
    for node in facts.members[KG + "ProjectParticipation"]:
        project, actor = (
            facts.first(node, KG + "inProject"),
            facts.first(node, KG + "hasParticipant"),
        )
        if project and actor:
            known, amount = found[project].get(actor), facts.amount(node)
            parts = [x for x in (known, amount) if x is not None]
            found[project][actor] = sum(parts) if parts else None
    return {
        project: [Participation(project, actor, amount) for actor, amount in sorted(actors.items())]
        for project, actors in found.items()
        if region & set(actors)
    }


def _time(facts: Facts, node: str) -> tuple[str | None, str | None]:
    return facts.first(node, SCHEMA + "startDate"), facts.first(node, SCHEMA + "endDate")


def _certainty(facts: Facts, node: str) -> str:
    return (facts.first(node, KG + "hasCertainty") or KG + "stated").rpartition("#")[2]


def _within(facts: Facts, iri: str, places: set[str]) -> tuple[str, ...]:
    return tuple(slug_of(p) for p in facts.all(iri, KG + "locatedIn") if p in places)


def _thing(facts: Facts, iri: str, participants: int = 0) -> Thing:
    labels = facts.label(iri)
    return Thing(
        iri, labels, facts.first(iri, SCHEMA + "startDate"), facts.first(iri, SCHEMA + "endDate"),
        tuple(slug_of(p) for p in facts.all(iri, KG + "inProgramme")), participants,
        tuple(facts.all(iri, DCT + "subject")),
    )  # fmt: skip


def _actor(
    facts: Facts, iri: str, counties: set[str], municipalities: set[str], in_region: bool
) -> Actor:
    parents = set(facts.all(iri, ORG + "subOrganizationOf"))
    return Actor(
        iri,
        facts.label(iri),
        names=tuple(sorted(facts.names.get(iri, ()))),
        kinds=tuple(
            sorted((slug_of(kind) for kind in facts.all(iri, ORG + "classification")), key=_rank)
        ),
        counties=_within(facts, iri, counties),
        municipalities=_within(facts, iri, municipalities),
        point=_point(facts, iri),
        in_region=in_region,
        parents=tuple(sorted(parents)),
    )


def _rank(kind: str) -> tuple[int, str]:
    """Put the kind first that says most of an actor: a university is an agency as well."""
    return (_TELLING.index(kind) if kind in _TELLING else len(_TELLING), kind)


def _point(facts: Facts, iri: str) -> tuple[float, float] | None:
    """Find where an actor is: its site, else the municipality that it is in."""
    sites = [*facts.all(iri, ORG + "hasPrimarySite"), *facts.all(iri, ORG + "hasSite")]
    municipalities = facts.members[KG + "Municipality"]
    near = [p for p in facts.all(iri, KG + "locatedIn") if p in municipalities]
    for place in [iri, *sites, *near]:
        for geometry in facts.all(place, GEO + "hasGeometry"):
            text = facts.first(geometry, GEO + "asWKT") or ""
            if text.startswith("POINT(") and text.endswith(")"):
                longitude, latitude = text[6:-1].split()
                return float(latitude), float(longitude)
    return None
