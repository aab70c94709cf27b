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
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.explanation import explain
from rules.limits import (
    LONGEST_DAYS,
    Deadline,
    Limit,
    LimitError,
    LimitUnit,
    deadline,
    extend,
    parse,
    point,
)
from rules.worktime import DayRule, Pause, Worktime, WorktimeError

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
        *("每天3次", "3天4小时", "nan days", "²天²", "3 working", "请于内"),
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


def test_a_long_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(LimitError) as refusal:
        parse("整改" * 50_000)
    assert len(refusal.value.words.zh) < 300
    assert "100000" in refusal.value.words.en


@settings(max_examples=300, deadline=None)
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


def test_a_pause_holds_up_the_halfway_point_too() -> None:
    paused = deadline(Limit(4, HOUR), at("2026-08-04T09:00"), CITY, pauses=[SUSPENDED])
    assert point(paused, CITY, 0.5) == at("2026-08-06T11:00")


@pytest.mark.parametrize("part", [-0.1, 1.5])
def test_a_point_outside_the_limit_is_refused(part: float) -> None:
    begun = deadline(Limit(3, DAY), at("2026-09-24T15:00"), CITY)
    with pytest.raises(LimitError):
        point(begun, CITY, part)


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


@settings(max_examples=100, deadline=None)
@given(STARTS, st.integers(1, 60), UNITS, st.sampled_from(list(DayRule)))
def test_a_longer_limit_never_ends_earlier_and_an_extension_always_later(
    start: datetime, n: int, unit: LimitUnit, rule: DayRule
) -> None:
    one = deadline(Limit(n, unit), start, CITY, rule)
    assert start < one.due_at < deadline(Limit(n + 1, unit), start, CITY, rule).due_at
    assert extend(one, Limit(n, unit), CITY).due_at > one.due_at
    half, most = point(one, CITY, 0.5), point(one, CITY, 0.8)
    assert one.start <= half <= most <= one.due_at


# -- explaining ------------------------------------------------------------------------------


def letter(text: str, start: str, rule: str = "end_of_day", pauses: Iterable[Pause] = ()) -> str:
    found = deadline(parse(text), at(start), CITY, rule, PUBLISHED, pauses=pauses)
    return "\n".join(f"{line.zh}\n{line.en}" for line in explain(found, CITY))


def test_the_letter_names_each_day_counted_and_the_holiday_skipped() -> None:
    said = letter("3 工作日", "2026-09-24T15:00")
    for part in (
        *("时限 3 工作日", "起算当日不计", "2026-09-24（周四）15:00", "2026-09-30（周三）18:00"),
        *("2026-09-28（周一）、2026-09-29（周二）、2026-09-30（周三）", "Mon 2026-09-28"),
        *("中秋节（2026-09-25（周五）至2026-09-27（周日））", "Mid-Autumn Festival"),
    ):
        assert part in said
    assert "尚未公布" not in said


def test_the_letter_tells_of_the_make_up_saturday_and_the_weekend() -> None:
    said = letter("6 工作日", "2026-09-30T15:00")
    assert "照常上班而计入：2026-10-10（周六）国庆节调休" in said
    assert "国庆节（2026-10-01（周四）至2026-10-07（周三））、周末（2026-10-11（周日））" in said


def test_the_letter_counts_the_hours_of_a_limit_in_hours() -> None:
    said = letter("4 工作时", "2026-09-24T15:00")
    assert "2026-09-24（周四）3 小时、2026-09-28（周一）1 小时" in said


def test_the_letter_says_that_an_urgent_limit_runs_through_the_night() -> None:
    said = letter("2 紧急工作时", "2026-09-24T23:00")
    assert "连续计时" in said
    assert "不计入" not in said


def test_the_letter_calls_a_midnight_the_end_of_the_day_it_closes() -> None:
    assert "2026-10-01（周四）24:00" in letter("7 自然日", "2026-09-24T15:00")


def test_the_letter_warns_of_the_year_not_yet_published() -> None:
    said = letter("5 工作日", "2026-12-29T09:00")
    assert "2027 年放假安排尚未公布" in said
    assert "the holidays of 2027 are not published" in said


def test_the_letter_tells_of_a_pause_and_does_not_list_its_days() -> None:
    said = letter("2 工作日", "2026-08-03T09:00", pauses=[SUSPENDED])
    assert "2026-08-04（周二）10:00至2026-08-06（周四）10:00暂停计时" in said
    assert "（2 天）：2026-08-07（周五）、2026-08-10（周一）" in said


def test_the_letter_for_an_extension_lists_only_the_days_added() -> None:
    week = deadline(Limit(7, CALENDAR), at("2026-09-24T15:00"), CITY)
    said = [line.zh for line in explain(extend(week, Limit(2, CALENDAR), CITY), CITY)]
    assert "计入的自然日（2 天）：2026-10-02（周五）、2026-10-03（周六）。" in said


@pytest.mark.parametrize("text", ["200 工作日", "1600 工作时", "365 自然日", "3650 自然日"])
def test_a_long_limit_is_summed_up(text: str) -> None:
    said = letter(text, "2025-03-03T09:00")
    assert len(said) < 2500
    assert len(said.splitlines()) <= 16
