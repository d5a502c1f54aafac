"""From a query of the protocol to its answer: kept, or computed, and in which representation."""

from functools import lru_cache
from typing import Final, NamedTuple

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
from klustergraf_api.negotiation import HTML, RESULTS, TRIPLES, choose, choose_coding
from klustergraf_api.opening import OpenAnswer
from klustergraf_api.protocol import ProtocolRequest
from klustergraf_api.request_errors import NotAcceptable
from klustergraf_api.streaming import AnswerResponse

_RESULTS: Final = tuple(RESULTS)
_TRIPLES: Final = tuple(TRIPLES)
_ANY_FORMAT: Final = (*RESULTS, *TRIPLES, HTML)
_VARY: Final = "Accept, Accept-Encoding, Accept-Language"
# Queries longer than this are rarely asked twice, and dear to remember.
_LONGEST_KEPT: Final = 16 * 1024


class Wanted(NamedTuple):
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
    preferred = _representation(accept, request.headers.get("accept-encoding"))
    return Wanted(
        version_id, asked.text or "", asked.default_graphs, asked.named_graphs, *preferred
    )


def preference(
    accept: str | None, accept_encoding: str | None
) -> tuple[str | None, str | None, str, bool] | None:
    """Work out which representation a client prefers; None: a page, or nothing there is."""
    if choose(accept, _ANY_FORMAT) in (None, HTML):
        return None
    return _representation(accept, accept_encoding)


def _representation(
    accept: str | None, accept_encoding: str | None
) -> tuple[str | None, str | None, str, bool]:
    results, triples = choose(accept, _RESULTS), choose(accept, _TRIPLES)
    if results is None and triples is None:
        raise NotAcceptable([*RESULTS, *TRIPLES])
    return (results, triples, *choose_coding(accept_encoding))


def is_to_keep(wanted: Wanted, opened: OpenAnswer) -> bool:
    """Tell whether an answer is the one to give to the next who wants the same."""
    return is_repeated(wanted) and opened.version_id == wanted.version_id


def is_repeated(wanted: Wanted) -> bool:
    """Tell whether a query is one whose answer may be kept."""
    return len(wanted.text) <= _LONGEST_KEPT and is_repeatable(wanted.text)


async def answer(
    request: Request, parts: Parts, executor: Executor, wanted: Wanted, seconds: float | None
) -> Response:
    """Answer a query: 304, from what is kept, or from the engine within so many seconds.

    Errors: as Executor.start; NotAcceptable.
    """
    is_kept = is_repeated(wanted)
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
    # A new version may have come between: this answer is then of the new one.
    is_kept = is_kept and is_to_keep(wanted, opened)
    if opened.is_complete:
        stored, how, spent = keep(parts, opened, wanted, media_type, is_kept=is_kept)
        return KeptAnswer(stored, request.method, how, spent)
    headers = version_headers(parts, opened.version_id)
    if not is_kept:
        headers["Cache-Control"] = "no-store"
    if request.scope["http_version"] == "1.0":
        document = await executor.read_whole(
            opened,
            "The answer is too large for HTTP/1.0, where its end could not be told. Use 1.1.",
        )
        return Response(document, headers=headers, media_type=media_type)
    headers["X-Klustergraf-Cache"] = "off"
    headers["Server-Timing"] = timing(opened.seconds).decode()
    if is_kept:
        headers["ETag"] = wanted.tag(wanted.coding)
    return AnswerResponse(opened, media_type=media_type, headers=headers, coding=wanted.coding)


def version_headers(parts: Parts, version_id: str) -> dict[str, str]:
    """Give the headers of everything that is computed from a version alone."""
    return _version_headers(parts.settings.base, version_id)


def _version_headers(base: str, version_id: str) -> dict[str, str]:
    return {
        "X-Klustergraf-Version": version_id,
        "Link": f'<{base}version/{version_id}>; rel="version-of"',
        "Cache-Control": "no-cache",
        "Vary": _VARY,
    }


def keep(
    parts: Parts, opened: OpenAnswer, wanted: Wanted, media_type: str, *, is_kept: bool
) -> tuple[StoredAnswer, bytes, float]:
    """Close an answer that is complete, and keep it for the next who asks.

    Gives it as it is sent, whether it was kept (miss or off), and how long it took.
    """
    body, coding, size, seconds = opened.first, wanted.coding, opened.size, opened.seconds
    opened.close(OK)
    if coding and (size >= SMALLEST_BYTES or not wanted.plain):
        stream = compressor(coding)
        body = stream.compress(body) + stream.flush()
    else:
        coding = ""
    headers = _common(parts.settings.base, opened.version_id, media_type, coding, is_kept)
    own = [(b"content-length", b"%d" % len(body))]
    if is_kept:
        own.append((b"etag", wanted.tag(coding).encode()))
    stored = StoredAnswer(body, (*headers, *own), opened.kind)
    is_kept = is_kept and parts.cache.takes(len(body))
    if is_kept:
        parts.cache.put(wanted, stored, wanted.size)
    return stored, b"miss" if is_kept else b"off", seconds


@lru_cache(64)
def _common(
    base: str, version_id: str, media_type: str, coding: str, is_kept: bool
) -> tuple[tuple[bytes, bytes], ...]:
    """Give the headers that whole answers of one version and representation share."""
    headers = {**_version_headers(base, version_id), "Content-Type": media_type}
    if not is_kept:
        headers["Cache-Control"] = "no-store"
    if coding:
        headers["Content-Encoding"] = coding
    return tuple((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items())


def _remember(request: Request, parts: Parts, found: StoredAnswer) -> None:
    """Let the next request that is the same byte for byte take the short way."""
    scope = request.scope
    url: bytes = scope["raw_path"] + (b"?" + query if (query := scope["query_string"]) else b"")
    parts.shortcut.remember(url, scope["headers"], found)


def timing(seconds: float) -> bytes:
    """Tell how long an answer took, as ``Server-Timing`` wants it."""
    return b"total;dur=%.1f" % (seconds * 1000)


class KeptAnswer(Response):
    """Sends a whole answer in one go. ``how``: whether it was kept before (hit, miss or off)."""

    def __init__(self, stored: StoredAnswer, method: str, how: bytes, seconds: float) -> None:
        self.status_code = 200
        self.background = None
        self.body = b"" if method == "HEAD" else stored.body
        self.raw_headers = [
            *stored.headers,
            (b"x-klustergraf-cache", how),
            (b"server-timing", timing(seconds)),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer (ASGI), in one write where the connection can do that."""
        send_whole = scope.get("extensions", {}).get(WHOLE)
        if send_whole is None or not send_whole(self.raw_headers, self.body):
            await super().__call__(scope, receive, send)
