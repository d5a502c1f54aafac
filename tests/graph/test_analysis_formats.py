"""Files of networks against what their formats ask for, and opened by other libraries.

GEXF 1.2draft and GraphML 1.0 are checked as their schemas do: which elements and attributes there
may be, in which order, of which types, and that what is referred to is there.
"""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import igraph
import networkx as nx
import pytest

from klustergraf.analysis import formats, storage
from klustergraf.analysis.network import Network, NetworkFilter, project_actors
from klustergraf.analysis.storage import Analysis
from klustergraf.build import BuildResult

GEXF: Final = "{http://www.gexf.net/1.2draft}"
GRAPHML: Final = "{http://graphml.graphdrawing.org/xmlns}"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NMTOKEN: Final = re.compile(r"[\w.:-]+")
# Element: its children, its attributes, and those that it must have.
Rules = Mapping[str, tuple[set[str], set[str], set[str]]]
GEXF_RULES: Final[Rules] = {
    "gexf": ({"meta", "graph"}, {"version", _XSI}, {"version"}),
    "meta": ({"creator", "keywords", "description"}, {"lastmodifieddate"}, set()),
    "creator": (set(), set(), set()),
    "description": (set(), set(), set()),
    "graph": (
        {"attributes", "nodes", "edges"},
        {"timeformat", "start", "startopen", "end", "endopen", "defaultedgetype", "idtype", "mode"},
        set(),
    ),
    "attributes": ({"attribute"}, {"class", "mode", "start", "end"}, {"class"}),
    "attribute": ({"default", "options"}, {"id", "title", "type"}, {"id", "title", "type"}),
    "nodes": ({"node"}, {"count"}, set()),
    "node": ({"attvalues", "spells", "nodes", "edges", "parents"}, {"id", "label"}, {"id"}),
    "edges": ({"edge"}, {"count"}, set()),
    "edge": (
        {"attvalues", "spells"},
        {"id", "type", "label", "source", "target", "weight"},
        {"id", "source", "target"},
    ),
    "attvalues": ({"attvalue"}, set(), set()),
    "attvalue": (set(), {"for", "value"}, {"for", "value"}),
}
GRAPHML_RULES: Final[Rules] = {
    "graphml": ({"desc", "key", "data", "graph"}, {_XSI}, set()),
    "key": ({"desc", "default"}, {"id", "for", "attr.name", "attr.type"}, {"id"}),
    "graph": ({"desc", "data", "node", "edge", "locator"}, {"id", "edgedefault"}, {"edgedefault"}),
    "node": ({"desc", "data", "port", "graph"}, {"id"}, {"id"}),
    "edge": ({"desc", "data", "graph"}, {"id", "directed", "source", "target"}, set()),
    "data": (set(), {"key", "id"}, {"key"}),
}
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


def faults(root: ET.Element, namespace: str, rules: Rules) -> list[str]:
    """List what a document has that its schema does not allow, and what it lacks."""
    found = []
    for element in root.iter():
        name = element.tag.removeprefix(namespace)
        if name not in rules:
            found.append(f"no element {element.tag}")
            continue
        children, attributes, needed = rules[name]
        inside = {child.tag.removeprefix(namespace) for child in element}
        found += [f"{name} in {name}: {child}" for child in inside - children]
        found += [f"{name} has {given}" for given in set(element.attrib) - attributes]
        found += [f"{name} lacks {missing}" for missing in needed - set(element.attrib)]
        if children and (element.text or "").strip():
            found.append(f"text in {name}")
    return found


def test_gexf_is_what_its_schema_asks_for(analysis: Analysis, network: Network) -> None:
    """Elements, attributes, types of values and references of GEXF 1.2."""
    root = ET.fromstring(formats.gexf(analysis, network))  # noqa: S314 # made here
    assert root.tag == f"{GEXF}gexf"
    assert root.get("version") == "1.2"
    assert faults(root, GEXF, GEXF_RULES) == []
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


def test_graphml_is_what_its_schema_asks_for(analysis: Analysis, network: Network) -> None:
    """Elements, attributes, types of values and references of GraphML 1.0."""
    root = ET.fromstring(formats.graphml(analysis, network))  # noqa: S314 # made here
    assert root.tag == f"{GRAPHML}graphml"
    assert faults(root, GRAPHML, GRAPHML_RULES) == []
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


def pairs_of(network: Network) -> dict[frozenset[str], float]:
    """Give the weight of each pair, by slugs."""
    actors = network.snapshot.actors
    return {
        frozenset((actors[e.source].slug, actors[e.target].slug)): e.weight for e in network.edges
    }


def test_networkx_reads_what_was_written(analysis: Analysis, network: Network) -> None:
    """Both XML formats come back with the same actors, names, pairs and weights."""
    for read, written in (
        (nx.read_graphml, formats.graphml(analysis, network)),
        (nx.read_gexf, formats.gexf(analysis, network)),
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
    file.write_bytes(formats.graphml(analysis, network))
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
    first = write(analysis, analysis.network)
    monkeypatch.setattr("time.strftime", lambda *_: "1999-12-31")
    assert write(analysis, analysis.network) == first
