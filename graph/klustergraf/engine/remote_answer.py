"""An answer on its way from a remote server: read, checked, written anew, piece by piece.

Every engine writes its answers a little differently, and some wrongly. So what comes is parsed and
serialised again: what leaves here is the same bytes whatever engine stands behind, and a document
that breaks off is found out. All of it happens in one thread per answer, because the parsers may
not change thread and the reader of an answer may; at most a few pieces wait between the two.
"""

import contextlib
import http.client
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

import pyoxigraph as ox

from klustergraf.engine.base import QueryRequest, ResultKind
from klustergraf.engine.refusals import cut_answer
from klustergraf.engine.transport import Line
from klustergraf.engine.virtuoso import ASK_VARIABLE, StandardJson, standard_term
from klustergraf.errors import (
    EngineUnavailable,
    GraphError,
    QueryTimeout,
)

_PIECE = 64 * 1024
_MOST_WAITING = 8

RESULTS_ACCEPT = "application/sparql-results+json, application/sparql-results+xml;q=0.5"
TRIPLES_ACCEPT = "application/n-triples, text/turtle;q=0.6, application/rdf+xml;q=0.3"


class _Readable(Protocol):
    def read(self, size: int = -1) -> bytes: ...


class Body:
    """The bytes of a response, as a file that the parsers read; tells when they were cut short.

    ``needs_end``: the document itself does not show its end (N-Triples), so the transport must.
    """

    def __init__(self, response: http.client.HTTPResponse, *, needs_end: bool) -> None:
        self._response = response
        self.failure: Exception | None = None
        if needs_end and response.length is None and not response.chunked:
            raise EngineUnavailable("The endpoint does not say where its answer ends.")

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes; none at the end of a whole answer."""
        return self._checked(lambda: self._response.read(None if size < 0 else size), size)

    def readline(self, limit: int) -> bytes:
        """Read a line, or as much of it as the limit allows."""
        return self._checked(lambda: self._response.readline(limit), limit)

    def _checked(self, read: Callable[[], bytes], size: int) -> bytes:
        try:
            piece = read()
            if not piece and size != 0 and self._response.length:
                raise http.client.IncompleteRead(b"", self._response.length)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            self.failure = exc
            raise OSError("the answer broke off") from exc
        return piece


class RemoteAnswer:
    """An answer that a thread is reading. One thread at a time iterates; any thread may close.

    ``at_end`` is called when that thread ends: nothing is asked any more then. Units: ``deadline``
    as of ``time.monotonic``.
    """

    def __init__(
        self,
        request: QueryRequest,
        fetch: Callable[[Line], http.client.HTTPResponse],
        *,
        is_ask: bool,
        most_triples: Callable[[], int | None],
        timeout_seconds: float,
        deadline: float,
        version_id: str,
        at_end: Callable[[], None],
    ) -> None:
        self.version_id = version_id
        self._at_end = at_end
        self._request = request
        self._fetch = fetch
        self._is_ask = is_ask
        self._most_triples = most_triples
        self._timeout_seconds = timeout_seconds
        self._deadline = deadline
        self._line = Line()
        self._changed = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._gathered = bytearray()
        self._ended = False
        self._closed = False
        self._error: GraphError | None = None
        self._kind = ResultKind.BOOLEAN
        self._media_type = ""
        threading.Thread(target=self._run, name="remote answer", daemon=True).start()

    @property
    def kind(self) -> ResultKind:
        """Solutions, a boolean or triples."""
        return self._kind

    @property
    def media_type(self) -> str:
        """The media type of the bytes."""
        return self._media_type

    def read_head(self) -> None:
        """Wait for the first bytes of the answer.

        Errors: as QueryEngine.query.
        """
        self._await(lambda: bool(self._pieces))

    def __iter__(self) -> Iterator[bytes]:
        """Give the serialised answer, piece by piece."""
        try:
            while self._await(lambda: bool(self._pieces)):
                with self._changed:
                    piece = self._pieces.popleft()
                    self._changed.notify_all()
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Stop the query if it still runs, and give back what it holds. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._line.hang_up()

    def _await(self, condition: Callable[[], bool]) -> bool:
        """Wait until something is there (true) or the answer is complete (false)."""
        with self._changed:
            wait = self._deadline - time.monotonic()
            come = self._changed.wait_for(
                lambda: condition() or self._ended or self._closed, max(wait, 0)
            )
            if self._closed:
                raise EngineUnavailable("The query was stopped.")
            if condition():
                return True
            error = self._error
        if not come:
            error = QueryTimeout(self._timeout_seconds)
        if error is not None:
            self.close()
            raise error
        return False

    # What follows runs in the thread of this answer.

    def _run(self) -> None:
        error: GraphError | None = EngineUnavailable("The answer could not be read.")
        try:
            with contextlib.closing(self._fetch(self._line)) as response:
                self._transcribe(response)
            error = None
        except GraphError as exc:
            error = exc
        except TimeoutError:
            error = QueryTimeout(self._timeout_seconds)
        except (OSError, http.client.HTTPException) as exc:
            error = EngineUnavailable(f"The endpoint cannot be asked: {exc}.")
        finally:
            _let_go(error)
            self._at_end()
            with self._changed:
                self._error = error
                self._ended = True
                self._changed.notify_all()

    def _transcribe(self, response: http.client.HTTPResponse) -> None:
        media_type = response.headers.get_content_type()
        results_format = ox.QueryResultsFormat.from_media_type(media_type)
        triples_format = ox.RdfFormat.from_media_type(media_type)
        body = Body(response, needs_end=results_format is None)
        try:
            if results_format is not None:
                self._transcribe_results(body, results_format)
            elif triples_format is not None:
                self._transcribe_triples(body, triples_format)
            else:
                raise EngineUnavailable(
                    f"The endpoint answered with {media_type}, which is no RDF."
                )
        except (SyntaxError, ValueError, OSError) as exc:
            if isinstance(body.failure, TimeoutError):
                raise QueryTimeout(self._timeout_seconds) from exc
            reason = "its connection ended" if body.failure else str(exc)
            raise EngineUnavailable(f"The endpoint's answer broke off: {reason}.") from exc

    def _transcribe_results(self, body: Body, results_format: ox.QueryResultsFormat) -> None:
        wanted = self._request.results_format
        is_json = results_format == ox.QueryResultsFormat.JSON
        source: _Readable = StandardJson(body) if is_json else body
        results = ox.parse_query_results(cast(IO[bytes], source), format=results_format)
        if isinstance(results, ox.QuerySolutions):
            names = [variable.value for variable in results.variables]
            if self._is_ask and names == [ASK_VARIABLE]:
                truth = "true" if next(iter(results), None) is not None else "false"
                whole = f'{{"head":{{}},"boolean":{truth}}}'
                results = ox.parse_query_results(whole, format=ox.QueryResultsFormat.JSON)
        solutions = isinstance(results, ox.QuerySolutions)
        self._begin(ResultKind.SOLUTIONS if solutions else ResultKind.BOOLEAN, wanted)
        results.serialize(self._output, format=ox.QueryResultsFormat.from_media_type(wanted))
        self._finish(source)

    def _transcribe_triples(self, body: Body, triples_format: ox.RdfFormat) -> None:
        wanted = self._request.triples_format
        most = self._most_triples()

        def counted() -> Iterator[ox.Triple]:
            for count, quad in enumerate(ox.parse(cast(IO[bytes], body), format=triples_format), 1):
                if most is not None and count >= most:
                    raise cut_answer(most)
                yield ox.Triple(quad.subject, quad.predicate, standard_term(quad.object))

        self._begin(ResultKind.TRIPLES, wanted)
        ox.serialize(counted(), self._output, format=ox.RdfFormat.from_media_type(wanted))
        self._finish(body)

    @property
    def _output(self) -> IO[bytes]:
        return cast(IO[bytes], self)

    def _begin(self, kind: ResultKind, media_type: str) -> None:
        self._kind, self._media_type = kind, media_type

    def write(self, data: bytes) -> int:
        """Take bytes from a serialiser."""
        self._gathered += data
        if len(self._gathered) >= _PIECE:
            self._pass_on()
        return len(data)

    def flush(self) -> None:
        """Do nothing: pieces are passed on when they are large enough."""

    def _finish(self, source: _Readable) -> None:
        """Pass on what is left, when nothing but white space follows the document."""
        while rest := source.read(_PIECE):
            if rest.strip():
                raise EngineUnavailable("The endpoint's answer goes on after its end.")
        self._pass_on()

    def _pass_on(self) -> None:
        with self._changed:
            wait = self._deadline - time.monotonic()
            self._changed.wait_for(
                lambda: len(self._pieces) < _MOST_WAITING or self._closed, max(wait, 0)
            )
            if self._closed:
                raise EngineUnavailable("The query was stopped.")
            if len(self._pieces) >= _MOST_WAITING:
                raise QueryTimeout(self._timeout_seconds)
            self._pieces.append(bytes(self._gathered))
            self._gathered.clear()
            self._changed.notify_all()


def _let_go(error: BaseException | None) -> None:
    """Forget what the frames of an error hold: a parser may not end in another thread."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
