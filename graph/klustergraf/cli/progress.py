"""How a command shows what it is doing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def shown(console: Console) -> Iterator[Callable[[str, str], None]]:
    """Show what a build is doing on the console, in one line that changes."""
    with console.status("Building the graph") as status:
        yield lambda step, detail: status.update(f"{step}: {detail}")
