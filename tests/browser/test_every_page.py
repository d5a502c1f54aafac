"""What holds for every page: readable by all, whole without scripts, light to load, quick to show."""

import gzip
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from playwright.sync_api import Page

PAGES: Final = [
    *("/", "/search", "/search?q=karolinska", "/queries", "/sparql", "/ontology", "/data", "/about"),
    *("/strategy", "/strategy?by=kind&area=a3&column=university"),
]

_KILOBYTE: Final = 1000
_MOST_SCRIPT: Final = 250 * _KILOBYTE

Open = Callable[..., Page]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_accessible(
    open_page: Open,
    findings: Callable[[Page], list[str]],
    path: str,
    language: str,
    dark: bool,
) -> None:
    """Axe has nothing serious to say, in both languages and both themes."""
    page = open_page(path, language=language, dark=dark)
    assert page.locator("html").get_attribute("lang") == language
    assert findings(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_fits_a_telephone(open_page: Open, path: str) -> None:
    """Nothing sticks out at 390 pixels: the page itself never scrolls sideways."""
    page = open_page(path, width=390)
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0
