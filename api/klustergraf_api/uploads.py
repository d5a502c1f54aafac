"""Reads forms with a file, in memory and bounded: nothing of what is sent lies on a disk."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from klustergraf_api.protocol import FORM, RequestLimits, read_body
from klustergraf_api.request_errors import MalformedRequest, UnsupportedMediaType

MULTIPART: Final = "multipart/form-data"
_LONGEST_FIELD: Final = 4096
_MOST_FIELDS: Final = 20


@dataclass(frozen=True)
class SentForm:
    """What a form carried: its fields, and its file, with the name that it has where it is from."""

    fields: dict[str, str] = field(repr=False)
    filename: str = ""
    content: bytes = b""

    def get(self, name: str) -> str:
        """Give a field without outer spaces, "" when it is not there."""
        return self.fields.get(name, "").strip()


class _InMemory(MultiPartParser):
    spool_max_size = 1 << 30  # the body is bounded, and read already


async def read_form(request: Request, limits: RequestLimits) -> SentForm:
    """Read a form of a page.

    Errors: MalformedRequest, UnsupportedMediaType; as read_body.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (FORM, MULTIPART):
        raise UnsupportedMediaType((MULTIPART, FORM))
    body = await read_body(request, limits)

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield body

    parser: FormParser | MultiPartParser
    bounds = {"max_fields": _MOST_FIELDS, "max_part_size": _LONGEST_FIELD}
    if media_type == FORM:
        parser = FormParser(request.headers, pieces(), **bounds)
    else:
        parser = _InMemory(request.headers, pieces(), max_files=1, **bounds)
    try:
        form = await parser.parse()
    except MultiPartException as exc:
        raise MalformedRequest(f"The form cannot be read: {exc.message}") from exc
    fields: dict[str, str] = {}
    filename, content = "", b""
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            filename, content = value.filename or "", await value.read()
            await value.close()
        else:
            fields[name] = value
    return SentForm(fields, filename, content)
