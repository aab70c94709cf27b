"""时限: "3 工作日" read from paper and turned into a due instant."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from models.words import Trouble, Words
from rules.worktime import DayRule, Pause, Span, Worktime, merged

LONGEST_DAYS = 3650
"""A limit beyond ten years is taken for a slip of the pen."""
LONGEST_TEXT = 200

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class LimitError(Trouble):
    """A time limit that cannot be read or reckoned."""


class LimitUnit(StrEnum):
    """What a limit counts."""

    WORKING_HOUR = "working_hour"
    WORKING_DAY = "working_day"
    CONTINUOUS_HOUR = "continuous_hour"
    """Runs through nights and holidays."""
    CALENDAR_DAY = "calendar_day"
    SAME_DAY = "same_day"
    """Closing of the day it starts on; of the next working day, if that day's work is over."""

    @property
    def words(self) -> Words:
        return _UNIT_WORDS[self]

    @property
    def hours(self) -> int:
        """Hours of the clock in one, to judge what is absurd."""
        return 1 if self in (LimitUnit.WORKING_HOUR, LimitUnit.CONTINUOUS_HOUR) else 24


_UNIT_WORDS = {
    LimitUnit.WORKING_HOUR: Words("工作时", "working hour"),
    LimitUnit.WORKING_DAY: Words("工作日", "working day"),
    LimitUnit.CONTINUOUS_HOUR: Words("紧急工作时", "continuous hour"),
    LimitUnit.CALENDAR_DAY: Words("自然日", "calendar day"),
    LimitUnit.SAME_DAY: Words("当日", "same day"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of a unit. `SAME_DAY` is always one. Refuses nothing, less, and over ten years."""

    amount: int | Decimal | Fraction
    unit: LimitUnit

    def __post_init__(self) -> None:
        amount = Fraction(self.amount)
        whole = int(amount) if amount.denominator == 1 else amount
        object.__setattr__(self, "amount", whole)  # so that 3 and 3.00 are one limit
        if amount <= 0:
            raise _out_of_range(f"{self}", "不大于零", "is not more than nothing")
        if amount * self.unit.hours > LONGEST_DAYS * 24:
            raise _out_of_range(f"{self}", "过长", "is too long")
        if self.unit is LimitUnit.SAME_DAY and amount != 1:
            raise _out_of_range(f"{amount} × 当日", "不成立", "makes no sense")

    def __str__(self) -> str:
        return self.words.zh

    @property
    def words(self) -> Words:
        """As written in a ledger: "3 工作日", "3 working days"."""
        if self.unit is LimitUnit.SAME_DAY:
            return self.unit.words
        number, unit = _figure(Fraction(self.amount)), self.unit.words
        plural = "" if self.amount == 1 else "s"
        return Words(f"{number} {unit.zh}", f"{number} {unit.en}{plural}")


def _figure(amount: Fraction) -> str:
    decimal = f"{float(amount):.6f}".rstrip("0").rstrip(".")
    return decimal if Fraction(decimal) == amount else str(amount)


# -- reading ---------------------------------------------------------------------------------

_EXPECTED = Words(
    "时限写成数量加单位，例如“3 工作日”“4 工作时”“2 紧急工作时”“7 自然日”“一周内”“当日”，"
    f"数量大于零且不超过 {LONGEST_DAYS} 天",
    'a limit is a number and a unit, for example "3 working days", "4 working hours", '
    '"2 continuous hours", "7 calendar days", "1 week" or "same day", '
    f"more than nothing and at most {LONGEST_DAYS} days",
)

_SIMPLER = str.maketrans(
    dict(
        zip(
            "個時緊當週內後兩處結辦為須應於請從達禮連續曆壹贰貳叁參肆伍陆陸柒捌玖拾佰",
            "个时紧当周内后两处结办为须应于请从达礼连续历一二二三三四五六六七八九十百",
            strict=True,
        )
    )
)

_BEFORE = (
    r"(?:(?:自|从).{1,10}?起)?(?:整改|办理|处置|办结|完成)?(?:时限|期限|限期|限时|限)?[为是:]?"
    r"(?:请|须|应|需)?(?:于|在)?|within|in"
)
_AFTER = r"(?:以内|之内|内|之前|以前|前|完成|办结|办理|处置|处理|解决|整改|修复|到位|完毕|[。.;,])*"
_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,6})?|半|[〇零一二两三四五六七八九十百]{1,8}"
_PATTERN = re.compile(f"(?:{_BEFORE})(?P<amount>{_AMOUNT})个?(?P<unit>[^0-9]+?){_AFTER}")
_SAME_DAY = re.compile(
    f"(?:{_BEFORE})(?:当日|当天|今日|今天|即日|即时|立即|立刻|马上|立行立改"
    f"|(?:the)?same-?day|today|immediately|atonce){_AFTER}"
)

_SPELLINGS: dict[LimitUnit, tuple[str, ...]] = {
    LimitUnit.WORKING_HOUR: ("工作时", "工作小时", "workinghour", "businesshour", "workhour"),
    LimitUnit.WORKING_DAY: ("工作日", "工作天", "workingday", "businessday", "workday"),
    LimitUnit.CONTINUOUS_HOUR: (
        *("紧急工作时", "紧急工作小时", "紧急小时", "自然小时", "自然时", "连续小时"),
        *("continuoushour", "consecutivehour", "urgenthour", "clockhour"),
    ),
    LimitUnit.CALENDAR_DAY: (
        *("自然日", "自然天", "日历日", "日历天"),
        *("calendarday", "naturalday", "consecutiveday"),
    ),
}
_NAMED = {spelling: unit for unit, names in _SPELLINGS.items() for spelling in names}

_BARE_DAY = ("天", "日", "day", "d")
_BARE_HOUR = ("小时", "时", "钟头", "hour", "hr", "h")
_BARE = {
    LimitUnit.WORKING_DAY: (LimitUnit.WORKING_DAY, LimitUnit.WORKING_HOUR),
    LimitUnit.CALENDAR_DAY: (LimitUnit.CALENDAR_DAY, LimitUnit.CONTINUOUS_HOUR),
}
"""What bare 天 and 小时 mean, by the policy's reading."""

_COMPOUND = {
    # 紧急工作日 runs like 紧急工作时, through nights and holidays.
    "紧急工作日": (24, LimitUnit.CONTINUOUS_HOUR),
    "周": (7, LimitUnit.CALENDAR_DAY),
    "星期": (7, LimitUnit.CALENDAR_DAY),
    "礼拜": (7, LimitUnit.CALENDAR_DAY),
    "week": (7, LimitUnit.CALENDAR_DAY),
    "月": (30, LimitUnit.CALENDAR_DAY),
    "month": (30, LimitUnit.CALENDAR_DAY),
}


def parse(text: str, bare: LimitUnit = LimitUnit.WORKING_DAY) -> Limit:
    """The limit a Chinese or English text means: "3个工作日", "一周内", "15 working days".

    `bare` says what 天 and 小时 without more mean: `WORKING_DAY` reads working days and
    working hours (so city tables mean them), `CALENDAR_DAY` calendar days and continuous
    hours. A week is 7 and a month 30 calendar days. Raises `LimitError`.
    """
    if bare not in _BARE:
        raise ValueError(f"bare must be a day, working or calendar, not {bare!r}")
    plain = _plain(text)
    if _SAME_DAY.fullmatch(plain):
        return Limit(1, LimitUnit.SAME_DAY)
    found = _PATTERN.fullmatch(plain)
    measure = _measure(found["unit"], bare) if found else None
    amount = _amount(found["amount"]) if found else None
    if measure is None or amount is None:
        raise _unread(text)
    times, unit = measure
    return _limit(amount * times, unit, text)


def _plain(text: str) -> str:
    """The text without blanks, in half-width, lower-case, simplified characters."""
    if not text.strip():
        raise LimitError(
            f"没有写时限。{_EXPECTED.zh}。", f"No time limit is given: {_EXPECTED.en}."
        )
    if len(text) > LONGEST_TEXT:
        raise LimitError(
            f"时限一栏有 {len(text)} 个字，读不出时限。{_EXPECTED.zh}，不超过 {LONGEST_TEXT} 字。",
            f"A text of {len(text)} characters cannot be read as a time limit: {_EXPECTED.en}, "
            f"written in at most {LONGEST_TEXT} characters.",
        )
    half = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLER)
    return re.sub(r"\s+", "", half)


def _measure(unit: str, bare: LimitUnit) -> tuple[int, LimitUnit] | None:
    """How many of which unit one of these is."""
    day, hour = _BARE[bare]
    for name in (unit, unit.removesuffix("s") if unit.isascii() else unit):
        if name in _COMPOUND:
            return _COMPOUND[name]
        if name in _NAMED:
            return 1, _NAMED[name]
        if name in _BARE_DAY:
            return 1, day
        if name in _BARE_HOUR:
            return 1, hour
    return None


def _amount(text: str) -> Fraction | None:
    if text == "半":
        return Fraction(1, 2)
    if text[0].isascii():
        return Fraction(text)
    number = _NUMERALS.get(text.replace("两", "二").replace("〇", "零"))
    return None if number is None else Fraction(number)


def _numeral(n: int) -> str:
    """n (1 to 999) in Chinese: 365 is 三百六十五."""
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    digit = "零一二三四五六七八九"
    head = f"{digit[hundreds]}百" if hundreds else ""
    gap = "零" if hundreds and ones and not tens else ""
    middle = f"{digit[tens]}十" if tens else ""
    return head + gap + middle + (digit[ones] if ones else "")


_NUMERALS = {"零": 0} | {_numeral(n): n for n in range(1, 1000)}
# Ten is said 十 rather than 一十, alone and (by some) after a hundred: 十五, 一百十五.
_NUMERALS |= {word.replace("一十", "十"): n for word, n in list(_NUMERALS.items())}


def _limit(amount: Fraction, unit: LimitUnit, text: str) -> Limit:
    try:
        return Limit(amount, unit)
    except LimitError:
        raise _unread(text) from None


def _unread(text: str) -> LimitError:
    shown = " ".join(text.split())
    return LimitError(
        f"读不出时限“{shown}”。{_EXPECTED.zh}。请改正后重新提交。",
        f'Cannot read the time limit "{shown}": {_EXPECTED.en}. Correct it and hand it in again.',
    )


def _out_of_range(shown: str, zh: str, en: str) -> LimitError:
    return LimitError(
        f"时限“{shown}”{zh}。{_EXPECTED.zh}。", f'The limit "{shown}" {en}: {_EXPECTED.en}.'
    )


# -- reckoning -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a limit that began at `start` is used up, and all that is needed to say why.

    `unpublished` are the calendar years it touches whose holidays nobody has published yet.
    """

    due_at: datetime
    start: datetime
    limit: Limit
    day_rule: DayRule
    pauses: tuple[Pause, ...] = ()
    unpublished: tuple[int, ...] = ()

    @property
    def provisional(self) -> bool:
        """May the due instant still move when a year's calendar is published?"""
        return bool(self.unpublished)

    def spans(self, worktime: Worktime) -> list[Span]:
        """What the time from start to due is made of."""
        return worktime.spans(self.start, self.due_at, self.pauses)


def deadline(
    limit: Limit,
    start: datetime,
    worktime: Worktime,
    day_rule: str = DayRule.END_OF_DAY,
    published: Collection[int] | None = None,
    *,
    pauses: Iterable[Pause] = (),
) -> Deadline:
    """When `limit`, begun at `start`, is used up.

    Working hours count working time; working days follow `day_rule`; calendar days end at
    the midnight closing the nth day after the day of `start`; continuous hours run through.
    The same day ends at closing. Part of a day is reckoned in hours whatever the rule. A
    pause holds up hours by its own length; a day it touches does not count as a day.

    `published` are the years with a published calendar (None: every year). Touching another
    makes the deadline provisional: there the weekly hours alone decide.
    """
    rule, begun, stops = DayRule.of(day_rule), worktime.local(start), tuple(pauses)
    due = _CLOCKS[limit.unit](limit, begun, worktime, rule, stops)
    return Deadline(due, begun, limit, rule, stops, _unpublished(begun, due, published))


def extend(
    old: Deadline,
    limit: Limit,
    worktime: Worktime,
    published: Collection[int] | None = None,
    *,
    pauses: Iterable[Pause] = (),
) -> Deadline:
    """延期: `limit` once more, begun at the old due instant.

    Due Friday 18:00 and 3 working days more is Wednesday 18:00. The answer describes the
    added stretch; it stays provisional if the old deadline was.
    """
    begin = old.due_at
    if ends_a_day(limit, old.day_rule):
        # A day that closes at midnight is not the day the midnight opens.
        begin = worktime.local(old.due_at.astimezone(UTC) - _TICK)
    added = deadline(limit, begin, worktime, old.day_rule, published, pauses=pauses)
    missing = tuple(sorted({*old.unpublished, *added.unpublished}))
    return replace(added, start=old.due_at, unpublished=missing)


def point(
    of: Deadline, worktime: Worktime, fraction: Fraction | float, pauses: Iterable[Pause] = ()
) -> datetime:
    """The instant at which `fraction` (0 to 1) of the limit's own clock is used up.

    Working units are measured in working time between start and due, the others in elapsed
    time; `pauses` beyond those of the deadline are left out too.
    """
    part = Fraction(fraction)
    if not 0 <= part <= 1:
        raise LimitError(
            f"提醒点 {float(part):g} 不在 0 到 1 之间。请写成时限的比例，例如 0.5（即 50%）。",
            f"The point {float(part):g} is not between 0 and 1. "
            "Give it as a share of the limit, for example 0.5 for half.",
        )
    if part in (0, 1):
        return of.due_at if part else of.start
    stops = (*of.pauses, *pauses)
    if of.limit.unit in BY_THE_CLOCK:
        run = _share(elapsed(of.start, of.due_at, stops), part)
        return worktime.local(_run(of.start, run, stops))
    return worktime.add(of.start, _share(worktime.between(of.start, of.due_at, stops), part), stops)


def _working_hours(
    limit: Limit, start: datetime, worktime: Worktime, _: DayRule, pauses: Collection[Pause]
) -> datetime:
    return worktime.add(start, _share(_HOUR, limit.amount), pauses)


def _working_days(
    limit: Limit, start: datetime, worktime: Worktime, rule: DayRule, pauses: Collection[Pause]
) -> datetime:
    if isinstance(limit.amount, int):
        return worktime.add_days(start, limit.amount, rule, pauses)
    return worktime.add(start, _share(worktime.day_length, limit.amount), pauses)


def _continuous_hours(
    limit: Limit, start: datetime, worktime: Worktime, _: DayRule, pauses: Collection[Pause]
) -> datetime:
    return worktime.local(_run(start, _share(_HOUR, limit.amount), pauses))


def _calendar_days(
    limit: Limit, start: datetime, worktime: Worktime, _: DayRule, pauses: Collection[Pause]
) -> datetime:
    if not isinstance(limit.amount, int):
        return worktime.local(_run(start, _share(_DAY, limit.amount), pauses))
    free = worktime.local(start).date() + _DAY
    last = free + (limit.amount - 1) * _DAY
    for pause_start, pause_end in _joined(pauses):
        first, final = worktime.local(pause_start).date(), worktime.local(pause_end - _TICK).date()
        first = max(first, free)
        if first <= min(final, last):
            last += final - first + _DAY
            free = final + _DAY
    return worktime.midnight(last + _DAY)


def _same_day(
    limit: Limit, start: datetime, worktime: Worktime, _: DayRule, pauses: Collection[Pause]
) -> datetime:
    return worktime.add_days(start, 0, DayRule.END_OF_DAY, pauses)


_Clock = Callable[[Limit, datetime, Worktime, DayRule, Collection[Pause]], datetime]
_CLOCKS: dict[LimitUnit, _Clock] = {
    LimitUnit.WORKING_HOUR: _working_hours,
    LimitUnit.WORKING_DAY: _working_days,
    LimitUnit.CONTINUOUS_HOUR: _continuous_hours,
    LimitUnit.CALENDAR_DAY: _calendar_days,
    LimitUnit.SAME_DAY: _same_day,
}
BY_THE_CLOCK = (LimitUnit.CONTINUOUS_HOUR, LimitUnit.CALENDAR_DAY)


def ends_a_day(limit: Limit, rule: DayRule) -> bool:
    """Does this limit run to the end of a day, whatever the clock time it begins at?"""
    if not isinstance(limit.amount, int):
        return False
    by_days = limit.unit is LimitUnit.WORKING_DAY and rule is DayRule.END_OF_DAY
    return by_days or limit.unit is LimitUnit.CALENDAR_DAY


def _share(of: timedelta, part: int | Decimal | Fraction) -> timedelta:
    return int((of // _TICK) * Fraction(part)) * _TICK


def _joined(pauses: Iterable[Pause]) -> list[Pause]:
    return [(_EPOCH + start * _TICK, _EPOCH + end * _TICK) for start, end in merged(pauses)]


def _run(start: datetime, duration: timedelta, pauses: Iterable[Pause]) -> datetime:
    """`duration` of elapsed time after `start`, pauses left out."""
    due = start.astimezone(UTC) + duration
    for pause_start, pause_end in _joined(pauses):
        stopped = max(pause_start, start)
        if stopped < min(pause_end, due):
            due += pause_end - stopped
    return due


def elapsed(start: datetime, end: datetime, pauses: Iterable[Pause]) -> timedelta:
    # Two instants of one zone would be subtracted by the clock on the wall.
    begun, ended = start.astimezone(UTC), end.astimezone(UTC)
    run = ended - begun
    for pause_start, pause_end in _joined(pauses):
        run -= max(min(pause_end, ended) - max(pause_start, begun), timedelta())
    return run


def _unpublished(
    start: datetime, due: datetime, published: Collection[int] | None
) -> tuple[int, ...]:
    if published is None:
        return ()
    # The midnight that opens a year closes the one before.
    years = range(start.year, (due - _TICK).year + 1)
    return tuple(year for year in years if year not in published)
