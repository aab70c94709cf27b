"""减负: whether what one person is due goes now, waits and goes together, or is held back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol, TypeVar

from models.columns import Labelled
from models.notice import NoticeKind
from rules.agenda import Book
from rules.limits import Limit, LimitUnit
from rules.quiet import held_until, morning_after, next_at


class Pace(Labelled):
    """How soon a notice of a kind must be said, and what it may wait for."""

    AT_ONCE = "at_once", "立即", "at once"
    NEWS = "news", "消息", "news"
    REMINDER = "reminder", "催办", "reminder"


PACES: Mapping[NoticeKind, Pace] = {
    NoticeKind.ESCALATION: Pace.AT_ONCE,
    NoticeKind.URGED: Pace.AT_ONCE,
    NoticeKind.TAKEN_OVER: Pace.AT_ONCE,
    NoticeKind.EXPOSED: Pace.AT_ONCE,
    NoticeKind.SUMMARY: Pace.AT_ONCE,  # for the hour its reader chose; always a message of its own
    NoticeKind.DISPATCHED: Pace.NEWS,
    NoticeKind.UNDECIDED: Pace.NEWS,
    NoticeKind.RETURNED: Pace.NEWS,
    NoticeKind.SUBMITTED: Pace.NEWS,
    NoticeKind.REWORK: Pace.NEWS,
    NoticeKind.REQUEST: Pace.NEWS,
    NoticeKind.DECIDED: Pace.NEWS,
    NoticeKind.TRANSFERRED: Pace.NEWS,
    NoticeKind.CLOSED: Pace.NEWS,
    NoticeKind.ENDED: Pace.NEWS,
    NoticeKind.RESUMED: Pace.NEWS,
    NoticeKind.LOOK_BACK: Pace.NEWS,
    NoticeKind.ASSIGNED: Pace.NEWS,
    NoticeKind.CONFIRMED: Pace.NEWS,
    NoticeKind.WITHDRAWN: Pace.NEWS,
    NoticeKind.RELAPSED: Pace.NEWS,
    NoticeKind.REOPENED: Pace.NEWS,
    NoticeKind.RECOMPUTED: Pace.NEWS,
    NoticeKind.PROPOSED: Pace.NEWS,
    NoticeKind.REMINDER: Pace.REMINDER,
}
"""The pace of each kind of notice.

What is at once goes in messages of its own, up to `TOGETHER` cases each, every one named. News
and reminders that go in one round are one message: its notices may be of several kinds.
"""

TOGETHER = 20
"""So many notices that are at once go in one message: none of them may be cut off."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A case that is over its limit already, as the morning's digest names it."""

    number: str
    place: str
    due_at: datetime
    level: int
    """The highest level of the ladder it has reached; 0: none yet."""


class Fate(Labelled):
    """What becomes of a notice that is due."""

    GOES = "goes", "现在发", "goes now"
    WAITS = "waits", "合并等候", "waits to go together"
    CAPPED = "capped", "超上限", "held back by the daily cap"


class Why(Labelled):
    """The rule that decided it."""

    CONTINUOUS = "continuous", "有紧急工作时案件，不等候、不设限", "a case on a continuous clock"
    IN_TURN = "in_turn", "合并间隔已过，未达每日上限", "the window is over and the day not full"
    AT_ONCE = "at_once", "须立即告知", "to be said at once"
    OWN_LIMIT = "own_limit", "再等将误时限", "waiting would leave too little of its own limit"
    TOO_SOON = "too_soon", "距上一条不足合并间隔", "too soon after the last one"
    DIGEST_TIME = "digest_time", "等本人选定的汇总时刻", "waits for the digest time chosen"
    QUIET = "quiet", "静默时段，上班时发", "quiet hours: it goes at opening"
    DAY_FULL = "day_full", "已达每日上限", "the day's messages are used up"


@dataclass(frozen=True, slots=True)
class Due:
    """A notice whose time has come: since when it is owed, and the rules of its case.

    `limit` is the case's own, as it is written; `level` that of the ladder it speaks of. `by` is
    the next instant by which somebody has to act on the case.
    """

    owed_at: datetime
    limit: str
    book: Book
    kind: NoticeKind = NoticeKind.REMINDER
    level: int = 0
    by: datetime | None = None

    @property
    def pace(self) -> Pace:
        """How soon it must be said."""
        return PACES[self.kind]

    @property
    def continuous(self) -> bool:
        """Whether the clock of its case never stops."""
        return bool(self.limit) and _unit(self) is LimitUnit.CONTINUOUS_HOUR

    @property
    def wakes(self) -> bool:
        """Whether it is said even in quiet hours."""
        return self.continuous or self.level in self.book.policy.burden.night_levels

    def held_until(self, at: datetime) -> datetime | None:
        """The opening until which quiet hours hold it; None where they do not."""
        return None if self.wakes else held_until(self.book, at)

    def spares(self, at: datetime, until: datetime) -> bool:
        """Whether waiting from `at` until then leaves enough time to act in."""
        if self.by is None or self.by <= at:
            return True
        return until < self.by and self.book.worktime.between(until, self.by) >= SPARED


SPARED = timedelta(hours=1)
"""So much working time a wait must leave of a notice's own limit, or it does not wait."""


@dataclass(frozen=True, slots=True)
class Past:
    """What one person has been sent of a pace: messages on this day, and when the last went.

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


def verdicts(
    due: Sequence[Due], reminded: Past, told: Past, at: datetime, digest_at: time | None = None
) -> list[Verdict]:
    """What becomes of each notice that one person is due in one round, in their order.

    `reminded` and `told` are the reminders and the news the person has been sent; `digest_at` is
    the person's own time of the day.
    """
    held = [one.held_until(at) for one in due]
    free = [one for one, until in zip(due, held, strict=True) if until is None]
    said = {Pace.AT_ONCE: Verdict(Fate.GOES, Why.AT_ONCE)}
    for pace, past in ((Pace.NEWS, told), (Pace.REMINDER, reminded)):
        if mine := [one for one in free if one.pace is pace]:
            said[pace] = judge(mine, past, at, digest_at)
    return [
        Verdict(Fate.WAITS, Why.QUIET, until) if until else said[one.pace]
        for one, until in zip(due, held, strict=True)
    ]


def judge(due: Sequence[Due], past: Past, at: datetime, digest_at: time | None = None) -> Verdict:
    """What becomes of the reminders, or of the news, that one person is due in one round.

    None of them is held by quiet hours. What goes, goes in one message: a case on a continuous
    clock takes the others along. Where policies differ the longest window and the smallest cap
    count. Nothing waits for longer than one window from when it was owed, whatever is sent
    meanwhile, nor so long that too little is left of its own limit. Reminders beyond the cap are
    held back, news waits for the morning.
    """
    if any(one.continuous for one in due):
        return Verdict(Fate.GOES, Why.CONTINUOUS)
    full = past.today >= min(_cap(one) for one in due)
    waits = _waits(due, past, at, digest_at)
    if waits is None and full and due[0].pace is Pace.NEWS:
        morning = _first(morning_after(one.book, at) for one in due)
        waits = Verdict(Fate.WAITS, Why.DAY_FULL, morning)
    spared = _spared(due, waits, at)
    if waits and spared:
        return waits
    if full and due[0].pace is Pace.REMINDER:
        return Verdict(Fate.CAPPED, Why.DAY_FULL)
    return Verdict(Fate.GOES, Why.IN_TURN if spared else Why.OWN_LIMIT)


def _spared(due: Sequence[Due], waits: Verdict | None, at: datetime) -> bool:
    """Whether waiting costs none of them its own limit."""
    until = waits.until if waits else None
    return until is None or all(one.spares(at, until) for one in due)


def _unit(one: Due) -> LimitUnit:
    return one.book.limit(one.limit).unit


def _waits(due: Sequence[Due], past: Past, at: datetime, digest_at: time | None) -> Verdict | None:
    if digest_at is not None:
        opens = _first(next_at(one.book.worktime, digest_at, one.owed_at) for one in due)
        return Verdict(Fate.WAITS, Why.DIGEST_TIME, opens) if at < opens else None
    over = _window_over(due, past)
    if over is None or over <= at:
        return None
    return Verdict(Fate.WAITS, Why.TOO_SOON, _opening(due, at, over))


def _window_over(due: Sequence[Due], past: Past) -> datetime | None:
    """When the window that the last message opened is over for the first of them."""
    if past.last is None:
        return None
    first = min(past.last, *(one.owed_at for one in due))
    windows = [(one.book, _window(one)) for one in due]
    ends = [book.deadline(window, first).due_at for book, window in windows if window]
    return max(ends, default=None)


def _window(one: Due) -> Limit | None:
    burden = one.book.policy.burden
    return burden.together_within if one.pace is Pace.REMINDER else burden.news_within


def _cap(one: Due) -> int:
    burden = one.book.policy.burden
    return burden.reminders_per_day if one.pace is Pace.REMINDER else burden.news_per_day


def _opening(due: Sequence[Due], at: datetime, over: datetime) -> datetime:
    """Quiet hours: a reminder that waits until closing time goes at the next opening, news that
    waits beyond this day in the morning."""
    quiet = [one for one in due if one.book.policy.hold_reminders]
    if not quiet:
        return over
    if due[0].pace is Pace.REMINDER:
        return quiet[0].book.worktime.next_open(over).astimezone(UTC)
    return min(over, morning_after(quiet[0].book, at))


def _first(moments: Iterable[datetime]) -> datetime:
    return min(moments).astimezone(UTC)


# -- why it waits ------------------------------------------------------------------------------


def why_waits(
    one: Due, at: datetime, next_try_at: datetime, digest_at: time | None = None
) -> Why | None:
    """Why a notice that was never tried has not gone yet, as of `at`.

    None: it goes in the next round, or what holds it is no rule of these (a channel's pace).
    Told from where it waits until, so that nothing about it needs to be kept.
    """
    if next_try_at <= at:
        return None
    if not one.wakes and held_until(one.book, at) == next_try_at:
        return Why.QUIET
    if one.pace is Pace.AT_ONCE:
        return None
    if digest_at and next_at(one.book.worktime, digest_at, at) == next_try_at:
        return Why.DIGEST_TIME
    if one.pace is Pace.NEWS and morning_after(one.book, at) == next_try_at:
        return Why.DAY_FULL
    return Why.TOO_SOON


# -- one message -------------------------------------------------------------------------------


class Urgent(Protocol):
    """What puts a notice in its place among others."""

    @property
    def kind(self) -> NoticeKind: ...
    @property
    def number(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...


One = TypeVar("One", bound=Urgent)


def in_order(told: Iterable[One]) -> list[One]:
    """Those due first at the top, those without a date last; of each case one reminder."""
    reminded: set[str] = set()
    lines = []
    for one in sorted(told, key=_urgency):
        if one.kind is NoticeKind.REMINDER and one.number in reminded:
            continue
        if one.kind is NoticeKind.REMINDER:
            reminded.add(one.number)
        lines.append(one)
    return lines


def _urgency(one: Urgent) -> tuple[bool, datetime, str]:
    return one.due_at is None, one.due_at or FAR, one.number


FAR = datetime.max.replace(tzinfo=UTC)
"""Later than anything that is due."""
