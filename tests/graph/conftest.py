"""The shipped graph, built once for the tests of this folder."""

from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, Store, parse

from klustergraf.build import BuildResult, build


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build the shipped graph."""
    return build(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="session")
def shipped_store(shipped: BuildResult) -> Store:
    """Load the shipped graph; its default graph is the merge of the named ones."""
    return load_merged(shipped.version.dataset_path)


def load_merged(path: Path) -> Store:
    """Load N-Quads; every triple stands in its graph, and once in the default graph."""
    store = Store()
    quads = list(parse(path=path, format=RdfFormat.N_QUADS))
    store.extend(quads)
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store
