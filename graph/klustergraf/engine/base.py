"""The interface of every engine, and what goes in and comes out."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ResultKind(StrEnum):
    """What a query's answer is (SPARQL 1.1 Query, section 16)."""

    SOLUTIONS = "solutions"
    BOOLEAN = "boolean"
    TRIPLES = "triples"


class ResultsFormat(StrEnum):
    """A serialisation of solutions or a boolean; the value is its media type."""

    JSON = "application/sparql-results+json"
    XML = "application/sparql-results+xml"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"


class TriplesFormat(StrEnum):
    """A serialisation of triples; the value is its media type."""

    TURTLE = "text/turtle"
    N_TRIPLES = "application/n-triples"
    JSON_LD = "application/ld+json"
    RDF_XML = "application/rdf+xml"


@dataclass(frozen=True)
class QueryRequest:
    """One query and how its answer shall come.

    ``default_graphs`` and ``named_graphs`` are the protocol's dataset (SPARQL 1.1 Protocol,
    2.1.4); both empty: the engine's own dataset. ``timeout_seconds`` None: the engine's limit;
    a larger value than that limit is cut to it.
    """

    text: str
    results_format: ResultsFormat = ResultsFormat.JSON
    triples_format: TriplesFormat = TriplesFormat.TURTLE
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    timeout_seconds: float | None = None


class Cancellation:
    """A way to stop a query that another thread waits for: the client has gone.

    Safe in any thread. What is registered after the cancellation runs at once.

    >>> cancellation = Cancellation()
    >>> cancellation.on_cancel(lambda: print("stopped"))
    >>> cancellation.cancel()
    stopped
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call this when the query shall stop."""
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def cancel(self) -> None:
        """Stop the query. May be called twice."""
        with self._lock:
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class QueryAnswer(Protocol):
    """An answer that has begun: its kind and media type are known, its bytes follow.

    Iterating gives the serialised answer; it ends only when the answer is complete. An answer that
    breaks off raises (QueryTimeout, QueryResourcesExceeded, EngineUnavailable), it never just ends.
    """

    @property
    def version_id(self) -> str:
        """The id of the version that the answer is from, whatever is served later."""
        ...

    @property
    def kind(self) -> ResultKind:
        """Solutions, a boolean or triples."""
        ...

    @property
    def media_type(self) -> str:
        """The media type of the bytes."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Give the serialised answer, piece by piece."""
        ...

    def close(self) -> None:
        """Stop the query if it still runs, and give back what it holds. May be called twice."""
        ...


class QueryEngine(Protocol):
    """Whatever answers SPARQL over one version."""

    @property
    def version_id(self) -> str:
        """The id of the version that the answers come from."""
        ...

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> QueryAnswer:
        """Start a query and wait for the first bytes of its answer.

        ``cancellation`` stops it from another thread, also while this one waits.
        Errors: SparqlSyntaxError, QueryRefused, QueryTimeout, QueryResourcesExceeded,
        EngineUnavailable (also when cancelled).
        """
        ...

    def close(self) -> None:
        """Stop the engine and every query of it."""
        ...
