"""What every request goes through: its id, the headers of every response, the log of requests."""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from klustergraf_api.extensions import WHOLE
from klustergraf_api.logs import request_id

_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
EVERYWHERE: Final[tuple[tuple[bytes, bytes], ...]] = (
    # No credentials are ever read, so every origin may.
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Memento-Datetime, Retry-After, Server-Timing, X-Klustergraf-Cache, "
        b"X-Klustergraf-Version, X-Request-ID",
    ),
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Datetime, Accept-Language, Content-Type, If-None-Match, X-Request-ID"
    ),
    "Access-Control-Max-Age": "86400",
}
# What a response may say by itself, instead of what all say.
_OWN: Final = frozenset((b"content-security-policy", b"referrer-policy"))
_GIVEN_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_FIRST_PART: Final = secrets.token_hex(4)
_numbers = itertools.count(1)

_log = logging.getLogger(__name__)


def with_images_of(origin: str) -> dict[str, str]:
    """Give the headers of a page that shows pictures of one other host, and tells it our origin.

    Servers of tiles ask to be told which site shows them; the page itself is not told.
    """
    return {
        "Content-Security-Policy": f"{_POLICY}; img-src 'self' {origin}",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


def _with_common(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    own = _OWN.intersection(name for name, _ in given)
    common = EVERYWHERE if not own else [h for h in EVERYWHERE if h[0] not in own]
    return [*given, *common]


def new_request_id() -> str:
    """Name a request: apart from every other of this process and of others."""
    return f"{_FIRST_PART}-{next(_numbers):x}"


def client_of(scope: Scope, trusted_proxies: int) -> str:
    """Tell who asks: the address of the peer, or what that many proxies say it was.

    Each proxy adds the address it was asked from at the end of ``X-Forwarded-For``; what stands
    before those of the trusted ones anybody can have written.

    >>> scope = {"client": ("10.0.0.1", 1)}
    >>> scope["headers"] = [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.7")]
    >>> client_of(scope, 0), client_of(scope, 1)
    ('10.0.0.1', '192.0.2.7')
    """
    peer = scope.get("client")
    address = str(peer[0]) if peer else ""
    if trusted_proxies:
        lists = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [hop.strip() for hop in b",".join(lists).decode("latin-1").split(",") if hop.strip()]
        if len(hops) >= trusted_proxies:
            address = hops[-trusted_proxies]
    return address


class Front:
    """Middleware: gives a request its id, adds the common headers, answers preflight requests."""

    def __init__(self, app: ASGIApp, *, log_requests: bool = False) -> None:
        self._app = app
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given, preflight = b"", False
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
                given = value
            elif name == b"access-control-request-method":
                preflight = scope["method"] == "OPTIONS"
        own_id = given.decode() if given else new_request_id()
        request_id.set(own_id)
        if self._log_requests:
            # A log wants to see every response pass.
            scope.get("extensions", {}).pop(WHOLE, None)
        began, status = time.perf_counter(), 0

        async def add(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", own_id.encode())
                message["headers"] = [*_with_common(message.get("headers", ())), named]
            await send(message)

        try:
            if preflight:
                await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, add)
            else:
                await self._app(scope, receive, add)
        finally:
            if self._log_requests:
                _log_request(Headers(scope=scope), scope, status, time.perf_counter() - began)


def _log_request(headers: Headers, scope: Scope, status: int, seconds: float) -> None:
    _log.info(
        "request",
        extra={
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 6),
            "request_bytes": headers.get("content-length", "0"),
        },
    )
