"""Files of a version to be downloaded, made when they are first asked for and then kept.

``klustergraf.nq``           the dataset as it lies there: its SHA-256 is the id of the version
``klustergraf.nq.gz`` …      the same packed (gzip, zstd), and as TriG
``graphs/<name>.ttl.gz`` …   each named graph as Turtle and JSON-LD
``tables/actors.csv`` …      tables (:mod:`klustergraf.tables`)

Same version, same bytes: packed files carry no time and no name.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox
import zstandard

from klustergraf.errors import DumpNotFound
from klustergraf.namespaces import GRAPH, PREFIXES
from klustergraf.tables import TABLES, TABLES_FOLDER, make_tables
from klustergraf.version import DERIVED, Version

MEDIA_TYPES: Final = {
    "nq": "application/n-quads",
    "trig": "application/trig",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "csv": "text/csv",
}
PACKINGS: Final = {"": "", "gz": "application/gzip", "zst": "application/zstd"}
_FORMATS: Final = {
    "trig": ox.RdfFormat.TRIG,
    "ttl": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
}
TABLE_NAMES: Final = [f"{name}{form}" for name in TABLES for form in ("", ".excel")]
_CONTENT: Final = "content"
_DIGEST: Final = "digest.json"


@dataclass(frozen=True)
class Dump:
    """One file of a version. ``graph`` is the IRI of what it holds; empty: everything."""

    name: str
    kind: str
    packing: str
    graph: str = ""

    @property
    def media_type(self) -> str:
        """The media type of what is inside the packing."""
        return MEDIA_TYPES[self.kind]


@dataclass(frozen=True)
class MadeDump:
    """A file that was made: where it lies, its SHA-256 and its size in bytes."""

    path: Path
    sha256: str
    size: int


def list_dumps(version: Version) -> list[Dump]:
    """List the files that a version is offered as, whether they were made or not."""
    packed = ("gz", "zst")
    dumps = [Dump("klustergraf.nq", "nq", "")]
    dumps += [Dump(f"klustergraf.{k}.{p}", k, p) for k in ("nq", "trig") for p in packed]
    dumps += [Dump(f"tables/{name}.csv", "csv", "") for name in TABLE_NAMES]
    for graph in version.manifest.triples:
        if graph.startswith(GRAPH):
            name = graph.removeprefix(GRAPH)
            dumps += [
                Dump(f"graphs/{name}.{kind}.{packing}", kind, packing, graph)
                for kind in ("ttl", "jsonld")
                for packing in packed
            ]
    return dumps


def find_dump(version: Version, name: str) -> Dump:
    """Find a file by its name.

    Errors: DumpNotFound.
    """
    found = next((dump for dump in list_dumps(version) if dump.name == name), None)
    if found is None:
        raise DumpNotFound(name, version.id)
    return found


def make_dump(version: Version, dump: Dump) -> MadeDump:
    """Give a file of a version, and make it when it is missing; whole or not at all."""
    if dump.kind == "csv":
        return _table(version.derived(TABLES_FOLDER, make_tables), dump)
    if not dump.packing:
        path = version.dataset_path
        return MadeDump(path, version.id, path.stat().st_size)
    return _made(version.derived(_folder(dump), partial(_write, dump)))


def made_dump(version: Version, dump: Dump) -> MadeDump | None:
    """Give a file of a version if it was made already."""
    if dump.kind == "csv":
        tables = version.path / DERIVED / TABLES_FOLDER
        return _table(tables, dump) if tables.is_dir() else None
    folder = version.path / DERIVED / _folder(dump)
    if not dump.packing:
        return make_dump(version, dump)
    return _made(folder) if folder.is_dir() else None


def _made(folder: Path) -> MadeDump:
    digest = json.loads((folder / _DIGEST).read_text(encoding="utf-8"))
    return MadeDump(folder / _CONTENT, digest["sha256"], digest["size"])


def _table(folder: Path, dump: Dump) -> MadeDump:
    path = folder / dump.name.removeprefix("tables/")
    with path.open("rb") as file:
        return MadeDump(path, file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _folder(dump: Dump) -> str:
    return "dump-1-" + dump.name.replace("/", "~")


def _write(dump: Dump, version: Version, folder: Path) -> None:
    path = folder / _CONTENT
    with path.open("wb") as raw, _packed(raw, dump.packing) as file:
        if dump.kind == "nq":
            with version.dataset_path.open("rb") as dataset:
                shutil.copyfileobj(dataset, file, 1024 * 1024)
        elif dump.graph:
            _write_graph(version, dump, file)
        else:
            _write_all_graphs(version, folder, file)
    with path.open("rb") as made:
        digest = {"sha256": file_digest(made, "sha256").hexdigest(), "size": path.stat().st_size}
    (folder / _DIGEST).write_text(json.dumps(digest), encoding="utf-8")


def _packed(raw: IO[bytes], packing: str) -> IO[bytes]:
    if packing == "zst":
        writer = zstandard.ZstdCompressor(level=9).stream_writer(raw, closefd=False)
        return cast(IO[bytes], writer)
    return cast(IO[bytes], gzip.GzipFile("", "wb", 6, raw, mtime=0))


def _write_graph(version: Version, dump: Dump, file: IO[bytes]) -> None:
    # The end of a line names the graph, and nothing else of a line can end so.
    end = f" <{dump.graph}> .\n".encode()
    with version.dataset_path.open("rb") as dataset:
        lines = (line[: -len(end)] + b" .\n" for line in dataset if line.endswith(end))
        _serialise(_parsed(lines), _FORMATS[dump.kind], file)


def _write_all_graphs(version: Version, folder: Path, file: IO[bytes]) -> None:
    """Write TriG, graph after graph: they are sorted apart into files first."""
    parts: dict[bytes, IO[bytes]] = {}
    paths: list[tuple[bytes, Path]] = []
    try:
        with version.dataset_path.open("rb") as dataset:
            for line in dataset:
                graph = line.rsplit(b" ", 2)[1]
                if graph not in parts:
                    path = folder / f"graph-{len(parts)}.nq"
                    parts[graph] = path.open("wb")
                    paths.append((graph, path))
                parts[graph].write(line)
    finally:
        for part in parts.values():
            part.close()

    def quads() -> Iterator[ox.Quad]:
        for _, path in sorted(paths):
            yield from ox.parse(path=path, format=ox.RdfFormat.N_QUADS)

    _serialise(quads(), ox.RdfFormat.TRIG, file)
    for _, path in paths:
        path.unlink()


def _parsed(lines: Iterable[bytes]) -> Iterator[ox.Triple]:
    pieces: list[bytes] = []
    for line in lines:
        pieces.append(line)
        if len(pieces) == 10_000:
            yield from _triples(pieces)
            pieces = []
    yield from _triples(pieces)


def _triples(lines: list[bytes]) -> Iterator[ox.Triple]:
    # Labels of blank nodes are kept, so that the pieces name the same nodes.
    for quad in ox.parse(b"".join(lines), format=ox.RdfFormat.N_TRIPLES):
        yield quad.triple


_Statements = Iterable[ox.Quad] | Iterable[ox.Triple]


def _serialise(statements: _Statements, form: ox.RdfFormat, file: IO[bytes]) -> None:
    write: Callable[..., object] = ox.serialize
    write(statements, output=file, format=form, prefixes=PREFIXES)
