"""Where the ontology, the shapes, the queries and the graph's own statements lie.

The only module that knows. In a checkout they are the top-level folders; in an installed wheel
they lie under ``klustergraf/_data``.
"""

from pathlib import Path
from typing import Literal

_PACKAGED = Path(__file__).resolve().parent / "_data"
_CHECKOUT = Path(__file__).resolve().parents[2]

Room = Literal["ontology", "shapes", "queries", "data"]
_IN_CHECKOUT: dict[Room, str] = {
    "ontology": "ontology",
    "shapes": "shapes",
    "queries": "queries",
    "data": "graph/data",
}


def room(name: Room) -> Path:
    """Return the folder that holds one room's files."""
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _CHECKOUT / _IN_CHECKOUT[name]
