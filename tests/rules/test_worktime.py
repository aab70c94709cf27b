"""What a city may rely on when Duban reckons with its working hours."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.worktime import DayRule, Slot, SpanKind, Worktime, WorktimeError, merged

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = ((time(8), time(12)), (time(14), time(18)))
WEEK = dict.fromkeys(range(5), OFFICE)
ALWAYS = dict.fromkeys(range(7), ((time(0), time(0)),))


def off(first: str, last: str, name: str) -> dict[date, str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return {begin + timedelta(days=i): name for i in range((end - begin).days + 1)}


REST = off("2026-09-25", "2026-09-27", "中秋节") | off("2026-10-01", "2026-10-07", "国庆节")
MADE_UP = {date(2026, 9, 20): "国庆节调休", date(2026, 10, 10): "国庆节调休"}
CITY = Worktime(
    WEEK,
    dict.fromkeys(REST, ()) | dict.fromkeys(MADE_UP, OFFICE),
    SHANGHAI,
    names=REST | MADE_UP,
)
PLAIN = Worktime(WEEK, {}, SHANGHAI)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


# -- boundaries ------------------------------------------------------------------------------


def test_a_limit_used_up_at_closing_time_is_due_that_evening() -> None:
    assert CITY.add(at("2026-09-24T15:00"), hours(3)) == at("2026-09-24T18:00")


def test_a_limit_used_up_at_the_lunch_break_is_due_before_lunch() -> None:
    assert PLAIN.add(at("2026-08-04T08:00"), hours(4)) == at("2026-08-04T12:00")


def test_time_before_opening_counts_from_opening() -> None:
    assert PLAIN.add(at("2026-08-04T03:00"), hours(1)) == at("2026-08-04T09:00")
    assert PLAIN.add(at("2026-08-01T12:00"), hours(1)) == at("2026-08-03T09:00")


def test_backward_a_limit_ends_at_opening_time() -> None:
    assert PLAIN.add(at("2026-08-04T18:00"), hours(-8)) == at("2026-08-04T08:00")
    assert PLAIN.add(at("2026-08-04T08:00"), hours(-1)) == at("2026-08-03T17:00")


def test_nothing_added_is_the_same_instant_even_at_night() -> None:
    night = at("2026-08-01T03:00")
    assert CITY.add(night, timedelta()) == night


def test_opening_time_is_open_and_closing_time_is_closed() -> None:
    assert CITY.is_open(at("2026-09-24T08:00"))
    assert not CITY.is_open(at("2026-09-24T12:00"))
    assert not CITY.is_open(at("2026-09-24T18:00"))
    assert CITY.is_open(at("2026-09-24T17:59:59.999999"))


def test_next_opening_is_now_when_open_and_passes_over_the_holiday_when_not() -> None:
    assert CITY.next_open(at("2026-09-24T15:00")) == at("2026-09-24T15:00")
    assert CITY.next_open(at("2026-09-24T18:00")) == at("2026-09-28T08:00")


def test_next_closing_includes_lunch() -> None:
    assert CITY.next_close(at("2026-09-24T09:00")) == at("2026-09-24T12:00")
    assert CITY.next_close(at("2026-09-24T18:00")) == at("2026-09-28T12:00")


def test_midnight_inside_a_night_shift_is_no_closing() -> None:
    shift = {0: ((time(20), time(0)),), 1: ((time(0), time(6)),)}
    night = Worktime(shift, {}, SHANGHAI)
    assert night.next_close(at("2026-08-03T21:00")) == at("2026-08-04T06:00")
    assert night.add(at("2026-08-03T21:00"), hours(3)) == at("2026-08-04T00:00")


def test_the_last_closing_of_a_year_is_found() -> None:
    assert PLAIN.next_close(at("2025-12-31T15:00")) == at("2025-12-31T18:00")
    single = Worktime({}, {date(2024, 12, 31): OFFICE}, SHANGHAI)
    assert single.next_close(at("2024-12-31T15:00")) == at("2024-12-31T18:00")


@pytest.mark.parametrize("year", [2019, 2023, 2024, 2031])
def test_the_first_question_may_be_about_the_turn_of_any_year(year: int) -> None:
    shop = dict.fromkeys(range(7), OFFICE)
    evening, night = at(f"{year}-12-31T18:00"), at(f"{year + 1}-01-01T03:00")
    assert Worktime(shop, {}, SHANGHAI).next_open(evening) == at(f"{year + 1}-01-01T08:00")
    assert Worktime(shop, {}, SHANGHAI).add(evening, hours(1)) == at(f"{year + 1}-01-01T09:00")
    assert Worktime(shop, {}, SHANGHAI).add(night, hours(-1)) == at(f"{year}-12-31T17:00")
    assert Worktime(shop, {}, SHANGHAI).add_days(night, -1, "same_time") == at(
        f"{year}-12-30T18:00"
    )
    assert Worktime(shop, {}, SHANGHAI).is_open(night + hours(6))
    assert Worktime(shop, {}, SHANGHAI).between(night, night + hours(6)) == hours(1)
    assert Worktime(ALWAYS, {}, SHANGHAI).is_open(at(f"{year + 1}-01-01T00:00"))


def test_open_round_the_clock_it_closes_on_its_next_day_off_even_ten_years_on() -> None:
    for last in (date(2026, 8, 5), date(2036, 12, 31)):
        always = Worktime(ALWAYS, {last: ()}, SHANGHAI)
        midnight = datetime.combine(last, time(), SHANGHAI)
        assert always.next_close(at("2026-08-04T08:00")) == midnight


def test_the_midnight_a_date_begins_is_an_instant_of_the_zone() -> None:
    assert CITY.midnight(date(2026, 9, 24)) == at("2026-09-24T00:00")
    assert CITY.midnight(date(2026, 9, 24)).tzinfo is SHANGHAI


# -- the calendar ----------------------------------------------------------------------------


def test_mid_autumn_is_skipped_and_its_make_up_sunday_counts() -> None:
    assert CITY.add(at("2026-09-24T15:00"), hours(4)) == at("2026-09-28T09:00")
    assert CITY.is_workday(date(2026, 9, 20))
    assert not CITY.is_workday(date(2026, 9, 25))
    assert CITY.between(at("2026-09-19T00:00"), at("2026-09-21T00:00")) == hours(8)


def test_national_day_is_skipped_and_its_make_up_saturday_counts() -> None:
    assert CITY.add_days(at("2026-09-30T15:00"), 3) == at("2026-10-10T18:00")
    assert CITY.add_days(at("2026-09-30T15:00"), 4) == at("2026-10-12T18:00")


def test_a_single_date_may_have_hours_of_its_own() -> None:
    short = Worktime(WEEK, {date(2026, 8, 4): ((time(8), time(10)),)}, SHANGHAI)
    assert short.add(at("2026-08-04T08:00"), hours(3)) == at("2026-08-05T09:00")
    assert short.add_days(at("2026-08-03T09:00"), 1) == at("2026-08-04T10:00")


def test_working_days_are_counted_half_open_and_signed() -> None:
    assert CITY.workdays_between(date(2026, 9, 24), date(2026, 9, 28)) == 1
    assert CITY.workdays_between(date(2026, 9, 28), date(2026, 9, 24)) == -1
    assert CITY.workdays_between(at("2026-09-24T23:00"), at("2026-10-12T01:00")) == 7
    assert CITY.workdays_between(date(2026, 9, 24), date(2026, 9, 24)) == 0


def test_a_schedule_of_single_dates_is_searched_ahead_and_back() -> None:
    def rare() -> Worktime:
        return Worktime({}, {date(2026, 8, 4): OFFICE}, SHANGHAI)

    for n in (0, 1):
        assert rare().add_days(at("2024-03-01T09:00"), n) == at("2026-08-04T18:00")
    assert rare().add_days(at("2028-03-01T09:00"), -1) == at("2026-08-04T18:00")
    assert rare().next_open(at("2024-03-01T09:00")) == at("2026-08-04T08:00")
    assert rare().next_close(at("2024-03-01T09:00")) == at("2026-08-04T12:00")


def test_a_schedule_without_an_opening_for_ten_years_is_closed_for_good() -> None:
    def once(year: int) -> Worktime:
        return Worktime({}, {date(year, 8, 4): OFFICE}, SHANGHAI)

    begun = at("2024-01-01T00:00")
    assert once(2033).next_open(begun) == at("2033-08-04T08:00")
    assert once(2015).add(begun, hours(-8)) == at("2015-08-04T08:00")
    twice = Worktime({}, {date(year, 8, 4): OFFICE for year in (2024, 2034)}, SHANGHAI)
    assert twice.next_open(at("2024-12-01T00:00")) == at("2034-08-04T08:00")
    for ask in (
        lambda: once(2034).next_open(begun),
        lambda: once(2014).add(begun, hours(-8)),
        lambda: once(2024).next_open(at("2024-12-01T00:00")),
        lambda: once(2024).add(at("2024-02-01T00:00"), hours(-1)),
    ):
        with pytest.raises(WorktimeError) as refusal:
            ask()
        assert "nothing ever opens within 10 years" in refusal.value.words.en


def test_working_days_of_many_years_are_those_one_would_count_by_hand() -> None:
    first, last = date(2019, 5, 1), date(2029, 5, 1)
    by_hand = sum((first + timedelta(days=i)).weekday() < 5 for i in range((last - first).days))
    assert Worktime(WEEK, {}, SHANGHAI).workdays_between(first, last) == by_hand
    assert Worktime(WEEK, {}, SHANGHAI).workdays_between(last, first) == -by_hand


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    utc = datetime(2026, 9, 24, 7, tzinfo=UTC)
    answer = CITY.add(utc, hours(4))
    assert answer == at("2026-09-28T09:00")
    assert answer.tzinfo is SHANGHAI
    assert CITY.is_workday(datetime(2026, 9, 27, 17, tzinfo=UTC))  # Monday 01:00 there


def test_whatever_kind_of_datetime_is_asked_with_the_answer_is_a_plain_one() -> None:
    moment = pendulum.datetime(2026, 9, 24, 7)
    for answer in (CITY.local(moment), CITY.add(moment, hours(4)), CITY.next_open(moment)):
        assert type(answer) is datetime
    assert CITY.local(moment) == at("2026-09-24T15:00")
    assert CITY.local(moment).tzinfo is SHANGHAI


# -- day rules -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("hours", "2026-09-30T15:00"),
        ("same_time", "2026-09-30T15:00"),
        ("end_of_day", "2026-09-30T18:00"),
    ],
)
def test_three_working_days_across_mid_autumn(rule: str, due: str) -> None:
    assert CITY.add_days(at("2026-09-24T15:00"), 3, rule) == at(due)


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("hours", "2026-08-06T18:00"),
        ("same_time", "2026-08-07T08:00"),
        ("end_of_day", "2026-08-06T18:00"),
    ],
)
def test_begun_on_a_sunday_the_first_day_is_monday(rule: str, due: str) -> None:
    assert PLAIN.add_days(at("2026-08-02T10:00"), 4, rule) == at(due)


@pytest.mark.parametrize("rule", list(DayRule))
def test_from_closing_time_one_more_day_is_the_next_closing(rule: str) -> None:
    assert PLAIN.add_days(at("2026-08-07T18:00"), 1, rule) == at("2026-08-10T18:00")


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("hours", "2026-09-23T15:00"),
        ("same_time", "2026-09-23T15:00"),
        ("end_of_day", "2026-09-23T18:00"),
    ],
)
def test_days_are_counted_backward_too(rule: str, due: str) -> None:
    assert CITY.add_days(at("2026-09-28T15:00"), -2, rule) == at(due)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-08-02T10:00", 1, "2026-08-04T08:00"),  # a Sunday: from Monday's opening
        ("2026-08-04T12:30", 1, "2026-08-05T14:00"),  # lunch: from two o'clock
        ("2026-08-04T19:00", 1, "2026-08-06T08:00"),
        ("2026-08-02T10:00", -1, "2026-07-30T18:00"),  # back from Friday's closing
        ("2026-08-04T12:30", -1, "2026-08-03T12:00"),
        ("2026-08-04T12:00", 1, "2026-08-05T12:00"),  # closing time stays closing time
        ("2026-08-04T12:00", -1, "2026-08-03T12:00"),
        ("2026-08-02T10:00", 0, "2026-08-02T10:00"),
    ],
)
def test_the_same_time_of_a_moment_outside_hours_is_that_of_the_nearest_inside(
    start: str, n: int, due: str
) -> None:
    assert PLAIN.add_days(at(start), n, "same_time") == at(due)


def test_no_days_by_the_same_time_is_the_instant_itself_on_the_clock_of_the_zone() -> None:
    answer = PLAIN.add_days(datetime(2026, 8, 2, 2, tzinfo=UTC), 0, "same_time")
    assert (answer, answer.tzinfo) == (at("2026-08-02T10:00"), SHANGHAI)


def test_weekdays_round_the_clock_turn_at_their_own_midnights() -> None:
    nights = Worktime(dict.fromkeys(range(5), ((time(0), time(0)),)), {}, SHANGHAI)
    assert nights.add_days(at("2026-08-07T00:00"), 1, "same_time") == at("2026-08-10T00:00")
    assert nights.add_days(at("2026-08-08T00:00"), 1, "same_time") == at("2026-08-11T00:00")
    assert nights.add_days(at("2026-08-10T00:00"), -1, "same_time") == at("2026-08-07T00:00")


def test_no_days_is_todays_closing_or_the_next_one() -> None:
    assert CITY.add_days(at("2026-09-24T09:00"), 0) == at("2026-09-24T18:00")
    assert CITY.add_days(at("2026-09-24T18:00"), 0) == at("2026-09-28T18:00")
    assert CITY.add_days(at("2026-10-03T09:00"), 0) == at("2026-10-08T18:00")


def test_a_shop_open_till_midnight_closes_its_nth_day_at_midnight() -> None:
    shop = Worktime(dict.fromkeys(range(7), ((time(9), time(0)),)), {}, SHANGHAI)
    assert shop.add_days(at("2026-08-03T15:00"), 1) == at("2026-08-05T00:00")
    assert shop.add_days(at("2026-08-04T00:00"), 1, "same_time") == at("2026-08-05T00:00")


def test_a_friday_that_closed_at_midnight_and_one_day_more_is_monday_midnight() -> None:
    shop = Worktime(dict.fromkeys(range(5), ((time(9), time(0)),)), {}, SHANGHAI)
    assert shop.add_days(at("2026-08-08T00:00"), 1, "same_time") == at("2026-08-11T00:00")


def test_a_normal_day_is_the_commonest_one_and_of_equals_the_longer() -> None:
    half = ((time(8), time(12)),)
    assert PLAIN.day_length == hours(8)
    assert Worktime({**WEEK, 5: half}, {}, SHANGHAI).day_length == hours(8)
    assert Worktime({0: OFFICE, 1: half}, {}, SHANGHAI).day_length == hours(8)
    assert Worktime({**WEEK, 5: ((time(8), time(20)),)}, {}, SHANGHAI).day_length == hours(8)
    exact = ((time(8, 0, 30), time(12, 0, 0, 500_000)),)
    length = Worktime({0: exact}, {}, SHANGHAI).day_length
    assert length == timedelta(hours=4, seconds=-29, microseconds=-500_000)


# -- pauses ----------------------------------------------------------------------------------

NOON_TO_NOON = (at("2026-08-04T10:00"), at("2026-08-05T10:00"))


def test_working_time_inside_a_pause_does_not_count() -> None:
    start = at("2026-08-04T09:00")
    assert PLAIN.add(start, hours(2), [NOON_TO_NOON]) == at("2026-08-05T11:00")
    assert PLAIN.between(start, at("2026-08-05T11:00"), [NOON_TO_NOON]) == hours(2)
    assert PLAIN.add_days(start, 1, "hours", [NOON_TO_NOON]) == at("2026-08-06T09:00")
    tick = timedelta(microseconds=1)
    assert PLAIN.add(NOON_TO_NOON[0], tick, [NOON_TO_NOON]) == NOON_TO_NOON[1] + tick


def test_a_limit_used_up_as_the_pause_begins_is_due_then() -> None:
    assert PLAIN.add(at("2026-08-04T09:00"), hours(1), [NOON_TO_NOON]) == NOON_TO_NOON[0]


def test_overlapping_pauses_count_once() -> None:
    twice = [NOON_TO_NOON, (at("2026-08-04T11:00"), at("2026-08-05T09:00")), NOON_TO_NOON]
    assert PLAIN.add(at("2026-08-04T09:00"), hours(2), twice) == at("2026-08-05T11:00")


def test_a_pause_met_only_because_of_an_earlier_one_holds_the_limit_up_too() -> None:
    monday, tuesday = at("2026-08-03T08:00"), at("2026-08-04T08:00")
    pauses = [(tuesday, tuesday + hours(0.5)), (monday + hours(1), monday + hours(2))]
    assert PLAIN.add(monday, hours(8), pauses) == at("2026-08-04T09:30")
    assert PLAIN.add(at("2026-08-04T09:30"), hours(-8), pauses) == monday
    assert PLAIN.add(at("2026-08-04T10:15"), hours(-8), pauses) == at("2026-08-03T08:45")


def test_backward_a_limit_used_up_as_the_pause_ends_begins_then() -> None:
    nine, ten = at("2026-08-04T09:00"), at("2026-08-04T10:00")
    assert PLAIN.add(at("2026-08-04T12:00"), hours(-2), [(nine, ten)]) == ten
    assert PLAIN.add(at("2026-08-04T12:00"), hours(-3), [(nine, ten)]) == at("2026-08-04T08:00")
    assert PLAIN.add(at("2026-08-04T09:30"), hours(-1), [(nine, ten)]) == at("2026-08-04T08:00")


def test_a_pause_that_costs_no_working_time_costs_no_day() -> None:
    night = [(at("2026-08-04T18:00"), at("2026-08-05T08:00"))]
    lunch = [(at("2026-08-05T12:10"), at("2026-08-05T13:50"))]
    assert PLAIN.add_days(at("2026-08-03T09:00"), 2, pauses=night + lunch) == at("2026-08-05T18:00")

    morning = [(at("2026-08-05T09:00"), at("2026-08-05T10:00"))]
    due = PLAIN.add_days(at("2026-08-03T09:00"), 2, pauses=night + morning)
    assert due == at("2026-08-06T18:00")


def test_pauses_that_overlap_or_touch_are_one_and_one_of_no_time_is_none() -> None:
    one, two, three, four = (at(f"2026-08-04T{hour:02}:00") for hour in (8, 9, 10, 11))
    day = (one - at("1970-01-01T08:00")) // timedelta(microseconds=1)
    assert merged([(two, three), (one, two), (one, two)]) == [(day, day + 2 * 3_600_000_000)]
    assert merged([(one, four), (two, three)]) == [(day, day + 3 * 3_600_000_000)]
    assert merged([(one, one)]) == []
    assert PLAIN.add(one, hours(2), [(two, two)]) == three


def test_a_day_touched_by_a_pause_does_not_count_as_a_day() -> None:
    due = PLAIN.add_days(at("2026-08-03T09:00"), 2, pauses=[NOON_TO_NOON])
    assert due == at("2026-08-07T18:00")  # the 4th and the 5th are lost
    assert PLAIN.add_days(at("2026-08-03T09:00"), 1, "same_time", [NOON_TO_NOON]) == at(
        "2026-08-06T09:00"
    )
    assert PLAIN.add_days(at("2026-08-07T09:00"), -2, pauses=[NOON_TO_NOON]) == at(
        "2026-08-03T18:00"
    )


def test_backward_only_the_pauses_on_the_way_cost_days() -> None:
    friday = at("2026-08-07T09:00")
    tuesday = [(at("2026-08-04T09:00"), at("2026-08-04T10:00"))]
    assert PLAIN.add_days(friday, -3, pauses=tuesday) == at("2026-08-03T18:00")
    assert PLAIN.add_days(friday, -2, pauses=tuesday) == at("2026-08-05T18:00")
    early = [(at("2026-08-03T00:00"), at("2026-08-05T00:00"))]
    assert PLAIN.add_days(friday, -2, pauses=early) == at("2026-08-05T18:00")
    assert PLAIN.add_days(friday, -3, pauses=early) == at("2026-07-31T18:00")
    later = [(at("2026-08-10T00:00"), at("2026-08-12T00:00"))]
    assert PLAIN.add_days(friday, -2, pauses=later) == at("2026-08-05T18:00")
    around = [(at("2026-08-06T00:00"), at("2026-08-11T00:00"))]
    assert PLAIN.add_days(friday, -1, pauses=around) == at("2026-08-05T18:00")


def test_forward_only_the_pauses_on_the_way_cost_days() -> None:
    monday = at("2026-08-03T09:00")
    past = [(at("2026-07-27T00:00"), at("2026-07-29T00:00"))]
    assert PLAIN.add_days(monday, 2, pauses=past) == at("2026-08-05T18:00")
    later = [(at("2026-08-06T00:00"), at("2026-08-08T00:00"))]
    assert PLAIN.add_days(monday, 2, pauses=later) == at("2026-08-05T18:00")
    assert PLAIN.add_days(monday, 3, pauses=later) == at("2026-08-10T18:00")
    today = [(at("2026-08-03T08:00"), at("2026-08-03T10:00"))]
    assert PLAIN.add_days(monday, 1, pauses=today) == at("2026-08-04T18:00")
    assert PLAIN.add_days(monday, 0, pauses=today) == at("2026-08-04T18:00")


def test_two_pauses_on_one_day_cost_that_day_once() -> None:
    pauses = [
        (at("2026-08-04T09:00"), at("2026-08-04T10:00")),
        (at("2026-08-04T15:00"), at("2026-08-04T16:00")),
    ]
    assert PLAIN.add_days(at("2026-08-03T09:00"), 1, pauses=pauses) == at("2026-08-05T18:00")


def test_a_pause_of_a_year_moves_the_due_day_beyond_it() -> None:
    year = [(at("2026-08-04T00:00"), at("2027-08-04T00:00"))]
    assert PLAIN.add_days(at("2026-08-03T09:00"), 1, pauses=year) == at("2027-08-04T18:00")


# -- daylight saving -------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_shift_across_a_clock_change_is_as_long_as_it_really_was() -> None:
    around = Worktime(ALWAYS, {}, BERLIN)
    spring = around.between(at("2026-03-29T00:00", BERLIN), at("2026-03-30T00:00", BERLIN))
    autumn = around.between(at("2026-10-25T00:00", BERLIN), at("2026-10-26T00:00", BERLIN))
    assert (spring, autumn) == (hours(23), hours(25))


def test_an_opening_the_clock_skips_is_the_instant_of_the_jump() -> None:
    night = Worktime({6: ((time(2, 30), time(5)),)}, {}, BERLIN)
    assert night.next_open(at("2026-03-28T12:00", BERLIN)) == at("2026-03-29T03:00", BERLIN)
    assert night.between(at("2026-03-29T00:00", BERLIN), at("2026-03-29T12:00", BERLIN)) == hours(2)


@pytest.mark.parametrize("opening", [time(2), time(2, 24), time(2, 30), time(2, 59, 59, 999_999)])
def test_wherever_in_the_hour_it_skips_the_opening_is_the_jump_to_the_microsecond(
    opening: time,
) -> None:
    night = Worktime({6: ((opening, time(5)),)}, {}, BERLIN)
    assert night.next_open(at("2026-03-28T12:00", BERLIN)) == at("2026-03-29T03:00", BERLIN)


def test_a_slot_wholly_within_the_hour_the_clock_skips_is_not_worked() -> None:
    gone = Worktime({6: ((time(2), time(3)),)}, {}, BERLIN)
    saturday = at("2026-03-28T12:00", BERLIN)
    assert gone.next_open(saturday) == at("2026-04-05T02:00", BERLIN)
    assert gone.add_days(saturday, 1) == at("2026-04-05T03:00", BERLIN)


def test_an_opening_the_clock_shows_twice_is_the_first() -> None:
    night = Worktime({6: ((time(2, 30), time(5)),)}, {}, BERLIN)
    opening = night.next_open(at("2026-10-25T00:00", BERLIN))
    assert opening.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_same_time_on_a_day_that_shows_it_twice_is_the_first() -> None:
    night = Worktime(dict.fromkeys(range(7), ((time(2), time(5)),)), {}, BERLIN)
    due = night.add_days(at("2026-10-24T02:30", BERLIN), 1, "same_time")
    assert due.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    back = night.add_days(second, -1, "same_time")
    assert back.astimezone(UTC) == datetime(2026, 10, 24, 0, 30, tzinfo=UTC)


# -- explanations ----------------------------------------------------------------------------


def test_spans_tell_working_time_from_nights_weekends_and_holidays_by_name() -> None:
    spans = CITY.spans(at("2026-09-24T15:00"), at("2026-09-28T10:00"))
    assert [(s.start, s.kind, s.name) for s in spans] == [
        (at("2026-09-24T15:00"), SpanKind.WORKING, ""),
        (at("2026-09-24T18:00"), SpanKind.CLOSED, ""),
        (at("2026-09-25T00:00"), SpanKind.HOLIDAY, "中秋节"),
        (at("2026-09-28T00:00"), SpanKind.CLOSED, ""),
        (at("2026-09-28T08:00"), SpanKind.WORKING, ""),
    ]


def test_a_make_up_day_is_working_time_under_its_name_and_its_sunday_is_weekend() -> None:
    spans = CITY.spans(at("2026-10-10T08:00"), at("2026-10-12T00:00"))
    assert (spans[0].kind, spans[0].name) == (SpanKind.WORKING, "国庆节调休")
    assert (spans[-1].kind, spans[-1].start) == (SpanKind.WEEKEND, at("2026-10-11T00:00"))


def test_a_pause_covers_whatever_it_lies_on() -> None:
    spans = PLAIN.spans(at("2026-08-04T08:00"), at("2026-08-05T12:00"), [NOON_TO_NOON])
    assert [(s.kind, s.start) for s in spans] == [
        (SpanKind.WORKING, at("2026-08-04T08:00")),
        (SpanKind.PAUSE, at("2026-08-04T10:00")),
        (SpanKind.WORKING, at("2026-08-05T10:00")),
    ]


def test_a_day_off_without_a_name_is_a_holiday_and_a_named_weekend_keeps_its_name() -> None:
    days = Worktime(WEEK, {date(2026, 8, 4): ()}, SHANGHAI, names={date(2026, 8, 8): "全民健身日"})
    spans = days.spans(at("2026-08-04T00:00"), at("2026-08-10T00:00"))
    assert spans[0] == (at("2026-08-04T00:00"), at("2026-08-05T00:00"), SpanKind.HOLIDAY, "")
    assert [(s.kind, s.name) for s in spans[-2:]] == [
        (SpanKind.HOLIDAY, "全民健身日"),
        (SpanKind.WEEKEND, ""),
    ]


def test_pauses_are_told_each_for_itself_and_without_a_name() -> None:
    day = ("2026-08-04T08:00", "2026-08-04T09:00", "2026-08-04T10:00", "2026-08-04T11:00")
    one, two, three, four = map(at, day)
    told = PLAIN.spans(one, at("2026-08-04T12:00"), [(one, two), (three, four)])
    assert told == [
        (one, two, SpanKind.PAUSE, ""),
        (two, three, SpanKind.WORKING, ""),
        (three, four, SpanKind.PAUSE, ""),
        (four, at("2026-08-04T12:00"), SpanKind.WORKING, ""),
    ]


def test_a_pause_on_each_of_two_days_is_told_on_each() -> None:
    days = ["2026-08-03", "2026-08-04"]
    pauses = [(at(f"{day}T09:00"), at(f"{day}T10:00")) for day in days]
    spans = PLAIN.spans(at("2026-08-03T08:00"), at("2026-08-04T12:00"), pauses)
    assert [(s.start, s.end) for s in spans if s.kind is SpanKind.PAUSE] == pauses


def test_a_pause_that_only_touches_a_stretch_is_no_part_of_it() -> None:
    nine, ten = at("2026-08-04T09:00"), at("2026-08-04T10:00")
    touching = [(at("2026-08-04T08:00"), nine), (ten, at("2026-08-04T11:00"))]
    assert PLAIN.spans(nine, ten, touching) == [(nine, ten, SpanKind.WORKING, "")]


def test_a_stretch_of_no_time_has_no_parts() -> None:
    nine = at("2026-08-04T09:00")
    assert PLAIN.spans(nine, nine) == []
    assert PLAIN.spans(nine, at("2026-08-03T09:00")) == []


# -- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda empty: empty.add(at("2026-08-04T08:00"), hours(1)),
        lambda empty: empty.add(at("2026-08-04T08:00"), hours(-1)),
        lambda empty: empty.next_open(at("2026-08-04T08:00")),
        lambda empty: empty.next_close(at("2026-08-04T08:00")),
        lambda empty: empty.add_days(at("2026-08-04T08:00"), 1),
        lambda empty: empty.add_days(at("2026-08-04T08:00"), -1, "same_time"),
        lambda empty: empty.add_days(at("2026-08-04T08:00"), 1, "hours"),
    ],
)
def test_an_empty_schedule_is_refused_and_never_searched_for_ever(ask) -> None:
    with pytest.raises(WorktimeError, match="工作时间"):
        ask(Worktime({}, {}, SHANGHAI))


def test_a_schedule_that_never_closes_has_no_closing_time() -> None:
    with pytest.raises(WorktimeError) as refusal:
        Worktime(ALWAYS, {}, SHANGHAI).next_close(at("2026-08-04T08:00"))
    assert "closes" in refusal.value.words.en


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        (((time(8), time(12)), (time(11), time(18))), "overlaps"),
        (((time(18), time(8)),), "closes before it opens"),
        (((time(8), time(8)),), "closes before it opens"),
        (((time(8), time(0)), (time(9), time(10))), "overlaps"),
        (((time(8, tzinfo=UTC), time(9)),), "time zone"),
    ],
)
def test_impossible_slots_are_refused_when_the_schedule_is_made(
    slots: tuple[Slot, ...], said: str
) -> None:
    for make in (lambda: Worktime({0: slots}, {}, SHANGHAI), lambda: override(slots)):
        with pytest.raises(WorktimeError) as refusal:
            make()
        assert said in refusal.value.words.en


def override(slots: tuple[Slot, ...]) -> Worktime:
    return Worktime(WEEK, {date(2026, 8, 4): slots}, SHANGHAI)


def test_a_weekday_that_is_none_and_an_instant_among_the_dates_are_refused() -> None:
    with pytest.raises(WorktimeError):
        Worktime({7: OFFICE}, {}, SHANGHAI)
    with pytest.raises(WorktimeError):
        Worktime(WEEK, {datetime(2026, 8, 4, tzinfo=SHANGHAI): OFFICE}, SHANGHAI)


def test_an_instant_without_a_zone_is_refused_and_says_how_to_write_it() -> None:
    with pytest.raises(WorktimeError) as refusal:
        CITY.add(datetime(2026, 9, 24, 15), hours(1))  # noqa: DTZ001
    assert "+08:00" in refusal.value.words.en


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
def test_a_year_beyond_the_calendar_is_refused(year: int) -> None:
    with pytest.raises(WorktimeError, match=str(year)):
        CITY.add(datetime(year, 6, 1, tzinfo=UTC), hours(1))


def test_a_duration_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(WorktimeError):
        PLAIN.add(at("2199-12-01T08:00"), timedelta(days=365))


def test_an_unknown_day_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WorktimeError, match="end_of_day"):
        CITY.add_days(at("2026-09-24T15:00"), 1, "whenever")


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(WorktimeError, match="暂停"):
        CITY.add(at("2026-09-24T15:00"), hours(1), [(NOON_TO_NOON[1], NOON_TO_NOON[0])])


NIGHT = at("2026-08-04T03:00")


@pytest.mark.parametrize(
    ("ask", "zh", "en"),
    [
        (
            lambda: Worktime({0: ((time(8), time(12)), (time(11), time(18)))}, {}, SHANGHAI),
            "0 的时段 11:00–18:00 与前一时段重叠。同一天的时段不得重叠，请合并或改正。",
            "The slot 11:00–18:00 of 0 overlaps the one before. "
            "Slots of one day must not overlap; join or correct them.",
        ),
        (
            lambda: Worktime({}, {date(2026, 8, 4): ((time(18), time(8)),)}, SHANGHAI),
            "2026-08-04 的时段 18:00–08:00 先下班后上班。请先写上班、后写下班；"
            "00:00 表示当日 24:00。",
            "The slot 18:00–08:00 of 2026-08-04 closes before it opens. Write opening, then "
            "closing; a closing of 00:00 is the midnight that ends the day.",
        ),
        (
            lambda: Worktime({0: ((time(8, tzinfo=UTC), time(9)),)}, {}, SHANGHAI),
            "0 的时段 08:00–09:00 带有时区。时段只写钟点，时区由日历统一决定。",
            "The slot 08:00–09:00 of 0 has a time zone. Slots are clock times only; "
            "the schedule has one zone.",
        ),
        (
            lambda: Worktime({7: OFFICE}, {}, SHANGHAI),
            "每周工作时间里的 “7” 不是星期。请用 0（周一）到 6（周日）。",
            "7 is no weekday. Use 0 (Monday) to 6 (Sunday).",
        ),
        (
            lambda: Worktime({}, {datetime(2026, 8, 4, tzinfo=UTC): OFFICE}, SHANGHAI),
            "日历里的 2026-08-04T00:00:00+00:00 是时刻。日历按日期登记，请去掉钟点。",
            "2026-08-04T00:00:00+00:00 is an instant. A calendar lists dates; leave out the time.",
        ),
        (
            lambda: PLAIN.is_open(datetime(2026, 9, 24, 15)),  # noqa: DTZ001
            "时刻 2026-09-24T15:00:00 没有时区。请写明时区，例如 2026-09-24T15:00+08:00。",
            "The instant 2026-09-24T15:00:00 has no time zone. "
            "Say which, for example 2026-09-24T15:00+08:00.",
        ),
        (
            lambda: PLAIN.is_open(datetime(2200, 2, 1, tzinfo=UTC)),
            "2200 年超出工作日历的范围（1900–2199）。请核对日期和时限。",
            "The year 2200 is outside the working calendar (1900 to 2199). "
            "Check the date and the time limit.",
        ),
        (
            lambda: PLAIN.between(NIGHT, NIGHT, [(NIGHT, NIGHT - hours(1))]),
            "暂停的结束早于开始。暂停由开始和结束两个时刻组成，请核对先后。",
            "A pause ends before it begins. Give its beginning first, then its end.",
        ),
        (
            lambda: PLAIN.add_days(NIGHT, 1, "whenever"),
            "不认识工作日算法“whenever”。可用的是：hours、same_time、end_of_day。",
            "Unknown day rule 'whenever'. Use one of: hours, same_time, end_of_day.",
        ),
        (
            lambda: Worktime({}, {}, SHANGHAI).next_open(NIGHT),
            "按这份工作时间表，10 年内没有上班时间，无法计算。请检查每周工作时间和日历。",
            "By this schedule nothing ever opens within 10 years, so there is no "
            "answer. Check the weekly hours and the calendar.",
        ),
        (
            lambda: Worktime(ALWAYS, {}, SHANGHAI).next_close(NIGHT),
            "按这份工作时间表，10 年内没有下班时间，无法计算。请检查每周工作时间和日历。",
            "By this schedule nothing ever closes within 10 years, so there is no "
            "answer. Check the weekly hours and the calendar.",
        ),
        (
            lambda: Worktime({}, {}, SHANGHAI).add_days(NIGHT, 1, "hours"),
            "工作时间表没有任何一天的常规工作时间，无法把工作日折算成小时。"
            "请先设置每周的上下班时间。",
            "The schedule has no weekly hours, so a working day has no length in hours. "
            "Set the weekly hours first.",
        ),
    ],
)
def test_each_refusal_says_what_was_wrong_what_the_rule_is_and_what_to_do(
    ask: Callable[[], object], zh: str, en: str
) -> None:
    with pytest.raises(WorktimeError) as refusal:
        ask()
    assert refusal.value.words == (zh, en)


def test_slots_that_touch_are_no_overlap_and_may_stand_in_any_order() -> None:
    touching = Worktime({1: ((time(12), time(18)), (time(8), time(12)))}, {}, SHANGHAI)
    assert touching.slots(date(2026, 8, 4)) == ((time(8), time(12)), (time(12), time(18)))
    assert touching.next_close(at("2026-08-04T09:00")) == at("2026-08-04T18:00")


def test_the_calendar_reaches_to_its_very_edges_and_no_further() -> None:
    first = datetime(1900, 1, 1, tzinfo=SHANGHAI)
    last = datetime(2199, 12, 31, 23, 59, 59, 999999, tzinfo=SHANGHAI)
    assert (CITY.local(first), CITY.local(last)) == (first, last)
    for beyond in (first - timedelta(days=3), last + timedelta(days=3)):
        with pytest.raises(WorktimeError):
            CITY.local(beyond)
    for year in (1900, 2199):
        only = Worktime({}, {date(year, 8, 4): OFFICE}, SHANGHAI)
        assert only.is_open(at(f"{year}-08-04T09:00"))


# -- laws ------------------------------------------------------------------------------------

ZONES = [
    ZoneInfo(name)
    for name in (
        *("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
        *("Asia/Beirut", "America/Havana"),  # their clocks jump at midnight
    )
]
JUMPS = [
    date.fromisoformat(day)
    for day in (
        *("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"),
        *("2026-10-24", "2026-10-31"),
    )
]


def instants(first: str = "2025-06-01T00:00", last: str = "2027-06-01T00:00"):
    naive = st.datetimes(datetime.fromisoformat(first), datetime.fromisoformat(last))
    return naive.map(lambda moment: moment.replace(tzinfo=UTC))


@st.composite
def slots(draw: st.DrawFn) -> tuple[Slot, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    edges = edges[: len(edges) // 2 * 2]
    clocks = [time(edge % 96 // 4, edge % 4 * 15) for edge in edges]
    return tuple(zip(clocks[::2], clocks[1::2], strict=True))


@st.composite
def worktimes(draw: st.DrawFn) -> Worktime:
    week = draw(st.dictionaries(st.integers(0, 6), slots(), max_size=7))
    week[draw(st.integers(0, 6))] = ((time(9), time(17)),)
    near = st.sampled_from(JUMPS).flatmap(
        lambda jump: st.integers(-3, 3).map(lambda days: jump + timedelta(days=days))
    )
    single = draw(st.dictionaries(near, slots(), max_size=5))
    return Worktime(week, single, draw(st.sampled_from(ZONES)))


pauses = st.lists(
    st.tuples(instants(), st.timedeltas(timedelta(), timedelta(days=40))).map(
        lambda pair: (pair[0], pair[0] + pair[1])
    ),
    max_size=3,
)
durations = st.timedeltas(-timedelta(days=60), timedelta(days=60))


@given(worktimes(), instants(), durations, pauses)
def test_what_was_added_is_what_lies_between(worktime, a, d, stops) -> None:
    assert worktime.between(a, worktime.add(a, d, stops), stops) == d


@given(worktimes(), instants(), instants(), instants(), pauses)
def test_working_time_adds_up_and_turns_round(worktime, a, b, c, stops) -> None:
    whole = worktime.between(a, c, stops)
    assert worktime.between(a, b, stops) + worktime.between(b, c, stops) == whole
    assert worktime.between(c, a, stops) == -whole
    if a <= c:
        assert timedelta() <= whole <= c - a


@given(worktimes(), st.tuples(instants(), instants()), st.tuples(durations, durations), pauses)
def test_later_and_longer_never_end_earlier(worktime, starts, lengths, stops) -> None:
    (first, last), (short, long) = sorted(starts), sorted(lengths)
    assert worktime.add(first, short, stops) <= worktime.add(last, short, stops)
    assert worktime.add(first, short, stops) <= worktime.add(first, long, stops)


@given(worktimes(), instants(), st.integers(1, 40), st.sampled_from(list(DayRule)), pauses)
def test_more_days_never_end_earlier(worktime, a, n, rule, stops) -> None:
    assert a <= worktime.add_days(a, n, rule, stops) < worktime.add_days(a, n + 1, rule, stops)


@given(worktimes(), instants(), st.integers(1, 40))
def test_the_nth_working_day_is_n_working_days_away(worktime, a, n) -> None:
    due = worktime.add_days(a, n)
    tomorrow = a.astimezone(worktime.zone).date() + timedelta(days=1)
    assert worktime.workdays_between(tomorrow, due - timedelta(microseconds=1)) == n - 1
    assert worktime.next_close(due - timedelta(microseconds=1)) >= due


@given(worktimes(), instants("2026-03-01T00:00", "2026-11-10T00:00"), pauses)
def test_spans_cover_the_time_without_gaps_and_hold_its_working_time(worktime, a, stops) -> None:
    b = a + timedelta(days=20)
    spans = worktime.spans(a, b, stops)
    assert (spans[0].start, spans[-1].end) == (a, b)
    for one, other in pairwise(spans):
        assert one.end == other.start
        assert (one.kind, one.name) != (other.kind, other.name)
    worked = (s.end.astimezone(UTC) - s.start.astimezone(UTC) for s in spans if s.kind == "working")
    assert sum(worked, timedelta()) == worktime.between(a, b, stops)


def minutes(worktime: Worktime, start: datetime, count: int) -> Iterator[bool]:
    """Was each minute worked? By looking at the clock on the wall, minute by minute."""
    state = False
    for i in range(count):
        wall = (start + timedelta(minutes=i)).astimezone(worktime.zone)
        if wall.fold == 0:  # edges shown a second time have passed already
            state = any(
                opening <= wall.time() and (wall.time() < closing or closing == time())
                for opening, closing in worktime.slots(wall.date())
            )
        yield state


@given(worktimes(), st.sampled_from(JUMPS), st.integers(0, 600), st.integers(0, 3000))
def test_the_sums_agree_with_counting_every_minute(worktime, jump, offset, length) -> None:
    begin = datetime(jump.year, jump.month, jump.day, tzinfo=UTC) - timedelta(days=1)
    worked = list(minutes(worktime, begin, offset + length))[offset:]
    a = begin + timedelta(minutes=offset)
    b = a + timedelta(minutes=length)
    assert worktime.between(a, b) == timedelta(minutes=sum(worked))
    assert all(worktime.is_open(a + timedelta(minutes=i)) == worked[i] for i in range(0, length, 7))
    if total := sum(worked):
        used_up = max(i for i, open_ in enumerate(worked) if open_) + 1
        assert worktime.add(a, timedelta(minutes=total)) == a + timedelta(minutes=used_up)


def test_many_threads_asking_of_far_apart_years_get_the_same_answers() -> None:
    starts = [at(f"{year}-09-24T15:00") for year in (2012, 2023, 2029, 2036)]
    expected = [Worktime(WEEK, {}, SHANGHAI).add(start, hours(40)) for start in starts]
    for _ in range(3):
        shared = Worktime(WEEK, {}, SHANGHAI)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda start: shared.add(start, hours(40)), starts)) == expected  # noqa: B023


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    far = Worktime(WEEK, {}, SHANGHAI)
    far.add(at("2040-01-01T00:00"), hours(1))
    assert far.add(at("2024-01-01T00:00"), hours(-8)) == at("2023-12-29T08:00")
    far.add(at("1999-01-01T00:00"), hours(1))
    for text in ("2023-12-29T17:00", "2026-09-24T15:00", "2031-01-01T00:00"):
        assert far.add(at(text), hours(40)) == Worktime(WEEK, {}, SHANGHAI).add(at(text), hours(40))
    for text in ("2024-01-01T00:00", "1999-01-01T00:00"):
        assert far.add(at(text), hours(-40)) == Worktime(WEEK, {}, SHANGHAI).add(
            at(text), hours(-40)
        )
