"""What the analysis tells beside the network of actors itself.

Projections, growth and files of the network; trend and changes of the strategy.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from klustergraf.analysis import coverage as strategy
from klustergraf.analysis import growth as years
from klustergraf.analysis import hints, network_questions, storage, strategy_questions
from klustergraf.analysis.contents import projection_contents
from klustergraf.analysis.formats import FORMATS
from klustergraf.analysis.names import find_actor
from klustergraf.analysis.network import NetworkFilter, project_actors
from klustergraf.analysis.projections import check_onto, project_onto
from klustergraf.analysis.snapshot import Labels, slug_of
from klustergraf.analysis.storage import Analysis
from klustergraf_api import analysis as models
from klustergraf_api.archive import find_version
from klustergraf_api.dependencies import CountedPartsDep
from klustergraf_api.routes.analysis import (
    AnalysisDep,
    AskedDep,
    check_format,
    column_labels,
    kept,
    send,
)
from klustergraf_api.time_travel import address_of

router = APIRouter(prefix="/api", tags=["analysis"])

# Tools that open a file from its address: the format each reads best, and where it takes it.
_OPENED_BY: Final[Mapping[str, tuple[str, str]]] = {
    "gexf": ("Gephi Lite", "https://lite.gephi.org/?file="),
    "vosviewer": ("VOSviewer", "https://app.vosviewer.com/?json="),
}
_FILTERS: Final = frozenset(
    (
        "kind", "county", "municipality", "tie", "programme", "since", "until", "min_weight",
        "counting", "isolates",
    )
)  # fmt: skip


class File(BaseModel):
    """A network as a file. ``url`` names the version: what is there never changes."""

    format: str
    media_type: str
    url: str
    open_in: dict[str, str] = Field(description="Tools that open it, and the address to do so.")


class FilesAnswer(BaseModel):
    """A network in every format, and as pictures."""

    version: str
    files: list[File]


@router.get("/network/files")
async def files(
    request: Request,
    analysis: AnalysisDep,
    _: AskedDep,
    ego: str | None = None,
    radius: int = 1,
    onto: str | None = None,
) -> FilesAnswer:
    """List the files of a network, at addresses that stay, with links that open them in tools.

    ``onto``: priority, facility or project, for the files of that projection.
    """
    if onto:
        check_onto(onto)
        return FilesAnswer(
            version=analysis.snapshot.version, files=files_of(request, analysis, None, 1, onto)
        )
    place = find_actor(analysis.snapshot, ego) if ego else None
    if place is not None:
        # What is too far is refused here as it is there.
        analysis.network.ego(place, radius)
    return FilesAnswer(
        version=analysis.snapshot.version, files=files_of(request, analysis, place, radius)
    )


def files_of(
    request: Request, analysis: Analysis, place: int | None, radius: int, onto: str = ""
) -> list[File]:
    """List the files of the network that a request asks for, or of what is around an actor.

    ``onto``: those of that projection, which has no pictures.
    """
    version = analysis.snapshot.version
    given = [(k, v) for k, v in request.query_params.multi_items() if k in _FILTERS and v]
    if place is not None:
        given += [("ego", analysis.snapshot.actors[place].slug), ("radius", str(radius))]

    def address(path: str, **more: str) -> str:
        return f"{address_of(request, path)}?{urlencode([*given, *more.items()])}"

    where = "/api/network/projection" if onto else "/api/network"
    given += [("onto", onto)] if onto else []

    def file(name: str, media_type: str, path: str = where, **more: str) -> File:
        url = address(path, **more, version=version)
        tool, start = _OPENED_BY.get(name, ("", ""))
        open_in = {tool: start + quote(url, safe="")} if tool else {}
        return File(format=name, media_type=media_type, url=url, open_in=open_in)

    found = [
        file("json", "application/json"),
        *(file(name, media_type, format=name) for name, (_, media_type, _) in FORMATS.items()),
    ]
    if not onto:
        found.append(file("svg", "image/svg+xml", "/api/network.svg"))
        found.append(file("png", "image/png", "/api/network.png"))
    return found


class YearItem(BaseModel):
    """The network in a year: what is there, and which pairs and actors are new."""

    year: int
    ties: int
    pairs: int
    actors: int
    new_pairs: int
    new_actors: int


class GrowthAnswer(BaseModel):
    """A network year by year. ``undated``: ties without a beginning, which are in no year."""

    version: str
    query: str = Field(description="SPARQL that lists every tie of the network, with its dates.")
    rule: str
    years: list[YearItem]
    undated: int


@router.get("/network/growth")
async def growth(analysis: AnalysisDep, asked: AskedDep) -> GrowthAnswer:
    """How the network of the filters grew, year by year."""
    found, undated = years.growth(project_actors(analysis.snapshot, asked))
    return GrowthAnswer(
        version=analysis.snapshot.version,
        query=network_questions.beginnings(asked),
        rule="A tie is there from the year in which it begins to the one in which it ends; "
        "one without an end goes on.",
        years=[YearItem(**vars(year)) for year in found],
        undated=undated,
    )


class Target(BaseModel):
    """What actors are tied to: a priority area, a facility, a project."""

    iri: str
    slug: str
    labels: dict[str, str]
    actors: int
    weight: int


class ContactItem(BaseModel):
    """An actor and what it is tied to. ``derived``: how many of ``through`` only rules tie."""

    actor: str
    target: str
    weight: int
    derived: int
    through: list[str]


class ProjectionAnswer(BaseModel):
    """Actors and what they are tied to; ``weight`` counts what ties them."""

    version: str
    onto: str
    query: str = Field(description="SPARQL that gives every weight.")
    actors: list[models.Node]
    targets: list[Target]
    edges: list[ContactItem]
    hint: str | None = None


@router.get("/network/projection", response_model=ProjectionAnswer)
async def projection(
    request: Request,
    analysis: AnalysisDep,
    asked: AskedDep,
    onto: str = "priority",
    format: Annotated[  # noqa: A002 # the name in the address
        str, Query(json_schema_extra={"enum": ["json", *FORMATS]})
    ] = "json",
) -> Response:
    """Tie the region's actors to priority areas, facilities or projects.

    ``format``: as of ``/api/network``; nodes are of two sorts then.
    """
    check_format(format)
    version = analysis.snapshot.version

    def made() -> bytes:
        if format == "json":
            return _projected(analysis, asked, onto)
        return FORMATS[format][0](projection_contents(analysis, asked, onto))

    document = await kept((version, asked, f"{onto}.{format}", None, 0), made)
    _, media_type, suffix = FORMATS.get(format, (None, "application/json", ""))
    return send(request, version, document, media_type, suffix and f"actors-{onto}.{suffix}")


def _projected(analysis: Analysis, asked: NetworkFilter, onto: str) -> bytes:
    snapshot = analysis.snapshot
    found = project_onto(snapshot, onto, asked)
    named: dict[str, Labels] = {
        iri: thing.labels for iri, thing in [*snapshot.things.items(), *snapshot.areas.items()]
    }
    targets: dict[str, list[int]] = {}
    for item in found:
        targets.setdefault(item.target, []).append(item.weight)
    answer = ProjectionAnswer(
        version=snapshot.version,
        onto=onto,
        query=network_questions.onto(onto, asked),
        actors=[
            models.node_of(analysis, analysis.network, place)
            for place in sorted({item.actor for item in found})
        ],
        targets=[
            Target(
                iri=iri,
                slug=slug_of(iri),
                labels=named.get(iri, {}),
                actors=len(weights),
                weight=sum(weights),
            )
            for iri, weights in sorted(targets.items())
        ],
        edges=[
            ContactItem(
                actor=snapshot.actors[item.actor].slug,
                target=slug_of(item.target),
                weight=item.weight,
                derived=len(item.derived),
                through=list(item.through),
            )
            for item in found
        ],
        hint=hints.hint(snapshot, asked, len(found)),
    )
    return answer.model_dump_json().encode()


class AreaYearItem(BaseModel):
    """A priority area in a year. ``amount_eur``: of the projects that started in it."""

    area: str
    year: int
    started: int
    running: int
    facilities: int
    amount_eur: float


class TrendAnswer(BaseModel):
    """The priority areas year by year; ``undated`` counts what is in no year, by area."""

    version: str
    query: str
    areas: list[models.AreaRow]
    years: list[AreaYearItem]
    undated: dict[str, int]


@router.get("/strategy/trend")
async def trend(analysis: AnalysisDep) -> TrendAnswer:
    """How projects, facilities and euro came to the priority areas, year by year."""
    found = years.trend(analysis.snapshot)
    return TrendAnswer(
        version=analysis.snapshot.version,
        query=strategy_questions.beginnings(),
        areas=models.areas_of(analysis),
        years=[AreaYearItem(**{**vars(y), "area": slug_of(y.area)}) for y in found.years],
        undated={slug_of(area): count for area, count in found.undated.items()},
    )


class CellChange(BaseModel):
    """A cell of the matrix, as it was and as it is."""

    area: str
    column: str
    before: dict[str, float]
    after: dict[str, float]


class ChangesAnswer(BaseModel):
    """What differs in the matrix from one version to another."""

    version: str
    since: str
    by: str
    query: str
    areas: list[models.AreaRow]
    column_labels: dict[str, dict[str, str]]
    changes: list[CellChange]


@router.get("/strategy/changes")
async def changes(
    analysis: AnalysisDep,
    parts: CountedPartsDep,
    since: Annotated[str, Query(description="A version: its id, or the beginning of it.")],
    by: str = "county",
) -> ChangesAnswer:
    """Tell what changed in the coverage of the strategy since another version of the graph."""
    version = await anyio.to_thread.run_sync(find_version, parts, since)
    before = await anyio.to_thread.run_sync(storage.load, version)
    labels = {**column_labels(before), **column_labels(analysis)}

    def numbers(cell: strategy.Cell) -> dict[str, float]:
        counts: dict[str, Any] = {kind: cell.count(kind) for kind in strategy.KINDS}
        return {**counts, "total": cell.total, "amount_eur": cell.amount_eur}

    found = strategy.changes(before.snapshot, analysis.snapshot, by)
    return ChangesAnswer(
        version=analysis.snapshot.version,
        since=version.id,
        by=by,
        query=strategy_questions.coverage(by),
        areas=models.areas_of(analysis),
        column_labels={c.column: labels[c.column] for _, c in found if c.column in labels},
        changes=[
            CellChange(
                area=slug_of(now.area),
                column=now.column,
                before=numbers(was),
                after=numbers(now),
            )
            for was, now in found
        ],
    )
