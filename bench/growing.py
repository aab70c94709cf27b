"""A city of any size: ten thousand cases written once, and spread to millions in the database.

A tenth is open. Of the newest million there is everything that happened to them, in the numbers
of a played fortnight; of older ones only the case and who led it, as after years of archiving.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench import sweep
from bench.intake import written
from bench.measure import Measured, Watch
from bench.portal import NOW, _case, _row
from ledger.changes import table
from ledger.database import Ledger, connect
from ledger.reference import Reference, read
from models.assignment import Assignment
from models.case import Case, Counter
from models.category import Role
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation
from models.finding import Finding, FindingOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.record import Record

SEEDS = 10_000
THREADS = 1_000_000
"""So many of the newest cases have their finding, records, notices and deliveries."""
RECORDS, NOTICES = 5, 4
AT_ONCE = 200_000
"""Cases in one transaction."""
KINDS = (NoticeKind.DISPATCHED, NoticeKind.REMINDER, NoticeKind.ESCALATION, NoticeKind.CLOSED)
VERBS = ("file", "dispatch", "acknowledge", "submit", "verify_pass")

Row = dict[str, Any]
Rows = dict[Any, list[Row]]


def fill(url: str, size: int) -> Measured:
    """A city of so many cases, a tenth of them open, none of them due."""
    watch = Watch()
    ledger = connect(url)
    with _bare(ledger):
        with ledger.transaction() as connection:
            seeds = _seeds(connection, size)
        for first in range(0, SEEDS, max(1, AT_ONCE * SEEDS // size)):
            last = first + max(1, AT_ONCE * SEEDS // size)
            with ledger.transaction() as connection:
                for model, rows in seeds.items():
                    connection.execute(_spread(model, rows, first, last, max(1, size // SEEDS)))
        with ledger.transaction() as connection:
            _tidy(connection, seeds, size)
    ledger.engine.dispose()
    return watch.done(size)


def fill_open(url: str, size: int, due: int) -> Measured:
    """So many open cases and nothing else: `due` of them due at `bench.sweep.AT`."""
    watch = Watch()
    ledger = connect(url)
    with _bare(ledger):
        sweep.fill(url, size, due)
    ledger.engine.dispose()
    return watch.done(size)


# -- around the filling ------------------------------------------------------------------------


@contextmanager
def _bare(ledger: Ledger) -> Iterator[None]:
    """Without indexes and references while it is filled; then with them, and statistics."""
    with _as_one_likes(ledger) as connection:
        indexes = connection.exec_driver_sql(_INDEXES[ledger.postgresql]).tuples().all()
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        _references(connection, kept=False)
    ledger.engine.dispose()
    yield
    with _as_one_likes(ledger) as connection:
        _references(connection, kept=True)
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
        # As autovacuum leaves a city that has grown for years.
        connection.exec_driver_sql("VACUUM ANALYZE" if ledger.postgresql else "ANALYZE")
    ledger.engine.dispose()


_INDEXES = {
    True: "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "AND indexname LIKE 'ix\\_%%'",
    False: "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix\\_%' "
    "ESCAPE '\\'",
}


@contextmanager
def _as_one_likes(ledger: Ledger) -> Iterator[Connection]:
    """A connection that commits each statement."""
    engine = ledger.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect().execution_options(begin="SELECT 1") as connection:
        if ledger.postgresql:
            connection.exec_driver_sql("SET maintenance_work_mem = '256MB'")
        yield connection


def _references(connection: Connection, *, kept: bool) -> None:
    """PostgreSQL asks for every row that another refers to, one by one: not while it is filled."""
    if connection.dialect.name == "postgresql":
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        role = "origin" if kept else "replica"
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET session_replication_role = {role}")


# -- the seeds ---------------------------------------------------------------------------------


def _seeds(connection: Connection, size: int) -> dict[Any, sa.Table]:
    """Tables of seeds: of each kind of row, what is spread."""
    rows = _written(read(connection), min(size, SEEDS), size)
    found = {}
    for model, mine in rows.items():
        like = table(model)
        names = [name for name in written(like) if name != "id" or name in mine[0]]
        of = [sa.Column(name, like.c[name].type) for name in names]
        seeds = sa.Table(f"seed_{like.name}", sa.MetaData(), *of, sa.Column("seed", sa.Integer))
        seeds.create(connection)
        plain = _plain(model)
        for start in range(0, len(mine), 1000):
            some = mine[start : start + 1000]
            connection.execute(sa.insert(seeds), [dict.fromkeys(names) | plain | r for r in some])
        connection.execute(sa.text(f"CREATE INDEX of_{seeds.name} ON {seeds.name} (seed)"))
        found[model] = seeds
    return found


def _plain(model: Any) -> Row:
    """What a row is when nothing was said of it."""
    fields = model.model_fields.items()
    return {n: f.get_default(call_default_factory=True) for n, f in fields
            if not f.is_required() and n not in ("id", "shard")}  # fmt: skip


def _written(reference: Reference, seeds: int, size: int) -> Rows:
    cases = [_case(reference, n, seeds) | {"seed": n - 1} for n in range(1, seeds + 1)]
    for case in cases:
        if case["closed_at"] is None and case["clock_from"]:
            minutes = case["id"] * 7919 % (5 * 24 * 60)
            case["next_look_at"] = NOW + timedelta(hours=1, minutes=minutes)
    units = sorted(reference.directory.units)
    people = sorted(reference.directory.people)
    known = cases[-ceil(seeds * min(1, THREADS / size)) :]
    late = [c for c in known if c["id"] % 5 == 0 and c["clock_from"]]
    return {
        Case: cases,
        Assignment: [_lead(c, units) for c in cases if c["clock_from"]],
        Finding: [_finding(c) for c in known],
        Record: [_record(c, seq) for c in known for seq in range(1, RECORDS + 1)],
        Escalation: [_row(c, units, people) | {"seed": c["seed"]} for c in late],
        Notice: [_notice(c, n, units, people) for c in known for n in range(NOTICES)],
        Delivery: [_delivery(c, n) for c in known for n in range(NOTICES)],
    }


def _lead(case: Row, units: Sequence[int]) -> Row:
    return {"seed": case["seed"], "case_id": case["id"], "unit_id": units[case["id"] % len(units)],
            "role": Role.LEAD, "started_at": case["clock_from"],
            "case_open": case["closed_at"] is None}  # fmt: skip


def _finding(case: Row) -> Row:
    n = case["id"]
    return {
        "seed": case["seed"], "case_id": n, "key": f"{n:048x}", "wording": f"{n:064x}",
        "row": str(n), "outcome": FindingOutcome.ACCEPTED, "place": case["place"],
        "problem": case["problem"], "taken_at": case["reported_at"],
        "paper": {"units": ["市城市管理局"], "limit": "3天", "inspector": "Alice"},
    }  # fmt: skip


def _record(case: Row, seq: int) -> Row:
    return {
        "seed": case["seed"], "case_id": case["id"], "seq": seq, "verb": VERBS[seq - 1],
        "at": case["reported_at"] + timedelta(hours=seq), "actor": "督办引擎",
        "status": case["status"], "words": "交办市城市管理局牵头整改，时限 3 工作日，现场核查。",
        "data": '{"now":{"turn":1,"version":2}}'.ljust(190), "previous": f"{case['id']:064x}",
        "hash": f"{case['id'] + seq:064x}",
    }  # fmt: skip


def _notice(case: Row, n: int, units: Sequence[int], people: Sequence[int]) -> Row:
    who, at = people[case["id"] % len(people)], case["reported_at"] + timedelta(hours=n)
    return {
        "seed": case["seed"], "id": (case["id"] - 1) * NOTICES + n + 1, "case_id": case["id"],
        "key": f"{KINDS[n]}:{case['number']}:1:{n}:{who}", "person_id": who, "kind": KINDS[n],
        "unit_id": units[case["id"] % len(units)], "owed_at": at, "next_try_at": at,
        "state": NoticeState.SENT, "attempts": 1, "ended_at": at,
        "facts": {"duty": "contact", "role": "lead", "nobody": False, "title": "督办单"},
    }  # fmt: skip


def _delivery(case: Row, n: int) -> Row:
    return {
        "seed": case["seed"], "notice_id": (case["id"] - 1) * NOTICES + n + 1, "attempt": 1,
        "position": 0, "channel": "mailto://…@mail.example",
        "message": f"{case['id'] * 7 + n:032x}",
        "at": case["reported_at"] + timedelta(hours=n), "outcome": DeliveryOutcome.SENT,
        "answer": "已送达", "took": 0.05,
    }  # fmt: skip


# -- spreading ---------------------------------------------------------------------------------


def _spread(model: Any, seeds: sa.Table, first: int, last: int, times: int) -> sa.Insert:
    """These seeds, so many times each; one after another, as years of rows lie."""
    copies = _up_to(times - 1)
    changed = _CHANGED[model](seeds.c, partial(_nth, copies.c.n, times), copies.c.n)
    names = [column.name for column in seeds.c if column.name != "seed"]
    columns = [changed.get(name, seeds.c[name]) for name in names]
    mine = (
        sa.select(*columns)
        .select_from(seeds.join(copies, sa.true()))
        .where(seeds.c.seed >= first, seeds.c.seed < last)
        .order_by(seeds.c.seed, copies.c.n)
    )
    return sa.insert(table(model)).from_select(names, mine, include_defaults=False)


def _up_to(last: int) -> sa.CTE:
    """The numbers from 0 to `last`."""
    numbers = sa.select(sa.literal(0).label("n")).cte("copies", recursive=True)
    return numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < last))


def _nth(
    copy: sa.ColumnElement[int], times: int, column: sa.ColumnElement[int], each: int = 1
) -> Any:
    """The number of a copy: those of one seed lie beside each other. `each` belong to one case."""
    if each == 1:
        return (column - 1) * times + copy + 1
    place = (column - 1) % each
    case = sa.cast((column - 1 - place) / each, sa.Integer)
    return (case * times + copy) * each + place + 1


Change = Callable[[Any, Callable[..., Any], Any], dict[str, Any]]


def _told_apart(column: Any, copy: Any) -> Any:
    return column.concat(":").concat(sa.cast(copy, sa.String))


_CHANGED: dict[Any, Change] = {
    Case: lambda c, nth, copy: {
        "id": nth(c.id),
        "number": sa.literal("2026-").concat(sa.cast(nth(c.id), sa.String)),
    },
    Assignment: lambda c, nth, copy: {"case_id": nth(c.case_id)},
    Finding: lambda c, nth, copy: {"case_id": nth(c.case_id), "key": _told_apart(c.key, copy)},
    Record: lambda c, nth, copy: {"case_id": nth(c.case_id)},
    Escalation: lambda c, nth, copy: {"case_id": nth(c.case_id)},
    Notice: lambda c, nth, copy: {
        "id": nth(c.id, NOTICES), "case_id": nth(c.case_id), "key": _told_apart(c.key, copy),
    },
    Delivery: lambda c, nth, copy: {"notice_id": nth(c.notice_id, NOTICES)},
}  # fmt: skip


def _tidy(connection: Connection, seeds: dict[Any, sa.Table], size: int) -> None:
    """No seeds are left, and what comes next has the next numbers."""
    for each in seeds.values():
        each.drop(connection)
    counters = table(Counter)
    for name in ("case", f"number:{NOW.year}"):
        connection.execute(sa.delete(counters).where(counters.c.name == name))
        connection.execute(sa.insert(counters).values(name=name, value=size))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence('notice', 'id'), max(id)) FROM notice"
        )
