"""Find English sentences on a Swedish page: text that no element marks as being in English."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

# Words that an English sentence can hardly do without, and that neither Swedish nor names have.
_WORDS: Final = frozenset(
    ("the", "this", "that", "which", "with", "from", "is", "are", "was", "were", "been", "has")
) | {"have", "must", "should", "cannot", "does", "your", "you", "its", "than", "none", "no"}
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
# What is no prose: queries, snippets of code, what scripts carry.
_SILENT: Final = frozenset(("code", "pre", "script", "style", "textarea", "kbd", "samp"))
_SPOKEN: Final = frozenset(("title", "aria-label", "alt", "placeholder", "aria-description"))


class _Texts(HTMLParser):
    """Collects the texts of a page that are in the language of the page."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._open: list[tuple[str, str, bool]] = [("", language, False)]
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        _, language, silent = self._open[-1]
        language = attributes.get("lang", language)
        silent = silent or tag in _SILENT or attributes.get("translate") == "no"
        if language == self._language and not silent:
            self.texts += [
                value
                for name, value in attributes.items()
                if name in _SPOKEN or (name.startswith("data-") and " " in value)
            ]
        if tag not in _VOID:
            self._open.append((tag, language, silent))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _, _ in self._open[1:]):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        _, language, silent = self._open[-1]
        if language == self._language and not silent and data.strip():
            self.texts.append(data)


def english_in(page: str) -> Iterator[str]:
    """Give each text of a Swedish page that has words of an English sentence.

    >>> list(english_in('<p>Filen finns <b lang="en">This is it</b> <i>The end is near</i></p>'))
    ['The end is near']
    """
    collector = _Texts("sv")
    collector.feed(page)
    for text in collector.texts:
        if is_english(text):
            yield " ".join(text.split())[:200]


def is_english(text: str) -> bool:
    """Tell whether a text has words that only an English sentence has.

    >>> is_english("Parametern finns inte"), is_english("There is no page at this address.")
    (False, True)
    """
    return any(word.lower() in _WORDS for word in _WORD.findall(text))
