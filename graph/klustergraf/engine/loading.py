"""Load a dataset into a store, and ask it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox


@dataclass(frozen=True)
class Loaded:
    """A store and how it is to be asked."""

    store: ox.Store

    def query(
        self, text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """Begin to evaluate a query. Graphs that are given take the place of those in the text."""
        dataset: dict[str, Any] = {}
        if default_graphs or named_graphs:
            dataset["default_graph"] = [ox.NamedNode(iri) for iri in default_graphs]
            dataset["named_graphs"] = [ox.NamedNode(iri) for iri in named_graphs]
        return self.store.query(text, **dataset)

    @property
    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        named = self.store.named_graphs()
        return [graph.value for graph in named if isinstance(graph, ox.NamedNode)]


def load(path: Path, default_graph: str) -> Loaded:
    """Load a dataset into memory.

    ``union`` puts every triple of the named graphs into the default graph as well, where each
    stands once. The engine's own option for this counts a triple once per graph it stands in
    (not the RDF merge that SPARQL 1.1 Query, section 13.1 speaks of) and ignores ``FROM``.
    Errors: SyntaxError, OSError and ValueError of pyoxigraph.
    """
    store = ox.Store()
    store.bulk_load(path=path)
    if default_graph == "union":
        store.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
    return Loaded(store)
