"""The terms of the ontology and the shapes, as their pages show them, and what changed in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import DCT, OWL, RDF, RDFS, SH, SKOS, VS, shorten
from klustergraf_api.terms import Term, serialise_iri

# In the order of the page; of what others say about terms, the alignments come last.
_SHOWN: Final = (
    RDFS + "subClassOf",
    RDFS + "subPropertyOf",
    RDFS + "domain",
    RDFS + "range",
    OWL + "inverseOf",
    OWL + "disjointWith",
    SKOS + "inScheme",
    SKOS + "broader",
    OWL + "equivalentClass",
    OWL + "equivalentProperty",
    SKOS + "exactMatch",
    SKOS + "closeMatch",
    SKOS + "broadMatch",
    SKOS + "relatedMatch",
    RDFS + "seeAlso",
    VS + "term_status",
    OWL + "deprecated",
    DCT + "isReplacedBy",
)
_NOTES: Final = (SKOS + "scopeNote", SKOS + "example", SKOS + "editorialNote")
_LABELS: Final = (RDFS + "label", SKOS + "prefLabel")
_TARGETS: Final = tuple(SH + n for n in ("targetClass", "targetSubjectsOf", "targetObjectsOf"))
# What a property shape says beside what must hold.
_ABOUT_RULES: Final = frozenset(
    {RDF + "type", *(SH + n for n in ("path", "name", "message", "severity", "order", "group"))}
)
_DEEPEST: Final = 6

Node = ox.NamedNode | ox.BlankNode
Texts = dict[str, str]


class Statements:
    """The statements of a vocabulary, to look up by subject and predicate."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._by_subject: dict[object, dict[str, list[object]]] = {}
        for triple in triples:
            of_subject = self._by_subject.setdefault(triple.subject, {})
            of_subject.setdefault(triple.predicate.value, []).append(triple.object)

    def subjects(self, beginning: str) -> list[str]:
        """List the IRIs that begin so, sorted."""
        found = (s.value for s in self._by_subject if isinstance(s, ox.NamedNode))
        return sorted(iri for iri in found if iri.startswith(beginning))

    def objects(self, subject: object, predicate: str) -> list[object]:
        """List the values of a property."""
        return self._by_subject.get(subject, {}).get(predicate, [])

    def of(self, subject: object) -> Mapping[str, list[object]]:
        """Give all that is said of a subject, by predicate."""
        return self._by_subject.get(subject, {})

    def texts(self, subject: object, *predicates: str) -> Texts:
        """Give the texts of the first of these properties that has any, by language."""
        for predicate in predicates:
            found = [v for v in self.objects(subject, predicate) if isinstance(v, ox.Literal)]
            if found:
                return {value.language or "": value.value for value in found}
        return {}

    def members(self, node: object) -> list[object]:
        """List the members of an RDF collection."""
        found: list[object] = []
        seen = set()
        while isinstance(node, ox.BlankNode) and node not in seen:
            seen.add(node)
            found += self.objects(node, RDF + "first")
            node = next(iter(self.objects(node, RDF + "rest")), None)
        return found

    def expression(self, node: object, depth: int = 0) -> str:
        """Write a value short, and what has no name as in Turtle."""
        if isinstance(node, ox.NamedNode):
            return shorten(node.value)
        if isinstance(node, ox.Literal):
            return node.value
        if depth > _DEEPEST:
            return "…"
        if members := self.members(node):
            return f"( {' '.join(self.expression(m, depth + 1) for m in members)} )"
        inner = (
            f"{shorten(predicate)} {self.expression(value, depth + 1)}"
            for predicate, values in sorted(self.of(node).items())
            for value in values
        )
        return f"[ {' ; '.join(inner)} ]"

    def path(self, node: object, depth: int = 0) -> str:
        """Write a SHACL property path as SPARQL writes paths (SHACL, 2.3.1)."""
        if not isinstance(node, ox.BlankNode) or depth > _DEEPEST:
            return self.expression(node, depth)
        for name, form in (
            ("inversePath", "^{}"),
            ("zeroOrMorePath", "{}*"),
            ("oneOrMorePath", "{}+"),
        ):
            for inner in self.objects(node, SH + name):
                return form.format(self.path(inner, depth + 1))
        for inner in self.objects(node, SH + "alternativePath"):
            return f"({'|'.join(self.path(m, depth + 1) for m in self.members(inner))})"
        return "/".join(self.path(member, depth + 1) for member in self.members(node))


@dataclass
class OntologyTerm:
    """A class, property or individual of the vocabulary. Texts by language."""

    iri: str
    name: str
    kind: str = "individual"
    labels: Texts = field(default_factory=dict)
    definitions: Texts = field(default_factory=dict)
    notes: dict[str, list[Term]] = field(default_factory=dict)
    facts: dict[str, list[Term]] = field(default_factory=dict)

    @property
    def use_query(self) -> str:
        """Ask how often the term is used: the number that its page shows."""
        term = serialise_iri(self.iri)
        pattern = {
            "class": f"?thing a {term}",
            "property": f"?thing {term} ?value",
            "individual": f"?thing ?property {term} FILTER(?property != <{RDF}type>)",
        }[self.kind]
        return f"SELECT (COUNT(*) AS ?uses)\nWHERE {{ {pattern} }}"

    @property
    def example_query(self) -> str:
        """Ask for things that use the term."""
        term = serialise_iri(self.iri)
        pattern = {
            "class": f"SELECT ?thing\nWHERE {{ ?thing a {term} }}",
            "property": f"SELECT ?thing ?value\nWHERE {{ ?thing {term} ?value }}",
            "individual": f"SELECT ?thing ?property\nWHERE {{ ?thing ?property {term} }}",
        }[self.kind]
        return f"{pattern}\nLIMIT 100"


def read_terms(statements: Statements, namespace: str) -> dict[str, list[OntologyTerm]]:
    """Read the terms of a namespace by kind, each kind sorted by name."""
    kinds: dict[str, list[OntologyTerm]] = {"class": [], "property": [], "individual": []}
    for iri in statements.subjects(namespace):
        node = ox.NamedNode(iri)
        types = {
            t.value for t in statements.objects(node, RDF + "type") if isinstance(t, ox.NamedNode)
        }
        if not types:
            continue
        term = OntologyTerm(iri, iri.removeprefix(namespace))
        if types & {OWL + "Class", RDFS + "Class"}:
            term.kind = "class"
        elif any(name.endswith("Property") for name in types):
            term.kind = "property"
        term.labels = statements.texts(node, *_LABELS)
        term.definitions = statements.texts(node, SKOS + "definition", RDFS + "comment")
        term.notes = {p: _terms(statements, node, p) for p in _NOTES if statements.objects(node, p)}
        term.facts = {p: _terms(statements, node, p) for p in _SHOWN if statements.objects(node, p)}
        kinds[term.kind].append(term)
    return {
        kind: sorted(found, key=lambda t: t.name.lower()) for kind, found in kinds.items() if found
    }


def _terms(statements: Statements, subject: object, predicate: str) -> list[Term]:
    """Give values as a page shows them: named ones first, the rest written out."""
    found = []
    for value in statements.objects(subject, predicate):
        if isinstance(value, ox.NamedNode):
            found.append(Term("uri", value.value))
        elif isinstance(value, ox.Literal):
            datatype = "" if value.language else value.datatype.value
            found.append(Term("literal", value.value, value.language or "", datatype))
        else:
            found.append(Term("literal", statements.expression(value)))
    return sorted(found, key=lambda term: (not term.is_iri, term))


@dataclass
class Rule:
    """What must, or should, hold for one property. Texts by language."""

    iri: str
    name: str
    path: str
    names: Texts
    messages: Texts
    severity: str
    constraints: list[tuple[str, str]]

    @property
    def is_violation(self) -> bool:
        """Whether data that breaks it is refused."""
        return self.severity in ("", SH + "Violation")


@dataclass
class Shape:
    """A node shape: to what it applies, and its rules.

    ``source``: the profile that its rules are of (``dct:source``); none for rules of the graph.
    """

    iri: str
    name: str
    comments: Texts
    targets: list[tuple[str, Term]]
    rules: list[Rule]
    source: str = ""


def read_shapes(statements: Statements, namespace: str) -> list[Shape]:
    """Read the node shapes of a namespace, sorted by name."""
    shapes = []
    for iri in statements.subjects(namespace):
        node = ox.NamedNode(iri)
        if ox.NamedNode(SH + "NodeShape") not in statements.objects(node, RDF + "type"):
            continue
        targets = [(p, t) for p in _TARGETS for t in _terms(statements, node, p)]
        rules = [
            _rule(statements, inner, namespace)
            for predicate in ("property", "sparql")
            for inner in statements.objects(node, SH + predicate)
        ]
        if statements.texts(node, SH + "message"):
            rules.insert(0, _rule(statements, node, namespace))
        comments = statements.texts(node, RDFS + "comment")
        sources = [t.value for t in _terms(statements, node, DCT + "source") if t.is_iri]
        source = next(iter(sources), "")
        shapes.append(Shape(iri, iri.removeprefix(namespace), comments, targets, rules, source))
    return shapes


def _rule(statements: Statements, node: object, namespace: str) -> Rule:
    iri = node.value if isinstance(node, ox.NamedNode) else ""
    aside = {*_ABOUT_RULES, *_TARGETS, RDFS + "comment"}
    aside |= {SH + n for n in ("property", "target", "select", "prefixes", "sparql")}
    severity = next(iter(statements.objects(node, SH + "severity")), None)
    paths = [statements.path(value) for value in statements.objects(node, SH + "path")]
    return Rule(
        iri=iri,
        name=iri.removeprefix(namespace),
        path=" ".join(paths),
        names=statements.texts(node, SH + "name"),
        messages=statements.texts(node, SH + "message"),
        severity=severity.value if isinstance(severity, ox.NamedNode) else "",
        constraints=[
            (predicate, statements.expression(value))
            for predicate, values in sorted(statements.of(node).items())
            if predicate not in aside
            for value in values
        ],
    )


@dataclass(frozen=True)
class Change:
    """What is said of one term otherwise than before: by predicate, what came and what went."""

    name: str
    predicate: str
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What differs between two editions: names of terms, and what is said of those in both."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)


def compare(before: Statements, after: Statements, namespace: str) -> Changes:
    """Tell what changed in the terms of a namespace."""
    old, new = set(before.subjects(namespace)), set(after.subjects(namespace))
    changed = []
    for iri in sorted(old & new):
        node = ox.NamedNode(iri)
        for predicate in sorted({*before.of(node), *after.of(node)}):
            went = _written(before, node, predicate)
            came = _written(after, node, predicate)
            if came != went:
                name = iri.removeprefix(namespace)
                gone, added = tuple(sorted(went - came)), tuple(sorted(came - went))
                changed.append(Change(name, predicate, added, gone))
    return Changes(
        tuple(sorted(iri.removeprefix(namespace) for iri in new - old)),
        tuple(sorted(iri.removeprefix(namespace) for iri in old - new)),
        tuple(changed),
    )


def _written(statements: Statements, node: object, predicate: str) -> set[str]:
    written = set()
    for value in statements.objects(node, predicate):
        text = statements.expression(value)
        language = value.language if isinstance(value, ox.Literal) else None
        written.add(f"{text} ({language})" if language else text)
    return written
