"""What is wrong with a request as HTTP, before any query is run.

RequestError
  x MalformedRequest · PageNotFound · NotAcceptable(supported)
  x UnsupportedMediaType(supported) · RangeNotSatisfiable(size)
  x ContentTooLarge(limit_kb) · QueryTooLong(limit_kb) · HeadTooLarge · RequestTooSlow(seconds)
  x TooManyQueries(limit) · TooManyAttempts(seconds) · TooManyContributions(limit)
  x ContributionsClosed

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


class RangeNotSatisfiable(RequestError):
    """A range of a file begins beyond its end."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.headers = {"Content-Range": f"bytes */{size}"}
        super().__init__(f"The file has {size} bytes. Ask for a range that begins before its end.")


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


class TooManyAttempts(RequestError):
    """A client sent too many tokens that did not fit."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.headers = {"Retry-After": str(seconds)}
        super().__init__(f"Too many tokens were refused. Try again in {seconds} s.")


class TooManyContributions(RequestError):
    """So many contributions wait to be judged that another one would only wait as well."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} contributions wait already. Send it again in a while.")


class ContributionsClosed(RequestError):
    """This service serves files, or a store elsewhere, and takes no contributions."""

    def __init__(self) -> None:
        super().__init__("This service takes no contributions: it serves no version of its own.")
