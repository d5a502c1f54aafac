"""What routes are given: settings, engine, stored queries, pages."""

from copy import copy
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from klustergraf.catalogue import Catalogue
from klustergraf.derivations import SEARCH
from klustergraf.engine.base import QueryEngine
from klustergraf.errors import VersionNotFound
from klustergraf.search import SearchIndex
from klustergraf.version import Version
from klustergraf_api.cache import AnswerCache
from klustergraf_api.contributing import Contributing
from klustergraf_api.execution import Executor
from klustergraf_api.extensions import BEGUN
from klustergraf_api.middleware import client_of
from klustergraf_api.opening import Runner
from klustergraf_api.pages.rendering import PARTS, Pages
from klustergraf_api.settings import Settings
from klustergraf_api.shortcut import Shortcut

_SEARCH: Final = "search"
# Files are served, or what a store elsewhere holds: where a version was looked for, in its error.
NOT_STORED: Final = "what is served: it is no version that is stored here"


@dataclass
class Parts:
    """Everything a running service is made of. Put together by ``create_app`` alone.

    ``version``: the stored version that is served; None when what is served is none.
    ``contributing``: what takes contributions; None where none are taken.
    ``remembered``: what was computed from that version and is small; gone with it.
    ``before``: while what is kept with that version is being made, the parts that pages answer
    by which need it: those of the version before.
    """

    settings: Settings
    catalogue: Catalogue
    pages: Pages
    runner: Runner
    cache: AnswerCache
    shortcut: Shortcut
    version: Version | None = None
    contributing: Contributing | None = None
    remembered: dict[str, Any] = field(default_factory=dict)
    before: "Parts | None" = None

    @property
    def engine(self) -> QueryEngine:
        """What answers SPARQL."""
        return self.runner.engine

    @property
    def version_id(self) -> str:
        """What is answered from: the version of what is kept with one, or what the engine says."""
        return self.engine.version_id if self.version is None else self.version.id

    @property
    def counted(self) -> "Parts":
        """The parts that answer from what is kept with a version: nobody waits until it is made."""
        return self.before or self

    def adopt(
        self, engine: QueryEngine, version: Version | None, *, is_counted: bool = True
    ) -> None:
        """Answer from a version from now on, by its engine; None: it is not stored here.

        ``is_counted``: what is kept with the version is made already; else see :meth:`settle`.
        """
        if is_counted or self.version is None:
            self.before = None
        elif self.before is None:
            pages = copy(self.pages)
            pages.is_counting = True
            self.before = replace(self, pages=pages, contributing=None)
        self.runner.replace_engine(engine)
        self.version = version
        self.remembered = {}
        self.cache.clear()
        self.pages.version_id = engine.version_id
        self.pages.is_stored = version is not None
        self.runner.metrics.set_version(engine.version_id)

    def settle(self, version: Version, index: SearchIndex) -> None:
        """Answer from what is kept with a version, which is made now, if that is still served."""
        if self.version == version:
            self.before = None
            self.remembered[_SEARCH] = index


def search_index_of(parts: Parts) -> SearchIndex:
    """Give the search index of the version that is served.

    Errors: VersionNotFound when what is served is no version that is stored here.
    """
    if parts.version is None:
        raise VersionNotFound("current", NOT_STORED)
    if _SEARCH not in parts.remembered:
        parts.remembered[_SEARCH] = SearchIndex(SEARCH.folder(parts.version))
    index: SearchIndex = parts.remembered[_SEARCH]
    return index


def executor_of(request: Request, parts: Parts) -> Executor:
    """Make what runs the queries of a request."""
    client = client_of(request.scope, parts.settings.trusted_proxies)
    begun = request.scope.get("extensions", {}).pop(BEGUN, None)
    return Executor(parts.runner, request.receive, client, begun)


def parts_of(request: Request) -> Parts:
    """Give the parts that answer a request: of the version it names, or of the one served."""
    parts: Parts = request.scope.get(PARTS) or request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]


def counted_parts_of(request: Request) -> Parts:
    """Give the parts that answer what needs what is kept with a version.

    While that of the version that is served is being made, they are those of the version before; a
    request that names a version waits for what is kept with that one.
    """
    named: Parts | None = request.scope.get(PARTS)
    return named or parts_of(request).counted


CountedPartsDep = Annotated[Parts, Depends(counted_parts_of)]


def _executor(request: Request, parts: PartsDep) -> Executor:
    return executor_of(request, parts)


ExecutorDep = Annotated[Executor, Depends(_executor)]


def _search_index(parts: CountedPartsDep) -> SearchIndex:
    return search_index_of(parts)


SearchIndexDep = Annotated[SearchIndex, Depends(_search_index)]
