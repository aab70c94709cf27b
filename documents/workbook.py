"""Excel in and out."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from documents import archive
from documents.table import Grid, Row

_EXCEL_CELL = 32_767
_EXCEL_NAME = 31
_WIDTHS = (8, 48)


def grids(data: bytes) -> list[Grid]:
    """Every sheet of an .xlsx or .xls as text; formulas as the value they last had.

    Raises PaperTrouble when the workbook is damaged or under a password.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return [_grid(book.get_sheet_by_name(name)) for name in book.sheet_names]
    except PasswordError:
        raise archive.locked() from None
    except CalamineError:
        raise archive.damaged() from None
    except BaseException as panic:
        # A torn .xls can make the Rust reader panic, which is no Exception.
        if type(panic).__name__ != "PanicException":
            raise
        raise archive.damaged() from None


def write(path: Path, tables: Sequence[tuple[str, Sequence[Row], Row, Sequence[Row]]]) -> None:
    """Tables of (name, lines above, header, rows) as one workbook; every cell stays text."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter"})
        plain = book.add_format({"text_wrap": True, "border": 1, "valign": "vcenter"})
        for index, (name, above, header, rows) in enumerate(tables):
            sheet = book.add_worksheet(_sheet_name(name, index))
            lines = [*above, header, *rows]
            for number, row in enumerate(lines):
                style = None if number < len(above) else bold if number == len(above) else plain
                for column, text in enumerate(row):
                    sheet.write_string(number, column, text[:_EXCEL_CELL], style)
            for column, title in enumerate(header):
                longest = max(
                    [len(title), *(len(row[column]) for row in rows if column < len(row))]
                )
                sheet.set_column(column, column, min(max(longest * 2, _WIDTHS[0]), _WIDTHS[1]))


def _grid(sheet: CalamineSheet) -> Grid:
    return Grid(sheet.name, list(_rows(sheet)), sheet.merged_cell_ranges or ())


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    for row in sheet.iter_rows():
        yield tuple(map(_text, row))


def _text(value: object) -> str:
    """A cell as a person reads it: 3 rather than 3.0, dates in ISO form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, datetime):
        is_midnight = value.time() == time()
        return value.date().isoformat() if is_midnight else value.isoformat(" ", "minutes")
    return str(value)  # dates and times print in ISO form


def _sheet_name(name: str, index: int) -> str:
    clean = "".join(char for char in name if char not in "[]:*?/\\").strip("' ")[:_EXCEL_NAME]
    return clean or f"Sheet{index + 1}"
