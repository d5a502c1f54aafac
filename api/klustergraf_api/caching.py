"""Entity tags (RFC 9110, 8.8.3): what is computed from a version changes as little as it does."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
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


def http_date(time: datetime) -> str:
    """Write a time as ``Last-Modified`` wants it.

    >>> from datetime import UTC
    >>> http_date(datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC))
    'Thu, 26 Nov 2026 01:02:03 GMT'
    """
    return format_datetime(time, usegmt=True)


def _is_as_old(header: str, last_modified: str) -> bool:
    """Tell whether what a client has is not older (RFC 9110, 13.1.3); nonsense is passed over."""
    try:
        return parsedate_to_datetime(header) >= parsedate_to_datetime(last_modified)
    except (ValueError, TypeError, OverflowError):
        return False


def not_modified(
    request: Request, tag: str, headers: Mapping[str, str], *others: str
) -> Response | None:
    """Give the 304 for a client that has this representation already, else None.

    ``others`` are the tags of what might be sent as well: the same without a content coding.
    """
    header = request.headers.get("if-none-match")
    if request.method not in ("GET", "HEAD"):
        return None
    if header is None:
        since, changed = request.headers.get("if-modified-since"), headers.get("Last-Modified")
        if since and changed and _is_as_old(since, changed):
            return Response(status_code=304, headers={**headers, "ETag": tag})
        return None
    if header.strip() == "*":  # any representation that there is (RFC 9110, 13.1.2)
        return Response(status_code=304, headers={**headers, "ETag": tag})
    known = _TAG.findall(header)
    for own in (tag, *others):
        if own.removeprefix("W/") in known:
            return Response(status_code=304, headers={**headers, "ETag": own})
    return None
