"""What is wrong with a request as HTTP, before any query is run.

RequestError
  x MalformedRequest · PageNotFound · NotAcceptable(supported) · UnsupportedMediaType(supported)
  x ContentTooLarge(limit_kb) · QueryTooLong(limit_kb) · HeadTooLarge · RequestTooSlow(seconds)
  x TooManyQueries(limit)

``klustergraf_api.problems`` says with which status each is told.
"""

from collections.abc import Mapping, Sequence


class RequestError(Exception):
    """The root of what is wrong with a request as HTTP, before any query is read."""

    headers: Mapping[str, str] = {}


class MalformedRequest(RequestError):
    """A request does not say what it wants, or says it twice."""


class PageNotFound(RequestError):
    """No page has this address."""

    def __init__(self) -> None:
        super().__init__("There is no page at this address.")


class NotAcceptable(RequestError):
    """Nothing that can be sent is acceptable to the client."""

    def __init__(self, supported: Sequence[str]) -> None:
        self.supported = list(supported)
        super().__init__(
            "None of the formats you accept is offered here. Ask for one of those listed."
        )


class UnsupportedMediaType(RequestError):
    """A request's body is of a kind that is not read here."""

    def __init__(self, supported: Sequence[str]) -> None:
        self.supported = list(supported)
        self.headers = {"Accept-Post": ", ".join(supported)}
        super().__init__("The body is of a media type that is not read here. Send one of these.")


class ContentTooLarge(RequestError):
    """A request's body is larger than what is read."""

    def __init__(self, limit_kb: int) -> None:
        self.limit_kb = limit_kb
        super().__init__(f"The body is larger than the {limit_kb} KiB that are read here.")


class QueryTooLong(RequestError):
    """A query is longer than what is read: 414 when it stands in the address, else 413."""

    def __init__(self, limit_kb: int, *, in_address: bool) -> None:
        self.limit_kb = limit_kb
        self.status = 414 if in_address else 413
        hint = " Send it by POST." if in_address else " Ask for less at a time."
        super().__init__(f"The query is longer than the {limit_kb} KiB that are read here.{hint}")


class HeadTooLarge(RequestError):
    """The headers of a request are larger than what is read."""

    headers: Mapping[str, str] = {"Connection": "close"}

    def __init__(self, limit_kb: int) -> None:
        super().__init__(f"The headers are larger than the {limit_kb} KiB that are read here.")


class RequestTooSlow(RequestError):
    """A request did not come in whole in its time."""

    headers: Mapping[str, str] = {"Connection": "close"}

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The request did not arrive within {seconds:g} s. Is Content-Length right?"
        )


class TooManyQueries(RequestError):
    """One client asks more queries at a time than it may."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"{limit} of your queries run or wait already. Ask again when one is answered."
        )
