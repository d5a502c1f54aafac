"""From a template and what it shows to a response."""

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

import jinja2
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from klustergraf.namespaces import shorten
from klustergraf_api.negotiation import LANGUAGES, choose_language
from klustergraf_api.pages.assets import Assets
from klustergraf_api.wording import Told, Wording

FOLDER: Final = Path(__file__).resolve().parent
MESSAGES: Final = FOLDER / "messages"

# The menu: the addresses of the pages, their names among the messages, and whether a page needs
# what is computed from a stored version.
NAVIGATION: Final = (
    ("/search", "nav.search", True),
    ("/network", "nav.network", True),
    ("/map", "nav.map", True),
    ("/strategy", "nav.strategy", True),
    ("/queries", "nav.queries", False),
    ("/sparql", "nav.sparql", False),
    ("/data", "nav.data", True),
    ("/ontology", "nav.ontology", False),
)

# What chooses a network, of all that stands in the address of a page that shows it.
_NETWORK_FILTERS: Final = frozenset(
    ("kind", "county", "municipality", "tie", "programme", "since", "until", "min_weight")
) | {"ego", "radius", "version"}

# Where a request carries the parts that answer it, when it names a version.
PARTS: Final = "klustergraf.parts"

_WHOLE: Final = re.compile(r"-?[0-9]{1,30}")
# What may stand in the path and the fragment of an IRI as it is.
_SAFE = "/#:@!$&'()*+,;=~%-._"


def load_messages(language: str) -> dict[str, str]:
    """Read the messages of one language: those of every ``<topic>.<language>.json``.

    Errors: ValueError for a message that stands in two files.
    """
    messages: dict[str, str] = {}
    for path in sorted(MESSAGES.glob(f"*.{language}.json")):
        of_topic: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if twice := messages.keys() & of_topic.keys():
            raise ValueError(f"{path.name} says again {', '.join(sorted(twice))}")
        messages |= of_topic
    return messages


class View:
    """What a template knows of the request: its language, and how to write addresses in it."""

    def __init__(
        self,
        request: Request,
        messages: Mapping[str, Mapping[str, str]],
        base: str,
        wording: Wording,
    ) -> None:
        asked = request.query_params.get("lang")
        header = request.headers.get("accept-language")
        self.language = choose_language(asked, header)
        self.path = request.url.path
        self.asked_language = asked in LANGUAGES
        self._parameters = [
            (name, value) for name, value in request.query_params.multi_items() if name != "lang"
        ]
        # What names no version that there is has a page that tells so, and leads on without it.
        self.version = request.query_params.get("version") if PARTS in request.scope else None
        self._messages = messages[self.language]
        self._base = base
        self._wording = wording

    def tell(self, error: Exception) -> Told:
        """Tell an error in the language of the page."""
        return self._wording.tell(error, self.language)

    def text(self, key: str, **values: object) -> str:
        """Give a message in the language of the page; for a ``count`` of one, ``<key>.one``."""
        if str(values.get("count")) == "1" and f"{key}.one" in self._messages:
            key += ".one"
        return self._messages[key].format(**values) if values else self._messages[key]

    def has_text(self, key: str) -> bool:
        """Tell whether there is such a message."""
        return key in self._messages

    def href(self, path: str, **parameters: str) -> str:
        """Write the address of a page of ours, in the language and of the version asked for."""
        if self.version:
            parameters = {"version": self.version, **parameters}
        if self.asked_language:
            parameters["lang"] = self.language
        path, hash_sign, fragment = path.partition("#")
        query = f"?{urlencode(parameters)}" if parameters else ""
        return path + query + hash_sign + fragment

    def is_under(self, path: str) -> bool:
        """Tell whether this page is that one, or one below it."""
        return self.path == path or self.path.startswith(path + "/")

    def messages(self, beginning: str) -> dict[str, str]:
        """Give the messages whose keys begin so, by the rest of the key: for scripts."""
        found = self._messages.items()
        return {key[len(beginning) :]: text for key, text in found if key.startswith(beginning)}

    def in_language(self, language: str) -> str:
        """Write the address of this page in another language."""
        return f"{self.path}?{urlencode([*self._parameters, ('lang', language)])}"

    def link(self, iri: str) -> str | None:
        """Write the address to follow for an IRI: ours on this host, others as they are.

        None for what a browser should not follow.
        """
        if iri.startswith(self._base):
            return self.href("/" + quote(iri[len(self._base) :], safe=_SAFE))
        return iri if iri.startswith(("http://", "https://")) else None

    def curie(self, iri: str) -> str:
        """Write an IRI short, where a known prefix covers it."""
        if iri.startswith(self._base) and "#" not in iri:
            return iri[len(self._base) :]
        return shorten(iri)

    def expand(self, short: str) -> str:
        """Give the IRI that :meth:`curie` wrote short, of things of ours."""
        return self._base + short if short.startswith(("id/", "graph/")) else short

    def with_parameters(self, **changed: object) -> str:
        """Write the address of this page with some parameters changed, or (None) left out."""
        kept = [(name, value) for name, value in self._parameters if name not in changed]
        added = [(name, str(value)) for name, value in changed.items() if value is not None]
        language = [("lang", self.language)] if self.asked_language else []
        query = urlencode([*kept, *added, *language])
        return f"{self.path}?{query}" if query else self.path

    def without(self, name: str, value: str) -> str:
        """Write the address of this page, from its first page on, without one value of a facet."""
        kept = [
            pair
            for pair in self._parameters
            if pair[0] != "page" and (pair[0], self.expand(pair[1])) != (name, value)
        ]
        language = [("lang", self.language)] if self.asked_language else []
        query = urlencode([*kept, *language])
        return f"{self.path}?{query}" if query else self.path

    def api(self, path: str) -> str:
        """Write the address of the data of this page: its parameters, their IRIs in full."""
        parameters = [(n, self.expand(v)) for n, v in self._parameters if n != "page"]
        return f"{path}?{urlencode([*parameters, ('lang', self.language)])}"

    def data(self, path: str, **parameters: str) -> str:
        """Write the address of data of ours, of the version that was asked for."""
        if self.version:
            parameters["version"] = self.version
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def graph_address(self, path: str, **added: str) -> str:
        """Write the address of the network of this page: its filters, in another form.

        What is added stands for what the page was asked; added empty, it is left out.
        """
        kept = [
            (name, value)
            for name, value in self._parameters
            if name in _NETWORK_FILTERS and value and name not in added
        ]
        language = [("lang", self.language)] if path.endswith(".json") else []
        query = urlencode([*kept, *((n, v) for n, v in added.items() if v), *language])
        return f"{path}?{query}" if query else path

    def cite(self, version: str, query: str, form: str) -> str:
        """Write the address that cites the answer of a query from a version."""
        asked = {"query": query, "format": form, "lang": self.language}
        return f"/api/versions/{version}/citation?{urlencode(asked)}"

    def sparql(self, query: str, **parameters: str) -> str:
        """Write the address that answers a query."""
        _, _, others = self.href("/sparql", **parameters).partition("?")
        return f"/sparql?query={_quoted(query)}{'&' if others else ''}{others}"

    def decimal(self, number: float, digits: int | None = None) -> str:
        """Write a number as the language does, with as many decimals, or as many as it needs."""
        text = f"{number:g}" if digits is None else f"{number:.{digits}f}"
        text = text.replace("-", "\N{MINUS SIGN}")
        return text.replace(".", ",") if self.language == "sv" else text

    def pick(self, texts: Mapping[str, str]) -> str:
        """Choose the text in the language of the page, or one that there is."""
        return texts.get(self.language) or next(iter(texts.values()), "")


@lru_cache(256)
def _quoted(query: str) -> str:
    """Quote a query: a page has several links with the same one."""
    return quote_plus(query)


def group_digits(number: int) -> str:
    """Write a whole number with a thin space between thousands, as both languages do (ISO 80000).

    >>> group_digits(1234567).replace("\u2009", "_")
    '1_234_567'
    """
    return f"{number:,}".replace(",", "\u2009")


def write_figure(text: str) -> str:
    """Write a number of the graph with its digits grouped, its decimals as they are.

    >>> write_figure("856961937.57").replace("\u2009", "_"), write_figure("1e9")
    ('856_961_937.57', '1e9')
    """
    whole, point, decimals = text.partition(".")
    return f"{group_digits(int(whole))}{point}{decimals}" if _WHOLE.fullmatch(whole) else text


@cache
def _digest_of_folder() -> str:
    """Name what decides how pages look: the templates and the messages, and what they link to."""
    digest = sha256()
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Pages:
    """Renders the templates of this folder."""

    def __init__(self, base: str, software_version: str) -> None:
        self.messages = {language: load_messages(language) for language in LANGUAGES}
        self.wording = Wording(self.messages)
        self.version_id = ""
        self.is_stored = False  # whether a stored version is served
        self.is_counting = False  # whether what a newer version changed is still being counted
        self.past = ""  # the date of the version that these pages show, when it is not the newest
        self.edition = _digest_of_folder()
        self._base = base
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["software_version"] = software_version
        self._environment.globals["assets"] = Assets()
        self._environment.filters["grouped"] = group_digits
        self._environment.filters["figure"] = write_figure

    def view(self, request: Request) -> View:
        """Give what a template needs to know of a request."""
        return View(request, self.messages, self._base, self.wording)

    def respond(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Render a page."""
        view = self.view(request)
        common = {
            "version_id": self.version_id,
            "version_stored": self.is_stored,
            "past": self.past,
            "is_counting": self.is_counting,
            "languages": LANGUAGES,
            "t": view.text,
            "navigation": [
                (p, key) for p, key, stored in NAVIGATION if self.is_stored or not stored
            ],
        }
        html = self._environment.get_template(template).render(view=view, **common, **context)
        varying = {"Vary": "Accept, Accept-Language", "Content-Language": view.language}
        if self.version_id:
            varying["X-Klustergraf-Version"] = self.version_id
        return HTMLResponse(html, status, {**varying, **(headers or {})})
