"""静默时段: nobody is disturbed at night, at week-ends and on holidays.

A working day lasts from its first opening to its last closing and the policy's evening; lunch
is day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rules.agenda import Book
from rules.worktime import Slot, Worktime

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A working day: its first opening, its last closing, and until when messages may come."""

    opening: datetime
    closing: datetime
    until: datetime


def day_of(book: Book, at: datetime) -> Day | None:
    """The working day that `at` lies in; None at night and on days off."""
    today = book.worktime.local(at).date()
    # An evening may reach beyond midnight.
    days = (_day(book, day) for day in (today, today - _DAY))
    return next((day for day in days if day and day.opening <= at < day.until), None)


def held_until(book: Book, at: datetime) -> datetime | None:
    """The opening to which quiet hours hold what comes at `at`; None: it may go."""
    if not book.policy.hold_reminders or day_of(book, at):
        return None
    return book.worktime.next_open(at).astimezone(UTC)


def morning_after(book: Book, at: datetime) -> datetime:
    """The first opening of the next working day."""
    day = day_of(book, at)
    start = max(at, day.closing) if day else at
    return book.worktime.next_open(start).astimezone(UTC)


def next_at(worktime: Worktime, clock: time, at: datetime) -> datetime:
    """The first instant from `at` on when it is so late on a working day.

    Raises WorktimeError if there is no working day any more.
    """
    day = worktime.local(at).date()
    while not worktime.is_workday(day) or _wall(worktime, day, clock) < at:
        day = worktime.local(worktime.next_open(worktime.midnight(day + _DAY))).date()
    return _wall(worktime, day, clock)


def _day(book: Book, day: date) -> Day | None:
    slots = book.worktime.slots(day)
    if not slots:
        return None
    opening, closing = _wall(book.worktime, day, slots[0][0]), _end(book.worktime, day, slots[-1])
    return Day(opening, closing, closing + book.policy.burden.evening_length)


def _end(worktime: Worktime, day: date, slot: Slot) -> datetime:
    ends = slot[1]
    return _wall(worktime, day if ends > time() else day + _DAY, ends)


def _wall(worktime: Worktime, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, worktime.zone).astimezone(UTC)
