"""导出: a workbook that opens, in which text is text, and which says what it leaves out."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.exported import Cell, Column, Head, clean, export
from documents.workbook import grids

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = Head(
    "督办日志", ["澄岚市 · Carol 导出", "单位: 城管局"], [Column("案号"), Column("时间", 20)]
)


def rows_of(data: bytes) -> list[tuple[str, ...]]:
    [sheet] = grids(data)
    return [tuple(row) for row in sheet.rows]


def exported(*rows: Sequence[Cell], most: int = 100, lang: str = "zh") -> list[tuple[str, ...]]:
    return rows_of(export(HEAD, rows, ZONE, lang, most).data)


def test_title_filter_and_headings_stand_above_the_rows() -> None:
    found = exported(["2026-000001", None])
    assert [row[0] for row in found] == [
        "督办日志", "澄岚市 · Carol 导出", "单位: 城管局", "案号", "2026-000001",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+86 139", "-1", '=HYPERLINK("http://x")'])
def test_what_looks_like_a_formula_stays_text(text: str) -> None:
    data = export(HEAD, [[text]], ZONE).data
    assert rows_of(data)[-1][0] == text
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def test_a_link_stays_text() -> None:
    data = export(HEAD, [["https://example.cn/a"]], ZONE).data
    assert "xl/worksheets/_rels/sheet1.xml.rels" not in zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_instants_are_those_of_the_city_and_can_be_sorted() -> None:
    at = datetime(2026, 9, 22, 10, 0, tzinfo=UTC)
    assert exported(["x", at])[-1][1] == "2026-09-22 18:00"


def test_numbers_are_numbers() -> None:
    data = export(HEAD, [["x", 7]], ZONE).data
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<v>7</v>" in sheet


def test_what_does_not_fit_is_said_to_be_missing() -> None:
    written = export(HEAD, [[str(n)] for n in range(4)], ZONE, most=3)
    assert (written.rows, written.cut) == (3, True)
    assert "只导出了前 3 行" in rows_of(written.data)[-1][0]
    in_english = export(HEAD, [[str(n)] for n in range(4)], ZONE, "en", most=3)
    assert "Only the first 3 rows" in rows_of(in_english.data)[-1][0]


def test_nothing_is_said_to_be_missing_when_all_of_it_fits() -> None:
    written = export(HEAD, [[str(n)] for n in range(3)], ZONE, most=3)
    assert (written.rows, written.cut) == (3, False)
    assert rows_of(written.data)[-1][0] == "2"


def test_rows_beyond_the_last_are_not_even_read() -> None:
    read = []

    def rows() -> object:
        for n in range(1000):
            read.append(n)
            yield [str(n)]

    export(HEAD, rows(), ZONE, most=10)  # type: ignore[arg-type]
    assert len(read) == 11


def test_a_list_without_rows_is_a_workbook_with_its_headings() -> None:
    assert exported()[-1] == ("案号", "时间")


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=60))
def test_whatever_somebody_wrote_the_workbook_opens(text: str) -> None:
    data = export(HEAD, [[text, "end"]], ZONE).data
    assert rows_of(data)[-1][1] == "end"


def test_a_text_longer_than_a_cell_is_cut_to_what_a_cell_holds() -> None:
    assert len(clean("问" * 40_000)) == 32_767


def test_a_title_that_is_no_name_of_a_sheet_is_made_one() -> None:
    head = Head("[案件]/台账:*?" + "长" * 40, [], [Column("案号")])
    [sheet] = grids(export(head, [], ZONE).data)
    assert sheet.name.startswith("案件台账")
