"""What a contribution may speak about: its own things, and links from them to others'.

Each rule gives SHACL results, with messages in Swedish and English, so that a report tells of it in
the same way as of the shapes.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.contributions.addresses import GraphAddress, is_own
from klustergraf.namespaces import DCT, GRAPH, KG, KGSH, OWL, RDF, RDFS, SCHEMA, SH, SKOS
from klustergraf.shacl import Path, Result

DESCRIBING: Final = frozenset(DCT + name for name in ("title", "description", "source", "license"))
"""What a contribution may say of its graph; the rest of the description is made for it."""

SAME: Final = tuple(
    ox.NamedNode(iri) for iri in (OWL + "sameAs", SCHEMA + "sameAs", SKOS + "exactMatch")
)
"""What says that two names are of one thing."""

_TYPE: Final = ox.NamedNode(RDF + "type")
_NAMING: Final = frozenset(
    ox.NamedNode(iri) for iri in (RDF + "type", SKOS + "prefLabel", RDFS + "label")
)
_MAY_SAY: Final = frozenset((RDFS + "label", RDFS + "comment", RDFS + "seeAlso", OWL + "sameAs"))
_VOCABULARIES: Final = (RDFS, OWL, SH)
# Classes whose things are made by the graph itself, never by a partner.
_MADE_BY_GRAPH: Final = frozenset(
    KG + name for name in ("Collaboration", "NamedGraph", "Rule", "GraphKind", "SourceRecord")
)
_DERIVED_ONLY: Final = frozenset((KG + "collaboratesWith", KG + "hasCollaborator"))

_MESSAGES: Final = {
    "own-thing": (
        "Bidraget beskriver något som inte är ert. Egna saker heter "
        "https://w3id.org/klustergraf/id/<slag>/{partner}--<namn>, eller id/actor/{partner}; "
        "till andras saker kan ni länka.",
        "The contribution describes something that is not yours. Your own things are called "
        "https://w3id.org/klustergraf/id/<kind>/{partner}--<name>, or id/actor/{partner}; "
        "you may link to others' things.",
    ),
    "own-graph": (
        "Om en graf får ett bidrag bara säga titel, beskrivning, källa och licens, och bara om sin "
        "egen graf <{graph}>.",
        "Of a graph a contribution may tell its title, description, source and licence only, and "
        "only of its own graph <{graph}>.",
    ),
    "vocabulary": (
        "Bidraget ändrar vokabulären. Använd ontologins klasser och egenskaper som de är.",
        "The contribution changes the vocabulary. Use the classes and properties as they are.",
    ),
    "made-by-graph": (
        "Sådant härleds eller förs in av Klustergraf självt. Ange i stället det som det följer "
        "av, till exempel ett deltagande i ett projekt.",
        "This is derived or entered by Klustergraf itself. State what it follows from instead, "
        "such as the participation in a project.",
    ),
    "naming": (
        "Namn och klass på saken anges redan av en annan källa och kan inte ändras av ett bidrag. "
        "Ta bort utsagan.",
        "The name and class of the thing are stated by another source already, and no contribution "
        "can change them. Remove the statement.",
    ),
}


def findings(
    store: ox.Store, address: GraphAddress, triples: Iterable[ox.Triple]
) -> Iterator[Result]:
    """Tell what a contribution says that it may not. ``store``: what all the others say."""
    for triple in triples:
        rule = _broken(store, address, triple)
        if rule:
            yield _result(rule, triple, address)


def _broken(store: ox.Store, address: GraphAddress, triple: ox.Triple) -> str:
    subject, predicate, value = triple.subject, triple.predicate, triple.object
    if not isinstance(subject, ox.NamedNode):
        return "own-thing"
    if subject.value.startswith(GRAPH):
        is_fine = subject.value == address.iri and predicate.value in DESCRIBING
        return "" if is_fine else "own-graph"
    if predicate.value.startswith(_VOCABULARIES) and predicate.value not in _MAY_SAY:
        return "vocabulary"
    if predicate == _TYPE and isinstance(value, ox.NamedNode):
        if value.value.startswith((*_VOCABULARIES, RDF)):
            return "vocabulary"
        if value.value in _MADE_BY_GRAPH:
            return "made-by-graph"
    if predicate.value in _DERIVED_ONLY:
        return "made-by-graph"
    if not is_own(subject.value, address.partner):
        return "own-thing"
    return "naming" if _is_named_elsewhere(store, address, triple) else ""


def _is_named_elsewhere(store: ox.Store, address: GraphAddress, triple: ox.Triple) -> bool:
    """Tell whether another source gives the thing a name or class, and not this one."""
    if triple.predicate not in _NAMING:
        return False
    own = (GRAPH + address.partner + "/", GRAPH + "derived/")
    others = [
        quad.object
        for quad in store.quads_for_pattern(triple.subject, triple.predicate, None, None)
        if isinstance(quad.graph_name, ox.NamedNode)
        and not quad.graph_name.value.startswith(own)
        and quad.graph_name.value != GRAPH + address.partner
    ]
    return bool(others) and triple.object not in others


def _result(rule: str, triple: ox.Triple, address: GraphAddress) -> Result:
    swedish, english = _MESSAGES[rule]
    words = {"partner": address.partner, "graph": address.iri}
    subject, value = triple.subject, triple.object
    if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
        raise TypeError(str(triple))  # reading refuses RDF 1.2
    return Result(
        focus_node=subject,
        result_path=Path(iri=triple.predicate.value),
        value=value,
        source_shape=ox.NamedNode(f"{KGSH}contribution-{rule}"),
        constraint_component=SH + "SPARQLConstraintComponent",
        severity=SH + "Violation",
        messages={"sv": swedish.format(**words), "en": english.format(**words)},
    )


def merged_actors(store: ox.Store, triples: Iterable[ox.Triple]) -> list[tuple[str, str]]:
    """List pairs of known actors that these statements would make one.

    ``store`` has the statements already. Two names are of one thing when one says so of the other,
    or both of a third.
    """
    pairs = set[tuple[str, str]]()
    for triple in triples:
        if triple.predicate in SAME and isinstance(triple.subject, ox.NamedNode):
            known = sorted(node for node in _chain(store, triple.subject) if _is_actor(store, node))
            pairs |= {(known[0], other) for other in known[1:]}
    return sorted(pairs)


_LONGEST_CHAIN: Final = 1000


def _chain(store: ox.Store, start: ox.NamedNode) -> set[str]:
    """Follow the statements of sameness in both directions."""
    seen, waiting = {start}, [start]
    while waiting and len(seen) < _LONGEST_CHAIN:
        node = waiting.pop()
        for predicate in SAME:
            near = [q.object for q in store.quads_for_pattern(node, predicate, None, None)]
            near += [q.subject for q in store.quads_for_pattern(None, predicate, node, None)]
            for other in near:
                if isinstance(other, ox.NamedNode) and other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return {node.value for node in seen}


_ACTOR: Final = ox.NamedNode(KG + "Actor")


def _is_actor(store: ox.Store, iri: str) -> bool:
    pattern = (ox.NamedNode(iri), _TYPE, _ACTOR)
    return next(store.quads_for_pattern(*pattern, None), None) is not None
