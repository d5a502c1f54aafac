"""Read RDF files: the one door through which statements on disk come in.

Nothing is ever fetched: a JSON-LD file that names a remote ``@context`` is refused. Blank nodes
get labels that depend on the file's content only, so that reading twice gives the same quads and
two files never share a blank node by accident.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from klustergraf.errors import GraphParseError

FORMATS: Final[dict[str, RdfFormat]] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".jsonld": RdfFormat.JSON_LD,
    ".rdf": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
}
"""The format of a file, by the end of its name."""

PACKED: Final = ".gz"
"""What a file's name ends in when it is packed with gzip."""

_Term = TypeVar("_Term")
_BOM: Final = b"\xef\xbb\xbf"
_POSITION = re.compile(r"^Parser error at line \d+ (?:between columns \d+ and \d+|column \d+): ")
# Blank nodes, triples in triples and directions of text; and, rarely, a text that looks like one.
_MARKS: Final = (b"_:", b"<<")
_DIRECTIONS: Final = (b"--ltr", b"--rtl")  # also in IRIs: "…--rtl-nieuws"
_DIRECTED: Final = re.compile(rb'"@[A-Za-z0-9-]+--(?:ltr|rtl)')
_ON_LINES = re.compile(r"^Parser error between line \d+ column \d+ and line \d+ column \d+: ")


def read_quads(
    path: Path | str, graph: NamedNode | None = None, base_iri: str | None = None
) -> list[Quad]:
    """Read the statements of one RDF file, in the order of the file.

    The format follows from the suffix (:data:`FORMATS`, packed or not). ``graph`` names the graph
    of those statements that the file itself puts in no named graph. ``base_iri`` is what relative
    IRIs start from; without it they are refused, since a file may lie anywhere.

    Errors: GraphParseError when there is no such file, when its suffix is unknown, when it is not
    UTF-8 or when it is not the RDF that its suffix promises.
    """
    return list(iter_quads(path, graph, base_iri))


def iter_quads(
    path: Path | str, graph: NamedNode | None = None, base_iri: str | None = None
) -> Iterator[Quad]:
    """Read the statements of one RDF file one by one; nothing but the file's bytes is held.

    Errors: as :func:`read_quads`, when the statements are taken.
    """
    path = Path(path)
    rdf_format, content = _content(path)
    label_start = "b" + sha256(content).hexdigest()[:12] + "n"
    yield from _relabelled(_parsed(path, content, rdf_format, base_iri), graph, label_start)


def canonical_lines(path: Path) -> bytes | None:
    """Read a file of N-Triples as canonical N-Triples, without a Python object per statement.

    None for another format, and for a file with blank nodes or with what RDF 1.1 has not: that is
    for :func:`iter_quads` to read. Nothing is sorted, and what is there twice stays twice.

    Errors: as :func:`read_quads`.
    """
    rdf_format, content = _content(path)
    if rdf_format != RdfFormat.N_TRIPLES:
        return None
    with _faults_of(path):
        written = serialize(parse(content, format=rdf_format), format=RdfFormat.N_TRIPLES) or b""
    return written if _is_plain(written) else None


def _is_plain(content: bytes) -> bool:
    if any(mark in content for mark in _MARKS):
        return False
    has_direction = any(mark in content for mark in _DIRECTIONS)
    return not (has_direction and _DIRECTED.search(content))


def _content(path: Path) -> tuple[RdfFormat, bytes]:
    is_packed = path.suffix.lower() == PACKED
    rdf_format = FORMATS.get((path.with_suffix("") if is_packed else path).suffix.lower())
    if rdf_format is None:
        known = ", ".join(FORMATS)
        raise GraphParseError(
            str(path), f"the suffix says no RDF format. Use one of {known}, also with {PACKED}."
        )
    content = _unpacked(path, _read(path)) if is_packed else _read(path)
    if rdf_format != RdfFormat.RDF_XML:  # XML says in its first line which encoding it has
        _require_utf8(path, content)
    return rdf_format, content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().removeprefix(_BOM)
    except FileNotFoundError as exc:
        raise GraphParseError(str(path), "there is no such file.") from exc
    except IsADirectoryError as exc:
        raise GraphParseError(str(path), "is a folder, not a file. Name the files in it.") from exc
    except OSError as exc:
        raise GraphParseError(str(path), f"cannot be read ({exc.strerror}).") from exc


def _unpacked(path: Path, content: bytes) -> bytes:
    try:
        return gzip.decompress(content).removeprefix(_BOM)
    except (OSError, EOFError, zlib.error) as exc:
        raise GraphParseError(str(path), f"is not a whole gzip file ({exc}).") from exc


def _require_utf8(path: Path, content: bytes) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as exc:
        before = content[: exc.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        reason = f"is not UTF-8 (byte 0x{content[exc.start]:02x}). Save the file as UTF-8."
        raise GraphParseError(str(path), reason, before.count(b"\n") + 1, column) from exc


def _parsed(
    path: Path, content: bytes, rdf_format: RdfFormat, base_iri: str | None
) -> Iterator[Quad]:
    with _faults_of(path):
        for quad in parse(content, format=rdf_format, base_iri=base_iri):
            _require_rdf11(path, quad)
            yield quad


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    try:
        yield
    except SyntaxError as exc:
        text = exc.msg or "cannot be parsed"
        if "LoadDocumentCallback" in text:
            reason = "names a remote @context. It is never fetched: write the context in the file."
        else:
            reason = _ON_LINES.sub("", _POSITION.sub("", text))
        raise GraphParseError(str(path), reason, exc.lineno, exc.offset) from exc
    except (ValueError, OSError) as exc:
        raise GraphParseError(str(path), str(exc)) from exc


def _require_rdf11(path: Path, quad: Quad) -> None:
    value = quad.object
    if isinstance(value, Triple) or (isinstance(value, Literal) and value.direction is not None):
        reason = f"uses RDF 1.2 ({value}). This graph is RDF 1.1: state it without."
        raise GraphParseError(str(path), reason)


def _relabelled(quads: Iterable[Quad], graph: NamedNode | None, label_start: str) -> Iterator[Quad]:
    labels: dict[BlankNode, BlankNode] = {}

    def own(term: _Term) -> _Term | BlankNode:
        if isinstance(term, BlankNode):
            return labels.setdefault(term, BlankNode(f"{label_start}{len(labels)}"))
        return term

    for quad in quads:
        name = quad.graph_name
        if isinstance(name, DefaultGraph) and graph is not None:
            name = graph
        yield Quad(own(quad.subject), quad.predicate, own(quad.object), own(name))
