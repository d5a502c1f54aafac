"""What a contribution would do, for a page: what comes and goes, and what is wrong where."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph as ox
from openpyxl.utils import get_column_letter

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.lines import Delta
from klustergraf.namespaces import GRAPH, ID, KG, RDF, RDFS, SKOS

_TYPE: Final = RDF + "type"
_NAMES: Final = (SKOS + "prefLabel", RDFS + "label")
_DERIVED: Final = GRAPH + "derived/"
_RELATIONS: Final = frozenset(
    KG + name for name in ("ProjectParticipation", "Membership", "AgreementParty")
)


@dataclass
class Thing:
    """One thing that comes, goes or changes: its classes, its names by language."""

    iri: str
    classes: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """Give its name in a language, else another, else how its IRI ends."""
        found = self.names.get(language) or next(iter(self.names.values()), "")
        return found or self.iri.removeprefix(ID)


@dataclass(frozen=True)
class Outline:
    """A change in words' reach.

    ``new``, ``gone`` and ``changed`` things in the order of their IRIs, without relations;
    ``relations_added``: how many participations, memberships and parties come, by class;
    ``added`` and ``removed`` count the statements of the graph, ``derived_added`` and
    ``derived_removed`` those that follow from it.
    """

    new: tuple[Thing, ...]
    gone: tuple[Thing, ...]
    changed: tuple[Thing, ...]
    relations_added: Mapping[str, int]
    relations_removed: Mapping[str, int]
    added: int
    removed: int
    derived_added: int
    derived_removed: int

    @property
    def classes(self) -> set[str]:
        """Every class that a thing has here."""
        things = (*self.new, *self.gone, *self.changed)
        told = {name for thing in things for name in thing.classes}
        return told | set(self.relations_added) | set(self.relations_removed)


def outline(delta: Delta, address: GraphAddress) -> Outline:
    """Tell what a change does to the things of a graph."""
    added, removed = delta.quads()
    come, new, linked = _things(added, address)
    go, gone, unlinked = _things(removed, address)
    both = {**go, **come}
    changed = {iri for iri in both.keys() - (new ^ gone) if not _is_relation(iri)}
    return Outline(
        new=_in_order(come[iri] for iri in new - gone),
        gone=_in_order(go[iri] for iri in gone - new),
        changed=_in_order(both[iri] for iri in changed),
        relations_added=Counter(linked[iri] for iri in linked.keys() - unlinked.keys()),
        relations_removed=Counter(unlinked[iri] for iri in unlinked.keys() - linked.keys()),
        added=_count(added, address.iri),
        removed=_count(removed, address.iri),
        derived_added=_count(added, _DERIVED),
        derived_removed=_count(removed, _DERIVED),
    )


def _is_relation(iri: str) -> bool:
    return iri.startswith((ID + "participation/", ID + "membership/", ID + "party/"))


def _things(
    quads: Sequence[ox.Quad], address: GraphAddress
) -> tuple[dict[str, Thing], set[str], dict[str, str]]:
    """Give the things that statements are of, those of them with a class, and the relations."""
    things: dict[str, Thing] = {}
    for quad in quads:
        if quad.graph_name != ox.NamedNode(address.iri) or not isinstance(
            quad.subject, ox.NamedNode
        ):
            continue
        thing = things.setdefault(quad.subject.value, Thing(quad.subject.value))
        if quad.predicate.value == _TYPE and isinstance(quad.object, ox.NamedNode):
            thing.classes.add(quad.object.value)
        elif quad.predicate.value in _NAMES and isinstance(quad.object, ox.Literal):
            thing.names[quad.object.language or ""] = quad.object.value
    relations = {
        iri: min(thing.classes & _RELATIONS)
        for iri, thing in things.items()
        if thing.classes & _RELATIONS
    }
    typed = {iri for iri, thing in things.items() if thing.classes} - relations.keys()
    return things, typed, relations


def _in_order(things: Iterable[Thing]) -> tuple[Thing, ...]:
    return tuple(sorted(things, key=lambda thing: thing.iri))


def _count(quads: Sequence[ox.Quad], graph: str) -> int:
    def is_of(quad: ox.Quad) -> bool:
        name = getattr(quad.graph_name, "value", "")
        return bool(name == graph or (graph.endswith("/") and name.startswith(graph)))

    return sum(is_of(quad) for quad in quads)


@dataclass(frozen=True)
class Remark:
    """One result of the gate on a page: where it stands, of what it is, what to do.

    ``language``: that of the message; "" when a shape does not tell it.
    """

    severity: str
    message: str
    row: int = 0
    column: int = 0
    line: int = 0
    thing: str = ""
    value: str = ""
    language: str = ""

    @property
    def cell(self) -> str:
        """The cell as a spreadsheet names it, such as C3; "" where it is not one cell."""
        return f"{get_column_letter(self.column)}{self.row}" if self.row and self.column else ""


def remarks(report: Mapping[str, Any], language: str) -> list[Remark]:
    """Give the results of a report in the order of the file, each place and message once."""
    found: dict[Remark, None] = {}
    for result in report["results"]:
        focus = str(result["focusNode"]["value"])
        messages = result["messages"]
        is_part = "#cell=" in focus or "#row=" in focus
        value = result.get("value") or {}
        told = language if messages.get(language) else next(iter(messages), "")
        remark = Remark(
            severity=str(result["severity"]),
            message=str(messages.get(told, "")),
            language=told,
            row=int(result.get("row", 0)),
            column=int(result.get("column", 0)),
            line=int(result.get("line", 0)),
            thing="" if is_part else focus,
            value=str(value.get("value", "")),
        )
        found[remark] = None
    return sorted(
        found, key=lambda one: (one.severity != "violation", one.row, one.line, one.column)
    )
