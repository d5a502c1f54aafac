"""The short way: which bytes of a request have which kept answer, before anything is parsed."""

from typing import Final

from klustergraf_api.cache import AnswerCache, StoredAnswer

_LARGEST: Final = 64 * 1024
# With any of these a request is more than its address and its Accept headers.
_TELLING: Final = frozenset(
    (
        *(b"if-none-match", b"x-request-id", b"content-length", b"transfer-encoding"),
        *(b"expect", b"upgrade", b"http2-settings"),
    )
)

_HOW: Final = ((b"x-klustergraf-cache", b"hit"), (b"server-timing", b"total;dur=0"))

Header = tuple[bytes, bytes]


class Shortcut:
    """Whole answers by address, ``Accept`` and ``Accept-Encoding``, byte for byte.

    They lie in the same cache as all kept answers, and are counted and given up with them.
    ``is_open`` false: no request takes this way, because each is to be logged.
    """

    def __init__(self, cache: AnswerCache, *, is_open: bool) -> None:
        self._cache = cache
        self._is_open = is_open

    def find(self, url: bytes, headers: list[Header]) -> tuple[bytes, bytes] | None:
        """Find the header lines and the body that answer a request."""
        key = _key(url, headers)
        if key is None:
            return None
        found = self._cache.find(key)
        return (found.headers[0][0], found.body) if found is not None else None

    def remember(self, url: bytes, headers: list[Header], stored: StoredAnswer) -> None:
        """Remember which answer was sent for a request."""
        key = _key(url, headers)
        if not self._is_open or key is None or len(stored.body) > _LARGEST:
            return
        sent = (
            *stored.headers,
            (b"x-klustergraf-cache", b"hit"),
            (b"server-timing", b"total;dur=0"),
        )
        lines = b"".join(b"%b: %b\r\n" % header for header in sent)
        size = len(url) + len(lines)
        self._cache.put(key, StoredAnswer(stored.body, ((lines, b""),), stored.kind), size)


def _key(url: bytes, headers: list[Header]) -> tuple[bytes, bytes, bytes] | None:
    """Name a request; None for one that the short way must not answer."""
    accept = coding = b""
    for name, value in headers:
        if name == b"accept":
            accept = value if not accept else accept + b"," + value
        elif name == b"accept-encoding":
            coding = value if not coding else coding + b"," + value
        elif name in _TELLING:
            return None
    return url, accept, coding
