"""The paths of all things of a version, for the sitemap: in files that a sitemap may hold."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from klustergraf.namespaces import BASE, ID
from klustergraf.version import Version

THINGS: Final = "things-1"
MOST_PER_FILE: Final = 50_000  # sitemaps.org: a sitemap has no more than so many addresses

_START: Final = f"<{ID}".encode()


def make_things(version: Version, folder: Path) -> None:
    """List the things of a version, a path per line, into files ``0.txt`` …; a derivation."""
    last, paths, number = b"", list[str](), 0
    with version.dataset_path.open("rb") as dataset:
        for line in dataset:
            subject = line.split(b" ", 1)[0]
            if subject == last or not subject.startswith(_START):
                continue
            last = subject
            iri = subject[1:-1].decode()
            if "#" not in iri and "?" not in iri:
                paths.append(quote(iri.removeprefix(BASE), safe="/%:@!$&'()*+,;=~-._"))
            if len(paths) == MOST_PER_FILE:
                _write(folder, number, paths)
                paths, number = [], number + 1
    if paths or not number:
        _write(folder, number, paths)


def _write(folder: Path, number: int, paths: list[str]) -> None:
    (folder / f"{number}.txt").write_text("".join(f"{p}\n" for p in paths), encoding="ascii")


def thing_files(version: Version) -> list[Path]:
    """Give the files of :func:`make_things`, in order; made now if they are missing."""
    folder = version.derived(THINGS, make_things)
    return sorted(folder.glob("*.txt"), key=lambda path: int(path.stem))
