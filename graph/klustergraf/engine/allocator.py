"""Which memory allocator the keeper and its workers use.

A query makes and forgets a great many small things; glibc's allocator takes a quarter of its time
for that, and scatters what belongs together. So mimalloc is used where it is installed
(https://github.com/microsoft/mimalloc): it is loaded before everything else (``LD_PRELOAD``). A
library that does not fit this machine is passed over by the loader.
"""

from pathlib import Path
from typing import Final

SYSTEM: Final = "system"
AUTO: Final = "auto"
_FOLDERS: Final = ("/usr/local/lib", "/usr/lib", "/usr/lib64")
_NAMES: Final = ("libmimalloc.so.2", "*/libmimalloc.so.2", "libmimalloc.so.3", "*/libmimalloc.so.3")


def preloaded(allocator: str) -> dict[str, str]:
    """Give the variables with which a process uses an allocator.

    ``allocator``: ``auto`` is mimalloc where it is found, ``system`` that of the system; else the
    path of a library.
    """
    if allocator == SYSTEM:
        return {}
    library = Path(allocator) if allocator != AUTO else _mimalloc()
    return {} if library is None else {"LD_PRELOAD": str(library)}


def _mimalloc() -> Path | None:
    for folder in _FOLDERS:
        for name in _NAMES:
            found = sorted(Path(folder).glob(name))
            if found:
                return found[0]
    return None
