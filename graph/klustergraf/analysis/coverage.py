"""How the strategy is covered: priority areas by county, municipality or kind of actor; thin spots.

A cell counts actors, facilities, projects and the EU contribution to projects that contribute to an
area. Expected: what the cell would have if areas and columns were independent, row total × column
total / all. Gap: 1 - (n + 1) / (expected + 1), from 1 (nothing where much was expected) down; the 1
keeps small numbers from shouting (additive smoothing).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from klustergraf.analysis.snapshot import Snapshot
from klustergraf.errors import AnalysisParameterError

FORMULA = "gap = 1 - (count + 1) / (expected + 1); expected = row total * column total / total"
COLUMNS = ("county", "municipality", "kind")
KINDS = ("actors", "facilities", "projects")


@dataclass
class Cell:
    """What contributes to an area in a column: IRIs, stated and derived apart; euro of projects.

    ``amount_eur_derived``: that part of ``amount_eur`` which only rules tie to the area.
    """

    area: str
    column: str
    stated: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    derived: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    amount_eur: float = 0.0
    amount_eur_derived: float = 0.0

    def count(self, kind: str) -> int:
        """Count the actors, facilities or projects, stated or derived."""
        return len(self.stated[kind] | self.derived[kind])

    @property
    def total(self) -> int:
        """Count all that contributes."""
        return sum(self.count(kind) for kind in KINDS)


def coverage(snapshot: Snapshot, by: str = "county") -> dict[tuple[str, str], Cell]:
    """Fill the matrix. What is in no known column stands under the column ``""``.

    Errors: AnalysisParameterError when ``by`` is not county, municipality or kind.
    """
    if by not in COLUMNS:
        raise AnalysisParameterError("by", f"must be one of {', '.join(COLUMNS)}, not {by!r}")
    of_actor = {
        a.iri: {"county": a.counties, "municipality": a.municipalities, "kind": a.kinds}[by]
        or ("",)
        for a in snapshot.actors
        if a.in_region
    }
    taking_part: dict[str, dict[str, float | None]] = defaultdict(dict)
    for p in snapshot.participations:
        if p.actor in of_actor:
            taking_part[p.project][p.actor] = p.amount_eur
    cells: dict[tuple[str, str], Cell] = {}

    for item in snapshot.contributions:
        for column, kind, amount in _columns(snapshot, item.iri, by, of_actor, taking_part):
            cell = cells.setdefault((item.area, column), Cell(item.area, column))
            (cell.derived if item.derived else cell.stated)[kind].add(item.iri)
            cell.amount_eur += amount
            cell.amount_eur_derived += amount if item.derived else 0.0
    return cells


def _columns(
    snapshot: Snapshot,
    iri: str,
    by: str,
    of_actor: dict[str, tuple[str, ...]],
    taking_part: dict[str, dict[str, float | None]],
) -> Iterator[tuple[str, str, float]]:
    """Tell in which columns something counts, as what, and with how many euro."""
    if iri in of_actor:
        yield from ((column, "actors", 0.0) for column in of_actor[iri])
    elif iri in snapshot.facility_actors:
        yield from (
            (column, "facilities", 0.0) for column in _of_facility(snapshot, iri, by, of_actor)
        )
    else:
        for actor, amount in sorted(taking_part.get(iri, {}).items()):
            yield from ((column, "projects", amount or 0.0) for column in of_actor[actor])


def _of_facility(
    snapshot: Snapshot, iri: str, by: str, of_actor: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    if by == "kind":
        kinds = {k for a in snapshot.facility_actors[iri] for k in of_actor.get(a, ())} - {""}
        return tuple(sorted(kinds)) or ("",)
    counties, municipalities = snapshot.facility_places[iri]
    return (counties if by == "county" else municipalities) or ("",)


@dataclass(frozen=True)
class Gap:
    """A thin spot: how many contribute, how many were expected, and how far that falls short."""

    area: str
    column: str
    count: int
    expected: float
    gap: float


def gaps(snapshot: Snapshot, by: str = "county") -> list[Gap]:
    """Rank the cells, the thinnest first.

    Errors: as coverage.
    """
    cells = coverage(snapshot, by)
    columns = sorted({column for _, column in cells if column})
    counts = {key: cell.total for key, cell in cells.items() if key[1]}
    rows = {a: sum(counts.get((a, c), 0) for c in columns) for a in snapshot.areas}
    tops = {c: sum(counts.get((a, c), 0) for a in snapshot.areas) for c in columns}
    everything = sum(rows.values())
    found = []
    for area in snapshot.areas:
        for column in columns:
            count = counts.get((area, column), 0)
            expected = rows[area] * tops[column] / everything if everything else 0.0
            found.append(Gap(area, column, count, expected, 1 - (count + 1) / (expected + 1)))
    # An area without anything has nothing to share out: it is thin in every column.
    return sorted(found, key=lambda g: (rows[g.area] > 0, -g.gap, g.area, g.column))


def changes(before: Snapshot, after: Snapshot, by: str = "county") -> list[tuple[Cell, Cell]]:
    """Give each cell whose numbers differ between two versions, as it was and as it is.

    Errors: as coverage.
    """
    old, new = coverage(before, by), coverage(after, by)

    def numbers(cell: Cell) -> tuple[float, ...]:
        return (*(cell.count(kind) for kind in KINDS), round(cell.amount_eur, 2))

    pairs = [
        (old.get(key) or Cell(*key), new.get(key) or Cell(*key)) for key in sorted({*old, *new})
    ]
    return [(was, now) for was, now in pairs if numbers(was) != numbers(now)]
