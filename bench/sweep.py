"""巡查: due cases a second out, and what a sweep costs when nothing is due.

Ten thousand cases are due among ever more open ones: half have a reminder, half the first
level of the ladder. Beside it, on a copy of the same database, the bare claim (SKIP LOCKED on
PostgreSQL) and write of the very same rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.databases import Databases, Postgres
from bench.intake import written
from bench.measure import Measured, Watch, alone, middle, show, together
from ledger.changes import CaseState, Change, table
from ledger.database import connect
from ledger.dispatching import plan
from ledger.reference import Reference, read
from ledger.sweeps import BATCH, follow_up
from models.assignment import Assignment
from models.case import Case, LimitSource, Stage, Status
from models.category import Role
from models.escalation import Escalation
from models.notice import Notice
from models.record import Record
from rules.agenda import Act, agenda

AT = datetime(2026, 9, 23, 10, tzinfo=UTC)
"""Wednesday 18:00 in the city: the limit of Friday's cases is used up."""
BEFORE = AT - timedelta(hours=1)
DUE = 10_000
WRITTEN = (Record, Escalation, Notice)
ALIKE = 20
"""So many cases were dispatched at the same instant: a page of a ledger."""


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    sizes, times = ((10_000, 100_000), 1) if quick else ((10_000, 100_000, 1_000_000), 3)
    lines: list[tuple[str, ...]] = []
    for size in sizes:
        name = f"open_{size}"
        fill(databases.new(name), size)
        lines += _measure(databases, name, size, times if size <= 100_000 else 1)
        databases.drop(name)
    head = ("open cases", "what", "seconds", "own CPU s", "due cases/s", "of ours", "peak MB")
    show(f"Follow-up · {databases.name}", head, lines)


def _measure(databases: Databases, name: str, size: int, times: int) -> Iterator[tuple[str, ...]]:
    idle = middle([alone(nothing_due, databases.copy(name, "idle"))])
    databases.drop("idle")
    ours, two, bare = [], [], []
    for _ in range(times):
        url = databases.copy(name, "ours")
        ours.append(alone(look, url))
        bare_url = databases.copy(name, "bare")
        bare.append(alone(write_bare, url, bare_url))
        databases.drop("ours")
        databases.drop("bare")
        if isinstance(databases, Postgres):
            two.append(together(2, look, databases.copy(name, "two")))
            databases.drop("two")
    times_idle = f"{idle.seconds:.4f}", f"{idle.cpu:.4f}"
    yield f"{size:,}", "nothing due, one sweep", *times_idle, "", "", f"{idle.peak:.0f}"
    yield _line(size, f"{DUE:,} due", middle(ours), middle(ours))
    if two:
        yield _line(size, f"{DUE:,} due, two processes", middle(two), middle(ours))
    yield _line(size, "bare claim and write of the same rows", middle(bare), middle(ours))


def _line(size: int, label: str, measured: Measured, ours: Measured) -> tuple[str, ...]:
    return (
        f"{size:,}",
        label,
        f"{measured.seconds:.2f}",
        f"{measured.cpu:.2f}",
        f"{measured.rate:,.0f}",
        f"{measured.rate / ours.rate:.2f} ×",
        f"{measured.peak:.0f}",
    )


# -- what is measured --------------------------------------------------------------------------


def look(url: str, start: Any = None) -> Measured:
    """One hand of a sweep, from an open ledger until nothing is due."""
    ledger = connect(url)
    if start is not None:
        start.wait()
    watch = Watch()
    counts = follow_up(ledger, AT)
    return watch.done(counts["looked"])


def nothing_due(url: str) -> Measured:
    """A sweep an hour earlier, when nothing is due; the mean of a hundred."""
    ledger = connect(url)
    follow_up(ledger, BEFORE)
    watch = Watch()
    found = sum(follow_up(ledger, BEFORE)["looked"] for _ in range(100))
    assert not found
    hundred = watch.done(100)
    return Measured(1, hundred.seconds / 100, hundred.cpu / 100)


def write_bare(source: str, target: str) -> Measured:
    """Claim batch by batch and write what the sweep wrote, without judging anything."""
    rows, cases = _written(source)
    engine = connect(target).engine
    claim = (
        sa.select(table(Case))
        .where(table(Case).c.next_look_at <= AT)
        .order_by(table(Case).c.next_look_at, table(Case).c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    done = 0
    watch = Watch()
    while True:
        with engine.begin() as connection:
            ids = [row.id for row in connection.execute(claim)]
            if not ids:
                return watch.done(done)
            connection.execute(_SET, [cases[case_id] for case_id in ids])
            for model in WRITTEN:
                mine = [row for case_id in ids for row in rows[model][case_id]]
                connection.execute(sa.insert(table(model)), mine)
            done += len(ids)


_COLUMNS = ("version", "looked_until", "next_look_at", "records", "head")
_SET = (
    sa.update(table(Case))
    .where(table(Case).c.id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"new_{name}") for name in _COLUMNS})
)


def _written(url: str) -> tuple[dict[Any, dict[int, list[Any]]], dict[int, dict[str, Any]]]:
    rows: dict[Any, dict[int, list[Any]]] = {model: defaultdict(list) for model in WRITTEN}
    cases = table(Case)
    with connect(url).engine.connect() as connection:
        for model in WRITTEN:
            of = table(model)
            for row in connection.execute(sa.select(of).order_by(of.c.id)).mappings():
                rows[model][row["case_id"]].append({k: v for k, v in row.items() if k != "id"})
        moved = connection.execute(sa.select(cases).where(cases.c.records > 0)).mappings()
        return rows, {
            row["id"]: {"of": row["id"]} | {f"new_{name}": row[name] for name in _COLUMNS}
            for row in moved
        }


# -- the open cases ----------------------------------------------------------------------------


def fill(url: str, size: int, due: int = DUE) -> None:
    """Open cases with their assignments: so many of them due at AT, none an hour before."""
    ledger = connect(url)
    with ledger.transaction() as connection:
        reference = read(connection)
        reminded, late, quiet = _instants(reference)
        hits = [at for pair in zip(cycle(reminded), late, strict=False) for at in pair]
        rest = min(size - due, due)
        instants = [*islice(cycle(hits), due // ALIKE), *islice(cycle(quiet), rest // ALIKE)]
        cases = [_case(reference, number, instants[number // ALIKE]) for number in
                 range(len(instants) * ALIKE)]  # fmt: skip
        _insert(connection, Case, cases)
        units = sorted(reference.directory.units)
        _insert(connection, Assignment, [_lead(case, units) for case in cases])
        for times in range(1, (size - due) // due):
            _again(connection, times * due, due)
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    ledger.engine.dispose()


def _instants(reference: Reference) -> tuple[list[datetime], list[datetime], list[datetime]]:
    """Instants of dispatch: a reminder falls into the hour before AT, a level, or nothing."""
    reminded: list[datetime] = []
    late: list[datetime] = []
    quiet: list[datetime] = []
    for minutes in range(1, 9 * 24 * 60):
        case = CaseState(_case(reference, 0, AT - timedelta(minutes=minutes)))
        if not reference.worktime.is_open(case.since):
            continue
        looks = agenda(case, reference.book, BEFORE)
        hits = [each for each in looks if each.at <= AT]
        if not hits and looks:
            quiet.append(case.since)
        elif len(hits) == 1:
            (late if hits[0].act is Act.ESCALATE else reminded).append(case.since)
    assert all((reminded, late, quiet))
    return reminded, late, quiet


def _case(reference: Reference, place: int, at: datetime) -> dict[str, Any]:
    book = reference.book
    limit = book.policy.stages[Stage.HANDLE].limit
    row = dict.fromkeys(written(table(Case))) | _PLAIN | {
        "id": place + 1, "number": f"B-{place + 1}", "status": Status.IN_PROGRESS, "version": 2,
        "epoch": 1, "turn": 1, "place": f"人民路{place}号", "place_key": f"人民路{place}号",
        "problem": "沿街商铺占道经营，垃圾堆放未清理", "severity": "", "reports": 1,
        "policy_id": reference.active, "limit": str(limit), "limit_source": LimitSource.POLICY,
        "reported_at": at, "since": at, "dispatched_at": at, "clock_from": at,
        "due_at": book.deadline(limit, at).due_at, "provisional": False, "returns": 0,
        "reworks": 0, "extensions": 0, "suspensions": 0, "records": 0, "head": "",
    }  # fmt: skip
    change = Change(CaseState(row))
    plan(change, book, looked_until=BEFORE)
    return row | change.case.sets


_PLAIN: dict[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in Case.model_fields.items()
    if not field.is_required()
}
"""What a case is when nothing was said of it."""


def _lead(case: dict[str, Any], units: Sequence[int]) -> dict[str, Any]:
    unit = units[case["id"] % len(units)]
    at = case["dispatched_at"]
    return {"case_id": case["id"], "unit_id": unit, "role": Role.LEAD, "started_at": at,
            "exempt": False, "case_open": True}  # fmt: skip


def _insert(connection: Connection, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        connection.execute(sa.insert(table(model)), rows[start : start + 1000])


def _again(connection: Connection, more: int, due: int) -> None:
    """The cases that are not due once more under other numbers, made inside the database."""
    cases, parts = table(Case), table(Assignment)
    new = {"id": cases.c.id + more, "number": sa.literal("B-").concat(
        sa.cast(cases.c.id + more, sa.String))}  # fmt: skip
    names = written(table(Case))
    columns = [new.get(name, cases.c[name]) for name in names]
    quiet = sa.and_(cases.c.id > due, cases.c.id <= 2 * due)
    connection.execute(sa.insert(cases).from_select(names, sa.select(*columns).where(quiet)))
    kept = ["unit_id", "role", "started_at", "exempt", "case_open"]
    values = [parts.c.case_id + more, *(parts.c[name] for name in kept)]
    mine = sa.and_(parts.c.case_id > due, parts.c.case_id <= 2 * due)
    connection.execute(
        sa.insert(parts).from_select(["case_id", *kept], sa.select(*values).where(mine))
    )
