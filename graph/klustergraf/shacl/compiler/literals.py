"""Literals in the store: what it would spell anew, and what is not in its datatype.

The store keeps numbers, dates and booleans by value: "007"^^xsd:integer becomes 7 and
xsd:nonNegativeInteger becomes xsd:integer. SHACL compares terms, and asks whether a literal is in
the lexical space of its datatype. So a literal that would not come out of the store as it went in
goes in under another datatype, :data:`RESPELT` or :data:`ILL_TYPED` before the IRI of its own.
"""

import operator
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import RDF, XSD
from klustergraf.shacl.report import Term

RESPELT: Final = "urn:klustergraf:respelt:"
ILL_TYPED: Final = "urn:klustergraf:ill-typed:"

_BELOW: Final = {
    "nonNegativeInteger": (0, None), "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1), "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1), "byte": (-128, 127),
    "unsignedLong": (0, 2**64 - 1), "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1), "unsignedByte": (0, 255), "integer": (None, None),
}  # fmt: skip
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LEXICAL: Final = {
    "decimal": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"),
    "double": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN"),
    "boolean": re.compile(r"true|false|1|0"),
}
_LEXICAL["float"] = _LEXICAL["double"]
_DAY: Final = r"-?([1-9][0-9]{3,}|0[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?"
_ZONE: Final = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_YEAR: Final = r"-?([1-9][0-9]{3,}|0[0-9]{3})"
_DATES: Final = {
    "date": re.compile(_DAY + _ZONE),
    "dateTime": re.compile(f"{_DAY}T({_TIME}){_ZONE}"),
    "dateTimeStamp": re.compile(f"{_DAY}T({_TIME}){_ZONE[:-1]}"),
    "time": re.compile(f"({_TIME}){_ZONE}"),
    "gYear": re.compile(_YEAR + _ZONE),
    "gYearMonth": re.compile(_YEAR + "-(0[1-9]|1[0-2])" + _ZONE),
    "gMonth": re.compile("--(0[1-9]|1[0-2])" + _ZONE),
    "gDay": re.compile("---(0[1-9]|[12][0-9]|3[01])" + _ZONE),
    "gMonthDay": re.compile("--(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + _ZONE),
    "duration": re.compile(
        r"-?P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+D)?"
        r"(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?"
    ),
    "yearMonthDuration": re.compile(r"-?P(?=.)([0-9]+Y)?([0-9]+M)?"),
    "dayTimeDuration": re.compile(
        r"-?P(?=.)([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?"
    ),
}
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PLAIN_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_PLAIN_DATE: Final = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])")
_UNTOUCHED: Final = frozenset({XSD + "string", RDF + "langString"})
_ORDER: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def stored(literal: ox.Literal) -> ox.Literal:
    """Give what stands in the store for a literal: itself, or the same text kept as a text."""
    datatype = literal.datatype.value
    if datatype in _UNTOUCHED or not datatype.startswith(XSD):
        return literal
    return _stored(literal.value, datatype)


@lru_cache(maxsize=1 << 16)
def _stored(lexical: str, datatype: str) -> ox.Literal:
    name = datatype.removeprefix(XSD)
    literal = ox.Literal(lexical, datatype=ox.NamedNode(datatype))
    if (name == "integer" and _PLAIN_INTEGER.fullmatch(lexical)) or (
        name == "date" and _PLAIN_DATE.fullmatch(lexical)
    ):
        return literal
    if not is_well_formed(lexical, name):
        return ox.Literal(lexical, datatype=ox.NamedNode(ILL_TYPED + datatype))
    if name not in _BELOW and _survives(literal):
        return literal
    return ox.Literal(lexical, datatype=ox.NamedNode(RESPELT + datatype))


def as_read(term: Term) -> Term:
    """Give the term that stands in the data for a term of the store."""
    if isinstance(term, ox.Literal) and term.datatype.value.startswith("urn:klustergraf:"):
        own = term.datatype.value.removeprefix(RESPELT).removeprefix(ILL_TYPED)
        return ox.Literal(term.value, datatype=ox.NamedNode(own))
    return term


def is_well_formed(lexical: str, name: str) -> bool:
    """Tell whether a text is in the lexical space of the datatype ``xsd:name``."""
    if name in _BELOW:
        if not _INTEGER.fullmatch(lexical) or len(lexical) > 4000:
            return False
        low, high = _BELOW[name]
        number = int(lexical)
        return (low is None or number >= low) and (high is None or number <= high)
    if name in _LEXICAL:
        return _LEXICAL[name].fullmatch(lexical) is not None
    if name in _DATES:
        return _DATES[name].fullmatch(lexical) is not None and _is_a_day(lexical, name)
    return True


def _is_a_day(lexical: str, name: str) -> bool:
    if name == "gMonthDay":
        return int(lexical[5:7]) <= _MONTH_DAYS[int(lexical[2:4]) - 1]
    if name not in ("date", "dateTime", "dateTimeStamp"):
        return True
    year, month, day = lexical.lstrip("-").split("T")[0][:10].split("-", 2)
    if len(year) > 4:
        return int(lexical.lstrip("-").split("-")[2][:2]) <= _MONTH_DAYS[int(month) - 1]
    try:
        date(int(year) or 4, int(month), int(day[:2]))
    except ValueError:
        return False
    return True


def _survives(literal: ox.Literal) -> bool:
    store = ox.Store()
    node = ox.NamedNode(RESPELT)
    store.add(ox.Quad(node, node, literal))
    return bool(next(iter(store)).object == literal)


def compares(left: Term, right: Term, sign: str) -> bool | None:
    """Compare two literals by value as SPARQL does; None when they cannot be compared.

    The store does so itself, and faster, for what it keeps by value.
    """
    left, right = as_read(left), as_read(right)
    if not (isinstance(left, ox.Literal) and isinstance(right, ox.Literal)):
        return None
    first, second = _number(left), _number(right)
    if first is None or second is None:
        return None if any(_is_numeric(x) for x in (left, right)) else _asked(left, right, sign)
    return bool(_ORDER[sign](first, second))


def _is_numeric(literal: ox.Literal) -> bool:
    name = literal.datatype.value.removeprefix(XSD)
    return name in _BELOW or name in ("decimal", "double", "float")


def _number(literal: ox.Literal) -> Fraction | float | None:
    name = literal.datatype.value.removeprefix(XSD)
    if not _is_numeric(literal) or not is_well_formed(literal.value, name):
        return None
    if name in ("double", "float"):
        return float(literal.value)
    return Fraction(Decimal(literal.value))


@lru_cache(maxsize=4096)
def _asked(left: ox.Literal, right: ox.Literal, sign: str) -> bool | None:
    if any(isinstance(stored(x), ox.Literal) and stored(x).datatype.value.startswith(ILL_TYPED)
           for x in (left, right)):  # fmt: skip
        return None
    rows = ox.Store().query(f"SELECT ({left} {sign} {right} AS ?is) {{}}")
    found = next(iter(rows))[0] if isinstance(rows, ox.QuerySolutions) else None
    return None if found is None else found.value == "true"
