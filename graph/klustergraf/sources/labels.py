"""What things are called: one preferred name per language, and every other name once.

Several sources name the same thing. A name in a stated language wins over one of which the source
does not say the language; among equals one that is not in capitals alone, as CORDIS writes most,
and then that of the source that comes first. A name of unknown language
is a name in both: an organisation called "Karo Bio AB" is called that in Swedish and in English.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from klustergraf.sources.records import Name

LANGUAGES: Final = ("sv", "en")
UNKNOWN_LANGUAGE: Final = "und"
# As the privacy shapes know one. "B@C Consulting" is the name of a firm.
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Label:
    """A name as the graph states it, and the source that states it."""

    source: str
    text: str
    language: str
    is_preferred: bool


@dataclass
class LabelBook:
    """All names of all things, gathered before anything is written.

    ``known`` are preferred names that the graph has already: these are not chosen again.
    """

    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _names: dict[str, list[tuple[str, Name]]] = field(default_factory=dict)

    def add(self, iri: str, source: str, names: Iterable[Name]) -> None:
        """Note the names that a source gives a thing."""
        kept = [(source, n) for n in names if n.text.strip() and not _MAIL.search(n.text)]
        self._names.setdefault(iri, []).extend(kept)

    def labels(self, iri: str, source: str | None) -> Iterator[Label]:
        """Give the names of a thing that this source is to state; None: those of all sources."""
        return (label for label in self._chosen(iri) if source in (None, label.source))

    def _chosen(self, iri: str) -> list[Label]:
        found = self._names.get(iri, [])
        preferred = dict(self.known.get(iri, {}))
        chosen = []
        order = {source: place for place, source in reversed(list(enumerate(s for s, _ in found)))}
        for language in LANGUAGES:
            if language not in preferred and found:
                source, name = min(found, key=lambda p: _rank(p[1], language, order[p[0]]))
                preferred[language] = clean(name.text)
                chosen.append(Label(source, preferred[language], language, is_preferred=True))
        said = {text.casefold() for text in preferred.values()}
        for source, name in found:
            text = clean(name.text)
            if text.casefold() not in said:
                said.add(text.casefold())
                language = name.language or UNKNOWN_LANGUAGE
                chosen.append(Label(source, text, language, is_preferred=False))
        return chosen


def _rank(name: Name, language: str, source: int) -> tuple[int, bool, int, int]:
    """Rank a name for a language, the lowest first: said in it, fit for it, by source."""
    if name.kind in ("former", "acronym"):
        tier = 3
    elif name.kind == "alias":
        tier = 2
    else:
        tier = 0 if name.language == language else 1
    is_other = name.language not in ("", language)
    return tier, is_other or _is_in_capitals(name.text), source, 1 if name.language else 0


def _is_in_capitals(text: str) -> bool:
    """Tell whether a name is in capitals alone; a single word may be an acronym.

    >>> [_is_in_capitals(name) for name in ("UPPSALA UNIVERSITET", "IBM", "3M Svenska")]
    [True, False, False]
    """
    return text.isupper() and " " in text.strip()


def clean(text: str) -> str:
    """Write a name without spaces at its ends or twice inside.

    >>> clean("  Karo   Bio AB ")
    'Karo Bio AB'
    """
    return " ".join(text.split())
