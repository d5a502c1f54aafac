"""What is kept with a version is made when no contribution has come for two seconds."""

import threading
from collections.abc import Callable
from pathlib import Path

from klustergraf.version import Version
from klustergraf_api.deriving import Deriving

FIRST, SECOND = Version(Path("first")), Version(Path("second"))


class FakeClock:
    """A clock that goes on when somebody sleeps, and at some moment lets something happen."""

    def __init__(self) -> None:
        self.now = 100.0
        self.moments: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""
        self.now += seconds
        for moment in [one for one in self.moments if one[0] <= self.now]:
            self.moments.remove(moment)
            moment[1]()


def deriving() -> tuple[Deriving, FakeClock, list[tuple[str, float]]]:
    """Give what is tested, its clock, and a list of what it made and when."""
    clock = FakeClock()
    made: list[tuple[str, float]] = []

    def derive(version: Version) -> str:
        made.append((version.path.name, clock.now))
        return ""

    return Deriving(derive, clock=clock), clock, made


def test_two_seconds_pass_first() -> None:
    """Nothing is made before two seconds of rest, and not much later either."""
    tested, _, made = deriving()
    tested.note(FIRST)
    tested.rest_and_derive(FIRST)
    [(name, at)] = made
    assert name == "first"
    assert 102.0 <= at < 102.3


def test_a_contribution_meanwhile_begins_the_rest_anew() -> None:
    """Nothing is made of a version that is replaced; the next one has two seconds of its own."""
    tested, clock, made = deriving()
    tested.note(FIRST)
    clock.moments.append((101.9, lambda: tested.note(SECOND)))
    tested.rest_and_derive(FIRST)
    assert clock.now < 102.3, "the thread of the first one ends"
    assert not made
    tested.rest_and_derive(SECOND)
    [(name, at)] = made
    assert name == "second"
    assert 103.9 <= at < 104.3


def test_a_version_is_seen_to_in_a_thread() -> None:
    """Who serves a version does not wait for what is made of it."""
    clock, made = FakeClock(), threading.Event()
    makers: list[int] = []

    def derive(_: Version) -> str:
        makers.append(threading.get_ident())
        made.set()
        return ""

    Deriving(derive, clock=clock).follow(SECOND)
    assert made.wait(60)
    assert clock.now >= 102.0
    assert makers != [threading.get_ident()]


def test_who_waits_for_it_is_told_when_it_is_made() -> None:
    """Told of the version; not when something went wrong, nor of a version that is replaced."""
    told: list[Version] = []
    reasons = {FIRST: "", SECOND: "no room"}
    clock = FakeClock()
    tested = Deriving(reasons.__getitem__, then=told.append, clock=clock)
    tested.note(FIRST)
    tested.rest_and_derive(SECOND)
    assert not told
    tested.rest_and_derive(FIRST)
    assert told == [FIRST]
    tested.note(SECOND)
    tested.rest_and_derive(SECOND)
    assert told == [FIRST]
