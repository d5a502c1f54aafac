"""Validation by pySHACL: the second opinion, and the way for what the compiler leaves out."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.errors import ReportableRuntimeError, ValidationFailure, ValidationWarning
from rdflib import RDF, RDFS, SH, SKOS
from rdflib.namespace import DCTERMS
from rdflib.term import Literal, Node

from klustergraf.errors import GraphParseError
from klustergraf.shacl.paths import read_path
from klustergraf.shacl.report import Result
from klustergraf.shacl.targets import Shapes, resolved
from klustergraf.shacl.terms import to_rdflib, to_term

_LABELS = (SKOS.prefLabel, RDFS.label, DCTERMS.title)
_LOG = "pyshacl-validate"
# What pySHACL raises on shapes that it does not take; NotImplementedError is its "not yet".
_REFUSALS = (
    ReportableRuntimeError, ValidationWarning, ValidationFailure, NotImplementedError, ValueError,
    SyntaxError,
)  # fmt: skip


def results(quads: Sequence[ox.Quad], shapes: Shapes) -> list[Result]:
    """Validate statements with pySHACL.

    Errors: GraphParseError when it cannot apply the shapes.
    """
    return list(_run(to_rdflib(quads), resolved(shapes, quads), shapes.source))


def _run(data: rdflib.Graph, shapes_graph: rdflib.Graph, source: str) -> Iterator[Result]:
    silence()
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
    except _REFUSALS as exc:
        raise GraphParseError(source, f"the shapes cannot be applied to the data: {exc}") from exc
    if not isinstance(report, rdflib.Graph):
        raise GraphParseError(source, f"the shapes cannot be applied to the data: {text}")
    return _results(report, shapes_graph, data)


def _needs_advanced(shapes_graph: rdflib.Graph) -> bool:
    """Tell whether shapes use what pySHACL does in its advanced mode only; that mode costs time."""
    return any((None, predicate, None) in shapes_graph for predicate in (SH.target, SH.expression))


def silence() -> None:
    """Keep pySHACL from logging what it also raises: one report is enough."""
    logging.getLogger(_LOG).addFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def _results(
    report: rdflib.Graph, shapes_graph: rdflib.Graph, data: rdflib.Graph
) -> Iterator[Result]:
    top = next(iter(report.subjects(RDF.type, SH.ValidationReport)))
    return _results_of(report, report.objects(top, SH.result), shapes_graph, data)


def _results_of(
    report: rdflib.Graph, nodes: Iterable[Node], shapes_graph: rdflib.Graph, data: rdflib.Graph
) -> Iterator[Result]:
    for node in nodes:
        focus = _required(report, node, SH.focusNode)
        path = report.value(node, SH.resultPath)
        value = report.value(node, SH.value)
        constraint = report.value(node, SH.sourceConstraint)
        yield Result(
            focus_node=to_term(focus),
            result_path=read_path(report, path) if path is not None else None,
            value=to_term(value) if value is not None else None,
            source_shape=to_term(_required(report, node, SH.sourceShape)),
            constraint_component=str(_required(report, node, SH.sourceConstraintComponent)),
            severity=str(_required(report, node, SH.resultSeverity)),
            messages=_messages(report, node, shapes_graph),
            focus_label=_label(data, focus),
            source_constraint=to_term(constraint) if constraint is not None else None,
        ).with_details(_results_of(report, report.objects(node, SH.detail), shapes_graph, data))


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
        labels = sorted(data.objects(focus, predicate), key=lambda o: (str(o), o.n3()))
        if labels:
            found: dict[str, str] = {}
            for label in labels:
                language = label.language if isinstance(label, Literal) else None
                found.setdefault(language or "", str(label))
            return dict(sorted(found.items()))
    return {}
