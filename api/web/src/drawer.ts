// The evidence drawer: the address opens and closes it, also without scripts; here it takes the
// focus, gives it back, and is closed by Escape.
const opened = (): HTMLElement | null => document.querySelector(".why-entry:target");

function enter(): void {
  opened()?.querySelector<HTMLElement>("h3")?.focus({ preventScroll: true });
}

function close(): void {
  const entry = opened();
  const link = entry?.querySelector<HTMLAnchorElement>(".close a");
  if (!link) return;
  // A name that nothing has closes it without moving the page, and then leaves the address.
  location.hash = "-";
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector<HTMLElement>(link.hash)?.focus({ preventScroll: true });
}

export function attendDrawer(): void {
  if (!document.querySelector(".why-entry")) return;
  window.addEventListener("hashchange", enter);
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest(".why-entry .close")) return;
    event.preventDefault();
    close();
  });
  enter();
}
