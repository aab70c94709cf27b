"""The city the rules are tried in: its real calendar, the shipped policies, a case on the desk.

Laws are tried on a hundred examples; with HYPOTHESIS_PROFILE=mutation (see tests/mutation.py) on
a dozen, always the same, and the quickest tests come first.
"""

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, settings

from models.case import Status
from rules.agenda import Book
from rules.limits import parse as parse_limit
from rules.policy import Source, parse
from rules.worktime import Worktime

SHIPPED = Path(__file__).parents[2] / "deploy"
OFFICE = ((time(8), time(12)), (time(14), time(18)))
PUBLISHED = frozenset(range(2019, 2027))

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "house")
settings.register_profile("house", deadline=None)
settings.register_profile(
    "mutation",
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under mutation the quickest tests come first, as far as mutmut has timed them."""
    timed = Path("mutmut-stats.json")
    if PROFILE == "mutation" and timed.is_file():
        seconds = json.loads(timed.read_text("utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0))


@dataclass(frozen=True, slots=True)
class Facts:
    """A case as the rules see it."""

    status: Status
    limit: str
    since: datetime
    step_due_at: datetime | None
    clock_from: datetime | None
    due_at: datetime | None
    resumes_at: datetime | None = None
    look_back_from: datetime | None = None
    look_back_due_at: datetime | None = None
    raised: int = 0
    raised_at: datetime | None = None


def shipped(name: str) -> Source | None:
    file = SHIPPED / "policy" / f"{name}.yaml"
    return Source(file.name, file.read_text("utf-8")) if file.is_file() else None


@pytest.fixture(scope="session")
def find() -> Callable[[str], Source | None]:
    """The shipped policies by name, as `extends` finds them."""
    return shipped


@pytest.fixture(scope="session")
def city() -> Worktime:
    """Monday to Friday, 8 to 12 and 14 to 18, with the published calendar."""
    with (SHIPPED / "reference/calendar.csv").open(encoding="utf-8", newline="") as file:
        rows = [(date.fromisoformat(row["date"]), row) for row in csv.DictReader(file)]
    return Worktime(
        dict.fromkeys(range(5), OFFICE),
        {day: OFFICE if row["workday"] == "1" else () for day, row in rows},
        ZoneInfo("Asia/Shanghai"),
        names={day: row["name"] for day, row in rows},
    )


@pytest.fixture(scope="session")
def book(city: Worktime) -> Book:
    """The rules of the campaign: chuangcheng.yaml."""
    source = shipped("chuangcheng")
    assert source
    return Book(parse(source, shipped), city, PUBLISHED)


@pytest.fixture(scope="session")
def shuzi(city: Worktime) -> Book:
    """The rules of every day: shuzi-chengguan.yaml."""
    source = shipped("shuzi-chengguan")
    assert source
    return Book(parse(source, shipped), city, PUBLISHED)


@pytest.fixture(scope="session")
def dispatched() -> Callable[..., Facts]:
    """A case handed to a unit at an instant, with its own limit or the policy's."""

    def hand_over(
        book: Book,
        start: datetime,
        limit: str = "3 工作日",
        status: Status = Status.IN_PROGRESS,
        step_due_at: datetime | None = None,
        **more: datetime | None,
    ) -> Facts:
        due = book.deadline(parse_limit(limit, book.policy.bare), start).due_at
        return Facts(status, limit, start, step_due_at, start, due, **more)

    return hand_over
