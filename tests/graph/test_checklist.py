"""What the founding documents say is in the graph: every row of the domain's check-list.

The expected values were counted by hand in the documents. Each row also names something that must
have a passage behind it.
"""

from typing import NamedTuple

import pytest
from pyoxigraph import QuerySolutions, Store

from klustergraf.namespaces import ID, PREFIXES


class Row(NamedTuple):
    """A row of the check-list: a pattern that binds ?x, and the values it must bind, no others."""

    what: str
    pattern: str
    expected: set[str]


def _ids(kind: str, *slugs: str) -> set[str]:
    return {f"id/{kind}/{slug}" for slug in slugs}


ROWS = [
    Row("regional authorities", "?x a kg:RegionalAuthority",
        _ids("actor", "region-stockholm", "region-uppsala")),
    Row("a region is not its county", "?x a kg:RegionalAuthority , kg:Place", set()),
    Row("territories of the regions", "?r a kg:RegionalAuthority ; kg:hasTerritory ?x",
        _ids("place", "stockholms-lan", "uppsala-lan")),
    Row("county administrative boards", "?x a kg:CountyAdministrativeBoard",
        _ids("actor", "lansstyrelsen-stockholm", "lansstyrelsen-uppsala")),
    Row("municipal authorities", "?x a kg:MunicipalAuthority",
        _ids("actor", "huddinge-kommun", "botkyrka-kommun")),
    Row("the municipalities concerned are an open group", "?x a kg:OpenGroup ; kg:hasMemberKind "
        "<actor-kind/municipality> . "
        "?p a kg:AgreementParty ; kg:hasParticipant ?x", _ids("group", "berorda-kommuner")),
    Row("universities (a curator's reading)", "?x a kg:University",
        _ids("actor", "karolinska-institutet", "kth", "stockholms-universitet",
             "uppsala-universitet", "slu")),
    Row("university colleges (a curator's reading)", "?x a kg:UniversityCollege",
        _ids("actor", "sodertorns-hogskola", "roda-korsets-hogskola")),
    Row("the five universities are inferred parties",
        "?p a kg:AgreementParty ; kg:hasParticipant ?x ; kg:hasCertainty kg:inferred",
        _ids("actor", "karolinska-institutet", "kth", "stockholms-universitet",
             "uppsala-universitet", "slu")),
    Row("every inferred party says why",
        "?p a kg:AgreementParty ; kg:hasParticipant ?x ; kg:hasCertainty kg:inferred . "
        "FILTER NOT EXISTS { ?p kg:inferenceReason ?reason }", set()),
    Row("chamber of commerce", "?x a kg:ChamberOfCommerce",
        _ids("actor", "stockholms-handelskammare")),
    Row("the foundation", "?x a kg:Foundation", _ids("actor", "flemingsberg-science")),
    Row("the seven behind the foundation",
        "?x kg:backs <actor/flemingsberg-science>",
        _ids("actor", "region-stockholm", "huddinge-kommun", "botkyrka-kommun",
             "karolinska-institutet", "kth", "sodertorns-hogskola", "roda-korsets-hogskola")),
    Row("the foundation's task", "<actor/flemingsberg-science> kg:hasPurpose ?x",
        _ids("purpose", "flemingsberg-science")),
    Row("academia, business and society",
        "<actor/flemingsberg-science> kg:hasMemberKind ?x",
        _ids("actor-kind", "academia", "business", "society")),
    Row("work is driven through it", "?x kg:isClaimAbout "
        "<actor/flemingsberg-science>",
        _ids("claim", "driven-through-flemingsberg-science")),
    Row("units and bodies", "?x a kg:OrganisationalUnit",
        _ids("actor", "huddinge-kommunstyrelsen", "huddinge-kommunstyrelsens-forvaltning",
             "region-stockholm-regionledningskontoret", "region-stockholm-regionstyrelsen",
             "region-stockholm-regionfullmaktige", "region-uppsala-regionstyrelsen")),
    Row("posts", "?x a kg:Post",
        _ids("post", "huddinge-kommundirektor", "huddinge-bitradande-kommundirektor",
             "huddinge-handlaggare", "region-stockholm-regionstyrelsens-ordforande",
             "region-uppsala-regionstyrelsens-ordforande")),
    Row("kinds of actor that take part", "?x a kg:ActorKind . FILTER EXISTS "
        "{ ?x prov:wasDerivedFrom/oa:hasSource ?document }",
        _ids("actor-kind", "university", "hospital", "municipality", "agency", "start-up",
             "global-company", "incubator", "business-support", "foundation", "funder", "region",
             "company", "chamber-of-commerce", "health-care", "business", "academia", "society",
             "other")),
    Row("the cluster", "?x a kg:Cluster", _ids("actor", "capital-of-life")),
    Row("all actors of the sector are its members",
        "?m org:organization <actor/capital-of-life> ; org:member ?x",
        _ids("group", "klustrets-aktorer")),
    Row("fields of the sector", "<sector/life-science> kg:comprisesField ?x",
        _ids("sector-field", "research-education-innovation", "drugs", "medtech-treatments",
             "prevention-implementation-follow-up")),
    Row("human and veterinary", "<sector/life-science> kg:coversDomain ?x",
        _ids("medical-domain", "human", "veterinary")),
    Row("the whole value chain", "<sector/life-science> kg:coversStage ?x",
        _ids("value-chain-stage", "research", "university-hospital-care", "start-up",
             "product-development", "industrial-production")),
    Row("half of Sweden's life science", "?x a kg:Claim ; kg:isClaimAbout "
        "<place/stockholm-uppsala>",
        _ids("claim", "half-of-swedens-life-science")),
    Row("the functional region", "?x a kg:FunctionalRegion", _ids("place", "stockholm-uppsala")),
    Row("counties within the region",
        "?x a kg:County ; geo:sfWithin <place/stockholm-uppsala>",
        _ids("place", "stockholms-lan", "uppsala-lan")),
    Row("Flemingsberg lies in Huddinge", "<place/flemingsberg> "
        "geo:sfWithin ?x . ?x a kg:Municipality", _ids("place", "huddinge")),
    Row("Huddinge and Botkyrka lie in Stockholm County", "?x geo:sfWithin "
        "<place/stockholms-lan> ; kg:scbCode ?code . "
        "?authority kg:hasTerritory ?x . FILTER (?code IN ('0126', '0127'))",
        _ids("place", "huddinge", "botkyrka")),
    Row("county codes", "?c a kg:County ; kg:scbCode ?x ; geo:sfWithin <place/stockholm-uppsala>",
        {"01", "03"}),
    Row("the innovation lab", "?x a kg:InnovationLab ; kg:locatedIn "
        "<place/flemingsberg>", _ids("facility", "novum-innovation-lab")),
    Row("next to hospital and universities",
        "<facility/novum-innovation-lab> kg:adjoinsKind ?x",
        _ids("actor-kind", "hospital", "academia")),
    Row("the cluster engine", "?x a kg:Project ; kg:isInitiatedBy "
        "<actor/flemingsberg-science>", _ids("project", "klustermotor")),
    Row("who was at the signing meeting", "?p kg:inEvent "
        "<event/signing-meeting-2024> ; kg:hasParticipant ?x",
        _ids("group", "universitetsledningar", "landshovdingeambetena", "sjukhusdirektorer",
             "foretagsledare", "berorda-kommuner")
        | _ids("actor", "stockholms-handelskammare", "huddinge-kommun", "lansstyrelsen-stockholm",
               "lansstyrelsen-uppsala")),
    Row("the signing", "?x a kg:Signing ; kg:signs "
        "<agreement/letter-of-intent-2024> ; dct:date '2024-06-14'^^xsd:date ; "
        "kg:locatedIn <place/uppsala>", _ids("event", "signing-2024")),
    Row("the chairs sign", "?s a kg:Signing ; kg:hasSignatory ?x",
        _ids("post", "region-stockholm-regionstyrelsens-ordforande",
             "region-uppsala-regionstyrelsens-ordforande")),
    Row("the dialogue of 2023–2024", "?x a kg:Dialogue ; schema:startDate '2023'^^xsd:gYear ; "
        "schema:endDate '2024'^^xsd:gYear", _ids("event", "stakeholder-dialogue-2023-2024")),
    Row("five workshops with about 80", "?x a kg:WorkshopSeries ; kg:numberOfSessions 5 ; "
        "kg:approximateParticipantCount 80", _ids("event", "strategy-workshops")),
    Row("who took part in the workshops", "?p kg:inEvent "
        "<event/strategy-workshops> ; kg:hasParticipant/kg:hasMemberKind ?x",
        _ids("actor-kind", "university", "business", "health-care", "municipality", "other")),
    Row("the high-level meetings", "<event/high-level-meetings> "
        "a kg:MeetingSeries ; kg:isConvenedBy ?x",
        _ids("actor", "region-stockholm", "region-uppsala")),
    Row("the operative group", "<group/operativa-gruppen> "
        "a kg:WorkingGroup ; kg:hasMemberKind ?x",
        _ids("actor-kind", "region", "academia", "business")),
    Row("authors of the letter of intent",
        "<agreement/letter-of-intent-2024> dct:creator ?x",
        _ids("actor", "region-stockholm", "region-uppsala")),
    Row("its goal", "<agreement/letter-of-intent-2024> kg:hasGoal ?x",
        _ids("goal", "letter-of-intent-2024-world-leading-cluster")),
    Row("its purposes", "<agreement/letter-of-intent-2024> kg:hasPurpose ?x",
        _ids("purpose", "letter-of-intent-2024-collaboration", "letter-of-intent-2024-marketing")),
    Row("its perspectives", "<agreement/letter-of-intent-2024> kg:hasPerspective ?x",
        _ids("perspective", "letter-of-intent-2024-internal", "letter-of-intent-2024-external")),
    Row("its four aims", "<agreement/letter-of-intent-2024> kg:hasAim ?x",
        _ids("aim", "letter-of-intent-2024-knowledge", "letter-of-intent-2024-resources",
             "letter-of-intent-2024-attractiveness", "letter-of-intent-2024-health-care")),
    Row("not binding, open, nothing further intended",
        "?x a kg:LetterOfIntent ; kg:isBinding false ; kg:isOpenToFurtherParties true ; "
        "kg:intendsFurtherContract false ; kg:intendsJointOrganisation false",
        _ids("agreement", "letter-of-intent-2024")),
    Row("stated parties of the first stage", "?p a kg:AgreementParty ; kg:hasParticipant ?x ; "
        "kg:hasCertainty kg:stated ; kg:hasStage <party-stage/first>",
        _ids("actor", "region-stockholm", "region-uppsala", "lansstyrelsen-stockholm",
             "lansstyrelsen-uppsala", "stockholms-handelskammare")
        | _ids("group", "fem-universiteten", "berorda-kommuner")),
    Row("Huddinge's case", "?x a kg:Case ; kg:diaryNumber 'KS-2024/1082.100'",
        _ids("case", "ks-2024-1082-100")),
    Row("Huddinge's proposal", "?x a kg:Proposal ; kg:isProposedBy "
        "<actor/huddinge-kommunstyrelsens-forvaltning> ; kg:isProposedTo "
        "<actor/huddinge-kommunstyrelsen>", _ids("proposal", "huddinge-2024")),
    Row("effects expected for Huddinge", "?x a kg:ExpectedEffect ; kg:isClaimAbout "
        "<place/huddinge>",
        _ids("effect", "huddinge-growth", "huddinge-profile", "huddinge-health")),
    Row("no legal consequence, within budget", "?x kg:isClaimAbout "
        "<decision/huddinge-2024>",
        _ids("claim", "huddinge-no-legal-consequence", "huddinge-within-budget")),
    Row("to be sent to", "?d kg:notifies ?x",
        _ids("actor", "region-stockholm-regionledningskontoret")),
    Row("the strategy replaces", "<strategy/rs-2025-0671> dct:replaces ?x",
        _ids("strategy", "rs-2019-0751")),
    Row("the strategy builds on", "<strategy/rs-2025-0671> kg:buildsOn ?x",
        _ids("strategy", "national-life-science", "rs-2019-0751")
        | _ids("agreement", "letter-of-intent-2024")),
    Row("made jointly", "<strategy/rs-2025-0671> dct:creator ?x",
        _ids("actor", "region-stockholm", "region-uppsala")),
    Row("the contradictory date as read", "?d kg:adopts <strategy/rs-2025-0671> ; "
        "kg:dateAsRead ?x", {"9 juni 2026 december"}),
    Row("the contradictory date in EDTF", "?d kg:adopts <strategy/rs-2025-0671> ; "
        "kg:edtfDate ?x", {"2026-06-09?"}),
    Row("notations of aspects", "?a a kg:StrategyAspect ; skos:notation ?x", set("ABCDE")),
    Row("notations of priority areas", "?a a kg:PriorityArea ; skos:notation ?x",
        {"A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "D1", "D2", "E1", "E2", "E3"}),
    Row("the chain of aspect E", "<aspect/e> kg:involvesKind ?x",
        _ids("facility-kind", "research-environment", "testbed", "research-infrastructure")
        | _ids("actor-kind", "health-care", "incubator", "business-support")),
]  # fmt: skip


def _bound(store: Store, pattern: str) -> set[str]:
    solutions = store.query(
        f"SELECT DISTINCT ?x WHERE {{ {pattern} }}", base_iri=ID, prefixes=PREFIXES
    )
    assert isinstance(solutions, QuerySolutions)
    terms = (solution["x"] for solution in solutions)
    return {
        str(getattr(t, "value", t)).removeprefix("https://w3id.org/klustergraf/") for t in terms
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_the_graph_contains_what_the_documents_say(row: Row, founding_store: Store) -> None:
    """A query finds exactly what was counted by hand in the documents."""
    assert _bound(founding_store, row.pattern) == row.expected


_WITH_EVIDENCE = """
  ?x a ?class .
  VALUES ?class { kg:Membership kg:AgreementParty kg:EventParticipation kg:ProjectParticipation
    kg:Reading kg:Actor kg:Post kg:Agreement kg:Intention kg:Perspective kg:Strategy
    kg:StrategyAspect kg:PriorityArea kg:Case kg:Proposal kg:Decision kg:Event kg:Claim kg:Facility
    kg:Project kg:OpenGroup kg:WorkingGroup }
  FILTER NOT EXISTS { ?x prov:wasDerivedFrom/oa:hasSelector/oa:start ?start }
"""


def test_everything_of_the_documents_has_a_passage(founding_store: Store) -> None:
    """Nothing that was read from a document, or into it, lacks its place there."""
    assert _bound(founding_store, _WITH_EVIDENCE) == set()
