"""Instants and spans of working time as people say them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.words import Words

_DAYS = (
    *(Words("一", "Mon"), Words("二", "Tue"), Words("三", "Wed"), Words("四", "Thu")),
    *(Words("五", "Fri"), Words("六", "Sat"), Words("日", "Sun")),
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NEAR = {
    -1: Words("昨天", "yesterday"),
    0: Words("今天", "today"),
    1: Words("明天", "tomorrow"),
}
_WHOLE_DAY = timedelta(hours=24)


def moment(when: datetime, at: datetime, zone: ZoneInfo) -> Words:
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
        return Words(f"{near.zh}{clock}", f"{near.en} {clock}")
    name, month, far = _DAYS[day.weekday()], _MONTHS[day.month - 1], day.year != today.year
    zh = f"{f'{day.year}年' if far else ''}{day.month}月{day.day}日(周{name.zh}){clock}"
    return Words(zh, f"{name.en} {day.day} {month}{f' {day.year}' if far else ''} {clock}")


def span(length: timedelta, day_length: timedelta) -> Words:
    """The size of a span: "2 个工作日 3 小时", "3 小时 20 分钟"; its sign is left to the caller.

    `day_length` is one working day. Where it is 24 hours the clock runs on and days are plain
    days; where it is zero there are no days to count in. Parts are rounded down; minutes are
    said only below one day.
    """
    days, rest = _split(abs(length), day_length)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    day = Words("天", "day") if day_length >= _WHOLE_DAY else Words("个工作日", "working day")
    parts = (
        (days, day),
        (hours, Words("小时", "hour")),
        (0 if days else minutes, Words("分钟", "minute")),
    )
    said = [(count, unit) for count, unit in parts if count]
    if not said:
        return Words("不到 1 分钟", "less than a minute")
    return Words(
        " ".join(f"{count} {unit.zh}" for count, unit in said),
        " ".join(f"{count} {unit.en}{'s' if count > 1 else ''}" for count, unit in said),
    )


def _split(length: timedelta, day_length: timedelta) -> tuple[int, timedelta]:
    if day_length <= timedelta(0):
        return 0, length
    return divmod(length, day_length)
