"""What our connections offer the application beside ASGI, by its names among the extensions."""

from collections.abc import Sequence
from typing import Final

RawHeaders = Sequence[tuple[bytes, bytes]]

# ``() -> None``: breaks the connection off at once.
ABORT: Final = "klustergraf.abort"
# ``(RawHeaders, bytes) -> bool``: sends a whole answer of status 200 with the common headers, in
# one write; False: it cannot now.
WHOLE: Final = "klustergraf.whole"
# An ``OpenAnswer``: the answer of the request's query, which has begun.
BEGUN: Final = "klustergraf.begun"
