"""SHACL property paths: read from a shapes graph, written as SPARQL and as Turtle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rdflib import RDF, SH, Graph
from rdflib.term import Node, URIRef

from klustergraf.namespaces import shorten

_REPEATS: Final = {
    SH.zeroOrMorePath: "*",
    SH.oneOrMorePath: "+",
    SH.zeroOrOnePath: "?",
}
_REPEAT_NAMES: Final = {sign: iri.removeprefix(str(SH)) for iri, sign in _REPEATS.items()}


@dataclass(frozen=True)
class Path:
    """A property path: a property, or an operator over other paths.

    ``operator`` is "" for a property (whose name is ``iri``), else one of ``^ / | * + ?`` as in
    SPARQL; ``parts`` are its operands. Source: SHACL, section 2.3.1.
    """

    operator: str = ""
    iri: str = ""
    parts: tuple["Path", ...] = ()

    def text(self, name: Callable[[str], str] = shorten) -> str:
        """Write the path as SPARQL does, each property by ``name`` (its CURIE).

        >>> Path("^", parts=(Path(iri="http://www.w3.org/ns/org#unitOf"),)).text()
        '^org:unitOf'
        """
        if not self.operator:
            return name(self.iri)
        written = [
            part.text(name) if part.is_simple else f"({part.text(name)})" for part in self.parts
        ]
        if self.operator == "^":
            return "^" + written[0]
        if self.operator in ("/", "|"):
            return self.operator.join(written)
        return written[0] + self.operator

    def sparql(self) -> str:
        """Write the path as SPARQL with full IRIs, and with all brackets.

        >>> Path("^", parts=(Path("*", parts=(Path(iri="urn:p"),)),)).sparql()
        '^((<urn:p>)*)'
        """
        if not self.operator:
            return f"<{self.iri}>"
        written = [part.sparql() for part in self.parts]
        if self.operator == "^":
            return f"^({written[0]})"
        if self.operator in ("/", "|"):
            return self.operator.join(f"({part})" for part in written)
        return f"({written[0]}){self.operator}"

    @property
    def is_nullable(self) -> bool:
        """Tell whether a node is a value of the path from itself, whatever the graph says."""
        nullable = [part.is_nullable for part in self.parts]
        if self.operator in ("*", "?"):
            return True
        if self.operator == "|":
            return any(nullable)
        return bool(nullable) and all(nullable)

    @property
    def is_simple(self) -> bool:
        """Tell whether the path is a property, or one property read backwards."""
        return not self.operator or (self.operator == "^" and self.parts[0].is_simple)

    def turtle(self) -> str:
        """Write the path as SHACL does, full IRIs, with the prefix ``sh:``."""
        if not self.operator:
            return f"<{self.iri}>"
        parts = [part.turtle() for part in self.parts]
        if self.operator == "/":
            return f"( {' '.join(parts)} )"
        if self.operator == "|":
            return f"[ sh:alternativePath ( {' '.join(parts)} ) ]"
        name = "inversePath" if self.operator == "^" else _REPEAT_NAMES[self.operator]
        return f"[ sh:{name} {parts[0]} ]"


def read_path(graph: Graph, node: Node) -> Path:
    """Read the path that ``node`` stands for.

    Errors: ValueError when it is not a well-formed path.
    """
    if isinstance(node, URIRef):
        return Path(iri=str(node))
    if graph.value(node, RDF.first) is not None:
        return Path("/", parts=_members(graph, node))
    alternatives = graph.value(node, SH.alternativePath)
    if alternatives is not None:
        return Path("|", parts=_members(graph, alternatives))
    inverse = graph.value(node, SH.inversePath)
    if inverse is not None:
        return Path("^", parts=(read_path(graph, inverse),))
    for predicate, sign in _REPEATS.items():
        inner = graph.value(node, predicate)
        if inner is not None:
            return Path(sign, parts=(read_path(graph, inner),))
    raise ValueError(f"{node} is not a property path")


def _members(graph: Graph, node: Node) -> tuple[Path, ...]:
    return tuple(read_path(graph, member) for member in graph.items(node))
