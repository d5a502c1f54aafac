"""The SPARQL of the strategy: what contributes to priority areas, counted by the engine.

Each text runs as it stands against ``/sparql``; IRIs are put in as terms, never as text.
"""

from typing import Final

from pyoxigraph import NamedNode

from klustergraf.analysis.extraction import REGION
from klustergraf.namespaces import ID, KG, ORG, SCHEMA


def contributors(area: str | None = None) -> str:
    """Ask for what contributes to the priority areas, or to one, and in which graph that stands."""
    given = f"  VALUES ?area {{ {NamedNode(ID + 'priority/' + area)} }}\n" if area else ""
    return (
        f"SELECT ?area ?thing ?graph WHERE {{\n{given}"
        f"  GRAPH ?graph {{ ?thing <{KG}contributesTo> ?area }}\n"
        f"  ?area a <{KG}PriorityArea> .\n}}\nORDER BY ?area ?thing ?graph"
    )


_OPERATOR: Final = f"^<{KG}operates>|<{KG}isOperatedBy>"


def coverage(by: str) -> str:
    """Ask for the numbers of the matrix: what contributes to each area, by column and by kind.

    ``by``: county, municipality or kind. What is in no known column has none in the answer.
    """
    if by == "kind":
        column = f"OPTIONAL {{ ?actor <{ORG}classification> ?column }}"
        of_facility = (
            f"OPTIONAL {{ ?thing {_OPERATOR} ?actor . ?actor <{KG}locatedIn> <{REGION}> . "
            f"?actor a <{KG}Actor> ; <{ORG}classification> ?column }}"
        )
    else:
        place = KG + by.capitalize()
        column = f"OPTIONAL {{ ?actor <{KG}locatedIn> ?column . ?column a <{place}> }}"
        of_facility = f"OPTIONAL {{ ?thing <{KG}locatedIn> ?column . ?column a <{place}> }}"
    return f"""\
SELECT ?area ?column ?what (COUNT(DISTINCT ?thing) AS ?count) WHERE {{
  ?thing <{KG}contributesTo> ?area .
  ?area a <{KG}PriorityArea> .
  {{
    ?thing a <{KG}Actor> ; <{KG}locatedIn> <{REGION}> .
    BIND (?thing AS ?actor) BIND ("actor" AS ?what)
    {column}
  }} UNION {{
    ?thing a <{KG}Facility> . BIND ("facility" AS ?what)
    {of_facility}
  }} UNION {{
    ?node <{KG}inProject> ?thing ; <{KG}hasParticipant> ?actor .
    ?actor a <{KG}Actor> ; <{KG}locatedIn> <{REGION}> . BIND ("project" AS ?what)
    {column}
  }}
}}
GROUP BY ?area ?column ?what
ORDER BY ?area ?column ?what"""


def beginnings() -> str:
    """Ask when the projects and facilities that contribute to priority areas begin and end."""
    return f"""\
SELECT ?area ?thing ?since ?until WHERE {{
  ?thing <{KG}contributesTo> ?area . ?area a <{KG}PriorityArea> .
  {{ ?thing a <{KG}Facility> }} UNION {{
    ?node <{KG}inProject> ?thing ; <{KG}hasParticipant>/<{KG}locatedIn> <{REGION}> .
  }}
  OPTIONAL {{ ?thing <{SCHEMA}startDate> ?since }}
  OPTIONAL {{ ?thing <{SCHEMA}endDate> ?until }}
}}
ORDER BY ?area ?since ?thing"""
