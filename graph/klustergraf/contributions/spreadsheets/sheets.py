"""CSV and XLSX files as rows of texts. Everything is bounded; no formula and no link is followed.

A row is numbered as a spreadsheet numbers it. What is wrong is told in Swedish and English.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from openpyxl import load_workbook

from klustergraf.contributions.spreadsheets.problems import TableProblem, UnreadableTable, shown
from klustergraf.contributions.xml_files import declared_encoding, declares_entities
from klustergraf.tables import safe_cell

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_ROWS: Final = 5_000
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 5_000

_MEBIBYTE: Final = 1 << 20
_MOST_UNPACKED: Final = 32 * _MEBIBYTE
_MOST_PARTS: Final = 200
_LAST_ROW: Final = 1_048_576  # of a worksheet (ECMA-376, part 1, 18.3.1.73)
_WIDEST: Final = 1_000  # empty cells that only have a format among them
_PIECE: Final = 1 << 16

# What openpyxl and what it is built on raise on files that are none.
_BROKEN: Final = (
    *(AssertionError, AttributeError, EOFError, ImportError, IndexError, KeyError),
    *(NotImplementedError, OSError, OverflowError, RuntimeError, SyntaxError, TypeError),
    *(ValueError, struct.error, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class Row:
    """One row that is not empty: its number, and the texts of its cells, without outer spaces."""

    number: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        """Give the text of a cell, "" where the row ends before it. ``index`` from 0."""
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True)
class Sheet:
    """The rows of a table; the first is its header. ``title``: of the sheet, "" in CSV."""

    rows: tuple[Row, ...]
    title: str = ""
    problems: tuple[TableProblem, ...] = ()


def read_sheet(content: bytes, media_type: str) -> Sheet:
    """Read a table; of a workbook its first sheet.

    Errors: UnreadableTable. Cells that cannot be are among the problems, and empty.
    """
    reader = _read_xlsx if media_type == XLSX else _read_csv
    title, rows = reader(content)
    kept: list[Row] = []
    problems: list[TableProblem] = []
    for number, cells in rows:
        if not any(cells):
            continue
        if len(kept) > MOST_ROWS:
            raise UnreadableTable(_too_many("rows", "rader", MOST_ROWS, number))
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise UnreadableTable(_too_many("columns", "kolumner", MOST_COLUMNS, number))
        texts = []
        for column, cell in enumerate(cells[:MOST_COLUMNS], 1):
            problem = _problem_of(cell, number, column)
            problems += [problem] if problem else []
            texts.append("" if problem else _text(cell))
        kept.append(Row(number, tuple(texts)))
    return Sheet(tuple(kept), title, tuple(problems))


@dataclass(frozen=True)
class _Formula:
    """A cell that is computed, or failed to be."""

    text: str


Cell = str | _Formula


def _text(cell: Cell) -> str:
    text = cell.text if isinstance(cell, _Formula) else cell.strip()
    # An apostrophe keeps a spreadsheet from running what follows, as in the tables we publish.
    rest = text[1:]
    return rest if text.startswith("'") and safe_cell(rest) != rest else text


def _problem_of(cell: Cell, row: int, column: int) -> TableProblem | None:
    where: dict[str, Any] = {"row": row, "column": column}
    text = cell.text if isinstance(cell, _Formula) else cell.strip()
    if isinstance(cell, _Formula) or safe_cell(text) != text:
        return TableProblem(
            "formula",
            "Cellen är en formel, eller börjar som en. Skriv själva värdet i cellen.",
            "The cell is a formula, or begins like one. Write the value itself into the cell.",
            value=text,
            **where,
        )
    if len(cell) > LONGEST_CELL:
        return TableProblem(
            "long-cell",
            f"Cellen har {len(cell)} tecken; {LONGEST_CELL} får den ha. Korta texten.",
            f"The cell has {len(cell)} characters; {LONGEST_CELL} it may have. Shorten the text.",
            **where,
        )
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in cell):
        return TableProblem(
            "control-character",
            "Cellen har ett styrtecken som inte syns. Skriv texten på nytt.",
            "The cell has a control character, which is not seen. Write the text anew.",
            value=cell,
            **where,
        )
    return None


def _unreadable(rule: str, swedish: str, english: str, row: int = 0) -> UnreadableTable:
    return UnreadableTable(TableProblem(rule, swedish, english, row))


def _too_many(english: str, swedish: str, most: int, row: int) -> TableProblem:
    return TableProblem(
        f"many-{english}",
        f"Tabellen har fler än {most} {swedish}. Dela upp den i flera.",
        f"The table has more than {most} {english}. Part it into several.",
        row,
    )


# ── CSV ────────────────────────────────────────────────────────────────────────────────────────


def _read_csv(content: bytes) -> tuple[str, Iterator[tuple[int, Sequence[Cell]]]]:
    text = _decoded(content)
    first, _, rest = text.partition("\n")
    skipped = 0
    delimiter = ""
    if first.startswith("sep=") and len(first.strip()) == 5:  # as Excel writes it
        delimiter, text, skipped = first[4], rest, 1
        first = text.partition("\n")[0]
    # The header's titles have none of these marks.
    delimiter = delimiter or max(";,\t", key=first.count)
    return "", _csv_rows(text, delimiter, skipped)


def _csv_rows(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, Sequence[Cell]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = skipped
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise _unreadable(
                "csv",
                f"Efter rad {number} kan filen inte läsas som CSV. Står varje citattecken i par?",
                f"After row {number} the file cannot be read as CSV ({exc}). Does each quotation "
                "mark have its pair?",
                number + 1,
            ) from exc
        number += 1
        yield number, cells


def _decoded(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise _unreadable(
            "not-csv",
            "Filen är en arbetsbok (XLSX) och inte CSV. Ge den namnet .xlsx, eller spara som CSV.",
            "The file is a workbook (XLSX) and not CSV. Name it .xlsx, or save it as CSV.",
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(
            "encoding",
            "Filen är i UTF-16. Spara den som ”CSV UTF-8”.",
            "The file is in UTF-16. Save it as “CSV UTF-8”.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        row = content.count(b"\n", 0, exc.start) + 1
        word = shown(_word_at(content, exc.start))
        raise _unreadable(
            "encoding",
            f"Filen är inte i UTF-8 utan troligen i Latin-1 (Windows-1252): där står på rad {row} "
            f"”{word}”. Spara den som ”CSV UTF-8”, så att å, ä och ö blir rätt.",
            f"The file is not in UTF-8 but probably in Latin-1 (Windows-1252), in which line {row} "
            f"has “{word}”. Save it as “CSV UTF-8”, so that å, ä and ö come out right.",
            row,
        ) from exc


def _word_at(content: bytes, position: int) -> str:
    """Give the cell in which a byte stands, read as Windows-1252, or the last of it."""
    before = re.split(rb"[;,\t\n\"]", content[max(position - 40, 0) : position])[-1]
    after = re.split(rb"[;,\t\n\r\"]", content[position : position + 40], maxsplit=1)[0]
    return (before + after).decode("cp1252", "replace").strip()


# ── XLSX ───────────────────────────────────────────────────────────────────────────────────────


def _read_xlsx(content: bytes) -> tuple[str, Iterator[tuple[int, Sequence[Cell]]]]:
    try:
        _require_harmless(content)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its own size need not be so
        # Read as a whole, so that whatever is broken is told from here.
        rows = list(_xlsx_rows(sheet))
    except _BROKEN as exc:
        raise _unreadable(
            "workbook",
            "Filen kan inte läsas som en arbetsbok (XLSX). Öppna den i ett kalkylprogram och spara "
            "den på nytt, utan lösenord.",
            "The file cannot be read as a workbook (XLSX). Open it in a spreadsheet program and "
            "save it anew, without a password.",
        ) from exc
    return str(sheet.title), iter(rows)


def _require_harmless(content: bytes) -> None:
    """Look at each part before a workbook is read: its size, its kind, what its XML declares."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > _MOST_PARTS or len({part.filename for part in parts}) < len(parts):
            raise _unreadable(
                "workbook-parts",
                f"Arbetsboken består av fler än {_MOST_PARTS} delar, eller har en del två gånger.",
                f"The workbook has more than {_MOST_PARTS} parts, or one of them twice.",
            )
        left = _MOST_UNPACKED
        for part in parts:
            name = part.filename.lower()
            if "vbaproject" in name or "externallinks/" in name or "connections.xml" in name:
                raise _unreadable(
                    "workbook-active",
                    "Arbetsboken har makron, eller länkar till andra filer eller källor. Spara "
                    "tabellen i en ny arbetsbok utan sådana.",
                    "The workbook has macros, or links to other files or sources. Save the table "
                    "in a new workbook without any.",
                )
            unpacked = _unpacked(archive, part, left)
            left -= len(unpacked)
            if name.endswith((".xml", ".rels")):
                _require_plain(unpacked)


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> bytes:
    """Unpack one part, and no more than may be, whatever the archive says of its size."""
    pieces: list[bytes] = []
    size = 0
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise _unreadable(
                    "workbook-size",
                    f"Arbetsboken är uppackad större än {_MOST_UNPACKED // _MEBIBYTE} MiB. Spara "
                    "bara tabellen, utan bilder, i en ny arbetsbok.",
                    f"The workbook is unpacked larger than {_MOST_UNPACKED // _MEBIBYTE} MiB. Save "
                    "the table alone, without pictures, in a new workbook.",
                )
    return b"".join(pieces)


def _require_plain(part: bytes) -> None:
    text = part.decode("utf-8-sig")
    if declared_encoding(text) not in ("", "utf-8") or declares_entities(text) is not None:
        raise _unreadable(
            "workbook-xml",
            "Arbetsbokens XML deklarerar en dokumenttyp, entiteter eller en annan kodning än "
            "UTF-8. Öppna den i ett kalkylprogram och spara den på nytt.",
            "The XML of the workbook declares a document type, entities or an encoding other than "
            "UTF-8. Open it in a spreadsheet program and save it anew.",
        )


def _xlsx_rows(sheet: Any) -> Iterator[tuple[int, Sequence[Cell]]]:
    filled = 0
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > _LAST_ROW:
            raise ValueError(number)
        if len(cells) > _WIDEST:
            raise UnreadableTable(_too_many("columns", "kolumner", MOST_COLUMNS, number))
        texts = [_cell(cell) for cell in cells]
        while texts and texts[-1] == "":
            texts.pop()
        if not texts:
            continue
        filled += 1
        yield number, texts
        if filled > MOST_ROWS + 1:
            return


def _cell(cell: Any) -> Cell:
    """Give the text of a cell as it would stand in CSV."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        return _Formula(str(getattr(value, "text", value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
