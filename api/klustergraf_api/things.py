"""What the graph says of one thing: its facts, its relations, what points to it, the evidence."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from klustergraf.errors import ResourceNotFound
from klustergraf.namespaces import DCT, KG, OA, PROV, RDF, SKOS
from klustergraf_api.execution import Executor
from klustergraf_api.labels import LABEL_PREDICATES, Labels, read_labels
from klustergraf_api.terms import Solution, Term, serialise_iri, serialise_iris
from klustergraf_api.thing_data import Inverse, inverses_query, pointing_query, read_inverses
from klustergraf_api.thing_tables import TOLD_CLASSES, Table, read_tables, told_inverses

CERTAINTY: Final = KG + "hasCertainty"
REASON: Final = KG + "inferenceReason"
EVIDENCE: Final = PROV + "wasDerivedFrom"
TYPE: Final = RDF + "type"
GRAPH_KIND: Final = KG + "hasGraphKind"

# What tables tell, and the same in the words of other vocabularies.
TOLD_FACTS: Final = (KG + "collaboratesWith",)

MOST_STATEMENTS: Final = 1000
MOST_RELATIONS: Final = 25
MOST_POINTING: Final = 10


@dataclass
class Statement:
    """One predicate and one object (or subject), and the graphs that say it."""

    predicate: str
    value: Term
    graphs: set[str] = field(default_factory=set)


Groups = dict[str, list[Statement]]


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


@dataclass
class Thing:
    """All that a page shows of one thing, and the queries that it came from.

    ``cut`` names the queries whose answers are too long to be shown whole.
    """

    iri: str
    facts: list[Statement]
    relations: list[Relation]
    incoming: list[Statement]
    inverses: list[Inverse]
    tables: list[Table]
    cut: set[str]
    passages: list[Passage]
    certainty: str | None
    reasons: dict[str, str]
    graphs: dict[str, list[Statement]]
    labels: Labels
    queries: dict[str, str]

    def relations_by(self, *, derived: bool) -> list[Relation]:
        """Give the relations that only rules say, or those that a source states."""
        found = []
        for relation in self.relations:
            own = [s for s in relation.facts if s.predicate == CERTAINTY]
            if all(self.is_derived(s) for s in own) == derived:
                found.append(relation)
        return found

    def own_facts(self, relation: Relation) -> list[Statement]:
        """Give what is said of a relation, without what rules add to what a source states."""
        stated = [fact for fact in relation.facts if not self.is_derived(fact)]
        return stated or relation.facts

    def kind_of(self, relation: Relation) -> str:
        """Give the class of a relation, or its own IRI when it has none; ours before others'."""
        types = [s.value.value for s in self.own_facts(relation) if s.predicate == TYPE]
        return min(types, key=lambda iri: (not iri.startswith(KG), iri), default=relation.iri)

    def is_derived(self, statement: Statement) -> bool:
        """Tell whether only rules say this: every graph that has it is a derived one."""
        return bool(statement.graphs) and all(
            any(
                fact.predicate == GRAPH_KIND and fact.value.value.endswith("derivedGraph")
                for fact in self.graphs.get(graph, [])
            )
            for graph in statement.graphs
        )

    @property
    def stated(self) -> list[Statement]:
        """The facts that a source states."""
        return [fact for fact in self.facts if not self.is_derived(fact)]

    @property
    def derived(self) -> list[Statement]:
        """The facts that only rules say."""
        return [fact for fact in self.facts if self.is_derived(fact)]

    @property
    def types(self) -> list[str]:
        """What it is stated to be; where nothing states it, what rules say."""
        types = [fact for fact in self.facts if fact.predicate == TYPE]
        stated = [fact for fact in types if not self.is_derived(fact)]
        return sorted({fact.value.value for fact in stated or types})


def facts_query(iri: str) -> str:
    """Ask for every statement about a thing, with its graphs."""
    subject = serialise_iri(iri)
    return (
        "SELECT DISTINCT ?graph ?predicate ?object WHERE {\n"
        f"  {{ {subject} ?predicate ?object }}\n"
        "  UNION\n"
        f"  {{ GRAPH ?graph {{ {subject} ?predicate ?object }} }}\n"
        "}\nORDER BY ?predicate ?object ?graph"
    )


def graph_query(iri: str) -> str:
    """Build every triple of a named graph."""
    return f"CONSTRUCT {{ ?s ?p ?o }}\nWHERE {{ GRAPH {serialise_iri(iri)} {{ ?s ?p ?o }} }}"


def relations_query(iri: str) -> str:
    """Ask for what is said of the relations of a thing that no table tells, with the graphs."""
    thing = serialise_iri(iri)
    other_roles = serialise_iris((TYPE, EVIDENCE)).replace(" ", ", ")
    told = serialise_iris(TOLD_CLASSES).replace(" ", ", ")
    return (
        "SELECT DISTINCT ?graph ?node ?predicate ?object WHERE {\n"
        "  { SELECT DISTINCT ?node WHERE {\n"
        f"      {{ ?node ?role {thing} }} UNION {{ {thing} ?role ?node }}\n"
        f"      FILTER(?role NOT IN ({other_roles}))\n"
        f"      ?node <{CERTAINTY}> ?certainty\n"
        f"      FILTER NOT EXISTS {{ ?node a ?told FILTER(?told IN ({told})) }}\n"
        f"  }} ORDER BY ?node LIMIT {MOST_RELATIONS} }}\n"
        "  { ?node ?predicate ?object }\n"
        "  UNION\n"
        "  { GRAPH ?graph { ?node ?predicate ?object } }\n"
        "}\nORDER BY ?node ?predicate ?object ?graph"
    )


async def read_thing(executor: Executor, iri: str, parameters: Mapping[str, str]) -> Thing:
    """Look up everything about a thing. ``parameters``: which page of which of its tables.

    Errors: ResourceNotFound; as Executor.start.
    """
    queries = {
        "facts": facts_query(iri),
        "relations": relations_query(iri),
        "incoming": inverses_query(iri),
    }
    out_rows, inverses = await asyncio.gather(
        executor.solutions(f"{queries['facts']}\nLIMIT {2 * MOST_STATEMENTS}"),
        read_inverses(executor, iri),
    )
    facts = _statements(out_rows, "object")
    if not facts and not inverses:
        raise ResourceNotFound(iri)
    types = {fact.value.value for fact in facts if fact.predicate == TYPE}
    tables, relation_rows, incoming = await asyncio.gather(
        read_tables(executor, iri, types, parameters),
        executor.solutions(queries["relations"]),
        _read_pointing(executor, iri, inverses, told_inverses(types)),
    )
    relations = _relations(relation_rows)
    related = {relation.iri for relation in relations}
    said = [*facts, *(s for relation in relations for s in relation.facts)]
    cut = {
        "facts": len(out_rows) == 2 * MOST_STATEMENTS,
        "relations": len(relations) == MOST_RELATIONS,
    }
    thing = Thing(
        iri=iri,
        facts=[s for s in facts if s.value.value not in related],
        relations=relations,
        incoming=[s for s in incoming if s.value.value not in related],
        inverses=inverses,
        tables=tables,
        cut={name for name, is_cut in cut.items() if is_cut},
        passages=[],
        certainty=_certainty(facts),
        reasons=_reasons(facts),
        graphs={},
        labels=Labels({}),
        queries=queries,
    )
    passages, thing.graphs = await asyncio.gather(
        _read_passages(executor, facts, relations), _read_graphs(executor, said)
    )
    thing.passages = [passages[s.value.value] for s in facts if s.value.value in passages]
    for relation in relations:
        evidence = (s.value.value for s in relation.facts if s.predicate == EVIDENCE)
        relation.passages = [passages[passage] for passage in evidence if passage in passages]
    thing.labels = await read_labels(executor, _mentioned(thing))
    return thing


async def _read_pointing(
    executor: Executor, iri: str, inverses: Iterable[Inverse], told: set[str]
) -> list[Statement]:
    """Look up the first of what points to a thing, without what its tables tell."""
    wanted = [i for i in inverses if i.predicate not in told]
    if not wanted:
        return []
    rows = await executor.solutions(pointing_query(iri, wanted, MOST_POINTING))
    return sorted(
        (Statement(row["q"].value, row["s"]) for row in rows),
        key=lambda s: (s.predicate, s.value),
    )


def shown_facts(facts: Iterable[Statement], language: str, *, with_types: bool = False) -> Groups:
    """Group facts by predicate, without those that a page tells in another place.

    A text that is there in the language of the page is left out in the others; names are not.
    """
    elsewhere = {CERTAINTY, REASON, EVIDENCE, *LABEL_PREDICATES, *TOLD_FACTS}
    if not with_types:
        elsewhere.add(TYPE)
    groups = group(fact for fact in facts if fact.predicate not in elsewhere)
    for predicate, statements in groups.items():
        languages = {s.value.language for s in statements}
        if language in languages and predicate != SKOS + "altLabel":
            groups[predicate] = [s for s in statements if s.value.language in ("", language)]
    return groups


def group(statements: Iterable[Statement]) -> Groups:
    """Group statements by predicate."""
    groups: Groups = {}
    for statement in statements:
        groups.setdefault(statement.predicate, []).append(statement)
    return groups


def _statements(rows: list[Solution], position: str) -> list[Statement]:
    found: dict[tuple[str, Term], Statement] = {}
    for row in rows:
        predicate, value = row["predicate"].value, row[position]
        statement = found.setdefault((predicate, value), Statement(predicate, value))
        if "graph" in row:
            statement.graphs.add(row["graph"].value)
    return list(found.values())


def _certainty(facts: Iterable[Statement]) -> str | None:
    return next((s.value.value for s in facts if s.predicate == CERTAINTY), None)


def _reasons(facts: Iterable[Statement]) -> dict[str, str]:
    return {s.value.language: s.value.value for s in facts if s.predicate == REASON}


def _relations(rows: list[Solution]) -> list[Relation]:
    """Sort the solutions of relations_query into relations."""
    by_node: dict[str, list[Solution]] = {}
    for row in rows:
        if row["node"].is_iri:
            by_node.setdefault(row["node"].value, []).append(row)
    relations = []
    for iri, own in by_node.items():
        facts = _statements(own, "object")
        relations.append(Relation(iri, facts, _certainty(facts), _reasons(facts)))
    return relations


async def _read_passages(
    executor: Executor, facts: list[Statement], relations: list[Relation]
) -> dict[str, Passage]:
    statements = [*facts, *(s for relation in relations for s in relation.facts)]
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


async def _read_graphs(
    executor: Executor, statements: list[Statement]
) -> dict[str, list[Statement]]:
    """Look up what is known of the graphs that say these statements."""
    iris = {graph for statement in statements for graph in statement.graphs}
    graphs: dict[str, list[Statement]] = {iri: [] for iri in sorted(iris)}
    if not iris:
        return graphs
    named = (DCT + "source", DCT + "license", DCT + "issued", GRAPH_KIND)
    predicates = ", ".join(map(serialise_iri, named))
    rows = await executor.solutions(
        "SELECT DISTINCT ?about ?predicate ?object WHERE { "
        f"VALUES ?about {{ {serialise_iris(iris)} }} "
        f"?about ?predicate ?object FILTER(?predicate IN ({predicates})) }}"
    )
    for row in rows:
        graphs[row["about"].value].append(Statement(row["predicate"].value, row["object"]))
    return graphs


def _mentioned(thing: Thing) -> set[str]:
    """Collect every IRI on the page of a thing."""
    relations = thing.relations
    statements = [*thing.facts, *thing.incoming, *(s for r in relations for s in r.facts)]
    statements += [s for facts in thing.graphs.values() for s in facts]
    iris = {thing.iri, *thing.graphs}
    iris |= {iri for table in thing.tables for iri in table.mentioned()}
    iris |= {s.predicate for s in statements}
    iris |= {s.value.value for s in statements if s.value.is_iri}
    passages = [*thing.passages, *(p for r in relations for p in r.passages)]
    return iris | {p.document for p in passages if p.document}
