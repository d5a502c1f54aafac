"""Fetches an address of the web within limits: a deadline for the whole, a largest size.

The address is chosen by who runs the command, on their own machine; so private addresses are
allowed here, unlike in :mod:`klustergraf.engine.fetching`.
"""

import http.client
import socket
import threading
import time
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from klustergraf.errors import SourceUnavailable

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PIECE: Final = 64 * 1024
MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class FetchLimits:
    """What one fetch may cost, redirects included."""

    seconds: float = 20.0
    most_bytes: int = MOST_BYTES
    most_redirects: int = 5


@dataclass(frozen=True)
class Fetched:
    """An answer. ``url`` is where it came from, ``statuses`` those of the redirects before it.

    ``headers`` have lower-case names; those of one name are joined by commas.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    statuses: tuple[int, ...] = ()

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches addresses within limits."""

    def __init__(self, limits: FetchLimits | None = None) -> None:
        self._limits = limits or FetchLimits()

    def get(self, url: str, accept: str = "*/*", **headers: str) -> Fetched:
        """Fetch an address, following redirects.

        Errors: SourceUnavailable.
        """
        deadline = time.monotonic() + self._limits.seconds
        sent = {"Accept": accept, "User-Agent": "klustergraf self-check", "Connection": "close"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        statuses: list[int] = []
        while True:
            answer = self._one(url, sent, deadline)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return Fetched(url, answer.status, answer.headers, answer.content, tuple(statuses))
            statuses.append(answer.status)
            if len(statuses) > self._limits.most_redirects:
                raise SourceUnavailable(url, "redirects too often")
            url = urllib.parse.urljoin(url, location)

    def _one(self, url: str, headers: Mapping[str, str], deadline: float) -> Fetched:
        parts = urllib.parse.urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as exc:
            raise SourceUnavailable(url, f"is no address of the web ({exc})") from exc
        if parts.scheme not in ("http", "https") or not host:
            raise SourceUnavailable(url, "is no address of the web")
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise SourceUnavailable(url, f"did not answer in {self._limits.seconds:g} s")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(host, port, timeout=seconds)
        timer = threading.Timer(seconds, _hang_up, (connection,))
        timer.daemon = True
        timer.start()
        try:
            target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
            connection.request("GET", target, headers=dict(headers))
            response = connection.getresponse()
            content = self._content(url, response)
            joined: dict[str, str] = {}
            for name, value in response.getheaders():
                key = name.lower()
                joined[key] = f"{joined[key]}, {value}" if key in joined else value
            return Fetched(url, response.status, joined, content)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            late = time.monotonic() >= deadline
            reason = f"did not answer in {self._limits.seconds:g} s" if late else str(exc)
            raise SourceUnavailable(url, reason) from exc
        finally:
            timer.cancel()
            connection.close()

    def _content(self, url: str, response: http.client.HTTPResponse) -> bytes:
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > self._limits.most_bytes:
                raise SourceUnavailable(url, f"has more than {self._limits.most_bytes} bytes")
        if response.length:
            raise http.client.IncompleteRead(bytes(content[:0]), response.length)
        return bytes(content)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # What waits on the socket ends, however slowly the other side sends.
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
