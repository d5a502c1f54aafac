"""Random shapes and data, small enough to be read when two engines disagree about them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from klustergraf.namespaces import RDF, RDFS, SH, XSD

EX = "http://example.org/"
Term = ox.NamedNode | ox.BlankNode | ox.Literal


def examples(number: int, thorough: int) -> settings:
    """Choose how many examples are tried, more with ``--hypothesis-profile thorough``.

    Shrinking is left out, since a disagreement is small as it is found.
    """
    is_thorough = settings.get_current_profile_name() == "thorough"
    return settings(
        max_examples=thorough if is_thorough else number,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )


def ex(name: str) -> ox.NamedNode:
    """Give an IRI of the examples."""
    return ox.NamedNode(EX + name)


def typed(text: str, datatype: str) -> ox.Literal:
    """Give a literal of an XSD datatype."""
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


TYPE = ox.NamedNode(RDF + "type")
BELOW = ox.NamedNode(RDFS + "subClassOf")
CLASSES = [ex("C"), ex("D"), ex("E")]
PROPERTIES = [ex("p"), ex("q"), ex("r")]
THINGS: list[ox.NamedNode | ox.BlankNode] = [
    ex("a"), ex("b"), ex("c"), ox.BlankNode("x"), ox.BlankNode("y"),
]  # fmt: skip
LITERALS = [
    typed("1", "integer"), typed("2", "integer"), typed("007", "integer"), typed("7", "integer"),
    typed("abc", "integer"), typed("3", "nonNegativeInteger"), typed("300", "byte"),
    typed("1.0", "decimal"), typed("2.5", "decimal"), typed("1", "boolean"),
    typed("2020-01-01", "date"), typed("2021-02-31", "date"),
    typed("2020-01-01T00:00:00", "dateTime"), typed("2021-01-01T00:00:00Z", "dateTime"),
    ox.Literal("a"), ox.Literal("ab"), ox.Literal(""), ox.Literal("a", language="en"),
    ox.Literal("b", language="en"), ox.Literal("a", language="en-GB"),
    ox.Literal("å", language="sv"),
]  # fmt: skip
DATATYPES = [
    ox.NamedNode(XSD + name)
    for name in ("integer", "string", "date", "nonNegativeInteger", "byte", "decimal", "dateTime")
] + [ox.NamedNode(RDF + "langString")]
KINDS = ("IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")
NUMBERS_OF_DATA = [
    typed("1", "integer"), typed("2", "integer"), typed("007", "integer"), typed("7", "integer"),
    typed("3", "nonNegativeInteger"), typed("1.0", "decimal"), typed("2.5", "decimal"),
    typed("99999999999999999999", "integer"), typed("2.50", "decimal"), typed("1e0", "double"),
]  # fmt: skip
BOUNDS = [typed("1", "integer"), typed("2.0", "decimal"), typed("02", "integer"),
          typed("100000000000000000000", "integer")]  # fmt: skip

things = st.sampled_from(THINGS)
properties = st.sampled_from(PROPERTIES)
literals = st.sampled_from(LITERALS)
terms = st.one_of(things, literals)
named_terms = st.one_of(st.sampled_from([ex("a"), ex("b"), ex("c")]), literals)
triples = st.one_of(
    st.tuples(things, properties, terms),
    st.tuples(things, st.just(TYPE), st.sampled_from(CLASSES)),
)


number_triples = st.one_of(
    st.tuples(things, properties, st.sampled_from(NUMBERS_OF_DATA)),
    st.tuples(things, st.just(TYPE), st.sampled_from(CLASSES)),
)


@st.composite
def data(draw: st.DrawFn, shapes: list[ox.Quad]) -> list[ox.Quad]:
    """Give a data graph of up to sixteen statements, E under D under C.

    Where shapes compare values the data has numbers only: pySHACL also gives an order to what
    SPARQL cannot compare, or refuses to (tests/data/shacl/ has cases for these).
    """
    compares = any(q.predicate.value.removeprefix(SH) in ORDERED for q in shapes)
    chosen = number_triples if compares else triples
    found = draw(st.lists(chosen, min_size=3, max_size=16, unique_by=str))
    below = [(ex("D"), BELOW, ex("C")), (ex("E"), BELOW, ex("D"))]
    return [ox.Quad(*triple) for triple in (*found, *below)]


@dataclass
class Builder:
    """Writes shapes into a graph, one statement after the other."""

    draw: st.DrawFn
    quads: list[ox.Quad] = field(default_factory=list)
    number: int = 0

    def node(self) -> ox.BlankNode:
        """Give a blank node of its own."""
        self.number += 1
        return ox.BlankNode(f"n{self.number}")

    def add(self, subject: ox.NamedNode | ox.BlankNode, name: str, value: Term) -> None:
        """State something with a term of SHACL."""
        self.quads.append(ox.Quad(subject, ox.NamedNode(SH + name), value))

    def listed(self, members: Iterable[Term]) -> ox.NamedNode | ox.BlankNode:
        """Write an RDF list."""
        head: ox.NamedNode | ox.BlankNode = ox.NamedNode(RDF + "nil")
        for member in reversed(list(members)):
            node = self.node()
            self.quads.append(ox.Quad(node, ox.NamedNode(RDF + "first"), member))
            self.quads.append(ox.Quad(node, ox.NamedNode(RDF + "rest"), head))
            head = node
        return head

    def path(self, depth: int = 0) -> ox.NamedNode | ox.BlankNode:
        """Write a property path."""
        kinds = ["property"] * 5 + ["inversePath", "sequence", "alternativePath",
                                    "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"]  # fmt: skip
        kind = self.draw(st.sampled_from(kinds)) if depth < 2 else "property"
        if kind == "property":
            return self.draw(properties)
        if kind == "sequence":
            return self.listed([self.path(depth + 1), self.path(depth + 1)])
        node = self.node()
        if kind == "alternativePath":
            self.add(node, kind, self.listed([self.path(depth + 1), self.path(depth + 1)]))
        else:
            self.add(node, kind, self.path(depth + 1))
        return node

    def shape(self, depth: int, *, has_path: bool | None = None) -> ox.BlankNode:
        """Write a shape without a target."""
        node = self.node()
        if has_path is None:
            has_path = self.draw(st.booleans())
        self.fill(node, depth, has_path=has_path)
        return node

    def fill(
        self,
        node: ox.NamedNode | ox.BlankNode,
        depth: int,
        *,
        has_path: bool,
        also: str | None = None,
    ) -> None:
        """Write the constraints of a shape, a given one among them."""
        self.quads.append(
            ox.Quad(node, TYPE, ox.NamedNode(SH + ("Property" if has_path else "Node") + "Shape"))
        )
        names = list(VALUE) + (list(SET) if has_path else []) + list(EITHER)
        names += list(DEEP) * 2 if depth else []
        names += ["qualified"] if depth and has_path else []
        chosen = self.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        for name in dict.fromkeys([*([also] if also else chosen[:1]), *chosen]):
            self.constraint(node, name, 2 if name == also else depth)
        if has_path:
            is_ordered = any(
                q.subject == node and q.predicate.value.removeprefix(SH) in ORDERED
                for q in self.quads
            )
            self.add(node, "path", self.draw(properties) if is_ordered else self.path())

    def constraint(self, node: ox.NamedNode | ox.BlankNode, name: str, depth: int) -> None:
        """Write one constraint."""
        draw = self.draw
        if name in VALUE:
            value = draw(VALUE[name])
            self.add(node, name, value if not isinstance(value, list) else self.listed(value))
            if name == "pattern" and draw(st.booleans()):
                self.add(node, "flags", ox.Literal("i"))
        elif name in SET or name in EITHER:
            self.add(node, name, draw(SET[name] if name in SET else EITHER[name]))
            if name == "closed":
                ignored = draw(st.lists(st.sampled_from([*PROPERTIES, TYPE]), max_size=2))
                self.add(node, "ignoredProperties", self.listed(ignored))
        elif name == "qualified":
            self.qualify(node, depth)
        elif name in ("not", "node", "property"):
            has_path = {"not": None, "node": False, "property": True}[name]
            self.add(node, name, self.shape(depth - 1, has_path=has_path))
        else:
            number = draw(st.integers(1, 3))
            shapes = [self.shape(depth - 1) for _ in range(number)]
            self.add(node, name, self.listed(shapes))

    def qualify(self, node: ox.NamedNode | ox.BlankNode, depth: int) -> None:
        """Write a qualified value shape, with its counts."""
        self.add(node, "qualifiedValueShape", self.shape(depth - 1))
        counts = self.draw(st.sampled_from(["Min", "Max", "MinMax"]))
        for name in ("Min", "Max"):
            if name in counts:
                number = typed(str(self.draw(st.integers(0, 2))), "integer")
                self.add(node, f"qualified{name}Count", number)
        self.add(node, "qualifiedValueShapesDisjoint", ox.Literal(self.draw(st.booleans())))


NUMBERS = st.integers(0, 3).map(lambda number: typed(str(number), "integer"))
VALUE: dict[str, st.SearchStrategy[Any]] = {
    "class": st.sampled_from(CLASSES),
    "datatype": st.sampled_from(DATATYPES),
    "nodeKind": st.sampled_from([ox.NamedNode(SH + kind) for kind in KINDS]),
    "minExclusive": st.sampled_from(BOUNDS),
    "minInclusive": st.sampled_from(BOUNDS),
    "maxExclusive": st.sampled_from(BOUNDS),
    "maxInclusive": st.sampled_from(BOUNDS),
    "minLength": st.integers(1, 3).map(lambda number: typed(str(number), "integer")),
    "maxLength": NUMBERS,
    "pattern": st.sampled_from(["^A", "a$", "^[0-9]+$", "^http", ""]).map(ox.Literal),
    "languageIn": st.lists(st.sampled_from(["en", "sv", "en-GB"]).map(ox.Literal), max_size=2),
    "in": st.lists(named_terms, max_size=4, unique_by=str),
}
SET: dict[str, st.SearchStrategy[Any]] = {
    "minCount": NUMBERS,
    "maxCount": NUMBERS,
    "uniqueLang": st.just(ox.Literal(value=True)),
    "lessThan": properties,
    "lessThanOrEquals": properties,
}
EITHER: dict[str, st.SearchStrategy[Any]] = {
    "hasValue": named_terms,
    "equals": properties,
    "disjoint": properties,
    "closed": st.just(ox.Literal(value=True)),
}
ORDERED = (
    "minExclusive", "minInclusive", "maxExclusive", "maxInclusive", "lessThan", "lessThanOrEquals",
)  # fmt: skip
DEEP = ("not", "and", "or", "xone", "node", "property")
COMPONENTS = (*VALUE, *SET, *EITHER, *DEEP, "qualified")


@st.composite
def shapes(draw: st.DrawFn, component: str | None = None) -> list[ox.Quad]:
    """Give a shapes graph of one or two shapes with targets; one has a given constraint."""
    builder = Builder(draw)
    for number in range(draw(st.integers(1, 2))):
        node = ex(f"S{number}")
        has_path = draw(st.booleans()) or component in SET or component == "qualified"
        if number == 0 and component is not None:
            builder.fill(node, 0, has_path=has_path, also=component)
        else:
            builder.fill(node, 2, has_path=has_path)
        for kind in draw(
            st.lists(st.sampled_from(sorted(TARGETS)), min_size=1, max_size=2, unique=True)
        ):
            builder.add(node, kind, draw(TARGETS[kind]))
    return builder.quads


TARGETS: dict[str, st.SearchStrategy[Any]] = {
    "targetNode": st.sampled_from([ex("a"), ex("b"), ex("c"), *NUMBERS_OF_DATA]),
    "targetClass": st.sampled_from(CLASSES),
    "targetSubjectsOf": properties,
    "targetObjectsOf": properties,
}


def turtle(quads: Iterable[ox.Quad]) -> str:
    """Write a graph for a person to read."""
    prefixes = {"sh": SH, "ex": EX, "xsd": XSD, "rdf": RDF, "rdfs": RDFS}
    triples = [ox.Triple(q.subject, q.predicate, q.object) for q in quads]
    return (ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b"").decode()
