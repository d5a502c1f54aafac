"""Serve RDF files instead of a version: what ``klustergraf serve --data`` reads."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, serialize

from klustergraf.errors import GraphParseError
from klustergraf.rdf_files import FORMATS, read_quads

# The engine reads these by itself, and faster.
_READ_BY_THE_ENGINE: Final = (".nq", ".nt", ".trig", ".ttl")


def dataset_file(paths: Iterable[Path], folder: Path) -> Path:
    """Give one file with the statements of all these files, and of those in these folders.

    One file that the engine reads by itself is given as it is. Of several, one file is made in
    ``folder``: sorted N-Quads, the same bytes for the same statements, so that its digest names
    the content. Blank nodes of two files are never the same.
    Errors: GraphParseError.
    """
    files = list(_files(paths))
    if not files:
        raise GraphParseError(", ".join(map(str, paths)), "there is no RDF file here.")
    if len(files) == 1 and files[0].suffix.lower() in _READ_BY_THE_ENGINE:
        return files[0]
    lines: set[bytes] = set()
    for path in files:
        written = serialize(read_quads(path), format=RdfFormat.N_QUADS) or b""
        lines.update(written.splitlines(keepends=True))
    made = folder / "dataset.nq"
    made.write_bytes(b"".join(sorted(lines)))
    return made


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (found for found in path.rglob("*") if found.suffix.lower() in FORMATS)
            yield from sorted(found for found in inside if found.is_file())
        else:
            yield path
