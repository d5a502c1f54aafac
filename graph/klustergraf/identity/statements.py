"""What was resolved, as statements: each merge and each doubt a qualified relation with its reason.

They stand in a named graph of their own, derived by the rule that :data:`RULE` describes. Only
records that were merged, or are in doubt, are told: a record that stands alone needs no comparison.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.errors import IdentifierError
from klustergraf.identifiers import mint_iri, slugify
from klustergraf.identity.profiles import Profile
from klustergraf.identity.resolution import BY_DECISION, BY_ID, Doubt, Merge, Resolution
from klustergraf.namespaces import DCT, ID, KG, OWL, PROV, RDF, RDFS, XSD
from klustergraf.rules import Rule, describe
from klustergraf.sources.own import CATALOGUE_GRAPH
from klustergraf.sources.records import ActorRecord

RULE: Final = Rule(
    "identity",
    {"sv": "Samma aktör i flera källor", "en": "One actor in several sources"},
    {
        "sv": "Källposter som delar en identifierare, eller liknar varandra i namn, plats och "
        "slag, är samma aktör, om inget utesluter det. En redaktörs beslut går före.",
        "en": "Source records that share an identifier, or are alike by name, place and kind, are "
        "one actor, unless something excludes it. What a curator decided comes first.",
    },
    "",
)
"""The rule of :func:`klustergraf.identity.resolve`, as a thing of the graph."""

IDENTITY_GRAPH: Final = RULE.graph

_WORDS: Final = (
    (r"\bshare (?=[a-z]+ )", "delar "),
    (r", but ", ", men "),
    (r"\bdifferent countries\b", "olika länder"),
    (r"\bdifferent kinds\b", "olika slag"),
    (r"\bdifferent names in different places\b", "olika namn på olika platser"),
    (r"\bdifferent (?=[a-z]+)", "olika "),
    (r"\bboth have an IRI\b", "båda har en IRI"),
    (r"\bdecided to be different\b", "enligt beslut olika"),
    (r"\bdecisions contradict each other\b", "besluten motsäger varandra"),
    (r"\bkeeps them apart\b", "håller isär dem"),
    (r"\bfits another as well\b", "passar en annan lika bra"),
    (r"\bname (?=\d)", "namn "),
    (r"\bplace (?=\d)", "plats "),
    (r"\bkind (?=\d)", "slag "),
)


def statements(
    resolution: Resolution, records: Mapping[str, ActorRecord], issued: str
) -> Iterator[Quad]:
    """Say which records are one actor, and which may be: merges, doubts, redirects, the graph.

    ``records`` by ref; ``issued`` is the date of the newest source (YYYY-MM-DD).
    """
    for triple in describe(RULE, Literal(issued, datatype=NamedNode(XSD + "date"))):
        yield Quad(*triple, CATALOGUE_GRAPH)
    told = set()
    for merge in resolution.merges:
        told |= {merge.left, merge.right}
        yield from _merge(resolution, merge)
    for doubt in resolution.doubtful:
        told |= {doubt.left, doubt.right}
        yield from _doubt(resolution, doubt)
    for ref in sorted(told & records.keys()):
        yield from _record(records[ref], resolution.profiles[ref], resolution.iris[ref])
    for old, new in resolution.redirects.items():
        yield Quad(NamedNode(old), NamedNode(OWL + "sameAs"), NamedNode(new), IDENTITY_GRAPH)


def record_iri(ref: str) -> NamedNode:
    """Name a record of a source as a thing of the graph.

    >>> record_iri("ror:056d84691").value
    'https://w3id.org/klustergraf/id/record/ror--056d84691'
    """
    source, _, key = ref.partition(":")
    try:
        slug = slugify(key)
    except IdentifierError:
        slug = ""
    if slug != key or len(slug) > 60:  # what a slug leaves out would make two keys one
        slug = "-".join(part for part in (slug[:40].strip("-"), _digest(key)) if part)
    return NamedNode(mint_iri("record", source, slug))


def _merge(resolution: Resolution, merge: Merge) -> Iterator[Quad]:
    node = NamedNode(f"{ID}identity-merge/{_digest(merge.left, merge.right)}")
    actor = _actor(resolution, merge.left)
    if merge.reason == BY_DECISION:
        reason = {
            "sv": f"En redaktör har beslutat det: {merge.detail_sv}",
            "en": f"A curator decided it: {merge.detail}",
        }
    elif merge.reason == BY_ID:
        reason = {
            "sv": f"Gemensam identifierare: {merge.detail}",
            "en": f"Shared identifier: {merge.detail}",
        }
    else:
        reason = {
            "sv": f"Lika: {_in_swedish(merge.detail)}",
            "en": f"Alike: {merge.detail}",
        }
    decided = merge.reason == BY_DECISION
    yield from _comparison(node, "IdentityMerge", merge, reason, decided=decided)
    yield _quad(node, KG + "hasParticipant", NamedNode(actor))


def _doubt(resolution: Resolution, doubt: Doubt) -> Iterator[Quad]:
    node = NamedNode(f"{ID}identity-doubt/{_digest(doubt.left, doubt.right)}")
    reason = {"sv": f"Tveksamt: {_in_swedish(doubt.detail)}", "en": f"In doubt: {doubt.detail}"}
    yield from _comparison(node, "IdentityDoubt", doubt, reason, decided=False)
    for ref in (doubt.left, doubt.right):
        yield _quad(node, KG + "hasParticipant", NamedNode(_actor(resolution, ref)))


def _comparison(
    node: NamedNode,
    kind: str,
    comparison: Merge | Doubt,
    reason: Mapping[str, str],
    *,
    decided: bool,
) -> Iterator[Quad]:
    yield _quad(node, RDF + "type", NamedNode(KG + kind))
    score = Literal(f"{comparison.score:.3f}", datatype=NamedNode(XSD + "decimal"))
    yield _quad(node, KG + "identityScore", score)
    certainty = KG + ("inferred" if decided else "derived")
    yield _quad(node, KG + "hasCertainty", NamedNode(certainty))
    for language, text in reason.items():
        yield _quad(node, KG + "identityReason", Literal(text, language=language))
        if decided:
            yield _quad(node, KG + "inferenceReason", Literal(text, language=language))
    for ref in (comparison.left, comparison.right):
        if not ref.startswith(ID):
            yield _quad(node, KG + "comparesRecord", record_iri(ref))
            yield _quad(node, PROV + "wasDerivedFrom", record_iri(ref))


def _record(record: ActorRecord, profile: Profile, actor: str) -> Iterator[Quad]:
    node = record_iri(profile.ref)
    yield _quad(node, RDF + "type", NamedNode(KG + "SourceRecord"))
    yield _quad(node, KG + "describesActor", NamedNode(actor))
    yield _quad(node, DCT + "identifier", Literal(profile.ref))
    yield _quad(node, KG + "recordSummary", Literal(summary(record, profile)))
    for name in record.names:
        if name.text.strip():
            label = Literal(name.text, language=name.language or None)
            yield _quad(node, RDFS + "label", label)


def summary(record: ActorRecord, profile: Profile) -> str:
    """Say in one line where a record's actor is, of which kind, and by which identifiers known."""
    place = ", ".join(filter(None, (record.location.city, profile.country)))
    ids = [  # with a colon, since digits after a space may look like a telephone number
        f"{scheme}:{value}"
        for scheme, found in sorted(profile.ids.items())
        for value in sorted(found)
    ]
    return "; ".join(filter(None, (place, profile.kind, *ids)))


def _actor(resolution: Resolution, ref: str) -> str:
    return ref if ref.startswith(ID) else resolution.iris[ref]


def _quad(node: NamedNode, predicate: str, value: NamedNode | Literal) -> Quad:
    return Quad(node, NamedNode(predicate), value, IDENTITY_GRAPH)


def _digest(*texts: str) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:16]


def _in_swedish(detail: str) -> str:
    for pattern, word in _WORDS:
        detail = re.sub(pattern, word, detail)
    return detail
