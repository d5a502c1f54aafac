"""SERVICE to endpoints that are allowed by name: asked by us, before the query runs.

No engine of ours can reach the network. So a SERVICE block with an allowed endpoint is sent there
as a query of its own, and its solutions are put in its place::

    SERVICE <https://example.org/sparql> { ?s a ?type }
    VALUES (?s ?type) { (<https://example.org/a> <https://example.org/Type>) … }

Every other SERVICE is refused, here or by the guard that reads the query afterwards.
"""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from klustergraf.engine.answer import EmbeddedAnswer
from klustergraf.engine.base import Cancellation, QueryAnswer, QueryEngine, QueryRequest
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.fetching import Fetcher, Solutions
from klustergraf.engine.guard import MAX_QUERY_CHARACTERS, resolve_iri
from klustergraf.engine.tokens import Token, prologue_end, tokens
from klustergraf.engine.transport import Line
from klustergraf.errors import (
    EngineUnavailable,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
)

_MOST_BLOCKS: Final = 8
_NOTHING_KNOWN: Final[Solutions] = ([], [[]])
# Each waits for the endpoints of one query; the next query with SERVICE waits for one of them.
_THREADS: Final = 16


@dataclass(frozen=True)
class _Block:
    """A SERVICE block: where it stands, whom it asks, what."""

    start: int
    end: int
    endpoint: str
    pattern: str
    is_silent: bool


class FederatedEngine:
    """An engine whose queries may ask the allowed endpoints.

    ``endpoints`` are IRIs, compared exactly. ``timeout_seconds`` is the longest time of a query,
    asking others included. ``engine`` answers the rest of each query.
    """

    def __init__(
        self,
        engine: QueryEngine,
        endpoints: Iterable[str],
        *,
        timeout_seconds: float = 30.0,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.engine = engine
        self._endpoints = frozenset(endpoints)
        self._timeout_seconds = timeout_seconds
        self._fetcher = fetcher or Fetcher()

    @property
    def version_id(self) -> str:
        """The id of the version that the answers come from, as far as they come from here."""
        return self.engine.version_id

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> QueryAnswer:
        """Ask the endpoints of the query's SERVICE blocks, then run the query.

        Errors: as QueryEngine.query; with SILENT, an endpoint that fails is passed over.
        """
        answerable = self._answerable(request, self._deadline(request), cancellation)
        return self.engine.query(answerable, cancellation)

    def _deadline(self, request: QueryRequest) -> float:
        return time.monotonic() + self._seconds(request)

    def _seconds(self, request: QueryRequest) -> float:
        return min(request.timeout_seconds or self._timeout_seconds, self._timeout_seconds)

    def _answerable(
        self, request: QueryRequest, deadline: float, cancellation: Cancellation | None
    ) -> QueryRequest:
        """Put the solutions of the SERVICE blocks of a query in their place.

        One without any is as it was; so is one that is too long, which the engine refuses.
        """
        if not _may_ask(request.text):
            return request
        cut = list(tokens(request.text))
        blocks = _blocks(request.text, cut)
        if not blocks:
            return request
        for block in blocks:
            self._check(block)
        seconds = self._seconds(request)
        prologue = request.text[: cut[prologue_end(cut)].start]
        line = Line()
        if cancellation is not None:
            cancellation.on_cancel(line.hang_up)
        pieces, position = [], 0
        for block in blocks:
            query = f"{prologue}\nSELECT * WHERE {block.pattern}"
            solutions = self._solutions(block, query, line, deadline - time.monotonic(), seconds)
            if cancellation is not None and cancellation.is_cancelled:
                raise EngineUnavailable("The query was stopped.")
            pieces += [request.text[position : block.start], _values(solutions)]
            position = block.end
        text = "".join((*pieces, request.text[position:]))
        if len(text) > MAX_QUERY_CHARACTERS:
            raise QueryResourcesExceeded(
                "What the endpoints of SERVICE answered is more than can be joined here. "
                "Ask them for less within SERVICE."
            )
        rest = deadline - time.monotonic()
        if rest <= 0:
            raise QueryTimeout(seconds)
        return replace(request, text=text, timeout_seconds=rest)

    def close(self) -> None:
        """Stop the engine and every query of it."""
        self.engine.close()

    def _check(self, block: _Block) -> None:
        if block.endpoint not in self._endpoints:
            allowed = ", ".join(f"<{iri}>" for iri in sorted(self._endpoints)) or "none"
            raise QueryRefused(
                f"SERVICE may not ask <{block.endpoint}>. The endpoints that it may ask: {allowed}."
            )

    def _solutions(
        self, block: _Block, query: str, line: Line, rest: float, seconds: float
    ) -> Solutions:
        try:
            if rest <= 0:
                raise QueryTimeout(seconds)
            return self._fetcher.solutions(block.endpoint, query, line, rest)
        except (QueryTimeout, QueryResourcesExceeded, EngineUnavailable):
            # SPARQL 1.1 Federated Query, 2.3: then it is as if the block had one empty solution.
            if block.is_silent:
                return _NOTHING_KNOWN
            raise


class EmbeddedFederatedEngine(FederatedEngine):
    """A federated engine over an embedded one, for event loops too.

    Only queries with SERVICE need a thread, while others are asked.
    """

    def __init__(
        self,
        engine: EmbeddedEngine,
        endpoints: Iterable[str],
        *,
        timeout_seconds: float = 30.0,
        fetcher: Fetcher | None = None,
    ) -> None:
        super().__init__(engine, endpoints, timeout_seconds=timeout_seconds, fetcher=fetcher)
        self.engine: EmbeddedEngine = engine
        self._threads = ThreadPoolExecutor(_THREADS, "service")

    async def query_async(self, request: QueryRequest) -> EmbeddedAnswer:
        """Do as query does, in an asyncio event loop. To stop the query, cancel the task."""
        if not _may_ask(request.text):
            return await self.engine.query_async(request)
        cancellation = Cancellation()
        asking = asyncio.get_running_loop().run_in_executor(
            self._threads, self._answerable, request, self._deadline(request), cancellation
        )
        try:
            answerable = await asyncio.shield(asking)
        except asyncio.CancelledError:
            cancellation.cancel()
            asking.add_done_callback(_forget)
            raise
        return await self.engine.query_async(answerable)

    def close(self) -> None:
        """Stop the engine and every query of it."""
        super().close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _forget(asking: "asyncio.Future[QueryRequest]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not asking.cancelled():
        asking.exception()


def _may_ask(text: str) -> bool:
    """Tell whether a query may have a SERVICE block; to cut it into tokens takes its time."""
    return len(text) <= MAX_QUERY_CHARACTERS and "service" in text.lower()


def _blocks(text: str, cut: list[Token]) -> list[_Block]:
    """Find the SERVICE blocks of a query.

    Errors: QueryRefused for one that cannot be asked beforehand.
    """
    prefixes, base = _declared(cut)
    blocks: list[_Block] = []
    index = 0
    while index < len(cut):
        if cut[index].keyword != "SERVICE":
            index += 1
            continue
        start = index
        is_silent = _keyword(cut, index + 1) == "SILENT"
        index += 2 if is_silent else 1
        endpoint = _endpoint(cut[index : index + 1], prefixes, base)
        opening = index + 1
        closing = _closing(cut, opening)
        if any(token.keyword == "SERVICE" for token in cut[opening:closing]):
            raise QueryRefused("SERVICE within SERVICE is not asked: write them side by side.")
        pattern = text[cut[opening].start : cut[closing].end]
        blocks.append(_Block(cut[start].start, cut[closing].end, endpoint, pattern, is_silent))
        if len(blocks) > _MOST_BLOCKS:
            raise QueryRefused(f"A query may have at most {_MOST_BLOCKS} SERVICE blocks.")
        index = closing + 1
    return blocks


def _keyword(cut: list[Token], index: int) -> str:
    return cut[index].keyword if index < len(cut) else ""


def _endpoint(found: list[Token], prefixes: dict[str, str], base: str) -> str:
    kind, text = (found[0].kind, found[0].text) if found else ("", "")
    if kind == "iri":
        return resolve_iri(text[1:-1], base)
    if kind == "name":
        prefix, _, local = text.partition(":")
        if prefix in prefixes and "\\" not in local:
            return prefixes[prefix] + local
    if kind == "variable":
        raise QueryRefused(
            "SERVICE with a variable would ask whatever address comes along; name the endpoint."
        )
    raise QueryRefused("SERVICE is followed by the IRI of an endpoint and a group in braces.")


def _closing(cut: list[Token], opening: int) -> int:
    """Give the index of the brace that closes the one at an index."""
    depth = 0
    if opening < len(cut) and cut[opening].text == "{":
        for index in range(opening, len(cut)):
            depth += (cut[index].kind == "open") - (cut[index].kind == "close")
            if depth == 0:
                return index
    raise QueryRefused("SERVICE is followed by the IRI of an endpoint and a group in braces.")


def _declared(cut: list[Token]) -> tuple[dict[str, str], str]:
    """Read the prologue: prefixes (without their colon) and the base."""
    prefixes: dict[str, str] = {}
    base = ""
    for index in range(prologue_end(cut)):
        if cut[index].keyword == "BASE":
            base = resolve_iri(cut[index + 1].text[1:-1], base)
        elif cut[index].keyword == "PREFIX":
            prefix = cut[index + 1].text.partition(":")[0]
            prefixes[prefix] = resolve_iri(cut[index + 2].text[1:-1], base)
    return prefixes, base


def _values(solutions: Solutions) -> str:
    """Write solutions as a VALUES block."""
    names, rows = solutions
    heading = " ".join(f"?{name}" for name in names)
    body = "\n".join(f"({' '.join(row)})" for row in rows)
    return f" VALUES ({heading}) {{ {body} }} "
