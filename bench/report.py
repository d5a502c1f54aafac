"""Where benchmarks write: blocks of docs/benchmarks.md, each between its markers."""

import datetime as dt
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import processes

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def put_block(text: str, name: str, block: str) -> str:
    r"""Put a block between its markers; a new one comes at the end.

    >>> page = put_block("# Page\n", "a", "1")
    >>> put_block(page, "a", "2") == put_block("# Page\n", "a", "2")
    True
    """
    begin, end = f"<!-- bench: {name} -->", f"<!-- /bench: {name} -->"
    block = f"{begin}\n{block.strip()}\n{end}"
    found = re.compile(f"(?s){re.escape(begin)}.*?{re.escape(end)}")
    if found.search(text):
        return found.sub(lambda _: block, text)
    return f"{text.rstrip()}\n\n{block}\n"


def write_block(name: str, block: str, page: Path = PAGE) -> None:
    """Write a block into the page."""
    text = page.read_text("utf-8") if page.exists() else "# Benchmarks\n"
    page.write_text(put_block(text, name, block), encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a table of Markdown; the first column is text, the others are numbers.

    >>> print(table(["query", "ms"], [["a", "1"]]))
    | query | ms |
    |---|--:|
    | a | 1 |
    """
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(
        ("|" + "|".join(line) + "|") if index == 1 else ("| " + " | ".join(line) + " |")
        for index, line in enumerate(lines)
    )


def machine() -> str:
    """Tell what the figures depend on, and nothing that names the machine."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return (
        f"{today}; {os.cpu_count()} processors ({processes.processor()}), "
        f"{processes.total_mb() / 1024:.0f} GiB of memory, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )


def number(value: float) -> str:
    """Write a figure with about three digits.

    >>> number(0.1234), number(12.34), number(1234.5)
    ('0.123', '12.3', '1,234')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
