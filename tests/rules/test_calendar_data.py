"""The shipped calendar is the State Council's, checked against two independent libraries."""

import csv
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

TABLE = Path(__file__).parents[2] / "deploy/reference/calendar.csv"
YEARS = range(2019, 2027)


@pytest.fixture(scope="module")
def rows() -> dict[date, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["date"]): row for row in csv.DictReader(file)}


def is_workday(rows: dict[date, dict[str, str]], day: date) -> bool:
    return rows[day]["workday"] == "1" if day in rows else day.weekday() < 5


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_the_year_is_as_two_libraries_have_it(
    rows: dict[date, dict[str, str]], year: int
) -> None:
    china = holidays.country_holidays("CN", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        ours = is_workday(rows, day)
        assert ours == chinese_calendar.is_workday(day), f"chinese_calendar on {day}"
        assert ours == china.is_working_day(day), f"holidays on {day}"
        day += timedelta(days=1)


def test_every_make_up_day_falls_on_a_weekend_and_says_so(
    rows: dict[date, dict[str, str]],
) -> None:
    made_up = {day: row for day, row in rows.items() if row["workday"] == "1"}
    assert all(day.weekday() >= 5 and row["name"].endswith("调休") for day, row in made_up.items())
    assert {day.isoformat() for day in made_up if day.year == 2026} == {
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    }


def test_every_row_names_its_holiday_and_the_notice_it_comes_from(
    rows: dict[date, dict[str, str]],
) -> None:
    for day, row in rows.items():
        assert day.year in YEARS
        assert row["workday"] in {"0", "1"}
        assert row["name"]
        assert "国办发明电〔" in row["source"], f"no notice number on {day}"


def test_each_date_stands_once_and_in_order() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        dates = [row["date"] for row in csv.DictReader(file)]
    assert dates == sorted(set(dates))


def test_the_spring_festival_of_2020_was_extended(rows: dict[date, dict[str, str]]) -> None:
    assert not is_workday(rows, date(2020, 2, 1))
    assert "〔2020〕1号" in rows[date(2020, 2, 1)]["source"]
    assert is_workday(rows, date(2020, 2, 3))
