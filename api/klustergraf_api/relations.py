"""What stands between a thing and others, with the evidence: memberships, statements, parties."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from klustergraf.namespaces import DCT, KG, OA, ORG, PROV, RDF
from klustergraf_api.execution import Executor
from klustergraf_api.statements import Ground, Statement, read_statements
from klustergraf_api.terms import Solution, serialise_iri, serialise_iris
from klustergraf_api.thing_tables import ROWS, TOLD_CLASSES

CERTAINTY: Final = KG + "hasCertainty"
REASON: Final = KG + "inferenceReason"
EVIDENCE: Final = PROV + "wasDerivedFrom"
PAGE: Final = DCT + "source"
TYPE: Final = RDF + "type"
SUBJECT, PREDICATE, OBJECT = RDF + "subject", RDF + "predicate", RDF + "object"

# Sites lie in places by the hundreds; what they belong to is in the table of what is there.
_TOLD_OF: Final = {KG + "Place": (ORG + "Site",)}
# By these, nodes lead to what they are like, and a concept would list thousands of them.
_OTHER_ROLES: Final = (
    TYPE,
    EVIDENCE,
    PREDICATE,
    CERTAINTY,
    KG + "hasPremiseCertainty",
    KG + "hasStage",
    KG + "hasTieKind",
    ORG + "role",
)
# By these, nodes lead to what they stand between; the pages of relations tell them.
NODE_ENDS: Final = frozenset({SUBJECT, OBJECT, ORG + "member", ORG + "organization"})
# What a row tells in its other columns.
_ASIDE: Final = frozenset(
    {CERTAINTY, REASON, EVIDENCE, PAGE, TYPE, SUBJECT, PREDICATE, OBJECT, DCT + "identifier"}
)
_MOST_GROUNDS: Final = 1000


@dataclass(frozen=True)
class Passage:
    """Where in a document something is said. ``start`` and ``end`` count Unicode code points."""

    iri: str
    document: str | None
    start: int | None
    end: int | None


@dataclass
class Relation:
    """A thing that stands between this one and others, such as a membership."""

    iri: str
    facts: list[Statement]
    certainty: str | None
    reasons: dict[str, str]
    passages: list[Passage] = field(default_factory=list)

    @property
    def pages(self) -> list[str]:
        """The addresses of the pages that it was read from."""
        return sorted({s.value.value for s in self.facts if s.predicate == PAGE})

    @property
    def graphs(self) -> list[str]:
        """The graphs that say how certain it is: those that tell of it."""
        return sorted({g for s in self.facts if s.predicate == CERTAINTY for g in s.graphs})

    def says(self, thing: str) -> list[tuple[str, Statement, bool]]:
        """Tell it from the side of a thing: predicate, value, and whether the thing is the object.

        First the statement that it holds, if it holds one; then what more is said, less what
        repeats the other end.
        """
        first = {s.predicate: s for s in self.facts if s.predicate in (SUBJECT, PREDICATE, OBJECT)}
        told: list[tuple[str, Statement, bool]] = []
        if len(first) == 3:
            is_object = first[OBJECT].value.value == thing
            other = first[SUBJECT] if is_object else first[OBJECT]
            told.append((first[PREDICATE].value.value, other, is_object))
        seen = {thing, *(statement.value.value for _, statement, _ in told)}
        more = (f for f in self.facts if f.predicate not in _ASIDE and f.value.value not in seen)
        return [*told, *((fact.predicate, fact, False) for fact in more)]


def relations_query(iri: str, types: Iterable[str], limit: str = "") -> str:
    """Ask for what is said of the relations of a thing that no table tells, with the graphs."""
    thing = serialise_iri(iri)
    other_roles = serialise_iris(_OTHER_ROLES).replace(" ", ", ")
    classes = {*TOLD_CLASSES, *(t for name in types for t in _TOLD_OF.get(name, ()))}
    told = serialise_iris(classes).replace(" ", ", ")
    return (
        "SELECT DISTINCT ?graph ?node ?predicate ?object WHERE {\n"
        "  { SELECT DISTINCT ?node WHERE {\n"
        f"      {{ ?node ?role {thing} }} UNION {{ {thing} ?role ?node }}\n"
        f"      FILTER(?role NOT IN ({other_roles}))\n"
        f"      ?node <{CERTAINTY}> ?certainty\n"
        f"      FILTER NOT EXISTS {{ ?node a ?told FILTER(?told IN ({told})) }}\n"
        f"  }} ORDER BY ?node{limit} }}\n"
        "  ?node ?predicate ?object\n"
        "  OPTIONAL { GRAPH ?graph { ?node ?predicate ?object } }\n"
        "}\nORDER BY ?node ?predicate ?object ?graph"
    )


async def read_relations(
    executor: Executor, iri: str, types: set[str], page: int
) -> tuple[list[Relation], bool]:
    """Read one page of the relations of a thing; tell whether there are more.

    Errors: as Executor.read.
    """
    limit = f" LIMIT {ROWS + 1} OFFSET {(page - 1) * ROWS}"
    by_node: dict[str, list[Solution]] = {}
    for row in await executor.solutions(relations_query(iri, types, limit)):
        by_node.setdefault(row["node"].value, []).append(row)
    more = len(by_node) > ROWS
    relations = []
    for node, own in list(by_node.items())[:ROWS]:
        if not own[0]["node"].is_iri:
            continue
        facts = read_statements(own, "object")
        relations.append(Relation(node, facts, certainty_of(facts), reasons_of(facts)))
    return relations, more


def certainty_of(facts: Iterable[Statement]) -> str | None:
    """Find the certainty of what these facts are about."""
    return next((s.value.value for s in facts if s.predicate == CERTAINTY), None)


def reasons_of(facts: Iterable[Statement]) -> dict[str, str]:
    """Find why it was inferred, by language."""
    return {s.value.language: s.value.value for s in facts if s.predicate == REASON}


def grounds_query(iri: str) -> str:
    """Ask which nodes hold the statements of a thing, how certain they are, and where from."""
    return (
        "SELECT DISTINCT ?node ?predicate ?object ?certainty ?page ?passage ?reason WHERE {\n"
        f"  ?node <{SUBJECT}> {serialise_iri(iri)} ; <{PREDICATE}> ?predicate ; "
        f"<{OBJECT}> ?object .\n"
        f"  OPTIONAL {{ ?node <{CERTAINTY}> ?certainty }}\n"
        f"  OPTIONAL {{ ?node <{PAGE}> ?page }}\n"
        f"  OPTIONAL {{ ?node <{EVIDENCE}> ?passage . ?passage <{OA}hasSource> ?document }}\n"
        f"  OPTIONAL {{ ?node <{REASON}> ?reason }}\n"
        "}\nORDER BY ?node ?page ?passage ?reason"
    )


async def read_grounds(executor: Executor, iri: str, facts: Iterable[Statement]) -> None:
    """Give each statement of a thing what it rests on, where a node of the graph holds it.

    Errors: as Executor.read.
    """
    rows = await executor.solutions(f"{grounds_query(iri)}\nLIMIT {_MOST_GROUNDS}")
    by_node: dict[str, list[Solution]] = {}
    for row in rows:
        by_node.setdefault(row["node"].value, []).append(row)
    by_statement: dict[tuple[str, str], list[Ground]] = {}
    for node, own in by_node.items():
        reasons = {r["reason"].language: r["reason"].value for r in own if "reason" in r}
        ground = Ground(
            node,
            next((row["certainty"].value for row in own if "certainty" in row), ""),
            tuple(dict.fromkeys(row["page"].value for row in own if "page" in row)),
            tuple(dict.fromkeys(row["passage"].value for row in own if "passage" in row)),
            tuple(reasons.items()),
        )
        for key in {(row["predicate"].value, row["object"].value) for row in own}:
            by_statement.setdefault(key, []).append(ground)
    for fact in facts:
        fact.grounds = by_statement.get((fact.predicate, fact.value.value), [])


async def read_passages(executor: Executor, statements: Iterable[Statement]) -> dict[str, Passage]:
    """Look up the passages that these statements name as evidence.

    Errors: as Executor.read.
    """
    iris = {s.value.value for s in statements if s.predicate == EVIDENCE and s.value.is_iri}
    passages = {iri: Passage(iri, None, None, None) for iri in iris}
    if not iris:
        return passages
    rows = await executor.solutions(
        "SELECT DISTINCT ?passage ?document ?start ?end WHERE { "
        f"VALUES ?passage {{ {serialise_iris(iris)} }} ?passage <{OA}hasSource> ?document "
        f"OPTIONAL {{ ?passage <{OA}hasSelector> ?selector . "
        f"?selector <{OA}start> ?start ; <{OA}end> ?end }} }}"
    )
    for row in rows:
        start, end = row.get("start"), row.get("end")
        passages[row["passage"].value] = Passage(
            row["passage"].value,
            row["document"].value,
            int(start.value) if start else None,
            int(end.value) if end else None,
        )
    return passages
