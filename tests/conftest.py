"""What holds for every test: no network beyond this machine, and the same examples for everyone."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pyoxigraph import Quad, RdfFormat, Store, parse

from klustergraf.build import BuildResult, build
from klustergraf.sources.own import SourceFile, source_files

# Property tests explore the same examples on every machine, as slow as the machine may be.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("thorough", deadline=None)  # pytest --hypothesis-profile thorough
settings.load_profile("repeatable")

_OPEN_CONNECTION = socket.socket.connect


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connect_locally(self: socket.socket, address: Any) -> None:
    if not _is_local(address):
        raise OSError(f"a test reached for {address}: no test uses the network beyond this machine")
    _OPEN_CONNECTION(self, address)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    monkeypatch.setattr(socket.socket, "connect", _connect_locally)


@pytest.fixture(autouse=True, scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from the versions and settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KLUSTERGRAF_")]:
            patch.delenv(name)
        patch.setenv("KLUSTERGRAF_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def shipped(request: pytest.FixtureRequest) -> BuildResult:
    """Build the shipped graph, once for all tests.

    pytest keeps it in its cache; the build takes it from there while no input and no module of the
    library changes.
    """
    return build(Path(request.config.cache.mkdir("shipped")))


@pytest.fixture(scope="session")
def shipped_store(shipped: BuildResult) -> Store:
    """Load the shipped graph; its default graph is the merge of the named ones."""
    return load_merged(shipped.version.dataset_path)


@pytest.fixture(scope="session")
def founding_files() -> list[SourceFile]:
    """List the shipped files less the large ones: the graph of the founding documents, small."""
    return [
        file
        for file in source_files()
        if file.path.suffix == ".ttl" or file.name == "data/open/geodata.nt.gz"
    ]


@pytest.fixture(scope="session")
def founding(
    tmp_path_factory: pytest.TempPathFactory, founding_files: list[SourceFile]
) -> BuildResult:
    """Build the graph of the founding documents, for what would take long on the whole."""
    return build(tmp_path_factory.mktemp("founding"), files=founding_files)


@pytest.fixture(scope="session")
def founding_store(founding: BuildResult) -> Store:
    """Load the graph of the founding documents; its default graph is the merge of the others."""
    return load_merged(founding.version.dataset_path)


def load_merged(path: Path) -> Store:
    """Load N-Quads; every triple stands in its graph, and once in the default graph."""
    store = Store()
    quads = list(parse(path=path, format=RdfFormat.N_QUADS))
    store.bulk_extend(quads)
    store.bulk_extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store
