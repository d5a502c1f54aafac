"""``/sparql``: the SPARQL 1.1 Protocol; its description; a form for people."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from klustergraf.engine.base import QueryRequest, ResultKind, ResultsFormat, TriplesFormat
from klustergraf.errors import GraphError
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.description import GRAPHS_QUERY, describe_service
from klustergraf_api.execution import AnswerResponse, Executor
from klustergraf_api.negotiation import HTML, RESULTS, TRIPLES, choose
from klustergraf_api.problems import MalformedRequest, NotAcceptable, kind_of
from klustergraf_api.protocol import PARAMETERS, ProtocolRequest, read_protocol_request
from klustergraf_api.results import read_results

router = APIRouter()

_EXAMPLE: Final = """\
PREFIX kg: <https://w3id.org/klustergraf/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?thing ?label WHERE {
  ?thing a kg:Actor ; skos:prefLabel ?label .
}
LIMIT 20"""


_METHODS: Final = ["GET", "HEAD", "POST"]


@router.api_route("/sparql", methods=_METHODS, include_in_schema=False)
@router.api_route("/sparql/", methods=_METHODS, include_in_schema=False)
async def sparql(request: Request, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Answer a SPARQL 1.1 query. Without a query: describe the service, or show a form."""
    asked = await read_protocol_request(request, parts.settings.request_body_kb)
    accept = asked.accept or request.headers.get("accept")
    if asked.text is None:
        if request.method == "POST":
            raise MalformedRequest("The request carries no query.")
        return await _describe(request, parts, executor, accept)
    if choose(accept, [*RESULTS, *TRIPLES, HTML]) == HTML:
        return await _show(request, parts, executor, asked)
    return await _answer(request, parts, executor, asked, accept)


async def _answer(
    request: Request,
    parts: Parts,
    executor: Executor,
    asked: ProtocolRequest,
    accept: str | None,
) -> Response:
    results, triples = choose(accept, list(RESULTS)), choose(accept, list(TRIPLES))
    if results is None and triples is None:
        raise NotAcceptable([*RESULTS, *TRIPLES])
    version = parts.engine.version_id
    dataset = ("default", *asked.default_graphs, "named", *asked.named_graphs)
    tag = entity_tag(version, asked.text or "", str(results), str(triples), *dataset)
    headers = _headers(version, tag)
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    answer = await executor.start(
        _query(
            asked,
            RESULTS[results] if results else ResultsFormat.JSON,
            TRIPLES[triples] if triples else TriplesFormat.TURTLE,
        )
    )
    is_triples = answer.kind is ResultKind.TRIPLES
    media_type = triples if is_triples else results
    if media_type is None:
        answer.close()
        raise NotAcceptable(list(TRIPLES if is_triples else RESULTS))
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return AnswerResponse(answer, parts.threads, media_type=media_type, headers=headers)


def _query(asked: ProtocolRequest, results: ResultsFormat, triples: TriplesFormat) -> QueryRequest:
    return QueryRequest(
        text=asked.text or "",
        results_format=results,
        triples_format=triples,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        timeout_seconds=asked.timeout_seconds,
    )


def _headers(version_id: str, tag: str) -> dict[str, str]:
    return {
        "ETag": tag,
        "X-Klustergraf-Version": version_id,
        "Cache-Control": "no-cache",
        "Vary": "Accept, Accept-Language",
    }


async def _describe(
    request: Request, parts: Parts, executor: Executor, accept: str | None
) -> Response:
    """Describe the service, or show the form to a browser."""
    media_type = choose(accept, [*TRIPLES, HTML])
    if media_type is None:
        raise NotAcceptable([*TRIPLES, HTML])
    if media_type == HTML:
        return parts.pages.respond(request, "sparql.html", query=_EXAMPLE, table=None, error=None)
    version = parts.engine.version_id
    endpoint = str(request.url.replace(query="")).removesuffix("/")
    tag = entity_tag(version, "service description", endpoint, media_type)
    headers = _headers(version, tag)
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    document = describe_service(
        endpoint,
        await executor.solutions(GRAPHS_QUERY),
        is_union=parts.settings.default_graph == "union",
        media_type=TRIPLES[media_type],
    )
    return Response(document, media_type=media_type, headers=headers)


async def _show(
    request: Request, parts: Parts, executor: Executor, asked: ProtocolRequest
) -> Response:
    """Show the answer under the form; of a query that fails, what to do about it."""
    table, error, status = None, None, 200
    try:
        query = _query(asked, ResultsFormat.JSON, TriplesFormat.TURTLE)
        table = await read_results(executor, query, parts.settings.rows_per_page)
    except GraphError as exc:
        error, status = exc, kind_of(type(exc)).status
    return parts.pages.respond(
        request, "sparql.html", status=status, query=asked.text, table=table, error=error
    )


# The route above answers every method, so that a wrong one is told all that there are. These two
# only describe it: an operation of OpenAPI has one method.
for _method in ("GET", "POST"):
    router.add_api_route(
        "/sparql", sparql, methods=[_method], openapi_extra={"parameters": PARAMETERS}
    )
