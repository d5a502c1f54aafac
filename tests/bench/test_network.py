"""The benchmark of networks: the same again, and a judge that knows right from wrong."""

from network import Meetings, Score, judge, make_up, part_of


def test_made_up_projects_are_the_same_again() -> None:
    """The same size gives the same projects, and few organisations have most of the parts."""
    members = make_up(400)
    assert members == make_up(400)
    parts = sorted((n for actors in members.values() for n in actors), key=str)
    counts = sorted((parts.count(name) for name in set(parts)), reverse=True)
    tenth = counts[: len(counts) // 10]
    assert sum(tenth) > 0.3 * sum(counts)
    assert part_of(members, 100).count <= 100


def test_who_knows_all_wins_and_who_knows_nothing_does_not() -> None:
    """One who tells every meeting has AUC 1; one who tells the opposite 0; a constant a half."""
    near: dict[int, set[int]] = {n: set() for n in range(40)}
    met = {0: {1, 2}, 1: {0}, 2: {0}}
    meetings = Meetings(near, set(near), met)
    right = Score("right", lambda _, a: {o: float(o in met.get(a, ())) for o in near})
    wrong = Score("wrong", lambda _, a: {o: float(o not in met.get(a, ())) for o in near})
    same = Score("same", lambda *_: dict.fromkeys(near, 1.0))
    rows = {
        name: (auc, precision) for name, auc, precision in judge(meetings, [right, wrong, same])
    }
    assert rows["right"][0] == "1.000"
    assert rows["wrong"] == ("0.000", "0.000")
    assert rows["same"][0] == "0.500"
    # Of the 20 best, 2, 1 and 1 are right.
    assert rows["right"][1] == f"{4 / 60:.3f}"
