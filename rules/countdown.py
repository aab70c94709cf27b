"""倒计时: how much of a clock is left, as one colour and a few words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from models.case import Status
from models.words import Words
from rules.agenda import Book, Pauses
from rules.limits import LimitUnit

YELLOW_FROM = 0.8
"""Share of the limit used from which a clock is yellow (stage clocks of 数字城管: 80 %)."""

RUNS_ON = {LimitUnit.CONTINUOUS_HOUR, LimitUnit.CALENDAR_DAY}


class Colour(StrEnum):
    """Green until 80 % of the limit are used, then yellow, red once it is over; grey: no clock."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class Countdown:
    """`share` is the part of the limit that is used, 0 to 1; None where nothing runs."""

    colour: Colour
    words: Words
    share: float | None = None
    due_at: datetime | None = None


class Clocks(Protocol):
    """What is asked of a case."""

    @property
    def status(self) -> Status: ...
    @property
    def limit(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def step_due_at(self) -> datetime | None: ...
    @property
    def clock_from(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...


NONE = Countdown(Colour.GREY, Words("不计时", "no clock"))
_RESTING = Words("挂账中，时钟停走", "suspended, the clock rests")
HANDLED = {Status.DISPATCHED, Status.IN_PROGRESS, Status.REWORK, Status.RETURNED}


def countdown(case: Clocks, book: Book, at: datetime, pauses: Pauses = ()) -> Countdown:
    """The clock a case is under: handling while a unit holds it, else the step it waits for."""
    if case.status is Status.SUSPENDED:
        return Countdown(Colour.GREY, _RESTING)
    if case.status in HANDLED and case.due_at is not None and case.clock_from is not None:
        on = bool(case.limit) and book.limit(case.limit).unit in RUNS_ON
        return left(case.clock_from, case.due_at, book, at, pauses, runs_on=on)
    return step(case, book, at)


def step(case: Clocks, book: Book, at: datetime) -> Countdown:
    """The clock of the step a case waits for: signing, ruling, verification …"""
    if case.step_due_at is None:
        return NONE
    return left(case.since, case.step_due_at, book, at)


def left(
    start: datetime,
    due: datetime,
    book: Book,
    at: datetime,
    pauses: Pauses = (),
    *,
    runs_on: bool = False,
) -> Countdown:
    """What is left at `at` of a clock from `start` to `due`, in working time unless it runs on."""
    used = _length(start, min(at, due), book, pauses, runs_on)
    rest = _length(min(at, due), due, book, (), runs_on)
    share = used / (used + rest) if used + rest else 1.0
    day = timedelta(days=1) if runs_on else book.worktime.day_length
    if at > due:
        over = _length(due, at, book, (), runs_on)
        said = _span(over, day, runs_on)
        words = Words(f"逾期 {said.zh}", f"{said.en} overdue")
        return Countdown(Colour.RED, words, 1.0, due)
    said = _span(rest, day, runs_on)
    colour = Colour.YELLOW if share >= YELLOW_FROM else Colour.GREEN
    return Countdown(colour, Words(f"还剩 {said.zh}", f"{said.en} left"), share, due)


def _length(a: datetime, b: datetime, book: Book, pauses: Pauses, runs_on: bool) -> timedelta:
    if b <= a:
        return timedelta(0)
    if not runs_on:
        return book.worktime.between(a, b, pauses)
    rests: Sequence[timedelta] = [max(min(e, b) - max(s, a), timedelta(0)) for s, e in pauses]
    return b - a - sum(rests, timedelta(0))


def _span(length: timedelta, day: timedelta, runs_on: bool) -> Words:
    """One unit only, rounded down: whoever reads a list wants the size of it."""
    if day and length >= day:
        n = length // day
        unit = Words("天", "day") if runs_on else Words("个工作日", "working day")
    elif length >= timedelta(hours=1):
        n = length // timedelta(hours=1)
        unit = Words("小时", "hour") if runs_on else Words("个工作时", "working hour")
    else:
        n, unit = max(length // timedelta(minutes=1), 1), Words("分钟", "minute")
    return Words(f"{n} {unit.zh}", f"{n} {unit.en}{'s' if n > 1 else ''}")
