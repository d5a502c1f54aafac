"""From records to statements in the named graph of their source.

What a source says itself is stated as it is. What is concluded from it (the municipality of a
postal code, the county of "Stockholm") stands on a site that is marked inferred, with the reason.
Relations with a role, an amount or a page are nodes of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.errors import IdentifierError
from klustergraf.identifiers import parse_iri, slugify
from klustergraf.namespaces import GRAPH
from klustergraf.sources import terms
from klustergraf.sources.geodata import Certainty, Gazetteer, Placement
from klustergraf.sources.labels import LabelBook
from klustergraf.sources.predicates import Family, Meaning, date_meaning, meaning
from klustergraf.sources.records import (
    ActorRecord,
    ConceptRecord,
    FacilityRecord,
    Location,
    Name,
    ParticipationRecord,
    PlaceRecord,
    ProjectRecord,
    Record,
    RelationRecord,
    Skipped,
    ThingRecord,
)
from klustergraf.sources.terms import Object, kg, said, thing

ActorIri = Callable[[str, str], str]
"""Gives the IRI of the actor that a source knows by a key."""

DATASET_GRAPHS: Final = {"ror": "ror-registry"}
"""Graphs that are called otherwise than their source: ``open/ror`` is written by hand."""

Statement = tuple[NamedNode, NamedNode, Object]
"""Subject, predicate and object."""

_SAME_AS: Final = {
    "ror": "https://ror.org/",
    "isni": "https://isni.org/isni/",
    "wikidata": "http://www.wikidata.org/entity/",
}
_IDENTIFIERS: Final = {
    "grid": kg("gridIdentifier"),
    "crossref": kg("funderIdentifier"),
    "pic": kg("participantIdentifier"),
    "vat": terms.VAT,
    "orgnr": kg("organisationNumber"),
}
_THING_FAMILIES: Final = {
    "Agreement": ("agreement", Family.AGREEMENT),
    "Building": ("place", Family.PLACE),
    "Campus": ("place", Family.PLACE),
    "County": ("place", Family.PLACE),
    "Municipality": ("place", Family.PLACE),
    "Place": ("place", Family.PLACE),
    "Programme": ("programme", Family.OTHER),
    "Strategy": ("strategy", Family.OTHER),
}
_CONCEPT_KINDS: Final = {
    "Programme": "programme",
    "ResearchField": "research-field",
    "Topic": "call-topic",
}


@dataclass
class Shared:
    """What the statements of all sources of one import have in common.

    ``names`` must hold the names of everything before the first statement is asked for (see
    :meth:`Statements.note`); ``once`` keeps what is said once for a thing: dates and amounts.
    """

    actor_iri: ActorIri
    gazetteer: Gazetteer = field(default_factory=Gazetteer)
    names: LabelBook = field(default_factory=LabelBook)
    once: set[tuple[str, str]] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    """Actors of which some source tells more of their place than a town wider than it says."""
    territories: Mapping[str, str] = field(default_factory=dict)
    """The place that an authority is responsible for: an address elsewhere is not its place."""
    boundaries_of_counties: frozenset[str] = frozenset(("01", "03"))


class Statements:
    """Writes the records of one source."""

    def __init__(self, source: str, shared: Shared) -> None:
        self.source = source
        self.graph = NamedNode(f"{GRAPH}open/{DATASET_GRAPHS.get(source, source)}")
        self.skipped: list[Skipped] = []
        self._shared = shared
        self._things: dict[str, tuple[NamedNode, Family]] = {}
        self._pages: dict[str, str] = {}
        self._parents: dict[str, set[str]] = {}
        self._schemes: set[str] = set()

    # ── what a record is ───────────────────────────────────────────────────────────────────────

    def note(self, record: Record) -> None:
        """Take in the names of a record, and what its key stands for.

        Errors: IdentifierError when no IRI can be made from its name.
        """
        found = self.identify(record)
        if found is None:
            return
        iri, family = found
        if isinstance(record, ProjectRecord):
            self._things[record.key] = found
            self._shared.names.add(iri.value, self.source, _project_names(record))
        elif isinstance(record, PlaceRecord):
            name = Name(record.name, "sv") if record.kind == "County" else Name(record.name)
            names = (name, Name(_english_county(record.name), "en"))
            counties = names if record.kind == "County" else names[:1]
            self._shared.names.add(iri.value, self.source, counties)
        elif isinstance(record, ConceptRecord):
            self._shared.names.add(iri.value, self.source, _concept_names(record))
        elif isinstance(record, ActorRecord | FacilityRecord | ThingRecord):
            self._things[record.key] = (iri, family)
            self._shared.names.add(iri.value, self.source, record.names)
        if isinstance(record, ActorRecord):
            placement = self._shared.gazetteer.place(record.location)
            if placement is not None and placement.municipality:
                self._shared.placed.add(iri.value)

    def identify(self, record: Record) -> tuple[NamedNode, Family] | None:
        """Give the IRI of what a record is about, and its family; nothing for a relation.

        Errors: IdentifierError.
        """
        match record:
            case ActorRecord():
                return NamedNode(self._shared.actor_iri(self.source, record.key)), Family.ACTOR
            case ProjectRecord():
                return thing("project", record.key), Family.PROJECT
            case PlaceRecord():
                return self._place(record.key), Family.PLACE
            case FacilityRecord():
                return thing("facility", record.names[0].text), Family.FACILITY
            case ConceptRecord():
                return thing(_CONCEPT_KINDS[record.kind], record.key), Family.OTHER
            case ThingRecord():
                if record.kind in ("County", "Municipality"):
                    return self._place(record.within[0]), Family.PLACE
                kind, family = _THING_FAMILIES[record.kind]
                return thing(kind, record.names[0].text), family
        return None

    def iri(self, key: str) -> NamedNode | None:
        """Give the IRI that a key of this source stands for, once it was noted."""
        found = self._things.get(key)
        return found[0] if found else None

    def actor_iri(self, record: ActorRecord) -> str:
        """Give the IRI of the actor that a record is."""
        return self._shared.actor_iri(self.source, record.key)

    def _place(self, code: str) -> NamedNode:
        return thing("place", self._shared.gazetteer.slug(code))

    # ── statements ─────────────────────────────────────────────────────────────────────────────

    def quads(self, record: Record) -> Iterator[Quad]:
        """State what a record says."""
        for subject, predicate, value in self._triples(record):
            yield Quad(subject, predicate, value, self.graph)

    def _triples(self, record: Record) -> Iterator[Statement]:
        match record:
            case ActorRecord():
                yield from self._actor(record)
            case ProjectRecord():
                yield from self._project(record)
            case ParticipationRecord():
                yield from self._participation(record)
            case RelationRecord():
                yield from self._relation(record)
            case FacilityRecord():
                yield from self._facility(record)
            case PlaceRecord():
                yield from self._area(record)
            case ConceptRecord():
                yield from self._concept(record)
            case ThingRecord():
                yield from self._thing(record)

    def _labels(self, iri: NamedNode, *, of_all: bool = False) -> Iterator[Statement]:
        for label in self._shared.names.labels(iri.value, None if of_all else self.source):
            predicate = terms.PREF_LABEL if label.is_preferred else terms.ALT_LABEL
            yield iri, predicate, said(label.text, label.language)

    def _once(
        self, subject: NamedNode, predicate: NamedNode, value: Object | None
    ) -> Iterator[Statement]:
        key = (subject.value, predicate.value)
        if value is not None and key not in self._shared.once:
            self._shared.once.add(key)
            yield subject, predicate, value

    def _links(self, iri: NamedNode, homepage: str, page: str) -> Iterator[Statement]:
        for predicate, address in ((terms.HOMEPAGE, homepage), (terms.PAGE, page)):
            link = terms.iri_or_none(address)
            if link is not None:
                yield iri, predicate, link

    def _actor(self, record: ActorRecord) -> Iterator[Statement]:
        iri = NamedNode(self._shared.actor_iri(self.source, record.key))
        yield iri, terms.TYPE, kg(record.kind)
        yield from self._labels(iri)
        for scheme, found in record.ids.items():
            for value in found:
                if scheme in _SAME_AS:
                    yield iri, terms.SAME_AS, NamedNode(_SAME_AS[scheme] + value)
                elif scheme in _IDENTIFIERS:
                    yield iri, _IDENTIFIERS[scheme], Literal(value)
        if len(record.established) == 4 and record.established.isdigit():
            yield from self._once(iri, terms.FOUNDED_ON, terms.when(record.established))
        if record.status == "inactive":
            yield iri, kg("isActive"), terms.truth(value=False)
        yield from self._links(iri, record.homepage, record.page)
        yield from self._whereabouts(iri, record)

    def _whereabouts(self, iri: NamedNode, record: ActorRecord) -> Iterator[Statement]:
        location = record.location
        if location.country:
            yield from self._once(iri, terms.COUNTRY, Literal(location.country))
        placement = self._shared.gazetteer.place(location)
        if placement is None:
            return
        if not placement.municipality and iri.value not in self._shared.placed:
            placement = self._shared.gazetteer.likely(location) or placement
        place = self._place(placement.municipality or placement.county)
        territory = self._shared.territories.get(iri.value)
        if territory not in (None, place.value, self._place(placement.county).value):
            return
        if record.kind in ("MunicipalAuthority", "RegionalAuthority"):
            is_own = record.kind == "MunicipalAuthority" and placement.municipality
            if is_own and self.source != "ror":
                yield iri, kg("hasTerritory"), place
            else:
                yield iri, kg("locatedIn"), place
        elif placement.how == Certainty.STATED:
            yield iri, kg("locatedIn"), place
        else:
            yield from self._site(iri, place, placement, location)

    def _site(
        self, iri: NamedNode, place: NamedNode, placement: Placement, location: Location
    ) -> Iterator[Statement]:
        place_slug = parse_iri(place.value).slug
        site = thing("site", parse_iri(iri.value).slug, place_slug, self.source)
        if (site.value, "site") in self._shared.once:
            return  # another record of the actor told of the same place
        self._shared.once.add((site.value, "site"))
        yield iri, terms.HAS_SITE, site
        yield site, terms.TYPE, terms.SITE
        yield site, kg("locatedIn"), place
        yield site, kg("hasCertainty"), kg("inferred")
        if placement.how in (Certainty.POSTAL_CODE, Certainty.POSTAL_AREA):
            code = f"{location.postal_code[:3]} {location.postal_code[3:]}"
            yield site, terms.POSTAL_CODE, Literal(code)
        for language, reason in _reasons(placement):
            yield site, kg("inferenceReason"), said(reason, language)
        # The points of ROR are those of towns, not of the organisations in them.
        if self.source != "ror" and location.latitude is not None:
            point = NamedNode(f"{site.value}#point")
            yield site, terms.HAS_GEOMETRY, point
            yield point, terms.TYPE, terms.GEOMETRY
            text = f"POINT({location.longitude:.5f} {location.latitude:.5f})"
            yield point, terms.AS_WKT, terms.wkt(text)

    def _project(self, record: ProjectRecord) -> Iterator[Statement]:
        iri = thing("project", record.key)
        yield iri, terms.TYPE, kg("Project")
        yield from self._labels(iri)
        for identifier in record.identifiers:
            yield iri, terms.IDENTIFIER, Literal(identifier)
        if record.start:
            yield from self._once(iri, terms.STARTS, terms.when(record.start))
        if record.end:
            yield from self._once(iri, terms.ENDS, terms.when(record.end))
        if record.total_cost_eur is not None:
            cost = terms.amount(record.total_cost_eur)
            yield from self._once(iri, kg("totalCost"), cost)
        if record.contribution_eur is not None:
            contribution = terms.amount(record.contribution_eur)
            yield from self._once(iri, kg("euContribution"), contribution)
        for code in dict.fromkeys((record.framework, *record.programme.split(";"))):
            if code:
                programme = thing("programme", code)
                yield iri, kg("inProgramme"), programme
                yield from self._named_by_code(programme, "Programme", code)
        for topic in record.topics:
            concept = thing("call-topic", topic)
            yield iri, terms.SUBJECT_OF, concept
            yield from self._named_by_code(concept, "CallTopic", topic)
        for code in record.fields:
            yield iri, kg("hasResearchField"), thing("research-field", code)
            yield from self._named_by_code(thing("research-field", code), "ResearchField", code)
        yield from self._links(iri, "", record.page)

    def _named_by_code(self, iri: NamedNode, kind: str, code: str) -> Iterator[Statement]:
        """Name a programme, topic or field that only its code tells of, once."""
        if (iri.value, "concept") in self._shared.once:
            return
        self._shared.once.add((iri.value, "concept"))
        self._shared.names.add(iri.value, self.source, (Name(code),))
        yield iri, terms.TYPE, kg(kind)
        yield iri, terms.NOTATION, Literal(code)
        yield from self._labels(iri, of_all=True)  # no other source will come to say its own
        yield from self._scheme(iri, kind)

    def _scheme(self, iri: NamedNode, kind: str) -> Iterator[Statement]:
        if kind in _SCHEMES:
            slug, swedish, english = _SCHEMES[kind]
            scheme = thing("scheme", slug)
            yield iri, terms.IN_SCHEME, scheme
            if kind not in self._schemes:
                self._schemes.add(kind)
                yield scheme, terms.TYPE, terms.CONCEPT_SCHEME
                yield scheme, terms.PREF_LABEL, said(swedish, "sv")
                yield scheme, terms.PREF_LABEL, said(english, "en")

    def _concept(self, record: ConceptRecord) -> Iterator[Statement]:
        kind = "CallTopic" if record.kind == "Topic" else record.kind
        iri = thing(_CONCEPT_KINDS[record.kind], record.key)
        yield from self._named_by_code(iri, kind, record.key)
        if record.broader:
            yield iri, terms.BROADER, thing(_CONCEPT_KINDS[record.kind], record.broader)

    def _participation(self, record: ParticipationRecord) -> Iterator[Statement]:
        project = thing("project", record.project)
        actor = NamedNode(self._shared.actor_iri(self.source, record.actor))
        node = NamedNode(
            f"{project.value.replace('/project/', '/participation/')}"
            f"--{parse_iri(actor.value).slug}"
        )
        yield node, terms.TYPE, kg("ProjectParticipation")
        yield node, kg("inProject"), project
        yield node, kg("hasParticipant"), actor
        yield node, terms.ROLE, thing("role", record.role)
        yield node, kg("hasCertainty"), kg("stated")
        yield node, terms.DERIVED_FROM, self.graph
        if record.contribution_eur is not None:
            yield node, kg("euContribution"), terms.amount(record.contribution_eur)

    def _facility(self, record: FacilityRecord) -> Iterator[Statement]:
        iri = thing("facility", record.names[0].text)
        yield iri, terms.TYPE, kg(record.kind)
        yield from self._labels(iri)
        yield from self._around(iri, record)
        for code in record.municipalities:
            yield iri, kg("locatedIn"), self._place(code)
        placement = self._shared.gazetteer.place(record.location)
        if placement is not None and not record.municipalities:
            yield iri, kg("locatedIn"), self._place(placement.municipality or placement.county)
        for text in record.fields:
            yield iri, kg("fieldOfUse"), said(text, "en")
        if record.is_open_to_companies is not None:
            yield iri, kg("isOpenToCompanies"), terms.truth(value=record.is_open_to_companies)
        if record.since:
            yield from self._once(iri, terms.STARTS, terms.when(record.since))
        yield from self._links(iri, record.homepage, record.page)
        if record.aspect_hint:
            yield from self._hint(iri, record.aspect_hint)

    def _around(self, iri: NamedNode, record: FacilityRecord) -> Iterator[Statement]:
        """State who runs a facility, who takes part in it, and what else has its name."""
        for key in record.operators:
            found = self._things.get(key)
            if found and found[1] == Family.ACTOR:
                yield iri, kg("isOperatedBy"), found[0]
            elif found:
                yield iri, terms.PART_OF, found[0]
        for key in record.partners:
            partner = self.iri(key)
            if partner is not None:
                yield iri, kg("hasPartner"), partner
        # What the same pages call an actor or a building of this name is another thing.
        for name in record.names:
            other = self.iri(name.text)
            if other is not None and other != iri:
                yield iri, terms.SEE_ALSO, other

    def _hint(self, iri: NamedNode, aspect: str) -> Iterator[Statement]:
        target = thing("aspect", aspect)
        node = thing("reading", parse_iri(iri.value).slug, f"aspect-{aspect}")
        yield iri, kg("contributesTo"), target
        yield node, terms.TYPE, kg("Reading")
        yield node, terms.SUBJECT, iri
        yield node, terms.PREDICATE, kg("contributesTo")
        yield node, terms.OBJECT, target
        yield node, kg("hasCertainty"), kg("inferred")
        yield node, terms.DERIVED_FROM, iri
        for language, reason in _HINT_REASONS:
            yield node, kg("inferenceReason"), said(reason, language)

    def _area(self, record: PlaceRecord) -> Iterator[Statement]:
        iri = self._place(record.key)
        yield iri, terms.TYPE, kg(record.kind)
        yield iri, kg("scbCode"), Literal(record.key)
        yield from self._labels(iri)
        if record.within:
            yield iri, terms.WITHIN, self._place(record.within)
        if record.within not in self._shared.boundaries_of_counties:
            return
        if record.latitude is not None and record.longitude is not None:
            point = NamedNode(f"{iri.value}#point")
            text = f"POINT({record.longitude:.5f} {record.latitude:.5f})"
            yield iri, terms.HAS_GEOMETRY, point
            yield point, terms.TYPE, terms.GEOMETRY
            yield point, terms.AS_WKT, terms.wkt(text)
        if record.boundary:
            # Not geo:hasGeometry: distances are measured from points, and this is an area.
            boundary = NamedNode(f"{iri.value}#boundary")
            yield iri, kg("hasSimplifiedBoundary"), boundary
            yield boundary, terms.TYPE, terms.GEOMETRY
            yield boundary, terms.AS_WKT, terms.wkt(record.boundary)

    def _thing(self, record: ThingRecord) -> Iterator[Statement]:
        if record.kind in ("County", "Municipality"):
            return
        kind, family = _THING_FAMILIES[record.kind]
        iri = thing(kind, record.names[0].text)
        yield iri, terms.TYPE, kg(record.kind)
        yield from self._labels(iri)
        if record.kind in ("Agreement", "Strategy"):
            yield iri, terms.DERIVED_FROM, self.graph
        for code in record.within:
            place = self._place(code)
            yield iri, terms.WITHIN if family == Family.PLACE else kg("locatedIn"), place
        yield from self._links(iri, "", record.page)

    # ── relations ──────────────────────────────────────────────────────────────────────────────

    def _relation(self, record: RelationRecord) -> Iterator[Statement]:
        subject = self._things.get(record.subject)
        target = self._things.get(record.object)
        if subject is None or (target is None and not record.value):
            missing = record.subject if subject is None else record.object
            self._skip(record, f"points to {missing!r}, which is not among the records")
        elif target is not None and subject[0] == target[0]:
            self._skip(record, "relates an actor to itself, as its two ends are the same actor")
        elif record.predicate in _ORG_RELATIONS and target is not None:
            yield from self._org_relation(record, subject[0], target[0])
        elif target is not None:
            found = meaning(record.predicate, subject[1], target[1])
            yield from self._fact(record, subject, target[0], target[1], found)
        else:
            dated = date_meaning(record.predicate, subject[1])
            yield from self._fact(record, subject, terms.when(record.value), Family.OTHER, dated)

    def _skip(self, record: RelationRecord, reason: str) -> None:
        self.skipped.append(Skipped(f"{self.source}, relation {record.key}", reason))

    def _org_relation(
        self, record: RelationRecord, subject: NamedNode, target: NamedNode
    ) -> Iterator[Statement]:
        predicate, is_turned = _ORG_RELATIONS[record.predicate]
        if is_turned:
            subject, target = target, subject
        if predicate == terms.SUB_ORGANIZATION_OF:
            parents = self._parents.setdefault(subject.value, set())
            if target.value not in parents and self._is_under(target.value, subject.value):
                self._skip(record, "would make an organisation a part of its own part")
                return
            parents.add(target.value)
        yield subject, predicate, target

    def _is_under(self, part: str, whole: str) -> bool:
        waiting, seen = [part], {part}
        while waiting:
            current = waiting.pop()
            if current == whole:
                return True
            new = self._parents.get(current, set()) - seen
            seen |= new
            waiting += new
        return False

    def _fact(
        self,
        record: RelationRecord,
        subject: tuple[NamedNode, Family],
        value: Object,
        target: Family,
        found: Meaning | None,
    ) -> Iterator[Statement]:
        if found is None:
            self._skip(record, f"{record.predicate!r} is no known relation between these two")
            return
        iri, family = subject
        page = terms.iri_or_none(record.page)
        node = thing("fact", record.key)
        if isinstance(value, Literal):
            yield from self._once(iri, found.predicate, value)
        else:
            yield iri, found.predicate, value
            yield from self._role(node, record, found, iri, family, value, target)
        yield node, terms.TYPE, kg("SourcedStatement")
        yield node, terms.IDENTIFIER, Literal(record.key)
        yield node, terms.SUBJECT, iri
        yield node, terms.PREDICATE, found.predicate
        yield node, terms.OBJECT, value
        yield node, kg("predicateAsRead"), said(record.predicate, "en")
        yield node, kg("hasCertainty"), kg("stated")
        yield node, terms.DERIVED_FROM, self.graph
        if page is not None:
            yield node, terms.SOURCE, page
        if record.since:
            yield node, terms.STARTS, terms.when(record.since)
        if record.until:
            yield node, terms.ENDS, terms.when(record.until)

    def _role(
        self,
        node: NamedNode,
        record: RelationRecord,
        found: Meaning,
        iri: NamedNode,
        family: Family,
        value: NamedNode,
        target: Family,
    ) -> Iterator[Statement]:
        if family != Family.ACTOR:
            return
        if found.role and target == Family.PROJECT:
            yield node, terms.TYPE, kg("ProjectParticipation")
            yield node, kg("inProject"), value
            yield node, kg("hasParticipant"), iri
            yield node, terms.ROLE, thing("role", found.role)
        elif found.role in _MEMBER_ROLES and target == Family.ACTOR:
            yield node, terms.TYPE, kg("Membership")
            yield node, terms.MEMBER, iri
            yield node, terms.ORGANIZATION, value
            yield node, terms.ROLE, thing("role", found.role)
        elif record.predicate == "signed" and target == Family.AGREEMENT:
            yield node, terms.TYPE, kg("AgreementParty")
            yield node, kg("hasParticipant"), iri
            yield node, kg("inAgreement"), value
            yield node, kg("hasStage"), thing("party-stage", "first")


_MEMBER_ROLES: Final = ("backer", "founder", "member", "participant")
_ORG_RELATIONS: Final = {
    "parent": (terms.SUB_ORGANIZATION_OF, False),
    "child": (terms.SUB_ORGANIZATION_OF, True),
    "related": (terms.LINKED_TO, False),
    "successor": (terms.REPLACED_BY, False),
    "predecessor": (terms.REPLACES, False),
}
_SCHEMES: Final = {
    "ResearchField": ("euroscivoc", "Forskningsområden i EuroSciVoc", "Fields of EuroSciVoc"),
    "CallTopic": ("call-topic", "Utlysningarnas ämnen", "Topics of calls"),
}
_HINT_REASONS: Final = (
    ("sv", "Läst ur vad anläggningen är och gör; ingen källa säger det."),
    ("en", "Read from what the facility is and does; no source says it."),
)


def _reasons(placement: Placement) -> list[tuple[str, str]]:
    if placement.how == Certainty.POSTAL_CODE:
        return [
            ("sv", "Postnumret hör till kommunen."),
            ("en", "The postal code belongs to the municipality."),
        ]
    if placement.how == Certainty.POSTAL_AREA:
        return [
            ("sv", "Alla kända postnummer som börjar på samma sätt hör till kommunen."),
            ("en", "All known postal codes that begin in the same way belong to it."),
        ]
    if placement.how == Certainty.POINT:
        return [
            ("sv", "Den punkt som källan ger ligger inom kommunens förenklade gräns."),
            ("en", "The point that the source gives lies within the simplified boundary."),
        ]
    if placement.how == Certainty.CAPITAL:
        return [
            (
                "sv",
                "Källan nämner Stockholm, och ingen källa säger mer. Nästan alla poster med den "
                "orten och ett postnummer ligger i kommunen; några få menar huvudstadsområdet.",
            ),
            (
                "en",
                "The source names Stockholm, and no source says more. Nearly all records with "
                "that town and a postal code lie in the municipality; a few mean the capital area.",
            ),
        ]
    if placement.municipality:
        return [
            ("sv", "Källan nämner en ort, och orten ligger i kommunen."),
            ("en", "The source names a town, and the town lies in the municipality."),
        ]
    return [
        ("sv", "Källan nämner Stockholm, som ofta betyder huvudstadsområdet; det ligger i länet."),
        ("en", "The source names Stockholm, often the capital area, which lies in the county."),
    ]


def _project_names(record: ProjectRecord) -> tuple[Name, ...]:
    if not record.title:  # a project that is known by its number only
        number = record.key.partition("-")[2]
        return (
            Name(f"Projekt {number} i {record.framework}", "sv"),
            Name(f"{record.framework} project {number}", "en"),
        )
    names = [Name(record.title)]
    if record.acronym and record.acronym != record.title:
        names.append(Name(record.acronym, kind="acronym"))
    return tuple(names)


def _concept_names(record: ConceptRecord) -> tuple[Name, ...]:
    """Name a concept: its own name in English; in Swedish, where it has none, by its code."""
    name = record.names[0].text
    if record.kind == "ResearchField":
        return (Name(name, "en"), Name(f"EuroSciVoc {record.key.lstrip('/')}", "sv"))
    return (Name(record.key), Name(name, "en", "alias")) if name != record.key else record.names


def _english_county(name: str) -> str:
    return f"{name.removesuffix(' län').removesuffix('s') or name} County"


def minted_iri(names: tuple[Name, ...], source: str, key: str) -> str:
    """Mint the IRI of an actor from its name alone, or from its key when the name gives no slug.

    Errors: IdentifierError.
    """
    try:
        return thing("actor", names[0].text).value
    except IdentifierError:
        return thing("actor", source, slugify(key)).value
