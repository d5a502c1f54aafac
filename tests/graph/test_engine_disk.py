"""The engine over a store on disk: the same answers and walls; derived once, repaired."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from klustergraf.engine import lane
from klustergraf.engine.base import QueryRequest, ResultsFormat
from klustergraf.engine.disk import store_folder, wants_disk
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import GraphParseError, QueryResourcesExceeded, QueryTimeout
from klustergraf.version import Version
from serving import ENDLESS, GREEDY, TINY, without_walls

ALL = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o"
NAMED = "SELECT * { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?s ?p ?o"


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """Give a version of a few statements."""
    folder = tmp_path / ("0" * 64)
    folder.mkdir()
    (folder / "dataset.nq").write_text(
        "".join(f'<http://e/{i}> <http://e/n> "{i}" <http://e/g{i % 2}> .\n' for i in range(9))
    )
    return Version(folder)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedEngine]:
    """Give an engine over the tiny dataset on disk, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with EmbeddedEngine(TINY, storage="disk", timeout_seconds=5, memory_mb=128) as engine:
        yield engine


def run(engine: EmbeddedEngine, text: str) -> bytes:
    """Run a query and give its whole answer."""
    return b"".join(engine.query(QueryRequest(text, results_format=ResultsFormat.CSV)))


@pytest.mark.parametrize("text", [ALL, NAMED, "DESCRIBE <http://e/1>"])
def test_answers_are_those_of_memory(cached: EmbeddedEngine, text: str) -> None:
    """Where the store lies changes no answer, also where graphs share a triple."""
    with EmbeddedEngine(TINY) as memory:
        assert sorted(run(cached, text).splitlines()) == sorted(run(memory, text).splitlines())


def test_limits_hold_on_disk(cached: EmbeddedEngine) -> None:
    """Time and memory are bounded as in memory, and the next query answers."""
    with pytest.raises(QueryTimeout):
        cached.query(QueryRequest(ENDLESS, timeout_seconds=0.3))
    with pytest.raises(QueryResourcesExceeded):
        run(cached, GREEDY)
    assert run(cached, "ASK {}") == b"true"


def test_store_is_derived_once_beside_the_version(version: Version) -> None:
    """The second start opens what the first one made, even without the dataset's text."""
    with EmbeddedEngine(version, storage="disk") as engine:
        expected = run(engine, ALL)
    assert store_folder(version, "", "union").is_relative_to(version.path)
    version.dataset_path.write_text("no RDF at all")
    with EmbeddedEngine(version, storage="disk") as engine:
        assert run(engine, ALL) == expected
    assert not list(version.path.glob(".store-*"))


@pytest.fixture
def count_in_many_files(version: Version) -> int:
    """Make the version's store have many files; give the number of its statements."""
    folder = store_folder(version, "", "union")
    count = 0
    while len(list(folder.glob("*.sst"))) < 20:  # RocksDB opens sixteen by itself
        assert count < 10_000
        store = ox.Store(str(folder))
        for _ in range(3):
            store.bulk_extend(
                ox.Quad(
                    ox.NamedNode(f"http://e/{number}"),
                    ox.NamedNode(f"http://e/p{number % 7}"),
                    ox.Literal(str(number)),
                    ox.NamedNode(f"http://e/g{number % 5}"),
                )
                for number in range(count, count + 40)
            )
            count += 40
        del store
    (folder / "complete.json").write_text('{"is_shared": false}')
    return count


@pytest.mark.parametrize("has_walls", [True, False])
def test_store_of_many_files(
    version: Version, count_in_many_files: int, monkeypatch: pytest.MonkeyPatch, *, has_walls: bool
) -> None:
    """A worker reads every file of a store: it opens them itself, or all are open before it is."""
    if not has_walls:
        monkeypatch.setattr(lane, "command", without_walls)
    count = count_in_many_files
    with EmbeddedEngine(version, storage="disk", timeout_seconds=10) as engine:
        for pattern in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }"):
            assert int(run(engine, f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}").split()[1]) == count
        for number in (0, count // 2, count - 1):
            for pattern in (
                f"<http://e/{number}> ?p ?o",
                f'?s ?p "{number}"',
                f'?s <http://e/p{number % 7}> "{number}"',
                f'GRAPH <http://e/g{number % 5}> {{ ?s ?p "{number}" }}',
            ):
                assert run(engine, f"ASK {{ {pattern} }}") == b"true", pattern


@pytest.mark.parametrize("damage", ["no mark", "bad mark", "no manifest"])
def test_broken_store_is_made_again(version: Version, damage: str) -> None:
    """A store that was not finished, or lost a file, is derived anew."""
    with EmbeddedEngine(version, storage="disk") as engine:
        expected = run(engine, ALL)
    folder = store_folder(version, "", "union")
    if damage == "no mark":
        (folder / "complete.json").unlink()
    elif damage == "bad mark":
        (folder / "complete.json").write_text("{")
    else:
        (folder / "CURRENT").unlink()
    with EmbeddedEngine(version, storage="disk") as engine:
        assert run(engine, ALL) == expected
    assert json.loads((folder / "complete.json").read_text()) == {"is_shared": False}


def test_unreadable_dataset_leaves_nothing(version: Version) -> None:
    """A dataset that cannot be loaded leaves no store behind."""
    version.dataset_path.write_text("nonsense\n")
    with pytest.raises(GraphParseError):
        EmbeddedEngine(version, storage="disk")
    assert [path.name for path in version.path.iterdir()] == ["dataset.nq"]


def test_auto_goes_by_size(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would fill the memory goes to disk."""
    assert not wants_disk("auto", version.dataset_path)
    monkeypatch.setattr("klustergraf.engine.disk.available_bytes", lambda: 100)
    assert wants_disk("auto", version.dataset_path)
