"""重算: a calendar changed under open cases: all are judged again, a tenth has another deadline.

One day is taken off. Every case is looked at; those whose limit ends on that day are written,
with a record and a notice each. Beside it, on a copy of the same database, the bare reading of
the same rows and one UPDATE of the same cases.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import sqlalchemy as sa

from bench.databases import Databases
from bench.measure import Measured, Watch, alone, middle, show
from ledger import loading
from ledger.changes import Change, apply, table
from ledger.database import connect
from ledger.dispatching import dispatch, plan
from ledger.opening import Numbers, new_case
from ledger.recompute import load_and_recompute
from ledger.reference import Reference, read
from models.case import Case, LimitSource, Stage, Status
from models.category import Role
from models.verb import Verb
from models.words import Words
from rules.routing import Routed

AT = datetime(2026, 9, 24, 10, tzinfo=UTC)
"""Thursday 18:00 in the city."""
DAYS = tuple(datetime(2026, 9, day, tzinfo=UTC) for day in (18, 21, 22, 23))
"""Dispatched on these, three working days end before the day taken off …"""
CONCERNED = datetime(2026, 9, 24, tzinfo=UTC)
"""… and on this one they end on it."""
OFF = "2026-09-30"
PART = 10
"""One in so many cases is concerned."""
ALIKE = 20
"""So many cases were dispatched at the same instant: a page of a ledger."""


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    sizes, times = ((10_000,), 1) if quick else ((10_000, 100_000), 3)
    lines: list[tuple[str, ...]] = []
    for size in sizes:
        name = f"recompute_{size}"
        fill(databases.new(name), size)
        lines += _measure(databases, name, size, times)
        databases.drop(name)
    head = ("open cases", "what", "touched", "seconds", "own CPU s", "of the bare", "peak MB")
    show(f"Recompute · {databases.name}", head, lines)


def _measure(databases: Databases, name: str, size: int, times: int) -> Iterator[tuple[str, ...]]:
    ours, again, bare = [], [], []
    for _ in range(times):
        url = databases.copy(name, "ours")
        ours.append(alone(change_calendar, url))
        again.append(alone(change_calendar, url))
        databases.drop("ours")
        bare.append(alone(read_and_update, databases.copy(name, "bare")))
        databases.drop("bare")
    limit = middle(bare)
    assert {run.count for run in ours} == {size // PART}
    assert {run.count for run in again} == {0}
    yield _line(size, "a day off is loaded", middle(ours), limit)
    yield _line(size, "the same once more", middle(again), limit)
    yield _line(size, "bare SELECT of all, one UPDATE", limit, limit)


def _line(size: int, label: str, measured: Measured, bare: Measured) -> tuple[str, ...]:
    return (
        f"{size:,}",
        label,
        f"{measured.count:,}",
        f"{measured.seconds:.2f}",
        f"{measured.cpu:.2f}",
        f"{measured.seconds / bare.seconds:.1f} ×",
        f"{measured.peak:.0f}",
    )


# -- what is measured --------------------------------------------------------------------------


def change_calendar(url: str) -> Measured:
    """Load the calendar with one day off and recompute, in one transaction."""
    ledger, text = connect(url), calendar()
    watch = Watch()
    _, touched = load_and_recompute(
        ledger, lambda connection: loading.load_calendar(connection, text), AT, "装载日历"
    )
    return watch.done(len(touched))


def read_and_update(url: str) -> Measured:
    """Read every open case, and move the deadline of those concerned in one statement."""
    engine, cases = connect(url).engine, table(Case)
    old = datetime(2026, 9, 30, 10, tzinfo=UTC)
    watch = Watch()
    with engine.begin() as connection:
        query = sa.select(cases).where(cases.c.status == Status.IN_PROGRESS).with_for_update()
        rows = connection.execute(query).all()
        assert rows
        moved = connection.execute(
            sa.update(cases)
            .where(cases.c.due_at == old)
            .values(due_at=old + timedelta(days=8), version=cases.c.version + 1)
        )
        count = moved.rowcount
    return watch.done(count)


def calendar() -> str:
    """The shipped calendar of 2026 with one more day off."""
    text = (loading.SHIPPED / "reference" / "calendar.csv").read_text("utf-8")
    head, *lines = text.splitlines()
    kept = [line for line in lines if line.startswith("2026")]
    return "\n".join([head, *kept, f"{OFF},0,停工,bench"])


# -- the open cases ----------------------------------------------------------------------------


def fill(url: str, size: int) -> None:
    """Cases dispatched and signed for by the engine's own hand, with records and notices."""
    ledger = connect(url)
    instants = [*islice(_instants(DAYS), size * (PART - 1) // PART // ALIKE),
                *islice(_instants([CONCERNED]), size // PART // ALIKE)]  # fmt: skip
    for start in range(0, len(instants), 50):
        with ledger.transaction() as connection:
            reference, numbers = read(connection), Numbers(connection, AT.year)
            units = sorted(reference.directory.units)
            changes = [
                _case(reference, numbers, units, at)
                for at in instants[start : start + 50]
                for _ in range(ALIKE)
            ]
            apply(connection, changes)
            numbers.keep()
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    ledger.engine.dispose()


def _instants(days: Sequence[datetime]) -> Iterator[datetime]:
    """Instants of working hours, every six seconds of every day in turn."""
    for step in range(4 * 3600 // 6):
        for day in days:
            yield day + timedelta(seconds=6 * step)


def _case(reference: Reference, numbers: Numbers, units: Sequence[int], at: datetime) -> Change:
    book = reference.book
    limit = book.policy.stages[Stage.HANDLE].limit
    place = f"人民路{numbers.id}号"
    problem = "沿街商铺占道经营，垃圾堆放未清理"
    change = Change(new_case(numbers, place, problem, reference.active, at), new=True)
    lead = units[numbers.id % len(units)]
    routed = Routed(((lead, Role.LEAD),), Words("原件指明责任单位", "named on the paper"))
    dispatch(change, reference, book, routed, (limit, LimitSource.POLICY), at)
    # Where a unit has nobody the log would say so; here only the cases are wanted.
    change.escalations.clear()
    change.move(Status.IN_PROGRESS, at)
    change.record(Verb.ACKNOWLEDGE, at, "签收。")
    plan(change, book, AT)
    return change
