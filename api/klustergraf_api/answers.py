"""From a query of the protocol to its answer: kept, or computed, and in which representation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from klustergraf.engine.base import QueryRequest, ResultKind, ResultsFormat, TriplesFormat
from klustergraf_api.cache import StoredAnswer, is_repeatable
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.compression import SMALLEST_BYTES, compressor
from klustergraf_api.dependencies import Parts
from klustergraf_api.execution import Executor
from klustergraf_api.extensions import WHOLE
from klustergraf_api.metrics import OK, outcome_of
from klustergraf_api.negotiation import RESULTS, TRIPLES, choose, choose_coding
from klustergraf_api.opening import OpenAnswer
from klustergraf_api.protocol import ProtocolRequest
from klustergraf_api.request_errors import NotAcceptable
from klustergraf_api.streaming import AnswerResponse

_RESULTS: Final = tuple(RESULTS)
_TRIPLES: Final = tuple(TRIPLES)
_VARY: Final = "Accept, Accept-Encoding, Accept-Language"
# Queries longer than this are rarely asked twice, and dear to remember.
_LONGEST_KEPT: Final = 16 * 1024


@dataclass(frozen=True)
class Wanted:
    """One query and the representation that its client wants; what an answer is kept under.

    ``coding`` is a content coding; ``plain`` tells whether none is acceptable too.
    """

    version_id: str
    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    results: str | None
    triples: str | None
    coding: str
    plain: bool

    @property
    def size(self) -> int:
        """About how many bytes this takes."""
        return 2 * len(self.text) + sum(map(len, self.default_graphs + self.named_graphs))

    def tag(self, coding: str) -> str:
        """Name the representation in a content coding."""
        dataset = ("default", *self.default_graphs, "named", *self.named_graphs)
        return entity_tag(
            self.version_id, self.text, str(self.results), str(self.triples), coding, *dataset
        )

    def query(self, timeout_seconds: float | None) -> QueryRequest:
        """Give what the engine is asked."""
        return QueryRequest(
            text=self.text,
            results_format=RESULTS[self.results] if self.results else ResultsFormat.JSON,
            triples_format=TRIPLES[self.triples] if self.triples else TriplesFormat.TURTLE,
            default_graphs=self.default_graphs,
            named_graphs=self.named_graphs,
            timeout_seconds=timeout_seconds,
        )

    def media_type(self, kind: ResultKind) -> str:
        """Give the media type of an answer of this kind.

        Errors: NotAcceptable when what was asked for is no format for such an answer.
        """
        is_triples = kind is ResultKind.TRIPLES
        media_type = self.triples if is_triples else self.results
        if media_type is None:
            raise NotAcceptable(_TRIPLES if is_triples else _RESULTS)
        return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def wanted(request: Request, asked: ProtocolRequest, accept: str | None, version_id: str) -> Wanted:
    """Work out what a client wants.

    Errors: NotAcceptable.
    """
    results, triples = choose(accept, _RESULTS), choose(accept, _TRIPLES)
    if results is None and triples is None:
        raise NotAcceptable([*RESULTS, *TRIPLES])
    coding, plain = choose_coding(request.headers.get("accept-encoding"))
    return Wanted(
        version_id,
        asked.text or "",
        asked.default_graphs,
        asked.named_graphs,
        results,
        triples,
        coding,
        plain,
    )


async def answer(
    request: Request, parts: Parts, executor: Executor, wanted: Wanted, seconds: float | None
) -> Response:
    """Answer a query: 304, from what is kept, or from the engine within so many seconds.

    Errors: as Executor.start; NotAcceptable.
    """
    is_kept = len(wanted.text) <= _LONGEST_KEPT and is_repeatable(wanted.text)
    if is_kept:
        tags = wanted.tag(wanted.coding), wanted.tag("")
        common = version_headers(parts, wanted.version_id)
        if (fresh := not_modified(request, tags[0], common, tags[1])) is not None:
            return fresh
        if (found := parts.cache.get(wanted)) is not None:
            parts.runner.metrics.record(wanted.text, found.kind, "cached", 0.0, len(found.body))
            if request.method == "GET":
                _remember(request, parts, found)
            return KeptAnswer(found, request.method, b"hit", 0.0)
    opened = await executor.start(wanted.query(seconds))
    try:
        media_type = wanted.media_type(opened.kind)
    except NotAcceptable as exc:
        opened.close(outcome_of(exc))
        raise
    if opened.version_id != wanted.version_id:
        is_kept = False  # a new version came between; this answer is of the new one
    headers = version_headers(parts, opened.version_id)
    if not is_kept:
        headers["Cache-Control"] = "no-store"
    if opened.is_complete:
        return _whole(request, parts, opened, wanted, media_type, headers, is_kept=is_kept)
    if request.scope["http_version"] == "1.0":
        document = await executor.read_whole(
            opened,
            "The answer is too large for HTTP/1.0, where its end could not be told. Use 1.1.",
        )
        return Response(document, headers=headers, media_type=media_type)
    headers["X-Klustergraf-Cache"] = "off"
    headers["Server-Timing"] = _timing(opened.seconds)
    if is_kept:
        headers["ETag"] = wanted.tag(wanted.coding)
    return AnswerResponse(opened, media_type=media_type, headers=headers, coding=wanted.coding)


def version_headers(parts: Parts, version_id: str) -> dict[str, str]:
    """Give the headers of everything that is computed from a version alone."""
    return {
        "X-Klustergraf-Version": version_id,
        "Link": f'<{parts.settings.base}version/{version_id}>; rel="version-of"',
        "Cache-Control": "no-cache",
        "Vary": _VARY,
    }


def _whole(
    request: Request,
    parts: Parts,
    opened: OpenAnswer,
    wanted: Wanted,
    media_type: str,
    headers: Mapping[str, str],
    *,
    is_kept: bool,
) -> Response:
    """Send an answer that is complete, and keep it for the next who asks."""
    body, coding, size, seconds = opened.first, wanted.coding, opened.size, opened.seconds
    opened.close(OK)
    if coding and (size >= SMALLEST_BYTES or not wanted.plain):
        stream = compressor(coding)
        body = stream.compress(body) + stream.flush()
    else:
        coding = ""
    own = {
        **headers,
        "Content-Type": media_type,
        "Content-Length": str(len(body)),
        **({"Content-Encoding": coding} if coding else {}),
        **({"ETag": wanted.tag(coding)} if is_kept else {}),
    }
    stored = StoredAnswer(body, _raw(own), opened.kind)
    is_kept = is_kept and parts.cache.takes(len(body))
    if is_kept:
        parts.cache.put(wanted, stored, wanted.size)
    return KeptAnswer(stored, request.method, b"miss" if is_kept else b"off", seconds)


def _remember(request: Request, parts: Parts, found: StoredAnswer) -> None:
    """Let the next request that is the same byte for byte take the short way."""
    scope = request.scope
    url: bytes = scope["raw_path"] + (b"?" + query if (query := scope["query_string"]) else b"")
    parts.shortcut.remember(url, scope["headers"], found)


def _raw(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items())


def _timing(seconds: float) -> str:
    return f"total;dur={seconds * 1000:.1f}"


class KeptAnswer(Response):
    """Sends a whole answer in one go. ``how``: whether it was kept before (hit, miss or off)."""

    def __init__(self, stored: StoredAnswer, method: str, how: bytes, seconds: float) -> None:
        self.status_code = 200
        self.background = None
        self.body = b"" if method == "HEAD" else stored.body
        self.raw_headers = [
            *stored.headers,
            (b"x-klustergraf-cache", how),
            (b"server-timing", _timing(seconds).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer (ASGI), in one write where the connection can do that."""
        send_whole = scope.get("extensions", {}).get(WHOLE)
        if send_whole is None or not send_whole(self.raw_headers, self.body):
            await super().__call__(scope, receive, send)
