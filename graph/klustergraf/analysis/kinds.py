"""Kinds of actor, put together into as many groups as there are colours to tell apart.

Colours: Okabe and Ito, "Color Universal Design" (2008), which all kinds of colour vision tell
apart. Each group has a letter as a second mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from klustergraf.analysis.snapshot import Actor, Labels

OTHER: Final = "other"


@dataclass(frozen=True)
class KindGroup:
    """A group of kinds (slugs): its colour, letter and names."""

    kinds: tuple[str, ...]
    colour: str
    letter: str
    labels: Labels


GROUPS: Final[Mapping[str, KindGroup]] = {
    "academia": KindGroup(
        ("university", "academia"),
        "#0072b2",
        "U",
        {"sv": "Lärosäten och forskning", "en": "Universities and research"},
    ),
    "health-care": KindGroup(
        ("hospital", "health-care"),
        "#d55e00",
        "H",
        {"sv": "Hälso- och sjukvård", "en": "Health care"},
    ),
    "business": KindGroup(
        ("company", "business", "start-up", "global-company"),
        "#009e73",
        "C",
        {"sv": "Företag", "en": "Companies"},
    ),
    "support": KindGroup(
        ("incubator", "business-support", "chamber-of-commerce"),
        "#cc79a7",
        "B",
        {"sv": "Företagsstöd", "en": "Business support"},
    ),
    "public": KindGroup(
        ("region", "municipality", "agency"),
        "#e69f00",
        "P",
        {"sv": "Offentliga organ", "en": "Public authorities"},
    ),
    "funding": KindGroup(
        ("funder", "foundation"),
        "#56b4e9",
        "F",
        {"sv": "Finansiärer och stiftelser", "en": "Funders and foundations"},
    ),
    "society": KindGroup(
        ("society",), "#f0e442", "S", {"sv": "Civilsamhälle", "en": "Civil society"}
    ),
    OTHER: KindGroup(
        (), "#999999", "O", {"sv": "Annat eller inte känt", "en": "Other or not known"}
    ),
}

_GROUP_OF: Final = {kind: name for name, group in GROUPS.items() for kind in group.kinds}


def kind_group(actor: Actor) -> str:
    """Tell to which group an actor belongs, by the first of its kinds that is in one."""
    return next((_GROUP_OF[kind] for kind in actor.kinds if kind in _GROUP_OF), OTHER)
