"""Memory that was freed, given back to the system.

The C library keeps what a program frees, for the next time it asks. After a step that needs much,
such as a store of all statements, that would stand beside what the next step needs.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager


def give_back() -> None:
    """Give what is free back to the system, where the C library can (glibc); else do nothing.

    Source: malloc_trim(3).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@contextmanager
def without_search_for_cycles() -> Iterator[None]:
    """Make many objects, none of which is in a cycle, without Python's search for those that are.

    It looks through all that there is, again and again while more comes. What was allowed before is
    allowed again afterwards.

    >>> with without_search_for_cycles():
    ...     gc.isenabled()
    False
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
