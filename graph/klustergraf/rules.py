"""Rules: the CONSTRUCT queries of ``queries/rules/``, and the derived graphs that they give.

The rules run together until nothing new comes (rules are monotone: none may negate). Each rule's
statements stand in a graph of its own, ``…/graph/derived/<rule>``, which names the rule; what is
already asserted is not derived again, so derived and asserted never mix.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, Store, Triple

from klustergraf.catalogue import read_header
from klustergraf.errors import GraphParseError, SparqlSyntaxError
from klustergraf.namespaces import DCT, GRAPH, ID, KG, RDF, SKOS
from klustergraf.resources import room


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


def derive(store: Store, rules: Iterable[Rule]) -> dict[str, set[Triple]]:
    """Derive until nothing new comes; the store gets what was derived, each in its rule's graph.

    The result does not depend on the order of the rules: a rule's graph is all that the rule gives
    over everything asserted and derived, less what is asserted.

    Errors: SparqlSyntaxError naming the rule; GraphParseError for a rule that makes blank nodes.
    """
    rules = list(rules)
    asserted = {quad.triple for quad in store}
    derived: dict[str, set[Triple]] = {rule.name: set() for rule in rules}
    grew = True
    while grew:
        grew = False
        for rule in rules:
            new = _construct(store, rule) - asserted - derived[rule.name]
            if new:
                grew = True
                derived[rule.name] |= new
                store.extend(Quad(t.subject, t.predicate, t.object, rule.graph) for t in new)
    return derived


def _construct(store: Store, rule: Rule) -> set[Triple]:
    try:
        result = store.query(rule.text, use_default_graph_as_union=True)
    except SyntaxError as exc:
        raise SparqlSyntaxError(f"rule {rule.name}: {exc.msg}", exc.lineno, exc.offset) from exc
    if not isinstance(result, QueryTriples):
        raise GraphParseError(f"{rule.name}.rq", "is not a CONSTRUCT query, as a rule must be")
    return set(result)


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
