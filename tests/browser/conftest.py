"""Pages in a real Chromium, over the shipped graph: what people see, press and read.

Every page that a test opens is watched: an error on the console, an exception in a script, an
answer that is no success and a request to another host each fail the test.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from playwright.sync_api import sync_playwright as start_playwright

from klustergraf.build import BuildResult
from klustergraf.derivations import derive_all
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings
from serving import live_server

AXE: Final = Path(__file__).parents[2] / "api" / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

# What WCAG 2.1 AA asks for, which EN 301 549 takes over.
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark these tests, and leave them out where no Chromium is; .ci/run installs it."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    if CHROMIUM is None and here:
        config.hook.pytest_deselected(items=here)
        items[:] = [item for item in items if item not in here]


def pytest_report_header() -> str | None:
    """Say that these tests are left out, where they are."""
    told = "Chromium is not installed (apt-get install chromium): tests/browser is left out"
    return None if CHROMIUM else told


@pytest.fixture(scope="session")
def site(shipped: BuildResult) -> Iterator[str]:
    """Serve the shipped graph; give the address."""
    derive_all(shipped.version)
    with EmbeddedEngine(shipped.version, workers=2) as engine:
        app = create_app(Settings(), engine, version=shipped.version)
        with live_server(app) as address:
            yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser for the tests of one file.

    Playwright keeps an event loop in this thread as long as it runs: no other test could run one.
    """
    with start_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        yield started
        started.close()


@dataclass
class Watch:
    """What went wrong on the pages of one context. Status 0: no answer at all."""

    host: str
    faults: list[str] = field(default_factory=list)
    allowed_statuses: set[int] = field(default_factory=set)

    def on_console(self, message: ConsoleMessage) -> None:
        """Note an error; a status that the test asked for is none."""
        is_allowed = "status of" in message.text and any(
            str(status) in message.text for status in self.allowed_statuses
        )
        is_allowed |= 0 in self.allowed_statuses and "net::ERR_" in message.text
        is_of_driver = "GL Driver Message" in message.text  # of drawing without a graphics card
        if message.type in ("error", "warning") and not is_allowed and not is_of_driver:
            self.faults.append(f"console: {message.text}")

    def on_error(self, error: object) -> None:
        """Note an exception that no script caught."""
        self.faults.append(f"exception: {error}")

    def on_response(self, response: Response) -> None:
        """Note an answer from elsewhere, and one that is no success."""
        address = urlsplit(response.url)
        if address.scheme in ("http", "https") and address.netloc != self.host:
            self.faults.append(f"another host: {response.url}")
        if response.status >= 400 and response.status not in self.allowed_statuses:
            self.faults.append(f"status {response.status}: {response.url}")


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Open]:
    """Give a function that opens a path of the site, in a new context that is watched.

    Keywords: ``at`` (the address of another site), ``language``, ``javascript``, ``dark``,
    ``width``, ``allow`` (statuses that the test means to get).
    """
    contexts: list[tuple[BrowserContext, Watch]] = []

    def open_path(
        path: str,
        *,
        at: str = site,
        language: str = "en",
        javascript: bool = True,
        dark: bool = False,
        width: int = 1280,
        allow: set[int] | None = None,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=at,
            locale="sv-SE" if language == "sv" else "en-GB",
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
            **options,
        )
        context.set_default_timeout(15_000)
        watch = Watch(urlsplit(at).netloc, allowed_statuses=allow or set())
        contexts.append((context, watch))
        page = context.new_page()
        page.on("console", watch.on_console)
        page.on("pageerror", watch.on_error)
        page.on("response", watch.on_response)
        page.goto(path)
        return page

    yield open_path
    faults = []
    for context, watch in contexts:
        context.close()
        faults += watch.faults
    assert faults == []


@pytest.fixture
def findings() -> Callable[[Page], list[str]]:
    """Give a function that lists what axe finds serious or critical on a page."""

    def look(page: Page) -> list[str]:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES
        )
        return [
            f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes'][:4]]}"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]

    return look
