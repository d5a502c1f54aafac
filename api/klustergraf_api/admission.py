"""How many queries each client has open, so that none takes every place."""

from collections import Counter

from klustergraf_api.request_errors import TooManyQueries


class Admission:
    """Counts the open queries of each client. All of it runs in one event loop.

    >>> admission = Admission(per_client=1)
    >>> admission.enter("192.0.2.1")
    >>> admission.open_queries
    1
    >>> admission.leave("192.0.2.1")
    """

    def __init__(self, *, per_client: int) -> None:
        self._per_client = per_client
        self._clients: Counter[str] = Counter()
        self.open_queries = 0

    def enter(self, client: str) -> None:
        """Count a query of a client.

        Errors: TooManyQueries.
        """
        if self._clients[client] >= self._per_client:
            raise TooManyQueries(self._per_client)
        self._clients[client] += 1
        self.open_queries += 1

    def leave(self, client: str) -> None:
        """Count a query of a client as ended."""
        self.open_queries -= 1
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]
