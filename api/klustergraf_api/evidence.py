"""The evidence drawer of a page: for each fact what it rests on, in one place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from klustergraf.namespaces import DCT, KG
from klustergraf_api.relations import Passage
from klustergraf_api.statements import Ground, Statement
from klustergraf_api.things import Thing

Basis = Literal["stated", "inferred", "derived"]

_RULE: Final = KG + "isDerivedByRule"


@dataclass(frozen=True)
class Source:
    """A graph that says a fact, as IRIs; ``rule`` and ``licence`` are "" where it names none.

    ``origins`` are what it was made from; ``passages`` those of such documents that tell of the
    thing.
    """

    graph: str
    number: int
    licence: str
    issued: str
    rule: str
    origins: tuple[str, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Entry:
    """What one fact of a thing rests on. ``number`` is its own on the page."""

    number: int
    statement: Statement
    basis: Basis
    grounds: tuple[Ground, ...]
    sources: tuple[Source, ...]


def evidence_of(thing: Thing, groups: Iterable[Mapping[str, Iterable[Statement]]]) -> list[Entry]:
    """List what each fact that a page shows rests on, in the order of the page."""
    numbers = {graph: number for number, graph in enumerate(thing.graphs, 1)}
    shown = [s for group in groups for statements in group.values() for s in statements]
    return [
        Entry(
            number=number,
            statement=statement,
            basis=basis_of(thing, statement),
            grounds=tuple(statement.grounds),
            sources=tuple(
                _source(graph, numbers[graph], thing)
                for graph in sorted(statement.graphs & numbers.keys(), key=numbers.__getitem__)
            ),
        )
        for number, statement in enumerate(shown, 1)
    ]


def basis_of(thing: Thing, statement: Statement) -> Basis:
    """Tell whether a source states it, a curator inferred it, or only rules say it."""
    if thing.is_derived(statement):
        return "derived"
    grounds = statement.grounds
    return "inferred" if grounds and all(g.is_inferred for g in grounds) else "stated"


def _source(graph: str, number: int, thing: Thing) -> Source:
    about = thing.graphs[graph]
    told = {fact.predicate: fact.value.value for fact in about}
    origins = tuple(
        fact.value.value
        for fact in about
        if fact.predicate == DCT + "source" and fact.value.value != graph
    )
    return Source(
        graph,
        number,
        told.get(DCT + "license", ""),
        told.get(DCT + "issued", ""),
        told.get(_RULE, ""),
        origins,
        tuple(passage for passage in thing.passages if passage.document in origins),
    )
