"""Tables of a version as CSV, for spreadsheets and Power BI.

``actors.csv``        UTF-8, commas (RFC 4180)
``actors.excel.csv``  the same with a byte order mark and semicolons, as a Swedish Excel opens it

A cell that a spreadsheet would run as a formula (it begins with = + - @, a tab or a carriage
return, and is no number) begins with an apostrophe instead.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from klustergraf.engine.base import QueryRequest, ResultsFormat
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.namespaces import DCT, KG, ORG, RDFS, SCHEMA, SKOS
from klustergraf.version import Version

TABLES_FOLDER: Final = "tables-1"
_SECONDS: Final = 300.0
_PREFIXES: Final = "".join(
    f"PREFIX {prefix}: <{namespace}>\n"
    for prefix, namespace in (
        *(("dct", DCT), ("kg", KG), ("org", ORG)),
        *(("rdfs", RDFS), ("schema", SCHEMA), ("skos", SKOS)),
    )
)


def _named(thing: str, name: str) -> str:
    """Write the pattern of the names of a thing, in Swedish and English."""
    return "".join(
        f"  OPTIONAL {{ SELECT ?{thing} (MIN(?n) AS ?{name}_{language}) WHERE {{ ?{thing} "
        f'skos:prefLabel ?n FILTER (LANG(?n) = "{language}") }} GROUP BY ?{thing} }}\n'
        for language in ("sv", "en")
    )


def _optional(thing: str, predicate: str, name: str) -> str:
    """Write the pattern of a value of which a thing has several at most: the first is taken."""
    return (
        f"  OPTIONAL {{ SELECT ?{thing} (MIN(?v) AS ?{name}) WHERE {{ ?{thing} {predicate} ?v }} "
        f"GROUP BY ?{thing} }}\n"
    )


def _things(kind: str, columns: Sequence[tuple[str, str]]) -> str:
    extra = "".join(_optional("iri", predicate, name) for name, predicate in columns)
    names = " ".join(f"?{name}" for name, _ in columns)
    return (
        f"SELECT ?iri ?name_sv ?name_en ?kinds {names} WHERE {{\n"
        f'  {{ SELECT ?iri (GROUP_CONCAT(DISTINCT ?k; separator=" ") AS ?kinds) WHERE {{ ?iri a '
        f'kg:{kind} ; a ?c . BIND(STRAFTER(STR(?c), "#") AS ?k) '
        f'FILTER(STRSTARTS(STR(?c), "{KG}")) }} GROUP BY ?iri }}\n'
        f"{_named('iri', 'name')}{extra}}} ORDER BY ?iri"
    )


QUERIES: Final = {
    "actors": _things(
        "Actor", [("located_in", "kg:locatedIn"), ("part_of", "org:subOrganizationOf")]
    ),
    "places": _things("Place", [("located_in", "kg:locatedIn")]),
    "facilities": _things(
        "Facility", [("located_in", "kg:locatedIn"), ("operated_by", "kg:isOperatedBy")]
    ),
    "projects": _things(
        "Project",
        [
            ("identifier", "dct:identifier"),
            ("start", "schema:startDate"),
            ("end", "schema:endDate"),
            ("total_cost_eur", "kg:totalCost"),
            ("eu_contribution_eur", "kg:euContribution"),
        ],
    ),
    "participations": (
        "SELECT DISTINCT ?iri ?project ?participant ?role WHERE {\n"
        "  ?iri a kg:ProjectParticipation ; kg:inProject ?project ; kg:hasParticipant ?participant "
        "OPTIONAL { ?iri org:role ?role }\n} ORDER BY ?iri ?participant ?role"
    ),
    "collaborations": (
        "SELECT DISTINCT ?iri ?actor_a ?actor_b ?through WHERE {\n"
        "  ?iri a kg:Collaboration ; kg:isThrough ?through ;\n"
        "    kg:hasCollaborator ?actor_a , ?actor_b "
        "FILTER(STR(?actor_a) < STR(?actor_b))\n} ORDER BY ?iri ?actor_a ?actor_b ?through"
    ),
}  # fmt: skip

_FORMULA: Final = re.compile(r"^[=+\-@\t\r]")
_TIME: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_NUMBER: Final = re.compile(r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$")


def safe_cell(text: str) -> str:
    """Let no spreadsheet take a text for a formula.

    >>> safe_cell("=1+1"), safe_cell("-59.3"), safe_cell("KTH")
    ("'=1+1", '-59.3', 'KTH')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def undated(workbook: bytes) -> bytes:
    """Take the times of making out of a workbook (XLSX), so that the same has the same bytes."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as old, ZipFile(out, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "docProps/core.xml":
                content = _TIME.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), content, ZIP_DEFLATED)
    return out.getvalue()


def make_tables(version: Version, folder: Path) -> None:
    """Write every table of a version, in both forms; a derivation.

    Errors: as QueryEngine.query.
    """
    with EmbeddedEngine(version, timeout_seconds=_SECONDS, workers=1, storage="auto") as engine:
        for name, query in QUERIES.items():
            request = QueryRequest(_PREFIXES + query, results_format=ResultsFormat.CSV)
            text = b"".join(engine.query(request)).decode("utf-8")
            rows = list(csv.reader(io.StringIO(text, newline="")))
            if "kinds" in rows[0]:
                # An engine gives them in no order; the same version shall give the same bytes.
                column = rows[0].index("kinds")
                for row in rows[1:]:
                    row[column] = " ".join(sorted(row[column].split()))
            safe = [[safe_cell(cell) for cell in row] for row in rows]
            plain, excel = folder / f"{name}.csv", folder / f"{name}.excel.csv"
            with plain.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(safe)
            with excel.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file, delimiter=";").writerows(safe)
