"""Instants and spans of working time as people say them in Chinese."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEKDAYS = "一二三四五六日"
_NEAR = {-1: "昨天", 0: "今天", 1: "明天"}
_WHOLE_DAY = timedelta(hours=24)


def moment(when: datetime, at: datetime, zone: ZoneInfo) -> str:
    """`when` as said at `at`: "今天18:00", "9月30日(周三)18:00", "2027年1月4日(周一)18:00".

    Midnight is said as 24:00 of the day it closes, since a limit in calendar days ends there.
    """
    local = when.astimezone(zone)
    today = at.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    if local.time().replace(second=0, microsecond=0) == time(0):
        local -= timedelta(days=1)
        clock = "24:00"
    day = local.date()
    if (near := _NEAR.get((day - today).days)) is not None:
        return f"{near}{clock}"
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日(周{_WEEKDAYS[day.weekday()]}){clock}"


def span(length: timedelta, day_length: timedelta) -> str:
    """The size of a span: "2 个工作日 3 小时", "3 小时 20 分钟"; its sign is left to the caller.

    `day_length` is one working day. Where it is 24 hours the clock runs on and days are plain
    days; where it is zero there are no days to count in. Parts are rounded down; minutes are
    said only below one day.
    """
    days, rest = _split(abs(length), day_length)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    parts = (
        (days, "天" if day_length >= _WHOLE_DAY else "个工作日"),
        (hours, "小时"),
        (0 if days else minutes, "分钟"),
    )
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "不到 1 分钟"


def _split(length: timedelta, day_length: timedelta) -> tuple[int, timedelta]:
    if day_length <= timedelta(0):
        return 0, length
    return divmod(length, day_length)
