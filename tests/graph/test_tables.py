"""Tables for spreadsheets: what they hold, and that no cell is a formula."""

import csv
import io
import re
from pathlib import Path

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.dumps import find_dump, list_dumps, made_dump, make_dump
from klustergraf.namespaces import PREFIXES
from klustergraf.tables import TABLES, safe_cell
from two_versions import NEW, store_version

# What the OWASP page on CSV injection names as beginnings of formulas.
STARTS = ("=", "+", "-", "@", "\t", "\r")


@given(st.one_of(st.text(), st.tuples(st.sampled_from(STARTS), st.text()).map("".join)))
def test_no_cell_is_a_formula(text: str) -> None:
    """A safe cell begins as no formula does, unless it is a number; no text is lost."""
    safe = safe_cell(text)
    assert safe.removeprefix("'" if safe != text else "") == text
    if safe.startswith(STARTS):
        assert re.fullmatch(r"[+-]\d+(\.\d+)?([eE][+-]?\d+)?", safe)


def test_tables(tmp_path: Path) -> None:
    """A table has a row for each thing, in both forms, with its names made safe."""
    more = 'id:four skos:prefLabel "@SUM(1)"@sv .\n'
    version = store_version(tmp_path, NEW + more, "2026-06-01T12:00:00+00:00")
    names = {dump.name for dump in list_dumps(version) if dump.kind == "csv"}
    assert names == {f"tables/{n}{form}.csv" for n in TABLES for form in ("", ".excel")}
    dump = find_dump(version, "tables/facilities.csv")
    assert made_dump(version, dump) is None
    text = make_dump(version, dump).path.read_bytes().decode("utf-8")
    plain = list(csv.DictReader(io.StringIO(text, newline="")))
    content = make_dump(
        version, find_dump(version, "tables/facilities.excel.csv")
    ).path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    assert list(csv.DictReader(lines, delimiter=";")) == plain
    by_iri = {row["iri"].rpartition("/")[2]: row for row in plain}
    assert by_iri.keys() == {"one", "two"}  # of the class itself; nothing is inferred here
    assert by_iri["one"]["name_en"] == "One, renamed"
    assert by_iri["one"]["kinds"] == "Facility Testbed"
    assert made_dump(version, dump) is not None


def test_names_of_tables_are_safe(tmp_path: Path) -> None:
    """A name that begins as a formula is written with an apostrophe."""
    more = "id:four a kg:Facility .\n"
    version = store_version(tmp_path, NEW + more, "2026-06-01T12:00:00+00:00")
    made = make_dump(version, find_dump(version, "tables/facilities.csv"))
    assert ",'=four," in made.path.read_text(encoding="utf-8")


MORE = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix schema: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
id:a-b a kg:Actor ; skos:prefLabel "B"@sv , "A"@sv , "b"@en ; kg:locatedIn id:y , id:x .
id:a a kg:Actor , kg:Company ; org:subOrganizationOf id:a-b .
id:p a kg:Project ; dct:identifier "7" ; schema:startDate "2020-01-01"^^xsd:date ;
  kg:totalCost 9.50 , 10.0 .
id:q a kg:Project .
id:part a kg:ProjectParticipation ; kg:inProject id:p ; kg:hasParticipant id:a , id:a-b ;
  org:role id:r2 , id:r1 .
id:part2 a kg:ProjectParticipation ; kg:inProject id:p ; kg:hasParticipant id:a .
id:part3 a kg:ProjectParticipation ; kg:inProject id:p .
id:with a kg:Collaboration ; kg:isThrough id:p , id:q ; kg:hasCollaborator id:a , id:a-b , id:c .
id:alone a kg:Collaboration ; kg:hasCollaborator id:a , id:a-b .
"""
LEAST = "OPTIONAL {{ SELECT ?iri (MIN(?v) AS ?{1}) {{ ?iri {0} ?v }} GROUP BY ?iri }}".format
NAMES = "".join(
    f"OPTIONAL {{ SELECT ?iri (MIN(?n) AS ?name_{tag}) "
    f'{{ ?iri skos:prefLabel ?n FILTER (LANG(?n) = "{tag}") }} GROUP BY ?iri }} '
    for tag in ("sv", "en")
)
# What a table says, asked of the store in SPARQL.
ASKED = {
    "actors": f"""SELECT ?iri ?name_sv ?name_en ?located_in ?part_of {{ ?iri a kg:Actor . {NAMES}
        {LEAST("kg:locatedIn", "located_in")} {LEAST("org:subOrganizationOf", "part_of")} }}""",
    "projects": f"""SELECT ?iri ?identifier ?start ?total_cost_eur {{ ?iri a kg:Project .
        {LEAST("dct:identifier", "identifier")} {LEAST("schema:startDate", "start")}
        {LEAST("kg:totalCost", "total_cost_eur")} }}""",
    "participations": """SELECT ?iri ?project ?participant ?role {
        ?iri a kg:ProjectParticipation ; kg:inProject ?project ; kg:hasParticipant ?participant
        OPTIONAL { ?iri org:role ?role } }""",
    "collaborations": """SELECT ?iri ?actor_a ?actor_b ?through { ?iri a kg:Collaboration ;
        kg:isThrough ?through ; kg:hasCollaborator ?actor_a , ?actor_b
        FILTER (STR(?actor_a) < STR(?actor_b)) }""",
}


def test_tables_say_what_sparql_says(tmp_path: Path) -> None:
    """Each row is a solution of a query for it, and each solution a row, of many values too."""
    version = store_version(tmp_path, NEW + MORE, "2026-06-01T12:00:00+00:00")
    store = ox.Store()
    store.bulk_load(path=version.dataset_path, format=ox.RdfFormat.N_QUADS)
    for name, query in ASKED.items():
        found = store.query(query, prefixes=PREFIXES, use_default_graph_as_union=True)
        assert isinstance(found, ox.QuerySolutions)
        columns = [variable.value for variable in found.variables]
        solutions = [
            tuple("" if value is None else str(getattr(value, "value", value)) for value in row)
            for row in found
        ]
        path = make_dump(version, find_dump(version, f"tables/{name}.csv")).path
        with path.open(encoding="utf-8", newline="") as file:
            read = list(csv.DictReader(file))
        rows = [tuple(row[column] for column in columns) for row in read]
        assert rows
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        assert sorted(map(by_value, rows)) == sorted(map(by_value, solutions)), name
    projects = make_dump(version, find_dump(version, "tables/projects.csv")).path
    assert ",9.50," in projects.read_text(encoding="utf-8")


def by_value(row: tuple[str, ...]) -> tuple[str, ...]:
    """Write numbers alike: a store keeps them by value, a table as they were written."""
    return tuple(f"{float(cell):g}" if re.fullmatch(r"\d+\.\d+", cell) else cell for cell in row)
