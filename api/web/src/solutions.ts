// Answers as they come: rows of TSV, of which the first are kept and all are counted.

export interface Term {
  kind: "iri" | "literal" | "bnode";
  value: string;
  language?: string;
  datatype?: string;
}
export type Row = (Term | null)[];
export interface Solutions {
  columns: string[];
  rows: Row[];
  total: number;
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const XSD = "http://www.w3.org/2001/XMLSchema#";
const ESCAPES: Record<string, string> = { t: "\t", n: "\n", r: "\r", b: "\b", f: "\f" };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, short, long, one) =>
    short || long
      ? String.fromCodePoint(Number.parseInt(short ?? long, 16))
      : (ESCAPES[one] ?? one),
  );
}

/** Read a term as SPARQL's TSV writes it (Turtle). */
export function readTerm(text: string): Term | null {
  if (!text) return null;
  if (text.startsWith("<")) return { kind: "iri", value: unescaped(text.slice(1, -1)) };
  if (text.startsWith("_:")) return { kind: "bnode", value: text.slice(2) };
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const end = text.lastIndexOf(quote);
    const rest = text.slice(end + 1);
    const term: Term = { kind: "literal", value: unescaped(text.slice(1, end)) };
    if (rest.startsWith("@")) term.language = rest.slice(1);
    else if (rest.startsWith("^^<")) term.datatype = rest.slice(3, -1);
    return term;
  }
  const type = NUMBER.test(text) ? (/[eE]/.test(text) ? "double" : "decimal") : "boolean";
  return { kind: "literal", value: text, datatype: XSD + type };
}

/** Tell whether a term is a number, to be set to the right and drawn. */
export function numberOf(term: Term | null | undefined): number | null {
  if (term?.kind !== "literal" || term.language) return null;
  return NUMBER.test(term.value) && term.datatype !== `${XSD}string` ? Number(term.value) : null;
}

/** Read TSV from a stream; ``told`` hears of the number of rows now and then. */
export async function readSolutions(
  stream: ReadableStream<Uint8Array>,
  most: number,
  told: (total: number) => void,
): Promise<Solutions> {
  const found: Solutions = { columns: [], rows: [], total: 0 };
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = "";
  let isFirst = true;
  const take = (line: string): void => {
    if (isFirst) {
      found.columns = line.split("\t").map((name) => name.replace(/^[?$]/, ""));
      isFirst = false;
      return;
    }
    found.total += 1;
    if (found.rows.length < most) found.rows.push(line.split("\t").map(readTerm));
  };
  for (;;) {
    const { value, done } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    if (done) break;
    told(found.total);
  }
  if (rest) take(rest);
  return found;
}
