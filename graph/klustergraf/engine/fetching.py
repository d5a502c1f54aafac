"""Asks an endpoint of others for solutions, without being led to where nobody may be led.

The name is resolved first, every address it has is looked at, and the connection is made to an
address that was looked at: a name cannot change between the look and the connection. A redirect is
looked at in the same way. The whole has a deadline and a largest size.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from klustergraf.engine.refusals import check_whole
from klustergraf.engine.transport import Line
from klustergraf.engine.virtuoso import standard_json
from klustergraf.errors import (
    EngineUnavailable,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Solutions = tuple[list[str], list[list[str]]]
"""The names of the variables, and the rows: each term as SPARQL writes it, or ``UNDEF``."""

_ACCEPT: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.5"
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 3
_PIECE: Final = 64 * 1024


@dataclass(frozen=True)
class FetchLimits:
    """What one answer of others may cost."""

    seconds: float = 10.0
    most_bytes: int = 8 * 1024 * 1024
    most_rows: int = 10_000


@dataclass(frozen=True)
class Fetcher:
    """Asks endpoints, over public addresses only.

    ``also_networks`` are networks that may be reached although they are not public; it is for
    tests, which have no other network than this machine's.
    """

    limits: FetchLimits = field(default_factory=FetchLimits)
    also_networks: Sequence[Network] = ()

    def solutions(self, endpoint: str, query: str, line: Line, seconds: float) -> Solutions:
        """Ask an endpoint a SELECT query.

        Errors: QueryRefused for an address that is not public, and for blank nodes in the answer;
        QueryTimeout, QueryResourcesExceeded, EngineUnavailable.
        """
        seconds = min(seconds, self.limits.seconds)
        # Each wait on the socket may be short and the whole still long: at the end it is cut.
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            line.hang_up()

        timer = threading.Timer(max(seconds, 0), expire)
        timer.daemon = True
        timer.start()
        try:
            content, media_type = self._exchange(endpoint, query, line, seconds)
            return self._read(endpoint, content, media_type)
        except (OSError, http.client.HTTPException, SyntaxError, ValueError) as exc:
            if expired.is_set() or isinstance(exc, TimeoutError):
                raise QueryTimeout(seconds) from exc
            raise EngineUnavailable(f"<{endpoint}> does not answer as it should: {exc}.") from exc
        finally:
            timer.cancel()

    def _exchange(self, endpoint: str, query: str, line: Line, seconds: float) -> tuple[bytes, str]:
        """Ask, and follow a few redirects."""
        deadline = time.monotonic() + seconds
        url = endpoint
        body = urllib.parse.urlencode({"query": query}).encode("ascii")
        for _ in range(_MOST_REDIRECTS + 1):
            connection = self._connected(url, line, max(deadline - time.monotonic(), 0.01))
            try:
                parts = urllib.parse.urlsplit(url)
                target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
                headers = {
                    "Accept": _ACCEPT,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "User-Agent": "klustergraf",
                }
                connection.request("POST", target, body, headers)
                response = connection.getresponse()
                if response.status not in _REDIRECTS:
                    return self._content(endpoint, response, seconds)
                url = self._next(url, response.headers.get("Location", ""))
            finally:
                connection.close()
        raise EngineUnavailable(f"<{endpoint}> redirects more than {_MOST_REDIRECTS} times.")

    def _next(self, url: str, location: str) -> str:
        following = urllib.parse.urljoin(url, location)
        if url.startswith("https:") and not following.startswith("https:"):
            raise QueryRefused(f"<{url}> redirects to an address that is not encrypted.")
        return following

    def _connected(self, url: str, line: Line, seconds: float) -> http.client.HTTPConnection:
        """Connect to a checked address of a URL's host."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise QueryRefused(f"<{url}> is no address of the web.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._checked_address(parts.hostname, port)
        connected = socket.create_connection((address, port), timeout=seconds)
        try:
            line.attach(connected)
            if parts.scheme == "https":
                context = ssl.create_default_context()
                connected = context.wrap_socket(connected, server_hostname=parts.hostname)
                line.attach(connected)
        except BaseException:
            connected.close()
            raise
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=seconds)
        connection.sock = connected
        return connection

    def _checked_address(self, host: str, port: int) -> str:
        """Resolve a name; every address it has must be one that may be reached."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        for text in addresses:
            address = ipaddress.ip_address(text)
            if not is_public(address) and not any(address in net for net in self.also_networks):
                raise QueryRefused(
                    f"{host} is at {address}, which is no public address. Queries reach public "
                    "endpoints only."
                )
        return addresses[0]

    def _content(
        self, endpoint: str, response: http.client.HTTPResponse, seconds: float
    ) -> tuple[bytes, str]:
        if response.status != http.client.OK:
            raise EngineUnavailable(f"<{endpoint}> answered with status {response.status}.")
        check_whole(response, seconds)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise EngineUnavailable(f"<{endpoint}> answered compressed, which was not asked for.")
        content = bytearray()
        while piece := response.read1(_PIECE):
            content += piece
            if len(content) > self.limits.most_bytes:
                raise QueryResourcesExceeded(
                    f"The answer of <{endpoint}> is larger than {self.limits.most_bytes} bytes. "
                    "Ask it for less within SERVICE."
                )
        if response.length:
            raise EngineUnavailable(f"The answer of <{endpoint}> broke off.")
        return bytes(content), response.headers.get_content_type()

    def _read(self, endpoint: str, content: bytes, media_type: str) -> Solutions:
        results_format = ox.QueryResultsFormat.from_media_type(media_type)
        if results_format is None:
            raise EngineUnavailable(f"<{endpoint}> answered with {media_type}: no solutions.")
        if results_format == ox.QueryResultsFormat.JSON:
            content = standard_json(content)
        solutions = ox.parse_query_results(content, format=results_format)
        if not isinstance(solutions, ox.QuerySolutions):
            raise EngineUnavailable(f"<{endpoint}> answered with a boolean: no solutions.")
        rows = []
        for count, solution in enumerate(solutions, 1):
            if count > self.limits.most_rows:
                raise QueryResourcesExceeded(
                    f"<{endpoint}> has more than {self.limits.most_rows} solutions. "
                    "Ask it for less within SERVICE."
                )
            rows.append([_written(term) for term in solution])
        return [variable.value for variable in solutions.variables], rows


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public network, also one hidden in another.

    >>> [is_public(ipaddress.ip_address(a)) for a in ("1.1.1.1", "169.254.169.254", "::1")]
    [True, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in ipaddress.IPv6Network("64:ff9b::/96"):
            hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        found = [inner for inner in hidden if inner is not None]
        if found:
            return all(is_public(inner) for inner in found)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _written(term: object) -> str:
    if term is None:
        return "UNDEF"
    if isinstance(term, ox.NamedNode | ox.Literal):
        return str(term)
    raise QueryRefused(
        "SERVICE gave a blank node, which has no name outside of its own store. "
        "Leave it out within SERVICE: FILTER (!isBlank(?x)), or a nested SELECT without it."
    )
