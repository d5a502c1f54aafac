"""Each rule of ``klustergraf self-check``: it holds on a site of others, and fails on a broken one.

The site is no Klustergraf: a server that gives what a table says, with the catalogue of
``tests/data/catalogue``.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import rdflib

from klustergraf.site_check.fetching import Fetcher, FetchLimits
from klustergraf.site_check.findings import Finding
from klustergraf.site_check.rules import SiteCheck
from local_server import served

CATALOGUE = (Path(__file__).parents[1] / "data/catalogue/complete.ttl").read_text(encoding="utf-8")
FILE = b"name,place\nStadsbiblioteket,Exempelstad\n"
THING = "/id/actor/one"
LINKS = (
    '<https://w3id.org/x/id/actor/one>; rel="cite-as", <one.ttl>; rel="describedby", '
    '<http://creativecommons.org/licenses/by/4.0/>; rel="license", '
    '<https://schema.org/Organization>; rel="type"'
)
JSON_LD = '<script type="application/ld+json">{"@context": "https://schema.org"}</script>'
VOID = "http://rdfs.org/ns/void#"


@dataclass
class Answer:
    """What is sent for a path. ``by_type``: the address of each media type, with a 303."""

    content: bytes = b""
    media_type: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(
        default_factory=lambda: {"Access-Control-Allow-Origin": "*", "ETag": '"1"'}
    )
    by_type: dict[str, str] = field(default_factory=dict)


Site = dict[str, Answer]


def good(url: str) -> Site:
    """Give a site that does everything right; its address is known by then."""
    statement = f'<{url}{THING}> <http://www.w3.org/2000/01/rdf-schema#label> "One" .'
    void = "".join(f"<x:d> <{VOID}{n}> <x:o> .\n" for n in
                   ("triples", "classPartition", "propertyPartition"))  # fmt: skip
    documents = {
        "text/turtle": statement,
        "application/n-triples": statement,
        "application/ld+json": json.dumps({"@id": f"{url}{THING}", f"{VOID}x": "One"}),
        "application/rdf+xml": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:v="{VOID}"><rdf:Description rdf:about="{url}{THING}"><v:x>One</v:x>'
        "</rdf:Description></rdf:RDF>",
        "text/html": f"<html>{JSON_LD}</html>",
    }
    catalogue = CATALOGUE.replace("https://data.example.org/catalogue#", f"{url}/catalogue#")
    catalogue = catalogue.replace("https://data.example.org", url)
    catalogue = catalogue.replace(sha256(b"").hexdigest(), sha256(FILE).hexdigest())
    catalogue = catalogue.replace('"2048"', f'"{len(FILE)}"')
    site = {
        "/datasets/dcat": Answer(catalogue.encode(), "text/turtle"),
        "/libraries.csv": Answer(FILE, "text/csv"),
        "/openapi.json": Answer(b'{"openapi": "3.1.0", "paths": {"/api": {}}}', "application/json"),
        "/.well-known/void": Answer(void.encode(), "application/n-triples"),
        "/robots.txt": Answer(f"Sitemap: {url}/sitemap.xml\n".encode(), "text/plain"),
        "/sitemap.xml": Answer(
            f"<urlset><url><loc>{url}{THING}</loc></url></urlset>".encode(), "application/xml"
        ),
        THING: Answer(by_type={name: f"{THING}/{n}" for n, name in enumerate(documents)}),
    }
    for number, (media_type, text) in enumerate(documents.items()):
        site[f"{THING}/{number}"] = Answer(
            text.encode(), media_type, headers={"Link": LINKS} if media_type == "text/html" else {}
        )
    return site


@contextmanager
def serving(spoil: Callable[[Site], None] = lambda _: None) -> Iterator[str]:
    """Serve the site, after something was done to it; give its address."""
    site: Site = {}

    def answer(request: BaseHTTPRequestHandler) -> None:
        found = site.get(request.path, Answer(b"", "text/plain", 404))
        status, headers, content = found.status, dict(found.headers), found.content
        wanted = request.headers["Accept"].partition(",")[0]
        if wanted in found.by_type:
            status, headers["Location"] = 303, found.by_type[wanted]
        elif found.by_type:
            status = 406
        elif headers.get("ETag") and request.headers.get("If-None-Match") == headers["ETag"]:
            status, content = 304, b""
        request.send_response(status)
        for name, value in {"Content-Type": found.media_type, **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with served(answer) as root:
        url = root.removesuffix("/")
        site |= good(url)
        spoil(site)
        yield url


def checked(url: str, limits: FetchLimits | None = None) -> dict[str, Finding]:
    """Apply all rules; give the findings by rule."""
    return {finding.rule: finding for finding in SiteCheck(url, Fetcher(limits)).run()}


def changed(path: str, old: str, new: str) -> Callable[[Site], None]:
    """Put something else into what a path gives."""

    def change(site: Site) -> None:
        text = site[path].content.decode()
        assert old in text
        site[path].content = text.replace(old, new).encode()

    return change


def header(path: str, name: str, value: str | None) -> Callable[[Site], None]:
    """Send another header with what a path gives, or not at all."""

    def change(site: Site) -> None:
        site[path].headers.pop(name, None)
        if value is not None:
            site[path].headers[name] = value

    return change


def gone(path: str) -> Callable[[Site], None]:
    """Let a path answer 404."""

    def remove(site: Site) -> None:
        del site[path]

    return remove


def catalogue(old: str, new: str) -> Callable[[Site], None]:
    """Put something else into the catalogue."""
    return changed("/datasets/dcat", old, new)


def unready(site: Site) -> None:
    """Let a thing answer 200 at its own address, to whoever asks."""
    site[THING] = Answer(b"<html></html>")


# Rule; what is done to the site; outcome; what the finding has to say.
BROKEN = [
    ("catalogue is RDF", gone("/datasets/dcat"), "fail", "answers 404"),
    ("catalogue is RDF", catalogue(":catalogue a", ":catalogue a a a"), "fail", "cannot be read"),
    ("catalogue is RDF", lambda s: setattr(s["/datasets/dcat"], "content", b""), "fail", "nothing"),
    ("catalogue: IRIs are absolute", catalogue(":part a", "<part> a"), "fail", "relative"),
    ("catalogue: main things have IRIs", catalogue(":contact ", "_:c "), "fail", "blank nodes"),
    ("catalogue: what DCAT-AP-SE demands", catalogue("vcard:hasEmail", "vcard:x"), "fail",
     "Give vcard:hasEmail"),
    ("catalogue: what DCAT-AP-SE demands", catalogue("a dcat:Dataset ", "a dcat:Data "), "fail",
     "no dcat:Dataset"),
    ("catalogue: what DCAT-AP-SE recommends", catalogue("dct:format", "dct:x"), "warn",
     "Add dct:format"),
    ("catalogue: publisher named as by dataportal.se", catalogue("/SE2120000001", "/1"), "fail",
     "ten digits"),
    ("catalogue: publisher named as by dataportal.se", catalogue("dct:publisher", "dct:x"), "fail",
     "has a dct:publisher"),
    ("catalogue: licences", catalogue("http://creativecommons.org/licenses", "https://creativecommons.org/licenses"),
     "fail", "with http"),
    ("catalogue: licences", catalogue("publicdomain/zero/1.0/", "licenses/by/4.0/"), "fail", "CC0"),
    ("catalogue: Swedish and English", catalogue('"Libraries"@en', '"Libraries"@de'), "warn",
     "language tag en"),
    ("CORS", header("/datasets/dcat", "Access-Control-Allow-Origin", None), "fail", "no page"),
    ("CORS", header("/datasets/dcat", "Access-Control-Allow-Origin", "https://a.example"), "fail",
     "no page"),
    ("ETag and 304", header("/datasets/dcat", "ETag", None), "fail", "without an ETag"),
    ("services: described and reachable", gone("/openapi.json"), "fail", "answers 404"),
    ("services: described and reachable", catalogue("dcat:endpointDescription", "dcat:x"), "fail",
     "endpointDescription"),
    ("services: described and reachable",
     header("/openapi.json", "Access-Control-Allow-Origin", None), "fail", "Allow-Origin"),
    ("services: described and reachable", catalogue("a dcat:DataService", "a dcat:x"), "skip",
     "no dcat:DataService"),
    ("dumps: checksums", changed("/libraries.csv", "name", "Name"), "fail", "its sha256 is"),
    ("dumps: checksums", gone("/libraries.csv"), "fail", "404"),
    ("dumps: checksums", catalogue(f'"{len(FILE)}"', '"7"'), "fail", "dcat:byteSize says 7"),
    ("dumps: checksums", catalogue("spdx:checksum :", "spdx:x :"), "skip", "no distribution"),
    ("dumps: checksums", catalogue("_sha256", "_rot13"), "skip", "not known, rot13"),
    ("OpenAPI", gone("/openapi.json"), "fail", "answers 404"),
    ("OpenAPI", changed("/openapi.json", "3.1.0", "2.0"), "fail", "no OpenAPI 3"),
    ("OpenAPI", changed("/openapi.json", "{", "["), "fail", "cannot be read"),
    ("VoID", gone("/.well-known/void"), "fail", "answers 404"),
    ("VoID", changed("/.well-known/void", "classPartition", "x"), "fail", "void:classPartition"),
    ("robots.txt", changed("/robots.txt", "Sitemap:", "#"), "fail", "names no sitemap"),
    ("sitemap", changed("/sitemap.xml", "loc", "x"), "fail", "lists nothing"),
    ("things: negotiation", unready, "fail", "text/html"),
    ("things: negotiation", changed(f"{THING}/0", "<", "# <"), "fail", "says nothing"),
    ("things: signposting", header(f"{THING}/4", "Link", '<x>; rel="type"'), "fail", "cite-as"),
    ("things: signposting", changed("/sitemap.xml", "loc", "x"), "skip", "no thing"),
    ("things: schema.org", changed(f"{THING}/4", "script", "div"), "fail", "no JSON-LD"),
    ("things: schema.org", changed(f"{THING}/4", "schema.org", "x"), "fail", "schema.org"),
]  # fmt: skip


def test_a_good_site_of_others_passes() -> None:
    """Every rule passes, of the site and of its catalogue alone; each says what it looked at."""
    with serving() as url:
        found = checked(url)
        assert {finding.outcome for finding in found.values()} == {"pass"}
        assert all(finding.detail for finding in found.values())
        alone = checked(f"{url}/datasets/dcat")
    assert {finding.outcome for finding in alone.values()} == {"pass"}
    assert set(found) - set(alone) >= {"OpenAPI", "things: schema.org"}


@pytest.mark.parametrize(
    ("rule", "spoil", "outcome", "said"),
    BROKEN,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(BROKEN)],
)
def test_a_rule_finds_what_it_is_for(
    rule: str, spoil: Callable[[Site], None], outcome: str, said: str
) -> None:
    """On a site where one thing is wrong the rule says so, and what is wrong."""
    with serving(spoil) as url:
        found = checked(url)
    assert found[rule].outcome == outcome, found[rule]
    assert said in found[rule].detail


def test_every_rule_was_seen_to_find_something() -> None:
    """No rule is without a broken site above."""
    with serving() as url:
        assert set(checked(url)) == {rule for rule, *_ in BROKEN}


def test_nothing_passes_when_nothing_was_looked_at() -> None:
    """Where there is no site, and where the catalogue is of nothing, no rule of it passes."""
    with serving(lambda site: site.clear()) as url:
        assert {finding.outcome for finding in checked(url).values()} == {"fail", "skip"}

    def empty(site: Site) -> None:
        site["/datasets/dcat"].content = b"<x:a> <x:b> <x:c> ."

    with serving(empty) as url:
        found = checked(f"{url}/datasets/dcat")
    passing = {rule for rule, finding in found.items() if finding.outcome == "pass"}
    assert passing == {"catalogue is RDF", "catalogue: IRIs are absolute", "CORS", "ETag and 304"}


def test_other_algorithms_and_large_files() -> None:
    """A SHA-1 is compared too; a file beyond the limit is not read, and does not pass."""
    sums = catalogue("_sha256", "_sha1")

    def by_sha1(site: Site) -> None:
        sums(site)
        catalogue(sha256(FILE).hexdigest(), sha1(FILE, usedforsecurity=False).hexdigest())(site)

    with serving(by_sha1) as url:
        assert checked(url)["dumps: checksums"].outcome == "pass"
    with serving() as url:
        finding = checked(url, FetchLimits(most_digest_bytes=10))["dumps: checksums"]
        assert finding.outcome == "skip"
        assert "larger than 10 bytes" in finding.detail
    with serving(catalogue(f'dcat:byteSize "{len(FILE)}"', 'dcat:x "1"')) as url:
        finding = checked(url, FetchLimits(most_digest_bytes=10))["dumps: checksums"]
        assert finding.outcome == "fail"
        assert "more than 10 bytes" in finding.detail


def test_rdf_that_is_sent_as_xml() -> None:
    """RDF/XML is often sent as XML, and is read; XML that is no RDF is not."""

    def as_xml(site: Site) -> None:
        graph = rdflib.Graph().parse(data=site["/datasets/dcat"].content, format="turtle")
        site["/datasets/dcat"].content = graph.serialize(format="xml", encoding="utf-8")
        site["/datasets/dcat"].media_type = "text/xml;charset=utf-8"

    with serving(as_xml) as url:
        found = checked(url)
    assert {finding.outcome for finding in found.values()} == {"pass"}

    def no_rdf(site: Site) -> None:
        site["/datasets/dcat"].content = b"<list/>"
        site["/datasets/dcat"].media_type = "text/xml"

    with serving(no_rdf) as url:
        assert checked(url)["catalogue is RDF"].outcome == "fail"
