"""When what is kept with a version is made, of versions that contributions make."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from klustergraf.derivations import derive_beside
from klustergraf.version import Version

_REST_SECONDS: Final = 2.0
_LOOKS: Final = 10

_log = logging.getLogger(__name__)


class Clock(Protocol):
    """What tells the time, and lets it pass."""

    def monotonic(self) -> float:
        """Tell the seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Come back after a while."""
        ...


class Deriving:
    """Makes what is kept with the newest version, once no newer one has come for a while.

    Contributions come in rows: what is made of a version that the next one replaces is of no use,
    and slows that one down. ``derive`` makes it, and gives what went wrong; ``then`` is called in
    the same thread when it is made.
    """

    def __init__(
        self,
        derive: Callable[[Version], str] = derive_beside,
        *,
        then: Callable[[Version], None] = lambda _: None,
        seconds: float = _REST_SECONDS,
        clock: Clock = time,
    ) -> None:
        self._derive = derive
        self._then = then
        self._seconds = seconds
        self._clock = clock
        self._latest: Version | None = None
        self._rested_at = 0.0
        self._one_at_a_time = threading.Lock()

    def follow(self, version: Version) -> None:
        """Take note of a new version, and see to it in a thread."""
        self.note(version)
        threading.Thread(target=self.rest_and_derive, args=[version], daemon=True).start()

    def note(self, version: Version) -> None:
        """Take note of a new version: from now on it is the newest."""
        self._latest = version
        self._rested_at = self._clock.monotonic() + self._seconds

    def rest_and_derive(self, version: Version) -> None:
        """Wait for the rest; then make what is kept with a version if it still is the newest."""
        while self._latest is version and self._clock.monotonic() < self._rested_at:
            self._clock.sleep(self._seconds / _LOOKS)
        with self._one_at_a_time:
            if self._latest is not version:
                return
            if reason := self._derive(version):
                _log.error("what is kept with a version cannot be made: %s", reason)
            else:
                self._then(version)
