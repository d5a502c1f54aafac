"""What the graph says of one thing: its facts, its relations, what points to it, the evidence."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from klustergraf.errors import ResourceNotFound
from klustergraf.namespaces import DCT, KG, OWL, SCHEMA, SKOS
from klustergraf_api.execution import Executor
from klustergraf_api.labels import LABEL_PREDICATES, Labels, read_labels
from klustergraf_api.relations import (
    CERTAINTY,
    EVIDENCE,
    NODE_ENDS,
    REASON,
    TYPE,
    Passage,
    Relation,
    certainty_of,
    grounds_query,
    read_grounds,
    read_passages,
    read_relations,
    reasons_of,
    relations_query,
)
from klustergraf_api.statements import Groups, Statement, group, host_of, read_statements
from klustergraf_api.terms import Term, serialise_iri, serialise_iris
from klustergraf_api.thing_data import Inverse, inverses_query, pointing_query, read_inverses
from klustergraf_api.thing_tables import Table, page_number, read_tables, told_inverses

GRAPH_KIND: Final = KG + "hasGraphKind"
DERIVED_GRAPH: Final = KG + "derivedGraph"

# What tables tell, and the same in the words of other vocabularies.
TOLD_FACTS: Final = (KG + "collaboratesWith",)

_SAME: Final = (OWL + "sameAs", SCHEMA + "sameAs", SKOS + "exactMatch")
_REGISTERS: Final = {
    "ror.org": "ROR",
    "wikidata.org": "Wikidata",
    "isni.org": "ISNI",
    "grid.ac": "GRID",
    "data.europa.eu": "EU",
}

MOST_STATEMENTS: Final = 1000
MOST_POINTING: Final = 10
# The languages that no browser knows, of names that have none.
_NO_LANGUAGES: Final = ("", "und", "mul", "zxx")


@dataclass
class Thing:
    """All that a page shows of one thing, and the queries that it came from.

    ``cut`` names the queries whose answers are too long to be shown whole; ``page`` is that of the
    relations, and ``has_more`` tells whether another follows it.
    """

    iri: str
    facts: list[Statement]
    relations: list[Relation]
    page: int
    has_more: bool
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
    derived_graphs: set[str] = field(default_factory=set)

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

    def says(self, relation: Relation, language: str) -> list[tuple[str, Statement, bool]]:
        """Tell a relation from the side of this thing, without what rules add to it.

        Texts stand in the language of the page where there are such.
        """
        own = self.own_facts(relation)
        told = [said for said in relation.says(self.iri) if said[1] in own]
        spoken = {p for p, s, _ in told if s.value.language == language}
        return [
            (predicate, statement, is_object)
            for predicate, statement, is_object in told
            if predicate not in spoken or statement.value.language in ("", language)
        ]

    def pages_of(self, statement: Statement) -> list[str]:
        """Give the addresses of the pages that a statement was read from."""
        return list(dict.fromkeys(page for g in statement.grounds for page in g.pages))

    def passages_of(self, statement: Statement) -> list[str]:
        """Give the passages of documents that a statement was read from."""
        return list(dict.fromkeys(p for g in statement.grounds for p in g.passages))

    def kind_of(self, relation: Relation) -> str:
        """Give the class of a relation, or its own IRI when it has none; ours before others'.

        A statement with a source of its own is called so only where it is nothing more.
        """
        types = [s.value.value for s in self.own_facts(relation) if s.predicate == TYPE]
        general = KG + "SourcedStatement"

        def rank(iri: str) -> tuple[bool, bool, str]:
            return not iri.startswith(KG), iri == general, iri

        return min(types, key=rank, default=relation.iri)

    def is_derived(self, statement: Statement) -> bool:
        """Tell whether only rules say this: every graph that has it is a derived one."""
        return bool(statement.graphs) and statement.graphs <= self.derived_graphs

    def take_graphs(self, graphs: dict[str, list[Statement]]) -> None:
        """Take what is known of the graphs: those of sources first, then those that rules made."""
        self.derived_graphs = {
            graph
            for graph, facts in graphs.items()
            if any(f.predicate == GRAPH_KIND and f.value.value == DERIVED_GRAPH for f in facts)
        }
        order = sorted(graphs, key=lambda graph: (graph in self.derived_graphs, graph))
        self.graphs = {graph: graphs[graph] for graph in order}

    @property
    def elsewhere(self) -> list[tuple[str, str]]:
        """The same thing in registers of others, as name and address."""
        found = {s.value.value for s in self.facts if s.predicate in _SAME and s.value.is_iri}
        web = [(host_of(address), address) for address in found if address.startswith("http")]
        return sorted((_REGISTERS.get(host, host), address) for host, address in web)

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
        found = {fact.value.value for fact in stated or types}
        return sorted(found, key=lambda iri: (not iri.startswith(KG), iri))


def facts_query(iri: str) -> str:
    """Ask for every statement about a thing, with its graphs."""
    subject = serialise_iri(iri)
    return (
        "SELECT DISTINCT ?graph ?predicate ?object WHERE {\n"
        f"  {subject} ?predicate ?object\n"
        f"  OPTIONAL {{ GRAPH ?graph {{ {subject} ?predicate ?object }} }}\n"
        "}\nORDER BY ?predicate ?object ?graph"
    )


def graph_query(iri: str) -> str:
    """Build every triple of a named graph."""
    return f"CONSTRUCT {{ ?s ?p ?o }}\nWHERE {{ GRAPH {serialise_iri(iri)} {{ ?s ?p ?o }} }}"


async def read_thing(executor: Executor, iri: str, parameters: Mapping[str, str]) -> Thing:
    """Look up everything about a thing. ``parameters``: which page of which of its tables.

    Errors: ResourceNotFound; as Executor.start.
    """
    facts_text = facts_query(iri)
    out_rows, inverses = await asyncio.gather(
        executor.solutions(f"{facts_text}\nLIMIT {2 * MOST_STATEMENTS}"),
        read_inverses(executor, iri),
    )
    facts = read_statements(out_rows, "object")
    if not facts and not inverses:
        raise ResourceNotFound(iri)
    types = {fact.value.value for fact in facts if fact.predicate == TYPE}
    page = page_number(parameters.get("relations"))
    tables, (relations, has_more), incoming, _ = await asyncio.gather(
        read_tables(executor, iri, types, parameters),
        read_relations(executor, iri, types, page),
        _read_pointing(executor, iri, inverses, told_inverses(types)),
        read_grounds(executor, iri, facts),
    )
    related = {relation.iri for relation in relations}
    said = [*facts, *(s for relation in relations for s in relation.facts)]
    thing = Thing(
        iri=iri,
        facts=[s for s in facts if s.value.value not in related],
        relations=relations,
        page=page,
        has_more=has_more,
        incoming=[s for s in incoming if s.value.value not in related],
        inverses=inverses,
        tables=tables,
        cut={"facts"} if len(out_rows) == 2 * MOST_STATEMENTS else set(),
        passages=[],
        certainty=certainty_of(facts),
        reasons=reasons_of(facts),
        graphs={},
        labels=Labels({}),
        queries={
            "facts": facts_text,
            "grounds": grounds_query(iri),
            "relations": relations_query(iri, types),
            "incoming": inverses_query(iri),
        },
    )
    passages, graphs = await asyncio.gather(
        read_passages(executor, said), _read_graphs(executor, said)
    )
    thing.take_graphs(graphs)
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
    wanted = [i for i in inverses if i.predicate not in told and i.predicate not in NODE_ENDS]
    if not wanted:
        return []
    rows = await executor.solutions(pointing_query(iri, wanted, MOST_POINTING))
    return sorted(
        (Statement(row["q"].value, row["s"]) for row in rows),
        key=lambda s: (s.predicate, s.value),
    )


def shown_facts(
    facts: Iterable[Statement],
    language: str,
    *,
    with_types: bool = False,
    told: Iterable[str] = (),
) -> Groups:
    """Group facts by predicate, without those that a page tells in another place (``told``).

    A text that is there in the language of the page is left out in the others; names are not, but
    stand once where they are the same in several.
    """
    elsewhere = {CERTAINTY, REASON, EVIDENCE, *LABEL_PREDICATES, *TOLD_FACTS, *told}
    if not with_types:
        elsewhere.add(TYPE)
    groups = group(fact for fact in facts if fact.predicate not in elsewhere)
    for predicate, statements in groups.items():
        languages = {s.value.language for s in statements}
        if language in languages and predicate != SKOS + "altLabel":
            groups[predicate] = [s for s in statements if s.value.language in ("", language)]
        groups[predicate] = _once(groups[predicate], language)
    return groups


def _once(statements: Iterable[Statement], language: str) -> list[Statement]:
    """Put together what reads the same: a name that is written the same in several languages."""
    found: dict[tuple[str, str], Statement] = {}
    for statement in statements:
        value = statement.value
        if value.language in _NO_LANGUAGES:
            value = Term(value.kind, value.value, "", value.datatype)
        key = (value.kind, value.value) if value.kind == "literal" else (value.kind, str(value))
        known = found.setdefault(key, Statement(statement.predicate, value))
        if value.language in ("", language):
            known.value = value
        known.graphs |= statement.graphs
        known.grounds = [*known.grounds, *statement.grounds]
    return list(found.values())


async def _read_graphs(
    executor: Executor, statements: list[Statement]
) -> dict[str, list[Statement]]:
    """Look up what is known of the graphs that say these statements."""
    iris = {graph for statement in statements for graph in statement.graphs}
    graphs: dict[str, list[Statement]] = {iri: [] for iri in sorted(iris)}
    if not iris:
        return graphs
    named = (DCT + "source", DCT + "license", DCT + "issued", GRAPH_KIND, KG + "isDerivedByRule")
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
    iris |= {p for s in thing.facts for ground in s.grounds for p in ground.passages}
    iris |= {s.value.value for s in statements if s.value.is_iri}
    passages = [*thing.passages, *(p for r in relations for p in r.passages)]
    return iris | {p.document or p.iri for p in passages}
