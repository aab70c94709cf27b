"""日历: the city's working hours, and the holidays and make-up days of each published year."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class City(SQLModel, table=True):
    """The one city this ledger serves: its name, zone and weekly hours.

    `hours` maps a weekday ("0" is Monday) to its slots, each ["08:00", "12:00"]; an end of
    "24:00" is the midnight that closes the day.
    """

    id: int = Field(default=1, primary_key=True)
    name: str = Field(max_length=60)
    zone: str = Field(default="Asia/Shanghai", max_length=60)
    hours: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))


class CalendarYear(SQLModel, table=True):
    """A year whose arrangement of holidays has been published, with its source."""

    __tablename__ = "calendar_year"

    year: int = Field(primary_key=True)
    source: str


class CalendarDay(SQLModel, table=True):
    """A date that differs from its weekday: a holiday, or a make-up working day (调休)."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    year: int = Field(foreign_key="calendar_year.year", index=True)
    workday: bool
    name: str = Field(max_length=60)
