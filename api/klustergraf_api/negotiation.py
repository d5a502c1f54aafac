"""From an ``Accept`` or ``Accept-Language`` header to what is sent (RFC 9110, section 12).

A header is read leniently: what cannot be read is passed over. No header is an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from klustergraf.engine.base import ResultsFormat, TriplesFormat
from klustergraf_api.request_errors import MalformedRequest

HTML: Final = "text/html"

# What is offered, the preferred first. Generic types are answered under their own name.
RESULTS: Final[Mapping[str, ResultsFormat]] = {
    "application/sparql-results+json": ResultsFormat.JSON,
    "application/sparql-results+xml": ResultsFormat.XML,
    "text/csv": ResultsFormat.CSV,
    "text/tab-separated-values": ResultsFormat.TSV,
    "application/json": ResultsFormat.JSON,
    "application/xml": ResultsFormat.XML,
    "text/xml": ResultsFormat.XML,
}
TRIPLES: Final[Mapping[str, TriplesFormat]] = {
    "text/turtle": TriplesFormat.TURTLE,
    "application/n-triples": TriplesFormat.N_TRIPLES,
    "application/ld+json": TriplesFormat.JSON_LD,
    "application/rdf+xml": TriplesFormat.RDF_XML,
    "application/x-turtle": TriplesFormat.TURTLE,
    "text/plain": TriplesFormat.N_TRIPLES,
    "application/json": TriplesFormat.JSON_LD,
    "application/xml": TriplesFormat.RDF_XML,
    "text/xml": TriplesFormat.RDF_XML,
}
# The ``format`` parameter, for links, that have no header: what to accept instead, of whatever
# kind the answer will be.
NAMED_FORMATS: Final[Mapping[str, str]] = {
    "html": HTML,
    "json": "application/sparql-results+json, application/ld+json",
    "xml": "application/sparql-results+xml, application/rdf+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
# What clients of other endpoints call these (SPARQLWrapper, those of Virtuoso).
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "turtle": "ttl",
    "n3": "ttl",
    "ntriples": "nt",
    "n-triples": "nt",
    "json-ld": "jsonld",
    "rdf+xml": "rdf",
}
SUFFIXES: Final[Mapping[str, str]] = {
    "html": HTML,
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
LANGUAGES: Final = ("sv", "en")
# Content codings, the preferred first.
CODINGS: Final = ("zstd", "gzip")

# Clients have few headers of their own, and these are short.
_LONGEST_REMEMBERED: Final = 500

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True)
class _Range:
    """One element of a header: what it accepts, how exactly, and how gladly."""

    name: str
    quality: float

    @property
    def precision(self) -> int:
        return 0 if self.name.startswith("*") else 1 if self.name.endswith("*") else 2

    def fits(self, offer: str) -> bool:
        if self.precision == 2:
            return offer == self.name
        return self.precision == 0 or offer.startswith(self.name[:-1])


def _ranges(header: str) -> list[_Range]:
    ranges = []
    for piece in _QUOTED.sub("", header).split(","):
        name, *parameters = (part.strip() for part in piece.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                value = value.strip()
                quality = float(value) if _QUALITY.fullmatch(value) else 0.0
        if name:
            ranges.append(_Range(name.lower(), quality))
    return ranges


@lru_cache(256)
def choose_coding(accept_encoding: str | None) -> tuple[str, bool]:
    """Choose a content coding ("" for none), and tell whether none is acceptable too.

    >>> choose_coding("gzip, deflate, br, zstd;q=0.5"), choose_coding("gzip;q=0")
    (('gzip', True), ('', True))
    """
    if accept_encoding is None or len(accept_encoding) > _LONGEST_REMEMBERED:
        return "", True
    qualities = {r.name: r.quality for r in _ranges(accept_encoding)}
    others = qualities.get("*")
    best = max(CODINGS, key=lambda coding: qualities.get(coding, others or 0.0))
    identity = qualities.get("identity", 1.0 if others is None else others)
    quality = qualities.get(best, others or 0.0)
    if quality == 0 or (qualities.get("identity", 0.0) > quality):
        return "", True
    return best, identity > 0


def choose(accept: str | None, offers: Sequence[str]) -> str | None:
    """Choose the best of what is offered; None when nothing offered is acceptable.

    The order of the offers decides between equals. No header accepts everything.

    >>> choose("text/html;q=0.5, text/*", ["text/html", "text/turtle"])
    'text/turtle'
    >>> choose("image/png", ["text/html"]) is None
    True
    """
    if accept is not None and len(accept) <= _LONGEST_REMEMBERED:
        return _choose_remembered(accept, tuple(offers))
    return _choose(accept, offers)


@lru_cache(512)
def _choose_remembered(accept: str, offers: tuple[str, ...]) -> str | None:
    return _choose(accept, offers)


def _choose(accept: str | None, offers: Sequence[str]) -> str | None:
    ranges = _ranges(accept or "")
    if not ranges:
        return offers[0] if offers and not (accept or "").strip(" ,") else None

    def quality(offer: str) -> float:
        fitting = [r for r in ranges if r.fits(offer)]
        return max(fitting, key=lambda r: (r.precision, r.quality)).quality if fitting else 0.0

    best = max(offers, key=quality, default=None)
    return best if best is not None and quality(best) > 0 else None


def acceptable(named: str | None, accept: str | None, names: Mapping[str, str]) -> str | None:
    """Give what to accept: what the ``format`` of an address names, else what the header says.

    Errors: MalformedRequest for a name that is not known here.

    >>> acceptable("ttl", "text/html", SUFFIXES), acceptable(None, "text/html", SUFFIXES)
    ('text/turtle', 'text/html')
    """
    if named is None:
        return accept
    found = names.get(_OTHER_NAMES.get(named.lower(), named.lower()))
    if found is None:
        raise MalformedRequest(f"format must be one of {', '.join(names)}, not {named!r}.")
    return found


def prefers_html(accept: str | None) -> bool:
    """Tell whether the client is one that shows pages: it names HTML, and nothing it likes more."""
    named = any(r.name in (HTML, "application/xhtml+xml") for r in _ranges(accept or ""))
    return named and choose(accept, [HTML, *TRIPLES, *RESULTS]) == HTML


def choose_language(asked: str | None, header: str | None, default: str = "sv") -> str:
    """Choose the language of a page: as asked in the address, else by ``Accept-Language``.

    >>> choose_language(None, "en-GB, sv;q=0.5")
    'en'
    >>> choose_language("sv", "en")
    'sv'
    """
    if asked in LANGUAGES:
        return asked
    qualities = dict.fromkeys(LANGUAGES, 0.0)
    for item in _ranges(header or ""):
        language = item.name.split("-")[0]
        if language in qualities:
            qualities[language] = max(qualities[language], item.quality)
    best = max(LANGUAGES, key=lambda language: (qualities[language], language == default))
    return best if qualities[best] > 0 else default
