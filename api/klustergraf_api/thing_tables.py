"""The tables of a thing's page: each is one query, shown page by page, with count and SPARQL."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from klustergraf.namespaces import KG, OA, ORG, PROV, RDF, SCHEMA, XSD
from klustergraf_api.execution import Executor
from klustergraf_api.terms import Solution, Term, serialise_iri

ROWS: Final = 25
_MOST_PAGES: Final = 1_000_000
_PREFIXES: Final = (
    f"PREFIX kg: <{KG}>\nPREFIX oa: <{OA}>\nPREFIX org: <{ORG}>\nPREFIX prov: <{PROV}>\n"
    f"PREFIX rdf: <{RDF}>\nPREFIX schema: <{SCHEMA}>\nPREFIX xsd: <{XSD}>\n\n"
)


@dataclass(frozen=True)
class TableKind:
    """A table of the things of some classes (names in ``kg:``).

    ``pattern`` selects ``columns`` of ``?thing``; ``group`` groups and ``order`` sorts the rows.
    """

    name: str
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    pattern: str
    order: str
    select: str = ""
    group: str = ""

    def query(self, iri: str) -> str:
        """Ask for all rows; the IRI stands in a data block, as a term."""
        select = self.select or f"DISTINCT {' '.join(f'?{name}' for name in self.columns)}"
        group = f"\nGROUP BY {self.group}" if self.group else ""
        return (
            f"{_PREFIXES}SELECT {select} WHERE {{\n  VALUES ?thing {{ {serialise_iri(iri)} }}\n"
            f"  {self.pattern}\n}}{group}\nORDER BY {self.order}"
        )


_CERTAINTY: Final = "OPTIONAL { ?node kg:hasCertainty ?certainty }"
# Stated when a graph that no rule made says it.
_BY_WHOM: Final = (
    "OPTIONAL { ?graph kg:hasGraphKind ?kind }\n"
    "  BIND(IF(COALESCE(?kind = kg:derivedGraph, false), 0, 1) AS ?own)"
)
_STATED: Final = "(IF(MAX(?own) = 1, kg:stated, kg:derived) AS ?certainty)"
# What a curator inferred stands in a graph of a source; the node that holds it says so.
_HELD: Final = (
    "OPTIONAL {{ ?held rdf:subject {} ; rdf:predicate {} ; rdf:object {} ; "
    "kg:hasCertainty ?ground }}"
)
_GROUND: Final = (
    "(IF(MAX(?own) = 1, COALESCE(IRI(MAX(STR(?ground))), kg:stated), kg:derived) AS ?certainty)"
)

KINDS: Final = (
    TableKind(
        "partners",
        ("Actor",),
        ("partner", "through", "times", "since", "example", "premise"),
        "?node kg:hasCollaborator ?thing , ?partner ; kg:hasTieKind ?through .\n"
        "  FILTER(?partner != ?thing)\n"
        "  OPTIONAL { ?node schema:startDate ?own }\n"
        "  OPTIONAL { ?node kg:isThrough ?what OPTIONAL { ?what schema:startDate ?start } }\n"
        "  OPTIONAL { ?node kg:hasPremiseCertainty ?said }\n"
        "  BIND(SUBSTR(STR(COALESCE(?own, ?start)), 1, 4) AS ?year)",
        "DESC(?times) ?partner ?through",
        "?partner ?through (COUNT(DISTINCT ?node) AS ?times) \n"
        "  (REPLACE(MIN(COALESCE(?year, '~')), '~', '') AS ?since) "
        "(IRI(MIN(STR(?what))) AS ?example)\n"
        "  (IF(SUM(IF(COALESCE(?said = kg:stated, false), 1, 0)) > 0, kg:stated, kg:inferred) "
        "AS ?premise)",
        "?partner ?through",
    ),
    TableKind(
        "projects",
        ("Actor",),
        ("project", "role", "start", "end", "amount", "certainty"),
        "?node kg:hasParticipant ?thing ; kg:inProject ?project .\n"
        "  OPTIONAL { ?node org:role ?role }\n"
        "  OPTIONAL { ?project schema:startDate ?start }\n"
        "  OPTIONAL { ?project schema:endDate ?end }\n"
        "  OPTIONAL { ?node kg:euContribution ?amount }\n"
        f"  {_CERTAINTY}",
        "DESC(?start) ?project ?role",
    ),
    TableKind(
        "facilities",
        ("Actor",),
        ("facility", "relation", "certainty"),
        "GRAPH ?graph {\n    ?facility ?relation ?thing\n"
        "    FILTER(?relation IN (kg:isOperatedBy, kg:hasPartner, kg:isHousedIn))\n  }\n"
        f"  {_BY_WHOM}\n  {_HELD.format('?facility', '?relation', '?thing')}",
        "?facility ?relation",
        f"?facility ?relation {_GROUND}",
        "?facility ?relation",
    ),
    TableKind(
        "strategy",
        ("Actor", "Project", "Facility", "Programme"),
        ("area", "certainty"),
        f"GRAPH ?graph {{ ?thing kg:contributesTo ?area }}\n  {_BY_WHOM}\n"
        f"  {_HELD.format('?thing', 'kg:contributesTo', '?area')}",
        "?area",
        f"?area {_GROUND}",
        "?area",
    ),
    TableKind(
        "participants",
        ("Project", "Event"),
        ("participant", "role", "amount", "certainty"),
        "?node kg:inProject|kg:inEvent ?thing ; kg:hasParticipant ?participant .\n"
        "  OPTIONAL { ?node org:role ?role }\n"
        "  OPTIONAL { ?node kg:euContribution ?amount }\n"
        f"  {_CERTAINTY}",
        "?role ?participant",
    ),
    TableKind(
        "located",
        ("Place",),
        ("located", "certainty"),
        f"GRAPH ?graph {{ ?located kg:locatedIn ?thing }}\n  {_BY_WHOM}\n"
        "  FILTER NOT EXISTS { ?located a org:Site }",
        "?located",
        f"?located {_STATED}",
        "?located",
    ),
    TableKind(
        "contributors",
        ("StrategyAspect", "PriorityArea"),
        ("contributor", "certainty"),
        f"GRAPH ?graph {{ ?contributor kg:contributesTo ?thing }}\n  {_BY_WHOM}\n"
        f"  {_HELD.format('?contributor', 'kg:contributesTo', '?thing')}",
        "DESC(?certainty) ?contributor",
        f"?contributor {_GROUND}",
        "?contributor",
    ),
    TableKind(
        "passages",
        ("SourceDocument",),
        ("passage", "start", "end"),
        "?passage oa:hasSource ?thing ; oa:hasSelector ?selector .\n"
        "  ?selector oa:start ?start ; oa:end ?end .",
        "?start ?end ?passage",
    ),
    TableKind(
        "read",
        ("Passage",),
        ("read",),
        "?read prov:wasDerivedFrom ?thing .",
        "?read",
    ),
)

# Classes of nodes that tables tell of; the other relations stand on the page with their evidence.
TOLD_CLASSES: Final = (KG + "Collaboration", KG + "ProjectParticipation")

# What points to a thing by these is in its tables, and not told again.
_TOLD_BY: Final[dict[str, tuple[str, ...]]] = {
    "partners": (KG + "hasCollaborator", KG + "collaboratesWith"),
    "projects": (KG + "hasParticipant",),
    "facilities": (KG + "isOperatedBy", KG + "hasPartner", KG + "isHousedIn"),
    "participants": (KG + "inProject",),
    "located": (KG + "locatedIn", PROV + "atLocation"),
    "contributors": (KG + "contributesTo",),
    "passages": (OA + "hasSource",),
    "read": (PROV + "wasDerivedFrom",),
}


# What a thing says by these is in its tables.
_TELLS: Final[dict[str, tuple[str, ...]]] = {"strategy": (KG + "contributesTo",)}


def kinds_of(types: set[str]) -> list[TableKind]:
    """Choose the tables of a thing by its classes."""
    return [kind for kind in KINDS if any(KG + name in types for name in kind.classes)]


def told_facts(tables: Iterable["Table"]) -> set[str]:
    """Collect the predicates whose values these tables of a thing tell."""
    return {p for table in tables for p in _TELLS.get(table.name, ())}


def told_inverses(types: set[str]) -> set[str]:
    """Collect the predicates whose subjects the tables of a thing tell."""
    return {p for kind in kinds_of(types) for p in _TOLD_BY.get(kind.name, ())}


@dataclass(frozen=True)
class Table:
    """One page of a table. ``total`` counts all rows; ``page`` begins with 1."""

    name: str
    columns: tuple[str, ...]
    rows: list[Solution]
    total: int
    page: int
    query: str

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // ROWS)

    @property
    def shown(self) -> list[str]:
        """The columns in which any row of the page has something."""
        return [c for c in self.columns if any(row[c].value for row in self.rows if c in row)]

    def mentioned(self) -> set[str]:
        """Collect the IRIs in the rows."""
        return {term.value for row in self.rows for term in row.values() if term.is_iri}


async def read_tables(
    executor: Executor, iri: str, types: set[str], parameters: Mapping[str, str]
) -> list[Table]:
    """Read the tables of a thing's classes that have rows.

    ``parameters``: which page of which table; what is no number, or none, is the first.
    Errors: as Executor.read.
    """
    kinds = kinds_of(types)
    wanted = [page_number(parameters.get(kind.name)) for kind in kinds]
    tables = await asyncio.gather(
        *(_read(executor, kind, iri, page) for kind, page in zip(kinds, wanted, strict=True))
    )
    return [table for table in tables if table.total]


def page_number(text: str | None) -> int:
    """Read a page number.

    >>> page_number("3"), page_number("-1"), page_number("x"), page_number(None)
    (3, 1, 1, 1)
    """
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 8):
        return 1
    return min(max(int(text), 1), _MOST_PAGES)


async def _read(executor: Executor, kind: TableKind, iri: str, page: int) -> Table:
    query = kind.query(iri)
    rows = await executor.solutions(f"{query}\nLIMIT {ROWS + 1} OFFSET {(page - 1) * ROWS}")
    total = (page - 1) * ROWS + len(rows)
    if len(rows) > ROWS or (page > 1 and not rows):
        unordered, _, _ = query.partition("\nORDER BY ")
        prologue, body = unordered.split("\n\n", 1)
        counted = f"{prologue}\n\nSELECT (COUNT(*) AS ?rows) WHERE {{ {{ {body} }} }}"
        answer = await executor.solutions(counted)
        total = int(answer[0].get("rows", Term("literal", "0")).value)
    return Table(kind.name, kind.columns, rows[:ROWS], total, page, query)
