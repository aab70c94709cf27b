"""Word in and out: paragraphs and tables in the order of the document."""

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.shared import Pt

from documents import archive
from documents.table import Grid, Merge, Row

_FORMATS = {
    "chineseCounting": "一二三四五六七八九十",
    "chineseCountingThousand": "一二三四五六七八九十",
    "japaneseCounting": "一二三四五六七八九十",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FONT = "仿宋_GB2312"


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a Word file line by line, and its tables apart."""

    lines: list[str]
    """Paragraphs, and the cells of tables, in reading order; lists carry their numbers."""
    text: list[str]
    """The paragraphs outside tables only."""
    tables: list[Grid]


def read(data: bytes) -> Document:
    """A .docx. Raises PaperTrouble when it cannot be opened."""
    try:
        source = docx.Document(io.BytesIO(data))
    except Exception:  # the library raises whatever its parsers do
        raise archive.damaged() from None
    return _Reader(_Numbers(source)).document(source.element.body)


def write(path: Path, lines: Sequence[str], tables: Sequence[Sequence[Row]] = ()) -> None:
    """Lines, then tables, as a .docx."""
    target = docx.Document()
    style = target.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(12)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    for line in lines:
        target.add_paragraph(_printable(line))
    for table in tables:
        _add_table(target, table)
    target.save(str(path))


def _add_table(target: Any, table: Sequence[Row]) -> None:
    width = max(len(row) for row in table)
    grid = target.add_table(rows=0, cols=width, style="Table Grid")
    for row in table:
        for cell, text in zip(grid.add_row().cells, row, strict=False):
            cell.text = _printable(text)


@dataclass(slots=True)
class _Reader:
    numbers: "_Numbers"
    lines: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    tables: list[Grid] = field(default_factory=list)

    def document(self, body: Any) -> Document:
        for element in _blocks(body):
            if element.tag == qn("w:p"):
                said = self._paragraph(element)
                self.lines += said
                self.text += said
            else:
                self._table(element)
        return Document(self.lines, self.text, self.tables)

    def _paragraph(self, element: Any) -> list[str]:
        text = _words(element)
        return f"{self.numbers.of(element)}{text}".split("\n") if text.strip() else [""]

    def _table(self, table: Any) -> None:
        rows: list[list[str]] = []
        open_merges: dict[int, int] = {}
        merges: list[Merge] = []
        for index, line in enumerate(table.iter(qn("w:tr"))):
            rows.append([])
            for cell in line.iter(qn("w:tc")):
                column, width = len(rows[-1]), _span(cell)
                if _continues_upwards(cell) and column in open_merges:
                    top = open_merges[column]
                    merges.append(((top, column), (index, column)))
                    rows[-1] += [""] * width
                    continue
                open_merges[column] = index
                said = [one for p in cell.iter(qn("w:p")) for one in self._paragraph(p)]
                self.lines += said
                rows[-1] += ["\n".join(one for one in said if one.strip())] + [""] * (width - 1)
                if width > 1:
                    merges.append(((index, column), (index, column + width - 1)))
        name = f"表{len(self.tables) + 1}"
        self.tables.append(Grid(name, [tuple(row) for row in rows], merges))


class _Numbers:
    """The numbers Word prints before paragraphs of its automatic lists."""

    def __init__(self, source: Any) -> None:
        self._levels = _levels(source)
        self._styles = {
            style.style_id: style.element.find(f".//{qn('w:numPr')}")
            for style in source.styles
            if style.element.find(f".//{qn('w:numPr')}") is not None
        }
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)

    def of(self, paragraph: Any) -> str:
        """The marker of one paragraph, "" outside lists. Call once each, in order."""
        found = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if found is None:
            style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
            found = None if style is None else self._styles.get(style.get(qn("w:val")))
        if found is None:
            return ""
        number = _attribute(found, "w:numId") or "0"
        level = int(_attribute(found, "w:ilvl") or 0)
        if number == "0" or level not in self._levels.get(number, {}):
            return ""
        return self._next(number, level)

    def _next(self, number: str, level: int) -> str:
        counts = self._counts[number]
        counts[level] = counts.get(level, 0) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        form, text = self._levels[number][level]
        if form in ("bullet", "none"):
            return ""
        at = re.sub(r"%\d", "\0", text).strip("\0. ")
        last = _number(counts[level], form)
        if form in _FORMATS or not re.search(r"%\d.*%\d", text):
            return text.replace(f"%{level + 1}", last)
        return f"{last}{at or '.'}"


def _levels(source: Any) -> dict[str, dict[int, tuple[str, str]]]:
    try:
        root = source.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    abstract = {
        one.get(qn("w:abstractNumId")): {
            int(level.get(qn("w:ilvl"))): (
                _attribute(level, "w:numFmt") or "decimal",
                _attribute(level, "w:lvlText") or "",
            )
            for level in one.iter(qn("w:lvl"))
        }
        for one in root.iter(qn("w:abstractNum"))
    }
    return {
        one.get(qn("w:numId")): abstract.get(_attribute(one, "w:abstractNumId"), {})
        for one in root.iter(qn("w:num"))
    }


def _number(value: int, form: str) -> str:
    symbols = _FORMATS.get(form, "")
    if value <= len(symbols):
        return symbols[value - 1]
    return str(value)


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs and tables, also those inside content controls."""
    for element in body:
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent")):
            yield from _blocks(element)


def _words(paragraph: Any) -> str:
    signs = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n"}
    return "".join(
        run.text or "" if run.tag == qn("w:t") else signs.get(run.tag, "")
        for run in paragraph.iter(qn("w:t"), *signs)
        if run.getparent().tag != qn("w:tabs")
    )


def _span(cell: Any) -> int:
    found = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    return min(int(found.get(qn("w:val"))), 100) if found is not None else 1


def _continues_upwards(cell: Any) -> bool:
    found = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return found is not None and found.get(qn("w:val")) != "restart"


def _attribute(element: Any, name: str) -> str | None:
    found = element.find(qn(name))
    value = found.get(qn("w:val")) if found is not None else None
    return str(value) if value is not None else None


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text)
