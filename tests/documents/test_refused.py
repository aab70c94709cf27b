"""Refused rows go back in the format they came in, and come in again once corrected."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest
import xlsxwriter
import xlwt

from documents.reading import Form, Kind, Paper, read
from documents.refused import write
from models.words import Words

WHY = Words("找不到单位“甲局”", 'No unit "甲局"')
HEADER = ["序号", "点位", "存在问题", "整改责任单位"]


def comma(rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("清单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def back(paper: Paper, rows: Sequence[str], folder: Path) -> tuple[Path, Paper]:
    path = write(paper, dict.fromkeys(rows, WHY), folder / "refused.csv")
    return path, read(path.read_bytes(), path.name)


def said(paper: Paper) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.place, one.problem, one.units) for one in paper.drafts]


ROWS = [
    ["督查台账(2026年第3期)"],
    HEADER,
    ["南汇街道", "", "", ""],
    ["1", "甲路", "灯坏", "乙局"],
    ["2", "乙路", "门坏;窗坏;漏水", "甲局"],
    ["3", "丙路", "脏", "甲局"],
]


def test_a_csv_comes_back_with_its_header_its_cells_and_a_reason(tmp_path: Path) -> None:
    path, _ = back(read(comma(ROWS, "gbk"), "a.csv"), ["6"], tmp_path)
    written = list(csv.reader(io.StringIO(path.read_bytes().decode("gbk"))))
    assert written == [
        ["督查台账(2026年第3期)"],
        [*HEADER, "未受理原因"],
        ["南汇街道"],
        ["3", "丙路", "脏", "甲局", WHY.zh],
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_of_a_row_with_several_problems_only_the_refused_come_back(
    form: str, tmp_path: Path
) -> None:
    paper = read(comma(ROWS) if form == "csv" else xlsx(ROWS), f"a.{form}")
    path, again = back(paper, ["5(1)", "5(3)", "6"], tmp_path)
    assert path.suffix == f".{form}"
    assert said(again) == [
        ("乙路", "门坏", ("甲局",)),
        ("乙路", "漏水", ("甲局",)),
        ("丙路", "脏", ("甲局",)),
    ]
    assert {one.area for one in again.drafts} == {"南汇街道"}
    assert {one.batch for one in again.drafts} == {"督查台账(2026年第3期)"}


def test_a_second_refusal_does_not_pile_up_reason_columns(tmp_path: Path) -> None:
    _, again = back(read(xlsx(ROWS), "a.xlsx"), ["6"], tmp_path)
    _, third = back(again, [again.drafts[0].row], tmp_path)
    assert third.header == (*HEADER, "未受理原因")


def test_an_old_workbook_comes_back_as_a_new_one(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("台账")
    for number, row in enumerate(ROWS[1:]):
        for column, text in enumerate(row):
            sheet.write(number, column, text)
    out = io.BytesIO()
    book.save(out)
    paper = read(out.getvalue(), "a.xls")
    path, again = back(paper, [paper.drafts[-1].row], tmp_path)
    assert path.name == "refused.xlsx"
    assert said(again) == [("丙路", "脏", ("甲局",))]


def test_text_that_looks_like_a_formula_stays_text_and_cannot_run(tmp_path: Path) -> None:
    rows = [HEADER, ["1", "甲路", "=HYPERLINK(1)", "@甲局"], ["-", "+乙路", "-3", "甲局"]]
    for data, name in ((comma(rows), "a.csv"), (xlsx(rows), "a.xlsx")):
        path, again = back(read(data, name), ["2", "3"], tmp_path)
        assert [one.problem for one in again.drafts] == ["=HYPERLINK(1)", "-3"]
        assert again.drafts[0].cells[:4] == tuple(rows[1])
        if path.suffix == ".csv":
            cells = [cell for row in csv.reader(path.open(encoding="utf-8")) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "@")) or cell == "+乙路"]


def test_rows_below_a_merged_site_come_back_with_the_site(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.merge_range(1, 1, 2, 1, "图书馆")
        sheet.write(1, 2, "灯坏")
        sheet.write(2, 2, "门坏")
    _, again = back(read(out.getvalue(), "a.xlsx"), ["3"], tmp_path)
    assert said(again) == [("图书馆", "门坏", ())]


CIRCULAR = """督查通报(2026年第3期)
9月1日检查发现:
一、南汇街道
1. 甲路:灯坏;门坏。责任单位:甲局 整改时限:3天
2. 到处都脏
"""


def test_a_text_circular_comes_back_with_the_reason_under_each_entry(tmp_path: Path) -> None:
    paper = read(CIRCULAR.encode("gbk"), "a.txt")
    path, again = back(paper, [one.row for one in paper.drafts], tmp_path)
    assert path.suffix == ".txt"
    assert path.read_bytes().decode("gbk").count(f"未受理原因:{WHY.zh}") == 3
    assert said(again) == said(paper)
    fields = [(one.area, one.limit, one.found_on, one.batch, one.trouble) for one in paper.drafts]
    assert fields == [
        (one.area, one.limit, one.found_on, one.batch, one.trouble) for one in again.drafts
    ]


def test_a_word_circular_and_a_word_ledger_come_back_as_word(tmp_path: Path) -> None:
    document = docx.Document()
    for line in CIRCULAR.splitlines():
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    paper = read(out.getvalue(), "a.docx")
    path, again = back(paper, [paper.drafts[1].row], tmp_path)
    assert path.suffix == ".docx"
    assert said(again) == [("甲路", "门坏", ("甲局",))]

    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["点位", "问题", "甲路", "灯坏"], strict=True):
        cell.text = text
    out = io.BytesIO()
    document.save(out)
    _, again = back(read(out.getvalue(), "a.docx"), ["2"], tmp_path)
    assert (again.kind, again.form) == (Kind.LEDGER, Form.DOCX)
    assert said(again) == [("甲路", "灯坏", ())]
    assert again.header == ("点位", "问题", "未受理原因")


def test_a_failed_writing_leaves_the_earlier_file_and_nothing_half(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    path.write_text("earlier")
    broken = Paper(Kind.LEDGER, "", None, [], Form.CSV)
    with pytest.raises(IndexError):
        write(broken, {}, path)
    assert [one.name for one in tmp_path.iterdir()] == ["refused.csv"]
    assert path.read_text() == "earlier"
