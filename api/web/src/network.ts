// The network in motion: the same actors and pairs as the tables below it, drawn with WebGL.
import "./network.css";
import Graph from "graphology";
import Sigma from "sigma";
import { EdgeLineProgram } from "sigma/rendering";
import { glide } from "./gliding";
import { type Placed, place, type Rank, shortened } from "./labels";

interface DrawnNode {
  slug: string;
  label: string;
  kind: string;
  county: string;
  community: string;
  degree: number;
  strength: number;
  betweenness: number;
  x: number;
  y: number;
}
interface Drawn {
  nodes: DrawnNode[];
  edges: [number, number, number][];
}
interface Evidence {
  kind: string;
  labels: Record<string, string>;
  evidence: string;
  certainty: string;
}
interface Link {
  source: string;
  target: string;
  weight: number;
  ties: Record<string, number>;
  since: string | null;
  until: string | null;
  evidence: Evidence[];
  evidence_total: number;
}
interface Told {
  iri: string;
  slug: string;
  labels: Record<string, string>;
  measures: Record<string, number | null>;
}
type Part = "kind" | "county" | "community";
type Measure = "degree" | "strength" | "betweenness";

const LANGUAGE = document.documentElement.lang;
const OTHER = "other";
// The palette of Okabe and Ito, which all kinds of colour vision tell apart; black and grey apart.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442"];
const GREY = "#999999";
const LARGEST = 14;
const SMALLEST = 2.5;
const LABEL_SIZE = 14;
const LABEL_LINE = 17;
// So much of the picture for each name that need not be there: it stays calm, and more are written
// when it is drawn larger.
const PIXELS_PER_LABEL = 11_000;
const HALO = 4;
const LARGE = 12;
// Where more names than this must be written, none is led far away: the list at the side has all.
const FEW = 30;
const FAR = { few: 14, many: 2 };
// Letters need so many pixels to be read; lines of some breadth take long to draw in great numbers.
const LEAST_RADIUS_OF_LETTER = 5.5;
const MOST_BROAD_LINES = 4000;
const NEAR_LINE = 6;
const CHOSEN = "chosen";
// Stands in no slug.
const BETWEEN = "~";
const MOST_ASKED = 12;

const texts: Record<string, string> = JSON.parse(
  document.getElementById("texts")?.textContent ?? "{}",
);
const say = (key: string, values: Record<string, string | number> = {}): string =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
const pick = (labels: Record<string, string>, otherwise: string): string =>
  labels[LANGUAGE] ?? Object.values(labels)[0] ?? otherwise;
// What the address of the page says of these, the other address says too.
const kept = (path: string, ...names: string[]): string => {
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams(
    names.flatMap((name) => (here.get(name) ? [[name, here.get(name) ?? ""]] : [])),
  );
  return query.size ? `${path}?${query}` : path;
};
// An IRI of ours leads to the page on this host.
const pageOf = (iri: string): string => {
  const path = iri.replace(/^https?:\/\/[^/]+(\/klustergraf)?/, "");
  return kept(path, "lang", "version");
};

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Without accents and case, as names are compared.
const plain = (text: string): string =>
  (
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  ).join(" ");

/** Keep what is chosen in the address, and in the links to the other language. */
function remember(chosen: string | null): void {
  const set = (address: string): string => {
    const url = new URL(address, location.href);
    if (chosen) url.searchParams.set(CHOSEN, chosen);
    else url.searchParams.delete(CHOSEN);
    return url.pathname + url.search + url.hash;
  };
  history.replaceState(null, "", set(location.href));
  for (const link of document.querySelectorAll<HTMLAnchorElement>("header a[hreflang]")) {
    link.href = set(link.href);
  }
}

function styleOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function inkOn(colour: string): string {
  return colour === COLOURS[0] ? "#ffffff" : "#000000";
}

class Picture {
  readonly graph = new Graph({ type: "undirected", multi: false });
  readonly sigma: Sigma;
  private chosen: string | null = null;
  private line: string | null = null;
  /** How often something else was to be told: an answer about what was before comes too late. */
  private turn = 0;
  private readonly near = new Set<string>();
  private readonly path: Set<string>;
  private readonly steps = new Set<string>();
  private pointedAt: string | null = null;
  private bySize: string[] | null = null;
  private readonly widths = new Map<string, number>();
  /** The names as they are written now, and where: what pointing and saving as SVG go by. */
  labels: Placed[] = [];

  constructor(
    private readonly container: HTMLElement,
    private readonly details: HTMLElement,
    drawn: Drawn,
  ) {
    const path = (container.dataset.path ?? "").split(" ").filter(Boolean);
    this.path = new Set(path);
    for (const node of drawn.nodes) {
      this.graph.addNode(node.slug, { ...node, y: -node.y, name: node.label });
    }
    const heaviest = Math.max(1, ...drawn.edges.map(([, , weight]) => weight));
    for (const [a, b, weight] of drawn.edges) {
      const source = drawn.nodes[a];
      const target = drawn.nodes[b];
      if (source && target) {
        const size = 0.4 + (3 * Math.log1p(weight)) / Math.log1p(heaviest);
        this.graph.addEdge(source.slug, target.slug, { weight, size });
      }
    }
    for (let place = 1; place < path.length; place++) {
      const edge = this.graph.edge(path[place - 1] ?? "", path[place] ?? "");
      if (edge) this.steps.add(edge);
    }
    this.measure((container.dataset.size as Measure) ?? "degree");
    this.colour((container.dataset.colour as Part) ?? "kind");
    this.sigma = new Sigma(this.graph, container, {
      labelFont: getComputedStyle(document.body).fontFamily,
      labelSize: LABEL_SIZE,
      renderLabels: false, // ours do not overlap
      defaultEdgeColor: styleOf("--edge"),
      ...(drawn.edges.length > MOST_BROAD_LINES && {
        edgeProgramClasses: { line: EdgeLineProgram },
      }),
      allowInvalidContainer: true,
      minEdgeThickness: 0.6,
      nodeReducer: (slug, data) => this.drawNode(slug, data),
      edgeReducer: (edge, data) => this.drawEdge(edge, data),
      defaultDrawNodeHover: (context, data) => this.drawHover(context, data),
    });
    this.sigma.on("enterNode", ({ node }) => {
      this.pointedAt = node;
    });
    this.sigma.on("leaveNode", () => {
      this.pointedAt = null;
    });
    this.sigma.on("clickNode", ({ node }) => this.choose(node));
    this.sigma.on("clickStage", ({ event }) => {
      const edge = this.edgeAt(event);
      if (edge) this.chooseEdge(edge);
      else this.choose(null);
    });
    this.sigma.on("afterRender", () => this.write());
    glide(this.sigma);
    this.write();
  }

  private write(): void {
    const context = this.sigma.getCanvases().labels?.getContext("2d");
    if (!context) return;
    this.letters(context);
    this.names(context);
  }

  // Found by its distance: to let the graphics card find lines would mean to draw each twice.
  private edgeAt(point: { x: number; y: number }): string | undefined {
    let best: string | undefined;
    let nearest = NEAR_LINE;
    const places = new Map<string, { x: number; y: number }>();
    for (const slug of this.graph.nodes()) {
      const data = this.sigma.getNodeDisplayData(slug);
      if (data) places.set(slug, this.sigma.framedGraphToViewport(data));
    }
    this.graph.forEachEdge((edge, _, source, target) => {
      const [a, b] = [places.get(source), places.get(target)];
      if (!a || !b || this.sigma.getEdgeDisplayData(edge)?.hidden) return;
      const [across, down] = [b.x - a.x, b.y - a.y];
      const along = ((point.x - a.x) * across + (point.y - a.y) * down) / (across ** 2 + down ** 2);
      const part = Math.min(1, Math.max(0, along || 0));
      const far = Math.hypot(a.x + part * across - point.x, a.y + part * down - point.y);
      if (far < nearest) [best, nearest] = [edge, far];
    });
    return best;
  }

  private largestFirst(): string[] {
    const size = (slug: string): number => this.graph.getNodeAttribute(slug, "size") as number;
    this.bySize ??= this.graph.nodes().sort((a, b) => size(b) - size(a));
    return this.bySize;
  }

  // The second mark beside the colour, where there is room for it.
  private letters(context: CanvasRenderingContext2D): void {
    const { width, height } = this.sigma.getDimensions();
    context.textAlign = "center";
    context.textBaseline = "middle";
    const taken = new Set<string>();
    this.largestFirst().forEach((slug) => {
      const data = this.graph.getNodeAttributes(slug);
      const shown = this.sigma.getNodeDisplayData(slug);
      if (!shown || shown.hidden || shown.color !== data.color) return;
      const radius = this.sigma.scaleSize(shown.size);
      if (radius < LEAST_RADIUS_OF_LETTER) return;
      const { x, y } = this.sigma.framedGraphToViewport(shown);
      if (x < 0 || y < 0 || x > width || y > height) return;
      // Two letters on top of each other are none.
      const cell = `${Math.round(x / 9)} ${Math.round(y / 9)}`;
      if (taken.has(cell)) return;
      taken.add(cell);
      context.font = `600 ${Math.round(radius * 1.25)}px ${this.sigma.getSetting("labelFont")}`;
      context.fillStyle = inkOn(data.color as string);
      context.fillText(data.mark as string, x, y + radius * 0.08);
    });
    context.textAlign = "start";
    context.textBaseline = "alphabetic";
  }

  private font(isBold: boolean): string {
    return `${isBold ? 600 : 400} ${LABEL_SIZE}px ${this.sigma.getSetting("labelFont")}`;
  }

  /** Whom a name is written of whatever else there is: who is chosen, its partners, the path. */
  private foremost(): string[] {
    const { chosen } = this;
    const first = chosen === null ? [...this.path] : [chosen];
    const others = chosen === null ? [] : this.largestFirst().filter((slug) => this.near.has(slug));
    return [...new Set([...first, ...others])].filter((slug) => this.graph.hasNode(slug));
  }

  private names(context: CanvasRenderingContext2D): void {
    const { width, height } = this.sigma.getDimensions();
    const foremost = this.foremost();
    const must = new Set(foremost);
    const others =
      this.chosen === null ? this.largestFirst().filter((slug) => !must.has(slug)) : [];
    const large = new Set(others.slice(0, LARGE));
    const rankOf = (slug: string): Rank => {
      if (must.has(slug)) return "must";
      return large.has(slug) ? "large" : "free";
    };
    const wanted = [];
    const points = [];
    for (const slug of [...foremost, ...others]) {
      const shown = this.sigma.getNodeDisplayData(slug);
      if (!shown || shown.hidden) continue;
      const { x, y } = this.sigma.framedGraphToViewport(shown);
      if (x < 0 || y < 0 || x > width || y > height) continue;
      const radius = this.sigma.scaleSize(shown.size);
      const text = shortened(this.graph.getNodeAttribute(slug, "name") as string);
      wanted.push({ key: slug, text, x, y, radius, rank: rankOf(slug) });
      if (radius < LEAST_RADIUS_OF_LETTER) continue;
      const half = radius * 0.8;
      points.push({ left: x - half, top: y - half, width: 2 * half, height: 2 * half });
    }
    const measure = (text: string, rank: Rank): number => {
      const isBold = rank === "must";
      const key = `${isBold} ${text}`;
      let found = this.widths.get(key);
      if (found === undefined) {
        context.font = this.font(isBold);
        found = context.measureText(text).width;
        this.widths.set(key, found);
      }
      return found;
    };
    const most = Math.round((width * height) / PIXELS_PER_LABEL);
    this.labels = place(wanted, points, {
      ...{ width, height, line: LABEL_LINE, most, measure },
      rings: must.size > FEW ? FAR.many : FAR.few,
    });
    this.drawNames(context, new Map(wanted.map((one) => [one.key, one])));
  }

  private drawNames(
    context: CanvasRenderingContext2D,
    places: Map<string, { x: number; y: number }>,
  ): void {
    // Around the letters, so that they can be read over lines and points.
    context.strokeStyle = styleOf("--ground");
    context.lineJoin = "round";
    const lead = styleOf("--quiet");
    context.fillStyle = styleOf("--ink");
    for (const label of this.labels) {
      const from = places.get(label.key);
      if (label.lead && from) {
        context.save();
        context.strokeStyle = lead;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(from.x, from.y);
        context.lineTo(label.lead.x, label.lead.y);
        context.stroke();
        context.restore();
      }
      const baseline = label.top + LABEL_LINE * 0.76;
      context.font = this.font(label.rank === "must");
      context.lineWidth = HALO;
      context.strokeText(label.text, label.left, baseline);
      context.fillText(label.text, label.left, baseline);
    }
  }

  // A ring about who is marked; a name over all else for whom the pointer is at.
  private drawHover(
    context: CanvasRenderingContext2D,
    data: { key?: string; x: number; y: number; size: number; name?: string },
  ): void {
    const slug = data.key ?? "";
    context.strokeStyle = styleOf("--focus");
    context.lineWidth = 3;
    context.beginPath();
    context.arc(data.x, data.y, data.size + 2, 0, 2 * Math.PI);
    context.stroke();
    const name = this.graph.getNodeAttribute(slug, "name") as string;
    const label = this.labels.find((one) => one.key === slug);
    if (slug !== this.pointedAt || label?.text === name) return;
    context.font = this.font(true);
    const width = context.measureText(name).width;
    const left = label?.left ?? data.x + data.size + 4;
    const top = label?.top ?? data.y - LABEL_LINE / 2;
    const over = Math.max(0, left + width + 4 - this.sigma.getDimensions().width);
    context.fillStyle = styleOf("--ground");
    context.fillRect(left - over - 4, top - 3, width + 8, LABEL_LINE + 6);
    context.fillStyle = styleOf("--ink");
    context.fillText(name, left - over, top + LABEL_LINE * 0.76);
  }

  private drawNode(slug: string, data: Record<string, unknown>): Record<string, unknown> {
    const faded = this.chosen !== null && !this.near.has(slug);
    if (faded) return { ...data, color: styleOf("--line"), zIndex: 0 };
    const marked = slug === this.chosen || this.path.has(slug);
    return { ...data, highlighted: marked, zIndex: 1 };
  }

  private drawEdge(edge: string, data: Record<string, unknown>): Record<string, unknown> {
    if (this.steps.has(edge)) return { ...data, color: styleOf("--focus"), size: 4, zIndex: 2 };
    if (edge === this.line) return { ...data, color: styleOf("--accent"), size: 4, zIndex: 1 };
    if (this.chosen === null) return data;
    const touches = this.graph.extremities(edge).includes(this.chosen);
    return touches ? { ...data, color: styleOf("--accent"), zIndex: 1 } : { ...data, hidden: true };
  }

  measure(name: Measure): void {
    const values = this.graph.mapNodes((_, data) => data[name] as number);
    const most = Math.max(...values, 1e-12);
    this.graph.updateEachNodeAttributes((_, data) => ({
      ...data,
      size: SMALLEST + (LARGEST - SMALLEST) * Math.sqrt((data[name] as number) / most),
    }));
  }

  colour(part: Part): void {
    // The server's legend numbers the colours: the same value has the same under all filters.
    const legend = new Map(
      [...document.querySelectorAll<HTMLElement>("#legend li")].map((item) => [
        item.dataset.value ?? OTHER,
        item.dataset,
      ]),
    );
    const rest = legend.get(OTHER)?.mark ?? "";
    this.graph.updateEachNodeAttributes((_, data) => {
      const found = legend.get(data[part] as string);
      const color = COLOURS[Number(found?.number ?? Number.NaN) - 1] ?? GREY;
      return { ...data, color, mark: found?.mark ?? rest };
    });
  }

  private tell(...told: Node[]): void {
    this.turn++;
    this.details.replaceChildren(...told);
  }

  private mark(slug: string | null, line: string | null): void {
    this.chosen = slug;
    this.line = line;
    this.near.clear();
    if (slug !== null) {
      this.near.add(slug);
      this.graph.forEachNeighbor(slug, (other) => this.near.add(other));
    }
    this.sigma.refresh({ skipIndexation: true });
  }

  choose(slug: string | null): void {
    remember(slug);
    this.mark(slug, null);
    if (slug === null) this.tell(element("p", say("details-hint"), { class: "quiet" }));
    else void this.tellNode(slug);
  }

  private chooseEdge(edge: string): void {
    remember(this.graph.extremities(edge).join(BETWEEN));
    this.mark(null, edge);
    void this.tellEdge(edge);
  }

  /** Choose what the address says was chosen: an actor, or two with what is between them. */
  restore(): void {
    const said = new URLSearchParams(location.search).get(CHOSEN);
    if (!said) return;
    const [one = "", other = ""] = said.split(BETWEEN);
    const edge =
      this.graph.hasNode(one) && this.graph.hasNode(other) && this.graph.edge(one, other);
    if (edge) this.chooseEdge(edge);
    else if (this.graph.hasNode(said)) this.choose(said);
    else this.tell(element("p", say("not-shown")));
  }

  focus(slug: string): void {
    const place = this.sigma.getNodeDisplayData(slug);
    if (!place) return;
    this.choose(slug);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const camera = this.sigma.getCamera();
    void camera.animate({ x: place.x, y: place.y, ratio: 0.35 }, { duration: calm ? 0 : 400 });
  }

  /** Find whom a text means: who is called so, else in whose name its words begin words. */
  find(text: string): string[] {
    const wanted = plain(text);
    if (!wanted) return [];
    const is = (slug: string, name: string): boolean =>
      plain(slug) === wanted || plain(name) === wanted;
    const called = this.graph.filterNodes((slug, data) => is(slug, data.name as string));
    if (called.length) return called;
    const words = wanted.split(" ");
    return this.graph.filterNodes((slug, data) => {
      const own = plain(`${data.name} ${slug}`).split(" ");
      return words.every((word) => own.some((name) => name.startsWith(word)));
    });
  }

  /** Go to whom a text means; where it may mean several, ask which. */
  seek(text: string): void {
    const found = this.find(text);
    if (found.length < 2) {
      if (found[0]) this.focus(found[0]);
      else this.tell(element("p", say("not-shown")));
      return;
    }
    const list = element("ul");
    for (const slug of found.slice(0, MOST_ASKED)) {
      const name = this.graph.getNodeAttribute(slug, "name") as string;
      const button = element("button", name, { type: "button", class: "plain" });
      button.addEventListener("click", () => this.focus(slug));
      const item = element("li");
      item.append(button);
      list.append(item);
    }
    this.tell(element("h2", say("choose")), list);
  }

  private async tellNode(slug: string): Promise<void> {
    const turn = ++this.turn;
    const answer = await fetch(
      kept((this.container.dataset.nodes ?? "") + encodeURIComponent(slug), "version"),
    );
    if (!answer.ok) return;
    const told: { node: Told; partners: Told[]; edges: Link[] } = await answer.json();
    if (turn !== this.turn) return;
    const heading = element("h2");
    const name = pick(told.node.labels, slug);
    heading.append(element("a", name, { href: pageOf(told.node.iri) }));
    const around = new URLSearchParams(location.search);
    around.set("ego", slug);
    const list = element("ul");
    told.partners.slice(0, 12).forEach((partner, place) => {
      const link = told.edges[place];
      const item = element("li");
      item.append(element("a", pick(partner.labels, partner.slug), { href: pageOf(partner.iri) }));
      if (link) item.append(` · ${this.ties(link)}`);
      list.append(item);
    });
    this.details.replaceChildren(
      heading,
      element(
        "p",
        say("node", {
          degree: String(this.graph.getNodeAttribute(slug, "degree")),
          group: String(this.graph.getNodeAttribute(slug, "community")),
        }),
      ),
      element("h3", say("closest")),
      list,
      element("a", say("around"), { href: `/network?${around}` }),
    );
  }

  private async tellEdge(edge: string): Promise<void> {
    const turn = ++this.turn;
    const [from, to] = this.graph.extremities(edge);
    const asked = new URLSearchParams({ from, to, k: "1", max_steps: "1" });
    const version = new URLSearchParams(location.search).get("version");
    if (version) asked.set("version", version);
    const answer = await fetch(`${this.container.dataset.paths}?${asked}`);
    if (!answer.ok) return;
    const told: { source: Told; target: Told; shortest: { edges: Link[] }[] } = await answer.json();
    const link = told.shortest[0]?.edges[0];
    if (!link || turn !== this.turn) return;
    const heading = element("h2");
    heading.append(
      element("a", pick(told.source.labels, from), { href: pageOf(told.source.iri) }),
      " – ",
      element("a", pick(told.target.labels, to), { href: pageOf(told.target.iri) }),
    );
    const list = element("ul");
    for (const item of link.evidence) {
      const row = element("li");
      const name = pick(item.labels, say("source"));
      row.append(element("a", name, { href: pageOf(item.evidence) }));
      if (item.certainty !== "stated") row.append(` ○ ${say("inferred")}`);
      list.append(row);
    }
    const rest = link.evidence_total - link.evidence.length;
    this.details.replaceChildren(heading, element("p", this.ties(link)), list);
    if (rest > 0) this.details.append(element("p", say("more", { count: rest })));
  }

  private ties(link: Link): string {
    const told = Object.entries(link.ties).map(([kind, n]) => `${say(`tie.${kind}`)} (${n})`);
    return told.join(", ");
  }

  zoom(how: string): void {
    const camera = this.sigma.getCamera();
    if (how === "in") void camera.animatedZoom({ duration: 150 });
    else if (how === "out") void camera.animatedUnzoom({ duration: 150 });
    else void camera.animatedReset({ duration: 150 });
  }

  png(): void {
    this.sigma.refresh();
    const layers = Object.values(this.sigma.getCanvases());
    const first = layers[0];
    if (!first) return;
    const canvas = element("canvas");
    canvas.width = first.width;
    canvas.height = first.height;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.fillStyle = styleOf("--ground");
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const layer of layers) {
      if (layer.width) context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    }
    canvas.toBlob((blob) => blob && save(blob, "klustergraf-network.png"));
  }

  svg(): void {
    const { width, height } = this.sigma.getDimensions();
    const space = "http://www.w3.org/2000/svg";
    const made = (name: string, attributes: Record<string, string | number>): SVGElement => {
      const found = document.createElementNS(space, name);
      for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, String(value));
      return found;
    };
    const picture = made("svg", { xmlns: space, viewBox: `0 0 ${width} ${height}` });
    picture.append(made("rect", { width, height, fill: "#ffffff" }));
    const at = (slug: string): { x: number; y: number } =>
      this.sigma.graphToViewport({
        x: this.graph.getNodeAttribute(slug, "x"),
        y: this.graph.getNodeAttribute(slug, "y"),
      });
    this.graph.forEachEdge((_, data, source, target) => {
      const [a, b] = [at(source), at(target)];
      const drawn = { x1: a.x, y1: a.y, x2: b.x, y2: b.y, "stroke-width": data.size as number };
      picture.append(made("line", { ...drawn, stroke: "#c9cdc9" }));
    });
    for (const slug of this.largestFirst()) {
      const { x, y } = at(slug);
      const data = this.graph.getNodeAttributes(slug);
      const radius = this.sigma.scaleSize(data.size);
      picture.append(made("circle", { cx: x, cy: y, r: radius, fill: data.color }));
      if (radius < LEAST_RADIUS_OF_LETTER) continue;
      const mark = made("text", { x, y, dy: "0.35em", "text-anchor": "middle", class: "mark" });
      mark.setAttribute("font-size", String(Math.round(radius * 1.25)));
      mark.setAttribute("font-family", "Source Sans 3, sans-serif");
      mark.setAttribute("fill", inkOn(data.color));
      mark.textContent = data.mark;
      picture.append(mark);
    }
    for (const label of this.labels) {
      if (label.lead) {
        const { x, y } = at(label.key);
        const ends = { x1: x, y1: y, x2: label.lead.x, y2: label.lead.y };
        picture.append(made("line", { ...ends, stroke: "#59625f", "stroke-width": 1 }));
      }
      const text = made("text", { x: label.left, y: label.top + LABEL_LINE * 0.76 });
      text.setAttribute("font-size", String(LABEL_SIZE));
      text.setAttribute("font-family", "Source Sans 3, sans-serif");
      if (label.rank === "must") text.setAttribute("font-weight", "600");
      text.setAttribute("stroke", "#ffffff");
      text.setAttribute("stroke-width", String(HALO));
      text.setAttribute("paint-order", "stroke");
      text.textContent = label.text;
      picture.append(text);
    }
    const written = new XMLSerializer().serializeToString(picture);
    save(new Blob([written], { type: "image/svg+xml" }), "klustergraf-network.svg");
  }
}

function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  element("a", "", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function start(container: HTMLElement, details: HTMLElement): Promise<void> {
  const answer = await fetch(container.dataset.graph ?? "");
  if (!answer.ok) throw new Error(say("failed"));
  const drawn: Drawn = await answer.json();
  container.hidden = false;
  // Widths of names are those of the letters that are drawn.
  const { fontFamily } = getComputedStyle(document.body);
  await Promise.all(["400", "600"].map((w) => document.fonts.load(`${w} 14px ${fontFamily}`)));
  const picture = new Picture(container, details, drawn);
  const tools = document.getElementById("tools");
  if (tools) tools.hidden = false;
  for (const button of document.querySelectorAll<HTMLElement>("[data-zoom]")) {
    button.addEventListener("click", () => picture.zoom(button.dataset.zoom ?? ""));
  }
  for (const button of document.querySelectorAll<HTMLElement>("[data-save]")) {
    button.addEventListener("click", () => {
      if (button.dataset.save === "svg") picture.svg();
      else picture.png();
    });
  }
  document.getElementById("focus")?.addEventListener("change", (event) => {
    const text = (event.target as HTMLInputElement).value;
    if (text.trim()) picture.seek(text);
  });
  picture.restore();
  container.dataset.ready = "true";
  Object.assign(container, { picture });
}

// What is empty stays out of the address.
const filters = document.querySelector<HTMLFormElement>("#filters");
filters?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData.entries()]) {
    if (value === "") event.formData.delete(name);
  }
  const chosen = new URLSearchParams(location.search).get(CHOSEN);
  if (chosen) event.formData.set(CHOSEN, chosen);
});

const container = document.getElementById("network");
const details = document.getElementById("details");
if (container && details) {
  start(container, details).catch((error: unknown) => {
    container.hidden = true;
    details.replaceChildren(element("p", say("failed"), { role: "alert" }));
    console.info(error);
  });
}
