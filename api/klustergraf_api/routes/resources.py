"""``/id/…``, ``/graph/…`` and ``/ontology``: linked data, as documents and as pages."""

from typing import Final
from urllib.parse import quote

import pyoxigraph as ox
from fastapi import APIRouter, Request
from starlette.responses import Response

from klustergraf.engine.base import QueryRequest, TriplesFormat
from klustergraf.errors import ResourceNotFound
from klustergraf.namespaces import PREFIXES
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.description import serialise
from klustergraf_api.execution import Executor
from klustergraf_api.negotiation import HTML, SUFFIXES, choose
from klustergraf_api.ontology import read_terms, terms_query
from klustergraf_api.request_errors import NotAcceptable
from klustergraf_api.streaming import AnswerResponse
from klustergraf_api.terms import serialise_iri
from klustergraf_api.things import description_query, graph_query, group, read_thing, shown_facts

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_OFFERS: Final = (*TriplesFormat, HTML)
_SUFFIX_OF: Final = {media_type: suffix for suffix, media_type in SUFFIXES.items()}


@router.api_route("/id/{path:path}", methods=_METHODS)
async def thing(request: Request, path: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Send to the page or the data of a thing; with a suffix, give that document."""
    stem, dot, suffix = path.rpartition(".")
    if dot and suffix in SUFFIXES:
        iri = _iri(parts, f"id/{stem}")
        if suffix == "html":
            return await _page(request, parts, executor, iri)
        return await _document(request, parts, executor, iri, SUFFIXES[suffix])
    iri = _iri(parts, f"id/{path}")
    media_type = _choose(request)
    await _must_exist(executor, iri)
    return _see_other(request, f"/id/{quote(path)}.{_SUFFIX_OF[media_type]}")


@router.api_route("/graph/{path:path}", methods=_METHODS)
async def graph(request: Request, path: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Tell of a named graph on a page, or give the graph itself as data."""
    return await graph_document(request, parts, executor, path)


async def graph_document(request: Request, parts: Parts, executor: Executor, path: str) -> Response:
    """Give the page or the data of the graph that is named behind ``graph/``.

    Errors: ResourceNotFound, NotAcceptable.
    """
    stem, dot, suffix = path.rpartition(".")
    named = dot and suffix in SUFFIXES
    iri = _iri(parts, f"graph/{stem if named else path}")
    media_type = SUFFIXES[suffix] if named else _choose(request)
    if media_type == HTML:
        return await _page(request, parts, executor, iri)
    return await _graph(request, parts, executor, iri, media_type)


@router.api_route("/ontology", methods=_METHODS)
@router.api_route("/ontology.{suffix}", methods=_METHODS)
async def ontology(
    request: Request, parts: PartsDep, executor: ExecutorDep, suffix: str | None = None
) -> Response:
    """Give the ontology, as a page with an anchor for each term, or as data."""
    iri = _iri(parts, "graph/ontology")
    if suffix is not None and suffix not in SUFFIXES:
        raise ResourceNotFound(_iri(parts, f"ontology.{suffix}"))
    media_type = SUFFIXES[suffix] if suffix else _choose(request)
    if media_type != HTML:
        return await _graph(request, parts, executor, iri, media_type)
    query = terms_query(iri)
    terms = read_terms(await executor.solutions(query), parts.settings.base + "ontology#")
    return parts.pages.respond(request, "ontology.html", terms=terms, query=query)


def _iri(parts: Parts, path: str) -> str:
    """Make the IRI that a path of ours stands for.

    Errors: ResourceNotFound when it cannot be one.
    """
    iri = parts.settings.base + path
    try:
        serialise_iri(iri)
    except ValueError as exc:
        raise ResourceNotFound(iri) from exc
    return iri


def _choose(request: Request) -> str:
    media_type = choose(request.headers.get("accept"), _OFFERS)
    if media_type is None:
        raise NotAcceptable(_OFFERS)
    return media_type


async def _must_exist(executor: Executor, iri: str) -> None:
    node = serialise_iri(iri)
    graphs = f"GRAPH ?g {{ {node} ?p ?o }}"
    parts = f"{{ {node} ?p ?o }} UNION {{ {graphs} }} UNION {{ ?s ?p {node} }}"
    _, document = await executor.read(QueryRequest(f"ASK {{ {parts} }}"))
    if b"true" not in document:
        raise ResourceNotFound(iri)


def _see_other(request: Request, path: str) -> Response:
    """Answer 303: a thing is not a document (Cool URIs for the Semantic Web, 4.2)."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=303, headers={"Location": path + query, "Vary": "Accept"})


async def _page(request: Request, parts: Parts, executor: Executor, iri: str) -> Response:
    thing = await read_thing(executor, iri)
    if iri.startswith(parts.settings.base + "graph/"):
        thing.queries["contents"] = graph_query(iri)
    language = parts.pages.view(request).language
    return parts.pages.respond(
        request,
        "thing.html",
        thing=thing,
        facts={
            "facts": shown_facts(thing.stated, language),
            "derived": shown_facts(thing.derived, language, with_types=True),
        },
        incoming=group(thing.incoming),
        numbers={iri: number for number, iri in enumerate(thing.graphs, 1)},
        path="/" + quote(iri.removeprefix(parts.settings.base)),
        types=SUFFIXES,
        documents=[suffix for suffix in SUFFIXES if suffix != "html"],
        shown_facts=shown_facts,
    )


def _headers(parts: Parts, iri: str, media_type: str) -> dict[str, str]:
    version = parts.engine.version_id
    return {
        "ETag": entity_tag(version, iri, media_type),
        "X-Klustergraf-Version": version,
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }


async def _document(
    request: Request, parts: Parts, executor: Executor, iri: str, media_type: str
) -> Response:
    """Give the description of a thing."""
    await _must_exist(executor, iri)
    headers = _headers(parts, iri, media_type)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    query = QueryRequest(description_query(iri), triples_format=TriplesFormat.N_TRIPLES)
    _, document = await executor.read(query)
    quads = ox.parse(document, format=ox.RdfFormat.N_TRIPLES)
    triples = sorted((quad.triple for quad in quads), key=str)
    headers["Link"] = f'<{iri}>; rel="describes"'
    content = serialise(triples, media_type, PREFIXES)
    return Response(content, media_type=media_type, headers=headers)


async def _graph(
    request: Request, parts: Parts, executor: Executor, iri: str, media_type: str
) -> Response:
    """Give a whole named graph, streamed."""
    node = serialise_iri(iri)
    _, found = await executor.read(QueryRequest(f"ASK {{ GRAPH {node} {{ ?s ?p ?o }} }}"))
    if b"true" not in found:
        raise ResourceNotFound(iri)
    headers = _headers(parts, iri, media_type)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    query = QueryRequest(graph_query(iri), triples_format=TriplesFormat(media_type))
    answer = await executor.start(query)
    return AnswerResponse(answer, media_type=media_type, headers=headers)
