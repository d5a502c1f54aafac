"""The benchmark of documents chooses what it says it chooses."""

from pathlib import Path

import pytest

from klustergraf.namespaces import ID
from linked_data import Subject, block, choose_subjects


def test_the_largest_are_chosen(tmp_path: Path) -> None:
    """By statements as subject and as object, each once however many graphs have it."""
    lines = [f"<{ID}actor/a> <x:p> <{ID}role/r> <x:g{n}> .\n" for n in range(9)]
    lines += [f'<{ID}actor/b> <x:p> "{n}" <x:g> .\n' for n in range(3)]
    lines += [f"<{ID}place/{n}> <x:p> <{ID}role/r> <x:g> .\n" for n in range(4)]
    dataset = tmp_path / "data.nq"
    dataset.write_text("".join(sorted(lines)))
    chosen = {subject.about: subject for subject in choose_subjects(dataset)}
    largest = chosen["the largest of all things"]
    assert (largest.iri, largest.statements) == (f"{ID}role/r", 5)
    actor = chosen["the largest actor"]
    assert (actor.iri, actor.statements) == (f"{ID}actor/b", 3)


@pytest.mark.parametrize(("seconds", "verdict"), [(0.049, "held"), (0.051, "**missed**")])
def test_a_bound_that_is_missed_is_told(seconds: float, verdict: str) -> None:
    """The verdict is that of the median on the shipped graph."""
    subject = Subject("the largest actor", f"{ID}actor/a", 3)
    times = {("shipped", subject.iri, s): [0.001, seconds, 9.0] for s in ("ttl", "html")}
    sizes = {(subject.iri, s): 1024 for s in ("ttl", "html")}
    text = block({"shipped": 7}, [subject], times, sizes)
    assert f"in 50 ms (median): {verdict}," in text
    assert "in 100 ms (median): held," in text
