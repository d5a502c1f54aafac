"""RFC 9457 problem details: the only module that knows both our errors and HTTP.

One table, one renderer. A browser gets the same problem as a page.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from klustergraf import errors
from klustergraf_api.execution import AnswerBrokeOff, ClientGone, until_gone
from klustergraf_api.extensions import ABORT
from klustergraf_api.negotiation import choose_language, prefers_html
from klustergraf_api.pages.rendering import Pages
from klustergraf_api.request_errors import (
    ContentTooLarge,
    ContributionsClosed,
    HeadTooLarge,
    MalformedRequest,
    NotAcceptable,
    PageNotFound,
    QueryTooLong,
    RangeNotSatisfiable,
    RequestError,
    RequestTooSlow,
    TooManyAttempts,
    TooManyContributions,
    TooManyQueries,
    UnsupportedMediaType,
)
from klustergraf_api.wording import Told

MEDIA_TYPE: Final = "application/problem+json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """How one class of errors is told over HTTP. ``members``: its attributes that are sent too."""

    status: int
    slug: str
    title: Mapping[str, str]
    members: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def _kind(
    status: int, slug: str, sv: str, en: str, *members: str, retry_after: int | None = None
) -> Kind:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Kind(status, slug, {"sv": sv, "en": en}, members, headers)


KINDS: Final[Mapping[type[Exception], Kind]] = {
    errors.GraphError: _kind(500, "graph-error", "Fel i grafen", "Error in the graph"),
    errors.ResourceNotFound: _kind(
        404, "resource-not-found", "Finns inte i grafen", "Not in the graph", "iri"
    ),
    errors.ResourceWithdrawn: _kind(
        410, "resource-withdrawn", "Har dragits tillbaka", "Withdrawn", "iri", "replaced_by"
    ),
    errors.VersionNotFound: _kind(
        404, "version-not-found", "Ingen sådan version", "No such version", "name"
    ),
    errors.DumpNotFound: _kind(404, "dump-not-found", "Ingen sådan fil", "No such file", "name"),
    errors.QueryNotFound: _kind(
        404, "query-not-found", "Ingen sådan fråga", "No such query", "name", "nearest"
    ),
    errors.QueryParameterError: _kind(
        400, "query-parameter", "Parametern passar inte", "Parameter does not fit", "name", "reason"
    ),
    errors.SparqlSyntaxError: _kind(
        400,
        "sparql-syntax",
        "Frågan är inte SPARQL",
        "Query is not SPARQL",
        "line",
        "column",
        "reason",
    ),
    errors.QueryRefused: _kind(403, "query-refused", "Frågan tas inte emot", "Query refused"),
    errors.QueryTimeout: _kind(
        503,
        "query-timeout",
        "Frågan tog för lång tid",
        "Query took too long",
        "seconds",
        retry_after=10,
    ),
    # Not 503: to ask the same again would end the same way.
    errors.QueryResourcesExceeded: _kind(
        422, "query-resources", "Frågan kräver för mycket", "Query needs too much"
    ),
    errors.EngineUnavailable: _kind(
        503, "engine-unavailable", "Motorn svarar inte", "Engine does not answer", retry_after=5
    ),
    errors.EngineBusy: _kind(
        503,
        "engine-busy",
        "Motorn är upptagen",
        "Engine is busy",
        "retry_after_seconds",
        retry_after=5,
    ),
    errors.GraphParseError: _kind(
        400, "graph-parse", "Filen är inte RDF", "File is not RDF", "source", "line", "column"
    ),
    errors.IdentifierError: _kind(
        400, "identifier", "Ingen giltig identifierare", "Not an identifier", "value"
    ),
    errors.EvidenceError: _kind(
        422, "evidence", "Belägget stämmer inte", "Evidence does not fit", "subject"
    ),
    errors.ShapeViolations: _kind(
        422, "shape-violations", "Bryter mot formerna", "Shapes are violated", "count"
    ),
    errors.ContributionError: _kind(
        422, "contribution", "Bidraget kan inte tas emot", "Contribution cannot be taken"
    ),
    errors.TokenRefused: Kind(
        401,
        "token-refused",
        {"sv": "Nyckeln godtas inte", "en": "Token refused"},
        headers={"WWW-Authenticate": 'Bearer realm="Klustergraf"'},
    ),
    errors.ForbiddenGraph: _kind(
        403, "forbidden-graph", "Grafen är en annans", "Graph is another's", "partner", "graph"
    ),
    errors.ContributionRefused: _kind(
        422, "contribution-refused", "Bidraget avvisas", "Contribution refused", "count", "report"
    ),
    errors.ContributionInReview: _kind(
        409,
        "contribution-in-review",
        "Bidraget granskas",
        "Contribution in review",
        "review",
        "pairs",
    ),
    errors.PreconditionFailed: _kind(
        412, "precondition-failed", "Grafen har ändrats", "Graph has changed", "current"
    ),
    errors.ContributionTooHeavy: _kind(
        422,
        "contribution-too-heavy",
        "Bidraget är för tungt",
        "Contribution is too heavy",
        "seconds",
    ),
    errors.FullBuildNeeded: _kind(
        422,
        "full-build-needed",
        "Vokabulären ändras inte så",
        "Vocabulary is not changed so",
        "predicate",
    ),
    errors.JudgeFailed: _kind(
        500, "judge-failed", "Bidraget kunde inte prövas", "Contribution could not be judged"
    ),
    errors.RecordError: _kind(
        503, "record", "Bidrag kan inte lagras", "Contributions cannot be stored", retry_after=10
    ),
    errors.AnalysisParameterError: _kind(
        400, "analysis-parameter", "Värdet passar inte", "Value does not fit", "name", "reason"
    ),
    errors.ActorNotFound: _kind(
        404, "actor-not-found", "Ingen sådan aktör", "No such actor", "name", "nearest"
    ),
    errors.ActorAmbiguous: _kind(
        409, "actor-ambiguous", "Flera aktörer heter så", "Several actors", "name", "candidates"
    ),
    errors.SourceError: _kind(
        502, "source-error", "Källan kan inte läsas", "Source cannot be read", "source"
    ),
    errors.SourceUnavailable: _kind(
        502, "source-unavailable", "Källan svarar inte", "Source does not answer", "source"
    ),
    errors.SourceFormatError: _kind(
        502, "source-format", "Källan har fel format", "Source is malformed", "source", "record"
    ),
    MalformedRequest: _kind(400, "malformed-request", "Anropet är oklart", "Request is malformed"),
    PageNotFound: _kind(404, "page-not-found", "Sidan finns inte", "No such page"),
    NotAcceptable: _kind(
        406, "not-acceptable", "Formatet finns inte", "Format not offered", "supported"
    ),
    RangeNotSatisfiable: _kind(
        416, "range-not-satisfiable", "Filen slutar tidigare", "File ends before that", "size"
    ),
    UnsupportedMediaType: _kind(
        415, "unsupported-media-type", "Formatet läses inte", "Format not read", "supported"
    ),
    ContentTooLarge: _kind(
        413, "content-too-large", "Anropet är för stort", "Request is too large", "limit_kb"
    ),
    QueryTooLong: _kind(
        413, "query-too-long", "Frågan är för lång", "Query is too long", "limit_kb"
    ),
    HeadTooLarge: _kind(
        431, "head-too-large", "Anropets huvud är för stort", "Request head is too large"
    ),
    RequestTooSlow: _kind(
        408, "request-too-slow", "Anropet kom för långsamt", "Request came too slowly", "seconds"
    ),
    TooManyQueries: _kind(
        429,
        "too-many-queries",
        "För många frågor på en gång",
        "Too many queries at once",
        "limit",
        retry_after=2,
    ),
    TooManyAttempts: _kind(
        429, "too-many-attempts", "För många försök", "Too many attempts", "seconds"
    ),
    TooManyContributions: _kind(
        503,
        "too-many-contributions",
        "För många bidrag väntar",
        "Too many contributions wait",
        "limit",
        retry_after=5,
    ),
    ContributionsClosed: _kind(
        503, "contributions-closed", "Bidrag tas inte emot här", "No contributions here"
    ),
    RequestValidationError: _kind(
        422, "invalid-request", "Anropet är inte giltigt", "Request is not valid"
    ),
}


def kind_of(error: type[Exception]) -> Kind:
    """Find how a class of errors is told: its own entry, or that of the nearest class above it."""
    return next(KINDS[above] for above in error.__mro__ if above in KINDS)


@dataclass(frozen=True)
class Problem:
    """One problem, ready to be sent."""

    type: str
    title: str
    status: int
    told: Told
    language: str
    extras: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def respond(request: Request, problem: Problem) -> Response:
    """Send a problem: as a page to a browser, as problem details to everything else."""
    headers = {**problem.headers, "Vary": "Accept, Accept-Language", "Cache-Control": "no-store"}
    headers["Content-Language"] = problem.language
    if prefers_html(request.headers.get("accept")):
        pages: Pages = request.app.state.pages
        context = {"problem": problem, "slug": problem.type.rpartition("/")[2]}
        return pages.respond(
            request, "problem.html", status=problem.status, headers=headers, **context
        )
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.told.text,
        "instance": request.url.path,
        **problem.extras,
    }
    return JSONResponse(body, problem.status, headers, MEDIA_TYPE)


def _language(request: Request) -> str:
    default = "sv" if prefers_html(request.headers.get("accept")) else "en"
    asked = request.query_params.get("lang")
    return choose_language(asked, request.headers.get("accept-language"), default)


async def _on_known(request: Request, exc: Exception) -> Response:
    kind = kind_of(type(exc))
    extras: dict[str, Any] = {name: getattr(exc, name) for name in kind.members}
    language = _language(request)
    wording = request.app.state.pages.wording
    if isinstance(exc, RequestValidationError):
        told = wording.translate("The request does not fit what this address reads.", language)
        extras["errors"] = [
            {
                "pointer": "/" + "/".join(map(str, item["loc"])),
                "detail": wording.translate(item["msg"], language).text,
            }
            for item in exc.errors()
        ]
    else:
        told = wording.tell(exc, language)
    headers = {**kind.headers, **getattr(exc, "headers", {})}
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s %s: %s", request.method, request.url.path, exc)
    title = kind.title[language]
    status: int = getattr(exc, "status", kind.status)
    return respond(
        request, Problem(f"/problems/{kind.slug}", title, status, told, language, extras, headers)
    )


async def respond_to(request: Request, exc: errors.GraphError | RequestError) -> Response:
    """Tell a failure that no route has seen, as a problem."""
    return await _on_known(request, exc)


def bare(exc: RequestError) -> tuple[int, bytes]:
    """Give the status and the problem details of a request that cannot even be read."""
    kind = kind_of(type(exc))
    status: int = getattr(exc, "status", kind.status)
    body = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title["en"],
        "status": status,
        "detail": str(exc),
        "instance": "",
    }
    return status, json.dumps(body).encode()


async def _on_http(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, HTTPException):
        raise exc
    headers = exc.headers or {}
    return respond(request, _of_http(request, exc.status_code, str(exc.detail), headers))


def _of_http(
    request: Request, status: int, otherwise: str = "", headers: Mapping[str, str] | None = None
) -> Problem:
    """Tell what HTTP itself has no kind for; title and detail from the messages, if they are."""
    language = _language(request)
    messages = request.app.state.pages.messages[language]
    title = HTTPStatus(status).phrase
    if language != "en":
        title = messages.get(f"http.title.{status}", title)
    told = Told(messages.get(f"http.{status}") or otherwise)
    return Problem("about:blank", title, status, told, language, {}, headers or {})


def _on_unknown(request: Request) -> Response:
    return respond(request, _of_http(request, HTTPStatus.INTERNAL_SERVER_ERROR))


class LastResort:
    """Middleware: what nobody foresaw is logged, and told without anything of the inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientGone:
            pass
        except AnswerBrokeOff as exc:
            _log.warning("%s: an answer broke off: %s", scope["path"], exc)
            abort = scope.get("extensions", {}).get(ABORT)
            if abort is None:
                raise
            abort()
            await until_gone(receive)
        except Exception:
            if started:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            response = _on_unknown(Request(scope, receive))
            await response(scope, receive, send)


def add_handlers(app: FastAPI) -> None:
    """Let the application tell every failure as a problem."""
    for known in (errors.GraphError, RequestError, RequestValidationError):
        app.add_exception_handler(known, _on_known)
    app.add_exception_handler(HTTPException, _on_http)
