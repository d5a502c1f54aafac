"""What a shapes graph must be before it is applied: a fault names the shape that has it."""

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import rdflib
from pyshacl.entrypoints import meta_validate
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDF, SH
from rdflib.term import Node

from klustergraf.errors import GraphParseError
from klustergraf.shacl.paths import read_path

_NOT_CODE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\s]*>"
    r"|#[^\n]*",
    re.DOTALL,
)
_REMOTE = re.compile(r"\b(?:SERVICE|FROM)\b", re.IGNORECASE)
_QUERIES = (SH.select, SH.ask, SH.construct)
_USES = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_LISTS = (SH["and"], SH["or"], SH.xone)


def require_well_formed(shapes_graph: rdflib.Graph, source: str) -> None:
    """Refuse shapes that are not well-formed, that recur, or whose queries leave the data.

    Errors: GraphParseError, with every fault that was found; a fault names its shape.
    Source: SHACL, sections 3.4.3 (Handling of Ill-formed Shapes Graphs), 3.4.4 (Recursive Shapes)
    and appendix C (SHACL-SHACL).
    """
    faults = sorted(
        f"shape {shape_name(shapes_graph, node)}: {fault}"
        for check in (_list_faults, _query_faults, _pattern_faults)
        for node, fault in check(shapes_graph)
    )
    if not faults:  # these two walk along lists and shapes, which must end for that
        faults = [f"shape {name} refers to itself" for name in sorted(_recursive(shapes_graph))]
        faults = faults or sorted(_meta_faults(shapes_graph))
    if faults:
        raise GraphParseError(source, "the shapes are not well-formed: " + "; ".join(faults))


def shape_name(shapes_graph: rdflib.Graph, node: Node | None) -> str:
    """Name a shape by its IRI; a blank node by the shape that it stands in."""
    seen = set[Node]()
    while node is not None and not isinstance(node, rdflib.URIRef) and node not in seen:
        seen.add(node)
        node = min(shapes_graph.subjects(None, node), key=str, default=None)
    return f"<{node}>" if isinstance(node, rdflib.URIRef) else "without a name"


def query_text(shapes_graph: rdflib.Graph, holder: Node, predicate: rdflib.URIRef) -> str:
    """Give a query of the shapes graph, with the prefixes that it refers to."""
    lines = []
    for source in shapes_graph.objects(holder, SH.prefixes):
        for declaration in shapes_graph.objects(source, SH.declare):
            prefix = shapes_graph.value(declaration, SH.prefix)
            namespace = shapes_graph.value(declaration, SH.namespace)
            lines.append(f"PREFIX {prefix}: <{namespace}>")
    return "\n".join([*sorted(lines), str(shapes_graph.value(holder, predicate))])


def _list_faults(shapes_graph: rdflib.Graph) -> Iterator[tuple[Node, str]]:
    for start in set(shapes_graph.subjects(RDF.rest)) - set(shapes_graph.objects(None, RDF.rest)):
        seen = set[Node]()
        node: Node | None = start
        while node is not None and node != RDF.nil and node not in seen:
            seen.add(node)
            node = shapes_graph.value(node, RDF.rest)
        if node != RDF.nil:
            yield start, "a list does not end"
    for node in shapes_graph.subjects(RDF.rest):
        if node in shapes_graph.transitive_objects(shapes_graph.value(node, RDF.rest), RDF.rest):
            yield node, "a list does not end"


def _query_faults(shapes_graph: rdflib.Graph) -> Iterator[tuple[Node, str]]:
    for predicate in _QUERIES:
        for holder, text in shapes_graph.subject_objects(predicate):
            found = _REMOTE.search(_NOT_CODE.sub(" ", str(text)))
            if found:
                yield holder, f"a query reads the data only, never {found.group().upper()}"
                continue
            query = query_text(shapes_graph, holder, predicate)
            try:
                ox.Store().query(re.sub(r"[$?]PATH\b", "<urn:x-path>", query))
            except (SyntaxError, ValueError) as exc:
                yield holder, f"a query is not SPARQL ({exc})"


def _pattern_faults(shapes_graph: rdflib.Graph) -> Iterator[tuple[Node, str]]:
    for shape, pattern in shapes_graph.subject_objects(SH.pattern):
        try:
            re.compile(str(pattern))
        except re.error as exc:
            yield shape, f"{str(pattern)!r} is not a regular expression ({exc})"


def _recursive(shapes_graph: rdflib.Graph) -> Iterator[str]:
    uses: dict[Node, set[Node]] = {}
    for predicate in _USES:
        for shape, used in shapes_graph.subject_objects(predicate):
            uses.setdefault(shape, set()).add(used)
    for predicate in _LISTS:
        for shape, members in shapes_graph.subject_objects(predicate):
            uses.setdefault(shape, set()).update(shapes_graph.items(members))
    for shape in uses:
        if shape in _reached(uses, uses[shape]):
            yield shape_name(shapes_graph, shape)


def _reached(uses: dict[Node, set[Node]], start: Iterable[Node]) -> set[Node]:
    reached = set[Node]()
    waiting = list(start)
    while waiting:
        shape = waiting.pop()
        if shape not in reached:
            reached.add(shape)
            waiting += uses.get(shape, ())
    return reached


def _meta_faults(shapes_graph: rdflib.Graph) -> Iterator[str]:
    try:
        conforms, report, _ = meta_validate(shapes_graph, inference="none")
    except (ReportableRuntimeError, ValueError, RecursionError) as exc:
        yield str(exc)
        return
    if conforms:
        return
    if not isinstance(report, rdflib.Graph):
        yield str(report)
        return
    for result in report.objects(None, SH.result):
        name = shape_name(shapes_graph, report.value(result, SH.focusNode))
        path = report.value(result, SH.resultPath)
        where = f", {read_path(report, path).text()}" if path is not None else ""
        message = str(report.value(result, SH.resultMessage))
        yield f"shape {name}{where}: {message}"
