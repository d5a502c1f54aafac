"""The JSON of ``/api/network…``, ``/api/strategy…`` and ``/api/suggestions``."""

from collections import Counter
from typing import Any

from pydantic import BaseModel, Field

from klustergraf.analysis.network import Edge, Network
from klustergraf.analysis.snapshot import RULES, Tie, slug_of
from klustergraf.analysis.storage import Analysis

MOST_EVIDENCE = 10
STABILITY = "How much of the community comes back with other seeds, 0–1."
_MEASURES = (
    "betweenness", "closeness", "eigenvector", "pagerank", "clustering", "core", "constraint",
)  # fmt: skip


class Point(BaseModel):
    """A place on the map, in degrees (WGS 84)."""

    lat: float
    lng: float


class Measures(BaseModel):
    """Degree and strength in the answer's network; the rest in the whole network of the version."""

    degree: int
    strength: float
    betweenness: float
    closeness: float
    eigenvector: float
    pagerank: float
    clustering: float
    core: int
    constraint: float | None


class Node(BaseModel):
    """An actor. ``kind``, ``county``, ``municipality``: slugs, the first of ``kinds`` and so on."""

    iri: str
    slug: str
    labels: dict[str, str]
    kind: str | None
    kinds: list[str]
    county: str | None
    counties: list[str]
    municipality: str | None
    municipalities: list[str]
    in_region: bool
    point: Point | None
    measures: Measures
    community: int
    community_stability: float = Field(
        description="How much of it comes back with other seeds, 0–1."
    )


class Evidence(BaseModel):
    """What ties a pair, and the node of the graph that says so."""

    kind: str
    rule: str
    through: str
    labels: dict[str, str]
    evidence: str
    certainty: str
    since: str | None
    until: str | None
    amount_eur: float | None


class Link(BaseModel):
    """A pair of actors, by slug. ``ties``: number by kind; ``evidence``: the first of the total."""

    source: str
    target: str
    weight: float
    ties: dict[str, int]
    rules: list[str]
    since: str | None
    until: str | None
    amount_eur: float | None
    evidence: list[Evidence]
    evidence_total: int


class Community(BaseModel):
    """A group of the whole network: how many actors, how many of them in the answer."""

    number: int
    actors: int
    shown: int
    stability: float = Field(description=STABILITY)


class NetworkAnswer(BaseModel):
    """A network. ``hint`` says what to change when nothing fits the filters."""

    version: str
    filters: dict[str, Any]
    edge_rule: str
    query: str = Field(description="SPARQL that gives every pair of the answer, and its weight.")
    actors_query: str = Field(description="SPARQL that gives every actor of the answer.")
    counts: dict[str, int]
    modularity: float
    stability: float
    communities: list[Community] = Field(description="Those of the actors of the answer.")
    kinds: dict[str, dict[str, str]]
    places: dict[str, dict[str, str]]
    nodes: list[Node]
    edges: list[Link]
    hint: str | None = None


class NodeAnswer(BaseModel):
    """One actor, its measures, its roles as a broker, and its partners, the closest first."""

    version: str
    query: str
    node: Node
    brokerage: dict[str, dict[str, int]]
    partners: list[Node]
    edges: list[Link]


class Path(BaseModel):
    """A way from one actor to another. ``distance``: sum of 1 / weight."""

    nodes: list[str]
    steps: int
    distance: float
    edges: list[Link]


class PathsAnswer(BaseModel):
    """All shortest ways, and the best weighted ones, between two actors."""

    version: str
    query: str
    source: Node
    target: Node
    shortest: list[Path]
    best: list[Path]
    hint: str | None = None


class CoverageCell(BaseModel):
    """Numbers of a priority area in a column; ``stated`` and ``derived`` may both count a thing."""

    area: str
    column: str
    actors: int
    facilities: int
    projects: int
    total: int
    amount_eur: float
    stated: int
    derived: int
    amount_eur_derived: float = Field(description="The part of it that only rules tie to the area.")
    by_origin: dict[str, dict[str, int]] = Field(description="stated, derived: numbers by kind.")
    things: dict[str, list[str]]


class AreaRow(BaseModel):
    """A priority area: slug, IRI, names."""

    slug: str
    iri: str
    labels: dict[str, str]


class CoverageAnswer(BaseModel):
    """The matrix of priority areas and columns."""

    version: str
    by: str
    query: str
    areas: list[AreaRow]
    columns: list[str]
    column_labels: dict[str, dict[str, str]]
    cells: list[CoverageCell]


class GapItem(BaseModel):
    """A thin spot. ``gap``: 1 - (count + 1) / (expected + 1)."""

    area: str
    column: str
    count: int
    expected: float
    gap: float


class GapsAnswer(BaseModel):
    """Thin spots, the thinnest first."""

    version: str
    by: str
    formula: str
    query: str
    areas: list[AreaRow]
    column_labels: dict[str, dict[str, str]]
    gaps: list[GapItem]


class SuggestionItem(BaseModel):
    """A pair that could meet. ``reasons``: in sv and en."""

    node: Node
    score: float
    adamic_adar: float
    partners: list[str]
    areas: list[str]
    topics: list[str] = Field(description="Topics of projects of both (IRIs).")
    reasons: dict[str, list[str]]


class SuggestionsAnswer(BaseModel):
    """Whom an actor could meet, the best first."""

    version: str
    query: str
    actor: Node
    suggestions: list[SuggestionItem]


def node_of(analysis: Analysis, network: Network, place: int) -> Node:
    """Tell of an actor; degree and strength are those in ``network``, 0 when it is not in it."""
    actor = analysis.snapshot.actors[place]
    inside = place in network.neighbours
    values = {name: analysis.measures[name][place] for name in _MEASURES}
    return Node(
        iri=actor.iri,
        slug=actor.slug,
        labels=actor.labels,
        kind=actor.kinds[0] if actor.kinds else None,
        kinds=list(actor.kinds),
        county=actor.counties[0] if actor.counties else None,
        counties=list(actor.counties),
        municipality=actor.municipalities[0] if actor.municipalities else None,
        municipalities=list(actor.municipalities),
        in_region=actor.in_region,
        point=Point(lat=actor.point[0], lng=actor.point[1]) if actor.point else None,
        measures=Measures(
            degree=network.degree(place) if inside else 0,
            strength=network.strength(place) if inside else 0.0,
            **values,
        ),
        community=analysis.measures["community"][place],
        community_stability=analysis.stability_of(place),
    )


def link_of(analysis: Analysis, edge: Edge, most: int = MOST_EVIDENCE) -> Link:
    """Tell of a pair."""
    actors = analysis.snapshot.actors
    ties: dict[str, int] = {}
    for tie in edge.ties:
        ties[tie.kind] = ties.get(tie.kind, 0) + 1
    amounts = [tie.amount_eur for tie in edge.ties if tie.amount_eur is not None]
    return Link(
        source=actors[edge.source].slug,
        target=actors[edge.target].slug,
        weight=edge.weight,
        ties=ties,
        rules=sorted({RULES[kind] for kind in ties}),
        since=min((tie.since for tie in edge.ties if tie.since), default=None),
        until=max((tie.until for tie in edge.ties if tie.until), default=None),
        amount_eur=sum(amounts) if amounts else None,
        evidence=[_evidence(analysis, tie) for tie in edge.ties[:most]],
        evidence_total=len(edge.ties),
    )


def _evidence(analysis: Analysis, tie: Tie) -> Evidence:
    thing = analysis.snapshot.things.get(tie.through)
    return Evidence(
        kind=tie.kind,
        rule=RULES[tie.kind],
        through=tie.through,
        labels=thing.labels if thing else {},
        evidence=tie.evidence,
        certainty=tie.certainty,
        since=tie.since,
        until=tie.until,
        amount_eur=tie.amount_eur,
    )


def communities_of(analysis: Analysis, network: Network) -> list[Community]:
    """List the communities of a network's actors, the largest of the whole network first."""
    groups = analysis.measures["community"]
    sizes, shown = Counter(groups), Counter(groups[place] for place in network.nodes)
    return [
        Community(
            number=number,
            actors=sizes[number],
            shown=count,
            stability=analysis.stabilities[number],
        )
        for number, count in sorted(shown.items())
    ]


def areas_of(analysis: Analysis) -> list[AreaRow]:
    """List the priority areas, in the order of the strategy."""
    return [
        AreaRow(slug=slug_of(iri), iri=iri, labels=area.labels)
        for iri, area in sorted(analysis.snapshot.areas.items())
    ]
