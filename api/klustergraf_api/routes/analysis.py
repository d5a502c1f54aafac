"""``/api/network…``, ``/api/strategy…``, ``/api/suggestions``: the version that is served."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from klustergraf.analysis import coverage as strategy
from klustergraf.analysis import (
    hints,
    network_questions,
    picture,
    storage,
    strategy_questions,
    suggestions,
)
from klustergraf.analysis.contents import EDGE_RULE, network_contents
from klustergraf.analysis.formats import FORMATS, harmless
from klustergraf.analysis.names import find_actor
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.paths import shortest_paths
from klustergraf.analysis.snapshot import slug_of
from klustergraf.analysis.storage import Analysis
from klustergraf.errors import AnalysisParameterError, VersionNotFound
from klustergraf_api import analysis as models
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import NOT_STORED, CountedPartsDep

router = APIRouter(prefix="/api", tags=["analysis"])


async def _analysis(parts: CountedPartsDep) -> Analysis:
    if parts.version is None:
        raise VersionNotFound("served", NOT_STORED)
    return await anyio.to_thread.run_sync(storage.load, parts.version)


AnalysisDep = Annotated[Analysis, Depends(_analysis)]
TableFormat = Literal["json", "csv"]
Slugs = Annotated[list[str], Query()]

# A form sends fields that were left empty as well.
_Year = Annotated[int, Field(ge=1000, le=9999)]
Year = Annotated[_Year | None, BeforeValidator(lambda value: value or None), Query()]
Weight = Annotated[float, BeforeValidator(lambda value: value or 0.0), Query(ge=0)]


def _asked(  # one parameter of the address each
    kind: Slugs = [],  # noqa: B006 # FastAPI copies defaults
    county: Slugs = [],  # noqa: B006
    municipality: Slugs = [],  # noqa: B006
    tie: Slugs = [],  # noqa: B006
    programme: Slugs = [],  # noqa: B006
    since: Year = None,
    until: Year = None,
    min_weight: Weight = 0.0,
    counting: str = "full",
    isolates: bool = False,
) -> NetworkFilter:
    def filled(values: list[str]) -> tuple[str, ...]:
        return tuple(sorted(filter(None, values)))

    return NetworkFilter(
        filled(kind),
        filled(county),
        filled(municipality),
        filled(tie),
        filled(programme),
        since,
        until,
        min_weight,
        counting,
        isolates,
    )


AskedDep = Annotated[NetworkFilter, Depends(_asked)]


def send(request: Request, version: str, document: bytes, media_type: str, name: str) -> Response:
    """Send a document with the version and an entity tag, or 304; ``name`` makes it a file."""
    headers = {
        "ETag": entity_tag(version, str(request.url.path), str(request.url.query)),
        "X-Klustergraf-Version": version,
        "Cache-Control": "no-cache",
    }
    fresh = not_modified(request, headers["ETag"], headers)
    if fresh is not None:
        return fresh
    if name:
        headers["Content-Disposition"] = f'attachment; filename="klustergraf-{name}"'
    return Response(document, headers=headers, media_type=media_type)


@router.get("/network", response_model=models.NetworkAnswer)
async def network(
    request: Request,
    analysis: AnalysisDep,
    asked: AskedDep,
    format: Annotated[  # noqa: A002 # the name in the address
        str, Query(json_schema_extra={"enum": ["json", *FORMATS]})
    ] = "json",
    ego: str | None = None,
    radius: int = 1,
) -> Response:
    """Who works with whom: actors and weighted pairs, by filters, or what is around one actor.

    ``format``: json, or graphml, gexf, cytoscape, vosviewer, kumu, csv, csv-nodes, xlsx, dot, mtx.
    """
    check_format(format)
    place = None if not ego else find_actor(analysis.snapshot, ego)
    version = analysis.snapshot.version

    def made() -> bytes:
        chosen = project_actors(analysis.snapshot, asked)
        return _written(analysis, chosen if place is None else chosen.ego(place, radius), format)

    document = await kept((version, asked, format, place, radius), made)
    _, media_type, suffix = FORMATS.get(format, (None, "application/json", ""))
    return send(request, version, document, media_type, suffix and f"network.{suffix}")


def check_format(name: str) -> None:
    """Refuse a format that networks are not written in.

    Errors: AnalysisParameterError, which names those that they are.
    """
    if name != "json" and name not in FORMATS:
        names = ", ".join(["json", *FORMATS])
        raise AnalysisParameterError("format", f"must be one of {names}, not {name!r}")


_PICTURES: Final = {
    "svg": (picture.svg, "image/svg+xml"),
    "png": (picture.png, "image/png"),
}


@router.get("/network.svg", response_class=Response)
@router.get("/network.png", response_class=Response)
async def network_picture(
    request: Request,
    analysis: AnalysisDep,
    asked: AskedDep,
    ego: str | None = None,
    radius: int = 1,
    lang: Annotated[Literal["sv", "en"], Query()] = "en",
) -> Response:
    """Draw the network of the filters, with names and a legend; PNG is 2400 pixels wide."""
    write, media_type = _PICTURES[request.url.path.rpartition(".")[2]]
    place = find_actor(analysis.snapshot, ego) if ego else None
    chosen = chosen_network(analysis, asked, place, radius)
    document = await anyio.to_thread.run_sync(write, analysis, chosen, lang)
    return send(request, analysis.snapshot.version, document, media_type, "")


def chosen_network(
    analysis: Analysis, asked: NetworkFilter, place: int | None, radius: int
) -> Network:
    """Give the network of the filters, or what is around one actor in it.

    Errors: AnalysisParameterError, as Network.ego.
    """
    chosen = project_actors(analysis.snapshot, asked)
    return chosen if place is None else chosen.ego(place, radius)


_MOST_KEPT: Final = 64
_Key = tuple[str, NetworkFilter, str, int | None, int]
_kept: dict[_Key, bytes] = {}


async def kept(key: _Key, made: Callable[[], bytes]) -> bytes:
    """Give a document that was made before, or make it, while others are answered.

    The last ones stay in memory.
    """
    document = _kept.get(key)
    if document is None:
        document = await anyio.to_thread.run_sync(made)
        _kept[key] = document
        while len(_kept) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return document


def _written(analysis: Analysis, chosen: Network, form: str) -> bytes:
    if form != "json":
        return FORMATS[form][0](network_contents(analysis, chosen))
    snapshot = analysis.snapshot
    answer = models.NetworkAnswer(
        version=snapshot.version,
        filters=chosen.filters,
        edge_rule=EDGE_RULE,
        query=network_questions.pairs(chosen.asked, chosen.centre_iri, chosen.radius),
        actors_query=network_questions.actors(chosen.asked, chosen.centre_iri, chosen.radius),
        counts={"nodes": len(chosen.nodes), "edges": len(chosen.edges)},
        modularity=analysis.modularity,
        stability=analysis.stability,
        communities=models.communities_of(analysis, chosen),
        kinds=snapshot.kinds,
        places=snapshot.places,
        nodes=[models.node_of(analysis, chosen, n) for n in chosen.nodes],
        edges=[models.link_of(analysis, e) for e in chosen.edges],
        hint=hints.hint(snapshot, chosen.asked, len(chosen.edges)),
    )
    return answer.model_dump_json().encode()


@router.get("/network/nodes/{name}")
async def node(name: str, analysis: AnalysisDep) -> models.NodeAnswer:
    """Tell of one actor: its measures, its roles as a broker, its partners."""
    place = find_actor(analysis.snapshot, name)
    whole = analysis.network
    around = sorted(whole.neighbours[place].items(), key=lambda item: (-item[1].weight, item[0]))
    return models.NodeAnswer(
        version=analysis.snapshot.version,
        query=network_questions.partners_of(analysis.snapshot.actors[place].iri),
        node=models.node_of(analysis, whole, place),
        brokerage={
            part: analysis.measures[f"brokerage_{part}"][place] for part in ("county", "kind")
        },
        partners=[models.node_of(analysis, whole, other) for other, _ in around],
        edges=[models.link_of(analysis, edge) for _, edge in around],
    )


@router.get("/network/paths")
async def paths(
    analysis: AnalysisDep,
    source: Annotated[str, Query(alias="from")],
    target: Annotated[str, Query(alias="to")],
    k: int = 5,
    max_steps: int = 6,
) -> models.PathsAnswer:
    """How two actors are connected, with the ties and the evidence of each step."""
    start = find_actor(analysis.snapshot, source)
    end = find_actor(analysis.snapshot, target)
    whole = analysis.network
    shortest, best = shortest_paths(whole, start, end, k, max_steps)

    def told(path: list[int]) -> models.Path:
        edges = [whole.neighbours[a][b] for a, b in pairwise(path)]
        return models.Path(
            nodes=[analysis.snapshot.actors[n].slug for n in path],
            steps=len(edges),
            distance=sum(1 / edge.weight for edge in edges),
            edges=[models.link_of(analysis, edge) for edge in edges],
        )

    hint = None
    if start == end:
        hint = hints.SAME_ACTOR
    elif not shortest:
        hint = f"No path of at most {max_steps} steps leads from one to the other."
    return models.PathsAnswer(
        version=analysis.snapshot.version,
        query=network_questions.pairs(),
        source=models.node_of(analysis, whole, start),
        target=models.node_of(analysis, whole, end),
        shortest=[told(path) for path in shortest],
        best=[told(path) for path in best],
        hint=hint,
    )


def column_labels(analysis: Analysis) -> dict[str, dict[str, str]]:
    """Give the names of places and kinds, by slug."""
    return {**analysis.snapshot.places, **analysis.snapshot.kinds}


@router.get("/strategy/coverage", response_model=models.CoverageAnswer)
async def coverage(
    analysis: AnalysisDep,
    by: str = "county",
    format: TableFormat = "json",  # noqa: A002 # the name in the address
) -> Response:
    """Which priority areas have how many actors, facilities, projects and euro behind them."""
    cells = strategy.coverage(analysis.snapshot, by)
    columns = sorted({column for _, column in cells})
    labels = column_labels(analysis)
    answer = models.CoverageAnswer(
        version=analysis.snapshot.version,
        by=by,
        query=strategy_questions.coverage(by),
        areas=models.areas_of(analysis),
        columns=columns,
        column_labels={c: labels[c] for c in columns if c in labels},
        cells=[
            models.CoverageCell(
                area=slug_of(cell.area),
                column=cell.column,
                actors=cell.count("actors"),
                facilities=cell.count("facilities"),
                projects=cell.count("projects"),
                total=cell.total,
                amount_eur=cell.amount_eur,
                stated=sum(len(x) for x in cell.stated.values()),
                derived=sum(len(x) for x in cell.derived.values()),
                amount_eur_derived=cell.amount_eur_derived,
                by_origin={
                    origin: {k: len(sets[k]) for k in strategy.KINDS}
                    for origin, sets in (("stated", cell.stated), ("derived", cell.derived))
                },
                things={k: sorted(cell.stated[k] | cell.derived[k]) for k in strategy.KINDS},
            )
            for _, cell in sorted(cells.items())
        ],
    )
    rows = [cell.model_dump(exclude={"things", "by_origin"}) for cell in answer.cells]
    return send_table(answer, rows, format, f"coverage-{by}")


@router.get("/strategy/gaps", response_model=models.GapsAnswer)
async def gaps(
    analysis: AnalysisDep,
    by: str = "county",
    format: TableFormat = "json",  # noqa: A002 # the name in the address
) -> Response:
    """Where the strategy is thin: fewer than one would expect, the thinnest first."""
    labels = column_labels(analysis)
    found = strategy.gaps(analysis.snapshot, by)
    answer = models.GapsAnswer(
        version=analysis.snapshot.version,
        by=by,
        formula=strategy.FORMULA,
        query=strategy_questions.coverage(by),
        areas=models.areas_of(analysis),
        column_labels={g.column: labels[g.column] for g in found if g.column in labels},
        gaps=[models.GapItem(**{**asdict(gap), "area": slug_of(gap.area)}) for gap in found],
    )
    rows = [gap.model_dump() for gap in answer.gaps]
    return send_table(answer, rows, format, f"gaps-{by}")


def send_table(
    answer: BaseModel, rows: Sequence[Mapping[str, Any]], form: TableFormat, name: str
) -> Response:
    """Send an answer as JSON, or its rows as CSV, each with the version."""
    version = getattr(answer, "version", "")
    headers = {"X-Klustergraf-Version": version}
    if form == "json":
        return Response(answer.model_dump_json(), headers=headers, media_type="application/json")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(rows[0] if rows else ()), "version"])
    writer.writerows([*map(harmless, row.values()), version] for row in rows)
    headers["Content-Disposition"] = f'attachment; filename="klustergraf-{name}.csv"'
    return Response(out.getvalue(), headers=headers, media_type="text/csv")


@router.get("/suggestions")
async def suggest(
    analysis: AnalysisDep, actor: str, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> models.SuggestionsAnswer:
    """Whom an actor could meet: no tie yet, but partners or priority areas in common."""
    place = find_actor(analysis.snapshot, actor)
    whole = analysis.network
    snapshot = analysis.snapshot
    items = [
        models.SuggestionItem(
            node=models.node_of(analysis, whole, found.other),
            score=found.score,
            adamic_adar=found.adamic_adar,
            partners=[snapshot.actors[n].slug for n in found.partners],
            areas=[slug_of(area) for area in found.areas],
            topics=list(found.topics),
            reasons=suggestions.reasons(snapshot, found),
        )
        for found in suggestions.suggest(whole, place, limit)
    ]
    return models.SuggestionsAnswer(
        version=snapshot.version,
        query=network_questions.partners_of(snapshot.actors[place].iri),
        actor=models.node_of(analysis, whole, place),
        suggestions=items,
    )
