"""Work out a query of the fragment over columns.

Solutions are columns of term numbers, one for each variable that is still needed. A pattern that
shares a variable with them extends them by its matches; each condition is tried as soon as its
variables are there. As SPARQL has it, a condition that raises an error drops its row; a condition
whose truth for some row these columns cannot tell gives the query back to the store.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from klustergraf.engine.columns.fragment import (
    Aggregate,
    Both,
    Comparison,
    Condition,
    Either,
    Fragment,
    Lang,
    LangMatches,
    Not,
    NotInFragment,
    Number,
    Operand,
    Pattern,
    Plain,
    Str,
    Term,
    Text,
    TextTest,
    Variable,
    variables_of,
)
from klustergraf.engine.columns.table import (
    DATE,
    DECIMAL,
    DIGITS,
    NO_NUMBER,
    NUMERIC,
    Ids,
    Pairs,
    Table,
    Terms,
    number_of,
)

_Mask = npt.NDArray[np.bool_]
_Integers = npt.NDArray[np.int64]

# More solutions at once, and the memory of a query would be at stake; the store walks on its way.
_MOST_SOLUTIONS: Final = 8_000_000
# To read a row that was worked out takes the store as long as to walk through so many solutions.
_WORK_OF_A_ROW: Final = 3
# A lookup table as long as the numbers lie apart, rather than a search, up to this many times the
# searches.
_DENSE: Final = 8
_MOST_SUM: Final = 1 << 62
_LOW_BITS: Final = 24
_MOST_NUMBER: Final = 1 << 53  # its high bits, and those of millions, keep within 53 as well
_SIGNS: Final = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_EMPTY: Final = np.empty(0, dtype=np.uint32)
_NONE: Final = np.empty(0, dtype=np.int64)
_NO_PAIRS: Final = Pairs(_EMPTY, _EMPTY, _EMPTY, _EMPTY, 0, 0)
_FOLDS: Final[Mapping[str, Callable[[str], str]]] = {
    "LCASE": str.lower,
    "UCASE": str.upper,
    "": str,
}
_LEAST_CODES: Final = 1 << 16
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True)
class Groups:
    """What was worked out, one row for each solution or group.

    ``keys``: columns of term numbers. ``values``: those of each aggregate, times 10^DIGITS for the
    ones in ``scaled``, whose mask tells where the value is a decimal.
    """

    keys: Mapping[str, Ids]
    values: Mapping[str, _Integers]
    scaled: Mapping[str, _Mask]
    length: int


def evaluate(fragment: Fragment, table: Table, least_work: float = 0) -> Groups:
    """Work out a query.

    Errors: NotInFragment, where the columns cannot tell; with ``least_work`` also where fewer
    solutions are to be expected, or so many rows that to read them takes the store as long.
    """
    solutions = _Solutions(table, fragment)
    work = solutions.work()
    if work < least_work:
        raise NotInFragment
    solutions.join()
    groups = _groups(fragment, solutions) if fragment.is_grouped else _rows(fragment, solutions)
    if least_work and groups.length * _WORK_OF_A_ROW > work:
        raise NotInFragment
    return groups


@dataclass(frozen=True)
class _Relation:
    """The triples of a pattern: which of its ends are variables, and how many triples there are."""

    pattern: Pattern
    pairs: Pairs
    column: Ids | None  # of the one variable, where it has one
    size: int


class _Solutions:
    def __init__(self, table: Table, fragment: Fragment) -> None:
        self.terms = table.terms
        self._table = table
        self._columns: dict[str, Ids] = {}
        self.length = 1
        self._relations = [self._relation(pattern) for pattern in fragment.patterns]
        self._conditions = list(fragment.conditions)
        aggregated = {one.variable for one in fragment.aggregates.values() if _needs_column(one)}
        self._wanted = {*fragment.keys, *aggregated}

    def column(self, name: str) -> Ids:
        return self._columns[name]

    def join(self) -> None:
        """Join all patterns, and keep what the conditions allow."""
        open_ones = list(self._relations)
        for relation in [one for one in open_ones if not one.pattern.variables]:
            open_ones.remove(relation)
            if not relation.size:
                self.length = 0
        if not open_ones:
            raise NotInFragment
        first = min(open_ones, key=lambda relation: relation.size)
        open_ones.remove(first)
        self._begin(first)
        self._filter(open_ones)
        while open_ones:
            joined = [one for one in open_ones if set(one.pattern.variables) & set(self._columns)]
            if not joined:
                raise NotInFragment  # a product
            known = set(self._columns)
            chosen = min(joined, key=lambda relation: _growth(relation, known))
            open_ones.remove(chosen)
            self._extend(chosen)
            self._filter(open_ones)

    def _relation(self, pattern: Pattern) -> _Relation:
        pairs = self._table.predicates.get(pattern.predicate)
        if pairs is None:
            pairs = _NO_PAIRS
        subject, last = pattern.subject, pattern.object
        if isinstance(subject, Term):
            begin, end = self._range(pairs.subjects, subject)
            found = pairs.objects[begin:end]
            if isinstance(last, Term):
                number = self.terms.find(last.text)
                is_there = number is not None and bool((found == number).any())
                return _Relation(pattern, pairs, None, int(is_there))
            return _Relation(pattern, pairs, found, len(found))
        if isinstance(last, Term):
            begin, end = self._range(pairs.by_object, last)
            found = pairs.by_object_subjects[begin:end]
            return _Relation(pattern, pairs, found, len(found))
        if subject == last:
            found = pairs.subjects[pairs.subjects == pairs.objects]
            return _Relation(pattern, pairs, found, len(found))
        return _Relation(pattern, pairs, None, len(pairs.subjects))

    def _range(self, column: Ids, term: Term) -> tuple[int, int]:
        number = self.terms.find(term.text)
        if number is None:
            return 0, 0
        wanted = np.uint32(number)
        return (
            int(np.searchsorted(column, wanted, "left")),
            int(np.searchsorted(column, wanted, "right")),
        )

    def _begin(self, relation: _Relation) -> None:
        pattern = relation.pattern
        if relation.column is not None:
            self._columns = {pattern.variables[0]: relation.column}
        else:
            subject, last = pattern.variables
            self._columns = {subject: relation.pairs.subjects, last: relation.pairs.objects}
        if self.length == 0:
            self._columns = {name: column[:0] for name, column in self._columns.items()}
        self.length = len(next(iter(self._columns.values())))

    def work(self) -> float:
        """Estimate how many solutions all steps make together: what the store walks through."""
        open_ones = [one for one in self._relations if one.pattern.variables]
        if not open_ones:
            return 0.0
        chosen = min(open_ones, key=lambda relation: relation.size)
        size = total = float(chosen.size)
        known = set(chosen.pattern.variables)
        open_ones.remove(chosen)
        while joined := [one for one in open_ones if set(one.pattern.variables) & known]:
            chosen = min(joined, key=lambda relation: _growth(relation, known))
            size *= _growth(chosen, known)
            total += size
            known |= set(chosen.pattern.variables)
            open_ones.remove(chosen)
        return total

    def _extend(self, relation: _Relation) -> None:
        variables = relation.pattern.variables
        known = [name for name in variables if name in self._columns]
        if relation.column is not None:
            counts = _Lookup(relation.column, self.length).counts(self._columns[known[0]])
            # A set of triples has each of these once, but where both ends are one variable.
            self._keep(counts > 0)
        elif len(known) == len(variables):
            self._keep(self._are_pairs(relation))
        else:
            is_subject = known[0] == variables[0]
            pairs = relation.pairs
            keys, others = (
                (pairs.subjects, pairs.objects)
                if is_subject
                else (pairs.by_object, pairs.by_object_subjects)
            )
            self._expand(known[0], keys, others, variables[1] if is_subject else variables[0])

    def _are_pairs(self, relation: _Relation) -> _Mask:
        first, second = (self._columns[name] for name in relation.pattern.variables)
        wanted = _joined(first, second)
        there = _joined(relation.pairs.subjects, relation.pairs.objects)
        if not len(there):
            return np.zeros(self.length, dtype=np.bool_)
        places = np.minimum(np.searchsorted(there, wanted), len(there) - 1)
        found: _Mask = there[places] == wanted
        return found

    def _expand(self, known: str, keys: Ids, others: Ids, new: str) -> None:
        lookup = _Lookup(keys, self.length)
        column = self._columns[known]
        counts = lookup.counts(column)
        total = int(counts.sum())
        if total > _MOST_SOLUTIONS:
            raise NotInFragment
        begins = lookup.begins(column)
        if total == self.length and bool((counts == 1).all()):
            self._columns[new] = others[begins]
            return
        rows = np.repeat(np.arange(self.length, dtype=np.int64), counts)
        # Of each solution the matches lie one after the other.
        firsts = np.cumsum(counts) - counts
        places = np.arange(total, dtype=np.int64) + np.repeat(begins - firsts, counts)
        self._columns = {name: one[rows] for name, one in self._columns.items()}
        self._columns[new] = others[places]
        self.length = total

    def _keep(self, mask: _Mask) -> None:
        if mask.all():
            return
        places = np.flatnonzero(mask)
        self._columns = {name: column[places] for name, column in self._columns.items()}
        self.length = len(places)

    def _filter(self, open_ones: Sequence[_Relation]) -> None:
        """Try the conditions whose variables are there, and forget what nobody needs any more."""
        ready = [one for one in self._conditions if variables_of(one) <= set(self._columns)]
        self._conditions = [one for one in self._conditions if one not in ready]
        for condition in sorted(ready, key=lambda one: isinstance(one, TextTest)):
            self._keep(_Truth(self.terms, self._columns, self.length).of(condition)[0])
        needed = set(self._wanted).union(
            *(one.pattern.variables for one in open_ones),
            *(variables_of(one) for one in self._conditions),
        )
        self._columns = {name: column for name, column in self._columns.items() if name in needed}


def _growth(relation: _Relation, known: Set[str]) -> float:
    """Estimate how many solutions come of one that is extended by a pattern."""
    candidates = 1
    subject, last = relation.pattern.subject, relation.pattern.object
    if isinstance(subject, Variable) and subject.name in known:
        candidates *= max(relation.pairs.distinct_subjects, 1)
    if isinstance(last, Variable) and last.name in known:
        candidates *= max(relation.pairs.distinct_objects, 1)
    return relation.size / candidates


class _Lookup:
    """Finds numbers in a sorted column: how often each is there, and where first."""

    def __init__(self, column: Ids, searches: int) -> None:
        self._column = column
        self._offsets: _Integers | None = None
        if len(column):
            self._low = int(column[0])
            span = int(column[-1]) - self._low + 1
            if span <= _DENSE * (searches + len(column)):
                counts = np.bincount(column - np.uint32(self._low), minlength=span)
                self._offsets = np.concatenate(([0], np.cumsum(counts), [len(column)]))
                self._span = span

    def counts(self, wanted: Ids) -> _Integers:
        if self._offsets is not None:
            places = self._places(wanted)
            return self._offsets[places + 1] - self._offsets[places]
        return np.searchsorted(self._column, wanted, "right") - self.begins(wanted)

    def begins(self, wanted: Ids) -> _Integers:
        if self._offsets is not None:
            return self._offsets[self._places(wanted)]
        found: _Integers = np.searchsorted(self._column, wanted, "left")
        return found

    def _places(self, wanted: Ids) -> _Integers:
        places = wanted.astype(np.int64) - self._low
        # What lies outside is at the end, where nothing is.
        outside = (places < 0) | (places >= self._span)
        if outside.any():
            places[outside] = self._span
        return places


def _distinct(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Give the different values, sorted: faster than ``np.unique``, which hashes them."""
    ordered = np.sort(values)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def _joined(first: Ids | _Integers, second: Ids) -> npt.NDArray[np.uint64]:
    joined: npt.NDArray[np.uint64] = (first.astype(np.uint64) << np.uint64(32)) | second
    return joined


class _Truth:
    """Tells for which solutions a condition is true, and for which it is false.

    Where it is neither, it is an error. None: the columns cannot tell.
    """

    def __init__(self, terms: Terms, columns: Mapping[str, Ids], length: int) -> None:
        self._terms = terms
        self._columns = columns
        self._length = length

    def of(self, condition: Condition) -> tuple[_Mask, _Mask | None]:
        match condition:
            case Both(left, right):
                (is_left, not_left), (is_right, not_right) = self.of(left), self.of(right)
                not_both = None if not_left is None or not_right is None else not_left | not_right
                return is_left & is_right, not_both
            case Either(left, right):
                (is_left, not_left), (is_right, not_right) = self.of(left), self.of(right)
                neither = None if not_left is None or not_right is None else not_left & not_right
                return is_left | is_right, neither
            case Not(inner):
                is_true, is_false = self.of(inner)
                if is_false is None:
                    raise NotInFragment
                return is_false, is_true
            case LangMatches(variable, wanted):
                return self._language(variable, lambda tag: _matches(tag, wanted))
            case TextTest():
                return self._text(condition)
            case Comparison(operator, left, right):
                return self._comparison(operator, left, right)

    def _comparison(
        self, operator: str, left: Operand, right: Operand
    ) -> tuple[_Mask, _Mask | None]:
        is_equality = operator in ("=", "!=")
        match left, right:
            case (Plain() | Number() | Term(), Variable() | Str() | Lang()):
                return self._comparison(_SIGNS[operator], right, left)
            case Lang(variable), Plain(text) if is_equality:
                return self._language(variable, lambda tag: (tag == text) == (operator == "="))
            case Str(first), Str(second):
                return self._compared(operator, self._iris(first), self._iris(second))
            case Str(variable), Plain(text):
                return self._beside(operator, self._iris(variable), b"<" + text.encode() + b">")
            case Variable(first), Variable(second) if is_equality:
                return self._compared(operator, self._resources(first), self._resources(second))
            case Variable(variable), Term() | Plain() | Number():
                return self._constant(operator, variable, right)
            case _:
                raise NotInFragment

    def _constant(
        self, operator: str, variable: str, constant: Operand
    ) -> tuple[_Mask, _Mask | None]:
        match constant:
            case Number(text):
                return self._numbers(operator, variable, text)
            case Plain(text) if operator == "=":
                # Equal strings are equal terms; what is not equal may be an error.
                return self._is(variable, str(ox.Literal(text)).encode()), None
            case Term(text) if not text.startswith(b"<"):
                return self._dates(operator, variable, text)
            case Term(text) if operator in ("=", "!="):
                is_it = self._is(variable, text)
                return (is_it, ~is_it) if operator == "=" else (~is_it, is_it)
            case _:
                raise NotInFragment

    def _is(self, variable: str, term: bytes) -> _Mask:
        number = self._terms.find(term)
        if number is None:
            return np.zeros(self._length, dtype=np.bool_)
        mask: _Mask = self._columns[variable] == np.uint32(number)
        return mask

    def _compared(self, operator: str, left: Any, right: Any) -> tuple[_Mask, _Mask]:
        is_true = _compare(operator, left, right)
        return is_true, ~is_true

    def _resources(self, variable: str) -> Ids:
        """Give a column that has no literal."""
        column = self._columns[variable]
        if self._length and int(column.max()) >= self._terms.first_literal:
            raise NotInFragment
        return column

    def _iris(self, variable: str) -> Ids:
        """Give a column that has IRIs alone, so that numbers compare as their texts do."""
        column = self._resources(variable)
        if self._length and int(column.min()) < self._terms.first_iri:
            raise NotInFragment
        return column

    def _beside(self, operator: str, column: Ids, iri: bytes) -> tuple[_Mask, _Mask]:
        """Compare IRIs with a text that need not be one of them."""
        terms = self._terms
        place = terms.place(iri)
        is_there = place < len(terms) and terms.term(place) == iri
        if is_there:
            return self._compared(operator, column, np.uint32(place))
        if operator in ("=", "!="):
            none = np.zeros(self._length, dtype=np.bool_)
            return (none, ~none) if operator == "=" else (~none, none)
        # No IRI is equal: less, and less or equal, mean those in front of where it would be.
        return self._compared("<" if operator in ("<", "<=") else ">=", column, np.uint32(place))

    def _language(self, variable: str, allows: Any) -> tuple[_Mask, _Mask]:
        column = self._columns[variable]
        is_literal = column >= np.uint32(self._terms.first_literal)
        tags = [_tag(suffix) for suffix in self._terms.suffix_texts]
        allowed = np.array([allows(tag) for tag in tags] or [False], dtype=np.bool_)
        chosen = allowed[self._terms.suffixes[column]]
        return is_literal & chosen, is_literal & ~chosen

    def _numbers(self, operator: str, variable: str, text: str) -> tuple[_Mask, _Mask]:
        values = numbers_of(self._terms, self._columns[variable], NUMERIC)
        scaled = Decimal(text).scaleb(DIGITS)
        if scaled != int(scaled) or scaled >= _MOST_SUM:
            raise NotInFragment
        return self._compared(operator, values, np.int64(int(scaled)))

    def _dates(self, operator: str, variable: str, term: bytes) -> tuple[_Mask, _Mask]:
        text, _, suffix = term[1:].partition(b'"')
        day = number_of(text, suffix)
        if suffix != DATE or day == NO_NUMBER:
            raise NotInFragment
        values = numbers_of(self._terms, self._columns[variable], frozenset((DATE,)))
        return self._compared(operator, values, np.int64(day))

    def _text(self, test: TextTest) -> tuple[_Mask, _Mask]:
        numbers, inverse = np.unique(self._columns[test.text.variable], return_inverse=True)
        # A test of what is not a string is an error: neither true nor false.
        has_text = self._have_text(numbers, test.text)
        holds = np.zeros(len(numbers), dtype=np.bool_)
        places = self._candidates(test, numbers, np.flatnonzero(has_text))
        values = map(text_of, self._terms.texts(numbers[places]))
        look = {"CONTAINS": str.__contains__, "STRSTARTS": str.startswith, "STRENDS": str.endswith}
        has, fold = look[test.name], _FOLDS[test.text.case]
        holds[places] = [has(fold(value), test.wanted) for value in values]
        return holds[inverse], (has_text & ~holds)[inverse]

    def _have_text(self, numbers: Ids, text: Text) -> _Mask:
        terms = self._terms
        if text.is_str:
            return numbers >= np.uint32(terms.first_iri)
        strings = [suffix.startswith(b"@") or not suffix for suffix in terms.suffix_texts]
        is_string = np.array(strings or [False], dtype=np.bool_)
        mask: _Mask = (numbers >= np.uint32(terms.first_literal)) & is_string[
            terms.suffixes[numbers]
        ]
        return mask

    def _candidates(self, test: TextTest, numbers: Ids, places: _Integers) -> _Integers:
        """Leave out terms that cannot hold a text, by their bytes: that is told soonest."""
        terms = self._terms
        if not len(places) or not (test.wanted.isascii() and test.wanted.isprintable()):
            return places
        if any(sign in test.wanted for sign in '"<>') or test.text.case == "UCASE":
            return places
        if test.text.case and terms.has_letters_that_become_ascii:
            return places
        begins, ends = terms.starts[numbers[places]], terms.starts[1:][numbers[places]]
        region = terms.text[begins[0] : ends[-1]].tobytes()
        if test.text.case:
            region = region.lower()
        wanted = test.wanted.encode()
        bounds = zip((begins - begins[0]).tolist(), (ends - begins[0]).tolist(), strict=True)
        return places[[wanted in region[begin:end] for begin, end in bounds]]


def text_of(term: str) -> str:
    r"""Give the text of an IRI or a literal from its N-Triples form.

    >>> text_of("<http://e/a>"), text_of(r'"a\tb\"c\u00E5"@sv')
    ('http://e/a', 'a\tb"cå')
    """
    if term.startswith("<"):
        return term[1:-1]
    value = term[1 : term.rindex('"')]
    return unescaped(value) if "\\" in value else value


def unescaped(value: str) -> str:
    """Give the text that the characters between the quotes of an N-Triples literal stand for."""
    return _ESCAPE.sub(_meant, value)


def _meant(escape: re.Match[str]) -> str:
    if escape[3] is None:
        return chr(int(escape[1] or escape[2], 16))
    return _ESCAPED.get(escape[3], escape[3])


def numbers_of(terms: Terms, column: Ids, suffixes: frozenset[bytes]) -> _Integers:
    """Give the numbers of some terms (see :class:`Terms`), which all must have such a suffix.

    Errors: NotInFragment, where one has another, or no number.
    """
    fitting = np.array([one in suffixes for one in terms.suffix_texts] or [False], dtype=np.bool_)
    numbers = terms.numbers[column]
    if (numbers == NO_NUMBER).any() or not fitting[terms.suffixes[column]].all():
        raise NotInFragment
    return numbers


def _compare(operator: str, left: Any, right: Any) -> _Mask:
    compared: _Mask
    match operator:
        case "=":
            compared = left == right
        case "!=":
            compared = left != right
        case "<":
            compared = left < right
        case "<=":
            compared = left <= right
        case ">":
            compared = left > right
        case _:
            compared = left >= right
    return compared


def _tag(suffix: bytes) -> str:
    return suffix[1:].decode().partition("--")[0] if suffix.startswith(b"@") else ""


def _matches(tag: str, wanted: str) -> bool:
    """Tell whether a language tag matches a range (RFC 4647, basic filtering)."""
    if wanted == "*":
        return tag != ""
    tag, wanted = tag.lower(), wanted.lower()
    return tag == wanted or tag.startswith(f"{wanted}-")


def _needs_column(aggregate: Aggregate) -> bool:
    """Tell whether an aggregate looks at values; every variable is bound in each solution."""
    return aggregate.is_distinct or aggregate.name == "SUM"


def _rows(fragment: Fragment, solutions: _Solutions) -> Groups:
    keys = {name: solutions.column(name) for name in fragment.keys}
    if fragment.is_distinct:
        _, firsts = _codes([*keys.values()])
        keys = {name: column[firsts] for name, column in keys.items()}
    length = len(next(iter(keys.values())))
    return Groups(keys, {}, {}, length)


def _groups(fragment: Fragment, solutions: _Solutions) -> Groups:
    columns = [solutions.column(name) for name in fragment.keys]
    is_counted = not any(_needs_column(one) for one in fragment.aggregates.values())
    if len(columns) == 2 and is_counted:
        groups = _counted_pairs(fragment, *columns)
    else:
        groups = _grouped(fragment, solutions, columns)
    return _allowed(groups, fragment.having)


def _counted_pairs(fragment: Fragment, first: Ids, second: Ids) -> Groups:
    """Count how often two columns have the same values: sorting finds that soonest."""
    pairs, counts = np.unique(_joined(first, second), return_counts=True)
    columns = ((pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32))
    keys = dict(zip(fragment.keys, columns, strict=True))
    return Groups(keys, dict.fromkeys(fragment.aggregates, counts), {}, len(pairs))


def _grouped(fragment: Fragment, solutions: _Solutions, columns: Sequence[Ids]) -> Groups:
    if columns:
        codes, firsts = _codes(columns)
        count = len(firsts)
    else:
        # Without GROUP BY there is one group, also of no solutions.
        codes, firsts, count = np.zeros(solutions.length, dtype=np.int64), _NONE, 1
    keys = {name: column[firsts] for name, column in zip(fragment.keys, columns, strict=True)}
    values: dict[str, _Integers] = {}
    scaled: dict[str, _Mask] = {}
    for name, aggregate in fragment.aggregates.items():
        chosen, column = codes, _EMPTY
        if aggregate.variable is not None and _needs_column(aggregate):
            column = solutions.column(aggregate.variable)
        if aggregate.is_distinct:
            pairs = _distinct(_joined(codes, column))
            chosen, column = (pairs >> np.uint64(32)).astype(np.int64), pairs.astype(np.uint32)
        if aggregate.name == "COUNT":
            values[name] = np.bincount(chosen, minlength=count)
        else:
            values[name], scaled[name] = _sums(solutions.terms, column, chosen, count)
    return Groups(keys, values, scaled, count)


def _codes(columns: Sequence[Ids]) -> tuple[_Integers, _Integers]:
    """Give the number of each row among the different ones, and where one of each stands."""
    length = len(columns[0])
    if not length:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    lows = [int(column.min()) for column in columns]
    spans = [int(column.max()) - low + 1 for column, low in zip(columns, lows, strict=True)]
    if math.prod(spans) <= max(_LEAST_CODES, _DENSE * length):
        # Terms of one kind have numbers near each other: a place for each possible row will do.
        places = np.zeros(length, dtype=np.int64)
        for column, low, span in zip(columns, lows, spans, strict=True):
            places = places * span + (column - np.uint32(low))
        rows = np.full(math.prod(spans), -1, dtype=np.int64)
        rows[places] = np.arange(length)
        is_there = rows >= 0
        return (np.cumsum(is_there) - 1)[places], rows[is_there]
    codes = columns[0].astype(np.int64)
    firsts = np.zeros(0, dtype=np.int64)
    for column in columns[1:] or [np.zeros(length, dtype=np.uint32)]:
        _, firsts, codes = np.unique(_joined(codes, column), return_index=True, return_inverse=True)
    return codes, firsts


def _sums(terms: Terms, column: Ids, codes: _Integers, count: int) -> tuple[_Integers, _Mask]:
    """Add up the numbers of each group: times 10^DIGITS; and tell which sums are decimals."""
    numbers = numbers_of(terms, column, NUMERIC)
    if len(numbers) and max(int(numbers.max()), -int(numbers.min())) > _MOST_NUMBER:
        raise NotInFragment
    # Sums of floats are exact up to 53 bits: add the low and the high ones on their own.
    low = np.bincount(codes, numbers & ((1 << _LOW_BITS) - 1), count).astype(np.int64)
    high = np.bincount(codes, numbers >> _LOW_BITS, count).astype(np.int64)
    decimal = np.array([one == DECIMAL for one in terms.suffix_texts] or [False], dtype=np.bool_)
    decimals = np.bincount(codes, decimal[terms.suffixes[column]], count)
    return (high << _LOW_BITS) + low, decimals > 0


def _allowed(groups: Groups, having: Sequence[Comparison]) -> Groups:
    """Keep the groups whose aggregates are as asked."""
    for comparison in having:
        match comparison:
            case Comparison(operator, Variable(name), Number(text)):
                factor = 10**DIGITS if name in groups.scaled else 1
                kept = np.flatnonzero(
                    _compare(operator, groups.values[name], np.int64(int(text) * factor))
                )
                groups = Groups(
                    {key: column[kept] for key, column in groups.keys.items()},
                    {key: column[kept] for key, column in groups.values.items()},
                    {key: mask[kept] for key, mask in groups.scaled.items()},
                    len(kept),
                )
    return groups
