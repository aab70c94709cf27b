"""What people may rely on when Duban reads a time limit and says when it ends."""

import csv
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits import (
    LONGEST_DAYS,
    Deadline,
    Limit,
    LimitError,
    LimitUnit,
    deadline,
    ends_a_day,
    extend,
    parse,
    point,
)
from rules.worktime import DayRule, Pause, SpanKind, Worktime, WorktimeError

HOUR, DAY = LimitUnit.WORKING_HOUR, LimitUnit.WORKING_DAY
URGENT, CALENDAR, SAME = LimitUnit.CONTINUOUS_HOUR, LimitUnit.CALENDAR_DAY, LimitUnit.SAME_DAY

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"
ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = ((time(8), time(12)), (time(14), time(18)))
PUBLISHED = range(2019, 2027)


def shipped() -> Worktime:
    with (ROOT / "deploy/reference/calendar.csv").open(encoding="utf-8", newline="") as file:
        rows = [(date.fromisoformat(row["date"]), row) for row in csv.DictReader(file)]
    return Worktime(
        dict.fromkeys(range(5), OFFICE),
        {day: OFFICE if row["workday"] == "1" else () for day, row in rows},
        ZONE,
        names={day: row["name"] for day, row in rows},
    )


CITY = shipped()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(
    text: str, start: str, rule: str = "end_of_day", pauses: Iterable[Pause] = ()
) -> tuple[datetime, bool]:
    found = deadline(parse(text), at(start), CITY, rule, PUBLISHED, pauses=pauses)
    return found.due_at, found.provisional


# -- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("2紧急工作时", 2, URGENT),
        ("2 紧急工作时", 2, URGENT),
        ("4 工作时", 4, HOUR),
        ("4工作小时", 4, HOUR),
        ("3个工作日", 3, DAY),
        ("3 个 工作日内", 3, DAY),
        ("3天", 3, DAY),
        ("7日内", 7, DAY),
        ("三日内", 3, DAY),
        ("24小时", 24, HOUR),
        ("7 自然日", 7, CALENDAR),
        ("10个自然日以内", 10, CALENDAR),
        ("36 自然小时", 36, URGENT),
        ("2 紧急工作日", 48, URGENT),
        ("一周内", 7, CALENDAR),
        ("两星期", 14, CALENDAR),
        ("一个月内", 30, CALENDAR),
        ("半天", Fraction(1, 2), DAY),
        ("十天", 10, DAY),
        ("一十天", 10, DAY),
        ("两百天", 200, DAY),
        ("一百天", 100, DAY),
        ("一百〇五天", 105, DAY),
        ("一百一十五天", 115, DAY),
        ("九百九十九天", 999, DAY),
        ("3 Days", 3, DAY),
        ("1 month", 30, CALENDAR),
        ("2 礼拜", 14, CALENDAR),
        ("2 钟头", 2, HOUR),
        ("半个工作日", Fraction(1, 2), DAY),
        ("1.5天", Fraction(3, 2), DAY),
        ("\uff13 天", 3, DAY),  # a full-width digit
        ("\uff11\uff15天", 15, DAY),
        (" 3 工作日 ", 3, DAY),
        ("两天", 2, DAY),
        ("十五个工作日", 15, DAY),
        ("二十天", 20, DAY),
        ("一百零五天", 105, DAY),
        ("一百十五天", 115, DAY),
        ("三百六十五天", 365, DAY),
        ("叁日内", 3, DAY),
        ("限3日前完成", 3, DAY),
        ("限期5天内整改到位", 5, DAY),
        ("整改时限:3天", 3, DAY),
        ("请于3个工作日内办结。", 3, DAY),
        ("自交办之日起5个工作日内", 5, DAY),
        ("3個工作日內", 3, DAY),
        ("2緊急工作時", 2, URGENT),
        ("一週內", 7, CALENDAR),
        ("當日", 1, SAME),
        ("当天完成", 1, SAME),
        ("立即整改", 1, SAME),
        ("立行立改", 1, SAME),
        ("same day", 1, SAME),
        ("Same-Day", 1, SAME),
        ("15 working days", 15, DAY),
        ("1 working day", 1, DAY),
        ("within 3 business days", 3, DAY),
        ("2 business hours", 2, HOUR),
        ("7 Calendar Days", 7, CALENDAR),
        ("2 continuous hours", 2, URGENT),
        ("3 days", 3, DAY),
        ("1 week", 7, CALENDAR),
    ],
)
def test_a_limit_is_read_as_people_write_it(
    text: str, amount: int | Fraction, unit: LimitUnit
) -> None:
    assert parse(text) == Limit(amount, unit)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("3天", 3, CALENDAR),
        ("24小时", 24, URGENT),
        ("2 hours", 2, URGENT),
        ("3 工作日", 3, DAY),
        ("4 工作时", 4, HOUR),
    ],
)
def test_the_policy_may_read_bare_days_as_calendar_days(
    text: str, amount: int, unit: LimitUnit
) -> None:
    assert parse(text, bare=CALENDAR) == Limit(amount, unit)


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "尽快", "0天", "0.0 工作日", "零天", "-3天", "3", "天", "3 工作", "三五天"),
        *("3-5天", "9月3日前", "3651天", "99999 天", "1000000000000 天", "13 weekss", "3.5.1天"),
        *("每天3次", "3天4小时", "nan days", "²天²", "3 working", "请于内", "3天s", "一百五天"),
    ],
)
def test_rubbish_is_refused_with_what_was_read_and_what_was_expected(text: str) -> None:
    with pytest.raises(LimitError) as refusal:
        parse(text)
    words = refusal.value.words
    assert text.strip() in words.zh
    assert text.strip() in words.en
    for example in ("3 工作日", "4 工作时", "2 紧急工作时", "7 自然日", "当日"):
        assert example in words.zh
    for example in ("3 working days", "2 continuous hours", "7 calendar days", "same day"):
        assert example in words.en


def test_the_refusal_says_what_was_read_and_what_to_do() -> None:
    with pytest.raises(LimitError) as refusal:
        parse("尽快 办结")
    zh, en = refusal.value.words
    assert zh.startswith("读不出时限“尽快 办结”。时限写成数量加单位，例如")
    assert zh.endswith("数量大于零且不超过 3650 天。请改正后重新提交。")
    assert en.startswith('Cannot read the time limit "尽快 办结": a limit is a number and a unit,')
    assert en.endswith("at most 3650 days. Correct it and hand it in again.")


def test_no_limit_at_all_is_told_as_such() -> None:
    with pytest.raises(LimitError) as refusal:
        parse(" \n")
    zh, en = refusal.value.words
    assert zh.startswith("没有写时限。时限写成数量加单位")
    assert en.startswith("No time limit is given: a limit is a number and a unit")


def test_two_hundred_characters_are_read_and_no_more() -> None:
    assert parse("3天" + " " * 198) == Limit(3, DAY)
    with pytest.raises(LimitError) as refusal:
        parse("3天" + " " * 199)
    zh, en = refusal.value.words
    assert zh.startswith("时限一栏有 201 个字，读不出时限。")
    assert zh.endswith("不超过 200 字。")
    assert en.startswith("A text of 201 characters cannot be read as a time limit: ")
    assert en.endswith("written in at most 200 characters.")


def test_bare_days_are_working_or_calendar_days_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="bare must be a day, working or calendar, not"):
        parse("3天", bare=HOUR)


def test_a_long_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(LimitError) as refusal:
        parse("整改" * 50_000)
    assert len(refusal.value.words.zh) < 300
    assert "100000" in refusal.value.words.en


@given(
    st.text(alphabet="0123456789.一二十百半个工作日时天紧急自然小月周内前限完成 days", max_size=60)
)
def test_any_text_is_either_read_or_refused_courteously(text: str) -> None:
    try:
        limit = parse(text)
    except LimitError as refusal:
        limit = refusal
    said = limit.words
    assert said.zh
    assert said.en


@given(
    st.integers(1, LONGEST_DAYS) | st.sampled_from([Fraction(1, 2), Fraction(3, 2)]),
    st.sampled_from([HOUR, DAY, URGENT, CALENDAR]),
)
def test_what_is_printed_can_be_read_again_in_both_languages(
    amount: int | Fraction, unit: LimitUnit
) -> None:
    limit = Limit(amount, unit)
    assert parse(str(limit)) == limit
    assert parse(limit.words.en) == limit


def test_a_limit_prints_as_a_ledger_writes_it() -> None:
    assert str(Limit(3, DAY)) == "3 工作日"
    assert str(Limit(Decimal("2.50"), URGENT)) == "2.5 紧急工作时"
    assert str(Limit(1, SAME)) == "当日"
    assert Limit(1, DAY).words.en == "1 working day"
    assert Limit(Decimal("3.0"), DAY) == Limit(3, DAY)


@pytest.mark.parametrize("amount", [0, -1, LONGEST_DAYS + 1, Fraction(-1, 2)])
def test_a_limit_of_nothing_or_of_ages_cannot_be_made(amount: int | Fraction) -> None:
    with pytest.raises(LimitError):
        Limit(amount, DAY)


@pytest.mark.parametrize(
    ("amount", "unit", "shown", "zh", "en"),
    [
        (0, DAY, "0 工作日", "不大于零", "is not more than nothing"),
        (-1, HOUR, "-1 工作时", "不大于零", "is not more than nothing"),
        (3651, DAY, "3651 工作日", "过长", "is too long"),
        (3651, CALENDAR, "3651 自然日", "过长", "is too long"),
        (24 * 3650 + 1, HOUR, "87601 工作时", "过长", "is too long"),
        (24 * 3650 + 1, URGENT, "87601 紧急工作时", "过长", "is too long"),
        (2, SAME, "2 × 当日", "不成立", "makes no sense"),
    ],
)
def test_an_impossible_limit_says_which_and_why(
    amount: int, unit: LimitUnit, shown: str, zh: str, en: str
) -> None:
    with pytest.raises(LimitError) as refusal:
        Limit(amount, unit)
    assert refusal.value.words.zh.startswith(f"时限“{shown}”{zh}。时限写成数量加单位")
    assert refusal.value.words.en.startswith(f'The limit "{shown}" {en}: a limit is a number')


def test_ten_years_are_the_longest_limit_in_any_unit() -> None:
    for amount, unit in ((3650, DAY), (3650, CALENDAR), (24 * 3650, HOUR), (24 * 3650, URGENT)):
        assert Limit(amount, unit).amount == amount


def test_an_amount_is_printed_exactly_or_as_a_fraction() -> None:
    assert str(Limit(Fraction(1, 3), DAY)) == "1/3 工作日"
    assert str(Limit(Fraction(1, 1_000_000), HOUR)) == "0.000001 工作时"
    assert str(Limit(100, HOUR)) == "100 工作时"
    assert Limit(Fraction(1, 2), DAY).words.en == "0.5 working days"


def test_every_limit_of_the_citys_category_table_is_read() -> None:
    path = DATA / "categories.csv"
    if not path.exists():
        pytest.skip("the shared data is not here")
    with path.open(encoding="utf-8-sig", newline="") as file:
        texts = {f"{row['limit_value']}{row['limit_unit']}" for row in csv.DictReader(file)}
    assert len(texts) > 20
    assert {parse(text).unit for text in texts} == {HOUR, DAY, URGENT, CALENDAR}


def test_every_limit_of_the_real_findings_and_the_circular_is_read() -> None:
    findings, circular = DATA / "real_findings.csv", DATA / "circular.txt"
    if not (findings.exists() and circular.exists()):
        pytest.skip("the shared data is not here")
    with findings.open(encoding="utf-8-sig", newline="") as file:
        texts = {row["整改时限"] for row in csv.DictReader(file)} - {""}
    texts |= set(re.findall(r"整改时限[::]\S+", circular.read_text(encoding="utf-8")))
    assert {parse(text) for text in texts} == {Limit(3, DAY), Limit(5, DAY)}


# -- reckoning -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("3 工作日", "2026-09-24T15:00", "2026-09-30T18:00"),  # over Mid-Autumn
        ("1 工作日", "2026-09-19T10:00", "2026-09-20T18:00"),  # the make-up Sunday
        ("4 工作日", "2026-09-30T15:00", "2026-10-12T18:00"),  # the make-up Saturday
        ("4 工作时", "2026-09-24T15:00", "2026-09-28T09:00"),
        ("3 工作时", "2026-09-24T15:00", "2026-09-24T18:00"),
        ("2 紧急工作时", "2026-09-24T23:00", "2026-09-25T01:00"),
        ("7 自然日", "2026-09-24T15:00", "2026-10-02T00:00"),
        ("1 自然日", "2026-09-24T00:00", "2026-09-26T00:00"),
        ("当日", "2026-09-24T09:00", "2026-09-24T18:00"),
        ("当日", "2026-09-24T18:00", "2026-09-28T18:00"),
        ("当日", "2026-10-03T09:00", "2026-10-08T18:00"),
        ("半天", "2026-09-24T15:00", "2026-09-28T09:00"),
    ],
)
def test_each_kind_of_limit_ends_when_the_city_says(text: str, start: str, expected: str) -> None:
    assert due(text, start) == (at(expected), False)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("hours", "2026-09-30T15:00"),
        ("same_time", "2026-09-30T15:00"),
        ("end_of_day", "2026-09-30T18:00"),
    ],
)
def test_the_policys_day_rule_decides_for_working_days(rule: str, expected: str) -> None:
    assert due("3 工作日", "2026-09-24T15:00", rule) == (at(expected), False)


def test_a_deadline_crossing_into_an_unpublished_year_is_provisional() -> None:
    assert due("5 工作日", "2026-12-29T09:00") == (at("2027-01-05T18:00"), True)
    assert due("2 工作日", "2026-12-29T09:00") == (at("2026-12-31T18:00"), False)
    assert due("2 自然日", "2026-12-29T09:00") == (at("2027-01-01T00:00"), False)


def test_without_a_list_of_years_every_year_counts_as_published() -> None:
    assert not deadline(Limit(5, DAY), at("2026-12-29T09:00"), CITY).provisional


SUSPENDED = (at("2026-08-04T10:00"), at("2026-08-06T10:00"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 工作时", "2026-08-04T10:00"),  # used up just as the pause begins
        ("2 工作时", "2026-08-06T11:00"),
        ("3 紧急工作时", "2026-08-06T12:00"),
        ("2 工作日", "2026-08-10T18:00"),  # the 5th and 6th are touched
        ("2 自然日", "2026-08-09T00:00"),
        ("当日", "2026-08-07T18:00"),
    ],
)
def test_a_suspension_moves_the_due_instant(text: str, expected: str) -> None:
    assert due(text, "2026-08-04T09:00", pauses=[SUSPENDED])[0] == at(expected)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([("2026-08-01T00:00", "2026-08-02T00:00")], "2026-08-07T00:00"),  # before it began
        ([("2026-08-03T08:00", "2026-08-03T20:00")], "2026-08-07T00:00"),  # its first day
        ([("2026-08-03T08:00", "2026-08-04T00:00")], "2026-08-07T00:00"),  # up to midnight
        ([("2026-08-03T08:00", "2026-08-04T00:01")], "2026-08-08T00:00"),
        ([("2026-08-06T23:59", "2026-08-07T00:00")], "2026-08-08T00:00"),  # its last day
        ([("2026-08-07T00:00", "2026-08-09T00:00")], "2026-08-07T00:00"),  # after it ended
        ([("2026-08-04T10:00", "2026-08-04T11:00")] * 2, "2026-08-08T00:00"),
        (
            [("2026-08-04T08:00", "2026-08-04T09:00"), ("2026-08-04T15:00", "2026-08-05T09:00")],
            "2026-08-09T00:00",  # the 4th is lost once, though paused twice
        ),
        (
            [("2026-08-05T08:00", "2026-08-05T09:00"), ("2026-08-07T08:00", "2026-08-07T09:00")],
            "2026-08-09T00:00",  # the second is met only because of the first
        ),
    ],
)
def test_a_calendar_day_touched_by_a_suspension_does_not_count(
    pauses: list[tuple[str, str]], expected: str
) -> None:
    stops = [(at(begun), at(ended)) for begun, ended in pauses]
    assert due("3 自然日", "2026-08-03T09:00", pauses=stops)[0] == at(expected)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([("2026-08-03T07:00", "2026-08-03T08:00")], "2026-08-03T19:00"),
        ([("2026-08-03T08:00", "2026-08-03T10:00")], "2026-08-03T20:00"),
        ([("2026-08-03T19:00", "2026-08-03T21:00")], "2026-08-03T19:00"),
        ([("2026-08-03T18:59", "2026-08-03T21:00")], "2026-08-03T21:01"),
        (
            [("2026-08-03T19:30", "2026-08-03T20:00"), ("2026-08-03T10:00", "2026-08-03T11:00")],
            "2026-08-03T20:30",
        ),
    ],
)
def test_a_suspension_holds_up_a_continuous_clock_by_what_it_takes_of_it(
    pauses: list[tuple[str, str]], expected: str
) -> None:
    stops = [(at(begun), at(ended)) for begun, ended in pauses]
    assert due("10 紧急工作时", "2026-08-03T09:00", pauses=stops)[0] == at(expected)


def test_half_a_calendar_day_and_half_a_working_day_are_reckoned_in_hours() -> None:
    assert due("1.5 自然日", "2026-08-03T09:00")[0] == at("2026-08-04T21:00")
    pause = [(at("2026-08-03T10:00"), at("2026-08-03T11:00"))]
    assert due("1.5 自然日", "2026-08-03T09:00", pauses=pause)[0] == at("2026-08-04T22:00")
    assert due("半天", "2026-08-03T09:00", pauses=pause)[0] == at("2026-08-03T16:00")


def test_the_deadline_keeps_all_it_was_reckoned_from() -> None:
    found = deadline(
        Limit(2, DAY), at("2026-08-03T09:00").astimezone(UTC), CITY, "hours", pauses=[SUSPENDED]
    )
    assert (found.start, found.start.tzinfo) == (at("2026-08-03T09:00"), ZONE)
    assert (found.limit, found.day_rule) == (Limit(2, DAY), DayRule.HOURS)
    assert (found.pauses, found.unpublished) == ((SUSPENDED,), ())


def test_every_year_it_touches_without_a_calendar_is_named() -> None:
    def missing(text: str, start: str) -> tuple[int, ...]:
        return deadline(parse(text), at(start), CITY, published=PUBLISHED).unpublished

    assert missing("600 自然日", "2026-12-01T09:00") == (2027, 2028)
    assert missing("2 工作日", "2018-12-28T09:00") == (2018,)
    assert missing("4 自然日", "2026-12-27T09:00") == ()  # ends at the midnight closing 2026


def test_an_extension_adds_one_limit_to_the_old_due_instant() -> None:
    friday = deadline(Limit(3, DAY), at("2026-08-04T09:00"), CITY)
    assert friday.due_at == at("2026-08-07T18:00")
    longer = extend(friday, Limit(3, DAY), CITY)
    assert (longer.start, longer.due_at) == (friday.due_at, at("2026-08-12T18:00"))


@pytest.mark.parametrize("rule", list(DayRule))
def test_by_any_day_rule_an_extension_runs_from_closing_to_closing(rule: DayRule) -> None:
    friday = Deadline(at("2026-08-07T18:00"), at("2026-08-04T18:00"), Limit(3, DAY), rule)
    assert extend(friday, Limit(3, DAY), CITY).due_at == at("2026-08-12T18:00")


def test_a_week_more_is_a_week_more_even_when_due_at_midnight() -> None:
    week = deadline(Limit(7, CALENDAR), at("2026-09-24T15:00"), CITY)
    assert extend(week, Limit(7, CALENDAR), CITY).due_at == at("2026-10-09T00:00")


def test_an_extended_same_day_is_the_next_working_day() -> None:
    today = deadline(Limit(1, SAME), at("2026-08-07T09:00"), CITY)
    assert extend(today, today.limit, CITY).due_at == at("2026-08-10T18:00")


def test_an_extension_of_a_provisional_deadline_stays_provisional() -> None:
    first = deadline(Limit(5, DAY), at("2026-12-29T09:00"), CITY, published=PUBLISHED)
    assert extend(first, first.limit, CITY, PUBLISHED).unpublished == (2027,)
    into = deadline(Limit(2, DAY), at("2026-12-29T09:00"), CITY, published=PUBLISHED)
    assert not into.provisional
    assert extend(into, into.limit, CITY, PUBLISHED).provisional


def test_an_extension_names_the_unpublished_years_of_both_in_order() -> None:
    first = deadline(Limit(400, CALENDAR), at("2026-12-10T09:00"), CITY, published=PUBLISHED)
    assert extend(first, Limit(7, CALENDAR), CITY, PUBLISHED).unpublished == (2027, 2028)
    assert extend(first, Limit(7, CALENDAR), CITY).unpublished == (2027, 2028)


def test_a_suspension_during_an_extension_holds_it_up_too() -> None:
    first = deadline(Limit(1, DAY), at("2026-08-03T09:00"), CITY, pauses=[])
    pause = [(at("2026-08-05T09:00"), at("2026-08-05T10:00"))]
    longer = extend(first, Limit(1, DAY), CITY, pauses=pause)
    assert longer.due_at == at("2026-08-06T18:00")
    assert longer.pauses == tuple(pause)


def test_an_extension_by_hours_or_by_part_of_a_day_runs_on_from_the_old_due_instant() -> None:
    shop = Worktime(dict.fromkeys(range(7), ((time(9), time(0)),)), {}, ZONE)
    day = deadline(Limit(1, DAY), at("2026-08-03T09:00"), shop)
    assert day.due_at == at("2026-08-05T00:00")
    assert extend(day, Limit(2, HOUR), shop).due_at == at("2026-08-05T11:00")
    assert extend(day, Limit(2, URGENT), shop).due_at == at("2026-08-05T02:00")
    assert extend(day, Limit(1, DAY), shop).due_at == at("2026-08-06T00:00")
    assert extend(day, Limit(Fraction(1, 3), DAY), shop).due_at == at("2026-08-05T14:00")


def test_a_limit_by_days_alone_ends_a_day() -> None:
    assert ends_a_day(Limit(3, DAY), DayRule.END_OF_DAY)
    assert ends_a_day(Limit(3, CALENDAR), DayRule.HOURS)
    assert not ends_a_day(Limit(3, DAY), DayRule.SAME_TIME)
    assert not ends_a_day(Limit(3, HOUR), DayRule.END_OF_DAY)
    assert not ends_a_day(Limit(Fraction(1, 2), DAY), DayRule.END_OF_DAY)
    assert not ends_a_day(Limit(Fraction(1, 2), CALENDAR), DayRule.END_OF_DAY)


def test_half_of_a_limit_is_half_of_its_own_clock() -> None:
    working = deadline(Limit(4, HOUR), at("2026-09-24T15:00"), CITY)
    assert point(working, CITY, Fraction(1, 2)) == at("2026-09-24T17:00")
    urgent = deadline(Limit(4, URGENT), at("2026-09-24T23:00"), CITY)
    assert point(urgent, CITY, 0.5) == at("2026-09-25T01:00")
    calendar = deadline(Limit(1, CALENDAR), at("2026-08-04T12:00"), CITY)
    assert point(calendar, CITY, 0.5) == at("2026-08-05T06:00")


def test_the_ends_of_a_limit_are_its_start_and_its_due_instant() -> None:
    begun = deadline(Limit(3, DAY), at("2026-09-26T10:00"), CITY)
    assert point(begun, CITY, 0) == at("2026-09-26T10:00")
    assert point(begun, CITY, 1) == begun.due_at
    sunday = deadline(Limit(1, DAY), at("2026-08-02T10:00"), CITY, "same_time")
    assert point(sunday, CITY, 1) == sunday.due_at == at("2026-08-04T08:00")


def test_a_share_that_comes_out_even_is_exact_to_the_microsecond() -> None:
    three = deadline(Limit(3, HOUR), at("2026-08-04T08:00"), CITY)
    assert point(three, CITY, Fraction(7, 10)) == at("2026-08-04T10:06")


def test_a_deadline_tells_what_the_time_until_it_is_made_of() -> None:
    pause = (at("2026-08-04T10:00"), at("2026-08-04T11:00"))
    found = deadline(Limit(2, HOUR), at("2026-08-04T09:00"), CITY, pauses=[pause])
    assert [(span.start, span.end, span.kind) for span in found.spans(CITY)] == [
        (found.start, pause[0], SpanKind.WORKING),
        (*pause, SpanKind.PAUSE),
        (pause[1], found.due_at, SpanKind.WORKING),
    ]


def test_a_pause_holds_up_the_halfway_point_too() -> None:
    paused = deadline(Limit(4, HOUR), at("2026-08-04T09:00"), CITY, pauses=[SUSPENDED])
    assert point(paused, CITY, 0.5) == at("2026-08-06T11:00")


def test_a_pause_the_deadline_does_not_know_of_holds_up_the_point_as_well() -> None:
    pause = [(at("2026-08-04T10:00"), at("2026-08-04T11:00"))]
    working = deadline(Limit(8, HOUR), at("2026-08-04T08:00"), CITY)
    assert point(working, CITY, Fraction(1, 2), pause) == at("2026-08-04T14:30")
    urgent = deadline(Limit(8, URGENT), at("2026-08-04T08:00"), CITY)
    assert point(urgent, CITY, Fraction(1, 2), pause) == at("2026-08-04T12:30")
    straddling = [(at("2026-08-04T07:00"), at("2026-08-04T09:00"))]
    assert point(urgent, CITY, Fraction(1, 7), straddling) == at("2026-08-04T10:00")
    over = [(at("2026-08-04T15:00"), at("2026-08-04T20:00")), (at("2026-08-05T15:00"),) * 2]
    assert point(urgent, CITY, Fraction(1, 7), over) == at("2026-08-04T09:00")
    apart = [(at("2026-08-03T15:00"), at("2026-08-03T20:00"))]
    assert point(urgent, CITY, Fraction(1, 8), apart) == at("2026-08-04T09:00")


def test_a_point_of_paused_hours_leaves_the_deadlines_own_pauses_out() -> None:
    paused = deadline(Limit(4, URGENT), at("2026-08-04T09:00"), CITY, pauses=[SUSPENDED])
    assert point(paused, CITY, 0.5) == at("2026-08-06T11:00")


@pytest.mark.parametrize("part", [-0.1, 1.5])
def test_a_point_outside_the_limit_is_refused(part: float) -> None:
    begun = deadline(Limit(3, DAY), at("2026-09-24T15:00"), CITY)
    with pytest.raises(LimitError) as refusal:
        point(begun, CITY, part)
    assert refusal.value.words == (
        f"提醒点 {part} 不在 0 到 1 之间。请写成时限的比例，例如 0.5（即 50%）。",
        f"The point {part} is not between 0 and 1. "
        "Give it as a share of the limit, for example 0.5 for half.",
    )


def test_twelve_hours_across_a_clock_change_are_twelve_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = Worktime({0: OFFICE}, {}, berlin)
    start = datetime(2026, 10, 24, 20, tzinfo=berlin)
    urgent = deadline(Limit(12, URGENT), start, night)
    assert urgent.due_at.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=12)
    assert point(urgent, night, 0.75).astimezone(UTC) == datetime(2026, 10, 25, 3, tzinfo=UTC)
    assert deadline(Limit(1, CALENDAR), start, night).due_at == datetime(
        2026, 10, 26, tzinfo=berlin
    )


def test_a_start_without_a_zone_and_an_unknown_rule_are_refused() -> None:
    with pytest.raises(WorktimeError):
        deadline(Limit(3, URGENT), datetime(2026, 9, 24), CITY)  # noqa: DTZ001
    with pytest.raises(WorktimeError, match="same_time"):
        deadline(Limit(3, URGENT), at("2026-09-24T15:00"), CITY, "whenever")


STARTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
UNITS = st.sampled_from([HOUR, DAY, URGENT, CALENDAR])


@given(STARTS, st.integers(1, 60), UNITS, st.sampled_from(list(DayRule)))
def test_a_longer_limit_never_ends_earlier_and_an_extension_always_later(
    start: datetime, n: int, unit: LimitUnit, rule: DayRule
) -> None:
    one = deadline(Limit(n, unit), start, CITY, rule)
    assert start < one.due_at < deadline(Limit(n + 1, unit), start, CITY, rule).due_at
    assert extend(one, Limit(n, unit), CITY).due_at > one.due_at
    half, most = point(one, CITY, 0.5), point(one, CITY, 0.8)
    assert one.start <= half <= most <= one.due_at
