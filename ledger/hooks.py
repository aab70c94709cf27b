"""外发接口: what is owed to other systems, in the order of the overall chain, and what came of it.

Each record is owed to a hook once: the calls and the position up to which the hook has been
given the chain are written in one transaction. A call is claimed with a lease, made by others
and marked; who is killed in between leaves it to be made again, under the same name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import admin, journal
from ledger.admin import Deed, Hand
from ledger.changes import ENGINE, insert, table
from ledger.database import Ledger
from ledger.scope import areas_under
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.hook import Hook, HookCall, HookState
from models.journal import Entry
from models.record import Record
from models.unit import Area, Unit
from rules.history import BLANK, now_of
from rules.hooks import Verdict, verdict, wait

LEASE = timedelta(minutes=10)
"""Longer than a whole hand may take. By the real clock: it is about processes."""
HAND = 20
"""Calls claimed at a time: so many may be made twice after a crash."""
KEPT = timedelta(days=90)
"""How long it is known what was told to whom."""
PAGE = 1000
INTERRUPTED = "上一次调用中途进程退出，结果不明；用同一编号再发"

hooks, calls = table(Hook), table(HookCall)
entries, records, cases = table(Entry), table(Record), table(Case)


@dataclass(frozen=True, slots=True)
class Listener:
    """A hook that is on. Address and secret are sealed."""

    id: int
    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Owed:
    """A call in hand: one record, and the case as it was after it."""

    id: int
    attempts: int
    """Failed so far."""
    name: str
    """The record's own: the same at every attempt, and for every hook."""
    verb: str
    at: datetime
    number: str
    seq: int
    position: int
    status: Status
    words: str
    place: str
    problem: str
    category: str | None
    area: str | None
    unit: str | None
    due_at: datetime | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call that was made."""

    owed: Owed
    status: int | None
    answer: str
    again: timedelta | None = None


def name_of(digest: str) -> str:
    """What the message about a record is called, by the record's hash."""
    return f"rec_{digest[:32]}"


# -- owing -------------------------------------------------------------------------------------


def owe(ledger: Ledger, at: datetime) -> int:
    """Owe to every hook that is on what has happened since; gives how many calls that are."""
    listening = active(ledger)
    if not listening:
        return 0
    journal.extend(ledger)
    return sum(_owe(ledger, hook.id, at) for hook in listening)


def active(ledger: Ledger) -> list[Listener]:
    """The hooks that are on."""
    query = sa.select(hooks.c.id, hooks.c.name, hooks.c.url, hooks.c.secret)
    with ledger.snapshot() as connection:
        found = connection.execute(query.where(hooks.c.active).order_by(hooks.c.id))
        return [Listener(*row) for row in found]


def _owe(ledger: Ledger, hook_id: int, at: datetime) -> int:
    owed = 0
    while True:
        with ledger.transaction() as connection:
            hook = _held(connection, hook_id)
            rows = _following(connection, hook.position) if hook and hook.active else []
            wanted = [row.record_id for row in _wanted(connection, hook, rows)]
            insert(connection, HookCall, [_call(hook_id, record, at) for record in wanted])
            if rows:
                admin.update(connection, Hook, hook_id, position=rows[-1].position)
        owed += len(wanted)
        if len(rows) < PAGE:
            return owed


def _held(connection: Connection, hook_id: int) -> Any:
    """The hook, held: of two that owe at once one waits for the other. None: it was removed."""
    query = sa.select(hooks).where(hooks.c.id == hook_id).with_for_update()
    return connection.execute(query).one_or_none()


def _following(connection: Connection, position: int) -> Sequence[Any]:
    query = (
        sa.select(entries.c.position, entries.c.record_id, records.c.verb, cases.c.area_id)
        .join(records, entries.c.record_id == records.c.id)
        .join(cases, records.c.case_id == cases.c.id)
        .where(entries.c.position > position)
        .order_by(entries.c.position)
        .limit(PAGE)
    )
    return connection.execute(query).all()


def _wanted(connection: Connection, hook: Any, rows: Sequence[Any]) -> list[Any]:
    """What a hook wants of these: its verbs, of the cases in its area."""
    if not rows:
        return []
    verbs, areas = set(hook.verbs.split()), _areas(connection, hook.area_id)
    return [
        row
        for row in rows
        if (not verbs or row.verb in verbs) and (areas is None or row.area_id in areas)
    ]


def _areas(connection: Connection, area_id: int | None) -> set[int] | None:
    """The areas of a hook, or None for all: then also what has no area."""
    if area_id is None:
        return None
    areas = table(Area)
    parent = sa.select(areas.c.parent_id).where(areas.c.id == area_id)
    root = connection.execute(parent).scalar_one_or_none() is None
    return None if root else areas_under(connection, [area_id])


def _call(hook_id: int, record_id: int, at: datetime) -> dict[str, Any]:
    return {
        "hook_id": hook_id, "record_id": record_id, "state": HookState.OWED, "attempts": 0,
        "next_try_at": at, "answer": "",
    }  # fmt: skip


# -- claiming ----------------------------------------------------------------------------------


def claim(
    ledger: Ledger, hook_id: int, at: datetime, now: datetime, most: int = HAND
) -> list[Owed]:
    """Take up to `most` calls of a hook that are due as of `at`, on a lease from `now`.

    A lease that ran out was left by a process that died: nobody knows whether its call was
    made, and the delivery log says so.
    """
    free = sa.or_(calls.c.lease_until.is_(None), calls.c.lease_until <= now)
    due = (
        sa.select(calls)
        .where(calls.c.hook_id == hook_id, _owed, calls.c.next_try_at <= at, free)
        .order_by(calls.c.next_try_at, calls.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    with ledger.transaction() as connection:
        taken = connection.execute(due).all()
        left = [row.id for row in taken if row.lease_until is not None]
        _write(connection, [row.id for row in taken], lease_until=now + LEASE)
        _write(connection, left, answer=INTERRUPTED, at=at, status=None)
        return _told(connection, taken)


_owed = calls.c.state == sa.bindparam("owed", HookState.OWED, calls.c.state.type,
                                      literal_execute=True)  # fmt: skip
"""Written into the statement, as the index of these rows has it."""


def _told(connection: Connection, taken: Sequence[Any]) -> list[Owed]:
    """The records behind calls, with their cases as they were then, in the order of the calls."""
    areas = table(Area)
    of_case = ("number", "place", "problem", "category_code")
    query = (
        sa.select(
            records, entries.c.position, areas.c.name.label("area"), cases.c.due_at,
            *(cases.c[name] for name in of_case),
        )
        .join(entries, entries.c.record_id == records.c.id)
        .join(cases, records.c.case_id == cases.c.id)
        .outerjoin(areas, cases.c.area_id == areas.c.id)
        .where(records.c.id.in_([row.record_id for row in taken]))
    )  # fmt: skip
    rows = {row.id: row for row in connection.execute(query)}
    facts = _facts(connection, list(rows.values()))
    leads = _leads(connection, {row.case_id for row in rows.values()})
    return [_as_owed(call, rows[call.record_id], facts[call.record_id], leads) for call in taken]


def _as_owed(call: Any, row: Any, facts: Mapping[str, Any], leads: Sequence[Any]) -> Owed:
    lead = [
        part.name
        for part in leads
        if part.case_id == row.case_id
        and part.started_at <= row.at
        and (part.ended_at is None or part.ended_at > row.at)
    ]
    return Owed(
        id=call.id,
        attempts=call.attempts,
        name=name_of(row.hash),
        verb=row.verb,
        at=row.at,
        number=row.number,
        seq=row.seq,
        position=row.position,
        status=row.status,
        words=row.words,
        place=row.place,
        problem=row.problem,
        category=facts["category_code"],
        area=row.area,
        unit=lead[-1] if lead else None,
        due_at=facts["due_at"],
        provisional=facts["provisional"],
    )


def _facts(connection: Connection, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """For each record the facts of its case after it, told from the records up to it."""
    wanted = {row.id: row for row in rows}
    last = {row.case_id: dict(BLANK) for row in rows}
    query = (
        sa.select(records.c.id, records.c.case_id, records.c.data)
        .where(records.c.case_id.in_(last))
        .order_by(records.c.case_id, records.c.seq)
    )
    found = {}
    for record in connection.execute(query):
        last[record.case_id] |= now_of(record.data)
        if record.id in wanted:
            found[record.id] = dict(last[record.case_id])
    return found


def _leads(connection: Connection, ids: set[int]) -> Sequence[Any]:
    parts, units = table(Assignment), table(Unit)
    query = (
        sa.select(parts.c.case_id, parts.c.started_at, parts.c.ended_at, units.c.name)
        .join(units, parts.c.unit_id == units.c.id)
        .where(parts.c.case_id.in_(ids), parts.c.role == Role.LEAD)
        .order_by(parts.c.id)
    )
    return connection.execute(query).all()


def _write(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    if ids:
        connection.execute(sa.update(calls).where(calls.c.id.in_(ids)).values(values))


# -- marking -----------------------------------------------------------------------------------


def mark(
    ledger: Ledger,
    hook_id: int,
    results: Sequence[Result],
    untried: Sequence[Owed],
    at: datetime,
) -> Counter[str]:
    """Write what came of the calls of a hand; counts `called`, `refused` and `given_up`.

    `untried` go back as they were. A hook that answers that it is gone is switched off.
    """
    counts: Counter[str] = Counter()
    with ledger.transaction() as connection:
        hook = _held(connection, hook_id)
        if hook is None:
            return counts
        _write(connection, [owed.id for owed in untried], lease_until=None)
        for result in results:
            counts[_mark(connection, result, at)] += 1
        _note(connection, hook, [verdict(result.status) for result in results], at)
    return counts


def _mark(connection: Connection, result: Result, at: datetime) -> str:
    owed, attempts = result.owed, result.owed.attempts + 1
    values = {
        "attempts": attempts, "at": at, "status": result.status, "answer": result.answer[:300],
        "lease_until": None,
    }  # fmt: skip
    if verdict(result.status) is Verdict.TAKEN:
        _write(connection, [owed.id], state=HookState.SENT, **values)
        return "called"
    later = wait(f"{owed.name}:{owed.id}", attempts, result.again)
    if later is None:
        _write(connection, [owed.id], state=HookState.DEAD, **values)
        return "given_up"
    _write(connection, [owed.id], next_try_at=at + later, **values)
    return "refused"


def _note(connection: Connection, hook: Any, came: Sequence[Verdict], at: datetime) -> None:
    """How the receiver itself does: since when it fails, and whether it is gone."""
    if Verdict.GONE in came:
        admin.update(connection, Hook, hook.id, active=False)
        admin.log(connection, Hand(None, ENGINE, at), Deed.HOOK_GONE, hook.name)
    failing = hook.failing_since
    for each in came:
        failing = failing or at if each in (Verdict.DOWN, Verdict.GONE) else None
    if failing != hook.failing_since:
        admin.update(connection, Hook, hook.id, failing_since=failing)


# -- forgetting --------------------------------------------------------------------------------


def forget(ledger: Ledger, before: datetime) -> int:
    """Forget calls that were taken before an instant; gives how many."""
    old = sa.delete(calls).where(calls.c.state == HookState.SENT, calls.c.at < before)
    with ledger.transaction() as connection:
        return int(connection.execute(old).rowcount)
