"""``/api/versions``, differences between them, and ``/timemap/…``: the past of the graph."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response

from klustergraf.difference import Difference, compare
from klustergraf.errors import VersionNotFound
from klustergraf.version import Version
from klustergraf_api.archive import find_version
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import NOT_STORED, PartsDep
from klustergraf_api.negotiation import acceptable, choose, choose_language
from klustergraf_api.request_errors import NotAcceptable, PageNotFound
from klustergraf_api.time_travel import address_of, created, http_date, stored_versions

router = APIRouter()

_METHODS: Final = ["GET", "HEAD"]
_LINES: Final = {"application/n-quads": "nquads", "application/rdf-patch": "patch"}
_FORMATS: Final = {"json": "application/json", **{name: kind for kind, name in _LINES.items()}}
_MOST_LINES: Final = 10_000

Offset = Annotated[int, Query(ge=0, le=10**12, description="How many to pass over.")]


class VersionSummary(BaseModel):
    """One version of the graph."""

    id: str = Field(description="SHA-256 of the dataset as sorted N-Quads.")
    created: str = Field(description="When it was built, ISO 8601.")
    current: bool = Field(description="Whether it is the version that is served.")
    software: str
    statements: int
    graphs: int
    validation: dict[str, int] = Field(description="Results of SHACL, by severity.")
    links: dict[str, str]


class VersionList(BaseModel):
    """The versions, the newest first; ``total`` counts all."""

    total: int
    current: str
    versions: list[VersionSummary]
    next: str | None = None


class VersionDetail(VersionSummary):
    """One version with what it was made of: statements by graph, and sources by file."""

    triples: dict[str, int]
    sources: list[dict[str, str]]


class ClassChange(BaseModel):
    """How many things of one class came, went or changed."""

    iri: str
    label: dict[str, str]
    added: int
    removed: int
    changed: int


class DifferenceDocument(BaseModel):
    """What differs from one version to another; ``words`` tells it."""

    before: str
    after: str
    added: int = Field(description="Statements that only the later version has.")
    removed: int = Field(description="Statements that only the earlier version has.")
    words: list[str]
    changes: list[ClassChange]
    offset: int
    patch: list[str] = Field(description="Lines of an RDF Patch from the offset on.")
    next: str | None = None


async def list_versions(
    request: Request,
    parts: PartsDep,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> VersionList:
    """List the versions of the graph, the newest first."""
    served = _served(parts.version)
    everything = await asyncio.to_thread(stored_versions, served)
    shown = everything[offset : offset + limit]
    end = offset + limit
    following = address_of(request, "/api/versions", offset=str(end), limit=str(limit))
    current = request.app.state.parts.engine.version_id
    return VersionList(
        total=len(everything),
        current=current,
        versions=[_summary(request, version, current) for version in shown],
        next=following if end < len(everything) else None,
    )


async def show_version(request: Request, name: str, parts: PartsDep) -> VersionDetail:
    """Tell what one version is made of. Its name is its id, or at least 7 characters of it."""
    version = await asyncio.to_thread(find_version, parts, name)
    manifest = version.manifest
    summary = _summary(request, version, request.app.state.parts.engine.version_id)
    return VersionDetail(
        **summary.model_dump(),
        triples=dict(manifest.triples),
        sources=[{"graph": s.graph, "path": s.path, "sha256": s.sha256} for s in manifest.sources],
    )


async def show_difference(
    request: Request,
    name: str,
    other: str,
    parts: PartsDep,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_LINES)] = 1000,
    part: Annotated[
        Literal["added", "removed"] | None, Query(description="Of N-Quads: which statements.")
    ] = None,
    lang: Annotated[str | None, Query(description="Language of the words: sv or en.")] = None,
    format: Annotated[  # noqa: A002 # the name in the address
        str | None,
        Query(
            description="The answer's format, instead of the Accept header.",
            json_schema_extra={"enum": [*_FORMATS]},
        ),
    ] = None,
) -> Response:
    """Tell what differs from one version to another: in words (JSON), or as lines.

    RDF Patch gives all of it at once; N-Quads needs ``part``.
    """
    before = await asyncio.to_thread(find_version, parts, name)
    after = await asyncio.to_thread(find_version, parts, other)
    accept = acceptable(format, request.headers.get("accept"), _FORMATS)
    media_type = choose(accept, ["application/json", *_LINES])
    if media_type is None:
        raise NotAcceptable(["application/json", *_LINES])
    language = choose_language(lang, request.headers.get("accept-language"), "en")
    tag = entity_tag(after.id, before.id, media_type, language, str(offset), str(limit), str(part))
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept, Accept-Language",
    }
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    difference = await asyncio.to_thread(compare, before, after)
    page = _Page(offset, limit)
    count = difference.added + difference.removed
    if media_type == "application/n-quads":
        wanted = part or "added"
        lines = await asyncio.to_thread(page.read, difference.lines, wanted)
        count = difference.added if wanted == "added" else difference.removed
    else:
        lines = await asyncio.to_thread(page.read, difference.patch)
    following = None
    if offset + limit < count:
        path = f"/api/versions/{before.id}/diff/{after.id}"
        parameters = {"offset": str(offset + limit), "limit": str(limit)}
        given = {"part": part, "lang": lang, "format": format}
        parameters |= {name: value for name, value in given.items() if value}
        following = address_of(request, path, **parameters)
        headers["Link"] = f'<{following}>; rel="next"'
    if media_type in _LINES:
        text = "".join(f"{line}\n" for line in lines)
        return Response(text, headers=headers, media_type=media_type)
    document = _difference(before, after, difference, language, offset, lines, following)
    return Response(document.model_dump_json(), headers=headers, media_type="application/json")


def _difference(
    before: Version,
    after: Version,
    difference: Difference,
    language: str,
    offset: int,
    lines: list[str],
    following: str | None,
) -> DifferenceDocument:
    return DifferenceDocument(
        before=before.id,
        after=after.id,
        added=difference.added,
        removed=difference.removed,
        words=difference.words(language),
        changes=[ClassChange.model_validate(vars(change)) for change in difference.changes],
        offset=offset,
        patch=lines,
        next=following,
    )


class _Page:
    """Some lines of a difference, read in a thread."""

    def __init__(self, offset: int, limit: int) -> None:
        self._offset = offset
        self._limit = limit

    def read(self, lines: Any, *which: str) -> list[str]:
        return list(lines(*which, self._offset, self._limit))


@router.api_route("/timemap/{path:path}", methods=_METHODS, include_in_schema=False)
async def timemap(request: Request, path: str, parts: PartsDep) -> Response:
    """List the Mementos of what lives at a path (RFC 7089, 5), as application/link-format."""
    if not f"/{path}".startswith(("/id/", "/graph/", "/ontology", "/shapes")):
        raise PageNotFound
    served = _served(parts.version)
    versions = await asyncio.to_thread(stored_versions, served)
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0].removeprefix("/timemap")
    original, own = address_of(request, raw), address_of(request, "/timemap" + raw)
    dates = [http_date(created(version)) for version in versions]
    lines = [
        f'<{original}>;rel="original timegate"',
        f'<{own}>;rel="self";type="application/link-format";from="{dates[-1]}";until="{dates[0]}"',
        *(
            f"<{address_of(request, raw, version=version.id)}>"
            f';rel="{_place(number, len(versions))}memento";datetime="{date}"'
            for number, (version, date) in enumerate(zip(versions, dates, strict=True))
        ),
    ]
    return PlainTextResponse(",\n".join(lines) + "\n", media_type="application/link-format")


def _place(number: int, count: int) -> str:
    """Tell whether a Memento is the first or the last; they are listed the newest first."""
    return ("first " if number == count - 1 else "") + ("last " if number == 0 else "")


def _served(version: Version | None) -> Version:
    if version is None:
        raise VersionNotFound("current", NOT_STORED)
    return version


def _summary(request: Request, version: Version, current: str) -> VersionSummary:
    manifest = version.manifest
    own = f"/api/versions/{version.id}"
    return VersionSummary(
        id=version.id,
        created=manifest.created,
        current=version.id == current,
        software=manifest.software,
        statements=sum(manifest.triples.values()),
        graphs=len(manifest.triples),
        validation=dict(manifest.validation),
        links={
            "self": address_of(request, own),
            "sparql": address_of(request, "/sparql", version=version.id),
            "diff": address_of(request, f"{own}/diff/{current}"),
        },
    )


_DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {200: {"model": DifferenceDocument}}
for _path, _route, _responses in (
    ("/api/versions", list_versions, None),
    ("/api/versions/{name}", show_version, None),
    ("/api/versions/{name}/diff/{other}", show_difference, _DESCRIBED),
):
    router.add_api_route(_path, _route, methods=_METHODS, include_in_schema=False)
    # The same once more, to be described: an operation of OpenAPI has one method.
    router.add_api_route(_path, _route, methods=["GET"], responses=_responses)
