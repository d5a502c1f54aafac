"""What a network's file holds, whatever its format: nodes and edges as rows, and what it is."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from klustergraf.analysis.network import Network, NetworkFilter
from klustergraf.analysis.projections import Contact, project_onto
from klustergraf.analysis.snapshot import RULES, Actor, Thing, slug_of
from klustergraf.analysis.storage import Analysis

EDGE_RULE: Final = (
    "Two actors are tied when they share a project, agreement, foundation, group or facility, when "
    "one is a member of the other, or when a source says that they work together."
)
ONTO_RULES: Final[Mapping[str, str]] = {
    "priority": "An actor is tied to a priority area by itself, by the facilities that it runs and "
    "by the projects that it takes part in, when those contribute to it.",
    "facility": "An actor is tied to a facility that it runs.",
    "project": "An actor is tied to a project that it takes part in.",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """Rows of one shape each: ``id`` first in nodes; ``source``, ``target``, ``weight`` in edges.

    ``about``: version, filters and edge rule. In a projection the nodes are of two sorts, actors
    (``bipartite`` 0, as networkx calls it) and what they are tied to (1); ``id`` of the latter
    begins with what they are: ``priority:a1``.
    """

    about: Mapping[str, str]
    node_columns: tuple[str, ...]
    edge_columns: tuple[str, ...]
    nodes: list[Row]
    edges: list[Row]

    @property
    def is_bipartite(self) -> bool:
        """Whether the nodes are of two sorts."""
        return "bipartite" in self.node_columns


_OF_ACTOR: Final = ("id", "iri", "label", "label_sv", "kind", "county", "municipality")
_NODE: Final = (
    *_OF_ACTOR, "degree", "strength", "betweenness", "community", "community_stability",
)  # fmt: skip
_EDGE: Final = ("source", "target", "weight", "ties", "rules", "since")
_PARTED_NODE: Final = (*_OF_ACTOR, "bipartite", "degree", "strength")
_PARTED_EDGE: Final = ("source", "target", "weight", "derived")


def network_contents(analysis: Analysis, network: Network) -> Contents:
    """Give the contents of a network of actors."""
    about = {
        "version": network.snapshot.version,
        "filters": json.dumps(network.filters, sort_keys=True),
        "edge_rule": EDGE_RULE,
        "counting": network.asked.counting,
    }
    actors = network.snapshot.actors
    nodes = [
        {
            **_of_actor(analysis.snapshot.actors[node]),
            "degree": network.degree(node),
            "strength": network.strength(node),
            "betweenness": analysis.measures["betweenness"][node],
            "community": analysis.measures["community"][node],
            "community_stability": analysis.stability_of(node),
        }
        for node in network.nodes
    ]
    edges = [
        {
            "source": actors[edge.source].slug,
            "target": actors[edge.target].slug,
            "weight": edge.weight,
            "ties": " ".join(sorted({tie.kind for tie in edge.ties})),
            "rules": " ".join(sorted({RULES[tie.kind] for tie in edge.ties})),
            "since": min((tie.since for tie in edge.ties if tie.since), default=""),
        }
        for edge in network.edges
    ]
    return Contents(about, _NODE, _EDGE, nodes, edges)


def _of_actor(actor: Actor) -> Row:
    return {
        "id": actor.slug,
        "iri": actor.iri,
        "label": actor.name("en"),
        "label_sv": actor.name("sv"),
        "kind": actor.kinds[0] if actor.kinds else "",
        "county": actor.counties[0] if actor.counties else "",
        "municipality": actor.municipalities[0] if actor.municipalities else "",
    }


def projection_contents(analysis: Analysis, asked: NetworkFilter, onto: str) -> Contents:
    """Give the contents of the network of actors and what they are tied to.

    Errors: as project_onto.
    """
    snapshot = analysis.snapshot
    found = project_onto(snapshot, onto, asked)
    about = {
        "version": snapshot.version,
        "onto": onto,
        "filters": json.dumps({k: v for k, v in asdict(asked).items() if v}, sort_keys=True),
        "edge_rule": ONTO_RULES[onto],
    }
    of_actor: dict[int, list[Contact]] = defaultdict(list)
    of_target: dict[str, list[Contact]] = defaultdict(list)
    for contact in found:
        of_actor[contact.actor].append(contact)
        of_target[contact.target].append(contact)
    things = {**snapshot.things, **snapshot.areas}
    nodes = [
        {**_of_actor(snapshot.actors[place]), "bipartite": 0, **_counts(contacts)}
        for place, contacts in sorted(of_actor.items())
    ]
    nodes += [
        {
            **_of_target(onto, things.get(iri) or Thing(iri, {})),
            "bipartite": 1,
            **_counts(contacts),
        }
        for iri, contacts in sorted(of_target.items())
    ]
    edges = [
        {
            "source": snapshot.actors[contact.actor].slug,
            "target": f"{onto}:{slug_of(contact.target)}",
            "weight": contact.weight,
            "derived": len(contact.derived),
        }
        for contact in found
    ]
    return Contents(about, _PARTED_NODE, _PARTED_EDGE, nodes, edges)


def _of_target(onto: str, thing: Thing) -> Row:
    return {
        "id": f"{onto}:{thing.slug}",
        "iri": thing.iri,
        "label": thing.name("en"),
        "label_sv": thing.name("sv"),
        "kind": onto,
        "county": "",
        "municipality": "",
    }


def _counts(contacts: list[Contact]) -> Row:
    return {"degree": len(contacts), "strength": sum(contact.weight for contact in contacts)}
