"""What the plain words of the facts mean in the ontology.

A fact is stated directly, and as a node that names its page; where both ends are what the ontology
asks for, the node is a membership, a participation in a project or a party of an agreement too.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pyoxigraph import NamedNode

from klustergraf.sources import terms
from klustergraf.sources.terms import kg


class Family(StrEnum):
    """What sort of thing a record is about, as far as relations ask."""

    ACTOR = "actor"
    AGREEMENT = "agreement"
    FACILITY = "facility"
    PLACE = "place"
    PROJECT = "project"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The property that a word stands for between two families, and the role in a node."""

    predicate: NamedNode
    role: str = ""


def meaning(word: str, subject: Family, target: Family) -> Meaning | None:
    """Find what a plain word means between these two; nothing when it is no known word."""
    both_actors = subject == Family.ACTOR == target
    if word in _WORKS_WITH:
        return Meaning(kg("worksWith"))
    if word == "located in":
        return Meaning(kg("locatedIn") if target == Family.PLACE else kg("isHousedIn"))
    if word == "works in":
        return Meaning(kg("locatedIn"))
    if word == "part of":
        if both_actors:
            return Meaning(terms.SUB_ORGANIZATION_OF)
        is_place = subject == Family.PLACE == target
        return Meaning(terms.WITHIN if is_place else terms.PART_OF)
    if word in ("operates", "runs jointly"):
        runs = subject == Family.ACTOR and target == Family.FACILITY
        return Meaning(kg("operates") if runs else kg("manages"))
    if word in ("backs", "founder or funder of"):
        return Meaning(kg("backs") if both_actors else kg("founded"), "backer")
    return _WORDS.get(word)


_WORKS_WITH: Final = (
    "works with",
    "signed collaboration agreement with",
    "participates in coordination with",
    "organised round table with",
    "assigned national coordination of life science incubators to",
)
_WORDS: Final = {
    "participates in": Meaning(kg("participatesIn"), "participant"),
    "takes part in": Meaning(kg("participatesIn"), "participant"),
    "funds": Meaning(kg("funds"), "funder"),
    "leads": Meaning(kg("leads"), "coordinator"),
    "leads ecosystem work in": Meaning(kg("leads"), "participant"),
    "owned by": Meaning(kg("isOwnedBy")),
    "founder of": Meaning(kg("founded"), "founder"),
    "helped establish": Meaning(terms.INFLUENCED),
    "commissioned the building of": Meaning(terms.INFLUENCED),
    "member of": Meaning(terms.MEMBER_OF, "member"),
    "signed": Meaning(kg("isPartyTo")),
    "follows up": Meaning(kg("followsUp")),
    "renamed to": Meaning(terms.REPLACED_BY),
}


def date_meaning(word: str, subject: Family) -> Meaning | None:
    """Find which date a plain word gives."""
    if word == "ended":
        return Meaning(terms.ENDS)
    if word in ("started", "established"):
        return Meaning(terms.FOUNDED_ON if subject == Family.ACTOR else terms.STARTS)
    return None
