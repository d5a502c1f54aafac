"""What a remote store holds of ours: the record that ``klustergraf publish`` leaves there.

The record is a named graph of its own::

    <…/graph/published> dct:hasPart <graph>, … ; sd:defaultGraph <…/graph/published/merged> ;
                        owl:versionInfo "id of the version" .
    <graph> kg:sha256 "digest of its canonical N-Triples" ; void:triples 123 .

``owl:versionInfo`` is written last: without it the store is half way between two versions.
``<…/graph/published/merged>`` holds every triple of the version once, and is what a query without
a graph reads. A union that an engine makes by itself counts a triple once per graph (Oxigraph), or
takes in what others have put into the same store (Virtuoso's own graphs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from klustergraf.namespaces import DCT, GRAPH, KG, OWL, VOID, XSD

RECORD_GRAPH = GRAPH + "published"
MERGED_GRAPH = GRAPH + "published/merged"

_SD_DEFAULT_GRAPH = "http://www.w3.org/ns/sparql-service-description#defaultGraph"


@dataclass(frozen=True)
class PublishedGraph:
    """A graph that lies in the store: its digest, and how many triples it has."""

    sha256: str
    triples: int


@dataclass(frozen=True)
class Publication:
    """What lies in the store. ``version_id`` is empty while a publication is under way."""

    graphs: Mapping[str, PublishedGraph] = field(default_factory=dict)
    version_id: str = ""

    @property
    def has_merged_graph(self) -> bool:
        """Whether the merge of the graphs lies there as well."""
        return MERGED_GRAPH in self.graphs

    @property
    def named_graphs(self) -> tuple[str, ...]:
        """The graphs of the version, sorted, without the merge of them."""
        return tuple(sorted(graph for graph in self.graphs if graph != MERGED_GRAPH))

    def to_n_triples(self) -> bytes:
        """Write the record, lines sorted."""
        record = NamedNode(RECORD_GRAPH)
        triples = []
        for iri, graph in self.graphs.items():
            predicate = _SD_DEFAULT_GRAPH if iri == MERGED_GRAPH else DCT + "hasPart"
            count = Literal(str(graph.triples), datatype=NamedNode(XSD + "integer"))
            triples += [
                Triple(record, NamedNode(predicate), NamedNode(iri)),
                Triple(NamedNode(iri), NamedNode(KG + "sha256"), Literal(graph.sha256)),
                Triple(NamedNode(iri), NamedNode(VOID + "triples"), count),
            ]
        if self.version_id:
            version = Literal(self.version_id)
            triples.append(Triple(record, NamedNode(OWL + "versionInfo"), version))
        lines = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
        return b"".join(sorted(lines.splitlines(keepends=True)))

    @classmethod
    def from_statements(cls, statements: Iterable[tuple[str, str, str]]) -> "Publication":
        """Read the record: subject, predicate, and the text of the object.

        What is incomplete (a graph without its digest) is taken as not there.
        """
        parts: set[str] = set()
        digests: dict[str, str] = {}
        counts: dict[str, int] = {}
        version_id = ""
        for subject, predicate, value in statements:
            if subject == RECORD_GRAPH and predicate in (DCT + "hasPart", _SD_DEFAULT_GRAPH):
                parts.add(value)
            elif subject == RECORD_GRAPH and predicate == OWL + "versionInfo":
                version_id = value
            elif predicate == KG + "sha256":
                digests[subject] = value
            elif predicate == VOID + "triples" and value.isdecimal():
                counts[subject] = int(value)
        graphs = {
            iri: PublishedGraph(digests[iri], counts[iri])
            for iri in sorted(parts)
            if iri in digests and iri in counts
        }
        return cls(graphs, version_id)
