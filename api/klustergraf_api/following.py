"""Follow the current version: when there is a new one, serve it without a failed request."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from klustergraf.derivations import derive_all
from klustergraf.engine.base import QueryEngine
from klustergraf.errors import GraphError
from klustergraf.version import Version, VersionStore
from klustergraf_api.dependencies import Parts

StartEngine = Callable[[Version], QueryEngine]

_log = logging.getLogger(__name__)


async def follow(parts: Parts, start_engine: StartEngine) -> None:
    """Look for a new current version again and again, and serve it when its engine is ready.

    What cannot be served is logged, and the version before it stays. Ends when it is cancelled.
    """
    home = parts.settings.home
    given_up = ""
    while True:
        await asyncio.sleep(parts.settings.watch_seconds)
        if parts.contributing is not None:
            # The first token may have been made, or a new version, since this was looked at.
            parts.contributing.open_early(parts.engine.version_id)
        wanted = await asyncio.to_thread(_read_pointer, home / "current")
        if wanted in ("", parts.engine.version_id, given_up):
            continue
        if parts.contributing is not None and parts.contributing.is_writing:
            continue
        try:
            engine, version = await asyncio.to_thread(_start, home, wanted, start_engine)
        except GraphError as exc:
            given_up = wanted
            _log.error("a new version cannot be served: %s", exc, extra={"version": wanted})
        else:
            parts.adopt(engine, version)
            _log.info("serving a new version", extra={"version": wanted})


def _read_pointer(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""  # it is just being made, or was never made by us


def _start(home: Path, version_id: str, start_engine: StartEngine) -> tuple[QueryEngine, Version]:
    version = VersionStore(home).get(version_id)
    derive_all(version)
    return start_engine(version), version
