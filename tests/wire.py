"""Raw HTTP for tests: exactly these bytes out, exactly what came back."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class Reply:
    """What a server sent. ``body`` is as on the wire, after a chunked coding was taken off.

    ``is_whole``: the end of the body was there. ``was_reset``: the connection was reset.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool
    was_reset: bool
    seconds: float

    @property
    def problem(self) -> dict[str, Any]:
        """The problem details; fails when it is something else."""
        assert self.headers.get("content-type") == "application/problem+json", self
        members: dict[str, Any] = json.loads(self.body)
        assert members["status"] == self.status
        return members

    @property
    def slug(self) -> str:
        """The end of the problem's type."""
        return str(self.problem["type"]).rpartition("/")[2]


@contextlib.contextmanager
def connect(address: str, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """Open a connection to a server."""
    where = urlsplit(address)
    with socket.socket() as connection:
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(30)
        connection.connect((where.hostname, where.port))
        yield connection


def head(method: str, target: str, *lines: str, version: str = "1.1") -> bytes:
    """Write the head of a request."""
    return "\r\n".join((f"{method} {target} HTTP/{version}", "Host: test", *lines, "", "")).encode()


def get(query: str, *lines: str, version: str = "1.1", parameters: str = "") -> bytes:
    """Write a request that asks a query by GET."""
    target = f"/sparql?query={quote(query)}{parameters}"
    return head("GET", target, *lines, version=version)


def post(query: bytes, *lines: str, length: int | None = None, target: str = "/sparql") -> bytes:
    """Write a request that asks a query by POST; ``length``: what Content-Length says of it."""
    size = len(query) if length is None else length
    own = ("Content-Type: application/sparql-query", f"Content-Length: {size}")
    return head("POST", target, *own, *lines) + query


def exchange(address: str, request: bytes) -> Reply:
    """Send a request over a connection of its own, and read the answer to its end."""
    with connect(address) as connection:
        began = time.monotonic()
        # Who is refused in the middle of a long request may find that nobody reads on.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return receive(connection, began, bodiless=request.startswith(b"HEAD"))


def receive(connection: socket.socket, began: float, *, bodiless: bool = False) -> Reply:
    """Read one answer."""
    received, was_reset = bytearray(), False
    reply: Reply | None = None
    while reply is None or not reply.is_whole:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            was_reset, piece = True, b""
        received += piece
        reply = _parse(bytes(received), bodiless, was_reset, time.monotonic() - began)
        if not piece:
            break
    assert reply is not None, f"no answer: {bytes(received)!r}, reset: {was_reset}"
    return reply


def _parse(received: bytes, bodiless: bool, was_reset: bool, seconds: float) -> Reply | None:
    lines, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return None
    first, *rest = lines.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    status, is_whole = int(first.split()[1]), False
    if bodiless or status in (204, 304):
        is_whole = True
    elif "content-length" in headers:
        is_whole = len(body) >= int(headers["content-length"])
    elif headers.get("transfer-encoding") == "chunked":
        body, is_whole = _unchunk(body)
    return Reply(status, headers, body, is_whole, was_reset, seconds)


def _unchunk(data: bytes) -> tuple[bytes, bool]:
    pieces, position = [], 0
    while (end := data.find(b"\r\n", position)) >= 0:
        size = int(data[position:end], 16)
        piece = data[end + 2 : end + 2 + size]
        pieces.append(piece)
        if len(piece) < size:
            break
        if size == 0:
            return b"".join(pieces), data[end + 2 : end + 4] == b"\r\n"
        position = end + 2 + size + 2
    return b"".join(pieces), False
