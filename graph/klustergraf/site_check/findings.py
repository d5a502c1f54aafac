"""What rules find: each holds, should be better, fails with a reason, or has no subject."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from klustergraf.errors import SourceUnavailable

Outcome = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Finding:
    """What a rule found; ``detail`` says why it does not hold, or what was looked at."""

    rule: str
    outcome: Outcome
    detail: str


class Fails(Exception):
    """A rule does not hold."""


class Warns(Exception):
    """What is recommended is not there."""


class Skips(Exception):
    """There is nothing that a rule could look at."""


def judge(name: str, rule: Callable[[], str]) -> Finding:
    """Apply a rule, which gives what it looked at, or raises why it does not hold."""
    try:
        return Finding(name, "pass", rule())
    except Skips as exc:
        return Finding(name, "skip", str(exc))
    except Warns as exc:
        return Finding(name, "warn", str(exc))
    except (Fails, SourceUnavailable) as exc:
        return Finding(name, "fail", str(exc))
    except (SyntaxError, ValueError, AttributeError) as exc:
        # What others send may be anything.
        return Finding(name, "fail", f"cannot be read: {exc}")
