"""Shapes graphs, read from files once and kept for as long as the files stay as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import pyoxigraph as ox
import rdflib

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import OWL, RDF, RDFS
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl.compiler.index import SH, ShapesGraph
from klustergraf.shacl.compiler.model import Shape, Shapes
from klustergraf.shacl.compiler.reader import read_shapes
from klustergraf.shacl.meaning import remarks, unknown_terms
from klustergraf.shacl.targets import Shapes as PlainShapes
from klustergraf.shacl.targets import prepare
from klustergraf.shacl.terms import to_rdflib
from klustergraf.shacl.wellformed import require_well_formed

_CATALOGUE = "catalogue.ttl"
_CLASSES = (ox.NamedNode(RDFS + "Class"), ox.NamedNode(OWL + "Class"))


@dataclass(frozen=True)
class ShapesFile:
    """A shapes graph, as it was read (``graph``) and as what it means (``shapes``).

    ``left_out`` says what was not well-formed and is no part of either.
    """

    source: str
    graph: ShapesGraph
    shapes: Shapes
    left_out: tuple[str, ...] = ()

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """Say what in the shapes can never find anything."""
        return (*self.left_out, *remarks(self.graph, self.shapes))

    def require_meaning(self, vocabulary: Iterable[ox.Quad] | None = None) -> None:
        """Refuse shapes of which a part can never find anything.

        With a vocabulary, the classes and properties that shapes name must be declared in it.

        Errors: GraphParseError with each shape and what is wrong with it.
        """
        found = list(self.remarks)
        if vocabulary is not None:
            found += unknown_terms(self.shapes, vocabulary)
        if found:
            raise GraphParseError(
                self.source, "the shapes check less than they say: " + "; ".join(found)
            )

    @cached_property
    def rdflib_graph(self) -> rdflib.Graph:
        """The graph as pySHACL wants it."""
        return to_rdflib(self.graph.quads)

    @cached_property
    def plain(self) -> PlainShapes:
        """The graph for pySHACL, its SPARQL targets apart."""
        return prepare(self.rdflib_graph, self.source)

    def only(self, chosen: Sequence[Shape]) -> PlainShapes:
        """Give the graph for pySHACL with the targets of some shapes only."""
        kept = {shape.node for shape in chosen}
        return prepare(
            to_rdflib(
                quad
                for quad in self.graph.quads
                if quad.subject in kept or not _gives_target(quad, self.shapes)
            ),
            self.source,
        )


def _gives_target(quad: ox.Quad, shapes: Shapes) -> bool:
    name = quad.predicate.value
    if name == RDF + "type":
        shape = (
            shapes.by_node.get(quad.subject) if not isinstance(quad.subject, ox.Triple) else None
        )
        return shape is not None and quad.object in _CLASSES
    return name.startswith(SH + "target")


def graph_shapes() -> list[Path]:
    """List the files of the shapes that are shipped for the graph."""
    return [path for path in sorted(room("shapes").glob("*.ttl")) if path.name != _CATALOGUE]


def catalogue_shapes() -> Path:
    """Return the file of the shapes that are shipped for catalogues (DCAT-AP-SE).

    They are not for the graph: a catalogue names a mailbox, which the privacy shapes refuse.
    """
    return room("shapes") / _CATALOGUE


def load_shapes(files: Sequence[Path] | None, *, lenient: bool = False) -> ShapesFile:
    """Read the shapes of some files, or those that are shipped for the graph.

    With ``lenient``, property shapes without ``sh:path`` are left out and named in the remarks:
    published profiles have such. All else that SHACL does not allow is refused all the same.

    Errors: GraphParseError when a file cannot be read, or says what SHACL does not allow.
    """
    paths = tuple(graph_shapes() if files is None else files)
    return _loaded(tuple((path, _stamp(path)) for path in paths), files is not None, lenient)


def _stamp(path: Path) -> tuple[int, int]:
    """Tell one state of a file from another; a missing file is reported when it is read."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _loaded(
    files: tuple[tuple[Path, tuple[int, int]], ...], is_foreign: bool, is_lenient: bool
) -> ShapesFile:
    paths = [path for path, _ in files]
    bases = [path.resolve().as_uri() if is_foreign else None for path in paths]
    graph = ShapesGraph(
        quad
        for path, base in zip(paths, bases, strict=True)
        for quad in read_quads(path, base_iri=base)
    )
    source = ", ".join(map(str, paths))
    left_out: tuple[str, ...] = ()
    if is_lenient:
        graph, left_out = without_pathless(graph)
    require_well_formed(graph, source)
    file = ShapesFile(source, graph, read_shapes(graph), left_out)
    if not is_foreign:
        file.require_meaning()
    return file


def without_pathless(graph: ShapesGraph) -> tuple[ShapesGraph, tuple[str, ...]]:
    """Leave out what is used as a property shape and has no ``sh:path``; say what it was."""
    left = {node for _, node in graph.pairs(SH + "property") if not graph.sh(node, "path")}
    said = {
        f"shape {graph.name(user)}: its property shape {node} was left out, it has no sh:path"
        for user, node in graph.pairs(SH + "property")
        if node in left
    }
    kept = (
        quad
        for quad in graph.quads
        if quad.subject not in left
        and not (quad.predicate.value == SH + "property" and quad.object in left)
    )
    return (ShapesGraph(kept), tuple(sorted(said))) if left else (graph, ())
