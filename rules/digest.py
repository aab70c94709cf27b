"""减负: whether what is to remind one person goes now, waits and goes together, or is held back.

Only reminders are judged here. Levels of the ladder and every other notice go at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from models.columns import Labelled
from rules.agenda import Book
from rules.limits import LimitUnit


class Fate(Labelled):
    """What becomes of the reminders one person is due in one round."""

    GOES = "goes", "现在发", "goes now"
    WAITS = "waits", "合并等候", "waits to go together"
    CAPPED = "capped", "超上限", "held back by the daily cap"


class Why(Labelled):
    """The rule that decided it."""

    CONTINUOUS = "continuous", "有紧急工作时案件，不等候、不设限", "a case on a continuous clock"
    IN_TURN = "in_turn", "合并间隔已过，未达每日上限", "the window is over and the day not full"
    TOO_SOON = "too_soon", "距上一条提醒不足合并间隔", "too soon after the last reminder"
    DAY_FULL = "day_full", "已达每日提醒上限", "the day's reminders are used up"


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose time has come: since when it is owed, and the rules of its case.

    `limit` is the case's own, as it is written.
    """

    owed_at: datetime
    limit: str
    book: Book

    @property
    def continuous(self) -> bool:
        """Whether the clock of its case never stops."""
        return bool(self.limit) and _unit(self) is LimitUnit.CONTINUOUS_HOUR


@dataclass(frozen=True, slots=True)
class Past:
    """What one person has been sent: messages that remind on this day, and when the last went.

    `capped` reminders were held back since, and nobody has said so yet.
    """

    today: int = 0
    last: datetime | None = None
    capped: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of them, all alike, by which rule; `until` where they wait."""

    fate: Fate
    why: Why
    until: datetime | None = None


def judge(due: Sequence[Due], past: Past, at: datetime) -> Verdict:
    """What becomes of the reminders that one person is due in one round.

    What goes, goes in one message: a case on a continuous clock takes the others along. Where
    policies differ the longest window and the smallest cap count. Nothing waits for longer than
    one window from when it was owed, whatever is sent meanwhile.
    """
    if any(one.continuous for one in due):
        return Verdict(Fate.GOES, Why.CONTINUOUS)
    over = _window_over(due, past)
    if over is not None and at < over:
        return Verdict(Fate.WAITS, Why.TOO_SOON, _opening(due, over))
    if past.today >= min(one.book.policy.burden.reminders_per_day for one in due):
        return Verdict(Fate.CAPPED, Why.DAY_FULL)
    return Verdict(Fate.GOES, Why.IN_TURN)


def _unit(one: Due) -> LimitUnit:
    return one.book.limit(one.limit).unit


def _window_over(due: Sequence[Due], past: Past) -> datetime | None:
    """When the window that the last message opened is over for the first of them."""
    if past.last is None:
        return None
    first = min(past.last, *(one.owed_at for one in due))
    windows = [(one.book, one.book.policy.burden.together_within) for one in due]
    ends = [book.deadline(window, first).due_at for book, window in windows if window]
    return max(ends, default=None)


def _opening(due: Sequence[Due], over: datetime) -> datetime:
    """Quiet hours: what waits until closing time goes at the next opening."""
    quiet = [one.book.worktime for one in due if one.book.policy.hold_reminders]
    return quiet[0].next_open(over).astimezone(UTC) if quiet else over


# -- one message -------------------------------------------------------------------------------


class Urgent(Protocol):
    """What puts a reminder in its place among others."""

    @property
    def number(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...


One = TypeVar("One", bound=Urgent)


def in_order(reminders: Iterable[One]) -> list[One]:
    """One reminder for each case, those due first at the top, those without a date last."""
    cases: dict[str, One] = {}
    for one in sorted(reminders, key=_urgency):
        cases.setdefault(one.number, one)
    return list(cases.values())


def _urgency(one: Urgent) -> tuple[bool, datetime, str]:
    return one.due_at is None, one.due_at or _NEVER, one.number


_NEVER = datetime.max.replace(tzinfo=UTC)
