"""What goes over the channel between the serving process and a worker.

Frames: one byte of type, four bytes of length (big-endian), the payload.

``Q`` a query, JSON; ``H`` head of the answer, JSON ``{"kind", "media_type"}``; ``D`` a piece of the
answer; ``E`` the answer is complete, and the worker takes the next query; ``L`` the answer is
complete, and the worker ends; ``X`` an error instead, JSON ``{"error", "lives", …}``. A stream that
ends without ``E``, ``L`` or ``X`` has broken off. To a keeper goes ``C``, a change of its dataset;
from it comes ``N``, what became of the columns, JSON.
"""

import json
import socket
import struct
from typing import Any, Final

HEADER: Final = struct.Struct("!cI")
QUERY: Final = b"Q"
CHANGE: Final = b"C"
HEAD: Final = b"H"
DATA: Final = b"D"
END: Final = b"E"
LAST: Final = b"L"
ERROR: Final = b"X"
NEWS: Final = b"N"


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Put a payload into a frame."""
    return HEADER.pack(kind, len(payload)) + payload


def error_frame(error: str, **members: Any) -> bytes:
    """Put an error into a frame: the name of its class in ``klustergraf.errors``, and its data."""
    return frame(ERROR, json.dumps({"error": error, **members}).encode())


def receive_exactly(source: socket.socket, size: int) -> bytes:
    """Read so many bytes; fewer come only at the end of the stream."""
    pieces = bytearray()
    while len(pieces) < size:
        piece = source.recv(min(size - len(pieces), 1 << 20))
        if not piece:
            break
        pieces += piece
    return bytes(pieces)
