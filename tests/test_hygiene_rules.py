"""Each rule of ``hygiene`` catches what it is for: a sound example, broken in one place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

import hygiene
from klustergraf.namespaces import KG, ONTOLOGY, PREFIXES

PROLOGUE = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
QUERY_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())

HEADER = f"""
<{ONTOLOGY}> a owl:Ontology ; dct:title "Begrepp"@sv , "Terms"@en ;
    dct:description "Vad som sägs."@sv , "What is said."@en ;
    dct:license <https://creativecommons.org/licenses/by/4.0/> ;
    owl:versionIRI <{ONTOLOGY}/1.2.0> ; owl:versionInfo "1.2.0" ;
    vann:preferredNamespacePrefix "kg" ; vann:preferredNamespaceUri "{KG}" .
"""

TERMS = f"""
kg:Actor a owl:Class ; rdfs:label "aktör"@sv , "actor"@en ;
    skos:definition "den som verkar"@sv , "one that acts"@en ;
    rdfs:isDefinedBy <{ONTOLOGY}> ; vs:term_status "testing" .
"""

PROFILE = """
kg:Actor a owl:Class .
kg:Place a owl:Class ; owl:disjointWith kg:Actor .
kg:knows a owl:ObjectProperty ; rdfs:domain kg:Actor ; rdfs:range kg:Actor .
kg:knowsWell a owl:ObjectProperty ; rdfs:subPropertyOf kg:knows .
kg:partOf a owl:ObjectProperty , owl:TransitiveProperty .
kg:code a owl:DatatypeProperty ; rdfs:range xsd:string .
kg:a a kg:Actor ; kg:knows kg:b ; kg:code "A" .
kg:b a kg:Actor .
"""

SHAPES = """
kgsh:ActorShape a sh:NodeShape ; sh:targetClass kg:Actor ; sh:property kgsh:ActorShape-code .
kgsh:ActorShape-code a sh:PropertyShape ; sh:path kg:code ; sh:maxCount 1 ;
    sh:severity sh:Violation ; sh:message "En kod."@sv , "One code."@en .
"""

DATA = """
<https://w3id.org/klustergraf/id/actor/kth> a kg:Actor ;
    kg:knows <https://w3id.org/klustergraf/id/actor/karolinska-institutet> .
"""


def graph_of(turtle: str) -> Graph:
    """Parse an example."""
    return Graph().parse(data=PROLOGUE + turtle, format="turtle")


def actor_faults(graph: Graph) -> list[str]:
    """Ask the rules of a term about the example's own."""
    return [f for term in hygiene.own_terms(graph) for f in hygiene.term_faults(graph, term)]


def used_term_faults(graph: Graph) -> list[str]:
    """Ask both rules about the names of terms."""
    used = hygiene.iris(graph)
    own = hygiene.undeclared_faults(used, frozenset({KG + "Actor", KG + "knows", KG + "code"}))
    return own + hygiene.unknown_term_faults(used)


CASES: list[tuple[Callable[[Graph], list[str]], str, list[tuple[str, str, str]]]] = [
    (
        hygiene.header_faults,
        HEADER,
        [
            ("a owl:Ontology", "a owl:Thing", "exactly one header"),
            ('"Begrepp"@sv , ', "", "dct:title in en"),
            ('"Vad som sägs."@sv', '"What?"@en', "dct:description in en, en"),
            ("dct:license <https://creativecommons.org/licenses/by/4.0/> ;", "", "no licence"),
            ('owl:versionInfo "1.2.0"', 'owl:versionInfo "1.2.0-SNAPSHOT"', "no version"),
            (f"<{ONTOLOGY}/1.2.0>", f"<{ONTOLOGY}/1.1.0>", "owl:versionIRI"),
            ('"kg"', '"klustergraf"', "preferredNamespacePrefix"),
            (f'"{KG}"', '"https://example.org/"', "preferredNamespaceUri"),
        ],
    ),
    (
        actor_faults,
        TERMS,
        [
            ("a owl:Class ; ", "", "has no type"),
            ('"aktör"@sv , ', "", "rdfs:label in en"),
            ('"actor"@en', '"actor"@en , "agent"@en', "rdfs:label in en, en, sv"),
            ('"den som verkar"@sv', '"den som verkar"', "skos:definition in"),
            (f"<{ONTOLOGY}>", "kg:", "rdfs:isDefinedBy"),
            ('"testing"', '"finished"', "vs:term_status"),
            ("kg:Actor", "kg:actor_", "UpperCamelCase"),
            ("owl:Class", "owl:ObjectProperty", "lowerCamelCase"),
            ('"aktör"', '"Aktör"', "lower case letter"),
        ],
    ),
    (
        hygiene.profile_faults,
        PROFILE,
        [
            ("kg:b a kg:Actor", "kg:b a foaf:Agent", "foaf:Agent is used as a class"),
            ("kg:b a", "kg:b foaf:name 'b' ; a", "foaf:name is used as a property"),
            ("range kg:Actor", "range org:Organization", "org:Organization is used as a class"),
            ("kg:Place a", "kg:code a owl:ObjectProperty . kg:Place a", "wants one of them"),
            ("rdfs:range kg:Actor", "rdfs:range xsd:string", "is a datatype"),
            ("rdfs:range xsd:string", "rdfs:range kg:Actor", "is a class"),
            ("subPropertyOf kg:knows", "subPropertyOf kg:code", "not of one kind"),
            ("kg:knows kg:b", "kg:knows 'b'", "takes a thing"),
            ('kg:code "A"', "kg:code kg:b", "takes a literal"),
            ("owl:TransitiveProperty", "owl:TransitiveProperty , owl:FunctionalProperty", "drop"),
        ],
    ),
    (
        hygiene.satisfiability_faults,
        PROFILE,
        [
            ("kg:Place a owl:Class", "kg:Place a owl:Class ; rdfs:subClassOf kg:Actor", "Place"),
            ("rdfs:range kg:Actor", "rdfs:range kg:Actor , kg:Place", "knows"),
            ("kg:b a kg:Actor", "kg:b a kg:Actor , kg:Place", "contradiction"),
        ],
    ),
    (
        hygiene.shape_faults,
        SHAPES,
        [
            ("kgsh:ActorShape-code a sh:PropertyShape", "[] a sh:PropertyShape", "has no IRI"),
            ("kgsh:ActorShape-code", "kgsh:code", "name a property shape"),
            ("kgsh:ActorShape ", "kgsh:Actor ", "name a node shape"),
            ("sh:severity sh:Violation ;", "", "one sh:severity"),
            ('"En kod."@sv , ', "", "sh:message in sv and in en"),
        ],
    ),
    (hygiene.target_faults, SHAPES, [("sh:targetClass kg:Actor ;", "", "checks nothing")]),
    (
        used_term_faults,
        SHAPES,
        [
            ("sh:maxCount 1", "sh:shape kg:Actor", "sh:shape is not a term"),
            ("sh:path kg:code", "sh:path kg:cod", "kg:cod is not declared"),
            ("sh:path kg:code", "sh:path org:membr", "org:membr is not a term"),
        ],
    ),
    (
        hygiene.data_faults,
        DATA,
        [
            ("<https://w3id.org/klustergraf/id/actor/kth>", "[]", "name the blank node"),
            ("actor/kth", "actor/KTH", "lower case"),
            ("id/actor/kth", "id/kth", "id/<kind>/<slug>"),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "sound", "breaks"), CASES)
def test_sound_example_passes(
    rule: Callable[[Graph], list[str]], sound: str, breaks: list[tuple[str, str, str]]
) -> None:
    """A rule has nothing to say about the sound example."""
    assert breaks
    hygiene.expect_none(rule(graph_of(sound)))


@pytest.mark.parametrize(
    ("rule", "sound", "old", "new", "word"),
    [(rule, sound, *broken) for rule, sound, breaks in CASES for broken in breaks],
)
def test_broken_example_is_caught(
    rule: Callable[[Graph], list[str]], sound: str, old: str, new: str, word: str
) -> None:
    """A rule finds what was broken, and says so."""
    assert old in sound
    faults = rule(graph_of(sound.replace(old, new)))
    assert any(word in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("turtle", "word"),
    [
        ("kg:a kg:b .", "rdflib cannot read it"),
        ("kg:a kg:b <http://example.org/{}> .", "pyoxigraph cannot read it"),
    ],
)
def test_unreadable_turtle_is_caught(tmp_path: Path, turtle: str, word: str) -> None:
    """A file that one of the libraries cannot read is found."""
    path = tmp_path / "broken.ttl"
    path.write_text(PROLOGUE + turtle, encoding="utf-8")
    assert word in "\n".join(hygiene.parser_faults(path))


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("@prefix kg: <https://example.org/#> .", "write <https://w3id.org/klustergraf/"),
        ("PREFIX organisation: <http://www.w3.org/ns/org#>", "call it org:"),
    ],
)
def test_unusual_prefix_is_caught(line: str, word: str) -> None:
    """A prefix that means something else is found, and so is a second name for a namespace."""
    assert word in "\n".join(hygiene.prefix_faults(line))


def test_unreadable_query_is_caught() -> None:
    """A text that is not SPARQL is refused by both engines."""
    assert len(hygiene.query_faults("SELECT ?s WHERE { ?s ?p }")) == 2


def test_terms_of_a_query_are_found() -> None:
    """Terms are found in patterns, paths, filters, data blocks, sub-queries and templates."""
    text = (
        QUERY_PROLOGUE
        + """
        CONSTRUCT { ?a kg:one "x"^^kg:two } WHERE {
          ?a kg:three/^kg:four* ?b . VALUES ?b { kg:five }
          FILTER NOT EXISTS { ?a !(kg:six|kg:seven) ?c FILTER(kg:eight(?c)) }
          { SELECT ?a WHERE { GRAPH kg:nine { ?a a kg:Ten } } }
          OPTIONAL { ?a kg:eleven ?e } MINUS { ?a kg:twelve ?f }
          BIND(IRI(STR(kg:thirteen)) AS ?g)
        }"""
    )
    found = {iri.removeprefix(KG) for iri in hygiene.query_iris(text) if iri.startswith(KG)}
    numbers = "one two three four five six seven eight nine Ten eleven twelve thirteen"
    assert " ".join(sorted(found)) == " ".join(sorted(numbers.split()))


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("SELECT * WHERE { ?s ?p ?o }", False),
        ("SELECT * WHERE { { SELECT ?s WHERE { ?s ?p ?o } ORDER BY ?s } }", False),
        ("SELECT DISTINCT ?s WHERE { ?s ?p ?o } ORDER BY ?s LIMIT 3", True),
        ("SELECT (COUNT(*) AS ?n) ?s WHERE { ?s ?p ?o } GROUP BY ?s ORDER BY ?n", True),
        ("ASK { ?s ?p ?o }", True),
    ],
)
def test_unordered_answers_are_caught(text: str, ordered: bool) -> None:
    """Only ORDER BY of the outermost SELECT gives rows an order."""
    assert hygiene.is_ordered(text) is ordered


@pytest.mark.parametrize("block", [{}, {"title": "Who?"}, {"title": {"sv": "Vem?", "en": " "}}])
def test_undescribed_query_is_caught(block: dict[str, object]) -> None:
    """A query without a title in one of the languages is found."""
    assert hygiene.bilingual_text_faults("title", block)


def test_prefixes_of_shapes_reach_their_queries() -> None:
    """A query inside a shape is read with the prefixes that the shape refers to."""
    graph = graph_of("""
        kgsh:set sh:declare [
            sh:prefix "kg" ; sh:namespace "https://w3id.org/klustergraf/ontology#" ] .
        kgsh:S sh:sparql [
            sh:prefixes kgsh:set ; sh:select "SELECT $this { $this $PATH kg:Actor }" ] .
    """)
    ((_, text),) = hygiene.embedded_queries(graph, graph)
    hygiene.expect_none(hygiene.query_faults(text))
    assert str(URIRef(KG + "Actor")) in hygiene.query_iris(text)
