"""导出: a list as an Excel workbook: a title, what was looked for, and the rows.

Text stays text, whatever it begins with; instants and numbers are real ones, so that they can
be sorted. Rows beyond `MOST` are not written, and the sheet says so.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from models.words import Words

MOST = 20_000
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | float | datetime | None

_EXCEL_CELL = 32_767
_EXCEL_NAME = 31
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold: a workbook with it would not open."""
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its heading, and its width in characters."""

    title: str
    width: int = 14


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the rows: the title, what was looked for, when and by whom."""

    title: str
    lines: Sequence[str]
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Written:
    """The workbook, how many rows are in it, and whether there were more."""

    data: bytes
    rows: int
    cut: bool


def export(
    head: Head, rows: Iterable[Sequence[Cell]], zone: ZoneInfo, lang: str = "zh", most: int = MOST
) -> Written:
    """The rows as one sheet, at most `most` of them. Instants are those of `zone`."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        sheet = book.add_worksheet(_sheet_name(head.title))
        styles = _styles(book)
        begin = _above(sheet, head, styles)
        written, cut = 0, False
        for cells in rows:
            if written == most:
                cut = True
                break
            _row(sheet, begin + written, cells, styles, zone)
            written += 1
        if cut:
            # Rows can only be added below: what is above has been written already.
            sheet.write_string(begin + written, 0, _cut(most).within(lang), styles["bold"])
        sheet.freeze_panes(begin, 0)
        sheet.autofilter(begin - 1, 0, max(begin - 1 + written, begin), len(head.columns) - 1)
    return Written(out.getvalue(), written, cut)


def _cut(most: int) -> Words:
    return Words(
        f"只导出了前 {most} 行，后面还有。请缩小筛选范围后分次导出。",
        f"Only the first {most} rows are here; there are more. Narrow the filter and export again.",
    )


def _styles(book: Any) -> dict[str, object]:
    top = {"valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True}),
        "quiet": book.add_format({"font_color": "#5a606a"}),
        "head": book.add_format(
            {"bold": True, "text_wrap": True, "border": 1, "bg_color": "#eef0f3"}
        ),
        "text": book.add_format({**top, "text_wrap": True}),
        "number": book.add_format(top),
        "instant": book.add_format({**top, "num_format": "yyyy-mm-dd hh:mm"}),
    }


def _above(sheet: Any, head: Head, styles: dict[str, object]) -> int:
    """Write what stands above the rows; gives the number of the first row."""
    at = 0
    for number, column in enumerate(head.columns):
        sheet.set_column(number, number, column.width)
    for line, style in [(head.title, "title"), *((line, "quiet") for line in head.lines)]:
        sheet.write_string(at, 0, clean(line), styles[style])
        at += 1
    for number, column in enumerate(head.columns):
        sheet.write_string(at, number, clean(column.title), styles["head"])
    return at + 1


def _row(
    sheet: Any, at: int, cells: Sequence[Cell], styles: dict[str, object], zone: ZoneInfo
) -> None:
    for number, cell in enumerate(cells):
        if cell is None or cell == "":
            continue
        if isinstance(cell, datetime):
            local = cell.astimezone(zone).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(at, number, local, styles["instant"])
        elif isinstance(cell, str):
            sheet.write_string(at, number, clean(cell), styles["text"])
        else:
            sheet.write_number(at, number, cell, styles["number"])


def clean(text: str) -> str:
    """A text as a cell can hold it."""
    return _FORBIDDEN.sub("", text)[:_EXCEL_CELL]


def _sheet_name(name: str) -> str:
    clean_name = "".join(char for char in name if char not in "[]:*?/\\").strip("' ")
    return clean_name[:_EXCEL_NAME] or "Sheet1"
