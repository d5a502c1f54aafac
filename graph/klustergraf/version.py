"""A version: the whole dataset, frozen, and named by its content.

Files of a version, under ``<home>/versions/<id>/``:

``dataset.nq``     every named graph, as canonical N-Quads sorted by code point, UTF-8
``manifest.json``  what it is made of (:class:`Manifest`)
``report.ttl``     the SHACL validation report that let it pass
``derived/``       what was computed from the dataset, and can be made again at any time

``<id>`` is the SHA-256 of ``dataset.nq`` in hexadecimal. ``<home>/current`` names the version that
is served. A version directory appears whole or not at all: it is written beside and renamed.
``<home>/builds/<digest of the inputs>`` names the version that was made of them.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Quad,
    RdfFormat,
    serialize,
)

from klustergraf.errors import VersionNotFound

DATASET = "dataset.nq"
MANIFEST = "manifest.json"
REPORT = "report.ttl"
DERIVED = "derived"


def serialise_dataset(quads: Iterable[Quad]) -> bytes:
    """Write quads as canonical N-Quads: one per line, sorted by code point, no line twice.

    Blank nodes get the labels of RDF Dataset Canonicalization (RDFC-1.0), which depend only on the
    statements that mention them; so only those go through the algorithm.
    """
    ground, with_blank_nodes = apart(quads)
    lines = _lines(ground) + canonical_blank_nodes(with_blank_nodes)
    return b"".join(sorted(set(lines)))


def apart(quads: Iterable[Quad]) -> tuple[list[Quad], list[Quad]]:
    """Tell statements without blank nodes from those with."""
    ground: list[Quad] = []
    with_blank_nodes: list[Quad] = []
    for quad in quads:
        is_blank = any(
            isinstance(t, BlankNode) for t in (quad.subject, quad.object, quad.graph_name)
        )
        (with_blank_nodes if is_blank else ground).append(quad)
    return ground, with_blank_nodes


def canonical_blank_nodes(quads: Iterable[Quad]) -> list[bytes]:
    """Write statements as lines of N-Quads, their blank nodes labelled by RDFC-1.0."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return _lines(dataset)


def _lines(quads: Iterable[Quad]) -> list[bytes]:
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)


def version_id(blocks: Iterable[bytes]) -> str:
    """Name a dataset by its content: the SHA-256 of its blocks, one after the other."""
    digest = sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def default_home() -> Path:
    """Return the folder of versions when no setting names one: the platform's user data folder."""
    return Path(platformdirs.user_data_path("klustergraf", appauthor=False))


@dataclass(frozen=True)
class SourceRecord:
    """One input file of a version. ``sha256`` is of its bytes; ``path`` is relative to its room."""

    graph: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a version is made of.

    ``id``: SHA-256 of the dataset; ``created``: time of the build, ISO 8601 UTC (not part of the
    id); ``triples``: number of statements by named graph IRI; ``validation``: number of results by
    severity (``violation``, ``warning``, ``info``). Of a version that a contribution made,
    ``parent`` is the version before it and ``contribution`` says whose it was (``partner``,
    ``graph``, ``kind``, ``sha256`` of what was sent, ``time``).
    """

    id: str
    created: str
    software: str
    sources: tuple[SourceRecord, ...] = ()
    triples: Mapping[str, int] = field(default_factory=dict)
    validation: Mapping[str, int] = field(default_factory=dict)
    parent: str | None = None
    contribution: Mapping[str, str] | None = None

    def to_json(self) -> str:
        """Serialise the manifest, keys sorted."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what :meth:`to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        data["sources"] = tuple(SourceRecord(**record) for record in data["sources"])
        return cls(**data)


@dataclass(frozen=True)
class Version:
    """One version on disk."""

    path: Path

    @property
    def id(self) -> str:
        """The SHA-256 of the dataset, hexadecimal."""
        return self.path.name

    @property
    def dataset_path(self) -> Path:
        """The dataset as sorted N-Quads."""
        return self.path / DATASET

    @property
    def report_path(self) -> Path:
        """The SHACL report, Turtle."""
        return self.path / REPORT

    @property
    def manifest(self) -> Manifest:
        """What this version is made of, read from its file."""
        return Manifest.from_json((self.path / MANIFEST).read_text(encoding="utf-8"))

    def derived(self, name: str, make: Callable[["Version", Path], None]) -> Path:
        """Return the folder of what is computed from this version, and make it when it is missing.

        ``make`` gets the version and an empty folder to fill, which appears under
        ``derived/<name>`` whole or not at all; of several processes, one makes it and the others
        wait. A name says what it is and in which layout: another layout, another name.
        Errors: those of ``make``; nothing is left then.
        """
        target = self.path / DERIVED / name
        if target.is_dir():
            return target
        target.parent.mkdir(exist_ok=True)
        with (target.parent / f".{name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if target.is_dir():
                return target
            beside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
            try:
                make(self, beside)
                beside.chmod(0o755)
                beside.rename(target)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
        return target


class VersionStore:
    """The versions of one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def _versions(self) -> Path:
        return self.home / "versions"

    @property
    def _builds(self) -> Path:
        return self.home / "builds"

    def versions(self) -> list[Version]:
        """List every version, the newest build first; none that is still being made."""
        if not self._versions.is_dir():
            return []
        made = [path for path in self._versions.iterdir() if not path.name.startswith(".")]
        found = [Version(path) for path in made if (path / MANIFEST).is_file()]
        return sorted(found, key=lambda version: version.manifest.created, reverse=True)

    def get(self, name: str) -> Version:
        """Find a version by its id or an unambiguous beginning of at least 7 characters.

        Errors: VersionNotFound.
        """
        fitting = [v for v in self.versions() if len(name) >= 7 and v.id.startswith(name)]
        if len(fitting) != 1:
            raise VersionNotFound(name, str(self.home))
        return fitting[0]

    def current(self) -> Version:
        """Return the version that is served.

        Errors: VersionNotFound when nothing was built yet.
        """
        pointer = self.home / "current"
        if not pointer.is_file():
            raise VersionNotFound("current", str(self.home))
        return self.get(pointer.read_text(encoding="ascii").strip())

    def built_from(self, inputs: str) -> Version | None:
        """Return the version that was made of the same inputs, and make it the current one.

        ``inputs`` is a digest of all that a build depends on (:mod:`klustergraf.inputs`).
        """
        note = self._builds / inputs
        try:
            version = self.get(note.read_text(encoding="ascii").strip())
        except (OSError, VersionNotFound):
            return None
        self.point_to(version.id)
        return version

    def note_inputs(self, inputs: str, version: Version) -> None:
        """Remember what a version was made of, for :meth:`built_from`."""
        self._builds.mkdir(parents=True, exist_ok=True)
        self._replace(self._builds / inputs, version.id)

    def add(self, dataset: bytes | Sequence[bytes], manifest: Manifest, report: bytes) -> Version:
        """Store a version and make it the current one; both steps are atomic and durable.

        ``dataset`` is canonical N-Quads, whole or in blocks that follow each other. Storing the
        same content again keeps the first manifest: a version is immutable.
        """
        blocks = [dataset] if isinstance(dataset, bytes) else dataset
        if version_id(blocks) != manifest.id:
            raise ValueError("a version is named by its content: the manifest's id is another")
        target = self._versions / manifest.id
        self._versions.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            beside = Path(tempfile.mkdtemp(prefix=".new-", dir=self._versions))
            try:
                _write_durably(beside / DATASET, *blocks)
                _write_durably(beside / REPORT, report)
                _write_durably(beside / MANIFEST, manifest.to_json().encode())
                beside.chmod(0o755)
                beside.rename(target)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
            _sync_directory(self._versions)
        self.point_to(manifest.id)
        return Version(target)

    def install(self, prepared: Path, version_id: str, *, is_current: bool = True) -> Version:
        """Put a prepared folder of a version in its place, and make it the current one.

        It must lie in the folder of versions. Another of the same content stays as it is.
        """
        target = self._versions / version_id
        if target.exists():
            shutil.rmtree(prepared)
        else:
            prepared.chmod(0o755)
            prepared.rename(target)
        if is_current:
            self.point_to(version_id)
        return Version(target)

    def point_to(self, version_id: str) -> None:
        """Make a version the current one."""
        self._replace(self.home / "current", version_id)

    @staticmethod
    def _replace(pointer: Path, version_id: str) -> None:
        handle, name = tempfile.mkstemp(prefix=f".{pointer.name[:20]}-", dir=pointer.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(version_id.encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(pointer)
        _sync_directory(pointer.parent)


def _write_durably(path: Path, *blocks: bytes) -> None:
    with path.open("wb") as file:
        file.writelines(blocks)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
