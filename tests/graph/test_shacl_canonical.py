"""A canonical file as a data graph: it is what its statements, taken one by one, are."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from klustergraf.build import BuildResult
from klustergraf.errors import GraphParseError
from klustergraf.shacl.compiler import canonical
from klustergraf.shacl.compiler.canonical import CanonicalFile
from klustergraf.shacl.compiler.dataset import Dataset
from klustergraf.shacl.compiler.graphs import Graph, Memberships
from klustergraf.sources.own import SHAPES_GRAPH

XSD = "http://www.w3.org/2001/XMLSchema#"
LEFT_OUT = ox.NamedNode("urn:graph:out")
# What looks like something else: the end of a literal, of a statement, a blank node, a graph.
HARD = r"""
<urn:a> <urn:p> "007"^^<XSDinteger> <urn:graph:one> .
<urn:a> <urn:p> "7"^^<XSDinteger> <urn:graph:one> .
<urn:a> <urn:p> "7"^^<XSDinteger> <urn:graph:other> .
<urn:a> <urn:p> "x\"^^<XSDdate>" <urn:graph:one> .
<urn:a> <urn:p> "x\"^^<XSDdate>"@sv <urn:graph:one> .
<urn:a> <urn:p> "no day"^^<XSDdate> <urn:graph:one> .
<urn:a> <urn:p> "2026-11-27"^^<XSDdate> <urn:graph:one> .
<urn:a> <urn:q> "1.50"^^<XSDdecimal> <urn:graph:one> .
<urn:a> <urn:r> "\" <urn:graph:out> ." <urn:graph:one> .
<urn:a> <urn:r> "<urn:s> _:b" <urn:graph:one> .
<urn:a> <urn:r> "own"^^<urn:datatype> <urn:graph:one> .
<urn:a> <urn:s> <urn:b> <urn:graph:one> .
<urn:a> <urn:s> <urn:b> <urn:graph:other> .
<urn:a> <urn:s> <urn:b> <urn:graph:third> .
<urn:a> <urn:s> <urn:b> <urn:graph:out> .
<urn:a> <urn:s> <urn:c> <urn:graph:out> .
<urn:a> <urn:s> _:b <urn:graph:one> .
<urn:a> <urn:s> _:b <urn:graph:other> .
_:b <urn:p> "x"@en <urn:graph:one> .
_:b <urn:q> "03"^^<XSDbyte> <urn:graph:one> .
""".replace("XSD", XSD)


def require_same(path: Path, left_out: ox.NamedNode) -> None:
    """Take a file in both ways, and compare what is there, how it is kept, and in which graphs."""
    quads = [q for q in ox.parse(path=path) if q.graph_name != left_out]
    graphs: tuple[Memberships, Memberships] = (Memberships(), Memberships())
    file, one_by_one = Dataset(CanonicalFile(path, left_out), graphs[0]), Dataset(quads, graphs[1])
    assert set(file.store) == set(one_by_one.store)
    assert file.respelt == one_by_one.respelt
    for quad in quads:
        gone: set[Graph] = {quad.graph_name}
        left = [g.after(quad.triple, set(), gone, is_there=True) for g in graphs]
        assert left[0] == left[1], quad


@pytest.mark.parametrize("block", [1, 200, 1 << 22])
def test_what_is_hard_is_taken_as_its_statements_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Ends of literals, spellings, blank nodes and graphs; also where blocks of lines end."""
    monkeypatch.setattr(canonical, "_BLOCK_BYTES", block)
    monkeypatch.delattr(CanonicalFile, "quads")  # it is not read statement by statement
    path = tmp_path / "dataset.nq"
    path.write_bytes(b"".join(sorted(HARD.encode().lstrip().splitlines(keepends=True))))
    require_same(path, LEFT_OUT)


@pytest.mark.parametrize(
    "line",
    [
        '<urn:a> <urn:p> "a <b" .',
        f'<urn:a> <urn:p> "1"^^<{XSD}integer> .',
        "<urn:a> <urn:p> <urn:b> .",
        "<urn:a> <urn:p> <urn:b> _:graph .",
        '<urn:a> <urn:p> "a <<( b" <urn:graph:one> .',
    ],
)
def test_what_cannot_be_cut_is_taken_one_by_one(tmp_path: Path, line: str) -> None:
    """A line that lacks the graph, or names it by a blank node, or could be RDF 1.2."""
    path = tmp_path / "dataset.nq"
    path.write_text(f"{HARD.lstrip()}{line}\n")
    require_same(path, LEFT_OUT)


def test_what_is_no_rdf_1_1_is_refused(tmp_path: Path) -> None:
    """The store would take it; shapes are of RDF 1.1."""
    path = tmp_path / "dataset.nq"
    path.write_text("<urn:a> <urn:p> <<( <urn:a> <urn:p> <urn:b> )>> <urn:graph:one> .\n")
    with pytest.raises(GraphParseError, match=r"RDF 1\.2"):
        Dataset(CanonicalFile(path, LEFT_OUT))


def test_the_shipped_graph_is_taken_as_its_statements_are(
    shipped: BuildResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the graph that is served nothing is lost either, but the graph that is left out."""
    monkeypatch.delattr(CanonicalFile, "quads")
    require_same(shipped.version.dataset_path, SHAPES_GRAPH)
