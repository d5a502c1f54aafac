// Names in the place of addresses, in the form of a stored question.
import { combobox, textsOf } from "./combobox";

const form = document.querySelector<HTMLFormElement>("form.parameters");
for (const input of form?.querySelectorAll<HTMLInputElement>("input[data-suggest]") ?? []) {
  const named = document.getElementById(`${input.id}-name`);
  const tell = (text: string): void => {
    if (named) named.textContent = text;
  };
  const kind = document.querySelector(`label[for="${input.id}"] small`);
  if (kind) kind.textContent = form?.dataset.names ?? "";
  combobox(input, input.dataset.suggest ?? "", textsOf(form as HTMLElement), (suggestion) => {
    input.value = suggestion.iri;
    tell(suggestion.label);
  });
  input.addEventListener("input", () => tell(""));
}
