"""Tables of partners become statements, and what is wrong with one is told by row and column."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contributing import copy_home
from klustergraf.build import BuildResult
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution, Desk
from klustergraf.contributions.reading import Reading
from klustergraf.contributions.spreadsheets import sheets
from klustergraf.contributions.spreadsheets.columns import KINDS, TableKind
from klustergraf.contributions.spreadsheets.sheets import CSV, XLSX
from klustergraf.contributions.spreadsheets.table import read_table
from klustergraf.contributions.spreadsheets.templates import csv_template, xlsx_template
from klustergraf.contributions.spreadsheets.vocabulary import Vocabulary
from klustergraf.errors import ContributionRefused
from klustergraf.namespaces import ID, KG, ORG, RDF, SCHEMA, SKOS

LABB = GraphAddress("labb")
HEAD = "id,name_sv,name_en,kind,operated_by"

# A table, and what it says, written by hand.
EXAMPLES = {
    "actors": (
        "Id;Namn på svenska;Namn på engelska;Slag;Kommun;Webbplats;Wikidata;"
        "Organisationsnummer;Grundad;Del av;Prioriterade områden\n"
        "labb;Labb AB;Lab Co;företag;Uppsala;https://example.org/;Q42;5560160680;2019-04;;A1\n"
        "norr;Labb Norr;Lab North;Start-up;;;;;;labb;\n",
        """
        <actor/labb> a kg:Company ; skos:prefLabel "Labb AB"@sv , "Lab Co"@en ;
            kg:locatedIn <place/uppsala> ; foaf:homepage <https://example.org/> ;
            schema:sameAs <http://www.wikidata.org/entity/Q42> ;
            kg:organisationNumber "556016-0680" ; kg:contributesTo <priority/a1> ;
            schema:foundingDate "2019-04"^^xsd:gYearMonth .
        <actor/labb--norr> a kg:StartUp ; skos:prefLabel "Labb Norr"@sv , "Lab North"@en ;
            org:subOrganizationOf <actor/labb> .
        """,
    ),
    "testbeds": (
        "\ufeffid,name_sv,name_en,kind,operated_by,partners,place,field_of_use_sv,"
        "open_to_companies,priority_areas\r\n"
        'vat,Våtlabbet,The Wet Lab,biobank,"Karolinska Institutet;KTH",'
        'https://ror.org/048a87296,flemingsberg,"prov, och\r\nannat",Ja,"E1, data och '
        'infrastruktur"\r\n'.replace("E1, data", "E1; data"),
        """
        <facility/labb--vat> a kg:Biobank ; skos:prefLabel "Våtlabbet"@sv , "The Wet Lab"@en ;
            kg:isOperatedBy <actor/karolinska-institutet> , <actor/kth> ;
            kg:hasPartner <actor/uppsala-universitet> ; kg:locatedIn <place/flemingsberg> ;
            kg:fieldOfUse "prov, och annat"@sv ; kg:isOpenToCompanies true ;
            kg:contributesTo <priority/e1> , <priority/a2> .
        """,
    ),
    "projects": (
        "Id\tName in Swedish\tName in English\tStart\tEnd\tCoordinator\tParticipants\n"
        "p\tProv\tTests\t2026\t2028-06-30\tKarolinska Institutet\thuddinge-kommun\n",
        """
        <project/labb--p> a kg:Project ; skos:prefLabel "Prov"@sv , "Tests"@en ;
            schema:startDate "2026"^^xsd:gYear ; schema:endDate "2028-06-30"^^xsd:date .
        <participation/labb--p--karolinska-institutet> a kg:ProjectParticipation ;
            kg:inProject <project/labb--p> ; kg:hasParticipant <actor/karolinska-institutet> ;
            org:role <role/coordinator> ; kg:hasCertainty kg:stated ;
            prov:wasDerivedFrom <../graph/labb> .
        <participation/labb--p--huddinge-kommun> a kg:ProjectParticipation ;
            kg:inProject <project/labb--p> ; kg:hasParticipant <actor/huddinge-kommun> ;
            org:role <role/participant> ; kg:hasCertainty kg:stated ;
            prov:wasDerivedFrom <../graph/labb> .
        """,
    ),
    "collaborations": (
        "sep=,\nId,Name in Swedish,Name in English,Kind,Parties,Since\n"
        "a,Avtal,Deal,letter of intent,Karolinska Institutet;Region Uppsala,2026-03-01\n"
        "g,Grupp,Group,arbetsgrupp,Karolinska Institutet;Region Uppsala,2025\n",
        """
        <agreement/labb--a> a kg:LetterOfIntent ; skos:prefLabel "Avtal"@sv , "Deal"@en ;
            dct:issued "2026-03-01"^^xsd:date ; prov:wasDerivedFrom <../graph/labb> .
        <party/labb--a--karolinska-institutet> a kg:AgreementParty ;
            kg:inAgreement <agreement/labb--a> ;
            kg:hasParticipant <actor/karolinska-institutet> ; kg:hasStage <party-stage/first> ;
            kg:hasCertainty kg:stated ; prov:wasDerivedFrom <../graph/labb> .
        <party/labb--a--region-uppsala> a kg:AgreementParty ; kg:inAgreement <agreement/labb--a> ;
            kg:hasParticipant <actor/region-uppsala> ; kg:hasStage <party-stage/first> ;
            kg:hasCertainty kg:stated ; prov:wasDerivedFrom <../graph/labb> .
        <group/labb--g> a kg:WorkingGroup ; skos:prefLabel "Grupp"@sv , "Group"@en ;
            schema:startDate "2025"^^xsd:gYear .
        <membership/labb--g--karolinska-institutet> a kg:Membership ;
            org:organization <group/labb--g> ; org:member <actor/karolinska-institutet> ;
            org:role <role/representative> ; kg:hasCertainty kg:stated ;
            prov:wasDerivedFrom <../graph/labb> .
        <membership/labb--g--region-uppsala> a kg:Membership ; org:organization <group/labb--g> ;
            org:member <actor/region-uppsala> ; org:role <role/representative> ;
            kg:hasCertainty kg:stated ; prov:wasDerivedFrom <../graph/labb> .
        """,
    ),
}

_PREFIXES = """
@base <https://w3id.org/klustergraf/id/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def turtle(text: str) -> set[ox.Triple]:
    """Read Turtle with the usual prefixes."""
    return {quad.triple for quad in ox.parse(_PREFIXES + text, format=ox.RdfFormat.TURTLE)}


def table(store: ox.Store, text: str | bytes, media_type: str = CSV, kind: str = "") -> Reading:
    """Read a table for the partner of these tests."""
    content = text.encode() if isinstance(text, str) else text
    return read_table(store, content, media_type, LABB, kind)


def value(term: object) -> str:
    """Give the IRI or the text of a term."""
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return term.value


def problems(reading: Reading) -> list[tuple[str, int | None, int | None]]:
    """Give the rule, row and column of each thing that is wrong, in the order of the table."""
    found = []
    for result in reading.problems:
        assert set(result.messages) == {"sv", "en"}
        assert len(set(result.messages.values())) == 2
        place = reading.place(str(result.focus_node).strip("<>"), "") or {}
        shape = str(result.source_shape).partition("#table-")[2].strip(">")
        found.append((shape, place.get("row"), place.get("column")))
    return sorted(found, key=lambda one: (one[1] or 0, one[2] or 0))


def workbook(rows: list[list[Any]], title: str = "Blad1") -> bytes:
    """Write a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def desk(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a desk over the graph of the founding documents."""
    home = copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("tables") / "home")
    made = Desk(home)
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_says_what_the_same_in_turtle_says(founding_store: ox.Store, kind: str) -> None:
    """Each kind, with its separators and headers in two languages, is what was written by hand."""
    text, expected = EXAMPLES[kind]
    reading = table(founding_store, text)
    assert problems(reading) == []
    assert set(reading.triples) == turtle(expected)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_gate_lets_it_in(desk: Desk, kind: str) -> None:
    """Each example passes the gate, as CSV and again as a workbook, which changes nothing."""
    text = EXAMPLES[kind][0]
    graph = GraphAddress("labb", kind)
    stored = desk.submit(Contribution(graph, "put", text.encode(), CSV))
    assert stored.is_stored
    plain = text.removeprefix("sep=,\n").removeprefix("\ufeff")
    mark = max(";,\t", key=plain.splitlines()[0].count)
    rows = list(csv.reader(io.StringIO(plain, newline=""), delimiter=mark))
    again = desk.submit(Contribution(graph, "put", workbook(rows), XLSX))
    assert (again.is_stored, again.version) == (False, stored.version)
    desk.submit(Contribution(graph, "delete"))


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_template_filled_in_with_its_examples(desk: Desk, kind: TableKind, language: Any) -> None:
    """Whoever writes the examples of the instructions into the template is let in."""
    store = ox.Store()
    store.bulk_load(path=desk.versions.current().dataset_path)
    made = xlsx_template(kind, language, Vocabulary.read(store))
    book = openpyxl.load_workbook(io.BytesIO(made))
    sheet, help_sheet = book.worksheets[:2]
    examples = {str(r[0]): r[3] for r in help_sheet.iter_rows(min_row=5, values_only=True)}
    for cell in sheet[1]:
        sheet.cell(2, cell.column or 0, examples[str(cell.value)])
    out = io.BytesIO()
    book.save(out)
    outcome = desk.check(Contribution(LABB, "put", out.getvalue(), XLSX))
    assert outcome.report["conforms"], outcome.report
    assert outcome.rows[0] == (1, tuple(column.headers[language] for column in kind.columns))
    assert outcome.delta.added
    header = csv_template(kind, language).decode("utf-8-sig").strip().split(";")
    assert header == list(outcome.rows[0][1])


@pytest.mark.parametrize("language", ["sv", "en"])
def test_template_offers_what_is_understood(founding_store: ox.Store, language: Any) -> None:
    """Every value of every list of a template is read, and its cells lead to that list."""
    vocabulary = Vocabulary.read(founding_store)
    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_template(KINDS["testbeds"], language, vocabulary))
    )
    sheet, _, lists = book.worksheets
    headers = [str(cell.value) for cell in sheet[1]]
    ranges = {
        str(rule.sqref).partition("2:")[0]: str(rule.formula1)
        for rule in sheet.data_validations.dataValidation
        if rule.type == "list"
    }
    assert len(ranges) == 4, "kind, place, open to companies, priority areas"
    lines = [";".join(headers)]
    for letter, formula in ranges.items():
        assert formula.startswith(f"'{lists.title}'!${letter}$2:${letter}$")
        last = int(formula.rpartition("$")[2])
        assert lists[f"{letter}{last}"].value
        assert not lists[f"{letter}{last + 1}"].value
        for (value,) in lists[f"{letter}2:{letter}{last}"]:
            row = dict.fromkeys(headers, "") | {headers[0]: f"x{len(lines)}"}
            row |= {headers[1]: "X", headers[2]: "X", headers[3]: "biobank", headers[4]: "KTH"}
            row[str(sheet[f"{letter}1"].value)] = str(value.value)
            lines.append(";".join(row.values()))
    assert len(lines) - 1 == 9 + 290 + 2 + 13
    assert problems(table(founding_store, "\n".join(lines), kind="testbeds")) == []


def test_every_statement_knows_its_cell(founding_store: ox.Store) -> None:
    """Each statement of a table leads back to the cell that says it."""
    text, _ = EXAMPLES["actors"]
    reading = table(founding_store, text)
    cells = [line.split(";") for line in text.splitlines()]
    written = {
        "Labb AB": "Labb AB", "Lab Co": "Lab Co", "Q42": "Q42", "2019-04": "2019-04",
        "556016-0680": "5560160680", "https://example.org/": "https://example.org/",
        f"{KG}StartUp": "Start-up", f"{ID}priority/a1": "A1", f"{ID}place/uppsala": "Uppsala",
        "http://www.wikidata.org/entity/Q42": "Q42", f"{ID}actor/labb": "labb",
        f"{KG}Company": "företag", "Labb Norr": "Labb Norr", "Lab North": "Lab North",
    }  # fmt: skip
    assert len(reading.triples) == 13
    for triple in reading.triples:
        subject, predicate = value(triple.subject), triple.predicate.value
        place = reading.place(subject, predicate, str(triple.object))
        assert place is not None
        cell = cells[place["row"] - 1][place["column"] - 1]
        assert cell == written[value(triple.object)]


# A table, and the rule, row and column of all that is wrong with it.
WRONG: dict[str, tuple[str | bytes, list[tuple[str, int | None, int | None]]]] = {
    "nothing": ("", [("empty", None, None)]),
    "a header alone": (HEAD, [("empty", 1, None)]),
    "no known header": ("a,b\n1,2\n", [("kind", 1, None)]),
    "no header of one kind": ("id,name_sv\nx,y\n", [("kind", 1, None)]),
    "an unknown column": (
        f"{HEAD},operatedby2\nx,X,X,testbed,KTH,1\n", [("unknown-column", 1, 6)]
    ),
    "a column twice": (f"{HEAD},Drivs av\nx,X,X,testbed,KTH,KTH\n", [("column-twice", 1, 6)]),
    "a column too few": (
        "id,name_sv,operated_by\nx,X,KTH\n",
        [("column-missing", 1, None), ("column-missing", 1, None)],
    ),
    "values without a header": (
        f"{HEAD},,place\nx,X,X,testbed,KTH,?,Solna\n", [("column-without-name", 1, 6)]
    ),
    "empty cells that are needed": (
        f"{HEAD}\nx,,X,testbed,\n,X,X,testbed,KTH\n",
        [("required", 2, 2), ("required", 2, 5), ("required", 3, 1)],
    ),
    "ids": (
        f"{HEAD}\nÅ,X,X,testbed,KTH\nx,X,X,testbed,KTH\n\nx,X,X,testbed,KTH\n"
        f"{ID}facility/kth--x,X,X,testbed,KTH\n{ID}actor/labb--x,X,X,testbed,KTH\n"
        f"a--b,X,X,testbed,KTH\n{ID}facility/z,X,X,testbed,KTH\n",
        [("id", 2, 1), ("id-twice", 5, 1), *(("id", row, 1) for row in (6, 7, 8, 9))],
    ),
    "actors": (
        f"{HEAD}\nx,X,X,testbed,Nobody AB\ny,X,X,testbed,https://ror.org/000000000\n"
        f"z,X,X,testbed,{ID}actor/nobody\nv,X,X,testbed,https://www.kth.se/\n",
        [("unknown-actor", row, 5) for row in (2, 3, 4, 5)],
    ),
    "vocabulary": (
        f"{HEAD},place,priority_areas,open_to_companies\n"
        "x,X,X,University,KTH,Atlantis,Z9,perhaps\n",
        [
            ("unknown-kind", 2, 4), ("unknown-place", 2, 6), ("unknown-priority-area", 2, 7),
            ("boolean", 2, 8),
        ],
    ),
    "addresses": (
        f"{HEAD},website\n"
        + "".join(
            f"x{n},X,X,testbed,KTH,{url}\n"
            for n, url in enumerate(
                ("www.kth.se", "ftp://kth.se/", "javascript:alert(1)", "https://a b.se/",
                 "https://user@kth.se/", "https://", "http://[::1", "mailto:a@example.org")
            )
        ),
        [("url", row, 6) for row in range(2, 10)],
    ),
    "dates": (
        "id,name_sv,name_en,start,end\np,P,P,1/3/2026,2026-02-30\nq,Q,Q,26,2026-13\n"
        "r,R,R,2026-01-01 10:00,soon\n",
        [("date", row, column) for row in (2, 3, 4) for column in (4, 5)],
    ),
    "identifiers": (
        "id,name_sv,name_en,kind,ror,organisation_number,wikidata\n"
        "x,X,X,company,https://ror.org/1,5560160681,42\ny,Y,Y,company,,19811228-9874,\n"
        "z,Z,Z,company,https://ror.org/026vcq606,,\n",
        [
            ("ror", 2, 5), ("organisation-number", 2, 6), ("wikidata", 2, 7),
            ("organisation-number", 3, 6), ("known-actor", 4, 5),
        ],
    ),
    "one party": (
        "id,name_sv,name_en,kind,parties\nx,X,X,agreement,KTH\ny,Y,Y,agreement,KTH;KTH\n",
        [("parties", 2, 5), ("parties", 3, 5)],
    ),
    "formulas": (
        f"{HEAD}\nx,=1+1,+X,testbed,@KTH\ny,-2,X,testbed,KTH\n",
        [("formula", 2, 2), ("formula", 2, 3), ("formula", 2, 5)],
    ),
    "a long cell": (f"{HEAD}\nx,{'x' * 5001},X,testbed,KTH\n", [("long-cell", 2, 2)]),
    "what is not seen": (f"{HEAD}\nx,a\x00b,X,testbed,KTH\n", [("control-character", 2, 2)]),
    "Latin-1": (
        f"{HEAD}\nx,Södertälje,X,testbed,KTH\n".encode("cp1252"), [("encoding", 2, None)]
    ),
    "UTF-16": (f"{HEAD}\nx,X,X,testbed,KTH\n".encode("utf-16"), [("encoding", None, None)]),
    "an open quotation": (f'{HEAD}\nx,X,X,testbed,KTH\ny,"Y\n', [("csv", 3, None)]),
    "too many rows": (
        f"{HEAD}\n" + "".join(f"x{n},X,X,testbed,KTH\n" for n in range(5001)),
        [("many-rows", 5002, None)],
    ),
    "too many columns": (HEAD + ",x" * 60 + "\n", [("many-columns", 1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_wrong(
    founding_store: ox.Store,
    case: tuple[str | bytes, list[tuple[str, int | None, int | None]]],
) -> None:
    """What is wrong is found, all of it, with its row and column; nothing is stated then."""
    text, expected = case
    reading = table(founding_store, text)
    assert problems(reading) == expected
    assert reading.triples == ()


def test_words_help(founding_store: ox.Store) -> None:
    """A message names what was meant: the nearest column, value and actor, the word in Latin-1."""

    def said(text: str | bytes) -> str:
        (result,) = table(founding_store, text).problems
        return result.message("sv") + result.message("en")

    near = said(f"{HEAD},Komun\nx,X,X,testbed,KTH,Solna\n")
    assert "”Kommun eller plats”" in near
    assert "“Municipality or place”" in near
    assert "biobank" in said(f"{HEAD}\nx,X,X,biobnk,KTH\n")
    assert "Karolinska Institutet" in said(f"{HEAD}\nx,X,X,testbed,Karolinska Institut\n")
    assert "Södertälje" in said(f"{HEAD}\nx,Södertälje,X,testbed,KTH\n".encode("cp1252"))
    number = said("id,name_sv,name_en,kind,organisation_number,ror\nx,X,X,company,811228-9874,\n")
    assert "811228" not in number, "a personal identity number is not repeated"


def test_actor_of_several_names_is_asked_for() -> None:
    """A name that two actors have is not guessed: both are named, with place and IRI."""
    store = ox.Store()
    triples = turtle(
        """
        kg:Testbed <http://www.w3.org/2000/01/rdf-schema#subClassOf> kg:Facility ;
            <http://www.w3.org/2000/01/rdf-schema#label> "testbädd"@sv , "testbed"@en .
        <place/x> a kg:Municipality ; skos:prefLabel "X-by"@sv , "Xton"@en .
        <actor/a> a kg:Actor ; skos:prefLabel "Labb"@sv , "Lab A"@en ; kg:locatedIn <place/x> ;
            kg:organisationNumber "556016-0680" ; schema:sameAs <https://ror.org/012345678> .
        <actor/b> a kg:Actor ; skos:prefLabel "Labb"@sv , "Lab B"@en ; skos:altLabel "Old B"@en .
        <actor/c> a kg:Actor ; skos:prefLabel "C"@sv , "C"@en ; skos:altLabel "Lab A"@en .
        <actor/old-b> a kg:Actor ; skos:prefLabel "D"@sv , "D"@en .
        <facility/c> a kg:Testbed ; skos:prefLabel "C"@sv , "C"@en .
        """
    )
    graph = ox.NamedNode("urn:g")
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples)
    (result,) = table(store, f"{HEAD}\nx,X,X,testbed,Labb\n").problems
    assert str(result.source_shape).endswith("ambiguous-actor>")
    assert f"Labb (X-by, {ID}actor/a); Labb ({ID}actor/b)" in result.message("sv")
    assert f"Lab A (Xton, {ID}actor/a)" in result.message("en")
    named = {
        "Lab B": "b", "Old B": "b", "Lab A": "a", "5560160680": "a", "556016-0680": "a",
        "012345678": "a", "ror.org/012345678": "a", f"{ID}actor/b": "b", "old-b": "old-b",
        "c": "c", "C": "c",
    }  # fmt: skip
    for text, slug in named.items():
        reading = table(store, f"{HEAD}\nx,X,X,testbed,{text}\n")
        operators = {value(t.object) for t in reading.triples if "isOperatedBy" in str(t.predicate)}
        assert operators == {f"{ID}actor/{slug}"}, text


def test_report_of_the_gate_leads_to_the_cell(desk: Desk) -> None:
    """What a shape finds is told with the row and column that say it, of relations as well."""
    text = (
        "id,name_sv,name_en,start,end,participants,priority_areas\n"
        "p,P,P,2026,2027,KTH,A1\n"
        "q,Q,Q,2026,2025,KTH,A1\n"
        "r,Ring 08-123 45 67,R,2026,2027,KTH,A1\n"
        "s,S,Call 08-123 45 67,2026,2027,KTH,A1\n"
    )
    with pytest.raises(ContributionRefused) as caught:
        desk.submit(Contribution(LABB, "put", text.encode(), CSV))
    found = {
        (r["sourceShape"]["value"].partition("#")[2], r["row"], r["column"])
        for r in caught.value.report["results"]
        if not r["focusNode"]["value"].endswith(("collaboration",))
    }
    assert ("PeriodOrderShape-endDate", 3, 5) in found
    # Both names have one property: what is wrong with which is told by the value.
    assert {("TelephoneShape", 4, 2), ("TelephoneShape", 5, 3)} <= found
    assert desk.tag(LABB) is None


def test_cells_of_a_workbook(founding_store: ox.Store) -> None:
    """Dates, numbers, booleans and empty rows of a workbook are read as they are seen."""
    rows: list[list[Any]] = [
        ["Id", "Name in Swedish", "Name in English", "Start", "End"],
        [],
        ["p", "P", "P", dt.datetime(2026, 3, 1), 2028],  # noqa: DTZ001 - Excel knows no zones
        ["q", "Q", "Q", dt.date(2026, 3, 2), 2028.0],
    ]
    reading = table(founding_store, workbook(rows), XLSX)
    assert problems(reading) == []
    dates = {(value(t.subject)[-1], value(t.object)) for t in reading.triples if "Date" in str(t)}
    assert dates == {("p", "2026-03-01"), ("p", "2028"), ("q", "2026-03-02"), ("q", "2028")}
    place = reading.place(f"{ID}project/labb--q", SCHEMA + "endDate")
    assert place == {"row": 4, "column": 5}
    open_rows: list[list[Any]] = [
        [*HEAD.split(","), "open_to_companies"],
        ["x", "X", "X", "testbed", "KTH", True],
    ]
    said = table(founding_store, workbook(open_rows), XLSX).triples
    assert any(t.object == ox.Literal(True) for t in said)


def test_title_of_a_sheet_tells_the_kind(founding_store: ox.Store) -> None:
    """A header that fits two kinds is decided by the sheet's title, or by who sends it."""
    rows = [["id", "name_sv", "name_en", "kind"], ["x", "X", "X", "company"]]
    assert problems(table(founding_store, workbook(rows), XLSX)) == [("kind", 1, None)]
    for reading in (
        table(founding_store, workbook(rows, "Aktörer"), XLSX),
        table(founding_store, workbook(rows), XLSX, "actors"),
    ):
        assert problems(reading) == []
        assert ox.NamedNode(KG + "Company") in {t.object for t in reading.triples}


def changed(archive: bytes, name: str, content: bytes | None = None, **replaced: bytes) -> bytes:
    """Write a workbook again with one part made anew, added, or with something replaced in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for part in old.namelist():
            was = old.read(part)
            if part == name:
                was = was.replace(replaced["old"], replaced["new"]) if replaced else content or b""
            new.writestr(part, was)
        if name not in old.namelist():
            new.writestr(name, content or b"")
    return out.getvalue()


_GOOD = [HEAD.split(","), ["x", "X", "X", "testbed", "KTH"]]
_SHEET = "xl/worksheets/sheet1.xml"


def _workbooks() -> dict[str, tuple[bytes, tuple[str, int | None, int | None]]]:
    good = workbook(_GOOD)
    bomb = changed(good, "xl/media/image1.png", b"\0" * (40 << 20))
    formula = [*_GOOD, ["y", '=HYPERLINK("http://example.org")', "Y", "testbed", "KTH"]]
    none = (None, None)
    return {
        "no archive": (b"id,name\n", ("workbook", *none)),
        "a damaged archive": (good[:-200], ("workbook", *none)),
        "another archive": (changed(good, "[Content_Types].xml", b"<x/>"), ("workbook", *none)),
        "a bomb": (bomb, ("workbook-size", *none)),
        "macros": (changed(good, "xl/vbaProject.bin", b"x"), ("workbook-active", *none)),
        "links": (
            changed(good, "xl/externalLinks/externalLink1.xml", b"<x/>"),
            ("workbook-active", *none),
        ),
        "entities": (
            changed(
                good, _SHEET, old=b"<worksheet", new=b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'
            ),
            ("workbook-xml", *none),
        ),
        "another encoding": (
            changed(good, _SHEET, b'<?xml version="1.0" encoding="cp037"?><a/>'),
            ("workbook-xml", *none),
        ),
        "a row beyond the last": (
            changed(good, _SHEET, old=b'<row r="2"', new=b'<row r="99999999"'),
            ("workbook", *none),
        ),
        "a very wide row": (
            changed(good, _SHEET, old=b'r="E2"', new=b'r="XFD2"'),
            ("many-columns", 2, None),
        ),
        "a formula": (workbook(formula), ("formula", 3, 2)),
        "an error": (workbook([*_GOOD, ["y", "#REF!", "Y", "testbed", "KTH"]]), ("formula", 3, 2)),
    }


_WORKBOOKS = _workbooks()


@pytest.mark.parametrize("case", _WORKBOOKS.values(), ids=_WORKBOOKS.keys())
def test_hostile_workbook(
    founding_store: ox.Store, case: tuple[bytes, tuple[str, int | None, int | None]]
) -> None:
    """A workbook that would cost too much, or do something, is refused with its reason."""
    content, expected = case
    assert problems(table(founding_store, content, XLSX)) == [expected]


def test_size_is_measured_and_not_believed(
    founding_store: ox.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds for all parts together, and for what is unpacked."""
    content = workbook(_GOOD)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(part.file_size for part in archive.infolist())
    monkeypatch.setattr(sheets, "_MOST_UNPACKED", size)
    assert problems(table(founding_store, content, XLSX)) == []
    monkeypatch.setattr(sheets, "_MOST_UNPACKED", size - 1)
    assert problems(table(founding_store, content, XLSX)) == [("workbook-size", None, None)]


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), max_size=8
        ),
        max_size=6,
    ),
    mark=st.sampled_from(";,\t"),
)
def test_any_text_in_cells_is_read_or_told(
    founding_store: ox.Store, rows: list[list[str]], mark: str
) -> None:
    """Whatever stands in the cells, only the partner's own things are spoken of, or nothing."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark).writerows([HEAD.split(","), *rows])
    reading = table(founding_store, out.getvalue())
    assert bool(reading.problems) != bool(reading.triples)
    own = f"{ID}facility/labb--"
    assert all(str(triple.subject).startswith(f"<{own}") for triple in reading.triples)


def test_apostrophe_keeps_a_text(founding_store: ox.Store) -> None:
    """A text behind an apostrophe is that text, as in the tables that we publish."""
    reading = table(founding_store, f"{HEAD}\nx,'-X-,'A,testbed,KTH\n")
    names = {value(t.object) for t in reading.triples if t.predicate.value == SKOS + "prefLabel"}
    assert names == {"-X-", "'A"}


def test_unit_belongs_to_its_organisation(founding_store: ox.Store) -> None:
    """A part of an organisation that is an organisational unit is one of its units."""
    text = "id,name_sv,name_en,kind,part_of,ror\nx,X,X,organisatorisk enhet,KTH,\n"
    said = {(t.predicate.value, value(t.object)) for t in table(founding_store, text).triples}
    assert (ORG + "unitOf", f"{ID}actor/kth") in said
    assert (RDF + "type", KG + "OrganisationalUnit") in said


def test_media_types_name_the_kind(desk: Desk, tmp_path: Path) -> None:
    """The kind that who sends it names reaches the reader."""
    text = b"id,name_sv,name_en,kind\nx,X,X,company\n"
    asked = desk.check(Contribution(LABB, "put", text, f"{CSV};table=actors"))
    assert asked.report["conforms"]
    unknown = desk.check(Contribution(LABB, "put", text, CSV))
    assert not unknown.report["conforms"]
