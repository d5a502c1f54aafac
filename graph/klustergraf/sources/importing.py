"""One import: published files in, one file of statements per data set out.

Two passes. The first gathers actors and names, so that one actor gets one IRI and one preferred
name whatever source it is in; the second writes. Of a whole dump (``Extent.ALL``) only actors and
names are kept in memory, and the files are read again for the second pass.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf import __version__
from klustergraf.errors import IdentifierError, SourceFormatError
from klustergraf.sources import cordis, cordis_split, terms
from klustergraf.sources.datasets import Dataset
from klustergraf.sources.geodata import Gazetteer
from klustergraf.sources.labels import LabelBook
from klustergraf.sources.persons import names_a_person
from klustergraf.sources.reading import Advance, Inputs
from klustergraf.sources.records import (
    ActorRecord,
    Item,
    Marked,
    ParticipationRecord,
    Record,
    RelationRecord,
    Skipped,
)
from klustergraf.sources.selection import Extent, Selection
from klustergraf.sources.statements import DATASET_GRAPHS, ActorIri, Shared, Statements
from klustergraf.sources.terms import kg, said
from klustergraf.sources.writing import write_as_they_come, write_sorted

Resolve = Callable[[list[ActorRecord], list[RelationRecord]], ActorIri]
"""Decides which records are the same actor, and gives the IRI of each."""

Report = Callable[[str, str], None]
"""Called with the name of a data set and what is done with it now."""


_WITH_SOLE_TRADERS = frozenset((cordis.SOURCE, cordis_split.H2020, cordis_split.FP7))
_PERSON = "goes by the name of a person, and the graph holds no person's data"


def _ignore(*_: object) -> None:
    """Tell nobody."""


@dataclass
class Outcome:
    """What became of one data set: counts of records and statements, and what was amiss."""

    dataset: str
    path: Path
    read: int = 0
    written: int = 0
    statements: int = 0
    unwanted: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)
    actors: set[str] = field(default_factory=set)
    """The IRIs of the actors that were written."""

    def reasons(self) -> Counter[str]:
        """Count what was skipped by reason; what differs from record to record is left out."""
        return Counter(_general(skip.reason) for skip in self.skipped)


def _general(reason: str) -> str:
    """Make one reason of those that differ only in the values that they quote."""
    words = (("…" if _is_value(word) else word) for word in reason.split())
    return " ".join(words)


def _is_value(word: str) -> bool:
    return any(c.isdigit() for c in word) or word.startswith(("'", '"', "("))


@dataclass
class Job:
    """What to import: paths by data set, how much of it, and where to."""

    inputs: Mapping[str, Sequence[Path]]
    datasets: Mapping[str, Dataset]
    out: Path
    """A folder; or, for one data set, the file itself (``….nt.gz`` or ``….nt``)."""
    extent: Extent = Extent.ALL
    country: str = "SE"
    gazetteer: Gazetteer = field(default_factory=Gazetteer)
    known_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    known_dates: frozenset[tuple[str, str]] = frozenset()
    known_placed: frozenset[str] = frozenset()
    known_territories: Mapping[str, str] = field(default_factory=dict)
    issued: str = ""
    is_strict: bool = False
    advance: Advance = _ignore
    report: Report = _ignore


def run(job: Job, resolve: Resolve) -> list[Outcome]:
    """Carry an import out; give what became of each data set.

    Errors: SourceFormatError for a layout that is not the published one, or, when the job is
    strict, for the first record that is skipped; SourceUnavailable.
    """
    outcomes = {name: Outcome(name, _target(job, name)) for name in job.inputs}
    gathered: dict[str, list[Record]] = {}
    actors: list[ActorRecord] = []
    relations: list[RelationRecord] = []
    for name in job.inputs:
        kept: list[Record] = []
        for record in _records(job, outcomes[name], is_first=True):
            if isinstance(record, ActorRecord):
                actors.append(record)
            elif isinstance(record, RelationRecord) and job.extent != Extent.ALL:
                relations.append(record)
            if job.extent != Extent.ALL:
                kept.append(record)
        gathered[name] = kept
    job.report("", "which records are the same actor")
    actor_iri = resolve(actors, relations)
    del actors, relations
    selection = Selection(job.extent, job.country, job.gazetteer, actor_iri)
    selection.settle(gathered)
    shared = Shared(
        actor_iri,
        job.gazetteer,
        LabelBook(known=job.known_names),
        once=set(job.known_dates),
        placed=set(job.known_placed),
        territories=job.known_territories,
    )
    writers = {name: Statements(name, shared) for name in job.inputs}
    for name, writer in writers.items():
        for record in _again(job, outcomes[name], gathered):
            if selection.includes(name, record):
                _note(writer, record)
    for name, writer in writers.items():
        _write(job, outcomes[name], writer, selection, gathered)
    return list(outcomes.values())


def _target(job: Job, name: str) -> Path:
    is_file = job.out.name.endswith((".nt", ".nt.gz")) and not job.out.is_dir()
    return job.out if is_file else job.out / f"{DATASET_GRAPHS.get(name, name)}.nt.gz"


def _records(job: Job, outcome: Outcome, *, is_first: bool) -> Iterator[Record]:
    """Read the records of one data set; the first time, count and keep what was amiss."""
    job.report(outcome.dataset, "reading" if is_first else "reading again")
    inputs = Inputs(job.inputs[outcome.dataset], job.advance if is_first else _ignore)
    items = _with_faults(inputs, job.datasets[outcome.dataset].read)
    for item in _without_persons(items) if outcome.dataset in _WITH_SOLE_TRADERS else items:
        if isinstance(item, Skipped | Marked):
            if is_first:
                _take(job, outcome, item)
        else:
            if is_first:
                outcome.read += 1
            yield item


def _with_faults(inputs: Inputs, read: Callable[[Inputs], Iterable[Item]]) -> Iterator[Item]:
    yield from inputs.faults
    if inputs.files:
        yield from read(inputs)


def _without_persons(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out who goes by a person's name, and what it takes part in. Actors come first."""
    persons: set[str] = set()
    for item in items:
        if isinstance(item, ActorRecord) and names_a_person(item):
            persons.add(item.key)
            yield Skipped(f"organisation {item.key}", _PERSON)
        elif not (isinstance(item, ParticipationRecord) and item.actor in persons):
            yield item


def _take(job: Job, outcome: Outcome, item: Skipped | Marked) -> None:
    if isinstance(item, Marked):
        outcome.marked.append(item)
        return
    if job.is_strict:
        raise SourceFormatError(outcome.dataset, item.where, item.reason)
    outcome.read += 1
    outcome.skipped.append(item)


def _again(job: Job, outcome: Outcome, gathered: Mapping[str, list[Record]]) -> Iterable[Record]:
    if job.extent != Extent.ALL:
        return gathered[outcome.dataset]
    return _records(job, outcome, is_first=False)


def _note(writer: Statements, record: Record) -> None:
    with suppress(IdentifierError):  # it is said when the record is to be written
        writer.note(record)


def _write(
    job: Job,
    outcome: Outcome,
    writer: Statements,
    selection: Selection,
    gathered: Mapping[str, list[Record]],
) -> None:
    job.report(outcome.dataset, "writing")
    described = _description(job, outcome, writer.graph)

    def quads() -> Iterator[Quad]:
        for record in _again(job, outcome, gathered):
            if not selection.includes(outcome.dataset, record):
                outcome.unwanted += 1
                continue
            try:
                stated = list(writer.quads(record))
            except IdentifierError as exc:
                where = f"{outcome.dataset}, {getattr(record, 'key', '')}"
                outcome.skipped.append(Skipped(where, str(exc)))
                continue
            yield from stated
            outcome.written += 1
            if isinstance(record, ActorRecord):
                outcome.actors.add(writer.actor_iri(record))
        for skip in writer.skipped:
            if job.is_strict:
                raise SourceFormatError(outcome.dataset, skip.where, skip.reason)
            outcome.written -= 1
            outcome.skipped.append(skip)
        if not outcome.written and outcome.skipped:
            raise _NothingToWrite
        yield from described()

    write = write_as_they_come if job.extent == Extent.ALL else write_sorted
    with suppress(_NothingToWrite):  # what was there stays
        outcome.statements = write(outcome.path, quads())


class _NothingToWrite(Exception):
    """Raised when all that was read was skipped: a graph that only describes itself says less."""


def _description(job: Job, outcome: Outcome, graph: NamedNode) -> Callable[[], Iterator[Quad]]:
    """Describe the named graph: what it is from, on which terms, of when, and what was read."""
    dataset = job.datasets[outcome.dataset]

    def statements() -> Iterator[Quad]:
        for predicate, value in (
            (terms.TYPE, kg("NamedGraph")),
            (_TITLE, said(dataset.title_sv, "sv")),
            (_TITLE, said(dataset.title_en, "en")),
            (terms.SOURCE, NamedNode(dataset.published)),
            (_LICENSE, NamedNode(dataset.license)),
            (_ISSUED, terms.when(job.issued or dataset.issued)),
            (kg("hasGraphKind"), kg("statedGraph")),
            (kg("importerVersion"), Literal(__version__)),
            (kg("readRecordCount"), terms.whole(outcome.read)),
            (kg("writtenRecordCount"), terms.whole(outcome.written)),
            (kg("skippedRecordCount"), terms.whole(len(outcome.skipped))),
        ):
            yield Quad(graph, predicate, value, graph)
        for language, rights in (("sv", dataset.rights_sv), ("en", dataset.rights_en)):
            if rights:
                yield Quad(graph, _RIGHTS, said(rights, language), graph)

    return statements


_TITLE = NamedNode("http://purl.org/dc/terms/title")
_LICENSE = NamedNode("http://purl.org/dc/terms/license")
_ISSUED = NamedNode("http://purl.org/dc/terms/issued")
_RIGHTS = NamedNode("http://purl.org/dc/terms/rights")
