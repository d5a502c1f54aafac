"""Identity: one actor, one IRI. Which records of which sources are the same.

The way of it: :mod:`normalisation` and :mod:`external_ids` make names, places and identifiers
comparable; :mod:`profiles` does so for whole records, :mod:`known` finds the actors with IRIs;
:mod:`blocking` picks the pairs worth comparing; :mod:`scoring` scores one pair; :mod:`resolution`
merges, refuses and leaves in doubt; :mod:`minting` names the actors; :mod:`statements` says it all
in the graph. :mod:`curation` reads what people decided, which wins.
"""

from klustergraf.identity.curation import (
    Decision,
    read_decisions,
    read_names,
    read_registry,
    write_registry,
)
from klustergraf.identity.known import known_actors
from klustergraf.identity.minting import updated_registry
from klustergraf.identity.profiles import KnownActor
from klustergraf.identity.resolution import Doubt, Merge, Resolution, resolve

__all__ = [
    "Decision",
    "Doubt",
    "KnownActor",
    "Merge",
    "Resolution",
    "known_actors",
    "read_decisions",
    "read_names",
    "read_registry",
    "resolve",
    "updated_registry",
    "write_registry",
]
