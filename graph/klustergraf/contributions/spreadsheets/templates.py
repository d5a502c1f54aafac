"""Empty tables for partners to fill in, in Swedish and English: CSV, and workbooks that help.

A workbook has three sheets: the table itself, whose cells offer the values that they may have; what
to write into each column; and the lists of values. No cell is a formula.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from klustergraf.contributions.spreadsheets.columns import Column, Language, TableKind
from klustergraf.contributions.spreadsheets.sheets import MOST_ROWS
from klustergraf.contributions.spreadsheets.vocabulary import Choice, Vocabulary
from klustergraf.tables import undated

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        "help": "Anvisningar",
        "lists": "Listor",
        "column": "Kolumn",
        "required": "Måste fyllas i",
        "about": "Vad du skriver",
        "example": "Exempel",
        "yes": "ja",
        "no": "nej",
        "intro": "Fyll i bladet ”{sheet}”, en sak på varje rad. Byt inte rubriker; en kolumn som "
        "inte behövs får tas bort om den inte måste fyllas i. Skriv inga formler och inga "
        "uppgifter om personer.",
    },
    "en": {
        "help": "Instructions",
        "lists": "Lists",
        "column": "Column",
        "required": "Must be filled in",
        "about": "What to write",
        "example": "Example",
        "yes": "yes",
        "no": "no",
        "intro": "Fill in the sheet “{sheet}”, one thing a row. Leave the headers as they are; a "
        "column that is not needed may be removed unless it must be filled in. Write no formulas "
        "and nothing about persons.",
    },
}
_BOLD: Final = Font(bold=True)
_HEADER: Final = PatternFill("solid", fgColor="E3F0EF")
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
_LONGEST_PROMPT: Final = 255  # of a data validation (ECMA-376, part 1, 18.3.1.32)
_LAST_ROW: Final = MOST_ROWS + 1


def choices_of(kind: TableKind, column: Column, vocabulary: Vocabulary) -> tuple[Choice, ...]:
    """Give the values that a column has, all of them or the most usual; none for free text."""
    if column.value == "class":
        found = vocabulary.choices("collaboration" if kind.choices else kind.base_class)
    elif column.value == "place":
        found = vocabulary.choices("municipality")
    elif column.value == "areas":
        return vocabulary.choices("area")
    else:
        return ()
    return found


def csv_template(kind: TableKind, language: Language) -> bytes:
    """Write the header as CSV, so that a spreadsheet opens it with its letters right."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow([column.headers[language] for column in kind.columns])
    return out.getvalue().encode("utf-8-sig")


def xlsx_template(kind: TableKind, language: Language, vocabulary: Vocabulary) -> bytes:
    """Write the workbook. The same version gives the same bytes."""
    words = _WORDS[language]
    book = Workbook()
    sheet: Any = book.active
    sheet.title = kind.titles[language]
    sheet.freeze_panes = "A2"
    lists: Any = book.create_sheet(words["lists"])
    for number, column in enumerate(kind.columns, 1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, column.headers[language])
        cell.font, cell.fill = _BOLD, _HEADER
        sheet.column_dimensions[letter].width = 22
        sheet.column_dimensions[letter].number_format = "@"  # or a year-month becomes a day
        values = _list_of(kind, column, vocabulary, language)
        if values:
            _write_list(lists, number, column.headers[language], values)
        validation = _validation(column, language, words["lists"], letter, len(values))
        validation.add(f"{letter}2:{letter}{_LAST_ROW}")
        sheet.add_data_validation(validation)
    _write_help(book.create_sheet(words["help"], 1), kind, language)
    book.properties.creator = "Klustergraf"
    out = io.BytesIO()
    book.save(out)
    return undated(out.getvalue())


def _list_of(
    kind: TableKind, column: Column, vocabulary: Vocabulary, language: Language
) -> list[str]:
    if column.value == "boolean":
        return [_WORDS[language]["yes"], _WORDS[language]["no"]]
    choices = choices_of(kind, column, vocabulary)
    names = [f"{c.code} {c.names[language]}" if c.code else c.names[language] for c in choices]
    return sorted(dict.fromkeys(names), key=str.casefold)


def _write_list(lists: Any, number: int, header: str, values: Iterable[str]) -> None:
    letter = get_column_letter(number)
    lists.column_dimensions[letter].width = 36
    lists.cell(1, number, header).font = _BOLD
    for row, value in enumerate(values, 2):
        lists.cell(row, number, value)


def _validation(
    column: Column, language: Language, lists: str, letter: str, count: int
) -> DataValidation:
    """Offer the values of a column, and say what to write. Only the first kind forbids others."""
    made = DataValidation(
        type="list" if count else None,
        formula1=f"'{lists}'!${letter}$2:${letter}${count + 1}" if count else None,
        allow_blank=True,
        # Several areas stand in one cell, and places are known that the list has not.
        showErrorMessage=column.value in ("class", "boolean"),
        showInputMessage=True,
    )
    made.promptTitle = column.headers[language][:32]
    made.prompt = column.about[language][:_LONGEST_PROMPT]
    return made


def _write_help(sheet: Any, kind: TableKind, language: Language) -> None:
    words = _WORDS[language]
    sheet["A1"] = kind.about[language]
    sheet["A2"] = words["intro"].format(sheet=kind.titles[language])
    for row in (1, 2):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=4)
        sheet.cell(row, 1).alignment = _WRAPPED
        sheet.row_dimensions[row].height = 48
    for number, name in enumerate(("column", "required", "about", "example"), 1):
        sheet.cell(4, number, words[name]).font = _BOLD
        sheet.column_dimensions[get_column_letter(number)].width = (24, 16, 60, 36)[number - 1]
    for row, column in enumerate(kind.columns, 5):
        needed = words["yes"] if column.is_required else ""
        texts = (
            column.headers[language],
            needed,
            column.about[language],
            column.example[language],
        )
        for number, text in enumerate(texts, 1):
            sheet.cell(row, number, text).alignment = _WRAPPED
