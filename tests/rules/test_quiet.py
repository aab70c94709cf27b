"""When nobody is disturbed: nights, week-ends and holidays, and not a minute of a working day."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.agenda import Book
from rules.limits import parse as limit
from rules.quiet import day_of, held_until, morning_after, next_at
from rules.worktime import Worktime

ZONE = ZoneInfo("Asia/Shanghai")
Rules = Callable[..., Book]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.fixture(scope="session")
def rules(book: Book) -> Rules:
    """The shipped rules with another evening."""

    def changed(evening: str = "2 自然小时", hold: bool = True) -> Book:
        length = limit(evening) if evening else None
        guard = book.policy.burden.model_copy(update={"evening": length})
        policy = book.policy.model_copy(update={"burden": guard, "hold_reminders": hold})
        return Book(policy, book.worktime, book.published)

    return changed


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        ("2026-10-12T08:00", None),
        ("2026-10-12T12:30", None),  # lunch is day
        ("2026-10-12T18:00", None),  # levels fall due at closing time
        ("2026-10-12T19:59", None),
        ("2026-10-12T20:00", "2026-10-13T08:00"),
        ("2026-10-12T07:59", "2026-10-12T08:00"),
        ("2026-10-17T10:00", "2026-10-19T08:00"),  # a Saturday
        ("2026-10-10T10:00", None),  # a Saturday that is worked
        ("2026-10-03T10:00", "2026-10-08T08:00"),  # National Day
    ],
)
def test_a_day_lasts_from_the_first_opening_to_the_last_closing_and_the_evening(
    rules: Rules, moment: str, held: str | None
) -> None:
    assert held_until(rules(), at(moment)) == (at(held) if held else None)


def test_without_an_evening_it_is_night_from_closing_time_on(rules: Rules) -> None:
    assert held_until(rules(evening=""), at("2026-10-12T18:00")) == at("2026-10-13T08:00")
    assert held_until(rules(evening=""), at("2026-10-12T17:59")) is None


def test_a_city_without_quiet_hours_has_none(rules: Rules) -> None:
    assert held_until(rules(hold=False), at("2026-10-12T03:00")) is None


def test_an_evening_may_reach_beyond_midnight(rules: Rules) -> None:
    late = {day: [(time(14), time(0))] for day in range(5)}
    book = rules()
    night_shift = Book(book.policy, Worktime(late, {}, ZONE), book.published)
    assert held_until(night_shift, at("2026-10-13T01:59")) is None
    assert held_until(night_shift, at("2026-10-13T02:00")) == at("2026-10-13T14:00")


def test_the_next_morning_is_that_of_the_next_working_day(rules: Rules) -> None:
    for moment in ("2026-10-16T09:00", "2026-10-16T19:00", "2026-10-16T23:00", "2026-10-18T03:00"):
        assert morning_after(rules(), at(moment)) == at("2026-10-19T08:00")
    assert morning_after(rules(), at("2026-10-16T07:00")) == at("2026-10-16T08:00")


def test_a_clock_time_comes_next_on_a_working_day(city: Worktime) -> None:
    nine = time(9)
    assert next_at(city, nine, at("2026-10-16T08:00")) == at("2026-10-16T09:00")
    assert next_at(city, nine, at("2026-10-16T09:00")) == at("2026-10-16T09:00")
    assert next_at(city, nine, at("2026-10-16T09:01")) == at("2026-10-19T09:00")
    assert next_at(city, nine, at("2026-09-30T09:01")) == at("2026-10-08T09:00")


minutes = st.integers(0, 60 * 24 * 60).map(lambda n: at("2026-09-01T00:00") + timedelta(minutes=n))
evenings = st.sampled_from(["", "0.5 自然小时", "2 自然小时", "6 自然小时"])


@given(minutes, evenings)
def test_what_is_held_goes_at_an_opening_by_day_and_not_later_than_the_next_one(
    rules: Rules, moment: datetime, evening: str
) -> None:
    book = rules(evening)
    held = held_until(book, moment)
    assert (held is None) == (day_of(book, moment) is not None)
    if held is not None:
        assert held > moment
        assert held_until(book, held) is None
        assert held == book.worktime.next_open(moment)


@given(minutes, evenings)
def test_nothing_is_held_in_working_hours(rules: Rules, moment: datetime, evening: str) -> None:
    book = rules(evening)
    if book.worktime.is_open(moment):
        assert held_until(book, moment) is None
    day = day_of(book, moment)
    if day is not None:
        assert day.opening <= moment < day.until
        assert day.closing <= day.until


@given(minutes, st.times().map(lambda t: t.replace(microsecond=0)))
def test_the_time_of_day_somebody_chose_comes_on_every_working_day(
    city: Worktime, moment: datetime, clock: time
) -> None:
    found = next_at(city, clock, moment)
    local = city.local(found)
    assert found >= moment
    assert (local.time(), city.is_workday(local.date())) == (clock, True)
    assert city.workdays_between(moment.date(), local.date()) <= 1
