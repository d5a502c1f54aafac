"""``/strategy``: how priority areas are covered, what each number counts, and what is thin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from klustergraf.analysis import strategy_questions
from klustergraf.analysis.coverage import Cell, Gap, coverage, gaps
from klustergraf.analysis.snapshot import Snapshot, slug_of
from klustergraf_api.dependencies import CountedPartsDep
from klustergraf_api.routes.analysis import AnalysisDep

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_WHAT: Final = ("actors", "facilities", "projects")
_GAPS_SHOWN: Final = 15
_STEPS: Final = 5
_MILLION: Final = 1e6

By = Literal["county", "kind", "municipality"]
Show = Literal["all", "stated", "derived"]
Count = Literal["total", "actors", "facilities", "projects", "euro"]


@dataclass(frozen=True)
class _Number:
    """A number of the matrix: as told, and its step in the scale (0 to 5)."""

    text: str
    step: int


@dataclass(frozen=True)
class _Contributor:
    """What a number counts. ``how``: stated, derived, or both."""

    iri: str
    name: str
    how: tuple[str, ...]


@router.api_route("/strategy", methods=_METHODS)
async def strategy(
    request: Request,
    parts: CountedPartsDep,
    analysis: AnalysisDep,
    by: By = "county",
    show: Show = "all",
    count: Count = "total",
    area: Annotated[str, Query(max_length=40)] = "",
    column: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """Show the matrix, the thin spots, and what a row or a cell counts."""
    snapshot = analysis.snapshot
    language = parts.pages.view(request).language
    cells = coverage(snapshot, by)
    columns = sorted({c for _, c in cells}, key=lambda c: (c == "", c))
    numbers = {key: _number(cell, count, show) for key, cell in cells.items()}
    most = max(numbers.values(), default=0)
    chosen = next((iri for iri in snapshot.areas if slug_of(iri) == area), None)
    labels = {**snapshot.places, **snapshot.kinds}
    ranked = gaps(snapshot, by)
    return parts.pages.respond(
        request,
        "strategy.html",
        by=by,
        show=show,
        count=count,
        areas=snapshot.areas,
        columns=columns,
        column_names={c: labels.get(c, {}) for c in columns},
        numbers={key: _told(value, most, count) for key, value in numbers.items()},
        chosen=chosen,
        column=column if column in columns else None,
        things=_things(snapshot, cells, chosen, column, show, language) if chosen else {},
        gaps=[_named(gap, labels) for gap in ranked if gap.expected][:_GAPS_SHOWN],
        empty=[a for a in snapshot.areas if not any(g.expected for g in ranked if g.area == a)],
        matrix_query=strategy_questions.coverage(by),
        area_query=strategy_questions.contributors(area) if chosen else "",
    )


def _number(cell: Cell, count: Count, show: Show) -> float:
    if count == "euro":
        return cell.amount_eur
    kinds = _WHAT if count == "total" else (count,)
    return float(sum(len(_counted(cell, kind, show)) for kind in kinds))


def _counted(cell: Cell, kind: str, show: Show) -> set[str]:
    if show == "stated":
        return cell.stated[kind]
    if show == "derived":
        return cell.derived[kind]
    return cell.stated[kind] | cell.derived[kind]


def _told(value: float, most: float, count: Count) -> _Number:
    # The square root keeps small numbers apart where one cell holds most of everything.
    step = 0 if not value else max(1, round(_STEPS * (value / most) ** 0.5))
    return _Number(f"{value / _MILLION:.1f}" if count == "euro" else f"{value:.0f}", step)


def _things(
    snapshot: Snapshot,
    cells: Mapping[tuple[str, str], Cell],
    area: str,
    column: str | None,
    show: Show,
    language: str,
) -> dict[str, list[_Contributor]]:
    wanted = [cell for (a, c), cell in cells.items() if a == area and column in (None, c)]
    names = {actor.iri: actor for actor in snapshot.actors}
    found = {}
    for kind in _WHAT:
        iris = set[str]().union(*(_counted(cell, kind, show) for cell in wanted))
        entries = []
        for iri in iris:
            thing = names.get(iri) or snapshot.things.get(iri)
            name = thing.name(language) if thing else slug_of(iri)
            entries.append(_Contributor(iri, name, _how(wanted, kind, iri)))
        found[kind] = sorted(entries, key=lambda entry: entry.name.casefold())
    return found


def _how(cells: Iterable[Cell], kind: str, iri: str) -> tuple[str, ...]:
    marks = (
        ("stated", any(iri in c.stated[kind] for c in cells)),
        ("derived", any(iri in c.derived[kind] for c in cells)),
    )
    return tuple(name for name, holds in marks if holds)


def _named(gap: Gap, labels: Mapping[str, Mapping[str, str]]) -> tuple[Gap, Mapping[str, str]]:
    return gap, labels.get(gap.column, {})
