"""Content codings: zstd and gzip, for who accepts them (RFC 9110, 8.4 and 12.5.3)."""

import zlib
from typing import Final, Protocol

import zstandard

# Below this size the coding's own frame eats up what it gains.
SMALLEST_BYTES: Final = 860


class Compressor(Protocol):
    """Compresses a stream, piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Give what is ready after this piece."""
        ...

    def flush(self) -> bytes:
        """Give the rest, and the end."""
        ...


def compressor(coding: str) -> Compressor:
    """Make a compressor for one answer; ``coding`` is ``zstd`` or ``gzip``.

    >>> import gzip
    >>> stream = compressor("gzip")
    >>> gzip.decompress(stream.compress(b"abc") + stream.flush())
    b'abc'
    """
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return zlib.compressobj(5, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
