"""What a version is made of while it is built: which statements the named graphs are asked for."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from klustergraf.gathering import Statements
from klustergraf.namespaces import XSD
from klustergraf.rules import Pattern

_FIRST, _SECOND = NamedNode("urn:first"), NamedNode("urn:second")
_LINES = {
    _FIRST: [
        b"<urn:a> <urn:p> <urn:b> .\n",
        b"<urn:a> <urn:p> <urn:c> .\n",
        b"<urn:a> <urn:q> <urn:b> .\n",
        b'<urn:a> <urn:n> "007"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
    ],
    _SECOND: [
        b'<urn:z> <urn:other> "<urn:p> <urn:b>" .\n',
        b"<urn:a> <urn:p> <urn:b> .\n",
        b'<urn:d> <urn:n> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
        b'<urn:d> <urn:t> "seven"@en .\n',
        b'<urn:d> <urn:t> "eight" .\n',
    ],
}


@pytest.mark.parametrize(
    "asked",
    [
        frozenset(),
        frozenset({("urn:p", "urn:b")}),
        frozenset({("urn:p", None), ("urn:t", None)}),
        frozenset({("urn:n", None), ("urn:q", "urn:b")}),
        frozenset({("urn:nothing", None)}),
        None,
    ],
)
def test_named_graphs_have_what_is_asked_for(asked: frozenset[Pattern] | None) -> None:
    """Of each graph its first statement and all that match, also those the merge spells anew."""
    stated, merged = Statements(), Store()
    wanted = set[Quad]()
    for graph, lines in _LINES.items():
        stated.add(graph, lines)
        merged.load(b"".join(lines), format=RdfFormat.N_TRIPLES)
        for number, read in enumerate(parse(b"".join(lines), format=RdfFormat.N_TRIPLES)):
            kinds = {(read.predicate.value, None), (read.predicate.value, _iri(read))}
            if number == 0 or asked is None or kinds & asked:
                wanted.add(Quad(read.subject, read.predicate, read.object, graph))
    store = stated.named(asked, merged)
    again = Store()
    again.extend(wanted)
    assert set(store) == set(again)
    assert len(again) == len(wanted)
    assert Literal("007", datatype=NamedNode(XSD + "integer")) not in {q.object for q in merged}


def _iri(quad: Quad) -> str | None:
    return quad.object.value if isinstance(quad.object, NamedNode) else None
