// What every page has: the typeface, tables that can be sorted, evidence, and buttons that copy.
import "./site.css";
import { attendDrawer } from "./drawer";
import { makeSortable } from "./sorting";

makeSortable();
attendDrawer();

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  const said = button.textContent ?? "";
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy ?? "");
    if (!source) return;
    await navigator.clipboard.writeText(source.textContent ?? "");
    button.textContent = button.dataset.done ?? said;
    setTimeout(() => {
      button.textContent = said;
    }, 2000);
  });
}
