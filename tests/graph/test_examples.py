"""The graph of stored queries: what editors of SPARQL find in the endpoint about itself."""

from pyoxigraph import QuerySolutions, Store

from klustergraf.catalogue import Catalogue
from klustergraf.namespaces import PREFIXES

_HEAD = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <https://schema.org/>
"""


def rows(store: Store, text: str) -> list[tuple[str, ...]]:
    """Ask, as an editor does."""
    found = store.query(_HEAD + text)
    assert isinstance(found, QuerySolutions)
    return [tuple(str(getattr(value, "value", "")) for value in row) for row in found]


def test_editors_find_the_queries(founding_store: Store) -> None:
    """Each stored query is there with a title in both languages, and its text runs as it is."""
    found = rows(
        founding_store,
        """
        SELECT ?query ?text ?sv ?en WHERE {
          ?query a sh:SPARQLExecutable ;
            sh:select|sh:ask|sh:construct|sh:describe ?text ;
            schema:target ?endpoint ; rdfs:label ?sv , ?en .
          FILTER (LANG(?sv) = "sv" && LANG(?en) = "en")
        }""",
    )
    catalogue = {query.name: query for query in Catalogue()}
    assert {iri.rpartition("/")[2] for iri, *_ in found} == set(catalogue)
    for iri, text, sv, en in found:
        query = catalogue[iri.rpartition("/")[2]]
        assert (sv, en) == (query.title["sv"], query.title["en"])
        assert "#+" not in text
        founding_store.query(text)


def test_editors_find_the_prefixes(founding_store: Store) -> None:
    """Every prefix of the graph is declared once, with its namespace as xsd:anyURI."""
    found = rows(
        founding_store,
        """
        SELECT ?prefix ?namespace WHERE {
          <https://w3id.org/klustergraf/queries> sh:declare ?declared .
          ?declared sh:prefix ?prefix ; sh:namespace ?namespace .
          FILTER (DATATYPE(?namespace) = <http://www.w3.org/2001/XMLSchema#anyURI>)
        }""",
    )
    assert sorted(found) == sorted(PREFIXES.items())
