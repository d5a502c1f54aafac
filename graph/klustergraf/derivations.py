"""What is computed once for each version and kept with it: indexes, analyses, descriptions.

``klustergraf build`` makes all of it, and the service does before it serves a version, so that no
request waits for it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from klustergraf.analysis import storage
from klustergraf.aside import Aside
from klustergraf.description.statistics import STATISTICS, make_statistics
from klustergraf.description.things import THINGS, make_things
from klustergraf.description.vocabulary import VOCABULARY, make_vocabulary
from klustergraf.fresh import command
from klustergraf.memory import without_search_for_cycles
from klustergraf.search import SEARCH_INDEX, build_index
from klustergraf.version import Version

_NICENESS: Final = 10


@dataclass(frozen=True)
class Derivation:
    """One thing that is computed from a version.

    ``name``: what it is and in which layout, as a folder name (``search-1``); ``make`` fills an
    empty folder, from the version alone.
    """

    name: str
    make: Callable[[Version, Path], None]

    def folder(self, version: Version) -> Path:
        """Return the folder of a version's, and make it when it is missing."""
        return version.derived(self.name, self.make)


SEARCH: Final = Derivation(SEARCH_INDEX, build_index)

COUNTS: Final = Derivation(STATISTICS, make_statistics)
SITEMAP: Final = Derivation(THINGS, make_things)

NETWORK: Final = Derivation(storage.NAME, storage.make)

TERMS: Final = Derivation(VOCABULARY, make_vocabulary)

DERIVATIONS: tuple[Derivation, ...] = (SEARCH, NETWORK, COUNTS, SITEMAP, TERMS)


def derive_all(version: Version) -> None:
    """Make everything of a version that is missing, by two processes from both ends."""
    with without_search_for_cycles(), Aside(lambda: _make(DERIVATIONS, version)) as other:
        _make(reversed(DERIVATIONS), version)
        other.result()


def derive_beside(version: Version) -> str:
    """Make everything of a version that is missing, in processes that give way to this one.

    Gives what went wrong, "" when all of it was made.
    """
    told = subprocess.run(  # noqa: S603 - our own code, and no shell
        command("klustergraf.derivations", str(version.path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if not told.returncode:
        return ""
    reason = told.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return reason or f"it ended with status {told.returncode}"


def main() -> None:
    """Make everything of the version whose folder the argument names."""
    os.nice(_NICENESS)
    derive_all(Version(Path(sys.argv[1])))


def _make(some: Iterable[Derivation], version: Version) -> None:
    for derivation in some:
        derivation.folder(version)
