"""Targets that look at every statement: one look at all statements finds where several may apply.

A target such as ``SELECT ?this { ?this ?path ?value FILTER(REGEX(STR(?value), "@")) }`` walks
through all that there is, and asks of a value as often as statements repeat it. Several such
targets are asked together here, first, and once of each term: which subjects and which objects are
as any of them wants. Only statements with one of these are then looked at by each target's own
query. In most graphs there are none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import pyoxigraph as ox

from klustergraf.shacl.compiler.dataset import HOLDS, SCRATCH, noted
from klustergraf.shacl.compiler.model import End, Query, Shape, Shapes, Target
from klustergraf.shacl.compiler.queries import NOT_CODE, closing, code, replaced, split

_WORTH: Final = 2
"""How many targets make it worth while to look for terms first."""

_WHOLE: Final = re.compile(
    r"\s*SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?[?$]this\s*(?:WHERE\s*)?\{"
    r"(\s*[?$](\w+)\s+[?$](\w+)\s+[?$](\w+)\s*\.?.*)\}\s*",
    re.IGNORECASE | re.DOTALL,
)
_FILTER: Final = re.compile(r"\s*\.?\s*FILTER\s*((?:NOT\s+)?EXISTS\s*)?(?=[({])", re.IGNORECASE)
_UNSURE: Final = re.compile(rf"{NOT_CODE}|[\u00b7\u0300-\u036f\u203f\u2040]|_:", re.DOTALL)
_IS_CODE: Final = re.compile(r"<.*[\"{}|^`\\]|[^<\"'#]", re.DOTALL)
_EXISTS: Final = re.compile(r"\bEXISTS\b", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"[?$](\w+)")


@dataclass(frozen=True)
class Sweep:
    """What a target's query wants of a statement: at least one of ``clues`` holds for that end.

    ``names`` are the query's variables for the ends; ``body`` is all that stands in its braces.
    """

    prologue: str
    body: str
    names: dict[End, str]
    clues: dict[End, str]


def clues(expression: str) -> dict[str, str] | None:
    r"""Give by variable what must hold for it, or for another, where an expression is true.

    None where that cannot be told.

    >>> clues('(isIRI(?a) && STR(?a) < "|| ?b") || ?c = 1 || (?a = 2)')
    {'a': '(isIRI(?a) && STR(?a) < "|| ?b") \n|| (?a = 2)', 'c': ' ?c = 1 '}
    >>> clues("?a = ?b || ?a = 1"), clues("EXISTS { ?a ?b ?c }")
    (None, None)
    """
    plain = code(expression)
    if _EXISTS.search(plain):
        return None
    names = set(_VARIABLE.findall(plain))
    if len(names) == 1:
        return {names.pop(): expression}
    start = len(plain) - len(plain.lstrip())
    if plain[start : start + 1] == "(" and not plain[closing(plain, start) :].strip():
        return clues(expression[start + 1 : closing(plain, start) - 1])
    parts = _alternatives(expression, plain)
    found: dict[str, list[str]] = {}
    for part in parts if len(parts) > 1 else ():
        inner = clues(part)
        if inner is None:
            return None
        for name, text in inner.items():
            found.setdefault(name, []).append(text)
    return {name: "\n||".join(texts) for name, texts in found.items()} or None


def _alternatives(expression: str, plain: str) -> list[str]:
    """Split an expression where "||" stands in no bracket."""
    depth, cuts = 0, [-2]
    for place, sign in enumerate(plain):
        depth += (sign in "({[") - (sign in ")}]")
        if not depth and plain.startswith("||", place):
            cuts.append(place)
    return [expression[start + 2 : end] for start, end in pairwise([*cuts, len(plain)])]


@lru_cache(maxsize=1024)
def swept(query: Query) -> Sweep | None:
    """Read a target's query as one that asks of each statement on its own; None when it is not."""
    prologue, text = split(query)
    plain = code(text)
    whole = _WHOLE.fullmatch(plain)
    if whole is None or not _is_plain(text) or len({whole[2], whole[3], whole[4]}) < 3:
        return None
    if "this" not in (whole[2], whole[4]) or not _can_be_read(f"{prologue}\n{text}"):
        return None
    filters = _filters(text, plain, whole.end(4), whole.end(1))
    ends: dict[str, End] = {whole[2]: "subject", whole[4]: "object"}
    wanted = None if filters is None else _wanted(filters)
    if wanted is None or not ends.keys() >= wanted.keys():
        return None
    names = {end: name for name, end in ends.items()}
    body = text[whole.start(1) : whole.end(1)]
    return Sweep(prologue, body, names, {ends[name]: asked for name, asked in wanted.items()})


def _is_plain(text: str) -> bool:
    """Tell whether what was blanked out is no code: "<" may be a sign, and names may have marks."""
    return not any(_IS_CODE.match(piece) for piece in _UNSURE.findall(text))


def _can_be_read(text: str) -> bool:
    try:
        ox.Store().query(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _filters(text: str, plain: str, start: int, end: int) -> list[dict[str, str] | None] | None:
    """Give what each filter after a statement tells; None when there stands anything else."""
    found = []
    while token := _FILTER.match(plain, start, end):
        start = closing(plain, token.end())
        if token[1]:
            piece = text[token.start(1) : start]
            rest = plain[: token.start()] + plain[start:]
            shared = set(_VARIABLE.findall(code(piece))) & set(_VARIABLE.findall(rest))
            found.append({shared.pop(): piece} if len(shared) == 1 else None)
        else:
            found.append(clues(text[token.end() : start]))
    return None if plain[start:end].strip(" \t\r\n.") else found


def _wanted(filters: list[dict[str, str] | None]) -> dict[str, str] | None:
    """Give by variable what must hold where all filters do; None when no filter tells."""
    told = [one for one in filters if one is not None]
    alone = [one for one in told if len(one) == 1]
    names = {name for one in alone for name in one}
    if len(names) > 1:
        return None  # which of them holds for few nodes cannot be told
    if not names:
        return told[0] if told else None
    name = names.pop()
    return {name: " && ".join(f"({one[name]}\n)" for one in alone)}


def chosen(sweep: Sweep, marks: Mapping[End, str]) -> str:
    """Write the query of a target for those statements of which an end is noted."""
    parts = [
        f"{{ {noted(mark, f'?{sweep.names[end]}')} LATERAL {{ {sweep.body}\n}} }}"
        for end, mark in marks.items()
        if end in sweep.clues
    ]
    return f"{sweep.prologue}\nSELECT DISTINCT ?this WHERE {{ {' UNION '.join(parts)} }}"


def noting(sweeps: Iterable[Sweep], end: End, mark: str) -> str:
    """Write the update that notes the terms at one end which any of some sweeps looks for."""
    # By groups, since the store asks a filter of all rows before it makes them distinct.
    some = list(sweeps)
    node = "?kg_swept"
    asked = [replaced(s.clues[end], s.names[end], node) for s in some if end in s.clues]
    statement = f"{node} ?kg_path ?kg_other" if end == "subject" else f"?kg_other ?kg_path {node}"
    tests = " || ".join(f"({text}\n)" for text in asked)
    return (
        f"{some[0].prologue}\nINSERT {{ GRAPH {SCRATCH} {{ <{mark}> {HOLDS} {node} }} }} WHERE "
        f"{{ {{ SELECT {node} {{ {statement} }} GROUP BY {node} }} FILTER({tests}) }}"
    )


def groups(shapes: Shapes) -> Iterator[list[tuple[Shape, Target]]]:
    """Group the targets that one look at all statements serves, where it serves several."""
    found: dict[str, list[tuple[Shape, Target]]] = {}
    for shape in shapes.targeted:
        for target in shape.targets:
            sweep = None if target.query is None else swept(target.query)
            if sweep is not None:
                found.setdefault(sweep.prologue, []).append((shape, target))
    yield from (group for group in found.values() if len(group) >= _WORTH)
