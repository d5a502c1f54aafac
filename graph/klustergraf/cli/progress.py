"""How a command shows what it is doing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text


@contextmanager
def shown(console: Console) -> Iterator[Callable[[str, str], None]]:
    """Show what a build is doing on the console, in one line that changes with each step.

    No thread draws it (a spinner has one): a process with threads cannot share its work with
    another (:class:`klustergraf.aside.Aside`).
    """
    with Live(Text("Building"), console=console, auto_refresh=False, transient=True) as line:
        yield lambda step, detail: line.update(Text(f"{step}: {detail}"), refresh=True)
