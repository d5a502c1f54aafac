"""The benchmark of VoID describes what it says it describes, and tells a bound that is missed."""

from pathlib import Path

import pytest

from void import Taken, block, describe, with_made_up


def test_what_is_described(tmp_path: Path) -> None:
    """Statements, graphs and partitions are those of the file."""
    dataset = tmp_path / "data.nq"
    lines = [
        "<x:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <x:C> <x:g> .\n",
        '<x:a> <x:p> "1" <x:g> .\n',
        '<x:a> <x:p> "2" <x:h> .\n',
    ]
    dataset.write_text("".join(lines))
    taken = describe(dataset)
    # One class and two properties in the one graph, one property in the other.
    assert (taken.triples, taken.graphs, taken.partitions) == (3, 2, 4)
    assert taken.seconds == pytest.approx(taken.counting + taken.writing)


def test_made_up_statements_stand_beside_the_others(tmp_path: Path) -> None:
    """The larger dataset is sorted, and has the statements of the first among as many as asked."""
    dataset = tmp_path / "data.nq"
    dataset.write_text('<x:a> <x:p> "1" <x:g> .\n')
    lines = with_made_up(dataset, tmp_path, 3_000).read_text().splitlines(keepends=True)
    assert lines == sorted(lines)
    assert 3_000 <= len(lines) < 3_500
    assert dataset.read_text() in lines


@pytest.mark.parametrize(("seconds", "verdict"), [(4.9, "held"), (5.1, "**missed**")])
def test_a_bound_that_is_missed_is_told(seconds: float, verdict: str) -> None:
    """The verdict is on the median of the first dataset of a million."""
    small = [Taken(9.0, 0.0, 600_000, 3, 9)]
    large = [Taken(seconds, 0.0, 1_000_003, 3, 9), Taken(0.1, 0.0, 1_000_003, 3, 9)]
    larger = [Taken(30.0, 0.0, 2_000_000, 3, 9)]
    text = block([small, [*large, Taken(99.0, 0.0, 1_000_003, 3, 9)], larger])
    assert f"(median): {verdict}, {seconds} s." in text
    assert text.count("Bound:") == 1
