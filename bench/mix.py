"""The query mix: the files of ``mix/``, and what is drawn for their parameters."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from client import RESULTS, TRIPLES
from generate import SEED, Contents, iri, skewed

_FOLDER: Final = Path(__file__).resolve().parent / "mix"
_DRAWS: Final = re.compile(r"(?m)^# draws: (\w+)$")
_WORDS: Final = ("biobanks", "vaccines", "diagnostics", "neuroscience", "food", "health data")

# The one that is trivial: what it costs is everything but the query.
LOOKUP: Final = "thing_statements"


@dataclass(frozen=True)
class MixQuery:
    """One query of the mix, with as many texts as parameters were drawn."""

    name: str
    about: str
    accept: str
    texts: tuple[str, ...]


def read_mix(contents: Contents, count: int) -> list[MixQuery]:
    """Read the queries; each that takes a parameter comes with ``count`` drawn ones."""
    mix = []
    for path in sorted(_FOLDER.glob("*.rq")):
        text = path.read_text(encoding="utf-8")
        about = text.partition("\n")[0].lstrip("# ")
        accept = TRIPLES if re.search(r"(?m)^CONSTRUCT\b", text) else RESULTS
        texts = tuple(_instances(text, contents, count))
        mix.append(MixQuery(path.stem, about, accept, texts))
    return mix


def _instances(text: str, contents: Contents, count: int) -> list[str]:
    """Put drawn parameters where the text has its example."""
    asked = _DRAWS.search(text)
    if asked is None:
        return [text]
    draw = random.Random(f"{SEED} {asked[1]}")  # noqa: S311 - drawn again in each run, no secret
    parameters: dict[str, tuple[str, Callable[[], str]]] = {
        "actor": (iri("actor", 0), lambda: iri("actor", skewed(draw, contents.actors))),
        "project": (iri("project", 0), lambda: iri("project", draw.randrange(contents.projects))),
        "word": (_WORDS[0], lambda: draw.choice(_WORDS)),
    }
    example, drawn = parameters[asked[1]]
    if example not in text:
        raise ValueError(f"a query draws {asked[1]!r} and has no {example!r}")
    return [text.replace(example, drawn()) for _ in range(count)]
