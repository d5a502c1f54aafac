"""Made-up data that looks like the graph: the same seed and size give the same bytes.

What the benchmark loads. Names, kinds and relations are those of the ontology; no organisation of
the world is meant. Everything is written as it is drawn, so memory does not grow with the size.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from klustergraf.namespaces import DCT, GEO, GRAPH, ID, KG, ORG, PROV, RDF, SCHEMA, SKOS, XSD

SEED: Final = 20261122
SIZES: Final = {"10k": 10_000, "1m": 1_000_000, "10m": 10_000_000}

COUNTIES: Final = 21
MUNICIPALITIES: Final = 290
ASPECTS: Final = 5
PRIORITIES_OF_AN_ASPECT: Final = 4
TOPICS: Final = 120

# How uneven the draw of actors is: few take part in very much, most in little.
_SKEW: Final = 2.5
_TRIPLES_PER_ACTOR: Final = 100
_PROJECTS_PER_AGREEMENT: Final = 20
_MOST_PARTICIPANTS: Final = 40
_MOST_TIED: Final = 6
_BUFFER: Final = 1 << 20

_KINDS: Final = (
    "Company",
    "Company",
    "Company",
    "Company",
    "StartUp",
    "StartUp",
    "OrganisationalUnit",
    "OrganisationalUnit",
    "University",
    "Hospital",
    "Foundation",
    "Incubator",
    "MunicipalAuthority",
    "Agency",
)
_FIELDS: Final = (
    ("cellterapi", "cell therapy"),
    ("precisionsmedicin", "precision medicine"),
    ("biobanker", "biobanks"),
    ("hälsodata", "health data"),
    ("proteinanalys", "protein analysis"),
    ("antibiotikaresistens", "antibiotic resistance"),
    ("bildanalys", "image analysis"),
    ("vaccin", "vaccines"),
    ("diagnostik", "diagnostics"),
    ("neurovetenskap", "neuroscience"),
    ("djurhälsa", "animal health"),
    ("livsmedel", "food"),
    ("medicinteknik", "medical technology"),
    ("läkemedelsutveckling", "drug development"),
)
_FORMS: Final = (
    ("Centrum för", "Centre for"),
    ("Laboratoriet för", "Laboratory of"),
    ("Nätverket för", "Network for"),
    ("Plattformen för", "Platform for"),
    ("Testbädden för", "Test bed for"),
    ("Framtidens", "The future of"),
    ("Bättre", "Better"),
    ("Hållbar", "Sustainable"),
)
_TYPE: Final = f"<{RDF}type>"
_LABEL: Final = f"<{SKOS}prefLabel>"
_LOCATED_IN: Final = f"<{KG}locatedIn>"
_WITHIN: Final = f"<{GEO}sfWithin>"
_CERTAINTY: Final = f"<{KG}hasCertainty>"
_PARTICIPANT: Final = f"<{KG}hasParticipant>"
_IN_PROJECT: Final = f"<{KG}inProject>"
_CONCERNS: Final = f"<{KG}concerns>"
_SUBJECT: Final = f"<{DCT}subject>"
_IDENTIFIER: Final = f"<{DCT}identifier>"
_AMOUNT: Final = f"<{SCHEMA}amount>"
_START: Final = f"<{SCHEMA}startDate>"
_END: Final = f"<{SCHEMA}endDate>"
_ROLE: Final = f"<{ORG}role>"
_DERIVED_FROM: Final = f"<{PROV}wasDerivedFrom>"

_FIELD_GRAPH: Final = f"<{GRAPH}bench/field>"
_ACTORS_GRAPH: Final = f"<{GRAPH}bench/actors>"
_PROJECTS_GRAPH: Final = f"<{GRAPH}bench/projects>"
_AGREEMENTS_GRAPH: Final = f"<{GRAPH}bench/agreements>"
_DERIVED_GRAPH: Final = f"<{GRAPH}bench/derived>"


@dataclass(frozen=True)
class Contents:
    """What a generated file holds; each triple stands in one named graph, once."""

    triples: int
    actors: int
    projects: int
    agreements: int


def write_dataset(path: Path, size: int, seed: int = SEED) -> Contents:
    """Write N-Quads of at least so many triples: the last project may bring some more.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     contents = write_dataset(Path(folder) / "data.nq", 10_000)
    >>> contents.actors, 10_000 <= contents.triples < 10_500
    (100, True)
    """
    with path.open("wb", buffering=_BUFFER) as file:
        return _Writer(file, size, seed).write()


def skewed(draw: random.Random, count: int) -> int:
    """Draw a number below ``count``, low ones far more often than high ones.

    >>> draw = random.Random(1)
    >>> [skewed(draw, 100) for _ in range(6)]
    [0, 66, 50, 3, 17, 13]
    """
    return int(count * draw.random() ** _SKEW)


def iri(kind: str, number: int) -> str:
    """Give the IRI of a generated thing.

    >>> iri("actor", 7)
    'https://w3id.org/klustergraf/id/actor/b7'
    """
    return f"{ID}{kind}/b{number}"


class _Writer:
    """Writes one dataset; counts what it wrote."""

    def __init__(self, file: BinaryIO, size: int, seed: int) -> None:
        self._file = file
        self._size = size
        self._draw = random.Random(seed)  # noqa: S311 - data that can be made again, no secret
        self._actors = max(size // _TRIPLES_PER_ACTOR, 20)
        self._triples = 0

    def write(self) -> Contents:
        """Write everything: first what projects point to, then projects until it is enough."""
        self._put(_FIELD_GRAPH, self._field())
        for number in range(self._actors):
            self._put(_ACTORS_GRAPH, self._actor(number))
        projects = agreements = 0
        while self._triples < self._size:
            if projects % _PROJECTS_PER_AGREEMENT == 0:
                self._put(_AGREEMENTS_GRAPH, self._agreement(agreements))
                agreements += 1
            members = self._members()
            self._put(_PROJECTS_GRAPH, self._project(projects, members))
            if len(members) <= _MOST_TIED:
                self._put(_DERIVED_GRAPH, self._collaborations(projects, members))
            projects += 1
        return Contents(self._triples, self._actors, projects, agreements)

    def _put(self, graph: str, statements: Iterator[str]) -> None:
        lines = [f"{statement} {graph} .\n" for statement in statements]
        self._triples += len(lines)
        self._file.write("".join(lines).encode())

    def _labels(self, thing: str, number: int) -> Iterator[str]:
        form, field = self._draw.choice(_FORMS), self._draw.choice(_FIELDS)
        yield f'{thing} {_LABEL} "{form[0]} {field[0]} {number}"@sv'
        yield f'{thing} {_LABEL} "{form[1]} {field[1]} {number}"@en'

    def _field(self) -> Iterator[str]:
        """Give places, aspects, priority areas and topics."""
        for number in range(COUNTIES):
            county = _thing("county", number)
            yield f"{county} {_TYPE} <{KG}County>"
            yield f'{county} {_LABEL} "Län {number}"@sv'
            yield f'{county} {_LABEL} "County {number}"@en'
        for number in range(MUNICIPALITIES):
            municipality = _thing("place", number)
            yield f"{municipality} {_TYPE} <{KG}Municipality>"
            yield f'{municipality} {_LABEL} "Kommun {number}"@sv'
            yield f'{municipality} {_LABEL} "Municipality {number}"@en'
            yield f'{municipality} <{KG}scbCode> "{number:04}"'
            yield f"{municipality} {_WITHIN} {_thing('county', number % COUNTIES)}"
        for number in range(ASPECTS):
            yield f"{_thing('aspect', number)} {_TYPE} <{KG}StrategyAspect>"
            yield from self._labels(_thing("aspect", number), number)
        for number in range(ASPECTS * PRIORITIES_OF_AN_ASPECT):
            priority = _thing("priority", number)
            yield f"{priority} {_TYPE} <{KG}PriorityArea>"
            yield from self._labels(priority, number)
            yield f"{priority} <{SKOS}broader> {_thing('aspect', number % ASPECTS)}"
        for number in range(TOPICS):
            topic = _thing("topic", number)
            yield f"{topic} {_TYPE} <{SKOS}Concept>"
            yield from self._labels(topic, number)
            if number:
                yield f"{topic} <{SKOS}broader> {_thing('topic', number // 3)}"

    def _actor(self, number: int) -> Iterator[str]:
        """Give an actor; a unit stands under an earlier actor, so that no unit is above itself."""
        draw, actor = self._draw, _thing("actor", number)
        kind = draw.choice(_KINDS)
        yield f"{actor} {_TYPE} <{KG}Actor>"
        yield f"{actor} {_TYPE} <{KG}{kind}>"
        yield from self._labels(actor, number)
        yield f'{actor} {_IDENTIFIER} "B{number:09}"'
        yield f"{actor} {_LOCATED_IN} {_thing('place', skewed(draw, MUNICIPALITIES))}"
        yield f'{actor} <{SCHEMA}foundingDate> "{draw.randint(1850, 2025)}"^^<{XSD}gYear>'
        yield f"{actor} <{SCHEMA}sameAs> <https://example.org/register/{number:09}>"
        yield f"{actor} <{KG}actsInStage> {_thing('stage', draw.randrange(6))}"
        yield f"{actor} <{KG}coversDomain> {_thing('domain', draw.randrange(3))}"
        if number and kind == "OrganisationalUnit":
            yield f"{actor} <{ORG}subOrganizationOf> {_thing('actor', skewed(draw, number))}"
        if number and draw.random() < 0.3:
            membership = _thing("membership", number)
            yield f"{membership} {_TYPE} <{KG}Membership>"
            yield f"{membership} <{ORG}member> {actor}"
            yield f"{membership} <{ORG}organization> {_thing('actor', skewed(draw, number))}"
            yield f"{membership} {_ROLE} {_thing('role', draw.randrange(4))}"
            yield f"{membership} {_CERTAINTY} <{KG}stated>"

    def _members(self) -> list[int]:
        """Draw who takes part in a project: most have few participants, some have many."""
        wanted = min(int(self._draw.paretovariate(1.3)) + 1, _MOST_PARTICIPANTS)
        drawn = (skewed(self._draw, self._actors) for _ in range(wanted))
        return sorted(set(drawn))

    def _project(self, number: int, members: list[int]) -> Iterator[str]:
        draw, project = self._draw, _thing("project", number)
        year = draw.randint(2004, 2026)
        yield f"{project} {_TYPE} <{KG}Project>"
        yield from self._labels(project, number)
        yield f'{project} {_IDENTIFIER} "P{number:09}"'
        yield f'{project} {_START} "{year}-{draw.randint(1, 12):02}-01"^^<{XSD}date>'
        yield f'{project} {_END} "{year + draw.randint(1, 5)}-12-31"^^<{XSD}date>'
        for priority in sorted({skewed(draw, ASPECTS * PRIORITIES_OF_AN_ASPECT) for _ in "ab"}):
            yield f"{project} {_CONCERNS} {_thing('priority', priority)}"
        for topic in sorted({skewed(draw, TOPICS) for _ in "abc"}):
            yield f"{project} {_SUBJECT} {_thing('topic', topic)}"
        for place, member in enumerate(members):
            part = f"<{ID}participation/b{number}-{member}>"
            yield f"{part} {_TYPE} <{KG}ProjectParticipation>"
            yield f"{part} {_IN_PROJECT} {project}"
            yield f"{part} {_PARTICIPANT} {_thing('actor', member)}"
            yield f"{part} {_ROLE} {_thing('role', 4 if place else 5)}"
            yield f'{part} {_AMOUNT} "{draw.randint(10, 2000) * 1000}"^^<{XSD}integer>'
            yield f"{part} {_CERTAINTY} <{KG}{'inferred' if draw.random() < 0.1 else 'stated'}>"
            yield f"{part} {_DERIVED_FROM} <{ID}passage/b{number}-{draw.randrange(50)}>"

    def _collaborations(self, number: int, members: list[int]) -> Iterator[str]:
        """Give a node for each pair of a project, as the rules of the graph would."""
        for index, first in enumerate(members):
            for second in members[index + 1 :]:
                tie = f"<{ID}collaboration/b{first}--b{second}--project-b{number}>"
                yield f"{tie} {_TYPE} <{KG}Collaboration>"
                yield f"{tie} <{KG}hasCollaborator> {_thing('actor', first)}"
                yield f"{tie} <{KG}hasCollaborator> {_thing('actor', second)}"
                yield f"{tie} <{KG}isThrough> {_thing('project', number)}"
                yield f"{tie} <{KG}hasTieKind> <{ID}tie-kind/project>"
                yield f"{tie} {_CERTAINTY} <{KG}derived>"
                yield f"{tie} {_DERIVED_FROM} <{ID}participation/b{number}-{first}>"
                yield f"{tie} {_DERIVED_FROM} <{ID}participation/b{number}-{second}>"

    def _agreement(self, number: int) -> Iterator[str]:
        draw, agreement = self._draw, _thing("agreement", number)
        yield f"{agreement} {_TYPE} <{KG}Agreement>"
        yield from self._labels(agreement, number)
        yield f'{agreement} {_START} "{draw.randint(2004, 2026)}-01-01"^^<{XSD}date>'
        for member in self._members():
            party = f"<{ID}party/b{number}-{member}>"
            yield f"{party} {_TYPE} <{KG}AgreementParty>"
            yield f"{party} <{KG}inAgreement> {agreement}"
            yield f"{party} {_PARTICIPANT} {_thing('actor', member)}"
            yield f"{party} <{KG}hasStage> <{ID}party-stage/first>"
            yield f"{party} {_CERTAINTY} <{KG}stated>"


def _thing(kind: str, number: int) -> str:
    return f"<{ID}{kind}/b{number}>"
