"""The shapes of European application profiles, as they are published.

They are not ours to ship: they are there where the folder lies beside the checkout.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from klustergraf.resources import room
from klustergraf.shacl import Report, validate

PROFILES: Final = sorted(
    (room("shapes").parent.parent / "shared/data/vocab/semic").glob("*SHACL.ttl")
)


def profile(name: str) -> Path | None:
    """Give the file of a profile by how its name begins ("dcat-ap"); None where it is not there."""
    return next((path for path in PROFILES if path.name.startswith(name)), None)


def validate_profile(quads: Iterable[ox.Quad], name: str) -> Report:
    """Validate statements by a profile, without the shapes of it that are not well-formed.

    What was left out stands in the report's log. Errors: FileNotFoundError where the profile is
    not there; ask :func:`profile` first.
    """
    path = profile(name)
    if path is None:
        raise FileNotFoundError(f"no shapes of {name} lie beside the checkout")
    return validate(quads, [path], lenient=True)
