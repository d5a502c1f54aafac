"""Past versions: engines for them are started when they are asked for, and few are kept.

An engine costs memory, so no more than ``past_versions`` of them are open. One that nobody uses
gives way to the next, the longest unused first; when all are in use, the asker is sent away for a
while (EngineBusy).
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from copy import copy
from dataclasses import dataclass, replace
from typing import Final

from klustergraf.engine.base import QueryEngine
from klustergraf.errors import EngineBusy, VersionNotFound
from klustergraf.version import Version, VersionStore
from klustergraf_api.dependencies import NOT_STORED, Parts
from klustergraf_api.opening import Runner

StartPastEngine = Callable[[Version], QueryEngine]

_RETRY_SECONDS: Final = 5
# A name for what is served, in addresses that are to stay the same from version to version.
CURRENT: Final = "current"


@dataclass
class _Open:
    """An engine of a past version, by which the parts of a service answer; and its users."""

    parts: Parts
    users: int = 0


class Archive:
    """Gives the parts of the service that answer from a past version.

    ``current`` gives the parts that answer from the version that is served.
    """

    def __init__(
        self, current: Callable[[], Parts], start_engine: StartPastEngine, most_open: int
    ) -> None:
        self._current = current
        self._start_engine = start_engine
        self._most_open = most_open
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def lease(self, name: str) -> AsyncIterator[Parts]:
        """Give the parts that answer from a version, open as long as they are used.

        ``name`` is the id of a version or an unambiguous beginning of it.
        Errors: VersionNotFound, EngineBusy, EngineUnavailable.
        """
        current = self._current()
        version = current.version
        if name == current.engine.version_id or (version and name == version.id):
            yield current
            return
        found = await asyncio.to_thread(find_version, current, name)
        if found.id == current.engine.version_id:
            yield current
            return
        taken = await self._take(found)
        try:
            yield taken.parts
        finally:
            taken.users -= 1

    async def _take(self, version: Version) -> _Open:
        async with self._lock:
            taken = self._open.get(version.id)
            if taken is None:
                self._make_room()
                engine = await asyncio.to_thread(self._start_engine, version)
                taken = _Open(_past_parts(self._current(), version, engine))
                self._open[version.id] = taken
            self._open.move_to_end(version.id)
            taken.users += 1
            return taken

    def _make_room(self) -> None:
        while len(self._open) >= self._most_open:
            idle = next((name for name, entry in self._open.items() if not entry.users), None)
            if idle is None:
                raise EngineBusy(_RETRY_SECONDS)
            _close(self._open.pop(idle))

    def close(self) -> None:
        """Close every engine of a past version."""
        while self._open:
            _close(self._open.popitem()[1])


def find_version(parts: Parts, name: str) -> Version:
    """Find a stored version by its id or the beginning of it; ``current`` is the one that answers.

    Errors: VersionNotFound, also when files are served that are no version.
    """
    if parts.version is None:
        raise VersionNotFound(name, NOT_STORED)
    if name == CURRENT:
        return parts.version
    try:
        return VersionStore(parts.version.path.parent.parent).get(name)
    except VersionNotFound as exc:
        # Where the store lies is of no use to who asks from elsewhere.
        raise VersionNotFound(name, "the store") from exc


def _past_parts(current: Parts, version: Version, engine: QueryEngine) -> Parts:
    """Let everything answer from a past version but what counts and what is kept."""
    pages = copy(current.pages)
    pages.version_id = version.id
    pages.past = version.manifest.created[:10]
    before = current.runner
    runner = Runner(engine, before.admission, before.metrics, threads=1, answer_mb=before.answer_mb)
    return replace(
        current,
        pages=pages,
        runner=runner,
        version=version,
        contributing=None,
        remembered={},
        before=None,
    )


def _close(entry: _Open) -> None:
    entry.parts.runner.close()
    entry.parts.runner.engine.close()
