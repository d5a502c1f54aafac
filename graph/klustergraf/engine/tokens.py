"""Cuts a SPARQL query into tokens, and tells where each stands.

It knows tokens, not grammar (SPARQL 1.1 Query, section 19.8, as far as they must be told apart).
The time is linear in the length of the text, whatever the text.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Letters that a name may go on with beside those that Python's \w knows.
_MORE = r"\u00b7\u0300-\u036f\u203f\u2040"

# Every alternative is possessive, and none that scans far can fail and be tried again a little
# further on. So a string that is not closed is taken to end with its line, and letters are taken
# in runs that are only then told apart.
_TOKEN = re.compile(
    rf"""
    (?P<comment>\#[^\r\n]*+)
  | (?P<string>"(?:[^"\\\r\n]|\\.)*+"?+ | '(?:[^'\\\r\n]|\\.)*+'?+)
  | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+>)
  | (?P<variable>[?$][\w{_MORE}]++)
  | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
  | (?P<run>\w[\w.\-{_MORE}]*+)?+(?P<name>:(?:[\w:.\-{_MORE}]|%[0-9A-Fa-f]{{2}}|\\[^\w\s])*+)
  | (?P<words>\w[\w.\-{_MORE}]*+)
  | (?P<open>[{{(\[])
  | (?P<close>[}})\]])
  | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_LONG_STRING = {
    '"': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL),
    "'": re.compile(r"\'\'\'(?:[^'\\]|\\.|'(?!''))*+\'\'\'", re.DOTALL),
}
_WORD = re.compile(r"[^.\-]+")


class Token(NamedTuple):
    """A token: its kind (a group of the pattern above), its text, its place in the query.

    Kinds: ``string``, ``iri``, ``variable``, ``language``, ``name``, ``word``, ``open``,
    ``close``, ``other``.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The text in capital letters when this is a word, else nothing."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(text: str) -> Iterator[Token]:
    """Cut a query into tokens, without its comments.

    >>> [token.text for token in tokens("ASK { ?s a <http://example.org/> } # why")]
    ['ASK', '{', '?s', 'a', '<http://example.org/>', '}']
    """
    unclosed: set[str] = set()
    position = 0
    while match := _TOKEN.search(text, position):
        kind, token, position = str(match.lastgroup), match[0], match.end()
        if kind == "string":
            # When one long string is not closed, none after it is: each is tried once.
            quote = token[0]
            if quote not in unclosed and text.startswith(3 * quote, match.start()):
                if long := _LONG_STRING[quote].match(text, match.start()):
                    token, position = long[0], long.end()
                else:
                    unclosed.add(quote)
        if kind == "words":
            for word in _WORD.finditer(token):
                begin = match.start() + word.start()
                yield Token("word", word[0], begin, begin + len(word[0]))
        elif kind != "comment":
            yield Token(kind, token, match.start(), position)


def prologue_end(cut: list[Token]) -> int:
    """Give the index of the first token after the BASE and PREFIX declarations."""
    position = 0
    while position + 1 < len(cut):
        if cut[position].keyword == "BASE":
            position += 2
        elif cut[position].keyword == "PREFIX" and position + 2 < len(cut):
            position += 3
        else:
            break
    return position
