"""What things are called, in the languages of the pages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from klustergraf.namespaces import DCT, KG, OA, ORG, RDF, RDFS, SKOS
from klustergraf_api.execution import Executor
from klustergraf_api.pages.rendering import View
from klustergraf_api.terms import Solution, Term, serialise_iri, serialise_iris

# The first of these that a thing has is what it is called.
LABEL_PREDICATES: Final = (SKOS + "prefLabel", RDFS + "label", DCT + "title")
_MOST_IRIS: Final = 2000

# What stands between things has no name of its own; it is called after what it joins, in this
# order. What joins more than this is cut.
_JOINING: Final = (
    RDF + "subject",
    KG + "hasParticipant",
    KG + "hasCollaborator",
    ORG + "member",
    RDF + "predicate",
    RDF + "object",
    KG + "inProject",
    KG + "inEvent",
    KG + "inAgreement",
    ORG + "organization",
    OA + "hasSource",
    OA + "start",
    OA + "end",
)
_PLACE: Final = KG + "locatedIn"
_MOST_JOINED: Final = 4
_GRAPH_KIND: Final = f"<{KG}hasGraphKind>"


class Labels:
    """Labels by IRI and language; ``joined``: after what to call those that have none."""

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, str]],
        joined: Mapping[str, list[Term]] | None = None,
    ) -> None:
        self._texts = texts
        self._joined = joined or {}
        self._known: dict[tuple[str, str], Term] = {}
        self._written: dict[tuple[str, str], Markup] = {}

    def of(self, iri: str, view: View) -> Term:
        """Give what to call a thing on a page; its language is empty where it is a bare name."""
        known = self._known.get((iri, view.language))
        if known is None:
            known = self._known[iri, view.language] = self._choose(iri, view)
        return known

    def linked(self, iri: str, view: View) -> Markup:
        """Write what a thing is called as a link to it, where it has an address to follow.

        Not in a template: a page has hundreds of them.
        """
        written = self._written.get((iri, view.language))
        if written is None:
            written, address = self.named(iri, view), view.link(iri)
            if address:
                # Put together of escaped pieces: Markup.format takes ten times as long.
                written = Markup(f'<a href="{escape(address)}">{written}</a>')  # noqa: S704
            self._written[iri, view.language] = written
        return written

    def named(self, iri: str, view: View) -> Markup:
        """Write what a thing is called, with its language where that is not the page's."""
        name = self.of(iri, view)
        language = name.language if name.language != view.language else ""
        marks = f' lang="{escape(language)}"' if language else ""
        if name.value == view.curie(iri):
            marks += ' class="curie"'
        return Markup(f"<span{marks}>{escape(name.value)}</span>")  # noqa: S704

    def _choose(self, iri: str, view: View) -> Term:
        texts = self._texts.get(iri, {})
        for language in (view.language, "", *sorted(texts)):
            if language in texts:
                return Term("literal", texts[language], language)
        key = f"term.{view.curie(iri)}"
        if view.has_text(key):
            return Term("literal", view.text(key), view.language)
        return Term("literal", self._composed(iri, view) or view.curie(iri))

    def _composed(self, iri: str, view: View) -> str:
        """Call a thing after what it joins, and a part (``<thing>#<part>``) after its thing."""
        whole, hash_sign, part = iri.partition("#")
        if hash_sign and view.has_text(f"part.{part}"):
            return f"{self.of(whole, view).value} ({view.text(f'part.{part}')})"
        pieces = self._joined.get(iri, [])
        if [p.is_iri for p in pieces] == [True, False, False]:
            source, start, end = pieces
            span = view.text("evidence.characters", start=start.value, end=end.value)
            return f"{self.of(source.value, view).value}, {span}"
        names = [self.of(p.value, view).value if p.is_iri else p.value for p in pieces]
        return " – ".join(dict.fromkeys(names))

    def all_of(self, iri: str) -> Mapping[str, str]:
        """Give every label of a thing, by language."""
        return self._texts.get(iri, {})


async def read_labels(executor: Executor, iris: Iterable[str]) -> Labels:
    """Look up what these IRIs are called."""
    wanted = set(iris)
    wanted |= {iri.partition("#")[0] for iri in wanted if _is_thing(iri)}
    texts = await _read_texts(executor, wanted)
    joined = await _read_joined(executor, {i for i in wanted if i not in texts and _is_thing(i)})
    others = {p.value for pieces in joined.values() for p in pieces if p.is_iri} - wanted
    return Labels({**texts, **await _read_texts(executor, others)}, joined)


def _is_thing(iri: str) -> bool:
    return "/id/" in iri


async def _read_texts(executor: Executor, iris: Iterable[str]) -> dict[str, dict[str, str]]:
    """Look up names; most things have the first of LABEL_PREDICATES, and the others repeat it."""
    wanted = sorted(iris)[:_MOST_IRIS]
    first, *others = LABEL_PREDICATES
    texts = await _read_named(executor, wanted, [first])
    missing = [iri for iri in wanted if iri not in texts]
    return {**texts, **await _read_named(executor, missing, others)}


async def _read_named(
    executor: Executor, wanted: Sequence[str], by: Sequence[str]
) -> dict[str, dict[str, str]]:
    if not wanted:
        return {}
    predicates = ", ".join(map(serialise_iri, by))
    # Not a second VALUES block: the engine would join the two by reading the whole graph.
    rows = await executor.solutions(
        "SELECT DISTINCT ?thing ?predicate ?label WHERE { "
        f"VALUES ?thing {{ {serialise_iris(wanted)} }} "
        f"?thing ?predicate ?label FILTER(?predicate IN ({predicates})) }}"
    )
    texts: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: (by.index(row["predicate"].value), row["label"])):
        language = row["label"].language.split("-")[0]
        texts.setdefault(row["thing"].value, {}).setdefault(language, row["label"].value)
    return texts


async def _read_joined(executor: Executor, iris: Iterable[str]) -> dict[str, list[Term]]:
    """Look up what nodes without a name join, and where a site is by its source."""
    wanted = sorted(iris)[:_MOST_IRIS]
    if not wanted:
        return {}
    things = f"VALUES ?thing {{ {serialise_iris(wanted)} }}"
    predicates = ", ".join(map(serialise_iri, _JOINING))
    rows = await executor.solutions(
        "SELECT DISTINCT ?thing ?predicate ?object ?kind WHERE {\n"
        f"  {{ {things} ?thing ?predicate ?object FILTER(?predicate IN ({predicates})) }}\n"
        f"  UNION {{ {things} ?thing <{OA}hasSelector> ?selector . ?selector ?predicate ?object\n"
        f"    FILTER(?predicate IN (<{OA}start>, <{OA}end>)) }}\n"
        f"  UNION {{ {things} GRAPH ?graph {{ ?thing <{_PLACE}> ?object }}\n"
        f"    OPTIONAL {{ ?graph {_GRAPH_KIND} ?kind }} BIND(<{_PLACE}> AS ?predicate) }}\n}}"
    )
    joined: dict[str, list[Term]] = {}
    for row in sorted(rows, key=_order):
        pieces = joined.setdefault(row["thing"].value, [])
        if row["object"] not in pieces and len(pieces) < _MOST_JOINED and _is_own(row):
            pieces.append(row["object"])
    return joined


def _order(row: Solution) -> tuple[int, Term]:
    predicate = row["predicate"].value
    rank = _JOINING.index(predicate) if predicate in _JOINING else len(_JOINING)
    return rank, row["object"]


def _is_own(row: Solution) -> bool:
    """Tell whether a source says it: a rule adds every place that a place lies in."""
    return not ("kind" in row and row["kind"].value.endswith("derivedGraph"))
