"""What is decided about a query before any engine sees it.

The guard knows tokens, not grammar: it leaves out comments, strings and IRIs, and looks at the
rest. What is SPARQL and what is not is for the engine to say. The engine's parser is no tokeniser
(it takes ``SERVICE:x{`` and ``trueSERVICE<…>`` for a SERVICE, and ``1<2)SERVICE:x#>`` for a
comparison), so where a text can be read in two ways the guard takes the worse one. It is the
first of two walls: a worker can open neither a file nor a connection.
"""

import re
from collections.abc import Iterator, Set
from typing import Final
from urllib.parse import urljoin

from klustergraf.engine.base import QueryRequest
from klustergraf.errors import QueryRefused

MAX_QUERY_CHARACTERS: Final = 1_000_000
MAX_NESTING: Final = 256

_UPDATES = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
)

# Letters that a name may go on with beside those that Python's \w knows.
_MORE = r"\u00b7\u0300-\u036f\u203f\u2040"

# SPARQL 1.1 Query, 19.8, as far as the guard must tell tokens apart. Every alternative is
# possessive, and none that scans far can fail and be tried again a little further on: the time
# is linear in the length of the text, whatever the text. So a string that is not closed is taken
# to end with its line, and letters are taken in runs that are only then told apart.
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
_WORD_BREAK = re.compile(r"[.\-]+")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U(00[01][0-9A-Fa-f]{5})")
_SERVICE_OF = re.compile(r"SERVICE(?:SILENT)?[:?$]", re.IGNORECASE)
_ABSOLUTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_BEFORE_AN_IRI = frozenset(("GRAPH", "FROM", "NAMED", "DESCRIBE"))

_Token = tuple[str, str]


class Guard:
    """The rules for queries over a dataset with these named graphs."""

    def __init__(
        self,
        graphs: Set[str],
        *,
        max_characters: int = MAX_QUERY_CHARACTERS,
        max_nesting: int = MAX_NESTING,
    ) -> None:
        self._graphs = graphs
        self._max_characters = max_characters
        self._max_nesting = max_nesting

    def check(self, request: QueryRequest) -> None:
        """Let a query pass, or say why not.

        Errors: QueryRefused.
        """
        text = request.text
        if len(text) > self._max_characters:
            raise QueryRefused(
                f"The query is {len(text)} characters long; the most that is read here is "
                f"{self._max_characters}."
            )
        for iri in (*request.default_graphs, *request.named_graphs):
            self._check_graph(iri)
        self._check_reading(text)
        # SPARQL 1.1 Query, 19.2 resolves escapes before it parses; some engines do so only inside
        # of IRIs and strings. Both readings must pass.
        unescaped = unescape(text)
        if unescaped != text:
            self._check_reading(unescaped)

    def _check_reading(self, text: str) -> None:
        tokens = list(_tokens(text))
        self._check_nesting(tokens)
        _check_service(tokens)
        self._check_form(tokens)

    def _check_nesting(self, tokens: list[_Token]) -> None:
        depth = 0
        for kind, _ in tokens:
            depth += (kind == "open") - (kind == "close")
            if depth > self._max_nesting:
                raise QueryRefused(
                    f"The query nests groups, parentheses or brackets more than "
                    f"{self._max_nesting} deep."
                )

    def _check_form(self, tokens: list[_Token]) -> None:
        """Look at the prologue, the form of the query, and the graphs it reads FROM."""
        base = ""
        prefixes: dict[str, str] = {}
        position = 0
        while position + 1 < len(tokens):
            word = _keyword(tokens[position])
            if word == "BASE":
                base = _resolve(tokens[position + 1][1][1:-1], base)
                position += 2
            elif word == "PREFIX" and position + 2 < len(tokens):
                namespace = tokens[position + 2][1][1:-1]
                prefixes[tokens[position + 1][1]] = _resolve(namespace, base)
                position += 3
            else:
                break
        if position < len(tokens) and _keyword(tokens[position]) in _UPDATES:
            raise QueryRefused(
                f"{_keyword(tokens[position])} would change the graph; this service only reads."
            )
        for index in range(position, len(tokens) - 1):
            if _keyword(tokens[index]) == "FROM":
                named = _keyword(tokens[index + 1]) == "NAMED" and index + 2 < len(tokens)
                kind, graph = tokens[index + 2 if named else index + 1]
                if kind == "iri":
                    self._check_graph(_resolve(graph[1:-1], base))
                elif kind == "name":
                    prefix, _, local = graph.partition(":")
                    if f"{prefix}:" in prefixes:
                        self._check_graph(prefixes[f"{prefix}:"] + _unescape_local(local))

    def _check_graph(self, iri: str) -> None:
        if iri not in self._graphs:
            raise QueryRefused(
                f"The query reads from the graph <{iri}>, which is not in this dataset. This "
                "service opens no file and fetches no graph; "
                "SELECT DISTINCT ?g { GRAPH ?g {} } lists the graphs it has."
            )


def unescape(text: str) -> str:
    r"""Resolve the codepoint escapes of SPARQL 1.1 Query, 19.2.

    >>> unescape(r"\u0053ELECT")
    'SELECT'
    """

    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= 0x10FFFF else match[0]

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a query into tokens, without its comments."""
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
            yield from (("word", word) for word in _WORD_BREAK.split(token) if word)
        elif kind != "comment":
            yield kind, token


def _keyword(token: _Token) -> str:
    kind, text = token
    return text.upper() if kind == "word" else ""


def _check_service(tokens: list[_Token]) -> None:
    """Refuse SERVICE, also where only a lenient parser would see one."""
    before: _Token = ("", "")
    for index, (kind, text) in enumerate(tokens):
        if "service" not in text.lower():
            pass
        elif kind == "word":
            # No other keyword, number or truth value has this in it.
            _refuse_service()
        elif kind == "name":
            follows_a_group = tokens[index + 1 : index + 2] == [("open", "{")]
            in_prefix = "service" in text.partition(":")[0].lower()
            if follows_a_group and in_prefix and _keyword(before) not in _BEFORE_AN_IRI:
                _refuse_service()
        elif kind == "iri" and ")" in text and _SERVICE_OF.search(text, text.index(")")):
            # What looks like an IRI can be a comparison, the end of its filter, and a SERVICE.
            _refuse_service()
        before = (kind, text)


def _refuse_service() -> None:
    raise QueryRefused(
        "SERVICE asks another endpoint; this service answers from its own data only."
    )


def _resolve(iri: str, base: str) -> str:
    iri = unescape(iri)
    return iri if _ABSOLUTE.match(iri) else urljoin(base, iri)


def _unescape_local(local: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", local.rstrip("."))
