"""What the gate lets in is what building and validating everything would let in."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from contributing import HEAD, a_testbed, copy_home, put
from klustergraf.build import BuildResult, build
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution, Desk
from klustergraf.contributions.replay import contributed_files
from klustergraf.errors import (
    ContributionError,
    ContributionInReview,
    ContributionRefused,
    GraphParseError,
    PreconditionFailed,
    ShapeViolations,
)
from klustergraf.rdf_files import read_quads
from klustergraf.sources.own import SourceFile

KTH = GraphAddress("kth")


@pytest.fixture(scope="module")
def desk(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk over the graph of the founding documents; each test uses graphs of its own."""
    home = copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("desk") / "home")
    made = Desk(home)
    made.open()
    yield made
    made.close()


def test_contribution_gives_the_version_of_a_whole_build(
    desk: Desk, founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """Contributed, changed, added to, removed: each version is what a build of everything gives."""
    first = desk.versions.current()
    steps = [
        put("ab", a_testbed("ab", "one") + a_testbed("ab", "two")),
        put("ab/more", "<actor/ab> a kg:Company ; skos:prefLabel 'AB'@sv , 'AB'@en ."),
        Contribution(GraphAddress("ab"), "post", (HEAD + a_testbed("ab", "three")).encode()),
        put("ab", a_testbed("ab", "two", "Annat")),
        Contribution(GraphAddress("ab"), "delete"),
    ]
    for number, step in enumerate(steps):
        outcome = desk.submit(step)
        assert outcome.is_stored
        version = desk.versions.current()
        assert version.id == outcome.version
        files = [*founding_files, *contributed_files(desk.home)]
        whole = build(tmp_path / str(number), files=files)
        assert whole.version.id == outcome.version
        assert whole.version.manifest.triples == version.manifest.triples
        assert whole.version.manifest.validation == version.manifest.validation
    told = desk.versions.get(desk.record.entries()[-4].version).manifest
    assert told.contribution is not None
    assert (told.contribution["partner"], told.contribution["kind"]) == ("ab", "put")
    desk.submit(Contribution(GraphAddress("ab", "more"), "delete"))
    assert desk.versions.current().id == first.id


_POOL = [
    *(a_testbed("zz", name) for name in "abcdef"),
    "<facility/zz--a> kg:isOperatedBy <actor/zz> .",
    "<actor/zz> a kg:Company ; skos:prefLabel 'ZZ'@sv , 'ZZ'@en ; kg:worksWith <actor/kth> .",
    "<actor/zz> org:hasSite <site/zz--x> . "
    "<site/zz--x> a org:Site ; kg:locatedIn <place/uppsala> .",
    "<project/zz--p> a kg:Project ; skos:prefLabel 'P'@sv , 'P'@en ; kg:isInitiatedBy <actor/zz> .",
    "<participation/zz--p> a kg:ProjectParticipation ; kg:inProject <project/zz--p> ; "
    "kg:hasParticipant <actor/kth> ; kg:hasCertainty kg:stated ; "
    "prov:wasDerivedFrom <project/zz--p> .",
    "<participation/zz--q> a kg:ProjectParticipation ; kg:inProject <project/zz--p> ; "
    "kg:hasParticipant <actor/karolinska-institutet> ; kg:hasCertainty kg:stated ; "
    "prov:wasDerivedFrom <project/zz--p> .",
    "<facility/zz--a> kg:locatedIn <place/nowhere> .",
    "<facility/zz--b> skos:prefLabel 'Annat namn'@sv .",
    "<actor/zz> foaf:mbox <mailto:someone@example.org> .",
    "<project/zz--p> schema:startDate 'soon' .",
    "<membership/zz--m> a kg:Membership ; org:member <actor/zz> ; org:organization <actor/kth> .",
]


def _accepted_whole(desk: Desk, files: list[SourceFile], turtle: bytes, folder: Path) -> str | None:
    """Build everything with a contribution in it; give the id of the version, if one is made."""
    folder.mkdir()
    graph = GraphAddress("zz")
    path = folder / "zz.nt"
    path.write_bytes(desk.check(Contribution(graph, "put", turtle)).statements)
    own = SourceFile(path, "zz", NamedNode(graph.iri), "")
    others = [f for f in contributed_files(desk.home) if f.graph.value != graph.iri]
    try:
        return build(folder, files=[*files, *others, own]).version.id
    except ShapeViolations:
        return None


@pytest.mark.parametrize("seed", [3, 14])
def test_gate_says_what_validating_everything_says(
    desk: Desk, founding_files: list[SourceFile], tmp_path: Path, seed: int
) -> None:
    """Random states of a graph, right and wrong: let in just when a whole build lets them in."""
    chance = random.Random(seed)
    for number in range(4):
        body = "\n".join(chance.sample(_POOL, chance.randint(1, len(_POOL) // 2)))
        whole = _accepted_whole(
            desk, founding_files, (HEAD + body).encode(), tmp_path / str(number)
        )
        try:
            outcome = desk.submit(put("zz", body))
        except ContributionRefused:
            assert whole is None, body
        else:
            assert outcome.version == whole, body


WRONG = {
    "another's thing": ("<facility/kth--lab> kg:locatedIn <place/uppsala> .", "own-thing"),
    "a founding thing": ("<actor/region-stockholm> a kg:Company .", "own-thing"),
    "nobody's IRI": ("<http://example.org/x> kg:locatedIn <place/uppsala> .", "own-thing"),
    "a slug that looks like one's own": ("<facility/bad-lab> a kg:Testbed .", "own-thing"),
    "a class": ("<facility/bad--x> a <http://www.w3.org/2002/07/owl#Class> .", "vocabulary"),
    "a subclass": ("kg:Testbed rdfs:subClassOf kg:Actor .", "vocabulary"),
    "a collaboration": ("<collaboration/bad--x> a kg:Collaboration .", "made-by-graph"),
    "another's graph": (
        "<https://w3id.org/klustergraf/graph/kth> dct:title 'x'@sv .",
        "own-graph",
    ),
    "the kind of its graph": (
        "<https://w3id.org/klustergraf/graph/bad> kg:hasGraphKind kg:derivedGraph .",
        "own-graph",
    ),
    "no English name": (
        "<facility/bad--x> a kg:Testbed ; skos:prefLabel 'X'@sv .",
        "NamedThingShape-prefLabel-en",
    ),
    "a link to nothing": (
        a_testbed("bad", "x") + "<facility/bad--x> kg:isOperatedBy <actor/bad--nobody> .",
        "DescribedThingShape-type",
    ),
    "an e-mail address": (
        a_testbed("bad", "x") + "<facility/bad--x> skos:note 'someone@example.org'@sv .",
        "EmailShape",
    ),
    "a person": (
        "<actor/bad--p> a foaf:Person ; skos:prefLabel 'A'@sv , 'A'@en .",
        "PersonShape",
    ),
    "two names in one language": (
        a_testbed("bad", "x") + "<facility/bad--x> skos:prefLabel 'Annat'@sv .",
        "quality-conflicting-label-violation",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_refused_with_shape_and_line(desk: Desk, case: tuple[str, str]) -> None:
    """What may not be is refused, by its rule, with its line and words in both languages."""
    body, shape = case
    before = desk.versions.current().id
    with pytest.raises(ContributionRefused) as caught:
        desk.submit(put("bad", body))
    assert desk.versions.current().id == before
    assert desk.tag(GraphAddress("bad")) is None
    results = caught.value.report["results"]
    found = [
        r
        for r in results
        if r["sourceShape"]["value"].endswith((f"#{shape}", f"#contribution-{shape}"))
    ]
    assert found, [r["sourceShape"]["value"] for r in results]
    assert set(found[0]["messages"]) >= {"sv", "en"}
    if shape != "DescribedThingShape-type":  # its focus node is what is missing
        lines = HEAD + body
        assert lines.splitlines()[found[0]["line"] - 1].startswith(("<", "kg:"))


def test_own_actor_keeps_the_name_that_others_gave(desk: Desk) -> None:
    """A partner may add to its actor, and not rename it or make it another kind of thing."""
    desk.submit(put("kth/about", "<actor/kth> foaf:homepage <https://www.kth.se/> ."))
    for body in ("<actor/kth> skos:prefLabel 'KTH AB'@sv .", "<actor/kth> a kg:Company ."):
        with pytest.raises(ContributionRefused) as caught:
            desk.submit(put("kth/about", body))
        shapes = {r["sourceShape"]["value"] for r in caught.value.report["results"]}
        assert shapes == {"https://w3id.org/klustergraf/shapes#contribution-naming"}
    desk.submit(Contribution(GraphAddress("kth", "about"), "delete"))


@pytest.mark.parametrize("same", ["owl:sameAs", "schema:sameAs", "skos:exactMatch"])
def test_two_known_actors_are_not_made_one(desk: Desk, same: str) -> None:
    """A contribution that merges known actors, at once or by a third name, waits for a curator."""
    before = desk.versions.current().id
    actor = "<actor/rev--a> a kg:Company ; skos:prefLabel 'R'@sv , 'R'@en ;"
    chain = "<https://ror.org/026vcq606>"  # that of KTH
    for body in (f"{actor} {same} <actor/kth> .", f"{actor} {same} {chain} ."):
        with pytest.raises(ContributionInReview) as caught:
            desk.submit(put("rev", body))
        assert any("actor/kth" in pair[1] or "actor/kth" in pair[0] for pair in caught.value.pairs)
        waiting = desk.record.folder / "review" / f"{caught.value.review}.json"
        assert waiting.is_file()
    assert desk.versions.current().id == before


def test_same_again_changes_nothing(desk: Desk) -> None:
    """To put what is there makes no version."""
    desk.submit(put("same", a_testbed("same", "x")))
    count = len(desk.record.entries())
    outcome = desk.submit(put("same", a_testbed("same", "x")))
    assert not outcome.is_stored
    assert len(desk.record.entries()) == count


def test_precondition(desk: Desk) -> None:
    """A change made for another state of the graph is refused (RFC 9110, 13.1)."""
    new = desk.submit(put("etag", a_testbed("etag", "x"), if_none_match="*"))
    with pytest.raises(PreconditionFailed):
        desk.submit(put("etag", a_testbed("etag", "y"), if_none_match="*"))
    with pytest.raises(PreconditionFailed):
        desk.submit(put("etag", a_testbed("etag", "y"), if_match='"0123"'))
    changed = desk.submit(put("etag", a_testbed("etag", "y"), if_match=f'"{new.tag}.ttl"'))
    with pytest.raises(PreconditionFailed):
        desk.submit(put("etag", a_testbed("etag", "z"), if_match=f'"{new.tag}"'))
    assert desk.tag(GraphAddress("etag")) == changed.tag


def test_check_stores_nothing(desk: Desk) -> None:
    """A dry run reports what would be, and leaves no trace."""
    before = (desk.versions.current().id, len(desk.record.entries()))
    assert desk.check(put("dry", a_testbed("dry", "x"))).report["conforms"]
    assert not desk.check(put("dry", "<facility/dry--x> a kg:Testbed .")).report["conforms"]
    assert (desk.versions.current().id, len(desk.record.entries())) == before


UNREADABLE = {
    "not Turtle": ("text/turtle", b"<a", "line"),
    "not UTF-8": ("text/turtle", b"<urn:a> <urn:b> '\xff' .", "UTF-8"),
    "a blank node": ("text/turtle", b"[] <urn:b> 1 .", "blank node"),
    "a literal too long": (
        *("text/turtle", b'<urn:a> <urn:b> "' + b"x" * 20_000 + b'" .', "characters"),
    ),
    "an IRI too long": ("text/turtle", b"<urn:" + b"x" * 3000 + b"> <urn:b> 1 .", "characters"),
    "a remote context": (
        *("application/ld+json", b'{"@context": "http://example.org/c", "@id": "urn:a"}', "remote"),
    ),
    "an entity": (
        "application/rdf+xml",
        b'<!DOCTYPE r [<!ENTITY a "x">]><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&a;</rdf:RDF>',
        "entities",
    ),
    "XML in another encoding": (
        *("application/rdf+xml", b'<?xml version="1.0" encoding="UTF-7"?><x/>', "UTF-8"),
    ),
    "another's graph in TriG": (
        "application/trig",
        b"<https://w3id.org/klustergraf/graph/kth> { <urn:a> <urn:b> 1 }",
        "Here only",
    ),
    "RDF 1.2": ("text/turtle", b"<urn:a> <urn:b> <<( <urn:a> <urn:b> 1 )>> .", "1.2"),
    "deep nesting": ("application/ld+json", b"[" * 100_000, ""),
    "deep nesting in Turtle": ("text/turtle", b"<urn:a> <urn:b> " + b"(" * 100_000, ""),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable(desk: Desk, case: tuple[str, bytes, str]) -> None:
    """What cannot be read, or may not be, is refused with the reason."""
    media_type, content, said = case
    with pytest.raises((GraphParseError, ContributionError)) as caught:
        desk.submit(Contribution(GraphAddress("worse"), "put", content, media_type))
    assert said in str(caught.value)
    assert desk.tag(GraphAddress("worse")) is None


def test_record_has_what_was_sent(desk: Desk, tmp_path: Path) -> None:
    """The file that was sent is kept as it came, and the graph as it was read."""
    sent = put("kept", a_testbed("kept", "x"))
    desk.submit(sent)
    entry = desk.record.history(GraphAddress("kept").iri)[-1]
    assert entry.original is not None
    assert entry.statements is not None
    assert desk.record.read(entry.original) == sent.content
    path = tmp_path / "read.nt"
    path.write_bytes(desk.record.read(entry.statements))
    assert len(read_quads(path)) == 5 + 7
