"""The graph's own statements: the ontology, the shapes, and the files of ``graph/data``.

Each file of ``graph/data`` is one named graph, ``founding/curation.ttl`` the graph
``https://w3id.org/klustergraf/graph/founding/curation``; it brings its own description. What people
write is Turtle; what importers write is packed N-Triples (``open/ror.nt.gz``). The files of the
ontology make one graph together, and so do the shapes.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.errors import GraphParseError
from klustergraf.namespaces import GRAPH, KG, ORG, RDF, SCHEMA, SKOS
from klustergraf.rdf_files import canonical_lines, read_quads
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

    def lines(self) -> bytes | None:
        """Read a file that needs no Python object per statement, as canonical N-Triples.

        None for other files. The descriptions of named graphs (:func:`describes_graph`), which
        belong to the catalogue graph, are among them.
        Errors: GraphParseError.
        """
        return canonical_lines(self.path)

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


def describes_graph(line: bytes) -> bool:
    """Tell whether a line of N-Triples is about a named graph of ours."""
    return line.startswith(_OUR_GRAPH)


def source_files() -> list[SourceFile]:
    """List the files that the graph consists of, in a fixed order."""
    return [
        *_files("ontology", ONTOLOGY_GRAPH),
        *_files("shapes", SHAPES_GRAPH),
        *_files("data", None),
    ]


def imported_file(path: Path) -> SourceFile:
    """Take in a file of statements that ``klustergraf import`` wrote outside the data folder.

    Its graph is the one that it describes, whatever the file is called.

    Errors: GraphParseError when there is no such file, or when it describes no named graph.
    """
    try:
        content = path.read_bytes()
        text = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as exc:
        raise GraphParseError(str(path), f"cannot be read ({exc}).") from exc
    described = _described_graph(text)
    if described is None:
        raise GraphParseError(str(path), "describes no named graph, as imported files do.")
    return SourceFile(
        path=path,
        name=f"with/{path.name}",
        graph=NamedNode(described),
        sha256=sha256(content).hexdigest(),
    )


def _described_graph(text: bytes) -> str | None:
    """Find the first named graph of ours that N-Triples describe."""
    end = text.find(_NAMED_GRAPH)
    while end >= 0:
        found = _NAME_OF_GRAPH.fullmatch(text, text.rfind(b"\n", 0, end) + 1, end)
        if found is not None:
            return found[1].decode("ascii")
        end = text.find(_NAMED_GRAPH, end + 1)
    return None


def files_with(added: Iterable[Path]) -> list[SourceFile]:
    """List the shipped files and others that were imported, in a fixed order.

    An imported file takes the place of the shipped one of the same named graph.

    Errors: GraphParseError, as :func:`imported_file`.
    """
    paths = {
        inner
        for path in added
        for inner in (path.rglob("*.nt*") if path.is_dir() else [path])
        if not inner.name.startswith(".")
    }
    imported = [imported_file(path) for path in sorted(paths)]
    replaced = {file.graph for file in imported}
    return [file for file in source_files() if file.graph not in replaced] + imported


@dataclass(frozen=True)
class Said:
    """What the founding documents and the curators say of things already.

    ``names`` are preferred names by thing and language; ``dates`` the pairs of thing and property
    whose date is given; ``placed`` the things that are said to be somewhere; ``territories`` the
    place that an authority is responsible for.
    """

    names: dict[str, dict[str, str]]
    dates: frozenset[tuple[str, str]]
    placed: frozenset[str] = frozenset()
    territories: Mapping[str, str] = field(default_factory=dict)


def hand_written_files() -> list[SourceFile]:
    """List the files of ``graph/data`` that people write; importers build on what they say."""
    return [file for file in _files("data", None) if file.path.suffix == ".ttl"]


def said_by_hand() -> Said:
    """Read what Turtle files of ``graph/data`` say, so that importers do not say it again."""
    names: dict[str, dict[str, str]] = {}
    dates = set()
    placed = set()
    territories: dict[str, str] = {}
    for file in hand_written_files():
        for quad in file.quads():
            subject, value = quad.subject, quad.object
            if quad.predicate in _PLACES and isinstance(subject, NamedNode):
                placed.add(subject.value)
            if not isinstance(subject, NamedNode):
                continue
            if quad.predicate == _TERRITORY and isinstance(value, NamedNode):
                territories[subject.value] = value.value
            if not isinstance(value, Literal):
                continue
            if quad.predicate == _PREF_LABEL and value.language:
                names.setdefault(subject.value, {})[value.language] = value.value
            elif quad.predicate in _DATES:
                dates.add((subject.value, quad.predicate.value))
    return Said(names, frozenset(dates), frozenset(placed), territories)


_OUR_GRAPH: Final = f"<{GRAPH}".encode()
_NAMED_GRAPH: Final = f"> <{RDF}type> <{KG}NamedGraph> .\n".encode()
_NAME_OF_GRAPH: Final = re.compile(rb"<(" + re.escape(GRAPH.encode()) + rb"[a-z0-9/.-]+)")
_PREF_LABEL: Final = NamedNode(SKOS + "prefLabel")
_PLACES: Final = tuple(
    NamedNode(iri)
    for iri in (ORG + "hasSite", ORG + "hasPrimarySite", KG + "locatedIn", KG + "hasTerritory")
)
_TERRITORY: Final = NamedNode(KG + "hasTerritory")
_DATES: Final = tuple(NamedNode(SCHEMA + n) for n in ("foundingDate", "startDate", "endDate"))
_SUFFIXES: Final = (".ttl", ".nt.gz")


def _files(name: Room, graph: NamedNode | None) -> Iterator[SourceFile]:
    folder = room(name)
    for path in sorted(folder.rglob("*")):
        if not path.name.endswith(_SUFFIXES) or path.name.startswith("."):
            continue
        relative = path.relative_to(folder)
        within = relative.parent / _without_suffix(path.name)
        yield SourceFile(
            path=path,
            name=f"{name}/{relative.as_posix()}",
            graph=graph or NamedNode(GRAPH + within.as_posix()),
            sha256=sha256(path.read_bytes()).hexdigest(),
        )


def _without_suffix(name: str) -> str:
    return name.removesuffix(".gz").rsplit(".", 1)[0]
