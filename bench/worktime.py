"""工作时间: microseconds for one answer of working time, limits, agenda, judging and the chain."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from timeit import Timer
from types import SimpleNamespace
from typing import Any

from bench.measure import show
from ledger.loading import shipped_book
from models.case import Status
from models.person import DutyKind
from models.unit import UnitKind
from rules.agenda import Book, agenda
from rules.chain import canonical, link
from rules.duty import Directory, Recipient, UnitEntry
from rules.ladder import judge
from rules.limits import deadline, parse
from rules.worktime import DayRule, Worktime

AT = datetime(2026, 9, 24, 7, tzinfo=UTC)
REPEATS = 5


def run() -> None:
    """Measure and print."""
    book = shipped_book()
    rows = [(label, f"{_microseconds(work):,.1f}") for label, work in _works(book)]
    show("One answer", ("what", "µs"), rows)


def _works(book: Book) -> list[tuple[str, Callable[[], object]]]:
    time, day = book.worktime, timedelta(hours=8)
    limit = parse("3 工作日")
    until = AT + timedelta(days=400)
    case = _case(book)
    looks = agenda(case, book, AT)
    who = _who()
    late = looks[-1].at - timedelta(hours=1)
    before = ("0" * 64, "2026-000001", 3, AT, "escalate", "督办引擎", "in_progress", "到期。")
    facts = {"stage": "handle", "level": 1, "rule": "到期", "recipients": ["a", "b"]}
    return [
        ("`add`: 3 working days of hours", lambda: time.add(AT, 3 * day)),
        ("`add`: 250 working days of hours", lambda: time.add(AT, 250 * day)),
        ("the same, hour by hour of the calendar", lambda: _plainly(time, AT, 250 * day)),
        ("`between`: 400 days apart", lambda: time.between(AT, until)),
        ("`add_days`: 15, end of day", lambda: time.add_days(AT, 15, DayRule.END_OF_DAY)),
        ("`parse`: a limit", lambda: parse("3个工作日")),
        ("`deadline`: 3 工作日, end of day", lambda: deadline(limit, AT, time)),
        ("`agenda` of a case, its clock new", lambda: agenda(case, _fresh(book), AT)),
        ("`agenda` of a case, its clock known", lambda: agenda(case, book, AT)),
        ("`judge`: overdue, two levels passed over", lambda: judge(looks, late, (), who)),
        ("chain: one record linked", lambda: link(*before, canonical(facts))),
    ]


def _microseconds(work: Callable[[], object]) -> float:
    timer = Timer(work)
    count, _ = timer.autorange()
    return median(timer.repeat(REPEATS, count)) / count * 1e6


def _plainly(time: Worktime, at: datetime, left: timedelta) -> datetime:
    """What a few lines would do: walk hour by hour and ask of each whether it is worked."""
    hour = timedelta(hours=1)
    while left > timedelta(0):
        left -= hour if time.is_open(at) else timedelta(0)
        at += hour
    return at


def _fresh(book: Book) -> Book:
    return Book(book.policy, book.worktime, book.published)


def _case(book: Book) -> Any:
    return SimpleNamespace(
        status=Status.IN_PROGRESS, limit="3 工作日", since=AT, step_due_at=None, clock_from=AT,
        due_at=book.deadline(parse("3 工作日"), AT).due_at, resumes_at=None, look_back_at=None,
    )  # fmt: skip


def _who() -> Callable[[tuple[DutyKind, ...]], tuple[Recipient, ...]]:
    unit = UnitEntry(1, "市城管局", UnitKind.DEPARTMENT, None)
    duties = {(1, duty): [person] for person, duty in enumerate(DutyKind, start=1)}
    directory = Directory({1: unit}, dict.fromkeys(range(1, 9), "Bob"), duties)
    return lambda asked: directory.everyone(1, asked, AT)
