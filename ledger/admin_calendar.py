"""管理日历: which years are known, and what a table of a year would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import loading
from ledger.admin import Deed, Hand, log, take_turn
from ledger.changes import table
from ledger.database import Ledger
from ledger.recompute import Retimed, load_and_recompute, preview
from models.calendar import CalendarDay, CalendarYear, City
from models.words import Trouble


@dataclass(frozen=True, slots=True)
class YearLine:
    """A year whose holidays are known."""

    year: int
    source: str
    holidays: int
    make_up: int


@dataclass(frozen=True, slots=True)
class DayChange:
    """One date that would be otherwise: None where it is an ordinary day of its week."""

    day: date
    before: tuple[bool, str] | None
    after: tuple[bool, str] | None


def years(ledger: Ledger) -> list[YearLine]:
    """Every year that is known, the latest first."""
    rows, days = table(CalendarYear), table(CalendarDay)
    worked = sa.func.sum(sa.case((days.c.workday, 1), else_=0))
    query = (
        sa.select(
            rows.c.year, rows.c.source, sa.func.count(days.c.day).label("days"),
            sa.func.coalesce(worked, 0).label("worked"),
        )
        .outerjoin(days, days.c.year == rows.c.year)
        .group_by(rows.c.year, rows.c.source)
        .order_by(rows.c.year.desc())
    )  # fmt: skip
    with ledger.snapshot() as connection:
        return [
            YearLine(row.year, row.source, row.days - row.worked, row.worked)
            for row in connection.execute(query)
        ]


def days(ledger: Ledger, year: int) -> Sequence[Any]:
    """The dates of a year that differ from their weekday: rows of day, workday, name."""
    rows = table(CalendarDay)
    with ledger.snapshot() as connection:
        query = sa.select(rows).where(rows.c.year == year).order_by(rows.c.day)
        return connection.execute(query).all()


def hours(ledger: Ledger) -> Mapping[str, Any]:
    """The city's weekly hours: slots by weekday, "0" is Monday."""
    with ledger.snapshot() as connection:
        found: Mapping[str, Any] = connection.execute(sa.select(table(City).c.hours)).scalar_one()
        return found


@dataclass(frozen=True, slots=True)
class Turned:
    """What a calendar table changes: its years, its dates, and the cases."""

    years: Sequence[int]
    days: Sequence[DayChange]
    touched: Sequence[Retimed]


def load(ledger: Ledger, hand: Hand, text: str, *, dry_run: bool = False) -> Turned:
    """Put a calendar table (date, workday, name, source) in force and recompute all cases.

    A year already there is replaced whole. With `dry_run` all is judged and undone. Raises
    Trouble.
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    _refuse_twice(text)

    def turn(connection: Connection) -> tuple[Sequence[int], Sequence[DayChange]]:
        take_turn(connection)
        before = _days(connection)
        found = loading.load_calendar(connection, text)
        changes = _changes(before, _days(connection))
        target = "、".join(map(str, found))
        log(connection, hand, Deed.CALENDAR_LOADED, target, after={"days": len(changes)})
        return found, changes

    carry_out = preview if dry_run else load_and_recompute
    (found, changes), touched = carry_out(ledger, turn, hand.at, "启用新日历")
    return Turned(found, changes, touched)


def _refuse_twice(text: str) -> None:
    seen = set[str]()
    for line in text.splitlines()[1:]:
        day = line.split(",")[0].strip()
        if day and day in seen:
            raise Trouble(
                f"日历中 {day} 写了两次。每个日期只能一行，请删去一行。",
                f"The calendar has {day} twice. A date stands once; remove one line.",
            )
        seen.add(day)


def _days(connection: Connection) -> dict[date, tuple[bool, str]]:
    rows = table(CalendarDay)
    return {row.day: (row.workday, row.name) for row in connection.execute(sa.select(rows))}


def _changes(
    before: Mapping[date, tuple[bool, str]], after: Mapping[date, tuple[bool, str]]
) -> list[DayChange]:
    return [
        DayChange(day, before.get(day), after.get(day))
        for day in sorted(before.keys() | after.keys())
        if before.get(day) != after.get(day)
    ]
