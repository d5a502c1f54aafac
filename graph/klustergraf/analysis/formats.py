"""Networks as files for other tools. Each says the version, the filters and the edge rule."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import networkx as nx
from openpyxl import Workbook

from klustergraf.analysis.network import Network
from klustergraf.analysis.snapshot import RULES
from klustergraf.analysis.storage import Analysis
from klustergraf.tables import undated

EDGE_RULE: Final = (
    "Two actors are tied when they share a project, agreement, foundation, group or facility, when "
    "one is a member of the other, or when a source says that they work together."
)


def about(network: Network) -> dict[str, str]:
    """Say what a file holds: version, filters, edge rule."""
    return {
        "version": network.snapshot.version,
        "filters": json.dumps(network.filters, sort_keys=True),
        "edge_rule": EDGE_RULE,
        "counting": network.asked.counting,
    }


def _nodes(analysis: Analysis, network: Network) -> list[dict[str, Any]]:
    rows = []
    for node in network.nodes:
        actor = analysis.snapshot.actors[node]
        rows.append(
            {
                "id": actor.slug,
                "iri": actor.iri,
                "label": actor.name("en"),
                "label_sv": actor.name("sv"),
                "kind": actor.kinds[0] if actor.kinds else "",
                "county": actor.counties[0] if actor.counties else "",
                "municipality": actor.municipalities[0] if actor.municipalities else "",
                "degree": network.degree(node),
                "strength": network.strength(node),
                "betweenness": analysis.measures["betweenness"][node],
                "community": analysis.measures["community"][node],
            }
        )
    return rows


def _edges(network: Network) -> list[dict[str, Any]]:
    actors = network.snapshot.actors
    return [
        {
            "source": actors[edge.source].slug,
            "target": actors[edge.target].slug,
            "weight": edge.weight,
            "ties": " ".join(sorted({tie.kind for tie in edge.ties})),
            "rules": " ".join(sorted({RULES[tie.kind] for tie in edge.ties})),
            "since": min((tie.since for tie in edge.ties if tie.since), default=""),
        }
        for edge in network.edges
    ]


def _networkx(analysis: Analysis, network: Network) -> "nx.Graph[str]":
    made: nx.Graph[str] = nx.Graph()
    made.graph.update(about(network))
    for row in _nodes(analysis, network):
        made.add_node(row["id"], **{k: v for k, v in row.items() if k != "id"})
    for row in _edges(network):
        ends = (row["source"], row["target"])
        made.add_edge(*ends, **{k: v for k, v in row.items() if k not in ("source", "target")})
    return made


def graphml(analysis: Analysis, network: Network) -> bytes:
    """Write GraphML 1.0."""
    text = "\n".join(nx.generate_graphml(_networkx(analysis, network)))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def gexf(analysis: Analysis, network: Network) -> bytes:
    """Write GEXF 1.2draft; the description holds version, filters and rule."""
    made = _networkx(analysis, network)
    description = json.dumps(about(network), ensure_ascii=False)
    made.graph.clear()
    made.graph["mode"] = "static"
    out = io.BytesIO()
    nx.write_gexf(made, out)
    creator = f"<creator>NetworkX {nx.__version__}</creator>"
    escaped = description.replace("&", "&amp;").replace("<", "&lt;")
    text = out.getvalue().decode()
    text = text.replace(
        creator, f"<creator>Klustergraf</creator><description>{escaped}</description>"
    )
    # The schema knows no name of a graph; the same network gives the same bytes on every day.
    text = text.replace(' mode="static" name="">', ' mode="static">', 1)
    return re.sub(r'<meta lastmodifieddate="[^"]*">', "<meta>", text, count=1).encode()


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def cytoscape(analysis: Analysis, network: Network) -> bytes:
    """Write Cytoscape.js JSON."""
    nodes = [{"data": row} for row in _nodes(analysis, network)]
    edges = [{"data": {"id": f"e{n}", **row}} for n, row in enumerate(_edges(network))]
    return _json({"data": about(network), "elements": {"nodes": nodes, "edges": edges}})


def vosviewer(analysis: Analysis, network: Network) -> bytes:
    """Write VOSviewer JSON; ids and clusters count from 1."""
    places = {node: place for place, node in enumerate(network.nodes, 1)}
    items = [
        {
            "id": places[node],
            "label": row["label"],
            "url": row["iri"],
            "cluster": row["community"] + 1,
            "weights": {"Links": row["degree"], "Total link strength": row["strength"]},
        }
        for node, row in zip(network.nodes, _nodes(analysis, network), strict=True)
    ]
    links = [
        {"source_id": places[e.source], "target_id": places[e.target], "strength": e.weight}
        for e in network.edges
    ]
    info = {"title": "Klustergraf", "description": json.dumps(about(network), ensure_ascii=False)}
    return _json({"info": info, "network": {"items": items, "links": links}})


def kumu(analysis: Analysis, network: Network) -> bytes:
    """Write Kumu's blueprint JSON."""
    elements = [
        {
            "label": row["label"],
            "type": row["kind"] or "actor",
            **{k: row[k] for k in ("id", "iri", "county", "degree")},
        }
        for row in _nodes(analysis, network)
    ]
    connections = [
        {
            "from": row["source"],
            "to": row["target"],
            "direction": "undirected",
            "strength": row["weight"],
            "type": row["ties"],
        }
        for row in _edges(network)
    ]
    return _json({"description": about(network), "elements": elements, "connections": connections})


def _csv(rows: list[dict[str, Any]], header: list[str], network: Network) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*header, "version", "filters"])
    said = about(network)
    for row in rows:
        cells = [harmless(row[name]) for name in header]
        writer.writerow([*cells, said["version"], said["filters"]])
    return out.getvalue().encode()


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


_NODE_COLUMNS: Final = [
    "id", "iri", "label", "label_sv", "kind", "county", "municipality", "degree", "strength",
    "betweenness", "community",
]  # fmt: skip
_EDGE_COLUMNS: Final = ["source", "target", "weight", "ties", "rules", "since"]


def csv_nodes(analysis: Analysis, network: Network) -> bytes:
    """Write the actors as CSV (RFC 4180)."""
    return _csv(_nodes(analysis, network), _NODE_COLUMNS, network)


def csv_edges(_: Analysis, network: Network) -> bytes:
    """Write the pairs as CSV (RFC 4180)."""
    return _csv(_edges(network), _EDGE_COLUMNS, network)


def xlsx(analysis: Analysis, network: Network) -> bytes:
    """Write an Excel workbook: actors, pairs, and what the file holds. No cell is a formula."""
    book = Workbook(write_only=True)
    sheets = (
        ("Actors", _NODE_COLUMNS, _nodes(analysis, network)),
        ("Pairs", _EDGE_COLUMNS, _edges(network)),
        ("About", ["what", "text"], [{"what": k, "text": v} for k, v in about(network).items()]),
    )
    for title, header, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.append(header)
        for row in rows:
            sheet.append([harmless(row[name]) for name in header])
    book.properties.creator = "Klustergraf"
    out = io.BytesIO()
    book.save(out)
    return undated(out.getvalue())  # the same network gives the same bytes


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(analysis: Analysis, network: Network) -> bytes:
    """Write Graphviz DOT."""
    lines = [f"// {key}: {value}" for key, value in about(network).items()]
    lines.append("graph klustergraf {")
    lines += [
        f"  {_quoted(row['id'])} [label={_quoted(row['label'])}];"
        for row in _nodes(analysis, network)
    ]
    lines += [
        f"  {_quoted(row['source'])} -- {_quoted(row['target'])} [weight={row['weight']:g}];"
        for row in _edges(network)
    ]
    return ("\n".join([*lines, "}"]) + "\n").encode()


def matrix_market(_: Analysis, network: Network) -> bytes:
    """Write the weights as a symmetric Matrix Market matrix; comments name the rows."""
    places = {node: place for place, node in enumerate(network.nodes, 1)}
    lines = ["%%MatrixMarket matrix coordinate real symmetric"]
    lines += [f"% {key}: {value}" for key, value in about(network).items()]
    lines += [f"% {places[n]} {network.snapshot.actors[n].slug}" for n in network.nodes]
    size = len(network.nodes)
    lines.append(f"{size} {size} {len(network.edges)}")
    # The lower triangle: the row is the greater.
    lines += [f"{places[e.target]} {places[e.source]} {e.weight!r}" for e in network.edges]
    return ("\n".join(lines) + "\n").encode()


Writer = Callable[[Analysis, Network], bytes]

FORMATS: Final[Mapping[str, tuple[Writer, str, str]]] = {
    "graphml": (graphml, "application/graphml+xml", "graphml"),
    "gexf": (gexf, "application/gexf+xml", "gexf"),
    "cytoscape": (cytoscape, "application/json", "cyjs"),
    "vosviewer": (vosviewer, "application/json", "vosviewer.json"),
    "kumu": (kumu, "application/json", "kumu.json"),
    "csv": (csv_edges, "text/csv; charset=utf-8", "edges.csv"),
    "csv-nodes": (csv_nodes, "text/csv; charset=utf-8", "nodes.csv"),
    "xlsx": (
        xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    "dot": (dot, "text/vnd.graphviz; charset=utf-8", "dot"),
    "mtx": (matrix_market, "text/plain; charset=utf-8", "mtx"),
}
"""Formats by name: writer, media type, file suffix."""
