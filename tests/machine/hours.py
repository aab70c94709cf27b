"""The city's working time, slowly: a loop over days, each with its open hours."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path

ZONE = timezone(timedelta(hours=8))
"""China keeps one time, without summer time since 1991."""
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
CALENDAR = Path(__file__).parents[2] / "deploy" / "reference" / "calendar.csv"

Span = tuple[datetime, datetime]
Spans = tuple[Span, ...]

WORKING_HOUR, WORKING_DAY = "working hour", "working day"
HOUR, CALENDAR_DAY, SAME_DAY = "hour", "calendar day", "same day"

LIMITS = {
    "当日": (1, SAME_DAY),
    "2 工作时": (2, WORKING_HOUR),
    "4 工作时": (4, WORKING_HOUR),
    "2 紧急工作时": (2, HOUR),
    "1 工作日": (1, WORKING_DAY),
    "2 工作日": (2, WORKING_DAY),
    "3 工作日": (3, WORKING_DAY),
    "5 工作日": (5, WORKING_DAY),
    "10 工作日": (10, WORKING_DAY),
    "7 自然日": (7, CALENDAR_DAY),
    "30 自然日": (30, CALENDAR_DAY),
}


@cache
def _calendar() -> dict[date, bool]:
    with CALENDAR.open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {date.fromisoformat(row["date"]): row["workday"] == "1" for row in rows}


@cache
def works(day: date) -> bool:
    """Is it a working day? The State Council's table counts before the weekday."""
    return _calendar().get(day, day.weekday() < 5)


@cache
def working(day: date) -> Spans:
    """The open hours of a day."""
    if not works(day):
        return ()
    return _span(day, 8, 12), _span(day, 14, 18)


@cache
def whole(day: date) -> Spans:
    """A day around the clock."""
    return (_span(day, 0, 24),)


def _span(day: date, start: int, end: int) -> Span:
    midnight = datetime.combine(day, time(), ZONE)
    return midnight + timedelta(hours=start), midnight + timedelta(hours=end)


def without(spans: Iterable[Span], pauses: Spans) -> Iterator[Span]:
    """What is left of spans when pauses are cut out of them."""
    for start, end in spans:
        left = [(start, end)]
        for begun, ended in pauses:
            cut = [((a, min(b, begun)), (max(a, ended), b)) for a, b in left]
            left = [piece for pair in cut for piece in pair if piece[0] < piece[1]]
        yield from left


Clock = Callable[[date], Spans]


def used_up(at: datetime, length: timedelta, clock: Clock, pauses: Spans = ()) -> datetime:
    """The first instant by which so much has passed since `at`."""
    left, day = length, at.date()
    while left:
        for start, end in without(clock(day), pauses):
            begun = max(start, at)
            if begun < end:
                if end - begun >= left:
                    return begun + left
                left -= end - begun
        day += DAY
    return at


def used_up_before(at: datetime, length: timedelta, clock: Clock, pauses: Spans = ()) -> datetime:
    """The last instant from which so much passes until `at`."""
    left, day = length, at.date()
    while left:
        for start, end in reversed(list(without(clock(day), pauses))):
            ended = min(end, at)
            if start < ended:
                if ended - start >= left:
                    return ended - left
                left -= ended - start
        day -= DAY
    return at


def passed(start: datetime, end: datetime, clock: Clock, pauses: Spans = ()) -> timedelta:
    """How much passes from one instant to another."""
    total, day = timedelta(), start.date()
    while day <= end.date():
        for a, b in without(clock(day), pauses):
            total += max(min(b, end) - max(a, start), timedelta())
        day += DAY
    return total


# -- days --------------------------------------------------------------------------------------


def _touched(clock: Clock, day: date, pauses: Spans) -> bool:
    """Does a pause take any of the day's time?"""
    return list(without(clock(day), pauses)) != list(clock(day))


def _nth(clock: Clock, after: date, count: int, pauses: Spans) -> date:
    """The nth day later than `after` that has time, none of it paused."""
    day = after
    while count:
        day += DAY
        count -= bool(clock(day)) and not _touched(clock, day, pauses)
    return day


def closing(day: date) -> datetime:
    """When work ends on a day."""
    return datetime.combine(day, time(18), ZONE)


def due(limit: str, start: datetime, pauses: Spans = ()) -> datetime:
    """When a limit begun at `start` is used up. What was paused before it began is no matter."""
    amount, unit = LIMITS[limit]
    rests = tuple((a, b) for a, b in pauses if b > start)
    if unit == WORKING_HOUR:
        return used_up(start, timedelta(hours=amount), working, rests)
    if unit == HOUR:
        return used_up(start, timedelta(hours=amount), whole, rests)
    if unit == WORKING_DAY:
        return closing(_nth(working, start.date(), amount, rests))
    if unit == CALENDAR_DAY:
        return _span(_nth(whole, start.date(), amount, rests), 0, 24)[1]
    today = start.date()
    open_today = works(today) and start < closing(today) and not _touched(working, today, rests)
    return closing(today if open_today else _nth(working, today, 1, rests))


def beyond(limit: str, instant: datetime, pauses: Spans = ()) -> datetime:
    """`limit` more, begun at a due instant: a midnight belongs to the day it closes."""
    by_days = LIMITS[limit][1] in (WORKING_DAY, CALENDAR_DAY)
    begin = instant - TICK if by_days else instant
    return due(limit, begin, pauses)


def days_before(instant: datetime, count: int) -> datetime:
    """The closing time so many working days before the last one up to `instant`."""
    day = instant.date()
    while not works(day) or closing(day) > instant:
        day -= DAY
    while count:
        day -= DAY
        count -= works(day)
    return closing(day)


def share(start: datetime, end: datetime, limit: str, percent: int, pauses: Spans) -> datetime:
    """When so much of a limit has gone: working limits by working time, others by the clock."""
    clock = whole if LIMITS[limit][1] in (HOUR, CALENDAR_DAY) else working
    part = passed(start, end, clock, pauses) // TICK * percent // 100
    return used_up(start, part * TICK, clock, pauses)
