"""CSV in and out, in the encodings offices use."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from documents.paper import MAX_BYTES, PaperTrouble
from documents.table import Grid, Row

_FORMULA = re.compile(r"^(?:[=@\t]|[-+](?![\d.]*$))")
_GUARDED = re.compile(r"^'(?=[=@\t+-])")
_DELIMITERS = ",\t;"

csv.field_size_limit(MAX_BYTES)  # a giant cell refuses its row, not the file


def decode(data: bytes) -> tuple[str, str]:
    """The text and the encoding it came in: UTF-8 with or without mark, UTF-16, GB18030.

    Raises PaperTrouble for anything else.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8", "gb18030"]
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise PaperTrouble(
        "文字编码无法识别，或文件已损坏。请另存为 UTF-8 编码的 CSV 或文本文件",
        "The text encoding is not known, or the file is damaged. Save it as UTF-8",
    )


def grid(text: str) -> tuple[Grid, str]:
    """The rows of a CSV text and the delimiter found. Raises PaperTrouble on an open quote."""
    head = "\n".join(text[:20_000].splitlines()[:30])
    delimiter = max(_DELIMITERS, key=head.count)
    rows = [tuple(map(_unguarded, row)) for row in _records(text, delimiter)]
    return Grid("", rows), delimiter


def write(path: Path, lines: Sequence[Row], *, encoding: str, delimiter: str) -> None:
    """Rows as CSV. Text that a spreadsheet would run as a formula is guarded by an
    apostrophe, which reading takes off again."""
    with path.open("w", encoding=encoding, errors="replace", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        for row in lines:
            writer.writerow([_guarded(text) for text in row])


def _records(text: str, delimiter: str) -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    strict = csv.reader(lines, delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    begun = 1
    try:
        for record in strict:
            records.append(record)
            begun = strict.line_num + 1
    except csv.Error as trouble:
        if "unexpected end of data" in str(trouble):
            raise _open_quote(begun) from None
        # A lone quote inside a field ("5"管") is text, as spreadsheets take it.
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return records


def _open_quote(line: int) -> PaperTrouble:
    return PaperTrouble(
        f"第{line}行的引号没有成对，后面的内容无法分列。请补上引号再导入",
        f"A quotation mark opened in line {line} is never closed. Close it and import again",
    )


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) or _GUARDED.match(text) else text


def _unguarded(text: str) -> str:
    return _GUARDED.sub("", text)
