"""Which graphs and which things are a partner's own.

A partner has a slug, ``kth``. Its graphs are ``…/graph/kth`` and ``…/graph/kth/<name>``. Its own
things are the actor ``…/id/actor/kth`` and everything whose slug begins with ``kth--``
(``…/id/facility/kth--biobank``): no slug of a partner has two hyphens together, so nothing is two
partners' own.
"""

import re
from dataclasses import dataclass
from typing import Final

from klustergraf.errors import IdentifierError
from klustergraf.namespaces import GRAPH, ID

RESERVED: Final = frozenset(
    (
        "catalogue",
        "curated",
        "derived",
        "field",
        "founding",
        "identity",
        "ontology",
        "open",
        "shapes",
    )
)
"""Slugs that no partner may have: the graph's own graphs begin with them."""

SEPARATOR: Final = "--"
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST: Final = 60


def check_partner(slug: str) -> str:
    """Give the slug back when it may be a partner's.

    Errors: IdentifierError.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST:
        raise IdentifierError(
            slug, f"is no slug: at most {_LONGEST} of a-z, 0-9 and single hyphens between them"
        )
    if slug in RESERVED:
        raise IdentifierError(slug, "names graphs of Klustergraf itself, so no partner has it")
    return slug


@dataclass(frozen=True)
class GraphAddress:
    """One graph of a partner's; ``name`` is "" for the partner's main graph.

    >>> GraphAddress("kth", "testbeds").iri
    'https://w3id.org/klustergraf/graph/kth/testbeds'
    """

    partner: str
    name: str = ""

    @classmethod
    def of(cls, path: str) -> "GraphAddress":
        """Read ``<partner>`` or ``<partner>/<name>``.

        Errors: IdentifierError.
        """
        partner, slash, name = path.partition("/")
        check_partner(partner)
        if slash and (not _SLUG.fullmatch(name) or len(name) > _LONGEST):
            raise IdentifierError(name, "is no name of a graph: a-z, 0-9 and single hyphens")
        return cls(partner, name)

    @property
    def path(self) -> str:
        """How it stands in addresses, behind ``/graphs/``."""
        return f"{self.partner}/{self.name}" if self.name else self.partner

    @property
    def iri(self) -> str:
        """The IRI of the graph."""
        return GRAPH + self.path


def is_own(iri: str, partner: str) -> bool:
    """Tell whether a thing is a partner's own.

    >>> is_own("https://w3id.org/klustergraf/id/facility/kth--biobank", "kth")
    True
    >>> is_own("https://w3id.org/klustergraf/id/facility/kth-biobank", "kth")
    False
    """
    if not iri.startswith(ID):
        return False
    kind, _, slug = iri.removeprefix(ID).partition("/")
    if slug == partner:
        return kind == "actor"
    return slug.startswith(partner + SEPARATOR) and len(slug) > len(partner + SEPARATOR)
