"""Reads SPARQL 1.1 Protocol requests (section 2.1): what is asked, and in which form."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from klustergraf.errors import QueryRefused
from klustergraf_api.negotiation import NAMED_FORMATS
from klustergraf_api.problems import ContentTooLarge, MalformedRequest, UnsupportedMediaType

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

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


async def read_protocol_request(request: Request, limit_kb: int) -> ProtocolRequest:
    """Read a request by GET, by POST with a form, or by POST with the query itself.

    Errors: MalformedRequest, UnsupportedMediaType, ContentTooLarge, QueryRefused for an update.
    """
    parameters = _parameters(request.scope["query_string"])
    if request.method == "POST":
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == UPDATE:
            raise QueryRefused("An update would change the graph; this service only reads.")
        if media_type not in (FORM, DIRECT):
            raise UnsupportedMediaType((FORM, DIRECT))
        body = await _body(request, limit_kb)
        if media_type == FORM:
            parameters += _parameters(body)
        else:
            parameters.append(("query", _text(body)))
    return _protocol_request(parameters)


def _protocol_request(parameters: list[tuple[str, str]]) -> ProtocolRequest:
    def values(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in parameters if key == name)

    if values("update"):
        raise QueryRefused("An update would change the graph; this service only reads.")
    queries = values("query")
    if len(queries) > 1:
        raise MalformedRequest("The request carries more than one query. Send one.")
    formats = values("format")
    return ProtocolRequest(
        text=queries[0] if queries else None,
        default_graphs=values("default-graph-uri"),
        named_graphs=values("named-graph-uri"),
        timeout_seconds=_seconds(values("timeout")),
        # A name that is not ours is a habit of the client's; the header says what it means.
        accept=NAMED_FORMATS.get(formats[0]) if formats else None,
    )


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


async def _body(request: Request, limit_kb: int) -> bytes:
    limit = limit_kb * 1024
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise ContentTooLarge(limit_kb)
    body = bytearray()
    pieces: AsyncIterator[bytes] = request.stream()
    async for piece in pieces:
        body += piece
        if len(body) > limit:
            raise ContentTooLarge(limit_kb)
    return bytes(body)
