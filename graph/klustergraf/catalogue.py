"""Stored queries: the files of ``queries/catalogue/``, each SPARQL that runs as it stands.

A query begins with a block of ``#+`` lines in YAML (the grlc convention)::

    #+ title:
    #+   sv: …
    #+   en: …
    #+ description: {sv: …, en: …}
    #+ question: 5                 # number of the competency question it answers
    #+ parameters:
    #+   place: {type: iri, label: {sv: …, en: …}, example: <value>}

A parameter is a variable with a one-term inline data block, ``VALUES ?place { <…> }``. What stands
there is the default (``UNDEF``: any), so that every other SPARQL tool can run the file unchanged.
Binding replaces that one term by another *term*, built and serialised by the RDF library: text from
a request never becomes query text.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pyoxigraph import Literal, NamedNode

from klustergraf.errors import GraphParseError, QueryNotFound, QueryParameterError
from klustergraf.namespaces import XSD
from klustergraf.resources import room

_VALUES = re.compile(r"(VALUES\s+\?(?P<name>\w+)\s*\{\s*)(?P<term>[^{}]*?)(\s*\})")
_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]+)*")


class ParameterType(StrEnum):
    """What a parameter's value must be."""

    IRI = "iri"
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    LANGUAGE = "language"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a stored query. ``default`` is SPARQL as in the file, ``UNDEF`` for any."""

    name: str
    type: ParameterType
    label: Mapping[str, str]
    default: str
    example: str

    def parse(self, value: str) -> NamedNode | Literal:
        """Turn a text from outside into an RDF term of this parameter's type.

        Errors: QueryParameterError.
        """
        match self.type:
            case ParameterType.IRI:
                if not _ABSOLUTE_IRI.fullmatch(value):
                    raise QueryParameterError(self.name, f"must be an absolute IRI, not {value!r}")
                try:
                    return NamedNode(value)
                except ValueError as exc:
                    raise QueryParameterError(self.name, f"must be an absolute IRI: {exc}") from exc
            case ParameterType.INTEGER | ParameterType.DECIMAL:
                return self._number(value)
            case ParameterType.LANGUAGE:
                if not _LANGUAGE.fullmatch(value):
                    raise QueryParameterError(
                        self.name, f"must be a language tag such as sv or en, not {value!r}"
                    )
                return Literal(value.lower())
            case ParameterType.STRING:
                return Literal(value)

    def _number(self, value: str) -> Literal:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        whole = self.type is ParameterType.INTEGER
        if not number.is_finite() or (whole and number != number.to_integral_value()):
            raise QueryParameterError(
                self.name, f"must be {'a whole number' if whole else 'a number'}, not {value!r}"
            )
        return Literal(
            str(int(number)) if whole else format(number, "f"),
            datatype=NamedNode(XSD + ("integer" if whole else "decimal")),
        )


@dataclass(frozen=True)
class StoredQuery:
    """One query of the catalogue."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    question: int | None
    parameters: tuple[Parameter, ...]
    text: str

    def bind(self, values: Mapping[str, str]) -> str:
        """Give the query text with these parameter values in place of the defaults.

        Errors: QueryParameterError for an unknown parameter or a value that does not fit.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        terms: dict[str, NamedNode | Literal] = {}
        for name, value in values.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise QueryParameterError(name, f"is not one of this query's parameters ({names})")
            terms[name] = known[name].parse(value)

        def put(match: re.Match[str]) -> str:
            term = terms.get(match["name"])
            return match[0] if term is None else f"{match[1]}{term}{match[4]}"

        return _VALUES.sub(put, self.text)


class Catalogue:
    """The stored queries of one folder, by name."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = room("queries") / "catalogue" if folder is None else folder
        self._queries = {p.stem: load_query(p) for p in sorted(folder.glob("*.rq"))}

    def __iter__(self) -> Iterator[StoredQuery]:
        return iter(self._queries.values())

    def __len__(self) -> int:
        return len(self._queries)

    def get(self, name: str) -> StoredQuery:
        """Find a query by its name.

        Errors: QueryNotFound, with the nearest names.
        """
        if name not in self._queries:
            raise QueryNotFound(name, tuple(difflib.get_close_matches(name, self._queries, 3, 0.4)))
        return self._queries[name]


def read_header(path: Path) -> tuple[dict[str, Any], str]:
    """Read a query file: its ``#+`` block as data, and its whole text.

    Errors: GraphParseError when there is no block or it is not a YAML mapping.
    """
    text = path.read_text(encoding="utf-8")
    lines = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
    try:
        header = yaml.safe_load("\n".join(lines))
    except yaml.YAMLError as exc:
        raise GraphParseError(path.name, f"the #+ block is not YAML: {exc}") from exc
    if not isinstance(header, dict):
        raise GraphParseError(path.name, "has no #+ block that describes it", 1)
    return header, text


def load_query(path: Path) -> StoredQuery:
    """Read one stored query.

    Errors: GraphParseError when the block and the query do not fit each other.
    """
    header, text = read_header(path)
    defaults = {match["name"]: match["term"] for match in _VALUES.finditer(text)}
    parameters = []
    for name, about in (header.get("parameters") or {}).items():
        if name not in defaults:
            raise GraphParseError(path.name, f"declares {name} but has no VALUES ?{name} {{ … }}")
        parameters.append(
            Parameter(
                name=name,
                type=ParameterType(about["type"]),
                label=about["label"],
                default=defaults[name],
                example=str(about["example"]),
            )
        )
    return StoredQuery(
        name=path.stem,
        title=header["title"],
        description=header["description"],
        question=header.get("question"),
        parameters=tuple(parameters),
        text=text,
    )
