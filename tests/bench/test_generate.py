"""The generator of the benchmark: the same again, as large as asked, and of our vocabulary."""

import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest

from generate import SIZES, Contents, write_dataset
from hygiene import declared_terms
from klustergraf.namespaces import GRAPH, KG
from mix import LOOKUP, MixQuery, read_mix


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contents]:
    """Write the smallest dataset of the benchmark."""
    path = tmp_path_factory.mktemp("bench") / "data.nq"
    return path, write_dataset(path, SIZES["10k"])


@pytest.fixture(scope="module")
def store(dataset: tuple[Path, Contents]) -> ox.Store:
    """Load it."""
    loaded = ox.Store()
    loaded.bulk_load(path=dataset[0])
    return loaded


def count(store: ox.Store, pattern: str) -> int:
    """Count the solutions of a pattern over all named graphs."""
    solutions = store.query(
        f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", use_default_graph_as_union=True
    )
    assert isinstance(solutions, ox.QuerySolutions)
    return int(next(solutions)["n"].value)


def test_same_seed_same_bytes(dataset: tuple[Path, Contents], tmp_path: Path) -> None:
    """Size and seed decide every byte, on every machine; another seed gives others."""
    first = dataset[0].read_bytes()
    assert write_dataset(tmp_path / "again.nq", SIZES["10k"]) == dataset[1]
    assert (tmp_path / "again.nq").read_bytes() == first
    assert hashlib.sha256(first).hexdigest() == (
        "bc7cbc5ffa38b668f76d2cc4bcb9e4d6e62ed01b2d0ea82eac65def081a9a50e"
    ), "the data has changed: figures of earlier runs no longer compare; then renew this digest"
    write_dataset(tmp_path / "other.nq", SIZES["10k"], seed=1)
    assert (tmp_path / "other.nq").read_bytes() != first


def test_counts_are_true(dataset: tuple[Path, Contents], store: ox.Store) -> None:
    """What the generator says it wrote is what a store finds, and no triple stands twice."""
    contents = dataset[1]
    assert contents == Contents(
        triples=len(store),
        actors=count(store, f"?s a <{KG}Actor>"),
        projects=count(store, f"?s a <{KG}Project>"),
        agreements=count(store, f"?s a <{KG}Agreement>"),
    )
    assert SIZES["10k"] <= contents.triples < SIZES["10k"] * 1.05
    assert len({(quad.subject, quad.predicate, quad.object) for quad in store}) == len(store)


def test_graphs_are_named(store: ox.Store) -> None:
    """Everything stands in a named graph."""
    graphs = [graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)]
    assert all(graph.startswith(f"{GRAPH}bench/") for graph in graphs)
    assert count(store, "GRAPH ?g { ?s ?p ?o }") == len(store)


def test_terms_are_declared(store: ox.Store) -> None:
    """Every class and property of ours that is used stands in the ontology."""
    used = {
        term.value
        for quad in store
        for term in (quad.predicate, quad.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith(KG)
    }
    unknown = sorted(used - declared_terms())
    assert not unknown, f"the ontology does not have {unknown}"


def test_degrees_are_uneven(store: ox.Store) -> None:
    """The actor that takes part in most has many times what the one in the middle has."""
    solutions = store.query(
        f"SELECT (COUNT(?p) AS ?n) {{ ?p <{KG}inProject> ?project ; <{KG}hasParticipant> ?a }} "
        "GROUP BY ?a ORDER BY DESC(?n)",
        use_default_graph_as_union=True,
    )
    assert isinstance(solutions, ox.QuerySolutions)
    degrees = [int(solution["n"].value) for solution in solutions]
    assert degrees[0] > 10 * degrees[len(degrees) // 2]


def test_queries_of_the_mix_answer(dataset: tuple[Path, Contents], store: ox.Store) -> None:
    """Each query of the mix parses and runs; of its drawn texts some have answers."""
    mix = read_mix(dataset[1], 20)
    assert LOOKUP in [query.name for query in mix]
    for query in mix:
        assert any(_answers(store, query)), f"{query.name} never has an answer"


def _answers(store: ox.Store, query: MixQuery) -> list[int]:
    found = []
    for text in query.texts:
        result = store.query(text, use_default_graph_as_union=True)
        assert isinstance(result, ox.QuerySolutions | ox.QueryTriples)
        found.append(sum(1 for _ in result))
    return found


def test_mix_is_drawn_alike(dataset: tuple[Path, Contents]) -> None:
    """Two runs ask the same texts."""
    assert read_mix(dataset[1], 5) == read_mix(dataset[1], 5)
