"""Where the built scripts of the pages are: what ``api/web`` was built into, by its manifest."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).resolve().parent / "static"
_BUILD: Final = "build"


@dataclass(frozen=True)
class Asset:
    """What a page must load for one script: addresses on this host."""

    script: str
    styles: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()


class Assets:
    """The scripts by name. A page works without them: none is there when nothing was built."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        manifest = folder / _BUILD / "manifest.json"
        self._chunks: dict[str, dict[str, Any]] = (
            json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        )
        self._digests: dict[str, str] = {}

    def get(self, name: str) -> Asset | None:
        """Find a script by its name, such as ``search``; None when it is not built."""
        key = f"src/{name}.ts"
        if key not in self._chunks:
            return None
        chunks = list(self._with_imports(key))
        return Asset(
            script=self._address(self._chunks[key]["file"]),
            styles=tuple(self._address(s) for c in chunks for s in c.get("css", ())),
            fonts=tuple(
                self._address(asset)
                for c in chunks
                for asset in c.get("assets", ())
                if asset.endswith(".woff2")
            ),
        )

    def files(self, name: str) -> list[Path]:
        """List the files of scripts that a page with this script loads at once."""
        chunks = self._with_imports(f"src/{name}.ts")
        return [self._folder / _BUILD / chunk["file"] for chunk in chunks]

    def versioned(self, name: str) -> str:
        """Give the address of a file of ours by its content, so that browsers may keep it."""
        if name not in self._digests:
            self._digests[name] = sha256((self._folder / name).read_bytes()).hexdigest()[:10]
        return f"/static/{name}?v={self._digests[name]}"

    def _address(self, file: str) -> str:
        return f"/static/{_BUILD}/{file}"

    def _with_imports(self, key: str, seen: set[str] | None = None) -> Iterator[dict[str, Any]]:
        seen = set() if seen is None else seen
        if key in seen:
            return
        seen.add(key)
        yield self._chunks[key]
        for imported in self._chunks[key].get("imports", ()):
            yield from self._with_imports(imported, seen)


class KeptFiles(StaticFiles):
    """Serves the static files; what carries its content in its name may be kept for ever."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Send a file."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_named = f"/{_BUILD}/assets/" in str(full_path) or b"v=" in scope["query_string"]
        kept = "public, max-age=31536000, immutable" if is_named else "no-cache"
        response.headers["Cache-Control"] = kept
        return response
