"""Rules: each derives what its definition says, on examples small enough to see."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Quad, QueryTriples, RdfFormat, Store, Triple, parse, serialize

from klustergraf import fixpoint
from klustergraf.catalogue import read_header
from klustergraf.errors import GraphParseError, SparqlSyntaxError
from klustergraf.fixpoint import derive
from klustergraf.namespaces import PREFIXES, RDF
from klustergraf.resources import room
from klustergraf.rules import Pattern, Rule, load_rules, patterns_of
from klustergraf.sources.own import SourceFile

_HERE = "kg:locatedIn <place/stockholm-uppsala>"
_HEAD = "@base <https://w3id.org/klustergraf/id/> ." + "".join(
    f"@prefix {prefix}: <{iri}> ." for prefix, iri in PREFIXES.items()
)


def _triples(turtle: str) -> set[Triple]:
    return {q.triple for q in parse(_HEAD + turtle, format=RdfFormat.TURTLE)}


def _derived(turtle: str, rules: list[Rule] | None = None) -> dict[str, set[Triple]]:
    return _derived_from(_triples(turtle), load_rules() if rules is None else rules)


def _derived_from(triples: set[Triple], rules: list[Rule]) -> dict[str, set[Triple]]:
    store = Store()
    store.extend(Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    asserted = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    derived = derive(store, rules, set(asserted.splitlines(keepends=True)))
    return {
        name: {q.triple for q in parse(b"".join(lines), format=RdfFormat.N_TRIPLES)}
        for name, lines in derived.items()
    }


CASES = {
    "superclasses": (
        "<actor/a> a kg:Foundation . kg:Foundation rdfs:subClassOf kg:Actor . "
        "kg:Actor rdfs:subClassOf org:Organization .",
        "<actor/a> a kg:Actor , org:Organization .",
    ),
    "subproperties": (
        "kg:scbCode rdfs:subPropertyOf dct:identifier . <place/x> kg:scbCode '01' .",
        "<place/x> dct:identifier '01' .",
    ),
    "labels": ("<actor/a> skos:prefLabel 'A'@sv .", "<actor/a> rdfs:label 'A'@sv ."),
    "inverses": (
        "kg:isBackedBy owl:inverseOf kg:backs . kg:collaboratesWith a owl:SymmetricProperty . "
        "<actor/a> kg:backs <actor/f> ; kg:collaboratesWith <actor/b> .",
        "<actor/f> kg:isBackedBy <actor/a> . <actor/b> kg:collaboratesWith <actor/a> .",
    ),
    "place-containment": (
        "<place/a> geo:sfWithin <place/b> . <place/b> geo:sfWithin <place/c> .",
        "<place/a> geo:sfWithin <place/c> .",
    ),
    "location": (
        "<actor/a> org:hasSite <site/a> . <site/a> kg:locatedIn <place/a> . "
        "<place/a> geo:sfWithin <place/b> . <actor/r> kg:hasTerritory <place/b> .",
        "<site/a> kg:locatedIn <place/b> . <actor/a> kg:locatedIn <place/a> , <place/b> . "
        "<actor/r> kg:locatedIn <place/b> .",
    ),
    "backers": (
        "<m> a kg:Membership ; org:member <actor/a> ; org:organization <actor/f> ; "
        "org:role <role/backer> . <n> a kg:Membership ; org:member <actor/b> ; "
        "org:organization <actor/f> ; org:role <role/member> .",
        "<actor/a> kg:backs <actor/f> .",
    ),
    "membership": (
        "<m> a kg:Membership ; org:member <actor/a> ; org:organization <group/g> .",
        "<actor/a> org:memberOf <group/g> .",
    ),
    "actor-kinds": (
        "<actor-kind/k> a kg:ActorKind ; kg:representsClass kg:Company . "
        "kg:StartUp rdfs:subClassOf kg:Company . <actor/a> a kg:StartUp .",
        "<actor/a> org:classification <actor-kind/k> .",
    ),
    "value-chain": (
        "<actor/a> org:classification <actor-kind/k> . <actor-kind/k> kg:actsInStage <stage/s> .",
        "<actor/a> kg:coversStage <stage/s> .",
    ),
}
CASES["collaboration-stated"] = (
    "<actor/a> a kg:Actor ; kg:worksWith <actor/b> , <facility/x> . <actor/b> a kg:Actor .",
    "<actor/a> kg:collaboratesWith <actor/b> . <actor/b> kg:collaboratesWith <actor/a> .",
)
CASES |= {
    "strategy-facility-kind": (
        "<facility/t> a kg:Testbed . <facility/b> a kg:Biobank , kg:ResearchInfrastructure . "
        "<facility/f> a kg:Facility .",
        "<facility/t> kg:contributesTo <priority/e1> . "
        "<facility/b> kg:contributesTo <priority/a2> , <priority/e3> .",
    ),
    "facility-actor": (
        "<facility/a> a kg:Facility ; skos:prefLabel 'Provlabbet'@sv , 'Test Lab (TL)'@en . "
        "<facility/b> a kg:Facility ; skos:prefLabel 'TL'@en ; skos:altLabel 'Verket'@sv . "
        "<facility/c> a kg:Facility ; skos:prefLabel 'Parken'@sv ; rdfs:seeAlso <actor/parken> . "
        "<actor/a> a kg:Actor ; skos:altLabel 'Test Lab'@und ; schema:addressCountry 'SE' . "
        "<actor/n> a kg:Actor ; skos:altLabel 'TL'@und ; schema:addressCountry 'NO' . "
        f"<actor/v> a kg:Actor ; skos:prefLabel 'Verket'@sv ; {_HERE} . "
        "<actor/parken> a kg:Actor ; skos:prefLabel 'Parken'@en .",
        "<facility/a> kg:isAlsoActor <actor/a> . <facility/c> kg:isAlsoActor <actor/parken> .",
    ),
    "strategy-actor-kind": (
        f"<actor/i> a kg:Investor ; {_HERE} . <actor/j> a kg:Investor . "
        f"<actor/c> a kg:Company ; {_HERE} .",
        "<actor/i> kg:contributesTo <priority/b3> .",
    ),
    "strategy-operator": (
        "<facility/t> kg:isOperatedBy <actor/a> ; kg:contributesTo <priority/e1> , <aspect/e> . "
        "<actor/b> kg:operates <facility/t> . <priority/e1> a kg:PriorityArea .",
        "<actor/a> kg:contributesTo <priority/e1> . <actor/b> kg:contributesTo <priority/e1> .",
    ),
    "strategy-health-programme": (
        "<project/p> kg:inProgramme <programme/h2020-eu-3-1> . "
        "<project/q> kg:inProgramme <programme/h2020-eu-3-1-2> . "
        "<project/r> kg:inProgramme <programme/h2020-eu-3-10> , <programme/h2020> .",
        "<project/p> kg:contributesTo <priority/a3> . <project/q> kg:contributesTo <priority/a3> .",
    ),
    "strategy-research-field": (
        "<project/p> kg:hasResearchField <research-field/21-33-7> . "
        "<project/q> kg:hasResearchField <research-field/23-21> .",
        "<project/p> kg:contributesTo <priority/a3> .",
    ),
    "strategy-coordinator": (
        f"<actor/a> {_HERE} . <actor/b> {_HERE} . <project/p> kg:contributesTo <priority/a3> . "
        "<m> kg:inProject <project/p> ; kg:hasParticipant <actor/a> ; "
        "org:role <role/coordinator> . "
        "<k> kg:inProject <project/p> ; kg:hasParticipant <actor/b> ; org:role <role/member> .",
        "<actor/a> kg:contributesTo <priority/a3> .",
    ),
    "strategy-partner-abroad": (
        f"<actor/a> {_HERE} . <actor/b> schema:addressCountry 'NO' . "
        "<actor/c> schema:addressCountry 'SE' . "
        "<project/p> a kg:Project ; kg:contributesTo <priority/a3> . "
        "<project/q> a kg:Project ; kg:contributesTo <priority/a3> . "
        "<m> kg:inProject <project/p> ; kg:hasParticipant <actor/a> . "
        "<k> kg:inProject <project/p> ; kg:hasParticipant <actor/b> . "
        "<l> kg:inProject <project/q> ; kg:hasParticipant <actor/a> . "
        "<o> kg:inProject <project/q> ; kg:hasParticipant <actor/c> .",
        "<project/p> kg:contributesTo <priority/b1> .",
    ),
}
_ACTORS = "<actor/a> a kg:Actor . <actor/b> a kg:Actor . <actor/c> a kg:Actor . "
TIES = {
    "foundation": (
        "<actor/f> a kg:Foundation . " + "".join(
            f"<m{x}> a kg:Membership ; org:member <actor/{x}> ; org:organization <actor/f> ; "
            f"org:role <role/{role}> ; kg:hasCertainty kg:{certainty} . "
            for x, role, certainty in (
                ("a", "backer", "stated"), ("b", "backer", "inferred"), ("c", "member", "stated")
            )
        ),
        "actor/f", "",
    ),
    "agreement": (
        "<agreement/g> dct:issued '2024-06-14'^^xsd:date . " + "".join(
            f"<m{x}> a kg:AgreementParty ; kg:hasParticipant <{who}> ; "
            f"kg:inAgreement <agreement/g> ; kg:hasCertainty kg:{certainty} . "
            for x, who, certainty in (
                ("a", "actor/a", "stated"), ("b", "actor/b", "inferred"),
                ("c", "group/open", "stated"),
            )
        ),
        "agreement/g", "; schema:startDate '2024-06-14'^^xsd:date",
    ),
    "group": (
        "<group/g> a kg:WorkingGroup . <group/o> a kg:OpenGroup . " + "".join(
            f"<m{x}> a kg:Membership ; org:member <actor/{x}> ; org:organization <group/{g}> ; "
            f"kg:hasCertainty kg:{certainty} . "
            for x, g, certainty in (
                ("a", "g", "stated"), ("b", "g", "inferred"), ("c", "o", "stated")
            )
        ),
        "group/g", "",
    ),
    "project": (
        "<project/p> schema:startDate '2019'^^xsd:gYear . "
        "<actor/abroad> a kg:Actor . <mabroad> a kg:ProjectParticipation ; kg:hasParticipant "
        "<actor/abroad> ; kg:inProject <project/p> ; kg:hasCertainty kg:stated . " + "".join(
            f"<actor/{x}> kg:locatedIn <place/stockholm-uppsala> . "
            f"<m{x}> a kg:ProjectParticipation ; kg:hasParticipant <actor/{x}> ; "
            f"kg:inProject <project/{p}> ; kg:hasCertainty kg:{certainty} . "
            for x, p, certainty in (
                ("a", "p", "stated"), ("b", "p", "inferred"), ("c", "q", "stated")
            )
        ),
        "project/p", "; schema:startDate '2019'^^xsd:gYear",
    ),
}  # fmt: skip
for _tie, (_given, _through, _since) in TIES.items():
    _slug = _through.split("/")[1]
    CASES[f"collaboration-{_tie}"] = (
        _ACTORS + _given,
        "<actor/a> kg:collaboratesWith <actor/b> . <actor/b> kg:collaboratesWith <actor/a> . "
        f"<collaboration/a--b--{_tie}-{_slug}> a kg:Collaboration ; "
        "kg:hasCollaborator <actor/a> , <actor/b> ; "
        f"kg:isThrough <{_through}> ; kg:hasTieKind <tie-kind/{_tie}> ; "
        "kg:hasCertainty kg:derived ; kg:hasPremiseCertainty kg:inferred ; "
        f"prov:wasDerivedFrom <ma> , <mb> {_since} .",
    )


@pytest.mark.parametrize("name", CASES)
def test_each_rule_derives_what_it_says_and_no_more(name: str) -> None:
    """The rule alone gives exactly the expected statements."""
    given_turtle, expected = CASES[name]
    rule = next(rule for rule in load_rules() if rule.name == name)
    assert _derived(given_turtle, [rule])[name] == _triples(expected)


def test_every_rule_has_a_case() -> None:
    """A new rule needs an example of what it derives."""
    assert set(CASES) == {path.stem for path in (room("queries") / "rules").glob("*.rq")}


def test_what_is_asserted_is_not_derived() -> None:
    """A statement that a source makes stays the source's, even where a rule would give it."""
    derived = _derived("<actor/a> skos:prefLabel 'A'@sv ; rdfs:label 'A'@sv .")
    assert derived["labels"] == set()


def test_rules_feed_each_other() -> None:
    """What one rule derives is a premise of the next, in whatever order they stand."""
    derived = _derived(
        "kg:isBackedBy owl:inverseOf kg:backs . <m> a kg:Membership ; org:member <actor/a> ; "
        "org:organization <actor/f> ; org:role <role/backer> ."
    )
    assert _triples("<actor/f> kg:isBackedBy <actor/a> .") <= derived["inverses"]


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(chance: random.Random) -> None:
    """Shuffled rules derive the same, each in its own graph."""
    turtle = "".join(case for case, _ in CASES.values() if "<n>" not in case)
    rules = load_rules()
    expected = _derived(turtle, rules)
    chance.shuffle(rules)
    assert _derived(turtle, rules) == expected


@pytest.mark.parametrize("large", [0, 1_000_000])
def test_the_shortcuts_derive_what_plain_repetition_does(
    large: int, founding_files: list[SourceFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rules again and again over the union of named graphs, until nothing comes: the same.

    The first round by two processes, and by one.
    """
    monkeypatch.setattr(fixpoint, "_LARGE", large)
    monkeypatch.setattr(fixpoint, "is_possible", lambda: True)
    quads = [quad for file in founding_files for quad in file.quads()]
    named, asserted = Store(), {quad.triple for quad in quads}
    named.extend(quads)
    expected: dict[str, set[Triple]] = {rule.name: set() for rule in load_rules()}
    size = -1
    while size != sum(map(len, expected.values())):
        size = sum(map(len, expected.values()))
        for rule in load_rules():
            found = named.query(rule.text, use_default_graph_as_union=True)
            assert isinstance(found, QueryTriples)
            expected[rule.name] |= set(found) - asserted
            named.extend(
                Quad(t.subject, t.predicate, t.object, rule.graph) for t in expected[rule.name]
            )
    assert _derived_from(asserted, load_rules()) == expected
    assert size > 1000


_CLASSES = st.sampled_from(("A", "B", "C", "D", "E"))


@given(
    st.lists(st.tuples(_CLASSES, _CLASSES), max_size=8),
    st.lists(st.tuples(st.sampled_from("xyz"), _CLASSES), max_size=4),
    st.lists(st.tuples(_CLASSES, _CLASSES), max_size=3),
)
def test_what_is_called_closed_is(
    pairs: list[tuple[str, str]], members: list[tuple[str, str]], given: list[tuple[str, str]]
) -> None:
    """Of any hierarchy, a closed rule and one that gives it more: the same with and without."""
    said = {"sv": "x", "en": "x"}
    turtle = "".join(f"<{a}> rdfs:subClassOf <{b}> ; rdfs:subPropertyOf <{b}> . " for a, b in pairs)
    turtle += "".join(f"<{thing}> a <{kind}> ; <{kind}> <v> . " for thing, kind in members)
    turtle += "".join(f"<{a}> <gives> <{b}> . " for a, b in given)
    text = "CONSTRUCT { ?x a ?b } WHERE { ?x a ?a . ?a <https://w3id.org/klustergraf/id/gives> ?b }"
    closed = [rule for rule in load_rules() if rule.is_closed]
    assert {rule.name for rule in closed} == {"superclasses", "subproperties"}
    giving = Rule("giving", said, said, text)
    opened = [replace(rule, is_closed=False) for rule in closed]
    assert _derived(turtle, [*closed, giving]) == _derived(turtle, [*opened, giving])


_NODES = st.sampled_from(("1", "2", "3"))
_LINKS = st.sampled_from(("p", "q", "r"))
_DRAWN_RULES = {
    "one": "?x <p> ?y . OPTIONAL { ?y <q> ?z } => ?x <r> ?y . ?x <q> ?z",
    "two": "?x <q> ?y . OPTIONAL { ?y <p> ?z . ?z <r> ?w } => ?x <p> ?z . ?z <r> ?w",
    "filtered": "?x <r> ?y . OPTIONAL { ?y <p> ?z FILTER (?z != ?x) } => ?z <q> ?x",
    "both": "?x <q> ?y . OPTIONAL { ?x <p> ?z } OPTIONAL { ?y <r> ?w } => ?y <p> ?z . ?x <r> ?w",
    "made": "?x <p> ?y . OPTIONAL { ?x <r> ?z } BIND (IF(?z = ?x, ?y, ?z) AS ?w) => ?w <q> ?x",
    "within": "?x <r> ?y . OPTIONAL { ?x <q> ?z OPTIONAL { ?z <p> ?w } } => ?z <p> ?x . ?w <p> ?y",
}


@settings(max_examples=150)
@given(
    st.sets(st.sampled_from(sorted(_DRAWN_RULES)), min_size=1),
    st.sets(st.tuples(_NODES, _LINKS, _NODES), min_size=1, max_size=6),
)
def test_an_optional_part_gives_what_plain_repetition_does(
    names: set[str], data: set[tuple[str, str, str]]
) -> None:
    """Rules with OPTIONAL that feed each other, of any small graph: what came alone is enough."""
    said = {"sv": "x", "en": "x"}
    rules = []
    for name in sorted(names):
        body, _, head = _DRAWN_RULES[name].partition(" => ")
        text = f"BASE <https://w3id.org/klustergraf/id/> CONSTRUCT {{ {head} }} WHERE {{ {body} }}"
        rules.append(Rule(name, said, said, text))
    asserted = _triples("".join(f"<{a}> <{p}> <{b}> . " for a, p, b in data))
    expected: dict[str, set[Triple]] = {rule.name: set() for rule in rules}
    store, size = Store(), -1
    store.extend(Quad(t.subject, t.predicate, t.object) for t in asserted)
    while size != len(store):
        size = len(store)
        for rule in rules:
            found = store.query(rule.text)
            assert isinstance(found, QueryTriples)
            expected[rule.name] |= set(found) - asserted
            for t in expected[rule.name]:
                store.add(Quad(t.subject, t.predicate, t.object))
    assert _derived_from(asserted, rules) == expected


@pytest.mark.parametrize("few", [0, 1_000_000])
def test_few_new_statements_give_what_all_give(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that comes again: asked of all, or of what came alone, where each solution has it."""
    monkeypatch.setattr(fixpoint, "_FEW", few)
    said = {"sv": "x", "en": "x"}
    base = "https://w3id.org/klustergraf/id/"
    texts = {
        "chain": f"CONSTRUCT {{ ?x <{base}p> ?z }} WHERE {{ ?x <{base}p> ?y . ?y <{base}p> ?z }}",
        "from": f"CONSTRUCT {{ ?x <{base}p> ?y }} WHERE {{ ?x <{base}q> ?y }}",
        "maybe": f"CONSTRUCT {{ ?x <{base}r> ?z }} WHERE {{ ?x a <{base}C> "
        f"OPTIONAL {{ ?x <{base}p> ?z }} }}",
        "if": f"CONSTRUCT {{ ?x <{base}s> ?x }} WHERE {{ ?x a <{base}C> "
        f"FILTER EXISTS {{ ?x <{base}p> <4> }} }}".replace("<4>", f"<{base}4>"),
    }
    rules = [Rule(name, said, said, text) for name, text in texts.items()]
    turtle = "<1> <p> <2> ; a <C> . <2> <q> <3> . <3> <q> <4> ; a <C> ."
    derived = _derived(turtle, rules)
    pairs = {(1, 3), (1, 4), (2, 3), (2, 4), (3, 4)}
    both = derived["chain"] | derived["from"]
    assert both == _triples("".join(f"<{a}> <p> <{b}> . " for a, b in pairs))
    assert derived["maybe"] == _triples("<1> <r> <2> , <3> , <4> . <3> <r> <4> .")
    assert derived["if"] == _triples("<1> <s> <1> . <3> <s> <3> .")


def test_a_rule_that_cannot_run_is_named() -> None:
    """A broken rule stops the build with its name, not with a traceback of the engine."""
    said = {"sv": "x", "en": "x"}
    with pytest.raises(SparqlSyntaxError, match="rule broken"):
        _derived("", [Rule("broken", said, said, "CONSTRUCT { ?s ?p } WHERE {}")])
    blank = Rule("blank", said, said, "CONSTRUCT { ?s ?p [] } WHERE { ?s ?p ?o }")
    with pytest.raises(GraphParseError, match="without blank nodes"):
        _derived("", [blank])
    with pytest.raises(GraphParseError, match="not a CONSTRUCT"):
        _derived("", [Rule("select", said, said, "SELECT * WHERE {}")])


def test_rules_do_not_negate() -> None:
    """Rules run to a fixpoint, which negation would make depend on their order."""
    for path in (room("queries") / "rules").glob("*.rq"):
        _, text = read_header(path)
        code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        assert "NOT EXISTS" not in code, f"{path.name}: a rule must not negate"
        assert "MINUS" not in code, f"{path.name}: a rule must not negate"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?g { GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?g <urn:k> ?v } }",
         {("urn:k", None)}),
        ("SELECT ?g { GRAPH ?g { ?s a <urn:C> } ?s <urn:p>/<urn:q>* ?v }",
         {(RDF + "type", "urn:C"), ("urn:p", None), ("urn:q", None)}),
        ("SELECT ?g ?p { GRAPH ?g { ?s ?p ?o } }", None),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", None),
        ("SELECT ?g { GRAPH ?g { ?s ?p ?o . ?o <urn:p> ?v } }", None),
        ("SELECT ?g { GRAPH ?g { ?s !<urn:p> ?o } }", None),
    ],
)  # fmt: skip
def test_what_a_query_can_tell_apart(query: str, expected: set[Pattern] | None) -> None:
    """Only a pattern of variables that stand nowhere else is content with any statement."""
    assert patterns_of(query) == expected
