"""The triples of a version as columns of integers, in memory that every worker sees.

The store walks from triple to triple; a query that groups half a million of them spends its time
on the way. Here each predicate has its triples as two columns of integers, sorted by subject and
by object, and joins, filters and groups are array operations. The vertical partition of triples
by predicate is that of Abadi et al., VLDB 2007; the dictionary is as in Neumann and Weikum,
RDF-3X, VLDB 2008.

A process of its own fills them (:mod:`klustergraf.engine.columns.making`); until it is done, and
wherever they do not serve, the store answers.
"""

import bisect
import contextlib
import json
import mmap
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint32]
_Array = npt.NDArray[Any]

# In front of the arrays: where their description begins, and its size; zeros until all is there.
_HEAD: Final = struct.Struct("<QQ")
_ALIGNED_BYTES: Final = 64
_MAP_NORESERVE: Final = 0x4000  # of Linux; Python names it from 3.13 on only
# Of a decimal, as many digits as keep the sum of a million amounts of a thousand billion exact.
DIGITS: Final = 4
NO_NUMBER: Final = np.iinfo(np.int64).min
_XSD: Final = b"^^<http://www.w3.org/2001/XMLSchema#"
DECIMAL: Final = _XSD + b"decimal>"
NUMERIC: Final = frozenset((DECIMAL, _XSD + b"integer>"))
DATE: Final = _XSD + b"date>"
_NUMBER: Final = re.compile(rb"(-?)([0-9]{1,12})(?:\.([0-9]{1,%d}))?" % DIGITS)
_DATE: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Pairs:
    """The triples of one predicate, twice, in columns of one length.

    ``subjects`` and ``objects`` are sorted by subject, then object; ``by_object`` and
    ``by_object_subjects`` by object, then subject.
    ``distinct_subjects`` and ``distinct_objects``: how many different ones there are.
    """

    subjects: Ids
    objects: Ids
    by_object: Ids
    by_object_subjects: Ids
    distinct_subjects: int
    distinct_objects: int


@dataclass(frozen=True)
class Terms:
    """The terms of a dataset, numbered so that those that sort together stand together.

    ``text``: their N-Triples forms one after the other, bytes; ``starts``: where each begins, and
    the end of the last. First come the blank nodes, then the IRIs in the order of their code
    points, then the literals. ``first_iri`` and ``first_literal`` are the numbers where those
    begin. ``suffixes``: of each literal the number of what stands behind its quotes in
    ``suffix_texts``. ``numbers``: as :func:`number_of` tells. ``has_letters_that_become_ascii``:
    whether one has a letter beyond ASCII whose small letter is in it.
    """

    text: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    first_iri: int
    first_literal: int
    suffixes: npt.NDArray[np.uint16]
    numbers: npt.NDArray[np.int64]
    suffix_texts: tuple[bytes, ...]
    has_letters_that_become_ascii: bool

    def __len__(self) -> int:
        return len(self.starts) - 1

    def term(self, number: int) -> bytes:
        """Give a term in its N-Triples form."""
        return self.text[self.starts[number] : self.starts[number + 1]].tobytes()

    def texts(self, numbers: Ids) -> list[str]:
        """Give terms in their N-Triples forms."""
        text = self.text.data
        begins, ends = self.starts[numbers].tolist(), self.starts[1:][numbers].tolist()
        return [str(text[begin:end], "utf-8") for begin, end in zip(begins, ends, strict=True)]

    def find(self, term: bytes) -> int | None:
        """Give the number of a term in its N-Triples form; None if the dataset does not have it."""
        place = self.place(term)
        return place if place < len(self) and self.term(place) == term else None

    def place(self, term: bytes) -> int:
        """Give the number of the first term that does not sort before one."""
        return bisect.bisect_left(
            range(len(self)), sort_key(term), key=lambda number: sort_key(self.term(number))
        )


def sort_key(term: bytes) -> tuple[int, bytes]:
    """Give what terms are sorted by: blank nodes, then IRIs by code point, then literals.

    >>> sort_key(b"<http://e/a>") < sort_key(b"<http://e/a/b>") < sort_key(b'"a"')
    True
    """
    if term.startswith(b"_"):
        return 0, term
    if term.startswith(b"<"):
        # Without its end: of two IRIs of which one goes on, that is the later.
        return 1, term[:-1]
    return 2, term


def number_of(text: bytes, suffix: bytes) -> int:
    """Give what a literal is compared and added up by; NO_NUMBER where that is not exact.

    Of an integer or decimal its value times 10^DIGITS, of a date without a time zone its day.

    >>> number_of(b"12.5", DECIMAL), number_of(b"2026-13-01", DATE) == NO_NUMBER
    (125000, True)
    """
    if suffix in NUMERIC and (match := _NUMBER.fullmatch(text)):
        sign, whole, fraction = match.groups(b"")
        value = int(whole + fraction.ljust(DIGITS, b"0"))
        return -value if sign else value
    if suffix == DATE and _DATE.fullmatch(text):
        with contextlib.suppress(ValueError):  # no day of the calendar
            return date.fromisoformat(text.decode()).toordinal()
    return NO_NUMBER


@dataclass(frozen=True)
class Table:
    """A dataset as columns: its terms, and of each predicate (by its IRI) the triples."""

    terms: Terms
    predicates: Mapping[str, Pairs]


class Place:
    """Memory for a table, which the process that makes it and those that read it share."""

    def __init__(self, most_bytes: int) -> None:
        # Pages that nobody has written to take no memory, and none is set aside for them.
        flags = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        self._memory = mmap.mmap(-1, most_bytes, flags=flags)
        self._most_bytes = most_bytes
        self._table: Table | None = None

    def put(self, table: Table) -> bool:
        """Store a table; tell whether there was room for it. Readers see all of it or nothing."""
        arrays: list[_Array] = []

        def noted(array: _Array) -> int:
            arrays.append(array)
            return len(arrays) - 1

        terms = {
            field.name: noted(value)
            for field in fields(Terms)
            if isinstance(value := getattr(table.terms, field.name), np.ndarray)
        }
        told: dict[str, Any] = {
            "terms": terms,
            "first_iri": table.terms.first_iri,
            "first_literal": table.terms.first_literal,
            "has_letters": table.terms.has_letters_that_become_ascii,
            "suffix_texts": [text.decode() for text in table.terms.suffix_texts],
            "predicates": {
                iri: [
                    noted(pairs.subjects),
                    noted(pairs.objects),
                    noted(pairs.by_object),
                    noted(pairs.by_object_subjects),
                    (pairs.distinct_subjects, pairs.distinct_objects),
                ]
                for iri, pairs in table.predicates.items()
            },
        }
        position = _ALIGNED_BYTES
        told["arrays"] = places = []
        for array in arrays:
            places.append((array.dtype.str, position, len(array)))
            position += -(-array.nbytes // _ALIGNED_BYTES) * _ALIGNED_BYTES
        description = json.dumps(told).encode()
        if position + len(description) > self._most_bytes:
            return False
        for array, (_, begin, _) in zip(arrays, places, strict=True):
            self._memory[begin : begin + array.nbytes] = array.tobytes()
        self._memory[position : position + len(description)] = description
        self._memory[: _HEAD.size] = _HEAD.pack(position, len(description))
        return True

    @property
    def size(self) -> int:
        """How many bytes the table takes."""
        return sum(_HEAD.unpack(self._memory[: _HEAD.size]))

    def table(self) -> Table | None:
        """Give the table; None as long as it is not there."""
        if self._table is None:
            begin, size = _HEAD.unpack(self._memory[: _HEAD.size])
            if size:
                self._table = self._read(json.loads(self._memory[begin : begin + size]))
        return self._table

    def _read(self, told: dict[str, Any]) -> Table:
        arrays = [
            np.frombuffer(self._memory, dtype=dtype, count=count, offset=begin)
            for dtype, begin, count in told["arrays"]
        ]
        terms = Terms(
            **cast(Any, {name: arrays[index] for name, index in told["terms"].items()}),
            first_iri=told["first_iri"],
            first_literal=told["first_literal"],
            suffix_texts=tuple(text.encode() for text in told["suffix_texts"]),
            has_letters_that_become_ascii=told["has_letters"],
        )
        predicates = {
            iri: Pairs(*(arrays[index] for index in columns), *counts)
            for iri, (*columns, counts) in told["predicates"].items()
        }
        return Table(terms, predicates)
