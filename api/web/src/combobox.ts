// A text field that suggests things as you type (the combobox pattern of WAI-ARIA 1.2).

export interface Suggestion {
  iri: string;
  type: string;
  label: string;
  name: string;
  place: string;
}

export interface ComboboxTexts {
  list: string;
  count: string;
  failed: string;
  type: (type: string) => string;
}

const WAIT_MS = 80;

export function combobox(
  input: HTMLInputElement,
  address: string,
  texts: ComboboxTexts,
  choose: (suggestion: Suggestion) => void,
): void {
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.role = "listbox";
  list.setAttribute("aria-label", texts.list);
  list.hidden = true;
  const status = document.createElement("p");
  status.className = "hidden";
  status.role = "status";
  input.insertAdjacentElement("afterend", list);
  list.insertAdjacentElement("afterend", status);
  input.role = "combobox";
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");

  let found: Suggestion[] = [];
  let active = -1;
  let asking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function close(): void {
    asking?.abort();
    clearTimeout(timer);
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function activate(index: number): void {
    active = index;
    for (const [number, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(number === index));
      if (number === index) item.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  }

  function show(suggestions: Suggestion[]): void {
    found = suggestions;
    list.replaceChildren(
      ...suggestions.map((suggestion, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.role = "option";
        const label = document.createElement("span");
        label.textContent = suggestion.label;
        const about = document.createElement("span");
        about.className = "quiet";
        const other = suggestion.name !== suggestion.label ? suggestion.name : "";
        about.textContent = [other, texts.type(suggestion.type), suggestion.place]
          .filter(Boolean)
          .join(" · ");
        item.append(label, " ", about);
        // Before the field loses its focus.
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          close();
          choose(suggestion);
        });
        return item;
      }),
    );
    list.hidden = suggestions.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = texts.count.replace("{count}", String(suggestions.length));
    activate(-1);
  }

  async function ask(): Promise<void> {
    asking?.abort();
    const text = input.value.trim();
    if (!text) {
      close();
      return;
    }
    const mine = new AbortController();
    asking = mine;
    try {
      const url = new URL(address, location.href);
      url.searchParams.set("q", text);
      const answer = await fetch(url, { signal: mine.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const body = (await answer.json()) as { suggestions: Suggestion[] };
      if (document.activeElement === input) show(body.suggestions);
    } catch {
      if (mine.signal.aborted) return;
      close();
      status.textContent = texts.failed;
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = found.length + 1; // one more: back in the field
      activate(((active + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter" && !list.hidden) {
      const chosen = found[active];
      if (chosen) {
        event.preventDefault();
        close();
        choose(chosen);
      }
    }
  });
}

export function textsOf(box: HTMLElement): ComboboxTexts {
  return {
    list: box.dataset.list ?? "",
    count: box.dataset.count ?? "",
    failed: box.dataset.failed ?? "",
    type: (type) => box.getAttribute(`data-type-${type}`) ?? type,
  };
}

/** Gives the address on this host of a thing's page. */
export function pageOf(iri: string): string {
  const path = iri.replace(/^https?:\/\/[^/]+\/(?:klustergraf\/)?/, "/");
  const here = new URLSearchParams(location.search);
  const kept = new URLSearchParams([...here].filter(([name]) => /^(lang|version)$/.test(name)));
  return kept.size ? `${path}?${kept}` : path;
}
