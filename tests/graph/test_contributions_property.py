"""Chains of random changes: the gate lets in, and says, what building and validating all does."""

import random
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import NamedNode

from contributing import HEAD, a_testbed, copy_home
from klustergraf.build import BuildResult, build
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution, Desk
from klustergraf.contributions.record import Kind
from klustergraf.contributions.replay import contributed_files
from klustergraf.errors import ContributionRefused, ShapeViolations
from klustergraf.namespaces import SH
from klustergraf.sources.own import SourceFile

_GRAPHS = ("aa", "aa/more", "bb")
_STEPS = 20

# What a random statement is made of. Many of these do not go together: that is the purpose.
_ACTORS = ("kth", "karolinska-institutet", "region-stockholm", "aa", "bb", "aa--x", "nobody")
_PLACES = ("uppsala", "flemingsberg", "stockholms-lan", "nowhere")
_CLASSES = {
    "actor": ("Company", "StartUp", "Foundation", "OrganisationalUnit", "RegionalAuthority"),
    "facility": ("Testbed", "Biobank", "ResearchInfrastructure"),
    "project": ("Project",),
    "site": (),
    "agreement": ("Agreement", "LetterOfIntent"),
    "group": ("WorkingGroup",),
    "participation": ("ProjectParticipation",),
    "membership": ("Membership",),
    "party": ("AgreementParty",),
}
_LABELS = (
    "skos:prefLabel 'N'@sv , 'N'@en", "skos:prefLabel 'N'@sv", "skos:prefLabel 'M'@sv , 'N'@en",
    "skos:altLabel 'N'@sv", "skos:prefLabel ' N'@en", "skos:prefLabel 'N'",
)  # fmt: skip


def statement(chance: random.Random, partner: str) -> str:
    """Make one statement, or a few, on a thing of a partner's own."""
    kind = chance.choice(list(_CLASSES))
    own = f"<{kind}/{partner}--{chance.choice('xy')}>"
    if kind == "actor" and chance.random() < 0.4:
        own = f"<actor/{partner}>"
    actor, place = chance.choice(_ACTORS), chance.choice(_PLACES)
    other = (
        f"<{chance.choice(list(_CLASSES))}/{chance.choice(('aa', 'bb'))}--{chance.choice('xy')}>"
    )
    year = chance.randint(2019, 2030)
    said = [
        *(f"a kg:{name}" for name in _CLASSES[kind]),
        *_LABELS[:2],
        chance.choice(_LABELS),
        f"kg:locatedIn <place/{place}>",
        f"kg:isOperatedBy <actor/{actor}>",
        f"kg:isInitiatedBy <actor/{actor}>",
        f"kg:worksWith <actor/{actor}>",
        f"kg:hasParticipant <actor/{actor}>",
        f"kg:inProject {other}",
        f"kg:inAgreement {other}",
        f"org:hasSite {other}",
        f"org:unitOf <actor/{actor}>",
        f"org:member <actor/{actor}> ; org:organization {other} ; org:role <role/member>",
        "kg:hasCertainty kg:stated",
        chance.choice(("kg:hasCertainty kg:inferred", "kg:hasStage <party-stage/first>")),
        f"prov:wasDerivedFrom {chance.choice((own, other, f'<../graph/{partner}>'))}",
        f"schema:startDate '{year}'^^xsd:gYear",
        chance.choice((f"schema:endDate '{year - 1}'^^xsd:gYear", "schema:startDate 'soon'")),
        f"kg:contributesTo <priority/{chance.choice(('a1', 'e2', 'z9'))}>",
        "skos:note 'someone@example.org'@sv",
        f"kg:isBinding {chance.choice(('true', 'false', '1'))}",
        f"rdfs:seeAlso {other}",
    ]
    return f"{own} {chance.choice(said)} .\n"


def whole_things(partner: str) -> list[str]:
    """Give what conforms together, so that chains get somewhere."""
    project = f"<project/{partner}--x>"
    return [
        a_testbed(partner, "x"),
        a_testbed(partner, "y", "Annat"),
        f"<actor/{partner}> a kg:Company ; {_LABELS[0]} ; kg:worksWith <actor/kth> .\n",
        f"{project} a kg:Project ; {_LABELS[0]} ; kg:isInitiatedBy <actor/kth> .\n"
        + "".join(
            f"<participation/{partner}--{name}> a kg:ProjectParticipation ;"
            f" kg:inProject {project} ; kg:hasParticipant <actor/{actor}> ; "
            f"kg:hasCertainty kg:stated ; prov:wasDerivedFrom {project} .\n"
            for name, actor in (("x", "kth"), ("y", "karolinska-institutet"))
        ),
        f"<actor/{partner}> org:hasSite <site/{partner}--x> . "
        f"<site/{partner}--x> a org:Site ; kg:locatedIn <place/uppsala> .\n",
    ]


def change(chance: random.Random, graph: str) -> tuple[Kind, str]:
    """Make a change of a graph: right, wrong, or of both."""
    partner = graph.partition("/")[0]
    kind: Kind = chance.choice(("put", "put", "post", "post", "delete"))
    pieces = chance.sample(whole_things(partner), chance.randint(0, 3))
    if chance.random() < 0.6:
        pieces += [statement(chance, partner) for _ in range(chance.randint(1, 3))]
    return kind, "".join(pieces)


def violations(turtle: str) -> Counter[tuple[str, str]]:
    """Count the violations of a report by focus node and shape."""
    store = ox.Store()
    store.load(turtle.encode(), format=ox.RdfFormat.TURTLE)
    found: Counter[tuple[str, str]] = Counter()
    severity = ox.NamedNode(SH + "Violation")
    for quad in store.quads_for_pattern(None, NamedNode(SH + "resultSeverity"), severity, None):
        focus, shape = (
            str(
                next(store.quads_for_pattern(quad.subject, NamedNode(SH + name), None, None)).object
            )
            for name in ("focusNode", "sourceShape")
        )
        found[focus, shape] += 1
    return found


def judged_whole(
    desk: Desk, files: list[SourceFile], address: GraphAddress, statements: bytes, folder: Path
) -> tuple[str | None, Counter[tuple[str, str]], int]:
    """Build everything with a graph as it would be; give the version's id, or what is violated.

    The last number: how many findings of the rules of quality there are.
    """
    folder.mkdir()
    others = [f for f in contributed_files(desk.home) if f.graph.value != address.iri]
    own: list[SourceFile] = []
    if statements:
        path = folder / "own.nt"
        path.write_bytes(statements)
        own = [SourceFile(path, address.path, NamedNode(address.iri), "")]
    try:
        return build(folder, files=[*files, *others, *own]).version.id, Counter(), 0
    except ShapeViolations as exc:
        shapes = violations(exc.report_turtle)
        return None, shapes, exc.count - sum(shapes.values())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_chain_of_changes(
    founding: BuildResult, founding_files: list[SourceFile], tmp_path: Path, seed: int
) -> None:
    """Each is let in as the version of a whole build, or refused for the violations of one."""
    chance = random.Random(seed)
    desk = Desk(copy_home(founding.version.path.parents[1], tmp_path / "home"))
    desk.open()
    outcomes: Counter[str] = Counter()
    try:
        for number in range(_STEPS):
            graph = chance.choice(_GRAPHS)
            address = GraphAddress.of(graph)
            kind, body = change(chance, graph)
            if kind == "delete" and desk.tag(address) is None:
                kind = "put"
            content = b"" if kind == "delete" else (HEAD + body).encode()
            contribution = Contribution(address, kind, content)
            would_be = desk.check(contribution).statements
            whole, violated, quality = judged_whole(
                desk, founding_files, address, would_be, tmp_path / str(number)
            )
            told = f"seed {seed}, step {number}: {kind} {graph}\n{body}"
            try:
                outcome = desk.submit(contribution)
            except ContributionRefused as exc:
                assert whole is None, told
                found = violations(exc.report_turtle)
                by_quality = {pair for pair in found if "#quality-" in pair[1]}
                assert {p: n for p, n in found.items() if p not in by_quality} == violated, told
                assert bool(by_quality) == bool(quality), told
                outcomes["refused"] += 1
            else:
                assert outcome.version == whole, told
                outcomes["stored" if outcome.is_stored else "same"] += 1
    finally:
        desk.close()
    assert outcomes["refused"] >= 3, outcomes
    assert outcomes["stored"] >= 3, outcomes
