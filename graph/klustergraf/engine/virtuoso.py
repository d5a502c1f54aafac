"""What Virtuoso writes differently from the standards, and how it is put right.

Seen with 7.2.5: an ASK comes as a solution of one variable; a blank node as ``nodeID://b1``; a
boolean as 1 or 0; ``geo:wktLiteral`` as a type of its own with coordinates of 32 bits, written to
more digits than they have.
"""

import re
import struct
from typing import Final, Protocol

import pyoxigraph as ox

from klustergraf.namespaces import GEO, XSD

ASK_VARIABLE: Final = "__ASK_RETVAL"

_GEOMETRY = "http://www.openlinksw.com/schemas/virtrdf#Geometry"
_NUMBER = re.compile(rb"-?\d+\.\d+")

# A quotation mark inside of a JSON string is escaped: what is matched here is never part of one.
_BLANK_NODE = re.compile(rb'("type": "bnode", "value": ")nodeID://')
_BOOLEAN = re.compile(rb'("datatype": "%bboolean", "value": ")([01])"' % XSD.encode())
_SHAPE = re.compile(rb'"datatype": "%b", "value": "([^"]*)"' % re.escape(_GEOMETRY.encode()))


# A row longer than this is read in parts; what is split by that stays as Virtuoso wrote it.
_LONGEST_LINE = 1024 * 1024


class _Lines(Protocol):
    def readline(self, limit: int) -> bytes: ...


class StandardJson:
    """Results in JSON, line by line, with what Virtuoso writes differently put right.

    Lines of other engines hold none of it and pass as they are.
    """

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes."""
        if not self._rest:
            self._rest = standard_json(self._lines.readline(_LONGEST_LINE))
        size = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def standard_json(line: bytes) -> bytes:
    """Put right what stands in a line of JSON results."""
    if b"nodeID://" in line:
        line = _BLANK_NODE.sub(rb"\1", line)
    if b"#boolean" in line:
        line = _BOOLEAN.sub(lambda m: m[1] + (b'true"' if m[2] == b"1" else b'false"'), line)
    if b"virtrdf#Geometry" in line:
        line = _SHAPE.sub(
            lambda m: b'"datatype": "%bwktLiteral", "value": "%b"' % (GEO.encode(), _rounded(m[1])),
            line,
        )
    return line


def standard_term(
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple,
) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
    """Put right what stands in a term."""
    if isinstance(term, ox.Literal) and term.datatype.value == _GEOMETRY:
        value = _rounded(term.value.encode()).decode()
        return ox.Literal(value, datatype=ox.NamedNode(GEO + "wktLiteral"))
    return term


def _rounded(shape: bytes) -> bytes:
    """Write each coordinate with the fewest digits that give the same 32 bits."""
    return _NUMBER.sub(lambda match: _shortest(match[0]), shape)


def _shortest(number: bytes) -> bytes:
    """Give the shortest decimal that is the same single-precision number.

    >>> _shortest(b"59.220001220703")
    b'59.22'
    """
    value = float(number)
    single = struct.pack("f", value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if "e" not in text and struct.pack("f", float(text)) == single:
            return text.encode("ascii")
    return number
