"""Stored queries and prefixes as statements, so that editors of SPARQL configure themselves.

The form is that of https://github.com/sib-swiss/sparql-examples: SHACL's executables with the text
of a query, what it answers in both languages, and the endpoint that it is for; and prefixes as
``sh:declare``. Everything has an IRI, and none is a blank node.
"""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.catalogue import Catalogue, StoredQuery
from klustergraf.namespaces import BASE, DCT, GRAPH, PREFIXES, RDF, RDFS, SCHEMA, SH, XSD

QUERIES_GRAPH: Final = ox.NamedNode(GRAPH + "queries")
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"

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


def example_lines(catalogue: Catalogue | None = None) -> list[bytes]:
    """Give the statements of the graph of queries, as lines of N-Triples."""
    queries = describe_queries(catalogue or Catalogue(), BASE)
    out = io.BytesIO()
    ox.serialize([*queries, *describe_prefixes()], out, format=ox.RdfFormat.N_TRIPLES)
    return out.getvalue().splitlines(keepends=True)


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
    yield say(DCT + "license", ox.NamedNode(LICENCE))
    yield say(SCHEMA + "target", ox.NamedNode(f"{base}sparql"))
    for language, title in query.title.items():
        yield say(RDFS + "label", ox.Literal(title, language=language))
    for language, description in query.description.items():
        yield say(RDFS + "comment", ox.Literal(description, language=language))


def describe_prefixes() -> Iterator[ox.Triple]:
    """Declare the prefixes of the graph, on the ontology that queries speak."""
    whole = ox.NamedNode(BASE + "queries")
    for prefix, namespace in sorted(PREFIXES.items()):
        own = ox.NamedNode(f"{BASE}queries#prefix-{prefix}")
        iri = ox.Literal(namespace, datatype=ox.NamedNode(XSD + "anyURI"))
        yield ox.Triple(whole, ox.NamedNode(SH + "declare"), own)
        yield ox.Triple(own, ox.NamedNode(SH + "prefix"), ox.Literal(prefix))
        yield ox.Triple(own, ox.NamedNode(SH + "namespace"), iri)
