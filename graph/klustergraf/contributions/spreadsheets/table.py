"""From a table to the statements of a contribution, each with its row and column.

What is wrong with cells is collected, so that whoever wrote the table sees all of it at once.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph as ox

from klustergraf.contributions.addresses import SEPARATOR, GraphAddress, is_own
from klustergraf.contributions.reading import MOST_STATEMENTS, Place, Reading, ShownRows
from klustergraf.contributions.spreadsheets import cells
from klustergraf.contributions.spreadsheets.cells import CellError, parts_of
from klustergraf.contributions.spreadsheets.columns import (
    KINDS,
    ROLES,
    Column,
    TableKind,
    fold_header,
)
from klustergraf.contributions.spreadsheets.problems import TableProblem, UnreadableTable, shown
from klustergraf.contributions.spreadsheets.references import Actors
from klustergraf.contributions.spreadsheets.sheets import Row, Sheet, read_sheet
from klustergraf.contributions.spreadsheets.vocabulary import Names, Vocabulary, fold_value
from klustergraf.identifiers import slugify
from klustergraf.namespaces import DCT, ID, KG, ORG, PROV, RDF, SCHEMA
from klustergraf.shacl import Result

_TYPE: Final = RDF + "type"
_UNIT: Final = ox.NamedNode(KG + "OrganisationalUnit")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG: Final = 80
_NEAREST_SHOWN: Final = 3
_ROWS_SHOWN: Final = 11
_SIMPLE: Final[Mapping[str, Callable[[str], ox.NamedNode | ox.Literal]]] = {
    "date": cells.read_date,
    "boolean": cells.read_boolean,
    "url": cells.read_url,
    "ror": cells.read_ror,
    "orgnr": cells.read_number,
    "wikidata": cells.read_wikidata,
}


def read_table(
    store: ox.Store, content: bytes, media_type: str, address: GraphAddress, table: str = ""
) -> Reading:
    """Read a table for a graph of a partner. ``store``: the version that it is added to.

    ``table``: the kind of table; without it the title of the sheet or the header tells. Never
    raises for what was sent: the reading has its problems.
    """
    try:
        sheet = read_sheet(content, media_type)
        kind, header = _header(sheet, table)
    except UnreadableTable as exc:
        return _with_problems([exc.problem], address)
    problems = list(_header_problems(sheet, kind, header))
    if problems:
        return _with_problems([*sheet.problems, *problems], address, _first_rows(sheet))
    return _Writer(store, address, kind, header, sheet).reading()


def _with_problems(
    problems: list[TableProblem], address: GraphAddress, rows: ShownRows = ()
) -> Reading:
    results: list[Result] = []
    places: dict[tuple[str, str], Place] = {}
    for problem in problems:
        results.append(problem.result(address.iri))
        places[problem.focus(address.iri), ""] = problem.place()
    return Reading((), places, problems=tuple(results), rows=rows)


def _first_rows(sheet: Sheet) -> ShownRows:
    rows = sheet.rows[:_ROWS_SHOWN]
    return tuple((row.number, tuple(shown(cell) for cell in row.cells)) for row in rows)


# ── the header ─────────────────────────────────────────────────────────────────────────────────


def _header(sheet: Sheet, table: str) -> tuple[TableKind, dict[int, Column]]:
    """Tell which kind of table it is, and which column stands where (from 0).

    Errors: UnreadableTable.
    """
    if not sheet.rows:
        raise UnreadableTable(TableProblem("empty", "Tabellen är tom.", "The table is empty."))
    names = [name for name in sheet.rows[0].cells if name]
    kind = KINDS.get(table) or _titled(sheet.title) or _fitting(names)
    columns = {
        index: column
        for index, name in enumerate(sheet.rows[0].cells)
        if name and (column := kind.column(name))
    }
    return kind, columns


def _titled(title: str) -> TableKind | None:
    folded = fold_header(title)
    for kind in KINDS.values():
        if folded in {fold_header(one) for one in (kind.name, *kind.titles.values())}:
            return kind
    return None


def _fitting(names: list[str]) -> TableKind:
    """Find the kind whose columns the header names; columns of that kind alone decide."""
    found = Counter(
        {kind.name: sum(bool(kind.column(n)) for n in names) for kind in KINDS.values()}
    )
    (best, most), (_, second), *_ = found.most_common()
    if most == second:
        kinds = ", ".join(KINDS)
        titles = ", ".join(kind.titles["sv"].lower() for kind in KINDS.values())
        raise UnreadableTable(
            TableProblem(
                "kind",
                f"Av kolumnerna framgår inte vad det är för slags tabell ({titles}). Välj slag när "
                "du skickar den, eller använd mallens rubriker.",
                f"The columns do not tell which kind of table it is ({kinds}). Choose the kind "
                "when you send it, or use the headers of the template.",
                1,
            )
        )
    return KINDS[best]


def _header_problems(
    sheet: Sheet, kind: TableKind, columns: Mapping[int, Column]
) -> Iterator[TableProblem]:
    first = sheet.rows[0]
    seen: dict[str, int] = {}
    for index, name in enumerate(first.cells):
        column = columns.get(index)
        where: dict[str, Any] = {"row": first.number, "column": index + 1}
        if column is not None and column.name in seen:
            yield TableProblem(
                "column-twice",
                f"Kolumnen ”{shown(name)}” finns två gånger. Ta bort den ena.",
                f"The column “{shown(name)}” is there twice. Remove one of them.",
                value=name,
                **where,
            )
        elif column is not None:
            seen[column.name] = index
        elif name:
            yield _unknown_column(kind, name, where)
        elif any(row.cell(index) for row in sheet.rows[1:]):
            yield TableProblem(
                "column-without-name",
                "Kolumnen har ingen rubrik, men värden. Ge den en rubrik, eller töm den.",
                "The column has no header, yet has values. Give it a header, or empty it.",
                **where,
            )
    for column in kind.columns:
        if column.is_required and column.name not in seen:
            yield TableProblem(
                "column-missing",
                f"Kolumnen ”{column.headers['sv']}” saknas. Lägg till den; den måste fyllas i.",
                f"The column “{column.headers['en']}” is missing. Add it; it must be filled in.",
                first.number,
            )
    if len(sheet.rows) == 1:
        yield TableProblem(
            "empty",
            "Tabellen har rubriker men inga rader.",
            "The table has headers and no rows.",
            first.number,
        )


def _unknown_column(kind: TableKind, name: str, where: Mapping[str, int]) -> TableProblem:
    known = {title: column for column in kind.columns for title in column.titles()}
    near = difflib.get_close_matches(fold_header(name), known, 1, cutoff=0.6)
    swedish = f" Menas ”{known[near[0]].headers['sv']}”?" if near else " Ta bort den."
    english = f" Is “{known[near[0]].headers['en']}” meant?" if near else " Remove it."
    return TableProblem(
        "unknown-column",
        f"Kolumnen ”{shown(name)}” finns inte i mallen för {kind.titles['sv'].lower()}.{swedish}",
        f"The column “{shown(name)}” is not in the template of {kind.titles['en'].lower()}."
        f"{english}",
        where["row"],
        where["column"],
        name,
    )


# ── the rows ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Said:
    """What was read so far."""

    triples: dict[ox.Triple, None] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    value_places: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    problems: list[TableProblem] = field(default_factory=list)

    def state(
        self, subject: str, predicate: str, value: ox.NamedNode | ox.Literal | str, place: Place
    ) -> None:
        term = ox.NamedNode(value) if isinstance(value, str) else value
        self.triples[ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term)] = None
        self.places.setdefault((subject, ""), place)
        self.places.setdefault((subject, predicate), place)
        self.value_places.setdefault((subject, predicate, str(term)), place)


class _Writer:
    """Writes the statements of a table's rows."""

    def __init__(
        self,
        store: ox.Store,
        address: GraphAddress,
        kind: TableKind,
        header: Mapping[int, Column],
        sheet: Sheet,
    ) -> None:
        self._address = address
        self._kind = kind
        self._sheet = sheet
        self._indexes = {column.name: index for index, column in header.items()}
        self._columns = dict(header)
        vocabulary = Vocabulary.read(store)
        self._areas = Names(vocabulary.choices("area"))
        self._places = Names(vocabulary.choices("municipality", "place"))
        classes = "collaboration" if kind.choices else kind.base_class
        self._classes = Names(vocabulary.choices(classes))
        self._said = _Said()
        self._subjects = dict(self._read_subjects())
        self._actors = Actors(store, self._own_actors())

    def reading(self) -> Reading:
        for row in self._sheet.rows[1:]:
            self._read_row(row, self._subjects[row.number])
            if len(self._said.triples) > MOST_STATEMENTS:
                problem = TableProblem(
                    "many-statements",
                    f"Tabellen ger fler än {MOST_STATEMENTS} utsagor. Dela upp den.",
                    f"The table gives more than {MOST_STATEMENTS} statements. Part it.",
                    row.number,
                )
                self._said.problems.append(problem)
                break
        rows = _first_rows(self._sheet)
        # A cell that cannot be was read as empty, and need not be told of twice.
        told = {(problem.row, problem.column) for problem in self._sheet.problems}
        found = [one for one in self._said.problems if (one.row, one.column) not in told]
        if self._sheet.problems or found:
            return _with_problems([*self._sheet.problems, *found], self._address, rows)
        said = self._said
        return Reading(tuple(said.triples), said.places, said.value_places, rows=rows)

    def _text(self, row: Row, name: str) -> str:
        index = self._indexes.get(name)
        return "" if index is None else row.cell(index)

    def _place(self, row: Row, name: str) -> Place:
        return {"row": row.number, "column": self._indexes.get(name, 0) + 1}

    def _problem(self, row: Row, name: str, exc: CellError, text: str = "") -> None:
        value = text if exc.rule != "organisation-number" else ""
        place = self._place(row, name)
        self._said.problems.append(
            TableProblem(exc.rule, exc.swedish, exc.english, place["row"], place["column"], value)
        )

    def _read_subjects(self) -> Iterator[tuple[int, str]]:
        """Give the IRI of each row, by its number."""
        first: dict[str, int] = {}
        for row in self._sheet.rows[1:]:
            text = self._text(row, "id")
            try:
                iri = self._subject(text, self._segment(row))
                if iri in first:
                    raise CellError(
                        "id-twice",
                        f"Id:t ”{shown(text)}” har rad {first[iri]} redan. Ge varje rad sitt eget.",
                        f"Row {first[iri]} has the id “{shown(text)}” already. Give each row its "
                        "own.",
                    )
            except CellError as exc:
                self._problem(row, "id", exc, text)
                yield row.number, f"{self._address.iri}#row={row.number}"  # to read the rest of it
            else:
                first[iri] = row.number
                yield row.number, iri

    def _segment(self, row: Row) -> str:
        if self._kind.name != "collaborations":
            return self._kind.segment
        chosen = self._classes.called(self._text(row, "kind"))
        is_group = [choice.iri for choice in chosen] == [KG + "WorkingGroup"]
        return "group" if is_group else self._kind.segment

    def _subject(self, text: str, segment: str) -> str:
        partner = self._address.partner
        if not text:
            raise CellError("required", "Id saknas. Ge raden ett eget.", "The id is missing.")
        if text.startswith(ID):
            iri = text
        elif segment == "actor" and text == partner:
            iri = f"{ID}actor/{partner}"
        else:
            iri = f"{ID}{segment}/{partner}{SEPARATOR}{text.removeprefix(partner + SEPARATOR)}"
        slug = iri.removeprefix(f"{ID}{segment}/")
        own = slug.removeprefix(partner + SEPARATOR)
        if not is_own(iri, partner) or not _SLUG.fullmatch(own) or len(own) > _LONGEST_SLUG:
            raise CellError(
                "id",
                f"”{shown(text)}” kan inte vara ett id. Skriv små bokstäver a–z, siffror och "
                f"enkla bindestreck, högst {_LONGEST_SLUG} tecken. Det blir "
                f"id/{segment}/{partner}{SEPARATOR}<id>; bara egna saker beskrivs.",
                f"“{shown(text)}” cannot be an id. Write lower case a–z, digits and single "
                f"hyphens, {_LONGEST_SLUG} characters at most. It becomes "
                f"id/{segment}/{partner}{SEPARATOR}<id>; only things of your own are described.",
            )
        return iri

    def _own_actors(self) -> dict[str, str]:
        """Give the actors that the table itself describes, by IRI, id and name."""
        own: dict[str, str] = {}
        if self._kind.name == "actors":
            for row in self._sheet.rows[1:]:
                iri = self._subjects[row.number]
                own[iri] = iri
                for name in ("id", "name_sv", "name_en"):
                    own.setdefault(self._text(row, name), iri)
        return own

    def _read_row(self, row: Row, iri: str) -> None:
        self._said.places[iri, ""] = self._place(row, "id")
        if self._kind.name == "projects":
            self._said.state(iri, _TYPE, self._kind.base_class, self._place(row, "id"))
        for column in self._kind.columns:
            text = self._text(row, column.name)
            if column.name == "id":
                continue
            try:
                if text:
                    self._read_cell(row, iri, column, text)
                elif column.is_required:
                    raise CellError(
                        "required",
                        f"”{column.headers['sv']}” måste fyllas i.",
                        f"“{column.headers['en']}” must be filled in.",
                    )
            except CellError as exc:
                self._problem(row, column.name, exc, text)

    def _read_cell(self, row: Row, iri: str, column: Column, text: str) -> None:
        place = self._place(row, column.name)
        if column.value == "text":
            plain = " ".join(text.split())
            literal = ox.Literal(plain, language=column.language)
            self._said.state(iri, column.predicate, literal, place)
        elif column.value == "class":
            self._said.state(iri, _TYPE, _chosen(self._classes, text, "kind"), place)
        elif column.value == "place":
            where = _chosen(self._places, text, "place")
            self._said.state(iri, column.predicate, where, place)
        elif column.value == "areas":
            for area in self._chosen_areas(text):
                self._said.state(iri, column.predicate, area, place)
        elif column.value == "actors":
            actors = [self._actor(one) for one in parts_of(text)]
            self._state_actors(iri, column, actors, place)
        else:
            term = _SIMPLE[column.value](text)
            if column.value in ("ror", "orgnr", "wikidata"):
                self._require_unknown(iri, term)
            predicate = column.predicate or self._since(row)
            self._said.state(iri, predicate, term, place)

    def _since(self, row: Row) -> str:
        is_group = "/group/" in self._subjects[row.number]
        return SCHEMA + "startDate" if is_group else DCT + "issued"

    def _chosen_areas(self, text: str) -> list[str]:
        by_comma = re.fullmatch(r"[A-Za-z]\d+(\s*[,;]\s*[A-Za-z]\d+)*", text) is not None
        parts = parts_of(text, by_comma=by_comma)
        return [_chosen(self._areas, one, "priority-area") for one in parts]

    def _actor(self, text: str) -> str:
        found = self._actors.find(text)
        if len(found.actors) == 1:
            return found.actors[0]
        if found.actors:
            swedish, english = (
                "; ".join(self._actors.described(iri, language) for iri in found.actors[:10])
                for language in ("sv", "en")
            )
            raise CellError(
                "ambiguous-actor",
                f"Flera aktörer heter ”{shown(text)}”. Vilken menas? Skriv dess adress: {swedish}.",
                f"Several actors are called “{shown(text)}”. Which is meant? Write its IRI: "
                f"{english}.",
            )
        near = "; ".join(found.nearest[:_NEAREST_SHOWN])
        swedish = f" Menas {near}?" if near else ""
        english = f" Is it {near}?" if near else ""
        raise CellError(
            "unknown-actor",
            f"Grafen har ingen aktör ”{shown(text)}”.{swedish} Skriv namnet som i grafen, ROR, "
            "organisationsnumret eller adressen; eller lägg först till aktören.",
            f"The graph has no actor “{shown(text)}”.{english} Write the name as the graph has it, "
            "the ROR, the organisation number or the IRI; or add the actor first.",
        )

    def _require_unknown(self, iri: str, term: ox.NamedNode | ox.Literal) -> None:
        """Refuse an actor that the graph has already, under another name."""
        if isinstance(term, ox.Literal):
            known = self._actors.by_number(term.value)
        else:
            known = self._actors.by_identifier(term.value)
        others = [actor for actor in known if actor != iri]
        if others:
            raise CellError(
                "known-actor",
                "Grafen har redan aktören: "
                f"{self._actors.described(others[0], 'sv')}. Ta bort raden och länka till den.",
                "The graph has this actor already: "
                f"{self._actors.described(others[0], 'en')}. Remove the row and link to it.",
            )

    def _state_actors(self, iri: str, column: Column, actors: list[str], place: Place) -> None:
        """State what a column of actors says: a link to each, or a relation of its own."""
        if column.name == "parties" and len(set(actors)) < 2:
            raise CellError(
                "parties",
                "En samverkan har minst två parter. Skriv dem med semikolon mellan.",
                "A collaboration has two parties at least. Write them with semicolons between.",
            )
        is_unit = ox.Triple(ox.NamedNode(iri), ox.NamedNode(_TYPE), _UNIT) in self._said.triples
        for actor in actors:
            if column.name == "part_of" and is_unit:
                self._said.state(iri, ORG + "unitOf", actor, place)
            elif column.predicate:
                self._said.state(iri, column.predicate, actor, place)
            else:
                self._state_relation(iri, column, actor, place)

    def _state_relation(self, iri: str, column: Column, actor: str, place: Place) -> None:
        segment, slug = iri.removeprefix(ID).split("/", 1)
        who = actor.removeprefix(f"{ID}actor/") if actor.startswith(ID) else slugify(actor)
        if segment == "project":
            node = f"{ID}participation/{slug}{SEPARATOR}{who}"
            facts = [
                (_TYPE, KG + "ProjectParticipation"),
                (KG + "inProject", iri),
                (KG + "hasParticipant", actor),
                (ORG + "role", f"{ID}role/{ROLES[column.name]}"),
            ]
        elif segment == "group":
            node = f"{ID}membership/{slug}{SEPARATOR}{who}"
            facts = [
                (_TYPE, KG + "Membership"),
                (ORG + "organization", iri),
                (ORG + "member", actor),
                (ORG + "role", f"{ID}role/representative"),
            ]
        else:
            node = f"{ID}party/{slug}{SEPARATOR}{who}"
            facts = [
                (_TYPE, KG + "AgreementParty"),
                (KG + "inAgreement", iri),
                (KG + "hasParticipant", actor),
                (KG + "hasStage", f"{ID}party-stage/first"),
            ]
            self._said.state(iri, PROV + "wasDerivedFrom", self._address.iri, place)
        for predicate, value in facts:
            self._said.state(node, predicate, value, place)
        self._said.state(node, KG + "hasCertainty", KG + "stated", place)
        self._said.state(node, PROV + "wasDerivedFrom", self._address.iri, place)


def _chosen(values: Names, text: str, rule: str) -> str:
    """Find the one value that a text names. Errors: CellError."""
    found = values.called(text)
    if len(found) == 1:
        return found[0].iri
    if found:
        several = "; ".join(f"{choice.names['en']} ({choice.iri})" for choice in found)
        raise CellError(
            f"ambiguous-{rule}",
            f"”{shown(text)}” kan betyda flera saker. Skriv adressen till en: {several}.",
            f"“{shown(text)}” can mean several things. Write the IRI of one: {several}.",
        )
    by_name = {
        language: {fold_value(c.names[language]): c.names[language] for c in values.choices}
        for language in ("sv", "en")
    }
    near = {
        language: difflib.get_close_matches(fold_value(text), names, _NEAREST_SHOWN, cutoff=0.5)
        for language, names in by_name.items()
    }
    swedish, english = (
        "; ".join(by_name[language][name] for name in near[language]) for language in ("sv", "en")
    )
    raise CellError(
        f"unknown-{rule}",
        f"”{shown(text)}” finns inte bland värdena."
        + (f" Närmast: {swedish}." if swedish else "")
        + " Mallens lista har dem alla.",
        f"“{shown(text)}” is none of the values."
        + (f" Nearest: {english}." if english else "")
        + " The list of the template has them all.",
    )
