"""What the graph says of one thing, as data: a concise description with its provenance.

In it stand the thing's own statements and those of its parts (``<thing>#…``); for each predicate
that leads to it, the first subjects, and how many there are in all; whole, the nodes that stand
between it and others (those with a certainty: participations, memberships, collaborations …); the
names of everything that is mentioned; and which named graphs say all this, under which licence.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import pyoxigraph as ox

from klustergraf.engine.base import QueryRequest, TriplesFormat
from klustergraf.namespaces import DCT, FOAF, KG, OWL, PROV, RDF, RDFS, VOID, XSD, shorten
from klustergraf_api.execution import Executor
from klustergraf_api.labels import LABEL_PREDICATES
from klustergraf_api.signposting import LICENSE
from klustergraf_api.terms import serialise_iri, serialise_iris

HYDRA: Final = "http://www.w3.org/ns/hydra/core#"

# Of each predicate that leads to the thing, so many subjects are told.
MOST_SUBJECTS: Final = 50
# To sort more takes longer than a document may; then it is any of them.
_MOST_SORTED: Final = 2000
_MOST_NAMED: Final = 2000
_CERTAINTY: Final = f"<{KG}hasCertainty>"
_NAMES: Final = ", ".join(map(serialise_iri, LABEL_PREDICATES))
_ABOUT_GRAPHS: Final = ", ".join(
    serialise_iri(DCT + name) for name in ("title", "license", "source", "issued")
)


@dataclass(frozen=True)
class Inverse:
    """A predicate that leads to the thing, and from how many subjects."""

    predicate: str
    total: int


@dataclass(frozen=True)
class Origin:
    """Where a description comes from. ``created``: the version's time, ISO 8601, or empty."""

    base: str
    version_id: str
    created: str = ""


async def describe_thing(executor: Executor, iri: str, origin: Origin) -> list[ox.Triple]:
    """Build the description of a thing, sorted, the thing itself first.

    Errors: as Executor.read.
    """
    own, inverses, graphs = await asyncio.gather(
        _construct(executor, own_query(iri)),
        read_inverses(executor, iri),
        _graphs(executor, iri),
    )
    pointing = await _construct(executor, inverse_query(iri, inverses)) if inverses else set()
    nodes = await _construct(executor, nodes_query({triple.subject for triple in pointing}))
    triples = own | pointing | nodes
    named = await _construct(executor, names_query(_mentioned(triples), graphs))
    told = {*_provenance(iri, origin, graphs), *_cuts(iri, origin, inverses)}
    thing = ox.NamedNode(iri)
    return sorted(triples | named | told, key=lambda t: (t.subject != thing, str(t)))


def own_query(iri: str) -> str:
    """Build the statements of a thing and of its parts."""
    thing = serialise_iri(iri)
    return (
        f"CONSTRUCT {{ {thing} ?p ?o . ?part ?pp ?po }}\nWHERE {{\n"
        f"  {{ {thing} ?p ?o }} UNION {{\n"
        f"    {{ SELECT DISTINCT ?part WHERE {{ {thing} ?any ?part "
        f"FILTER(isIRI(?part) && STRSTARTS(STR(?part), CONCAT(STR({thing}), '#'))) }} }}\n"
        "    ?part ?pp ?po\n  }\n}"
    )


def inverses_query(iri: str) -> str:
    """Ask which predicates lead to a thing, from how many subjects."""
    thing = serialise_iri(iri)
    return (
        "SELECT ?predicate (COUNT(DISTINCT ?subject) AS ?subjects)\n"
        f"WHERE {{ ?subject ?predicate {thing} }}\nGROUP BY ?predicate ORDER BY ?predicate"
    )


async def read_inverses(executor: Executor, iri: str) -> list[Inverse]:
    """Count what points to a thing, by predicate."""
    rows = await executor.solutions(inverses_query(iri))
    return [Inverse(row["predicate"].value, int(row["subjects"].value)) for row in rows]


def subjects_query(iri: str, predicate: str) -> str:
    """Ask for everything that points to a thing by one predicate."""
    node = f"<{predicate}> {serialise_iri(iri)}"
    return f"SELECT DISTINCT ?subject\nWHERE {{ ?subject {node} }}\nORDER BY ?subject"


def _first_subjects(iri: str, inverses: Iterable[Inverse], most: int) -> str:
    """Write the pattern of ``?s ?q <thing>``, up to a limit for each predicate."""
    thing = serialise_iri(iri)
    pieces = []
    for inverse in inverses:
        q = serialise_iri(inverse.predicate)
        order = " ORDER BY ?s" if most < inverse.total <= _MOST_SORTED else ""
        limit = f"{order} LIMIT {most}" if inverse.total > most else ""
        pieces.append(
            f"{{ SELECT DISTINCT ?s ?q WHERE {{ VALUES ?q {{ {q} }} ?s {q} {thing} }}{limit} }}"
        )
    return "\n  UNION ".join(pieces)


def inverse_query(iri: str, inverses: Iterable[Inverse]) -> str:
    """Build what points to a thing, up to the limit of each predicate."""
    pattern = _first_subjects(iri, inverses, MOST_SUBJECTS)
    return f"CONSTRUCT {{ ?s ?q {serialise_iri(iri)} }}\nWHERE {{\n  {pattern}\n}}"


def pointing_query(iri: str, inverses: Iterable[Inverse], most: int) -> str:
    """Ask for what points to a thing (``?s`` by ``?q``), up to a limit for each predicate."""
    return f"SELECT ?s ?q\nWHERE {{\n  {_first_subjects(iri, inverses, most)}\n}}"


def nodes_query(subjects: Iterable[object]) -> str:
    """Build all that is said of those of these subjects that have a certainty."""
    nodes = {term.value for term in subjects if isinstance(term, ox.NamedNode)}
    return (
        "CONSTRUCT { ?node ?p ?o }\nWHERE {\n"
        f"  VALUES ?node {{ {serialise_iris(nodes)} }}\n"
        f"  ?node {_CERTAINTY} ?certainty ; ?p ?o\n}}"
    )


def names_query(iris: Iterable[str], graphs: Iterable[str]) -> str:
    """Build the names of things, and what is known of named graphs."""
    # Two VALUES blocks, or a union after one, would be joined by reading the whole graph.
    wanted = serialise_iris(sorted(iris)[:_MOST_NAMED])
    return (
        "CONSTRUCT { ?thing ?p ?o }\nWHERE {\n"
        f"  {{ VALUES ?thing {{ {wanted} }} ?thing ?p ?o FILTER(?p IN ({_NAMES})) }}\n  UNION\n"
        f"  {{ VALUES ?thing {{ {serialise_iris(graphs)} }} ?thing ?p ?o "
        f"FILTER(?p IN ({_ABOUT_GRAPHS})) }}\n}}"
    )


async def _construct(executor: Executor, query: str) -> set[ox.Triple]:
    request = QueryRequest(query, triples_format=TriplesFormat.N_TRIPLES)
    _, document = await executor.read(request)
    return {quad.triple for quad in ox.parse(document, format=ox.RdfFormat.N_TRIPLES)}


async def _graphs(executor: Executor, iri: str) -> set[str]:
    """Look up which named graphs say something of a thing, or point to it."""
    thing = serialise_iri(iri)
    rows = await executor.solutions(
        "SELECT DISTINCT ?graph WHERE {\n"
        f"  {{ GRAPH ?graph {{ {thing} ?p ?o }} }} UNION {{ GRAPH ?graph {{ ?s ?q {thing} }} }}\n}}"
    )
    return {row["graph"].value for row in rows}


def _mentioned(triples: Iterable[ox.Triple]) -> set[str]:
    """Collect every IRI that stands in triples; predicates are named by their vocabularies."""
    terms = {term for triple in triples for term in (triple.subject, triple.object)}
    return {term.value for term in terms if isinstance(term, ox.NamedNode)}


def _literal(text: str, datatype: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


def document_iri(iri: str) -> str:
    """Name the description of a thing, whatever its format."""
    return f"{iri}#description"


def _provenance(iri: str, origin: Origin, graphs: Iterable[str]) -> list[ox.Triple]:
    """Say what the document is, of which version, under which licence, and from which graphs."""
    document = ox.NamedNode(document_iri(iri))

    def say(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(document, ox.NamedNode(predicate), value)

    version = ox.NamedNode(f"{origin.base}version/{origin.version_id}")
    said = [
        say(RDF + "type", ox.NamedNode(FOAF + "Document")),
        say(FOAF + "primaryTopic", ox.NamedNode(iri)),
        say(DCT + "license", ox.NamedNode(LICENSE)),
        say(DCT + "isPartOf", version),
        say(OWL + "versionInfo", ox.Literal(origin.version_id)),
        *(say(PROV + "wasDerivedFrom", ox.NamedNode(graph)) for graph in graphs),
    ]
    if origin.created:
        said.append(say(DCT + "modified", _literal(origin.created, "dateTime")))
    if iri.startswith(origin.base + "graph/"):
        contents = f"{origin.base}graphs/{iri.removeprefix(origin.base + 'graph/')}"
        dump = ox.NamedNode(VOID + "dataDump")
        said.append(ox.Triple(ox.NamedNode(iri), dump, ox.NamedNode(contents)))
    return said


def _cuts(iri: str, origin: Origin, inverses: Iterable[Inverse]) -> Iterable[ox.Triple]:
    """Say of which predicates only the first subjects stand here, and where the rest is."""
    document = ox.NamedNode(document_iri(iri))
    for number, inverse in enumerate(inverses, 1):
        if inverse.total <= MOST_SUBJECTS:
            continue
        part = ox.NamedNode(f"{document_iri(iri)}-{number}")
        query = urlencode({"query": subjects_query(iri, inverse.predicate)})
        yield ox.Triple(document, ox.NamedNode(DCT + "hasPart"), part)
        said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (RDF + "type", ox.NamedNode(HYDRA + "Collection")),
            (HYDRA + "property", ox.NamedNode(inverse.predicate)),
            (HYDRA + "totalItems", _literal(str(inverse.total), "integer")),
            (RDFS + "seeAlso", ox.NamedNode(f"{origin.base}sparql?{query}")),
        ]
        said += [
            (RDFS + "comment", ox.Literal(text, language=language))
            for language, text in _cut_notes(inverse).items()
        ]
        yield from (ox.Triple(part, ox.NamedNode(predicate), value) for predicate, value in said)


def _cut_notes(inverse: Inverse) -> dict[str, str]:
    name = shorten(inverse.predicate)
    return {
        "sv": f"Av de {inverse.total} saker som pekar hit med {name} står {MOST_SUBJECTS} här; "
        "rdfs:seeAlso ger alla.",
        "en": f"Of the {inverse.total} things that point here by {name}, {MOST_SUBJECTS} stand "
        "here; rdfs:seeAlso gives all.",
    }
