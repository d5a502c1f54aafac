"""A store elsewhere answers instead of an engine of this machine, and other versions come there."""

import asyncio
import logging

from klustergraf.derivations import derive_all
from klustergraf.engine.base import QueryEngine
from klustergraf.engine.federation import FederatedEngine
from klustergraf.engine.remote import RemoteEngine
from klustergraf.engine.transport import Credentials
from klustergraf.errors import EngineUnavailable, VersionNotFound
from klustergraf.version import Version, VersionStore
from klustergraf_api.dependencies import Parts
from klustergraf_api.engines import with_services
from klustergraf_api.settings import Settings

_log = logging.getLogger(__name__)


def start_remote(settings: Settings) -> tuple[QueryEngine, Version | None]:
    """Make what asks the store that the settings name, and find the version that it holds.

    Errors: EngineUnavailable when it cannot be reached or holds no whole version.
    """
    engine = _remote_engine(settings)
    return with_services(engine, settings), _stored_version(settings, engine.version_id)


def _remote_engine(settings: Settings) -> RemoteEngine:
    password = settings.store_password.get_secret_value()
    return RemoteEngine(
        settings.engine_url,
        version_id=settings.engine_version or None,
        default_graph="union" if settings.default_graph == "union" else "endpoint",
        timeout_seconds=settings.query_timeout_seconds,
        credentials=Credentials(settings.store_user, password, settings.store_auth)
        if password
        else None,
        workers=settings.workers,
        most_waiting=settings.waiting_queries,
        max_nesting=settings.query_depth,
        called="The store",
    )


def _stored_version(settings: Settings, version_id: str) -> Version | None:
    """Find the version that a store holds in the home folder: what pages compute from is there."""
    try:
        version = VersionStore(settings.home).get(version_id)
    except VersionNotFound:
        return None
    derive_all(version)
    return version


async def follow_store(parts: Parts, engine: QueryEngine) -> None:
    """Look again and again which version a store holds, and serve it under that name.

    While it is between two versions, or away, queries fail and say so. Ends when it is cancelled,
    or at once where the store does not name its version.
    """
    remote = engine.engine if isinstance(engine, FederatedEngine) else engine
    if not isinstance(remote, RemoteEngine) or not remote.names_its_version:
        return
    served, is_away = remote.version_id, False
    while True:
        await asyncio.sleep(parts.settings.watch_seconds)
        try:
            await asyncio.to_thread(remote.refresh)
        except EngineUnavailable as exc:
            if not is_away:
                _log.warning(
                    "the store cannot answer: %s", exc, extra={"url": parts.settings.engine_url}
                )
            is_away = True
            continue
        if is_away:
            _log.warning("the store answers again")
        is_away = False
        if remote.version_id != served:
            served = remote.version_id
            version = await asyncio.to_thread(_stored_version, parts.settings, served)
            parts.adopt(engine, version)
            _log.info("serving a new version", extra={"version": served})
