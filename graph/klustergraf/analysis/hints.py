"""What to change when filters leave less than was meant."""

import difflib
from collections.abc import Collection

from klustergraf.analysis.network import NetworkFilter
from klustergraf.analysis.snapshot import RULES, Snapshot

NOTHING_FITS = "No pair fits all of these filters. Take one away, or lower the least weight."
SAME_ACTOR = "Both ends are the same actor. Name two."


def hint(snapshot: Snapshot, asked: NetworkFilter, found: int) -> str | None:
    """Say what is amiss with filters that leave ``found`` pairs, or nothing.

    A value that nothing has is told whatever is left; else there is something to say only when
    nothing is left.
    """
    told = [
        _unknown(name, value, known)
        for name, values, known in (
            ("kind", asked.kinds, {k for a in snapshot.actors for k in a.kinds}),
            ("county", asked.counties, snapshot.places),
            ("municipality", asked.municipalities, snapshot.places),
            ("tie", asked.ties, RULES),
            ("programme", asked.programmes, _programmes(snapshot)),
        )
        for value in values
        if value not in known
    ]
    if asked.is_reversed:
        told.append(f"The years end ({asked.until}) before they begin ({asked.since}).")
    if not found and not told:
        told.append(NOTHING_FITS)
    return " ".join(told) or None


def _programmes(snapshot: Snapshot) -> set[str]:
    return {slug for thing in snapshot.things.values() for slug in thing.programmes}


def _unknown(name: str, value: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(value.lower(), known, 3)
    question = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Nothing has the {name} {value!r}.{question}"
