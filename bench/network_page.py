"""How fluid the network is in a browser, and how soon pages are painted.

Run it alone: ``.venv/bin/python bench/network_page.py [--quick]``. The shipped graph is served, and
its pages are opened in a headless Chromium that draws without a graphics card (SwiftShader), as on
a machine that has none. The network of the page is also replaced by made-up ones of given sizes.

A frame is one in which the picture was drawn anew or what was drawn has moved, counted while a
pressed mouse drags the picture about, and while it is zoomed. *Drawn anew* is the longest wait for
a frame after the mouse is let go. First contentful paint is what the browser reports for a reload.
"""

import argparse
import functools
import itertools
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Route, ViewportSize, sync_playwright

import report
from klustergraf.build import build
from klustergraf.derivations import derive_all
from peers import Stored

_SIZES: Final = ((500, 2_000), (2_000, 20_000), (5_000, 50_000))
_BOUND_SIZE: Final = (2_000, 20_000)
_LEAST_FRAMES: Final = 30.0
_LATEST_PAINT_MS: Final = 500.0
_PAGES: Final = (
    *("/", "/search?q=karolinska", "/network", "/map", "/strategy"),
    *("/id/actor/karolinska-institutet.html", "/sparql", "/queries", "/data"),
)
_KINDS: Final = ("academia", "business", "public", "support", "funding", "other")
_VIEW: Final[ViewportSize] = {"width": 1280, "height": 900}
# A frame counts when the picture was drawn anew, or what was drawn has moved.
_COUNT: Final = """() => {
    const {picture} = document.getElementById('network');
    const layer = picture.sigma.getCanvases().nodes;
    let renders = 0;
    let before = '';
    picture.sigma.on('afterRender', () => { renders += 1; });
    const look = time => {
        const now = `${renders} ${layer.style.transform}`;
        if (now !== before) window.drawn.push(time);
        before = now;
        requestAnimationFrame(look);
    };
    window.drawn = [];
    requestAnimationFrame(look);
}"""


def made_up(nodes: int, edges: int, seed: int = 1) -> dict[str, Any]:
    """Make what the picture draws, with a few actors that have most of the ties.

    The same size and seed give the same.
    """
    draw = random.Random(seed)  # noqa: S311 # no secret
    ends = list(range(nodes))
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < edges:
        a, b = draw.randrange(nodes), draw.choice(ends)
        if a != b:
            pairs.add((min(a, b), max(a, b)))
            ends += (a, b)
    degrees = [0] * nodes
    for pair in pairs:
        for end in pair:
            degrees[end] += 1
    return {
        "nodes": [
            {
                "slug": f"actor-{number}",
                "label": f"Actor number {number}",
                "kind": draw.choice(_KINDS),
                "county": "stockholms-lan",
                "community": str(number % 7 + 1),
                "degree": degrees[number],
                "strength": degrees[number],
                "betweenness": degrees[number] / edges,
                "x": draw.gauss(0, 0.4),
                "y": draw.gauss(0, 0.4),
            }
            for number in range(nodes)
        ],
        "edges": [[a, b, draw.randint(1, 9)] for a, b in sorted(pairs)],
    }


def frames(page: Page, seconds: float) -> tuple[float, float, float, float]:
    """Give frames a second while the picture is dragged, and zoomed; and the longest waits in ms.

    The first wait is while it is dragged, the second when it is let go.
    """
    page.locator("#network[data-ready=true]").wait_for(timeout=60_000)
    page.evaluate(_COUNT)
    box = page.locator("#network").bounding_box()
    if box is None:
        raise RuntimeError("the picture is not shown")
    across, down = box["x"] + box["width"] / 2, box["y"] + min(box["height"], 400) / 2
    page.mouse.move(across, down)
    page.mouse.down()
    began = _clear(page)
    step = 0
    while time.perf_counter() - began < seconds:
        step += 1
        page.mouse.move(across + 150 * ((step % 80) / 40 - 1), down + 60 * ((step % 50) / 25 - 1))
    panned, longest = _rate(page)
    page.evaluate("""() => {
        window.waits = [];
        const look = time => { window.waits.push(time); requestAnimationFrame(look); };
        requestAnimationFrame(look);
    }""")
    page.mouse.up()
    page.wait_for_timeout(1500)
    times = page.evaluate("() => window.waits")
    anew = max(b - a for a, b in itertools.pairwise(times))
    begin = _clear(page)
    while time.perf_counter() - begin < seconds:
        page.mouse.wheel(0, -60 if time.perf_counter() - begin < seconds / 2 else 60)
        page.wait_for_timeout(30)
    zoomed, _ = _rate(page)
    return panned, zoomed, longest, anew


def _clear(page: Page) -> float:
    page.evaluate("() => { window.drawn = []; window.since = performance.now(); }")
    return time.perf_counter()


def _rate(page: Page) -> tuple[float, float]:
    times, since, until = page.evaluate("() => [window.drawn, window.since, performance.now()]")
    waits = [b - a for a, b in itertools.pairwise(times)]
    return 1000 * len(times) / (until - since), max(waits, default=0.0)


def paints(browser: Browser, address: str, rounds: int) -> list[tuple[str, float]]:
    """Give each page with its first contentful paint in milliseconds, median over the rounds."""
    found = []
    for path in _PAGES:
        context = browser.new_context(viewport=_VIEW, base_url=address)
        page = context.new_page()
        page.goto(path)
        times = []
        for _ in range(rounds):
            page.reload()
            times.append(
                page.evaluate(
                    """() => new Promise(tell => new PerformanceObserver(list => {
                        const paint = list.getEntriesByName('first-contentful-paint')[0];
                        if (paint) tell(paint.startTime);
                    }).observe({type: 'paint', buffered: true}))"""
                )
            )
        found.append((path, statistics.median(times)))
        context.close()
    return found


def _answer(graph: dict[str, Any], route: Route) -> None:
    route.fulfill(json=graph)


def fluid(
    browser: Browser, address: str, sizes: Sequence[tuple[int, int]], rounds: int, seconds: float
) -> list[tuple[tuple[int, int], float, float, float, float]]:
    """Give each size with frames a second while dragged and zoomed, and the longest wait in ms."""
    found = []
    for nodes, edges in sizes:
        graph = made_up(nodes, edges)
        context = browser.new_context(viewport=_VIEW, base_url=address)
        page = context.new_page()
        page.route("**/network/graph.json**", functools.partial(_answer, graph))
        results = []
        for _ in range(rounds):
            page.goto("/network")
            results.append(frames(page, seconds))
        context.close()
        panned, zoomed, longest, anew = (statistics.median(r[n] for r in results) for n in range(4))
        found.append(((nodes, edges), panned, zoomed, longest, anew))
    return found


def block(
    measured: Sequence[tuple[tuple[int, int], float, float, float, float]],
    painted: Sequence[tuple[str, float]],
) -> str:
    """Write what was measured."""
    head = [
        "actors",
        "pairs",
        "frames/s, dragged",
        "frames/s, zoomed",
        "longest wait, ms",
        "drawn anew, ms",
    ]
    rows = [
        [f"{nodes:,}", f"{edges:,}", *(report.number(value) for value in values)]
        for (nodes, edges), *values in measured
    ]
    bound = next((panned for size, panned, *_ in measured if size == _BOUND_SIZE), 0.0)
    slowest = max(painted, key=lambda pair: pair[1])
    return "\n".join(
        [
            "## Pages in a browser",
            "",
            f"{report.machine()}; headless Chromium, drawing without a graphics card.",
            "",
            report.table(head, rows),
            "",
            f"Bound: {_BOUND_SIZE[0]:,} actors and {_BOUND_SIZE[1]:,} pairs with "
            f"{_LEAST_FRAMES:.0f} frames/s while dragged: "
            f"{'held' if bound >= _LEAST_FRAMES else '**missed**'}, {report.number(bound)}.",
            "",
            report.table(
                ["page", "first contentful paint, ms"],
                [[f"`{path}`", report.number(value)] for path, value in painted],
            ),
            "",
            f"Bound: every page within {_LATEST_PAINT_MS:.0f} ms: "
            f"{'held' if slowest[1] <= _LATEST_PAINT_MS else '**missed**'}.",
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="write into this file")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    rounds = 1 if chosen.quick else 5
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        derive_all(build(home).version)
        with Stored(home, Path(temporary)) as server, sync_playwright() as playwright:
            server.start()
            address = server.url.removesuffix("/sparql")
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
            )
            measured = fluid(browser, address, _SIZES, rounds, 3.0)
            painted = paints(browser, address, rounds)
            browser.close()
    report.write_block("pages in a browser", block(measured, painted), chosen.page)


if __name__ == "__main__":
    main()
