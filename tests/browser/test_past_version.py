"""A shared link to a past version: shown as it was, marked as old, with the way to the newest."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from klustergraf.catalogue import Catalogue
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.namespaces import KG
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import TINY_QUERIES, live_server
from two_versions import two_versions


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve the newer of two versions; give the address, and the name of the older."""
    home = Path(tmp_path_factory.mktemp("past"))
    old, new = two_versions(home)
    for version in (old, new):
        derive_all(version)
    with EmbeddedEngine(new, workers=1) as engine:
        app = create_app(Settings(home=home), engine, Catalogue(TINY_QUERIES), version=new)
        with live_server(app) as address:
            yield address, old.id


def _open(browser: Browser, address: str, path: str, language: str) -> tuple[Page, list[str]]:
    """Open a page as the other person does, and note what its console says."""
    locale = {"sv": "sv-SE", "en": "en-GB"}[language]
    page = browser.new_context(base_url=address, locale=locale).new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(path)
    return page, faults


@pytest.mark.parametrize("language", ["sv", "en"])
def test_thing_of_the_past(browser: Browser, shared: tuple[str, str], language: str) -> None:
    """It has its name of then, says of when it is, and leads to what it is called now."""
    address, old = shared
    page, faults = _open(browser, address, f"/id/facility/one.html?version={old}", language)
    assert page.locator("h1").inner_text() == "One"
    note = page.get_by_role("note")
    expect(note).to_contain_text("2026-03-01")
    # Links keep to the version, and so does the other language.
    for link in page.locator("header nav a").all():
        assert f"version={old}" in (link.get_attribute("href") or "")
    note.get_by_role("link").click()
    expect(page).not_to_have_url(re.compile(re.escape("version=")))
    expect(page.locator("h1")).to_have_text("One, renamed")
    assert page.get_by_role("note").count() == 0
    assert faults == []
    page.context.close()


def test_answer_of_the_past(browser: Browser, shared: tuple[str, str]) -> None:
    """The workbench opened by such a link asks the old version, and says which answered."""
    address, old = shared
    query = quote(f"SELECT ?x {{ ?x a <{KG}Facility> }}")
    page, faults = _open(browser, address, f"/sparql?version={old}&query={query}", "en")
    expect(page.locator("#view tbody tr")).to_have_count(2)
    expect(page.locator("#state")).to_contain_text(old[:12])
    expect(page.get_by_role("note")).to_contain_text("2026-03-01")
    page.goto(f"/sparql?query={query}")
    expect(page.locator("#view tbody tr")).to_have_count(2)
    expect(page.locator("#state")).not_to_contain_text(old[:12])
    assert page.get_by_role("note").count() == 0
    assert faults == []
    page.context.close()


def test_version_that_is_not_there(browser: Browser, shared: tuple[str, str]) -> None:
    """A link to a version that is gone says so, and leads on."""
    address, _ = shared
    page, _ = _open(browser, address, f"/search?version={'0' * 64}", "sv")
    assert page.locator("h1").inner_text() == "Ingen sådan version"
    page.get_by_role("link", name="Till startsidan").click()
    assert page.locator("h1").inner_text().startswith("Stockholm")
    page.context.close()
