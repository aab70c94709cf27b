"""The weekly summary: on its day at its time, on a day off when the next working day opens."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.subscription import WEEK, Summary, Week, next_at
from rules.worktime import Worktime
from tests.world import ZONE, clock, instant

SLOTS = [(time(8), time(12)), (time(14), time(18))]
WORKTIME = Worktime(
    dict.fromkeys(range(5), SLOTS),
    # The National Day of 2026, with the Saturday and the Sunday that are worked for it.
    {
        **{date(2026, 10, day): [] for day in range(1, 9)},
        date(2026, 9, 27): SLOTS,
        date(2026, 10, 10): SLOTS,
    },
    ZONE,
)
MONDAY, THURSDAY, SATURDAY = 0, 3, 5


@pytest.mark.parametrize(
    ("weekday", "at", "after", "expected"),
    [
        (MONDAY, time(9), "2026-09-14 08:59", "2026-09-14 09:00"),
        (MONDAY, time(9), "2026-09-14 09:00", "2026-09-21 09:00"),
        (MONDAY, time(9), "2026-09-20 23:00", "2026-09-21 09:00"),
        (THURSDAY, time(9), "2026-09-25 12:00", "2026-10-09 08:00"),
        (THURSDAY, time(9), "2026-10-05 12:00", "2026-10-09 08:00"),
        (THURSDAY, time(9), "2026-10-09 08:00", "2026-10-15 09:00"),
        (SATURDAY, time(9), "2026-10-09 09:00", "2026-10-10 09:00"),
        (SATURDAY, time(9), "2026-09-18 09:00", "2026-09-21 08:00"),
    ],
    ids=[
        "this minute", "only once", "the day after", "before the holiday", "in the holiday",
        "after the holiday", "a Saturday that is worked", "a Saturday that is not",
    ],
)  # fmt: skip
def test_it_comes_on_its_day_and_after_a_day_off_at_the_next_opening(
    weekday: int, at: time, after: str, expected: str
) -> None:
    assert clock(next_at(WORKTIME, weekday, at, instant(after))) == expected


@given(
    st.integers(0, 6),
    st.times(),
    st.integers(0, 480_000),
)
def test_it_is_always_later_always_on_a_working_day_and_never_much_more_than_a_week_off(
    weekday: int, at: time, minutes: int
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = next_at(WORKTIME, weekday, at, start)
    assert found > start
    assert WORKTIME.is_workday(found.astimezone(ZONE).date())
    assert found - start <= 2 * WEEK + timedelta(days=4)


def test_nothing_open_and_nothing_happened_is_nothing_to_tell() -> None:
    def told(**more: Any) -> Summary:
        facts: dict[str, Any] = {"open": 0, "overdue": 0, "decision": 0, "week": Week()}
        start, end = instant("2026-09-14 09:00"), instant("2026-09-21 09:00")
        return Summary("u", start, end, before=Week(3), **facts | more)

    assert told().empty
    assert not told(open=1).empty
    for week in (Week(dispatched=1), Week(late=1), Week(reworked=1), Week(levels={1: 1})):
        assert not told(week=week).empty
