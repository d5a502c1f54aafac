"""Whether an IRI of ours stands for something: it does, it never did, or it was withdrawn."""

from klustergraf.errors import ResourceNotFound, ResourceWithdrawn
from klustergraf.namespaces import DCT, OWL
from klustergraf_api.execution import Executor
from klustergraf_api.terms import serialise_iri


def standing_query(iri: str) -> str:
    """Ask whether there is any statement with a thing, whether it is withdrawn, and for what.

    One solution at least when there is a statement, none otherwise.
    """
    node = serialise_iri(iri)
    return (
        "SELECT DISTINCT ?deprecated ?successor WHERE {\n"
        "  FILTER EXISTS {\n"
        f"    {{ {node} ?p ?o }} UNION {{ ?s ?q {node} }} UNION {{ GRAPH {node} {{ ?a ?b ?c }} }}\n"
        "  }\n"
        f"  OPTIONAL {{ {node} <{OWL}deprecated> ?deprecated }}\n"
        f"  OPTIONAL {{ {node} <{DCT}isReplacedBy>|<{OWL}sameAs> ?successor }}\n"
        "}"
    )


async def must_stand(executor: Executor, iri: str) -> None:
    """Return when the graph says something of a thing that is not withdrawn.

    Withdrawn is what has ``owl:deprecated true``; what replaces it stands in ``dct:isReplacedBy``
    and ``owl:sameAs``. A thing that is only replaced, such as a strategy by the next, still stands.
    Errors: ResourceNotFound, ResourceWithdrawn.
    """
    rows = await executor.solutions(standing_query(iri))
    if not rows:
        raise ResourceNotFound(iri)
    if any(row["deprecated"].value in ("true", "1") for row in rows if "deprecated" in row):
        successors = {row["successor"].value for row in rows if "successor" in row}
        raise ResourceWithdrawn(iri, tuple(sorted(successors - {iri})))
