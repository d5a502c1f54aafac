"""What the answers of an endpoint mean that are no answers, or not whole ones."""

import http.client
import re
from typing import Final, NoReturn

from klustergraf.errors import (
    EngineUnavailable,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
    SparqlSyntaxError,
)

# Virtuoso's own limit when none is set.
VIRTUOSO_MOST_ROWS: Final = 1024 * 1024

_MOST_OF_AN_ERROR: Final = 8192
_PLACE = re.compile(r"\bline (\d+)(?:,? column (\d+))?|\bat (\d+):(\d+)\b", re.IGNORECASE)


def cut_answer(most: int) -> QueryResourcesExceeded:
    """Say that an engine gave only the beginning of an answer."""
    return QueryResourcesExceeded(
        f"The engine gives at most {most} rows and cut the answer there, or it ends exactly there. "
        f"Ask for less (LIMIT below {most}), or raise ResultSetMaxRows of the engine."
    )


def check_whole(response: http.client.HTTPResponse, seconds: float) -> None:
    """Refuse an answer that Virtuoso says it has cut, by rows or by time."""
    if response.headers.get("X-SQL-State"):
        raise QueryTimeout(seconds)
    rows = response.headers.get("X-SPARQL-MaxRows", "")
    if rows:
        raise cut_answer(int(rows) if rows.strip().isdecimal() else VIRTUOSO_MOST_ROWS)


def raise_refusal(response: http.client.HTTPResponse, seconds: float) -> NoReturn:
    """Raise what a status other than 200 means."""
    status = response.status
    text = response.read(_MOST_OF_AN_ERROR).decode("utf-8", "replace")
    if status == 400:
        place = _PLACE.search(text)
        line, column = (place[1] or place[3], place[2] or place[4]) if place else (None, None)
        raise SparqlSyntaxError(
            first_words(text), int(line) if line else None, int(column) if column else None
        )
    if status in (408, 504, 206) or "S1T00" in text:
        raise QueryTimeout(seconds)
    if status in (413, 414):
        raise QueryRefused("The query is too long for the endpoint.")
    if "D1CTX" in text or "exceeds the limit of" in text:
        raise QueryResourcesExceeded(f"The endpoint refuses the query: {first_words(text)}")
    if 300 <= status < 400:
        where = response.headers.get("Location", "another address")
        raise EngineUnavailable(f"The endpoint has moved to {where}; that is the address to give.")
    reason = {
        401: "The endpoint wants other credentials.",
        403: "The endpoint does not allow this.",
        404: "The endpoint is not there.",
        429: "The endpoint is busy; ask again in a moment.",
        503: "The endpoint is busy; ask again in a moment.",
    }.get(status)
    if reason is None:
        said = first_words(text).removesuffix(".")
        reason = f"The endpoint answered with status {status}: {said}."
    raise EngineUnavailable(reason)


def first_words(text: str) -> str:
    """Give the first paragraph of what an endpoint says, without markup and not too long."""
    paragraph = re.split(r"\n\s*\n", re.sub(r"<[^<>]*>", " ", text).strip(), maxsplit=1)[0]
    return " ".join(paragraph.split())[:300] or "the endpoint does not take it for SPARQL"
