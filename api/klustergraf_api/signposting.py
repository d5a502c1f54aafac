"""FAIR Signposting (https://signposting.org/FAIR/): where a machine finds what belongs to a page.

The same links stand in ``Link`` headers and, for page and data together, in a linkset (RFC 9264).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from klustergraf.namespaces import SCHEMA
from klustergraf_api.negotiation import HTML, SUFFIXES

LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
LINKSET: Final = "application/linkset+json"
LINKSET_SUFFIX: Final = ".linkset.json"
ABOUT_PAGE: Final = SCHEMA + "AboutPage"

_DATA: Final = {suffix: name for suffix, name in SUFFIXES.items() if name != HTML}


@dataclass(frozen=True)
class Link:
    """One link (RFC 8288). ``target`` is an IRI, or an address of ours from the root."""

    relation: str
    target: str
    media_type: str = ""

    def header(self) -> str:
        """Write the link as a ``Link`` header wants it.

        >>> Link("describedby", "/a.ttl", "text/turtle").header()
        '</a.ttl>; rel="describedby"; type="text/turtle"'
        """
        kind = f'; type="{self.media_type}"' if self.media_type else ""
        return f'<{_ascii(self.target)}>; rel="{self.relation}"{kind}'


def _ascii(iri: str) -> str:
    """Write an IRI as a URI (RFC 3987, 3.1): a header is ASCII, and nothing ends it early."""
    return "".join(
        c if "\x20" < c < "\x7f" and c not in '<>"' else "".join(f"%{b:02X}" for b in c.encode())
        for c in iri
    )


def header(links: Iterable[Link]) -> str:
    """Write links as one ``Link`` header."""
    return ", ".join(link.header() for link in links)


@dataclass(frozen=True)
class Signposts:
    """The documents about one thing. ``path``: their address from the root, without a suffix.

    ``types``: what the thing is, of schema.org; ``items``: contents that the thing is made of;
    ``collection``: the dataset that the thing is in, an address or an IRI.
    """

    iri: str
    path: str
    author: str
    types: Sequence[str] = ()
    items: Sequence[Link] = ()
    collection: str = ""

    def _about(self) -> list[Link]:
        """Give what holds for every document about the thing."""
        found = [Link("license", LICENSE), Link("author", self.author)]
        if self.collection:
            found.append(Link("collection", self.collection, HTML))
        return found

    def _linkset(self) -> Link:
        return Link("linkset", self.path + LINKSET_SUFFIX, LINKSET)

    def _documents(self) -> list[Link]:
        return [Link("describedby", f"{self.path}.{s}", name) for s, name in _DATA.items()]

    def of_page(self) -> list[Link]:
        """Give the links of the page about the thing: the landing page."""
        types = [Link("type", name) for name in (*self.types, ABOUT_PAGE)]
        cite = Link("cite-as", self.iri)
        return [cite, *types, *self._documents(), *self.items, *self._about(), self._linkset()]

    def of_data(self) -> list[Link]:
        """Give the links of a data document, which describes the thing and its page."""
        page = Link("describes", f"{self.path}.html", HTML)
        thing = [Link("describes", self.iri), Link("cite-as", self.iri)]
        types = [Link("type", name) for name in self.types]
        return [*thing, page, *types, *self._about(), self._linkset()]

    def linkset(self, root: str) -> bytes:
        """Write the links of the page and of each data document. ``root``: the host's address."""

        def whole(target: str) -> str:
            return root + target if target.startswith("/") else target

        def context(anchor: str, links: Iterable[Link]) -> dict[str, Any]:
            found: dict[str, Any] = {"anchor": whole(anchor)}
            for link in links:
                kind = {"type": link.media_type} if link.media_type else {}
                target = {"href": _ascii(whole(link.target)), **kind}
                found.setdefault(link.relation, []).append(target)
            return found

        pages = [context(f"{self.path}.html", self.of_page())]
        data = [context(f"{self.path}.{suffix}", self.of_data()) for suffix in _DATA]
        return json.dumps({"linkset": pages + data}, ensure_ascii=False, indent=1).encode()
