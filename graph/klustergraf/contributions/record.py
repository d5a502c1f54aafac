"""The record: every contribution that was accepted, kept for good.

Under ``<home>/contributions/``:

``log.jsonl``  one line for each accepted change (:class:`Entry`), only ever added to
``files/``     what was sent, what was read from it, and the change of the dataset, by SHA-256

A contribution is accepted at the moment its line is on the disk: the files it names are written and
synced before. Each line carries its own checksum and that of the line before it, so a line that was
torn by a crash is found and cut off when the record is opened next. Versions can be made again from
the record: each is its parent with one change (:class:`klustergraf.contributions.lines.Delta`).
"""

import contextlib
import fcntl
import gzip
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from klustergraf.contributions.lines import Delta
from klustergraf.errors import RecordError

FOLDER: Final = "contributions"

Kind = Literal["base", "put", "post", "delete", "rollback"]


@dataclass(frozen=True)
class Entry:
    """One accepted change.

    ``original``, ``statements``, ``delta``: SHA-256 of what was sent, of the graph as it is since
    then (sorted N-Triples, None when it is gone), and of the change of the dataset. A ``base`` is a
    version that was built; its ``delta`` is the change from the version before it, None for the
    first. ``time``: UTC, ISO 8601.
    """

    number: int
    time: str
    kind: Kind
    version: str
    parent: str | None = None
    partner: str = ""
    graph: str = ""
    media_type: str = ""
    original: str | None = None
    statements: str | None = None
    delta: str | None = None


class Record:
    """The record of one home folder. Changes are made by one process at a time (:meth:`locked`)."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self._log = self.folder / "log.jsonl"
        self._files = self.folder / "files"
        self._read_bytes = 0
        self._entries: list[Entry] = []
        self._last_sum = ""

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing the record; what a crash left is cut off."""
        self._files.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._cut_off()
            yield

    def entries(self) -> list[Entry]:
        """List the accepted changes, the oldest first. What was torn by a crash is left out."""
        try:
            with self._log.open("rb") as file:
                if self._read_bytes > os.fstat(file.fileno()).st_size:
                    self._read_bytes, self._entries, self._last_sum = 0, [], ""
                file.seek(self._read_bytes)
                rest = file.read()
        except FileNotFoundError:
            return []
        for line in rest.splitlines(keepends=True):
            read = _read_line(line, self._last_sum)
            if read is None:
                break
            entry, self._last_sum = read
            self._entries.append(entry)
            self._read_bytes += len(line)
        return list(self._entries)

    def state(self, until: int | None = None) -> dict[str, Entry]:
        """Give the last entry of each graph that partners have now, or had after an entry."""
        found: dict[str, Entry] = {}
        for entry in self.entries()[:until]:
            if entry.graph:
                if entry.statements is None:
                    found.pop(entry.graph, None)
                else:
                    found[entry.graph] = entry
        return found

    def history(self, graph: str) -> list[Entry]:
        """List the changes of one graph, the oldest first."""
        return [entry for entry in self.entries() if entry.graph == graph]

    def path(self, digest: str) -> Path:
        """Tell where a file of the record lies."""
        return self._files / digest[:2] / digest

    def read(self, digest: str) -> bytes:
        """Read a file of the record, and check it.

        Errors: RecordError when it is not what its name says.
        """
        try:
            content = self.path(digest).read_bytes()
        except OSError as exc:
            raise RecordError(f"The record lacks {digest}: {exc.strerror}.") from exc
        if sha256(content).hexdigest() != digest:
            raise RecordError(f"The record's file {digest} has other content than its name says.")
        return content

    def delta(self, entry: Entry) -> Delta:
        """Read the change of an entry."""
        if entry.delta is None:
            return Delta()
        return Delta.from_bytes(gzip.decompress(self.read(entry.delta)))

    def keep(self, content: bytes) -> str:
        """Put a file into the record, durably; give its SHA-256.

        Errors: RecordError when it cannot be written.
        """
        digest = sha256(content).hexdigest()
        path = self.path(digest)
        if path.is_file() and path.stat().st_size == len(content):
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            sync_folder(path.parent)
            sync_folder(self._files)
        except OSError as exc:
            raise RecordError(f"The record cannot be written: {exc.strerror}.") from exc
        return digest

    def keep_delta(self, delta: Delta) -> str:
        """Put a change into the record, packed; give the SHA-256 of the file."""
        return self.keep(gzip.compress(delta.to_bytes(), 6, mtime=0))

    def append(self, entry: Entry) -> None:
        """Accept a change: from here on it is there, whatever happens. In :meth:`locked` only.

        Errors: RecordError when the line did not reach the disk; it is taken back then.
        """
        line = _write_line(entry, self._last_sum)
        try:
            with self._log.open("ab") as file:
                size = file.tell()
                try:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
                except BaseException:
                    # Whoever is told that it failed must not find it there later.
                    os.ftruncate(file.fileno(), size)
                    raise
            sync_folder(self.folder)
        except OSError as exc:
            raise RecordError(f"The record cannot be written: {exc.strerror}.") from exc
        self.entries()

    def take_over(self, log: bytes) -> None:
        """Make the log of another record this one's, all of it or nothing. In :meth:`locked` only.

        Errors: RecordError when there is a log, a line of it is not whole, or a file is missing.
        """
        entries: list[Entry] = []
        last_sum = ""
        for line in log.splitlines(keepends=True):
            read = _read_line(line, last_sum)
            if read is None:
                raise RecordError(f"Line {len(entries) + 1} of the log is damaged.")
            entry, last_sum = read
            entries.append(entry)
            for digest in (entry.original, entry.statements, entry.delta):
                if digest is not None:
                    self.read(digest)
        if self._log.exists():
            raise RecordError("There is a record already.")
        try:
            handle, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(log)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._log)
            sync_folder(self.folder)
        except OSError as exc:
            raise RecordError(f"The record cannot be written: {exc.strerror}.") from exc

    def _cut_off(self) -> None:
        self.entries()
        try:
            size = self._log.stat().st_size
        except FileNotFoundError:
            return
        if size > self._read_bytes:
            with self._log.open("r+b") as file:
                file.truncate(self._read_bytes)
                os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_line(entry: Entry, last_sum: str) -> bytes:
    members = {"after": last_sum, **{k: v for k, v in asdict(entry).items() if v not in (None, "")}}
    body = json.dumps(members, ensure_ascii=True, sort_keys=True)
    return json.dumps({"sum": sha256(body.encode()).hexdigest(), **members}).encode() + b"\n"


def _read_line(line: bytes, last_sum: str) -> tuple[Entry, str] | None:
    """Read one line; None when it is not whole."""
    try:
        members: dict[str, Any] = json.loads(line)
        told = members.pop("sum")
    except (ValueError, KeyError, AttributeError):
        return None
    body = json.dumps(members, ensure_ascii=True, sort_keys=True)
    if not line.endswith(b"\n") or sha256(body.encode()).hexdigest() != told:
        return None
    if members.pop("after") != last_sum:
        return None
    return Entry(**members), str(told)
