"""How to cite a version of the graph, or an answer of it: as text, BibTeX and CSL-JSON.

The title, the year of the build and the name of the version stand in each; the address leads to
the frozen version, or gives the same answer again. CSL-JSON after
https://github.com/citation-style-language/schema (type ``dataset``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from klustergraf.version import Manifest

TITLE: Final[Mapping[str, str]] = {
    "sv": "Klustergraf: kunskapsgraf över life science i Stockholm–Uppsala",
    "en": "Klustergraf: knowledge graph of life science in Stockholm–Uppsala",
}
_ANSWER: Final = {"sv": "Svar på en fråga till", "en": "Answer to a query of"}
_VERSION: Final = {"sv": "version", "en": "version"}
_DATASET: Final = {"sv": "datamängd", "en": "data set"}
_SHORT: Final = 12
_SPECIAL: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#",
        "$": r"\$", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Citation:
    """What a citation says. ``url`` reproduces what is cited; ``created``: ISO 8601."""

    version: str
    created: str
    publisher: str
    url: str
    language: str = "en"
    is_answer: bool = False

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        publisher: str,
        url: str,
        language: str = "en",
        *,
        is_answer: bool = False,
    ) -> "Citation":
        """Cite a version, or an answer from it."""
        return cls(manifest.id, manifest.created, publisher, url, language, is_answer)

    @property
    def title(self) -> str:
        """The title of what is cited."""
        title = TITLE[self.language]
        return f"{_ANSWER[self.language]} {title}" if self.is_answer else title

    def text(self) -> str:
        """Write it as a line of a list of references.

        >>> Citation("abcdef0123456789", "2026-11-26T10:00:00", "KG", "https://kg.example/v").text()
        'KG (2026). Klustergraf: knowledge graph of life science in Stockholm–Uppsala (version abcdef012345) [data set]. https://kg.example/v'
        """  # noqa: E501 # one line, as it is given
        short, word = self.version[:_SHORT], _VERSION[self.language]
        year, kind = self.created[:4], _DATASET[self.language]
        return f"{self.publisher} ({year}). {self.title} ({word} {short}) [{kind}]. {self.url}"

    def bibtex(self) -> str:
        """Write it as an entry of BibTeX; understood by BibLaTeX too."""
        fields = {
            "author": f"{{{self.publisher.translate(_SPECIAL)}}}",
            "title": f"{{{self.title.translate(_SPECIAL)}}}",
            "year": self.created[:4],
            "month": str(int(self.created[5:7])),
            "version": self.version,
            "note": f"Data set, version {self.version[:_SHORT]}",
            "url": self.url.replace("{", "%7B").replace("}", "%7D"),
        }
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{klustergraf-{self.version[:_SHORT]},\n{lines}\n}}\n"

    def csl(self) -> list[dict[str, Any]]:
        """Give it as CSL-JSON, which Zotero and others read."""
        year, month, day = (int(part) for part in self.created[:10].split("-"))
        return [
            {
                "id": f"klustergraf-{self.version[:_SHORT]}",
                "type": "dataset",
                "title": self.title,
                "author": [{"literal": self.publisher}],
                "publisher": self.publisher,
                "issued": {"date-parts": [[year, month, day]]},
                "version": self.version,
                "URL": self.url,
                "language": self.language,
            }
        ]

    def csl_text(self) -> str:
        """Write CSL-JSON."""
        return json.dumps(self.csl(), ensure_ascii=False, indent=2) + "\n"
