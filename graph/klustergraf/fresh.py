"""Processes that start as fresh interpreters, with nothing of the process that starts them."""

import sys
from pathlib import Path
from typing import Final

_SOURCE_ROOT: Final = Path(__file__).resolve().parents[1]
# They run the same code as this process, wherever that was found.
_START: Final = (
    "import sys; root = {!r}; sys.path[:0] = [] if root in sys.path else [root]; "
    "from {} import main; main()"
)


def command(module: str, *arguments: str) -> list[str]:
    """Give the command that runs ``main()`` of a module of ours in a fresh interpreter.

    >>> *_, start, argument = command("klustergraf.engine.keeper", "7")
    >>> start.endswith("; from klustergraf.engine.keeper import main; main()"), argument
    (True, '7')
    """
    # -P: nothing of the folder that the command is given in gets onto the search path.
    return [sys.executable, "-P", "-c", _START.format(str(_SOURCE_ROOT), module), *arguments]
