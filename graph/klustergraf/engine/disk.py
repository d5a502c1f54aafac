"""Keep a dataset on disk instead of in memory: a RocksDB folder, derived once and then only read.

The keeper opens it and its workers inherit the open files. RocksDB opens a file when it first reads
it, so workers open the others by themselves, where they can do so and reach nothing else
(:mod:`klustergraf.engine.walls`); elsewhere the keeper reads until every file is open.
RocksDB's own threads do not outlive a fork; a store that is only read has no work for them.
"""

import contextlib
import json
import os
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import platformdirs
import pyoxigraph as ox

from klustergraf.engine.loading import Loaded
from klustergraf.engine.overlap import Comparison
from klustergraf.version import Version

Storage = Literal["memory", "disk", "auto"]

_COMPLETE: Final = "complete.json"
# A store in memory takes five to eight times its N-Quads, and Turtle is denser still.
_MEMORY_PER_BYTE: Final = 10
_LOWEST_FREE_DESCRIPTOR: Final = 4
# After so many statements it is looked whether every file is open.
_LOOK_EACH: Final = 500
# At ten million statements they lead to two thirds of the files, in some hundredths of a second.
_FEW: Final = 200


def store_folder(source: Version | Path, digest: str, default_graph: str) -> Path:
    """Give the folder of a dataset's store: in its version's, or in the user's cache."""
    name = f"store-{default_graph}"
    if isinstance(source, Version):
        return source.path / name
    return Path(platformdirs.user_cache_path("klustergraf", appauthor=False)) / digest / name


def wants_disk(storage: Storage, dataset_path: Path) -> bool:
    """Tell whether a dataset is kept on disk; ``auto``: when memory would become scarce."""
    if storage == "auto":
        return dataset_path.stat().st_size * _MEMORY_PER_BYTE > available_bytes()
    return storage == "disk"


def available_bytes() -> int:
    """Give the memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 1 << 40


def load_from_disk(path: Path, default_graph: str, folder: Path) -> Loaded:
    """Open the store of a dataset; derive it first if it is missing or broken.

    Errors: SyntaxError, OSError and ValueError of pyoxigraph.
    """
    # A worker takes the first four descriptors for itself: none of them may be a file of the store.
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) < _LOWEST_FREE_DESCRIPTOR:
        pass
    os.close(descriptor)
    try:
        loaded = _open(folder, default_graph)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        _derive(path, default_graph, folder)
        loaded = _open(folder, default_graph)
    return loaded


def _open(folder: Path, default_graph: str) -> Loaded:
    facts = json.loads((folder / _COMPLETE).read_text("utf-8"))
    is_shared = bool(facts["is_shared"])
    store = ox.Store.read_only(str(folder))
    return Loaded(store, default_graph == "union" and not is_shared, is_shared, folder)


def open_files(store: ox.Store, folder: Path, *, every: bool) -> None:
    """Read here and there in a store, so that its files are open before workers are forked.

    RocksDB opens some sixteen by itself, and others when they are read. Terms lie in the order of
    their hashes: so what is said of the objects of some statements lies all over the store, and few
    statements lead to most files. To reach ``every`` file may take as long as to read the store.
    Errors: OSError when some of every file stay closed.
    """
    wanted = len(list(folder.glob("*.sst")))
    for graph in store.named_graphs():
        store.contains_named_graph(graph)
    for number, quad in enumerate(islice(store, None if every else _FEW)):
        if number % _LOOK_EACH == 0 and _open_files(folder) >= wanted:
            return
        _read_around(store, quad)
        for other in store.quads_for_pattern(None, None, quad.object, None):
            _read_around(store, other)
            break
        if not isinstance(quad.object, ox.Literal):
            for other in store.quads_for_pattern(quad.object, None, None, None):
                _read_around(store, other)
                break
    if every and (found := _open_files(folder)) < wanted:
        raise OSError(f"{found} of the {wanted} files of {folder} can be opened")


def _read_around(store: ox.Store, quad: ox.Quad) -> None:
    """Read where each index of the store has a statement."""
    s, p, o, g = quad
    for pattern in (
        *((s, None, None, None), (None, p, o, None), (None, None, o, None)),
        *((s, None, None, g), (None, p, o, g), (None, None, o, g)),
    ):
        next(store.quads_for_pattern(*pattern), None)


def _open_files(folder: Path) -> int:
    """Count the files of a store that this process has open."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = descriptor.readlink()
            found += target.suffix == ".sst" and target.is_relative_to(folder.resolve())
    return found


def _derive(path: Path, default_graph: str, folder: Path) -> None:
    """Make the store beside its place, and move it there whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".store-", dir=folder.parent))
    try:
        comparison = Comparison(path)
        store = ox.Store(str(beside))
        store.bulk_load(path=path)
        is_shared = comparison.is_shared(store)
        if default_graph == "union" and is_shared:
            # Not by an update, which would hold all of it in memory.
            store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in store)
        store.optimize()
        store.flush()
        del store  # closes it
        facts = {"is_shared": is_shared}
        (beside / _COMPLETE).write_text(json.dumps(facts), encoding="utf-8")
        try:
            beside.rename(folder)
        except OSError:
            _open(folder, default_graph)  # another process was faster
    finally:
        shutil.rmtree(beside, ignore_errors=True)
