"""The desk: takes contributions in, one after the other, and makes versions of what is accepted.

Many threads may use it at once, and several processes may have one for the same home folder.
"""

import contextlib
import json
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from klustergraf import __version__
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.gatekeeper import JUDGED, ORDER
from klustergraf.contributions.lines import Delta, change_dataset, difference
from klustergraf.contributions.ownership import DESCRIBING
from klustergraf.contributions.reading import ShownRows
from klustergraf.contributions.record import Entry, Kind, Record
from klustergraf.engine import frames
from klustergraf.errors import (
    ContributionError,
    ContributionInReview,
    ContributionRefused,
    ContributionTooHeavy,
    GraphParseError,
    JudgeFailed,
    PreconditionFailed,
    RecordError,
    VersionNotFound,
)
from klustergraf.fresh import command
from klustergraf.version import Manifest, Version, VersionStore

_GRACE_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contribution:
    """What a partner wants of one graph. ``kind``: put, post, delete or rollback."""

    address: GraphAddress
    kind: Kind
    content: bytes = b""
    media_type: str = "text/turtle"
    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a contribution.

    ``report``: the SHACL report as its JSON (:meth:`klustergraf.shacl.Report.json`), with the place
    of each result; ``is_new``: the graph was not there before; ``is_stored``: there is a new
    version. ``tag``: the state of the graph, None when it is gone; ``statements``: what it is or
    would be, sorted N-Triples; ``merged``: known actors that it would make one; ``rows``: the first
    rows of a table, its header first.
    """

    version: str
    tag: str | None
    report: dict[str, Any]
    turtle: str
    is_new: bool = False
    is_stored: bool = False
    delta: Delta = field(default_factory=Delta)
    statements: bytes = b""
    merged: tuple[tuple[str, str], ...] = ()
    rows: ShownRows = ()


class Gatekeeper:
    """A running gatekeeper, over one version after the other.

    Errors: RecordError when it cannot be started.
    """

    def __init__(self, version: Version) -> None:
        self.version_id = version.id
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own code, and no shell
                command(
                    "klustergraf.contributions.gatekeeper",
                    *(str(theirs.fileno()), str(version.dataset_path)),
                ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        header = frames.receive_exactly(self._control, frames.HEADER.size)
        if len(header) < frames.HEADER.size or frames.HEADER.unpack(header)[0] != frames.HEAD:
            self.close()
            raise RecordError(f"The gatekeeper does not start over version {version.id[:12]}.")
        frames.receive_exactly(self._control, frames.HEADER.unpack(header)[1])

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def judge(
        self, order: dict[str, Any], content: bytes, before: bytes, seconds: float
    ) -> dict[str, Any]:
        """Have a contribution judged in a process of its own.

        Errors: ContributionTooHeavy when it is not judged in its time and memory; OSError when the
        gatekeeper has ended.
        """
        with self._lock:
            self._control.sendall(b"f")
            _, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if len(descriptors) < 2:
            raise ConnectionResetError
        channel, pidfd = socket.socket(fileno=descriptors[0]), descriptors[1]
        try:
            head = json.dumps({**order, "seconds": seconds, "content_bytes": len(content)}).encode()
            body = len(head).to_bytes(4, "big") + head + content + before
            channel.settimeout(seconds + _GRACE_SECONDS)
            channel.sendall(frames.frame(ORDER, body))
            header = frames.receive_exactly(channel, frames.HEADER.size)
            if len(header) < frames.HEADER.size or frames.HEADER.unpack(header)[0] != JUDGED:
                raise ContributionTooHeavy(seconds)
            size = frames.HEADER.unpack(header)[1]
            told: dict[str, Any] = json.loads(frames.receive_exactly(channel, size))
        except (TimeoutError, BrokenPipeError, ConnectionResetError) as exc:
            raise ContributionTooHeavy(seconds) from exc
        finally:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            if not poll.poll(0):
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)
            channel.close()
        return told

    def apply(self, delta: Delta, version_id: str) -> None:
        """Move on to the version that was made; nobody waits for it but the next who asks.

        Errors: OSError when the gatekeeper has ended.
        """
        with self._lock:
            self._control.sendall(b"a" + frames.frame(ORDER, delta.to_bytes()))
        self.version_id = version_id

    def close(self) -> None:
        """End it. May be called twice."""
        self._control.close()
        try:
            self._process.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Desk:
    """Takes contributions for the versions of one home folder.

    Units: ``seconds`` and ``memory_mb`` (2**20 bytes) are what judging one contribution may use.
    """

    def __init__(self, home: Path, *, seconds: float = 20.0, memory_mb: int = 1024) -> None:
        self.home = home
        self.record = Record(home)
        self.versions = VersionStore(home)
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._gatekeeper: Gatekeeper | None = None

    def open(self) -> None:
        """Repair what a crash left, and start the gatekeeper.

        Errors: RecordError, VersionNotFound.
        """
        with self._writing, self.record.locked():
            self._recover()
        self._keeper()

    def close(self) -> None:
        """End the gatekeeper."""
        with self._starting:
            if self._gatekeeper is not None:
                self._gatekeeper.close()
                self._gatekeeper = None

    def tag(self, address: GraphAddress, version_id: str = "") -> str | None:
        """Give the state of a graph as an entity tag's text; None when there is no such graph.

        ``version_id``: the version that is asked about; without one, the newest state.
        """
        entries = self.record.entries()
        until = [n for n, entry in enumerate(entries, 1) if entry.version == version_id]
        entry = self.record.state(until[-1] if until else None).get(address.iri)
        return None if entry is None or entry.statements is None else entry.statements[:32]

    def check(self, contribution: Contribution) -> Outcome:
        """Judge a contribution without storing anything; the report tells what would be.

        Errors: as :meth:`submit`, but for what does not conform.
        """
        told = self._judged(contribution, self._before(contribution))
        return Outcome(
            self._keeper().version_id, self.tag(contribution.address), told["report"],
            told["turtle"], statements=told["statements"].encode(),
            delta=Delta.from_bytes(told["delta"].encode()), merged=_pairs(told["merged"]),
            rows=tuple((number, tuple(cells)) for number, cells in told["rows"]),
        )  # fmt: skip

    def submit(
        self, contribution: Contribution, then: Callable[[str, Version, Delta], None] | None = None
    ) -> Outcome:
        """Take a contribution in, durably, or refuse it and change nothing.

        ``then`` is called before the next contribution, with the id of the version before, the new
        version and what changed.
        Errors: GraphParseError, ContributionRefused, ContributionInReview, ContributionTooHeavy,
        PreconditionFailed, JudgeFailed, RecordError.
        """
        with self._writing:
            entry = self.record.state().get(contribution.address.iri)
            self._require(contribution, entry)
            if contribution.kind == "delete" and entry is None:
                raise PreconditionFailed(None)
            told = self._judged(contribution, self._before(contribution))
            keeper = self._keeper()
            if not told["conforms"]:
                raise ContributionRefused(
                    sum(told["counts"].values()), told["text"], told["report"], told["turtle"]
                )
            if told["merged"]:
                raise ContributionInReview(self._review(contribution), _pairs(told["merged"]))
            delta = Delta.from_bytes(told["delta"].encode())
            if not delta:
                tag = self.tag(contribution.address)
                return Outcome(keeper.version_id, tag, told["report"], told["turtle"])
            before = keeper.version_id
            version = self._commit(contribution, told, delta, before)
            try:
                keeper.apply(delta, version.id)
            except OSError:
                self.close()  # it starts again over the new version
            if then is not None:
                then(before, version, delta)
            return Outcome(
                version.id, self.tag(contribution.address), told["report"], told["turtle"],
                is_new=entry is None, is_stored=True, delta=delta,
            )  # fmt: skip

    def roll_back(self, address: GraphAddress, to: str) -> Outcome:
        """Make a graph what it was in a version, as a new version; it goes through the gate.

        ``to``: the id of a version of the record, or how it begins.
        Errors: VersionNotFound; as :meth:`submit`.
        """
        entries = self.record.entries()
        numbers = [n for n, entry in enumerate(entries, 1) if entry.version.startswith(to)]
        if not to or not numbers:
            raise VersionNotFound(to, "the record of contributions")
        then = self.record.state(numbers[-1]).get(address.iri)
        content = b""
        if then is not None and then.statements is not None:
            # What the graph tells of itself is made anew, but for what the partner may tell.
            described = f"<{address.iri}> ".encode()
            kept = tuple(described + f"<{iri}> ".encode() for iri in DESCRIBING)
            lines = self.record.read(then.statements).splitlines(keepends=True)
            content = b"".join(
                line for line in lines if not line.startswith(described) or line.startswith(kept)
            )
        if not content and address.iri not in self.record.state():
            raise PreconditionFailed(None)
        return self.submit(Contribution(address, "rollback", content, "application/n-triples"))

    def restore(self, log: bytes, first: str, dataset: Path, manifests: dict[str, bytes]) -> None:
        """Take a record over into a home without one: its log, and the first version of it.

        Errors: RecordError when something does not fit; the home is then still without a record.
        """
        folder = self.home / "versions"
        folder.mkdir(parents=True, exist_ok=True)
        with self._writing, self.record.locked():
            prepared = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
            try:
                if change_dataset(dataset, Delta(), prepared / "dataset.nq") != first:
                    raise RecordError("The first version of the backup is damaged.")
                _write(prepared / "manifest.json", manifests[first])
                _write(prepared / "report.ttl", b"")
                if first not in {version.id for version in self.versions.versions()}:
                    self.versions.install(prepared, first, is_current=False)
                self.record.take_over(log)
                self._recover(manifests)
            except KeyError as exc:
                raise RecordError(f"The backup lacks the manifest of {exc}.") from exc
            finally:
                shutil.rmtree(prepared, ignore_errors=True)
            self.versions.point_to(self.record.entries()[-1].version)

    def _keeper(self) -> Gatekeeper:
        """Give the gatekeeper of the current version; start it when there is none.

        Errors: VersionNotFound, RecordError.
        """
        with self._starting:
            current = self.versions.current()
            keeper = self._gatekeeper
            if keeper is None or keeper.version_id != current.id:
                if keeper is not None:
                    keeper.close()
                self._gatekeeper = keeper = None
                self._gatekeeper = keeper = Gatekeeper(current)
            return keeper

    def _before(self, contribution: Contribution) -> bytes:
        entry = self.record.state().get(contribution.address.iri)
        return (
            b"" if entry is None or entry.statements is None else self.record.read(entry.statements)
        )

    def _judged(self, contribution: Contribution, before: bytes) -> dict[str, Any]:
        order = {
            "graph": contribution.address.path,
            "media_type": contribution.media_type,
            "issued": datetime.now(UTC).date().isoformat(),
            "adds": contribution.kind == "post",
            "is_gone": contribution.kind == "delete" or _is_gone_again(contribution),
            "memory_mb": self._memory_mb,
        }
        try:
            told = self._keeper().judge(order, contribution.content, before, self._seconds)
        except OSError:
            self.close()
            told = self._keeper().judge(order, contribution.content, before, self._seconds)
        error = told.get("error")
        if error == "parse":
            raise GraphParseError(told["source"], told["reason"], told["line"], told["column"])
        if error == "memory":
            raise ContributionTooHeavy(self._seconds)
        if error == "fault":
            _log.error("a contribution could not be judged: %s", told["trace"])
            raise JudgeFailed
        if error is not None:
            raise ContributionError(told["reason"])
        return told

    def _require(self, contribution: Contribution, entry: Entry | None) -> None:
        """Hold a contribution to the state that it was made for (RFC 9110, 13.1)."""
        tag = None if entry is None or entry.statements is None else entry.statements[:32]
        wanted, unwanted = contribution.if_match, contribution.if_none_match
        if wanted is not None and not _matches(wanted, tag):
            raise PreconditionFailed(tag)
        if unwanted is not None and _matches(unwanted, tag):
            raise PreconditionFailed(tag)

    def _commit(
        self, contribution: Contribution, told: dict[str, Any], delta: Delta, judged_by: str
    ) -> Version:
        """Store what was accepted: the record first, then the version.

        Errors: RecordError; nothing is stored then.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        statements = told["statements"].encode()
        with self.record.locked():
            parent = self.versions.current()
            if parent.id != judged_by:
                raise RecordError("Another process made a version meanwhile. Send it again.")
            self._note_base(parent)
            kept = {
                "original": self.record.keep(contribution.content)
                if contribution.content
                else None,
                "statements": self.record.keep(statements) if statements else None,
                "delta": self.record.keep_delta(delta),
            }
            prepared, version_id = self._prepared(parent, delta)
            try:
                entry = Entry(
                    number=len(self.record.entries()) + 1,
                    time=now,
                    kind=contribution.kind,
                    version=version_id,
                    parent=parent.id,
                    partner=contribution.address.partner,
                    graph=contribution.address.iri,
                    media_type=contribution.media_type if contribution.content else "",
                    **kept,
                )
                manifest = _manifest(parent.manifest, entry, delta, told)
                _write(prepared / "manifest.json", manifest.to_json().encode())
                _write(prepared / "report.ttl", told["turtle"].encode())
                self.record.append(entry)
            except BaseException:
                shutil.rmtree(prepared, ignore_errors=True)
                raise
            return self.versions.install(prepared, version_id)

    def _prepared(self, parent: Version, delta: Delta) -> tuple[Path, str]:
        folder = self.home / "versions"
        prepared = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        try:
            version_id = change_dataset(parent.dataset_path, delta, prepared / "dataset.nq")
        except OSError as exc:
            shutil.rmtree(prepared, ignore_errors=True)
            raise RecordError(f"The version cannot be written: {exc.strerror}.") from exc
        except BaseException:
            shutil.rmtree(prepared, ignore_errors=True)
            raise
        return prepared, version_id

    def _note_base(self, version: Version) -> None:
        """Let the record know of a version that was built: what contributions change from then."""
        entries = self.record.entries()
        last = entries[-1].version if entries else None
        if last == version.id:
            return
        delta: str | None = None
        if last is not None:
            before = self.versions.get(last)
            delta = self.record.keep_delta(difference(before.dataset_path, version.dataset_path))
        self.record.append(
            Entry(
                number=len(entries) + 1,
                time=datetime.now(UTC).isoformat(timespec="milliseconds"),
                kind="base",
                version=version.id,
                parent=last,
                delta=delta,
            )
        )

    def _recover(self, manifests: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Make versions that the record has and the disk has not, and point to the last."""
        entries = self.record.entries()
        for leftover in (self.home / "versions").glob(".new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if not entries:
            return
        known = {version.id for version in self.versions.versions()}
        for entry in entries:
            if entry.version not in known and entry.parent in known:
                self._make_again(entry, manifests.get(entry.version))
                known.add(entry.version)
        last = entries[-1]
        try:
            current = self.versions.current().id
        except VersionNotFound:
            current = ""
        if last.kind != "base" and current in ("", last.parent) and last.version in known:
            self.versions.point_to(last.version)

    def _make_again(self, entry: Entry, told: bytes | None) -> None:
        parent = self.versions.get(entry.parent or "")
        delta = self.record.delta(entry)
        prepared, version_id = self._prepared(parent, delta)
        if version_id != entry.version:
            shutil.rmtree(prepared, ignore_errors=True)
            raise RecordError(f"Version {entry.version[:12]} cannot be made again.")
        manifest = told or _manifest(parent.manifest, entry, delta, {}).to_json().encode()
        _write(prepared / "manifest.json", manifest)
        _write(prepared / "report.ttl", b"")
        self.versions.install(prepared, version_id, is_current=False)

    def _review(self, contribution: Contribution) -> str:
        """Keep a contribution for a curator; give the name that it waits under."""
        digest = self.record.keep(contribution.content)
        name = sha256(f"{contribution.address.iri} {digest}".encode()).hexdigest()[:16]
        folder = self.record.folder / "review"
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "graph": contribution.address.path,
            "kind": contribution.kind,
            "media_type": contribution.media_type,
            "original": digest,
        }
        _write(folder / f"{name}.json", json.dumps(told).encode())
        return name


def _pairs(told: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in told)


def _is_gone_again(contribution: Contribution) -> bool:
    return contribution.kind == "rollback" and not contribution.content


def _matches(header: str, tag: str | None) -> bool:
    """Tell whether a list of entity tags has the state of a graph; ``*`` is any state."""
    if header.strip() == "*":
        return tag is not None
    told = [
        one.strip().removeprefix("W/").strip('"').partition(".")[0] for one in header.split(",")
    ]
    return tag is not None and tag in told


def _manifest(parent: Manifest, entry: Entry, delta: Delta, told: dict[str, Any]) -> Manifest:
    """Tell what a version of a contribution is made of."""
    triples = dict(parent.triples)
    for lines, sign in ((delta.added, 1), (delta.removed, -1)):
        for line in lines:
            graph = line[line.rstrip(b" .\n").rfind(b"<") + 1 :].split(b">", 1)[0].decode()
            triples[graph] = triples.get(graph, 0) + sign
    validation = dict(parent.validation)
    for name in validation:
        came, went = told.get("counts", {}), told.get("went", {})
        validation[name] += came.get(name, 0) - went.get(name, 0)
    contribution = {
        name: str(value)
        for name, value in (
            ("partner", entry.partner), ("graph", entry.graph), ("kind", entry.kind),
            ("sha256", entry.original or ""), ("time", entry.time),
        )
    }  # fmt: skip
    return Manifest(
        id=entry.version,
        created=entry.time,
        software=f"klustergraf {__version__}",
        sources=parent.sources,
        triples={graph: count for graph, count in sorted(triples.items()) if count},
        validation=validation,
        parent=entry.parent,
        contribution=contribution,
    )


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as exc:
        raise RecordError(f"The version cannot be written: {exc.strerror}.") from exc
