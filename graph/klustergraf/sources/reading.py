"""Read published files as they come: plain, in a folder or in a zip, whole or damaged.

Nothing here knows what a file is about. What cannot be read is said and counted, and the rest is
read all the same; a layout that is not the published one stops the import, because then every
record would be wrong.
"""

import codecs
import csv
import difflib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from klustergraf.errors import SourceFormatError, SourceUnavailable
from klustergraf.sources.records import Marked, Skipped

Advance = Callable[[int], None]
"""Called with the number of bytes (as they lie on disk) that were read since the last call."""

_CHUNK: Final = 1 << 16
_JSON_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
_FORBIDDEN: Final = "\x00"

# A field of a published table may hold a long text; Python's own limit is 128 KiB.
csv.field_size_limit(1 << 24)


def _ignore(_: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Input:
    """One readable file: a plain one, or a member of a zip.

    ``name`` is what messages call it; ``size`` counts bytes as they lie on disk.
    """

    name: str
    path: Path
    member: str = ""
    size: int = 0
    full_size: int = 0

    @property
    def shrinkage(self) -> float:
        """The bytes on disk that stand for one byte of content."""
        return self.size / self.full_size if self.member and self.full_size else 1.0

    @property
    def stem(self) -> str:
        """The last part of the name, without folders and without its suffix, in lower case."""
        return Path(self.member or self.path.name).stem.lower()

    @property
    def suffix(self) -> str:
        """The suffix of the name, in lower case."""
        return Path(self.member or self.path.name).suffix.lower()

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the bytes of the file."""
        if not self.member:
            with self.path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                yield file


class Inputs:
    """All files that a user gave to one import, and how far they are read."""

    def __init__(self, paths: Sequence[Path], advance: Advance = _ignore) -> None:
        self.faults: list[Skipped] = []
        self.files: list[Input] = []
        self.advance = advance
        for path in paths:
            self._add(path)
        if not self.files and not self.faults:
            raise SourceUnavailable(", ".join(map(str, paths)), "there is no file to read in it.")

    @property
    def size(self) -> int:
        """The bytes of all files together, as they lie on disk."""
        return sum(file.size for file in self.files)

    def named(self, *stems: str, suffix: str = "") -> list[Input]:
        """List the files whose name, without its suffix, is one of these."""
        return [f for f in self.files if f.stem in stems and (not suffix or f.suffix == suffix)]

    def _add(self, path: Path) -> None:
        if path.is_dir():
            for inner in sorted(path.rglob("*")):
                if inner.is_file():
                    self._add(inner)
        elif not path.exists():
            raise SourceUnavailable(str(path), "there is no such file or folder.")
        elif path.suffix.lower() == ".zip":
            self._add_zip(path)
        else:
            self.files.append(Input(path.name, path, size=path.stat().st_size))

    def _add_zip(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                for info in sorted(archive.infolist(), key=lambda info: info.filename):
                    if not info.is_dir():
                        name = f"{path.name}:{info.filename}"
                        size = info.compress_size
                        self.files.append(Input(name, path, info.filename, size, info.file_size))
        except (zipfile.BadZipFile, OSError) as exc:
            reason = f"is not a whole zip. Was the download cut short? Fetch it again ({exc})."
            self.faults.append(Skipped(path.name, reason))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: where it stands, and its cells by column."""

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


def table(
    inputs: Inputs,
    file: Input,
    columns: Sequence[str],
    *,
    delimiter: str = ";",
    is_quoted: bool = True,
) -> Iterator[Row | Skipped | Marked]:
    """Read a table row by row; ``columns`` are those that it cannot do without.

    Errors: SourceFormatError when a column is missing; it names the column and the nearest found.
    """
    lines = _Lines(inputs, file)
    if is_quoted:
        reader = csv.reader(iter(lines), delimiter=delimiter)
    else:
        reader = csv.reader(iter(lines), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    header = [name.strip() for name in next(reader, [])]
    _require_columns(file, header, columns)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as exc:
            yield Skipped(
                f"{file.name}, line {reader.line_num}", f"is not a row of a table ({exc})"
            )
            continue
        where = f"{file.name}, line {reader.line_num}"
        yield from lines.taken_remarks()
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"the row has {len(cells)} cells, the header {len(header)}: it is shifted"
            yield Skipped(where, reason)
            continue
        yield Row(where, dict(zip(header, cells, strict=True)))
    yield from lines.taken_remarks()
    if lines.fault:
        yield lines.fault


class _Lines:
    """The lines of a file as text. What is not UTF-8 is read as Windows-1252 and said so."""

    def __init__(self, inputs: Inputs, file: Input) -> None:
        self._inputs, self._file = inputs, file
        self._remarks: list[Marked] = []
        self.fault: Skipped | None = None

    def __iter__(self) -> Iterator[str]:
        is_first = True
        number = 0
        try:
            for raw in _byte_lines(self._inputs, self._file):
                number += 1
                line = raw.removeprefix(_BOM) if is_first else raw
                is_first = False
                yield self._decoded(line, number).replace(_FORBIDDEN, "")
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as exc:
            reason = f"cannot be read further ({exc}): the file is damaged from here on"
            self.fault = Skipped(f"{self._file.name}, line {number + 1}", reason)

    def taken_remarks(self) -> Iterator[Marked]:
        """Give what was noted since the last call."""
        yield from self._remarks
        self._remarks.clear()

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            where = f"{self._file.name}, line {number}"
            self._remarks.append(Marked(where, "is not UTF-8; read as Windows-1252"))
            return line.decode("cp1252", errors="replace")


def _byte_lines(inputs: Inputs, file: Input) -> Iterator[bytes]:
    with file.opened() as stream:
        told = read = 0
        for line in stream:
            read += len(line)
            if read - told > _CHUNK:
                inputs.advance(int((read - told) * file.shrinkage))
                told = read
            yield line
    inputs.advance(int((read - told) * file.shrinkage))


def _require_columns(file: Input, header: Sequence[str], columns: Sequence[str]) -> None:
    for column in columns:
        if column not in header:
            lowered = {name.lower(): name for name in header}
            close = difflib.get_close_matches(column.lower(), lowered, 1, 0.0)
            nearest = f"; the nearest is {lowered[close[0]]!r}" if close else "; it has no columns"
            raise SourceFormatError(
                file.name, "its first line", f"there is no column {column!r}{nearest}."
            )


def json_array(inputs: Inputs, file: Input) -> Iterator[Any | Skipped]:
    """Read the items of a JSON array one by one; memory does not grow with the file.

    Errors: SourceFormatError when the file does not hold an array.
    """
    text = _Text(inputs, file)
    if text.next_letter() != "[" and text.fault is None:
        raise SourceFormatError(file.name, "its beginning", "it is not a JSON array ([…]).")
    text.at += 1
    count = 0
    while (letter := text.next_letter()) and letter != "]":
        if letter == ",":
            text.at += 1
            continue
        try:
            item = text.value()
        except json.JSONDecodeError as exc:
            reason = f"the file is damaged from here on ({exc.msg})"
            yield text.fault or Skipped(f"{file.name}, record {count + 1}", reason)
            return
        count += 1
        yield item
    if text.fault:
        yield text.fault
    elif not letter:
        yield Skipped(f"{file.name}, record {count + 1}", "the file ends before its end")


class _Text:
    """The text of a file, of which only the part that is worked on is in memory."""

    def __init__(self, inputs: Inputs, file: Input) -> None:
        self.fault: Skipped | None = None
        self.at = 0
        self._text = ""
        self._pieces = _text_pieces(inputs, file)
        self._decoder = json.JSONDecoder()

    def next_letter(self) -> str:
        """Give the next letter that is no space, without taking it; nothing at the end."""
        while True:
            self.at = _after_space(self._text, self.at)
            if self.at < len(self._text):
                return self._text[self.at]
            if not self._read_on():
                return ""

    def value(self) -> Any:
        """Take the next value. A number at the very end of a piece might go on in the next."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self.at)
            except json.JSONDecodeError:
                if not self._read_on():
                    raise
                continue
            if end < len(self._text) or not self._read_on():
                self.at = end
                return value

    def _read_on(self) -> bool:
        piece = next(self._pieces, "")
        if isinstance(piece, Skipped):
            self.fault = piece
            return False
        self._text, self.at = self._text[self.at :] + piece, 0
        return bool(piece)


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _text_pieces(inputs: Inputs, file: Input) -> Iterator[str | Skipped]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        with file.opened() as stream:
            while chunk := stream.read(_JSON_CHUNK):
                inputs.advance(int(len(chunk) * file.shrinkage))
                if text := decoder.decode(chunk):  # a letter may end in the next chunk
                    yield text
    except UnicodeDecodeError:
        yield Skipped(file.name, "is not UTF-8, as JSON must be. Save it as UTF-8.")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as exc:
        yield Skipped(file.name, f"cannot be read further ({exc}): the file is damaged")


def json_document(inputs: Inputs, file: Input) -> Any:
    """Read a whole small JSON file.

    Errors: SourceFormatError when it is not JSON in UTF-8.
    """
    try:
        with file.opened() as stream:
            content = stream.read()
        inputs.advance(file.size)
        return json.loads(content.removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise SourceFormatError(file.name, f"byte {exc.start}", "it is not UTF-8.") from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}"
        raise SourceFormatError(file.name, place, f"it is not JSON ({exc.msg}).") from exc
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as exc:
        raise SourceFormatError(file.name, "its bytes", f"it is damaged ({exc}).") from exc
