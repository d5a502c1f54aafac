"""``/sparql``: the SPARQL 1.1 Protocol; its description; a form for people."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from klustergraf.engine.base import QueryRequest, ResultsFormat, TriplesFormat
from klustergraf.errors import GraphError
from klustergraf.namespaces import GEOF
from klustergraf_api.answers import answer, version_headers, wanted
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import Parts, executor_of, parts_of
from klustergraf_api.description import GRAPHS_QUERY, describe_service
from klustergraf_api.execution import Executor
from klustergraf_api.negotiation import HTML, RESULTS, TRIPLES, choose
from klustergraf_api.problems import kind_of
from klustergraf_api.protocol import (
    PARAMETERS,
    ProtocolRequest,
    RequestLimits,
    read_protocol_request,
)
from klustergraf_api.request_errors import MalformedRequest, NotAcceptable
from klustergraf_api.results import ResultTable, read_results

router = APIRouter()

_EXAMPLE: Final = """\
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?thing ?label WHERE {
  ?thing a kg:Actor ; skos:prefLabel ?label .
}
LIMIT 20"""

# So many rows the workbench keeps in the browser; it counts all.
_MOST_ROWS: Final = 10_000

_ALLOW: Final = "GET, HEAD, OPTIONS, POST"
_ANY_FORMAT: Final = (*RESULTS, *TRIPLES, HTML)


class SparqlEndpoint:
    """The endpoint as an ASGI application: nothing between it and the server that it can spare."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        request = Request(scope, receive)
        response = await _respond(request, parts_of(request))
        await response(scope, receive, send)


async def _respond(request: Request, parts: Parts) -> Response:
    """Answer a SPARQL 1.1 query. Without a query: describe the service, or show a form."""
    if request.method not in ("GET", "HEAD", "POST"):
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": _ALLOW})
        raise HTTPException(405, headers={"Allow": _ALLOW})
    settings = parts.settings
    limits = RequestLimits(settings.query_kb, settings.request_body_kb, settings.body_seconds)
    asked = await read_protocol_request(request, limits)
    accept = asked.accept or request.headers.get("accept")
    executor = executor_of(request, parts)
    if asked.text is None:
        if request.method == "POST":
            raise MalformedRequest("The request carries no query.")
        return await _describe(request, parts, executor, accept)
    if choose(accept, _ANY_FORMAT) == HTML:
        return await _show(request, parts, executor, asked)
    own = wanted(request, asked, accept, parts.engine.version_id)
    return await answer(request, parts, executor, own, asked.timeout_seconds)


async def _describe(
    request: Request, parts: Parts, executor: Executor, accept: str | None
) -> Response:
    """Describe the service, or show the form to a browser."""
    media_type = choose(accept, [*TRIPLES, HTML])
    if media_type is None:
        raise NotAcceptable([*TRIPLES, HTML])
    if media_type == HTML:
        return _page(request, parts, _EXAMPLE)
    version = parts.engine.version_id
    endpoint = str(request.url.replace(query="")).removesuffix("/")
    tag = entity_tag(version, "service description", endpoint, media_type)
    headers = {**version_headers(parts, version), "ETag": tag}
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    document = describe_service(
        endpoint,
        await executor.solutions(GRAPHS_QUERY),
        features=_features(parts),
        # What a store elsewhere has of its own is not known here.
        functions=() if parts.settings.engine_url else (GEOF + "distance",),
        media_type=TRIPLES[media_type],
        version_id=version,
        limits=_limits(parts),
    )
    return Response(document, media_type=media_type, headers=headers)


def _features(parts: Parts) -> list[str]:
    """Name what the endpoint does beyond what each does (Service Description, 3.2.7)."""
    features = []
    if parts.settings.default_graph == "union":
        features.append("UnionDefaultGraph")
    if parts.settings.service_endpoints:
        features.append("BasicFederatedQuery")
    return features


def _limits(parts: Parts) -> dict[str, str]:
    """Say in each language what a query may use."""
    settings = parts.settings
    name = "service.limits-elsewhere" if settings.engine_url else "service.limits"
    return {
        language: messages[name].format(
            seconds=settings.query_timeout_seconds,
            memory_mb=settings.memory_per_query_mb,
            query_kb=settings.query_kb,
            answer_mb=settings.answer_mb,
        )
        for language, messages in parts.pages.messages.items()
    }


async def _show(
    request: Request, parts: Parts, executor: Executor, asked: ProtocolRequest
) -> Response:
    """Show the answer under the form; of a query that fails, what to do about it."""
    table, error, status = None, None, 200
    query = QueryRequest(
        text=asked.text or "",
        results_format=ResultsFormat.JSON,
        triples_format=TriplesFormat.TURTLE,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        timeout_seconds=asked.timeout_seconds,
    )
    try:
        table = await read_results(executor, query, parts.settings.rows_per_page)
    except GraphError as exc:
        error, status = exc, kind_of(type(exc)).status
    return _page(request, parts, asked.text or "", table, error, status)


def _page(
    request: Request,
    parts: Parts,
    query: str,
    table: ResultTable | None = None,
    error: GraphError | None = None,
    status: int = 200,
) -> Response:
    """Show the form, and the answer under it where there is one; a script makes it a workbench."""
    ordered = sorted(parts.catalogue, key=lambda q: (q.question is None, q.question, q.name))
    return parts.pages.respond(
        request,
        "sparql.html",
        status=status,
        query=query,
        table=table,
        error=error,
        catalogue=ordered,
        limit_seconds=parts.settings.query_timeout_seconds,
        most_rows=_MOST_ROWS,
    )


_ENDPOINT: Final = SparqlEndpoint()
ROUTES: Final = [Route(path, _ENDPOINT) for path in ("/sparql", "/sparql/")]


async def _described() -> Response:
    """Answer a SPARQL 1.1 query. Without a query: describe the service, or show a form."""
    raise NotImplementedError("the routes above answer; this one stands in OpenAPI")


_BODIES: Final[dict[str, Any]] = {
    "application/sparql-query": {"schema": {"type": "string"}},
    "application/x-www-form-urlencoded": {
        "schema": {
            "type": "object",
            "required": ["query"],
            "properties": {item["name"]: item["schema"] for item in PARAMETERS},
        }
    },
}
# An operation of OpenAPI has one method, and describes what the fast route above does not say.
for _method in ("GET", "POST"):
    router.add_api_route(
        "/sparql",
        _described,
        methods=[_method],
        name="sparql",
        openapi_extra={
            "parameters": PARAMETERS,
            **({"requestBody": {"content": _BODIES}} if _method == "POST" else {}),
        },
    )
