"""The network of the shipped graph is what SPARQL counts, pair by pair and both ways."""

import io
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import igraph
import networkx as nx
import pytest
from pyoxigraph import NamedNode, Store

from asking import ask
from klustergraf.analysis import (
    coverage,
    formats,
    growth,
    measures,
    network_questions,
    projections,
    storage,
    strategy_questions,
    suggestions,
)
from klustergraf.analysis.contents import network_contents
from klustergraf.analysis.names import find_actor, likely_actors
from klustergraf.analysis.network import NetworkFilter, project_actors
from klustergraf.analysis.paths import shortest_paths
from klustergraf.analysis.snapshot import slug_of
from klustergraf.analysis.storage import Analysis
from klustergraf.build import BuildResult
from klustergraf.errors import ActorAmbiguous, ActorNotFound, AnalysisParameterError
from klustergraf.namespaces import ID


@pytest.fixture(scope="session")
def analysis(shipped: BuildResult) -> Analysis:
    """Compute the analysis of the shipped graph."""
    return storage.load(shipped.version)


def test_every_pair_is_what_sparql_counts(analysis: Analysis, shipped_store: Store) -> None:
    """Pairs and weights equal those of the query that answers carry, both ways."""
    actors = analysis.snapshot.actors
    own = {(actors[e.source].iri, actors[e.target].iri): e.weight for e in analysis.network.edges}
    asked = {(a, b): float(n) for a, b, n in ask(shipped_store, network_questions.pairs())}
    assert own == asked
    assert len(own) > 20


def test_degrees_are_what_sparql_counts(analysis: Analysis, shipped_store: Store) -> None:
    """The partners of every actor equal those that SPARQL counts; all others have none."""
    asked = {a: int(n) for a, n in ask(shipped_store, network_questions.degrees())}
    degrees = zip(analysis.snapshot.actors, analysis.measures["degree"], strict=True)
    assert {actor.iri: n for actor, n in degrees if n} == asked


def test_partners_of_one_actor(analysis: Analysis, shipped_store: Store) -> None:
    """The query of one actor gives its pairs."""
    place = find_actor(analysis.snapshot, "KTH")
    rows = ask(shipped_store, network_questions.partners_of(analysis.snapshot.actors[place].iri))
    assert len(rows) == analysis.network.degree(place) > 5


def test_coverage_is_what_sparql_lists(analysis: Analysis, shipped_store: Store) -> None:
    """Every contribution of the graph is in the snapshot, stated and derived apart."""
    asked = {
        (area, thing) for area, thing, _ in ask(shipped_store, strategy_questions.contributors())
    }
    assert {(c.area, c.iri) for c in analysis.snapshot.contributions} == asked
    assert {c.derived for c in analysis.snapshot.contributions} <= {True, False}
    cells = coverage.coverage(analysis.snapshot)
    for (area, column), cell in cells.items():
        assert cell.total == sum(cell.count(k) for k in ("actors", "facilities", "projects"))
        assert (cell.area, cell.column) == (area, column)


@pytest.mark.parametrize("by", coverage.COLUMNS)
def test_matrix_is_what_sparql_counts(analysis: Analysis, shipped_store: Store, by: str) -> None:
    """Every number of every cell is what the query of the matrix counts, and no cell is missing."""
    rows = ask(shipped_store, strategy_questions.coverage(by))
    plural = {"actor": "actors", "facility": "facilities", "project": "projects"}
    asked = {(area, slug_of(column), plural[what]): int(n) for area, column, what, n in rows}
    cells = coverage.coverage(analysis.snapshot, by)
    ours = {
        (area, column, what): cell.count(what)
        for (area, column), cell in cells.items()
        for what in ("actors", "facilities", "projects")
        if cell.count(what)
    }
    assert ours == asked
    assert len(ours) > 20


def test_measures_of_the_shipped_network(analysis: Analysis) -> None:
    """Betweenness and closeness of the shipped network equal networkx's to 1e-9."""
    links = storage.links_of(analysis.network)
    network: nx.Graph[int] = nx.Graph()
    network.add_nodes_from(range(links.count))
    network.add_edges_from(links.pairs)
    for name, theirs in (
        ("betweenness", nx.betweenness_centrality(network)),
        ("closeness", nx.closeness_centrality(network)),
    ):
        for place, own in enumerate(analysis.measures[name]):
            assert own == pytest.approx(theirs[place], rel=0, abs=1e-9)


def test_fractional_counting(analysis: Analysis) -> None:
    """What all are in gives each pair 1 / (n - 1): the seven of a foundation share one."""
    asked = NetworkFilter(ties=("foundation",), counting="fractional")
    network = project_actors(analysis.snapshot, asked)
    kth = find_actor(analysis.snapshot, "kth")
    through = {t.through for e in network.neighbours[kth].values() for t in e.ties}
    assert network.strength(kth) == pytest.approx(len(through), abs=1e-9)


def test_kept_is_what_is_computed(analysis: Analysis, shipped: BuildResult, tmp_path: Path) -> None:
    """What is read back is what was computed; computing again gives the same bytes."""
    again = tmp_path / "again"
    again.mkdir()
    storage.make(shipped.version, again)
    kept = shipped.version.path / "derived" / storage.NAME / "analysis.json"
    assert (again / "analysis.json").read_bytes() == kept.read_bytes()
    shutil.rmtree(again)


def test_paths(analysis: Analysis) -> None:
    """Every step of a path is a pair; no path is shorter than networkx's."""
    start = find_actor(analysis.snapshot, "Botkyrka kommun")
    end = find_actor(analysis.snapshot, "Region Uppsala")
    every, best = shortest_paths(analysis.network, start, end, 3)
    simple = nx.Graph([(e.source, e.target) for e in analysis.network.edges])
    assert {len(p) - 1 for p in every} == {nx.shortest_path_length(simple, start, end)}
    for path in [*every, *best]:
        assert all(b in analysis.network.neighbours[a] for a, b in pairwise(path))
    assert len(best) == 3


def test_limits_are_told(analysis: Analysis) -> None:
    """A radius, k, counting or column beyond the limits is refused with the limits."""
    kth = find_actor(analysis.snapshot, "kth")
    with pytest.raises(AnalysisParameterError, match="'radius' must be 1 to 5, not 6"):
        analysis.network.ego(kth, 6)
    with pytest.raises(AnalysisParameterError, match="'k' must be 1 to 50, not 0"):
        shortest_paths(analysis.network, kth, kth, 0)
    with pytest.raises(AnalysisParameterError, match="full or fractional"):
        project_actors(analysis.snapshot, NetworkFilter(counting="half"))
    with pytest.raises(AnalysisParameterError, match="county, municipality, kind"):
        coverage.coverage(analysis.snapshot, "planet")


def test_contradictory_filters_give_an_empty_network(analysis: Analysis) -> None:
    """No foundation is part of a programme: nothing fits, and that is a result."""
    contradictory = NetworkFilter(ties=("foundation",), programmes=("FP7",))
    network = project_actors(analysis.snapshot, contradictory)
    assert (network.nodes, network.edges) == ((), ())


def test_ego_is_networkx_ego(analysis: Analysis) -> None:
    """What lies around an actor is what networkx finds."""
    place = find_actor(analysis.snapshot, "flemingsberg-science")
    simple: nx.Graph[int] = nx.Graph([(e.source, e.target) for e in analysis.network.edges])
    for radius in (1, 2):
        ego = analysis.network.ego(place, radius)
        theirs = nx.ego_graph(simple, place, radius)
        assert set(ego.nodes) == set(theirs)
        assert len(ego.edges) == theirs.number_of_edges()


@pytest.mark.parametrize(
    ("wanted", "slug"),
    [
        ("KTH", "kth"),
        ("KI", "karolinska-institutet"),
        ("sodertorns hogskola", "sodertorns-hogskola"),
        ("SÖDERTÖRNS HÖGSKOLA", "sodertorns-hogskola"),
        (ID + "actor/huddinge-kommun", "huddinge-kommun"),
    ],
)
def test_names_are_matched_forgivingly(analysis: Analysis, wanted: str, slug: str) -> None:
    """An actor is found by slug, IRI, abbreviation, and name with or without å, ä, ö."""
    found = analysis.snapshot.actors[find_actor(analysis.snapshot, wanted)]
    assert found.slug == slug


def test_an_unknown_actor_is_told_with_the_nearest(analysis: Analysis) -> None:
    """A misspelt name gets the right one as a suggestion."""
    with pytest.raises(ActorNotFound, match="karolinska-institutet"):
        find_actor(analysis.snapshot, "Karolnska Institute")  # misspelt on purpose


@pytest.mark.parametrize(
    ("wanted", "slug"),
    [
        ("Karolinska Insitutet", "karolinska-institutet"),  # misspelt on purpose
        ("sodertorns hog", "sodertorns-hogskola"),
        ("flemingsberg sci", "flemingsberg-science"),
        ("kth", "kth"),
    ],
)
def test_what_is_surely_meant(analysis: Analysis, wanted: str, slug: str) -> None:
    """One misspelling, or the beginnings of words that one actor alone has, name that actor."""
    found = likely_actors(analysis.snapshot, wanted)
    assert [analysis.snapshot.actors[place].slug for place in found] == [slug]


@pytest.mark.parametrize("wanted", ["stockholms", "region", "karolin"])
def test_what_several_may_be(analysis: Analysis, wanted: str) -> None:
    """Several fit: each has a name with a word that begins so, and the shortest comes first."""
    found = [analysis.snapshot.actors[place] for place in likely_actors(analysis.snapshot, wanted)]
    assert len(found) > 1
    for actor in found:
        words = {word for name in (*actor.names, actor.slug) for word in re.split(r"\W+", name)}
        assert any(word.casefold().startswith(wanted) for word in words)
    lengths = [len(actor.name()) for actor in found]
    assert lengths == sorted(lengths)


def test_what_nobody_may_be(analysis: Analysis) -> None:
    """Neither nonsense nor nothing names anybody."""
    for wanted in ("", "  ", "???", "qqqqqqxz"):
        assert likely_actors(analysis.snapshot, wanted) == []


def test_two_of_one_name_are_asked_about(analysis: Analysis) -> None:
    """A name that two actors have is not guessed at."""
    one, two = analysis.snapshot.actors[:2]
    both = type(analysis.snapshot)(
        **{
            **vars(analysis.snapshot),
            "actors": (
                type(one)(**{**vars(one), "names": ("Twin",)}),
                type(two)(**{**vars(two), "names": ("twin",)}),
            ),
        }
    )
    with pytest.raises(ActorAmbiguous, match="Say which"):
        find_actor(both, "TWIN")


def test_suggestions_have_no_tie_and_a_reason(analysis: Analysis) -> None:
    """No suggested pair is tied or parent and child; Adamic–Adar equals networkx's."""
    kth = find_actor(analysis.snapshot, "botkyrka-kommun")
    found = suggestions.suggest(analysis.network, kth, 10)
    simple: nx.Graph[int] = nx.Graph([(e.source, e.target) for e in analysis.network.edges])
    assert found
    for item in found:
        assert item.other not in analysis.network.neighbours[kth]
        assert item.partners or item.areas or item.topics
        ((_, _, theirs),) = nx.adamic_adar_index(simple, [(kth, item.other)])
        assert item.adamic_adar == pytest.approx(theirs, abs=1e-9)
        assert suggestions.reasons(analysis.snapshot, item)["sv"]


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_says_what_it_holds(analysis: Analysis, name: str) -> None:
    """Every file names its version."""
    network = project_actors(analysis.snapshot)
    document = formats.FORMATS[name][0](network_contents(analysis, network))
    if name == "xlsx":
        with ZipFile(io.BytesIO(document)) as archive:
            document = b"".join(archive.read(part) for part in archive.namelist())
    assert analysis.snapshot.version.encode() in document


def test_exports_open_in_other_tools(analysis: Analysis, tmp_path: Path) -> None:
    """GraphML and GEXF open in networkx, GraphML in igraph, with every pair."""
    network = project_actors(analysis.snapshot)
    path = tmp_path / "network"
    for name, read in (("graphml", nx.read_graphml), ("gexf", nx.read_gexf)):
        path.write_bytes(formats.FORMATS[name][0](network_contents(analysis, network)))
        opened = read(path)
        assert opened.number_of_nodes() == len(network.nodes)
        assert opened.number_of_edges() == len(network.edges)
        weights = [float(data["weight"]) for *_, data in opened.edges(data=True)]
        assert sum(weights) == sum(e.weight for e in network.edges)
    path.write_bytes(formats.graphml(network_contents(analysis, network)))
    opened = igraph.Graph.Read_GraphML(str(path))
    assert (opened.vcount(), opened.ecount()) == (len(network.nodes), len(network.edges))


def test_the_multigraph_has_an_edge_for_each_tie(analysis: Analysis) -> None:
    """The networkx form keeps every tie apart, with its evidence."""
    network = project_actors(analysis.snapshot)
    multi = network.to_networkx()
    assert multi.number_of_edges() == sum(len(e.ties) for e in network.edges)
    assert all(data["evidence"] for *_, data in multi.edges(data=True))


def test_a_term_of_a_question_is_a_term() -> None:
    """What is no IRI never becomes part of a query."""
    with pytest.raises(ValueError, match="IRI"):
        network_questions.partners_of("x> } DROP ALL #")
    assert NamedNode(ID + "actor/kth").value in network_questions.partners_of(ID + "actor/kth")


def test_strength_without_weights_is_degree(analysis: Analysis) -> None:
    """With every weight 1, strength is degree."""
    links = storage.links_of(analysis.network)
    ones = measures.Links(links.count, links.pairs, [1.0] * len(links.pairs))
    assert measures.strength(ones) == measures.degree(links)


@pytest.mark.parametrize("onto", projections.ONTO)
def test_projections_are_what_sparql_counts(
    analysis: Analysis, shipped_store: Store, onto: str
) -> None:
    """Every actor's weight with every area, facility and project equals that of the query."""
    actors = analysis.snapshot.actors
    found = projections.project_onto(analysis.snapshot, onto, NetworkFilter())
    own = {(actors[c.actor].iri, c.target): c.weight for c in found}
    asked = {(a, t): int(n) for a, t, n in ask(shipped_store, network_questions.onto(onto))}
    assert own == asked
    assert len(own) > 20


def test_projections_follow_filters(analysis: Analysis) -> None:
    """Places and kinds of actors, years of projects and the least weight are heeded."""
    actors = analysis.snapshot.actors
    uppsala = projections.project_onto(
        analysis.snapshot, "priority", NetworkFilter(counties=("uppsala-lan",), min_weight=2)
    )
    assert uppsala
    assert all("uppsala-lan" in actors[c.actor].counties and c.weight >= 2 for c in uppsala)
    dated = projections.project_onto(analysis.snapshot, "project", NetworkFilter(since=2015))
    assert {(analysis.snapshot.things[c.target].until or "2015")[:4] >= "2015" for c in dated} == {
        True
    }
    with pytest.raises(AnalysisParameterError, match="priority, facility, project"):
        projections.project_onto(analysis.snapshot, "planet", NetworkFilter())


def test_trend_is_what_sparql_lists(analysis: Analysis, shipped_store: Store) -> None:
    """Projects started and running in each year, and those without one, equal the query's."""
    rows = {tuple(row) for row in ask(shipped_store, strategy_questions.beginnings())}
    found = growth.trend(analysis.snapshot)
    projects = {p.project for p in analysis.snapshot.participations}
    for area, missing in found.undated.items():
        assert missing == len({t for a, t, since, _ in rows if a == area and not since})
    for item in found.years:
        dated = [
            (thing, int(since[:4]), int(until[:4]) if until else 9999)
            for area, thing, since, until in rows
            if area == item.area and since and thing in projects
        ]
        assert item.started == sum(since == item.year for _, since, _ in dated)
        assert item.running == sum(since <= item.year <= until for _, since, until in dated)
    assert sum(item.started for item in found.years) > 20


def test_coverage_differs_from_none_to_itself(analysis: Analysis) -> None:
    """Against itself nothing changed; against a version without contributions everything came."""
    snapshot = analysis.snapshot
    assert coverage.changes(snapshot, snapshot) == []
    bare = replace(snapshot, contributions=())
    changes = coverage.changes(bare, snapshot)
    assert len(changes) == len([c for c in coverage.coverage(snapshot).values() if c.total])
    assert all(was.total == 0 and now.total > 0 for was, now in changes)


def test_dates_are_what_sparql_lists(analysis: Analysis, shipped_store: Store) -> None:
    """Every tie begins and ends when the query of growth says."""
    actors = analysis.snapshot.actors
    own = {
        (actors[t.a].iri, actors[t.b].iri, t.evidence, t.since or "", t.until or "")
        for t in analysis.snapshot.ties
    }
    asked = {
        (a, b, tie, since, until)
        for a, b, tie, _, since, until in ask(shipped_store, network_questions.beginnings())
    }
    assert own == asked
    years, undated = growth.growth(analysis.network)
    assert undated == sum(not since for *_, since, _ in own)
    last = years[-1].year
    assert years[-1].ties == sum(
        since[:4] <= str(last) and (not until or until[:4] >= str(last))
        for *_, since, until in own
        if since
    )
