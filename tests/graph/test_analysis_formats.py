"""Files of networks against what their formats ask for, and opened by other libraries.

GEXF 1.2draft and GraphML 1.0 are validated against the schemas in ``tests/data/schemas``, whose
README says where they come from; what a schema cannot say is checked beside it.
"""

import io
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import igraph
import networkx as nx
import pytest
from lxml import etree

from klustergraf.analysis import formats, storage
from klustergraf.analysis.contents import network_contents, projection_contents
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.projections import ONTO
from klustergraf.analysis.storage import Analysis
from klustergraf.build import BuildResult

GEXF: Final = "{http://www.gexf.net/1.2draft}"
GRAPHML: Final = "{http://graphml.graphdrawing.org/xmlns}"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NMTOKEN: Final = re.compile(r"[\w.:-]+")
READ: Final[Mapping[str, Callable[[str], object]]] = {
    "string": str,
    "long": int,
    "integer": int,
    "int": int,
    "double": float,
    "float": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}


@pytest.fixture(scope="module")
def analysis(founding: BuildResult) -> Analysis:
    """Give the analysis of the graph of the founding documents, one name of it full of markup."""
    found = storage.load(founding.version)
    actors = list(found.snapshot.actors)
    place = found.network.edges[0].source
    actors[place] = replace(actors[place], labels={"en": "<a> & \"b\" 'c' ]]>", "sv": "å]]>"})
    snapshot = replace(found.snapshot, actors=tuple(actors))
    return replace(found, snapshot=snapshot, network=replace(found.network, snapshot=snapshot))


@pytest.fixture(scope="module", params=["whole", "weighted", "empty"])
def network(analysis: Analysis, request: pytest.FixtureRequest) -> Network:
    """Give networks of several kinds."""
    asked = {
        "whole": NetworkFilter(isolates=True),
        "weighted": NetworkFilter(counting="fractional", since=1990),
        "empty": NetworkFilter(kinds=("no-such-kind",)),
    }
    return project_actors(analysis.snapshot, asked[request.param])


def test_gexf_is_what_its_specification_asks_for(analysis: Analysis, network: Network) -> None:
    """Elements, attributes, types of values and references of GEXF 1.2."""
    written = formats.gexf(network_contents(analysis, network))
    root = ET.fromstring(written)  # noqa: S314 # made here
    assert root.tag == f"{GEXF}gexf"
    assert root.get("version") == "1.2"
    graph = root.find(f"{GEXF}graph")
    assert graph is not None
    assert (graph.get("defaultedgetype"), graph.get("mode")) == ("undirected", "static")
    nodes = graph.findall(f"{GEXF}nodes/{GEXF}node")
    edges = graph.findall(f"{GEXF}edges/{GEXF}edge")
    assert (len(nodes), len(edges)) == (len(network.nodes), len(network.edges))
    ids = {node.get("id") for node in nodes}
    assert len(ids) == len(nodes)
    assert len({edge.get("id") for edge in edges}) == len(edges)
    assert {edge.get(end) for edge in edges for end in ("source", "target")} <= ids
    assert all(float(edge.get("weight", "")) > 0 for edge in edges)
    for group, members in (("node", nodes), ("edge", edges)):
        types = {
            attribute.get("id"): READ[attribute.get("type", "")]
            for attribute in graph.findall(f"{GEXF}attributes[@class='{group}']/{GEXF}attribute")
        }
        for value in (v for member in members for v in member.iter(f"{GEXF}attvalue")):
            types[value.get("for")](value.get("value", ""))


def test_graphml_is_what_its_specification_asks_for(analysis: Analysis, network: Network) -> None:
    """Elements, attributes, types of values and references of GraphML 1.0."""
    written = formats.graphml(network_contents(analysis, network))
    root = ET.fromstring(written)  # noqa: S314 # made here
    assert root.tag == f"{GRAPHML}graphml"
    order = [child.tag.removeprefix(GRAPHML) for child in root]
    assert order == ["key"] * (len(order) - 1) + ["graph"], "keys come first"
    keys = {key.get("id"): key for key in root.findall(f"{GRAPHML}key")}
    assert len(keys) == len(order) - 1
    graph = root.find(f"{GRAPHML}graph")
    assert graph is not None
    assert graph.get("edgedefault") == "undirected"
    nodes, edges = graph.findall(f"{GRAPHML}node"), graph.findall(f"{GRAPHML}edge")
    ids = {node.get("id", "") for node in nodes}
    assert len(ids) == len(nodes) == len(network.nodes)
    assert all(_NMTOKEN.fullmatch(name) for name in (*ids, *map(str, keys)))
    assert {edge.get(end) for edge in edges for end in ("source", "target")} <= ids
    for owner in (graph, *nodes, *edges):
        given = [data.get("key") for data in owner.findall(f"{GRAPHML}data")]
        assert len(given) == len(set(given))
        for data in owner.findall(f"{GRAPHML}data"):
            key = keys[data.get("key")]
            assert key.get("for") == owner.tag.removeprefix(GRAPHML)
            READ[key.get("attr.type", "")](data.text or "")


SCHEMAS: Final = {
    name: etree.XMLSchema(file=str(Path(__file__).parents[1] / "data" / "schemas" / f"{name}.xsd"))
    for name in ("gexf", "graphml")
}
FILTERS: Final = [
    NetworkFilter(isolates=True),
    NetworkFilter(counties=("stockholms-lan",), min_weight=2),
    NetworkFilter(kinds=("university",), ties=("agreement", "foundation")),
    NetworkFilter(since=2010, until=2020),
    NetworkFilter(counting="fractional"),
    NetworkFilter(programmes=('">&<å',)),
]


def faults(name: str, document: bytes) -> list[str]:
    """List what a schema finds wrong in a document."""
    schema = SCHEMAS[name]
    schema.validate(etree.fromstring(document))
    return [f"{error.line}: {error.message}" for error in schema.error_log]


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("asked", FILTERS, ids=repr)
def test_every_network_is_valid(analysis: Analysis, name: str, asked: NetworkFilter) -> None:
    """Whole, filtered and empty networks, and what is around an actor in them."""
    write = formats.FORMATS[name][0]
    network = project_actors(analysis.snapshot, asked)
    assert faults(name, write(network_contents(analysis, network))) == []
    centre = analysis.network.edges[0].source
    for radius in (1, 3):
        held = network_contents(analysis, network.ego(centre, radius))
        assert faults(name, write(held)) == []
        assert f'"radius": {radius}' in held.about["filters"]


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("onto", ONTO)
@pytest.mark.parametrize("asked", FILTERS, ids=repr)
def test_every_projection_is_valid(
    analysis: Analysis, name: str, onto: str, asked: NetworkFilter
) -> None:
    """Actors and what they are tied to, filtered or not."""
    held = projection_contents(analysis, asked, onto)
    assert faults(name, formats.FORMATS[name][0](held)) == []


# What is made wrong, by format: the text, what stands in its place, and a word of the finding.
WRONG: Final = [
    ("gexf", b'version="1.2"', b'version="9"', "version"),
    ("gexf", b"<node ", b"<knot /><node ", "knot"),
    ("gexf", b' source="', b' sauce="', "sauce"),
    ("gexf", b'defaultedgetype="undirected"', b'defaultedgetype="sideways"', "sideways"),
    ("gexf", b' weight="', b' weight="heavy', "heavy"),
    ("gexf", b' type="string"', b' type="text"', "text"),
    ("gexf", b"<meta>", b'<meta lastmodifieddate="yesterday">', "yesterday"),
    ("gexf", b'<node id="', b'<node id="not-', "edge-"),
    ("graphml", b'edgedefault="undirected"', b"", "edgedefault"),
    ("graphml", b"<edge ", b"<knot /><edge ", "knot"),
    ("graphml", b'attr.type="string"', b'attr.type="text"', "text"),
    ("graphml", b'attr.name="label"', b'attr.name="the label"', "the label"),
    ("graphml", b'<data key="', b'<data key="no', "data-key"),
    ("graphml", b'<node id="', b'<node id="not-', "edge-"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "told"), WRONG)
def test_the_schemas_find_faults(
    analysis: Analysis, name: str, right: bytes, wrong: bytes, told: str
) -> None:
    """One thing made wrong in a valid file is found."""
    network = project_actors(analysis.snapshot)
    valid = formats.FORMATS[name][0](network_contents(analysis, network))
    assert faults(name, valid) == []
    broken = valid.replace(right, wrong, 1)
    assert broken != valid
    assert told in " ".join(faults(name, broken))


def pairs_of(network: Network) -> dict[frozenset[str], float]:
    """Give the weight of each pair, by slugs."""
    actors = network.snapshot.actors
    return {
        frozenset((actors[e.source].slug, actors[e.target].slug)): e.weight for e in network.edges
    }


def test_networkx_reads_what_was_written(analysis: Analysis, network: Network) -> None:
    """Both XML formats come back with the same actors, names, pairs and weights."""
    for read, written in (
        (nx.read_graphml, formats.graphml(network_contents(analysis, network))),
        (nx.read_gexf, formats.gexf(network_contents(analysis, network))),
    ):
        again: Any = read(io.BytesIO(written))
        weights = {frozenset((a, b)): w for a, b, w in again.edges(data="weight")}
        assert weights == pytest.approx(pairs_of(network), abs=1e-12)
        names = {actor.slug: actor.name("en") for actor in analysis.snapshot.actors}
        assert {n: d["label"] for n, d in again.nodes(data=True)} == {
            network.snapshot.actors[n].slug: names[network.snapshot.actors[n].slug]
            for n in network.nodes
        }


def test_igraph_reads_what_was_written(
    analysis: Analysis, network: Network, tmp_path: Path
) -> None:
    """igraph opens GraphML, with the same pairs and weights, and finds the version in it."""
    file = tmp_path / "network.graphml"
    file.write_bytes(formats.graphml(network_contents(analysis, network)))
    again = igraph.Graph.Read_GraphML(str(file))
    assert again["version"] == analysis.snapshot.version
    weights = {
        frozenset((again.vs[e.source]["id"], again.vs[e.target]["id"])): e["weight"]
        for e in again.es
    }
    assert weights == pytest.approx(pairs_of(network), abs=1e-12)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_the_same_network_gives_the_same_bytes(
    analysis: Analysis, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file tells when it was written: what lies at an address of a version never changes."""
    write = formats.FORMATS[name][0]
    first = write(network_contents(analysis, analysis.network))
    real = time.strftime

    def another_day(form: str, *moment: Any) -> str:
        return real(form, *moment) if moment else "1999-12-31"

    monkeypatch.setattr("time.strftime", another_day)
    assert write(network_contents(analysis, analysis.network)) == first
