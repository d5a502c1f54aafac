"""Answers from a past version: ``?version=…`` at every address, and Memento (RFC 7089).

Middleware, so that no route needs to know: a route is given the parts that answer from the version
that was asked for. What lives at ``/id/…``, ``/graph/…``, ``/ontology`` and ``/shapes`` is an
original resource and its own TimeGate (RFC 7089, 4.1.1); with ``?version=`` it is a Memento.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from klustergraf.errors import GraphError, VersionNotFound
from klustergraf.version import Version, VersionStore
from klustergraf_api.archive import Archive
from klustergraf_api.dependencies import Parts
from klustergraf_api.pages.rendering import PARTS
from klustergraf_api.problems import respond_to
from klustergraf_api.request_errors import MalformedRequest, RequestError

PARAMETER: Final = "version"
_ORIGINALS: Final = ("/id/", "/graph/", "/ontology", "/shapes")
_LONGEST_NAME: Final = 64


class TimeTravel:
    """Middleware: lets a request be answered from the version that it names, or by its date."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on (ASGI)."""
        if scope["type"] != "http" or not _concerns(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await self._travel(request, send)
        except (GraphError, RequestError) as exc:
            response = await respond_to(request, exc)
            await response(scope, receive, send)

    async def _travel(self, request: Request, send: Send) -> None:
        scope, receive = request.scope, request.receive
        parts: Parts = request.app.state.parts
        archive: Archive = request.app.state.archive
        name = _asked_version(scope)
        if name is None:
            date = Headers(scope=scope).get("accept-datetime")
            if date is not None and parts.version is not None:
                wanted = memento_at(stored_versions(parts.version), parse_http_date(date))
                await _to_memento(request, wanted)(scope, receive, send)
                return
            await self._app(scope, receive, _linking(request, parts, None, send))
            return
        async with archive.lease(name) as leased:
            scope[PARTS] = leased
            version = leased.version
            await self._app(scope, receive, _linking(request, leased, version, send))


def _concerns(scope: Scope) -> bool:
    return _is_original(scope) or b"version=" in scope["query_string"]


def _is_original(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD") and str(scope["path"]).startswith(_ORIGINALS)


def _asked_version(scope: Scope) -> str | None:
    """Read which version an address names.

    Errors: MalformedRequest when it names two, VersionNotFound for what cannot be a name of one.
    """
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = {value for name, value in pairs if name == PARAMETER}
    if len(names) > 1:
        raise MalformedRequest("The request names more than one version. Name one.")
    name = names.pop() if names else None
    if name is not None and len(name) > _LONGEST_NAME:
        raise VersionNotFound(name[:_LONGEST_NAME] + "…", "the store")
    return name


def parse_http_date(text: str) -> datetime:
    """Read the date of ``Accept-Datetime`` (RFC 7089, 2.1.1.1).

    Errors: MalformedRequest, as section 4.5.3 wants.

    >>> parse_http_date("Thu, 26 Nov 2026 00:00:00 GMT").isoformat()
    '2026-11-26T00:00:00+00:00'
    """
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError) as exc:
        raise MalformedRequest(
            "Accept-Datetime is no date of HTTP, such as Thu, 26 Nov 2026 12:00:00 GMT."
        ) from exc


def stored_versions(version: Version) -> list[Version]:
    """List all versions that lie beside one, the newest first."""
    return VersionStore(version.path.parent.parent).versions()


def created(version: Version) -> datetime:
    """Tell when a version was built."""
    return datetime.fromisoformat(version.manifest.created).astimezone(UTC)


def memento_at(versions: Sequence[Version], date: datetime) -> Version:
    """Choose the version that was the newest at a time; before the first, the first.

    ``versions`` is not empty, the newest first.
    """
    return next((v for v in versions if created(v) <= date), versions[-1])


def http_date(date: datetime) -> str:
    """Write a date as HTTP has it."""
    return format_datetime(date, usegmt=True)


def address_of(request: Request, path: str, **parameters: str) -> str:
    """Write an absolute address of this service, as the public reaches it."""
    parts: Parts = request.app.state.parts
    query = f"?{urlencode(parameters)}" if parameters else ""
    return public_base(request, parts) + path.lstrip("/") + query


def public_base(request: Request, parts: Parts) -> str:
    """Give the address of the service, with its last slash: as set, or as it was asked."""
    return parts.settings.public_url or str(request.base_url.replace(query=""))


def _to_memento(request: Request, version: Version) -> Response:
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != PARAMETER]
    query = urlencode([*pairs, (PARAMETER, version.id)])
    path = request.url.path
    links = _links(request, request.app.state.parts)
    return Response(
        status_code=302,
        headers={
            "Location": f"{path}?{query}",
            "Vary": "Accept-Datetime",
            "Link": ", ".join(links),
        },
    )


def _links(request: Request, parts: Parts) -> list[str]:
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    original = public_base(request, parts).rstrip("/") + path
    timemap = public_base(request, parts).rstrip("/") + "/timemap" + path
    return [
        f'<{original}>; rel="original timegate"',
        f'<{timemap}>; rel="timemap"; type="application/link-format"',
    ]


def _linking(request: Request, parts: Parts, version: Version | None, send: Send) -> Send:
    """Add what Memento wants to a response: its links, and the date of a past version."""
    if not _is_original(request.scope) or parts.version is None:
        return send
    headers = [(b"link", ", ".join(_links(request, parts)).encode("latin-1"))]
    if version is not None:
        headers.append((b"memento-datetime", http_date(created(version)).encode("latin-1")))

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            own = list(message.get("headers", ()))
            if version is None:
                own.append((b"vary", b"Accept-Datetime"))
            message["headers"] = [*own, *headers]
        await send(message)

    return add
