"""Derive again what a change of the asserted statements makes and unmakes, and nothing else.

What the rules give must be what :func:`klustergraf.rules.derive` gives over the whole: a rule's
graph is all that it gives over everything asserted and derived, less what is asserted. So what may
rest on a statement that goes is taken away first, however far that leads; then what still follows
is put back; then what is new is followed.

Source: delete and rederive (Gupta, Mumick, Subrahmanian, 1993, doi:10.1145/170036.170066).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from klustergraf.contributions.patterns import (
    Alternative,
    Binding,
    ChangeQuery,
    Places,
    Term,
    template_of,
)
from klustergraf.errors import FullBuildNeeded
from klustergraf.namespaces import GRAPH, OWL, RDF, RDFS
from klustergraf.rules import Rule

DERIVED: Final = GRAPH + "derived/"
_TYPE: Final = RDF + "type"
# What these say reaches every statement of the graph.
_ABOUT_ALL: Final = frozenset(
    (
        RDFS + "subClassOf",
        RDFS + "subPropertyOf",
        OWL + "inverseOf",
        RDFS + "domain",
        RDFS + "range",
    )
)

TripleTexts = tuple[str, str, str]


@dataclass(frozen=True)
class _Part:
    """One triple of a rule's template: per place a variable's name, or the text of a constant."""

    places: Places

    @property
    def variables(self) -> list[str]:
        return [name for is_variable, name in self.places if is_variable]

    def triple(self, row: Mapping[str, Term]) -> ox.Triple | None:
        """Make the triple of a solution; None when it cannot be one."""
        terms: list[Term] = []
        for is_variable, name in self.places:
            if not is_variable:
                terms.append(_constant(name))
            elif name in row:
                terms.append(row[name])
            else:
                return None
        subject, predicate, value = terms
        if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
            return None
        return ox.Triple(subject, predicate, value)

    def binding(self, triple: TripleTexts) -> dict[str, str] | None:
        """Give what its variables are when it gives this triple; None when it cannot."""
        found: dict[str, str] = {}
        for (is_variable, name), text in zip(self.places, triple, strict=True):
            if not is_variable:
                if name != text:
                    return None
            elif found.setdefault(name, text) != text:
                return None
        return found


def _constant(text: str) -> Term:
    quad = next(iter(ox.parse(f"<urn:s> <urn:p> {text} .", format=ox.RdfFormat.TURTLE)))
    value: Term | ox.Triple = quad.object
    if isinstance(value, ox.Triple):
        raise TypeError(text)  # templates are of RDF 1.1
    return value


class ChangeRule:
    """A rule that is asked what a change means for it."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.query = ChangeQuery(rule.text)
        self.parts = tuple(_Part(places) for places in template_of(rule.text))
        self.names = sorted({name for part in self.parts for name in part.variables})

    def given(
        self, store: ox.Store, triples: Mapping[str, list[TripleTexts]]
    ) -> dict[ox.Triple, set[tuple[int, Binding] | None]]:
        """Give what changed statements may have a part in, with where to ask for each again."""
        found: dict[ox.Triple, set[tuple[int, Binding] | None]] = defaultdict(set)
        for number, alternative in enumerate(self.query.alternatives):
            bound = alternative.touched(store, triples)
            if bound is None:
                bound = [()]
            if bound:
                for triple, key in self._asked(store, number, alternative, bound):
                    found[triple].add(key)
        return found

    def still_given(
        self, store: ox.Store, keys: Mapping[ox.Triple, Iterable[tuple[int, Binding] | None]]
    ) -> set[ox.Triple]:
        """Tell which triples the rule gives now. A key None: find out from the triple alone."""
        wanted: dict[int, dict[Binding, None]] = defaultdict(dict)
        for triple, some in keys.items():
            for key in some:
                for number, binding in [key] if key else self._keys(triple):
                    wanted[number][binding] = None
        found: set[ox.Triple] = set()
        for number, bindings in wanted.items():
            alternative = self.query.alternatives[number]
            found |= {t for t, _ in self._asked(store, number, alternative, bindings)}
        return found & keys.keys()

    def _keys(self, triple: ox.Triple) -> Iterator[tuple[int, Binding]]:
        """Give the bindings under which the rule can give a triple."""
        texts = texts_of(triple)
        for number, alternative in enumerate(self.query.alternatives):
            for part in self.parts:
                binding = part.binding(texts)
                if binding is None or not binding.keys() <= alternative.variables:
                    continue
                # What is computed cannot be given; it is found among the solutions of the rest.
                given = binding.keys() - alternative.computed.keys()
                yield number, tuple((name, binding[name]) for name in sorted(given))

    def _asked(
        self,
        store: ox.Store,
        number: int,
        alternative: Alternative,
        bound: Iterable[Binding],
    ) -> Iterator[tuple[ox.Triple, tuple[int, Binding] | None]]:
        sources = {n for name in self.names for n in alternative.computed.get(name, ())}
        for row in alternative.solutions(store, [*self.names, *sorted(sources)], bound):
            for part in self.parts:
                triple = part.triple(row)
                if triple is None:
                    continue
                needed: set[str] = set()
                for name in part.variables:
                    needed |= alternative.computed.get(name, frozenset((name,)))
                if needed <= row.keys():
                    yield triple, (number, tuple((n, str(row[n])) for n in sorted(needed)))
                else:
                    yield triple, None


def texts_of(triple: ox.Triple) -> TripleTexts:
    """Give a triple as the SPARQL texts of its terms."""
    return str(triple.subject), str(triple.predicate), str(triple.object)


def _by_predicate(triples: Iterable[ox.Triple]) -> dict[str, list[TripleTexts]]:
    found: dict[str, list[TripleTexts]] = defaultdict(list)
    for triple in triples:
        texts = texts_of(triple)
        found[texts[1]].append(texts)
    return found


class Inference:
    """The derived statements of a store, which follow its asserted ones."""

    def __init__(self, store: ox.Store, rules: Sequence[Rule]) -> None:
        self._store = store
        self._rules = [ChangeRule(rule) for rule in rules]
        self._graphs = {rule.graph for rule in rules}

    def change(
        self, added: Sequence[ox.Quad], removed: Sequence[ox.Quad]
    ) -> tuple[set[ox.Quad], set[ox.Quad]]:
        """Change asserted statements of the store; give the derived ones that come and that go.

        Errors: FullBuildNeeded when the change is one of the vocabulary.
        """
        for quad in (*added, *removed):
            if quad.predicate.value in _ABOUT_ALL or _is_about_properties(quad):
                raise FullBuildNeeded(str(quad.predicate))
        gone = self._leaving(added, removed)
        lost = self._lose(gone)
        for quad in removed:
            self._store.remove(quad)
        come = {q.triple for q in added if not any(True for _ in self._asserted(q.triple))}
        self._store.extend(added)
        before = {quad for q in added for quad in self._derived(q.triple)}
        for change_rule in self._rules:
            graph = change_rule.rule.graph
            before |= {_in(triple, graph) for triple in lost[change_rule.rule.name]}
        for quad in before:
            self._store.remove(quad)
        kept = self._keep(lost, gone)
        fresh = come - {quad.triple for quad in before} | {q.triple for q in kept}
        after = kept | self._follow(fresh)
        return after - before, before - after

    def _asserted(self, triple: ox.Triple) -> Iterator[ox.Quad]:
        pattern = (triple.subject, triple.predicate, triple.object)
        for quad in self._store.quads_for_pattern(*pattern, None):
            name = quad.graph_name
            if not (isinstance(name, ox.NamedNode) and name.value.startswith(DERIVED)):
                yield quad

    def _derived(self, triple: ox.Triple) -> Iterator[ox.Quad]:
        pattern = (triple.subject, triple.predicate, triple.object)
        for quad in self._store.quads_for_pattern(*pattern, None):
            if quad.graph_name in self._graphs:
                yield ox.Quad(*pattern, quad.graph_name)

    def _leaving(self, added: Sequence[ox.Quad], removed: Sequence[ox.Quad]) -> set[ox.Triple]:
        """List the triples that no graph asserts any longer."""
        going = set(removed)
        staying = {quad.triple for quad in added}
        return {
            quad.triple
            for quad in removed
            if quad.triple not in staying
            and not any(other not in going for other in self._asserted(quad.triple))
        }

    def _lose(
        self, gone: set[ox.Triple]
    ) -> dict[str, dict[ox.Triple, set[tuple[int, Binding] | None]]]:
        """Find what is derived from statements that go, however far; by rule."""
        lost: dict[str, dict[ox.Triple, set[tuple[int, Binding] | None]]] = {
            change_rule.rule.name: {} for change_rule in self._rules
        }
        frontier, seen = set(gone), set(gone)
        while frontier:
            texts = _by_predicate(frontier)
            frontier = set()
            for change_rule in self._rules:
                found = change_rule.given(self._store, texts)
                of_rule = lost[change_rule.rule.name]
                for triple, keys in found.items():
                    if _in(triple, change_rule.rule.graph) in self._store:
                        of_rule.setdefault(triple, set()).update(keys)
                        if triple not in seen:
                            seen.add(triple)
                            frontier.add(triple)
        return lost

    def _keep(
        self,
        lost: Mapping[str, Mapping[ox.Triple, set[tuple[int, Binding] | None]]],
        gone: set[ox.Triple],
    ) -> set[ox.Quad]:
        """Put back what was taken away and follows from what is left; so far as one step does."""
        kept: set[ox.Quad] = set()
        for change_rule in self._rules:
            candidates: dict[ox.Triple, set[tuple[int, Binding] | None]] = {
                t: set(keys) for t, keys in lost[change_rule.rule.name].items()
            }
            for triple in gone:
                candidates.setdefault(triple, set()).add(None)
            for triple in change_rule.still_given(self._store, candidates):
                if not any(True for _ in self._asserted(triple)):
                    kept.add(_in(triple, change_rule.rule.graph))
        self._store.extend(kept)
        return kept

    def _follow(self, fresh: set[ox.Triple]) -> set[ox.Quad]:
        """Derive from new statements until nothing new comes."""
        derived: set[ox.Quad] = set()
        frontier = set(fresh)
        while frontier:
            texts = _by_predicate(frontier)
            frontier = set()
            for change_rule in self._rules:
                for triple in change_rule.given(self._store, texts):
                    quad = _in(triple, change_rule.rule.graph)
                    if quad in self._store or any(True for _ in self._asserted(triple)):
                        continue
                    pattern = (triple.subject, triple.predicate, triple.object)
                    if next(self._store.quads_for_pattern(*pattern, None), None) is None:
                        frontier.add(triple)
                    self._store.add(quad)
                    derived.add(quad)
        return derived


def _in(triple: ox.Triple, graph: ox.NamedNode) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _is_about_properties(quad: ox.Quad) -> bool:
    value = quad.object
    return (
        quad.predicate.value == _TYPE
        and isinstance(value, ox.NamedNode)
        and value.value.startswith((OWL, RDFS))
    )
