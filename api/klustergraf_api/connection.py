"""A connection of the server: deadlines for the slow, bounds for the large, and a short way.

uvicorn has no deadline for a head that never ends nor for a reader that never reads, and tells
what it cannot parse in plain text. This is its connection with those three put right, and with a
short way for what is asked most: a GET whose answer is kept is written at once, without a task.
"""

import asyncio
import contextlib
import socket
import struct
from functools import partial
from typing import Any, Final, cast

from starlette.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from klustergraf_api.extensions import ABORT, BEGUN, WHOLE, RawHeaders
from klustergraf_api.logs import request_id
from klustergraf_api.middleware import EVERYWHERE, new_request_id
from klustergraf_api.opening import OpenAnswer
from klustergraf_api.problems import MEDIA_TYPE, bare
from klustergraf_api.quick import Asked, QuickWay
from klustergraf_api.request_errors import (
    HeadTooLarge,
    MalformedRequest,
    QueryTooLong,
    RequestError,
    RequestTooSlow,
)
from klustergraf_api.settings import Settings
from klustergraf_api.shortcut import Shortcut

# Closing with the linger time of 0 resets: the client sees an error and never a quiet end.
_RESET: Final = struct.pack("ii", 1, 0)
# How long a client whose request was refused may go on sending before it must read.
_LINGER_SECONDS: Final = 2.0
_HEADERS: Final = b"".join(b"%b: %b\r\n" % header for header in EVERYWHERE)


class Connection(HttpToolsProtocol):
    """One connection. What it shares with the others is set by ``connection_class``."""

    settings: Settings
    shortcut: Shortcut
    quick: QuickWay

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._answered = False
        self._fault: RequestError | None = None
        self._asked: Asked | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget every deadline."""
        for timer in (self._head_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._stop_asking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head must come whole in its time and within its bound."""
        if self._refused:
            return
        was_in_head = self._in_head
        super().data_received(data)
        if self._in_head:
            self._head_bytes = len(data) + (self._head_bytes if was_in_head else 0)
            if self._head_bytes > self.settings.request_head_kb * 1024:
                self._refuse(self._too_large())
            elif self._head_timer is None:
                self._await_head()
        elif self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        self._in_head, self._answered = True, False
        scope: Any = self.scope
        scope["extensions"] = {ABORT: self.abort}

    def on_headers_complete(self) -> None:
        """Answer at once what is kept; start everything else."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.settings.request_head_kb * 1024:
            self._fault = self._too_large()
            raise self._fault
        if (
            self._is_idle()
            and (kept := self.shortcut.find(self.url, self.headers)) is not None
            and self.parser.get_method() == b"GET"
            and self.parser.should_keep_alive()
        ):
            self._answered = True
            self._write(kept[0], new_request_id(), kept[1], is_last=False)
            self.on_response_complete()
            return
        super().on_headers_complete()
        scope: Any = self.scope
        scope["extensions"][WHOLE] = partial(self._send_whole, self.cycle)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, unless the request was answered without one."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of the request."""
        if not self._answered:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Watch a reader that does not take what is there for it."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Send on."""
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def send_400_response(self, msg: str) -> None:
        """Tell what cannot be parsed as a problem, like everything else."""
        self._refuse(self._fault or MalformedRequest(f"This is not HTTP as it should be. {msg}"))

    def abort(self) -> None:
        """Break the connection off, so that nobody takes what was sent for a whole answer."""
        own = self.transport.get_extra_info("socket")
        if own is not None:
            with contextlib.suppress(OSError):
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return cycle is None or cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer a plain look-up on the quick way; let the application answer everything else."""
        self._asked = self.quick.begin(cast(Scope, cycle.scope), partial(self._finish, cycle, app))
        if self._asked is None:
            super()._start_asgi_task(cycle, app)

    def _finish(self, cycle: RequestResponseCycle, app: ASGI3Application, asked: Asked) -> None:
        """Send the answer of a look-up, or let the application go on with it."""
        self._asked = None
        if asked.answer is not None:
            headers, body = asked.answer
            if self._send_whole(cycle, headers, body, asked.request_id):
                return
        elif asked.is_begun:
            app = partial(_go_on, app, asked.opened)
        super()._start_asgi_task(cycle, app)

    def _stop_asking(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            self.quick.cancel(asked)

    def _send_whole(
        self, cycle: RequestResponseCycle, headers: RawHeaders, body: bytes, own_id: str = ""
    ) -> bool:
        """Send a whole answer in one write; False when that cannot be done now."""
        if self.flow.write_paused or cycle.disconnected:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        head = b"".join([b"%b: %b\r\n" % header for header in headers])
        self._write(head, own_id or request_id.get(), body, is_last=not cycle.keep_alive)
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def _write(self, head: bytes, own_id: str, body: bytes, *, is_last: bool) -> None:
        lines = [b"HTTP/1.1 200 OK\r\n"]
        lines += [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        named = b"x-request-id: %b\r\n" % own_id.encode()
        end = b"connection: close\r\n\r\n" if is_last else b"\r\n"
        self.transport.write(b"".join((*lines, head, _HEADERS, named, end, body)))

    def _await_head(self) -> None:
        seconds = self.settings.head_seconds
        self._head_timer = self.loop.call_later(seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._refuse(RequestTooSlow(self.settings.head_seconds))
        elif self._is_idle():
            self.transport.close()

    def _watch_reader(self, unsent: int) -> None:
        seconds = self.settings.stalled_seconds
        self._stall_timer = self.loop.call_later(seconds, self._check_reader, unsent)

    def _check_reader(self, unsent_before: int) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent >= unsent_before:
            self.abort()
        else:
            self._watch_reader(unsent)

    def _too_large(self) -> RequestError:
        limit = self.settings.request_head_kb
        if self.headers and len(self.url) <= limit * 1024:
            return HeadTooLarge(limit)
        return QueryTooLong(limit, in_address=True)

    def _refuse(self, error: RequestError) -> None:
        """Tell a problem, and end the connection when the client has had time to read it."""
        if self._refused or self.transport.is_closing():
            return None
        self._refused, self._in_head = True, False
        if not self._is_idle():
            if self.cycle.response_started:
                return self.abort()
            # The request before is not answered: what came after it tells that it was misread.
            self._stop_asking()
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        status, body = bare(error)
        head = (
            b"%bcontent-type: %b\r\ncontent-length: %d\r\ncache-control: no-store\r\n"
            b"connection: close\r\n%bx-request-id: %b\r\n\r\n"
        ) % (
            *(STATUS_LINE[status], MEDIA_TYPE.encode(), len(body)),
            *(_HEADERS, new_request_id().encode()),
        )
        self.transport.write(head + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        return None


async def _go_on(
    app: ASGI3Application, begun: OpenAnswer, scope: Any, receive: Receive, send: Send
) -> None:
    """Let an application go on with an answer that has begun."""
    scope["extensions"][BEGUN] = begun
    try:
        await app(scope, receive, send)  # type: ignore[arg-type]
    finally:
        begun.close("unused")


def connection_class(settings: Settings, shortcut: Shortcut, quick: QuickWay) -> type[Connection]:
    """Make the class of the connections of one server."""
    shared = {"settings": settings, "shortcut": shortcut, "quick": quick}
    return type("Connection", (Connection,), shared)
