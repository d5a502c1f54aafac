"""``/data`` and ``/about``: versions, files, changes; sources, method, privacy, accessibility."""

import asyncio
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from klustergraf.dumps import Dump, MadeDump, list_dumps, made_dump
from klustergraf.engine.base import QueryRequest
from klustergraf.namespaces import KG
from klustergraf.version import Manifest, Version
from klustergraf_api.changes import changes_in_words
from klustergraf_api.dependencies import ExecutorDep, PartsDep
from klustergraf_api.results import read_results
from klustergraf_api.routes.citations import citation_of
from klustergraf_api.routes.map_page import tile_server
from klustergraf_api.schema_org import catalogue_data, script_text
from klustergraf_api.time_travel import stored_versions

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_VERSIONS_SHOWN: Final = 10
_MOST_GRAPHS: Final = 500

_SOURCES: Final = f"""\
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX kg: <{KG}>
PREFIX void: <http://rdfs.org/ns/void#>

SELECT ?graph ?title ?source ?licence ?date ?statements
WHERE {{
  ?graph a kg:NamedGraph ;
    dct:title ?title ;
    dct:source ?source ;
    dct:license ?licence .
  FILTER (LANG(?title) = "LANGUAGE")
  FILTER NOT EXISTS {{ ?graph kg:isDerivedByRule ?rule }}
  OPTIONAL {{ ?graph dct:issued ?date }}
  OPTIONAL {{ ?graph void:triples ?statements }}
}}
ORDER BY ?title"""


@dataclass(frozen=True)
class _Kept:
    """A version in the list: the one before it, and what changed, where that is known."""

    manifest: Manifest
    before: str | None
    words: list[str] | None


@router.api_route("/data", methods=_METHODS)
async def data(
    request: Request, parts: PartsDep, first: Annotated[int, Query(ge=0, le=10**6)] = 0
) -> Response:
    """Offer the version's files, what harvesters read, and the versions with what changed."""
    if parts.version is None:
        return parts.pages.respond(request, "data.html", manifest=None)
    versions, files = await asyncio.to_thread(_read, parts.version)
    language = parts.pages.view(request).language
    history = []
    for version, before in zip_longest(
        versions[first : first + _VERSIONS_SHOWN], versions[first + 1 : first + 1 + _VERSIONS_SHOWN]
    ):
        if version is not None:
            words = changes_in_words(before, version, language) if before else None
            history.append(_Kept(version.manifest, before.id if before else None, words))
    end = first + _VERSIONS_SHOWN
    manifest = parts.version.manifest
    lead = parts.pages.messages[language]["data.lead"]
    structured = catalogue_data(parts.settings.base, manifest, lead, language)
    return parts.pages.respond(
        request,
        "data.html",
        manifest=manifest,
        structured=Markup(script_text(structured)),  # noqa: S704 - escaped for a script element
        citation=citation_of(request, parts, parts.version, language).text(),
        files=files,
        history=history,
        newer=max(first - _VERSIONS_SHOWN, 0) if first else None,
        older=end if end < len(versions) else None,
    )


def _read(version: Version) -> tuple[list[Version], list[tuple[Dump, MadeDump | None]]]:
    files = [(dump, made_dump(version, dump)) for dump in list_dumps(version) if not dump.graph]
    return stored_versions(version), files


@router.api_route("/about", methods=_METHODS)
async def about(request: Request, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Tell why this exists, how it is made, from what, and how it treats those who use it."""
    query = _SOURCES.replace("LANGUAGE", parts.pages.view(request).language)
    graphs = await read_results(executor, QueryRequest(query), _MOST_GRAPHS)
    return parts.pages.respond(
        request, "about.html", graphs=graphs, query=query, tiles=tile_server(parts.settings)
    )
