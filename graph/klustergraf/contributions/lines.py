"""A dataset as sorted lines, and changes of it: what takes the time of the change, where it can.

A canonical dataset (:mod:`klustergraf.version`) is N-Quads, one statement a line, sorted by code
point, which in UTF-8 is the order of the bytes. So the place of a line is found by halving, and a
changed dataset is the old one's stretches with lines put in and left out between them.
"""

import errno
import mmap
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse, serialize

from klustergraf.errors import RecordError


@dataclass(frozen=True)
class Delta:
    """A change of a dataset: lines that come and lines that go, each sorted, none in both."""

    added: tuple[bytes, ...] = ()
    removed: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, added: Iterable[bytes], removed: Iterable[bytes]) -> "Delta":
        """Make a change of lines in any order; what comes and goes stays."""
        new, old = set(added), set(removed)
        return cls(tuple(sorted(new - old)), tuple(sorted(old - new)))

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def inverse(self) -> "Delta":
        """Give the change that takes this one back."""
        return Delta(self.removed, self.added)

    def to_bytes(self) -> bytes:
        """Write it as RDF Patch: ``A`` adds a statement, ``D`` deletes one.

        Source: RDF Patch (version 3 of Jena's text format), without header and transaction.
        """
        return b"".join(
            [*(b"D " + line for line in self.removed), *(b"A " + line for line in self.added)]
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "Delta":
        """Read what :meth:`to_bytes` wrote."""
        lines = content.splitlines(keepends=True)
        return cls(
            tuple(line[2:] for line in lines if line.startswith(b"A ")),
            tuple(line[2:] for line in lines if line.startswith(b"D ")),
        )

    def quads(self) -> tuple[list[Quad], list[Quad]]:
        """Give the statements that come, and those that go."""
        return read_lines(self.added), read_lines(self.removed)


def lines_of(quads: Iterable[Quad]) -> list[bytes]:
    """Write statements without blank nodes as lines, in their order."""
    written = serialize(quads, format=RdfFormat.N_QUADS) or b""
    return written.splitlines(keepends=True)


def read_lines(lines: Iterable[bytes]) -> list[Quad]:
    """Read lines of N-Quads."""
    return list(parse(b"".join(lines), format=RdfFormat.N_QUADS))


def change_dataset(source: Path, delta: Delta, target: Path) -> str:
    """Write a dataset with a change made to it; give the SHA-256 of the result.

    Another thread writes while this one reads what is written: each takes as long as the other.
    Errors: RecordError when the change does not fit: a line that goes is not there, or one that
    comes is there already. OSError as writing raises it.
    """
    digest = sha256()
    with source.open("rb") as file, target.open("wb", buffering=0) as out:
        size = source.stat().st_size
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        view = memoryview(content)
        try:
            pieces = list(_pieces(content, delta))
            with ThreadPoolExecutor(1) as other:
                written = other.submit(_write_all, file.fileno(), out.fileno(), pieces)
                for piece in pieces:
                    if isinstance(piece, bytes):
                        digest.update(piece)
                    else:
                        with view[piece.start : piece.stop] as stretch:
                            digest.update(stretch)
                written.result()
        finally:
            view.release()
            if isinstance(content, mmap.mmap):
                content.close()
    return digest.hexdigest()


def _pieces(content: mmap.mmap | bytes, delta: Delta) -> Iterator[range | bytes]:
    """Give what the changed dataset is made of: lines, and stretches of what there was."""
    changes = sorted(
        [*((line, True) for line in delta.added), *((line, False) for line in delta.removed)]
    )
    done = 0
    for line, comes in changes:
        place = find_line(content, line, done)
        is_there = content[place : place + len(line)] == line
        if is_there == comes:
            said = "is there already" if comes else "is not there"
            raise RecordError(f"The change does not fit the dataset: {line[:200]!r} {said}.")
        if done < place:
            yield range(done, place)
        done = place
        if comes:
            yield line
        else:
            done += len(line)
    if done < len(content):
        yield range(done, len(content))


def _write_all(source: int, target: int, pieces: Iterable[range | bytes]) -> None:
    for piece in pieces:
        if isinstance(piece, bytes):
            _write(target, piece)
        else:
            _copy(source, target, piece)


def _write(target: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(target, piece) :]


def _copy(source: int, target: int, stretch: range) -> None:
    """Copy a stretch of a file to where another one ends, in the kernel: three times as fast."""
    while stretch:
        copied = os.sendfile(target, source, stretch.start, len(stretch))
        if not copied:
            raise OSError(errno.EIO, "The dataset ends too early")
        stretch = stretch[copied:]


def find_line(content: mmap.mmap | bytes, line: bytes, start: int = 0) -> int:
    r"""Find where a line stands, or would stand, in sorted lines.

    >>> find_line(b"a\nc\n", b"b\n"), find_line(b"a\nc\n", b"c\n")
    (2, 2)
    """
    low, high = start, len(content)
    while low < high:
        middle = (low + high) // 2
        begin = content.rfind(b"\n", low, middle) + 1 or low
        end = content.find(b"\n", begin) + 1 or len(content)
        if content[begin:end] < line:
            low = end
        else:
            high = begin
    return low


def same_values(dataset: Path, removed: Iterable[bytes]) -> list[bytes]:
    """Give the lines of a dataset whose literals may have the value of one that went from it.

    A store in memory keeps the value of a number or a date and not its spelling: with ``"01"`` of a
    subject and predicate, their ``"1"`` goes as well, and must come again.
    """
    keys = set()
    for line in removed:
        subject, predicate, rest = line.split(b" ", 2)
        if rest.startswith(b'"') and b'"^^<' in rest:
            keys.add(b'%s %s "' % (subject, predicate))
    found: list[bytes] = []
    if not keys or not dataset.stat().st_size:
        return found
    with dataset.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        for key in sorted(keys):
            start = find_line(lines, key)
            while lines[start : start + len(key)] == key:
                end = lines.find(b"\n", start) + 1
                found.append(lines[start:end])
                start = end
    return found


def difference(before: Path, after: Path) -> Delta:
    """Compare two datasets line by line."""
    added, removed = [], []
    with before.open("rb") as old, after.open("rb") as new:
        one, other = next(old, None), next(new, None)
        while one is not None or other is not None:
            if one == other:
                one, other = next(old, None), next(new, None)
            elif other is None or (one is not None and one < other):
                removed.append(one or b"")
                one = next(old, None)
            else:
                added.append(other)
                other = next(new, None)
    return Delta(tuple(added), tuple(removed))
