"""Same place, same thing: what may be merged, and what must never be."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.duplicates import (
    Seen,
    Verdict,
    VerdictKind,
    digits,
    judge,
    place_key,
    same_place,
    same_problem,
)

NOW = datetime(2026, 9, 24, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = timedelta(days=1)

addresses = st.text(
    "东西南北龙路街号幢室第一二三十百零0123456789Aa- 、，（）東龍號　内附近", max_size=14
)


def seen(number: str = "A1", **changes: object) -> Seen:
    facts: dict[str, object] = {
        "case_id": int(number[1:]),
        "number": number,
        "place": "市科技馆",
        "category": "C101",
        "problem": "灭火器过期未更换",
        "reported_at": NOW - 2 * DAY,
        "open": True,
        "closed_at": None,
    }
    return Seen(**(facts | changes))  # type: ignore[arg-type]


def closed(number: str = "A1", days_ago: float = 10, **changes: object) -> Seen:
    past = {"open": False, "reported_at": NOW - 40 * DAY, "closed_at": NOW - days_ago * DAY}
    return seen(number, **(past | changes))


def verdict(
    *known: Seen,
    place: str = "市科技馆",
    category: str | None = "C101",
    problem: str = "灭火器过期未更换",
) -> Verdict:
    return judge(place, category, problem, NOW, known, window=7 * DAY, look_back=timedelta(days=30))


# Places


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("宏源路68号网吧", "宏源路 68 号 网吧"),
        ("宏源路68号网吧", "宏源路６８号网吧"),
        ("东龙路25号", "東龍路25號"),
        ("东龙路25号", "东龙路二十五号"),
        ("东龙路102号", "东龙路一百零二号"),
        ("东龙路302室", "东龙路三〇二室"),
        ("东龙路10号", "东龙路十号"),
        ("金色家园3幢2单元", "金色家园三幢二单元"),
        ("金色家园03幢", "金色家园3幢"),
        ("市第二人民医院", "市第2人民医院"),
        ("市科技馆", "市科技馆内"),
        ("市科技馆", "市科技馆（内）"),
        ("南汇街道金色家园", "南汇街道金色家园小区"),
        ("A座大厅", "a座大厅"),
    ],
)
def test_one_place_in_two_spellings_is_one_place(a: str, b: str) -> None:
    assert same_place(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("宏源路25号", "宏源路235号"),
        ("鹿城区南汇街道宏源路25号", "鹿城区南汇街道宏源路235号"),
        ("宏源路25号", "宏源路二百三十五号"),
        ("宏源路25-3号", "宏源路253号"),
        ("宏源路2号、5号", "宏源路25号"),
        ("金色家园5幢", "金色家园五十幢"),
        ("金色家园南区5幢", "金色家园北区5幢"),
        ("金色家园5幢", "金色家园"),
        ("横港北路西段", "横港北路东段"),
        ("市第二人民医院", "市第三人民医院"),
        ("同心村", "同心新村"),
        ("A座大厅", "B座大厅"),
        ("鹿城区南汇街道龙泉社区卫生服务中心", "鹿城区南汇街道龙山社区卫生服务中心"),
        ("鹿城区宏源路68号网吧", "鹿城区宏源路68号网吧对面"),
        ("市科技馆", ""),
    ],
)
def test_two_places_that_look_alike_stay_two(a: str, b: str) -> None:
    assert not same_place(a, b)


def test_a_name_of_eleven_characters_may_carry_three_more_and_no_four() -> None:
    name = "鹿城区龙泉社区卫生服务站"[:11]
    assert same_place(name, name + "门诊部")  # 88 of 100
    assert not same_place(name, name + "门诊大厅")
    assert not same_place("", "市科技馆")


def test_the_numbers_of_an_address_are_read_in_order() -> None:
    assert digits("东龙路二十五号3幢十二单元1204室") == ("25", "3", "12", "1204")
    assert digits("第二人民医院") == ("2",)
    assert digits("五一广场三里桥") == ()
    assert digits("") == ()


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("东龙路一千二百三十四号", "东龙路1234号"),
        ("东龙路两百号", "东龙路200号"),
        ("东龙路一十二号", "东龙路12号"),
        ("第十二栋", "第12栋"),
        ("0012号007室", "12号7室"),
        ("100号", "100号"),
        ("3-201室", "3-201室"),
        ("3，201室", "3-201室"),
        ("3_201", "3-201"),
        ("人民-广场", "人民广场"),
        ("-5栋-", "5栋"),
        ("LED_屏", "led屏"),
        ("市科技馆附近周边", "市科技馆"),
        ("市内", "市内"),
    ],
)
def test_a_place_has_one_normal_form(place: str, key: str) -> None:
    assert place_key(place) == key
    assert place_key(" " * 500 + place) == key


def test_the_longest_texts_are_only_ever_equal() -> None:
    name = "东龙路市科技馆" * 572
    alike, longer = name[:3999], name[:4000]
    assert same_place(alike, longer)
    assert same_problem(alike, longer)
    for a, b in ((longer, name[:4001]), (name[:4001], longer)):
        assert not same_place(a, b)
        assert not same_problem(a, b)
    assert same_place(name[:4001], " " + name[:4001])
    assert same_problem(name[:4001], " " + name[:4001])


def test_the_key_of_a_place_serves_an_equality_query() -> None:
    spellings = ["东龙路25号", " 东龙路２５号 ", "東龍路25號", "东龙路二十五号", "东龙路，25号内"]
    assert {place_key(spelling) for spelling in spellings} == {"东龙路25号"}


@given(addresses, addresses)
@example("内内内", "内内")
def test_it_does_not_matter_which_place_is_named_first(a: str, b: str) -> None:
    assert same_place(a, b) == same_place(b, a)
    if same_place(a, b):
        assert digits(a) == digits(b)


@given(st.one_of(addresses, st.text(max_size=20)))
def test_a_place_is_always_itself(place: str) -> None:
    assert same_place(place, place)
    assert same_place(place, f" {place} ")


# Problems


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("灭火器过期，未更换。", "灭火器过期未更换", True),
        ("滅火器過期未更換", "灭火器过期未更换", True),
        ("学雷锋志愿服务岗缺乏志愿者信息台账", "学雷锋志愿服务岗缺少志愿者信息台账", True),
        ("灭火器过期未更换", "院内电动车未按指定区域停放", False),
        ("院内电动车未按指定区域停放", "院内摩托车未按指定区域停放", False),
        ("食堂消防通道被杂物堵塞", "大厅消防通道被杂物堵塞", False),
        ("座椅破损2处", "座椅破损12处", False),
        ("二楼灭火器过期未更换", "三楼灭火器过期未更换", False),
        ("东侧路灯不亮", "西侧路灯不亮", False),
        ("", "灭火器过期", False),
    ],
)
def test_without_a_category_only_the_same_words_are_the_same_problem(
    a: str, b: str, same: bool
) -> None:
    assert same_problem(a, b) is same
    assert same_problem(b, a) is same


def test_seventeen_characters_may_be_told_with_six_more_and_no_seven() -> None:
    told = "灭火器过期未更换且压力不足并无检查"
    assert same_problem(told, told + "记录和责任人")  # 85 of 100
    assert not same_problem(told, told + "记录和责任人员")


# Verdicts


def test_the_same_thing_at_the_same_place_joins_the_open_case() -> None:
    told = verdict(seen(), problem="灭火器超期未更换")
    assert told.kind is VerdictKind.DUPLICATE
    assert told.of == seen()
    assert "A1" in told.reason.zh
    assert "A1" in told.reason.en


def test_a_place_nobody_reported_is_new() -> None:
    assert verdict().kind is VerdictKind.NEW
    assert verdict(seen(place="市图书馆")).kind is VerdictKind.NEW


def test_two_problems_of_one_ledger_at_one_place_are_never_merged() -> None:
    rows = ["院内电动车未按指定区域停放", "灭火器过期未更换", "意见簿投诉记录和回复处理记录不规范"]
    for category in (None, "C1"):
        for problem in rows:
            others = [
                seen(category=category, problem=other, reported_at=NOW)
                for other in rows
                if other != problem
            ]
            assert verdict(*others, category=category, problem=problem).kind is VerdictKind.NEW


def test_within_one_ledger_only_the_same_words_are_a_duplicate() -> None:
    row = seen(reported_at=NOW)
    assert verdict(row).kind is VerdictKind.DUPLICATE
    assert verdict(row, problem="灭火器超期没更换").kind is VerdictKind.NEW
    assert verdict(seen(), problem="灭火器超期没更换").kind is VerdictKind.DUPLICATE


def test_parts_of_one_site_are_told_apart() -> None:
    canteen = seen(problem="食堂灭火器过期未更换")
    assert verdict(canteen, problem="大厅灭火器过期未更换").kind is VerdictKind.NEW


def test_another_category_is_another_case() -> None:
    assert verdict(seen(), category="C103").kind is VerdictKind.NEW


@pytest.mark.parametrize(("mine", "theirs"), [(None, "C101"), ("C101", None), (None, None)])
def test_where_a_category_is_unknown_the_words_decide(mine: str | None, theirs: str | None) -> None:
    known = seen(category=theirs)
    assert verdict(known, category=mine).kind is VerdictKind.DUPLICATE
    assert verdict(known, category=mine, problem="灭火器超期没更换").kind is VerdictKind.NEW


def test_the_window_is_closed_at_its_far_end() -> None:
    assert verdict(seen(reported_at=NOW - 7 * DAY)).kind is VerdictKind.DUPLICATE
    late = NOW - 7 * DAY - timedelta(seconds=1)
    assert verdict(seen(reported_at=late)).kind is VerdictKind.NEW


def test_what_was_reported_later_is_not_yet_known() -> None:
    assert verdict(seen(reported_at=NOW + timedelta(seconds=1))).kind is VerdictKind.NEW


def test_a_closed_case_that_comes_back_is_a_recurrence_even_in_other_words() -> None:
    told = verdict(closed(), problem="多具灭火器压力不足")
    assert told.kind is VerdictKind.RECURRENCE
    assert told.of == closed()


def test_a_recurrence_without_a_category_needs_the_same_words() -> None:
    assert verdict(closed(category=None)).kind is VerdictKind.RECURRENCE
    assert verdict(closed(category=None), problem="多具灭火器欠压").kind is VerdictKind.NEW


def test_closed_longer_ago_than_the_look_back_is_new() -> None:
    assert verdict(closed(days_ago=30)).kind is VerdictKind.RECURRENCE
    assert verdict(closed(days_ago=30.1)).kind is VerdictKind.NEW
    assert verdict(closed(days_ago=-1)).kind is VerdictKind.NEW


def test_an_open_case_is_joined_before_a_closed_one_is_reopened() -> None:
    assert verdict(closed("A1"), seen("A2")).of == seen("A2")


def test_the_newest_of_several_wins() -> None:
    older, newer = seen("A1", reported_at=NOW - 3 * DAY), seen("A2", reported_at=NOW - DAY)
    assert verdict(newer, older).of == verdict(older, newer).of == newer
    first, last = closed("A1", days_ago=20), closed("A2", days_ago=5)
    assert verdict(last, first).of == verdict(first, last).of == last
    late, early = closed("A1", days_ago=5), closed("A2", days_ago=20)
    assert verdict(late, early).of == verdict(early, late).of == late


def test_of_two_of_one_instant_the_later_number_wins() -> None:
    assert verdict(seen("A1"), seen("A2")).of == verdict(seen("A2"), seen("A1")).of == seen("A2")
    assert verdict(closed("A2"), closed("A1")).of == closed("A2")


def test_the_verdict_says_why_in_both_languages() -> None:
    assert verdict(seen()).reason == (
        "与A1重复：同一点位、同一问题，该案尚未销号",
        "duplicate of A1: same place, same problem, and that case is still open",
    )
    assert verdict(closed()).reason == (
        "A1反弹：同一点位、同类问题，该案销号后再次出现",
        "recurrence of A1: the same kind of problem is back after that case was closed",
    )
    assert verdict().reason == ("该点位没有在案的问题", "nothing is known at this place")
    assert verdict(seen(category="C9")).reason == (
        "该点位在案的是另外的问题",
        "what is known at this place is another problem",
    )
    nowhere = "未写明点位，无从比对", "no place is named, so nothing can be compared"
    assert verdict(seen(place=""), place="").reason == nowhere
    assert [verdict(known).of for known in (seen(category="C9"), seen(place="市图书馆"))] == [
        None,
        None,
    ]


def test_what_is_open_is_no_recurrence_and_what_is_closed_no_duplicate() -> None:
    stale = seen(reported_at=NOW - 20 * DAY, closed_at=NOW - DAY)
    assert verdict(stale).kind is VerdictKind.NEW
    assert verdict(closed(reported_at=NOW - DAY)).kind is VerdictKind.RECURRENCE
    assert verdict(closed(closed_at=None)).kind is VerdictKind.NEW


def test_a_case_closed_this_very_instant_may_come_back() -> None:
    assert verdict(closed(days_ago=0)).kind is VerdictKind.RECURRENCE


def test_a_recurrence_in_another_part_of_the_site_or_of_another_category_is_new() -> None:
    canteen = closed(problem="食堂灭火器过期未更换")
    assert verdict(canteen, problem="大厅灭火器压力不足").kind is VerdictKind.NEW
    assert verdict(canteen, problem="食堂灭火器压力不足").kind is VerdictKind.RECURRENCE
    assert verdict(canteen, problem="灭火器压力不足").kind is VerdictKind.RECURRENCE
    assert verdict(closed(category="C9"), problem="灭火器压力不足").kind is VerdictKind.NEW


@pytest.mark.parametrize(("mine", "theirs"), [(None, "C101"), ("C101", None), (None, None)])
def test_a_recurrence_where_either_category_is_unknown_needs_the_same_words(
    mine: str | None, theirs: str | None
) -> None:
    known = closed(category=theirs)
    assert verdict(known, category=mine).kind is VerdictKind.RECURRENCE
    assert verdict(known, category=mine, problem="多具灭火器欠压").kind is VerdictKind.NEW


@pytest.mark.parametrize("nowhere", ["", "  ", "——"])
def test_findings_without_a_place_are_never_merged(nowhere: str) -> None:
    assert verdict(seen(place=nowhere), place=nowhere).kind is VerdictKind.NEW


def test_a_cell_of_a_hundred_kilobytes_is_compared_at_once() -> None:
    long = "灭火器过期" * 20_000
    assert verdict(seen(problem=long), problem=long).kind is VerdictKind.DUPLICATE
    assert verdict(seen(problem=long), problem=long + "了").kind is VerdictKind.NEW
    assert not same_place(long, long + "了")
