"""Fetches an address of the web within limits: a deadline for the whole, a largest size.

The address is chosen by who runs the command, on their own machine; so private addresses are
allowed here, unlike in :mod:`klustergraf.engine.fetching`.
"""

import hashlib
import http
import http.client
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from klustergraf.errors import SourceUnavailable

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PIECE: Final = 64 * 1024
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_DUMP_BYTES: Final = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class FetchLimits:
    """What one fetch may cost, redirects included.

    A file of which only the digest is wanted is not kept: it may be larger, and take longer.
    """

    seconds: float = 20.0
    most_bytes: int = MOST_BYTES
    digest_seconds: float = 300.0
    most_digest_bytes: int = MOST_DUMP_BYTES
    most_redirects: int = 5


@dataclass(frozen=True)
class Fetched:
    """An answer. ``url`` is where it came from, ``statuses`` those of the redirects before it.

    ``headers`` have lower-case names; those of one name are joined by commas. ``size``: bytes of
    the content as it was sent.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    statuses: tuple[int, ...] = ()
    size: int = 0

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches addresses within limits."""

    def __init__(self, limits: FetchLimits | None = None) -> None:
        self._limits = limits or FetchLimits()

    @property
    def most_digest_bytes(self) -> int:
        """The size of the largest file of which the digest is computed."""
        return self._limits.most_digest_bytes

    def get(self, url: str, accept: str = "*/*", **headers: str) -> Fetched:
        """Fetch an address, following redirects.

        Errors: SourceUnavailable.
        """
        content = bytearray()

        def keep() -> Callable[[bytes], object]:
            content.clear()
            return content.extend

        sent = {"Accept": accept} | {n.replace("_", "-"): value for n, value in headers.items()}
        limits = self._limits
        found = self._follow(url, sent, keep, limits.seconds, limits.most_bytes)
        return replace(found, content=bytes(content))

    def digest(self, url: str, algorithm: str) -> tuple[str, int]:
        """Give the digest of a file, in hexadecimal digits, and its size; it is not kept.

        Errors: SourceUnavailable, also when there is no such file; ValueError for an algorithm that
        hashlib does not have.
        """
        computed = hashlib.new(algorithm, usedforsecurity=False)

        def compute() -> Callable[[bytes], object]:
            nonlocal computed
            computed = hashlib.new(algorithm, usedforsecurity=False)
            return computed.update

        limits = self._limits
        found = self._follow(
            url, {"Accept": "*/*"}, compute, limits.digest_seconds, limits.most_digest_bytes
        )
        if found.status != http.HTTPStatus.OK:
            raise SourceUnavailable(url, f"answers {found.status}")
        return computed.hexdigest(), found.size

    def _follow(
        self,
        url: str,
        headers: Mapping[str, str],
        taker: Callable[[], Callable[[bytes], object]],
        seconds: float,
        most_bytes: int,
    ) -> Fetched:
        """Follow redirects; each answer's content goes to a taker of its own."""
        ends = time.monotonic() + seconds
        deadline = _Deadline(ends, seconds)
        sent = {"User-Agent": "klustergraf self-check", "Connection": "close", **headers}
        statuses: list[int] = []
        while True:
            answer = _one(url, sent, taker(), deadline, most_bytes)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return replace(answer, statuses=tuple(statuses))
            statuses.append(answer.status)
            if len(statuses) > self._limits.most_redirects:
                raise SourceUnavailable(url, "redirects too often")
            url = urllib.parse.urljoin(url, location)


@dataclass(frozen=True)
class _Deadline:
    """When a fetch ends (of the monotonic clock), and how long it was given."""

    ends: float
    seconds: float

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def missed(self, url: str) -> SourceUnavailable:
        return SourceUnavailable(url, f"did not answer in {self.seconds:g} s")


def _one(
    url: str,
    headers: Mapping[str, str],
    take: Callable[[bytes], object],
    deadline: _Deadline,
    most_bytes: int,
) -> Fetched:
    parts = urllib.parse.urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise SourceUnavailable(url, f"is no address of the web ({exc})") from exc
    if parts.scheme not in ("http", "https") or not host:
        raise SourceUnavailable(url, "is no address of the web")
    seconds = deadline.left
    if seconds <= 0:
        raise deadline.missed(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=seconds)
    timer = threading.Timer(seconds, _hang_up, (connection,))
    timer.daemon = True
    timer.start()
    try:
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        size = _read(url, response, take, most_bytes)
        joined: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return Fetched(url, response.status, joined, b"", size=size)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        if deadline.left <= 0:
            raise deadline.missed(url) from exc
        raise SourceUnavailable(url, str(exc)) from exc
    finally:
        timer.cancel()
        connection.close()


def _read(
    url: str,
    response: http.client.HTTPResponse,
    take: Callable[[bytes], object],
    most_bytes: int,
) -> int:
    size = 0
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > most_bytes:
            raise SourceUnavailable(url, f"has more than {most_bytes} bytes")
        take(piece)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return size


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # What waits on the socket ends, however slowly the other side sends.
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
