"""Validate statements against shapes, with pySHACL underneath."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path as FilePath

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.errors import ReportableRuntimeError, ValidationWarning
from rdflib import RDF, RDFS, SH, SKOS
from rdflib.namespace import DCTERMS
from rdflib.term import Literal, Node

from klustergraf.errors import GraphParseError
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl.paths import read_path
from klustergraf.shacl.report import Report, Result
from klustergraf.shacl.targets import Shapes, prepare, resolved
from klustergraf.shacl.terms import to_rdflib, to_term
from klustergraf.shacl.wellformed import require_well_formed

_LABELS = (SKOS.prefLabel, RDFS.label, DCTERMS.title)
_LOG = "pyshacl-validate"


def validate(quads: Iterable[ox.Quad], shapes: Sequence[FilePath] | None = None) -> Report:
    """Validate statements against shapes: the shipped ones, or those of the given files.

    The data graph is the union of all quads, whatever graph they are in. Nothing is inferred: a
    class includes its subclasses by the ``rdfs:subClassOf`` statements among the quads. Nothing is
    fetched (``owl:imports``), and no code in shapes runs (SHACL-JS).

    Errors: GraphParseError when a shapes file cannot be read, or says what SHACL does not allow.
    Source: SHACL, section 3.4 (Validation).
    """
    paths = tuple(sorted(room("shapes").glob("*.ttl"))) if shapes is None else tuple(shapes)
    loaded = _load_shapes(tuple((path, _stamp(path)) for path in paths), shapes is not None)
    quads = list(quads)
    results = _run(to_rdflib(quads), resolved(loaded, quads), loaded.source)
    return Report(tuple(sorted(results, key=lambda result: result.sort_key)))


def _stamp(path: FilePath) -> tuple[int, int]:
    """Tell one state of a file from another; a missing file is reported when it is read."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _load_shapes(files: tuple[tuple[FilePath, tuple[int, int]], ...], is_foreign: bool) -> Shapes:
    """Read shapes once; shapes that are not ours are checked against SHACL's own shapes first."""
    paths = [path for path, _ in files]
    graph = to_rdflib(quad for path in paths for quad in read_quads(path))
    source = ", ".join(map(str, paths))
    if is_foreign:
        _silence()
        require_well_formed(graph, source)
    return prepare(graph, source)


def _run(data: rdflib.Graph, shapes_graph: rdflib.Graph, source: str) -> Iterator[Result]:
    _silence()
    try:
        _, report, text = pyshacl.validate(
            data,
            shacl_graph=shapes_graph,
            inference="none",
            advanced=_needs_advanced(shapes_graph),
            inplace=True,
            do_owl_imports=False,
            js=False,
        )
    except (ReportableRuntimeError, ValidationWarning, ValueError, SyntaxError) as exc:
        raise GraphParseError(source, f"the shapes cannot be applied to the data: {exc}") from exc
    if not isinstance(report, rdflib.Graph):
        raise GraphParseError(source, f"the shapes cannot be applied to the data: {text}")
    return _results(report, shapes_graph, data)


def _needs_advanced(shapes_graph: rdflib.Graph) -> bool:
    """Tell whether shapes use what pySHACL does in its advanced mode only; that mode costs time."""
    return any((None, predicate, None) in shapes_graph for predicate in (SH.target, SH.expression))


def _silence() -> None:
    """Keep pySHACL from logging what it also raises: one report is enough."""
    logging.getLogger(_LOG).addFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def _results(
    report: rdflib.Graph, shapes_graph: rdflib.Graph, data: rdflib.Graph
) -> Iterator[Result]:
    top = next(iter(report.subjects(RDF.type, SH.ValidationReport)))
    for node in report.objects(top, SH.result):
        focus = _required(report, node, SH.focusNode)
        path = report.value(node, SH.resultPath)
        value = report.value(node, SH.value)
        yield Result(
            focus_node=to_term(focus),
            result_path=read_path(report, path) if path is not None else None,
            value=to_term(value) if value is not None else None,
            source_shape=to_term(_required(report, node, SH.sourceShape)),
            constraint_component=str(_required(report, node, SH.sourceConstraintComponent)),
            severity=str(_required(report, node, SH.resultSeverity)),
            messages=_messages(report, node, shapes_graph),
            focus_label=_label(data, focus),
        )


def _required(report: rdflib.Graph, node: Node, predicate: rdflib.URIRef) -> Node:
    value = report.value(node, predicate)
    if value is None:
        raise ValueError(f"a validation result lacks {predicate}")
    return value


def _messages(report: rdflib.Graph, node: Node, shapes_graph: rdflib.Graph) -> Mapping[str, str]:
    """Give a result's messages by language.

    pySHACL drops the language of messages of SPARQL constraints, so these come from the shapes;
    the variables in them are filled in as in SHACL, section 5.3.2.
    """
    constraint = report.value(node, SH.sourceConstraint)
    if constraint is None:
        return _by_language(report.objects(node, SH.resultMessage))
    shape = _required(report, node, SH.sourceShape)
    messages = list(shapes_graph.objects(constraint, SH.message))
    messages = messages or list(shapes_graph.objects(shape, SH.message))
    if not messages:
        return _by_language(report.objects(node, SH.resultMessage))
    filled = _by_language(messages)
    for name, predicate in (("this", SH.focusNode), ("path", SH.resultPath), ("value", SH.value)):
        value = report.value(node, predicate)
        if value is not None:
            for sign in "?$":
                filled = {
                    tag: text.replace(f"{{{sign}{name}}}", str(value))
                    for tag, text in filled.items()
                }
    return filled


def _by_language(nodes: Iterable[Node]) -> dict[str, str]:
    texts: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        language = node.language if isinstance(node, Literal) else None
        texts[language or ""].append(str(node))
    return {tag: " ".join(sorted(found)) for tag, found in sorted(texts.items())}


def _label(data: rdflib.Graph, focus: Node) -> Mapping[str, str]:
    for predicate in _LABELS:
        labels = sorted(data.objects(focus, predicate), key=str)
        if labels:
            found: dict[str, str] = {}
            for label in labels:
                language = label.language if isinstance(label, Literal) else None
                found.setdefault(language or "", str(label))
            return dict(sorted(found.items()))
    return {}
