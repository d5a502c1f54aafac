"""``klustergraf self-check``: our own site passes, and what is broken is found."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from klustergraf.catalogue import Catalogue
from klustergraf.cli import main
from klustergraf.dumps import list_dumps, make_dump
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import SourceUnavailable
from klustergraf.site_check.catalogue import SETTINGS
from klustergraf.site_check.fetching import Fetcher, FetchLimits
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES, live_server
from two_versions import two_versions

PUBLISHER = {
    "publisher_number": "2120000001",
    "publisher_email": "oppnadata@example.org",
    "publisher_type": "RegionalAuthority",
}


@contextmanager
def site(folder: pytest.TempPathFactory, **settings: str) -> Iterator[str]:
    """Serve a small version as an organisation would; give its address."""
    home = folder.mktemp("site")
    _, version = two_versions(home)
    for dump in list_dumps(version):
        make_dump(version, dump)
    own = Settings.model_validate({"home": home, **settings})
    with EmbeddedEngine(version, timeout_seconds=5, memory_mb=128) as engine:
        app = create_app(own, engine, Catalogue(TINY_QUERIES), version=version)
        with live_server(app) as url:
            yield url


def check(url: str, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run the command; give its exit status and the findings by rule."""
    result = CliRunner().invoke(main, ["self-check", url, "--json", *options])
    found = json.loads(result.stdout)
    return result.exit_code, {f["rule"]: (f["outcome"], f["detail"]) for f in found}


def test_our_own_site_passes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every rule holds for a site whose publisher is set, and for its catalogue alone."""
    with site(tmp_path_factory, **PUBLISHER) as url:
        status, found = check(url)
        # The small version has no date, so that no period can be told.
        recommended = found.pop("catalogue: what DCAT-AP-SE recommends")
        assert "has no period" in recommended[1]
        assert " · " not in recommended[1]
        assert {outcome for outcome, _ in found.values()} == {"pass"}
        assert status == 0
        status, alone = check(f"{url}/datasets/dcat")
        assert status == 0
        assert len(alone) < len(found)
        shown = CliRunner().invoke(main, ["self-check", url], terminal_width=200)
        assert "pass" in shown.output


def test_an_unnamed_publisher(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a publisher, what lacks is found, and each rule says what to set; nothing else is."""
    with site(tmp_path_factory) as url:
        status, found = check(url)
    assert status == 1
    assert {"fail", "warn"} <= {outcome for outcome, _ in found.values()}
    told = {rule: detail for rule, (outcome, detail) in found.items() if outcome != "pass"}
    assert {rule: re.findall(r"KLUSTERGRAF_\w+", detail) for rule, detail in told.items()} == {
        "catalogue: what DCAT-AP-SE demands": ["KLUSTERGRAF_PUBLISHER_EMAIL"],
        "catalogue: what DCAT-AP-SE recommends": ["KLUSTERGRAF_PUBLISHER_TYPE"],
        "catalogue: publisher named as by dataportal.se": [
            "KLUSTERGRAF_PUBLISHER_NUMBER",
            "KLUSTERGRAF_PUBLISHER_NAME",
        ],
    }


def test_settings_that_are_named_exist() -> None:
    """A variable that a rule tells to set is one."""
    for text in SETTINGS.values():
        for name in re.findall(r"KLUSTERGRAF_(\w+)", text):
            assert name.lower() in Settings.model_fields


@contextmanager
def answering(content: bytes, *, stalls: bool = False) -> Iterator[str]:
    """Answer every connection with these bytes, and then with nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(content)
                    if stalls:
                        ended.wait(5)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\nContent-Length: 5\r\n\r\n<a> b",
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/ld+json\r\nContent-Length: 2\r\n\r\n[]",
    ],
)
def test_odd_servers(content: bytes) -> None:
    """Whatever a server sends, the command ends with findings and exit status 1."""
    with answering(content) as url:
        status, found = check(url, "--timeout", "2")
    assert status == 1
    assert "pass" not in {outcome for outcome, _ in found.values()}


def test_limits() -> None:
    """A stalled answer ends at the deadline, a large one at its limit."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    slow, short = Fetcher(FetchLimits(seconds=0.3)), Fetcher(FetchLimits(most_bytes=100))
    with (
        answering(head, stalls=True) as url,
        pytest.raises(SourceUnavailable, match=r"did not answer in 0\.3 s"),
    ):
        slow.get(url)
    with (
        answering(head + b"x" * 50_000) as url,
        pytest.raises(SourceUnavailable, match="more than 100 bytes"),
    ):
        short.get(url)


def test_what_is_no_address() -> None:
    """Something else than an address of the web is refused by name."""
    for text in ("ftp://example.org/", "example.org", "file:///etc/passwd"):
        result = CliRunner().invoke(main, ["self-check", text])
        assert result.exit_code == 2
        assert "http://" in result.output
