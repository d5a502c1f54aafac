"""New versions come while the service is asked: no request fails, none gets a wrong answer."""

import itertools
import threading
import time
from collections import Counter
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from klustergraf.engine.base import Cancellation, QueryAnswer, QueryEngine, QueryRequest
from klustergraf.engine.change import Change
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import EngineUnavailable
from klustergraf.version import Manifest, Version, VersionStore
from klustergraf_api.app import create_app
from klustergraf_api.engines import engine_for
from klustergraf_api.settings import Settings
from serving import ENDLESS_ROWS, is_running, live_server, wait_until
from wire import connect, exchange, get, receive

REQUESTS = 10_000
SWITCHES = 20
CLIENTS = 4
WHICH = "SELECT ?n { <http://example.org/version> <http://example.org/number> ?n }"


def add_version(home: Path, number: int) -> Version:
    """Make a version that knows its number, and make it the current one."""
    line = f'<http://example.org/version> <http://example.org/number> "{number}" '
    dataset = f"{line}<http://example.org/graph> .\n".encode()
    manifest = Manifest(sha256(dataset).hexdigest(), f"2026-01-01T00:00:{number:02}Z", "test")
    return VersionStore(home).add(dataset, manifest, b"")


def change_between(before: Version, after: Version) -> Change:
    """Give the lines that two versions differ by."""
    gone, come = (set(v.dataset_path.read_bytes().splitlines(True)) for v in (before, after))
    return Change(added=sorted(come - gone), removed=sorted(gone - come))


@pytest.mark.parametrize("by_change", [False, True], ids=["loaded", "changed"])
def test_no_request_fails_while_versions_change(tmp_path: Path, by_change: bool) -> None:
    """10,000 requests during twenty switches: each is answered, by the version that it names."""
    numbers = {add_version(tmp_path, 0).id: 0}
    settings = Settings(home=tmp_path, watch_seconds=0.02, workers=2)
    asked = itertools.count()
    seen: Counter[int] = Counter()
    failures: list[object] = []
    done = threading.Event()

    def was_seen(number: int) -> bool:
        return number in seen or bool(failures)

    def ask(address: str) -> None:
        with connect(address) as connection:
            for number in iter(lambda: next(asked), None):
                # Every other request is one that no cache has seen.
                query = WHICH if number % 2 else f"{WHICH} #{number}"
                connection.sendall(get(query, "Accept: text/csv"))
                reply = receive(connection, time.monotonic())
                version = numbers.get(reply.headers.get("x-klustergraf-version", ""))
                if reply.status != 200 or reply.body != f"n\r\n{version}\r\n".encode():
                    failures.append(reply)
                    return
                seen[version or 0] += 1
                if number >= REQUESTS and done.is_set():
                    return

    def start(version: Version) -> QueryEngine:
        served = app.state.parts.engine
        if not by_change:
            return engine_for(version, settings)
        assert isinstance(served, EmbeddedEngine)
        before = VersionStore(tmp_path).get(served.version_id)
        return served.successor(version, change_between(before, version))

    engine = engine_for(VersionStore(tmp_path).current(), settings)
    app = create_app(settings, engine, start_engine=start)
    with engine, live_server(app) as address:
        threads = [threading.Thread(target=ask, args=[address]) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for number in range(1, SWITCHES + 1):
            path = Path(tmp_path, "next")
            path.mkdir(exist_ok=True)
            # The id must be known before the service can name it.
            numbers[add_version(path, number).id] = number
            version = add_version(tmp_path, number)
            assert version.id in numbers
            assert wait_until(partial(was_seen, number)), number
        done.set()
        for thread in threads:
            thread.join(60)
        assert not failures, failures[0]
        # What was kept of the versions before is not answered any more.
        last = exchange(address, get(WHICH, "Accept: text/csv"))
        assert last.body == f"n\r\n{SWITCHES}\r\n".encode()
        assert wait_until(lambda: not is_running(engine.keeper_pid))
    assert sum(seen.values()) >= REQUESTS
    assert set(seen) == set(range(SWITCHES + 1))


def test_version_that_cannot_be_served_changes_nothing(tmp_path: Path) -> None:
    """A new version whose engine does not start is logged; the one before goes on."""
    first = add_version(tmp_path, 0)
    settings = Settings(home=tmp_path, watch_seconds=0.02)
    tried: list[str] = []

    def start(version: Version) -> QueryEngine:
        tried.append(version.id)
        raise EngineUnavailable("it does not start")

    with (
        engine_for(first, settings) as engine,
        live_server(create_app(settings, engine, start_engine=start)) as address,
    ):
        second = add_version(tmp_path, 1)
        assert wait_until(lambda: bool(tried))
        time.sleep(0.2)
        assert tried == [second.id]
        reply = exchange(address, get(WHICH))
        assert (reply.status, reply.headers["x-klustergraf-version"]) == (200, first.id)


def test_answer_that_has_begun_is_finished_by_its_version(tmp_path: Path) -> None:
    """An answer goes on over the switch, under the id it began with; its engine ends with it."""
    first = add_version(tmp_path, 0)
    settings = Settings(home=tmp_path, watch_seconds=0.02)
    engine = engine_for(first, settings)
    app = create_app(settings, engine, start_engine=partial(engine_for, settings=settings))
    with engine, live_server(app) as address:
        with connect(address) as connection:
            connection.sendall(get(ENDLESS_ROWS, "Accept: text/csv"))
            head = connection.recv(1 << 16)
            assert f"x-klustergraf-version: {first.id}\r\n".encode() in head.lower()
            second = add_version(tmp_path, 1)

            def has_switched() -> bool:
                reply = exchange(address, get(WHICH, "Accept: text/csv"))
                return reply.headers["x-klustergraf-version"] == second.id

            assert wait_until(has_switched)
            received = 0
            while received < 1 << 24:  # far more than any buffer between here and the engine
                piece = connection.recv(1 << 16)
                assert piece
                received += len(piece)
            assert is_running(engine.keeper_pid)
        assert wait_until(lambda: not is_running(engine.keeper_pid))


class _Slow:
    """An engine whose one query ends when it is told to."""

    version_id = "0" * 64

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.is_closed = False

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> QueryAnswer:
        """Wait, and fail as an engine that was closed too early would."""
        assert cancellation is not None
        self.go_on.wait(10)
        raise EngineUnavailable("closed" if self.is_closed else f"not closed {request.text}")

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


def test_engine_ends_with_its_last_query(tmp_path: Path) -> None:
    """An engine that was replaced stays open for the queries that it runs, and no longer."""
    version = add_version(tmp_path, 0)
    settings = Settings(home=tmp_path, watch_seconds=0.02)
    slow = _Slow()
    start = partial(engine_for, settings=settings)
    replies = []
    with live_server(create_app(settings, slow, start_engine=start)) as address:
        asking = threading.Thread(
            target=lambda: replies.append(exchange(address, get(WHICH + " #slow")))
        )
        asking.start()

        def has_switched() -> bool:
            health = exchange(address, b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n")
            return version.id.encode() in health.body

        assert wait_until(has_switched)
        assert not slow.is_closed
        slow.go_on.set()
        asking.join(10)
        assert "not closed" in replies[0].problem["detail"]
        assert wait_until(lambda: slow.is_closed)
