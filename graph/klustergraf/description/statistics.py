"""What a version holds, counted in one pass: graphs, classes, properties, links to others.

A dataset is sorted, so all statements of a subject in it stand together: distinct subjects are
counted without remembering them.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from klustergraf.namespaces import BASE, ID, RDF, SCHEMA
from klustergraf.version import Version

STATISTICS: Final = "statistics-2"
_FILE: Final = "statistics.json"
_TYPE: Final = f"<{RDF}type>".encode()
_OWN: Final = f"<{BASE}".encode()
_THING: Final = f"<{ID}".encode()
_DATES: Final = (f"<{SCHEMA}startDate>".encode(), f"<{SCHEMA}endDate>".encode())
_YEAR: Final = re.compile(rb'"(\d{4})[-"]')


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
    host of the IRIs of others), how many statements lead there from things of ours; ``years``:
    the first and the last year in which something starts or ends, or nothing.
    """

    triples: int = 0
    subjects: int = 0
    objects: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, PropertyStatistics] = field(default_factory=dict)
    links: dict[str, dict[str, int]] = field(default_factory=dict)
    years: list[str] = field(default_factory=list)


class _Use:
    """Counts the use of a property in a graph while its statements come by, sorted by subject."""

    __slots__ = ("is_type", "kinds", "links", "objects", "subject", "subjects", "triples")

    def __init__(self, predicate: bytes) -> None:
        self.triples = 0
        self.subjects = 0
        self.subject = b""
        self.objects: set[bytes] = set()
        self.is_type = predicate == _TYPE
        self.kinds: Counter[bytes] = Counter()
        self.links: Counter[str] = Counter()


def count_statements(lines: Iterable[bytes]) -> dict[str, GraphStatistics]:
    """Count the statements of sorted N-Quads by the IRI of their graph ("": the unnamed one).

    >>> lines = [b'<x:a> <x:p> "1" <x:g> .', b'<x:a> <x:p> "2" <x:g> .']
    >>> found = count_statements(lines)["x:g"]
    >>> found.triples, found.subjects, found.properties["x:p"].objects
    (2, 1, 2)
    """
    uses: dict[tuple[bytes, bytes], _Use] = {}
    subjects: Counter[bytes] = Counter()
    last: dict[bytes, bytes] = {}
    targets: dict[bytes, str] = {}
    for line in lines:
        subject, predicate, rest = line.split(b" ", 2)
        pieces = rest.rsplit(b" ", 2)
        # What stands before the full stop is a graph, unless it is the object or the end of one:
        # the last word of a literal has its closing quotation mark, and no graph has one.
        if len(pieces) == 3 and b'"' not in pieces[1]:
            value, graph = pieces[0], pieces[1]
        else:
            value, graph = rest.rsplit(b" ", 1)[0], b"<>"
        use = uses.get((predicate, graph))
        if use is None:
            use = uses[predicate, graph] = _Use(predicate)
        use.triples += 1
        use.objects.add(value)
        if use.subject != subject:
            use.subject = subject
            use.subjects += 1
            if last.get(graph) != subject:
                last[graph] = subject
                subjects[graph] += 1
        if use.is_type:
            use.kinds[value] += 1
        elif value.startswith(b"<h") and subject.startswith(_THING) and not value.startswith(_OWN):
            target = targets.get(value)
            if target is None:
                target = targets[value] = _target(value)
            use.links[target] += 1
    return {
        graph[1:-1].decode(): _result(
            subjects[graph], {name: use for (name, of), use in sorted(uses.items()) if of == graph}
        )
        for graph in sorted(subjects)
    }


def _target(value: bytes) -> str:
    parts = urlsplit(value[1:-1].decode())
    return f"{parts.scheme}://{parts.netloc}/"


def _result(subjects: int, uses: dict[bytes, _Use]) -> GraphStatistics:
    return GraphStatistics(
        triples=sum(use.triples for use in uses.values()),
        subjects=subjects,
        objects=len(set[bytes]().union(*(use.objects for use in uses.values()))),
        classes={
            kind[1:-1].decode(): count
            for use in uses.values()
            for kind, count in sorted(use.kinds.items())
            if kind.startswith(b"<")
        },
        properties={
            name[1:-1].decode(): PropertyStatistics(use.triples, use.subjects, len(use.objects))
            for name, use in uses.items()
        },
        links={
            name[1:-1].decode(): dict(sorted(use.links.items()))
            for name, use in uses.items()
            if use.links
        },
        years=_years(value for name in _DATES if name in uses for value in uses[name].objects),
    )


def _years(dates: Iterable[bytes]) -> list[str]:
    found = sorted(year[1].decode() for date in dates if (year := _YEAR.match(date)))
    return [found[0], found[-1]] if found else []


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
