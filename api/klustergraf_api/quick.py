"""The quick way: a plain look-up is answered by callbacks alone, without a task or middleware.

Most queries of programs are short, come by GET with nothing but the query, and are done in less
time than all that stands around an application takes. Those go from the connection to a worker and
back. Whatever turns out not to be so simple (a long answer, an error, no worker free) is handed to
the application, with what was begun, so that there is one way to tell it.
"""

import asyncio
import time
from binascii import a2b_qp
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from starlette.types import Scope

from klustergraf.errors import GraphError
from klustergraf_api.answers import Wanted, is_to_keep, keep, preference, timing
from klustergraf_api.cache import StoredAnswer
from klustergraf_api.dependencies import Parts
from klustergraf_api.extensions import RawHeaders
from klustergraf_api.logs import request_id
from klustergraf_api.middleware import client_of, new_request_id
from klustergraf_api.opening import OpenAnswer
from klustergraf_api.request_errors import RequestError

_QUERY: Final = b"query="
_VERSION: Final = b"version="  # of time travel
_LONGEST: Final = 4096
# With any of these a request is more than its address and its Accept headers.
_TELLING: Final = frozenset(
    (
        *(b"if-none-match", b"x-request-id", b"content-length", b"transfer-encoding"),
        *(b"expect", b"upgrade", b"http2-settings", b"accept-datetime"),
    )
)
# More at a time only take each other's processor; those that take longer are counted no more.
_MOST_AT_A_TIME: Final = 4
_LONG_SECONDS: Final = 0.01


@dataclass(eq=False)
class Asked:
    """A look-up on its way. ``done`` is called once: it is answered, or for the application.

    ``opened``: what has begun of it. ``answer``: the whole of it.
    """

    parts: Parts
    wanted: Wanted
    opened: OpenAnswer
    done: Callable[["Asked"], None]
    began: float
    is_begun: bool = False
    is_over: bool = False
    answer: tuple[RawHeaders, bytes] | None = None
    request_id: str = ""


class QuickWay:
    """The look-ups of one service that take the quick way. All of it runs in one event loop.

    ``parts`` gives what answers now. ``is_open`` false: nothing goes this way, because each request
    is to be logged.
    """

    def __init__(self, parts: Callable[[], Parts], *, is_open: bool) -> None:
        self._parts = parts
        self._is_open = is_open
        self._running: set[Asked] = set()
        self._waiting: deque[Asked] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, scope: Scope, done: Callable[[Asked], None]) -> Asked | None:
        """Begin to answer a request; None: it is for the application. ``done`` comes later."""
        if not self._is_open or (read := read_lookup(scope)) is None:
            return None
        parts = self._parts()
        text, preferred = read
        wanted = Wanted(parts.engine.version_id, text, (), (), *preferred)
        if wanted in parts.cache:
            return None
        client = client_of(scope, parts.settings.trusted_proxies)
        try:
            parts.runner.admission.enter(client)
        except RequestError:
            return None
        opened = OpenAnswer(parts.runner, client, wanted.query(None))
        asked = Asked(parts, wanted, opened, done, time.monotonic())
        self._forget_long(asked.began)
        if len(self._running) < _MOST_AT_A_TIME:
            if not self._start(asked):
                opened.discard()
                return None
        else:
            self._waiting.append(asked)
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(_LONG_SECONDS, self._look)
        return asked

    def cancel(self, asked: Asked) -> None:
        """Stop a look-up whose client has gone."""
        asked.is_over = True
        self._running.discard(asked)
        asked.opened.close("client-gone")
        self._start_waiting()

    def _start(self, asked: Asked) -> bool:
        try:
            asked.is_begun = asked.opened.begin(lambda: self._arrived(asked))
        except GraphError:
            return False  # which the application tells
        if asked.is_begun:
            self._running.add(asked)
        return asked.is_begun

    def _start_waiting(self) -> None:
        while self._waiting and len(self._running) < _MOST_AT_A_TIME:
            asked = self._waiting.popleft()
            if not asked.is_over and not self._start(asked):
                self._hand_over(asked)

    def _hand_over(self, asked: Asked) -> None:
        """Let the application begin anew."""
        asked.is_over = True
        asked.opened.discard()
        asked.done(asked)

    def _look(self) -> None:
        """Let those begin who wait for what takes long, or else the application with them."""
        self._timer = None
        now = time.monotonic()
        self._forget_long(now)
        self._start_waiting()
        while self._waiting and now - self._waiting[0].began > 2 * _LONG_SECONDS:
            asked = self._waiting.popleft()
            if not asked.is_over:
                self._hand_over(asked)
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_LONG_SECONDS, self._look)

    def _forget_long(self, now: float) -> None:
        if len(self._running) >= _MOST_AT_A_TIME:
            self._running = {a for a in self._running if now - a.began < _LONG_SECONDS}

    def _arrived(self, asked: Asked) -> None:
        if asked.is_over:
            return
        asked.is_over = True
        self._running.discard(asked)
        asked.request_id = new_request_id()
        request_id.set(asked.request_id)  # for the log of slow queries
        try:
            _complete(asked)
        except (GraphError, RequestError):
            asked.answer = None  # the application tells it
        asked.done(asked)
        self._start_waiting()


def read_lookup(scope: Scope) -> tuple[str, tuple[str | None, str | None, str, bool]] | None:
    """Read a query, and which representation its client prefers; None: it is no plain look-up."""
    encoded: bytes = scope["query_string"]
    if (
        scope["method"] != "GET"
        or scope["path"] != "/sparql"
        or scope["http_version"] != "1.1"
        or not encoded.startswith(_QUERY)
        or len(encoded) > _LONGEST
        or _VERSION in encoded
    ):
        return None
    accept = coding = None
    for name, value in scope["headers"]:
        if name == b"accept":
            if accept is not None:
                return None
            accept = value
        elif name == b"accept-encoding":
            if coding is not None:
                return None
            coding = value
        elif name in _TELLING:
            return None
    preferred = _preference(accept, coding)
    text = decode(encoded[len(_QUERY) :]) if preferred is not None else None
    return (text, preferred) if preferred is not None and text else None


def decode(encoded: bytes) -> str | None:
    """Decode the one value of a form; None when it is not so simple, or not right.

    The escapes of quoted-printable text are those of addresses but for their first character, and
    are resolved twenty times as fast by what the standard library has for them.

    >>> decode(b"ASK+%7B%7D%3D=")
    'ASK {}=='
    >>> decode(b"ASK&format=csv"), decode(b"%FF"), decode(b"100%")
    (None, None, None)
    """
    if b"&" in encoded or not encoded.isascii():
        return None
    quoted = encoded.replace(b"=", b"=3D").replace(b"%", b"=").replace(b"+", b" ")
    plain = a2b_qp(quoted)
    if len(plain) != len(encoded) - 2 * encoded.count(b"%"):
        return None  # what follows some % is no number
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return None


@lru_cache(256)
def _preference(
    accept: bytes | None, coding: bytes | None
) -> tuple[str | None, str | None, str, bool] | None:
    if len(accept or b"") + len(coding or b"") > _LONGEST:
        return None
    return preference(
        accept.decode("latin-1") if accept is not None else None,
        coding.decode("latin-1") if coding is not None else None,
    )


def _complete(asked: Asked) -> None:
    """Make the answer ready to be sent, if all of it has come, and keep it.

    Errors: NotAcceptable, QueryResourcesExceeded.
    """
    opened, wanted, parts = asked.opened, asked.wanted, asked.parts
    opened.take_in()
    if not opened.is_complete:
        return
    media_type = wanted.media_type(opened.kind)
    is_kept = is_to_keep(wanted, opened)
    stored: StoredAnswer
    stored, how, seconds = keep(parts, opened, wanted, media_type, is_kept=is_kept)
    parts.cache.misses += is_kept
    how_headers = ((b"x-klustergraf-cache", how), (b"server-timing", timing(seconds)))
    asked.answer = ((*stored.headers, *how_headers), stored.body)
