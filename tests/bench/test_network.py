"""The benchmark of networks: the same again."""

from network import make_up, part_of


def test_made_up_projects_are_the_same_again() -> None:
    """The same size gives the same projects, and few organisations have most of the parts."""
    members = make_up(400)
    assert members == make_up(400)
    parts = sorted((n for actors in members.values() for n in actors), key=str)
    counts = sorted((parts.count(name) for name in set(parts)), reverse=True)
    tenth = counts[: len(counts) // 10]
    assert sum(tenth) > 0.3 * sum(counts)
    assert part_of(members, 100).count <= 100
