"""The rules of a site beside its catalogue: descriptions, sitemap, and one thing as an example."""

import json
import re
from collections.abc import Callable
from urllib.parse import urljoin

from klustergraf.namespaces import VOID
from klustergraf.site_check.catalogue import ACCEPT, RDF_TYPES, parse
from klustergraf.site_check.fetching import Fetched, Fetcher
from klustergraf.site_check.findings import Fails, Skips


class SiteRules:
    """Judges a site by its root, which ends with a slash."""

    def __init__(self, root: str, fetcher: Fetcher) -> None:
        self._root = root
        self._fetcher = fetcher
        self._thing = ""

    def rules(self) -> dict[str, Callable[[], str]]:
        """Give the rules by name, in their order: the sitemap gives the thing that is looked at."""
        return {
            "OpenAPI": self._openapi,
            "VoID": self._void,
            "robots.txt": self._robots,
            "sitemap": self._sitemap,
            "things: negotiation": self._negotiation,
            "things: signposting": self._signposting,
            "things: schema.org": self._schema_org,
        }

    def _path(self, path: str) -> Fetched:
        return self._ok(urljoin(self._root, path))

    def _ok(self, url: str, accept: str = "*/*") -> Fetched:
        found = self._fetcher.get(url, accept)
        if found.status != 200:
            raise Fails(f"{url} answers {found.status}")
        return found

    def _openapi(self) -> str:
        document = json.loads(self._path("openapi.json").content)
        version = str(document.get("openapi", ""))
        if not version.startswith("3.") or not document.get("paths"):
            raise Fails("openapi.json is no OpenAPI 3 document")
        return f"{version}, {len(document['paths'])} paths"

    def _void(self) -> str:
        quads = parse(self._ok(urljoin(self._root, ".well-known/void"), ACCEPT))
        names = {quad.predicate.value for quad in quads}
        for needed in ("triples", "classPartition", "propertyPartition"):
            if VOID + needed not in names:
                raise Fails(f"it states no void:{needed}")
        return f"{len(quads)} statements"

    def _robots(self) -> str:
        text = self._path("robots.txt").content.decode("utf-8", "replace")
        found = re.search(r"(?mi)^sitemap:\s*(\S+)", text)
        if found is None:
            raise Fails("it names no sitemap")
        return found[1]

    def _sitemap(self) -> str:
        url = urljoin(self._root, "sitemap.xml")
        for _ in range(2):
            text = self._ok(url).content.decode("utf-8", "replace")
            found = re.findall(r"<loc>\s*([^<\s]+)\s*</loc>", text)
            if not found:
                raise Fails(f"{url} lists nothing")
            if "<sitemapindex" not in text:
                actors = (address for address in found if "/id/actor/" in address)
                self._thing = next(actors, found[0])
                return f"{len(found)} addresses"
            url = found[0]
        raise Fails("an index of sitemaps lists another")

    def _sample(self) -> str:
        if not self._thing:
            raise Skips("the sitemap lists no thing to look at")
        return self._thing

    def _negotiation(self) -> str:
        thing = self._sample()
        for media_type in (*RDF_TYPES, "text/html"):
            found = self._ok(thing, media_type)
            if found.media_type != media_type:
                raise Fails(f"{thing} gives {found.media_type} to who wants {media_type}")
            if found.statuses[:1] != (303,):
                raise Fails(f"{thing} does not answer 303 first")
            if media_type != "text/html" and not parse(found):
                raise Fails(f"{found.url} says nothing")
        refused = self._fetcher.get(thing, "image/x-none")
        if refused.status != 406:
            raise Fails(f"{thing} answers {refused.status}, not 406, to who wants an image")
        return thing

    def _signposting(self) -> str:
        page = self._ok(self._sample(), "text/html")
        relations = set(re.findall(r'rel="?([\w-]+)', page.headers.get("link", "")))
        lacking = sorted({"cite-as", "describedby", "license", "type"} - relations)
        if lacking:
            raise Fails(f"the page of {self._thing} has no link {', '.join(lacking)}")
        return ", ".join(sorted(relations))

    def _schema_org(self) -> str:
        page = self._ok(self._sample(), "text/html").content.decode("utf-8", "replace")
        pattern = r'(?s)<script[^>]*type="application/ld\+json"[^>]*>(.*?)</script>'
        found = re.search(pattern, page)
        if found is None:
            raise Fails(f"the page of {self._thing} holds no JSON-LD")
        if "schema.org" not in json.dumps(json.loads(found[1]).get("@context", "")):
            raise Fails("its context is not that of schema.org")
        return "JSON-LD"
