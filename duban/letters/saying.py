"""How a letter says instants, lengths of time and people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.standing import Standing
from models.words import Words
from rules.duty import Recipient
from rules.limits import LimitUnit, elapsed

WEEKDAYS = (
    *(("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu"), ("周五", "Fri")),
    *(("周六", "Sat"), ("周日", "Sun")),
)
NOTHING = Words("", "")
CARDS = {
    "": NOTHING,
    "yellow": Words("，黄牌", ", yellow card"),
    "red": Words("，红牌", ", red card"),
}


def moment(at: datetime, zone: ZoneInfo) -> Words:
    """An instant as the city's clocks and calendar show it."""
    local = at.astimezone(zone)
    zh, en = WEEKDAYS[local.weekday()]
    return Words(f"{local:%Y-%m-%d}（{zh}）{local:%H:%M}", f"{en} {local:%Y-%m-%d %H:%M}")


def joined(words: Sequence[Words]) -> Words:
    """Several things in a row."""
    return Words("、".join(w.zh for w in words), ", ".join(w.en for w in words))


def people(told: Sequence[Recipient]) -> Words:
    """Persons with their units; a name is the same in both languages."""
    names = [f"{who.unit} {who.person}" for who in told]
    return joined([Words(name, name) for name in names])


def length(s: Standing, facts: Any, start: datetime, end: datetime) -> timedelta:
    """The time from `start` to `end` as the case's clock counts it; negative backwards.

    Pauses that began before `start` or at it are over by then, or hold up what is measured.
    """
    pauses = [pause for pause in s.pauses if pause[0] != start]
    if s.book.limit(facts.limit).unit is not LimitUnit.CONTINUOUS_HOUR:
        return s.book.worktime.between(start, end, pauses)
    forwards = elapsed(min(start, end), max(start, end), pauses)
    return forwards if start <= end else -forwards


def span(s: Standing, facts: Any, of: timedelta) -> Words:
    """A length of the case's clock in days, hours and minutes, without its sign."""
    if s.book.limit(facts.limit).unit is LimitUnit.CONTINUOUS_HOUR:
        return _said(of, timedelta(hours=24), Words("天", "days"))
    return _said(of, s.book.worktime.day_length, Words("个工作日", "working days"))


def _said(of: timedelta, day: timedelta, days: Words) -> Words:
    whole, rest = divmod(abs(of), day)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    named = [(whole, days), (hours, Words("小时", "hours")), (minutes, Words("分钟", "minutes"))]
    said = [(count, unit) for count, unit in named if count] or [(0, named[-1][1])]
    return Words(
        " ".join(f"{count} {unit.zh}" for count, unit in said),
        " ".join(f"{count} {_one(unit.en) if count == 1 else unit.en}" for count, unit in said),
    )


def _one(plural: str) -> str:
    return plural.removesuffix("s")
