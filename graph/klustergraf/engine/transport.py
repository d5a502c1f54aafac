"""HTTP to servers that we were told to use: no redirects, no proxies, and a line to hang up.

What urllib does by itself is not enough here: it carries a password along a redirect to any host,
takes a proxy from the environment, and leaves no way to end a request that another thread waits
for.
"""

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Credentials:
    """A name and a password, which is never shown.

    ``digest`` is what Virtuoso wants; ``bearer`` sends the password as a token, without the name.
    """

    user: str
    password: str = field(repr=False)
    scheme: Literal["basic", "digest", "bearer"] = "basic"


class Line:
    """The connection of one request, which any thread may hang up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._hung_up = False

    def attach(self, connected: socket.socket) -> None:
        """Take over a connection; when the line was hung up before, it ends at once."""
        with self._lock:
            self._socket = connected
            if self._hung_up:
                _shut(connected)

    def hang_up(self) -> None:
        """End the connection, also one that is still to come. May be called twice."""
        with self._lock:
            self._hung_up = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connected: socket.socket) -> None:
    # The plain socket's method: that of TLS would take what a reading thread still uses.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None  # urllib then raises the answer as an HTTPError


def _recorded(
    kind: type[http.client.HTTPConnection], line: Line
) -> Callable[..., http.client.HTTPConnection]:
    """Make connections of a kind that attach themselves to a line."""

    def make(*args: Any, **options: Any) -> http.client.HTTPConnection:
        connection = kind(*args, **options)
        connect = connection.connect

        def connect_and_attach() -> None:
            connect()
            line.attach(connection.sock)

        connection.connect = connect_and_attach  # type: ignore[method-assign]
        return connection

    return make


class _Handler(urllib.request.HTTPHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_recorded(http.client.HTTPConnection, self._line), req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        connection = _recorded(http.client.HTTPSConnection, self._line)
        return self.do_open(connection, req, context=ssl.create_default_context())


def send(
    request: urllib.request.Request,
    *,
    timeout_seconds: float,
    credentials: Credentials | None = None,
    line: Line | None = None,
) -> http.client.HTTPResponse:
    """Send a request; give the answer when its head is there, whatever its status.

    Units: ``timeout_seconds`` is the longest silence, not the longest answer.
    Errors: OSError and http.client.HTTPException, as urllib raises them.
    """
    line = line or Line()
    if credentials is not None and credentials.scheme == "basic":
        pair = f"{credentials.user}:{credentials.password}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode('ascii')}")
    elif credentials is not None and credentials.scheme == "bearer":
        request.add_header("Authorization", f"Bearer {credentials.password}")
    elif credentials is not None:
        _add_digest(request, credentials, timeout_seconds, line)
    return _open(request, timeout_seconds, line)


def _open(
    request: urllib.request.Request, timeout_seconds: float, line: Line
) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), _NoRedirects(), _Handler(line), _SecureHandler(line)
    )
    try:
        answer = opener.open(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as exc:
        answer = exc
    return answer  # type: ignore[no-any-return]


def _add_digest(
    request: urllib.request.Request, credentials: Credentials, timeout_seconds: float, line: Line
) -> None:
    """Ask for a challenge, and answer it in the request.

    Sent without, a large body breaks the connection: the server refuses before it has read it.
    """
    question = urllib.request.Request(request.full_url)  # noqa: S310 - it was looked at before
    with contextlib.closing(_open(question, timeout_seconds, line)) as answer:
        scheme, _, challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")
    if scheme.lower() == "digest":
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, request.full_url, credentials.user, credentials.password)
        parts = urllib.request.parse_keqv_list(
            [part for part in urllib.request.parse_http_list(challenge) if part]
        )
        handler = urllib.request.HTTPDigestAuthHandler(passwords)
        request.add_header("Authorization", f"Digest {handler.get_authorization(request, parts)}")
