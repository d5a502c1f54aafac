"""RDF terms as pages need them: plain values, never pasted into a query."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from klustergraf.namespaces import XSD

_DATE: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?[?~%]?")


class Term(NamedTuple):
    """An RDF term of a solution. ``kind`` is ``uri``, ``literal`` or ``bnode``.

    A tuple: a page reads thousands of them.
    """

    kind: str
    value: str
    language: str = ""
    datatype: str = ""

    @property
    def is_iri(self) -> bool:
        """Whether this is an IRI."""
        return self.kind == "uri"

    @property
    def is_boolean(self) -> bool:
        """Whether this is a truth value."""
        return self.datatype == XSD + "boolean"

    @property
    def is_number(self) -> bool:
        """Whether this is a number: pages set those to the right."""
        return self.datatype.removeprefix(XSD) in ("integer", "decimal", "double", "float")

    @property
    def is_date(self) -> bool:
        """Whether this reads as a date, also an uncertain one: pages do not break it.

        >>> [Term("literal", text).is_date for text in ("2026-06-09?", "2026-06", "2026", "a-b")]
        [True, True, False, False]
        """
        return self.kind == "literal" and _DATE.fullmatch(self.value) is not None


Solution = dict[str, Term]


def serialise_iri(iri: str) -> str:
    """Write an IRI as SPARQL wants it.

    Errors: ValueError for what is no absolute IRI.

    >>> serialise_iri("http://example.org/a")
    '<http://example.org/a>'
    """
    return str(NamedNode(iri))


def serialise_iris(iris: Iterable[str]) -> str:
    """Write IRIs as the inside of a VALUES block, sorted."""
    return " ".join(serialise_iri(iri) for iri in sorted(iris))
