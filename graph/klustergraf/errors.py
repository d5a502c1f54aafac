"""What can go wrong, as one tree.

GraphError
  x ResourceNotFound(iri)
  x ResourceWithdrawn(iri, replaced_by)
  x VersionNotFound(name)
  x DumpNotFound(name, version_id)
  x QueryNotFound(name, nearest)
  x QueryParameterError(name, reason)
  x SparqlSyntaxError(reason, line, column)
  x QueryRefused(reason)
  x QueryTimeout(seconds)
  x QueryResourcesExceeded(reason)
  + EngineUnavailable(reason)
    x EngineBusy(retry_after_seconds)
  x GraphParseError(source, reason, line, column)
  x IdentifierError(value, reason)
  x EvidenceError(passage, reason)
  x ShapeViolations(count, report_text, report_turtle)
  + ContributionError(reason)
    x TokenRefused(reason)
    x ForbiddenGraph(partner, graph)
    x ContributionRefused(count, report_texts, report, report_turtle)
    x ContributionInReview(review, pairs)
    x PreconditionFailed(current)
    x ContributionTooHeavy(seconds)
    x JudgeFailed()
    x RecordError(reason)
    x FullBuildNeeded(predicate)
  x AnalysisParameterError(name, reason)
  x ActorNotFound(name, nearest)
  x ActorAmbiguous(name, candidates)
  + SourceError(source)
    x SourceUnavailable(source, reason)
    x SourceFormatError(source, record, reason)

Each class says when it is raised, carries its data, and builds its own text. None knows HTTP or
the command line: those doors translate (``klustergraf_api.problems``, ``klustergraf.cli``).
"""

from collections.abc import Mapping
from typing import Any


class GraphError(Exception):
    """The root of every error that the library raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Go whole from one process to another, whatever the parameters of its constructor."""
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[GraphError], args: tuple[object, ...], state: dict[str, object]
) -> GraphError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ResourceNotFound(GraphError):
    """The graph has no statement about the IRI that was asked for."""

    def __init__(self, iri: str) -> None:
        self.iri = iri
        super().__init__(f"The graph has no statement about <{iri}>.")


class ResourceWithdrawn(GraphError):
    """What an IRI stood for was withdrawn; ``replaced_by`` are the IRIs to use instead."""

    def __init__(self, iri: str, replaced_by: tuple[str, ...] = ()) -> None:
        self.iri = iri
        self.replaced_by = replaced_by
        instead = " and ".join(f"<{other}>" for other in replaced_by)
        hint = f"Use {instead} instead." if replaced_by else "Nothing replaces it."
        super().__init__(f"<{iri}> was withdrawn from the graph. {hint}")


class VersionNotFound(GraphError):
    """No version of that name lies in the home folder, or there is none at all."""

    def __init__(self, name: str, home: str) -> None:
        self.name = name
        super().__init__(f"There is no version {name!r} in {home}. `klustergraf build` makes one.")


class DumpNotFound(GraphError):
    """A version is not offered as a file of that name."""

    def __init__(self, name: str, version_id: str) -> None:
        self.name = name
        super().__init__(
            f"Version {version_id[:12]} has no file {name!r}. /dumps/{version_id} lists its files."
        )


class QueryNotFound(GraphError):
    """No stored query has that name; the nearest names come along."""

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        self.name = name
        self.nearest = nearest
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"There is no stored query named {name!r}.{hint}")


class QueryParameterError(GraphError):
    """A parameter of a stored query is unknown, or its value does not fit its type."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The parameter {name!r} {reason}.")


class SparqlSyntaxError(GraphError):
    """A query text is not SPARQL 1.1. Lines and columns count from 1; None where unknown."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        where = f"Line {line}, column {column}: " if line is not None else ""
        super().__init__(f"{where}{reason}")


class QueryRefused(GraphError):
    """A query asks for what this service never does (SERVICE, an update, a remote graph)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class QueryTimeout(GraphError):
    """A query did not finish in its time and was stopped."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The query did not finish within {seconds:g} s and was stopped. "
            "Ask for less (LIMIT, fewer free variables) or raise the timeout where you may."
        )


class QueryResourcesExceeded(GraphError):
    """A query used more memory, or gave a larger answer, than it may, and was stopped."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class EngineUnavailable(GraphError):
    """The engine is not running, or stopped while it answered."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class EngineBusy(EngineUnavailable):
    """So many queries run and wait that another one would only wait as well."""

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            "All workers are busy, and enough queries wait for one. "
            f"Ask again in {retry_after_seconds} s."
        )


class GraphParseError(GraphError):
    """A file is not the RDF that it claims to be. Lines and columns count from 1."""

    def __init__(
        self, source: str, reason: str, line: int | None = None, column: int | None = None
    ) -> None:
        self.source = source
        self.reason = reason
        self.line = line
        self.column = column
        where = f", line {line}" if line is not None else ""
        where += f", column {column}" if column is not None else ""
        super().__init__(f"{source}{where}: {reason}")


class IdentifierError(GraphError):
    """A text cannot be, or is not, an identifier of ours."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(f"{value!r} {reason}.")


class EvidenceError(GraphError):
    """A passage or its document does not fit what the graph says of it."""

    def __init__(self, subject: str, reason: str) -> None:
        self.subject = subject
        self.reason = reason
        super().__init__(f"{subject}: {reason}")


class ShapeViolations(GraphError):
    """A shape of severity Violation does not hold, so no version was made."""

    def __init__(self, count: int, report_text: str, report_turtle: str) -> None:
        self.count = count
        self.report_text = report_text
        self.report_turtle = report_turtle
        super().__init__(report_text)


class ContributionError(GraphError):
    """A contribution cannot be taken in; the root of what the gate raises."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TokenRefused(ContributionError):
    """A token is missing, unknown, expired or revoked; which of these is not told."""


class ForbiddenGraph(ContributionError):
    """A token is good, and the graph is another partner's."""

    def __init__(self, partner: str, graph: str) -> None:
        self.partner = partner
        self.graph = graph
        super().__init__(f"The token is {partner}'s, and may not write to {graph}.")


class ContributionRefused(ContributionError):
    """A contribution breaks what must hold; nothing of it was stored.

    ``report_texts``: the report for a person, by language.
    """

    def __init__(
        self,
        count: int,
        report_texts: Mapping[str, str],
        report: Mapping[str, Any],
        report_turtle: str,
    ) -> None:
        self.count = count
        self.report_texts = report_texts
        self.report = report
        self.report_turtle = report_turtle
        self.headers: Mapping[str, str] = {}
        super().__init__(report_texts["en"])


class ContributionInReview(ContributionError):
    """A contribution would make two known actors one, so a curator looks at it first."""

    def __init__(self, review: str, pairs: tuple[tuple[str, str], ...]) -> None:
        self.review = review
        self.pairs = pairs
        told = "; ".join(f"{one} and {other}" for one, other in pairs)
        super().__init__(
            f"The contribution would make known actors one: {told}. It waits for a curator as "
            f"{review}, and nothing of it was stored."
        )


class PreconditionFailed(ContributionError):
    """Somebody else changed the graph since the state that the change was made for."""

    def __init__(self, current: str | None) -> None:
        self.current = current
        super().__init__(
            "The graph is not in the state that If-Match or If-None-Match asks for. Get it again, "
            "make your change to what it is now, and send that with its ETag."
        )


class ContributionTooHeavy(ContributionError):
    """Judging a contribution took more time or memory than it may."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The contribution was not judged within {seconds:g} s and the memory that it may use. "
            "Send it in smaller parts."
        )


class FullBuildNeeded(ContributionError):
    """A change is one of the vocabulary, which reaches every statement: only a build makes it."""

    def __init__(self, predicate: str) -> None:
        self.predicate = predicate
        super().__init__(
            f"The change is one of the vocabulary ({predicate}); `klustergraf build` makes those."
        )


class JudgeFailed(ContributionError):
    """Judging a contribution failed by a fault of ours, whatever the contribution says."""

    def __init__(self) -> None:
        super().__init__(
            "The contribution could not be judged because of a fault in the service, and nothing "
            "of it was stored. The log of the service tells the fault."
        )


class RecordError(ContributionError):
    """The record of contributions cannot be written or read."""


class AnalysisParameterError(GraphError):
    """A parameter of an analysis is beyond its limits, or not one of its values."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The parameter {name!r} {reason}.")


class ActorNotFound(GraphError):
    """No actor of the network has that name; the nearest names come along."""

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        self.name = name
        self.nearest = nearest
        hint = (
            f". Did you mean {' or '.join(nearest)}?"
            if nearest
            else ", and none of a name like it."
        )
        super().__init__(f"The network has no actor {name!r}{hint}")


class ActorAmbiguous(GraphError):
    """Several actors have that name; one must be chosen by its slug."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        self.name = name
        self.candidates = candidates
        super().__init__(
            f"Several actors are called {name!r}: {', '.join(candidates)}. "
            "Say which, by the name in parentheses."
        )


class SourceError(GraphError):
    """A source cannot be read; the root of what importers raise."""

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        super().__init__(text)


class SourceUnavailable(SourceError):
    """A source is not where it should be, or does not answer."""

    def __init__(self, source: str, reason: str) -> None:
        self.reason = reason
        super().__init__(source, f"{source}: {reason}")


class SourceFormatError(SourceError):
    """A record of a source is not in the published format."""

    def __init__(self, source: str, record: str, reason: str) -> None:
        self.record = record
        self.reason = reason
        super().__init__(source, f"{source}, {record}: {reason}")
