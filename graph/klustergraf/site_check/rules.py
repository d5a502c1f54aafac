"""The rules of ``klustergraf self-check``: each passes, fails with a reason, or has no subject."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import urljoin

import pyoxigraph as ox

from klustergraf.errors import SourceUnavailable
from klustergraf.namespaces import DCAT, DCT, FOAF, RDF, VOID
from klustergraf.site_check.fetching import MOST_BYTES, Fetched, Fetcher

_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Outcome = Literal["pass", "fail", "skip"]

_RDF_TYPES: Final = (
    "application/rdf+xml", "text/turtle", "application/ld+json", "application/n-triples",
)  # fmt: skip
_ACCEPT: Final = ", ".join((_RDF_TYPES[0], *(f"{name};q=0.8" for name in _RDF_TYPES[1:])))
_VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
_SPDX: Final = "http://spdx.org/rdf/terms#"
_LICENCES: Final = (
    "https://creativecommons.org/", "http://creativecommons.org/",
    "http://publications.europa.eu/resource/authority/licence/",
)  # fmt: skip
_ORGANISATION: Final = re.compile(r"https?://dataportal\.se/organisation/SE\d{10}")
_MOST_DUMPS: Final = 5


@dataclass(frozen=True)
class Finding:
    """What a rule found; ``detail`` says why it fails, or what was looked at."""

    rule: str
    outcome: Outcome
    detail: str


class _Fails(Exception):
    """A rule does not hold."""


class _Skips(Exception):
    """There is nothing that a rule could look at."""


class SiteCheck:
    """Judges a site by its root, or a catalogue of others by the address of its document."""

    def __init__(self, url: str, fetcher: Fetcher | None = None) -> None:
        self._root = url if url.endswith("/") else url + "/"
        self._fetcher = fetcher or Fetcher()
        self._store = ox.Store()
        self._catalogue = Fetched("", 0, {}, b"")
        self._thing = ""
        self._is_catalogue = False
        self._url = url

    def run(self) -> Iterator[Finding]:
        """Apply the rules, one after the other."""
        self._is_catalogue = self._find_catalogue()
        rules: dict[str, Callable[[], str]] = {
            "catalogue is RDF": self._rdf,
            "catalogue: mandatory fields of DCAT-AP-SE": self._mandatory,
            "catalogue: main things have IRIs": self._no_blank,
            "catalogue: publisher named as by dataportal.se": self._publisher,
            "catalogue: licence is an exact IRI": self._licence,
            "catalogue: Swedish and English": self._languages,
            "CORS": self._cors,
            "ETag and 304": self._etag,
            "services: described and reachable": self._services,
            "dumps: checksums": self._checksums,
        }
        if not self._is_catalogue:
            rules |= {
                "OpenAPI": self._openapi,
                "VoID": self._void,
                "robots.txt": self._robots,
                "sitemap": self._sitemap,
                "things: negotiation": self._negotiation,
                "things: signposting": self._signposting,
                "things: schema.org": self._schema_org,
            }
        for name, rule in rules.items():
            yield _judge(name, rule)

    def _find_catalogue(self) -> bool:
        """Tell whether the address is a catalogue itself; else take that of the site."""
        for url, is_itself in ((self._url, True), (self._root + "datasets/dcat", False)):
            try:
                found = self._fetcher.get(url, _ACCEPT)
            except SourceUnavailable:
                continue
            if found.status == 200 and found.media_type in _RDF_TYPES:
                self._catalogue = found
                # A site's root may send those who want RDF to its catalogue.
                return is_itself and not found.statuses
        return False

    def _path(self, path: str) -> Fetched:
        return self._ok(urljoin(self._root, path))

    def _ok(self, url: str, accept: str = "*/*") -> Fetched:
        found = self._fetcher.get(url, accept)
        if found.status != 200:
            raise _Fails(f"{url} answers {found.status}")
        return found

    def _rdf(self) -> str:
        if not self._catalogue.url:
            raise _Fails(f"neither {self._url} nor {self._root}datasets/dcat gives RDF")
        for quad in _parse(self._catalogue):
            self._store.add(quad)
        return f"{len(self._store)} statements"

    def _values(self, subject: ox.NamedNode | ox.BlankNode, predicate: str) -> list[_Term]:
        pattern = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return [quad.object for quad in pattern]

    def _of_class(self, iri: str) -> list[ox.NamedNode | ox.BlankNode]:
        kind = ox.NamedNode(iri)
        found = self._store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), kind)
        return [quad.subject for quad in found if not isinstance(quad.subject, ox.Triple)]

    def _mandatory(self) -> str:
        lacking = []
        for kind, properties in _MANDATORY.items():
            things = self._of_class(kind)
            if not things:
                lacking.append(f"no {kind}")
            lacking += [
                f"{thing} has no {name}"
                for thing in things
                for name in properties
                if not self._values(thing, name)
            ]
        if lacking:
            raise _Fails("; ".join(lacking[:5]))
        return "all there"

    def _no_blank(self) -> str:
        kinds = (DCAT + "Catalog", DCAT + "Dataset", DCAT + "Distribution", DCAT + "DataService")
        things = [thing for kind in kinds for thing in self._of_class(kind)]
        blank = [thing for thing in things if isinstance(thing, ox.BlankNode)]
        if blank:
            raise _Fails(f"{len(blank)} of {len(things)} have no IRI")
        return f"{len(things)} things"

    def _publisher(self) -> str:
        found = {
            value.value
            for thing in self._of_class(DCAT + "Catalog")
            for value in self._values(thing, DCT + "publisher")
            if isinstance(value, ox.NamedNode)
        }
        if not found or not all(_ORGANISATION.fullmatch(iri) for iri in found):
            raise _Fails(f"{', '.join(sorted(found)) or 'none'} (…/organisation/SE + ten digits)")
        return ", ".join(sorted(found))

    def _licence(self) -> str:
        things = self._of_class(DCAT + "Catalog") + self._of_class(DCAT + "Distribution")
        for thing in things:
            values = self._values(thing, DCT + "license")
            if not values:
                raise _Fails(f"{thing} has none")
            for value in values:
                if not isinstance(value, ox.NamedNode) or not value.value.startswith(_LICENCES):
                    raise _Fails(f"{value} of {thing} is no known licence")
        return f"{len(things)} things"

    def _languages(self) -> str:
        for thing in self._of_class(DCAT + "Dataset"):
            tags = {
                getattr(value, "language", None) for value in self._values(thing, DCT + "title")
            }
            if not {"sv", "en"} <= tags:
                raise _Fails(f"the title of {thing} is not in both")
        return "titles in both"

    def _cors(self) -> str:
        origin = self._catalogue.headers.get("access-control-allow-origin")
        if origin != "*":
            raise _Fails("the catalogue has no Access-Control-Allow-Origin: *")
        return "any origin"

    def _etag(self) -> str:
        tag = self._catalogue.headers.get("etag")
        if not tag:
            raise _Fails("the catalogue has no ETag")
        again = self._fetcher.get(self._catalogue.url, _ACCEPT, If_None_Match=tag)
        if again.status != 304:
            raise _Fails(f"If-None-Match gives {again.status}, not 304")
        return tag

    def _services(self) -> str:
        services = self._of_class(DCAT + "DataService")
        if not services:
            raise _Skips("the catalogue names no service")
        described = [
            value.value
            for service in services
            for value in self._values(service, DCAT + "endpointDescription")
            if isinstance(value, ox.NamedNode)
        ]
        if not described:
            raise _Fails("no service has an endpointDescription")
        for url in sorted(set(described)):
            found = self._ok(url, "text/turtle, application/json, */*;q=0.5")
            if found.headers.get("access-control-allow-origin") != "*":
                raise _Fails(f"{url} has no Access-Control-Allow-Origin: *")
        return f"{len(set(described))} descriptions"

    def _checksums(self) -> str:
        checked = list[str]()
        too_large = 0
        for thing in self._of_class(DCAT + "Distribution"):
            for checksum in self._values(thing, _SPDX + "checksum"):
                if not isinstance(checksum, ox.NamedNode | ox.BlankNode):
                    continue
                algorithm = "".join(map(str, self._values(checksum, _SPDX + "algorithm")))
                if "sha256" not in algorithm or len(checked) == _MOST_DUMPS:
                    continue
                if any(int(size.value) > MOST_BYTES for size in self._sizes(thing)):
                    too_large += 1
                    continue
                (expected,) = self._values(checksum, _SPDX + "checksumValue")
                for url in self._values(thing, DCAT + "downloadURL"):
                    found = self._ok(getattr(url, "value", ""))
                    if sha256(found.content).hexdigest() != getattr(expected, "value", "").lower():
                        raise _Fails(f"{url} is not what its checksum says")
                    checked.append(str(url))
        if too_large and not checked:
            raise _Skips(f"each file is larger than {MOST_BYTES} bytes")
        if not checked:
            raise _Skips("no distribution has a SHA-256")
        unread = f", {too_large} too large to be read" if too_large else ""
        return f"{len(checked)} files{unread}"

    def _sizes(self, distribution: ox.NamedNode | ox.BlankNode) -> list[ox.Literal]:
        found = self._values(distribution, DCAT + "byteSize")
        return [v for v in found if isinstance(v, ox.Literal) and v.value.isdecimal()]

    def _openapi(self) -> str:
        document = json.loads(self._path("openapi.json").content)
        version = str(document.get("openapi", ""))
        if not version.startswith("3.") or not document.get("paths"):
            raise _Fails("openapi.json is no OpenAPI 3 document")
        return f"{version}, {len(document['paths'])} paths"

    def _void(self) -> str:
        quads = _parse(self._ok(urljoin(self._root, ".well-known/void"), _ACCEPT))
        names = {quad.predicate.value for quad in quads}
        for needed in ("triples", "classPartition", "propertyPartition"):
            if VOID + needed not in names:
                raise _Fails(f"it states no void:{needed}")
        return f"{len(quads)} statements"

    def _robots(self) -> str:
        text = self._path("robots.txt").content.decode("utf-8", "replace")
        found = re.search(r"(?mi)^sitemap:\s*(\S+)", text)
        if found is None:
            raise _Fails("it names no sitemap")
        return found[1]

    def _sitemap(self) -> str:
        url = urljoin(self._root, "sitemap.xml")
        for _ in range(2):
            text = self._ok(url).content.decode("utf-8", "replace")
            found = re.findall(r"<loc>\s*([^<\s]+)\s*</loc>", text)
            if not found:
                raise _Fails(f"{url} lists nothing")
            if "<sitemapindex" not in text:
                actors = (address for address in found if "/id/actor/" in address)
                self._thing = next(actors, found[0])
                return f"{len(found)} addresses"
            url = found[0]
        raise _Fails("an index of sitemaps lists another")

    def _sample(self) -> str:
        if not self._thing:
            raise _Skips("the sitemap lists no thing to look at")
        return self._thing

    def _negotiation(self) -> str:
        thing = self._sample()
        for media_type in (*_RDF_TYPES, "text/html"):
            found = self._ok(thing, media_type)
            if found.media_type != media_type:
                raise _Fails(f"{thing} gives {found.media_type} to who wants {media_type}")
            if found.statuses[:1] != (303,):
                raise _Fails(f"{thing} does not answer 303 first")
            if media_type != "text/html" and not _parse(found):
                raise _Fails(f"{found.url} says nothing")
        refused = self._fetcher.get(thing, "image/x-none")
        if refused.status != 406:
            raise _Fails(f"{thing} answers {refused.status}, not 406, to who wants an image")
        return thing

    def _signposting(self) -> str:
        page = self._ok(self._sample(), "text/html")
        relations = set(re.findall(r'rel="?([\w-]+)', page.headers.get("link", "")))
        lacking = sorted({"cite-as", "describedby", "license", "type"} - relations)
        if lacking:
            raise _Fails(f"the page of {self._thing} has no link {', '.join(lacking)}")
        return ", ".join(sorted(relations))

    def _schema_org(self) -> str:
        page = self._ok(self._sample(), "text/html").content.decode("utf-8", "replace")
        pattern = r'(?s)<script[^>]*type="application/ld\+json"[^>]*>(.*?)</script>'
        found = re.search(pattern, page)
        if found is None:
            raise _Fails(f"the page of {self._thing} holds no JSON-LD")
        if "schema.org" not in json.dumps(json.loads(found[1]).get("@context", "")):
            raise _Fails("its context is not that of schema.org")
        return "JSON-LD"


_MANDATORY: Final = {
    DCAT + "Catalog": [DCT + n for n in ("title", "description", "publisher", "license")]
    + [DCAT + "dataset"],
    DCAT + "Dataset": [DCT + n for n in ("title", "description", "publisher")]
    + [DCAT + "distribution", DCAT + "contactPoint"],
    DCAT + "Distribution": [DCAT + "accessURL", DCT + "license"],
    FOAF + "Agent": [FOAF + "name"],
    _VCARD + "Organization": [_VCARD + "fn", _VCARD + "hasEmail"],
}


def _parse(found: Fetched) -> list[ox.Quad]:
    form = ox.RdfFormat.from_media_type(found.media_type)
    if form is None:
        raise _Fails(f"{found.url} is {found.media_type}, no RDF")
    return list(ox.parse(found.content, format=form, base_iri=found.url))


def _judge(name: str, rule: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "pass", rule())
    except _Skips as exc:
        return Finding(name, "skip", str(exc))
    except (_Fails, SourceUnavailable) as exc:
        return Finding(name, "fail", str(exc))
    except (SyntaxError, ValueError, AttributeError) as exc:
        # What others send may be anything.
        return Finding(name, "fail", f"cannot be read: {exc}")
