"""What is decided about a query before any engine sees it.

The guard knows tokens, not grammar: it leaves out comments, strings and IRIs, and looks at the
rest. What is SPARQL and what is not is for the engine to say. The engine's parser is no tokeniser
(it takes ``SERVICE:x{`` and ``trueSERVICE<…>`` for a SERVICE, and ``1<2)SERVICE:x#>`` for a
comparison), so where a text can be read in two ways the guard takes the worse one. It is the
first of two walls: a worker can open neither a file nor a connection.
"""

import re
from collections.abc import Iterable, Iterator, Set
from itertools import accumulate
from typing import Final
from urllib.parse import urljoin

from klustergraf.engine.base import QueryRequest
from klustergraf.engine.tokens import Token, prologue_end, tokens
from klustergraf.errors import QueryRefused

MAX_QUERY_CHARACTERS: Final = 1_000_000
MAX_NESTING: Final = 256

_UPDATES = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
)

# A text without any of these, in ASCII, and without many brackets has nothing that is refused: no
# need to cut it into tokens, which takes most of the time of a look-up.
_TELLING = re.compile(
    r"service|from|\\|\b(?:" + "|".join(sorted(_UPDATES)) + r")\b",
    re.IGNORECASE | re.ASCII,
)

# Found in capitals much faster than by the pattern, which then tells whether it is the word.
_TELLING_PARTS: Final = ("SERVICE", "FROM", "\\", *sorted(_UPDATES))

# What a bracket may stand in without being one: a string, an IRI, a comment, an escape.
_HIDING = re.compile(r"""["'<#\\]""")
_BRACKET = re.compile(r"[][(){}]")

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U(00[01][0-9A-Fa-f]{5})")
_SERVICE_OF = re.compile(r"SERVICE(?:SILENT)?[:?$]", re.IGNORECASE)
_ABSOLUTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_BEFORE_AN_IRI = frozenset(("GRAPH", "FROM", "NAMED", "DESCRIBE"))


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
        if self._is_plain(text):
            return
        self._check_reading(text)
        # SPARQL 1.1 Query, 19.2 resolves escapes before it parses; some engines do so only inside
        # of IRIs and strings. Both readings must pass.
        unescaped = unescape(text)
        if unescaped != text:
            self._check_reading(unescaped)

    def _is_plain(self, text: str) -> bool:
        """Tell whether a text shows at a glance that nothing in it is refused."""
        return (
            text.isascii()
            and not _tells(text)
            and (
                sum(map(text.count, "{([")) <= self._max_nesting
                or (_HIDING.search(text) is None and _depth(text) <= self._max_nesting)
            )
        )

    def _check_reading(self, text: str) -> None:
        cut = list(self._nested(tokens(text)))
        _check_service(cut)
        self._check_form(cut)

    def _nested(self, cut: Iterable[Token]) -> Iterator[Token]:
        """Give tokens on, as long as they do not nest too deep."""
        depth = 0
        for token in cut:
            yield token
            depth += (token.kind == "open") - (token.kind == "close")
            if depth > self._max_nesting:
                raise QueryRefused(
                    f"The query nests groups, parentheses or brackets more than "
                    f"{self._max_nesting} deep."
                )

    def _check_form(self, cut: list[Token]) -> None:
        """Look at the prologue, the form of the query, and the graphs it reads FROM."""
        prefixes, base = declarations(cut)
        position = prologue_end(cut)
        if position < len(cut) and cut[position].keyword in _UPDATES:
            raise QueryRefused(
                f"{cut[position].keyword} would change the graph; this service only reads."
            )
        for index in range(position, len(cut) - 1):
            if cut[index].keyword == "FROM":
                named = cut[index + 1].keyword == "NAMED" and index + 2 < len(cut)
                graph = cut[index + 2 if named else index + 1]
                if graph.kind == "iri":
                    self._check_graph(resolve_iri(graph.text[1:-1], base))
                elif graph.kind == "name":
                    prefix, _, local = graph.text.partition(":")
                    if prefix in prefixes:
                        self._check_graph(prefixes[prefix] + _unescape_local(local))

    def _check_graph(self, iri: str) -> None:
        if iri not in self._graphs:
            raise QueryRefused(
                f"The query reads from the graph <{iri}>, which is not in this dataset. This "
                "service opens no file and fetches no graph; "
                "SELECT DISTINCT ?g { GRAPH ?g {} } lists the graphs it has."
            )


def _tells(text: str) -> bool:
    """Tell whether a text in ASCII has anything in it that must be looked at."""
    capitals = text.upper()
    return any(part in capitals for part in _TELLING_PARTS) and _TELLING.search(text) is not None


def _depth(text: str) -> int:
    """Tell how deep the brackets of a text nest in which each of them is one."""
    steps = (1 if bracket in "{([" else -1 for bracket in _BRACKET.findall(text))
    return max(accumulate(steps), default=0)


def unescape(text: str) -> str:
    r"""Resolve the codepoint escapes of SPARQL 1.1 Query, 19.2.

    >>> unescape(r"\u0053ELECT")
    'SELECT'
    """

    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= 0x10FFFF else match[0]

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _check_service(cut: list[Token]) -> None:
    """Refuse SERVICE, also where only a lenient parser would see one."""
    before = ""
    for index, token in enumerate(cut):
        if "service" not in token.text.lower():
            pass
        elif token.kind == "word":
            # No other keyword, number or truth value has this in it.
            _refuse_service()
        elif token.kind == "name":
            follows_a_group = [after.text for after in cut[index + 1 : index + 2]] == ["{"]
            in_prefix = "service" in token.text.partition(":")[0].lower()
            if follows_a_group and in_prefix and before not in _BEFORE_AN_IRI:
                _refuse_service()
        elif token.kind == "iri" and _SERVICE_OF.search(token.text.partition(")")[2]):
            # What looks like an IRI can be a comparison, the end of its filter, and a SERVICE.
            _refuse_service()
        before = token.keyword


def _refuse_service() -> None:
    raise QueryRefused(
        "SERVICE asks another endpoint; this service answers from its own data only."
    )


def declarations(cut: list[Token]) -> tuple[dict[str, str], str]:
    """Read the prologue of a query: its prefixes, without their colon, and its base."""
    prefixes: dict[str, str] = {}
    base = ""
    for index in range(prologue_end(cut)):
        if cut[index].keyword == "BASE":
            base = resolve_iri(cut[index + 1].text[1:-1], base)
        elif cut[index].keyword == "PREFIX":
            prefix = cut[index + 1].text.partition(":")[0]
            prefixes[prefix] = resolve_iri(cut[index + 2].text[1:-1], base)
    return prefixes, base


def resolve_iri(iri: str, base: str) -> str:
    """Resolve the escapes of an IRI, and the IRI itself against a base."""
    iri = unescape(iri)
    return iri if _ABSOLUTE.match(iri) else urljoin(base, iri)


def _unescape_local(local: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", local.rstrip("."))
