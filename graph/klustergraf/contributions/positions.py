"""Where statements stand in Turtle, TriG and N-Triples: the parsers give the statements alone.

It follows subjects and predicates by the marks of the grammar (Turtle, section 6.5), in a text that
a parser has read already. Where it loses its way, it tells of no more places.
"""

import re
from typing import Final

from klustergraf.namespaces import RDF

_PIECE: Final = re.compile(
    r"""
    (?P<space>[\s]+|\#[^\n\r]*)
  | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*+'''
      |"(?:[^"\\\n\r]|\\.)*+"|'(?:[^'\\\n\r]|\\.)*+')
  | (?P<iri><[^<>"{}|^`\s]*>)
  | (?P<directive>@prefix\b|@base\b)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<datatype>\^\^)
  | (?P<mark>[;,.\[\](){}])
  | (?P<name>[^\s;,\[\](){}<>"'@^\#]+?(?=\.?(?:[\s;,\[\](){}<>"'\#]|$)))
    """,
    re.VERBOSE | re.DOTALL,
)


def turtle_positions(text: str) -> dict[tuple[str, str], int]:
    """Give the line of each subject and predicate, and under "" that where the subject begins.

    >>> text = '@prefix e: <urn:e:> .' + chr(10) + 'e:a e:p 1 ;' + chr(10) + '  e:q 2 .'
    >>> turtle_positions(text)
    {('urn:e:a', ''): 2, ('urn:e:a', 'urn:e:p'): 2, ('urn:e:a', 'urn:e:q'): 3}
    """
    return _Walk(text).walk()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._prefixes: dict[str, str] = {}
        self._base = ""
        self._found: dict[tuple[str, str], int] = {}
        self._line = 1

    def walk(self) -> dict[tuple[str, str], int]:
        subject = predicate = ""
        wanted = "subject"
        pending: list[str] = []
        position = 0
        while position < len(self._text):
            match = _PIECE.match(self._text, position)
            if match is None:
                return self._found
            kind, piece = str(match.lastgroup), match[0]
            line = self._line
            self._line += piece.count("\n")
            position = match.end()
            if kind == "space":
                continue
            if pending or kind == "directive" or piece.upper() in ("PREFIX", "BASE"):
                pending.append(piece)
                if self._declared(pending):
                    pending = []
                continue
            if kind == "mark":
                if piece in "[]()":
                    return self._found  # blank nodes: no contribution has them
                if piece == "{" or piece in ".}":
                    wanted = "subject"
                elif piece == ";":
                    wanted = "predicate"
                continue
            iri = self._resolved(piece)
            if wanted == "subject" and piece.upper() != "GRAPH":
                subject, wanted = iri, "predicate"
                self._found.setdefault((subject, ""), line)
            elif wanted == "predicate":
                predicate, wanted = iri, "object"
                self._found.setdefault((subject, predicate), line)
        return self._found

    def _declared(self, pieces: list[str]) -> bool:
        """Take a declaration in when it is whole."""
        if pieces[-1] == "." and pieces[0].startswith("@"):
            return True
        if len(pieces) == 2 and "BASE" in pieces[0].upper():
            self._base = pieces[1].strip("<>")
            return not pieces[0].startswith("@")
        if len(pieces) == 3 and "PREFIX" in pieces[0].upper():
            self._prefixes[pieces[1].removesuffix(":")] = pieces[2].strip("<>")
            return not pieces[0].startswith("@")
        return False

    def _resolved(self, piece: str) -> str:
        if piece == "a":
            return RDF + "type"
        if piece.startswith("<"):
            iri = piece.strip("<>")
            return iri if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", iri) else self._base + iri
        prefix, colon, local = piece.partition(":")
        if not colon:
            return piece
        return self._prefixes.get(prefix, prefix + ":") + local.replace("\\", "")
