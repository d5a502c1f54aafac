// SPARQL set in lines: one pattern a line, two spaces a brace. Strings, IRIs and comments stay.

const TOKEN =
  /#[^\n]*|<[^<>"{}|^`\\\s]*>|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[{}]|\n|[^\S\n]+|[^\s{}<"'#]+|[<"'#]/g;
const CLAUSE =
  /^(PREFIX|BASE|SELECT|CONSTRUCT|ASK|DESCRIBE|FROM|WHERE|GROUP|HAVING|ORDER|LIMIT|OFFSET|VALUES)$/i;

/** Lay out a query anew. What it means does not change: only white space does. */
export function tidy(query: string): string {
  const lines: string[] = [];
  let depth = 0;
  let line = "";
  const end = (): void => {
    const text = line.trim();
    if (text || lines.at(-1)) lines.push(text ? "  ".repeat(depth) + text : "");
    line = "";
  };
  let blank = false;
  for (const token of query.match(TOKEN) ?? []) {
    if (token === "{") {
      line += "{";
      end();
      depth += 1;
    } else if (token === "}") {
      if (line.trim()) end();
      depth = Math.max(depth - 1, 0);
      line = "}";
    } else if (token === "\n") {
      // After a brace or a comment the line has ended already.
      if (line.trim()) end();
      else if (blank && lines.at(-1)) lines.push("");
      blank = true;
      continue;
    } else if (/^\s+$/.test(token)) {
      if (line) line += " ";
      continue;
    } else if (token.startsWith("#")) {
      line += token;
      end();
    } else {
      if (
        CLAUSE.test(token) &&
        depth === 0 &&
        line.trim() &&
        !/^(SELECT|GROUP|ORDER)$/i.test(line.trim()) &&
        !/^VALUES$/i.test(token)
      ) {
        if (!/^WHERE$/i.test(token)) end();
      }
      line += token;
      if (token === "." && depth > 0) end();
    }
    blank = false;
  }
  end();
  return `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}
