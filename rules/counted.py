"""计入的时间: what a limit is made of, stretch by stretch, and which of it counts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.explanation import days_counted
from rules.limits import Deadline, LimitUnit, ends_a_day
from rules.worktime import Span, SpanKind, Worktime

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch [start, end) of one kind; `name` is a holiday's or a make-up day's."""

    start: datetime
    end: datetime
    kind: SpanKind
    name: str
    counted: bool


def stretches(of: Deadline, worktime: Worktime) -> list[Stretch]:
    """The time from start to due without gaps, and whether each stretch of it counts.

    Working units count working time, of the days that count; calendar days every hour of the
    days that count; continuous hours all but pauses.
    """
    joined: list[Stretch] = []
    for piece in _pieces(of, worktime):
        if joined and _alike(joined[-1], piece):
            joined[-1] = replace(joined[-1], end=piece.end)
        else:
            joined.append(piece)
    return joined


def until(stretch: Stretch, at: datetime) -> list[Stretch]:
    """A stretch cut in two at `at`, or left whole when that is not inside it."""
    if not stretch.start < at < stretch.end:
        return [stretch]
    return [replace(stretch, end=at), replace(stretch, start=at)]


def _alike(a: Stretch, b: Stretch) -> bool:
    return (a.kind, a.name, a.counted) == (b.kind, b.name, b.counted)


def _pieces(of: Deadline, worktime: Worktime) -> Iterator[Stretch]:
    by_days = ends_a_day(of.limit, of.day_rule)
    days = set(days_counted(of, worktime)) if by_days else None
    clock = of.limit.unit in (LimitUnit.CALENDAR_DAY, LimitUnit.CONTINUOUS_HOUR)
    for span in of.spans(worktime):
        runs = span.kind is not SpanKind.PAUSE if clock else span.kind is SpanKind.WORKING
        for start, end in _days(span, worktime):
            counted = runs and (days is None or start.date() in days)
            yield Stretch(start, end, span.kind, span.name, counted)


def _days(span: Span, worktime: Worktime) -> Iterator[tuple[datetime, datetime]]:
    """A span cut at its midnights."""
    start = worktime.local(span.start)
    while start < span.end:
        end = min(worktime.midnight(start.date() + _DAY), worktime.local(span.end))
        yield start, end
        start = end
