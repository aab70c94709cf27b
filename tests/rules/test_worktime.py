"""What a city may rely on when Duban reckons with its working hours."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.worktime import DayRule, Slot, SpanKind, Worktime, WorktimeError

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


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    utc = datetime(2026, 9, 24, 7, tzinfo=UTC)
    answer = CITY.add(utc, hours(4))
    assert answer == at("2026-09-28T09:00")
    assert answer.tzinfo is SHANGHAI
    assert CITY.is_workday(datetime(2026, 9, 27, 17, tzinfo=UTC))  # Monday 01:00 there


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


# -- pauses ----------------------------------------------------------------------------------

NOON_TO_NOON = (at("2026-08-04T10:00"), at("2026-08-05T10:00"))


def test_working_time_inside_a_pause_does_not_count() -> None:
    start = at("2026-08-04T09:00")
    assert PLAIN.add(start, hours(2), [NOON_TO_NOON]) == at("2026-08-05T11:00")
    assert PLAIN.between(start, at("2026-08-05T11:00"), [NOON_TO_NOON]) == hours(2)


def test_a_limit_used_up_as_the_pause_begins_is_due_then() -> None:
    assert PLAIN.add(at("2026-08-04T09:00"), hours(1), [NOON_TO_NOON]) == NOON_TO_NOON[0]


def test_overlapping_pauses_count_once() -> None:
    twice = [NOON_TO_NOON, (at("2026-08-04T11:00"), at("2026-08-05T09:00")), NOON_TO_NOON]
    assert PLAIN.add(at("2026-08-04T09:00"), hours(2), twice) == at("2026-08-05T11:00")


def test_a_pause_that_costs_no_working_time_costs_no_day() -> None:
    night = [(at("2026-08-04T18:00"), at("2026-08-05T08:00"))]
    lunch = [(at("2026-08-05T12:10"), at("2026-08-05T13:50"))]
    assert PLAIN.add_days(at("2026-08-03T09:00"), 2, pauses=night + lunch) == at("2026-08-05T18:00")


def test_a_day_touched_by_a_pause_does_not_count_as_a_day() -> None:
    due = PLAIN.add_days(at("2026-08-03T09:00"), 2, pauses=[NOON_TO_NOON])
    assert due == at("2026-08-07T18:00")  # the 4th and the 5th are lost
    assert PLAIN.add_days(at("2026-08-03T09:00"), 1, "same_time", [NOON_TO_NOON]) == at(
        "2026-08-06T09:00"
    )
    assert PLAIN.add_days(at("2026-08-07T09:00"), -2, pauses=[NOON_TO_NOON]) == at(
        "2026-08-03T18:00"
    )


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


def test_an_opening_the_clock_shows_twice_is_the_first() -> None:
    night = Worktime({6: ((time(2, 30), time(5)),)}, {}, BERLIN)
    opening = night.next_open(at("2026-10-25T00:00", BERLIN))
    assert opening.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


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


@settings(max_examples=150, deadline=None)
@given(worktimes(), instants(), durations, pauses)
def test_what_was_added_is_what_lies_between(worktime, a, d, stops) -> None:
    assert worktime.between(a, worktime.add(a, d, stops), stops) == d


@settings(max_examples=100, deadline=None)
@given(worktimes(), instants(), instants(), instants(), pauses)
def test_working_time_adds_up_and_turns_round(worktime, a, b, c, stops) -> None:
    whole = worktime.between(a, c, stops)
    assert worktime.between(a, b, stops) + worktime.between(b, c, stops) == whole
    assert worktime.between(c, a, stops) == -whole
    if a <= c:
        assert timedelta() <= whole <= c - a


@settings(max_examples=100, deadline=None)
@given(worktimes(), st.tuples(instants(), instants()), st.tuples(durations, durations), pauses)
def test_later_and_longer_never_end_earlier(worktime, starts, lengths, stops) -> None:
    (first, last), (short, long) = sorted(starts), sorted(lengths)
    assert worktime.add(first, short, stops) <= worktime.add(last, short, stops)
    assert worktime.add(first, short, stops) <= worktime.add(first, long, stops)


@settings(max_examples=60, deadline=None)
@given(worktimes(), instants(), st.integers(1, 40), st.sampled_from(list(DayRule)), pauses)
def test_more_days_never_end_earlier(worktime, a, n, rule, stops) -> None:
    assert a <= worktime.add_days(a, n, rule, stops) < worktime.add_days(a, n + 1, rule, stops)


@settings(max_examples=60, deadline=None)
@given(worktimes(), instants(), st.integers(1, 40))
def test_the_nth_working_day_is_n_working_days_away(worktime, a, n) -> None:
    due = worktime.add_days(a, n)
    tomorrow = a.astimezone(worktime.zone).date() + timedelta(days=1)
    assert worktime.workdays_between(tomorrow, due - timedelta(microseconds=1)) == n - 1
    assert worktime.next_close(due - timedelta(microseconds=1)) >= due


@settings(max_examples=60, deadline=None)
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


@settings(max_examples=50, deadline=None)
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
    starts = [at(f"{year}-09-24T15:00") for year in range(2000, 2060, 3)]
    expected = [Worktime(WEEK, {}, SHANGHAI).add(start, hours(40)) for start in starts]
    for _ in range(3):
        shared = Worktime(WEEK, {}, SHANGHAI)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda start: shared.add(start, hours(40)), starts)) == expected  # noqa: B023


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    far = Worktime(WEEK, {}, SHANGHAI)
    far.add(at("2040-01-01T00:00"), hours(1))
    far.add(at("1999-01-01T00:00"), hours(1))
    for text in ("2023-12-29T17:00", "2026-09-24T15:00", "2031-01-01T00:00"):
        assert far.add(at(text), hours(40)) == Worktime(WEEK, {}, SHANGHAI).add(at(text), hours(40))
