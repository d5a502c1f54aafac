"""A partner contributes a table in a browser: with scripts and without, by mouse and keyboard."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contributing import copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import live_server

TABLE = "id;name_sv;name_en;kind;operated_by\nvat;Våtlabbet;The Wet Lab;testbed;KTH\n"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("browser") / "home")


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    """Serve it; contributions are taken."""
    with live_server(create_app(Settings(home=home, watch_seconds=3600))) as address:
        yield address


def fill(page: Page, home: Path, partner: str, file: Path) -> None:
    """Fill in the form and send it by the Enter key."""
    page.set_input_files("#c-file", file)
    page.select_option("#c-kind", "testbeds")
    page.fill("#c-token", TokenStore(home).create(partner)[1])
    page.focus("#c-token")
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("language", "dark", "javascript"),
    [("sv", False, True), ("en", True, True), ("en", False, False)],
    ids=["sv-light", "en-dark", "en-no-scripts"],
)
def test_correct_and_publish(
    open_page: Open,
    findings: Callable[[Page], list[str]],
    home: Path,
    tmp_path: Path,
    language: str,
    dark: bool,
    javascript: bool,
) -> None:
    """A wrong table is told of by cell, the right one published; axe finds nothing on the way."""
    words = {"sv": ("Våtlabbet", "publicerat"), "en": ("The Wet Lab", "published")}[language]
    partner = f"b-{language}-{'dark' if dark else 'light'}-{'js' if javascript else 'plain'}"
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(TABLE, encoding="utf-8")
    bad.write_text(TABLE.replace("KTH", "KTHH"), encoding="utf-8")

    def clean(page: Page) -> bool:
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return findings(page) == [] and wider <= 0

    options = {"language": language, "dark": dark, "javascript": javascript, "width": 400}
    page = open_page(f"/contribute?lang={language}", allow={422}, **options)
    assert not javascript or clean(page)
    fill(page, home, partner, bad)
    assert page.locator("table.remarks tbody tr").count() == 1
    assert page.locator("table.remarks tbody th").inner_text().startswith("E2")
    assert page.locator("td.wrong").inner_text().startswith("KTHH")
    assert not javascript or clean(page)
    page.locator("main a[href*='#upload']").click()
    fill(page, home, partner, good)
    expect(page.locator("main ul")).to_contain_text(words[0])
    assert not javascript or clean(page)
    with page.expect_navigation():
        page.locator("main form button").press("Enter")
    expect(page.locator("h1")).to_contain_text(words[1])
    assert page.locator("html").get_attribute("lang") == language
    assert not javascript or clean(page)
    assert page.context.cookies() == []
    page.locator("table.facts a").first.click()
    expect(page).to_have_url(re.compile(re.escape(partner)))


@pytest.mark.parametrize("path", ["/", "/data"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_changes_are_told_once_counted(
    open_page: Open, home: Path, tmp_path: Path, language: str, path: str
) -> None:
    """Until it is counted, the start page and the list of versions say so; then what changed."""
    file = tmp_path / "good.csv"
    file.write_text(TABLE, encoding="utf-8")
    page = open_page("/contribute", language=language, javascript=False)
    fill(page, home, f"counted-{language}-{'versions' if path == '/data' else 'start'}", file)
    with page.expect_navigation():
        page.locator("main form button").last.click()
    page.goto(path)
    newest = page.locator("main" if path == "/" else "ol.hits > li").first
    changes = newest.locator("h3 + ul > li" if path == "/" else "li")
    counted = {"sv": "räknas fortfarande", "en": "still being counted"}[language]
    assert counted in newest.inner_text()
    assert changes.count() == 0
    for _ in range(40):
        page.wait_for_timeout(250)
        page.reload()
        if counted not in newest.inner_text():
            break
    assert changes.count() > 0
    assert counted not in newest.inner_text()


def test_mistake_is_told_at_the_top(open_page: Open, home: Path, tmp_path: Path) -> None:
    """A token that does not fit is told as an alert, and the rest of the form is as it was."""
    file = tmp_path / "t.csv"
    file.write_text(TABLE, encoding="utf-8")
    page = open_page("/contribute", allow={401})
    page.set_input_files("#c-file", file)
    page.select_option("#c-kind", "testbeds")
    page.check("#c-post")
    page.fill("#c-name", "mine")
    page.fill("#c-token", "kgt_x")
    with page.expect_navigation():
        page.locator("main form button").click()
    expect(page.get_by_role("alert")).to_contain_text("not accepted")
    assert page.locator("#c-name").input_value() == "mine"
    assert page.locator("#c-kind").input_value() == "testbeds"
    assert page.locator("#c-post").is_checked()
    assert page.locator("#c-token").input_value() == ""


def test_template_is_downloaded(open_page: Open) -> None:
    """A template comes as a file, under a name that tells its kind and language."""
    page = open_page("/contribute?lang=sv", language="sv")
    with page.expect_download() as download:
        page.locator("a[href*='projects.xlsx?lang=sv']").click()
    assert download.value.suggested_filename == "projects-sv.xlsx"
