"""Bad input in a real browser: scripts in names, and a server that goes away in mid-query."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from hostile import HOSTILE, HOSTILE_GRAPH
from klustergraf.catalogue import Catalogue
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import ENDLESS, TINY, TINY_QUERIES, live_server
from two_versions import CREATED, store_version

_NAMES = "SELECT ?s ?name { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?name }"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a version in which every name is hostile; give the address."""
    version = store_version(Path(tmp_path_factory.mktemp("hostile")), HOSTILE_GRAPH, CREATED[0])
    derive_all(version)
    with EmbeddedEngine(version, workers=1) as engine:
        app = create_app(Settings(), engine, Catalogue(TINY_QUERIES), version=version)
        with live_server(app) as address:
            yield address


def _watched(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """Give a page that notes each dialog of a script, each exception and each blocked thing."""
    page = browser.new_context(base_url=address, locale="en-GB").new_page()
    seen: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("pageerror", lambda error: seen.append(f"exception: {error}"))
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    return page, seen


@pytest.fixture
def server() -> Iterator[tuple[int, str]]:
    """Start the service in a process of its own; give its process id and its address."""
    program = Path(sys.executable).parent / "klustergraf"
    command = [str(program), "serve", "--port", "0", "--data", str(TINY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = next(line for line in process.stdout if line.startswith("http://"))
            yield process.pid, told.split()[0].rstrip("/")
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("path", "ready"),
    [
        ("/network?chosen=a", "#details h2"),
        ("/network?chosen=a~b", "#details h2"),
        ("/network?ego=a&from=a&to=b&colour=county", "#network[data-ready=true]"),
        ("/map", "svg.map a"),
        ("/id/actor/a.html", "svg.ego"),
        (f"/sparql?query={quote(_NAMES)}", "#view tbody tr"),
    ],
)
def test_names_are_text(browser: Browser, hostile: str, path: str, ready: str) -> None:
    """No script of a name runs, and no image of one is fetched; the name is read as written."""
    page, seen = _watched(browser, hostile)
    page.goto(path)
    page.locator(ready).first.wait_for()
    assert page.locator("img, [onerror]").count() == 0
    assert "alert(1)" in page.locator("main").inner_text()
    assert [fault for fault in seen if "GL Driver" not in fault] == []
    page.context.close()


def test_suggested_names_are_text(browser: Browser, hostile: str) -> None:
    """What is suggested while one types is text as well."""
    page, seen = _watched(browser, hostile)
    page.goto("/")
    page.get_by_role("combobox").fill("alert")
    option = page.get_by_role("option").first
    option.wait_for()
    assert HOSTILE[:20] in option.inner_text()
    assert page.locator("img, [onerror]").count() == 0
    assert seen == []
    page.context.close()


def test_server_killed_in_mid_query(browser: Browser, server: tuple[int, str]) -> None:
    """The page says that the server is gone and what to do, and keeps what was written."""
    process, address = server
    page = browser.new_context(base_url=address, locale="en-GB").new_page()
    page.goto("/sparql")
    page.locator("#workbench[data-ready=true]").wait_for()
    page.evaluate("q => document.getElementById('workbench').workbench.load(q)", ENDLESS)
    page.locator("#run").click()
    expect(page.locator("#cancel")).to_be_enabled()
    expect(page.locator("#state")).to_contain_text("1 s")  # it runs
    os.kill(process, signal.SIGKILL)
    expect(page.locator("#fault")).to_contain_text("try again")
    expect(page.locator("#cancel")).to_be_disabled()
    text = page.evaluate("document.getElementById('workbench').workbench.text")
    assert text == ENDLESS
    page.context.close()
