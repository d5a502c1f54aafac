// The SPARQL workbench: an editor, the stored questions, answers in several views.
import "./workbench.css";
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { numberOf, type Row, readSolutions, type Solutions, type Term } from "./solutions";
import { tidy } from "./tidy";

interface VocabularyTerm {
  iri: string;
  name: string;
  kind: string;
  labels: Record<string, string>;
  count: number;
}
interface Vocabulary {
  prefixes: Record<string, string>;
  terms: VocabularyTerm[];
}
interface Parameter {
  name: string;
  type: string;
  label: Record<string, string>;
  default: string;
  example: string;
}
interface Stored {
  name: string;
  title: Record<string, string>;
  description: Record<string, string>;
  parameters: Parameter[];
  text: string;
}
interface Problem {
  title?: string;
  detail?: string;
  reason?: string;
  line?: number;
  column?: number;
}

const LANGUAGE = document.documentElement.lang;
const ROWS_A_PAGE = 100;
const BARS = 30;
const KEYWORDS =
  "SELECT CONSTRUCT ASK DESCRIBE WHERE PREFIX BASE FROM NAMED DISTINCT REDUCED OPTIONAL UNION MINUS GRAPH FILTER EXISTS BIND VALUES GROUP ORDER BY HAVING LIMIT OFFSET ASC DESC COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT STR LANG LANGMATCHES DATATYPE BOUND IRI STRLEN SUBSTR UCASE LCASE CONTAINS STRSTARTS STRENDS REGEX REPLACE CONCAT COALESCE IF YEAR MONTH DAY ABS ROUND CEIL FLOOR UNDEF".split(
    " ",
  );

const texts: Record<string, string> = JSON.parse(
  document.getElementById("texts")?.textContent ?? "{}",
);
const say = (key: string, values: Record<string, string | number> = {}): string => {
  const text = (String(values.count) === "1" && texts[`${key}.one`]) || (texts[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
};
const pick = (found: Record<string, string>): string =>
  found[LANGUAGE] ?? Object.values(found)[0] ?? "";
const grouped = (n: number): string => n.toLocaleString("sv-SE").replace(/\s/g, "\u2009");

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id} is missing`);
  return found as T;
}

let vocabulary: Vocabulary = { prefixes: {}, terms: [] };
// Answers are shown when it is there, or will not come: they are written with its prefixes.
const known: Promise<void> = fetch("/api/vocabulary")
  .then((answer) => answer.json())
  .then((found: Vocabulary) => {
    vocabulary = found;
  })
  .catch((error: unknown) => console.info(error));

function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[?$]?[\w-]*:?[\w-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const text = context.state.doc.toString();
  if (/^[?$]/.test(word.text)) {
    const names = new Set(text.match(/[?$]\w+/g));
    names.delete(word.text);
    return { from: word.from, options: [...names].map((label) => ({ label, type: "variable" })) };
  }
  const declare = (name: string): string => {
    const prefix = name.slice(0, name.indexOf(":"));
    const iri = vocabulary.prefixes[prefix];
    const isThere = new RegExp(`PREFIX\\s+${prefix}:`, "i").test(text);
    return iri && !isThere ? `PREFIX ${prefix}: <${iri}>\n` : "";
  };
  const terms = vocabulary.terms
    .filter((term) => /^[\w-]+:[\w-]+$/.test(term.name))
    .map((term) => ({
      label: term.name,
      detail: pick(term.labels),
      type: term.kind === "class" ? "class" : "property",
      boost: Math.min(term.count, 50),
      apply: (view: EditorView, _: unknown, from: number, to: number): void => {
        const head = declare(term.name);
        view.dispatch({
          changes: [
            { from: 0, insert: head },
            { from, to, insert: term.name },
          ],
          selection: { anchor: from + head.length + term.name.length },
        });
      },
    }));
  const before = text.slice(0, word.from);
  if (/PREFIX\s+$/i.test(before)) {
    const options = Object.entries(vocabulary.prefixes).map(([prefix, iri]) => ({
      label: `${prefix}:`,
      detail: iri,
      apply: `${prefix}: <${iri}>`,
    }));
    return { from: word.from, options };
  }
  const keywords = KEYWORDS.map((label) => ({ label, type: "keyword", boost: -20 }));
  return { from: word.from, options: [...terms, ...keywords], validFor: /^[\w-]*:?[\w-]*$/ };
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "650" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--inferred)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--derived)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--quiet)" },
]);
const look = EditorView.theme({
  "&": {
    border: "1px solid var(--quiet)",
    borderRadius: "3px",
    background: "var(--ground)",
    color: "var(--ink)",
  },
  // The editor takes its class a moment after it has the focus.
  "&.cm-focused, &:focus-within": { outline: "3px solid var(--focus)" },
  ".cm-scroller": {
    fontFamily: "ui-monospace, 'Liberation Mono', Menlo, monospace",
    minHeight: "14rem",
    maxHeight: "60vh",
    fontSize: "0.92rem",
    lineHeight: "1.45",
  },
  "@media print": { ".cm-scroller": { minHeight: "0", maxHeight: "none" } },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--failure)" },
  ".cm-gutters": { background: "var(--raised)", color: "var(--quiet)", border: "0" },
  ".cm-tooltip": {
    background: "var(--ground)",
    color: "var(--ink)",
    border: "1px solid var(--quiet)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--accent)",
    color: "var(--ground)",
  },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    background: "var(--heat-2) !important",
  },
});

/** The detail of a problem; what the engine itself said in it is marked as English. */
function marked({ detail = "", reason }: Problem): (string | HTMLElement)[] {
  const place = reason && LANGUAGE !== "en" ? detail.indexOf(reason) : -1;
  if (!reason || place < 0) return [detail];
  const quoted = element("span", reason, { lang: "en" });
  return [detail.slice(0, place), quoted, detail.slice(place + reason.length)];
}

// A command of the editor that has dealt with the key.
const done = (act: () => void) => (): boolean => {
  act();
  return true;
};

class Workbench {
  private readonly area = byId<HTMLTextAreaElement>("query");
  private readonly form = byId<HTMLFormElement>("workbench");
  private readonly answer = byId("answer");
  private readonly state = byId("state");
  private readonly fault = byId("fault");
  private readonly editor: EditorView;
  private running: AbortController | null = null;

  constructor() {
    // In a shadow tree the editor's styles are sheets of script, which the page's policy allows.
    const host = byId("editor");
    const root = host.attachShadow({ mode: "open" });
    const place = element("div");
    root.append(place);
    this.editor = new EditorView({
      parent: place,
      root,
      state: EditorState.create({
        doc: this.area.value,
        extensions: [
          lineNumbers(),
          history(),
          bracketMatching(),
          sparql(),
          syntaxHighlighting(colours),
          autocompletion({ override: [complete] }),
          EditorView.lineWrapping,
          // A browser that replaces a selection by what is typed keeps its look as inline style,
          // which the page's policy forbids; the editor replaces it itself.
          EditorView.domEventHandlers({
            beforeinput: (event, view) => {
              const isTyped = event.inputType === "insertText" && event.data;
              if (!isTyped || view.state.selection.main.empty) return false;
              const change = view.state.replaceSelection(event.data ?? "");
              view.dispatch(view.state.update(change, { userEvent: "input.type" }));
              event.preventDefault();
              return true;
            },
          }),
          EditorView.contentAttributes.of({ "aria-label": say("editor") }),
          keymap.of([
            { key: "Mod-Enter", run: done(() => void this.run()) },
            { key: "Shift-Mod-f", run: done(() => this.tidy()) },
            { key: "Escape", run: done(() => byId("run").focus()) },
            ...defaultKeymap,
            ...historyKeymap,
            indentWithTab,
          ]),
          look,
        ],
      }),
    });
    host.hidden = false;
    this.area.hidden = true;
    byId("query-label").hidden = true;
    byId("plain").hidden = true;
    byId("tools").hidden = false;
    byId("run").addEventListener("click", () => void this.run());
    byId("cancel").addEventListener("click", () => this.running?.abort());
    byId("tidy").addEventListener("click", () => this.tidy());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run();
    });
  }

  get text(): string {
    return this.editor.state.doc.toString();
  }

  load(text: string): void {
    const changes = { from: 0, to: this.editor.state.doc.length, insert: text };
    this.editor.dispatch({ changes });
  }

  private tidy(): void {
    this.load(tidy(this.text));
  }

  private address(format?: string): string {
    const asked = new URLSearchParams({ query: this.text });
    const version = new URLSearchParams(location.search).get("version");
    if (version) asked.set("version", version);
    if (format) asked.set("format", format);
    return `${location.origin}/sparql?${asked}`;
  }

  async run(): Promise<void> {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.fault.hidden = true;
    this.editor.dispatch(setDiagnostics(this.editor.state, []));
    byId<HTMLButtonElement>("cancel").disabled = false;
    const started = performance.now();
    const clock = setInterval(() => {
      const seconds = Math.round((performance.now() - started) / 1000);
      this.state.textContent = say("running", { seconds, limit: this.form.dataset.limit ?? "" });
    }, 1000);
    this.state.textContent = say("running", { seconds: 0, limit: this.form.dataset.limit ?? "" });
    try {
      await this.ask(running.signal, started);
      const permalink = new URL(this.address());
      const language = new URLSearchParams(location.search).get("lang");
      if (language) permalink.searchParams.set("lang", language);
      globalThis.history.replaceState(null, "", permalink.pathname + permalink.search);
    } catch (error) {
      if (running.signal.aborted) this.state.textContent = say("cancelled");
      else this.fail(say("gone"), error);
    } finally {
      clearInterval(clock);
      if (this.running === running) {
        this.running = null;
        byId<HTMLButtonElement>("cancel").disabled = true;
      }
    }
  }

  private async ask(signal: AbortSignal, started: number): Promise<void> {
    const version = new URLSearchParams(location.search).get("version");
    const answer = await fetch(
      `/sparql${version ? `?version=${encodeURIComponent(version)}` : ""}`,
      {
        method: "POST",
        body: new URLSearchParams({ query: this.text }),
        headers: {
          Accept: "text/tab-separated-values, text/turtle;q=0.9, application/json;q=0.1",
          "Accept-Language": LANGUAGE,
        },
        signal,
      },
    );
    if (!answer.ok || !answer.body) {
      const problem: Problem = await answer.json().catch(() => ({}));
      this.state.textContent = say("failed");
      this.tell(problem);
      return;
    }
    const isTurtle = (answer.headers.get("content-type") ?? "").startsWith("text/turtle");
    const cached = answer.headers.get("x-klustergraf-cache") === "hit";
    let solutions: Solutions | null = null;
    let turtle = "";
    if (isTurtle) turtle = await answer.text();
    else if (/^\s*(PREFIX[^>]*>\s*|BASE[^>]*>\s*|#[^\n]*\n\s*)*ASK\b/i.test(this.text)) {
      turtle = "";
      const said = (await answer.text()).trim();
      this.answer.replaceChildren(
        element("h2", say("answer")),
        element("p", said.includes("true") ? say("yes") : say("no"), { class: "answer" }),
      );
    } else {
      const most = Number(this.form.dataset.most);
      solutions = await readSolutions(answer.body, most, (total) => {
        this.state.textContent = say("receiving", { rows: grouped(total) });
      });
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    const version_ = (answer.headers.get("x-klustergraf-version") ?? "").slice(0, 12);
    const rows = solutions ? say("rows", { count: grouped(solutions.total) }) : "";
    this.state.textContent = [
      say("took", { seconds }),
      rows,
      say("version", { version: version_ }),
      cached ? say("kept") : "",
    ]
      .filter(Boolean)
      .join(" · ");
    await known;
    if (solutions) this.show(solutions);
    else if (isTurtle) this.showTriples(turtle);
  }

  private tell(problem: Problem): void {
    this.fault.replaceChildren(`${problem.title ?? say("failed")}. `, ...marked(problem));
    this.fault.hidden = false;
    this.answer.replaceChildren();
    if (!problem.line) return;
    const lines = this.editor.state.doc;
    const line = lines.line(Math.min(problem.line, lines.lines));
    const from = Math.min(line.from + Math.max((problem.column ?? 1) - 1, 0), line.to);
    const to = Math.min(from + 1, lines.length);
    this.editor.dispatch(
      setDiagnostics(this.editor.state, [
        { from: Math.min(from, to), to, severity: "error", message: problem.detail ?? "" },
      ]),
    );
    this.editor.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    this.editor.focus();
  }

  private fail(text: string, error: unknown): void {
    this.state.textContent = "";
    this.fault.textContent = text;
    this.fault.hidden = false;
    console.info(error);
  }

  private frame(views: [string, () => HTMLElement][], formats: [string, string][]): void {
    const downloads = element("p", "", { class: "downloads" });
    const version = this.form.dataset.version;
    downloads.append(`${say("download")}: `);
    formats.forEach(([format, name], place) => {
      if (place) downloads.append(" · ");
      downloads.append(element("a", name, { href: this.address(format) }));
    });
    if (this.form.dataset.stored) {
      const cited = new URLSearchParams({ query: this.text, format: "text", lang: LANGUAGE });
      const href = `/api/versions/${version}/citation?${cited}`;
      downloads.append(" · ", element("a", say("cite"), { href }));
    }
    const tabs = element("div", "", { role: "tablist", "aria-label": say("views") });
    const panel = element("div", "", { role: "tabpanel", id: "view", tabindex: "0" });
    const buttons = views.map(([name, make]) => {
      const button = element("button", say(`view.${name}`), {
        type: "button",
        role: "tab",
        "aria-controls": "view",
        "aria-selected": "false",
        tabindex: "-1",
        "data-view": name,
      });
      button.addEventListener("click", () => {
        for (const other of buttons) {
          other.setAttribute("aria-selected", String(other === button));
          other.tabIndex = other === button ? 0 : -1;
        }
        panel.setAttribute("aria-label", button.textContent ?? "");
        panel.replaceChildren(make());
      });
      return button;
    });
    tabs.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
      const next = buttons[(now + step + buttons.length) % buttons.length];
      next?.focus();
      next?.click();
    });
    tabs.append(...buttons);
    this.answer.replaceChildren(element("h2", say("answer")), tabs, downloads, panel, this.code());
    buttons[0]?.click();
  }

  private show(found: Solutions): void {
    const views: [string, () => HTMLElement][] = [["table", () => new Table(found).element]];
    const numeric = found.columns.findIndex((_, c) =>
      found.rows.some((row) => numberOf(row[c]) !== null),
    );
    const points = pointsOf(found);
    if (numeric >= 0 && found.rows.length) views.push(["chart", () => chart(found, numeric)]);
    if (points.length) views.push(["map", () => map(points)]);
    if (found.columns.length > 1 && found.rows.some((row) => iris(row).length > 1)) {
      views.push([
        "graph",
        () => drawing((into) => import("./drawing").then((m) => m.drawRows(into, found))),
      ]);
    }
    this.frame(views, [
      ["csv", "CSV"],
      ["json", "JSON"],
      ["tsv", "TSV"],
      ["xml", "XML"],
    ]);
  }

  private showTriples(turtle: string): void {
    const raw = (): HTMLElement => {
      const block = element("pre", "", { tabindex: "0" });
      block.append(element("code", turtle || say("no-triples")));
      return block;
    };
    const graph = (): HTMLElement =>
      drawing(async (into) => {
        const answer = await fetch(this.address("nt"));
        (await import("./drawing")).drawTriples(into, await answer.text());
      });
    this.frame(
      [
        ["raw", raw],
        ["graph", graph],
      ],
      [
        ["ttl", "Turtle"],
        ["jsonld", "JSON-LD"],
        ["nt", "N-Triples"],
        ["rdf", "RDF/XML"],
      ],
    );
  }

  private code(): HTMLElement {
    const whole = element("details");
    whole.append(element("summary", say("code")));
    const quoted = this.text.replaceAll("'", "'\\''");
    const endpoint = `${location.origin}/sparql`;
    const python = this.text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
    const r = this.text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    const snippets: [string, string][] = [
      ["curl", `curl ${endpoint} -H 'Accept: text/csv' --data-urlencode 'query=${quoted}'`],
      [
        "Python",
        `import io, urllib.parse, urllib.request\nimport pandas\n\nquery = """${python}"""\nbody = urllib.parse.urlencode({"query": query}).encode()\nrequest = urllib.request.Request("${endpoint}", body, {"Accept": "text/csv"})\nwith urllib.request.urlopen(request) as answer:\n    table = pandas.read_csv(io.BytesIO(answer.read()))`,
      ],
      [
        "R",
        `library(httr2)\nquery <- "${r}"\nanswer <- request("${endpoint}") |>\n  req_headers(Accept = "text/csv") |>\n  req_body_form(query = query) |>\n  req_perform()\ntable <- read.csv(text = resp_body_string(answer))`,
      ],
    ];
    snippets.forEach(([name, text], place) => {
      const id = `snippet-${place}`;
      const block = element("pre", "", { tabindex: "0", "aria-label": name });
      block.append(element("code", text, { id }));
      whole.append(element("h3", name), block);
    });
    return whole;
  }
}

class Table {
  readonly element = element("div");
  private page = 0;
  private order: { column: number; down: boolean } | null = null;
  private rows: Row[];

  constructor(private readonly found: Solutions) {
    this.rows = found.rows;
    this.draw();
  }

  private sort(column: number): void {
    const down = this.order?.column === column && !this.order.down;
    this.order = { column, down };
    const told = new Intl.Collator(LANGUAGE, { numeric: true });
    const compare = (a: Row, b: Row): number => {
      const [x, y] = [numberOf(a[column]), numberOf(b[column])];
      if (x !== null && y !== null) return x - y;
      return told.compare(a[column]?.value ?? "", b[column]?.value ?? "");
    };
    this.rows = [...this.found.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)));
    this.page = 0;
    this.draw();
  }

  private draw(): void {
    if (!this.found.rows.length) {
      this.element.replaceChildren(element("p", say("none")));
      return;
    }
    const first = this.page * ROWS_A_PAGE;
    const shown = this.rows.slice(first, first + ROWS_A_PAGE);
    const table = element("table", "", { class: "results" });
    const head = element("tr");
    this.found.columns.forEach((name, column) => {
      const cell = element("th", "", { scope: "col" });
      if (shown.some((row) => numberOf(row[column]) !== null)) cell.className = "number";
      if (this.order?.column === column) {
        cell.setAttribute("aria-sort", this.order.down ? "descending" : "ascending");
      }
      const button = element("button", name, { type: "button", class: "sort" });
      button.addEventListener("click", () => this.sort(column));
      cell.append(button);
      head.append(cell);
    });
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    for (const row of shown) {
      const line = element("tr");
      for (let column = 0; column < this.found.columns.length; column++) {
        const cell = element("td");
        const term = row[column];
        if (numberOf(term) !== null) cell.className = "number";
        if (term) cell.append(told(term));
        line.append(cell);
      }
      body.append(line);
    }
    table.append(top, body);
    const frame = element("div", "", { class: "scroll", tabindex: "0", role: "region" });
    frame.setAttribute("aria-label", say("answer"));
    frame.append(table);
    const parts: HTMLElement[] = [frame];
    if (this.found.total > this.found.rows.length) {
      const counts = { count: grouped(this.found.rows.length), total: grouped(this.found.total) };
      parts.unshift(element("p", say("first-rows", counts)));
    }
    const pages = Math.ceil(this.rows.length / ROWS_A_PAGE);
    if (pages > 1) parts.push(this.pages(pages));
    this.element.replaceChildren(...parts);
  }

  private pages(pages: number): HTMLElement {
    const bar = element("div", "", { class: "row" });
    const turn = (text: string, step: number, can: boolean): HTMLButtonElement => {
      const button = element("button", text, { type: "button", class: "secondary" });
      button.disabled = !can;
      button.addEventListener("click", () => {
        this.page += step;
        this.draw();
      });
      return button;
    };
    bar.append(
      turn(say("previous"), -1, this.page > 0),
      element("span", say("page", { page: this.page + 1, pages }), { role: "status" }),
      turn(say("next"), 1, this.page < pages - 1),
    );
    return bar;
  }
}

function shorten(iri: string): string {
  for (const [prefix, start] of Object.entries(vocabulary.prefixes)) {
    const rest = iri.slice(start.length);
    if (iri.startsWith(start) && /^[\w-]+$/.test(rest)) return `${prefix}:${rest}`;
  }
  return iri.replace("https://w3id.org/klustergraf/", "");
}

function told(term: Term): Node {
  if (term.kind === "iri" && /^https?:/.test(term.value)) {
    const ours = term.value.startsWith("https://w3id.org/klustergraf/");
    const path = term.value.slice("https://w3id.org/klustergraf".length);
    return element("a", shorten(term.value), { href: ours ? path : term.value });
  }
  if (term.kind !== "literal") return document.createTextNode(term.value);
  const text = element("span", term.value);
  if (term.language && term.language !== LANGUAGE) text.lang = term.language;
  return text;
}

const iris = (row: Row): Term[] => row.filter((term): term is Term => term?.kind === "iri");

function drawing(draw: (into: HTMLElement) => Promise<void>): HTMLElement {
  const into = element("div", "", {
    class: "canvas",
    role: "img",
    "aria-label": say("view.graph"),
  });
  requestAnimationFrame(() => void draw(into));
  return into;
}

function svg(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

function chart(found: Solutions, column: number): HTMLElement {
  const named = found.columns.findIndex(
    (_, c) =>
      c !== column &&
      found.rows.some((row) => row[c]?.kind === "literal" && numberOf(row[c]) === null),
  );
  const labelled = named >= 0 ? named : column === 0 ? 1 : 0;
  const bars = found.rows
    .map((row): [string, number] => [
      row[labelled]
        ? row[labelled].kind === "iri"
          ? shorten(row[labelled].value)
          : row[labelled].value
        : "–",
      numberOf(row[column]) ?? 0,
    ])
    .slice(0, BARS);
  const most = Math.max(...bars.map(([, n]) => Math.abs(n)), 1e-12);
  const height = bars.length * 24 + 8;
  const picture = svg("svg", { viewBox: `0 0 900 ${height}`, class: "chart", role: "img" });
  picture.setAttribute("aria-label", say("chart", { column: found.columns[column] ?? "" }));
  bars.forEach(([name, value], place) => {
    const y = place * 24 + 6;
    const short = name.length > 44 ? `${name.slice(0, 43)}…` : name;
    picture.append(
      svg("text", { x: 330, y: y + 13, "text-anchor": "end" }, short),
      svg("rect", { x: 340, y, width: Math.max((Math.abs(value) / most) * 470, 1), height: 18 }),
      svg(
        "text",
        { x: 346 + (Math.abs(value) / most) * 470, y: y + 13 },
        value.toLocaleString(LANGUAGE),
      ),
    );
  });
  const whole = element("div");
  whole.append(picture);
  if (found.total > BARS)
    whole.append(element("p", say("first-bars", { count: BARS }), { class: "quiet" }));
  return whole;
}

type Place = { x: number; y: number; name: string };

function pointsOf(found: Solutions): Place[] {
  const places: Place[] = [];
  for (const row of found.rows) {
    for (const term of row) {
      const match = term?.value.match(/^POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)$/i);
      if (!match) continue;
      const label = row.find((other) => other?.kind === "literal" && other !== term);
      places.push({ x: Number(match[1]), y: Number(match[2]), name: label?.value ?? "" });
    }
  }
  return places;
}

function map(places: Place[]): HTMLElement {
  const [west, east] = [Math.min(...places.map((p) => p.x)), Math.max(...places.map((p) => p.x))];
  const [south, north] = [Math.min(...places.map((p) => p.y)), Math.max(...places.map((p) => p.y))];
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = 760 / Math.max((east - west) * narrow, north - south, 0.02);
  const [width, height] = [(east - west) * narrow * scale + 240, (north - south) * scale + 60];
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img" });
  picture.setAttribute("aria-label", say("view.map"));
  for (const { x, y, name } of places) {
    const [px, py] = [(x - west) * narrow * scale + 20, (north - y) * scale + 30];
    const mark = svg("circle", { cx: px, cy: py, r: 6 });
    mark.append(svg("title", {}, name));
    picture.append(mark);
    if (places.length <= 40) picture.append(svg("text", { x: px + 9, y: py + 4 }, name));
  }
  const whole = element("div");
  whole.append(picture, element("p", say("map-note"), { class: "quiet" }));
  return whole;
}

class Library {
  private stored: Stored[] = [];

  constructor(private readonly workbench: Workbench) {
    byId("finder").hidden = false;
    byId<HTMLInputElement>("find").addEventListener("input", (event) => {
      const wanted = (event.target as HTMLInputElement).value.toLocaleLowerCase();
      for (const item of document.querySelectorAll<HTMLElement>("#library li")) {
        item.hidden = !(item.textContent ?? "").toLocaleLowerCase().includes(wanted);
      }
    });
    byId("library").addEventListener("click", (event) => {
      const link = (event.target as HTMLElement).closest("a");
      const name = link?.closest("li")?.dataset.name;
      if (!link || !name || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      void this.choose(name);
    });
  }

  private async choose(name: string): Promise<void> {
    if (!this.stored.length) {
      const answer = await fetch("/api/queries");
      this.stored = ((await answer.json()) as { queries: Stored[] }).queries;
    }
    const query = this.stored.find((stored) => stored.name === name);
    if (!query) return;
    this.workbench.load(query.text);
    const form = element("form");
    form.append(element("h3", pick(query.title)), element("p", pick(query.description)));
    for (const parameter of query.parameters) {
      const id = `parameter-${parameter.name}`;
      const field = element("input", "", {
        id,
        name: parameter.name,
        placeholder: parameter.example,
      });
      if (parameter.type === "language") field.value = LANGUAGE;
      form.append(element("label", pick(parameter.label), { for: id }), field);
    }
    if (query.parameters.length) form.append(element("button", say("fill")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.fill(query, new FormData(form));
    });
    byId("parameters").replaceChildren(form);
    this.fill(query, new FormData(form));
  }

  /** Put values as terms in the place of the defaults, as the service does. */
  private fill(query: Stored, values: FormData): void {
    let text = query.text;
    for (const parameter of query.parameters) {
      const value = String(values.get(parameter.name) ?? "").trim();
      if (!value) continue;
      const literal = JSON.stringify(value);
      const term =
        parameter.type === "iri"
          ? `<${value.replace(/[\s<>"{}|^`\\]/g, (c) => encodeURIComponent(c))}>`
          : ["integer", "decimal"].includes(parameter.type) &&
              numberOf({ kind: "literal", value }) !== null
            ? value
            : literal;
      const place = new RegExp(`(VALUES\\s+\\?${parameter.name}\\s*\\{\\s*)[^{}]*?(\\s*\\})`);
      text = text.replace(place, (_, before: string, after: string) => before + term + after);
    }
    this.workbench.load(text);
  }
}

const workbench = new Workbench();
new Library(workbench);
Object.assign(byId("workbench"), { workbench });
byId("workbench").dataset.ready = "true";
if (new URLSearchParams(location.search).has("query")) void workbench.run();
