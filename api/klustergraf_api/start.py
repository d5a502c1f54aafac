"""The counts on the start page: each number with the query that gives it."""

from collections.abc import Mapping
from typing import Final

from klustergraf.analysis.extraction import REGION
from klustergraf.namespaces import KG, RDFS
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


def count_queries() -> dict[str, str]:
    """Give the query for each count, by the name that its label has among the messages."""
    # As the map and the network count: whoever is in the region, its parts that are actors too.
    queries = {
        "region-actors": (
            f"PREFIX kg: <{KG}>\n\n"
            "SELECT (COUNT(DISTINCT ?actor) AS ?count)\n"
            f"WHERE {{ ?actor a kg:Actor ; kg:locatedIn <{REGION}> }}"
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
