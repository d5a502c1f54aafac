"""Make the columns of a dataset from its store."""

import io
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import IO, Any, Final, cast

import numpy as np
import pyoxigraph as ox

from klustergraf.engine.columns.table import (
    DATE,
    NO_NUMBER,
    NUMERIC,
    Ids,
    Pairs,
    Table,
    Terms,
    number_of,
    sort_key,
)
from klustergraf.engine.loading import Loaded

_BECOME_ASCII: Final = "\u0130\u212a"
_MOST_SUFFIXES: Final = np.iinfo(np.uint16).max


class _Reader(io.RawIOBase):
    """Where the store writes its triples to as N-Triples: numbers their terms."""

    def __init__(self) -> None:
        numbers: defaultdict[bytes, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        self.numbers = numbers
        self.subjects, self.predicates, self.objects = array("I"), array("I"), array("I")
        self._rest = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        # N-Triples has no line feed but at the end of a triple.
        complete, _, rest = bytes(data).rpartition(b"\n")
        if complete:
            self._take((self._rest + complete).split(b"\n"))
            self._rest = rest
        else:
            self._rest += rest
        return len(data)

    def _take(self, lines: Sequence[bytes]) -> None:
        numbers = self.numbers
        triples = [line.split(b" ", 2) for line in lines]
        self.subjects.extend([numbers[triple[0]] for triple in triples])
        self.predicates.extend([numbers[triple[1]] for triple in triples])
        self.objects.extend([numbers[triple[2][:-2]] for triple in triples])


def make_table(loaded: Loaded) -> Table | None:
    """Make the columns of the default graph of a dataset; None if they cannot tell all of it."""
    reader = _Reader()
    graphs: Sequence[Any] = [ox.DefaultGraph()]
    if loaded.is_union:
        # No triple stands in two graphs.
        graphs = [*loaded.store.named_graphs(), ox.DefaultGraph()]
    for graph in graphs:
        loaded.store.dump(cast(IO[bytes], reader), ox.RdfFormat.N_TRIPLES, from_graph=graph)
    if any(term.startswith(b"<<") for term in reader.numbers):
        return None  # a triple as a term: splitting at spaces misreads it
    ordered = sorted(reader.numbers, key=sort_key)
    terms = _terms(ordered)
    if terms is None:
        return None
    renumbered = np.empty(len(ordered), dtype=np.uint32)
    old = np.fromiter(map(reader.numbers.__getitem__, ordered), np.uint32, len(ordered))
    renumbered[old] = np.arange(len(ordered), dtype=np.uint32)
    subjects, predicates, objects = (
        renumbered[np.frombuffer(column, dtype=np.uint32)]
        for column in (reader.subjects, reader.predicates, reader.objects)
    )
    order = np.argsort(predicates, kind="stable")
    predicates = predicates[order]
    found, begins, counts = np.unique(predicates, return_index=True, return_counts=True)
    by_predicate = {}
    for predicate, begin, count in zip(found, begins, counts, strict=True):
        chosen = order[begin : begin + count]
        iri = terms.term(int(predicate))[1:-1].decode()
        by_predicate[iri] = _pairs(subjects[chosen], objects[chosen])
    return Table(terms, by_predicate)


def _pairs(subjects: Ids, objects: Ids) -> Pairs:
    forward = np.sort(_joined(subjects, objects))
    backward = np.sort(_joined(objects, subjects))
    columns = (*_parted(forward), *_parted(backward))
    return Pairs(*columns, _different(columns[0]), _different(columns[2]))


def _different(column: Ids) -> int:
    return int(np.count_nonzero(column[1:] != column[:-1])) + min(len(column), 1)


def _joined(first: Ids, second: Ids) -> Any:
    return (first.astype(np.uint64) << np.uint64(32)) | second


def _parted(both: Any) -> tuple[Ids, Ids]:
    return (both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32)


def _terms(ordered: Sequence[bytes]) -> Terms | None:
    """Make the dictionary of terms that are sorted; None with too many kinds of literals."""
    lengths = np.fromiter(map(len, ordered), np.int64, len(ordered))
    starts = np.zeros(len(ordered) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    first_iri = sum(term.startswith(b"_") for term in ordered)
    first_literal = first_iri + sum(term.startswith(b"<") for term in ordered)
    suffix_numbers: dict[bytes, int] = {}
    counted = NUMERIC | {DATE}
    suffixes = np.zeros(len(ordered), dtype=np.uint16)
    numbers = np.full(len(ordered), NO_NUMBER, dtype=np.int64)
    for index in range(first_literal, len(ordered)):
        term = ordered[index]
        end = term.rfind(b'"')
        suffix = term[end + 1 :]
        number = suffix_numbers.setdefault(suffix, len(suffix_numbers))
        if number > _MOST_SUFFIXES:
            return None
        suffixes[index] = number
        if suffix in counted:
            numbers[index] = number_of(term[1:end], suffix)
    joined = b"".join(ordered)
    has_letters = any(letter.encode() in joined for letter in _BECOME_ASCII)
    text = np.frombuffer(joined, dtype=np.uint8)
    return Terms(
        text,
        starts,
        first_iri,
        first_literal,
        suffixes,
        numbers,
        tuple(suffix_numbers),
        has_letters,
    )
