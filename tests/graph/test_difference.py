"""What differs between two versions."""

from functools import partial
from pathlib import Path

import pyoxigraph as ox
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.cli import main
from klustergraf.difference import compare, differing
from two_versions import two_versions

lines = st.sets(st.binary(min_size=1, max_size=3), max_size=30).map(sorted)


@given(lines, lines)
def test_the_walk_is_the_difference_of_the_sets(old: list[bytes], new: list[bytes]) -> None:
    """What the walk gives is what the sets of lines differ in, in sorted order."""
    found = list(differing(old, new))
    assert [line for part, line in found if part == "removed"] == sorted(set(old) - set(new))
    assert [line for part, line in found if part == "added"] == sorted(set(new) - set(old))


def test_statements_are_told_whole(tmp_path: Path) -> None:
    """To remove and to add what the difference says makes the newer version of the older one."""
    old, new = two_versions(tmp_path)
    difference = compare(old, new)
    before = set(ox.parse(path=old.dataset_path, format=ox.RdfFormat.N_QUADS))
    for part in ("removed", "added"):
        text = "\n".join(difference.lines(part)).encode()
        quads = set(ox.parse(text, format=ox.RdfFormat.N_QUADS))
        assert len(quads) == (difference.removed if part == "removed" else difference.added)
        before = before - quads if part == "removed" else before | quads
    assert before == set(ox.parse(path=new.dataset_path, format=ox.RdfFormat.N_QUADS))


def test_words(tmp_path: Path) -> None:
    """Things are counted under their most specific class, in both languages, once."""
    old, new = two_versions(tmp_path)
    difference = compare(old, new)
    assert difference.words("en") == [
        "8 statements added and 3 removed",
        "3 testbeds added",
        "1 facility removed",
        "1 testbed changed",
    ]
    assert difference.words("sv")[1:3] == ["3 testbäddar tillkom", "1 anläggning togs bort"]
    assert compare(new, old).words("en")[1:3] == ["3 testbeds removed", "1 facility added"]
    assert compare(new, new).words("en") == ["0 statements added and 0 removed"]


def test_patch_is_paged(tmp_path: Path) -> None:
    """Pages of a patch, put together, are the patch, however they are cut."""
    difference = compare(*two_versions(tmp_path))
    whole = list(difference.patch())
    assert [line[0] for line in whole] == ["D"] * 3 + ["A"] * 8
    for size in (1, 2, 3, 4, 100):
        pages = [list(difference.patch(start, size)) for start in range(0, 15, size)]
        assert [line for page in pages for line in page] == whole
        assert all(len(page) <= size for page in pages)


def test_commands(tmp_path: Path) -> None:
    """The versions and what changed, on the command line; an unknown version is exit status 2."""
    old, new = two_versions(tmp_path)
    run = partial(CliRunner().invoke, main, standalone_mode=True)
    listed = run(["--home", str(tmp_path), "versions"]).output.splitlines()
    assert [line[:9] for line in listed] == [f"* {new.id[:7]}", f"  {old.id[:7]}"]
    told = run(["--home", str(tmp_path), "diff", old.id[:7], "--lang", "sv"])
    assert "3 testbäddar tillkom" in told.output
    patch = run(["--home", str(tmp_path), "diff", old.id, new.id, "--patch"]).output
    assert len(patch.splitlines()) == 11
    unknown = run(["--home", str(tmp_path), "diff", "0000000"])
    assert unknown.exit_code == 2
    assert "There is no version" in unknown.output
