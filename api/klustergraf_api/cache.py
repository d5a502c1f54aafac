"""Answers kept in memory: complete ones only, the longest unused given up first."""

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

# What is known of the memory an entry takes beside its bytes.
_ENTRY_BYTES: Final = 512
_VOLATILE = re.compile(r"(?:RAND|NOW|UUID)[\s(#]|SERVICE|\\u", re.IGNORECASE)

# Found in capitals much faster than by the pattern, which then tells whether it is the word.
_VOLATILE_PARTS: Final = ("RAND", "NOW", "UUID", "SERVICE", "\\U")


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A whole answer, as it is sent. ``headers`` are those that belong to it alone."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    kind: str


class AnswerCache:
    """Answers by their version, query, parameters and representation, bounded by bytes.

    >>> cache = AnswerCache(most_bytes=2000, largest_bytes=1000)
    >>> for name in ("a", "b", "c"):
    ...     cache.put(name, StoredAnswer(b"x" * 300, (), "boolean"), 1)
    >>> [name for name in ("a", "b", "c") if cache.get(name)]
    ['b', 'c']
    """

    def __init__(self, *, most_bytes: int, largest_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._largest_bytes = min(largest_bytes, most_bytes)
        self._answers: OrderedDict[Hashable, tuple[StoredAnswer, int]] = OrderedDict()
        self.bytes_kept = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._answers

    def takes(self, size: int) -> bool:
        """Tell whether an answer of this size may be kept."""
        return size <= self._largest_bytes and self._most_bytes > 0

    def get(self, key: Hashable) -> StoredAnswer | None:
        """Find an answer."""
        found = self._answers.get(key)
        if found is None:
            self.misses += 1
            return None
        self._answers.move_to_end(key)
        self.hits += 1
        return found[0]

    def find(self, key: Hashable) -> StoredAnswer | None:
        """Find an answer where one is not expected: what is not there is no miss."""
        return self.get(key) if key in self._answers else None

    def put(self, key: Hashable, answer: StoredAnswer, key_size: int) -> None:
        """Keep a whole answer, and give up others for it; not one that is too large."""
        size = len(answer.body) + key_size + _ENTRY_BYTES
        if not self.takes(len(answer.body)) or size > self._most_bytes:
            return
        self._forget(key)
        while self.bytes_kept + size > self._most_bytes:
            self._forget(next(iter(self._answers)))
        self._answers[key] = (answer, size)
        self.bytes_kept += size

    def clear(self) -> None:
        """Give up every answer: there is a new version."""
        self._answers.clear()
        self.bytes_kept = 0

    def _forget(self, key: Hashable) -> None:
        _, size = self._answers.pop(key, (None, 0))
        self.bytes_kept -= size


def is_repeatable(query: str) -> bool:
    """Tell whether a query gives the same answer whenever it is asked of one version.

    Unsure about what escapes hide, it says no.

    >>> is_repeatable("SELECT (NOW() AS ?now) {}"), is_repeatable("SELECT * { ?s foaf:knows ?o }")
    (False, True)
    """
    capitals = query.upper()
    return not any(part in capitals for part in _VOLATILE_PARTS) or _VOLATILE.search(query) is None
