"""``/datasets/dcat``, ``/.well-known/void``, ``/sitemap.xml``, ``/robots.txt``: for harvesters."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Final
from xml.sax.saxutils import escape

import pyoxigraph as ox
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from klustergraf.description.dcat import PREFIXES as DCAT_PREFIXES
from klustergraf.description.dcat import (
    CatalogueSubject,
    DumpFile,
    Publisher,
    describe_catalogue,
)
from klustergraf.description.statistics import read_statistics
from klustergraf.description.things import thing_files
from klustergraf.description.void import PREFIXES as VOID_PREFIXES
from klustergraf.description.void import describe_void
from klustergraf.dumps import PACKINGS, list_dumps, made_dump
from klustergraf.engine.base import TriplesFormat
from klustergraf.errors import VersionNotFound
from klustergraf.tables import TABLES
from klustergraf.version import Version
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import NOT_STORED, CountedPartsDep, Parts
from klustergraf_api.description import serialise
from klustergraf_api.negotiation import SUFFIXES, TRIPLES, acceptable, choose
from klustergraf_api.request_errors import NotAcceptable, PageNotFound
from klustergraf_api.time_travel import address_of, public_base, stored_versions

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_XML_FIRST: Final = (TriplesFormat.RDF_XML, *(t for t in TRIPLES if t != TriplesFormat.RDF_XML))
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_TITLES: Final = {
    "klustergraf.nq": {"sv": "Hela datamängden, N-Quads", "en": "The whole dataset, N-Quads"},
    "klustergraf.nq.gz": {
        "sv": "Hela datamängden, N-Quads med gzip", "en": "The whole dataset, N-Quads with gzip",
    },
    "klustergraf.trig.gz": {
        "sv": "Hela datamängden, TriG med gzip", "en": "The whole dataset, TriG with gzip",
    },
}  # fmt: skip


@router.api_route("/datasets/dcat", methods=_METHODS)
@router.api_route("/datasets/dcat.{suffix}", methods=_METHODS)
async def dcat(request: Request, parts: CountedPartsDep, suffix: str | None = None) -> Response:
    """Describe the dataset and its services for data portals; RDF/XML unless asked otherwise."""
    version = _version(parts)
    media_type = _media_type(request, suffix, _XML_FIRST)
    subject = await asyncio.to_thread(_subject, request, parts, version)
    make = partial(describe_catalogue, subject)
    made = ",".join(dump.sha256 for dump in subject.dumps)
    key = ("dcat", subject.public_url, made)
    return await _document(request, parts, media_type, make, DCAT_PREFIXES, *key)


def _subject(request: Request, parts: Parts, version: Version) -> CatalogueSubject:
    settings = parts.settings
    dumps = []
    for dump in list_dumps(version):
        if dump.name in _TITLES:
            made = made_dump(version, dump)
            dumps.append(
                DumpFile(
                    dump.name,
                    dump.media_type,
                    _TITLES[dump.name],
                    PACKINGS[dump.packing],
                    made.sha256 if made else "",
                    made.size if made else 0,
                )
            )
    publisher = Publisher(
        settings.publisher_name,
        settings.publisher_number,
        settings.publisher_email,
        settings.publisher_type,
    )
    years = [year for found in read_statistics(version).values() for year in found.years]
    return CatalogueSubject(
        version.id,
        version.manifest.created,
        stored_versions(version)[-1].manifest.created,
        public_base(request, parts),
        publisher,
        tuple(dumps),
        tuple(f"tables/{name}.csv" for name in TABLES),
        (min(years), max(years)) if years else (),
    )


@router.api_route("/.well-known/void", methods=_METHODS)
@router.api_route("/void", methods=_METHODS)
@router.api_route("/void.{suffix}", methods=_METHODS)
async def void(request: Request, parts: CountedPartsDep, suffix: str | None = None) -> Response:
    """Tell what the graphs hold: classes, properties, links to others (VoID)."""
    version = _version(parts)
    media_type = _media_type(request, suffix, tuple(TRIPLES))
    url = public_base(request, parts)
    statistics = await asyncio.to_thread(read_statistics, version)
    make = partial(describe_void, version.id, version.manifest.created, statistics, url)
    return await _document(request, parts, media_type, make, VOID_PREFIXES, "void", url)


async def _document(
    request: Request,
    parts: Parts,
    media_type: str,
    make: "partial[list[ox.Triple]]",
    prefixes: dict[str, str],
    *key: str,
) -> Response:
    tag = entity_tag(parts.version_id, *key, media_type)
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "X-Klustergraf-Version": parts.version_id,
    }
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    form = TRIPLES[media_type]
    content = await asyncio.to_thread(lambda: serialise(make(), form, prefixes))
    return Response(content, media_type=media_type, headers=headers)


def _media_type(request: Request, suffix: str | None, offers: tuple[str, ...]) -> str:
    if suffix is not None:
        if suffix not in SUFFIXES or SUFFIXES[suffix] not in offers:
            raise PageNotFound
        return SUFFIXES[suffix]
    names = {name: found for name, found in SUFFIXES.items() if found in offers}
    accept = acceptable(request.query_params.get("format"), request.headers.get("accept"), names)
    media_type = choose(accept, offers)
    if media_type is None:
        # A browser gets the first format: there is no page of it, and it can show the text.
        if "text/html" in (accept or ""):
            return offers[0]
        raise NotAcceptable(offers)
    return media_type


def _version(parts: Parts) -> Version:
    if parts.version is None:
        raise VersionNotFound("current", NOT_STORED)
    return parts.version


@router.api_route("/robots.txt", methods=_METHODS)
async def robots(request: Request) -> Response:
    """Tell robots what not to follow – queries cost – and where the sitemap is."""
    lines = ["User-agent: *", "Disallow: /sparql", "Disallow: /api/", "Allow: /", ""]
    sitemap = f"Sitemap: {address_of(request, '/sitemap.xml')}"
    return PlainTextResponse("\n".join([*lines, sitemap, ""]))


@router.api_route("/sitemap.xml", methods=_METHODS)
async def sitemap(request: Request, parts: CountedPartsDep) -> Response:
    """List the sitemaps of all things."""
    version = _version(parts)
    files = await asyncio.to_thread(thing_files, version)
    entries = [address_of(request, f"/sitemaps/{path.stem}.xml") for path in files]
    return _xml(version, "sitemapindex", "sitemap", entries)


@router.api_route("/sitemaps/{number}.xml", methods=_METHODS)
async def sitemap_part(request: Request, number: str, parts: CountedPartsDep) -> Response:
    """List the addresses of some of the things."""
    version = _version(parts)
    files = {path.stem: path for path in await asyncio.to_thread(thing_files, version)}
    if number not in files:
        raise PageNotFound
    text = await asyncio.to_thread(files[number].read_text, "ascii")
    entries = [address_of(request, path) for path in text.splitlines()]
    return _xml(version, "urlset", "url", entries)


def _xml(version: Version, whole: str, part: str, entries: list[str]) -> Response:
    day = datetime.fromisoformat(version.manifest.created).astimezone(UTC).date().isoformat()
    lines = "".join(
        f"<{part}><loc>{escape(entry)}</loc><lastmod>{day}</lastmod></{part}>\n"
        for entry in entries
    )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{whole} xmlns="{_SITEMAP}">\n{lines}</{whole}>\n'
    )
    headers = {"X-Klustergraf-Version": version.id, "Cache-Control": "no-cache"}
    return Response(text, media_type="application/xml", headers=headers)
