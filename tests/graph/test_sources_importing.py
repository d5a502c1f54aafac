"""From files to statements: places, names, selection, and files that are always whole."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyoxigraph import Literal, NamedNode, Quad

from klustergraf.cli.importing import import_
from klustergraf.errors import GraphParseError, SourceFormatError
from klustergraf.namespaces import GRAPH, ID, KG, SKOS
from klustergraf.sources.datasets import DATASETS
from klustergraf.sources.geodata import Certainty, Gazetteer, Placement
from klustergraf.sources.importing import Job, Outcome, run
from klustergraf.sources.labels import LabelBook
from klustergraf.sources.own import imported_file
from klustergraf.sources.records import (
    ActorRecord,
    ConceptRecord,
    Location,
    Name,
    RelationRecord,
)
from klustergraf.sources.selection import Extent
from klustergraf.sources.statements import ActorIri, Shared, Statements, minted_iri
from klustergraf.sources.writing import replaced

FIXTURES = Path(__file__).parents[1] / "data" / "sources"
PARTS = {
    "geodata": "places",
    "ror": "ror",
    "public-bodies": "bodies",
    "ecosystem-facts": "facts",
    "scilifelab": "scilifelab",
    "cordis": "cordis",
    "cordis-fp7": "fp7",
    "euroscivoc": "euroscivoc",
}
SITE_REASON = "The postal code belongs to the municipality."


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    """Read the places of the fixtures."""
    return Gazetteer.load([FIXTURES / "places"])


def by_name(actors: list[ActorRecord], _: list[RelationRecord]) -> ActorIri:
    """Take records of one name for one actor."""
    iris = {(a.source, a.key): minted_iri(a.names, a.source, a.key) for a in actors}
    return lambda source, key: iris[source, key]


Imports = Callable[..., dict[str, Outcome]]


@pytest.fixture
def imported(tmp_path: Path, gazetteer: Gazetteer) -> Imports:
    """Import fixtures into the test's own folder."""

    def importing(*names: str, **options: object) -> dict[str, Outcome]:
        inputs = {name: [FIXTURES / PARTS[name]] for name in names}
        job = Job(inputs, DATASETS, tmp_path / "out", gazetteer=gazetteer, **options)  # type: ignore[arg-type]
        return {outcome.dataset: outcome for outcome in run(job, by_name)}

    return importing


def said(outcome: Outcome) -> set[Quad]:
    """Read what was written."""
    return set(imported_file(outcome.path).quads())


def values(quads: set[Quad], subject: str, predicate: str) -> set[str]:
    """Give the values of a property, shortened."""
    return {
        q.object.value.removeprefix(ID).removeprefix(KG)
        for q in quads
        if isinstance(q.subject, NamedNode)
        and q.subject.value == ID + subject
        and q.predicate.value.endswith(predicate)
        and isinstance(q.object, NamedNode | Literal)
    }


def projects_of(quads: set[Quad]) -> set[str]:
    """List the projects that were written."""
    return {
        q.subject.value
        for q in quads
        if isinstance(q.subject, NamedNode) and q.object == NamedNode(KG + "Project")
    }


@pytest.mark.parametrize(
    ("location", "found"),
    [
        (Location("SE", municipality_code="0101"), ("0101", "01", Certainty.STATED)),
        (Location("SE", "Annanstad", "11111"), ("0101", "01", Certainty.POSTAL_CODE)),
        (Location("SE", "Annanstad", "11199"), ("0101", "01", Certainty.POSTAL_AREA)),
        (Location("SE", postal_code="33399", city="Ön"), ("0102", "01", Certainty.TOWN)),
        (Location("SE", latitude=59.2, longitude=18.2), ("0101", "01", Certainty.POINT)),
        (Location("SE", latitude=59.5, longitude=18.5), ("0102", "01", Certainty.POINT)),
        (Location("SE", "ANNANSTADS"), ("9901", "99", Certainty.TOWN)),
        (Location("SE", "STOCKHOLM"), ("", "01", Certainty.TOWN)),
        (Location("SE", county_code="99"), ("", "99", Certainty.STATED)),
    ],
)
def test_places_are_found_by_the_surest(
    gazetteer: Gazetteer, location: Location, found: tuple[str, str, Certainty]
) -> None:
    """Own code, postal code, area, point (a hole is outside), town; Stockholm is the county."""
    assert gazetteer.place(location) == Placement(*found)


@pytest.mark.parametrize(
    "location", [Location("SE", "Delad"), Location("NO", "Provstad"), Location("SE"), Location()]
)
def test_places_that_are_not_sure_are_not_guessed(gazetteer: Gazetteer, location: Location) -> None:
    """A town in two municipalities, one of that name abroad, and no place at all."""
    assert gazetteer.place(location) is None


def test_stockholm_is_the_municipality_only_where_nothing_else_is_known() -> None:
    """Another record that places the actor wins; the bare name is an inference with its reason."""
    places = Gazetteer(
        names={"0180": "Stockholm", "0184": "Solna"},
        counties={"01": "Stockholms län"},
        towns={"stockholm": "0180", "solna": "0184"},
    )
    shared = Shared(lambda _, key: f"{ID}actor/{key[0]}", places)
    writer = Statements("ecosystem-facts", shared)
    records = [
        ActorRecord("ecosystem-facts", key, (Name(key),), "Company", location=Location("SE", city))
        for key, city in (("a1", "Stockholm"), ("a2", "Solna"), ("b1", "STOCKHOLM"))
    ]
    for record in records:
        writer.note(record)
    stated = {quad for record in records for quad in writer.quads(record)}
    located = {
        (quad.subject.value.removeprefix(ID), quad.object.value.removeprefix(ID))
        for quad in stated
        if quad.predicate == NamedNode(KG + "locatedIn")
        and isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, NamedNode)
    }
    assert located == {
        ("site/a--solna--ecosystem-facts", "place/solna"),
        ("site/a--stockholms-lan--ecosystem-facts", "place/stockholms-lan"),
        ("site/b--stockholm--ecosystem-facts", "place/stockholm"),
    }
    reasons = values(stated, "site/b--stockholm--ecosystem-facts", "inferenceReason")
    assert any("no source says more" in reason for reason in reasons)


def test_an_authority_is_not_placed_outside_its_territory() -> None:
    """A unit's address in another county is no place of the region; one within it is."""
    places = Gazetteer(
        names={"0180": "Stockholm", "1281": "Lund"},
        counties={"01": "Stockholms l\u00e4n", "12": "Sk\u00e5ne l\u00e4n"},
        towns={"solna": "0180", "lund": "1281"},
    )
    region = f"{ID}actor/region"
    records = [
        ActorRecord("cordis-fp7", key, (Name(key),), location=Location("SE", city))
        for key, city in (("a", "Solna"), ("b", "Lund"))
    ]
    places_of: dict[bool, set[str]] = {}
    for is_known in (True, False):
        territories = {region: f"{ID}place/stockholms-lan"} if is_known else {}
        shared = Shared(lambda *_: region, places, territories=territories)
        writer = Statements("cordis-fp7", shared)
        stated = {quad for record in records for quad in writer.quads(record)}
        places_of[is_known] = {
            quad.object.value.removeprefix(ID)
            for quad in stated
            if quad.predicate == NamedNode(KG + "locatedIn") and isinstance(quad.object, NamedNode)
        }
    assert places_of == {True: {"place/stockholm"}, False: {"place/stockholm", "place/lund"}}


def test_places_of_one_name_have_two_iris(gazetteer: Gazetteer) -> None:
    """Håbo and Habo give the same slug, so their codes part them."""
    assert gazetteer.slug("9902") == "habo-9902"
    assert gazetteer.slug("9903") == "habo-9903"
    assert gazetteer.slug("0102") == "on"


def test_one_preferred_name_per_language() -> None:
    """A stated language wins, then the first source; every other name is said once."""
    book = LabelBook(known={"z": {"sv": "Zeta"}})
    book.add("x", "one", [Name("ETT AB"), Name("X", kind="acronym")])
    book.add("x", "two", [Name("Ett", "sv"), Name("ett ab", "en", "alias")])
    book.add("z", "one", [Name("Zed"), Name("zeta")])
    assert [(x.text, x.language, x.is_preferred) for x in book.labels("x", "one")] == [
        ("ETT AB", "en", True), ("X", "und", False),
    ]  # fmt: skip
    assert [(x.text, x.language) for x in book.labels("x", "two")] == [("Ett", "sv")]
    assert [(x.text, x.language) for x in book.labels("z", "one")] == [("Zed", "en")]
    assert {x.text for x in book.labels("x", None)} == {"ETT AB", "X", "Ett"}


def test_a_name_in_capitals_gives_way_to_one_that_is_not() -> None:
    """Of names in no stated language, one that CORDIS did not write in capitals is preferred."""
    book = LabelBook()
    book.add("x", "one", [Name("ETT BOLAG AB")])
    book.add("x", "two", [Name("Ett bolag i Provstad AB")])
    assert {x.text for x in book.labels("x", None) if x.is_preferred} == {"Ett bolag i Provstad AB"}
    assert {x.text for x in book.labels("x", None) if not x.is_preferred} == {"ETT BOLAG AB"}


def test_an_address_of_mail_is_no_name() -> None:
    """What the privacy shapes would refuse is left out; a firm may have the sign in its name."""
    book = LabelBook()
    book.add("x", "one", [Name("info@example.org"), Name("B@C Consulting")])
    assert {x.text for x in book.labels("x", "one")} == {"B@C Consulting"}


def test_what_is_said_once_is_said_with_the_names_of_all_sources() -> None:
    """Two data sets name one call topic: the one that writes it writes both preferred names."""
    shared = Shared(lambda source, key: f"{ID}actor/{source}-{key}", Gazetteer())
    records = {
        "cordis": ConceptRecord("cordis", "Environment", (Name("H2020-Adhoc", "en"),), "Topic"),
        "cordis-h2020-2016": ConceptRecord(
            "cordis-h2020-2016", "Environment", (Name("Environment", "en"),), "Topic"
        ),
    }
    writers = {source: Statements(source, shared) for source in records}
    for source, writer in writers.items():
        writer.note(records[source])
    stated = [q for source, writer in writers.items() for q in writer.quads(records[source])]
    names = {
        str(quad.object)
        for quad in stated
        if quad.subject == NamedNode(ID + "call-topic/environment")
        and quad.predicate == NamedNode(SKOS + "prefLabel")
    }
    assert names == {'"Environment"@sv', '"Environment"@en'}


def test_cordis_becomes_statements(imported: Imports) -> None:
    """Project, participation with role and amount, organisation with its place and numbers."""
    quads = said(imported("cordis", "geodata")["cordis"])
    assert values(quads, "project/ec-101", "totalCost") == {"1000.50"}
    assert values(quads, "project/ec-101", "inProgramme") == {
        "programme/h2020", "programme/h2020-eu-3-1",
    }  # fmt: skip
    assert values(quads, "project/ec-101", "hasResearchField") == {"research-field/21-33-7"}
    part = "participation/ec-101--exempelhogskolan"
    assert values(quads, part, "role") == {"role/coordinator"}
    assert values(quads, part, "euContribution") == {"500.25"}
    assert values(quads, "actor/exempelhogskolan", "organisationNumber") == {"202100-3062"}
    site = "site/exempelhogskolan--provstad--cordis"
    assert values(quads, "actor/exempelhogskolan", "hasSite") == {site}
    assert values(quads, site, "postalCode") == {"111 11"}
    assert SITE_REASON in values(quads, site, "inferenceReason")


def test_ror_becomes_org(imported: Imports) -> None:
    """Parents and children are one statement; what would close a circle, or leads out, is said."""
    outcome = imported("ror")["ror"]
    quads = said(outcome)
    assert values(quads, "actor/provsjukhuset", "subOrganizationOf") == {"actor/example-university"}
    assert values(quads, "actor/example-university", "subOrganizationOf") == set()
    assert values(quads, "actor/old-foundation", "linkedTo") == {"actor/example-university"}
    text = "\n".join(skip.reason for skip in outcome.skipped)
    assert "a part of its own part" in text
    assert "points to '0zzzzzz09'" in text


def test_every_fact_has_its_page(imported: Imports) -> None:
    """A fact is stated, and is a node with its source, its time and, where it fits, its role."""
    quads = said(imported("ecosystem-facts")["ecosystem-facts"])
    facts = [q for q in quads if q.object == NamedNode(KG + "SourcedStatement")]
    assert len(facts) == 8
    assert values(quads, "fact/x2", "source") == {"https://page.example/2"}
    assert values(quads, "fact/x2", "inProject") == {"project/provprojektet"}
    assert values(quads, "fact/x2", "endDate") == {"2022-06"}
    assert values(quads, "fact/x8", "hasStage") == {"party-stage/first"}
    assert values(quads, "actor/firma", "isHousedIn") == set()
    assert values(quads, "actor/firma", "locatedIn") == {"place/huset"}
    assert values(quads, "actor/firma", "worksWith") == {"actor/example-university"}
    assert values(quads, "actor/firma", "foundingDate") == {"1999-05"}
    assert values(quads, "place/huset", "locatedIn") == {"place/provlandets-lan"}
    assert values(quads, "facility/provlabbet", "isOperatedBy") == {"actor/example-university"}
    assert values(quads, "facility/huset", "seeAlso") == {"place/huset"}
    assert values(quads, "reading/provlabbet--aspect-e", "hasCertainty") == {"inferred"}


def test_the_region_brings_its_partners(imported: Imports) -> None:
    """Of the projects with an actor of the region all partners are kept, and nothing else."""
    outcome = imported("cordis", "geodata", extent=Extent.REGION)["cordis"]
    quads = said(outcome)
    assert projects_of(quads) == {ID + "project/ec-101"}
    assert values(quads, "actor/firma-ab", "participantIdentifier") == {"9002"}
    assert outcome.read == outcome.written + outcome.unwanted + len(outcome.skipped)


def test_a_country(imported: Imports) -> None:
    """A country's records are those of its actors, and their projects."""
    quads = said(imported("cordis", extent=Extent.COUNTRY, country="DE")["cordis"])
    assert projects_of(quads) == {ID + "project/ec-102", ID + "project/ec-999"}


def test_an_actor_of_two_sources_has_one_preferred_name(imported: Imports) -> None:
    """Whatever sources name it: one preferred name per language over all graphs."""
    outcomes = imported("ror", "ecosystem-facts", "cordis", "cordis-fp7", "geodata")
    names: dict[tuple[str, str | None], set[str]] = {}
    for outcome in outcomes.values():
        for quad in said(outcome):
            if quad.predicate.value.endswith("prefLabel") and isinstance(quad.object, Literal):
                key = (str(quad.subject), quad.object.language)
                names.setdefault(key, set()).add(quad.object.value)
    assert names
    assert {key: found for key, found in names.items() if len(found) > 1} == {}


def test_a_graph_says_what_it_is(imported: Imports) -> None:
    """Source, licence, date, version of the importer, counts."""
    outcome = imported("cordis")["cordis"]
    about = {q.predicate.value.rsplit("/", 1)[1]: q.object for q in said(outcome)
             if q.subject == NamedNode(GRAPH + "open/cordis")}  # fmt: skip
    for wanted in ("title", "source", "license", "issued", "ontology#importerVersion"):
        assert wanted in about
    assert about["ontology#skippedRecordCount"] == Literal(4)
    assert about["ontology#readRecordCount"] == Literal(outcome.read)


def test_the_same_import_gives_the_same_bytes(imported: Imports) -> None:
    """Nothing depends on the time or on the order of sets."""
    first = imported("cordis", extent=Extent.REGION)["cordis"].path.read_bytes()
    assert imported("cordis", extent=Extent.REGION)["cordis"].path.read_bytes() == first


def test_strict_stops_at_the_first(imported: Imports, tmp_path: Path) -> None:
    """With --strict the first bad record ends the import, and no file is written."""
    with pytest.raises(SourceFormatError, match=r"line 4.*comes a second time"):
        imported("cordis", is_strict=True)
    assert not (tmp_path / "out").exists()


def test_nothing_is_half_written(tmp_path: Path) -> None:
    """A file that was there stays until the new one is whole."""
    path = tmp_path / "x.nt.gz"
    path.write_bytes(b"before")

    def broken() -> None:
        with replaced(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_describes_no_graph_is_refused(tmp_path: Path) -> None:
    """``build --with`` takes files of ours, and says what is wrong with others."""
    path = tmp_path / "x.nt.gz"
    path.write_bytes(gzip.compress(b"<a:b> <a:b> <a:b> .\n"))
    with pytest.raises(GraphParseError, match="describes no named graph"):
        imported_file(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(GraphParseError, match="cannot be read"):
        imported_file(path)


def test_the_command(tmp_path: Path) -> None:
    """It writes the file, and closes with a table of what was read, written and skipped."""
    out = tmp_path / "x.nt.gz"
    result = CliRunner().invoke(
        import_,
        ["cordis", str(FIXTURES / "cordis"), "--all", "--out", str(out), "--issued", "2024-05"],
    )
    assert result.exit_code == 0, result.output
    assert "Imported" in result.output
    assert "skipped: the row has" in " ".join(result.output.split())
    assert imported_file(out).graph.value == GRAPH + "open/cordis"


def test_the_command_reads_everything_there_is(tmp_path: Path) -> None:
    """A folder that holds several data sets gives a file for each, and one for identity."""
    for dataset, part in (("cordis", "cordis"), ("ecosystem-facts", "facts")):
        target = tmp_path / "data" / DATASETS[dataset].parts[0]
        target.mkdir(parents=True)
        for file in (FIXTURES / part).iterdir():
            (target / file.name).write_bytes(file.read_bytes())
    out = tmp_path / "graph"
    result = CliRunner().invoke(import_, ["everything", str(tmp_path / "data"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in (out / "open").iterdir())
    assert written == ["cordis.nt.gz", "ecosystem-facts.nt.gz"]
    assert (out / "derived" / "identity.nt.gz").is_file()
