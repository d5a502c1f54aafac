"""The rules that every Turtle and query file of the repository follows, as pure functions.

Each takes a graph (or a text) and gives its faults, one line each that says how to repair it; no
fault is an empty list. ``tests/*/test_hygiene.py`` run them over the files, and
``tests/test_hygiene_rules.py`` shows that each of them catches what it is for.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import owlrl
import pyoxigraph
import pyshacl
import pytest
import rdflib
from pyparsing import ParseResults
from rdflib.compare import isomorphic
from rdflib.namespace import (
    DCAT,
    DCTERMS,
    FOAF,
    OWL,
    PROV,
    RDF,
    RDFS,
    SDO,
    SH,
    SKOS,
    VANN,
    VOID,
    XSD,
    DefinedNamespace,
)
from rdflib.namespace import ORG as _ORG
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode, Literal, Node, URIRef

from klustergraf.namespaces import BASE, GRAPH, ID, KG, ONTOLOGY, PREFIXES, SHAPES, shorten
from klustergraf.resources import room

LANGUAGES = ("en", "sv")
STATUSES = ("unstable", "testing", "stable", "archaic")
TERM_STATUS = URIRef(PREFIXES["vs"] + "term_status")

# Vocabularies that rdflib carries whole: a term in their namespace that they lack is a slip.
# (rdflib's SHACL lacks nothing of SHACL and SHACL-AF; pySHACL's own copy is asked as well.)
CLOSED: tuple[type[DefinedNamespace], ...] = (
    DCAT, DCTERMS, FOAF, OWL, _ORG, PROV, RDF, RDFS, SDO, SH, SKOS, VANN, VOID, XSD,
)  # fmt: skip

# What DCAT 3 has beside DCAT 2, which is what rdflib carries.
_OF_DCAT_3 = frozenset({
    "DatasetSeries", "first", "hasCurrentVersion", "hasVersion", "inSeries", "isVersionOf", "last",
    "next", "nextVersion", "prev", "previousVersion", "resource", "seriesMember", "version",
})  # fmt: skip

CLASS_NAME = re.compile(r"^[A-Z][A-Za-z0-9]*$")
PROPERTY_NAME = re.compile(r"^[a-z][A-Za-z0-9]*$")
ID_IRI = re.compile(
    rf"^{re.escape(ID)}[a-z][a-z-]*/[a-z0-9]+((--?|[/.])[a-z0-9]+)*(#[a-z][a-z-]*)?$"
)
NODE_SHAPE_NAME = re.compile(r"^[A-Z][A-Za-z0-9]*Shape$")
PROPERTY_SHAPE_NAME = re.compile(r"^[A-Z][A-Za-z0-9]*Shape-[a-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$")

PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
BUILT_IN = tuple(str(namespace) for namespace in (RDF, RDFS, OWL, XSD))


def expect_none(faults: list[str]) -> None:
    """Fail with the faults, one a line."""
    if len(faults) > 40:
        faults = [*faults[:40], f"… and {len(faults) - 40} more"]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


# ── files ──────────────────────────────────────────────────────────────────────────────────────


def turtle_files(*rooms: str) -> list[Path]:
    """List the Turtle files of these rooms."""
    return [p for name in rooms for p in sorted(room(name).rglob("*.ttl"))]  # type: ignore[arg-type]


def query_files(folder: str = "") -> list[Path]:
    """List the query files below one folder of ``queries/``."""
    return sorted((room("queries") / folder).rglob("*.rq"))


def name_of(path: Path) -> str:
    """Give the short name of a file, for the test's id."""
    return "/".join(path.parts[-2:])


@cache
def load(path: Path) -> rdflib.Graph:
    """Parse one Turtle file with rdflib, once per run."""
    return rdflib.Graph().parse(path, format="turtle")


def union(paths: Iterable[Path]) -> rdflib.Graph:
    """Give the union of several Turtle files as one graph."""
    graph = rdflib.Graph()
    for path in paths:
        graph += load(path)
    return graph


@cache
def ontology() -> rdflib.Graph:
    """Give the whole ontology as one graph."""
    return union(turtle_files("ontology"))


@cache
def declared_terms() -> frozenset[str]:
    """List the terms of our namespace that the ontology declares."""
    return frozenset(str(s) for s in ontology().subjects(RDF.type) if str(s).startswith(KG))


def parser_faults(path: Path) -> list[str]:
    """Find where the two RDF libraries read a Turtle file differently, or not at all."""
    try:
        ours = rdflib.Graph().parse(path, format="turtle")
    except Exception as exc:  # noqa: BLE001 -- rdflib's parser raises many kinds
        return [f"rdflib cannot read it: {exc}"]
    try:
        triples = list(pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE))
    except SyntaxError as exc:
        return [f"pyoxigraph cannot read it: {exc}"]
    n_triples = pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    theirs = rdflib.Graph().parse(data=n_triples, format="ntriples")
    if isomorphic(ours, theirs):
        return []
    only = [f"only rdflib: {show(t)}" for t in ours - theirs]
    only += [f"only pyoxigraph: {show(t)}" for t in theirs - ours]
    return only or ["the two libraries read different blank nodes"]


def prefix_faults(text: str) -> list[str]:
    """Find prefixes that do not mean what ``klustergraf.namespaces.PREFIXES`` says."""
    faults = []
    for prefix, namespace in re.findall(r"(?i)@?prefix\s+([\w-]*):\s*<([^>]*)>", text):
        if prefix in PREFIXES and PREFIXES[prefix] != namespace:
            faults.append(f"prefix {prefix}: is <{namespace}>; write <{PREFIXES[prefix]}>")
        names = [known for known, ns in PREFIXES.items() if ns == namespace and known != prefix]
        if names and prefix not in PREFIXES:
            faults.append(f"prefix {prefix}: stands for <{namespace}>; call it {names[0]}:")
    return faults


def show(term: Any) -> str:
    """Write a term, or a tuple of terms, as a person reads it."""
    if isinstance(term, tuple):
        return " ".join(show(part) for part in term)
    return shorten(str(term)) if isinstance(term, URIRef) else str(term.n3())


# ── terms ──────────────────────────────────────────────────────────────────────────────────────


def iris(graph: rdflib.Graph) -> set[str]:
    """List every IRI that stands in a graph, datatypes among them."""
    nodes = {node for triple in graph for node in triple}
    found = {str(node) for node in nodes if isinstance(node, URIRef)}
    return found | {
        str(n.datatype) for n in nodes if isinstance(n, Literal) and n.datatype is not None
    }


def undeclared_faults(used: Iterable[str], declared: frozenset[str]) -> list[str]:
    """Find terms of our namespace that the ontology does not declare."""
    return [
        f"{shorten(iri)} is not declared: declare it in ontology/, or correct the name"
        for iri in sorted(used)
        if iri.startswith(KG) and iri != KG and iri not in declared
    ]


@cache
def _shacl_terms() -> frozenset[str]:
    bundled = Path(pyshacl.__file__).parent / "assets" / "shacl.ttl"
    return frozenset(map(str, load(bundled).subjects())) | set(map(str, dir(SH)))


def unknown_term_faults(used: Iterable[str]) -> list[str]:
    """Find terms that a well-known vocabulary does not have."""
    faults = []
    for iri in sorted(used):
        for namespace in CLOSED:
            local = iri.removeprefix(str(namespace))
            if local == iri or not local:
                continue
            known = iri in _shacl_terms() if namespace is SH else local in namespace
            known = known or (namespace is DCAT and local in _OF_DCAT_3)
            if not known and not (namespace is RDF and re.match(r"_\d+$", local)):
                faults.append(f"{shorten(iri)} is not a term of its vocabulary: correct the name")
    return faults


def _languages(graph: rdflib.Graph, subject: Node, predicate: Node) -> list[str]:
    values = graph.objects(subject, predicate)
    return sorted(str(v.language) for v in values if isinstance(v, Literal) and v.value is not None)


def _bilingual_faults(graph: rdflib.Graph, subject: Node, predicate: URIRef) -> Iterator[str]:
    found = _languages(graph, subject, predicate)
    if tuple(found) != LANGUAGES:
        yield (
            f"{show(subject)} has {show(predicate)} in {', '.join(found) or 'no language'}: "
            "give it exactly one in sv and one in en"
        )


# ── the ontology ───────────────────────────────────────────────────────────────────────────────


def header_faults(graph: rdflib.Graph, iri: str = ONTOLOGY) -> list[str]:
    """Find what the header of an ontology (or a set of shapes) lacks."""
    headers = list(graph.subjects(RDF.type, OWL.Ontology))
    subject = URIRef(iri)
    if headers != [subject]:
        found = ", ".join(map(show, headers)) or "no header"
        return [f"exactly one header, <{iri}> a owl:Ontology, is asked for; there is {found}"]
    faults = list(_bilingual_faults(graph, subject, DCTERMS.title))
    faults += _bilingual_faults(graph, subject, DCTERMS.description)
    if not isinstance(graph.value(subject, DCTERMS.license), URIRef):
        faults.append(f"<{iri}> has no licence: add dct:license with the licence's IRI")
    version = graph.value(subject, OWL.versionInfo)
    if not re.match(r"^\d+\.\d+\.\d+$", str(version)):
        faults.append(f'<{iri}> has no version: add owl:versionInfo such as "1.2.0"')
    if str(graph.value(subject, OWL.versionIRI)) != f"{iri}/{version}":
        faults.append(f"<{iri}> needs owl:versionIRI <{iri}/{version}>")
    prefix = graph.value(subject, VANN.preferredNamespacePrefix)
    if PREFIXES.get(str(prefix)) != iri + "#":
        faults.append(f"<{iri}> needs vann:preferredNamespacePrefix as in klustergraf.namespaces")
    if str(graph.value(subject, VANN.preferredNamespaceUri)) != iri + "#":
        faults.append(f'<{iri}> needs vann:preferredNamespaceUri "{iri}#"')
    return faults


def own_terms(graph: rdflib.Graph) -> list[URIRef]:
    """List the terms of our namespace that a graph says anything about."""
    found = {s for s in graph.subjects() if isinstance(s, URIRef) and s.startswith(KG)}
    return sorted(found)


def term_faults(graph: rdflib.Graph, term: URIRef) -> list[str]:
    """Find what one of our terms lacks: labels, definitions, home, status, a fitting name."""
    types = set(graph.objects(term, RDF.type))
    local = term.removeprefix(KG)
    if not types:
        return [f"{show(term)} has no type: declare it, or correct the name"]
    faults = list(_bilingual_faults(graph, term, RDFS.label))
    faults += _bilingual_faults(graph, term, SKOS.definition)
    if list(graph.objects(term, RDFS.isDefinedBy)) != [URIRef(ONTOLOGY)]:
        faults.append(f"{show(term)} needs rdfs:isDefinedBy <{ONTOLOGY}>")
    status = [str(value) for value in graph.objects(term, TERM_STATUS)]
    if len(status) != 1 or status[0] not in STATUSES:
        faults.append(f"{show(term)} needs one vs:term_status out of {', '.join(STATUSES)}")
    is_class = bool(types & {OWL.Class, RDFS.Datatype})
    if not (CLASS_NAME if is_class else PROPERTY_NAME).match(local):
        style = "UpperCamelCase" if is_class else "lowerCamelCase"
        faults.append(f"{show(term)} is not named in {style}")
    for label in graph.objects(term, RDFS.label):
        first = re.split(r"[\s(]", str(label))[0]
        if len(first) > 1 and first.istitle() and not types & {SKOS.Concept}:
            faults.append(f"{show(term)} is labelled {label!s}: begin with a lower case letter")
    return faults


def profile_faults(graph: rdflib.Graph) -> list[str]:
    """Find what OWL 2 DL does not allow: undeclared terms, punning of properties, wrong values."""
    return [
        *_kind_faults(graph),
        *_declaration_faults(graph),
        *_range_faults(graph),
        *_assertion_faults(graph),
        *_simplicity_faults(graph),
    ]


def _kind_faults(graph: rdflib.Graph) -> Iterator[str]:
    exclusive = (*PROPERTY_TYPES, OWL.Class, RDFS.Datatype)
    for subject in sorted(set(graph.subjects(RDF.type)), key=str):
        kinds = [k for k in exclusive if (subject, RDF.type, k) in graph]
        if len(kinds) > 1:
            yield f"{show(subject)} is {' and '.join(map(show, kinds))}: OWL 2 DL wants one of them"


def _is(graph: rdflib.Graph, term: Node, *kinds: URIRef) -> bool:
    return any((term, RDF.type, kind) in graph for kind in kinds)


def _declaration_faults(graph: rdflib.Graph) -> Iterator[str]:
    classes, properties = set[Node](), set[Node]()
    class_axioms = (
        RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, OWL.complementOf, OWL.onClass,
    )  # fmt: skip
    property_axioms = (
        RDFS.subPropertyOf, OWL.equivalentProperty, OWL.inverseOf, OWL.propertyDisjointWith,
    )  # fmt: skip
    for subject, predicate, value in graph:
        properties.add(predicate)
        if predicate == RDF.type:
            classes.add(value)
        if predicate in class_axioms:
            classes |= {subject, value}
        if predicate in property_axioms:
            properties |= {subject, value}
        if predicate == OWL.onProperty:
            properties.add(value)
        if predicate in (RDFS.domain, RDFS.range):
            properties.add(subject)
            classes.add(value)
    for term in sorted(classes, key=str):
        if _external(term) and not _is(graph, term, OWL.Class, RDFS.Datatype):
            yield f"{show(term)} is used as a class and not declared: add `a owl:Class`"
    for term in sorted(properties, key=str):
        if _external(term) and not _is(graph, term, *PROPERTY_TYPES):
            yield f"{show(term)} is used as a property and not declared: add its owl:…Property"


def _external(term: Node) -> bool:
    return isinstance(term, URIRef) and not str(term).startswith(BUILT_IN)


def _is_datatype(graph: rdflib.Graph, term: Node) -> bool:
    named = isinstance(term, URIRef) and (term.startswith(str(XSD)) or term == RDFS.Literal)
    return named or term == RDF.langString or _is(graph, term, RDFS.Datatype)


def _range_faults(graph: rdflib.Graph) -> Iterator[str]:
    for term, value in sorted(graph.subject_objects(RDFS.range), key=str):
        datatype = _is_datatype(graph, value)
        if datatype and _is(graph, term, OWL.ObjectProperty):
            yield f"{show(term)} is an object property; its range {show(value)} is a datatype"
        if not datatype and _is(graph, term, OWL.DatatypeProperty):
            yield f"{show(term)} is a datatype property; its range {show(value)} is a class"
    for lower, upper in sorted(graph.subject_objects(RDFS.subPropertyOf), key=str):
        kinds = [{k for k in PROPERTY_TYPES if _is(graph, t, k)} for t in (lower, upper)]
        if kinds[0] != kinds[1]:
            yield f"{show(lower)} and {show(upper)}, which it specialises, are not of one kind"


def _assertion_faults(graph: rdflib.Graph) -> Iterator[str]:
    for subject, predicate, value in sorted(graph, key=str):
        literal = isinstance(value, Literal)
        if literal and _is(graph, predicate, OWL.ObjectProperty):
            yield f"{show(subject)}: {show(predicate)} takes a thing, not the text {show(value)}"
        if not literal and _is(graph, predicate, OWL.DatatypeProperty):
            yield f"{show(subject)}: {show(predicate)} takes a literal, not {show(value)}"


def _simplicity_faults(graph: rdflib.Graph) -> Iterator[str]:
    """OWL 2 DL, section 11.2: a transitive property is in no cardinality and not functional."""
    composite = set(graph.subjects(RDF.type, OWL.TransitiveProperty))
    composite |= set(graph.subjects(OWL.propertyChainAxiom))
    while True:  # what stands above a composite property is composite
        above = {o for c in composite for o in graph.objects(c, RDFS.subPropertyOf)}
        if above <= composite:
            break
        composite |= above
    forbidden = (
        OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.IrreflexiveProperty,
        OWL.AsymmetricProperty,
    )  # fmt: skip
    for term in sorted(composite, key=str):
        for kind in forbidden:
            if _is(graph, term, kind):
                yield f"{show(term)} is transitive (or a chain) and {show(kind)}: drop one of them"
        if (None, OWL.propertyDisjointWith, term) in graph:
            yield f"{show(term)} is transitive (or a chain) and disjoint with another: drop one"


def witnesses(graph: rdflib.Graph) -> rdflib.Graph:
    """Give the graph with one imagined member of each class and one pair of each property.

    A class that cannot have a member, or a property that cannot hold, then shows itself as a
    contradiction. The names say which: ``urn:witness:<CURIE>``.
    """
    copy = rdflib.Graph()
    copy += graph
    for term in set(graph.subjects(RDF.type, OWL.Class)):
        if isinstance(term, URIRef):
            copy.add((URIRef("urn:witness:" + show(term)), RDF.type, term))
    for term in set(graph.subjects(RDF.type, OWL.ObjectProperty)):
        if isinstance(term, URIRef):
            ends = [URIRef(f"urn:witness:{end}-of-{show(term)}") for end in ("subject", "object")]
            copy.add((ends[0], term, ends[1]))
    return copy


def satisfiability_faults(graph: rdflib.Graph) -> list[str]:
    """Find classes without possible members and properties that cannot hold (OWL 2 RL rules)."""
    copy = witnesses(graph)
    reasoner = owlrl.OWLRL.OWLRL_Semantics(copy, False, False, False)
    reasoner.closure()
    faults = [f"contradiction: {message}" for message in reasoner.error_messages]
    nothing = set(copy.subjects(RDF.type, OWL.Nothing))
    faults += [f"{show(node)} is in owl:Nothing" for node in sorted(nothing, key=str)]
    return faults


# ── shapes ─────────────────────────────────────────────────────────────────────────────────────


def shape_faults(graph: rdflib.Graph) -> list[str]:
    """Find shapes without a name, a severity or messages in both languages."""
    faults = []
    for shape in sorted(property_shapes(graph), key=str):
        if not isinstance(shape, URIRef):
            path = show(graph.value(shape, SH.path) or RDF.nil)
            faults.append(f"the property shape on {path} has no IRI: name it kgsh:<Node>Shape-…")
            continue
        local = shape.removeprefix(SHAPES + "#")
        if not PROPERTY_SHAPE_NAME.match(local):
            faults.append(f"{show(shape)}: name a property shape kgsh:<Node>Shape-<property>")
        faults += _message_faults(graph, shape)
    for shape in sorted(set(graph.subjects(RDF.type, SH.NodeShape)), key=str):
        if not isinstance(shape, URIRef):
            faults.append("a node shape has no IRI: name it kgsh:<Node>Shape")
        elif not NODE_SHAPE_NAME.match(shape.removeprefix(SHAPES + "#")):
            faults.append(f"{show(shape)}: name a node shape kgsh:<Node>Shape")
        elif any((shape, p, None) in graph for p in (SH.sparql, SH["not"], SH["or"], SH.closed)):
            faults += _message_faults(graph, shape)
    return faults


def property_shapes(graph: rdflib.Graph) -> set[Node]:
    """List everything that is a property shape by type, by use or by having a path."""
    return {
        *graph.subjects(RDF.type, SH.PropertyShape),
        *graph.objects(None, SH.property),
        *graph.subjects(SH.path),
    }


def _message_faults(graph: rdflib.Graph, shape: Node) -> Iterator[str]:
    severities = set(graph.objects(shape, SH.severity))
    if len(severities) != 1 or not severities <= {SH.Violation, SH.Warning, SH.Info}:
        yield f"{show(shape)} needs one sh:severity: sh:Violation, sh:Warning or sh:Info"
    sources = [shape, *graph.objects(shape, SH.sparql)]
    if not any(tuple(_languages(graph, s, SH.message)) == LANGUAGES for s in sources):
        yield f"{show(shape)} needs sh:message in sv and in en, one of each"


def target_faults(graph: rdflib.Graph) -> list[str]:
    """Find node shapes that nothing is ever checked against."""
    targets = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target)
    uses = (SH.node, SH["not"], SH.qualifiedValueShape, RDF.first)
    return [
        f"{show(shape)} checks nothing: give it a target, or use it in another shape"
        for shape in sorted(set(graph.subjects(RDF.type, SH.NodeShape)), key=str)
        if not any((shape, predicate, None) in graph for predicate in targets)
        and not any((None, predicate, shape) in graph for predicate in uses)
        and not _is(graph, shape, OWL.Class, RDFS.Class)
    ]


def embedded_queries(graph: rdflib.Graph, prefixes: rdflib.Graph) -> list[tuple[str, str]]:
    """List the SPARQL texts inside shapes, each with the prefixes that it refers to."""
    found = []
    for predicate in (SH.select, SH.ask, SH.construct):
        for holder, text in graph.subject_objects(predicate):
            sources = graph.objects(holder, SH.prefixes)
            declared = [d for source in sources for d in prefixes.objects(source, SH.declare)]
            prologue = "".join(
                f"PREFIX {prefixes.value(d, SH.prefix)}: <{prefixes.value(d, SH.namespace)}>\n"
                for d in declared
            )
            body = re.sub(r"\$PATH\b", "<urn:path>", str(text))
            found.append((show(holder), prologue + body))
    return found


# ── queries ────────────────────────────────────────────────────────────────────────────────────


def query_faults(text: str) -> list[str]:
    """Find why a SPARQL text is not one for both engines."""
    faults = []
    try:
        translateQuery(parseQuery(text))
    except Exception as exc:  # noqa: BLE001 -- rdflib's parser raises many kinds
        faults.append(f"rdflib cannot read it: {exc}")
    try:
        pyoxigraph.Store().query(text)
    except SyntaxError as exc:
        faults.append(f"pyoxigraph cannot read it: {exc}")
    return faults


def query_iris(text: str) -> set[str]:
    """List every IRI that a query names, datatypes among them.

    From the parse tree, not from the algebra: rdflib's algebra loses what stands in the FILTER of a
    NOT EXISTS.
    """
    prologue, query = parseQuery(text)
    prefixes = {part.prefix or "": str(part.iri) for part in prologue if part.name == "PrefixDecl"}
    found: set[str] = set()
    stack: list[Any] = [query]
    while stack:
        part = stack.pop()
        if isinstance(part, CompValue) and part.name == "pname":
            found.add(prefixes[part.prefix or ""] + (part.localname or ""))
        elif isinstance(part, CompValue):
            stack.extend(dict.values(part))
        elif isinstance(part, list | tuple | set | ParseResults):
            stack.extend(part)
        elif isinstance(part, URIRef):
            found.add(str(part))
        elif isinstance(part, Literal) and part.datatype is not None:
            found.add(str(part.datatype))
    return found


def query_form(text: str) -> str:
    """Name the form of a query as rdflib does: SelectQuery, AskQuery, ConstructQuery."""
    return str(translateQuery(parseQuery(text)).algebra.name)


def bilingual_text_faults(key: str, header: dict[str, Any]) -> list[str]:
    """Find what a text of a query's block lacks."""
    value = header.get(key)
    texts = value if isinstance(value, dict) else {}
    return [
        f"the #+ block has no {key} in {language}: add it"
        for language in LANGUAGES
        if not str(texts.get(language) or "").strip()
    ]


def is_ordered(text: str) -> bool:
    """Tell whether a SELECT gives its rows in an order of its own (other forms always do)."""
    _, query = parseQuery(text)
    return query.name != "SelectQuery" or "orderby" in query


# ── the graph's own statements ─────────────────────────────────────────────────────────────────


def data_faults(graph: rdflib.Graph) -> list[str]:
    """Find blank nodes, and things of ours whose IRI is not ``id/<kind>/<slug>``."""
    faults = []
    for subject, predicate, value in sorted(graph, key=str):
        if isinstance(subject, BNode) or isinstance(value, BNode):
            faults.append(f"{show((subject, predicate, value))}: name the blank node, {ID}…")
        if isinstance(subject, URIRef) and subject.startswith(BASE):
            own = str(subject).startswith((KG, GRAPH)) or subject in (BASE, ONTOLOGY)
            if not own and not ID_IRI.match(subject):
                faults.append(f"<{subject}>: name it {ID}<kind>/<slug>, lower case a-z, 0-9, -")
    return sorted(set(faults))
