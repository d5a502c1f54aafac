"""Read the queries that columns can answer.

The fragment: SELECT, with or without DISTINCT, over one group of triple patterns with given
predicates (sequence paths and inverse steps among them) and FILTERs that compare; GROUP BY
variables with COUNT and SUM; HAVING, ORDER BY, LIMIT and OFFSET as they come. Whatever else stands
in a query raises :class:`NotInFragment`, and the store answers it. What is read here has been found
to be SPARQL by the store's parser beforehand.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from klustergraf.engine.clause import ABSOLUTE, Names
from klustergraf.engine.tokens import Token, prologue_end, tokens

_RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD_DATE: Final = "http://www.w3.org/2001/XMLSchema#date"
_AGGREGATES: Final = frozenset(("COUNT", "SUM"))
# Words with which an expression needs more than the columns of its own group.
_REFUSED: Final = frozenset(
    [
        "AVG",
        "MIN",
        "MAX",
        "SAMPLE",
        "GROUP_CONCAT",
        "EXISTS",
        "RAND",
        "UUID",
        "STRUUID",
        "BNODE",
        "FROM",
        "REDUCED",
        "VALUES",
    ]
)
_CUTS: Final = ("LIMIT", "OFFSET")
_TAIL: Final = ("GROUP", "HAVING", "ORDER", *_CUTS)
_PLAIN_STRING: Final = re.compile(r"\"([^\"\\\r\n]*)\"|'([^'\\\r\n]*)'")
_DIGITS: Final = re.compile(r"[0-9]{1,12}")
_TEXT_TESTS: Final = frozenset(("CONTAINS", "STRSTARTS", "STRENDS"))
_CASES: Final = frozenset(("LCASE", "UCASE"))
_MOST_CHARACTERS: Final = 20_000
INNER: Final = "klustergraf_"  # variables of ours begin with it
_MADE: Final = re.compile(rf"\(\s*\?({INNER}\d+)\s+AS\s+[?$](\w+)\s*\)", re.IGNORECASE)
_ORDER_BY: Final = re.compile(r"ORDER\s+BY\b", re.IGNORECASE)
_ORDER: Final = re.compile(r"\s*(?:(ASC|DESC)\s*\(\s*[?$](\w+)\s*\)|[?$](\w+))", re.IGNORECASE)


class NotInFragment(Exception):
    """Raised for a query that is the store's to answer."""


@dataclass(frozen=True)
class Variable:
    """A variable, by its name."""

    name: str


@dataclass(frozen=True)
class Term:
    """A constant, in its N-Triples form."""

    text: bytes


@dataclass(frozen=True)
class Pattern:
    """A triple pattern with a given predicate."""

    subject: Variable | Term
    predicate: str
    object: Variable | Term

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables, each once."""
        ends = (self.subject, self.object)
        return tuple(dict.fromkeys(end.name for end in ends if isinstance(end, Variable)))


@dataclass(frozen=True)
class Str:
    """``STR(?variable)``."""

    variable: str


@dataclass(frozen=True)
class Lang:
    """``LANG(?variable)``."""

    variable: str


@dataclass(frozen=True)
class Text:
    """What a text is looked for in: a variable, as it is or by STR, in capitals or small."""

    variable: str
    is_str: bool
    case: str  # "LCASE", "UCASE" or ""


@dataclass(frozen=True)
class Number:
    """An integer or decimal constant, as it is written."""

    text: str


@dataclass(frozen=True)
class Plain:
    """A plain string constant."""

    text: str


Operand = Variable | Term | Str | Lang | Number | Plain


@dataclass(frozen=True)
class Comparison:
    """``left operator right``; the operator is one of ``= != < > <= >=``."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class TextTest:
    """``CONTAINS``, ``STRSTARTS`` or ``STRENDS``, with a plain string to look for."""

    name: str
    text: Text
    wanted: str


@dataclass(frozen=True)
class LangMatches:
    """``LANGMATCHES(LANG(?variable), "range")``."""

    variable: str
    range: str


@dataclass(frozen=True)
class Not:
    """``! inner``."""

    inner: "Condition"


@dataclass(frozen=True)
class Both:
    """``left && right``."""

    left: "Condition"
    right: "Condition"


@dataclass(frozen=True)
class Either:
    """``left || right``."""

    left: "Condition"
    right: "Condition"


Condition = Comparison | TextTest | LangMatches | Not | Both | Either


def variables_of(condition: Condition) -> frozenset[str]:
    """Give the names of the variables of a condition."""
    match condition:
        case Both(left, right) | Either(left, right):
            return variables_of(left) | variables_of(right)
        case Not(inner):
            return variables_of(inner)
        case TextTest(text=text):
            return frozenset((text.variable,))
        case LangMatches(variable=variable):
            return frozenset((variable,))
        case Comparison(left=left, right=right):
            names = set()
            for operand in (left, right):
                if isinstance(operand, Variable):
                    names.add(operand.name)
                elif isinstance(operand, Str | Lang):
                    names.add(operand.variable)
            return frozenset(names)


@dataclass(frozen=True)
class Aggregate:
    """``COUNT`` or ``SUM``; ``variable`` None is ``*``."""

    name: str
    is_distinct: bool
    variable: str | None


@dataclass
class Fragment:
    """A query of the fragment.

    ``patterns`` and ``conditions`` are what is worked out; ``keys`` the variables whose values are
    wanted for each row (those that are grouped by, where it is a query that groups); ``aggregates``
    what is worked out for each group, by the variable that holds it. ``head`` and ``tail`` are
    the text around: put the rows between them, as VALUES of ``keys`` and aggregates, and it is a
    query with the same answer. ``is_distinct``: the rows of the answer are. ``order``: the keys
    and aggregates by which they are sorted first, and whether the largest comes first.
    """

    head: str = ""
    tail: str = ""
    patterns: list[Pattern] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    keys: tuple[str, ...] = ()
    aggregates: dict[str, Aggregate] = field(default_factory=dict)
    is_grouped: bool = False
    is_distinct: bool = False
    order: tuple[tuple[str, bool], ...] = ()
    having: list[Comparison] = field(default_factory=list)


def read_fragment(text: str) -> Fragment:
    """Read a query. Errors: NotInFragment."""
    if len(text) > _MOST_CHARACTERS:
        raise NotInFragment  # takes longer to read than it is worth
    if "\\" in text:
        raise NotInFragment  # escapes, which may stand for anything
    return _Parser(text).read()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = prologue_end(self._tokens)
        prologue = self._tokens[: self._at]
        if any(token.keyword == "BASE" for token in prologue):
            raise NotInFragment
        if any(token.text[1:].startswith(INNER) for token in self._tokens):
            raise NotInFragment
        self._names = Names(prologue)
        self._prologue = text[: self._tokens[self._at].start] if self._left() else ""
        self._fragment = Fragment()
        self._fresh = 0

    def _left(self) -> bool:
        return self._at < len(self._tokens)

    def _peek(self) -> Token:
        if not self._left():
            raise NotInFragment
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if self._next().text.upper() != text:
            raise NotInFragment

    def _takes(self, text: str) -> bool:
        if self._left() and self._tokens[self._at].text.upper() == text:
            self._at += 1
            return True
        return False

    def read(self) -> Fragment:
        fragment = self._fragment
        self._expect("SELECT")
        fragment.is_distinct = self._takes("DISTINCT")
        begin = self._at
        while self._left() and self._peek().text != "{" and self._peek().keyword != "WHERE":
            self._at += 1
        selected = self._tokens[begin : self._at]
        self._takes("WHERE")
        self._expect("{")
        self._group()
        tail = self._tokens[self._at :]
        self._finish(selected, tail)
        return fragment

    # What stands between the braces.

    def _group(self) -> None:
        while not self._takes("}"):
            if self._takes("FILTER"):
                self._fragment.conditions.extend(_conjuncts(self._constraint()))
                self._takes(".")
                continue
            self._triples()
            if (
                not self._takes(".")
                and self._peek().text != "}"
                and (self._peek().keyword != "FILTER")
            ):
                raise NotInFragment
        if not self._fragment.patterns:
            raise NotInFragment

    def _triples(self) -> None:
        subject = self._end()
        while True:
            steps = self._path()
            while True:
                self._add(subject, steps, self._end())
                if not self._takes(","):
                    break
            if not self._takes(";"):
                return
            while self._takes(";"):
                pass
            if self._peek().text in (".", "}") or self._peek().keyword == "FILTER":
                return

    def _add(
        self, subject: Variable | Term, steps: Sequence[tuple[str, bool]], last: Variable | Term
    ) -> None:
        begin = subject
        for index, (predicate, is_inverse) in enumerate(steps):
            end = last
            if index < len(steps) - 1:
                self._fresh += 1
                end = Variable(f"{INNER}step_{self._fresh}")
            ends = (end, begin) if is_inverse else (begin, end)
            self._fragment.patterns.append(Pattern(ends[0], predicate, ends[1]))
            begin = end

    def _path(self) -> list[tuple[str, bool]]:
        steps = []
        while True:
            is_inverse = self._takes("^")
            token = self._next()
            if token.text == "a" and token.kind == "word":
                steps.append((_RDF_TYPE, is_inverse))
            else:
                steps.append((self._iri(token), is_inverse))
            if not self._takes("/"):
                return steps

    def _iri(self, token: Token) -> str:
        iri = self._names.iri(token) if token.kind in ("iri", "name") else None
        if iri is None or not ABSOLUTE.match(iri):
            raise NotInFragment
        if token.kind == "name" and token.text.endswith("."):
            raise NotInFragment
        return iri

    def _end(self) -> Variable | Term:
        token = self._next()
        if token.kind == "variable":
            return Variable(token.text[1:])
        if token.kind in ("iri", "name"):
            return _term(ox.NamedNode(self._iri(token)))
        if token.kind == "string":
            return self._literal(token)
        raise NotInFragment

    def _literal(self, token: Token) -> Term:
        """Give the term of a string, with its language or without one."""
        value = _plain(token)
        following = self._tokens[self._at] if self._left() else None
        if following is not None and following.start == token.end:
            if following.kind == "language" and "--" not in following.text:
                self._at += 1
                return _term(ox.Literal(value, language=following.text[1:]))
            if following.text == "^":
                raise NotInFragment
        return _term(ox.Literal(value))

    # Filters.

    def _constraint(self) -> Condition:
        if self._peek().text == "(":
            return self._bracketed()
        return self._primary()

    def _bracketed(self) -> Condition:
        self._expect("(")
        condition = self._either()
        self._expect(")")
        return condition

    def _either(self) -> Condition:
        condition = self._both()
        while self._takes_twice("|"):
            condition = Either(condition, self._both())
        return condition

    def _both(self) -> Condition:
        condition = self._unary()
        while self._takes_twice("&"):
            condition = Both(condition, self._unary())
        return condition

    def _takes_twice(self, sign: str) -> bool:
        two = [token.text for token in self._tokens[self._at : self._at + 2]]
        if two == [sign, sign]:
            self._at += 2
            return True
        return False

    def _unary(self) -> Condition:
        if self._takes("!"):
            inner = self._bracketed() if self._peek().text == "(" else self._primary()
            return Not(inner)
        if self._peek().text == "(":
            return self._bracketed()
        return self._primary()

    def _primary(self) -> Condition:
        name = self._peek().keyword
        if name in _TEXT_TESTS:
            self._at += 1
            self._expect("(")
            text = self._searched()
            self._expect(",")
            wanted = self._plain_string()
            self._expect(")")
            return TextTest(name, text, wanted)
        if name == "LANGMATCHES":
            self._at += 1
            self._expect("(")
            operand = self._operand()
            self._expect(",")
            wanted = self._plain_string()
            self._expect(")")
            if not isinstance(operand, Lang):
                raise NotInFragment
            return LangMatches(operand.variable, wanted)
        left = self._operand()
        operator = self._operator()
        return Comparison(operator, left, self._operand())

    def _operator(self) -> str:
        first = self._next()
        if first.text == "=":
            return "="
        if first.text in "<>!" and first.kind == "other":
            second = self._tokens[self._at] if self._left() else None
            if second is not None and second.text == "=" and second.start == first.end:
                self._at += 1
                return f"{first.text}="
            if first.text != "!":
                return first.text
        raise NotInFragment

    def _operand(self) -> Operand:
        token = self._next()
        if token.kind == "variable":
            return Variable(token.text[1:])
        if token.keyword in ("STR", "LANG"):
            self._expect("(")
            variable = self._variable()
            self._expect(")")
            return Str(variable) if token.keyword == "STR" else Lang(variable)
        if token.kind in ("iri", "name"):
            return _term(ox.NamedNode(self._iri(token)))
        if token.kind == "word" and _DIGITS.fullmatch(token.text):
            return self._number(token)
        if token.kind == "string":
            return self._string(token)
        raise NotInFragment

    def _number(self, token: Token) -> Number:
        whole = token.text
        rest = self._tokens[self._at : self._at + 2]
        if rest and rest[0].text == "." and rest[0].start == token.end:
            fraction = rest[1].text if len(rest) == 2 and rest[1].start == rest[0].end else ""
            if not _DIGITS.fullmatch(fraction):
                raise NotInFragment
            self._at += 2
            return Number(f"{whole}.{fraction}")
        return Number(whole)

    def _string(self, token: Token) -> Operand:
        value = _plain(token)
        following = self._tokens[self._at : self._at + 3]
        if not following or following[0].start != token.end:
            return Plain(value)
        if following[0].kind == "language":
            raise NotInFragment
        if [one.text for one in following[:2]] == ["^", "^"]:
            if len(following) < 3 or self._iri(following[2]) != _XSD_DATE:
                raise NotInFragment
            self._at += 3
            return _term(ox.Literal(value, datatype=ox.NamedNode(_XSD_DATE)))
        return Plain(value)

    def _plain_string(self) -> str:
        operand = self._operand()
        if not isinstance(operand, Plain):
            raise NotInFragment
        return operand.text

    def _searched(self) -> Text:
        case, is_str = "", False
        closing = 0
        if self._peek().keyword in _CASES:
            case = self._next().keyword
            self._expect("(")
            closing += 1
        if self._takes("STR"):
            is_str = True
            self._expect("(")
            closing += 1
        variable = self._variable()
        for _ in range(closing):
            self._expect(")")
        return Text(variable, is_str, case)

    def _variable(self) -> str:
        token = self._next()
        if token.kind != "variable":
            raise NotInFragment
        return token.text[1:]

    # What stands around the braces.

    def _finish(self, selected: Sequence[Token], tail: Sequence[Token]) -> None:
        fragment = self._fragment
        clauses = dict(_clauses(tail))
        if any(token.keyword in _REFUSED or token.text in "{}" for token in (*selected, *tail)):
            raise NotInFragment
        if selected and selected[0].text == "*":
            raise NotInFragment  # in an order that only the store knows
        head = self._with_aggregates(selected)
        having = self._with_aggregates(clauses["HAVING"][1:]) if "HAVING" in clauses else ""
        ordered = self._with_aggregates(clauses["ORDER"]) if "ORDER" in clauses else ""
        fragment.is_grouped = "GROUP" in clauses or bool(fragment.aggregates)
        self._find_keys(selected, clauses)
        fragment.order = tuple(self._order(head, ordered))
        if "HAVING" in clauses:
            if not fragment.is_grouped or not _is_bracketed(clauses["HAVING"][1:]):
                raise NotInFragment
            fragment.having = self._pruning(clauses["HAVING"][1:])
            having = f" FILTER {having}"
        cuts = [self._text_of(clauses[name]) for name in _CUTS if name in clauses]
        if cuts and not fragment.is_grouped and not ordered:
            raise NotInFragment  # the store stops early
        distinct = "DISTINCT " if fragment.is_distinct else ""
        fragment.head = f"{self._prologue}\nSELECT {distinct}{head} WHERE {{ "
        fragment.tail = f"{having} }} {' '.join((ordered, *cuts))}"

    def _find_keys(self, selected: Sequence[Token], clauses: Mapping[str, Sequence[Token]]) -> None:
        """Find the variables that the rows must have, and that each one is there to be had."""
        fragment = self._fragment
        known = {name for pattern in fragment.patterns for name in pattern.variables}
        names = clauses.get("GROUP", ())[2:]
        if any(token.kind != "variable" for token in names):
            raise NotInFragment
        grouped = tuple(dict.fromkeys(token.text[1:] for token in names))
        made = {
            token.text[1:]
            for before, token in itertools.pairwise(selected)
            if before.keyword == "AS" and token.kind == "variable"
        }
        used = (_bare_variables(selected) | _bare_variables(clauses.get("ORDER", ()))) - made
        allowed = set(grouped) if fragment.is_grouped else known
        needed = {
            *grouped,
            *(name for one in fragment.conditions for name in variables_of(one)),
            *(one.variable for one in fragment.aggregates.values() if one.variable is not None),
        }
        if not needed <= known or made & known:
            raise NotInFragment
        if not used | _bare_variables(clauses.get("HAVING", ())) <= allowed:
            raise NotInFragment
        fragment.keys = grouped if fragment.is_grouped else tuple(sorted(used))
        if not fragment.keys and not fragment.is_grouped:
            raise NotInFragment

    def _order(self, head: str, ordered: str) -> Iterator[tuple[str, bool]]:
        """Read the plain conditions at the beginning of ORDER BY."""
        made = {match[2]: match[1] for match in _MADE.finditer(head)}
        begin = _ORDER_BY.match(ordered)
        position = begin.end() if begin else len(ordered)
        while match := _ORDER.match(ordered, position):
            name = match[2] or match[3]
            name = made.get(name, name)
            if name not in (*self._fragment.keys, *self._fragment.aggregates):
                return
            yield name, (match[1] or "").upper() == "DESC"
            position = match.end()

    def _text_of(self, cut: Sequence[Token]) -> str:
        return self._text[cut[0].start : cut[-1].end]

    def _with_aggregates(self, cut: Sequence[Token]) -> str:
        """Give the text of some tokens, with variables of ours in the place of aggregates."""
        pieces: list[str] = []
        position = cut[0].start if cut else 0
        index = 0
        while index < len(cut):
            if cut[index].keyword in _AGGREGATES:
                found, length = _aggregate(cut[index:])
                name = self._held(found)
                pieces += [self._text[position : cut[index].start], f"?{name}"]
                position = cut[index + length - 1].end
                index += length
            else:
                index += 1
        if cut:
            pieces.append(self._text[position : cut[-1].end])
        return "".join(pieces)

    def _held(self, aggregate: Aggregate) -> str:
        for name, known in self._fragment.aggregates.items():
            if known == aggregate:
                return name
        name = f"{INNER}{len(self._fragment.aggregates)}"
        self._fragment.aggregates[name] = aggregate
        return name

    def _pruning(self, cut: Sequence[Token]) -> list[Comparison]:
        """Give the comparisons of HAVING that can be made before the rows are written."""
        inside = cut[1:-1]
        if inside[0].keyword not in _AGGREGATES:
            return []
        aggregate, length = _aggregate(inside)
        rest = inside[length:]
        signs = "".join(token.text for token in rest[:-1])
        if signs not in ("=", "!=", "<", ">", "<=", ">=") or not _DIGITS.fullmatch(rest[-1].text):
            return []
        return [Comparison(signs, Variable(self._held(aggregate)), Number(rest[-1].text))]


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """Give what a condition joins by ``&&``: a row stays where each is true."""
    if isinstance(condition, Both):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _clauses(tail: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    """Cut what follows the braces into its clauses."""
    begins = [index for index, token in enumerate(tail) if token.keyword in _TAIL]
    if tail and (not begins or begins[0]):
        raise NotInFragment
    if not tail:
        return
    names = [tail[begin].keyword for begin in begins]
    if len(set(names)) < len(names):
        raise NotInFragment
    for name, begin, end in zip(names, begins, [*begins[1:], len(tail)], strict=True):
        yield name, tail[begin:end]


def _aggregate(cut: Sequence[Token]) -> tuple[Aggregate, int]:
    """Read an aggregate at the beginning of some tokens; give it and how many tokens it has."""
    texts = [token.text.upper() for token in cut[:5]]
    is_distinct = texts[2:3] == ["DISTINCT"]
    length = 5 if is_distinct else 4
    if len(cut) < length or texts[1] != "(" or texts[length - 1] != ")":
        raise NotInFragment
    argument = cut[length - 2]
    if argument.text == "*" and cut[0].keyword == "COUNT" and not is_distinct:
        return Aggregate("COUNT", False, None), length
    if argument.kind != "variable":
        raise NotInFragment
    return Aggregate(cut[0].keyword, is_distinct, argument.text[1:]), length


def _bare_variables(cut: Sequence[Token]) -> set[str]:
    """Give the variables of some tokens that stand outside of aggregates."""
    names = set()
    index = 0
    while index < len(cut):
        if cut[index].keyword in _AGGREGATES:
            index += _aggregate(cut[index:])[1]
            continue
        if cut[index].kind == "variable":
            names.add(cut[index].text[1:])
        index += 1
    return names


def _is_bracketed(cut: Sequence[Token]) -> bool:
    """Tell whether one pair of brackets encloses all of some tokens."""
    depth = 0
    for index, token in enumerate(cut):
        depth += (token.text == "(") - (token.text == ")")
        if depth <= 0:
            return index == len(cut) - 1 > 1
    return False


def _plain(token: Token) -> str:
    match = _PLAIN_STRING.fullmatch(token.text)
    if match is None:
        raise NotInFragment
    return match[1] if match[1] is not None else match[2]


def _term(term: ox.NamedNode | ox.Literal) -> Term:
    return Term(str(term).encode())
