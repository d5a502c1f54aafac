"""``/network``: who works with whom, as a picture, and as tables that say the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from klustergraf.analysis import network_questions
from klustergraf.analysis.formats import FORMATS
from klustergraf.analysis.kinds import GROUPS, OTHER, kind_group
from klustergraf.analysis.names import find_actor, likely_actors
from klustergraf.analysis.network import Edge, Network, NetworkFilter
from klustergraf.analysis.paths import shortest_paths
from klustergraf.analysis.snapshot import RULES, Actor
from klustergraf.analysis.storage import Analysis
from klustergraf.errors import ActorAmbiguous, ActorNotFound
from klustergraf_api.analysis import link_of
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import CountedPartsDep
from klustergraf_api.pages.rendering import View
from klustergraf_api.routes.analysis import AnalysisDep, AskedDep, chosen_network
from klustergraf_api.routes.projections import files_of

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_PER_PAGE: Final = 50
_MOST_STEPS: Final = 6
_MOST_PATHS: Final = 3
_EVIDENCE_SHOWN: Final = 5
_COMMUNITIES_COLOURED: Final = 7
_COLOURS: Final = 7
_COUNTIES: Final = ("stockholms-lan", "uppsala-lan")
Size = Literal["degree", "strength", "betweenness"]
Colour = Literal["kind", "county", "community"]
Order = Literal["name", "kind", "municipality", "community"]
PairOrder = Literal["pair", "through", "years", "evidence"]
Name = Annotated[str, Query(max_length=200)]
First = Annotated[int, Query(ge=0, le=10**6)]


@dataclass(frozen=True)
class Row:
    """An actor in the table."""

    actor: Actor
    place: int
    degree: int
    strength: float
    betweenness: float
    kind: str
    community: int


@dataclass(frozen=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    is_chosen: bool


@router.api_route("/network", methods=_METHODS)
async def network(
    request: Request,
    parts: CountedPartsDep,
    analysis: AnalysisDep,
    asked: AskedDep,
    ego: Name = "",
    radius: Annotated[int, Query(ge=1, le=3)] = 1,
    start: Annotated[str, Query(alias="from", max_length=200)] = "",
    end: Annotated[str, Query(alias="to", max_length=200)] = "",
    size: Size = "degree",
    colour: Colour = "kind",
    order: Order | None = None,
    first: First = 0,
    pair_order: PairOrder | None = None,
    pairs: First = 0,
) -> Response:
    """Show the network that the filters ask for, a way between two actors, and the tables."""
    view = parts.pages.view(request)
    finder = _Finder(analysis)
    centre = finder.find("ego", ego)
    ends = finder.find("from", start), finder.find("to", end)
    chosen = chosen_network(analysis, asked, centre, radius)
    rows = sorted(
        (_row(analysis, chosen, place) for place in chosen.nodes),
        key=lambda row: (
            _ordered(row, order, view, analysis) if order else -getattr(row, size),
            row.actor.name(view.language).casefold(),
        ),
    )
    edges = sorted(
        chosen.edges,
        key=lambda edge: (
            *(_pair_ordered(edge, pair_order, view, analysis) if pair_order else ()),
            *(-edge.weight, edge.source, edge.target),
        ),
    )
    return parts.pages.respond(
        request,
        "network.html",
        filters=network_filters(analysis, asked, view),
        asked=asked,
        ego=finder.told(centre, ego, view.language),
        centre=None if centre is None else analysis.snapshot.actors[centre].slug,
        radius=radius,
        start=finder.told(ends[0], start, view.language),
        end=finder.told(ends[1], end, view.language),
        size=size,
        order=order,
        pair_order=pair_order,
        colour=colour,
        mistakes=finder.mistakes,
        guesses=finder.guesses,
        counts=(len(chosen.nodes), len(chosen.edges)),
        rows=rows[first : first + _PER_PAGE],
        pages=_pages(first, len(rows)),
        links=[link_of(analysis, edge, _EVIDENCE_SHOWN) for edge in edges[pairs:][:_PER_PAGE]],
        link_pages=_pages(pairs, len(edges)),
        names={a.slug: a for a in analysis.snapshot.actors},
        places=analysis.snapshot.places,
        paths=_paths(analysis, chosen, *ends),
        legend=_legend(analysis, chosen, colour, view),
        everyone=sorted({a.name(view.language) for a in _tied(analysis)}, key=str.casefold),
        formats=["json", *FORMATS],
        open_in=_open_in(request, analysis, centre, radius),
        query=network_questions.pairs(asked, chosen.centre_iri, radius),
    )


@router.api_route("/network/graph.json", methods=_METHODS)
async def graph(
    request: Request,
    parts: CountedPartsDep,
    analysis: AnalysisDep,
    asked: AskedDep,
    ego: Name = "",
    radius: Annotated[int, Query(ge=1, le=3)] = 1,
) -> Response:
    """Give what the picture draws: nodes with their places, and pairs of them by number."""
    language = parts.pages.view(request).language
    tag = entity_tag(analysis.snapshot.version, str(request.url.query), language)
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    if (fresh := not_modified(request, tag, headers)) is not None:
        return fresh
    chosen = chosen_network(analysis, asked, _Finder(analysis).find("ego", ego), radius)
    numbers = {place: number for number, place in enumerate(chosen.nodes)}
    return JSONResponse(
        {
            "nodes": [_drawn(analysis, chosen, place, language) for place in chosen.nodes],
            "edges": [[numbers[e.source], numbers[e.target], e.weight] for e in chosen.edges],
        },
        headers=headers,
    )


def _open_in(
    request: Request, analysis: Analysis, ego: int | None, radius: int
) -> list[tuple[str, str]]:
    """Give the tools that open the network from its address, and where they do."""
    found = files_of(request, analysis, ego, radius)
    return [pair for file in found for pair in file.open_in.items()]


@dataclass(frozen=True)
class _Guess:
    """What was written in a field, and whom it may mean. One actor: it was taken to mean that."""

    field: str
    written: str
    actors: tuple[Actor, ...]


class _Finder:
    """Finds actors as people write them; keeps what it guessed, and what it must ask about."""

    def __init__(self, analysis: Analysis) -> None:
        self._snapshot = analysis.snapshot
        self.guesses: list[_Guess] = []
        self.mistakes: list[_Guess] = []

    def find(self, field: str, written: str) -> int | None:
        """Find the actor that a field names; None where it names none, or several."""
        if not written.strip():
            return None
        try:
            likely = [find_actor(self._snapshot, written)]
            found = self._snapshot.actors[likely[0]]
            if written in (found.slug, found.iri, *found.labels.values()):
                return likely[0]
        except (ActorNotFound, ActorAmbiguous):
            likely = likely_actors(self._snapshot, written)
        guess = _Guess(field, written, tuple(self._snapshot.actors[place] for place in likely))
        if len(likely) == 1:
            self.guesses.append(guess)
            return likely[0]
        self.mistakes.append(guess)
        return None

    def told(self, place: int | None, written: str, language: str) -> str:
        """Give what stands in a field: the name of who was found, if it is that one's alone."""
        if place is None:
            return written
        name = self._snapshot.actors[place].name(language)
        try:
            return name if find_actor(self._snapshot, name) == place else written
        except ActorAmbiguous:
            return self._snapshot.actors[place].slug


def _ordered(row: Row, order: Order, view: View, analysis: Analysis) -> tuple[bool, str | int]:
    """Give what the table is ordered by; what is not known comes last."""
    if order == "community":
        return False, row.community
    if order == "name":
        return False, row.actor.name(view.language).casefold()
    if order == "kind":
        return False, view.text(f"network.kind.{row.kind}").casefold()
    names = [view.pick(analysis.snapshot.places.get(m, {})) or m for m in row.actor.municipalities]
    return not names, min(names, default="").casefold()


def _pair_ordered(
    edge: Edge, order: PairOrder, view: View, analysis: Analysis
) -> tuple[str | int | bool, ...]:
    """Give what pairs are ordered by; without years they come last, with most evidence first."""
    if order == "pair":
        ends = (analysis.snapshot.actors[end] for end in (edge.source, edge.target))
        return tuple(actor.name(view.language).casefold() for actor in ends)
    if order == "through":
        kinds = {tie.kind for tie in edge.ties}
        return (", ".join(view.text(f"network.tie.{kind}") for kind in sorted(kinds)).casefold(),)
    if order == "evidence":
        return (-len(edge.ties),)
    since = min((tie.since for tie in edge.ties if tie.since), default="")
    until = max((tie.until for tie in edge.ties if tie.until), default="")
    return not since and not until, since or until, until


def _row(analysis: Analysis, chosen: Network, place: int) -> Row:
    actor = analysis.snapshot.actors[place]
    return Row(
        actor,
        place,
        chosen.degree(place),
        chosen.strength(place),
        analysis.measures["betweenness"][place],
        kind_group(actor),
        analysis.measures["community"][place],
    )


def _drawn(analysis: Analysis, chosen: Network, place: int, language: str) -> dict[str, Any]:
    row = _row(analysis, chosen, place)
    x, y = analysis.measures["position"][place]
    return {
        "slug": row.actor.slug,
        "label": row.actor.name(language),
        "kind": row.kind,
        "county": _county(row.actor) or OTHER,
        "community": _community(row.community),
        "degree": row.degree,
        "strength": row.strength,
        "betweenness": row.betweenness,
        "x": x,
        "y": y,
    }


def _county(actor: Actor) -> str:
    """Give the one county that colours an actor: the region's before others."""
    return next((c for c in _COUNTIES if c in actor.counties), next(iter(actor.counties), ""))


def _community(number: int) -> str:
    return str(number + 1) if number < _COMMUNITIES_COLOURED else OTHER


def _tied(analysis: Analysis) -> list[Actor]:
    neighbours = analysis.network.neighbours
    return [a for place, a in enumerate(analysis.snapshot.actors) if neighbours.get(place)]


def network_filters(
    analysis: Analysis, asked: NetworkFilter, view: View
) -> dict[str, list[Choice]]:
    """Give what can be chosen in each filter of the network, with what is."""
    snapshot, tied = analysis.snapshot, _tied(analysis)
    programmes = {
        p for tie in snapshot.ties if (thing := snapshot.things.get(tie.through))
        for p in thing.programmes
    }  # fmt: skip

    def name(labels: Mapping[str, Mapping[str, str]]) -> Callable[[str], str]:
        return lambda slug: view.pick(labels[slug]) if labels.get(slug) else slug

    def choices(
        values: set[str], taken: tuple[str, ...], told: Callable[[str], str]
    ) -> list[Choice]:
        found = [Choice(v, told(v), v in taken) for v in values | set(taken)]
        return sorted(found, key=lambda choice: choice.label.casefold())

    of_kinds, of_places = name(snapshot.kinds), name(snapshot.places)
    return {
        "kind": choices({k for a in tied for k in a.kinds}, asked.kinds, of_kinds),
        "county": choices({c for a in tied for c in a.counties}, asked.counties, of_places),
        "municipality": choices(
            {m for a in tied for m in a.municipalities}, asked.municipalities, of_places
        ),
        "tie": choices(set(RULES), asked.ties, lambda tie: view.text(f"network.tie.{tie}")),
        "programme": choices(programmes, asked.programmes, str.upper),
    }


def _pages(first: int, total: int) -> tuple[int, int, int | None, int | None]:
    """Give the first and last number shown, and where the pages before and after begin."""
    last = min(first + _PER_PAGE, total)
    before = max(first - _PER_PAGE, 0) if first else None
    return first, last, before, last if last < total else None


@dataclass(frozen=True)
class _Step:
    a: Actor
    b: Actor
    link: Any


def _paths(
    analysis: Analysis, chosen: Network, a: int | None, b: int | None
) -> list[list[_Step]] | None:
    """Find the best ways between two actors; None where two were not asked for."""
    if a is None or b is None or a == b:
        return None
    whole = replace(chosen, nodes=tuple(sorted({*chosen.nodes, a, b})))
    _, best = shortest_paths(whole, a, b, _MOST_PATHS, _MOST_STEPS)
    return [[_step(analysis, whole, *pair) for pair in pairwise(p)] for p in best]


def _step(analysis: Analysis, whole: Network, a: int, b: int) -> _Step:
    actors = analysis.snapshot.actors
    edge: Edge = whole.neighbours[a][b]
    return _Step(actors[a], actors[b], link_of(analysis, edge, _EVIDENCE_SHOWN))


@dataclass(frozen=True)
class _Sign:
    """A value that the colour tells apart: the number of its colour, and a second mark."""

    value: str
    label: str
    number: int | str
    mark: str


def _legend(analysis: Analysis, chosen: Network, colour: Colour, view: View) -> list[_Sign]:
    """Give the values in the picture. What a colour means does not depend on the filters."""
    actors = analysis.snapshot.actors
    if colour == "kind":
        there = {kind_group(actors[n]) for n in chosen.nodes}
        named = [
            _Sign(name, view.text(f"network.kind.{name}"), number, group.letter)
            for number, (name, group) in enumerate(GROUPS.items(), 1)
        ]
        return [_grey(sign) for sign in named if sign.value in there]
    if colour == "county":
        there = {_county(actors[n]) for n in chosen.nodes}
        every = sorted({_county(actor) for actor in _tied(analysis)} - {""})
        rest = _Sign(OTHER, view.text("network.county.other"), OTHER, "–")
        names = {c: view.pick(analysis.snapshot.places.get(c, {})) or c for c in every}
        return [
            *(
                _grey(_Sign(c, names[c], number, names[c][:2]))
                for number, c in enumerate(every, 1)
                if c in there
            ),
            rest,
        ]
    groups = {_community(analysis.measures["community"][n]) for n in chosen.nodes}
    rest = _Sign(OTHER, view.text("network.community.other"), OTHER, "–")
    return [
        *(
            _Sign(g, view.text("network.group", number=g), int(g), g)
            for g in sorted(groups - {OTHER})
        ),
        *([rest] if OTHER in groups else []),
    ]


def _grey(sign: _Sign) -> _Sign:
    """Give what has no colour of its own, or is the rest, the grey one."""
    if sign.value != OTHER and int(sign.number) <= _COLOURS:
        return sign
    return replace(sign, number=OTHER)
