"""Two ways to do the same on a page: with the keys alone, or with the pointer alone.

The keys stop where the Tab key stops. At each stop on the way the focus must be seen, be within
the window, and lie further along the page than the stop before.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Locator, Page, expect

# No page has as many stops as this between two things of one job.
_MOST_STOPS: Final = 600

# The element in focus, wherever it lies, beside the one that is wanted.
_LOOK: Final = """wanted => {
    const inner = root => root.activeElement?.shadowRoot?.activeElement ?? root.activeElement;
    const at = inner(document);
    const relation = (a, b) => a.compareDocumentPosition(b);
    const host = e => e.getRootNode().host ?? e;
    if (!at || at === document.body) {
        // A page opened at a place within it is walked from there.
        const place = document.querySelector(':target');
        const way = place && relation(place, host(wanted)) & 2 ? -1 : 1;
        return {way, isThere: false, faults: []};
    }
    const faults = [];
    const name = at.outerHTML.slice(0, 120);
    const style = getComputedStyle(at.closest('.cm-editor') ?? at);
    const isMain = at.id === 'main';
    if (!isMain && (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2)) {
        faults.push(`the focus is not seen: ${name}`);
    }
    const box = at.getBoundingClientRect();
    const isWithin = box.bottom > 0 && box.top < innerHeight
        && box.right > 0 && box.left < innerWidth && box.width > 0 && box.height > 0;
    if (!isWithin) faults.push(`the focus is out of sight: ${name}`);
    const before = window.stopBefore;
    if (before && before.way && before.at.isConnected && host(before.at) !== host(at)) {
        const isAfter = relation(host(before.at), host(at)) & 4;
        if (Boolean(isAfter) !== before.way > 0) faults.push(`the stops jump about: ${name}`);
    }
    const target = host(wanted);
    const way = relation(host(at), target) & 2 ? -1 : 1;
    window.stopBefore = {at, way};
    return {way, isThere: at === wanted, faults};
}"""


class Hand(ABC):
    """Does things on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # Heard from the start: a question for a file that comes before one listens is lost.
        page.on("filechooser", lambda _: None)

    @abstractmethod
    def press(self, target: Locator) -> None:
        """Follow a link, or press a button or the heading of what can be opened."""

    @abstractmethod
    def tick(self, box: Locator) -> None:
        """Tick a box."""

    @abstractmethod
    def write(self, field: Locator, text: str) -> None:
        """Write a text into a field, in the place of what stands there."""

    @abstractmethod
    def send(self, field: Locator, button: Locator) -> None:
        """Send the form that a field has been filled in of."""

    @abstractmethod
    def take(self, suggestion: Locator) -> None:
        """Take the first of what is suggested under the field in use."""

    @abstractmethod
    def choose(self, field: Locator, value: str) -> None:
        """Choose a value from a list."""

    @abstractmethod
    def upload(self, field: Locator, file: Path) -> None:
        """Choose a file."""

    @abstractmethod
    def switch(self, tab: Locator) -> None:
        """Show another view of the same: the one after that which is shown."""

    @abstractmethod
    def clear(self, editor: Locator) -> None:
        """Take away what stands in an editor of several lines, and be ready to write there."""

    @abstractmethod
    def type(self, text: str) -> None:
        """Write where the writing mark is."""


class Keys(Hand):
    """The keyboard alone."""

    def reach(self, target: Locator) -> None:
        """Go to an element with the Tab key, forward or back."""
        expect(target).to_be_visible()
        target.evaluate("() => { window.stopBefore = null; }")
        seen: dict[str, Any] = target.evaluate(_LOOK)
        for _ in range(_MOST_STOPS):
            if seen["isThere"]:
                return
            self.page.keyboard.press("Tab" if seen["way"] > 0 else "Shift+Tab")
            seen = target.evaluate(_LOOK)
            assert not seen["faults"], "; ".join(seen["faults"])
        raise AssertionError(f"the keyboard does not reach {target}")

    def press(self, target: Locator) -> None:
        """Go there and press Enter."""
        self.reach(target)
        self.page.keyboard.press("Enter")

    def tick(self, box: Locator) -> None:
        """Go there and press Space."""
        self.reach(box)
        self.page.keyboard.press("Space")

    def write(self, field: Locator, text: str) -> None:
        """Go there and type over what is there."""
        self.reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def send(self, field: Locator, button: Locator) -> None:
        """Press Enter in the field; the button has no part in it."""
        expect(button).to_be_visible()
        self.reach(field)
        self.page.keyboard.press("Enter")

    def take(self, suggestion: Locator) -> None:
        """Go down to it with the arrow, and press Enter."""
        expect(suggestion).to_be_visible()
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")

    def choose(self, field: Locator, value: str) -> None:
        """Go there, and up or down with the arrows."""
        self.reach(field)
        values: list[str] = field.evaluate("e => [...e.options].map(o => o.value)")
        steps = values.index(value) - int(field.evaluate("e => e.selectedIndex"))
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        expect(field).to_have_value(value)

    def upload(self, field: Locator, file: Path) -> None:
        """Go there and press Enter: the system asks for a file."""
        self.reach(field)
        with self.page.expect_file_chooser() as asked:
            self.page.keyboard.press("Enter")
        asked.value.set_files(file)

    def switch(self, tab: Locator) -> None:
        """Go to the view that is shown, and on with the arrow."""
        shown = self.page.locator("[role=tab][aria-selected=true]")
        self.reach(shown)
        self.page.keyboard.press("ArrowRight")
        expect(tab).to_be_focused()

    def clear(self, editor: Locator) -> None:
        """Go there, mark all of it and delete it."""
        self.reach(editor)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")

    def type(self, text: str) -> None:
        """Press one key for each character."""
        self.page.keyboard.type(text)


class Pointer(Hand):
    """The pointer alone; what must be written comes without keys, as from the screen."""

    def press(self, target: Locator) -> None:
        """Click it."""
        target.click()

    def tick(self, box: Locator) -> None:
        """Click its label."""
        self.page.locator(f"label[for='{box.get_attribute('id')}']").click()

    def write(self, field: Locator, text: str) -> None:
        """Click three times, which marks what is there, and write."""
        field.click(click_count=3)
        self.page.keyboard.insert_text(text)

    def send(self, field: Locator, button: Locator) -> None:
        """Click the button."""
        expect(field).to_be_visible()
        button.click()

    def take(self, suggestion: Locator) -> None:
        """Click it."""
        suggestion.click()

    def choose(self, field: Locator, value: str) -> None:
        """Choose it; the list that the system opens is no part of the page."""
        field.select_option(value)

    def upload(self, field: Locator, file: Path) -> None:
        """Click the field: the system asks for a file."""
        with self.page.expect_file_chooser() as asked:
            field.click()
        asked.value.set_files(file)

    def switch(self, tab: Locator) -> None:
        """Click it."""
        tab.click()

    def clear(self, editor: Locator) -> None:
        """Drag over all of it; what is written next comes in its place."""
        lines = editor.locator(".cm-line")
        first, last = lines.first.bounding_box(), lines.last.bounding_box()
        assert first
        assert last
        self.page.mouse.move(first["x"] + 1, first["y"] + 2)
        self.page.mouse.down()
        self.page.mouse.move(last["x"] + last["width"] - 2, last["y"] + last["height"] - 2, steps=4)
        self.page.mouse.up()

    def type(self, text: str) -> None:
        """Insert it."""
        self.page.keyboard.insert_text(text)


HANDS: Final[dict[str, type[Hand]]] = {"keys": Keys, "pointer": Pointer}
