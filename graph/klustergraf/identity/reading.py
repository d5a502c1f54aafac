"""Read back what the graph says of identity: for review, and to explain one actor."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.namespaces import DCT, KG, RDF, RDFS

_STORED = ("IdentityMerge", "IdentityDoubt", "SourceRecord")


@dataclass(frozen=True, slots=True)
class ToldRecord:
    """A source record as the graph tells it."""

    ref: str
    actor: str
    names: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A merge or a doubt as the graph tells it; ``sides`` are records, ``actors`` IRIs.

    ``reason`` is that of the language asked for; ``reasons`` are the Swedish and the English one.
    """

    iri: str
    is_doubt: bool
    score: str
    reason: str
    reasons: tuple[str, str]
    sides: tuple[ToldRecord, ...]
    actors: tuple[str, ...]


def read_comparisons(quads: Iterable[Quad], language: str = "en") -> list[Comparison]:
    """List the merges and doubts among some statements: doubts first, the most alike first."""
    about: dict[str, dict[str, list[NamedNode | Literal]]] = {}
    kinds: dict[str, str] = {}
    for quad in quads:
        if not isinstance(quad.subject, NamedNode) or not isinstance(
            quad.object, NamedNode | Literal
        ):
            continue
        said = about.setdefault(quad.subject.value, {})
        said.setdefault(quad.predicate.value, []).append(quad.object)
        if quad.predicate.value == RDF + "type":
            kind = quad.object.value.removeprefix(KG)
            if kind in _STORED:
                kinds[quad.subject.value] = kind
    told = {
        iri: _record(about[iri]) for iri, kind in sorted(kinds.items()) if kind == "SourceRecord"
    }
    found = [
        _comparison(iri, kind, about[iri], told, language)
        for iri, kind in sorted(kinds.items())
        if kind != "SourceRecord"
    ]
    return sorted(found, key=lambda c: (not c.is_doubt, -float(c.score), c.iri))


def _record(said: dict[str, list[NamedNode | Literal]]) -> ToldRecord:
    return ToldRecord(
        ref=_first(said, DCT + "identifier"),
        actor=_first(said, KG + "describesActor"),
        names=tuple(sorted({value.value for value in said.get(RDFS + "label", ())})),
        summary=_first(said, KG + "recordSummary"),
    )


def _comparison(
    iri: str,
    kind: str,
    said: dict[str, list[NamedNode | Literal]],
    told: dict[str, ToldRecord],
    language: str,
) -> Comparison:
    reasons = {
        value.language: value.value
        for value in said.get(KG + "identityReason", ())
        if isinstance(value, Literal)
    }
    sides = [told[r.value] for r in said.get(KG + "comparesRecord", ()) if r.value in told]
    return Comparison(
        iri=iri,
        is_doubt=kind == "IdentityDoubt",
        score=_first(said, KG + "identityScore"),
        reason=reasons.get(language, ""),
        reasons=(reasons.get("sv", ""), reasons.get("en", "")),
        sides=tuple(sorted(sides, key=lambda record: record.ref)),
        actors=tuple(sorted({a.value for a in said.get(KG + "hasParticipant", ())})),
    )


def _first(said: dict[str, list[NamedNode | Literal]], predicate: str) -> str:
    return min((value.value for value in said.get(predicate, ())), default="")
