"""Runs manifests in the format of the W3C's SHACL tests through ``klustergraf validate``.

The W3C's own suite is not shipped. Where a copy lies, this runs it, one line per case::

    PYTHONPATH=tests python -m shacl_manifests FOLDER/manifest.ttl

Reports are compared as that suite asks: as graphs, in all but ``sh:detail`` and the words, which
count where the manifest has any.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

import pyoxigraph as ox
import rdflib
from click.testing import CliRunner
from rdflib import RDF, SH, Graph, Namespace
from rdflib.collection import Collection
from rdflib.compare import graph_diff, isomorphic
from rdflib.term import BNode, Node

from klustergraf.cli import main as klustergraf
from klustergraf.rdf_files import read_quads
from klustergraf.shacl.terms import to_rdflib

MF: Final = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT: Final = Namespace("http://www.w3.org/ns/shacl-test#")
_COMPARED: Final = {
    RDF.type, SH.conforms, SH.result, SH.focusNode, SH.resultPath, SH.resultSeverity, SH.value,
    SH.sourceConstraint, SH.sourceConstraintComponent, SH.sourceShape,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One entry of a manifest: files, and the report that is wanted; None where shapes fail."""

    name: str
    data: Path
    shapes: Path
    wanted: Graph | None


def read(path: Path) -> Graph:
    """Read a manifest; IRIs start from the file, and literals keep their spelling."""
    return to_rdflib(read_quads(path, base_iri=path.resolve().as_uri()))


def cases(manifest: Path) -> Iterator[Case]:
    """List the cases of a manifest, and of those that it includes."""
    graph = read(manifest)
    for node in graph.subjects(RDF.type, MF.Manifest):
        for included in sorted(graph.objects(node, MF.include), key=str):
            yield from cases(_path(included))
        for entries in graph.objects(node, MF.entries):
            for entry in Collection(graph, entries):
                yield _case(graph, entry)


def _path(iri: Node | None) -> Path:
    return Path(unquote(urlparse(str(iri)).path))


def _case(graph: Graph, entry: Node) -> Case:
    action, result = graph.value(entry, MF.action), graph.value(entry, MF.result)
    if action is None or result is None:
        raise ValueError(f"{entry} has no mf:action or no mf:result")
    wanted = None if result == SHT.Failure else report(graph, result, has_words=True)
    data, shapes = (graph.value(action, SHT[n]) for n in ("dataGraph", "shapesGraph"))
    return Case("/".join(str(entry).split("/")[-3:]), _path(data), _path(shapes), wanted)


def report(graph: Graph, top: Node, *, has_words: bool) -> Graph:
    """Give the part of a report that is compared."""
    kept = rdflib.Graph(bind_namespaces="none")
    predicates = _COMPARED | ({SH.resultMessage} if has_words else set())
    for node in (top, *graph.objects(top, SH.result)):
        for predicate, value in graph.predicate_objects(node):
            if predicate in predicates:
                kept.add((node, predicate, value))
            if predicate == SH.resultPath and isinstance(value, BNode):
                for triple in _structure(graph, value):
                    kept.add(triple)
    return kept


def _structure(graph: Graph, node: BNode) -> Iterator[tuple[Node, Node, Node]]:
    for predicate, value in graph.predicate_objects(node):
        if predicate != RDF.type:  # some write that a list is an rdf:List
            yield node, predicate, value
            if isinstance(value, BNode):
                yield from _structure(graph, value)


def fault(case: Case) -> str:
    """Say how what the command answers differs from what a case wants; "" when it does not."""
    command = ["validate", str(case.data), "--shapes", str(case.shapes), "--format", "ttl"]
    run = CliRunner().invoke(klustergraf, command)
    if case.wanted is None:
        return "" if run.exit_code == 2 and run.stderr else f"exit status {run.exit_code}, not 2"
    if run.exit_code not in (0, 1):
        return f"exit status {run.exit_code}: {run.stderr}"
    graph = to_rdflib(ox.parse(run.stdout, format=ox.RdfFormat.TURTLE))
    has_words = (None, SH.resultMessage, None) in case.wanted
    (top,) = graph.subjects(RDF.type, SH.ValidationReport)
    found = report(graph, top, has_words=has_words)
    if isomorphic(found, case.wanted):
        return ""
    _, too_much, missing = graph_diff(found, case.wanted)
    return f"not wanted:\n{_shown(too_much)}\nmissing:\n{_shown(missing)}"


def _shown(graph: Graph) -> str:
    return "\n".join(sorted(f"    {p.n3()} {o.n3()}" for _, p, o in graph))


def main() -> None:
    """Run a manifest, and tell of each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    found = [(case, fault(case)) for case in cases(parser.parse_args().manifest)]
    for case, wrong in found:
        sys.stdout.write(f"FAIL  {case.name}\n{wrong}\n" if wrong else f"ok    {case.name}\n")
    failed = sum(1 for _, wrong in found if wrong)
    sys.stdout.write(f"{len(found)} cases, {failed} failed\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
