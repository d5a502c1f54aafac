"""Tables of a version as CSV, for spreadsheets and Power BI.

``actors.csv``        UTF-8, commas (RFC 4180)
``actors.excel.csv``  the same with a byte order mark and semicolons, as a Swedish Excel opens it

A cell that a spreadsheet would run as a formula (it begins with = + - @, a tab or a carriage
return, and is no number) begins with an apostrophe instead.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice, product
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyoxigraph as ox

from klustergraf.namespaces import DCT, KG, ORG, RDF, SCHEMA, SKOS, XSD
from klustergraf.version import Version

TABLES_FOLDER: Final = "tables-2"

Row = tuple[str, ...]
Term = ox.NamedNode | ox.BlankNode | ox.Literal
# What is said of one thing, by predicate; each value once, whatever graphs have it.
Facts = Mapping[str, set[Term]]

_TYPE: Final = RDF + "type"
_NAME: Final = SKOS + "prefLabel"
_AT_ONCE: Final = 10_000
_NUMERIC: Final = frozenset(XSD + n for n in ("integer", "decimal", "double", "float"))


@dataclass(frozen=True)
class _Things:
    """A table with a row for each thing of a class; of several values the least is taken."""

    kind: str
    columns: Mapping[str, str]

    @property
    def head(self) -> Row:
        return ("iri", "name_sv", "name_en", "kinds", *self.columns)

    @property
    def predicates(self) -> set[str]:
        return {_NAME, *self.columns.values()}

    def rows(self, iri: str, facts: Facts) -> Iterator[Row]:
        names = [_least(v for v in facts.get(_NAME, ()) if _is_in(v, tag)) for tag in ("sv", "en")]
        kinds = sorted(
            term.value.removeprefix(KG)
            for term in facts[_TYPE]
            if isinstance(term, ox.NamedNode) and term.value.startswith(KG)
        )
        values = (_least(facts.get(predicate, ())) for predicate in self.columns.values())
        yield (iri, *names, " ".join(kinds), *values)


@dataclass(frozen=True)
class _Relations:
    """A table with a row for each way in which nodes of a class join others.

    ``optional``: columns that may be empty. ``pair``: the two columns are of the same property,
    and each two of its values stand once.
    """

    kind: str
    columns: Mapping[str, str]
    optional: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None

    @property
    def head(self) -> Row:
        return ("iri", *self.columns)

    @property
    def predicates(self) -> set[str]:
        return set(self.columns.values())

    def rows(self, iri: str, facts: Facts) -> Iterator[Row]:
        choices = []
        for name, predicate in self.columns.items():
            values = sorted(_text(value) for value in facts.get(predicate, ()))
            choices.append(values or ([""] if name in self.optional else []))
        names = tuple(self.columns)
        for found in product(*choices):
            row = dict(zip(names, found, strict=True))
            if self.pair is None or row[self.pair[0]] < row[self.pair[1]]:
                yield (iri, *found)


TABLES: Final[Mapping[str, _Things | _Relations]] = {
    "actors": _Things(
        "Actor", {"located_in": KG + "locatedIn", "part_of": ORG + "subOrganizationOf"}
    ),
    "places": _Things("Place", {"located_in": KG + "locatedIn"}),
    "facilities": _Things(
        "Facility", {"located_in": KG + "locatedIn", "operated_by": KG + "isOperatedBy"}
    ),
    "projects": _Things(
        "Project",
        {
            "identifier": DCT + "identifier",
            "start": SCHEMA + "startDate",
            "end": SCHEMA + "endDate",
            "total_cost_eur": KG + "totalCost",
            "eu_contribution_eur": KG + "euContribution",
        },
    ),
    "participations": _Relations(
        "ProjectParticipation",
        {"project": KG + "inProject", "participant": KG + "hasParticipant", "role": ORG + "role"},
        optional=("role",),
    ),
    "collaborations": _Relations(
        "Collaboration",
        {
            "actor_a": KG + "hasCollaborator",
            "actor_b": KG + "hasCollaborator",
            "through": KG + "isThrough",
        },
        pair=("actor_a", "actor_b"),
    ),
}


def _is_in(value: Term, language: str) -> bool:
    return isinstance(value, ox.Literal) and value.language == language


def _least(values: Iterable[Term]) -> str:
    """Give the least of some values: of numbers by value, else by the text; or nothing."""
    return min(((_number(value), _text(value)) for value in values), default=(0.0, ""))[1]


def _number(value: Term) -> float:
    is_numeric = isinstance(value, ox.Literal) and value.datatype.value in _NUMERIC
    return float(value.value) if is_numeric else 0.0


def _text(value: Term) -> str:
    return f"_:{value.value}" if isinstance(value, ox.BlankNode) else value.value


_FORMULA: Final = re.compile(r"^[=+\-@\t\r]")
_TIME: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_NUMBER: Final = re.compile(r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$")


def safe_cell(text: str) -> str:
    """Let no spreadsheet take a text for a formula.

    >>> safe_cell("=1+1"), safe_cell("-59.3"), safe_cell("KTH")
    ("'=1+1", '-59.3', 'KTH')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def undated(workbook: bytes) -> bytes:
    """Take the times of making out of a workbook (XLSX), so that the same has the same bytes."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as old, ZipFile(out, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "docProps/core.xml":
                content = _TIME.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), content, ZIP_DEFLATED)
    return out.getvalue()


def make_tables(version: Version, folder: Path) -> None:
    """Write every table of a version, in both forms, in one pass over it; a derivation."""
    found: dict[str, list[Row]] = {name: [] for name in TABLES}
    classes = {KG + table.kind: name for name, table in TABLES.items()}
    for iri, facts in _things(version.dataset_path):
        for kind in facts.get(_TYPE, ()):
            name = classes.get(kind.value) if isinstance(kind, ox.NamedNode) else None
            if name is not None:
                found[name] += TABLES[name].rows(iri, facts)
    for name, rows in found.items():
        safe = [TABLES[name].head, *(tuple(map(safe_cell, row)) for row in sorted(rows))]
        plain, excel = folder / f"{name}.csv", folder / f"{name}.excel.csv"
        with plain.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(safe)
        with excel.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows(safe)


def _things(dataset: Path) -> Iterator[tuple[str, Facts]]:
    """Give what tables need of each thing in sorted N-Quads, thing after thing."""
    needed = {_TYPE}.union(*(table.predicates for table in TABLES.values()))
    names = {f"<{predicate}>".encode() for predicate in needed}
    with dataset.open("rb") as file:
        lines = (line for line in file if line.split(b" ", 2)[1] in names)
        for subject, quads in groupby(_parsed(lines), key=lambda quad: quad.subject):
            facts = defaultdict[str, set[Term]](set)
            for quad in quads:
                if not isinstance(quad.object, ox.Triple):
                    facts[quad.predicate.value].add(quad.object)
            if isinstance(subject, ox.NamedNode):
                yield subject.value, facts


def _parsed(lines: Iterator[bytes]) -> Iterator[ox.Quad]:
    while piece := b"".join(islice(lines, _AT_ONCE)):
        yield from ox.parse(piece, format=ox.RdfFormat.N_QUADS)
