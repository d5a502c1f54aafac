"""``/api/versions/<name>/citation``: how to cite a version, or an answer that it gives."""

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from klustergraf.citation import Citation
from klustergraf.version import Version
from klustergraf_api.archive import find_version
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import Parts, PartsDep
from klustergraf_api.negotiation import choose, choose_language
from klustergraf_api.request_errors import NotAcceptable
from klustergraf_api.time_travel import address_of

router = APIRouter(tags=["versions"])

_PATH: Final = "/api/versions/{name}/citation"
_TYPES: Final = {
    "text": "text/plain",
    "bibtex": "application/x-bibtex",
    "csl": "application/vnd.citationstyles.csl+json",
}
_LONGEST_QUERY: Final = 20_000

Format = Literal["text", "bibtex", "csl"]


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, response_class=Response)
async def cite_version(
    request: Request,
    name: str,
    parts: PartsDep,
    format: Annotated[  # noqa: A002 # the name in the address
        Format | None, Query(description="text, bibtex or csl (CSL-JSON); else as Accept.")
    ] = None,
    query: Annotated[
        str | None,
        Query(
            max_length=_LONGEST_QUERY,
            description="A SPARQL query: cite its answer, with the link that gives it again.",
        ),
    ] = None,
    lang: Annotated[str | None, Query(description="Language of the title: sv or en.")] = None,
) -> Response:
    """Cite a version of the graph, or the answer to a query of it."""
    version = await asyncio.to_thread(find_version, parts, name)
    named = {media_type: form for form, media_type in _TYPES.items()}
    if format is None:
        media_type = choose(request.headers.get("accept"), list(named))
        if media_type is None:
            raise NotAcceptable(list(named))
        form = named[media_type]
    else:
        form = format
    language = choose_language(lang, request.headers.get("accept-language"), "en")
    tag = entity_tag(version.id, form, language, query or "", address_of(request, "/"))
    headers = {"ETag": tag, "Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"}
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    cited = citation_of(request, parts, version, language, query)
    if form == "bibtex":
        text = cited.bibtex()
    elif form == "csl":
        text = cited.csl_text()
    else:
        text = cited.text() + "\n"
    return Response(text, headers=headers, media_type=f"{_TYPES[form]}; charset=utf-8")


def citation_of(
    request: Request, parts: Parts, version: Version, language: str, query: str | None = None
) -> Citation:
    """Cite a version, or an answer of it; the address is that of this service."""
    if query is None:
        url = address_of(request, f"/version/{version.id}")
    else:
        url = address_of(request, "/sparql", version=version.id, query=query)
    publisher = parts.settings.publisher_name
    return Citation.of(version.manifest, publisher, url, language, is_answer=query is not None)
