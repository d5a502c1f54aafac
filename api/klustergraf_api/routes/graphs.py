"""``/graphs/…`` and ``/api/validate``: the SPARQL 1.1 Graph Store Protocol, behind the gate."""

import asyncio
import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution, Outcome
from klustergraf.contributions.feed import MEDIA_TYPE, Page, changes_after
from klustergraf.contributions.media_types import ACCEPTED, TABLES, with_table
from klustergraf.contributions.record import Kind
from klustergraf.contributions.spreadsheets.columns import KINDS
from klustergraf.errors import ForbiddenGraph, IdentifierError, ResourceNotFound
from klustergraf_api.contributing import Contributing
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.middleware import client_of
from klustergraf_api.negotiation import SUFFIXES
from klustergraf_api.protocol import RequestLimits, read_body
from klustergraf_api.request_errors import (
    ContributionsClosed,
    MalformedRequest,
    UnsupportedMediaType,
)
from klustergraf_api.routes.resources import graph_document

router = APIRouter(tags=["contributions"])

_KINDS: Final[dict[str, Kind]] = {"PUT": "put", "POST": "post", "DELETE": "delete"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {"content": {t: {"schema": {"type": "string"}} for t in ACCEPTED}}
}
_FRESH: Final = {"Cache-Control": "no-store"}
_SUFFIX_OF: Final = {media_type: suffix for suffix, media_type in SUFFIXES.items()}


@router.api_route("/graphs/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def read_graph(
    request: Request, path: str, parts: PartsDep, executor: ExecutorDep
) -> Response:
    """Give a named graph (Graph Store Protocol, 5.2)."""
    response = await graph_document(request, parts, executor, path)
    # The state that was sent, not one that a contribution has made since: who changes it and sends
    # this tag back must not undo what that contribution did.
    tag = _tag(parts, path, response.headers.get("X-Klustergraf-Version", ""))
    if tag is not None and response.status_code == 200:
        suffix = _SUFFIX_OF.get(response.media_type or "", "")
        response.headers["ETag"] = f'"{tag}.{suffix}"'
    return response


@router.put("/graphs/{path:path}", openapi_extra=_BODY)
async def put_graph(request: Request, path: str, parts: PartsDep) -> Response:
    """Make a graph of a partner what is sent (Graph Store Protocol, 5.3)."""
    return await _change(request, parts, path)


@router.post("/graphs/{path:path}", openapi_extra=_BODY)
async def post_graph(request: Request, path: str, parts: PartsDep) -> Response:
    """Add what is sent to a graph of a partner (Graph Store Protocol, 5.5)."""
    return await _change(request, parts, path)


@router.delete("/graphs/{path:path}")
async def delete_graph(request: Request, path: str, parts: PartsDep) -> Response:
    """Remove a graph of a partner (Graph Store Protocol, 5.4)."""
    return await _change(request, parts, path)


@router.post("/api/validate", openapi_extra=_BODY)
async def validate(request: Request, parts: PartsDep, graph: str = "partner") -> Response:
    """Judge what is sent as a graph of a partner (``graph``), and store nothing.

    ``?table=`` names the kind of a table, as with PUT and POST.
    """
    contributing = _contributing(parts)
    address = GraphAddress.of(graph)
    content, media_type = await _sent(request, parts)
    return _report(await contributing.check(Contribution(address, "put", content, media_type)))


@router.api_route("/api/reports/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def report(name: str, parts: PartsDep) -> Response:
    """Give a SHACL report as RDF, for some time after it was made."""
    turtle = _contributing(parts).report(name.removesuffix(".ttl"))
    if turtle is None:
        raise ResourceNotFound(f"/api/reports/{name}")
    return Response(turtle, media_type="text/turtle", headers={"Cache-Control": "no-store"})


@router.get("/api/history/{path:path}")
async def history(path: str, parts: PartsDep) -> Response:
    """List the changes of a graph of a partner: time, kind, version, parent, SHA-256."""
    address = GraphAddress.of(path)
    record = _contributing(parts).desk.record
    entries = await asyncio.to_thread(record.history, address.iri)
    if not entries:
        raise ResourceNotFound(address.iri)
    told = [
        {
            "number": entry.number,
            "time": entry.time,
            "change": entry.kind,
            "partner": entry.partner,
            "version": entry.version,
            "parent": entry.parent,
            "sha256": entry.original,
        }
        for entry in entries
    ]
    return JSONResponse({"graph": address.iri, "changes": told}, headers=_FRESH)


@router.get("/changes")
async def changes(
    parts: PartsDep,
    after: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
    most: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Give what changed since a version, as RDF Patch; ``Link: rel="next"`` leads to the rest.

    Begin with a dump of any version. When the answer is empty there is nothing new yet; 404 means
    that the record does not know the version: take a dump of the current one.
    """
    home = _contributing(parts).desk.home
    if parts.version is not None and after == parts.version.id:
        page = Page(b"", after, is_last=True)
    else:
        page = await asyncio.to_thread(changes_after, home, after, most)
    step = "self" if page.is_last and not page.patch else "next"
    link = f'</changes?after={page.version}&most={most}>; rel="{step}"'
    headers = {"Link": link, "X-Klustergraf-Version": page.version, **_FRESH}
    return Response(page.patch, media_type=MEDIA_TYPE, headers=headers)


async def _change(request: Request, parts: Parts, path: str) -> Response:
    contributing = _contributing(parts)
    client = client_of(request.scope, parts.settings.trusted_proxies)
    partner = contributing.partner(request.headers.get("authorization"), client)
    address = GraphAddress.of(path)
    if address.partner != partner:
        raise ForbiddenGraph(partner, f"/graphs/{address.path}")
    kind = _KINDS[request.method]
    content, media_type = (b"", "") if kind == "delete" else await _sent(request, parts)
    contribution = Contribution(
        address,
        kind,
        content,
        media_type,
        if_match=request.headers.get("if-match"),
        if_none_match=request.headers.get("if-none-match"),
    )
    if kind == "delete" and contributing.desk.tag(address) is None:
        raise ResourceNotFound(parts.settings.base + "graph/" + address.path)
    asked = request.query_params.get("dry-run", "false").lower()
    if asked not in ("true", "false"):
        raise MalformedRequest("dry-run is true or false.")
    if asked == "true":
        return _report(await contributing.check(contribution))
    return _accepted(await contributing.submit(contribution), address)


async def _sent(request: Request, parts: Parts) -> tuple[bytes, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ACCEPTED:
        raise UnsupportedMediaType(list(ACCEPTED))
    table = request.query_params.get("table", "")
    if table and (table not in KINDS or media_type not in TABLES):
        raise MalformedRequest(f"table is one of {', '.join(KINDS)}, and of CSV or XLSX alone.")
    settings = parts.settings
    limits = RequestLimits(settings.query_kb, settings.request_body_kb, settings.body_seconds)
    return await read_body(request, limits), with_table(media_type, table)


def _contributing(parts: Parts) -> Contributing:
    if parts.contributing is None:
        raise ContributionsClosed
    return parts.contributing


def _tag(parts: Parts, path: str, version_id: str) -> str | None:
    if parts.contributing is None:
        return None
    try:
        address = GraphAddress.of(path.rpartition(".")[0] or path)
        return parts.contributing.desk.tag(address, version_id)
    except IdentifierError:
        return None


def _report(outcome: Outcome) -> Response:
    content = json.dumps(outcome.report, ensure_ascii=False).encode()
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


def _accepted(outcome: Outcome, address: GraphAddress) -> Response:
    headers = {"X-Klustergraf-Version": outcome.version, "Cache-Control": "no-store"}
    if outcome.tag is None:
        return Response(status_code=204, headers=headers)
    headers["ETag"] = f'"{outcome.tag}"'
    if outcome.is_new:
        headers["Location"] = f"/graphs/{address.path}"
    body = {
        "graph": address.iri,
        "version": outcome.version,
        "stored": outcome.is_stored,
        "added": len(outcome.delta.added),
        "removed": len(outcome.delta.removed),
        "report": outcome.report,
    }
    return JSONResponse(body, 201 if outcome.is_new else 200, headers)
