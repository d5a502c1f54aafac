"""``/version/<id>``: what a version is made of, as a page and as data."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from klustergraf.namespaces import DCAT, DCT, OWL, PREFIXES, PROV, RDF, SCHEMA, VOID, XSD
from klustergraf.version import Manifest
from klustergraf_api.archive import find_version
from klustergraf_api.caching import not_modified
from klustergraf_api.dependencies import ExecutorDep, PartsDep
from klustergraf_api.description import serialise
from klustergraf_api.labels import read_labels
from klustergraf_api.negotiation import HTML, SUFFIXES
from klustergraf_api.routes.documents import (
    METHODS,
    SUFFIX_OF,
    document_headers,
    linkset_document,
    negotiate,
    page_headers,
    see_other,
)
from klustergraf_api.schema_org import script_text, version_data
from klustergraf_api.signposting import LICENSE, LINKSET_SUFFIX, Link, Signposts, header

router = APIRouter(include_in_schema=False)

_TYPES: Final = (SCHEMA + "Dataset",)


@router.api_route("/version/{name}", methods=METHODS)
async def version(request: Request, name: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Send to the page or the data of a version; with a suffix, give that document.

    Errors: VersionNotFound, NotAcceptable.
    """
    is_linkset = name.endswith(LINKSET_SUFFIX)
    stem, dot, suffix = name.rpartition(".")
    is_document = bool(dot) and suffix in SUFFIXES
    asked = name.removesuffix(LINKSET_SUFFIX) if is_linkset else stem if is_document else name
    manifest = (await asyncio.to_thread(find_version, parts, asked)).manifest
    iri, path = f"{parts.settings.base}version/{manifest.id}", f"/version/{manifest.id}"
    if not is_document and not is_linkset:
        return see_other(request, f"{path}.{SUFFIX_OF[negotiate(request)]}")
    signs = Signposts(iri, path, parts.settings.base, _TYPES, _files(manifest.id))
    if is_linkset:
        return linkset_document(request, parts, signs)
    if SUFFIXES[suffix] == HTML:
        headers = page_headers(request, parts) | {"Link": header(signs.of_page())}
        if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
            return fresh
        labels = await read_labels(executor, (graph for graph in manifest.triples if graph))
        return parts.pages.respond(
            request,
            "version.html",
            headers=headers,
            labels=labels,
            manifest=manifest,
            path=path,
            structured=Markup(script_text(version_data(iri, manifest))),  # noqa: S704 - escaped for a script element
        )
    headers = document_headers(parts, iri, SUFFIXES[suffix], f"{path}.{suffix}")
    headers["Link"] = header(signs.of_data())
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    content = serialise(sorted(_describe(iri, manifest), key=str), SUFFIXES[suffix], PREFIXES)
    return Response(content, media_type=SUFFIXES[suffix], headers=headers)


def _files(version_id: str) -> list[Link]:
    """Give the links to the whole of a version, as files."""
    start = f"/dumps/{version_id}/klustergraf."
    packed = [Link("item", f"{start}{name}.gz", "application/gzip") for name in ("nq", "trig")]
    return [Link("item", f"{start}nq", "application/n-quads"), *packed]


def _describe(iri: str, manifest: Manifest) -> Iterator[ox.Triple]:
    """Describe a version as a dataset (DCAT, VoID), with its named graphs and their sizes."""
    node = ox.NamedNode(iri)

    def say(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
        return ox.Triple(node, ox.NamedNode(predicate), value)

    def whole(number: int) -> ox.Literal:
        return ox.Literal(str(number), datatype=ox.NamedNode(XSD + "integer"))

    for kind in (DCAT + "Dataset", VOID + "Dataset", PROV + "Entity", *_TYPES):
        yield say(RDF + "type", ox.NamedNode(kind))
    yield say(DCT + "title", ox.Literal("Klustergraf", language="sv"))
    yield say(DCT + "title", ox.Literal("Klustergraf", language="en"))
    yield say(DCT + "identifier", ox.Literal(manifest.id))
    yield say(OWL + "versionInfo", ox.Literal(manifest.id))
    created = ox.Literal(manifest.created, datatype=ox.NamedNode(XSD + "dateTime"))
    yield say(DCT + "created", created)
    yield say(DCT + "license", ox.NamedNode(LICENSE))
    yield say(VOID + "triples", whole(sum(manifest.triples.values())))
    for graph, count in manifest.triples.items():
        if graph:
            yield say(DCT + "hasPart", ox.NamedNode(graph))
            part, triples = ox.NamedNode(graph), ox.NamedNode(VOID + "triples")
            yield ox.Triple(part, triples, whole(count))
