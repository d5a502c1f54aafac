"""The rules of a catalogue: what DCAT-AP-SE says of it, and how it and its files are served."""

import hashlib
import http
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from klustergraf.description.dcat import CONTACT, UNNAMED_PUBLISHER
from klustergraf.namespaces import DCAT, DCT, KGSH, RDF, SPDX
from klustergraf.shacl import Report, Result, catalogue_shapes, validate
from klustergraf.site_check.fetching import Fetched, Fetcher
from klustergraf.site_check.findings import Fails, Skips, Warns

RDF_TYPES: Final = (
    "application/rdf+xml", "text/turtle", "application/ld+json", "application/n-triples",
)  # fmt: skip
# What else RDF/XML is sent as, by many.
_XML: Final = ("application/xml", "text/xml")
ACCEPT: Final = ", ".join((RDF_TYPES[0], *(f"{name};q=0.8" for name in RDF_TYPES[1:])))
_MAIN: Final = tuple(DCAT + n for n in ("Catalog", "Dataset", "Distribution", "DataService"))
_MOST_DUMPS: Final = 5
_MOST_TOLD: Final = 5
# Which shapes a rule asks; what no rule asks is "what DCAT-AP-SE demands", or recommends.
_WITHOUT_IRI: Final = re.compile(
    r"(CataloguedResource|Distribution|Agent|ContactPoint)Shape|CataloguedResourceShape-publisher"
)
_PUBLISHER: Final = re.compile(r"PublisherShape")
_LICENCES: Final = re.compile(r"\w+Shape-license(-exact|-given)?")
_LANGUAGES: Final = re.compile(r"\w+Shape-(title|description)-(sv|en)")
_APART: Final = (_WITHOUT_IRI, _PUBLISHER, _LICENCES, _LANGUAGES)
# What to set where a site of Klustergraf's does not say who publishes.
SETTINGS: Final = {
    (UNNAMED_PUBLISHER, "PublisherShape"): "KLUSTERGRAF_PUBLISHER_NUMBER to its ten digits, and "
    "KLUSTERGRAF_PUBLISHER_NAME to its name,",
    (UNNAMED_PUBLISHER, "AgentShape-type-given"): "KLUSTERGRAF_PUBLISHER_TYPE",
    (CONTACT, "ContactPointShape-hasEmail"): "KLUSTERGRAF_PUBLISHER_EMAIL",
}

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Node = ox.NamedNode | ox.BlankNode


def is_rdf(found: Fetched) -> bool:
    """Tell whether an answer says that it is RDF, or XML, which may be."""
    return found.status == http.HTTPStatus.OK and found.media_type in (*RDF_TYPES, *_XML)


def parse(found: Fetched) -> list[ox.Quad]:
    """Read what was fetched, as the RDF that it says it is.

    Errors: Fails; SyntaxError.
    """
    form = ox.RdfFormat.from_media_type(found.media_type)
    if form is None:
        raise Fails(f"{found.url} is {found.media_type or 'of no media type'}, no RDF")
    return list(ox.parse(found.content, format=form, base_iri=found.url))


class CatalogueRules:
    """Judges one catalogue, as it was fetched; ``missing`` says why there is none."""

    def __init__(self, fetched: Fetched | None, fetcher: Fetcher, missing: str = "") -> None:
        self._found = fetched
        self._fetcher = fetcher
        self._missing = missing
        self._store = ox.Store()
        # The store keeps numbers by value; what is validated is what was written.
        self._quads = list[ox.Quad]()

    def rules(self) -> dict[str, Callable[[], str]]:
        """Give the rules by name, in their order: the first one reads the catalogue."""
        return {
            "catalogue is RDF": self._rdf,
            "catalogue: IRIs are absolute": self._absolute,
            "catalogue: main things have IRIs": self._no_blank,
            "catalogue: what DCAT-AP-SE demands": self._demanded,
            "catalogue: what DCAT-AP-SE recommends": self._recommended,
            "catalogue: publisher named as by dataportal.se": self._publisher,
            "catalogue: licences": self._licences,
            "catalogue: Swedish and English": self._languages,
            "CORS": self._cors,
            "ETag and 304": self._etag,
            "services: described and reachable": self._services,
            "dumps: checksums": self._checksums,
        }

    def _rdf(self) -> str:
        if self._found is None:
            raise Fails(self._missing)
        self._quads = parse(self._found)
        self._store.extend(self._quads)
        if not self._quads:
            raise Fails(f"{self._found.url} says nothing")
        return f"{len(self._quads)} statements"

    @property
    def _fetched(self) -> Fetched:
        if self._found is None or not self._quads:
            raise Skips("the catalogue could not be read")
        return self._found

    @cached_property
    def _report(self) -> Report:
        return validate(self._quads, [catalogue_shapes()])

    def _values(self, subject: Node, predicate: str) -> list[Term]:
        pattern = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return [quad.object for quad in pattern]

    def _of_class(self, *iris: str) -> list[Node]:
        """List the things of some classes. Errors: Skips where there are none."""
        _ = self._fetched
        found = [
            quad.subject
            for iri in iris
            for quad in self._store.quads_for_pattern(
                None, ox.NamedNode(RDF + "type"), ox.NamedNode(iri)
            )
            if not isinstance(quad.subject, ox.Triple)
        ]
        if not found:
            names = " and no ".join(iri.replace(DCAT, "dcat:") for iri in iris)
            raise Skips(f"the catalogue has no {names}")
        return found

    def _absolute(self) -> str:
        found = self._fetched
        form = ox.RdfFormat.from_media_type(found.media_type)
        try:
            quads = list(ox.parse(found.content, format=form))
        except SyntaxError as exc:
            raise Fails(f"harvesters resolve no relative IRIs: {exc}") from exc
        # JSON-LD keeps them without an error.
        terms = {term for quad in quads for term in (quad.subject, quad.predicate, quad.object)}
        names = [term.value for term in terms if isinstance(term, ox.NamedNode)]
        relative = sorted(iri for iri in names if ":" not in iri)
        if relative or len(quads) < len(self._quads):
            raise Fails(f"harvesters resolve no relative IRIs: {', '.join(relative) or 'some'}")
        return f"{len(names)} IRIs"

    def _results(self, pattern: re.Pattern[str]) -> list[Result]:
        return [result for result in self._report.results if pattern.fullmatch(_shape(result))]

    def _others(self, severity: str) -> list[Result]:
        return [
            result
            for result in self._report.results
            if result.severity_name == severity
            and not any(pattern.fullmatch(_shape(result)) for pattern in _APART)
        ]

    def _no_blank(self) -> str:
        things = self._of_class(*_MAIN)
        _expect_none(self._results(_WITHOUT_IRI))
        return f"{len(things)} things"

    def _demanded(self) -> str:
        _ = self._fetched
        for kind in ("Catalog", "Dataset"):
            if not self._store.query(f"ASK {{ ?s a <{DCAT}{kind}> }}"):
                raise Fails(f"there is no dcat:{kind}: state the class of what is described")
        _expect_none(self._others("violation"))
        return f"{len(self._of_class(*_MAIN))} things"

    def _recommended(self) -> str:
        things = self._of_class(*_MAIN)
        if found := self._others("warning"):
            raise Warns(_told(found))
        return f"{len(things)} things"

    def _publisher(self) -> str:
        publishers = {
            str(value)
            for thing in self._of_class(DCAT + "Catalog", DCAT + "Dataset")
            for value in self._values(thing, DCT + "publisher")
        }
        if not publishers:
            raise Fails("no catalogue and no dataset has a dct:publisher. Add it.")
        if found := self._results(_PUBLISHER):
            # The profile only recommends it, but by nothing else does the portal know who it is.
            raise Fails(_told(found))
        return ", ".join(sorted(publishers))

    def _licences(self) -> str:
        things = self._of_class(DCAT + "Catalog", DCAT + "Distribution")
        _expect_none(self._results(_LICENCES))
        return f"{len(things)} things"

    def _languages(self) -> str:
        things = self._of_class(DCAT + "Catalog", DCAT + "Dataset")
        _expect_none(self._results(_LANGUAGES))
        return f"titles and descriptions of {len(things)} things"

    def _cors(self) -> str:
        origin = self._fetched.headers.get("access-control-allow-origin")
        if origin != "*":
            raise Fails(
                "the catalogue is sent without Access-Control-Allow-Origin: *, "
                "so that no page of others can read it"
            )
        return "any origin"

    def _etag(self) -> str:
        tag = self._fetched.headers.get("etag")
        if not tag:
            raise Fails("the catalogue is sent without an ETag: each harvest fetches it anew")
        again = self._fetcher.get(self._fetched.url, ACCEPT, If_None_Match=tag)
        if again.status != 304:
            raise Fails(f"If-None-Match with its own ETag gives {again.status}, not 304")
        return tag

    def _services(self) -> str:
        described = [
            value.value
            for service in self._of_class(DCAT + "DataService")
            for value in self._values(service, DCAT + "endpointDescription")
            if isinstance(value, ox.NamedNode)
        ]
        if not described:
            raise Fails("no service has a dcat:endpointDescription")
        for url in sorted(set(described)):
            found = self._fetcher.get(url, "text/turtle, application/json, */*;q=0.5")
            if found.status != 200:
                raise Fails(f"the description {url} answers {found.status}")
            if found.headers.get("access-control-allow-origin") != "*":
                raise Fails(f"{url} is sent without Access-Control-Allow-Origin: *")
        return f"{len(set(described))} descriptions"

    def _checksums(self) -> str:
        unchecked = list[str]()
        checked = 0
        stated = sorted(self._stated_sums(), key=lambda stated: stated[0])
        for size, url, algorithm, expected in stated:
            if checked == _MOST_DUMPS:
                break
            if algorithm not in hashlib.algorithms_available or algorithm.startswith("shake"):
                unchecked.append(f"{url} has a checksum of a kind that is not known, {algorithm}")
                continue
            if size > self._fetcher.most_digest_bytes:
                unchecked.append(f"{url} is larger than {self._fetcher.most_digest_bytes} bytes")
                continue
            digest, length = self._fetcher.digest(url, algorithm)
            if digest != expected.lower():
                raise Fails(f"{url} is not what its checksum says: its {algorithm} is {digest}")
            if size and size != length:
                raise Fails(f"{url} has {length} bytes, and dcat:byteSize says {size}")
            checked += 1
        if not stated:
            raise Skips("no distribution with a dcat:downloadURL has a spdx:checksum")
        if not checked:
            raise Skips("; ".join(unchecked[:_MOST_TOLD]))
        left = len(stated) - checked
        return f"{checked} files" + (f", {left} not read" if left else "")

    def _stated_sums(self) -> Iterable[tuple[int, str, str, str]]:
        """Give size (0: not told), address, algorithm and value of each checksum."""
        for thing in self._of_class(DCAT + "Distribution"):
            sizes = [_text(v) for v in self._values(thing, DCAT + "byteSize") if _is_number(v)]
            for checksum in self._values(thing, SPDX + "checksum"):
                if not isinstance(checksum, ox.NamedNode | ox.BlankNode):
                    continue
                algorithms = self._values(checksum, SPDX + "algorithm")
                values = self._values(checksum, SPDX + "checksumValue")
                urls = self._values(thing, DCAT + "downloadURL")
                # Of several files, or several sums, none says which is whose.
                if len(algorithms) == len(values) == len(urls) == 1:
                    algorithm = _text(algorithms[0]).rpartition("checksumAlgorithm_")[2]
                    size = int(sizes[0]) if sizes else 0
                    yield size, _text(urls[0]), algorithm.lower(), _text(values[0])


def _is_number(term: Term) -> bool:
    return isinstance(term, ox.Literal) and term.value.isdecimal()


def _text(term: Term) -> str:
    return "" if isinstance(term, ox.Triple) else term.value


def _shape(result: Result) -> str:
    shape = result.source_shape
    return shape.value.removeprefix(KGSH) if isinstance(shape, ox.NamedNode) else ""


def _expect_none(results: list[Result]) -> None:
    if any(result.severity_name == "violation" for result in results):
        raise Fails(_told(results))
    if results:
        raise Warns(_told(results))


def _told(results: list[Result]) -> str:
    """Say what was found, of whom, and what to do; the same once, of how many it is true."""
    told: dict[str, list[str]] = {}
    for result in results:
        message = result.message("en")
        name = _text(result.focus_node)
        setting = SETTINGS.get((name, _shape(result)))
        if setting is not None:
            message = f"{message} This site runs Klustergraf: set {setting} where it is served."
        told.setdefault(message, []).append(name)
    lines = [
        f"{message} ({names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})"
        for message, names in list(told.items())[:_MOST_TOLD]
    ]
    left = len(told) - len(lines)
    return " · ".join([*lines, *([f"and {left} other faults"] if left else [])])
