"""What a version says that search needs: names, kinds, places, aspects and sources of things."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from klustergraf.namespaces import DCT, KG, ORG, PROV, RDF, RDFS, SKOS

# What can be found, by class; the first that a thing has is its type.
TYPES: Final = {
    KG + "Actor": "actor",
    KG + "Facility": "facility",
    KG + "Project": "project",
    KG + "Strategy": "strategy",
    KG + "PriorityArea": "priority-area",
    KG + "StrategicAspect": "aspect",
    KG + "Agreement": "agreement",
    KG + "Event": "event",
    KG + "OpenGroup": "group",
    KG + "Programme": "programme",
    KG + "Place": "place",
    KG + "SourceDocument": "document",
}
PREFERRED: Final = 0
OTHER_NAME: Final = 1
IDENTIFIER: Final = 2
_NAMES: Final = {
    SKOS + "prefLabel": PREFERRED,
    DCT + "title": PREFERRED,
    RDFS + "label": PREFERRED,
    SKOS + "altLabel": OTHER_NAME,
    SKOS + "hiddenLabel": OTHER_NAME,
    "https://schema.org/alternateName": OTHER_NAME,
    SKOS + "notation": IDENTIFIER,
    DCT + "identifier": IDENTIFIER,
}
_DERIVED: Final = "/graph/derived/"


@dataclass(slots=True)
class Thing:
    """One thing that can be found. ``names``: text, language and rank; ``degree``: links to it."""

    iri: str
    classes: set[str] = field(default_factory=set)
    names: set[tuple[int, str, str]] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    broader: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    degree: int = 0

    @property
    def type(self) -> str | None:
        """What it is, of TYPES; None: nothing that is searched for."""
        return next((name for iri, name in TYPES.items() if iri in self.classes), None)

    def label(self, language: str) -> str:
        """Give what it is called in a language, or in another."""
        preferred = sorted(
            (rank, tag != language, tag != "", text) for rank, text, tag in self.names
        )
        return preferred[0][3] if preferred else self.iri


def _put_class(thing: Thing, value: str) -> None:
    thing.classes.add(value)


def _put_kind(thing: Thing, value: str) -> None:
    thing.kinds.add(value)


def _put_place(thing: Thing, value: str) -> None:
    thing.places.add(value)


def _put_area(thing: Thing, value: str) -> None:
    thing.areas.add(value)


def _put_broader(thing: Thing, value: str) -> None:
    thing.broader.add(value)


_LINKS: Final[dict[str, Callable[[Thing, str], None]]] = {
    RDF + "type": _put_class,
    ORG + "classification": _put_kind,
    KG + "locatedIn": _put_place,
    PROV + "atLocation": _put_place,
    KG + "contributesTo": _put_area,
    SKOS + "broader": _put_broader,
}
_SAME: Final = "https://schema.org/sameAs"


_WANTED: Final = {f"<{iri}>".encode() for iri in (*_LINKS, *_NAMES, _SAME)}


def read_things(quads: Iterable[Quad], degrees: Mapping[str, int]) -> dict[str, Thing]:
    """Gather what is said of every subject; the types decide later what is searched for."""
    things: dict[str, Thing] = {}
    for quad in quads:
        subject, predicate, value = quad.subject, quad.predicate.value, quad.object
        if not isinstance(subject, NamedNode):
            continue
        thing = things.get(subject.value)
        if thing is None:
            thing = things[subject.value] = Thing(
                subject.value, degree=degrees.get(subject.value, 0)
            )
        if isinstance(quad.graph_name, NamedNode) and _DERIVED not in quad.graph_name.value:
            thing.sources.add(quad.graph_name.value)
        if (put := _LINKS.get(predicate)) is not None and isinstance(value, NamedNode):
            put(thing, value.value)
        elif predicate in _NAMES and isinstance(value, Literal):
            language = (value.language or "").split("-")[0]
            thing.names.add((_NAMES[predicate], value.value, language))
        elif predicate == _SAME and isinstance(value, NamedNode):
            thing.names.add((IDENTIFIER, value.value.rstrip("/").rpartition("/")[2], ""))
    return things


def read_dataset(path: Path) -> dict[str, Thing]:
    """Read the things with names of a dataset of canonical N-Quads, a statement on each line.

    Only the lines that matter are parsed, some at a time; of the others, what they lead to is
    counted. The lines of a subject follow each other, since they are sorted.
    """
    things: dict[str, Thing] = {}
    degrees: Counter[bytes] = Counter()
    wanted: list[bytes] = []
    last = b""
    with path.open("rb") as lines:
        for line in lines:
            subject, predicate, rest = line.split(b" ", 2)
            if rest.startswith(b"<"):
                degrees[rest[: rest.index(b">") + 1]] += 1
            if predicate in _WANTED:
                if len(wanted) >= _AT_A_TIME and subject != last:
                    things |= _named(wanted)
                    wanted.clear()
                wanted.append(line)
                last = subject
    things |= _named(wanted)
    for iri, thing in things.items():
        thing.degree = degrees.get(f"<{iri}>".encode(), 0)
    return things


_AT_A_TIME: Final = 10_000  # lines


def _named(lines: list[bytes]) -> dict[str, Thing]:
    found = read_things(parse(b"".join(lines), format=RdfFormat.N_QUADS), {})
    return {iri: thing for iri, thing in found.items() if thing.names}
