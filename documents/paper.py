"""What was handed in: its findings as drafts, and what it takes to hand rows back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.finding import Draft
from models.words import Trouble

MAX_BYTES = 50_000_000
MAX_UNZIPPED = 400_000_000
MAX_ROWS = 200_000
MAX_CELL = 5_000
"""Characters of one cell that is read; a longer cell refuses its row."""

REASON = "未受理原因"
"""The column, or the line, in which a refused row comes back with its reason."""


class PaperTrouble(Trouble):
    """A whole file that cannot be read."""


class Kind(StrEnum):
    """台账 a table of rows, or 通报 a text."""

    LEDGER = "ledger"
    CIRCULAR = "circular"


class Form(StrEnum):
    """The format of the file, by its content."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    DOCX = "docx"
    TXT = "txt"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a ledger: its name, its columns and the lines above them."""

    name: str
    header: tuple[str, ...]
    above: tuple[tuple[str, ...], ...] = ()
    problem: int = 0
    """The column the problem stands in."""
    has_area: bool = False
    """Whether a column names the area; otherwise lines between the rows may."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as read. `drafts` keep the order of the paper; none of its rows is missing."""

    kind: Kind
    title: str
    header: tuple[str, ...] | None
    drafts: Sequence[Draft]
    form: Form = Form.TXT
    encoding: str = "utf-8"
    delimiter: str = ","
    sheets: tuple[Sheet, ...] = ()
    preface: tuple[str, ...] = ()
    """The lines of a circular before its first finding, as they came."""


def row_name(sheet: str, row: str, sheets: int) -> str:
    """ "12", or "第二季度!12" where several sheets are read."""
    return f"{sheet}!{row}" if sheets > 1 else row


def too_large(zh: str, en: str) -> PaperTrouble:
    """A file over a limit: what is over, and what to do."""
    return PaperTrouble(
        f"文件太大：{zh}。请分成几份再导入", f"Too large: {en}. Split it and import the parts"
    )
