"""Entity tags (RFC 9110, 8.8.3): what is computed from a version changes as little as it does."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_TAG: Final = re.compile(r'"[^"]*"')


def entity_tag(version_id: str, *representation: str) -> str:
    """Name one representation of one version.

    Weak: a query may ask for the time or for chance.
    """
    key = "\x00".join((version_id, *representation))
    return f'W/"{version_id[:12]}-{sha256(key.encode("utf-8", "replace")).hexdigest()[:20]}"'


def not_modified(
    request: Request, tag: str, headers: Mapping[str, str], *others: str
) -> Response | None:
    """Give the 304 for a client that has this representation already, else None.

    ``others`` are the tags of what might be sent as well: the same without a content coding.
    """
    header = request.headers.get("if-none-match")
    if header is None or request.method not in ("GET", "HEAD"):
        return None
    known = _TAG.findall(header)
    for own in (tag, *others):
        if own.removeprefix("W/") in known:
            return Response(status_code=304, headers={**headers, "ETag": own})
    return None
