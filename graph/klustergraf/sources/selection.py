"""Which records of an import are written: the region's, a country's, or all.

The region is the counties of Stockholm and Uppsala. Its part of the data is its actors, what they
run and belong to, the projects that they take part in, and all partners of those projects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from klustergraf.sources.geodata import Gazetteer
from klustergraf.sources.records import (
    ActorRecord,
    ConceptRecord,
    FacilityRecord,
    ParticipationRecord,
    PlaceRecord,
    ProjectRecord,
    Record,
    RelationRecord,
    ThingRecord,
)
from klustergraf.sources.statements import ActorIri

REGION: Final = ("01", "03")
_CURATED: Final = "ecosystem-facts"
"""The list of facts about the ecosystem is about the region as a whole: all of it is kept."""


class Extent(StrEnum):
    """How much of a data set is wanted."""

    REGION = "region"
    COUNTRY = "country"
    ALL = "all"


@dataclass
class Selection:
    """Decides on records; to be asked after :meth:`settle`."""

    extent: Extent
    country: str
    gazetteer: Gazetteer
    actor_iri: ActorIri
    home: set[str] = field(default_factory=set)
    """The actors that are in the region or country themselves."""
    _projects: set[tuple[str, str]] = field(default_factory=set)
    _iris: dict[tuple[str, str], str] = field(default_factory=dict)
    _actors: set[str] = field(default_factory=set)
    _keys: dict[str, set[str]] = field(default_factory=dict)

    def settle(self, records: Mapping[str, Sequence[Record]]) -> None:
        """Look through the records of all sources and settle which actors and projects belong."""
        if self.extent == Extent.ALL:
            return
        for source, found in records.items():
            for record in found:
                if isinstance(record, ActorRecord):
                    self._settle_actor(source, record)
        parts = [
            (source, record, self.actor_iri(source, record.actor))
            for source, found in records.items()
            for record in found
            if isinstance(record, ParticipationRecord)
        ]
        self._projects = {(s, part.project) for s, part, iri in parts if iri in self.home}
        self._actors |= self.home
        self._actors |= {iri for s, part, iri in parts if (s, part.project) in self._projects}
        for source, found in records.items():
            if source != _CURATED:
                self._settle_operators(source, found)

    def _settle_actor(self, source: str, record: ActorRecord) -> None:
        iri = self._iris[source, record.key] = self.actor_iri(source, record.key)
        if self._is_home(record):
            self.home.add(iri)
        if source == _CURATED:
            self._actors.add(iri)

    def _settle_operators(self, source: str, found: Sequence[Record]) -> None:
        """Keep the facilities that an actor of the region runs, with all who run them."""
        for record in found:
            if isinstance(record, FacilityRecord):
                iris = {self._iris.get((source, key), "") for key in record.operators} - {""}
                if iris & self.home:
                    self._actors |= iris
                    self._keys.setdefault(source, set()).add(record.key)

    def _is_home(self, record: ActorRecord) -> bool:
        if self.extent == Extent.COUNTRY:
            return record.location.country == self.country
        placement = self.gazetteer.place(record.location)
        return placement is not None and placement.county in REGION

    def includes(self, source: str, record: Record) -> bool:
        """Tell whether a record belongs to what is wanted."""
        if self.extent == Extent.ALL or source == _CURATED:
            return True
        match record:
            case ActorRecord():
                return self.actor_iri(source, record.key) in self._actors
            case ProjectRecord():
                return (source, record.key) in self._projects
            case ParticipationRecord():
                return (source, record.project) in self._projects
            case FacilityRecord():
                return record.key in self._keys.get(source, ())
            case RelationRecord():
                ends = (record.subject, record.object)
                iris = [self._iris.get((source, key), "") for key in ends]
                return all(i in self._actors for i in iris) and any(i in self.home for i in iris)
            case PlaceRecord() | ThingRecord():
                return True
            case ConceptRecord():
                return False
