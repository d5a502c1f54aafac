"""What the routes of linked data share: from an address to an IRI, and the headers of documents."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from klustergraf.catalogue import StoredQuery
from klustergraf.engine.base import TriplesFormat
from klustergraf.errors import ResourceNotFound
from klustergraf.examples import describe_prefixes, describe_queries
from klustergraf.namespaces import PREFIXES
from klustergraf.version import Version
from klustergraf_api.caching import entity_tag, http_date, not_modified
from klustergraf_api.dependencies import Parts
from klustergraf_api.description import serialise
from klustergraf_api.negotiation import HTML, SUFFIXES, acceptable, choose
from klustergraf_api.request_errors import NotAcceptable
from klustergraf_api.signposting import LINKSET, LINKSET_SUFFIX, Link, Signposts, header
from klustergraf_api.terms import serialise_iri
from klustergraf_api.thing_data import Origin

METHODS: Final = ["GET", "HEAD"]
OFFERS: Final = (*TriplesFormat, HTML)
SUFFIX_OF: Final = {media_type: suffix for suffix, media_type in SUFFIXES.items()}


def iri_of(parts: Parts, local: str) -> str:
    """Make the IRI that a path of ours stands for.

    Errors: ResourceNotFound when it cannot be one.
    """
    iri = parts.settings.base + local
    try:
        serialise_iri(iri)
    except ValueError as exc:
        raise ResourceNotFound(iri) from exc
    return iri


def accept_of(request: Request) -> str | None:
    """Give what to accept of a document: what ``format`` names, a suffix, else the header.

    Errors: MalformedRequest.
    """
    named = request.query_params.get("format")
    return acceptable(named, request.headers.get("accept"), SUFFIXES)


def negotiate(request: Request) -> str:
    """Choose the media type of a document: by the ``format`` in its address, else by ``Accept``.

    Errors: NotAcceptable; MalformedRequest.
    """
    media_type = choose(accept_of(request), OFFERS)
    if media_type is None:
        raise NotAcceptable(OFFERS)
    return media_type


def see_other(request: Request, path: str) -> Response:
    """Answer 303: a thing is not a document (Cool URIs for the Semantic Web, 4.2)."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=303, headers={"Location": path + query, "Vary": "Accept"})


@lru_cache(8)
def _created(version: Version) -> str:
    return version.manifest.created


def origin_of(parts: Parts) -> Origin:
    """Say which version is served, and when it was made."""
    created = _created(parts.version) if parts.version else ""
    return Origin(parts.settings.base, parts.engine.version_id, created)


def document_headers(parts: Parts, iri: str, media_type: str, path: str) -> dict[str, str]:
    """Give the headers of a document about an IRI. ``path``: its own address, with the suffix."""
    origin = origin_of(parts)
    headers = {
        "ETag": entity_tag(origin.version_id, iri, media_type),
        "X-Klustergraf-Version": origin.version_id,
        "Cache-Control": "no-cache",
        "Content-Location": quote(path),
        "Vary": "Accept",
    }
    if origin.created:
        headers["Last-Modified"] = http_date(datetime.fromisoformat(origin.created))
    return headers


def linkset_document(request: Request, parts: Parts, signs: Signposts) -> Response:
    """Give the links of the documents about something (RFC 9264)."""
    root = str(request.base_url).rstrip("/")
    address = signs.path + LINKSET_SUFFIX
    headers = document_headers(parts, signs.iri, f"{LINKSET} {root} {signs.types}", address)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    return Response(signs.linkset(root), media_type=LINKSET, headers=headers)


def query_signs(parts: Parts, queries: Iterable[StoredQuery], path: str) -> Signposts:
    """Give the links about the list of the stored queries, or about one of them."""
    base = parts.settings.base
    iri = base + path.removeprefix("/")
    if path == "/queries":
        items = [Link("item", f"/queries/{query.name}", HTML) for query in queries]
        return Signposts(iri, path, base, items=items)
    return Signposts(iri, path, base, collection="/queries")


def query_document(
    request: Request, parts: Parts, queries: Sequence[StoredQuery], path: str, suffix: str = ""
) -> Response | None:
    """Give stored queries as data, where data is asked for by suffix or ``Accept``; else None.

    A page is what a client gets that names nothing better. ``path``: the address, less the suffix.
    Errors: NotAcceptable, ResourceNotFound.
    """
    accept = accept_of(request)
    iri = parts.settings.base + path.removeprefix("/")
    signs = query_signs(parts, queries, path)
    if f".{suffix}" == LINKSET_SUFFIX:
        return linkset_document(request, parts, signs)
    if suffix and suffix not in SUFFIXES:
        raise ResourceNotFound(f"{iri}.{suffix}")
    media_type = SUFFIXES[suffix] if suffix else choose(accept, (HTML, *TriplesFormat))
    if media_type is None:
        raise NotAcceptable((HTML, *TriplesFormat))
    if media_type == HTML:
        return None
    headers = document_headers(parts, iri, media_type, f"{path}.{SUFFIX_OF[media_type]}")
    headers["Link"] = header(signs.of_data())
    triples = describe_queries(queries, parts.settings.base)
    if path == "/queries":
        triples += describe_prefixes()
    content = serialise(triples, media_type, PREFIXES)
    # The queries belong to the software and not to the version: the content itself is the tag.
    headers["ETag"] = entity_tag(sha256(content).hexdigest(), media_type)
    headers.pop("Last-Modified", None)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    return Response(content, media_type=media_type, headers=headers)


def negotiated_page(request: Request, parts: Parts, path: str, signs: Signposts) -> dict[str, str]:
    """Give the headers of a page that its address shares with data: its own address among them."""
    own = f"{path}.html?lang={parts.pages.view(request).language}"
    links = {"Link": header(signs.of_page())}
    return page_headers(request, parts) | links | {"Content-Location": own}


def page_headers(request: Request, parts: Parts) -> dict[str, str]:
    """Give the headers by which a page is known again.

    A page is new with the version, the language, what is asked for in its address, and the software
    that writes it; so it has no date of its own. It is new once more when what is kept with the
    version is made.
    """
    language = parts.pages.view(request).language
    before = (parts.before.version_id,) if parts.before else ()
    tag = entity_tag(
        parts.version_id,
        *(parts.pages.edition, language, request.url.path, request.url.query),
        *before,
    )
    varying = {"Vary": "Accept, Accept-Language", "Content-Language": language}
    return {"ETag": tag, "Cache-Control": "no-cache", **varying}
