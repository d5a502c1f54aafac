"""The counts on the start page: each number with the query that gives it."""

from collections.abc import Mapping
from typing import Final

from klustergraf.namespaces import ID, KG, RDFS
from klustergraf_api.execution import Executor

_COUNTED: Final = {
    "actors": "Actor",
    "facilities": "Facility",
    "projects": "Project",
    "collaborations": "Collaboration",
    "agreements": "Agreement",
    "priority-areas": "PriorityArea",
    "documents": "SourceDocument",
}
# The counties that the ecosystem is about, and what counts as one actor in them.
_REGION: Final = ("stockholms-lan", "uppsala-lan")


def count_queries() -> dict[str, str]:
    """Give the query for each count, by the name that its label has among the messages."""
    counties = " ".join(f"<{ID}place/{county}>" for county in _REGION)
    queries = {
        "region-actors": (
            f"PREFIX kg: <{KG}>\n\n"
            "SELECT (COUNT(DISTINCT ?actor) AS ?count)\n"
            "WHERE {\n"
            f"  VALUES ?county {{ {counties} }}\n"
            "  ?actor a kg:Actor ;\n    kg:locatedIn ?county .\n"
            "  FILTER NOT EXISTS { ?actor a kg:OrganisationalUnit }\n"
            "}"
        )
    }
    queries |= {
        name: (
            f"PREFIX kg: <{KG}>\nPREFIX rdfs: <{RDFS}>\n\n"
            "SELECT (COUNT(DISTINCT ?thing) AS ?count)\n"
            f"WHERE {{ ?thing a/rdfs:subClassOf* kg:{local} }}"
        )
        for name, local in _COUNTED.items()
    }
    queries["triples"] = "SELECT (COUNT(*) AS ?count)\nWHERE { ?s ?p ?o }"
    return queries


async def read_counts(executor: Executor, queries: Mapping[str, str]) -> dict[str, int]:
    """Run the queries of count_queries; what counts nothing is left out."""
    counts = {}
    for name, query in queries.items():
        rows = await executor.solutions(query)
        count = int(rows[0]["count"].value)
        if count:
            counts[name] = count
    return counts
