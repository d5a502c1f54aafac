"""Contributions that were looked at on a page and wait, for some minutes, to be confirmed.

They lie in memory and nowhere else. Each has a ticket of 256 random bits, good once, for exactly
what was looked at: the ticket stands in the page's form, and nobody else can know it. The token
that was shown is kept with it, so that it is asked again whether it is still good.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from klustergraf.contributions.desk import Contribution

KEPT_SECONDS: Final = 900.0
_MOST_BYTES: Final = 32 << 20
_MOST_OF_ONE_PARTNER: Final = 5


@dataclass(frozen=True)
class Pending:
    """What waits. ``authorization``: the header that shows its token; never in a representation."""

    contribution: Contribution
    authorization: str = field(repr=False)
    until: float = 0.0

    @property
    def partner(self) -> str:
        """Whose it is."""
        return self.contribution.address.partner


class PendingContributions:
    """What waits to be confirmed: bounded in time, in size, and for each partner.

    >>> waiting = PendingContributions()
    >>> waiting.take("guessed") is None
    True
    """

    def __init__(
        self, *, seconds: float = KEPT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._waiting: OrderedDict[str, Pending] = OrderedDict()

    def keep(self, contribution: Contribution, authorization: str) -> str:
        """Keep a contribution; give its ticket. What is oldest gives way."""
        ticket = secrets.token_urlsafe(32)
        until = self._clock() + self._seconds
        self._waiting[_digest(ticket)] = Pending(contribution, authorization, until)
        self._tidy(contribution.address.partner)
        return ticket

    def take(self, ticket: str) -> Pending | None:
        """Give what a ticket is for, once; None when it is not, or no longer, kept."""
        self._tidy("")
        return self._waiting.pop(_digest(ticket), None)

    def _tidy(self, partner: str) -> None:
        now = self._clock()
        for name, pending in list(self._waiting.items()):
            if pending.until <= now:
                del self._waiting[name]
        own = [name for name, pending in self._waiting.items() if pending.partner == partner]
        for name in own[:-_MOST_OF_ONE_PARTNER]:
            del self._waiting[name]
        while sum(len(one.contribution.content) for one in self._waiting.values()) > _MOST_BYTES:
            self._waiting.popitem(last=False)


def _digest(ticket: str) -> str:
    """Name a ticket by its digest, so that looking it up tells nothing of others by its time."""
    return sha256(ticket.encode("utf-8", "replace")).hexdigest()
