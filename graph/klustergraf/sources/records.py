"""What importers read: one record per thing of a source, before it has an identity in the graph.

An importer turns a published file into these records and nothing else. ``klustergraf.identity``
decides which records are the same actor; ``klustergraf.sources.statements`` writes records as
statements in the source's named graph. Keys are the source's own ids; they are unique in a source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A name: its language ("" when the source does not say) and what sort of name it is.

    ``kind``: ``label`` (the name it goes by), ``alias``, ``acronym``, ``former``. ``since`` and
    ``until`` are dates as EDTF, for names that were used for some time.
    """

    text: str
    language: str = ""
    kind: str = "label"
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is, as far as the source says; whatever it does not say stays empty.

    ``country`` is ISO 3166-1 alpha-2 (GR, GB; never EL, UK); ``municipality_code`` four and
    ``county_code`` two digits of Statistics Sweden, where the source itself gives a code; latitude
    and longitude in degrees, WGS 84.
    """

    country: str = ""
    city: str = ""
    postal_code: str = ""
    municipality_code: str = ""
    county_code: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class ActorRecord:
    """An organisation as one source knows it.

    ``kind`` is the local name of a class of the ontology (``University``, ``Company``, ``Actor``
    when unknown). ``ids`` maps a scheme (``ror``, ``grid``, ``isni``, ``wikidata``, ``crossref``,
    ``pic``, ``vat``, ``orgnr``, ``scb``) to normalised values.
    """

    source: str
    key: str
    names: tuple[Name, ...]
    kind: str = "Actor"
    location: Location = Location()
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    established: str = ""
    homepage: str = ""
    status: str = "active"
    page: str = ""


@dataclass(frozen=True, slots=True)
class RelationRecord:
    """What a source states of two things: ``parent``, ``child``, ``related``, ``funds``, ….

    ``subject`` and ``object`` are keys of records of the same source. Where the second is a date,
    it stands in ``value`` and there is no ``object``. ``page`` is the address of the page that
    states it, where the source has one; ``note`` is for readers of the source, not for the graph.
    """

    source: str
    key: str
    subject: str
    predicate: str
    object: str
    since: str = ""
    until: str = ""
    note: str = ""
    page: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project. Amounts are in euro, dates in EDTF; ``topics`` are codes of the source.

    ``key`` is the slug of its IRI. ``programme`` holds codes of the framework programme's parts,
    parted by ``;`` (``H2020-EU.3.1.``), ``fields`` are codes of EuroSciVoc (``/21/33``),
    ``identifiers`` the numbers by which its registers know it.
    """

    source: str
    key: str
    title: str
    acronym: str = ""
    programme: str = ""
    framework: str = ""
    start: str = ""
    end: str = ""
    total_cost_eur: Decimal | None = None
    contribution_eur: Decimal | None = None
    topics: tuple[str, ...] = ()
    page: str = ""
    fields: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParticipationRecord:
    """An actor's part in a project; the contribution is in euro.

    ``role`` is the slug of a role of the ontology: ``coordinator``, ``participant``, ….
    """

    source: str
    project: str
    actor: str
    role: str = "participant"
    contribution_eur: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FacilityRecord:
    """A testbed, infrastructure, biobank or laboratory. Actors are keys of the same source.

    ``municipalities`` are the codes of those in which the source says that it is.
    """

    source: str
    key: str
    names: tuple[Name, ...]
    kind: str
    operators: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    location: Location = Location()
    fields: tuple[str, ...] = ()
    is_open_to_companies: bool | None = None
    aspect_hint: str = ""
    page: str = ""
    homepage: str = ""
    since: str = ""
    municipalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThingRecord:
    """A thing that is neither actor, place with a code, project nor facility.

    ``kind`` is the local name of its class: ``Building``, ``Campus``, ``Place``, ``Programme``,
    ``Agreement``, …. ``within`` are municipality codes.
    """

    source: str
    key: str
    names: tuple[Name, ...]
    kind: str
    within: tuple[str, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A county or municipality: ``key`` is its code, ``within`` the code of its county.

    ``boundary`` is well-known text (WGS 84, longitude before latitude), simplified.
    """

    source: str
    key: str
    name: str
    kind: str
    within: str = ""
    latitude: float | None = None
    longitude: float | None = None
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class ConceptRecord:
    """A concept of a classification: a field of science, a topic of a call, a programme part."""

    source: str
    key: str
    names: tuple[Name, ...]
    kind: str
    broader: str = ""


Record = (
    ActorRecord
    | RelationRecord
    | ProjectRecord
    | ParticipationRecord
    | FacilityRecord
    | ThingRecord
    | PlaceRecord
    | ConceptRecord
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that was left out: where it stands (file and line or id), and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A record that was taken in although something about it is doubtful: where, and what."""

    where: str
    reason: str


Item = Record | Skipped | Marked
"""What an importer yields."""
