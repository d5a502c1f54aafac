"""Run queries for a request, in threads, and stop them when the client goes away."""

import json
from collections.abc import Mapping
from typing import Any, Final

import anyio
import anyio.to_thread
from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from klustergraf.engine.base import (
    Cancellation,
    QueryAnswer,
    QueryEngine,
    QueryRequest,
    ResultKind,
)
from klustergraf.errors import GraphError, QueryResourcesExceeded
from klustergraf_api.terms import Solution, Term

_LARGEST_READ: Final = 8 * 1024 * 1024


class ClientGone(Exception):
    """The client hung up before its answer began; nobody waits for a response."""


class AnswerBrokeOff(Exception):
    """An answer ended before it was complete, when part of it had been sent."""


class Executor:
    """Runs the queries of one request."""

    def __init__(
        self, request: Request, engine: QueryEngine, threads: anyio.CapacityLimiter
    ) -> None:
        self._request = request
        self._threads = threads
        self.engine = engine

    async def start(self, query: QueryRequest) -> QueryAnswer:
        """Start a query and wait for the head of its answer.

        The body of the request must have been read. Errors: as QueryEngine.query, ClientGone.
        """
        cancellation = Cancellation()
        answer: QueryAnswer | None = None
        error: GraphError | None = None

        async def stop_on_disconnect() -> None:
            while (await self._request.receive())["type"] != "http.disconnect":
                pass
            cancellation.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_on_disconnect)
            try:
                answer = await anyio.to_thread.run_sync(
                    self.engine.query, query, cancellation, limiter=self._threads
                )
            except GraphError as exc:
                error = exc
            tasks.cancel_scope.cancel()
        if cancellation.is_cancelled:
            if answer is not None:
                answer.close()
            raise ClientGone from error
        if answer is None:
            raise error if error is not None else ClientGone
        return answer

    async def read(self, query: QueryRequest) -> tuple[ResultKind, bytes]:
        """Run a query and give its whole answer; for pages, whose answers are small.

        Errors: as start; QueryResourcesExceeded when the answer is too large for a page.
        """
        answer = await self.start(query)

        def gather() -> bytes:
            pieces = bytearray()
            for piece in answer:
                pieces += piece
                if len(pieces) > _LARGEST_READ:
                    answer.close()
                    raise QueryResourcesExceeded(
                        "The answer is too large to be shown on a page. Download it instead, "
                        "or ask for less with LIMIT."
                    )
            return bytes(pieces)

        return answer.kind, await anyio.to_thread.run_sync(gather, limiter=self._threads)

    async def solutions(self, text: str) -> list[Solution]:
        """Run a SELECT query and give its solutions."""
        _, document = await self.read(QueryRequest(text))
        return parse_solutions(document)[1]


def parse_solutions(document: bytes) -> tuple[list[str], list[Solution]]:
    """Read SPARQL 1.1 Query Results JSON: the variables and the solutions."""
    data: dict[str, Any] = json.loads(document)
    rows = [
        {name: _term(binding) for name, binding in row.items()}
        for row in data["results"]["bindings"]
    ]
    return data["head"]["vars"], rows


def _term(binding: Mapping[str, str]) -> Term:
    return Term(
        kind=binding["type"],
        value=binding["value"],
        language=binding.get("xml:lang", ""),
        datatype=binding.get("datatype", ""),
    )


class AnswerResponse(Response):
    """Sends an answer while it is computed.

    A client that hangs up stops the query. An answer that breaks off breaks the connection off:
    no client can take it for a whole one.
    """

    def __init__(
        self,
        answer: QueryAnswer,
        threads: anyio.CapacityLimiter,
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(status_code=200, headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._answer = answer
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer (ASGI).

        Errors: AnswerBrokeOff; the server then aborts the connection.
        """
        broken: GraphError | None = None
        gone = False

        async def stop_on_disconnect() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            self._answer.close()

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_on_disconnect)
                try:
                    await self._send_pieces(scope, send)
                except GraphError as exc:
                    broken = exc
                tasks.cancel_scope.cancel()
        finally:
            self._answer.close()
        if broken is not None and not gone:
            raise AnswerBrokeOff(str(broken)) from broken

    async def _send_pieces(self, scope: Scope, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        if scope["method"] != "HEAD":
            pieces = iter(self._answer)
            while piece := await anyio.to_thread.run_sync(
                next, pieces, None, limiter=self._threads
            ):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
