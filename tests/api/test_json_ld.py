"""Our JSON-LD, as other libraries read it, is what was written."""

import json

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from klustergraf.namespaces import KG, PREFIXES, RDF, SKOS, XSD
from klustergraf_api.json_ld import write_json_ld

IRIS = st.sampled_from(
    [
        *("http://example.org/a", "https://w3id.org/klustergraf/id/actor/\u00e5\u00e4\u00f6"),
        *("geo:59.3,18.1", "org:member", "urn:x:y", "mailto:a@b", KG + "Actor", SKOS + "prefLabel"),
        *(KG, SKOS + "//a", "https://schema.org/a/b#c", RDF + "type"),
    ]
).map(ox.NamedNode)
LITERALS = st.one_of(
    st.text(max_size=20).map(ox.Literal),
    st.tuples(st.text(max_size=9), st.sampled_from(["sv", "en", "en-gb"])).map(
        lambda pair: ox.Literal(pair[0], language=pair[1])
    ),
    st.tuples(
        st.sampled_from(["1", "1.50", "true", "1e3", "@id", "2020-01-01", "not a number", ""]),
        # Not double: pyld rewrites those, as "1" to "1.0E0".
        st.sampled_from(["integer", "decimal", "boolean", "date", "anyURI"]),
    ).map(lambda pair: ox.Literal(pair[0], datatype=ox.NamedNode(XSD + pair[1]))),
)
BLANK_NODES = st.sampled_from(["a", "b"]).map(ox.BlankNode)
TRIPLES = st.lists(
    st.builds(ox.Triple, IRIS | BLANK_NODES, IRIS, IRIS | BLANK_NODES | LITERALS), max_size=12
)


def _canonical(quads: list[ox.Quad]) -> set[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


@given(triples=TRIPLES)
def test_what_is_written_is_read(triples: list[ox.Triple]) -> None:
    """Every IRI, also one that looks like a CURIE, every literal and blank node comes back."""
    expected = _canonical([ox.Quad(t.subject, t.predicate, t.object) for t in triples])
    document = write_json_ld(triples, PREFIXES)
    assert _canonical(list(ox.parse(document, format=ox.RdfFormat.JSON_LD))) == expected
    quads = jsonld.to_rdf(json.loads(document), {"format": "application/n-quads"})
    assert _canonical(list(ox.parse(quads, format=ox.RdfFormat.N_QUADS))) == expected


def test_it_is_compact() -> None:
    """Classes and properties are CURIEs, and only prefixes that are used stand in the context."""
    thing = ox.NamedNode("https://example.org/x")
    triples = [
        ox.Triple(thing, ox.NamedNode(RDF + "type"), ox.NamedNode(KG + "Actor")),
        ox.Triple(thing, ox.NamedNode(SKOS + "prefLabel"), ox.Literal("X", language="sv")),
    ]
    assert json.loads(write_json_ld(triples, PREFIXES)) == {
        "@context": {"kg": KG, "skos": SKOS},
        "@graph": [
            {
                "@id": "https://example.org/x",
                "@type": ["kg:Actor"],
                "skos:prefLabel": [{"@value": "X", "@language": "sv"}],
            }
        ],
    }
