"""Networks as files for other tools. Each says the version, the filters and the edge rule."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import escape

import networkx as nx
from xlsxwriter import Workbook

from klustergraf.analysis.contents import Contents, Row

_NO_TIME: Final = datetime(2000, 1, 1)  # noqa: DTZ001 # Excel knows no time zones


def _networkx(held: Contents) -> "nx.Graph[str]":
    made: nx.Graph[str] = nx.Graph()
    made.graph.update(held.about)
    for row in held.nodes:
        made.add_node(row["id"], **{k: v for k, v in row.items() if k != "id"})
    for row in held.edges:
        ends = (row["source"], row["target"])
        made.add_edge(*ends, **{k: v for k, v in row.items() if k not in ("source", "target")})
    return made


def graphml(held: Contents) -> bytes:
    """Write GraphML 1.0."""
    # A fifth of the time went into spaces before lines.
    text = "".join(nx.generate_graphml(_networkx(held), prettyprint=False))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def gexf(held: Contents) -> bytes:
    """Write GEXF 1.2draft; the description holds version, filters and rule."""
    made = _networkx(held)
    made.graph.clear()
    made.graph["mode"] = "static"
    out = io.BytesIO()
    nx.write_gexf(made, out, prettyprint=False)
    text = out.getvalue().decode()
    text = text.replace(
        f"<creator>NetworkX {nx.__version__}</creator>",
        f"<creator>Klustergraf</creator><description>{escape(_told(held))}</description>",
    )
    # The schema knows no name of a graph; the same network gives the same bytes on every day.
    text = text.replace(' mode="static" name="">', ' mode="static">', 1)
    return re.sub(r'<meta lastmodifieddate="[^"]*">', "<meta>", text, count=1).encode()


def _told(held: Contents) -> str:
    return json.dumps(held.about, ensure_ascii=False)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def cytoscape(held: Contents) -> bytes:
    """Write Cytoscape.js JSON."""
    nodes = [{"data": row} for row in held.nodes]
    edges = [{"data": {"id": f"e{n}", **row}} for n, row in enumerate(held.edges)]
    return _json({"data": held.about, "elements": {"nodes": nodes, "edges": edges}})


def vosviewer(held: Contents) -> bytes:
    """Write VOSviewer JSON; ids and clusters count from 1, clusters are communities or sorts."""
    places = _places(held)
    group = "bipartite" if held.is_bipartite else "community"
    items = [
        {
            "id": place,
            "label": row["label"],
            "url": row["iri"],
            "cluster": row[group] + 1,
            "weights": {"Links": row["degree"], "Total link strength": row["strength"]},
        }
        for place, row in enumerate(held.nodes, 1)
    ]
    links = [
        {
            "source_id": places[row["source"]],
            "target_id": places[row["target"]],
            "strength": row["weight"],
        }
        for row in held.edges
    ]
    info = {"title": "Klustergraf", "description": _told(held)}
    return _json({"info": info, "network": {"items": items, "links": links}})


def _places(held: Contents) -> dict[str, int]:
    return {row["id"]: place for place, row in enumerate(held.nodes, 1)}


def kumu(held: Contents) -> bytes:
    """Write Kumu's blueprint JSON."""
    elements = [
        {
            "label": row["label"],
            "type": row["kind"] or "actor",
            **{k: row[k] for k in ("id", "iri", "county", "degree")},
        }
        for row in held.nodes
    ]
    connections = [
        {
            "from": row["source"],
            "to": row["target"],
            "direction": "undirected",
            "strength": row["weight"],
            "type": row.get("ties") or held.about.get("onto", ""),
        }
        for row in held.edges
    ]
    return _json({"description": held.about, "elements": elements, "connections": connections})


def _csv(rows: list[Row], header: Sequence[str], about: Mapping[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*header, "version", "filters"])
    for row in rows:
        cells = [harmless(row[name]) for name in header]
        writer.writerow([*cells, about["version"], about["filters"]])
    return out.getvalue().encode()


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def csv_nodes(held: Contents) -> bytes:
    """Write the nodes as CSV (RFC 4180)."""
    return _csv(held.nodes, held.node_columns, held.about)


def csv_edges(held: Contents) -> bytes:
    """Write the edges as CSV (RFC 4180)."""
    return _csv(held.edges, held.edge_columns, held.about)


def xlsx(held: Contents) -> bytes:
    """Write an Excel workbook: nodes, edges, and what the file holds. No cell is a formula."""
    about = [{"what": key, "text": text} for key, text in held.about.items()]
    sheets = (
        ("Nodes" if held.is_bipartite else "Actors", held.node_columns, held.nodes),
        ("Edges" if held.is_bipartite else "Pairs", held.edge_columns, held.edges),
        ("About", ("what", "text"), about),
    )
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        # The same network gives the same bytes: the library dates all parts 1980.
        book.set_properties({"author": "Klustergraf", "created": _NO_TIME})
        for title, header, rows in sheets:
            sheet = book.add_worksheet(title)
            for column, name in enumerate(header):
                sheet.write_string(0, column, name)
                for line, row in enumerate(rows, 1):
                    value = row[name]
                    # A name that looks like a formula, a number or an address stays a text.
                    if isinstance(value, str):
                        sheet.write_string(line, column, value)
                    else:
                        sheet.write_number(line, column, value)
    return out.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(held: Contents) -> bytes:
    """Write Graphviz DOT; in a projection actors are ellipses, the others boxes."""
    lines = [f"// {key}: {value}" for key, value in held.about.items()]
    lines.append("graph klustergraf {")
    for row in held.nodes:
        shape = ", shape=box" if row.get("bipartite") else ""
        lines.append(f"  {_quoted(row['id'])} [label={_quoted(row['label'])}{shape}];")
    lines += [
        f"  {_quoted(row['source'])} -- {_quoted(row['target'])} [weight={row['weight']:g}];"
        for row in held.edges
    ]
    return ("\n".join([*lines, "}"]) + "\n").encode()


def matrix_market(held: Contents) -> bytes:
    """Write the weights as a Matrix Market matrix; comments name the rows, and columns.

    Symmetric; of a projection general, with a row for each actor.
    """
    split = sum(not row["bipartite"] for row in held.nodes) if held.is_bipartite else 0
    kind = "general" if held.is_bipartite else "symmetric"
    lines = [f"%%MatrixMarket matrix coordinate real {kind}"]
    lines += [f"% {key}: {value}" for key, value in held.about.items()]
    places = _places(held)
    for name, place in places.items():
        if not held.is_bipartite:
            lines.append(f"% {place} {name}")
        elif place <= split:
            lines.append(f"% row {place} {name}")
        else:
            lines.append(f"% column {place - split} {name}")
    size = len(held.nodes)
    rows, columns = (split, size - split) if held.is_bipartite else (size, size)
    lines.append(f"{rows} {columns} {len(held.edges)}")
    for row in held.edges:
        source, target = places[row["source"]], places[row["target"]]
        # Of a symmetric matrix the lower triangle is told: the row is the greater.
        cell = (source, target - split) if held.is_bipartite else (target, source)
        lines.append(f"{cell[0]} {cell[1]} {float(row['weight'])!r}")
    return ("\n".join(lines) + "\n").encode()


Writer = Callable[[Contents], bytes]

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
