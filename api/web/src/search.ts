// Suggestions in the search field, and facets that apply at once.
import { combobox, pageOf, textsOf } from "./combobox";

const box = document.querySelector<HTMLElement>(".search-box");
const input = box?.querySelector("input");
if (box && input) {
  combobox(input, box.dataset.suggest ?? "", textsOf(box), (suggestion) => {
    location.assign(pageOf(suggestion.iri));
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-live]")) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "checkbox") {
      form.requestSubmit();
    }
  });
}
