"""Run queries for a request, and stop them when the client goes away."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Receive

from klustergraf.engine.base import QueryRequest, ResultKind
from klustergraf.errors import QueryResourcesExceeded
from klustergraf_api.metrics import NO_KIND, OK, outcome_of
from klustergraf_api.opening import OpenAnswer, Runner
from klustergraf_api.terms import Solution, Term

_LARGEST_READ: Final = 8 * 1024 * 1024
# Most queries are done before it is worth watching whether their client is still there.
_UNWATCHED_SECONDS: Final = 0.01


class ClientGone(Exception):
    """The client hung up before its answer began; nobody waits for a response."""


class AnswerBrokeOff(Exception):
    """An answer ended before it was complete, when part of it had been sent."""


class Executor:
    """Runs the queries of one request, whose body has been read.

    ``begun``: the answer of one that has begun; its owner closes it if it is not used.
    """

    def __init__(
        self, runner: Runner, receive: Receive, client: str, begun: OpenAnswer | None = None
    ) -> None:
        self._runner = runner
        self._receive = receive
        self._client = client
        self._begun = begun

    async def start(self, query: QueryRequest) -> OpenAnswer:
        """Start a query and wait for the first bytes of its answer.

        Errors: as QueryEngine.query; TooManyQueries, ClientGone.
        """
        answer, self._begun = self._begun, None
        if answer is None or not answer.answers(query):
            try:
                self._runner.admission.enter(self._client)
            except BaseException as exc:
                self._runner.metrics.record(query.text, NO_KIND, outcome_of(exc), 0.0, 0)
                raise
            answer = OpenAnswer(self._runner, self._client, query)
        watch = _Watch(self._receive)
        try:
            await answer.open()
        except asyncio.CancelledError as exc:
            answer.close("client-gone" if watch.is_gone else outcome_of(exc))
            if watch.is_gone:
                watch.task.uncancel()
                raise ClientGone from exc
            raise
        except BaseException as exc:
            answer.close(outcome_of(exc))
            raise
        finally:
            watch.end()
        return answer

    async def read(self, query: QueryRequest) -> tuple[ResultKind, bytes]:
        """Run a query and give its whole answer; for pages, whose answers are small.

        Errors: as start; QueryResourcesExceeded when the answer is too large for a page.
        """
        answer = await self.start(query)
        return answer.kind, await self.read_whole(
            answer,
            "The answer is too large to be shown on a page. Download it instead, or ask for less "
            "with LIMIT.",
        )

    async def read_whole(self, answer: OpenAnswer, too_large: str) -> bytes:
        """Read an answer to its end, and close it.

        Errors: as OpenAnswer.read_piece; QueryResourcesExceeded with the given words.
        """
        outcome = OK
        try:
            if answer.is_complete:
                return answer.first
            pieces = [answer.first]
            while piece := await answer.next_piece():
                pieces.append(piece)
                if answer.size > _LARGEST_READ:
                    raise QueryResourcesExceeded(too_large)
            return b"".join(pieces)
        except BaseException as exc:
            outcome = outcome_of(exc)
            raise
        finally:
            answer.close(outcome)

    async def solutions(self, text: str) -> list[Solution]:
        """Run a SELECT query and give its solutions."""
        _, document = await self.read(QueryRequest(text))
        return parse_solutions(document)[1]


class _Watch:
    """Cancels the task that waits for an answer when its client goes; for who waits long."""

    def __init__(self, receive: Receive) -> None:
        self.is_gone = False
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a query is run by a task")
        self.task = task
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None
        self._timer = task.get_loop().call_later(_UNWATCHED_SECONDS, self._begin)

    def end(self) -> None:
        """Watch no more."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        await until_gone(self._receive)
        self.is_gone = True
        self.task.cancel()


async def until_gone(receive: Receive) -> None:
    """Wait until the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


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
        binding["type"],
        binding["value"],
        binding.get("xml:lang", ""),
        binding.get("datatype", ""),
    )
