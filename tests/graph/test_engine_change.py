"""A store that is changed answers as one that has loaded the changed dataset."""

import itertools
import json
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.contributions.lines import Delta, same_values
from klustergraf.engine.base import QueryRequest
from klustergraf.engine.change import Change, changed
from klustergraf.engine.embedded import DefaultGraph, EmbeddedEngine
from klustergraf.engine.loading import Loaded, load
from klustergraf.version import Manifest, Version, VersionStore, serialise_dataset, version_id
from serving import children, is_running, wait_until

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
SUBJECTS = [ox.NamedNode(EX + name) for name in "st"]
PREDICATES = [ox.NamedNode(EX + name) for name in "pq"]
GRAPHS = [ox.NamedNode(EX + name) for name in "gh"]
OBJECTS: list[ox.NamedNode | ox.Literal] = [
    SUBJECTS[0],
    ox.Literal("1"),
    ox.Literal('b "_: \n<'),
    ox.Literal("1", language="sv"),
    # One value in several spellings: a store in memory cannot tell them apart.
    ox.Literal("1", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("01", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("1.0", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("2026-01-01Z", datatype=ox.NamedNode(XSD + "date")),
    ox.Literal("2026-01-01+00:00", datatype=ox.NamedNode(XSD + "date")),
]
QUADS = [ox.Quad(s, p, o, g) for s in SUBJECTS for p in PREDICATES for o in OBJECTS for g in GRAPHS]
DATASETS = st.sets(st.sampled_from(QUADS), max_size=12)


def lines(quads: set[ox.Quad]) -> list[bytes]:
    """Write a dataset as a version has it."""
    return serialise_dataset(quads).splitlines(keepends=True)


def change_of(before: set[ox.Quad], after: set[ox.Quad], dataset: Path) -> Change:
    """Give the change as the service does."""
    delta = Delta.of(lines(after), lines(before))
    return Change((*delta.added, *same_values(dataset, delta.removed)), delta.removed)


def answers(loaded: Loaded) -> tuple[object, ...]:
    """Everything that a store can be asked: each row as often as it comes."""
    ask = [
        ("SELECT * { ?s ?p ?o }", [], []),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", [], []),
        ("SELECT * { ?s ?p ?o }", [EX + "g", EX + "h"], [EX + "g"]),
    ]
    return (
        sorted(loaded.graphs),
        *(Counter(map(str, loaded.query(*question))) for question in ask),  # type: ignore[arg-type]
    )


@given(DATASETS, st.lists(DATASETS, min_size=1, max_size=3), st.sampled_from(["union", "unnamed"]))
def test_changed_store_is_the_loaded_one(
    first: set[ox.Quad], others: list[set[ox.Quad]], default_graph: str
) -> None:
    """Change after change, the store answers as one that has loaded each dataset."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset.nq"
        path.write_bytes(serialise_dataset(first))
        store, before = load(path, default_graph), first
        for after in others:
            path.write_bytes(serialise_dataset(after))
            store = changed(store, change_of(before, after, path), default_graph)
            fresh = load(path, default_graph)
            # That triples are shared is never forgotten; it costs time and changes no answer.
            assert store.is_shared or not fresh.is_shared
            assert answers(store) == answers(fresh)
            before = after


def test_change_is_read_as_it_was_written() -> None:
    """What goes over the socket is what was sent, whatever the literals hold."""
    written = lines(set(QUADS))
    change = Change(added=written[:7], removed=written[7:])
    assert Change.from_bytes(change.to_bytes()) == change
    assert Change.from_bytes(Change([], []).to_bytes()) == Change([], [])


@pytest.mark.parametrize("where", ["subject", "object", "graph"])
def test_blank_nodes_are_seen(where: str) -> None:
    """A change with a blank node is one that a store cannot be given."""
    terms = {"subject": "<a:s>", "object": "<a:o>", "graph": "<a:g>", where: "_:b"}
    line = "{subject} <a:p> {object} {graph} .\n".format(**terms).encode()
    assert Change([line], []).has_blank_nodes
    assert Change([], [line]).has_blank_nodes
    assert not Change(lines({QUADS[0]}), []).has_blank_nodes


def stored(home: Path, quads: set[ox.Quad]) -> Version:
    """Make a version of a dataset."""
    dataset = serialise_dataset(quads)
    manifest = Manifest(version_id([dataset]), "2026-01-01T00:00:00Z", "test")
    return VersionStore(home).add(dataset, manifest, b"")


def rows(engine: EmbeddedEngine) -> set[str]:
    """Give what an engine's graphs hold."""
    query = QueryRequest("SELECT ?s ?p ?o ?g { GRAPH ?g { ?s ?p ?o } }")
    found = json.loads(b"".join(engine.query(query)))["results"]["bindings"]
    return {json.dumps(row, sort_keys=True) for row in found}


def test_successors_outlive_each_other(tmp_path: Path) -> None:
    """A keeper ends without its successor, which answers on; none of their processes is left."""
    datasets = [set(QUADS[:number]) for number in (20, 21, 24, 18)]
    engine = EmbeddedEngine(stored(tmp_path, datasets[0]))
    engine._most_changes = 100  # a dataset this small is loaded anew otherwise
    keepers, started = [engine.keeper_pid], children(os.getpid()).keys()
    for before, after in itertools.pairwise(datasets):
        version = stored(tmp_path, after)
        successor = engine.successor(version, change_of(before, after, version.dataset_path))
        with EmbeddedEngine(version) as fresh:
            assert rows(successor) == rows(fresh)
            assert successor.version_id == version.id == fresh.version_id
        running = engine.query(QueryRequest("SELECT * { ?s ?p ?o }"))
        assert running.version_id == engine.version_id
        assert b"".join(running)
        engine.close()
        assert wait_until(lambda: not is_running(keepers[-1]))
        assert rows(successor)
        engine = successor
        keepers.append(engine.keeper_pid)
    assert len(set(keepers)) == len(keepers)
    # They are forked: of what was started, there is the one guardian of all, and now their parent.
    assert children(os.getpid()).keys() == started
    assert any(engine.keeper_pid in children(pid) for pid in started)
    engine.close()
    assert wait_until(lambda: not any(is_running(pid) for pid in keepers))


def test_successor_that_dies_is_started_again(tmp_path: Path) -> None:
    """A successor that was killed is replaced by a keeper that loads its version, not the first."""
    before, after = set(QUADS[:20]), set(QUADS[10:30])
    engine = EmbeddedEngine(stored(tmp_path, before))
    engine._most_changes = 100
    version = stored(tmp_path, after)
    with engine, engine.successor(version, change_of(before, after, version.dataset_path)) as next_:
        told = rows(next_)
        workers = children(next_.keeper_pid)
        os.kill(next_.keeper_pid, signal.SIGKILL)
        assert wait_until(lambda: not any(map(is_running, workers)))
        assert rows(next_) == told
        assert rows(engine) != told


@pytest.mark.parametrize("default_graph", ["union", "unnamed"])
def test_dead_predecessor_is_no_obstacle(tmp_path: Path, default_graph: DefaultGraph) -> None:
    """Where the keeper before has died, the next version is loaded."""
    before, after = set(QUADS[:20]), set(QUADS[10:30])
    version = stored(tmp_path, after)
    with EmbeddedEngine(stored(tmp_path, before), default_graph=default_graph) as engine:
        engine._most_changes = 100
        os.kill(engine.keeper_pid, signal.SIGKILL)
        assert wait_until(lambda: not is_running(engine.keeper_pid))
        change = change_of(before, after, version.dataset_path)
        fresh = EmbeddedEngine(version)
        with fresh, engine.successor(version, change) as successor:
            assert rows(successor) == rows(fresh)
