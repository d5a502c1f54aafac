"""What differs between two versions: statements added and removed, and in words.

Datasets are sorted N-Quads, so two of them are compared line by line in one walk, however large.
The difference is kept with the newer version (``derived/diff-1-<id of the older>``).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from klustergraf.namespaces import KG, RDF, RDFS
from klustergraf.version import DERIVED, Version

Part = Literal["added", "removed"]
PARTS: Final[tuple[Part, ...]] = ("removed", "added")

_LETTERS: Final[Mapping[Part, str]] = {"removed": "D", "added": "A"}
_SUMMARY: Final = "summary.json"
_TYPE: Final = f"<{RDF}type>".encode()
_LABEL: Final = f"<{RDFS}label>".encode()
_SUBCLASS: Final = f"<{RDFS}subClassOf>".encode()
_OWN: Final = f"<{KG}".encode()


@dataclass(frozen=True)
class Change:
    """How many things of one class came, went, or have other statements than before."""

    iri: str
    label: Mapping[str, str]
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Difference:
    """The difference from one version to another, as files.

    ``added`` and ``removed`` count statements; ``changes`` counts things by their class.
    """

    path: Path
    added: int
    removed: int
    changes: tuple[Change, ...]

    def lines(self, part: Part, offset: int = 0, limit: int | None = None) -> Iterator[str]:
        """Give statements that were added or removed, as sorted lines of N-Quads."""
        with (self.path / f"{part}.nq").open(encoding="utf-8", newline="\n") as file:
            end = None if limit is None else offset + limit
            for line in islice(file, offset, end):
                yield line.rstrip("\n")

    def patch(self, offset: int = 0, limit: int | None = None) -> Iterator[str]:
        """Give lines of an RDF Patch: ``D`` for what was removed, then ``A`` for what was added.

        ``offset`` and ``limit`` count over both.
        """
        for part in PARTS:
            for line in self.lines(part, offset, limit):
                yield f"{_LETTERS[part]} {line}"
                limit = limit - 1 if limit is not None else None
            offset = max(offset - (self.removed if part == "removed" else self.added), 0)

    def words(self, language: str) -> list[str]:
        """Tell the difference in words, the largest first; ``language`` is sv or en.

        The first line counts statements.
        """
        total = _TOTAL[language].format(added=self.added, removed=self.removed)
        told = []
        for change in self.changes:
            for how in ("added", "removed", "changed"):
                count = getattr(change, how)
                if count:
                    noun = _noun(change, count, language)
                    told.append((count, f"{count} {noun} {_VERBS[language][how]}"))
        return [total, *(text for _, text in sorted(told, key=lambda t: (-t[0], t[1])))]


_TOTAL: Final = {
    "sv": "{added} påståenden tillkom och {removed} togs bort",
    "en": "{added} statements added and {removed} removed",
}
_VERBS: Final = {
    "sv": {"added": "tillkom", "removed": "togs bort", "changed": "ändrades"},
    "en": {"added": "added", "removed": "removed", "changed": "changed"},
}
# Swedish plurals follow no rule that a program could apply; of other classes the label is told.
_SWEDISH_PLURALS: Final = {
    "aktör": "aktörer", "anläggning": "anläggningar", "avtal": "avtal",
    "avsiktsförklaring": "avsiktsförklaringar", "biobank": "biobanker", "bolag": "bolag",
    "evenemang": "evenemang", "forskningsinfrastruktur": "forskningsinfrastrukturer",
    "företag": "företag", "inkubator": "inkubatorer", "kluster": "kluster",
    "kommun": "kommuner", "medlemskap": "medlemskap", "namngiven graf": "namngivna grafer",
    "plats": "platser", "program": "program", "projekt": "projekt",
    "projektdeltagande": "projektdeltaganden",
    "samarbete": "samarbeten", "stiftelse": "stiftelser", "strategi": "strategier",
    "testbädd": "testbäddar", "universitet": "universitet",
}  # fmt: skip


def _noun(change: Change, count: int, language: str) -> str:
    label = change.label.get(language) or next(iter(change.label.values()), change.iri)
    if count == 1:
        return label
    if language == "sv":
        return _SWEDISH_PLURALS.get(label, f"({label})")
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return label[:-1] + "ies"
    return label if label.endswith("s") else label + "s"


def compare(before: Version, after: Version) -> Difference:
    """Give what differs from ``before`` to ``after``, and keep it with ``after``.

    >>> Difference(Path(), 0, 0, ()).words("en")
    ['0 statements added and 0 removed']
    """
    folder = after.derived(_folder(before), lambda _, into: _write(before, after, into))
    return _read(folder)


def known_difference(before: Version, after: Version) -> Difference | None:
    """Give what differs from ``before`` to ``after`` if the two were compared already."""
    folder = after.path / DERIVED / _folder(before)
    return _read(folder) if folder.is_dir() else None


def _folder(before: Version) -> str:
    return f"diff-1-{before.id}"


def _read(folder: Path) -> Difference:
    summary = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
    changes = tuple(Change(**change) for change in summary["changes"])
    return Difference(folder, summary["added"], summary["removed"], changes)


def _write(before: Version, after: Version, folder: Path) -> None:
    counts: Counter[str] = Counter()
    subjects: dict[Part, set[bytes]] = {"added": set(), "removed": set()}
    with (
        before.dataset_path.open("rb") as old,
        after.dataset_path.open("rb") as new,
        (folder / "added.nq").open("wb") as added,
        (folder / "removed.nq").open("wb") as removed,
    ):
        files = {"added": added, "removed": removed}
        for part, line in differing(old, new):
            files[part].write(line)
            counts[part] += 1
            subjects[part].add(line.split(b" ", 1)[0])
    changes = _changes(before, after, subjects["added"] | subjects["removed"])
    summary = {"added": counts["added"], "removed": counts["removed"], "changes": changes}
    text = json.dumps(summary, ensure_ascii=False, indent=1)
    (folder / _SUMMARY).write_text(text, encoding="utf-8")


def differing(old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[tuple[Part, bytes]]:
    """Walk two sorted sequences of lines together; give those that only one of them has.

    >>> list(differing([b"a", b"b"], [b"b", b"c"]))
    [('removed', b'a'), ('added', b'c')]
    """
    olds, news = iter(old), iter(new)
    left, right = next(olds, None), next(news, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(olds, None), next(news, None)
        elif right is None or (left is not None and left < right):
            yield "removed", left or b""
            left = next(olds, None)
        else:
            yield "added", right
            right = next(news, None)


def _changes(before: Version, after: Version, subjects: set[bytes]) -> list[dict[str, object]]:
    """Count the things among these subjects by their most specific classes of ours."""
    classes = _Classes()
    old = classes.read(before, subjects)
    new = classes.read(after, subjects)
    counts: dict[bytes, Counter[str]] = defaultdict(Counter)
    for subject in subjects:
        types, how = new.get(subject), "changed"
        if types is None:
            types, how = old.get(subject, set()), "removed"
        elif subject not in old:
            how = "added"
        for kind in classes.most_specific(types):
            counts[kind][how] += 1
    return [
        {
            "iri": kind[1:-1].decode(),
            "label": classes.labels.get(kind, {}),
            **{how: counted[how] for how in ("added", "removed", "changed")},
        }
        for kind, counted in sorted(counts.items())
    ]


class _Classes:
    """The classes of the ontology, as the datasets that were read state them."""

    def __init__(self) -> None:
        self.labels: dict[bytes, dict[str, str]] = defaultdict(dict)
        self._above: dict[bytes, set[bytes]] = defaultdict(set)

    def read(self, version: Version, subjects: set[bytes]) -> dict[bytes, set[bytes]]:
        """Give the classes of those of the subjects that have any statement in a version."""
        found: dict[bytes, set[bytes]] = {}
        with version.dataset_path.open("rb") as file:
            for line in file:
                subject, predicate, rest = line.split(b" ", 2)
                if subject in subjects:
                    types = found.setdefault(subject, set())
                    if predicate == _TYPE and rest.startswith(_OWN):
                        types.add(rest.split(b" ", 1)[0])
                if not subject.startswith(_OWN):
                    continue
                if predicate == _SUBCLASS:
                    self._above[subject].add(rest.split(b" ", 1)[0])
                elif predicate == _LABEL and b'"@' in rest:
                    text, _, tail = rest[1:].rpartition(b'"@')
                    self.labels[subject][tail.split(b" ", 1)[0].decode()] = text.decode()
        return found

    def most_specific(self, types: set[bytes]) -> set[bytes]:
        """Leave out the classes that stand above another of these."""
        above: set[bytes] = set()
        for kind in types:
            waiting, seen = list(self._above[kind]), set[bytes]()
            while waiting:
                one = waiting.pop()
                if one not in seen and one != kind:
                    seen.add(one)
                    waiting.extend(self._above.get(one, ()))
            above |= seen
        return types - above
