"""The remote engine: any SPARQL 1.1 endpoint, asked through SPARQLWrapper.

SPARQLWrapper makes the request; sending is ours (:mod:`klustergraf.engine.transport`), because it
installs its password handler for the whole process, follows redirects with the password, and
cannot be stopped. What differs between engines is told in ``docs/engines.md``.
"""

import contextlib
import http.client
import threading
import time
import urllib.request
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

import pyoxigraph as ox
from SPARQLWrapper import POST, SELECT, SPARQLWrapper

from klustergraf.engine.base import Cancellation, QueryRequest
from klustergraf.engine.guard import MAX_NESTING, Guard
from klustergraf.engine.places import Places
from klustergraf.engine.publication import MERGED_GRAPH, RECORD_GRAPH, Publication
from klustergraf.engine.refusals import (
    VIRTUOSO_MOST_ROWS,
    check_whole,
    raise_refusal,
)
from klustergraf.engine.remote_answer import RESULTS_ACCEPT, TRIPLES_ACCEPT, RemoteAnswer
from klustergraf.engine.tokens import Token, prologue_end, tokens
from klustergraf.engine.transport import Credentials, Line, send
from klustergraf.errors import EngineUnavailable

# What Virtuoso calls its limit when it tells its settings.
_VIRTUOSO_LIMIT: Final = "http://www.openlinksw.com/schemas/virtini#ResultSetMaxRows"
_NO_ROWS: Final = "SELECT ?s ?p ?o { VALUES (?s ?p ?o) {} }"

_RECORD: Final = f"SELECT ?s ?p ?o {{ GRAPH <{RECORD_GRAPH}> {{ ?s ?p ?o }} }}"
_GRAPHS: Final = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
_RECORD_SECONDS: Final = 15.0


@dataclass(frozen=True)
class _Holding:
    """What the store held when that was read last."""

    publication: Publication
    graphs: frozenset[str]
    read_at: float


class RemoteEngine:
    """Answer SPARQL by asking another endpoint, which holds a version put there by ``publish``.

    ``default_graph``: ``union`` makes the default graph of queries the merge of the version's
    graphs, and lets queries see no other graph of the store; ``endpoint`` leaves both to the
    endpoint. ``version_id``: needed when the store has no record of a publication; otherwise it is
    read there, anew every quarter of a minute. ``parameters`` go along with every query (most
    engines know a ``timeout``). ``most_rows``: what the engine gives at most, if it does not tell.
    At most ``workers`` queries are asked at a time, up to ``most_waiting`` more wait, and who comes
    then is refused at once. A query that nests brackets deeper than ``max_nesting`` is refused.
    ``called``: what errors call the endpoint, where its address is not for everyone.
    Errors: EngineUnavailable when the endpoint cannot be reached or holds no whole version.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        version_id: str | None = None,
        default_graph: Literal["union", "endpoint"] = "union",
        timeout_seconds: float = 30.0,
        credentials: Credentials | None = None,
        parameters: Mapping[str, str] | None = None,
        most_rows: int | None = None,
        workers: int = 4,
        most_waiting: int = 64,
        max_nesting: int = MAX_NESTING,
        called: str = "",
    ) -> None:
        self._url = endpoint_url
        self._called = called or endpoint_url
        self._given_version_id = version_id
        self._default_graph = default_graph
        self._timeout_seconds = timeout_seconds
        self._credentials = credentials
        self._parameters = dict(parameters or {})
        self._max_nesting = max_nesting
        self._most_rows = most_rows
        self._knows_most_rows = most_rows is not None
        self._lock = threading.Lock()
        self._closed = False
        self._answers: weakref.WeakSet[RemoteAnswer] = weakref.WeakSet()
        self._places = Places(workers, most_waiting)
        self._held = _Holding(Publication(), frozenset(), float("-inf"))
        self.refresh()

    @property
    def version_id(self) -> str:
        """The id of the version that the answers come from."""
        return self._given_version_id or self._held.publication.version_id

    @property
    def names_its_version(self) -> bool:
        """Whether the store's record says which version it holds, and not whoever made this."""
        return self._given_version_id is None

    @property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs of the version."""
        return self._held.graphs

    def refresh(self) -> None:
        """Read now what the store holds.

        Errors: EngineUnavailable when it cannot be asked, or is half way between two versions;
        so too for every query then, until it has been read.
        """
        self._held = _Holding(self._held.publication, self._held.graphs, float("-inf"))
        self._current()

    def query(
        self, request: QueryRequest, cancellation: Cancellation | None = None
    ) -> RemoteAnswer:
        """Start a query and wait for the first bytes of its answer.

        Errors: SparqlSyntaxError, QueryRefused, QueryTimeout, QueryResourcesExceeded (also when
        the engine would cut the answer), EngineBusy, EngineUnavailable (also when cancelled).
        """
        held = self._current()
        cut = list(tokens(request.text))
        reads_from = any(token.keyword == "FROM" for token in cut)
        Guard(held.graphs, max_nesting=self._max_nesting).check(request)
        dataset = {
            "default-graph-uri": list(request.default_graphs),
            "named-graph-uri": list(request.named_graphs),
        }
        if not reads_from and not any(dataset.values()) and self._default_graph == "union":
            dataset = _union(held.publication)
        version_id = self._given_version_id or held.publication.version_id
        return self._ask(request, _form(cut), dataset, version_id, cancellation)

    def check_counts(self) -> None:
        """Compare what lies in the store with what its record says, graph by graph.

        Errors: EngineUnavailable when a graph has more or fewer triples than were put there.
        """
        for iri, graph in self._current().publication.graphs.items():
            rows = self._rows(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}")
            if rows != [(str(graph.triples),)]:
                raise EngineUnavailable(
                    f"{self._called} holds {rows[0][0] if rows else 'none'} triples of <{iri}>, "
                    f"and {graph.triples} were put there."
                )

    def close(self) -> None:
        """Stop every query of this engine. May be called twice."""
        with self._lock:
            self._closed = True
            answers = list(self._answers)
        for answer in answers:
            answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(
        self,
        request: QueryRequest,
        form: str,
        dataset: Mapping[str, list[str]],
        version_id: str,
        cancellation: Cancellation | None = None,
    ) -> RemoteAnswer:
        seconds = min(request.timeout_seconds or self._timeout_seconds, self._timeout_seconds)
        deadline = time.monotonic() + seconds

        def fetch(line: Line) -> http.client.HTTPResponse:
            return self._fetch(request.text, form, dataset, seconds, line)

        self._places.enter(seconds, cancellation)
        with self._lock:
            if self._closed:
                self._places.leave()
                raise EngineUnavailable("The engine is closed.")
            answer = RemoteAnswer(
                request,
                fetch,
                is_ask=form == "ASK",
                most_triples=self._most_triples,
                timeout_seconds=seconds,
                deadline=deadline,
                version_id=version_id,
                at_end=self._places.leave,
            )
            self._answers.add(answer)
        if cancellation is not None:
            cancellation.on_cancel(answer.close)
        try:
            answer.read_head()
        except BaseException:
            answer.close()
            raise
        return answer

    def _fetch(
        self,
        text: str,
        form: str,
        parameters: Mapping[str, list[str]],
        seconds: float,
        line: Line | None = None,
    ) -> http.client.HTTPResponse:
        """Send a query; give its answer when the endpoint says that it is one, and whole."""
        wrapper = SPARQLWrapper(self._url)
        wrapper.setQuery(text)
        # It guesses the form with a pattern, and would send what looks like an update as one. The
        # guard has let the text pass: it is a query.
        wrapper.queryType = SELECT
        wrapper.setMethod(POST)
        wrapper.setOnlyConneg(True)
        accept = TRIPLES_ACCEPT if form in ("CONSTRUCT", "DESCRIBE") else RESULTS_ACCEPT
        wrapper.addCustomHttpHeader("Accept", accept)
        for name, values in (*((n, [v]) for n, v in self._parameters.items()), *parameters.items()):
            for value in values:
                wrapper.addParameter(name, value)
        request: urllib.request.Request = wrapper._createRequest()  # noqa: SLF001 - see above
        response = send(request, timeout_seconds=seconds, credentials=self._credentials, line=line)
        if response.status != http.client.OK:
            with contextlib.closing(response):
                raise_refusal(response, seconds)
        try:
            check_whole(response, seconds)
        except BaseException:
            response.close()
            raise
        return response

    def _most_triples(self) -> int | None:
        """Find out how many triples a CONSTRUCT can give.

        Virtuoso tells with each SELECT when it cuts, but with no CONSTRUCT. Asked for its
        settings, it answers with them; another engine answers the query, which has no solution.
        """
        if not self._knows_most_rows:
            for _, name, value in self._rows(_NO_ROWS, {"ini": ["1"]}):
                if name == _VIRTUOSO_LIMIT and value.isdecimal():
                    self._most_rows = int(value)
                elif name and self._most_rows is None:
                    self._most_rows = VIRTUOSO_MOST_ROWS
            self._knows_most_rows = True
        return self._most_rows

    def _current(self) -> _Holding:
        """Give what the store holds, read not long ago.

        Errors: EngineUnavailable when it is half way between two versions.
        """
        held = self._held
        if time.monotonic() - held.read_at > _RECORD_SECONDS:
            publication = Publication.from_statements((s, p, o) for s, p, o in self._rows(_RECORD))
            if not publication.version_id and self._given_version_id is None:
                raise EngineUnavailable(
                    f"{self._called} is between two versions; run `klustergraf publish` to its end."
                    if publication.graphs
                    else f"{self._called} has no record of a version: `klustergraf publish` puts "
                    "one there. Or say which version it holds."
                )
            graphs = frozenset(publication.named_graphs) or self._listed_graphs()
            held = self._held = _Holding(publication, graphs, time.monotonic())
        return held

    def _listed_graphs(self) -> frozenset[str]:
        return frozenset(graph for (graph,) in self._rows(_GRAPHS))

    def _rows(
        self, text: str, parameters: Mapping[str, list[str]] | None = None
    ) -> list[tuple[str, ...]]:
        """Ask, and read the whole answer: each row as the texts of its terms."""
        try:
            response = self._fetch(text, "SELECT", parameters or {}, self._timeout_seconds)
            with contextlib.closing(response):
                media_type = response.headers.get_content_type()
                results_format = ox.QueryResultsFormat.from_media_type(media_type)
                solutions = ox.parse_query_results(response.read(), format=results_format)
        except (OSError, http.client.HTTPException, SyntaxError, ValueError) as exc:
            raise EngineUnavailable(f"{self._called} cannot be asked: {exc}.") from exc
        if not isinstance(solutions, ox.QuerySolutions):
            return []
        return [tuple(str(getattr(term, "value", "")) for term in row) for row in solutions]


def _union(publication: Publication) -> dict[str, list[str]]:
    named = list(publication.named_graphs)
    merged = [MERGED_GRAPH] if publication.has_merged_graph else named
    return {"default-graph-uri": merged, "named-graph-uri": named}


def _form(cut: list[Token]) -> str:
    return "".join(token.keyword for token in cut[prologue_end(cut) :][:1])
