"""``/dumps/<version>/…``: files that never change, with checksums and ranges."""

import asyncio
import re
from base64 import b64encode
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import FileResponse, RedirectResponse, Response

from klustergraf.dumps import PACKINGS, find_dump, list_dumps, made_dump, make_dump
from klustergraf_api.archive import find_version
from klustergraf_api.caching import not_modified
from klustergraf_api.dependencies import PartsDep
from klustergraf_api.request_errors import RangeNotSatisfiable
from klustergraf_api.time_travel import address_of

router = APIRouter()

_METHODS: Final = ["GET", "HEAD"]
_FOREVER: Final = "public, max-age=31536000, immutable"
_RANGE: Final = re.compile(
    r"\s*bytes\s*=\s*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*", re.IGNORECASE
)


class DumpEntry(BaseModel):
    """A file to be downloaded. ``sha256`` and ``size`` are told once it was made."""

    name: str
    url: str
    media_type: str
    packing: str
    graph: str
    sha256: str | None = None
    size: int | None = None


class DumpList(BaseModel):
    """The files of a version."""

    version: str
    files: list[DumpEntry]


@router.api_route("/dumps", methods=_METHODS, include_in_schema=False)
async def dumps_now(parts: PartsDep) -> Response:
    """Send to the files of the version that is served."""
    path = f"/dumps/{parts.engine.version_id}"
    return RedirectResponse(path, 303, {"Cache-Control": "no-cache"})


async def list_files(request: Request, version_name: str, parts: PartsDep) -> DumpList:
    """List the files of a version."""
    version = await asyncio.to_thread(find_version, parts, version_name)
    files = []
    for dump in list_dumps(version):
        made = made_dump(version, dump)
        files.append(
            DumpEntry(
                name=dump.name,
                url=address_of(request, f"/dumps/{version.id}/{dump.name}"),
                media_type=dump.media_type,
                packing=PACKINGS[dump.packing],
                graph=dump.graph,
                sha256=made.sha256 if made else None,
                size=made.size if made else None,
            )
        )
    return DumpList(version=version.id, files=files)


router.add_api_route("/dumps/{version_name}", list_files, methods=_METHODS, include_in_schema=False)
router.add_api_route("/dumps/{version_name}", list_files, methods=["GET"])


@router.api_route("/dumps/{version_name}/{name:path}", methods=_METHODS, include_in_schema=False)
async def file(request: Request, version_name: str, name: str, parts: PartsDep) -> Response:
    """Give a file of a version, or a range of it; made now if it was never asked for before."""
    version = await asyncio.to_thread(find_version, parts, version_name)
    dump = find_dump(version, name)
    made = await asyncio.to_thread(make_dump, version, dump)
    media_type = PACKINGS[dump.packing] or dump.media_type
    headers = {
        "ETag": f'"{made.sha256}"',
        "Cache-Control": _FOREVER if version_name == version.id else "no-cache",
        "Accept-Ranges": "bytes",
        "X-Klustergraf-Version": version.id,
        "Repr-Digest": f"sha-256=:{_base64(made.sha256)}:",
    }
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    _check_range(request, made.size)
    leaf = name.rpartition("/")[2]
    return FileResponse(made.path, headers=headers, media_type=media_type, filename=leaf)


def _check_range(request: Request, size: int) -> None:
    """Let one range pass; what is none is ignored (RFC 9110, 14.2), and so are several at once.

    Errors: RangeNotSatisfiable when it begins beyond the end.
    """
    header = request.headers.get("range")
    if header is None:
        return
    found = _RANGE.fullmatch(header)
    is_range = found is not None and not (found[2] and int(found[2]) < int(found[1]))
    if found is None or not is_range or request.method != "GET":
        kept = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        request.scope["headers"][:] = kept
        return
    is_beyond = int(found[1]) >= size if found[1] else int(found[3]) == 0
    if is_beyond and "if-range" not in request.headers:
        raise RangeNotSatisfiable(size)


def _base64(digest: str) -> str:
    return b64encode(bytes.fromhex(digest)).decode("ascii")
