"""What a version holds, counted in one pass: graphs, classes, properties, links to others.

A dataset is sorted, so all statements of a subject in it stand together: distinct subjects are
counted without remembering them.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from klustergraf.namespaces import BASE, ID, RDF
from klustergraf.version import Version

STATISTICS: Final = "statistics-1"
_FILE: Final = "statistics.json"
_TYPE: Final = f"<{RDF}type>".encode()
_OWN: Final = f"<{BASE}".encode()
_THING: Final = f"<{ID}".encode()


@dataclass
class PropertyStatistics:
    """How a property is used in a graph."""

    triples: int = 0
    subjects: int = 0
    objects: int = 0


@dataclass
class GraphStatistics:
    """What a named graph holds.

    ``classes``: distinct instances by class; ``links``: by predicate and target (the scheme and
    host of the IRIs of others), how many statements lead there from things of ours.
    """

    triples: int = 0
    subjects: int = 0
    objects: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, PropertyStatistics] = field(default_factory=dict)
    links: dict[str, dict[str, int]] = field(default_factory=dict)


class _Counting:
    """Counts one graph while its statements come by, sorted by subject and predicate."""

    def __init__(self) -> None:
        self.triples = 0
        self.subjects = 0
        self.last = b""
        self.objects: set[bytes] = set()
        self.classes: Counter[bytes] = Counter()
        self.used: dict[bytes, list[int]] = {}
        self.of_property: dict[bytes, set[bytes]] = {}
        self.last_subject: dict[bytes, bytes] = {}
        self.links: Counter[tuple[bytes, str]] = Counter()


def count_statements(lines: Iterable[bytes]) -> dict[str, GraphStatistics]:
    """Count the statements of sorted N-Quads by the IRI of their graph ("": the unnamed one).

    >>> lines = [b'<x:a> <x:p> "1" <x:g> .', b'<x:a> <x:p> "2" <x:g> .']
    >>> found = count_statements(lines)["x:g"]
    >>> found.triples, found.subjects, found.properties["x:p"].objects
    (2, 1, 2)
    """
    graphs: dict[bytes, _Counting] = {}
    targets: dict[bytes, str] = {}
    for line in lines:
        subject, predicate, rest = line.split(b" ", 2)
        pieces = rest.rsplit(b" ", 2)
        # The end of a literal is never a whole IRI: what is one before the full stop is a graph.
        if len(pieces) == 3 and pieces[1].startswith((b"<", b"_:")) and _is_term(pieces[0]):
            value, graph = pieces[0], pieces[1]
        else:
            value, graph = rest.rsplit(b" ", 1)[0], b"<>"
        counting = graphs.get(graph)
        if counting is None:
            counting = graphs[graph] = _Counting()
        counting.triples += 1
        if counting.last != subject:
            counting.last = subject
            counting.subjects += 1
        used = counting.used.get(predicate)
        if used is None:
            used = counting.used[predicate] = [0, 0]
            counting.of_property[predicate] = set()
        used[0] += 1
        if counting.last_subject.get(predicate) != subject:
            counting.last_subject[predicate] = subject
            used[1] += 1
        counting.of_property[predicate].add(value)
        counting.objects.add(value)
        if predicate == _TYPE:
            counting.classes[value] += 1
        elif value.startswith(b"<h") and subject.startswith(_THING) and value[:29] != _OWN[:29]:
            target = targets.get(value)
            if target is None:
                target = targets[value] = _target(value)
            counting.links[predicate, target] += 1
    return {graph[1:-1].decode(): _result(counting) for graph, counting in sorted(graphs.items())}


def _is_term(value: bytes) -> bool:
    """Tell whether this is a whole term: an IRI, a blank node, or a literal with its end."""
    if not value.startswith(b'"'):
        return b" " not in value
    _, quote, tail = value[1:].rpartition(b'"')
    return bool(quote) and (not tail or tail.startswith((b"@", b"^^<")))


def _target(value: bytes) -> str:
    parts = urlsplit(value[1:-1].decode())
    return f"{parts.scheme}://{parts.netloc}/"


def _result(counting: _Counting) -> GraphStatistics:
    links: dict[str, dict[str, int]] = defaultdict(dict)
    for (predicate, target), count in sorted(counting.links.items()):
        links[predicate[1:-1].decode()][target] = count
    return GraphStatistics(
        counting.triples,
        counting.subjects,
        len(counting.objects),
        {
            kind[1:-1].decode(): count
            for kind, count in sorted(counting.classes.items())
            if kind.startswith(b"<")
        },
        {
            name[1:-1].decode(): PropertyStatistics(
                triples, subjects, len(counting.of_property[name])
            )
            for name, (triples, subjects) in sorted(counting.used.items())
        },
        dict(links),
    )


def make_statistics(version: Version, folder: Path) -> None:
    """Count a version, into a folder; a derivation."""
    with version.dataset_path.open("rb") as file:
        counted = count_statements(file)
    document = {
        graph: {
            **vars(found),
            "properties": {name: vars(used) for name, used in found.properties.items()},
        }
        for graph, found in counted.items()
    }
    (folder / _FILE).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def read_statistics(version: Version) -> dict[str, GraphStatistics]:
    """Give what a version holds, by graph; counted now if it was not yet."""
    folder = version.derived(STATISTICS, make_statistics)
    document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    for found in document.values():
        found["properties"] = {
            name: PropertyStatistics(**used) for name, used in found["properties"].items()
        }
    return {graph: GraphStatistics(**found) for graph, found in document.items()}
