"""A shapes graph as it is walked: by subject and predicate, with its lists and names."""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from klustergraf.namespaces import RDF, RDFS
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Term

SH = "http://www.w3.org/ns/shacl#"
_NIL = ox.NamedNode(RDF + "nil")
_REPEATS = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
_OWL_CLASS = ox.NamedNode("http://www.w3.org/2002/07/owl#Class")


class ShapesGraph:
    """The statements of a shapes graph; in which graph each stands makes no difference."""

    def __init__(self, quads: Iterable[ox.Quad]) -> None:
        self.quads = list(quads)
        self._objects: dict[Term, dict[str, list[Term]]] = {}
        self._pairs: dict[str, list[tuple[Term, Term]]] = {}
        self._parents: dict[Term, set[Term]] = {}
        for quad in dict.fromkeys((q.subject, q.predicate, q.object) for q in self.quads):
            subject, predicate, value = quad
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                continue
            self._objects.setdefault(subject, {}).setdefault(predicate.value, []).append(value)
            self._pairs.setdefault(predicate.value, []).append((subject, value))
            self._parents.setdefault(value, set()).add(subject)

    def values(self, node: Term, predicate: str) -> list[Term]:
        """List the objects of a subject and a predicate, in an order that the content decides."""
        found = self._objects.get(node, {}).get(predicate, [])
        return sorted(found, key=str) if len(found) > 1 else found

    def value(self, node: Term, predicate: str) -> Term | None:
        """Give the first object of a subject and a predicate."""
        return next(iter(self.values(node, predicate)), None)

    def sh(self, node: Term, name: str) -> list[Term]:
        """List the objects of a predicate of SHACL."""
        return self.values(node, SH + name)

    def pairs(self, predicate: str) -> list[tuple[Term, Term]]:
        """List the (subject, object) pairs of a predicate."""
        return self._pairs.get(predicate, [])

    def subjects(self, predicate: str, value: Term) -> list[Term]:
        """List the subjects that have a value for a predicate."""
        return sorted({s for s, o in self.pairs(predicate) if o == value}, key=str)

    def predicates(self, node: Term) -> Iterator[str]:
        """List the predicates of a subject."""
        return iter(self._objects.get(node, {}))

    def members(self, node: Term) -> tuple[Term, ...]:
        """List the members of an RDF list.

        Errors: ValueError when the list does not end, or is none.
        """
        found: list[Term] = []
        seen = set[Term]()
        while node != _NIL:
            first, rest = self.values(node, RDF + "first"), self.values(node, RDF + "rest")
            if node in seen or len(first) != 1 or len(rest) != 1:
                raise ValueError(f"{node} is not a list that ends")
            seen.add(node)
            found.append(first[0])
            node = rest[0]
        return tuple(found)

    def is_instance(self, node: Term, *classes: str) -> bool:
        """Tell whether a node is a SHACL instance of a class, in the shapes graph itself.

        ``owl:Class`` counts as a subclass of ``rdfs:Class``, as OWL says.
        """
        waiting = self.values(node, RDF + "type")[:]
        seen = set[Term]()
        while waiting:
            found = waiting.pop()
            if found in seen:
                continue
            seen.add(found)
            waiting += self.values(found, RDFS + "subClassOf")
            if found == _OWL_CLASS:
                waiting.append(ox.NamedNode(RDFS + "Class"))
        return any(ox.NamedNode(name) in seen for name in classes)

    def name(self, node: Term) -> str:
        """Name a shape by its IRI; a blank node by the shape that it stands in."""
        seen = set[Term]()
        found: Term | None = node
        while found is not None and not isinstance(found, ox.NamedNode) and found not in seen:
            seen.add(found)
            found = min(self._parents.get(found, ()), key=str, default=None)
        return str(found) if isinstance(found, ox.NamedNode) else "without a name"

    def path(self, node: Term, seen: tuple[Term, ...] = ()) -> Path:
        """Read the property path that a node stands for.

        Errors: ValueError when it is not a well-formed path, or leads into itself.
        Source: SHACL, section 2.3.1.
        """
        if isinstance(node, ox.NamedNode) and node != _NIL:
            return Path(iri=node.value)
        if node in seen:
            raise ValueError(f"the path {node} leads into itself")
        if isinstance(node, ox.Literal):
            raise ValueError(f"{node} is not a property path")
        inside = (*seen, node)
        if self.values(node, RDF + "first"):
            members = self.members(node)
            if len(members) < 2:
                raise ValueError(f"the sequence path {node} has less than two members")
            return Path("/", parts=tuple(self.path(member, inside) for member in members))
        names = [n for n in ("alternativePath", "inversePath", *_REPEATS) if self.sh(node, n)]
        if len(names) != 1 or len(self.sh(node, names[0])) != 1:
            raise ValueError(f"{node} is not a property path")
        (inner,) = self.sh(node, names[0])
        if names[0] == "alternativePath":
            members = self.members(inner)
            if len(members) < 2:
                raise ValueError(f"the alternative path {node} has less than two members")
            return Path("|", parts=tuple(self.path(member, inside) for member in members))
        sign = "^" if names[0] == "inversePath" else _REPEATS[names[0]]
        return Path(sign, parts=(self.path(inner, inside),))
