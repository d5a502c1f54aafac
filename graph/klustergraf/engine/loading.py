"""Load a dataset into a store, and ask it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from klustergraf.engine.overlap import Comparison

_GraphName = ox.NamedNode | ox.BlankNode
_Graph = _GraphName | ox.DefaultGraph


@dataclass(frozen=True)
class Loaded:
    """A store and how it is to be asked.

    ``is_union``: its default graph is the union of all, made by the store as it goes along.
    ``is_shared``: a triple stands in more than one of its graphs. ``folder``: where it lies, if not
    in memory. ``rewritten``: gives a query with the same answer that takes the store less time, or
    None; of queries of the whole dataset.
    """

    store: ox.Store
    is_union: bool
    is_shared: bool
    folder: Path | None = None
    rewritten: Callable[[str], str | None] | None = None

    def query(
        self, text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """Begin to evaluate a query. Graphs that are given take the place of those in the text.

        The graphs of a ``FROM`` in the text must be given: the store's union overlooks it.
        """
        if not default_graphs and not named_graphs:
            return self.store.query(text, use_default_graph_as_union=self.is_union)
        default: list[_Graph] = [ox.NamedNode(iri) for iri in dict.fromkeys(default_graphs)]
        named: list[_GraphName] = [ox.NamedNode(iri) for iri in dict.fromkeys(named_graphs)]
        if len(default) > 1 and self.is_shared:
            merged = _merged(self.store, default, named)
            return merged.query(text, default_graph=ox.DefaultGraph(), named_graphs=named)
        return self.store.query(text, default_graph=default, named_graphs=named)

    def shortened(
        self, text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> str | None:
        """Give a query with the same answer that takes the store less time; None if there is none.

        Graphs are given as to :meth:`query`.
        """
        if self.rewritten is None or default_graphs or named_graphs:
            return None
        return self.rewritten(text)

    @property
    def graphs(self) -> list[str]:
        """The IRIs of the named graphs."""
        named = self.store.named_graphs()
        return [graph.value for graph in named if isinstance(graph, ox.NamedNode)]


def _merged(store: ox.Store, default: Sequence[_Graph], named: Sequence[_GraphName]) -> ox.Store:
    """Make the dataset of one query, with the merge of graphs as its default graph.

    Of several graphs the store itself gives the rows of each; but a triple of two graphs is one
    triple of their merge (SPARQL 1.1 Query, section 13.2.1).
    """
    merged = ox.Store()
    for graph in default:
        quads = store.quads_for_pattern(None, None, None, graph)
        merged.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    for graph in named:
        merged.extend(store.quads_for_pattern(None, None, None, graph))
    return merged


def load(path: Path, default_graph: str) -> Loaded:
    """Load a dataset into memory.

    ``union`` makes the default graph the merge of all graphs: each triple once, as SPARQL 1.1
    Query, section 13.1 has it. The store's own union counts a triple once for each graph it stands
    in, so it serves where no triple stands in two; else each triple is put into the default graph
    as well.
    Errors: SyntaxError, OSError and ValueError of pyoxigraph.
    """
    comparison = Comparison(path)
    store = ox.Store()
    store.bulk_load(path=path)
    is_shared = comparison.is_shared(store)
    if default_graph == "union" and is_shared:
        merge_into_default(store)
    return Loaded(store, default_graph == "union" and not is_shared, is_shared)


def merge_into_default(store: ox.Store) -> None:
    """Put every triple of the named graphs into the default graph as well."""
    # Twice as fast as to go through the triples in Python.
    store.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
