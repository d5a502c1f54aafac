"""RDF terms as pages need them: plain values, never pasted into a query."""

from collections.abc import Iterable
from typing import NamedTuple

from pyoxigraph import NamedNode

from klustergraf.namespaces import XSD


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
