"""The terms of the ontology, as its page shows them."""

from dataclasses import dataclass, field

from klustergraf.namespaces import OWL, RDF, RDFS, SKOS
from klustergraf_api.terms import Solution, serialise_iri


@dataclass
class OntologyTerm:
    """A class, property or individual of the vocabulary. Texts by language."""

    iri: str
    name: str
    kind: str = "individual"
    labels: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    parents: set[str] = field(default_factory=set)


def terms_query(graph_iri: str) -> str:
    """Ask for the terms that the graph of the ontology declares."""
    return (
        f"PREFIX rdf: <{RDF}>\nPREFIX rdfs: <{RDFS}>\nPREFIX skos: <{SKOS}>\n\n"
        "SELECT ?term ?type ?label ?definition ?parent WHERE {\n"
        f"  GRAPH {serialise_iri(graph_iri)} {{\n"
        "    ?term rdf:type ?type .\n"
        "    { ?term rdfs:label|skos:prefLabel ?label }\n"
        "    UNION { ?term skos:definition ?definition }\n"
        "    UNION { ?term rdfs:subClassOf|rdfs:subPropertyOf ?parent FILTER(isIRI(?parent)) }\n"
        "  }\n"
        "}"
    )


def read_terms(rows: list[Solution], namespace: str) -> dict[str, list[OntologyTerm]]:
    """Sort the solutions of terms_query into terms by kind, each sorted by name."""
    terms: dict[str, OntologyTerm] = {}
    for row in rows:
        iri = row["term"].value
        if not iri.startswith(namespace):
            continue
        term = terms.setdefault(iri, OntologyTerm(iri, iri.removeprefix(namespace)))
        if row["type"].value in (OWL + "Class", RDFS + "Class"):
            term.kind = "class"
        elif row["type"].value.endswith("Property"):
            term.kind = "property"
        if label := row.get("label"):
            term.labels[label.language] = label.value
        if definition := row.get("definition"):
            term.definitions[definition.language] = definition.value
        if parent := row.get("parent"):
            term.parents.add(parent.value)
    kinds: dict[str, list[OntologyTerm]] = {"class": [], "property": [], "individual": []}
    for term in sorted(terms.values(), key=lambda term: term.name):
        kinds[term.kind].append(term)
    return {kind: found for kind, found in kinds.items() if found}
