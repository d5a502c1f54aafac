"""The SPARQL of a filtered network gives that network: pairs, weights, actors, ties, both ways."""

import random
from typing import Any, Final

import pytest
from pyoxigraph import Store

from asking import ask
from klustergraf.analysis import growth, network_questions, projections, storage
from klustergraf.analysis.names import find_actor
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.storage import Analysis
from klustergraf.build import BuildResult
from klustergraf.errors import AnalysisParameterError

_HOSTILE: Final = 'x> } } ; DROP ALL # " \\ \n å'
_ONE_EACH: Final = [
    NetworkFilter(),
    NetworkFilter(kinds=("company", "university")),
    NetworkFilter(counties=("uppsala-lan",)),
    NetworkFilter(municipalities=("huddinge", "uppsala")),
    NetworkFilter(counties=("huddinge",)),  # a municipality is no county
    NetworkFilter(ties=("project",)),
    NetworkFilter(ties=("membership", "stated")),
    NetworkFilter(ties=("facility", "agreement", "foundation", "group")),
    NetworkFilter(programmes=("fp7",)),
    NetworkFilter(since=2014),
    NetworkFilter(until=2012),
    NetworkFilter(since=2010, until=2015),
    NetworkFilter(since=2016, until=2010),
    NetworkFilter(min_weight=2),
    NetworkFilter(min_weight=1.5),
    NetworkFilter(counting="fractional"),
    NetworkFilter(counting="fractional", min_weight=0.25),
    NetworkFilter(counting="fractional", min_weight=1 / 3),
    NetworkFilter(isolates=True),
    NetworkFilter(isolates=True, kinds=("university",), min_weight=3),
    NetworkFilter(kinds=(_HOSTILE,), isolates=True),
    NetworkFilter(ties=(_HOSTILE,)),
    NetworkFilter(programmes=(_HOSTILE,), counties=("uppsala-lan",)),
]


def _any_filter(seed: int) -> NetworkFilter:
    """Draw a filter with several conditions."""
    chance = random.Random(seed)

    def some(*values: str) -> tuple[str, ...]:
        chosen = chance.sample(values, chance.randint(1, 2)) if chance.random() < 0.3 else ()
        return tuple(sorted(chosen))

    values: dict[str, Any] = {
        "kinds": some("company", "university", "agency", "municipality", "foundation"),
        "counties": some("uppsala-lan", "stockholms-lan", "vastra-gotalands-lan"),
        "municipalities": some("huddinge", "uppsala", "stockholm", "solna"),
        "ties": some("project", "agreement", "facility", "membership", "stated", "foundation"),
        "programmes": some("fp7", "h2020"),
        "since": chance.choice([None, None, 2008, 2014, 2016]),
        "until": chance.choice([None, None, 2012, 2015, 2025]),
        "min_weight": chance.choice([0.0, 0.0, 0.2, 0.5, 1.0, 2.0]),
        "counting": chance.choice(["full", "fractional"]),
        "isolates": chance.random() < 0.2,
    }
    return NetworkFilter(**values)


_DRAWN: Final = [_any_filter(seed) for seed in range(24)]


@pytest.fixture(scope="module")
def analysis(shipped: BuildResult) -> Analysis:
    """Give the analysis of the shipped graph."""
    return storage.load(shipped.version)


def assert_same(network: Network, store: Store) -> None:
    """Compare every pair, weight and actor of a network with those that its questions find."""
    actors, iri = network.snapshot.actors, network.centre_iri
    rows = ask(store, network_questions.pairs(network.asked, iri, network.radius))
    own = {(actors[e.source].iri, actors[e.target].iri): e.weight for e in network.edges}
    assert {(a, b): float(weight) for a, b, weight in rows} == pytest.approx(own, abs=1e-9)
    told = ask(store, network_questions.actors(network.asked, iri, network.radius))
    assert {a for (a,) in told} == {actors[n].iri for n in network.nodes}
    assert len(told) == len(network.nodes)


@pytest.mark.parametrize("asked", _ONE_EACH + _DRAWN, ids=repr)
def test_filtered(analysis: Analysis, shipped_store: Store, asked: NetworkFilter) -> None:
    """Each condition alone, and many together."""
    assert_same(project_actors(analysis.snapshot, asked), shipped_store)


def test_filters_of_these_tests_leave_something(analysis: Analysis) -> None:
    """Most of the filters drawn leave some pairs: nothing equal to nothing proves nothing."""
    left = [len(project_actors(analysis.snapshot, asked).edges) for asked in _DRAWN]
    assert sum(count > 0 for count in left) > 10
    assert len(set(left)) > 8


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize(
    "asked",
    [
        NetworkFilter(),
        NetworkFilter(counties=("uppsala-lan",), since=2012),
        NetworkFilter(min_weight=2),
        NetworkFilter(counting="fractional", min_weight=0.5, ties=("project",)),
        NetworkFilter(kinds=("no-such-kind",)),
    ],
    ids=repr,
)
def test_around_an_actor(
    analysis: Analysis, shipped_store: Store, asked: NetworkFilter, radius: int
) -> None:
    """What lies around an actor, in a filtered network, by as many steps."""
    place = find_actor(analysis.snapshot, "uppsala-universitet")
    network = project_actors(analysis.snapshot, asked).ego(place, radius)
    assert_same(network, shipped_store)


def test_far_around_an_actor(analysis: Analysis, shipped_store: Store) -> None:
    """Five steps are the limit, here and there."""
    place = find_actor(analysis.snapshot, "botkyrka-kommun")
    whole = project_actors(analysis.snapshot, NetworkFilter(ties=("agreement", "membership")))
    assert_same(whole.ego(place, 5), shipped_store)
    with pytest.raises(AnalysisParameterError, match="1 to 5"):
        network_questions.pairs(ego=analysis.snapshot.actors[place].iri, radius=6)
    with pytest.raises(ValueError, match="IRI"):
        network_questions.actors(ego=_HOSTILE)


@pytest.mark.parametrize("asked", _ONE_EACH + _DRAWN[:8], ids=repr)
def test_ties_and_years(analysis: Analysis, shipped_store: Store, asked: NetworkFilter) -> None:
    """The ties of a filtered network, with their dates, and so the numbers of each year."""
    network = project_actors(analysis.snapshot, asked)
    actors = analysis.snapshot.actors
    rows = ask(shipped_store, network_questions.beginnings(asked))
    own = {
        (actors[t.a].iri, actors[t.b].iri, t.evidence, t.through, t.since or "", t.until or "")
        for edge in network.edges
        for t in edge.ties
    }
    assert set(rows) == own
    years, undated = growth.growth(network)
    assert undated == len({row[:4] for row in rows if not row[4]})
    for item in years:
        there = [
            (a, b)
            for a, b, _, _, since, until in rows
            if since and int(since[:4]) <= item.year <= int(until[:4] or 9999)
        ]
        assert (item.ties, item.pairs) == (len(there), len(set(there)))


@pytest.mark.parametrize("onto", projections.ONTO)
@pytest.mark.parametrize("asked", _ONE_EACH + _DRAWN[:8], ids=repr)
def test_projections(
    analysis: Analysis, shipped_store: Store, asked: NetworkFilter, onto: str
) -> None:
    """Actors and priority areas, facilities and projects, under the filters that count there."""
    actors = analysis.snapshot.actors
    found = projections.project_onto(analysis.snapshot, onto, asked)
    own = {(actors[c.actor].iri, c.target): c.weight for c in found}
    rows = ask(shipped_store, network_questions.onto(onto, asked))
    assert {(a, t): int(n) for a, t, n in rows} == own


def test_degrees_of_a_filtered_network(analysis: Analysis, shipped_store: Store) -> None:
    """Partners are counted in the network that was asked for."""
    asked = NetworkFilter(counties=("uppsala-lan",), min_weight=2)
    network = project_actors(analysis.snapshot, asked)
    rows = ask(shipped_store, network_questions.degrees(asked))
    own = {analysis.snapshot.actors[n].iri: network.degree(n) for n in network.nodes}
    assert {a: int(n) for a, n in rows} == own
    assert own
