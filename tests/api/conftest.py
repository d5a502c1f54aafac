"""A service over the tiny dataset, for every test of this folder."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from klustergraf.engine.embedded import EmbeddedEngine
from serving import TINY, tiny_app


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """Give an engine with tight limits."""
    with EmbeddedEngine(TINY, timeout_seconds=2, memory_mb=128) as made:
        yield made


@pytest.fixture(scope="session")
def client(engine: EmbeddedEngine) -> Iterator[TestClient]:
    """Give a client of the service; it follows no redirect by itself."""
    with TestClient(tiny_app(engine, request_body_kb=64), follow_redirects=False) as made:
        yield made
