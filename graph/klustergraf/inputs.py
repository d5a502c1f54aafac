"""What a build depends on, as one digest: the same inputs need no second build.

The statements alone do not suffice: another rule, another quality query, another release of this
library or of the store that evaluates the rules may give another version.
"""

import platform
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

from klustergraf.resources import room
from klustergraf.sources.own import SourceFile

_PACKAGE: Final = Path(__file__).resolve().parent
_LIBRARIES: Final = ("pyoxigraph", "pyshacl", "rdflib")


def inputs_digest(files: Iterable[SourceFile]) -> str:
    """Digest the files, the queries and rules, and the software: SHA-256, hexadecimal.

    The order of the files makes no difference. The software is the text of this package's modules
    (in a checkout it changes without a new number), and the releases of what it computes with.
    """
    parts = [f"file {file.graph.value} {file.name} {file.sha256}" for file in files]
    parts += [f"library {name} {version(name)}" for name in _LIBRARIES]
    parts.append(f"python {platform.python_version()}")
    queries = room("queries")
    for name, paths in (
        ("query", queries.rglob("*.rq")),
        ("module", _PACKAGE.rglob("*.py")),
    ):
        parts += [f"{name} {path.name} {sha256(path.read_bytes()).hexdigest()}" for path in paths]
    return sha256("\n".join(sorted(parts)).encode()).hexdigest()
