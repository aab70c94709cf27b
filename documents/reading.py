"""Read a ledger or a circular in whatever format it was handed in."""

from documents import archive, commas, word, workbook
from documents.circular import read_lines
from documents.paper import MAX_BYTES, Form, Kind, Paper, PaperTrouble, too_large
from documents.table import Grid, has_header, read_grids

__all__ = ["Form", "Kind", "Paper", "PaperTrouble", "read"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"{\\rtf",
    b"\x1f\x8b",
)


def read(data: bytes, name: str) -> Paper:
    """The findings on a paper, one draft or more for each of its rows.

    The content decides the format (.xlsx, .xls, .csv, .docx, .txt); `name` only tells a
    table from a text where the content could be either; "-" is standard input.
    Raises PaperTrouble when the whole file cannot be taken.
    """
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1_000_000
        raise too_large(f"超过{size}MB", f"more than {size} MB")
    if not data.strip():
        raise PaperTrouble(
            "文件是空的，没有可导入的内容", "The file is empty; there is nothing to import"
        )
    if data.startswith(_OLE):
        return _old_office(data)
    if data.startswith(_ZIP):
        return _office(data)
    return _plain(data, name)


def _office(data: bytes) -> Paper:
    names = archive.names(data)
    if not names & {"xl/workbook.xml", "word/document.xml"}:
        raise _unsupported()
    archive.check(data)
    if "word/document.xml" in names:
        return _document(data)
    return _ledger(workbook.grids(data), Form.XLSX)


def _old_office(data: bytes) -> Paper:
    """Files of the old Office container: .xls, .doc, and anything under a password."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise archive.locked()
    if "WordDocument".encode("utf-16-le") in data:
        raise PaperTrouble(
            "不支持旧版 .doc 文件。请用 Word 或 WPS 另存为 .docx 再导入",
            "Old .doc files are not supported. Save it as .docx and import that",
        )
    return _ledger(workbook.grids(data), Form.XLS)


def _document(data: bytes) -> Paper:
    """A Word file: a ledger when a table has a header, unless its text has findings too."""
    document = word.read(data)
    tables = [grid for grid in document.tables if has_header(grid)]
    if not tables:
        return _circular("\n".join(document.lines), Form.DOCX)
    told = _told_outside(document.text)
    if told is None:
        return _ledger(tables, Form.DOCX, title=next(filter(str.strip, document.text), ""))
    _, drafts = read_grids(tables)
    rows = [*told.drafts, *drafts]
    return Paper(Kind.CIRCULAR, told.title, None, rows, Form.DOCX, preface=told.preface)


def _told_outside(text: list[str]) -> Paper | None:
    """The findings a document tells in words beside its tables, if it tells any well."""
    try:
        paper = _circular("\n".join(text), Form.DOCX)
    except PaperTrouble:
        return None
    return paper if any(one.trouble is None for one in paper.drafts) else None


def _plain(data: bytes, name: str) -> Paper:
    if data.startswith(_BINARY):
        raise _unsupported()
    text, encoding = commas.decode(data)
    text = text.removeprefix("\ufeff")
    head = text[:2000].lstrip().lower()
    if "\0" in text:
        raise _unsupported()
    if head.startswith(("<html", "<!doctype html", "<table", "<?xml")):
        raise PaperTrouble(
            "这是网页格式的表格，不是真正的 Excel 文件。"
            "请用 Excel 或 WPS 打开后另存为 .xlsx 再导入",
            "This is a web page, not a real workbook. Open it in Excel or WPS, save it as .xlsx "
            "and import that",
        )
    if _is_table(text, name):
        grid, delimiter = commas.grid(text)
        return _ledger([grid], Form.CSV, encoding=encoding, delimiter=delimiter)
    return _circular(text, Form.TXT, encoding)


def _is_table(text: str, name: str) -> bool:
    """A .csv always; other text when one of its first lines names a ledger's columns."""
    if name.lower().endswith((".csv", ".tsv", ".xls", ".xlsx")):
        return True
    head = "\n".join(text[:20_000].splitlines()[:30])
    try:
        grid, _ = commas.grid(head)
    except PaperTrouble:
        return False
    return has_header(grid)


def _ledger(
    grids: list[Grid], form: Form, *, title: str = "", encoding: str = "utf-8", delimiter: str = ","
) -> Paper:
    sheets, drafts = read_grids(grids, title)
    if not drafts:
        raise PaperTrouble(
            "表头下面没有任何一行问题", "There is not a single finding below the header"
        )
    above = next((text for row in sheets[0].above for text in row if text), title)
    return Paper(
        Kind.LEDGER, above, sheets[0].header, drafts, form, encoding, delimiter, tuple(sheets)
    )


def _circular(text: str, form: Form, encoding: str = "utf-8") -> Paper:
    found = read_lines(text.splitlines())
    return Paper(
        Kind.CIRCULAR, found.title, None, found.drafts, form, encoding, preface=found.preface
    )


def _unsupported() -> PaperTrouble:
    return PaperTrouble(
        "不支持这种文件。可导入 .xlsx、.xls、.csv、.docx、.txt",
        "This kind of file is not supported. Import .xlsx, .xls, .csv, .docx or .txt",
    )
