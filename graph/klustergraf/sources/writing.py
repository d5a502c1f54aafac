"""Write statements into files that are always whole: beside, then renamed.

A file is N-Triples, one named graph per file, named after it. Written in order (sorted by code
point, no line twice) and packed without a time, the same statements give the same bytes.
"""

import gzip
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pyoxigraph import Quad, RdfFormat, Triple, serialize

_BATCH = 4096


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes the place of ``path`` when everything went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_sorted(path: Path, quads: Iterable[Quad]) -> int:
    """Write statements in order, each once; give how many."""
    lines: set[bytes] = set()
    for batch in _batches(quads):
        lines.update(batch.splitlines(keepends=True))
    with replaced(path) as file:
        file.writelines(sorted(lines))
    return len(lines)


def write_as_they_come(path: Path, quads: Iterable[Quad]) -> int:
    """Write statements as they come, so that memory does not grow with them; give how many."""
    count = 0
    with replaced(path) as file:
        for batch in _batches(quads):
            count += batch.count(b"\n")
            file.write(batch)
    return count


def _batches(quads: Iterable[Quad]) -> Iterator[bytes]:
    batch: list[Triple] = []
    for quad in quads:
        batch.append(quad.triple)
        if len(batch) >= _BATCH:
            yield serialize(batch, format=RdfFormat.N_TRIPLES) or b""
            batch = []
    if batch:
        yield serialize(batch, format=RdfFormat.N_TRIPLES) or b""
