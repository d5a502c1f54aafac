// A small graph of an answer: IRIs as nodes, what stands between them as lines.
import Graph from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";
import Sigma from "sigma";
import type { Solutions } from "./solutions";

const MOST_NODES = 1500;

function styleOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function nameOf(iri: string): string {
  return decodeURIComponent(iri.split(/[/#]/).filter(Boolean).at(-1) ?? iri);
}

function show(graph: Graph, into: HTMLElement): void {
  graph.forEachNode((node) => {
    graph.setNodeAttribute(node, "size", 4 + Math.sqrt(graph.degree(node)));
  });
  forceAtlas2.assign(graph, { iterations: 200, settings: forceAtlas2.inferSettings(graph) });
  new Sigma(graph, into, {
    allowInvalidContainer: true,
    labelColor: { color: styleOf("--ink") },
    edgeLabelColor: { color: styleOf("--quiet") },
    defaultEdgeColor: styleOf("--edge"),
    defaultNodeColor: styleOf("--accent"),
    renderEdgeLabels: graph.order < 60,
    defaultEdgeType: "arrow",
  });
}

function join(graph: Graph, a: string, b: string, label: string): void {
  for (const iri of [a, b]) {
    if (graph.hasNode(iri)) continue;
    if (graph.order >= MOST_NODES) return;
    // A fixed beginning: the same answer, the same drawing.
    const place = graph.order;
    graph.addNode(iri, { label: nameOf(iri), x: Math.cos(place), y: Math.sin(place * 1.7) });
  }
  if (a !== b && !graph.hasEdge(a, b)) graph.addEdge(a, b, { label, size: 1 });
}

/** Draw rows: the IRIs of a row are tied to the first of them. */
export async function drawRows(into: HTMLElement, found: Solutions): Promise<void> {
  const graph = new Graph();
  for (const row of found.rows) {
    const iris = row.filter((term) => term?.kind === "iri");
    for (const other of iris.slice(1)) {
      if (iris[0] && other) join(graph, iris[0].value, other.value, "");
    }
  }
  show(graph, into);
}

/** Draw triples, given as N-Triples; literals are left to the text. */
export function drawTriples(into: HTMLElement, lines: string): void {
  const graph = new Graph();
  for (const line of lines.split("\n")) {
    const match = line.match(/^<([^>]*)> <([^>]*)> <([^>]*)> \.$/);
    if (match) join(graph, match[1] ?? "", match[3] ?? "", nameOf(match[2] ?? ""));
  }
  show(graph, into);
}
