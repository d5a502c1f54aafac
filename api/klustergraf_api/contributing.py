"""How contributions reach the desk: who may send them, what is sent, and what is served after."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Final

from klustergraf.analysis import storage
from klustergraf.contributions.desk import Contribution, Desk, Outcome
from klustergraf.contributions.lines import Delta
from klustergraf.contributions.tokens import TokenStore
from klustergraf.derivations import SEARCH
from klustergraf.engine.base import QueryEngine
from klustergraf.errors import ContributionRefused, GraphError, TokenRefused
from klustergraf.search import SearchIndex
from klustergraf.version import Version
from klustergraf_api.deriving import Deriving
from klustergraf_api.pending import PendingContributions
from klustergraf_api.request_errors import TooManyAttempts, TooManyContributions

MostRecent = OrderedDict[str, str]

_REPORTS_KEPT: Final = 64
_MOST_FAILURES: Final = 10
_FAILURES_SECONDS: Final = 60.0
_CLIENTS_KEPT: Final = 10_000
_CHECKS_AT_A_TIME: Final = 2
_WAITING: Final = 100

_log = logging.getLogger(__name__)


class Attempts:
    """Counts tokens that did not fit, by client, so that nobody can try many."""

    def __init__(self, most: int = _MOST_FAILURES, seconds: float = _FAILURES_SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def require(self, client: str) -> None:
        """Let a client try, unless it failed too often of late.

        Errors: TooManyAttempts.
        """
        failures = self._failures.get(client)
        if failures is None:
            return
        now = time.monotonic()
        while failures and failures[0] < now - self._seconds:
            failures.popleft()
        if len(failures) >= self._most:
            raise TooManyAttempts(int(self._seconds))

    def failed(self, client: str) -> None:
        """Remember that a client's token did not fit."""
        self._failures.setdefault(client, deque(maxlen=self._most)).append(time.monotonic())
        self._failures.move_to_end(client)
        while len(self._failures) > _CLIENTS_KEPT:
            self._failures.popitem(last=False)


class Contributing:
    """What the service does with contributions.

    ``adopt`` lets the service answer from a version by an engine; ``settle`` lets it answer from
    what is kept with the version, once that is made. Both run in the event loop.
    ``start`` makes the engine of a version, from that of the version before where it can; it is
    given the id of that, the version, and what changed.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        start: Callable[[str, Version, Delta], QueryEngine],
        adopt: Callable[[QueryEngine, Version], None],
        settle: Callable[[Version, SearchIndex], None],
    ) -> None:
        self.desk = desk
        self.tokens = TokenStore(desk.home)
        self.attempts = Attempts()
        self.pending = PendingContributions()
        self._start = start
        self._adopt = adopt
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_CHECKS_AT_A_TIME + 1, "contribution")
        self._checks = asyncio.Semaphore(_CHECKS_AT_A_TIME)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._reports: MostRecent = OrderedDict()
        self._settle = settle
        self._deriving = Deriving(then=self._settled)
        self._opened_for = ""

    @property
    def is_writing(self) -> bool:
        """Whether a contribution is being made a version of; it is served by itself then."""
        return self._turn.locked()

    def open_early(self, version_id: str) -> None:
        """Make ready for contributions to a version, once there is a partner who may send one.

        Costs nothing when it was done before, so it may be asked for again and again.
        """
        if self._opened_for != version_id and not self.is_writing and self.tokens.tokens():
            self._opened_for = version_id
            self._threads.submit(self._open)

    def partner(self, authorization: str | None, client: str) -> str:
        """Tell whose a request's token is.

        Errors: TokenRefused, TooManyAttempts.
        """
        self.attempts.require(client)
        scheme, _, text = (authorization or "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise TokenRefused("Send the token as: Authorization: Bearer kgt_…")
            return self.tokens.partner_of(text.strip())
        except TokenRefused:
            if authorization:
                self.attempts.failed(client)
                _log.warning("a token was refused", extra={"client": client})
            raise

    async def submit(self, contribution: Contribution) -> Outcome:
        """Take a contribution in; it is served when this returns. Errors: as Desk.submit."""
        if self._waiting >= _WAITING:
            raise TooManyContributions(_WAITING)
        self._waiting += 1
        try:
            async with self._turn:
                # A client that hangs up must not leave a version half served.
                work = self._loop.run_in_executor(
                    self._threads, self.desk.submit, contribution, self._serve
                )
                return await asyncio.shield(work)
        except ContributionRefused as exc:
            name = self.keep_report(exc.report_turtle)
            exc.headers = {"Link": f'</api/reports/{name}.ttl>; rel="describedby"'}
            raise
        finally:
            self._waiting -= 1

    async def check(self, contribution: Contribution) -> Outcome:
        """Judge a contribution without storing it. Errors: as Desk.check."""
        if self._waiting >= _WAITING:
            raise TooManyContributions(_WAITING)
        self._waiting += 1
        try:
            async with self._checks:
                work = self._loop.run_in_executor(self._threads, self.desk.check, contribution)
                outcome = await asyncio.shield(work)
            self.keep_report(outcome.turtle)
            return outcome
        finally:
            self._waiting -= 1

    def keep_report(self, turtle: str) -> str:
        """Keep a report in memory for a while; give the name that it is found under."""
        name = report_name(turtle)
        self._reports[name] = turtle
        self._reports.move_to_end(name)
        while len(self._reports) > _REPORTS_KEPT:
            self._reports.popitem(last=False)
        return name

    def report(self, name: str) -> str | None:
        """Give a report that is still kept."""
        return self._reports.get(name)

    def close(self) -> None:
        """End what was started."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.desk.close()

    def _open(self) -> None:
        try:
            self.desk.open()
        except GraphError as exc:
            _log.error("contributions cannot be taken: %s", exc)

    def _serve(self, before: str, version: Version, delta: Delta) -> None:
        """Answer from a new version, before the one who sent it is told."""
        engine = self._start(before, version, delta)
        done = threading.Event()

        def adopt() -> None:
            try:
                self._adopt(engine, version)
                self._opened_for = version.id  # the gatekeeper has moved on to it
            finally:
                done.set()

        self._loop.call_soon_threadsafe(adopt)
        done.wait()
        self._deriving.follow(version)

    def _settled(self, version: Version) -> None:
        """Read what is kept with a version and has just been made, so that no request does."""
        storage.load(version)
        index = SearchIndex(SEARCH.folder(version))
        with contextlib.suppress(RuntimeError):  # the service ends
            self._loop.call_soon_threadsafe(self._settle, version, index)


def report_name(turtle: str) -> str:
    """Name a report by its content."""
    return sha256(turtle.encode()).hexdigest()[:32]
