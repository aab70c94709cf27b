"""Circulars in words: the outline decides where, what, who and by when."""

import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.reading import Form, Kind, Paper, PaperTrouble, read
from models.finding import Draft

DATA = Path(__file__).parents[2] / "../shared/data"


def paper(text: str) -> Paper:
    return read(text.encode(), "通报.txt")


def lines(text: str) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [(one.place, one.problem, one.units, one.limit) for one in paper(text).drafts]


@pytest.mark.skipif(not DATA.exists(), reason="shared data absent")
def test_the_published_circular_is_read_to_the_last_problem() -> None:
    found = read((DATA / "circular.txt").read_bytes(), "circular.txt")
    assert (found.kind, found.title) == (Kind.CIRCULAR, "创文工作督查问题清单(第18期)")
    health = ("市卫生健康委员会",)
    assert [(one.row, one.place, one.problem, one.units, one.limit) for one in found.drafts] == [
        ("1(1)", "市科技馆", "院内电动车未按指定区域停放", ("市科技馆",), "3天"),
        ("1(2)", "市科技馆", "灭火器过期未更换", ("市科技馆",), "3天"),
        ("1(3)", "市科技馆", "意见簿投诉记录和回复处理记录不规范", ("市科技馆",), "3天"),
        ("2(1)", "市第二人民医院", "院内禁烟标识数量不达标", health, "5天"),
        ("2(2)", "市第二人民医院", "宣传牌内容不规范", health, "5天"),
        ("2(3)", "市第二人民医院", "学雷锋志愿服务岗缺乏志愿者信息台账", health, "5天"),
        ("3(1)", "市妇幼保健医院", "门诊大厅无障碍通道被堵塞", (*health, "所在社区"), "5天"),
        (
            "3(2)",
            "市妇幼保健医院",
            "小区消防设施未定期维护,院内消防设施6月、7月、8月没有检查记录",
            (*health, "所在社区"),
            "5天",
        ),
        (
            "3(3)",
            "市妇幼保健医院",
            "禁烟区垃圾桶附近有垃圾未及时清扫,车辆乱停乱放",
            (*health, "所在社区"),
            "5天",
        ),
        ("4(1)", "街心公园", "座椅破损2处", ("区城管执法局",), "5个工作日"),
        ("4(2)", "街心公园", "公厕无便民电话", ("区城管执法局",), "5个工作日"),
        ("4(3)", "街心公园", "绿化带黄土裸露(已现场整改)", ("区城管执法局",), "5个工作日"),
    ]
    assert [one.row for one in found.drafts if one.fixed_on_spot] == ["4(3)"]
    assert {one.found_on for one in found.drafts} == {None}
    assert not [one for one in found.drafts if one.trouble]


NESTED = """关于8月督查情况的通报
(2021年第3期)
8月29日至30日,督查组实地检查,请于5个工作日内整改到位。
一、督查情况
本次共督查50处。
二、存在问题
(一)市容环境方面
1.人民路与解放路交叉口:垃圾成堆;车辆乱停。(责任单位:区城管局,整改时限:3天)
2.东门菜市场：①污水横流②占道经营。责任单位：市场监管局、区城管局　整改时限：2天
(二)南汇街道
1.金色家园小区
(1)飞线充电;
(2)楼道堆物。
以上问题责任单位:南汇街道办事处
三、工作要求
1.提高认识。
2.狠抓整改。
2021年9月1日
"""


def test_nested_numbering_gives_place_area_unit_and_limit_to_each_problem() -> None:
    market = ("市场监管局", "区城管局")
    assert lines(NESTED) == [
        ("人民路与解放路交叉口", "垃圾成堆", ("区城管局",), "3天"),
        ("人民路与解放路交叉口", "车辆乱停", ("区城管局",), "3天"),
        ("东门菜市场", "污水横流", market, "2天"),
        ("东门菜市场", "占道经营", market, "2天"),
        ("金色家园小区", "飞线充电", ("南汇街道办事处",), "5个工作日"),
        ("金色家园小区", "楼道堆物", ("南汇街道办事处",), "5个工作日"),
    ]
    found = paper(NESTED).drafts
    assert [one.area for one in found] == [""] * 4 + ["南汇街道"] * 2
    assert {one.found_on for one in found} == {date(2021, 8, 29)}
    assert found[0].batch == "关于8月督查情况的通报 (2021年第3期) 2021-09-01"


def test_a_unit_named_in_a_heading_serves_the_sites_below_it() -> None:
    text = """創文工作督查問題清單
一、市城管局
1、人民路:垃圾未清理;
2、解放路:車輛亂停放。
二、市衛健委(整改時限:5天)
1、市二醫院:禁煙標識不足
2、市三醫院
(1)消防通道堵塞
(2)小廣告"""
    assert lines(text) == [
        ("人民路", "垃圾未清理", ("市城管局",), ""),
        ("解放路", "车辆乱停放", ("市城管局",), ""),
        ("市二医院", "禁烟标识不足", ("市卫健委",), "5天"),
        ("市三医院", "消防通道堵塞", ("市卫健委",), "5天"),
        ("市三医院", "小广告", ("市卫健委",), "5天"),
    ]


def test_a_unit_in_the_heading_gives_way_to_one_in_the_entry() -> None:
    text = "问题清单\n1. 市科技馆(责任单位:市科协)\n(1)灯坏\n(2)门坏(责任单位:市住建局)"
    assert [units for _, _, units, _ in lines(text)] == [("市科协",), ("市住建局",)]


def test_one_closing_line_serves_several_one_line_sites() -> None:
    text = "检查通报\n1. 甲路:灯坏\n2. 乙路:灯坏\n3. 丙路:灯坏\n责任单位:区城管局 整改时限:3天"
    assert {(units, limit) for _, _, units, limit in lines(text)} == {(("区城管局",), "3天")}


def test_all_responsible_units_names_nobody_and_coordination_is_asked_for() -> None:
    text = (
        "通报\n1. 甲路\n(1)灯坏\n责任单位:各责任单位\n2. 乙路\n(1)门坏\n责任单位:请市文明办协调解决"
    )
    first, second = paper(text).drafts
    assert (first.units, first.coordinate) == ((), False)
    assert (second.units, second.coordinate) == ((), True)


def test_praise_and_demands_are_no_findings() -> None:
    text = """通报
一、红榜
1. 市一小:环境整洁
二、黑榜
1. 市二小:环境脏乱
三、下一步要求
1. 各单位:认真整改"""
    assert [(place, problem) for place, problem, *_ in lines(text)] == [("市二小", "环境脏乱")]


def test_labelled_entries_without_numbers_are_read() -> None:
    text = """督查通报
点位:市科技馆
存在问题:(1)灯坏;(2)门坏
责任单位:市科协
整改时限:5天
点位:图书馆
存在问题:地面脏
责任单位:市文旅局"""
    assert lines(text) == [
        ("市科技馆", "灯坏", ("市科协",), "5天"),
        ("市科技馆", "门坏", ("市科协",), "5天"),
        ("图书馆", "地面脏", ("市文旅局",), ""),
    ]


def test_sites_without_numbers_above_numbered_problems_are_read() -> None:
    text = (
        "问题交办\n市科技馆\n1.灯坏\n2.门坏\n责任单位:市科协\n\n"
        "市图书馆\n1.厕所脏\n责任单位:市文旅局"
    )
    assert [(place, problem, units) for place, problem, units, _ in lines(text)] == [
        ("市科技馆", "灯坏", ("市科协",)),
        ("市科技馆", "门坏", ("市科协",)),
        ("市图书馆", "厕所脏", ("市文旅局",)),
    ]


def test_an_inner_site_is_named_together_with_the_outer_one() -> None:
    text = "通报\n1. 市科技馆\n(1)一楼大厅:\n①灯坏\n②门坏"
    assert [(place, problem) for place, problem, *_ in lines(text)] == [
        ("市科技馆一楼大厅", "灯坏"),
        ("市科技馆一楼大厅", "门坏"),
    ]


def test_an_entry_without_place_or_problem_is_handed_back_not_dropped() -> None:
    found = paper("通报\n1. 甲路:灯坏\n2. 到处都很脏\n3. 市体育馆").drafts
    assert [one.trouble is None for one in found] == [True, False, False]
    assert found[1].trouble is not None
    assert "地点缺失" in found[1].trouble[0]
    assert found[1].cells == ("2. 到处都很脏",)
    assert found[2].trouble is not None
    assert "问题缺失" in found[2].trouble[0]


def test_an_entry_may_begin_with_the_number_of_a_house() -> None:
    text = "通报\n1. 3号楼:楼道堆物\n2、5号楼:飞线充电"
    assert [place for place, *_ in lines(text)] == ["3号楼", "5号楼"]


@pytest.mark.parametrize(
    "text",
    [
        "通报\n1.人民路存在以下问题:\n(1)灯坏\n责任单位:甲局\n2.公园\n(1)窗坏\n责任单位:乙局",
        "点位一:人民路\n1.灯坏\n责任单位:甲局\n点位二:公园\n1.窗坏\n责任单位:乙局",
        "一、人民路\n存在问题:灯坏\n责任单位:甲局\n二、公园\n存在问题:窗坏\n责任单位:乙局",
        "通报\n人民路\n问题:灯坏\n责任单位:甲局\n\n公园\n问题:窗坏\n责任单位:乙局",
        "通报\n1.人民路存在问题:灯坏(责任单位:甲局)\n2.公园：窗坏（责任单位：乙局）",
        "通报\n人民路:灯坏。责任单位:甲局\n公园:窗坏。责任单位:乙局\n请抓紧整改。",
    ],
)
def test_one_finding_written_in_many_ways_is_the_same_finding(text: str) -> None:
    assert [(place, problem, units) for place, problem, units, _ in lines(text)] == [
        ("人民路", "灯坏", ("甲局",)),
        ("公园", "窗坏", ("乙局",)),
    ]


def test_a_closing_sentence_with_a_deadline_serves_all_and_joins_no_problem() -> None:
    text = "2021年通报\n1. 永昌路\n(1)垃圾桶满溢\n请各责任单位于9月10日前整改到位。"
    assert lines(text) == [("永昌路", "垃圾桶满溢", (), "2021-09-10")]


def test_a_wrapped_line_belongs_to_the_entry_above() -> None:
    found = lines("通报\n1. 甲路\n(1)垃圾未清扫,\n车辆乱停乱放。\n(2)灯坏(\n")
    assert found[0][1] == "垃圾未清扫,车辆乱停乱放"


@pytest.mark.parametrize("text", ["你好", "各单位:\n请认真学习会议精神。\n特此通知。"])
def test_a_text_without_findings_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PaperTrouble, match="责任单位：市科技馆"):
        paper(text)


# --- Word -------------------------------------------------------------------------------


def saved(document: "docx.document.Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_word_circular_is_read_like_its_text() -> None:
    document = docx.Document()
    for line in NESTED.splitlines():
        document.add_paragraph(line)
    found = read(saved(document), "通报.docx")
    assert (found.kind, found.form) == (Kind.CIRCULAR, Form.DOCX)
    assert [(one.place, one.problem, one.units, one.limit) for one in found.drafts] == lines(NESTED)


def test_numbers_that_word_prints_by_itself_count_as_numbers() -> None:
    document = docx.Document()
    document.add_paragraph("问题清单")
    document.add_paragraph("市科技馆:灯坏", style="List Number")
    document.add_paragraph("图书馆:门坏", style="List Number")
    found = read(saved(document), "a.docx").drafts
    assert [(one.row, one.place) for one in found] == [("1", "市科技馆"), ("2", "图书馆")]


def test_a_word_table_with_a_header_is_a_ledger_with_its_merged_cells_filled() -> None:
    document = docx.Document()
    document.add_paragraph("2026年第2期督查台账")
    table = document.add_table(rows=3, cols=4)
    texts = [
        ["点位", "存在问题", "责任单位", "日期"],
        ["甲路", "灯坏", "甲局", "9月1日"],
        ["", "门坏", "", ""],
    ]
    for row, said in zip(table.rows, texts, strict=True):
        for cell, text in zip(row.cells, said, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    found = read(saved(document), "a.docx")
    assert found.kind is Kind.LEDGER
    assert [(one.row, one.place, one.problem) for one in found.drafts] == [
        ("2", "甲路", "灯坏"),
        ("3", "甲路", "门坏"),
    ]
    assert found.drafts[0].found_on == date(2026, 9, 1)


def test_a_word_circular_inside_a_layout_table_is_read() -> None:
    document = docx.Document()
    cell = document.add_table(rows=1, cols=1).cell(0, 0)
    cell.text = "督查通报"
    cell.add_paragraph("1. 甲路:灯坏")
    assert [one.place for one in read(saved(document), "a.docx").drafts] == ["甲路"]


PIECE = st.sampled_from(
    [
        *("一、", "(一)", "1. ", "2、", "(1)", "①", "②", "\n", "市科技馆", "：", "灯坏", ";"),
        *("责任单位:", "甲局", "整改时限:3天", "以上问题", "(", ")", "点位:", "存在问题:"),
        *("红榜", "已整改", "。", " "),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECE | st.text(max_size=5), max_size=40).map("".join))
def test_any_text_is_read_or_courteously_refused(text: str) -> None:
    clean = text.encode("utf-8", "ignore")
    found: Sequence[Draft] = ()
    with suppress(PaperTrouble):
        found = read(clean, "a.txt").drafts
    assert len({one.row for one in found}) == len(found)
    assert all(one.trouble or (one.place and one.problem) for one in found)
