"""The allocator of the keeper and its workers: taken where it is and fits, else passed over."""

from pathlib import Path

import pytest

from klustergraf.engine.allocator import AUTO, SYSTEM, preloaded
from klustergraf.engine.base import QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import QueryResourcesExceeded
from serving import GREEDY, TINY

INSTALLED = preloaded(AUTO).get("LD_PRELOAD")
ALLOCATORS = [SYSTEM, *([INSTALLED] if INSTALLED else [])]
EVERYTHING = QueryRequest("SELECT * { ?s ?p ?o }")


def test_what_is_set_is_what_is_preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's is left alone, a path is taken as it is, and mimalloc is found by its name."""
    assert preloaded(SYSTEM) == {}
    assert preloaded("lib/other.so") == {"LD_PRELOAD": "lib/other.so"}
    monkeypatch.setattr("klustergraf.engine.allocator._FOLDERS", (str(tmp_path),))
    assert preloaded(AUTO) == {}
    library = tmp_path / "x86_64-linux-gnu" / "libmimalloc.so.2"
    library.parent.mkdir()
    library.touch()
    assert preloaded(AUTO) == {"LD_PRELOAD": str(library)}


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_memory_is_bounded_with_every_allocator(allocator: str) -> None:
    """A query that takes too much is ended, and the next one is answered."""
    with EmbeddedEngine(TINY, memory_mb=64, timeout_seconds=60, allocator=allocator) as engine:
        libraries = Path(f"/proc/{engine.keeper_pid}/maps").read_text()
        assert ("mimalloc" in libraries) == (allocator != SYSTEM)
        with pytest.raises(QueryResourcesExceeded):
            b"".join(engine.query(QueryRequest(GREEDY)))
        assert b'"s"' in b"".join(engine.query(EVERYTHING))


def test_library_that_does_not_fit_is_passed_over(tmp_path: Path) -> None:
    """A path to no library changes nothing but what the loader says."""
    wrong = tmp_path / "wrong.so"
    wrong.write_text("no library")
    with EmbeddedEngine(TINY, allocator=str(wrong)) as engine:
        assert b'"s"' in b"".join(engine.query(EVERYTHING))
