"""Say in words what is wrong with a query, where the engine's parser names what it had hoped for.

The parser knows the furthest place that it could read to, and every character that it would have
liked there. The first is worth telling, the second is not; what stands there instead is.
"""

import re
from typing import Final

from klustergraf.engine.tokens import Token, prologue_end, tokens
from klustergraf.errors import SparqlSyntaxError
from klustergraf.namespaces import PREFIXES

_PLACE: Final = re.compile(r"^(?:error|Parser error) at (?:line )?(\d+)(?::| column )(\d+)(?:: | )")
_FORMS: Final = frozenset(("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"))
_OPENED_BY: Final = {"}": "{", ")": "(", "]": "["}
_WANTS_MORE: Final = frozenset(("BY", "LIMIT", "OFFSET", "FROM", "NAMED", "WHERE", "GRAPH", "AS"))
_OPERATORS: Final = frozenset("=<>+*/&|!-,")
_MOST_OF_A_TOKEN: Final = 40
_ONLY: Final = re.compile(r'expected "([{(\[])"')
_EXACT: Final = re.compile(r"expected \"|\['|, \"")
# What the parser says beside its hopes, where the grammar is kept but a rule of SPARQL is not.
_RULES: Final = {
    "The SELECT contains a variable that is unbound": (
        "with GROUP BY, every variable of SELECT must be grouped by or stand in an aggregate"
    ),
    "SELECT * is not authorized with GROUP BY": "SELECT * cannot be used with GROUP BY",
    "The SELECT overrides an existing variable using an expression": (
        "a variable that SELECT makes with AS exists already in the query"
    ),
}


def explain(text: str, message: str) -> SparqlSyntaxError:
    """Make the error of a query from what the engine's parser said of it.

    >>> print(explain("ASK { ?s ?p }", "error at 1:14: expected one of LATERAL, [_]"))
    Line 1, column 13: unexpected "}"
    """
    message = " ".join(message.split())
    place = _PLACE.match(message)
    if place is None:
        return SparqlSyntaxError(message)
    line, column = int(place[1]), int(place[2])
    offset = _offset(text, line, column)
    reader = _Reader(text, offset, message[place.end() :])
    reason, start = reader.explain()
    if start is not None:
        line = text.count("\n", 0, start) + 1
        column = start - (text.rfind("\n", 0, start) + 1) + 1
    return SparqlSyntaxError(reason, line, column)


def _offset(text: str, line: int, column: int) -> int:
    begin = 0
    for _ in range(line - 1):
        begin = text.find("\n", begin) + 1
    return min(begin + column - 1, len(text))


def _quoted(token: str) -> str:
    short = token if len(token) <= _MOST_OF_A_TOKEN else token[:_MOST_OF_A_TOKEN] + "…"
    return f'"{short}"' if '"' not in short else short


class _Reader:
    """Looks for what is wrong around a place in a query."""

    def __init__(self, text: str, offset: int, hopes: str) -> None:
        self._text = text
        self._offset = offset
        self._hopes = hopes
        self._tokens = list(tokens(text))
        self._begin = prologue_end(self._tokens)
        self._before = [token for token in self._tokens if token.end <= offset]
        after = [token for token in self._tokens if token.end > offset]
        self._at = after[0] if after else None

    def explain(self) -> tuple[str, int | None]:
        """Give the reason, and the place of it where the parser's is not the right one."""
        if not self._tokens:
            return "the query is empty", None
        for rule, reason in _RULES.items():
            if rule in self._hopes:
                return reason, None
        for look in (
            self._prefix,
            self._form,
            self._string,
            self._comma,
            self._missing,
            self._bracket,
            self._operand,
            self._iri,
            self._variable,
        ):
            found = look()
            if found is not None:
                return found
        # Where the parser looks one token ahead, its place is behind the one that it cannot take.
        wrong = self._at or self._tokens[-1]
        is_exact = self._at is None or _EXACT.search(self._hopes) is not None
        doubt = "" if is_exact else ", or what stands before it"
        return f"unexpected {_quoted(wrong.text)}{doubt}", wrong.start

    def _prefix(self) -> tuple[str, int | None] | None:
        """Find a prefix that is not declared, or not declared as one."""
        declared = set()
        for index, token in enumerate(self._tokens[: self._begin]):
            if token.keyword == "PREFIX":
                declared.add(self._tokens[index + 1].text)
                if not self._tokens[index + 1].text.endswith(":"):
                    name = self._tokens[index + 1].text
                    return f"a prefix ends with a colon: PREFIX {name}: <…>", None
        if "Prefix not found" not in self._hopes:
            return None
        for token in reversed(self._before):
            prefix = token.text.partition(":")[0]
            if token.kind == "name" and prefix != "_" and f"{prefix}:" not in declared:
                known = PREFIXES.get(prefix)
                hint = f"; begin the query with PREFIX {prefix}: <{known}>" if known else ""
                return f"the prefix {prefix}: is not declared{hint}", None
        return None

    def _form(self) -> tuple[str, int | None] | None:
        """Find that the query begins as none does."""
        if self._begin >= len(self._tokens):
            return "the query ends too early", None
        first = self._tokens[self._begin]
        if first.keyword in _FORMS:
            return None
        return (
            f"a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE, not with "
            f"{_quoted(first.text)}",
            first.start,
        )

    def _string(self) -> tuple[str, int | None] | None:
        """Find a string that is not closed."""
        for token in self._tokens:
            quote = token.text[0]
            is_long = token.text.startswith(3 * quote)
            closed = token.text.endswith(quote * (3 if is_long else 1)) and len(token.text) > 1
            if token.kind == "string" and not closed:
                return "the string that begins here is not closed", token.start
        return None

    def _comma(self) -> tuple[str, int | None] | None:
        """Find commas between the variables of SELECT."""
        depth = 0
        if self._tokens[self._begin].keyword != "SELECT":
            return None
        for token in self._tokens[self._begin :]:
            depth += (token.kind == "open") - (token.kind == "close")
            if token.text == "{":
                return None
            if token.text == "," and not depth:
                return "between the variables of SELECT stands a space, no comma", token.start
        return None

    def _missing(self) -> tuple[str, int | None] | None:
        """Find the one sign that must stand here, or the AS of an expression in SELECT."""
        if self._at is not None and (only := _ONLY.fullmatch(self._hopes)):
            return f"{only[1]} is missing before {_quoted(self._at.text)}", self._at.start
        before = self._tokens[self._begin :]
        for closing, name, end in zip(before, before[1:], before[2:], strict=False):
            if closing.text == "{":
                return None
            if (closing.text, name.kind, end.text) == (")", "variable", ")"):
                return f"AS is missing before {name.text}", name.start
        return None

    def _bracket(self) -> tuple[str, int | None] | None:
        """Find a bracket without its other half."""
        opened: list[Token] = []
        for token in self._tokens:
            if token.kind == "open":
                opened.append(token)
            elif token.kind == "close" and (
                not opened or opened.pop().text != _OPENED_BY[token.text]
            ):
                reason = f"unexpected {_quoted(token.text)}: nothing that it closes is open"
                return reason, token.start
        if opened and self._at is None:
            line = self._text.count("\n", 0, opened[-1].start) + 1
            return f"the query ends too early: the {opened[-1].text} of line {line} is open", None
        return None

    def _operand(self) -> tuple[str, int | None] | None:
        """Find an operator that lacks what stands after it."""
        for left, right in zip(self._tokens, self._tokens[1:], strict=False):
            if left.text in _OPERATORS and right.text == ")" and left.text not in "*+":
                return f"a value is missing between {left.text} and )", right.start
        last = self._tokens[-1]
        if self._at is None and (last.keyword in _WANTS_MORE or last.text in _OPERATORS):
            return f"the query ends too early: something must follow {last.text}", None
        return None

    def _iri(self) -> tuple[str, int | None] | None:
        """Find an IRI that is none, or that has no base."""
        bad = re.compile(r"<[^<>\s\"{}|^`\\=?]*[ {}|^`][^<>\n?]*>")
        if "IRI parsing failed" in self._hopes and (match := bad.search(self._text)):
            return f"{_quoted(match[0])} is no IRI: it has a character that none has", match.start()
        has_base = any(token.keyword == "BASE" for token in self._tokens[: self._begin])
        for token in self._tokens:
            if token.kind == "iri" and ":" not in token.text and not has_base:
                return f"the IRI {token.text} is relative, and there is no BASE", token.start
        return None

    def _variable(self) -> tuple[str, int | None] | None:
        """Find a BIND to a variable that has a value."""
        for index, token in enumerate(self._tokens[:-2]):
            name = self._tokens[index + 1]
            if token.keyword != "AS" or name.kind != "variable":
                continue
            in_group = self._tokens[self._begin : index]
            is_bound = any(other.text == name.text for other in in_group)
            if is_bound and any(other.keyword == "BIND" for other in in_group):
                return f"BIND cannot give {name.text} a value: it has one already", name.start
        return None
