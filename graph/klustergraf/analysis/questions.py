"""The SPARQL that gives the same numbers: ties of the graph, counted by the engine.

Each text runs as it stands against ``/sparql``; IRIs are put in as terms, never as text.
"""

from typing import Final

from pyoxigraph import NamedNode

from klustergraf.analysis.extraction import REGION
from klustergraf.namespaces import ID, KG, ORG, RDF, SCHEMA

_TIES: Final = f"""  {{
    ?node a <{KG}Collaboration> ; <{KG}hasCollaborator> ?a , ?b ; <{KG}isThrough> ?through .
  }} UNION {{
    {{ ?node <{ORG}member> ?a ; <{ORG}organization> ?b }}
    UNION {{ ?node <{ORG}member> ?b ; <{ORG}organization> ?a }}
    ?node a <{KG}Membership> ; <{ORG}organization> ?through .
    ?a a <{KG}Actor> . ?b a <{KG}Actor> .
  }} UNION {{
    ?node <{RDF}predicate> <{KG}worksWith> .
    {{ ?node <{RDF}subject> ?a ; <{RDF}object> ?b }}
    UNION {{ ?node <{RDF}subject> ?b ; <{RDF}object> ?a }}
    ?a a <{KG}Actor> . ?b a <{KG}Actor> . BIND (?node AS ?through)
  }} UNION {{
    ?through a <{KG}Facility> ; ^<{KG}operates>|<{KG}isOperatedBy> ?a , ?b .
    ?a a <{KG}Actor> . ?b a <{KG}Actor> .
  }}
  FILTER (?a != ?b)"""

PAIRS: Final = (
    "SELECT ?a ?b (COUNT(DISTINCT ?through) AS ?weight) WHERE {\n"
    f"{_TIES}\n  FILTER (STR(?a) < STR(?b))\n"
    "}\nGROUP BY ?a ?b\nORDER BY ?a ?b"
)
"""Every pair of the whole network, and its weight (full counting)."""

DEGREES: Final = (
    "SELECT ?a (COUNT(DISTINCT ?b) AS ?degree) WHERE {\n"
    f"{_TIES}\n"
    "}\nGROUP BY ?a\nORDER BY DESC(?degree) ?a"
)
"""The number of partners of every actor with one."""


BEGINNINGS: Final = f"""\
SELECT DISTINCT ?a ?b ?tie ?through ?since ?until WHERE {{
{_TIES}
  FILTER (STR(?a) < STR(?b))
  BIND (COALESCE(?node, ?through) AS ?tie)
  BIND (IF(EXISTS {{ ?tie a <{KG}Collaboration> }}, ?through, ?tie) AS ?ending)
  OPTIONAL {{ ?tie <{SCHEMA}startDate> ?since }}
  OPTIONAL {{ ?ending <{SCHEMA}endDate> ?until }}
}}
ORDER BY ?a ?b ?since ?tie"""
"""Every tie with its dates: a collaboration ends with what it is through."""


def partners_of(iri: str) -> str:
    """Ask for the partners of an actor, and the weights."""
    return PAIRS.replace("WHERE {", f"WHERE {{\n  VALUES ?actor {{ {NamedNode(iri)} }}", 1).replace(
        "FILTER (STR(?a) < STR(?b))", "FILTER (STR(?a) < STR(?b) && ?actor IN (?a, ?b))"
    )


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


def onto(what: str) -> str:
    """Ask how the region's actors are tied to priority areas, facilities or projects.

    ``what``: priority, facility or project; the weight is unfiltered.
    """
    actor = f"?actor a <{KG}Actor> ; <{KG}locatedIn> <{REGION}> ."
    facility = f"?through a <{KG}Facility> ; {_OPERATOR} ?actor ."
    project = f"?node <{KG}inProject> ?through ; <{KG}hasParticipant> ?actor ."
    patterns = {
        "priority": f"""\
  {{ ?actor a <{KG}Actor> . BIND (?actor AS ?through) }}
  UNION {{ {facility} }}
  UNION {{ {project} }}
  ?through <{KG}contributesTo> ?target . ?target a <{KG}PriorityArea> .""",
        "facility": f"  {facility} BIND (?through AS ?target)",
        "project": f"  {project} BIND (?through AS ?target)",
    }
    return (
        "SELECT ?actor ?target (COUNT(DISTINCT ?through) AS ?weight) WHERE {\n"
        f"{patterns[what]}\n  {actor}\n}}\nGROUP BY ?actor ?target\nORDER BY ?actor ?target"
    )


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
