"""What holds for every test: no network beyond this machine, and the same examples for everyone."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

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
