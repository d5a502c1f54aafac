// Tables that are whole on their page can be sorted by each of their columns.
const LANGUAGE = document.documentElement.lang;

// As pages write numbers: thin spaces between thousands, a comma in Swedish, a real minus.
const numberOf = (text: string): number =>
  Number.parseFloat(text.replace(/\s/g, "").replace(",", ".").replace("\u2212", "-"));

function textOf(row: HTMLTableRowElement, column: number): string {
  return row.cells[column]?.textContent.trim() ?? "";
}

function sort(table: HTMLTableElement, column: number, isDown: boolean, isNumber: boolean): void {
  const body = table.tBodies[0];
  if (!body) return;
  const rows = [...body.rows].map((row) => ({ row, value: textOf(row, column) }));
  const compare = (a: string, b: string): number =>
    isNumber
      ? numberOf(a) - numberOf(b)
      : a.localeCompare(b, LANGUAGE, { numeric: true, sensitivity: "base" });
  rows.sort((a, b) => {
    // What has no value stands last, whatever the direction.
    if (!a.value || !b.value) return Number(!a.value) - Number(!b.value);
    return isDown ? compare(b.value, a.value) : compare(a.value, b.value);
  });
  body.append(...rows.map(({ row }) => row));
}

/** Let the headings of tables that say so sort them. */
export function makeSortable(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>("table[data-sortable]")) {
    const headings = [...(table.tHead?.rows[0]?.cells ?? [])];
    if ((table.tBodies[0]?.rows.length ?? 0) < 2) continue;
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.replaceChildren(button);
      const isNumber = heading.classList.contains("number");
      button.addEventListener("click", () => {
        const before = heading.getAttribute("aria-sort");
        // Numbers begin with the largest, which is what one looks for.
        const isDown = before ? before === "ascending" : isNumber;
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        sort(table, column, isDown, isNumber);
      });
    });
  }
}
