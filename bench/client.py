"""A client of SPARQL endpoints: asks, takes the time, and tells whether two answers are equal."""

import contextlib
import hashlib
import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

RESULTS: Final = "application/sparql-results+json"
TRIPLES: Final = "text/turtle"

_XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_XSD_INTEGER: Final = "http://www.w3.org/2001/XMLSchema#integer"
_PATIENCE_SECONDS: Final = 600.0


class EndpointError(Exception):
    """An endpoint did not give an answer."""


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took from the first byte sent to the last received."""

    status: int
    body: bytes
    seconds: float


class Client:
    """One connection, kept open; asks one query at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._hung_up = False
        self._connection = http.client.HTTPConnection(
            parts.hostname or "127.0.0.1", parts.port, timeout=_PATIENCE_SECONDS
        )

    def ask(self, query: str, accept: str = RESULTS, **parameters: str) -> Answer:
        """Ask a query. Opening a connection is not counted.

        Errors: EndpointError when there is no answer at all.
        """
        target = request_target(self._path, query, **parameters)
        for is_last in (False, True):
            try:
                if self._connection.sock is None:
                    self._connection.connect()
                began = time.perf_counter()
                self._connection.request("GET", target, headers={"Accept": accept})
                response = self._connection.getresponse()
                body = response.read()
                return Answer(response.status, body, time.perf_counter() - began)
            except (OSError, http.client.HTTPException) as exc:
                self.close()
                # A server may have closed a connection that was idle; a new one must do.
                if is_last or self._hung_up or isinstance(exc, TimeoutError):
                    raise EndpointError(f"{type(exc).__name__}: {exc}") from exc
        raise EndpointError("no answer")

    def answer(self, query: str, accept: str = RESULTS) -> Answer:
        """Ask a query that must be answered.

        Errors: EndpointError for any status but 200.
        """
        answer = self.ask(query, accept)
        if answer.status != http.HTTPStatus.OK:
            told = answer.body[:300].decode("utf-8", "replace")
            raise EndpointError(f"status {answer.status}: {told}")
        return answer

    def hang_up(self) -> None:
        """End the connection from another thread, whatever it waits for."""
        self._hung_up = True
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._connection.close()


def request_target(path: str, query: str, **parameters: str) -> str:
    """Give the path and query string of a request.

    >>> request_target("/sparql", "ASK {}", timeout="3")
    '/sparql?query=ASK+%7B%7D&timeout=3'
    """
    return f"{path}?{urlencode({'query': query, **parameters})}"


def fingerprint(body: bytes, accept: str) -> str:
    """Reduce an answer to what it says: the order of rows and the spelling of terms fall away.

    >>> row = b'{"n":{"type":"literal","value":"1"}}'
    >>> one = b'{"head":{"vars":["n"]},"results":{"bindings":[' + row + b"]}}"
    >>> fingerprint(one, RESULTS) == fingerprint(one.replace(b":", b": "), RESULTS)
    True
    """
    rows = _triples(body) if accept == TRIPLES else _solutions(body)
    digest = hashlib.sha256()
    for row in sorted(rows):
        digest.update(row.encode() + b"\n")
    return f"{len(rows)} rows, {digest.hexdigest()[:16]}"


def _triples(body: bytes) -> list[str]:
    return [str(quad) for quad in ox.parse(body, format=ox.RdfFormat.TURTLE)]


def _solutions(body: bytes) -> list[str]:
    data = json.loads(body)
    names = data["head"]["vars"]
    return [
        "\t".join(_term(row[name]) if name in row else "" for name in names)
        for row in data["results"]["bindings"]
    ]


def _term(binding: dict[str, Any]) -> str:
    """Write a term in one way: engines differ in how they mark plain and numeric literals."""
    if binding["type"] == "uri":
        return f"<{binding['value']}>"
    datatype = binding.get("datatype", "")
    if datatype in ("", _XSD_STRING, _XSD_INTEGER):
        datatype = ""
    return f'"{binding["value"]}"@{binding.get("xml:lang", "").lower()}^^{datatype}'
