"""The graph's own statements: the ontology, the shapes, and the files of ``graph/data``.

Each file of ``graph/data`` is one named graph, ``founding/curation.ttl`` the graph
``https://w3id.org/klustergraf/graph/founding/curation``; it begins with its own description. The
files of the ontology make one graph together, and so do the shapes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from klustergraf.namespaces import GRAPH
from klustergraf.rdf_files import read_quads
from klustergraf.resources import Room, room

ONTOLOGY_GRAPH = NamedNode(GRAPH + "ontology")
SHAPES_GRAPH = NamedNode(GRAPH + "shapes")
CATALOGUE_GRAPH = NamedNode(GRAPH + "catalogue")


@dataclass(frozen=True)
class SourceFile:
    """A file of statements, the graph it goes into, and the SHA-256 of its bytes."""

    path: Path
    name: str
    graph: NamedNode
    sha256: str

    def quads(self) -> list[Quad]:
        """Read the statements; descriptions of named graphs go into the catalogue graph.

        Errors: GraphParseError.
        """
        return [
            Quad(quad.subject, quad.predicate, quad.object, CATALOGUE_GRAPH)
            if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(GRAPH)
            else quad
            for quad in read_quads(self.path, self.graph)
        ]


def source_files() -> list[SourceFile]:
    """List the files that the graph consists of, in a fixed order."""
    return [
        *_files("ontology", ONTOLOGY_GRAPH),
        *_files("shapes", SHAPES_GRAPH),
        *_files("data", None),
    ]


def _files(name: Room, graph: NamedNode | None) -> Iterator[SourceFile]:
    folder = room(name)
    for path in sorted(folder.rglob("*.ttl")):
        relative = path.relative_to(folder)
        yield SourceFile(
            path=path,
            name=f"{name}/{relative.as_posix()}",
            graph=graph or NamedNode(GRAPH + relative.with_suffix("").as_posix()),
            sha256=sha256(path.read_bytes()).hexdigest(),
        )
