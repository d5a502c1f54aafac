"""What in a shapes graph can never find anything: a silent shape is a false promise."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import OWL, RDF, RDFS, SH
from klustergraf.shacl.compiler.index import ShapesGraph
from klustergraf.shacl.compiler.model import Shape, Shapes
from klustergraf.shacl.paths import Path
from klustergraf.shacl.report import Term

_NAMES: Final = """
AbstractResult AndConstraintComponent BlankNode BlankNodeOrIRI BlankNodeOrLiteral
ClassConstraintComponent ClosedConstraintComponent ConstraintComponent DatatypeConstraintComponent
DisjointConstraintComponent EqualsConstraintComponent ExpressionConstraintComponent Function
HasValueConstraintComponent IRI IRIOrLiteral InConstraintComponent Info JSConstraint
JSConstraintComponent JSExecutable JSFunction JSLibrary JSRule JSTarget JSTargetType JSValidator
LanguageInConstraintComponent LessThanConstraintComponent LessThanOrEqualsConstraintComponent
Literal MaxCountConstraintComponent MaxExclusiveConstraintComponent
MaxInclusiveConstraintComponent MaxLengthConstraintComponent MinCountConstraintComponent
MinExclusiveConstraintComponent MinInclusiveConstraintComponent MinLengthConstraintComponent
NodeConstraintComponent NodeKind NodeKindConstraintComponent NodeShape NotConstraintComponent
OrConstraintComponent Parameter Parameterizable PatternConstraintComponent PrefixDeclaration
PropertyConstraintComponent PropertyGroup PropertyShape QualifiedMaxCountConstraintComponent
QualifiedMinCountConstraintComponent ResultAnnotation Rule SPARQLAskExecutable SPARQLAskValidator
SPARQLConstraint SPARQLConstraintComponent SPARQLConstructExecutable SPARQLExecutable
SPARQLFunction SPARQLRule SPARQLSelectExecutable SPARQLSelectValidator SPARQLTarget
SPARQLTargetType SPARQLUpdateExecutable Severity Shape Target TargetType TripleRule
UniqueLangConstraintComponent ValidationReport ValidationResult Validator Violation Warning
XoneConstraintComponent alternativePath and annotationProperty annotationValue annotationVarName
ask class closed condition conforms construct datatype deactivated declare defaultValue
description detail disjoint entailment equals expression filterShape flags focusNode group
hasValue ignoredProperties in intersection inversePath js jsFunctionName jsLibrary jsLibraryURL
labelTemplate languageIn lessThan lessThanOrEquals maxCount maxExclusive maxInclusive maxLength
message minCount minExclusive minInclusive minLength name namespace node nodeKind nodeValidator
nodes not object oneOrMorePath optional or order parameter path pattern predicate prefix prefixes
property propertyValidator qualifiedMaxCount qualifiedMinCount qualifiedValueShape
qualifiedValueShapesDisjoint result resultAnnotation resultMessage resultPath resultSeverity
returnType rule select severity shapesGraph shapesGraphWellFormed sourceConstraint
sourceConstraintComponent sourceShape sparql subject suggestedShapesGraph target targetClass
targetNode targetObjectsOf targetSubjectsOf this union uniqueLang update validator value xone
zeroOrMorePath zeroOrOnePath
"""
_TERMS: Final = frozenset(_NAMES.split())
"""The terms of the SHACL vocabulary, with those of its Advanced Features."""

_CLASSES: Final = (OWL + "Class", RDFS + "Class", RDFS + "Datatype")
_PROPERTIES: Final = (
    RDF + "Property", OWL + "ObjectProperty", OWL + "DatatypeProperty", OWL + "AnnotationProperty",
)  # fmt: skip
_BUILT_IN: Final = (RDF, RDFS, OWL)


def remarks(graph: ShapesGraph, shapes: Shapes) -> list[str]:
    """List what can never find anything, by shape: unknown terms, shapes that nothing leads to."""
    return sorted({*_unknown(graph), *_unreached(shapes), *_idle(graph)})


def _idle(graph: ShapesGraph) -> Iterator[str]:
    """List parameters that are well-formed and turn nothing on."""
    for name in ("closed", "uniqueLang", "deactivated", "qualifiedValueShapesDisjoint"):
        for shape, value in graph.pairs(SH + name):
            if isinstance(value, ox.Literal) and value.value == "1":
                yield f"shape {graph.name(shape)}: sh:{name} has {value}, only true turns it on"
    for name in ("qualifiedMinCount", "qualifiedMaxCount"):
        for shape, _ in graph.pairs(SH + name):
            if not graph.sh(shape, "qualifiedValueShape"):
                yield f"shape {graph.name(shape)}: sh:{name} stands without sh:qualifiedValueShape"


def _unknown(graph: ShapesGraph) -> Iterator[str]:
    for quad in graph.quads:
        subject = quad.subject
        if isinstance(subject, ox.Triple):
            continue
        for term in (quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode) and term.value.startswith(SH):
                name = term.value.removeprefix(SH)
                if name and name not in _TERMS:
                    yield f"shape {graph.name(subject)}: SHACL has no sh:{name}, it does nothing"


def _unreached(shapes: Shapes) -> Iterator[str]:
    reached = set[Term]()
    for shape in shapes.by_node.values():
        if shape.targets:
            reached |= shapes.used_by(shape)
    for node, shape in shapes.by_node.items():
        if node not in reached and shape.constraints and not shape.foreign:
            yield f"shape {shape.name}: it has no target and no shape with a target leads to it"


def unknown_terms(shapes: Shapes, vocabulary: Iterable[ox.Quad]) -> list[str]:
    """List the classes and properties that shapes name and a vocabulary does not declare."""
    graph = ShapesGraph(vocabulary)
    classes, properties = set[str](), set[str]()
    for subject, kind in graph.pairs(RDF + "type"):
        if isinstance(subject, ox.NamedNode) and isinstance(kind, ox.NamedNode):
            if kind.value in _CLASSES:
                classes.add(subject.value)
            elif kind.value in _PROPERTIES:
                properties.add(subject.value)
    found = set[str]()
    for shape in shapes.by_node.values():
        for iri in set(_classes_of(shape)) - classes:
            found.add(f"shape {shape.name}: the vocabulary has no class <{iri}>")
        for iri in set(_properties_of(shape)) - properties:
            found.add(f"shape {shape.name}: the vocabulary has no property <{iri}>")
    return sorted(found)


def _classes_of(shape: Shape) -> Iterator[str]:
    terms = [target.term for target in shape.targets if target.kind == "class"]
    terms += [c.term for c in shape.constraints if c.component == "Class" and c.term is not None]
    yield from _named(terms)


def _properties_of(shape: Shape) -> Iterator[str]:
    waiting: list[Path] = [shape.path] if shape.path is not None else []
    iris = []
    while waiting:
        path = waiting.pop()
        iris += [ox.NamedNode(path.iri)] if path.iri else []
        waiting += path.parts
    terms: list[Term] = [*iris]
    terms += [t.term for t in shape.targets if t.kind in ("subjectsOf", "objectsOf")]
    pairs = ("Equals", "Disjoint", "LessThan", "LessThanOrEquals")
    terms += [c.term for c in shape.constraints if c.component in pairs and c.term is not None]
    yield from _named(terms)


def _named(terms: Iterable[Term]) -> Iterator[str]:
    for term in terms:
        if isinstance(term, ox.NamedNode) and not term.value.startswith(_BUILT_IN):
            yield term.value
