"""Hand refused rows back: a file of the same format, with the reason beside each row."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

from documents import commas, word, workbook
from documents.paper import REASON, Form, Kind, Paper, Sheet
from documents.places import area_of
from documents.table import Row
from documents.text import label
from models.finding import Draft
from models.words import Words

_SUFFIXES = {form: f".{form}" for form in Form} | {Form.XLS: ".xlsx"}
_PART = re.compile(r"\(\d+\)$")


def write(paper: Paper, refused: Mapping[str, Words], path: Path) -> Path:
    """Write the refused rows of a paper to a file that can be corrected and read again.

    `refused` maps `Draft.row` to the reason. Ledgers get a column 未受理原因 behind their
    own, circulars a line of that name under each entry; reading passes both over. Of a row
    with several problems only the refused ones come back. The file appears whole or not at
    all. Returns the path written: with the paper's own suffix, .xlsx for an .xls.
    """
    target = _target(path, paper.form)
    work = _Refusal(paper, refused, Counter(_base(one.row) for one in paper.drafts))
    with _whole(target) as draft:
        if paper.kind is Kind.LEDGER:
            _write_ledger(paper, work.tables(), draft)
        else:
            _write_circular(paper, [*paper.preface, "", *work.lines()], draft)
    return target


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    above: Sequence[Row]
    header: Row
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Refusal:
    paper: Paper
    refused: Mapping[str, Words]
    parts: Counter[str]
    """How many problems each row of the paper held."""

    def tables(self) -> list[_Table]:
        """The sheets with refused rows; the first one when nothing was refused."""
        found = [self._table(sheet) for sheet in self.paper.sheets]
        return [table for table in found if table.rows] or found[:1]

    def lines(self) -> Iterator[str]:
        """The refused entries of a circular, each complete in itself."""
        drafts = sorted(self._drafts(), key=lambda one: one.area)
        numbers = count(1)
        for area, group in groupby(drafts, key=lambda one: one.area):
            if area:
                yield f"一、{area}"
            for one in group:
                yield from _entry(one, next(numbers))
                yield f"{REASON}:{_reason(self.refused[one.row])}"
                yield ""

    def _drafts(self) -> list[Draft]:
        return [one for one in self.paper.drafts if one.row in self.refused]

    def _table(self, sheet: Sheet) -> _Table:
        kept = [at for at, name in enumerate(sheet.header) if label(name) != REASON]
        rows: list[Row] = []
        area = ""
        mine = (one for one in self._drafts() if self._is_of(one, sheet))
        for base, group in groupby(mine, key=lambda one: _base(one.row)):
            drafts = list(group)
            if not sheet.has_area and drafts[0].area != area:
                area = drafts[0].area
                rows += [(area,)] if area_of(area) else []
            rows.append(self._cells(base, drafts, sheet, kept))
        header = (*(sheet.header[at] for at in kept), REASON)
        return _Table(sheet.name, sheet.above, header, rows)

    def _is_of(self, one: Draft, sheet: Sheet) -> bool:
        return len(self.paper.sheets) < 2 or one.row.rpartition("!")[0] == sheet.name

    def _cells(self, base: str, drafts: list[Draft], sheet: Sheet, kept: list[int]) -> Row:
        cells = list(drafts[0].cells) + [""] * (len(sheet.header) - len(drafts[0].cells))
        if len(drafts) < self.parts[base]:
            numbered = enumerate((one.problem for one in drafts), start=1)
            cells[sheet.problem] = "\n".join(f"({number}){text}" for number, text in numbered)
        reasons = dict.fromkeys(_reason(self.refused[one.row]) for one in drafts)
        return (*(cells[at] for at in kept), ";".join(reasons))


def _entry(one: Draft, number: int) -> Iterator[str]:
    """A site, its problem and who by when; as it came where it could not be read."""
    if not (one.place and one.problem) or one.trouble:
        yield from one.cells
        return
    yield f"{number}. {one.place}"
    yield f"(1){one.problem};"
    said = []
    if one.units or one.coordinate:
        said.append(f"责任单位：{'、'.join(one.units) or '请协调解决'}")
    if one.limit:
        said.append(f"整改时限：{one.limit}")
    if one.found_on:
        said.append(f"检查时间：{one.found_on.isoformat()}")
    if said:
        yield " ".join(said)


def _reason(words: Words) -> str:
    return re.sub(r"\s*\n\s*", " ", words.zh)


def _base(row: str) -> str:
    """The row of paper behind a draft: "12(2)" → "12"."""
    return _PART.sub("", row)


def _target(path: Path, form: Form) -> Path:
    suffix = _SUFFIXES[form]
    if path.suffix.lower() in {f".{one}" for one in Form}:
        return path.with_suffix(suffix)
    return path.with_name(path.name + suffix)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place once it is complete."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".refused-", suffix=target.suffix)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _write_ledger(paper: Paper, tables: list[_Table], draft: Path) -> None:
    if paper.form in (Form.XLSX, Form.XLS):
        workbook.write(draft, [(one.name, one.above, one.header, one.rows) for one in tables])
        return
    if paper.form is Form.CSV:
        lines = [*tables[0].above, tables[0].header, *tables[0].rows]
        commas.write(draft, lines, encoding=paper.encoding, delimiter=paper.delimiter)
        return
    title = [paper.title] if paper.title else []
    word.write(draft, title, [[*one.above, one.header, *one.rows] for one in tables])


def _write_circular(paper: Paper, lines: list[str], draft: Path) -> None:
    if paper.form is Form.DOCX:
        word.write(draft, lines)
        return
    draft.write_text("\n".join(lines), encoding=paper.encoding, errors="replace")
