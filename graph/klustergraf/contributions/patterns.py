"""Ask a query about a change: which of its solutions a changed statement can be part of.

A query is cut at each UNION into alternatives. Each triple pattern of an alternative is an
*anchor*: a changed statement that fits it binds variables, and with these bound the query gives
every solution that the statement can have made or unmade, and few others. A path is anchored where
it begins, which is found by walking back from the changed statement.

Source: semi-naive evaluation (Abiteboul, Hull, Vianu, Foundations of Databases, 1995, 13.1).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyoxigraph as ox
from rdflib import BNode, URIRef, Variable
from rdflib.paths import AlternativePath, InvPath, MulPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from klustergraf.engine.tokens import Token, prologue_end, tokens

Term = ox.NamedNode | ox.BlankNode | ox.Literal
Binding = tuple[tuple[str, str], ...]
"""Variables with the SPARQL text of their terms."""

Places = tuple[tuple[bool, str], tuple[bool, str], tuple[bool, str]]
"""A triple of a template: per place whether it is a variable, and its name or its SPARQL text."""

_WAYS = 10_000  # rows of one VALUES block


@dataclass(frozen=True)
class Anchor:
    """A triple pattern, or a step of a path, and what a statement that fits it binds.

    ``predicate``, ``subject``, ``object``: the SPARQL text of a constant, None for a variable.
    ``binds``: variables that the subject, predicate and object of the statement are bound to.
    ``way``: the path from ``start`` to the step's own beginning; "" when it begins there.
    """

    predicate: str | None
    subject: str | None
    object: str | None
    binds: tuple[tuple[str, int], ...]
    start: str = ""
    way: str = ""
    is_inverse: bool = False

    def fits(self, triple: tuple[str, str, str]) -> bool:
        """Tell whether a statement fits the pattern."""
        wanted = (self.subject, self.predicate, self.object)
        return all(w is None or w == got for w, got in zip(wanted, triple, strict=True))


@dataclass(frozen=True)
class Alternative:
    """A query without UNION: its anchors, and the parts of its text."""

    prologue: str
    body: str
    with_lookups: str
    looked_up: frozenset[str]
    anchors: tuple[Anchor, ...]
    is_anchored: bool
    variables: frozenset[str]
    computed: Mapping[str, frozenset[str]]
    assigned: frozenset[str]

    def solutions(
        self, store: ox.Store, names: Iterable[str], bound: Iterable[Binding]
    ) -> Iterator[dict[str, Term]]:
        """Ask for the solutions with these bindings; those of no variable ask for all."""
        known = [name for name in dict.fromkeys(names) if name in self.variables]
        projected = " ".join(f"?{name}" for name in known) or "*"
        by_names: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for given_binding in dict.fromkeys(bound):
            # LATERAL gives no value to what the query itself assigns (SEP 0006).
            binding = [pair for pair in given_binding if pair[0] not in self.assigned]
            row = " ".join(text for _, text in binding)
            by_names[tuple(name for name, _ in binding)].append(f"({row})")
        for bound_names, rows in by_names.items():
            for begin in range(0, len(rows), _WAYS):
                some = rows[begin : begin + _WAYS]
                head = " ".join(f"?{name}" for name in bound_names)
                # Terms are written by the store itself, so they can be nothing but terms.
                given = f"VALUES ({head}) {{ {' '.join(some)} }} LATERAL" if head else ""
                body = self.body if self.looked_up & set(bound_names) else self.with_lookups
                where = f"{{ {given} {{ {body} }} }}"
                text = f"{self.prologue}\nSELECT DISTINCT {projected} WHERE {where}"
                yield from _rows(store, text)

    def touched(
        self, store: ox.Store, triples: Mapping[str, list[tuple[str, str, str]]]
    ) -> list[Binding] | None:
        """Find the bindings under which changed statements matter; None: they may do anywhere.

        ``triples`` are the statements as SPARQL texts, by predicate.
        """
        found: dict[Binding, None] = {}
        for anchor in self.anchors:
            if anchor.predicate is None:
                possible = [t for some in triples.values() for t in some]
            else:
                possible = triples.get(anchor.predicate, [])
            fitting = [triple for triple in possible if anchor.fits(triple)]
            if not fitting:
                continue
            if not anchor.binds and not anchor.start:
                return None
            if anchor.start:
                ends = dict.fromkeys(t[2 if anchor.is_inverse else 0] for t in fitting)
                for start in _starts(store, anchor.way, ends):
                    found[((anchor.start, start),)] = None
            else:
                for triple in fitting:
                    binding = {name: triple[place] for name, place in anchor.binds}
                    if all(triple[place] == binding[name] for name, place in anchor.binds):
                        found[tuple(sorted(binding.items()))] = None
        return _widest(found)


def _widest(bindings: Iterable[Binding]) -> list[Binding]:
    """Leave out bindings that give nothing which another one, of fewer variables, does not give.

    >>> _widest([(("s", "<urn:a>"), ("v", "1")), (("s", "<urn:a>"),), (("v", "2"),)])
    [(('s', '<urn:a>'),), (('v', '2'),)]
    """
    found: dict[Binding, None] = {}
    shapes: dict[tuple[str, ...], None] = {}
    for binding in sorted(bindings, key=len):
        wider = (tuple(pair for pair in binding if pair[0] in names) for names in shapes)
        if not any(one in found for one in wider):
            found[binding] = None
            shapes[tuple(name for name, _ in binding)] = None
    return list(found)


def template_of(text: str) -> Iterator[Places]:
    """Give the triples of a CONSTRUCT query's template."""
    for triple in translateQuery(parseQuery(text)).algebra.template:
        subject, predicate, value = (
            (True, str(term)) if isinstance(term, Variable) else (False, term.n3())
            for term in triple
        )
        yield subject, predicate, value


def _rows(store: ox.Store, text: str) -> Iterator[dict[str, Term]]:
    solutions = store.query(text, use_default_graph_as_union=True)
    if not isinstance(solutions, ox.QuerySolutions):
        raise TypeError(text)  # it says SELECT
    names = [variable.value for variable in solutions.variables]
    for row in solutions:
        terms = {name: row[name] for name in names}
        yield {n: t for n, t in terms.items() if t is not None and not isinstance(t, ox.Triple)}


def _starts(store: ox.Store, way: str, ends: Iterable[str]) -> Iterator[str]:
    if not way:
        yield from ends
        return
    rows = " ".join(ends)
    text = f"SELECT DISTINCT ?s WHERE {{ VALUES ?e {{ {rows} }} LATERAL {{ ?s {way} ?e }} }}"
    for row in _rows(store, text):
        yield str(row["s"])


class ChangeQuery:
    """A query that is asked what a change means for it.

    Errors: SyntaxError of the parsers.
    """

    def __init__(self, text: str) -> None:
        cut = list(tokens(text))
        self.form, head_end, body_start, body_end = _outline(cut)
        self.head = text[cut[head_end[0]].start : cut[head_end[1]].end] if head_end else ""
        self.projected = tuple(
            token.text[1:]
            for token in cut[prologue_end(cut) : _index(cut, body_start)]
            if token.kind == "variable"
        )
        prologue = text[: cut[prologue_end(cut)].start]
        self.alternatives = tuple(
            _alternative(prologue, body)
            for body in _without_union(_opened(text[body_start:body_end]))
        )

    @cached_property
    def is_anchored(self) -> bool:
        """Tell whether every pattern binds something."""
        return all(alternative.is_anchored for alternative in self.alternatives)


def _outline(cut: list[Token]) -> tuple[str, tuple[int, int] | None, int, int]:
    """Find the form of a query, its template, and the inside of its outermost group."""
    first = prologue_end(cut)
    form = cut[first].keyword
    position = first + 1
    template: tuple[int, int] | None = None
    while cut[position].text != "{":
        position += 1
    if form == "CONSTRUCT":
        closing = _closing(cut, position)
        template = (position, closing)
        position = closing + 1
        while cut[position].text != "{":
            position += 1
    closing = _closing(cut, position)
    return form, template, cut[position].end, cut[closing].start


def _index(cut: list[Token], place: int) -> int:
    return next(number for number, token in enumerate(cut) if token.start >= place)


def _closing(cut: list[Token], opening: int) -> int:
    depth = 0
    for position in range(opening, len(cut)):
        if cut[position].kind == "open":
            depth += 1
        elif cut[position].kind == "close":
            depth -= 1
            if depth == 0:
                return position
    raise SyntaxError("a group of the query is not closed")


def _opened(body: str) -> str:
    """Put the inside of a query in its place, where that gives the same: solutions are a set here.

    Such a query has nothing but variables before its group and nothing behind it, and what it
    keeps to itself is not spoken of outside.

    >>> _opened("{ SELECT DISTINCT ?s WHERE { ?s ?p 1 } } ?s a ?c")
    ' ?s ?p 1  ?s a ?c'
    >>> _opened("{ SELECT ?s { ?s ?p 1 } } ?s ?p ?o")
    '{ SELECT ?s { ?s ?p 1 } } ?s ?p ?o'
    >>> _opened("{ SELECT ?s { ?s ?p 1 } } UNION { ?s ?q ?o }")
    '{ SELECT ?s { ?s ?p 1 } } UNION { ?s ?q ?o }'
    """
    cut = list(tokens(body))
    for position, token in enumerate(cut[:-1]):
        if token.text != "{" or cut[position + 1].keyword != "SELECT":
            continue
        end = _closing(cut, position)
        start = next(n for n in range(position + 1, end) if cut[n].kind == "open")
        head = cut[position + 2 : start]
        if cut[start].text != "{" or _closing(cut, start) != end - 1:
            continue
        if any(t.kind != "variable" and t.keyword not in ("DISTINCT", "WHERE") for t in head):
            continue
        inside, outside = cut[start : end - 1], cut[:position] + cut[end + 1 :]
        hidden = _named(inside) - _named(head)
        is_joined = not position or cut[position - 1].text in (".", "}")
        is_joined &= not any(token.keyword == "UNION" for token in cut[end + 1 : end + 2])
        depth = sum((t.kind == "open") - (t.kind == "close") for t in cut[:position])
        if is_joined and not depth and not hidden & _named(outside):
            inner = body[cut[start].end : cut[end - 1].start]
            return _opened(body[: token.start] + inner + body[cut[end].end :])
    return body


def _named(cut: Iterable[Token]) -> set[str]:
    return {token.text[1:] for token in cut if token.kind == "variable"}


def _without_union(body: str) -> Iterator[str]:
    """Give the texts that have one branch of each UNION; those in EXISTS stay as they are."""
    cut = list(tokens(body))
    position = 0
    while position < len(cut):
        token = cut[position]
        if token.keyword == "EXISTS" and position + 1 < len(cut):
            position = _closing(cut, position + 1) + 1
            continue
        if token.text == "{":
            groups = [(position, _closing(cut, position))]
            while (after := groups[-1][1] + 1) + 1 < len(cut) and cut[after].keyword == "UNION":
                groups.append((after + 1, _closing(cut, after + 1)))
            if len(groups) > 1:
                before, behind = body[: token.start], body[cut[groups[-1][1]].end :]
                for opening, closing in groups:
                    chosen = body[cut[opening].start : cut[closing].end]
                    yield from _without_union(before + chosen + behind)
                return
        position += 1
    yield body


def _with_lookups(body: str) -> tuple[str, frozenset[str]]:
    """Have what follows a BIND and a group looked up with the value that the BIND gives.

    The store compares such a value, which might be none, with everything that the group matches,
    or begins with what comes behind. LATERAL (SEP 0006) hands the value on; of triple patterns
    alone, that is the same join. Gives the text, and the variables of what is looked up: where one
    of them is given, the text as it was is the better one. Nothing to look up: none at all.

    >>> text, names = _with_lookups("?s ?p ?o BIND (STR(?o) AS ?n) { ?t ?q ?n } ?t a ?c")
    >>> text
    '?s ?p ?o BIND (STR(?o) AS ?n) LATERAL { ?t ?q ?n } LATERAL { ?t a ?c }'
    >>> sorted(names)
    ['c', 'n', 'q', 't']
    >>> _with_lookups("BIND (1 AS ?n) { ?t ?q ?n FILTER (?n > 0) } { ?n ?q ?t }")[1]
    frozenset()
    """
    cut = list(tokens(body))
    depth = 0
    for position, token in enumerate(cut):
        depth += (token.kind == "open") - (token.kind == "close")
        if token.keyword != "BIND" or depth:
            continue
        opening = _closing(cut, position + 1) + 1
        behind = cut[opening:]
        if not behind or behind[0].text != "{" or any(t.keyword not in ("", "A") for t in behind):
            break
        start, end = behind[0].start, cut[_closing(cut, opening)].end
        rest = body[end:].strip()
        looked_up = f"LATERAL {body[start:end]}" + (f" LATERAL {{ {rest} }}" if rest else "")
        names = frozenset(t.text[1:] for t in behind if t.kind == "variable")
        return f"{body[:start]}{looked_up}", names
    return body, frozenset()


def _alternative(prologue: str, body: str) -> Alternative:
    query = translateQuery(parseQuery(f"{prologue}\nSELECT * WHERE {{ {body} }}"))
    patterns: list[tuple[bool, tuple[Any, Any, Any]]] = []
    computed: dict[str, frozenset[str]] = {}
    _gather(query.algebra, True, patterns, computed)
    sure = {
        str(term)
        for is_sure, (s, p, o) in patterns
        if is_sure
        for term in (s, p, o)
        if isinstance(term, Variable)
    }
    graphs = _graph_names(query.algebra)
    sure |= graphs
    assigned = frozenset(computed.keys() | _values(query.algebra))
    sure -= assigned
    anchors = tuple(a for _, pattern in patterns for a in _anchors(pattern, sure))
    variables = {
        str(term) for _, pattern in patterns for term in pattern if isinstance(term, Variable)
    }
    return Alternative(
        prologue,
        body,
        *_with_lookups(body),
        anchors,
        all(anchor.binds or anchor.start for anchor in anchors),
        frozenset(variables | assigned | graphs),
        {name: _sources(name, computed) for name in computed},
        assigned,
    )


def _sources(name: str, computed: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """List the variables of patterns that a computed one follows from."""
    found: set[str] = set()
    for used in computed[name]:
        found |= _sources(used, computed) if used in computed and used != name else {used}
    return frozenset(found)


def _values(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, CompValue):
        if value.name == "values":
            found |= {str(name) for row in value.res for name in row}
        for inner in value.values():
            found |= _values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            found |= _values(inner)
    return found


def _graph_names(value: Any) -> set[str]:
    """List the variables that stand for graphs."""
    found: set[str] = set()
    if isinstance(value, CompValue):
        if value.name == "Graph" and isinstance(value.term, Variable):
            found.add(str(value.term))
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            found |= _graph_names(inner)
    return found


_UNSURE = {"LeftJoin": "p2", "Minus": "p2", "Union": "p1 p2"}


def _gather(
    value: Any,
    is_sure: bool,
    patterns: list[tuple[bool, tuple[Any, Any, Any]]],
    computed: dict[str, frozenset[str]],
) -> None:
    """Collect triple patterns, with whether every solution has a match of them."""
    if isinstance(value, list | tuple):
        for inner in value:
            _gather(inner, is_sure, patterns, computed)
    if not isinstance(value, CompValue):
        return
    if value.name in ("BGP", "TriplesBlock"):
        for terms in value.triples:
            patterns += [
                (is_sure, (terms[start], terms[start + 1], terms[start + 2]))
                for start in range(0, len(terms) - 2, 3)
            ]
        return
    if value.name == "Extend":
        computed[str(value.var)] = frozenset(_variables(value.expr))
    unsure = _UNSURE.get(value.name, "").split()
    if value.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
        unsure = ["graph"]
    for key, inner in value.items():
        if key not in ("PV", "_vars", "var"):
            _gather(inner, is_sure and key not in unsure, patterns, computed)


def _variables(value: Any) -> set[str]:
    if isinstance(value, Variable):
        return {str(value)}
    found: set[str] = set()
    if isinstance(value, CompValue):
        value = [inner for key, inner in value.items() if key != "_vars"]
    if isinstance(value, list | tuple):
        for inner in value:
            found |= _variables(inner)
    return found


def _anchors(pattern: tuple[Any, Any, Any], sure: set[str]) -> Iterator[Anchor]:
    subject, predicate, _ = pattern
    if not isinstance(predicate, Path):
        binds = tuple(
            (str(term), place)
            for place, term in enumerate(pattern)
            if isinstance(term, Variable) and str(term) in sure
        )
        texts = [None if isinstance(t, Variable | BNode) else t.n3() for t in pattern]
        yield Anchor(texts[1], texts[0], texts[2], binds)
        return
    start = str(subject) if isinstance(subject, Variable) and str(subject) in sure else ""
    for iri, way, is_inverse in _steps(predicate, ""):
        yield Anchor(f"<{iri}>", None, None, (), start, way, is_inverse)


def _steps(path: Any, way: str, *, is_inverse: bool = False) -> Iterator[tuple[str, str, bool]]:
    """List the properties of a path, each with the way that leads to it from the beginning.

    Errors: SyntaxError for a path with negation.
    """
    if isinstance(path, URIRef):
        yield str(path), way, is_inverse
    elif isinstance(path, InvPath):
        yield from _steps(path.arg, way, is_inverse=not is_inverse)
    elif isinstance(path, SequencePath):
        for part in reversed(path.args) if is_inverse else path.args:
            yield from _steps(part, way, is_inverse=is_inverse)
            way = _then(way, _text(part, is_inverse=is_inverse))
    elif isinstance(path, AlternativePath):
        for part in path.args:
            yield from _steps(part, way, is_inverse=is_inverse)
    elif isinstance(path, MulPath):
        inner = way
        if path.mod in "*+":
            inner = _then(way, f"({_text(path.path, is_inverse=is_inverse)})*")
        yield from _steps(path.path, inner, is_inverse=is_inverse)
    else:
        raise SyntaxError(f"a path that a change cannot be followed through: {path}")


def _then(way: str, part: str) -> str:
    return f"{way}/{part}" if way else part


def _text(path: Any, *, is_inverse: bool) -> str:
    return f"^({path.n3()})" if is_inverse else f"({path.n3()})"
