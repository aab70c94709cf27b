"""交出: everything in open formats, for others to read; without what opens doors.

A folder of tables (JSON Lines or CSV) and pictures, with a description of every column.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from documents.store import Absent, Altered, Store
from ledger import backup as books
from ledger import rows_out
from ledger.database import Ledger
from ledger.shapes import Kind, Shape, said, shapes
from models.words import Trouble
from rules.chain import moment
from tasks.backing_up import Told, nobody

WITHHELD_TABLES = ("session_", "link", "token", "once", "identity")
"""How people and programs sign in: nobody outside needs it."""
WITHHELD: Mapping[str, Sequence[str]] = {
    "account": ("password",),
    "channel": ("url",),
    "hook": ("url", "secret"),
}
"""Columns that hold a hash or something sealed."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_READ_ME = """\
督办 Duban：全部数据，截至 {at}。tables/ 每表一个文件，列的说明在 about.json；evidence/ 为照片，
photo 表的 path 一栏指向它们。时刻一律为 UTC（ISO 8601）。未交出的表与列见 about.json 的 withheld。

Everything Duban holds as of {at}. tables/ has a file for each table, about.json describes the
columns; evidence/ holds the pictures that the column path of table photo names. Instants are UTC
(ISO 8601). What was withheld is listed in about.json.
"""


@dataclass(slots=True)
class Handed:
    """What was handed out."""

    folder: Path
    rows: int = 0
    pictures: int = 0
    lost: int = 0
    withheld: list[str] = field(default_factory=list)


def export(
    ledger: Ledger,
    store: Store | None,
    folder: Path,
    at: datetime,
    *,
    as_csv: bool = False,
    told: Told = nobody,
) -> Handed:
    """Write everything into a new folder, as of one instant; without a `store` no pictures.

    Raises Trouble when there is something already, or it cannot be written.
    """
    done = Handed(folder, withheld=_withheld())
    with _new(folder) as draft:
        (draft / "tables").mkdir()
        of = open_shapes()
        with books.frozen(ledger) as connection:
            for shape in of:
                rows = rows_out.lines(connection, shape)
                write = _as_csv if as_csv else _as_lines
                done.rows += write(draft / "tables", shape, rows)
                told("台账 rows", done.rows, None)
            paths = list(books.pictures(connection)) if store else []
        for path, _ in paths:
            _picture(store, draft / "evidence", path, done)
            told("照片 pictures", done.pictures, len(paths))
        _describe(draft, of, at, done)
    return done


def open_shapes() -> list[Shape]:
    """The tables and columns that others may have."""
    return [
        Shape(
            shape.name,
            {n: k for n, k in shape.columns.items() if n not in WITHHELD.get(shape.name, ())},
            shape.key,
        )
        for shape in shapes()
        if shape.name not in WITHHELD_TABLES
    ]


def _withheld() -> list[str]:
    columns = [f"{name}.{column}" for name, of in WITHHELD.items() for column in of]
    return [*WITHHELD_TABLES, *columns]


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder that has its name when all is in it."""
    if folder.exists():
        raise Trouble(
            f"{folder} 已经存在。请给一个新文件夹的名字，不会写入已有的文件夹。",
            f"{folder} is there already. Name a new folder: nothing is written into an old one.",
        )
    draft = folder.with_name(f"{folder.name}.part")
    try:
        draft.mkdir(mode=0o700, parents=True)
        yield draft
        draft.replace(folder)
    except FileExistsError:
        raise Trouble(
            f"{draft} 还在：上次没有写完，或正在写。请删去它再来。",
            f"{draft} is there: an export that was not finished, or is still going. Remove it and "
            "try again.",
        ) from None
    except OSError as error:
        raise Trouble(
            f"不能写 {draft}：{error.strerror}。请腾出空间或换个位置，删去它再来。",
            f"Cannot write {draft}: {error.strerror}. Make room or name another place, remove it "
            "and try again.",
        ) from None


def _as_lines(folder: Path, shape: Shape, pages: Iterator[tuple[int, bytes]]) -> int:
    rows = 0
    with (folder / f"{shape.name}.jsonl").open("wb") as out:
        for count, lines in pages:
            out.write(lines)
            rows += count
    return rows


def _as_csv(folder: Path, shape: Shape, pages: Iterator[tuple[int, bytes]]) -> int:
    rows = 0
    cells = {name: partial(_cell, kind) for name, kind in shape.columns.items()}
    # Excel takes a file for UTF-8 only by its first three bytes.
    with (folder / f"{shape.name}.csv").open("w", encoding="utf-8-sig", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow(shape.columns)
        for count, lines in pages:
            for line in lines.splitlines():
                row = json.loads(line)
                sheet.writerow([cell(row[name]) for name, cell in cells.items()])
            rows += count
    return rows


def _cell(kind: Kind, value: Any) -> Any:
    if kind is Kind.JSON and value is not None:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return int(value)
    # A sheet would carry out what somebody wrote into a text; JSON Lines has it as it is.
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _picture(store: Store | None, folder: Path, path: str, done: Handed) -> None:
    assert store is not None
    try:
        data = store.get(path)
    except (Absent, Altered):
        done.lost += 1
        return
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    done.pictures += 1


def _describe(draft: Path, of: Sequence[Shape], at: datetime, done: Handed) -> None:
    about = {
        "duban": "export",
        "created_at": moment(at),
        "rows": done.rows,
        "pictures": done.pictures,
        "withheld": done.withheld,
        "tables": {shape.name: said(shape) for shape in of},
    }
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (draft / "about.json").write_text(text + "\n", "utf-8")
    (draft / "README.txt").write_text(_READ_ME.format(at=moment(at)), "utf-8")
