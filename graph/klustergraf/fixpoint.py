"""Run rules until nothing new comes (rules are monotone: none may negate).

What is already asserted is not derived again, so derived and asserted never mix.
"""

import time
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, QueryTriples, RdfFormat, Store, parse

from klustergraf.aside import Aside, Turns, is_possible
from klustergraf.engine.tokens import tokens
from klustergraf.errors import SparqlSyntaxError
from klustergraf.namespaces import RDF
from klustergraf.rules import Pattern, Rule, asked_by, meet, no_rule

_NEW: Final = NamedNode("urn:klustergraf:new")
_FEW: Final = 100_000
"""How many new statements, at most, are put apart to ask only what they make new."""
_LARGE: Final = 100_000
"""From how many asserted statements on a second process pays."""


def derive(
    store: Store, rules: Iterable[Rule], asserted: Collection[bytes]
) -> dict[str, list[bytes]]:
    """Derive until nothing new comes; give each rule's statements as lines of N-Triples.

    The default graph of the store has every asserted statement and gets what is derived;
    ``asserted`` holds the same statements as lines of N-Triples, spelled as the store would.
    The result, but for its order, does not depend on the order of the rules: a rule's graph is all
    that the rule gives over everything asserted and derived, less what is asserted.

    A rule runs again only when another gave something that it asks for. Where that is little, and
    every solution of the rule must match it, only what it makes new is asked for. Those run first,
    and of them those that took the least time: what is dear waits until the others have nothing
    more to add. Where there is much, and a second processor, another process takes a part of the
    rules in their first run, which asks all.

    Errors: SparqlSyntaxError naming the rule; GraphParseError for a query that is no rule.
    Source: semi-naive evaluation (Abiteboul, Hull, Vianu, Foundations of Databases, 1995, 13.1).
    """
    runs = {rule.name: _Run(rule) for rule in rules}
    come: list[_Batch] = []
    if len(asserted) >= _LARGE and is_possible():
        come = _first_round(store, list(runs.values()), asserted)
    waiting = dict.fromkeys(name for name, run in runs.items() if run.is_due(come))
    while waiting:
        run = runs[min(waiting, key=lambda name: runs[name].dearness(come))]
        del waiting[run.rule.name]
        batch = run.again(store, asserted, come)
        come.append(batch)
        waiting |= {name: None for name, other in runs.items() if other.is_met_by(batch)}
    return {name: list(run.new) for name, run in runs.items()}


def _first_round(store: Store, runs: list["_Run"], asserted: Container[bytes]) -> list["_Batch"]:
    """Run every rule once. What the other process asks, it asks of what is asserted alone."""
    turns = Turns()
    come: list[_Batch] = []

    def asked_aside() -> list[tuple[int, bytes, float]]:
        return [(n, *run.answer(store)) for n, run in enumerate(runs) if n in turns]

    with Aside(asked_aside) as other:
        for number, run in enumerate(runs):
            if number in turns:
                come.append(run.again(store, asserted, come))
        for number, answer, seconds in other.result():
            runs[number].seconds = seconds
            come.append(runs[number].take([answer], store, asserted, 0))
    return come


@dataclass(frozen=True)
class _Batch:
    """What one run of a rule added to the store."""

    rule: str
    lines: list[bytes]
    kinds: set[Pattern]


class _Run:
    """A rule that runs until it gives nothing new; ``new`` is what it gave that none asserts."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.new: dict[bytes, None] = {}
        self.seconds = 0.0
        self._asked = asked_by(rule)
        self._start = _start_of_where(rule.text)
        self._place: int | None = None  # in what came: how far it was taken into account

    def is_met_by(self, batch: _Batch) -> bool:
        """Tell whether what came may let the rule give more."""
        is_own = self.rule.is_closed and batch.rule == self.rule.name
        return not is_own and meet(batch.kinds, self._asked.kinds)

    def is_due(self, come: list[_Batch]) -> bool:
        """Tell whether it never ran, or what came since may let it give more."""
        since = self._since(come)
        return since is None or bool(since)

    def dearness(self, come: list[_Batch]) -> tuple[bool, float]:
        """Tell what stands against running it now: that all is to be asked, and its last time."""
        return self._asks_all(self._since(come)), self.seconds

    def again(self, store: Store, asserted: Container[bytes], come: list[_Batch]) -> _Batch:
        """Run once, and add to the store what is new."""
        began = time.perf_counter()
        since, place = self._since(come), len(come)
        answers = [self._found(store, text) for text in self._texts(store, since)]
        if since is not None:
            store.remove_graph(_NEW)
        batch = self.take(answers, store, asserted, place)
        self.seconds = max(self.seconds, time.perf_counter() - began)
        return batch

    def answer(self, store: Store) -> tuple[bytes, float]:
        """Ask all, and add nothing: N-Triples, and seconds. Errors: as :func:`derive`."""
        began = time.perf_counter()
        answer = self._found(store, self.rule.text)
        return answer, time.perf_counter() - began

    def take(
        self, answers: list[bytes], store: Store, asserted: Container[bytes], place: int
    ) -> _Batch:
        """Add to the store what is new of N-Triples; what came up to ``place`` was asked then."""
        self._place = place
        found: dict[bytes, None] = {}  # in the order of the store, in which it loads fastest
        for answer in answers:
            found.update(dict.fromkeys(answer.splitlines(keepends=True)))
        lines = [line for line in found if line not in self.new and line not in asserted]
        self.new.update(dict.fromkeys(lines))
        if any(b"_:" in line for line in lines):  # loading would give blank nodes other labels
            store.extend(parse(b"".join(lines), format=RdfFormat.N_TRIPLES))
        else:
            store.load(b"".join(lines), format=RdfFormat.N_TRIPLES)
        return _Batch(self.rule.name, lines, _kinds(lines))

    def _since(self, come: list[_Batch]) -> list[_Batch] | None:
        """Give what came since it ran last, and may let it give more; None when it never ran."""
        if self._place is None:
            return None
        return [batch for batch in come[self._place :] if self.is_met_by(batch)]

    def _asks_all(self, since: list[_Batch] | None) -> bool:
        if since is None or not self._start:
            return True
        kinds = {kind for batch in since for kind in batch.kinds}
        return meet(kinds, self._asked.others) or sum(len(b.lines) for b in since) > _FEW

    def _texts(self, store: Store, since: list[_Batch] | None) -> list[str]:
        """Tell what to ask: all, or what needs one of the statements that came, put apart."""
        if since is None or self._asks_all(since):
            return [self.rule.text]
        kinds = {kind for batch in since for kind in batch.kinds}
        plain = [text for text, kind in self._asked.plain.items() if meet(kinds, [kind])]
        for batch in since:
            store.load(b"".join(batch.lines), format=RdfFormat.N_TRIPLES, to_graph=_NEW)
        before, after = self.rule.text[: self._start], self.rule.text[self._start :]
        return [f"{before} GRAPH {_NEW} {{ {text} }} {after}" for text in plain]

    def _found(self, store: Store, text: str) -> bytes:
        try:
            found = _triples_of(store, text)
        except SyntaxError as exc:
            said = f"rule {self.rule.name}: {exc.msg}"
            raise SparqlSyntaxError(said, exc.lineno, exc.offset) from exc
        if found is None:
            raise no_rule(self.rule)
        return found


def _triples_of(store: Store, text: str) -> bytes | None:
    """Give what a CONSTRUCT query makes, as N-Triples; None for a query of another form."""
    found = store.query(text)
    if not isinstance(found, QueryTriples):
        return None
    return found.serialize(format=RdfFormat.N_TRIPLES) or b""


def _start_of_where(text: str) -> int:
    """Find where the pattern of a CONSTRUCT query begins, after its brace; 0 when not found."""
    is_where = False
    for token in tokens(text):
        if is_where:
            return token.end if token.text == "{" else 0
        is_where = token.keyword == "WHERE"
    return 0


def _kinds(lines: Iterable[bytes]) -> set[Pattern]:
    found = set[tuple[bytes, bytes | None]]()
    for line in lines:
        _, predicate, value = line.split(b" ", 2)
        found.add((predicate, value if predicate == _TYPE else None))
    return {
        (p[1:-1].decode(), None if value is None else value[1:-4].decode()) for p, value in found
    }


_TYPE: Final = f"<{RDF}type>".encode()
