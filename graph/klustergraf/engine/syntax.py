"""Say in words what is wrong with a query."""

import re

from klustergraf.errors import SparqlSyntaxError

_CHARACTER_CLASSES = re.compile(r",?\s*\[(?:'[^']*'|[^\[\]'])*\]")
_PLACE = re.compile(r"^(?:error|Parser error) at (?:line )?(\d+)(?::| column )(\d+)(?:: | )")


def explain(text: str, message: str) -> SparqlSyntaxError:  # noqa: ARG001
    """Make the error of a query from what the engine's parser said."""
    message = " ".join(message.split())
    place = _PLACE.match(message)
    reason = _CHARACTER_CLASSES.sub("", message[place.end() :] if place else message).strip(" ,")
    reason = reason.replace("IRI parsing failed", "an absolute IRI")
    if reason in ("expected", "expected one of"):
        reason = "the query ends too early or goes on where it cannot"
    return SparqlSyntaxError(
        reason, int(place[1]) if place else None, int(place[2]) if place else None
    )
