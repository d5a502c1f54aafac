"""The benchmark of suggestions: a judge that knows right from wrong, and how sure it is."""

import pytest

from foretelling import Meetings, Score, by_chance, by_topics, judge, together


def test_who_knows_all_wins_and_who_knows_nothing_does_not() -> None:
    """One who tells every meeting has AUC 1; one who tells the opposite 0; a constant a half."""
    near: dict[int, set[int]] = {n: set() for n in range(40)}
    met = {0: {1, 2}, 1: {0}, 2: {0}}
    meetings = Meetings(near, set(near), met)
    right = Score("right", lambda _, a: {o: float(o in met.get(a, ())) for o in near})
    wrong = Score("wrong", lambda _, a: {o: float(o not in met.get(a, ())) for o in near})
    same = Score("same", lambda *_: dict.fromkeys(near, 1.0))
    found = {j.name: j for j in judge(meetings, [right, wrong, same])}
    assert found["right"].auc.value == 1
    assert found["wrong"].auc.value == found["wrong"].precision.value == 0
    assert found["same"].auc.value == 0.5
    # Of the 20 best, 2, 1 and 1 are right.
    assert found["right"].precision.value == pytest.approx(4 / 60)
    for judgement in found.values():
        for estimate in (
            judgement.auc, judgement.auc_gain, judgement.precision, judgement.precision_gain
        ):  # fmt: skip
            assert estimate.low <= estimate.value <= estimate.high
    # Samples of three have one right of twenty at the least, and two at the most.
    assert found["right"].precision.low == pytest.approx(1 / 20)
    assert found["right"].precision.high == pytest.approx(2 / 20)
    assert found["right"].precision_gain.value == 0
    assert found["wrong"].precision_gain.value == pytest.approx(-4 / 60)
    assert found["same"].auc_gain.value == -0.5
    assert by_chance(meetings) == pytest.approx(4 / 3 / 39)


def test_topics_are_compared_by_what_either_has() -> None:
    """One topic of three in common gives a third; nothing in common gives no score."""
    alike = by_topics({0: {"a", "b"}, 1: {"b", "c"}, 2: {"d"}, 3: set()})
    assert alike({}, 0) == {1: pytest.approx(1 / 3)}
    assert alike({}, 3) == {}
    both = together(alike, lambda *_: {1: 2.0, 2: 1.0})
    assert both({}, 0) == {1: pytest.approx(2 + 1 / 3), 2: 1.0}
