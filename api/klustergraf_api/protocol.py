"""Reads SPARQL 1.1 Protocol requests (section 2.1): what is asked, and in which form."""

import asyncio
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from klustergraf.errors import QueryRefused
from klustergraf_api.execution import ClientGone
from klustergraf_api.negotiation import NAMED_FORMATS, acceptable
from klustergraf_api.request_errors import (
    ContentTooLarge,
    MalformedRequest,
    QueryTooLong,
    RequestTooSlow,
    UnsupportedMediaType,
)

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

# The least that a query limit can be set to, so that none is passed by what is remembered.
_LONGEST_REMEMBERED: Final = 4096

# What a request may carry, as OpenAPI describes it.
PARAMETERS: Final = [
    {"name": name, "in": "query", "description": description, "schema": schema}
    for name, description, schema in (
        ("query", "A SPARQL 1.1 query.", {"type": "string"}),
        (
            "default-graph-uri",
            "Graphs that make up the default graph.",
            {"type": "array", "items": {"type": "string", "format": "iri"}},
        ),
        (
            "named-graph-uri",
            "Graphs that GRAPH may name.",
            {"type": "array", "items": {"type": "string", "format": "iri"}},
        ),
        ("version", "A past version to ask: its id; in the address only.", {"type": "string"}),
        ("timeout", "Seconds the query may run, up to the limit.", {"type": "number"}),
        (
            "format",
            "The answer's format, instead of the Accept header.",
            {"type": "string", "enum": list(NAMED_FORMATS)},
        ),
    )
]


@dataclass(frozen=True)
class ProtocolRequest:
    """One request of the protocol.

    ``text`` None: no query. ``accept``: what to accept instead of what the header says.
    """

    text: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    timeout_seconds: float | None
    accept: str | None


@dataclass(frozen=True)
class RequestLimits:
    """How large a request may be, and how long its body may take to arrive."""

    query_kb: int
    body_kb: int
    body_seconds: float


async def read_protocol_request(request: Request, limits: RequestLimits) -> ProtocolRequest:
    """Read a request by GET, by POST with a form, or by POST with the query itself.

    Errors: MalformedRequest, UnsupportedMediaType, ContentTooLarge, QueryTooLong, RequestTooSlow,
    QueryRefused for an update.
    """
    is_post = request.method == "POST"
    encoded = request.scope["query_string"]
    if not is_post and len(encoded) <= _LONGEST_REMEMBERED:
        return _read_address(encoded)
    parameters = _parameters(encoded)
    if is_post:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == UPDATE:
            raise QueryRefused("An update would change the graph; this service only reads.")
        if media_type not in (FORM, DIRECT):
            raise UnsupportedMediaType((FORM, DIRECT))
        body = await read_body(request, limits)
        if media_type == FORM:
            sent = _parameters(body)
            if any(name == "version" for name, _ in sent):
                raise MalformedRequest("Name the version in the address: /sparql?version=…")
            parameters += sent
        else:
            parameters.append(("query", _text(body)))
    asked = _protocol_request(parameters)
    if asked.text is not None and len(asked.text.encode("utf-8", "replace")) > (
        limits.query_kb * 1024
    ):
        raise QueryTooLong(limits.query_kb, in_address=not is_post)
    return asked


@lru_cache(256)
def _read_address(query_string: bytes) -> ProtocolRequest:
    """Read the parameters of a GET; the same few are asked again and again."""
    return _protocol_request(_parameters(query_string))


def _protocol_request(parameters: list[tuple[str, str]]) -> ProtocolRequest:
    def values(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in parameters if key == name)

    if values("update"):
        raise QueryRefused("An update would change the graph; this service only reads.")
    queries = values("query")
    if len(queries) > 1:
        raise MalformedRequest("The request carries more than one query. Send one.")
    for name in ("timeout", "format"):
        if len(set(values(name))) > 1:
            raise MalformedRequest(f"The request says more than one {name}. Say one.")
    formats = values("format")
    return ProtocolRequest(
        text=queries[0] if queries else None,
        default_graphs=values("default-graph-uri"),
        named_graphs=values("named-graph-uri"),
        timeout_seconds=_seconds(values("timeout")),
        accept=_accept(formats[0]) if formats else None,
    )


def _accept(named: str) -> str | None:
    """Give what to accept by the name of a format; clients of Virtuoso's write a media type."""
    return named if "/" in named else acceptable(named, None, NAMED_FORMATS)


def _seconds(values: tuple[str, ...]) -> float | None:
    if not values:
        return None
    try:
        seconds = float(values[0])
    except ValueError:
        seconds = math.nan
    if not (0 < seconds < math.inf):
        raise MalformedRequest(f"timeout is in seconds, more than 0; {values[0]!r} is not.")
    return seconds


def _parameters(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as exc:
        raise MalformedRequest(
            "The parameters are not percent-encoded UTF-8, or they are too many."
        ) from exc


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedRequest(f"The query is not UTF-8: byte {exc.start} is wrong.") from exc


async def read_body(request: Request, limits: RequestLimits) -> bytes:
    """Read the body of a request, within its bounds.

    Errors: ContentTooLarge, RequestTooSlow.
    """
    limit = limits.body_kb * 1024
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise ContentTooLarge(limits.body_kb)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > limit:
                    raise ContentTooLarge(limits.body_kb)
    except TimeoutError as exc:
        raise RequestTooSlow(limits.body_seconds) from exc
    except ClientDisconnect as exc:
        raise ClientGone from exc
    return bytes(body)
