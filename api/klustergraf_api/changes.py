"""What changed between versions, in words, for pages: told once it is known, never waited for."""

import asyncio
import logging

from klustergraf.difference import compare, known_difference
from klustergraf.errors import GraphError
from klustergraf.version import Version

_LOG = logging.getLogger(__name__)
_MOST_LINES = 6

_working: dict[tuple[str, str], asyncio.Task[None]] = {}


def changes_in_words(before: Version, after: Version, language: str) -> list[str] | None:
    """Tell the difference in words, the largest first; None while nobody has compared the two.

    Comparing large versions takes seconds. It begins in the background; the next page has it.
    """
    found = known_difference(before, after)
    if found is not None:
        return found.words(language)[:_MOST_LINES]
    pair = (before.id, after.id)
    if not _working:
        _working[pair] = asyncio.create_task(_compare(before, after, pair))
    return None


async def _compare(before: Version, after: Version, pair: tuple[str, str]) -> None:
    try:
        await asyncio.to_thread(compare, before, after)
    except (GraphError, OSError):
        _LOG.exception("versions cannot be compared")
    finally:
        del _working[pair]
