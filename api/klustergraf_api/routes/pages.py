"""``/``, ``/queries`` and ``/problems``: the pages that are not about one thing."""

import asyncio
import shlex
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from klustergraf.catalogue import ParameterType, StoredQuery
from klustergraf.engine.base import QueryRequest, TriplesFormat
from klustergraf.errors import GraphError
from klustergraf.examples import without_header
from klustergraf.version import Version
from klustergraf_api.bars import bars_of
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.changes import changes_in_words
from klustergraf_api.dependencies import ExecutorDep, PartsDep
from klustergraf_api.labels import Labels, read_labels
from klustergraf_api.negotiation import HTML, choose
from klustergraf_api.problems import KINDS, kind_of
from klustergraf_api.request_errors import PageNotFound
from klustergraf_api.results import read_results
from klustergraf_api.routes.documents import (
    negotiated_page,
    query_document,
    query_signs,
    see_other,
)
from klustergraf_api.signposting import header
from klustergraf_api.start import count_queries, read_counts
from klustergraf_api.time_travel import created, stored_versions

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]

# Three questions for those who come for the first time; they need a stored version.
_GUIDED: Final = (
    ("start.guided-foundation", "/queries/foundation_backers"),
    ("start.guided-strategy", "/strategy#thin"),
    ("start.guided-bridges", "/network?size=betweenness#actors"),
)

# Types of search that have another name than the part of the address.
_TYPES: Final = {"priority": "priority-area"}

# A stored query with this parameter is asked in the language of the page.
LANGUAGE_PARAMETER: Final = "lang"


@router.api_route("/favicon.ico", methods=_METHODS)
async def icon(request: Request) -> Response:
    """Lead to the icon, which browsers ask for here beside what is no page."""
    return see_other(request, "/static/icon.svg")


@router.api_route("/", methods=_METHODS)
async def start(request: Request, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Tell what this is, with live counts and three questions; as data, it is the catalogue."""
    wanted = choose(request.headers.get("accept"), (HTML, *TriplesFormat))
    if wanted not in (None, HTML) and parts.version is not None:
        return see_other(request, "/datasets/dcat")
    questions = sorted(parts.catalogue, key=lambda q: (q.question is None, q.question, q.name))
    guided = _GUIDED if parts.version is not None else ()
    queries = count_queries()
    if "counts" not in parts.remembered:
        parts.remembered["counts"] = await read_counts(executor, queries)
    before = await _version_before(parts.version)
    changes = None
    if parts.version and before:
        language = parts.pages.view(request).language
        changes = changes_in_words(before, parts.version, language)
    return parts.pages.respond(
        request,
        "start.html",
        counts=parts.remembered["counts"],
        count_queries=queries,
        guided=guided,
        questions=questions[: 3 - len(guided)],
        has_search=parts.version is not None,
        newest=parts.version.manifest if parts.version else None,
        changes=changes,
        are_changes_counted=before is not None and changes is None,
    )


async def _version_before(version: Version | None) -> Version | None:
    """Give the version before this one, if it is kept here."""
    if version is None:
        return None
    versions = await asyncio.to_thread(stored_versions, version)
    return next((v for v in versions if created(v) < created(version)), None)


@router.api_route("/queries", methods=_METHODS)
@router.api_route("/queries.{suffix}", methods=_METHODS)
async def queries(request: Request, parts: PartsDep, suffix: str = "") -> Response:
    """List the stored queries, as a page or as data."""
    ordered = sorted(parts.catalogue, key=lambda q: (q.question is None, q.question, q.name))
    data = query_document(request, parts, ordered, "/queries", suffix)
    if data is not None:
        return data
    signs = query_signs(parts, ordered, "/queries")
    headers = negotiated_page(request, parts, "/queries", signs)
    # The queries belong to the software, and are no part of the version that is served.
    texts = (stored.text for stored in ordered)
    headers["ETag"] = entity_tag(parts.engine.version_id, headers["ETag"], *texts)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    return parts.pages.respond(
        request,
        "queries.html",
        headers=headers,
        queries=ordered,
        language_parameter=LANGUAGE_PARAMETER,
    )


@router.api_route("/queries/{name}", methods=_METHODS)
async def query(request: Request, name: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Ask a stored query: its form, its answer, its SPARQL, and how to get the data."""
    stem, _, suffix = name.partition(".")  # the name of a query has no full stop
    stored = parts.catalogue.get(stem)
    path = f"/queries/{stored.name}"
    signs = query_signs(parts, [stored], path)
    data = query_document(request, parts, [stored], path, suffix)
    if data is not None:
        return data
    names = {parameter.name for parameter in stored.parameters}
    given = {key: value for key, value in request.query_params.items() if key in names and value}
    bound = dict(given)
    if LANGUAGE_PARAMETER in names:
        bound.setdefault(LANGUAGE_PARAMETER, parts.pages.view(request).language)
    types, named = _types(stored), Labels({})
    defaults = {p.name: p.default[1:-1] for p in stored.parameters if p.default.startswith("<")}
    text, table, error, status = without_header(stored.text), None, None, 200
    try:
        text = without_header(stored.bind(bound))
        table = await read_results(executor, QueryRequest(text), parts.settings.rows_per_page)
        # What was bound is well-formed.
        things = {given[name] for name in types if name in given} | {*defaults.values()}
        named = await read_labels(executor, things)
    except GraphError as exc:
        error, status = exc, kind_of(type(exc)).status
    endpoint = str(request.base_url.replace(query="")) + "sparql"
    curl = shlex.join(
        ["curl", endpoint, "-H", "Accept: text/csv", "--data-urlencode", f"query={text}"]
    )
    return parts.pages.respond(
        request,
        "query.html",
        status=status,
        headers={"Link": header(signs.of_page())},
        stored=stored,
        given=given,
        text=text,
        table=table,
        chart=bars_of(table),
        error=error,
        language_parameter=LANGUAGE_PARAMETER,
        types=types,
        defaults=defaults,
        named=named,
        curl=curl,
        interface=_address(request, f"api/queries/{stored.name}", bound),
    )


def _types(stored: StoredQuery) -> dict[str, str]:
    """Tell for each parameter that is a thing of ours what type of thing, as its example is."""
    things = {p.name: p.example for p in stored.parameters if p.type is ParameterType.IRI}
    kinds = {name: iri.split("/")[-2] for name, iri in things.items() if "/id/" in iri}
    return {name: _TYPES.get(kind, kind) for name, kind in kinds.items()}


def _address(request: Request, path: str, parameters: dict[str, str]) -> str:
    """Write an address of this service."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{request.base_url.replace(query='')}{path}{query}"


@router.api_route("/problems/{slug}", methods=_METHODS)
async def problem(request: Request, slug: str, parts: PartsDep) -> Response:
    """Explain one kind of problem."""
    kind = next((kind for kind in KINDS.values() if kind.slug == slug), None)
    if kind is None:
        raise PageNotFound
    return parts.pages.respond(request, "problem_kind.html", kind=kind)
