"""Ledgers as offices keep them: every row on paper becomes findings, or says why not."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.reading import Form, Kind, Paper, PaperTrouble, read
from models.finding import Draft

DATA = Path(__file__).parents[2] / "../shared/data"
HEADER = ["序号", "点位", "存在问题", "整改责任单位", "整改时限"]


def xlsx(rows: list[list[Any]], merges: list[tuple[int, int, int, int, str]] = ()) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("清单")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                style = day if isinstance(value, date) else None
                if value is not None:
                    sheet.write(number, column, value, style)
        for top, left, bottom, right, text in merges:
            sheet.merge_range(top, left, bottom, right, text)
    return out.getvalue()


def comma(rows: list[list[str]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def drafts(rows: list[list[str]]) -> list[Draft]:
    return list(read(comma(rows), "台账.csv").drafts)


def told(paper: Paper) -> list[tuple[str, str, str]]:
    return [(one.row, one.place, one.problem) for one in paper.drafts]


# --- the published findings -------------------------------------------------------------


@pytest.mark.skipif(not DATA.exists(), reason="shared data absent")
def test_the_published_ledger_loses_no_row_and_splits_what_one_cell_holds() -> None:
    paper = read((DATA / "real_findings.csv").read_bytes(), "real_findings.csv")
    assert (paper.kind, paper.form) == (Kind.LEDGER, Form.CSV)
    rows = {one.row.partition("(")[0] for one in paper.drafts}
    assert rows == {str(number) for number in range(2, 32)}
    assert len(paper.drafts) == 37
    assert not [one for one in paper.drafts if one.trouble]

    by_row = {one.row: one for one in paper.drafts}
    assert by_row["2"].found_on == date(2021, 8, 29)
    assert by_row["2"].limit == "3天"
    assert by_row["18"].found_on is None
    assert [by_row[f"19({n})"].problem for n in (1, 2, 3)] == [
        "外来人员进入工地门卫未登记",
        "个别施工人员未戴安全帽",
        "食堂工作人员无健康证",
    ]
    assert by_row["19(1)"].coordinate
    assert by_row["19(1)"].units == ()
    assert by_row["21"].units == ("区文广新局", "区公安分局")
    assert by_row["22(1)"].fixed_on_spot
    assert not by_row["22(2)"].fixed_on_spot
    assert by_row["22(1)"].units == ("南汇街道", "房管鹿城分局")
    assert by_row["23(4)"].units == ("南汇街道", "区城管与执法局")
    assert by_row["24"].units == ()
    assert not by_row["24"].coordinate
    assert by_row["28"].problem == "保洁无人负责(市环与镇环交叉路段)"


# --- formats ----------------------------------------------------------------------------

ROWS = [HEADER, ["1", "市科技馆", "灭火器过期", "市科协", "3天"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_csv_reads_alike_in_every_encoding_offices_use(encoding: str) -> None:
    paper = read(comma(ROWS, encoding), "台账.csv")
    assert told(paper) == [("2", "市科技馆", "灭火器过期")]
    assert paper.drafts[0].cells == tuple(ROWS[1])


def test_standard_input_is_recognised_by_its_content() -> None:
    assert read(comma(ROWS), "-").form is Form.CSV
    assert read(xlsx(ROWS), "-").form is Form.XLSX
    assert read("1. 市科技馆:灯坏".encode(), "-").kind is Kind.CIRCULAR


def test_the_content_decides_even_when_the_name_lies() -> None:
    assert read(xlsx(ROWS), "台账.xls").form is Form.XLSX
    assert read(comma(ROWS), "台账.txt").form is Form.CSV


def test_an_old_workbook_with_merged_cells_fills_them_down() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("台账")
    for column, name in enumerate(HEADER):
        sheet.write(0, column, name)
    sheet.write_merge(1, 2, 1, 1, "市科技馆")
    sheet.write_merge(1, 2, 3, 3, "市科协")
    sheet.write(1, 2, "灯坏")
    sheet.write(2, 2, "门坏")
    sheet.write(1, 4, date(2026, 9, 1), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    out = io.BytesIO()
    book.save(out)
    paper = read(out.getvalue(), "台账.xls")
    assert paper.form is Form.XLS
    assert told(paper) == [("2", "市科技馆", "灯坏"), ("3", "市科技馆", "门坏")]
    assert [one.units for one in paper.drafts] == [("市科协",), ("市科协",)]
    assert paper.drafts[0].limit == "2026-09-01"


# --- the layout of sheets ---------------------------------------------------------------


def test_a_header_is_found_below_title_rows_and_starred_traditional_or_wide() -> None:
    rows = [
        ["創城督查情況匯總表(2026年9月1日)"],
        [],
        ["序號", "具體 點位*", "存在問題：", "整改責任單位"],
    ]
    rows.append(["1", "體育館", "燈壞", "市體育局"])
    paper = read(xlsx(rows), "a.xlsx")
    assert told(paper) == [("4", "体育馆", "灯坏")]
    assert paper.drafts[0].units == ("市体育局",)
    assert paper.drafts[0].found_on == date(2026, 9, 1)
    assert paper.drafts[0].cells == tuple(rows[3])


def test_the_safety_ledger_and_the_loop_ledger_are_understood() -> None:
    safety = (
        "编号 地点 日期 隐患内容 隐患分类 隐患分级(一般/重点) "
        "整改措施及完成情况 整改责任单位/部门 整改验证人 备注"
    )
    row = [
        "AQ-1",
        "东门仓库",
        "2026.9.1",
        "灭火器过期",
        "消防",
        "一般",
        "现场已整改",
        "后勤科",
        "Bob",
        "",
    ]
    (one,) = drafts([safety.split(), row])
    assert (one.number, one.category, one.severity) == ("AQ-1", "消防", "一般")
    assert (one.found_on, one.units, one.fixed_on_spot) == (date(2026, 9, 1), ("后勤科",), True)

    loop = (
        "序号 问题编号 问题标题 问题详情描述 问题位置 问题类型 严重程度 "
        "所属部门 上报人 整改责任人 整改截止日期 当前状态"
    )
    row = [
        "1",
        "W7",
        "井盖缺失",
        "",
        "人民路8号",
        "设施",
        "严重",
        "市政处",
        "Alice",
        "Bob",
        "2026/9/30",
        "整改中",
    ]
    (one,) = drafts([loop.split(), row])
    assert (one.place, one.problem, one.inspector) == ("人民路8号", "井盖缺失", "Alice")
    assert (one.limit, one.fixed_on_spot) == ("2026-09-30", False)


def test_area_lines_name_the_area_of_the_rows_below_and_stop_filling_down() -> None:
    rows = [
        HEADER,
        ["一", "南汇街道辖区", "", "", ""],
        ["1", "金色家园", "楼道堆物", "", ""],
        ["", "", "飞线充电", "", ""],
        ["五马街道", "", "", "", ""],
        ["", "", "无主垃圾", "", ""],
    ]
    first, second, third = drafts(rows)
    assert (first.area, second.area, third.area) == ("南汇街道", "南汇街道", "五马街道")
    assert second.place == "金色家园"
    assert third.trouble is not None
    assert "地点缺失" in third.trouble[0]


def test_merged_area_lines_and_tall_merged_sites_in_a_workbook() -> None:
    rows = [
        ["序号", "点位", "存在问题", "责任单位"],
        [],
        [1, None, "灯坏", "甲局"],
        [2, None, "门坏", None],
    ]
    paper = read(xlsx(rows, [(1, 0, 1, 3, "城南街道(2处)"), (2, 1, 3, 1, "图书馆")]), "a.xlsx")
    assert told(paper) == [("3", "图书馆", "灯坏"), ("4", "图书馆", "门坏")]
    assert {one.area for one in paper.drafts} == {"城南街道"}
    assert paper.drafts[1].units == ()


def test_a_site_is_filled_down_only_into_rows_that_carry_it_on() -> None:
    rows = [
        HEADER,
        ["1", "市科技馆", "灯坏", "市科协", "3天"],
        ["", "", "门坏", "", ""],
        ["2", "", "窗坏", "市科协", "3天"],
    ]
    first, second, third = drafts(rows)
    assert (second.place, second.units, second.limit) == ("市科技馆", first.units, "3天")
    assert second.cells[1] == "市科技馆"
    assert third.place == ""
    assert third.trouble is not None


def test_totals_notes_blank_lines_and_repeated_headers_are_no_findings() -> None:
    rows = [
        HEADER,
        ["1", "甲路", "灯坏", "", ""],
        ["", "", "", "", ""],
        HEADER,
        ["2", "乙路", "灯坏", "", ""],
        ["3", "", "", "", ""],
        ["小 计", "", "2处", "", ""],
        ["合计", "2", "2", "", ""],
        ["注:时限从交办起算", "", "", "", ""],
        ["填表人:Alice", "", "审核人:Bob", "", ""],
    ]
    assert [one.place for one in drafts(rows)] == ["甲路", "乙路"]


def test_a_row_that_says_where_but_not_what_comes_back_with_the_reason() -> None:
    (one,) = drafts([HEADER, ["1", "甲路", "", "甲局", "3天"]])
    assert one.trouble is not None
    assert "问题缺失" in one.trouble[0]
    assert "problem" in one.trouble[1]


def test_every_sheet_with_a_header_is_read_and_its_rows_carry_its_name() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, header in (("甲", HEADER), ("说明", ["随便"]), ("乙", ["地址", "隐患内容"])):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header)
            sheet.write_row(1, 0, ["1", "东门", "脏", "", ""] if name == "甲" else ["西门", "乱"])
    paper = read(out.getvalue(), "a.xlsx")
    assert told(paper) == [("甲!2", "东门", "脏"), ("乙!2", "西门", "乱")]


def test_a_header_on_two_rows_is_read_as_one() -> None:
    rows = [["", "", "整改", ""], ["", "", "责任单位", "时限"], ["甲路", "灯坏", "甲局", "3天"]]
    merges = [(0, 0, 1, 0, "点位"), (0, 1, 1, 1, "存在问题"), (0, 2, 0, 3, "整改")]
    (one,) = read(xlsx([[v or None for v in row] for row in rows], merges), "a.xlsx").drafts
    assert (one.place, one.units, one.limit) == ("甲路", ("甲局",), "3天")


# --- cells ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("灯坏;门坏；窗坏", ["灯坏", "门坏", "窗坏"]),
        ("(1)灯坏(2)门坏", ["灯坏", "门坏"]),
        ("1、灯坏2、门坏", ["灯坏", "门坏"]),
        ("1、3号楼堆物;2、5号楼飞线", ["3号楼堆物", "5号楼飞线"]),
        ("①灯坏②门坏", ["灯坏", "门坏"]),
        ("灯坏\n门坏", ["灯坏", "门坏"]),
        ("大厅:①灯坏;②门坏", ["大厅:灯坏", "大厅:门坏"]),
        ("残墙破壁、墙体无粉饰", ["残墙破壁、墙体无粉饰"]),
        ("6月、7月、8月没有记录", ["6月、7月、8月没有记录"]),
        ("1、2号楼之间堆物", ["1、2号楼之间堆物"]),
        ("围挡破损3.5米", ["围挡破损3.5米"]),
        ("垃圾未清(东侧;西侧)", ["垃圾未清(东侧;西侧)"]),
        ("垃圾未清;已整改", ["垃圾未清(已整改)"]),
        ("=HYPERLINK(1)", ["=HYPERLINK(1)"]),
    ],
)
def test_a_cell_is_split_where_a_person_would(cell: str, expected: list[str]) -> None:
    found = drafts([HEADER, ["1", "甲路", cell, "", ""]])
    assert [one.problem for one in found] == expected
    if len(expected) > 1:
        assert [one.row for one in found] == [f"2({n})" for n in range(1, len(expected) + 1)]


@pytest.mark.parametrize(
    ("cell", "names", "coordinate"),
    [
        ("甲局、乙局,丙局;丁局/戊局", ("甲局", "乙局", "丙局", "丁局", "戊局"), False),
        ("市卫健委和市文旅局", ("市卫健委", "市文旅局"), False),
        ("区城管与执法局", ("区城管与执法局",), False),
        ("市住房和城乡建设局", ("市住房和城乡建设局",), False),
        ("甲局(配合)、乙局(牵头)", ("乙局", "甲局"), False),
        ("配合单位:甲局;牵头单位:乙局", ("乙局", "甲局"), False),
        ("请市文明办协调解决", (), True),
        ("各责任单位", (), False),
        ("待定", (), False),
        ("", (), False),
        ("/", (), False),
    ],
)
def test_units_are_named_leading_first(cell: str, names: tuple[str, ...], coordinate: bool) -> None:
    (one,) = drafts([HEADER, ["1", "甲路", "灯坏", cell, ""]])
    assert one.units == names
    assert one.coordinate is coordinate


def test_lead_responsible_and_assisting_columns_become_one_list() -> None:
    header = ["点位", "问题", "协同单位", "责任单位", "牵头单位"]
    (one,) = drafts([header, ["甲路", "灯坏", "丙局", "乙局", "甲局"]])
    assert one.units == ("甲局", "乙局", "丙局")


@pytest.mark.parametrize(
    "cell",
    [
        *("2026-09-01", "2026/9/1", "2026.9.1", "2026年9月1日", "20260901", "46266", "9月1日"),
        *("二〇二六年九月一日", "２０２６年９月１日", "2026-09-01 10:30"),
    ],
)
def test_a_date_is_read_in_every_usual_spelling(cell: str) -> None:
    rows = [["2026年第3期"], ["点位", "问题", "检查时间"], ["甲路", "灯坏", cell]]
    assert drafts(rows)[0].found_on == date(2026, 9, 1)


@pytest.mark.parametrize("cell", ["昨天", "2026-13-01", "1900-01-03", "2100-01-01", "12"])
def test_a_date_that_cannot_be_meant_refuses_its_row_only(cell: str) -> None:
    rows = [["点位", "问题", "日期"], ["甲路", "灯坏", cell], ["乙路", "灯坏", "2026-09-01"]]
    first, second = drafts(rows)
    assert first.trouble is not None
    assert cell in first.trouble[0]
    assert second.trouble is None


def test_a_day_without_a_year_anywhere_stays_open_and_is_not_refused() -> None:
    (one,) = drafts([["点位", "问题", "日期"], ["甲路", "灯坏", "9月1日"]])
    assert (one.found_on, one.trouble) == (None, None)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("整改时限(天)", "3", "3天"),
        ("整改时限", "3个工作日", "3个工作日"),
        ("整改截止日期", "2026年9月30日前", "2026-09-30"),
        ("时限", "尽快", "尽快"),
    ],
)
def test_a_limit_keeps_its_words_and_a_deadline_becomes_a_date(
    header: str, cell: str, expected: str
) -> None:
    assert drafts([["点位", "问题", header], ["甲路", "灯坏", cell]])[0].limit == expected


@pytest.mark.parametrize(
    ("remark", "fixed"),
    [
        ("已整改", True),
        ("现场已整改", True),
        ("立行立改,已完成", True),
        ("已现场整改到位", True),
        ("未整改", False),
        ("整改中", False),
        ("限期整改", False),
        ("需整改", False),
        ("已责令整改", False),
        ("已下发整改通知", False),
        ("已整改,后又反弹", False),
        ("部分已整改", False),
    ],
)
def test_only_what_is_surely_put_right_counts_as_fixed_on_the_spot(
    remark: str, fixed: bool
) -> None:
    assert drafts([["点位", "问题", "备注"], ["甲路", "灯坏", remark]])[0].fixed_on_spot is fixed


def test_a_formula_gives_the_value_it_last_had() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["点位", "存在问题"])
        sheet.write_formula(1, 0, '="市"&"科技馆"', None, "市科技馆")
        sheet.write(1, 1, "灯坏")
    assert told(read(out.getvalue(), "a.xlsx")) == [("2", "市科技馆", "灯坏")]


def test_a_giant_cell_refuses_its_row_and_the_others_go_on() -> None:
    first, second = drafts(
        [HEADER, ["1", "甲路", "脏" * 100_000, "", ""], ["2", "乙路", "脏", "", ""]]
    )
    assert first.trouble is not None
    assert "过长" in first.trouble[0]
    assert len(first.problem) < 1000
    assert (second.place, second.trouble) == ("乙路", None)


# --- size and fuzz ----------------------------------------------------------------------


def test_a_hundred_thousand_rows_are_read_to_the_last() -> None:
    rows = [HEADER] + [
        [str(n), f"人民路{n}号", f"灯坏{n}", "市城管局 区住建局", "3天"] for n in range(100_000)
    ]
    data = comma(rows)
    paper = read(data, "a.csv")
    assert len(paper.drafts) == 100_000
    assert paper.drafts[-1].place == "人民路99999号"


def test_a_ledger_over_the_row_limit_is_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("documents.table.MAX_ROWS", 100)
    with pytest.raises(PaperTrouble, match="超过100行"):
        read(("点位,问题\n" + "甲路,灯坏\n" * 101).encode(), "a.csv")


CELL = st.text(max_size=30) | st.sampled_from(
    ["1、a2、b", "(1)", "①②①②", "合计", "请协调", "9月1日", "=1+1"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6))
def test_any_text_in_the_cells_is_read_and_no_row_is_lost(
    cells: list[tuple[str, str, str]],
) -> None:
    rows = [["序号", "点位", "存在问题", "责任单位", "日期"]]
    rows += [[str(n), f"甲{a}", f"乙{b}", c, c] for n, (a, b, c) in enumerate(cells)]
    encoded = [
        [cell.encode("utf-8", "ignore").decode().replace("\0", "") for cell in row] for row in rows
    ]
    found = drafts(encoded)
    assert {one.row.partition("(")[0] for one in found} == {str(n + 2) for n in range(len(cells))}
    assert len({one.row for one in found}) == len(found)
