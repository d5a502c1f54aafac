"""The queries that stand in shapes: how their variables are bound before they run.

SHACL-SPARQL (appendix A) binds ``$this`` and others before a query runs, in all its parts. Here the
query becomes the inner side of a ``LATERAL`` join, which the store evaluates once for each row of
the outer side with the variables of that row bound; parameters, whose value is the same for every
row, are written into the text.
"""

import re
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from klustergraf.shacl.compiler.context import Context
from klustergraf.shacl.compiler.dataset import SHAPES_GRAPH, noted
from klustergraf.shacl.compiler.model import Query, Shape, SparqlConstraint
from klustergraf.shacl.report import Term

NOT_CODE: Final = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\s]*>"
    r"|#[^\n]*"
)
"""What of a query is no code: strings, IRIs, comments."""

_PROLOGUE: Final = re.compile(
    r"(?:\s+|#[^\n]*(?:\n|$)|PREFIX\s+[^:\s]*:\s*<[^<>\s]*>|BASE\s+<[^<>\s]*>)*",
    re.IGNORECASE,
)
_SELECT: Final = re.compile(r"\s*SELECT\s+(DISTINCT\s+|REDUCED\s+)?", re.IGNORECASE)
_ASK: Final = re.compile(r"\s*ASK\s*(WHERE\s*)?", re.IGNORECASE)

_THIS_ONLY: Final = re.compile(
    r"\s*SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?[?$]this\s*(?:WHERE\s*)?\{", re.IGNORECASE
)
_GIVES_THIS: Final = re.compile(r"\bAS\s+[?$]this\b", re.IGNORECASE)
_BINDS_THIS: Final = re.compile(
    r"\bAS\s+[?$]this\b|\bVALUES\s*(?:[?$]this\b|\([^()]*[?$]this\b)", re.IGNORECASE
)
_BRACKETS: Final = re.compile(r"[{}()]|\bFILTER\s*(?:\(|(?:NOT\s+)?EXISTS\s*\{)", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"[?$](\w+)")
_EXISTS: Final = re.compile(r"\bEXISTS\b", re.IGNORECASE)


@dataclass(frozen=True)
class Prepared:
    """A query as a pattern that follows the pattern of a scope, and its prefixes."""

    prologue: str
    pattern: str


def code(text: str) -> str:
    """Give a query with its strings, IRIs and comments blanked out, at the same positions."""
    return re.sub(NOT_CODE, lambda found: " " * len(found[0]), text, flags=re.DOTALL)


def split(query: Query) -> tuple[str, str]:
    """Give the prologue of a query, with all its prefixes, and what follows."""
    found = _PROLOGUE.match(query.text)
    end = found.end() if found else 0
    return f"{query.prologue}\n{query.text[:end]}", query.text[end:]


def target(query: Query, focus: str = "") -> str:
    """Write the query of a target; with ``focus`` only for the nodes of that pattern.

    A query that binds ``?this`` itself must not find it bound (SPARQL, 18.2.1): it is asked whole.
    """
    prologue, text = split(query)
    if not focus:
        return f"{prologue}\n{text}"
    if _BINDS_THIS.search(code(text)):
        return f"{prologue}\nSELECT DISTINCT ?this {{ {{ {text}\n}} {focus} }}"
    told = "\n".join(conditions(text))
    return f"{prologue}\nSELECT DISTINCT ?this {{ {{ {focus} {told}\n}} LATERAL {{ {text}\n}} }}"


def conditions(text: str) -> list[str]:
    """List the filters of a target's query that ask of ``?this`` alone.

    What they leave out, the query does not give. Asked first, they keep it from looking for nodes
    that a great many statements point to.

    >>> conditions("SELECT ?this { ?s ?p ?this FILTER (isIRI(?this)) FILTER (?s > 1) }")
    ['FILTER (isIRI(?this))']
    """
    plain = code(text)
    if not _THIS_ONLY.match(plain) or _GIVES_THIS.search(plain):
        return []
    found = []
    depth, after = 0, 0
    for token in _BRACKETS.finditer(plain):
        if token.start() < after:
            continue  # inside a filter that was looked at
        if depth == 1 and len(token[0]) > 1:
            after = closing(plain, token.end() - 1) or len(plain)
            if _asks_this_alone(plain, token.start(), after):
                found.append(text[token.start() : after])
        else:
            depth += -1 if token[0] in "})" else 1
    return found


def closing(plain: str, opening: int) -> int:
    """Give where the bracket that opens here has been closed; 0: nowhere."""
    depth = 0
    for place in range(opening, len(plain)):
        depth += (plain[place] in "{(") - (plain[place] in "})")
        if not depth:
            return place + 1
    return 0


def _asks_this_alone(plain: str, start: int, end: int) -> bool:
    piece, rest = plain[start:end], plain[:start] + plain[end:]
    others = set(_VARIABLE.findall(piece)) - {"this"}
    if "_:" in piece:
        return False  # a blank node's label may stand in one place of a query only
    if piece.endswith(")"):
        return not others and not _EXISTS.search(piece)
    return not others & set(_VARIABLE.findall(rest))


def prepared(context: Context, shape: Shape, sparql: SparqlConstraint) -> Prepared:
    """Prepare the query of a constraint to follow a pattern that binds ``?this``.

    For an ASK validator, which also wants ``?value``, the pattern leaves the rows that fail.
    """
    prologue, text = split(sparql.query)
    constants = dict(sparql.parameters)
    before = ""
    if shape.path is not None:
        text = replaced(text, "PATH", shape.path.sparql())
    shown: list[str] = []
    if _mentions(text, "shapesGraph"):
        constants["shapesGraph"] = SHAPES_GRAPH
    if _mentions(text, "currentShape"):
        constants["currentShape"] = shape.node
    for name, term in constants.items():
        if isinstance(term, ox.BlankNode):
            before += noted(context.list_of((term,)), f"?{name}") + " "
            shown.append(f"?{name}")
        else:
            text = _bound(context, text, name, term)
    if sparql.is_ask:
        body = text[m.end() :] if (m := _ASK.match(text)) else text
        return Prepared(prologue, f"{before}FILTER NOT EXISTS {{ {body}\n}}")
    found = _SELECT.match(text)
    if shown and found and not text[found.end() :].startswith("*"):
        text = f"{text[: found.end()]}{' '.join(shown)} {text[found.end() :]}"
    return Prepared(prologue, f"{before}LATERAL {{ {text}\n}}")


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"[?$]{name}\b", code(text)) is not None


def _bound(context: Context, text: str, name: str, term: Term) -> str:
    """Write a term for a variable; in the head of a SELECT it keeps its name."""
    written = context.term(term)
    text = replaced(text, name, "(true)", before=r"\bBOUND\s*\(\s*", after=r"\s*\)")
    head = _SELECT.match(text)
    if head is None:
        return replaced(text, name, written)
    start = code(text).find("{")
    clause = re.sub(
        rf"\s[?$]{name}\b", lambda _: f" ({written} AS ?{name})", text[head.end() - 1 : start]
    )
    return text[: head.end() - 1] + clause + replaced(text[start:], name, written)


def replaced(text: str, name: str, by: str, before: str = "", after: str = "") -> str:
    """Write something for a variable, where it stands in code."""
    pattern = re.compile(
        rf"({NOT_CODE})|{before}[?$]{name}\b{after}", re.DOTALL | (re.IGNORECASE if before else 0)
    )
    return pattern.sub(lambda found: found[1] or by, text)
