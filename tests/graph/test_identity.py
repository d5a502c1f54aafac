"""Records of several sources become one actor, whatever their order, and never against evidence."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.identity import (
    Decision,
    KnownActor,
    Resolution,
    known_actors,
    resolve,
    updated_registry,
)
from klustergraf.identity.blocking import candidate_pairs
from klustergraf.identity.external_ids import normalise_id
from klustergraf.identity.kinds import kinds_are_apart
from klustergraf.identity.normalisation import name_key, place_keys
from klustergraf.identity.profiles import profile_record
from klustergraf.identity.scoring import DOUBT, MERGE, apart, score
from klustergraf.identity.statements import IDENTITY_GRAPH, record_iri, statements
from klustergraf.namespaces import ID, KG, RDF, RDFS, SCHEMA, SKOS
from klustergraf.rdf_files import read_quads
from klustergraf.resources import room
from klustergraf.shacl import validate
from klustergraf.sources.own import CATALOGUE_GRAPH
from klustergraf.sources.records import ActorRecord, Location, Name, RelationRecord

UPPSALA = Location("SE", "Uppsala")
ISNI = ("0000000419370626", "0000000121581746")
ROR = ("056d84691", "026vcq606", "048a87296")


def record(source: str, key: str, *names: str, **more: object) -> ActorRecord:
    """Make a record in Uppsala, unless it is said otherwise."""
    plain = ActorRecord(source, key, tuple(Name(name) for name in names), location=UPPSALA)
    return replace(plain, **more)  # type: ignore[arg-type]


def together(resolution: Resolution, *refs: str) -> bool:
    """Tell whether all of these are one actor."""
    return len({ref if ref.startswith(ID) else resolution.iris[ref] for ref in refs}) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("KUNGLIGA TEKNISKA HOEGSKOLAN", "Kungl. Tekniska Högskolan"),
        ("STOCKHOLMS LAENS LANDSTING", "Stockholms läns landsting"),
        ("LAKEMEDELSVERKET", "Läkemedelsverket"),
        ("LIVSMEDELS VERKET", "Livsmedelsverket"),
        ("Exempel Aktiebolag (publ)", "EXEMPEL AB"),
        ("Exempel Ltd.", "The Exempel (United Kingdom)"),
        ("STIFTELSEN EXEMPEL", "Exempel Foundation"),
        ("Exempel ekonomisk förening", "EXEMPEL EK. FÖR."),
        ("ST ERIKS OGONSJUKHUS AB", "S:t Eriks Ögonsjukhus"),
        ("Knut & Alice", "Knut och Alice"),
        ("Precision Medicine Center (PMC)", "Precision Medicine Centre"),
        ("A.B.C. Teknik", "ABC Teknik"),
        ("Karolinska Institutet", "Karolinska institut"),
        ("ÅÄÖ e\u0301xempel", "ÅÄÖ éxempel"),
    ],
)
def test_names_that_are_one(left: str, right: str) -> None:
    """Transliteration, legal form, country, punctuation and endings do not part two names."""
    assert name_key(left).compact == name_key(right).compact


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Uppsala universitet", "Uppsala kommun"),
        ("Karolinska Institutet", "Karolinska Institutet Innovations AB"),
        ("Region Uppsala", "Uppsala län"),
        ("Centre for Building (KTH)", "Centre for Building"),
        ("Exempel 1", "Exempel 2"),
    ],
)
def test_names_that_are_two(left: str, right: str) -> None:
    """What tells two actors apart stays in their names."""
    assert name_key(left).compact != name_key(right).compact


@given(st.text(max_size=40))
def test_every_text_can_be_a_name(text: str) -> None:
    """No text makes the comparison of names fail, and a name is like itself in capitals."""
    assert name_key(text).compact == name_key(text).compact
    profile, _ = profile_record(record("a", "1", text))
    assert 0.0 <= score(profile, profile).total <= 1.0


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("ror", "https://ror.org/056d84691", "056d84691"),
        ("ror", "056D84691", "056d84691"),
        ("ror", "https://ror.org/", ""),
        ("isni", "0000 0004 1937 0626", "0000000419370626"),
        ("isni", "0000 0004 1937 0627", ""),
        ("isni", "0000 0001 1516 239", ""),
        ("grid", "https://www.grid.ac/institutes/grid.4714.6", "grid.4714.6"),
        ("wikidata", "http://www.wikidata.org/entity/Q219564", "Q219564"),
        ("wikidata", "https://www.wikidata.org/wiki/Q219564", "Q219564"),
        ("wikidata", "q219564", "Q219564"),
        ("wikidata", "Q0", ""),
        ("pic", "999978530", "999978530"),
        ("pic", "c07dfd504", ""),
        ("vat", "SE202100297301", "2021002973"),
        ("vat", "SE202100297401", ""),
        ("vat", "DE123456789", ""),
        ("orgnr", "202100-2973", "2021002973"),
        ("orgnr", "16202100-2973", "2021002973"),
        ("scb", "0380", "0380"),
        ("scb", "380", ""),
    ],
)
def test_identifiers_are_written_in_one_way(scheme: str, value: str, expected: str) -> None:
    """An identifier is written as its register does; what does not fit its scheme is none."""
    assert normalise_id(scheme, value) == expected


def test_a_personal_identity_number_is_no_organisation_number() -> None:
    """A sole trader's number is left out, and what is told of it does not repeat it."""
    number = "8112189876"  # the example of the Swedish Tax Agency: nobody's
    assert normalise_id("orgnr", number) == normalise_id("vat", f"SE{number}01") == ""
    resolution = resolve([record("a", "1", "Firma", ids={"orgnr": (number,)})])
    (skipped,) = resolution.skipped
    assert skipped.where == "a:1"
    assert number not in skipped.reason


def test_a_shared_identifier_merges() -> None:
    """One identifier of a trusted scheme is enough, whatever the names."""
    resolution = resolve(
        [
            record("ror", ROR[0], "Livsmedelsverket", ids={"ror": (ROR[0],)}),
            record("list", "1", "Swedish Food Agency", ids={"ror": (f"https://ror.org/{ROR[0]}",)}),
            record("list", "2", "Something Else"),
        ]
    )
    assert together(resolution, f"ror:{ROR[0]}", "list:1")
    assert not together(resolution, "list:1", "list:2")
    (merge,) = resolution.merges
    assert (merge.reason, merge.score, merge.detail) == ("id", 0.95, f"ror {ROR[0]}")


def test_a_vat_number_meets_an_organisation_number() -> None:
    """The organisation number inside a VAT number is one."""
    resolution = resolve(
        [
            record("cordis", "1", "KI", ids={"vat": ("SE202100297301",)}),
            record("list", "2", "Karolinska Institutet", ids={"orgnr": ("202100-2973",)}),
        ]
    )
    assert together(resolution, "cordis:1", "list:2")


def test_a_crossref_id_alone_merges_nothing() -> None:
    """Funders share Crossref ids: one is no proof."""
    ids = {"crossref": ("501100004047",)}
    resolution = resolve([record("a", "1", "Alfa", ids=ids), record("b", "2", "Beta", ids=ids)])
    assert not together(resolution, "a:1", "b:2")


def test_one_identifier_on_two_clearly_different_is_doubtful() -> None:
    """A university and a hospital with one Wikidata id go to a person."""
    ids = {"wikidata": ("Q1",)}
    resolution = resolve(
        [
            record("a", "1", "Exempeluniversitetet", kind="University", ids=ids),
            record("b", "2", "Exempelsjukhuset", kind="Hospital", ids=ids),
        ]
    )
    assert not together(resolution, "a:1", "b:2")
    (doubt,) = resolution.doubtful
    assert "share wikidata Q1, but different kinds" in doubt.detail


def test_different_identifiers_of_one_scheme_forbid() -> None:
    """Two ROR ids are two actors, even with one name, one town and one ISNI."""
    isni = {"isni": ("0000000419370626",)}
    resolution = resolve(
        [
            record("a", "1", "Exempelinstitutet", ids={"ror": (ROR[0],)} | isni),
            record("b", "2", "Exempelinstitutet", ids={"ror": (ROR[1],)} | isni),
        ]
    )
    assert not together(resolution, "a:1", "b:2")
    (doubt,) = resolution.doubtful
    assert doubt.detail == "share isni 0000000419370626, but different ror"


def test_a_bridge_between_two_identifiers_joins_neither() -> None:
    """A record that fits two actors with different ROR ids is given to neither of them."""
    resolution = resolve(
        [
            record("a", "1", "Exempelinstitutet", ids={"ror": (ROR[0],)}),
            record("b", "2", "Exempelinstitutet", ids={"ror": (ROR[1],)}),
            record("c", "3", "EXEMPELINSTITUTET"),
        ]
    )
    assert len(set(resolution.iris.values())) == 3
    assert {(doubt.left, doubt.right) for doubt in resolution.doubtful} == {
        ("a:1", "c:3"),
        ("b:2", "c:3"),
    }


def test_a_chain_of_names_does_not_join_two_identifiers() -> None:
    """What a chain of merges would bring together is checked as a whole."""
    resolution = resolve(
        [
            record("a", "1", "Alfa institut", ids={"ror": (ROR[0],)}),
            record("b", "2", "Alfa institut", "Beta institut"),
            record("c", "3", "Beta institut", "Gamma institut"),
            record("d", "4", "Gamma institut", ids={"ror": (ROR[1],)}),
        ]
    )
    assert not together(resolution, "a:1", "d:4")
    assert resolution.doubtful


NEVER = {
    "a university and its hospital": (
        record("a", "1", "Uppsala universitet", kind="University"),
        record("b", "2", "Uppsala universitetssjukhus", kind="UniversityHospital"),
    ),
    "a region and its county board": (
        record("a", "1", "Uppsala", kind="RegionalAuthority"),
        record("b", "2", "Uppsala", kind="CountyAdministrativeBoard"),
    ),
    "a region and its hospital": (
        record("a", "1", "Uppsala", kind="RegionalAuthority"),
        record("b", "2", "Uppsala", kind="Hospital"),
    ),
    "a municipality and a company of one name": (
        record("a", "1", "Knivsta", kind="MunicipalAuthority"),
        record("b", "2", "Knivsta AB", kind="Company"),
    ),
    "two subsidiaries in different countries": (
        record("a", "1", "Exempel", kind="Company"),
        record("b", "2", "Exempel", kind="Company", location=Location("DE", "Uppsala")),
    ),
    "two countries behind two names": (
        record("a", "1", "Exempel (Sweden)", kind="Company", location=Location()),
        record("b", "2", "Exempel (Germany)", kind="Company", location=Location()),
    ),
    "a parent and its child": (
        record("a", "1", "Karolinska Institutet"),
        record("b", "2", "Karolinska Institutet Innovations AB"),
    ),
    "two keys of a source that keeps its actors apart": (
        record("ecosystem-facts", "1", "Exempel"),
        record("ecosystem-facts", "2", "EXEMPEL"),
    ),
    "an acronym": (
        record("a", "1", "Swedish University of Agricultural Sciences"),
        ActorRecord(
            "b", "2", (Name("Species Centre"), Name("SLU", "", "acronym")), location=UPPSALA
        ),
    ),
    "a number in the name": (
        record("a", "1", "Testlabbet i Uppsala 1"),
        record("b", "2", "Testlabbet i Uppsala 2"),
    ),
    "a Roman numeral": (
        record("a", "1", "Université Montpellier II"),
        record("b", "2", "Université Montpellier III"),
    ),
    "a foundation and a company of one name": (
        record("a", "1", "Stiftelsen Exempel", location=Location("SE")),
        record("b", "2", "Exempel AB", location=Location("SE")),
    ),
}


@pytest.mark.parametrize("case", NEVER)
def test_what_is_never_merged(case: str) -> None:
    """What looks alike and is two stays two."""
    assert not together(resolve(NEVER[case]), *(f"{r.source}:{r.key}" for r in NEVER[case]))


def test_relations_keep_apart() -> None:
    """A parent and a child that a source states are two, even with one name."""
    records = [record("ror", "1", "Exempel"), record("b", "2", "Exempel"), record("ror", "3", "X")]
    assert together(resolve(records), "ror:1", "b:2")
    same_source = [record("a", "1", "Exempel"), record("a", "2", "Exempel")]
    relation = RelationRecord("a", "r", "1", "parent", "2")
    assert together(resolve(same_source), "a:1", "a:2")
    assert not together(resolve(same_source, relations=[relation]), "a:1", "a:2")
    related = replace(relation, predicate="related")
    assert together(resolve(same_source, relations=[related]), "a:1", "a:2")


def test_kinds_apart_hold_for_a_whole_cluster() -> None:
    """A record of no kind does not carry a hospital and a university into one actor."""
    resolution = resolve(
        [
            record("a", "1", "Exempel", kind="University"),
            record("b", "2", "Exempel"),
            record("c", "3", "Exempel", kind="Hospital"),
        ]
    )
    assert not together(resolution, "a:1", "c:3")
    assert kinds_are_apart("University", "Hospital")


LINKS = [
    record("a", "1", "Alfa fabriken"),
    record("b", "2", "Alfa fabriken", "Beta fabriken"),
    record("c", "3", "Beta fabriken", "Gamma fabriken"),
    record("d", "4", "Gamma fabriken"),
]


def test_a_chain_without_conflict_is_one() -> None:
    """Merges run through others where nothing forbids it."""
    assert together(resolve(LINKS), "a:1", "d:4")


def test_a_chain_does_not_join_kinds_that_exclude_each_other() -> None:
    """A university and a hospital stay two, whatever lies between them."""
    ends = [replace(LINKS[0], kind="University"), replace(LINKS[3], kind="Hospital")]
    resolution = resolve([*ends, *LINKS[1:3]])
    assert not together(resolution, "a:1", "d:4")
    assert "different kinds" in resolution.doubtful[0].detail


def test_a_chain_does_not_join_countries() -> None:
    """Records that tell no country do not carry two countries into one actor."""
    middle = [replace(link, location=Location(), kind="PublicBody") for link in LINKS[1:3]]
    ends = [replace(LINKS[0], location=Location("SE")), replace(LINKS[3], location=Location("DE"))]
    ends = [replace(end, kind="PublicBody") for end in ends]
    assert not together(resolve([*middle, *ends]), "a:1", "d:4")


def test_a_chain_does_not_join_what_was_decided() -> None:
    """A decision holds for all that the two records became."""
    decision = Decision("d:4", "a:1", "different", "två ägare", "two owners")
    assert not together(resolve(LINKS, decisions=[decision]), "a:1", "d:4")


def test_a_chain_does_not_join_known_actors() -> None:
    """Two actors with IRIs stay two, whatever lies between them."""
    known = [KnownActor(f"{ID}actor/{r.source}", r.names, location=UPPSALA) for r in LINKS[::3]]
    resolution = resolve(LINKS[1:3], known)
    assert resolution.iri("b", "2") != resolution.iri("c", "3")
    assert resolution == resolve(LINKS[1:3], known[::-1])


@pytest.mark.parametrize("near", ["a", "z"])
def test_the_higher_score_comes_first(near: str) -> None:
    """A record that fits one much better than the other is given to the better."""
    far = "z" if near == "a" else "a"
    resolution = resolve(
        [
            record(near, "1", "Alfa fabriken", ids={"ror": (ROR[0],)}),
            record(far, "2", "Alfa fabriken", ids={"ror": (ROR[1],)}, location=Location("SE")),
            record("m", "3", "ALFA FABRIKEN"),
        ]
    )
    assert together(resolution, f"{near}:1", "m:3")
    assert not together(resolution, f"{far}:2", "m:3")
    assert [{doubt.left, doubt.right} for doubt in resolution.doubtful] == [{f"{far}:2", "m:3"}]


def test_what_keeps_apart_is_named() -> None:
    """For two profiles that cannot be one, the reason is given; else nothing."""

    def why(left: ActorRecord, right: ActorRecord) -> str:
        return apart(profile_record(left)[0], profile_record(right)[0])

    plain = record("a", "1", "Alfa")
    assert why(plain, record("b", "2", "Alfa")) == ""
    abroad = replace(plain, location=Location("DE"))
    assert why(plain, abroad) == "different countries (SE, DE)"
    kinds = [replace(plain, kind=kind) for kind in ("RegionalAuthority", "Hospital")]
    assert why(*kinds) == "different kinds (RegionalAuthority, Hospital)"
    ids = [replace(plain, ids={"isni": (isni,)}) for isni in ISNI]
    assert why(*ids) == "different isni"
    ror = [record("ror", key, "Alfa") for key in ROR[:2]]
    assert why(*ror) == "ror keeps them apart"


def test_a_company_without_a_country_is_doubtful() -> None:
    """A company's name alone does not say in which country it is."""
    records = [
        record("a", "1", "Exempel", kind="Company", location=Location()),
        record("ror", "2", "Exempel (Sweden)", kind="Company", location=Location("SE")),
    ]
    resolution = resolve(records)
    assert not together(resolution, "a:1", "ror:2")
    assert [DOUBT <= doubt.score < MERGE for doubt in resolution.doubtful] == [True]


def test_one_company_in_two_towns_is_one() -> None:
    """The name of a limited company is protected in all Sweden; that of a museum is not."""
    lund = Location("SE", "Lund")
    firms = [
        record("a", "1", "Exempel Teknik AB"),
        record("b", "2", "EXEMPEL TEKNIK AKTIEBOLAG", location=lund),
    ]
    assert together(resolve(firms), "a:1", "b:2")
    museums = [
        record("a", "1", "Zoologiska museet"),
        record("b", "2", "Zoologiska museet", location=lund),
    ]
    assert not together(resolve(museums), "a:1", "b:2")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (UPPSALA, Location("SE", "UPPSALA"), 1.0),
        (UPPSALA, Location("SE", municipality_code="0380"), 1.0),
        (Location("SE", "Kista"), Location("SE", "SPANGA"), 1.0),
        (Location("SE", "Kista"), Location("SE", "Solna"), 0.75),
        (Location("SE", "Solna"), Location("SE", county_code="01"), 0.75),
        (UPPSALA, Location("SE", "Kista"), 0.0),
        (UPPSALA, Location("SE"), 0.5),
        (UPPSALA, Location(), 0.4),
        (Location("DE", "München"), Location("DE", "Munich"), 0.25),
        (Location("SE", postal_code="SE-751 05"), Location("SE", postal_code="75123"), 1.0),
        (
            Location("SE", latitude=59.86, longitude=17.64),
            Location("SE", latitude=59.85, longitude=17.6),
            1.0,
        ),
        (
            Location("SE", latitude=59.86, longitude=17.64),
            Location("SE", latitude=59.6, longitude=17.7),
            0.75,
        ),
        (
            Location("SE", latitude=59.86, longitude=17.64),
            Location("SE", latitude=55.7, longitude=13.2),
            0.0,
        ),
    ],
)
def test_places(left: Location, right: Location, expected: float) -> None:
    """Places are compared by code, town, postal code and distance."""
    profiles = [profile_record(record("a", "1", "Namnet", location=p))[0] for p in (left, right)]
    assert score(*profiles).place == expected
    assert score(*reversed(profiles)).place == expected


def test_a_town_of_two_names() -> None:
    """CORDIS writes a suburb and its city together."""
    assert place_keys("SOLNA STOCKHOLM", {"solna": "0184", "stockholm": "0180"}) == {"0184", "0180"}
    assert place_keys("Toulouse Cedex 9", {}) == {"toulouse"}


def test_lost_letters_are_read_as_vowels() -> None:
    """A name in which a source lost its diacritics is still the same name."""
    lost = record("a", "1", "F\ufffdrsvarsh\ufffdgskolan")
    assert together(resolve([lost, record("b", "2", "Försvarshögskolan")]), "a:1", "b:2")
    other = record("b", "2", "Förlorarhögskolan")
    assert not together(resolve([lost, other]), "a:1", "b:2")


def test_many_records_are_never_compared_all_with_all() -> None:
    """However alike the names, the number of comparisons grows with the number of records."""
    one_name = [record("a", str(number), "Alfa fabriken AB") for number in range(1500)]
    one_word = [record("b", str(number), f"Alfa enhet {number:04}") for number in range(1500)]
    profiles = [profile_record(each)[0] for each in one_name + one_word]
    assert len(candidate_pairs(profiles)) <= 60 * len(profiles)


# ── known actors, decisions, IRIs ──────────────────────────────────────────────────────────────

KNOWN = KnownActor(
    f"{ID}actor/region-exempel",
    (Name("Region Exempel", "sv"), Name("Exempel läns landsting", "sv", "former", "", "2018")),
    "RegionalAuthority",
    {"ror": (ROR[2],)},
    Location("SE"),
)


def test_known_actors_keep_their_iris() -> None:
    """An actor with an IRI gets records by identifier, by name and by a former name."""
    resolution = resolve(
        [
            record("ror", ROR[2], "Exempel Council", ids={"ror": (ROR[2],)}),
            record("cordis", "1", "EXEMPEL LAENS LANDSTING", kind="PublicBody"),
        ],
        [KNOWN],
    )
    assert resolution.iri("ror", ROR[2]) == KNOWN.iri
    assert resolution.iri("cordis", "1") == KNOWN.iri
    assert resolution.actors[KNOWN.iri] == ("cordis:1", f"ror:{ROR[2]}")


def test_two_known_actors_stay_two() -> None:
    """A record that fits two actors with IRIs never makes them one."""
    other = replace(KNOWN, iri=f"{ID}actor/annat", ids={})
    resolution = resolve([record("a", "1", "Region Exempel")], [KNOWN, other])
    assert resolution.iri("a", "1") not in (KNOWN.iri, other.iri)
    assert len(resolution.doubtful) == 2


def test_known_actors_are_read_from_the_graph() -> None:
    """The founding graph's actors come with names in both languages, kinds and identifiers."""
    files = [*room("ontology").glob("*.ttl"), *room("data").rglob("founding/*.ttl")]
    files.append(room("data") / "open" / "ror.ttl")
    quads = [quad for path in sorted(files) for quad in read_quads(path)]
    actors = {actor.iri.removeprefix(f"{ID}actor/"): actor for actor in known_actors(quads)}
    assert actors["kth"].kind == "University"
    assert actors["kth"].ids["ror"] == ("026vcq606",)
    assert {name.language for name in actors["region-uppsala"].names} == {"sv", "en"}
    assert actors["flemingsberg-science"].kind == "Foundation"


def test_a_known_actor_is_of_its_narrowest_kind() -> None:
    """Of a class and one above it, the narrower tells the kind."""
    iri = NamedNode(f"{ID}actor/x")
    triples: list[tuple[NamedNode, str, NamedNode | Literal]] = [
        (NamedNode(KG + "Hospital"), RDFS + "subClassOf", NamedNode(KG + "Actor")),
        (NamedNode(KG + "UniversityHospital"), RDFS + "subClassOf", NamedNode(KG + "Hospital")),
        (iri, RDF + "type", NamedNode(KG + "Hospital")),
        (iri, RDF + "type", NamedNode(KG + "UniversityHospital")),
        (iri, SKOS + "prefLabel", Literal("Sjukhuset", language="sv")),
        (iri, SKOS + "altLabel", Literal("SJH", language="sv")),
        (iri, SCHEMA + "sameAs", NamedNode("https://ror.org/056d84691")),
        (iri, SCHEMA + "sameAs", NamedNode("https://example.org/other")),
    ]
    (actor,) = known_actors([Quad(s, NamedNode(p), o) for s, p, o in triples])
    assert actor.kind == "UniversityHospital"
    assert actor.ids == {"ror": ("056d84691",)}
    assert [name.kind for name in actor.names] == ["acronym", "label"]


def test_decisions_win() -> None:
    """What a curator decided stands against identifiers and against names."""
    ids = {"ror": (ROR[0],)}
    records = [
        record("a", "1", "Alfa", ids=ids),
        record("b", "2", "Alfa", ids=ids),
        record("c", "3", "Gamma", ids={"ror": (ROR[1],)}),
    ]
    decisions = [
        Decision("b:2", "a:1", "different", "två med ett id", "two of one id"),
        Decision("a:1", "c:3", "same", "nytt namn", "renamed"),
        Decision("a:1", "gone:9", "same", "finns inte längre", "no more there"),
    ]
    resolution = resolve(records, decisions=decisions)
    assert not together(resolution, "a:1", "b:2")
    assert together(resolution, "a:1", "c:3")
    assert [merge.reason for merge in resolution.merges] == ["decision"]
    assert [decision.right for decision in resolution.unused] == ["gone:9"]
    assert not any({d.left, d.right} == {"a:1", "b:2"} for d in resolution.doubtful)


def test_decisions_that_contradict_each_other_are_told() -> None:
    """A = B, B = C and A ≠ C cannot all hold: what would break the last is doubtful."""
    decisions = [
        Decision("a:1", "b:2", "same", "x", "y"),
        Decision("b:2", "c:3", "same", "x", "y"),
        Decision("a:1", "c:3", "different", "x", "y"),
    ]
    records = [record(source, key, source * 9) for source, key in ("a1", "b2", "c3")]
    resolution = resolve(records, decisions=decisions)
    assert not together(resolution, "a:1", "c:3")
    assert [doubt.detail for doubt in resolution.doubtful] == ["decisions contradict each other"]


def test_two_actors_of_one_name_get_two_iris() -> None:
    """Where two would get one IRI, each gets its strongest identifier added."""
    resolution = resolve(
        [
            record("ror", ROR[0], "Ministry", ids={"ror": (ROR[0],)}),
            record("ror", ROR[1], "Ministry", ids={"ror": (ROR[1],)}, location=Location("DE")),
            record("x", "with a key", "Region Exempel", location=Location("NO")),
        ],
        [KNOWN],
    )
    assert resolution.iri("ror", ROR[0]) == f"{ID}actor/ministry--ror-{ROR[0]}"
    assert resolution.iri("ror", ROR[1]) == f"{ID}actor/ministry--ror-{ROR[1]}"
    assert resolution.iri("x", "with a key").startswith(f"{ID}actor/region-exempel--x-")


def test_a_name_in_another_script_gets_an_iri() -> None:
    """Where no letter of a name fits into an IRI, the identifier makes it."""
    resolution = resolve([record("ror", ROR[0], "大学", ids={"ror": (ROR[0],)})])
    assert resolution.iri("ror", ROR[0]) == f"{ID}actor/ror-{ROR[0]}"


def test_an_iri_stays_when_more_records_come() -> None:
    """With the registry, neither a namesake nor a better source changes an IRI."""
    first = [record("list", "1", "Exempelfabriken i Uppsala")]
    before = resolve(first)
    registry = updated_registry({}, before.iris)
    more = [
        *first,
        record("ror", ROR[0], "Exempelfabriken I Uppsala", "The Works", ids={"ror": (ROR[0],)}),
        record("ror", ROR[1], "Exempelfabriken i Uppsala", location=Location("DE")),
    ]
    after = resolve(more, registry=registry)
    assert after.iri("list", "1") == before.iri("list", "1") == after.iri("ror", ROR[0])
    assert after.iri("ror", ROR[1]) != before.iri("list", "1")
    assert updated_registry(registry, after.iris)["list:1"] == registry["list:1"]


def test_an_iri_that_is_given_up_leads_on() -> None:
    """When two actors with IRIs are found to be one, the older stays and the other leads to it."""
    ids = {"ror": (ROR[0],)}
    registry = {"a:1": f"{ID}actor/alfa", "b:2": f"{ID}actor/beta"}
    records = [record("a", "1", "Alfa", ids=ids), record("b", "2", "Beta", ids=ids)]
    resolution = resolve(records, registry=registry)
    assert set(resolution.iris.values()) == {f"{ID}actor/alfa"}
    assert resolution.redirects == {f"{ID}actor/beta": f"{ID}actor/alfa"}
    apart = resolve(
        [records[0], replace(records[1], ids={})],
        registry=dict.fromkeys(registry, f"{ID}actor/alfa"),
    )
    assert apart.iri("a", "1") == f"{ID}actor/alfa"
    assert apart.iri("b", "2") == f"{ID}actor/beta"


def test_two_records_with_one_key() -> None:
    """Of two records with one key one is used, whichever comes first, and it is told."""
    records = [record("a", "1", "Alfa"), record("a", "1", "Beta"), record("a", "1", "Alfa")]
    found = resolve(records)
    assert found == resolve(records[::-1])
    assert [s.reason for s in found.skipped] == ["2 records have this key; one is used"]


def test_a_record_with_several_exclusive_identifiers() -> None:
    """A record with two ROR ids proves nothing by either, and it is told."""
    records = [
        record("a", "1", "Alfa", ids={"ror": (ROR[0], ROR[1])}),
        record("b", "2", "Beta", ids={"ror": (ROR[0],)}),
    ]
    resolution = resolve(records)
    assert not together(resolution, "a:1", "b:2")
    assert "has several ror" in resolution.skipped[0].reason


# ── properties ─────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(
    [
        "Alfa AB",
        "ALFA",
        "Alfa Sweden AB",
        "Beta institutet",
        "BETA INSTITUT",
        "Gamma",
        "Gamma (Sweden)",
        "Betta institutet",
        "Alfa sjukhus",
        "Alfa universitet",
        "Region Exempel",
        "G\ufffdmma fabriken",
    ]
)
PLACES = st.sampled_from(
    [
        Location(),
        Location("SE"),
        UPPSALA,
        Location("SE", "Kista"),
        Location("SE", "Solna"),
        Location("DE", "Uppsala"),
    ]
)
IDS = st.dictionaries(
    st.sampled_from(["ror", "wikidata", "pic"]),
    st.sampled_from([("056d84691",), ("026vcq606",), ("Q1",), ("Q2",), ("999978530",)]),
    max_size=2,
)
RECORDS = st.lists(
    st.builds(
        ActorRecord,
        st.sampled_from(["ror", "cordis", "list"]),
        st.sampled_from([str(number) for number in range(9)]),
        st.lists(st.builds(Name, NAMES), min_size=1, max_size=2).map(tuple),
        st.sampled_from(["Actor", "Company", "University", "Hospital", "PublicBody"]),
        PLACES,
        IDS,
    ),
    max_size=14,
)
DECISIONS = st.lists(
    st.builds(
        Decision,
        st.sampled_from(["ror:1", "cordis:2", "list:3", KNOWN.iri]),
        st.sampled_from(["cordis:1", "list:2", "ror:3"]),
        st.sampled_from(["same", "different"]),
        st.just("därför"),
        st.just("because"),
    ),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(RECORDS, DECISIONS, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(
    records: list[ActorRecord], decisions: list[Decision], shuffle: random.Random
) -> None:
    """The same records in any order give the same actors, merges and doubts."""
    mixed = records.copy()
    shuffle.shuffle(mixed)
    assert resolve(records, [KNOWN], decisions) == resolve(mixed, [KNOWN], decisions[::-1])


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_no_actor_excludes_itself(records: list[ActorRecord]) -> None:
    """No actor has two ROR ids or two PICs; each record has one actor; merges span each actor."""
    resolution = resolve(records, [KNOWN])
    assert set(resolution.iris) == {f"{r.source}:{r.key}" for r in records}
    for iri, refs in resolution.actors.items():
        profiles = [resolution.profiles[ref] for ref in refs]
        for scheme in ("ror", "pic"):
            values = [p.ids[scheme] for p in profiles if scheme in p.ids]
            assert len(set(values)) <= 1
        inside = [m for m in resolution.merges if {m.left, m.right} <= {*refs, iri}]
        assert len(inside) == len(refs) - (iri != KNOWN.iri)


@settings(max_examples=75, deadline=None)
@given(RECORDS, RECORDS)
def test_registered_iris_are_never_changed(
    before: list[ActorRecord], more: list[ActorRecord]
) -> None:
    """An IRI given earlier is still given to a record of its actor, or leads to one that is."""
    earlier = resolve(before, [KNOWN])
    registry = updated_registry({}, earlier.iris)
    later = resolve(before + more, [KNOWN], registry=registry)
    for iri in set(earlier.iris.values()) - {KNOWN.iri}:
        assert iri in later.actors or later.redirects[iri] in {*later.actors, KNOWN.iri}


# ── statements ─────────────────────────────────────────────────────────────────────────────────


def stated(resolution: Resolution, records: list[ActorRecord]) -> list[Quad]:
    """Give the statements of a resolution, with the actors that they need."""
    by_ref = {f"{r.source}:{r.key}": r for r in records}
    quads = list(statements(resolution, by_ref, "2026-06-23"))
    for iri in resolution.actors:
        quads.append(Quad(NamedNode(iri), NamedNode(RDF + "type"), NamedNode(KG + "Actor")))
        for language in ("sv", "en"):
            label = Literal("Aktör", language=language)
            quads.append(Quad(NamedNode(iri), NamedNode(SKOS + "prefLabel"), label))
    return quads


def test_statements_fit_the_shapes() -> None:
    """Merges and doubts are qualified relations in a derived graph, with bilingual reasons."""
    records = [
        record("ror", ROR[0], "Alfa institut", ids={"ror": (ROR[0],)}),
        record("cordis", "9", "ALFA INSTITUT"),
        record("list", "Gåva & Co", "Gåva", ids={"wikidata": ("Q1",)}, kind="Hospital"),
        record("cordis", "8", "Gava university", ids={"wikidata": ("Q1",)}, kind="University"),
        record("list", "alone", "Helt ensam"),
    ]
    decisions = [Decision("cordis:8", "list:alone", "same", "de har sagt det", "they told us")]
    resolution = resolve(records, decisions=decisions)
    quads = stated(resolution, records)
    ontology = [q for path in sorted(room("ontology").glob("*.ttl")) for q in read_quads(path)]
    report = validate([*ontology, *quads])
    assert report.conforms, report.text("en")
    graphs = {quad.graph_name for quad in quads if quad.subject == record_iri("cordis:9")}
    assert graphs == {IDENTITY_GRAPH}
    described = {q.subject for q in quads if q.graph_name == CATALOGUE_GRAPH}
    assert IDENTITY_GRAPH in described
    texts = {
        (q.object.value, q.object.language)
        for q in quads
        if q.predicate.value == KG + "identityReason" and isinstance(q.object, Literal)
    }
    assert ("Tveksamt: delar wikidata Q1, men olika slag (University, Hospital)", "sv") in texts
    assert ("A curator decided it: they told us", "en") in texts
    assert ("En redaktör har beslutat det: de har sagt det", "sv") in texts
    assert any(text.startswith("Lika: namn 1.00, plats 1.00") for text, _ in texts)


def test_a_redirect_is_stated() -> None:
    """An IRI that was given up leads to the one that stays."""
    ids = {"ror": (ROR[0],)}
    records = [record("a", "1", "Alfa", ids=ids), record("b", "2", "Beta", ids=ids)]
    registry = {"a:1": f"{ID}actor/alfa", "b:2": f"{ID}actor/beta"}
    quads = stated(resolve(records, registry=registry), records)
    (link,) = [q for q in quads if q.predicate.value.endswith("sameAs")]
    assert (link.subject, link.object) == (NamedNode(registry["b:2"]), NamedNode(registry["a:1"]))


def test_records_get_distinct_iris() -> None:
    """Two keys that differ in what an IRI leaves out are two records."""
    keys = ["Gåva & Co", "Gava Co", "gava-co", "大学", "x" * 90, "x" * 91]
    assert len({record_iri(f"list:{key}") for key in keys}) == len(keys)
