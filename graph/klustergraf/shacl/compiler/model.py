"""Shapes as values: what a shapes graph says, once it is read."""

from dataclasses import dataclass, field
from typing import Literal

import pyoxigraph as ox

from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Term

TargetKind = Literal["node", "class", "subjectsOf", "objectsOf", "sparql"]

End = Literal["subject", "object"]
"""An end of a statement."""


@dataclass(frozen=True)
class Query:
    """A query that stands in a shapes graph: its prefixes, and its text without them."""

    prologue: str
    text: str


@dataclass(frozen=True)
class Target:
    """What a shape looks at: a node, a class, subjects or objects of a predicate, or a query."""

    kind: TargetKind
    term: Term
    query: Query | None = None


@dataclass(frozen=True)
class SparqlConstraint:
    """A constraint in SPARQL: a query and what its variables stand for before it runs.

    ``is_ask`` marks a validator whose query tells of one value node whether it is right.
    """

    node: Term
    query: Query
    is_ask: bool = False
    parameters: tuple[tuple[str, Term], ...] = ()
    messages: tuple[ox.Literal, ...] = ()


@dataclass(frozen=True)
class Constraint:
    """One constraint: a component and its parameters, as far as it has them.

    ``component`` is the local name without "ConstraintComponent" for those of SHACL, else an IRI;
    ``shapes`` are the shapes that a parameter names, ``siblings`` those that a qualified shape is
    disjoint with.
    """

    component: str
    term: Term | None = None
    members: tuple[Term, ...] = ()
    shapes: tuple[Term, ...] = ()
    siblings: tuple[Term, ...] = ()
    count: int = 0
    flags: str = ""
    sparql: SparqlConstraint | None = None

    @property
    def iri(self) -> str:
        """The IRI of the component."""
        if ":" in self.component:
            return self.component
        return f"http://www.w3.org/ns/shacl#{self.component}ConstraintComponent"


@dataclass(frozen=True)
class Shape:
    """A node shape, or with a path a property shape."""

    node: Term
    name: str
    path: Path | None = None
    targets: tuple[Target, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    severity: str = "http://www.w3.org/ns/shacl#Violation"
    messages: tuple[ox.Literal, ...] = ()
    deactivated: bool = False
    foreign: tuple[str, ...] = ()
    """What it uses that is no part of SHACL Core or SHACL-SPARQL, and is left to pySHACL."""


@dataclass(frozen=True)
class Shapes:
    """All shapes of a shapes graph, by node."""

    by_node: dict[Term, Shape] = field(default_factory=dict)

    @property
    def targeted(self) -> tuple[Shape, ...]:
        """The shapes that have a target, in a fixed order."""
        found = (s for s in self.by_node.values() if s.targets and not s.deactivated)
        return tuple(sorted(found, key=lambda shape: str(shape.node)))

    def used_by(self, shape: Shape) -> set[Term]:
        """List the shapes that a shape refers to, however far down, and itself."""
        seen = set[Term]()
        waiting = [shape.node]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                for constraint in self.by_node[node].constraints:
                    waiting += constraint.shapes + constraint.siblings
        return seen
