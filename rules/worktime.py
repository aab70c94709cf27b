"""工作时间: arithmetic on the hours in which a city works.

A `Worktime` turns the weekly hours, the holidays and the make-up days into one long row of
open intervals with a running sum of working time before each. Every question is then one or
two binary searches. The row is built a year at a time, when a year is first asked for.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.words import Trouble, Words

Slot = tuple[time, time]
"""Opening and closing on one day; a closing of 00:00 is the midnight that ends the day."""
Pause = tuple[datetime, datetime]
"""A stretch in which the clock stands still: from, until (half-open)."""

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""The years a schedule answers for."""
PATIENCE = 10
"""Years without a single opening after which a schedule is taken to be closed for good."""
ORIGIN_YEAR = 2024
"""Every table grows from here, so running sums of any two tables of a schedule compare."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_DAY = 24 * 60 * 60 * 1_000_000  # in ticks
# Two days of slack, so that the first and last midnight can be asked for in any zone.
_FIRST_TICK = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _TICK - 2 * _DAY
_LAST_TICK = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _TICK + 2 * _DAY


class WorktimeError(Trouble):
    """A schedule, an instant or a pause that cannot be reckoned with."""


class DayRule(StrEnum):
    """How "n working days" is counted."""

    HOURS = "hours"
    """n times the working time of a normal day."""
    SAME_TIME = "same_time"
    """The same clock time on the nth working day."""
    END_OF_DAY = "end_of_day"
    """Closing time of the nth working day; the day one starts on does not count."""

    @property
    def words(self) -> Words:
        return _DAY_RULE_WORDS[self]

    @classmethod
    def of(cls, text: str) -> "DayRule":
        """The rule of that name; refuses an unknown one."""
        try:
            return cls(text)
        except ValueError:
            raise WorktimeError(
                f"不认识工作日算法“{text}”。可用的是：{'、'.join(cls)}。",
                f"Unknown day rule {text!r}. Use one of: {', '.join(cls)}.",
            ) from None


_DAY_RULE_WORDS = {
    DayRule.HOURS: Words("每个工作日折算为一天的工作时间", "each day counts as one day's hours"),
    DayRule.SAME_TIME: Words("到期于末个工作日的同一钟点", "due at the same time of the last day"),
    DayRule.END_OF_DAY: Words(
        "起算当日不计，到期于末个工作日下班时",
        "the first day does not count, due at closing of the last day",
    ),
}


class SpanKind(StrEnum):
    """What a stretch of time was."""

    WORKING = "working"
    CLOSED = "closed"
    """Outside the hours of a working day."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PAUSE = "pause"

    @property
    def words(self) -> Words:
        return _SPAN_WORDS[self]


_SPAN_WORDS = {
    SpanKind.WORKING: Words("工作时间", "working time"),
    SpanKind.CLOSED: Words("非工作时间", "outside working hours"),
    SpanKind.WEEKEND: Words("周末", "weekend"),
    SpanKind.HOLIDAY: Words("节假日", "holiday"),
    SpanKind.PAUSE: Words("暂停计时", "clock paused"),
}


class Span(NamedTuple):
    """A stretch [start, end) of one kind; `name` is the holiday's or make-up day's name."""

    start: datetime
    end: datetime
    kind: SpanKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    """The open intervals of the years [first, last], in ticks (microseconds) since 1970 UTC."""

    first: int
    last: int
    lo: int
    hi: int
    starts: list[int]
    ends: list[int]
    before: list[int]
    """Working time before each interval, counted from the start of the origin year."""
    worked_lo: int
    worked_hi: int
    """Working time before `lo` and before `hi`."""
    days: list[int]
    """Ordinals of the working days, with the first opening and last closing of each."""
    opens: list[int]
    closes: list[int]
    idle_before: int
    """Years at either end of the table without one opening."""
    idle_after: int

    def worked(self, at: int) -> int:
        """Working time from the origin to `at`, which must lie in [lo, hi]."""
        i = bisect_right(self.starts, at) - 1
        if i < 0:
            return self.worked_lo
        end = self.ends[i]
        return self.before[i] + (at if at < end else end) - self.starts[i]

    def closing_after(self, at: int) -> int | None:
        """The first end of working time after `at`, if this table knows it."""
        for i in range(bisect_right(self.ends, at), len(self.ends)):
            following = self.starts[i + 1] if i + 1 < len(self.starts) else self.hi
            if self.ends[i] < following:
                return self.ends[i]
        return None

    def then(self, later: "_Table") -> "_Table":
        """This table followed by that of the next years."""
        years, later_years = self.last - self.first + 1, later.last - later.first + 1
        return _Table(
            first=self.first,
            last=later.last,
            lo=self.lo,
            hi=later.hi,
            starts=self.starts + later.starts,
            ends=self.ends + later.ends,
            before=self.before + later.before,
            worked_lo=self.worked_lo,
            worked_hi=later.worked_hi,
            days=self.days + later.days,
            opens=self.opens + later.opens,
            closes=self.closes + later.closes,
            idle_before=self.idle_before if self.starts else years + later.idle_before,
            idle_after=later.idle_after if later.starts else later_years + self.idle_after,
        )

    def moved(self, by: int) -> "_Table":
        """This table with `by` more working time before it."""
        return replace(
            self,
            before=[worked + by for worked in self.before],
            worked_lo=self.worked_lo + by,
            worked_hi=self.worked_hi + by,
        )


class Worktime:
    """The working hours of a city; a value, never changed after it is made.

    `hours` maps weekday (0 is Monday) to slots, `days` maps single dates to the slots they
    have instead (none: a day off), `names` says for explanations what such a date is called.
    Instants are aware datetimes of any zone; answers are in `zone`. Intervals are half-open:
    closing time is closed.

    A slot edge the clock skips (spring) is the instant of the jump; an edge it shows twice
    (autumn) is the first of the two. A slot across a jump is as long as it really lasts.
    """

    __slots__ = ("_day_length", "_days", "_hours", "_names", "_table", "zone")

    def __init__(
        self,
        hours: Mapping[int, Iterable[Slot]],
        days: Mapping[date, Iterable[Slot]],
        zone: ZoneInfo,
        names: Mapping[date, str] | None = None,
    ) -> None:
        _check_keys(hours, days)
        self.zone = zone
        self._hours = {day: _checked(slots, f"{day}") for day, slots in hours.items()}
        self._days = {day: _checked(slots, day.isoformat()) for day, slots in days.items()}
        self._names = dict(names or {})
        self._day_length = _commonest_day(self._hours.values())
        self._table = self._year(ORIGIN_YEAR)

    # -- working time --------------------------------------------------------------------

    def add(self, at: datetime, duration: timedelta, pauses: Iterable[Pause] = ()) -> datetime:
        """The instant at which `duration` of working time after `at` is used up.

        Forward it is the earliest such instant (closing time, not the next opening);
        backward, for a negative duration, the latest (opening time). Nothing added is `at`.
        """
        ticks = duration // _TICK
        if ticks == 0:
            return self.local(at)
        start = _ticks(at)
        target = self._worked(start) + ticks
        if pauses:
            target = self._past_pauses(start, target, merged(pauses), forward=ticks > 0)
        return self._instant(self._reach(self._covering(start), target, forward=ticks > 0))

    def between(self, a: datetime, b: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
        """Working time from `a` to `b`, pauses left out; negative if `b` is the earlier."""
        start, end = _ticks(a), _ticks(b)
        if start > end:
            return -self.between(b, a, pauses)
        worked = self._worked(end) - self._worked(start)
        for pause_start, pause_end in merged(pauses) if pauses else ():
            inner, outer = max(pause_start, start), min(pause_end, end)
            if inner < outer:
                worked -= self._worked(outer) - self._worked(inner)
        return timedelta(microseconds=worked)

    def is_open(self, at: datetime) -> bool:
        """Is it working time at `at`? Closing time itself is not."""
        ticks = _ticks(at)
        table = self._covering(ticks)
        i = bisect_right(table.starts, ticks) - 1
        return i >= 0 and ticks < table.ends[i]

    def next_open(self, at: datetime) -> datetime:
        """`at` itself if it is working time, else the next opening."""
        if self.is_open(at):
            return self.local(at)
        ticks = _ticks(at)
        table = self._covering(ticks)
        while (i := bisect_right(table.starts, ticks)) == len(table.starts):
            table = self._grown(table, forward=True)
        return self._instant(table.starts[i])

    def next_close(self, at: datetime) -> datetime:
        """The next end of working time after `at`; a lunch break is one too."""
        ticks = _ticks(at)
        table = self._covering(ticks)
        patience = self._instant(ticks).year + PATIENCE
        while (closing := table.closing_after(ticks)) is None:
            if table.last > patience:
                raise _never("closes", "下班")
            table = self._grown(table, forward=True)
        return self._instant(closing)

    # -- working days --------------------------------------------------------------------

    def is_workday(self, day: date) -> bool:
        """Has this date any working hours? An instant stands for its date in the zone."""
        return bool(self.slots(self._date(day)))

    def workdays_between(self, a: date, b: date) -> int:
        """Working days d with a <= d < b; negative if `b` is the earlier.

        Takes dates, or instants, which stand for their date in the zone.
        """
        first, last = self._date(a), self._date(b)
        if first > last:
            return -self.workdays_between(b, a)
        table = self._covering(self._midnight(first))
        table = self._covering(self._midnight(last), table)
        return bisect_left(table.days, last.toordinal()) - bisect_left(
            table.days, first.toordinal()
        )

    def add_days(
        self, at: datetime, n: int, rule: str = DayRule.END_OF_DAY, pauses: Iterable[Pause] = ()
    ) -> datetime:
        """The instant n working days after `at` (before it, for a negative n), by `rule`.

        `end_of_day`: closing of the nth working day after the date of `at`; n = 0 is the
        closing of the working day in progress, or of the next one if none is.
        `same_time`: the clock time of `at` on the nth working day after it; an `at` outside
        hours counts from the next opening (backward: from the last closing), while closing
        time itself stays closing time. `hours`: n times `day_length` of working time.

        A day any of whose working time is paused does not count, except under `hours`,
        where the paused time alone is left out.
        """
        day_rule = DayRule.of(rule)
        if day_rule is DayRule.HOURS:
            return self.add(at, n * self.day_length, pauses)
        if day_rule is DayRule.SAME_TIME:
            return self._same_time(at, n, pauses)
        table, i = self._nth_day(at, n, pauses)
        return self._instant(table.closes[i])

    @property
    def day_length(self) -> timedelta:
        """Working time of a normal day: the commonest among the weekdays that have hours.

        Two lengths equally common: the longer. Reckoned by the clock on the wall, so a
        daylight saving jump does not change it.
        """
        if not self._day_length:
            raise WorktimeError(
                "工作时间表没有任何一天的常规工作时间，无法把工作日折算成小时。"
                "请先设置每周的上下班时间。",
                "The schedule has no weekly hours, so a working day has no length in hours. "
                "Set the weekly hours first.",
            )
        return self._day_length

    # -- the day, the zone, the explanation ------------------------------------------------

    def slots(self, day: date) -> Sequence[Slot]:
        """The working hours of a date, in order; none on a day off."""
        own = self._days.get(day)
        return self._hours.get(day.weekday(), ()) if own is None else own

    def name(self, day: date) -> str:
        """What the calendar calls this date, or nothing."""
        return self._names.get(day, "")

    def local(self, at: datetime) -> datetime:
        """The same instant on the clocks of the zone."""
        ticks = _ticks(at)
        return at.astimezone(self.zone) if type(at) is datetime else self._instant(ticks)

    def midnight(self, day: date) -> datetime:
        """The instant a date begins in the zone."""
        return self._instant(self._midnight(day))

    def spans(self, a: datetime, b: datetime, pauses: Iterable[Pause] = ()) -> list[Span]:
        """What [a, b) was made of, without gaps; neighbours of one kind and name are one."""
        start, end = _ticks(a), _ticks(b)
        edges = [(s, e, SpanKind.PAUSE, "") for s, e in merged(pauses)]
        pieces = _overlaid(self._day_pieces(start, end), edges)
        joined: list[tuple[int, int, SpanKind, str]] = []
        for s, e, kind, name in pieces:
            if joined and joined[-1][2:] == (kind, name):
                joined[-1] = (joined[-1][0], e, kind, name)
            else:
                joined.append((s, e, kind, name))
        return [Span(self._instant(s), self._instant(e), k, n) for s, e, k, n in joined]

    # -- inside ----------------------------------------------------------------------------

    def _date(self, day: date) -> date:
        return self.local(day).date() if isinstance(day, datetime) else day

    def _midnight(self, day: date) -> int:
        return self._edge(datetime.combine(day, time()))

    def _instant(self, ticks: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=ticks)).astimezone(self.zone)

    def _worked(self, at: int) -> int:
        return self._covering(at).worked(at)

    def _reach(self, table: _Table, target: int, *, forward: bool) -> int:
        """The earliest (backward: latest) instant with `target` of working time before it."""
        if forward:
            while target > table.worked_hi:
                table = self._grown(table, forward=True)
            i = bisect_left(table.before, target) - 1
        else:
            while target < table.worked_lo:
                table = self._grown(table, forward=False)
            i = bisect_right(table.before, target) - 1
        return table.starts[i] + target - table.before[i]

    def _past_pauses(
        self, start: int, target: int, pauses: list[tuple[int, int]], *, forward: bool
    ) -> int:
        """The target moved on by the working time of every pause met on the way."""
        for pause_start, pause_end in pauses if forward else reversed(pauses):
            if forward:
                near, far = max(pause_start, start), pause_end
                met = near < far and self._worked(near) < target
            else:
                near, far = min(pause_end, start), pause_start
                met = near > far and self._worked(near) > target
            if met:
                target += self._worked(far) - self._worked(near)
        return target

    def _same_time(self, at: datetime, n: int, pauses: Iterable[Pause]) -> datetime:
        if n == 0:
            return self.local(at)
        start = self._into_hours(at, forward=n > 0)
        closing = not self.is_open(start)
        # A closing at midnight is on the next date by the clock, but belongs to its own day.
        anchor = self._instant(_ticks(start) - 1) if closing else start
        table, i = self._nth_day(anchor, n, pauses)
        day = date.fromordinal(table.days[i] + (start.date() - anchor.date()).days)
        return self._instant(self._edge(datetime.combine(day, start.time().replace(fold=0))))

    def _into_hours(self, at: datetime, *, forward: bool) -> datetime:
        """`at` if it is working time or a closing, else the next opening (or last closing)."""
        ticks = _ticks(at)
        table = self._covering(ticks)
        i = bisect_left(table.ends, ticks)
        closing = i < len(table.ends) and table.ends[i] == ticks
        if closing or self.is_open(at):
            return self.local(at)
        if forward:
            return self.next_open(at)
        while i == 0:
            table = self._grown(table, forward=False)
            i = bisect_left(table.ends, ticks)
        return self._instant(table.ends[i - 1])

    def _nth_day(self, at: datetime, n: int, pauses: Iterable[Pause]) -> tuple[_Table, int]:
        """The table, and the place in its `days` of the nth working day from `at`."""
        ticks = _ticks(at)
        table = self._covering(ticks)
        stops = merged(pauses) if pauses else []
        while True:
            i = self._place(table, ticks, n, stops)
            if 0 <= i < len(table.days):
                return table, i
            table = self._grown(table, forward=i >= 0)

    def _place(self, table: _Table, at: int, n: int, pauses: list[tuple[int, int]]) -> int:
        if n < 0:
            return self._place_back(table, at, n, pauses)
        base = bisect_right(table.closes, at) if n == 0 else self._day_after(table, at)
        target = base + max(n - 1, 0)
        for first, last in self._stopped(table, pauses):
            stopped = last - max(first, base)
            if stopped > 0 and max(first, base) <= target:
                target += stopped
        return target

    def _place_back(self, table: _Table, at: int, n: int, pauses: list[tuple[int, int]]) -> int:
        base = bisect_left(table.days, self._instant(at).toordinal())
        target = base + n
        for first, last in reversed(self._stopped(table, pauses)):
            stopped = min(last, base) - first
            if stopped > 0 and target < min(last, base):
                target -= stopped
        return target

    def _day_after(self, table: _Table, at: int) -> int:
        return bisect_right(table.days, self._instant(at).toordinal())

    def _stopped(self, table: _Table, pauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Ranges of places in `days` that a pause takes working time from."""
        ranges: list[tuple[int, int]] = []
        for start, end in pauses:
            inner, outer = max(start, table.lo), min(end, table.hi)
            if inner >= outer or table.worked(inner) == table.worked(outer):
                continue
            first, last = bisect_right(table.closes, inner), bisect_left(table.opens, outer)
            if ranges:  # two pauses on one day take it away once
                first = max(first, ranges[-1][1])
            ranges.append((first, last))
        return ranges

    def _day_pieces(self, start: int, end: int) -> Iterator[tuple[int, int, SpanKind, str]]:
        """[start, end) cut at midnights and slot edges."""
        day = self._instant(start).date()
        while (begin := self._midnight(day)) < end:
            tomorrow = day + timedelta(days=1)
            for s, e, kind, name in self._day_parts(day, begin, self._midnight(tomorrow)):
                inner, outer = max(s, start), min(e, end)
                if inner < outer:
                    yield inner, outer, kind, name
            day = tomorrow

    def _day_parts(
        self, day: date, begin: int, end: int
    ) -> Iterator[tuple[int, int, SpanKind, str]]:
        name = self.name(day)
        if not self.slots(day):
            off = SpanKind.HOLIDAY if name or day in self._days else SpanKind.WEEKEND
            yield begin, end, off, name
            return
        for s, e in self._intervals(day, begin, end):
            yield begin, s, SpanKind.CLOSED, name
            yield s, e, SpanKind.WORKING, name
            begin = e
        yield begin, end, SpanKind.CLOSED, name

    def _intervals(self, day: date, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The open intervals of the date that lasts from `begin` to `end`."""
        for opening, closing in self.slots(day):
            if end - begin == _DAY:
                yield begin + _of_day(opening), begin + (_of_day(closing) or _DAY)
                continue
            s = self._edge(datetime.combine(day, opening))
            e = self._edge(datetime.combine(day, closing)) if closing != time() else end
            if s < e:
                yield s, e

    def _edge(self, wall: datetime) -> int:
        """The instant a clock in the zone shows `wall`: the first, or the jump over it."""
        ticks = _ticks(wall.replace(tzinfo=self.zone))
        if self._instant(ticks).replace(tzinfo=None) == wall:
            return ticks
        low, high = _ticks(wall.replace(tzinfo=self.zone, fold=1)), ticks
        before = self._instant(low).utcoffset()
        while low + 1 < high:
            middle = (low + high) // 2
            if self._instant(middle).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high

    # -- the table -------------------------------------------------------------------------

    def _covering(self, at: int, table: _Table | None = None) -> _Table:
        """A table with `at` in it; made from `table`, if given, so it keeps that one's years."""
        table = table or self._table
        if table.lo <= at < table.hi:
            return table
        while at >= table.hi:
            table = self._longer(table, forward=True)
        while at < table.lo:
            table = self._longer(table, forward=False)
        return table

    def _grown(self, table: _Table, *, forward: bool) -> _Table:
        """A table one year longer; refuses when the last ten years brought no opening."""
        if (table.idle_after if forward else table.idle_before) >= PATIENCE:
            raise _never("opens", "上班")
        return self._longer(table, forward=forward)

    def _longer(self, table: _Table, *, forward: bool) -> _Table:
        if forward:
            table = table.then(self._year(table.last + 1).moved(table.worked_hi))
        else:
            year = self._year(table.first - 1)
            table = year.moved(table.worked_lo - year.worked_hi).then(table)
        # Two threads may both grow the table. Each publishes a whole one, counted from the
        # same origin, so the worst that happens is that a year is reckoned twice.
        self._table = table
        return table

    def _year(self, year: int) -> _Table:
        """The table of one year, its working time counted from its own beginning."""
        _check_year(year)
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        days: list[int] = []
        opens: list[int] = []
        closes: list[int] = []
        total = 0
        lo = begin = self._midnight(date(year, 1, 1))
        for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            end = self._midnight(date.fromordinal(ordinal + 1))
            intervals = list(self._intervals(date.fromordinal(ordinal), begin, end))
            for s, e in intervals:
                starts.append(s)
                ends.append(e)
                before.append(total)
                total += e - s
            if intervals:
                days.append(ordinal)
                opens.append(intervals[0][0])
                closes.append(intervals[-1][1])
            begin = end
        idle = 0 if starts else 1
        return _Table(
            year, year, lo, begin, starts, ends, before, 0, total, days, opens, closes, idle, idle
        )


def merged(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Pauses in order, overlapping ones as one, in microseconds since 1970 UTC."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted((_ticks(start), _ticks(end)) for start, end in pauses):
        if end < start:
            raise WorktimeError(
                "暂停的结束早于开始。暂停由开始和结束两个时刻组成，请核对先后。",
                "A pause ends before it begins. Give its beginning first, then its end.",
            )
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif start < end:
            whole.append((start, end))
    return whole


def _ticks(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    if at.tzinfo is None:
        raise WorktimeError(
            f"时刻 {at.isoformat()} 没有时区。请写明时区，例如 2026-09-24T15:00+08:00。",
            f"The instant {at.isoformat()} has no time zone. "
            "Say which, for example 2026-09-24T15:00+08:00.",
        )
    # A subclass such as pendulum's would subtract in its own way and refuse plain durations.
    ticks: int = datetime.__sub__(at, _EPOCH) // _TICK
    if not _FIRST_TICK <= ticks < _LAST_TICK:
        _check_year(at.year)
    return ticks


def _of_day(clock: time) -> int:
    seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
    return seconds * 1_000_000 + clock.microsecond


def _length(slot: Slot) -> int:
    return (_of_day(slot[1]) or _DAY) - _of_day(slot[0])


def _commonest_day(days: Iterable[Sequence[Slot]]) -> timedelta:
    lengths = Counter(sum(map(_length, slots)) for slots in days if slots)
    commonest = max(lengths, key=lambda length: (lengths[length], length), default=0)
    return timedelta(microseconds=commonest)


def _overlaid(
    pieces: Iterable[tuple[int, int, SpanKind, str]], covers: list[tuple[int, int, SpanKind, str]]
) -> Iterator[tuple[int, int, SpanKind, str]]:
    """The pieces, with whatever a cover hides replaced by the cover."""
    for start, end, kind, name in pieces:
        at = start
        for cover_start, cover_end, cover_kind, cover_name in covers:
            inner, outer = max(cover_start, at), min(cover_end, end)
            if inner >= outer:
                continue
            if at < inner:
                yield at, inner, kind, name
            yield inner, outer, cover_kind, cover_name
            at = outer
        if at < end:
            yield at, end, kind, name


def _check_keys(hours: Mapping[int, object], days: Mapping[date, object]) -> None:
    for weekday in hours:
        if weekday not in range(7):
            raise WorktimeError(
                f"每周工作时间里的 “{weekday}” 不是星期。请用 0（周一）到 6（周日）。",
                f"{weekday!r} is no weekday. Use 0 (Monday) to 6 (Sunday).",
            )
    for day in days:
        if isinstance(day, datetime):
            raise WorktimeError(
                f"日历里的 {day.isoformat()} 是时刻。日历按日期登记，请去掉钟点。",
                f"{day.isoformat()} is an instant. A calendar lists dates; leave out the time.",
            )


def _checked(slots: Iterable[Slot], where: str) -> tuple[Slot, ...]:
    """The slots in order; refuses one that is reversed or overlaps the one before."""
    ordered = tuple(sorted(slots, key=lambda slot: slot[0]))
    end = 0
    for opening, closing in ordered:
        text = f"{opening:%H:%M}–{closing:%H:%M}"
        if opening.tzinfo or closing.tzinfo:
            raise WorktimeError(
                f"{where} 的时段 {text} 带有时区。时段只写钟点，时区由日历统一决定。",
                f"The slot {text} of {where} has a time zone. Slots are clock times only; "
                "the schedule has one zone.",
            )
        if _length((opening, closing)) <= 0:
            raise WorktimeError(
                f"{where} 的时段 {text} 先下班后上班。请先写上班、后写下班；00:00 表示当日 24:00。",
                f"The slot {text} of {where} closes before it opens. Write opening, then "
                "closing; a closing of 00:00 is the midnight that ends the day.",
            )
        if _of_day(opening) < end:
            raise WorktimeError(
                f"{where} 的时段 {text} 与前一时段重叠。同一天的时段不得重叠，请合并或改正。",
                f"The slot {text} of {where} overlaps the one before. "
                "Slots of one day must not overlap; join or correct them.",
            )
        end = _of_day(closing) or _DAY
    return ordered


def _check_year(year: int) -> None:
    if FIRST_YEAR <= year <= LAST_YEAR:
        return
    raise WorktimeError(
        f"{year} 年超出工作日历的范围（{FIRST_YEAR}–{LAST_YEAR}）。请核对日期和时限。",
        f"The year {year} is outside the working calendar ({FIRST_YEAR} to {LAST_YEAR}). "
        "Check the date and the time limit.",
    )


def _never(what_en: str, what_zh: str) -> WorktimeError:
    return WorktimeError(
        f"按这份工作时间表，{PATIENCE} 年内没有{what_zh}时间，无法计算。请检查每周工作时间和日历。",
        f"By this schedule nothing ever {what_en} within {PATIENCE} years, so there is no "
        "answer. Check the weekly hours and the calendar.",
    )
