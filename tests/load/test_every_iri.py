"""Every IRI of ours in the shipped graph leads to something useful."""

import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from dereferencing import Service, StoreEngine, Walk, iris_of
from klustergraf.build import BuildResult
from klustergraf.namespaces import BASE

# rdflib's JSON-LD parser uses a class that rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

SCRIPT = Path(__file__).resolve().parents[1] / "dereferencing.py"
PARTS = 2


@pytest.mark.long
def test_every_iri_dereferences(shipped: BuildResult) -> None:
    """Each gives a redirect and Turtle with all its statements; a sample, each format and page.

    Some minutes of work for one core; `tests/dereferencing.py DATASET --every-format` does all
    of them in every format.
    """
    walks = [
        subprocess.Popen(
            [sys.executable, SCRIPT, shipped.version.dataset_path, "--part", f"{n}/{PARTS}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(1, PARTS + 1)
    ]
    walked = 0
    for walk in walks:
        found, errors = walk.communicate(timeout=600)
        assert walk.returncode == 0, found[-4000:] + errors[-2000:]
        counted = re.search(r"(\d+) IRIs, (\d+) in every format\n$", found)
        assert counted, found[-4000:]
        assert int(counted[2]) > 400
        walked += int(counted[1])
    iris, _ = iris_of(shipped.version.dataset_path)
    assert walked == len(iris)
    assert walked > 60_000


@pytest.mark.parametrize("lacking", ["<x:o>", '"a literal"@sv', f"<{BASE}id/actor/other>"])
def test_a_walk_finds_what_is_lacking(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that a document does not have is a fault, and so is what is not there."""
    text = f"<{BASE}id/actor/one> <x:p> {lacking} <{BASE}graph/g> ."
    store = ox.Store()
    store.load(text.encode(), format=ox.RdfFormat.N_QUADS)
    service = Service(StoreEngine(store))
    try:
        walk = Walk(service, store)
        assert list(walk.faults(f"{BASE}id/actor/one")) == []
        assert list(walk.faults_of_formats(f"{BASE}id/actor/one")) == []
        assert list(walk.faults(f"{BASE}id/actor/none")) == ["answers 404 None"]
        monkeypatch.setattr(
            "klustergraf_api.thing_data.own_query", lambda _: "CONSTRUCT {} WHERE {}"
        )
        assert list(walk.faults(f"{BASE}id/actor/one")) == [f"lacks <x:p> {lacking}"]
    finally:
        service.close()
