"""时限说明: why a limit is used up when it is, as the sentences of a short letter."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from models.words import Words
from rules.limits import BY_THE_CLOCK, Deadline, LimitUnit, elapsed, ends_a_day
from rules.worktime import Span, SpanKind, Worktime

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)

MANY, FEW = 12, 5
"""A list of more days, or of more days off, than this is summed up."""

_HOW = {
    LimitUnit.WORKING_HOUR: Words("只计工作时间", "working time only"),
    LimitUnit.CONTINUOUS_HOUR: Words(
        "连续计时，夜间、周末和节假日照计", "it runs through nights, weekends and holidays"
    ),
    LimitUnit.CALENDAR_DAY: Words(
        "起算当日不计，逐日连续计算，到期于末日 24:00",
        "the first day does not count, then every day does, due at the midnight closing the last",
    ),
    LimitUnit.SAME_DAY: Words(
        "到期于当日下班时，当日已下班或休息的，为下一工作日下班时",
        "due at closing of the day, or of the next working day if that day's work is over",
    ),
}
_DAYS = {LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY}
_PART_OF_A_DAY = Words("不满一日的部分按时间折算", "part of a day is reckoned in hours")
_WEEKDAYS = [
    *[Words("周一", "Mon"), Words("周二", "Tue"), Words("周三", "Wed"), Words("周四", "Thu")],
    *[Words("周五", "Fri"), Words("周六", "Sat"), Words("周日", "Sun")],
]
_FESTIVALS = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-Sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "调休": " make-up working day",
    "、": " and ",
}


def explain(of: Deadline, worktime: Worktime) -> list[Words]:
    """Why the limit ends when it does, as the sentences of a short letter."""
    spans = of.spans(worktime)
    begun, due = _instant(of.start), _due(of.due_at)
    return [
        _rule(of),
        Words(f"起算：{begun.zh}。", f"It starts on {begun.en}."),
        *_counted(of, worktime, spans),
        *_skipped(of, spans),
        *_paused(of, spans),
        Words(f"到期：{due.zh}。", f"It is due on {due.en}."),
        *_warning(of),
    ]


def _rule(of: Deadline) -> Words:
    how = _HOW.get(of.limit.unit, of.day_rule.words)
    if not isinstance(of.limit.amount, int) and of.limit.unit in _DAYS:
        how = _PART_OF_A_DAY
    limit = of.limit.words
    return Words(f"时限 {limit.zh}：{how.zh}。", f"The limit is {limit.en}: {how.en}.")


def _counted(of: Deadline, worktime: Worktime, spans: list[Span]) -> Iterator[Words]:
    if of.limit.unit is LimitUnit.CONTINUOUS_HOUR:
        return
    if ends_a_day(of.limit, of.day_rule):
        days = days_counted(of, worktime)
        yield _days_line(of.limit.unit, days)
    elif of.limit.unit is LimitUnit.CALENDAR_DAY:
        return
    else:
        worked = _worked_by_day(spans)
        days = list(worked)
        yield _hours_line(worked)
    if of.limit.unit is not LimitUnit.CALENDAR_DAY:
        yield from _made_up(days, worktime)


def days_counted(of: Deadline, worktime: Worktime) -> list[date]:
    """The days that count towards a limit that runs to the end of a day, in order."""
    first, last = of.start.date(), (of.due_at - _TICK).date()
    every = (first + _DAY * i for i in range((last - first).days + 1))
    # Whether the first of them counts depends on how the limit began; how many do is known.
    return [day for day in every if _counts(of, day, worktime)][-int(of.limit.amount) :]


def _counts(of: Deadline, day: date, worktime: Worktime) -> bool:
    begin, end = worktime.midnight(day), worktime.midnight(day + _DAY)
    if of.limit.unit is LimitUnit.CALENDAR_DAY:
        return elapsed(begin, end, of.pauses) == elapsed(begin, end, ())
    worked = worktime.between(begin, end)
    return bool(worked) and worked == worktime.between(begin, end, of.pauses)


def _worked_by_day(spans: list[Span]) -> dict[date, timedelta]:
    worked: Counter[date] = Counter()
    for span in spans:
        if span.kind is SpanKind.WORKING:
            length = span.end.astimezone(UTC) - span.start.astimezone(UTC)
            worked[span.start.date()] += length // _TICK
    return {day: ticks * _TICK for day, ticks in worked.items()}


def _days_line(unit: LimitUnit, days: list[date]) -> Words:
    shown, many = _several([_day(day) for day in days]), len(days)
    return Words(
        f"计入的{unit.words.zh}（{many} 天）：{shown.zh}。",
        f"The {unit.words.en}s counted ({many}): {shown.en}.",
    )


def _hours_line(worked: dict[date, timedelta]) -> Words:
    items = []
    for day, length in worked.items():
        shown, hours = _day(day), _hours(length)
        items.append(Words(f"{shown.zh}{hours.zh}", f"{shown.en} {hours.en}"))
    total, shown = _hours(sum(worked.values(), timedelta())), _several(items)
    return Words(
        f"计入的工作时间（共 {total.zh}）：{shown.zh}。",
        f"The working time counted ({total.en}): {shown.en}.",
    )


def _made_up(days: list[date], worktime: Worktime) -> Iterator[Words]:
    named = [(_day(day), _name(worktime.name(day))) for day in days if worktime.name(day)]
    if not named:
        return
    shown = _several([Words(f"{day.zh}{name.zh}", f"{day.en} ({name.en})") for day, name in named])
    yield Words(f"照常上班而计入：{shown.zh}。", f"Worked as usual, and counted: {shown.en}.")


def _skipped(of: Deadline, spans: list[Span]) -> Iterator[Words]:
    if of.limit.unit in BY_THE_CLOCK:
        return
    rests = [span for span in spans if span.kind in (SpanKind.WEEKEND, SpanKind.HOLIDAY)]
    if not rests:
        return
    shown = _several(_rests(rests)) if len(rests) <= FEW else _several(_totals(rests))
    yield Words(f"不计入：{shown.zh}。", f"Not counted: {shown.en}.")


def _rests(rests: list[Span]) -> list[Words]:
    items = []
    for rest in rests:
        label, first, last = called(rest), _day(rest.start.date()), _day(_last_day(rest))
        if first == last:
            items.append(Words(f"{label.zh}（{first.zh}）", f"{label.en} ({first.en})"))
        else:
            items.append(
                Words(
                    f"{label.zh}（{first.zh}至{last.zh}）",
                    f"{label.en} ({first.en} to {last.en})",
                )
            )
    return items


def _totals(rests: list[Span]) -> list[Words]:
    days: Counter[Words] = Counter()
    for rest in rests:
        days[called(rest)] += (_last_day(rest) - rest.start.date()).days + 1
    return [Words(f"{label.zh} {n} 天", f"{label.en} {n} d") for label, n in days.items()]


def _paused(of: Deadline, spans: list[Span]) -> Iterator[Words]:
    days = ends_a_day(of.limit, of.day_rule)
    for span in spans:
        if span.kind is not SpanKind.PAUSE:
            continue
        start, end = _instant(span.start), _instant(span.end)
        yield Words(
            f"{start.zh}至{end.zh}暂停计时，{'所涉日期' if days else '这段时间'}不计入。",
            f"The clock stood still from {start.en} to {end.en}; "
            f"{'the days it touched do' if days else 'that time does'} not count.",
        )


def _warning(of: Deadline) -> Iterator[Words]:
    if not of.provisional:
        return
    years = "、".join(map(str, of.unpublished))
    yield Words(
        f"{years} 年放假安排尚未公布，暂按每周工作时间推算；公布后重新计算，到期时间可能变动。",
        f"Provisional: the holidays of {years.replace('、', ', ')} are not published yet, so the "
        "weekly hours alone were used. It is reckoned again when they are, and may move.",
    )


def called(rest: Span) -> Words:
    """What a stretch of days off is called."""
    return _name(rest.name) if rest.name else rest.kind.words


def _name(name: str) -> Words:
    english = name
    for zh, en in _FESTIVALS.items():
        english = english.replace(zh, en)
    return Words(name, english)


def _last_day(span: Span) -> date:
    return (span.end - _TICK).date()


def _several(items: list[Words]) -> Words:
    """The items in a row; of a long row, the first and the last."""
    if len(items) > MANY:
        return Words(
            f"{items[0].zh} …… {items[-1].zh}，共 {len(items)} 项",
            f"{items[0].en} … {items[-1].en}, {len(items)} in all",
        )
    return Words("、".join(item.zh for item in items), ", ".join(item.en for item in items))


def _day(day: date) -> Words:
    weekday = _WEEKDAYS[day.weekday()]
    return Words(f"{day.isoformat()}（{weekday.zh}）", f"{weekday.en} {day.isoformat()}")


def _instant(at: datetime) -> Words:
    day, clock = _day(at.date()), f"{at:%H:%M:%S}".removesuffix(":00")
    return Words(f"{day.zh}{clock}", f"{day.en} {clock}")


def _due(at: datetime) -> Words:
    """A midnight is told as the 24:00 it closes."""
    if at.time() != time():
        return _instant(at)
    day, closed = _instant(at), _day((at - _TICK).date())
    return Words(f"{closed.zh}24:00（即{day.zh}）", f"{closed.en} 24:00 (that is, {day.en})")


def _hours(length: timedelta) -> Words:
    hours = Fraction(length // _TICK, _HOUR // _TICK)
    figure = f"{float(hours):.2f}".rstrip("0").rstrip(".")
    return Words(f"{figure} 小时", f"{figure} h")
