"""Rules: the CONSTRUCT queries of ``queries/rules/``, and the derived graphs that they give.

The rules run together until nothing new comes (rules are monotone: none may negate). Each rule's
statements stand in a graph of its own, ``…/graph/derived/<rule>``, which names the rule; what is
already asserted is not derived again, so derived and asserted never mix.
"""

import time
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, QueryTriples, RdfFormat, Store, parse
from rdflib import BNode, URIRef, Variable
from rdflib.paths import MulPath, NegatedPath
from rdflib.paths import Path as PropertyPath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from klustergraf.catalogue import read_header
from klustergraf.engine.tokens import tokens
from klustergraf.errors import GraphParseError, SparqlSyntaxError
from klustergraf.namespaces import DCT, GRAPH, ID, KG, RDF, SKOS
from klustergraf.resources import room
from klustergraf.shacl.compiler.spelling import parts_of, triples_of


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it says in sv and en, and its CONSTRUCT query."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    text: str

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
        rules.append(Rule(path.stem, header["title"], header["description"], text))
    return rules


def derive(
    store: Store, rules: Iterable[Rule], asserted: Container[bytes]
) -> dict[str, list[bytes]]:
    """Derive until nothing new comes; give each rule's statements as sorted lines of N-Triples.

    The default graph of the store has every asserted statement and gets what is derived;
    ``asserted`` holds the same statements as lines of N-Triples, spelled as the store would.
    The result does not depend on the order of the rules: a rule's graph is all that the rule gives
    over everything asserted and derived, less what is asserted.

    A rule runs again only when another gave something that it asks for, and those that took the
    least time run first: what is dear waits until the others have nothing more to add.

    Errors: SparqlSyntaxError naming the rule; GraphParseError for a query that is no rule.
    """
    runs = {rule.name: _Run(rule) for rule in rules}
    waiting = dict.fromkeys(runs)
    while waiting:
        run = runs[min(waiting, key=lambda name: runs[name].seconds)]
        del waiting[run.rule.name]
        given = run.again(store, asserted)
        waiting |= {name: None for name, other in runs.items() if _meet(given, other.asked)}
    return {
        name: sorted(line for line in run.given if line not in asserted)
        for name, run in runs.items()
    }


class _Run:
    """A rule that runs until it gives nothing new; ``given`` is all that it gave."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.given = set[bytes]()
        self.asked = _asked(rule)
        self.seconds = 0.0

    def again(self, store: Store, asserted: Container[bytes]) -> set["Pattern"]:
        """Run once; tell what kinds of statements it gave that it had not given before."""
        began = time.perf_counter()
        try:
            found = store.query(self.rule.text)
        except SyntaxError as exc:
            said = f"rule {self.rule.name}: {exc.msg}"
            raise SparqlSyntaxError(said, exc.lineno, exc.offset) from exc
        if not isinstance(found, QueryTriples):
            raise _no_rule(self.rule)
        written = found.serialize(format=RdfFormat.N_TRIPLES) or b""
        given = set(written.splitlines(keepends=True)) - self.given
        self.given |= given
        new = [line for line in given if line not in asserted]
        if any(b"_:" in line for line in new):  # loading would give blank nodes other labels
            store.extend(parse(b"".join(new), format=RdfFormat.N_TRIPLES))
        else:
            store.load(b"".join(new), format=RdfFormat.N_TRIPLES)
        self.seconds = time.perf_counter() - began
        return set(map(_pattern, new))


def _pattern(line: bytes) -> "Pattern":
    _, predicate, value = line.split(b" ", 2)
    if predicate == _TYPE:
        return RDF + "type", value[1:-4].decode()
    return predicate[1:-1].decode(), None


_TYPE: Final = f"<{RDF}type>".encode()


def _no_rule(rule: Rule) -> GraphParseError:
    reason = "is not a CONSTRUCT query without blank nodes, as a rule must be"
    return GraphParseError(f"{rule.name}.rq", reason)


Pattern = tuple[str | None, str | None]
"""The predicate and the object of a triple pattern, as IRIs; None where it may be any."""


def _asked(rule: Rule) -> frozenset[Pattern]:
    """Tell what statements a rule asks for. Errors: GraphParseError when it makes blank nodes."""
    asked = _asked_in(rule.text)
    if asked is None:
        raise _no_rule(rule)
    return asked


@lru_cache(maxsize=256)
def _asked_in(text: str) -> frozenset[Pattern] | None:
    try:
        algebra = translateQuery(parseQuery(text)).algebra
    except Exception:  # noqa: BLE001 (whatever rdflib raises: the store will say what is wrong)
        return frozenset({(None, None)})
    template = algebra.get("template") or ()
    if any(isinstance(term, BNode) for triple in template for term in triple):
        return None
    return frozenset(
        pattern
        for part in parts_of(algebra.p)
        for triple in triples_of(part)
        for pattern in _of(*triple)
    )


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


def _meet(given: Iterable[Pattern], asked: Iterable[Pattern]) -> bool:
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
