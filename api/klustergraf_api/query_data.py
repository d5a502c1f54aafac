"""Stored queries as data, in the form that editors of SPARQL read (SHACL's executables).

The form is that of https://github.com/sib-swiss/sparql-examples: the text of a query, what it
answers in both languages, and the endpoint that it is for.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.catalogue import StoredQuery
from klustergraf.namespaces import DCT, RDF, RDFS, SCHEMA, SH
from klustergraf_api.signposting import LICENSE

_FORM: Final = re.compile(r"^\s*(SELECT|CONSTRUCT|ASK|DESCRIBE)\b", re.IGNORECASE | re.MULTILINE)


def query_iri(base: str, name: str) -> str:
    """Name a stored query.

    >>> query_iri("https://w3id.org/klustergraf/", "actor_facts")
    'https://w3id.org/klustergraf/queries/actor_facts'
    """
    return f"{base}queries/{name}"


def without_header(text: str) -> str:
    """Leave out the block that describes a query: it is told otherwise."""
    lines = (line for line in text.splitlines() if not line.startswith("#+"))
    return "\n".join(lines).strip()


def describe_queries(queries: Iterable[StoredQuery], base: str) -> list[ox.Triple]:
    """Describe stored queries, sorted."""
    return sorted((triple for query in queries for triple in _describe(query, base)), key=str)


def _describe(query: StoredQuery, base: str) -> Iterator[ox.Triple]:
    node = ox.NamedNode(query_iri(base, query.name))

    def say(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(node, ox.NamedNode(predicate), value)

    text = without_header(query.text)
    found = _FORM.search(text)
    form = found[1].capitalize() if found else "Select"
    yield say(RDF + "type", ox.NamedNode(SH + "SPARQLExecutable"))
    yield say(RDF + "type", ox.NamedNode(f"{SH}SPARQL{form}Executable"))
    yield say(SH + form.lower(), ox.Literal(text))
    yield say(DCT + "identifier", ox.Literal(query.name))
    yield say(DCT + "license", ox.NamedNode(LICENSE))
    yield say(SCHEMA + "target", ox.NamedNode(f"{base}sparql"))
    for language, title in query.title.items():
        yield say(RDFS + "label", ox.Literal(title, language=language))
    for language, description in query.description.items():
        yield say(RDFS + "comment", ox.Literal(description, language=language))
