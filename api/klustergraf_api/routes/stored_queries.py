"""``/api/queries…``: each stored query as an interface of its own; ``/api/vocabulary``."""

import asyncio
from collections import Counter
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from klustergraf.catalogue import Catalogue, ParameterType, StoredQuery
from klustergraf.description.statistics import read_statistics
from klustergraf.errors import QueryParameterError
from klustergraf.examples import without_header
from klustergraf.namespaces import PREFIXES, RDFS, SKOS, shorten
from klustergraf_api.answers import answer, wanted
from klustergraf_api.dependencies import CountedPartsDep, ExecutorDep, Parts, PartsDep
from klustergraf_api.execution import Executor
from klustergraf_api.negotiation import NAMED_FORMATS, RESULTS, TRIPLES, acceptable
from klustergraf_api.protocol import PARAMETERS, ProtocolRequest

router = APIRouter(prefix="/api", tags=["queries"])

_METHODS: Final = ["GET", "HEAD"]
# What every endpoint of a query understands beside the query's own parameters.
_COMMON: Final = ("version", "timeout")
_NAMED: Final = {name: accept for name, accept in NAMED_FORMATS.items() if name != "html"}
_FORMAT: Final = {
    "name": "format",
    "in": "query",
    "description": "The answer's format, instead of the Accept header.",
    "schema": {"type": "string", "enum": list(_NAMED)},
}
_SCHEMAS: Final[dict[ParameterType, dict[str, str]]] = {
    ParameterType.IRI: {"type": "string", "format": "iri"},
    ParameterType.STRING: {"type": "string"},
    ParameterType.INTEGER: {"type": "integer"},
    ParameterType.DECIMAL: {"type": "number"},
    ParameterType.LANGUAGE: {"type": "string", "pattern": "^[a-zA-Z]{2,3}(-[a-zA-Z0-9]+)*$"},
}


class ParameterModel(BaseModel):
    """One parameter of a stored query."""

    name: str
    type: str = Field(description="iri, string, integer, decimal or language.")
    label: dict[str, str]
    default: str = Field(description="As SPARQL; UNDEF: any.")
    example: str


class QueryModel(BaseModel):
    """A stored query: its text runs as it stands, anywhere."""

    name: str
    title: dict[str, str]
    description: dict[str, str]
    question: int | None
    parameters: list[ParameterModel]
    text: str
    url: str = Field(description="Where its answer is.")
    page: str


class QueryList(BaseModel):
    """The stored queries."""

    queries: list[QueryModel]


class TermModel(BaseModel):
    """A class or property that the version uses, or the ontology declares."""

    iri: str
    name: str = Field(description="With its prefix.")
    kind: str = Field(description="class or property.")
    labels: dict[str, str]
    count: int = Field(description="Instances of a class; statements with a property.")


class VocabularyModel(BaseModel):
    """What queries can speak of: prefixes, and terms, the most used first."""

    version: str
    prefixes: dict[str, str]
    terms: list[TermModel]


@router.get("/queries")
async def list_queries(request: Request, parts: PartsDep) -> QueryList:
    """List the stored queries, with their parameters and texts."""
    return QueryList(queries=[_model(request, query) for query in parts.catalogue])


def _model(request: Request, query: StoredQuery) -> QueryModel:
    base = str(request.base_url).removesuffix("/")
    return QueryModel(
        name=query.name,
        title=dict(query.title),
        description=dict(query.description),
        question=query.question,
        parameters=[
            ParameterModel(
                name=p.name,
                type=p.type.value,
                label=dict(p.label),
                default=p.default,
                example=p.example,
            )
            for p in query.parameters
        ],
        text=without_header(query.text),
        url=f"{base}/api/queries/{query.name}",
        page=f"{base}/queries/{query.name}",
    )


async def answer_query(
    request: Request, name: str, parts: PartsDep, executor: ExecutorDep
) -> Response:
    """Answer a stored query with the parameters of the address."""
    stored = parts.catalogue.get(name)
    given = dict(request.query_params)
    seconds = _seconds(given.pop("timeout", None))
    given.pop("version", None)
    accept = _accept(given.pop("format", None), request)
    text = without_header(stored.bind(given))
    asked = ProtocolRequest(text, (), (), seconds, accept)
    own = wanted(request, asked, accept, parts.engine.version_id)
    return await answer(request, parts, executor, own, seconds)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not 0 < seconds < float("inf"):
        raise QueryParameterError("timeout", f"must be a number of seconds, not {text!r}")
    return seconds


def _accept(named: str | None, request: Request) -> str | None:
    if named is None:
        # Browsers ask for HTML first; this address has none, and gives them JSON.
        header = request.headers.get("accept")
        return "application/json" if header and "text/html" in header else header
    return acceptable(named, None, _NAMED)


def add_query_routes(app: FastAPI, catalogue: Catalogue) -> None:
    """Give each stored query a path of its own, so that OpenAPI tells its parameters."""
    for query in catalogue:
        app.add_api_route(
            f"/api/queries/{query.name}",
            _endpoint(query.name),
            methods=["GET"],
            name=f"query_{query.name}",
            tags=["queries"],
            summary=query.title.get("en", query.name),
            description=query.description.get("en", ""),
            openapi_extra={"parameters": _parameters(query)},
            responses={200: {"content": {name: {} for name in (*RESULTS, *TRIPLES)}}},
            response_class=Response,
        )
    app.add_api_route(
        "/api/queries/{name}", answer_query, methods=_METHODS, include_in_schema=False
    )


def _endpoint(name: str) -> Any:
    async def answer_this(request: Request, parts: PartsDep, executor: ExecutorDep) -> Response:
        return await answer_query(request, name, parts, executor)

    return answer_this


def _parameters(query: StoredQuery) -> list[dict[str, Any]]:
    own = [
        {
            "name": p.name,
            "in": "query",
            "description": p.label.get("en", p.name),
            "schema": _SCHEMAS[p.type],
            "example": p.example,
        }
        for p in query.parameters
    ]
    common: list[dict[str, Any]] = [p for p in PARAMETERS if p["name"] in _COMMON]
    return [*own, *common, _FORMAT]


@router.get("/vocabulary")
async def vocabulary(parts: CountedPartsDep, executor: ExecutorDep) -> VocabularyModel:
    """Tell what queries can speak of: an editor completes names from it."""
    if "vocabulary" not in parts.remembered:
        parts.remembered["vocabulary"] = await _vocabulary(parts, executor)
    found: VocabularyModel = parts.remembered["vocabulary"]
    return found


_TERMS: Final = f"""\
SELECT ?term ?label ?type WHERE {{
  ?term a ?type .
  VALUES ?type {{
    <http://www.w3.org/2002/07/owl#Class> <http://www.w3.org/2002/07/owl#ObjectProperty>
    <http://www.w3.org/2002/07/owl#DatatypeProperty>
  }}
  OPTIONAL {{ ?term <{RDFS}label>|<{SKOS}prefLabel> ?label }}
}}"""


async def _vocabulary(parts: Parts, executor: Executor) -> VocabularyModel:
    counts: dict[str, Counter[str]] = {"class": Counter(), "property": Counter()}
    if parts.version is not None:
        counted = await asyncio.to_thread(read_statistics, parts.version)
        for found in counted.values():
            counts["class"].update(found.classes)
            counts["property"].update({p: used.triples for p, used in found.properties.items()})
    labels: dict[str, dict[str, str]] = {}
    for row in await executor.solutions(_TERMS):
        term = row["term"].value
        kind = "class" if row["type"].value.endswith("#Class") else "property"
        if not counts["property" if kind == "class" else "class"][term]:
            counts[kind][term] += 0
        if (label := row.get("label")) is not None and label.language:
            labels.setdefault(term, {})[label.language] = label.value
    terms = [
        TermModel(iri=iri, name=shorten(iri), kind=kind, labels=labels.get(iri, {}), count=number)
        for kind, of_kind in counts.items()
        for iri, number in of_kind.items()
    ]
    terms.sort(key=lambda term: (-term.count, term.name))
    return VocabularyModel(version=parts.version_id, prefixes=dict(PREFIXES), terms=terms)
