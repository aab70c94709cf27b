"""订阅: when a weekly summary is due next, and what it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from models.words import Words
from rules.worktime import Worktime

WEEK = timedelta(days=7)
NAMED = 5
"""So many of the overdue cases are named, those overdue the longest."""
_WEEKS_BACK = 5
"""A holiday puts a summary off; none is longer than this."""

WEEKDAYS = (
    Words("星期一", "Monday"), Words("星期二", "Tuesday"), Words("星期三", "Wednesday"),
    Words("星期四", "Thursday"), Words("星期五", "Friday"), Words("星期六", "Saturday"),
    Words("星期日", "Sunday"),
)  # fmt: skip


def next_at(worktime: Worktime, weekday: int, clock: time, after: datetime) -> datetime:
    """The first instant after `after` at which the summary of a `weekday` (0 is Monday) is due.

    It is due at `clock` on the city's clocks; where the day is no working day, when the next
    working day opens.
    """
    day = worktime.local(after).date()
    first = day - timedelta(days=(day.weekday() - weekday) % 7) - _WEEKS_BACK * WEEK
    while (found := _due(worktime, first, clock)) <= after:
        first += WEEK
    return found


def _due(worktime: Worktime, day: date, clock: time) -> datetime:
    if worktime.is_workday(day):
        return datetime.combine(day, clock, worktime.zone).astimezone(UTC)
    return worktime.next_open(worktime.midnight(day)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in one week: cases dispatched, closed on time and late, reworked; levels."""

    dispatched: int = 0
    on_time: int = 0
    late: int = 0
    reworked: int = 0
    levels: Mapping[int, int] = field(default_factory=dict)
    """How often each level of the ladder was reached."""

    @property
    def closed(self) -> int:
        """Closed at all."""
        return self.on_time + self.late

    @property
    def escalations(self) -> int:
        """Levels of the ladder reached, all together."""
        return sum(self.levels.values())

    @property
    def quiet(self) -> bool:
        """Whether nothing happened."""
        return not (self.dispatched or self.closed or self.reworked or self.escalations)


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue case as the summary names it."""

    number: str
    place: str
    problem: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """How a unit and those below it stand at `until`, and the week before it beside another.

    Of the `open` cases some are `overdue`, and some wait for a `decision`.
    """

    unit: str
    since: datetime
    until: datetime
    open: int
    overdue: int
    decision: int
    week: Week
    before: Week
    latest: Sequence[Late] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell: nothing happened, and nothing is open."""
        return not self.open and self.week.quiet
