"""Rules: the CONSTRUCT queries of ``queries/rules/``, and the derived graphs that they give.

Each rule's statements stand in a graph of its own, ``…/graph/derived/<rule>``, which names it.
:mod:`klustergraf.fixpoint` runs them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode
from rdflib import BNode, URIRef, Variable
from rdflib.paths import MulPath, NegatedPath
from rdflib.paths import Path as PropertyPath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from klustergraf.catalogue import read_header
from klustergraf.engine.tokens import tokens
from klustergraf.errors import GraphParseError
from klustergraf.namespaces import DCT, GRAPH, ID, KG, RDF, SKOS
from klustergraf.resources import room
from klustergraf.shacl.compiler.spelling import parts_of, triples_of


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it says in sv and en, and its CONSTRUCT query.

    ``is_closed``: what it gives never lets it give more, as its file says.
    """

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    text: str
    is_closed: bool = False

    @property
    def iri(self) -> NamedNode:
        """The rule as a thing."""
        return NamedNode(f"{ID}rule/{self.name}")

    @property
    def graph(self) -> NamedNode:
        """The graph of what the rule derives."""
        return NamedNode(f"{GRAPH}derived/{self.name}")


def load_rules(folder: Path | None = None) -> list[Rule]:
    """Read the rules, in the order of their names.

    Errors: GraphParseError for a file without its ``#+`` block.
    """
    rules = []
    for path in sorted((folder or room("queries") / "rules").glob("*.rq")):
        header, text = read_header(path)
        is_closed = header.get("closed") is True
        rules.append(Rule(path.stem, header["title"], header["description"], text, is_closed))
    return rules


def no_rule(rule: Rule) -> GraphParseError:
    """Say that a query is no rule."""
    reason = "is not a CONSTRUCT query without blank nodes, as a rule must be"
    return GraphParseError(f"{rule.name}.rq", reason)


Pattern = tuple[str | None, str | None]
"""The predicate and the object of a triple pattern, as IRIs; None where it may be any."""


@dataclass(frozen=True)
class Asked:
    """What a rule asks for.

    ``plain`` maps a pattern of a triple, as SPARQL, to its kind: one that every solution has, or
    that is all an OPTIONAL asks for, so that a solution either has it or is none the less one. With
    such a triple put before it, the query gives just the solutions that have it. ``others`` are the
    kinds of what is in a longer OPTIONAL, in a filter, in a part of its own or along a path.
    """

    plain: Mapping[str, Pattern]
    others: frozenset[Pattern]

    @property
    def kinds(self) -> frozenset[Pattern]:
        """Every kind of statement that it asks for."""
        return self.others | frozenset(self.plain.values())


def asked_by(rule: Rule) -> Asked:
    """Tell what statements a rule asks for. Errors: GraphParseError when it makes blank nodes."""
    asked = _asked_in(rule.text)
    if asked is None:
        raise no_rule(rule)
    return asked


@lru_cache(maxsize=256)
def _asked_in(text: str) -> Asked | None:
    try:
        algebra = translateQuery(parseQuery(text)).algebra
    except Exception:  # noqa: BLE001 (whatever rdflib raises: the store will say what is wrong)
        return Asked({}, frozenset({(None, None)}))
    template = algebra.get("template") or ()
    if any(isinstance(term, BNode) for triple in template for term in triple):
        return None
    plain = [
        triple
        for triple in (*_required(algebra.p), *_optional(algebra.p))
        if not any(isinstance(term, BNode | PropertyPath) for term in triple)
    ]
    others = Counter(
        pattern
        for part in parts_of(algebra.p)
        for triple in triples_of(part)
        for pattern in _of(*triple)
    )
    others.subtract(pattern for triple in plain for pattern in _of(*triple))
    return Asked(
        {" ".join(term.n3() for term in t): kind for t in plain for kind in _of(*t)},
        frozenset(kind for kind, count in others.items() if count > 0),
    )


def _required(part: Any) -> Iterator[Any]:
    """List the triple patterns of which every solution matches each."""
    for passed in _passed(part):
        if passed.name == "BGP":
            yield from passed.triples


def _optional(part: Any) -> Iterator[Any]:
    """List the triple patterns that are all that an OPTIONAL asks for, and always."""
    for passed in _passed(part):
        if passed.name == "LeftJoin" and passed.expr.name == "TrueFilter":
            asked = passed.p2
            if asked.name == "BGP" and len(asked.triples) == 1:
                yield from asked.triples


def _passed(part: Any) -> Iterator[Any]:
    """List the basic patterns, and each OPTIONAL, that every solution goes through."""
    if part.name in ("BGP", "LeftJoin"):
        yield part
    if part.name in ("Project", "Distinct", "Reduced", "Filter", "Extend"):
        yield from _passed(part.p)
    elif part.name in ("Join", "LeftJoin"):
        yield from _passed(part.p1)
        if part.name == "Join":
            yield from _passed(part.p2)


def patterns_of(text: str) -> frozenset[Pattern] | None:
    """Tell which statements a query can tell apart; None when it may be any.

    A pattern of three variables that stand nowhere else asks only whether there is a statement.
    """
    cut = list(tokens(text))
    counts = Counter(token.text[1:] for token in cut if token.kind == "variable")
    if any(one.keyword == "SELECT" and after.text == "*" for one, after in pairwise(cut)):
        return None
    found = {
        pattern
        for part in parts_of(translateQuery(parseQuery(text)).algebra)
        for triple in triples_of(part)
        if not all(isinstance(term, Variable) and counts[str(term)] == 1 for term in triple)
        for pattern in _of(*triple)
    }
    return None if any(predicate is None for predicate, _ in found) else frozenset(found)


def _of(_: Any, predicate: Any, value: Any) -> Iterator[Pattern]:
    if isinstance(predicate, URIRef):
        yield str(predicate), str(value) if isinstance(value, URIRef) else None
    elif isinstance(predicate, PropertyPath):
        for name in _steps(predicate):
            yield name, None
    else:
        yield None, None


def _steps(path: Any) -> Iterator[str | None]:
    """List the properties that a path goes along; None when it may be any."""
    if isinstance(path, NegatedPath):
        yield None
    elif isinstance(path, URIRef):
        yield str(path)
    elif isinstance(path, MulPath):
        yield from _steps(path.path)
    elif inner := getattr(path, "args", None) or [a for a in [getattr(path, "arg", None)] if a]:
        for part in inner:
            yield from _steps(part)
    else:
        yield None


def meet(given: Iterable[Pattern], asked: Iterable[Pattern]) -> bool:
    """Tell whether a statement of one kind may be of another."""
    return any(
        (one is None or other is None or one == other) and (a is None or b is None or a == b)
        for one, a in given
        for other, b in asked
    )


def describe(rule: Rule, issued: Literal) -> list[tuple[NamedNode, NamedNode, NamedNode | Literal]]:
    """Describe a rule and its graph, as the catalogue graph states them."""
    kind, title = NamedNode(RDF + "type"), NamedNode(DCT + "title")
    licence = NamedNode("https://creativecommons.org/licenses/by/4.0/")
    statements: list[tuple[NamedNode, NamedNode, NamedNode | Literal]] = [
        (rule.iri, kind, NamedNode(KG + "Rule")),
        (rule.graph, kind, NamedNode(KG + "NamedGraph")),
        (rule.graph, NamedNode(KG + "hasGraphKind"), NamedNode(KG + "derivedGraph")),
        (rule.graph, NamedNode(KG + "isDerivedByRule"), rule.iri),
        (rule.graph, NamedNode(DCT + "license"), licence),
        (rule.graph, NamedNode(DCT + "issued"), issued),
    ]
    for language in ("sv", "en"):
        name = Literal(rule.title[language], language=language)
        about = Literal(rule.description[language], language=language)
        statements += [
            (rule.iri, NamedNode(SKOS + "prefLabel"), name),
            (rule.iri, NamedNode(SKOS + "definition"), about),
            (rule.graph, title, name),
            (rule.graph, NamedNode(DCT + "description"), about),
        ]
    return statements
