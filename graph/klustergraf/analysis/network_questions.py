"""The SPARQL of networks: the pairs, actors and ties a filter leaves, as engines count them.

Each text runs as it stands against ``/sparql``. What is asked for comes in as terms and numbers,
never as text; a slug that nothing has becomes an IRI that nothing has.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from klustergraf.analysis.extraction import REGION
from klustergraf.analysis.network import NetworkFilter, check_radius
from klustergraf.namespaces import ID, PREFIXES, XSD

_EVERYTHING: Final = NetworkFilter()
_PREFIX: Final = re.compile(r"\b([a-z]+):[A-Za-z]")
_PREFIXES: Final = {**PREFIXES, "xsd": XSD}
_END: Final = re.compile(r"\?([ab])\b")
_OPERATOR: Final = "^kg:operates|kg:isOperatedBy"

_PROJECT_MEMBERS: Final = """\
{ SELECT ?through (COUNT(DISTINCT ?member) AS ?members) WHERE {
  { ?tied a kg:Collaboration ; kg:isThrough ?through ; kg:hasCollaborator ?member }
  UNION { ?part a kg:ProjectParticipation ; kg:inProject ?through ; kg:hasParticipant ?member }
} GROUP BY ?through }"""
_FACILITY_MEMBERS: Final = f"""\
{{ SELECT ?through (COUNT(DISTINCT ?member) AS ?members) WHERE {{
  ?through a kg:Facility ; {_OPERATOR} ?member . ?member a kg:Actor
}} GROUP BY ?through }}"""
_TWO: Final = "BIND (2 AS ?members)"
_BOTH_ACTORS: Final = "?a a kg:Actor . ?b a kg:Actor ."


@dataclass(frozen=True)
class _Branch:
    """A way to be tied: its pattern, and how many actors are in what ties.

    ``through``, ``begins``, ``ends``: the variables of what ties, of what has the first date, and
    of what has the last. ``names`` come last, and counts before what is optional: engines
    join row by row what follows a BIND or an OPTIONAL.
    """

    pattern: str
    members: str
    through: str
    begins: str
    ends: str
    names: str = ""


_COLLABORATION: Final = _Branch(
    "?tie a kg:Collaboration ; kg:hasCollaborator ?a , ?b ; kg:hasTieKind ?kind ;\n"
    "  kg:isThrough ?through .",
    members=_PROJECT_MEMBERS,
    through="?through",
    begins="?tie",
    ends="?through",
)
_OTHERS: Final[Mapping[str, _Branch]] = {
    "membership": _Branch(
        "{ ?tie org:member ?a ; org:organization ?b }\n"
        "UNION { ?tie org:member ?b ; org:organization ?a }\n"
        f"?tie a kg:Membership ; org:organization ?through . {_BOTH_ACTORS}",
        members=_TWO,
        through="?through",
        begins="?tie",
        ends="?tie",
    ),
    "stated": _Branch(
        "?tie rdf:predicate kg:worksWith .\n"
        "{ ?tie rdf:subject ?a ; rdf:object ?b } UNION { ?tie rdf:subject ?b ; rdf:object ?a }\n"
        f"{_BOTH_ACTORS}",
        members=_TWO,
        through="?tie",
        begins="?tie",
        ends="?tie",
        names="BIND (?tie AS ?through)",
    ),
    "facility": _Branch(
        f"?through a kg:Facility ; {_OPERATOR} ?a , ?b .\n{_BOTH_ACTORS}",
        members=_FACILITY_MEMBERS,
        through="?through",
        begins="?through",
        ends="?through",
        names="BIND (?through AS ?tie)",
    ),
}


def pairs(asked: NetworkFilter = _EVERYTHING, ego: str | None = None, radius: int = 1) -> str:
    """Ask for every pair of a network and its weight.

    ``ego``: the IRI of the actor that the network is around. Errors: AnalysisParameterError as
    Network.ego; ValueError when ``ego`` is no IRI.
    """
    around = (
        [] if ego is None else [_near("?a", asked, ego, radius), _near("?b", asked, ego, radius)]
    )
    return _whole(_weighted(asked, ["FILTER (STR(?a) < STR(?b))", *around]) + "\nORDER BY ?a ?b")


def partners_of(iri: str) -> str:
    """Ask for the partners of an actor in the whole network, and the weights."""
    given = f"VALUES ?actor {{ {NamedNode(iri)} }}"
    of_actor = "FILTER (STR(?a) < STR(?b) && ?actor IN (?a, ?b))"
    return _whole(_weighted(_EVERYTHING, [of_actor], [given]) + "\nORDER BY ?a ?b")


def degrees(asked: NetworkFilter = _EVERYTHING) -> str:
    """Ask for the number of partners of every actor of a network that has one."""
    return _whole(
        "SELECT ?a (COUNT(DISTINCT ?b) AS ?degree) WHERE {\n"
        f"{_indented(_related('?a', '?b', asked))}\n"
        "}\nGROUP BY ?a\nORDER BY DESC(?degree) ?a"
    )


def actors(asked: NetworkFilter = _EVERYTHING, ego: str | None = None, radius: int = 1) -> str:
    """Ask for the actors of a network, those without a partner among them where they are wanted.

    Parameters and errors: as pairs.
    """
    if ego is not None:
        found = _near("?actor", asked, ego, radius)
    elif asked.isolates:
        everyone = _related("?actor", "?partner", _EVERYTHING)
        found = (
            f"{{ ?actor a kg:Actor ; kg:locatedIn <{REGION}> }}\nUNION {everyone}\n"
            + "\n".join(_of_actor("?actor", asked))
        )
    else:
        found = _related("?actor", "?partner", asked)
    return _whole(f"SELECT DISTINCT ?actor WHERE {{\n{_indented(found)}\n}}\nORDER BY ?actor")


def beginnings(asked: NetworkFilter = _EVERYTHING) -> str:
    """Ask for every tie of a network, with its dates.

    A collaboration ends with what it is through.
    """
    heavy = [_related("?a", "?b", asked)] if asked.min_weight else []
    pattern = "\n".join([*_ties(asked, dated=True), "FILTER (STR(?a) < STR(?b))", *heavy])
    return _whole(
        "SELECT DISTINCT ?a ?b ?tie ?through ?since ?until WHERE {\n"
        f"{_indented(pattern)}\n}}\nORDER BY ?a ?b ?since ?tie"
    )


def onto(what: str, asked: NetworkFilter = _EVERYTHING) -> str:
    """Ask how the region's actors are tied to priority areas, facilities or projects, how often.

    ``what``: priority, facility or project. Filters count as in projections.project_onto.
    """
    actor = "\n".join(
        [f"?actor a kg:Actor ; kg:locatedIn <{REGION}> .", *_of_actor("?actor", asked)]
    )
    facility = f"?through a kg:Facility ; {_OPERATOR} ?actor .\n{actor}"
    project = f"?part kg:inProject ?through ; kg:hasParticipant ?actor .\n{actor}"
    dates = _dates("?through", "?through") if _is_dated(asked) else []
    project = "\n".join([project, *_of_thing("?through", asked), *dates, *_in_years(asked)])
    # Names come last, as in _Branch.
    if what == "priority":
        area = "kg:contributesTo ?target . ?target a kg:PriorityArea ."
        branches = [
            f"?actor {area}\n{actor}\nBIND (?actor AS ?through)",
            f"?through {area}\n{facility}",
            f"?through {area}\n{project}",
        ]
        pattern = " UNION ".join(f"{{\n{_indented(branch)}\n}}" for branch in branches)
    else:
        held = facility if what == "facility" else project
        pattern = f"{held}\nBIND (?through AS ?target)"
    return _whole(
        "SELECT ?actor ?target (COUNT(DISTINCT ?through) AS ?weight) WHERE {\n"
        f"{_indented(pattern)}\n}}\nGROUP BY ?actor ?target"
        f"{_having('COUNT(DISTINCT ?through)', asked)}\nORDER BY ?actor ?target"
    )


def _whole(text: str) -> str:
    """Declare the prefixes that a text uses."""
    used = sorted({name for name in _PREFIX.findall(text) if name in _PREFIXES})
    return "".join(f"PREFIX {name}: <{_PREFIXES[name]}>\n" for name in used) + text


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _weighted(asked: NetworkFilter, more: Iterable[str] = (), given: Iterable[str] = ()) -> str:
    """Give each pair (?a, ?b), both ways round unless ``more`` forbids it, with its weight."""
    if asked.counting == "fractional":
        ties = "\n".join([*given, *_ties(asked, counted=True), *more])
        each = f"SELECT ?a ?b ?through (MAX(?members) AS ?n) WHERE {{\n{_indented(ties)}\n}}"
        pattern = f"{{ {each} GROUP BY ?a ?b ?through }}"
        weight = "SUM(1.0e0 / IF(?n > 2, ?n - 1, 1))"
    else:
        pattern = "\n".join([*given, *_ties(asked), *more])
        weight = "COUNT(DISTINCT ?through)"
    return (
        f"SELECT ?a ?b ({weight} AS ?weight) WHERE {{\n{_indented(pattern)}\n}}\n"
        f"GROUP BY ?a ?b{_having(weight, asked)}"
    )


def _having(weight: str, asked: NetworkFilter) -> str:
    if not asked.min_weight:
        return ""
    least = Literal(asked.least_weight)
    return f"\nHAVING ({weight} >= {least})"


def _related(one: str, other: str, asked: NetworkFilter) -> str:
    """Give who is tied to whom in a network, both ways round, under the names asked for."""
    inner = f"{{ {_weighted(asked)} }}" if asked.min_weight else "\n".join(_ties(asked))
    told = f"{{ SELECT DISTINCT ?a ?b WHERE {{\n{_indented(inner)}\n}} }}"
    return _END.sub(lambda found: one if found[1] == "a" else other, told)


def _near(name: str, asked: NetworkFilter, ego: str, radius: int) -> str:
    """Give the actors at most so many steps from one, that one included."""
    check_radius(radius)
    centre = NamedNode(ego)
    found = f"VALUES ?at0 {{ {centre} }}"
    for step in range(1, radius + 1):
        here = name if step == radius else f"?at{step}"
        onward = f"{found}\n{_related(f'?at{step - 1}', here, asked)}"
        itself = f"{{ VALUES {here} {{ {centre} }} }}"
        either = f"{itself} UNION {{\n{_indented(onward)}\n}}"
        found = f"{{ SELECT DISTINCT {here} WHERE {{\n{_indented(either)}\n}} }}"
    return found


def _ties(asked: NetworkFilter, *, counted: bool = False, dated: bool = False) -> list[str]:
    """Give the ties (?tie through ?through, of ?a and ?b, both ways round) that a filter takes.

    ``counted``: with the number of ?members; ``dated``: with the dates ?since and ?until.
    """
    taken = [b for kind, b in _OTHERS.items() if not asked.ties or kind in asked.ties]
    told = []
    for branch in (_COLLABORATION, *taken):
        lines = [branch.pattern]
        if asked.ties and branch is _COLLABORATION:
            lines.append(f"VALUES ?kind {{ {' '.join(_terms('tie-kind', asked.ties))} }}")
        lines += [*([branch.members] if counted else []), *_of_thing(branch.through, asked)]
        if dated or _is_dated(asked):
            lines += _dates(branch.begins, branch.ends)
        lines += [*_in_years(asked), branch.names]
        told.append("{\n" + _indented("\n".join(filter(None, lines))) + "\n}")
    ends = [*_of_actor("?a", asked), *_of_actor("?b", asked)]
    return [" UNION ".join(told), "FILTER (?a != ?b)", *ends]


def _of_actor(name: str, asked: NetworkFilter) -> list[str]:
    """Give the conditions that a filter sets for an actor."""
    found = []
    for what, predicate, kind, slugs in (
        ("Kind", "org:classification", "actor-kind", asked.kinds),
        ("County", "kg:locatedIn", "place", asked.counties),
        ("Municipality", "kg:locatedIn", "place", asked.municipalities),
    ):
        if slugs:
            value = f"{name}{what}"
            typed = f" {value} a kg:{what} ." if kind == "place" else ""
            chosen = f"{name} {predicate} {value} .{typed} {_one_of(value, kind, slugs)}"
            found.append(f"FILTER EXISTS {{ {chosen} }}")
    return found


def _of_thing(name: str, asked: NetworkFilter) -> list[str]:
    if not asked.programmes:
        return []
    is_one = _one_of("?programme", "programme", asked.programmes)
    return [f"FILTER EXISTS {{ {name} kg:inProgramme ?programme . {is_one} }}"]


def _one_of(name: str, kind: str, slugs: Iterable[str]) -> str:
    return f"FILTER ({name} IN ({', '.join(_terms(kind, slugs))}))"


def _terms(kind: str, slugs: Iterable[str]) -> list[str]:
    return [str(NamedNode(f"{ID}{kind}/{quote(slug, safe='')}")) for slug in slugs]


def _is_dated(asked: NetworkFilter) -> bool:
    return asked.since is not None or asked.until is not None


def _dates(begins: str, ends: str) -> list[str]:
    """Give the first of the dates of each sort, where there is one."""
    return [
        f"OPTIONAL {{ SELECT {subject} (MIN(STR(?{name}Date)) AS ?{name}) WHERE {{ "
        f"{subject} schema:{predicate} ?{name}Date }} GROUP BY {subject} }}"
        for subject, predicate, name in (
            (begins, "startDate", "since"),
            (ends, "endDate", "until"),
        )
    ]


def _in_years(asked: NetworkFilter) -> list[str]:
    """Keep what is there in the years of a filter; what has no date at all is not."""
    if not _is_dated(asked):
        return []
    if asked.is_reversed:
        return ["FILTER (false)"]
    found = ["FILTER (BOUND(?since) || BOUND(?until))"]
    for limit, name, compared in ((asked.since, "?until", ">="), (asked.until, "?since", "<=")):
        if limit is not None:
            year = f"xsd:integer(SUBSTR({name}, 1, 4))"
            found.append(f"FILTER (!BOUND({name}) || {year} {compared} {int(limit)})")
    return found
