"""Dates and spans are said as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.words import Words
from rules.spoken import moment, span

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 9, 29, 9, 0, tzinfo=ZONE)
DAY = timedelta(hours=8)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (datetime(2026, 9, 29, 18, 0, tzinfo=ZONE), ("今天18:00", "today 18:00")),
        (datetime(2026, 9, 30, 18, 0, tzinfo=ZONE), ("明天18:00", "tomorrow 18:00")),
        (datetime(2026, 9, 28, 18, 0, tzinfo=ZONE), ("昨天18:00", "yesterday 18:00")),
        (datetime(2026, 10, 9, 8, 30, tzinfo=ZONE), ("10月9日(周五)08:30", "Fri 9 Oct 08:30")),
        (
            datetime(2027, 1, 4, 18, 0, tzinfo=ZONE),
            ("2027年1月4日(周一)18:00", "Mon 4 Jan 2027 18:00"),
        ),
    ],
)
def test_a_date_is_said_as_people_say_it(when: datetime, said: tuple[str, str]) -> None:
    assert moment(when, AT, ZONE) == Words(*said)


def test_midnight_belongs_to_the_day_it_closes() -> None:
    midnight = moment(datetime(2026, 9, 30, 0, 0, tzinfo=ZONE), AT, ZONE)
    assert midnight == Words("今天24:00", "today 24:00")
    new_year = datetime(2027, 1, 1, 0, 0, tzinfo=ZONE)
    assert moment(new_year, AT, ZONE) == Words("12月31日(周四)24:00", "Thu 31 Dec 24:00")


def test_today_is_the_day_of_the_city_not_of_the_server() -> None:
    late = datetime(2026, 9, 28, 17, 0, tzinfo=UTC)  # 29 September, 01:00 in the city
    assert moment(datetime(2026, 9, 29, 10, 0, tzinfo=UTC), late, ZONE).zh == "今天18:00"


@pytest.mark.parametrize(
    ("length", "day", "said"),
    [
        (timedelta(hours=19), DAY, ("2 个工作日 3 小时", "2 working days 3 hours")),
        (timedelta(hours=-19), DAY, ("2 个工作日 3 小时", "2 working days 3 hours")),
        (timedelta(hours=16), DAY, ("2 个工作日", "2 working days")),
        (timedelta(hours=3, minutes=20), DAY, ("3 小时 20 分钟", "3 hours 20 minutes")),
        (timedelta(hours=8, minutes=20), DAY, ("1 个工作日", "1 working day")),
        (timedelta(seconds=59), DAY, ("不到 1 分钟", "less than a minute")),
        (timedelta(hours=50), timedelta(hours=24), ("2 天 2 小时", "2 days 2 hours")),
        (timedelta(hours=50), timedelta(0), ("50 小时", "50 hours")),
    ],
)
def test_a_span_is_told_in_working_days_and_hours(
    length: timedelta, day: timedelta, said: tuple[str, str]
) -> None:
    assert span(length, day) == Words(*said)
