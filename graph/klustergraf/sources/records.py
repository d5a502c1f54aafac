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

    ``country`` is ISO 3166-1 alpha-2 (GR, GB; never EL, UK); ``municipality_code`` four digits of
    Statistics Sweden; latitude and longitude in degrees, WGS 84.
    """

    country: str = ""
    city: str = ""
    postal_code: str = ""
    municipality_code: str = ""
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
    """A relation between two actors of one source: ``parent``, ``child``, ``related``, ….

    ``subject`` and ``object`` are keys of actor records of the same source. ``page`` is the address
    of the page that states it, where the source has one.
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


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project. Amounts are in euro, dates in EDTF; ``topics`` are codes of the source."""

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


@dataclass(frozen=True, slots=True)
class ParticipationRecord:
    """An actor's part in a project; the contribution is in euro."""

    source: str
    project: str
    actor: str
    role: str = "participant"
    contribution_eur: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FacilityRecord:
    """A testbed, infrastructure, biobank or laboratory. Actors are keys of the same source."""

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


Record = ActorRecord | RelationRecord | ProjectRecord | ParticipationRecord | FacilityRecord


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that was left out: where it stands (file and line or id), and why."""

    where: str
    reason: str
