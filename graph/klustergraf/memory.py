"""Memory that was freed, given back to the system.

The C library keeps what a program frees, for the next time it asks. After a step that needs much,
such as a store of all statements, that would stand beside what the next step needs.
"""

import ctypes


def give_back() -> None:
    """Give what is free back to the system, where the C library can (glibc); else do nothing.

    Source: malloc_trim(3).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
