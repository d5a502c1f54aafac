"""A copy of the record in one file, from which the same versions are made again.

It holds the log, every file that the log names, the first version that contributions changed, and
the manifests of the others. Tokens are not in it: one that was revoked since would be good again.
"""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from klustergraf.contributions.desk import Desk
from klustergraf.contributions.record import FOLDER, Entry, Record, sync_folder
from klustergraf.errors import RecordError, VersionNotFound
from klustergraf.version import VersionStore

_LOG: Final = "log.jsonl"


def back_up(home: Path, target: Path) -> int:
    """Write the record as it is into a file (tar, gzip); give the number of its changes.

    What is accepted while this runs may be in the copy or not, and never half: files do not change
    once they are named in the log, and the log is read first.
    Errors: RecordError when there is nothing, or it cannot be read or written.
    """
    try:
        log = (home / FOLDER / _LOG).read_bytes()
    except FileNotFoundError as exc:
        raise RecordError("There are no contributions yet, so there is nothing to keep.") from exc
    log = log[: log.rfind(b"\n") + 1]
    record = Record(home)
    entries = record.entries()[: log.count(b"\n")]
    versions = VersionStore(home)
    handle, name = tempfile.mkstemp(prefix=".backup-", dir=target.parent)  # mode 0600
    written = Path(name)
    try:
        with open(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as tar:  # noqa: PTH123
            _add(tar, _LOG, log)
            for digest in sorted(set(_digests(entries))):
                _add(tar, f"files/{digest}", record.read(digest))
            for version_id in sorted({entry.version for entry in entries}):
                version = versions.get(version_id)
                _add(
                    tar,
                    f"versions/{version_id}.json",
                    (version.path / "manifest.json").read_bytes(),
                )
            first = versions.get(entries[0].version)
            tar.add(first.dataset_path, f"versions/{first.id}.nq")
        written.replace(target)
        sync_folder(target.parent)
    except (OSError, VersionNotFound) as exc:
        raise RecordError(f"The backup cannot be written: {exc}.") from exc
    finally:
        written.unlink(missing_ok=True)
    return len(entries)


def restore(source: Path, home: Path) -> str:
    """Put a copy of the record into a home that has none; give the version that is served then.

    Every version that the record names is made again, and has the same id.
    Errors: RecordError when the home has contributions, or the file is not what it should be.
    """
    folder = home / FOLDER
    if (folder / _LOG).exists():
        raise RecordError(f"{home} has contributions already. Restore into an empty folder.")
    record = Record(home)
    versions = VersionStore(home)
    manifests: dict[str, bytes] = {}
    dataset: tuple[str, Path] | None = None
    log = b""
    with tempfile.TemporaryDirectory(prefix="klustergraf-") as scratch:
        try:
            with tarfile.open(source, "r:gz") as tar:
                for member in tar:
                    path = PurePosixPath(member.name)
                    content = tar.extractfile(member)
                    if content is None:
                        raise RecordError(f"{source.name} has something unknown: {member.name}.")
                    if member.name == _LOG:
                        log = content.read()
                    elif path.parent.name == "files":
                        if record.keep(content.read()) != path.name:
                            raise RecordError(f"{source.name} is damaged: {member.name}.")
                    elif path.suffix == ".json":
                        manifests[path.stem] = content.read()
                    elif path.suffix == ".nq":
                        dataset = (path.stem, Path(scratch) / "dataset.nq")
                        with dataset[1].open("wb") as out:
                            while piece := content.read(1 << 20):
                                out.write(piece)
        except (OSError, EOFError, tarfile.TarError) as exc:
            raise RecordError(f"{source.name} cannot be read as a backup: {exc}.") from exc
        if not log or dataset is None:
            raise RecordError(f"{source.name} is no backup of contributions.")
        desk = Desk(home)
        desk.restore(log, *dataset, manifests)
    return versions.current().id


def _digests(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (d for d in (entry.original, entry.statements, entry.delta) if d is not None)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    tar.addfile(member, io.BytesIO(content))
