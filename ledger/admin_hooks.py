"""管理外发接口: which other systems are told, and what they answered.

Addresses and secrets come sealed and go sealed; the log of acts has the mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import journal
from ledger.admin import PAGE, Deed, Hand, acting, insert, log, one, update
from ledger.changes import table
from ledger.database import Ledger
from ledger.hooks import Listener, name_of
from ledger.scope import Missing
from models.hook import Hook, HookCall, HookState
from models.record import Record
from models.unit import Area
from models.verb import Verb
from models.words import Trouble, Words

HOOK = Words("外发接口", "outgoing hook")
LONGEST_NAME = 60

hooks, calls = table(Hook), table(HookCall)


@dataclass(frozen=True, slots=True)
class HookLine:
    """A hook as it is shown."""

    id: int
    name: str
    shown: str
    verbs: tuple[Verb, ...]
    """Those it wants; none: all."""
    area: str | None
    active: bool
    created_at: datetime
    failing_since: datetime | None
    owed: int
    dead: int


@dataclass(frozen=True, slots=True)
class CallLine:
    """One row of the delivery log. Administrators see no cases: it is known by its own name."""

    id: int
    record_id: int
    name: str
    """The message's, as the receiver knows it."""
    verb: Verb | str
    happened_at: datetime
    state: HookState
    attempts: int
    at: datetime | None
    next_try_at: datetime | None
    status: int | None
    answer: str


# -- looking -----------------------------------------------------------------------------------


def listed(ledger: Ledger) -> list[HookLine]:
    """Every hook, by name."""
    with ledger.snapshot() as connection:
        return _lines(connection, sa.true())


def hook(ledger: Ledger, hook_id: int) -> HookLine:
    """One hook. Raises Missing."""
    with ledger.snapshot() as connection:
        found = _lines(connection, hooks.c.id == hook_id)
    if not found:
        raise Missing("没有这个外发接口，可能刚被删除。", "There is no such outgoing hook.")
    return found[0]


def listener(ledger: Ledger, hook_id: int) -> Listener:
    """One hook with its sealed address and secret, be it on or off. Raises Missing."""
    with ledger.transaction() as connection:
        row = one(connection, Hook, hook_id, HOOK)
    return Listener(row.id, row.name, row.url, row.secret)


def deliveries(
    ledger: Ledger, hook_id: int, *, state: str = "", after: int = 0, size: int = PAGE
) -> tuple[list[CallLine], int]:
    """The newest calls of a hook before the record of id `after`, and the id to go on with."""
    records = table(Record)
    query = (
        sa.select(calls, records.c.hash, records.c.verb, records.c.at.label("happened_at"))
        .join(records, calls.c.record_id == records.c.id)
        .where(calls.c.hook_id == hook_id)
        .order_by(calls.c.record_id.desc())
        .limit(size + 1)
    )  # fmt: skip
    if after:
        query = query.where(calls.c.record_id < after)
    chosen = next((each for each in HookState if each.value == state), None)
    if chosen is not None:
        query = query.where(sa.and_(calls.c.state == chosen))
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    lines = [_call_line(row) for row in found[:size]]
    return lines, lines[-1].record_id if len(found) > size else 0


def failing(ledger: Ledger) -> list[tuple[int, str, datetime]]:
    """The hooks that are on and whose receiver fails: id, name, since when."""
    query = sa.select(hooks.c.id, hooks.c.name, hooks.c.failing_since).where(
        hooks.c.active, hooks.c.failing_since.is_not(None)
    )
    with ledger.snapshot() as connection:
        return [(row.id, row.name, row.failing_since) for row in connection.execute(query)]


def _lines(connection: Connection, which: sa.ColumnElement[bool]) -> list[HookLine]:
    areas = table(Area)
    query = (
        sa.select(hooks, areas.c.name.label("area"))
        .outerjoin(areas, hooks.c.area_id == areas.c.id)
        .where(which)
        .order_by(hooks.c.name)
    )
    rows = connection.execute(query).all()
    counted = _counts(connection, [row.id for row in rows])
    return [
        HookLine(
            row.id, row.name, row.shown, _verbs(row.verbs), row.area, row.active, row.created_at,
            row.failing_since, counted.get((row.id, HookState.OWED), 0),
            counted.get((row.id, HookState.DEAD), 0),
        )
        for row in rows
    ]  # fmt: skip


def _verbs(text: str) -> tuple[Verb, ...]:
    wanted = set(text.split())
    return tuple(verb for verb in Verb if verb.value in wanted)


def _counts(connection: Connection, ids: Sequence[int]) -> dict[tuple[int, HookState], int]:
    query = (
        sa.select(calls.c.hook_id, calls.c.state, sa.func.count())
        .where(calls.c.hook_id.in_(ids), calls.c.state != HookState.SENT)
        .group_by(calls.c.hook_id, calls.c.state)
    )
    return {(hook_id, state): count for hook_id, state, count in connection.execute(query)}


def _call_line(row: Any) -> CallLine:
    known = {verb.value: verb for verb in Verb}
    waits = row.state is HookState.OWED
    return CallLine(
        row.id, row.record_id, name_of(row.hash), known.get(row.verb, row.verb), row.happened_at,
        row.state, row.attempts, row.at, row.next_try_at if waits else None, row.status,
        row.answer,
    )  # fmt: skip


# -- acting ------------------------------------------------------------------------------------


def add(
    ledger: Ledger,
    hand: Hand,
    name: str,
    url: str,
    shown: str,
    secret: str,
    verbs: Sequence[str] = (),
    area_id: int | None = None,
) -> int:
    """One more system, told of everything from now on; gives the hook's id. Raises Trouble.

    `url` and `secret` are sealed, `shown` is the address's mask; no `verbs`: all of them.
    """
    name = name.strip()
    wanted = [verb for verb in Verb if verb.value in set(verbs)]
    _check(name, len(wanted) == len(set(verbs)))
    journal.extend(ledger)
    with acting(ledger) as connection:
        if connection.execute(sa.select(hooks.c.id).where(hooks.c.name == name)).first():
            raise Trouble(
                f"已有名为“{name}”的外发接口。请换一个名称。",
                f"There is an outgoing hook {name!r} already. Choose another name.",
            )
        area = one(connection, Area, area_id, Words("辖区", "area")).name if area_id else None
        end = journal.tip(connection)
        made = insert(
            connection, Hook, name=name, url=url, shown=shown, secret=secret, active=True,
            verbs=" ".join(wanted), area_id=area_id, position=end.position if end else 0,
            created_at=hand.at,
        )  # fmt: skip
        after = {"channel": shown, "verbs": wanted, "area": area}
        log(connection, hand, Deed.HOOK_ADDED, name, after=after)
    return made


def _check(name: str, known: bool) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Trouble(
            f"请填写名称（最多 {LONGEST_NAME} 字），写明是哪个系统。",
            f"Name it, in at most {LONGEST_NAME} characters, after the system that is told.",
        )
    if not known:
        raise Trouble("所选的动作无效，请重新选择。", "One of the verbs chosen is not known.")


def switch_on(ledger: Ledger, hand: Hand, hook_id: int, *, skip: bool = False) -> None:
    """Tell it again: of everything since it was switched off, or with `skip` from now on."""
    journal.extend(ledger)
    with acting(ledger) as connection:
        row = one(connection, Hook, hook_id, HOOK)
        values: dict[str, Any] = {"active": True, "failing_since": None}
        if skip:
            end = journal.tip(connection)
            values["position"] = end.position if end else 0
            waiting = (calls.c.hook_id == hook_id) & (calls.c.state == HookState.OWED)
            connection.execute(sa.delete(calls).where(waiting))
        update(connection, Hook, hook_id, **values)
        log(connection, hand, Deed.HOOK_SWITCHED_ON, row.name, after={"skipped": skip})


def switch_off(ledger: Ledger, hand: Hand, hook_id: int) -> None:
    """Tell it nothing more, until it is switched on again."""
    with acting(ledger) as connection:
        row = one(connection, Hook, hook_id, HOOK)
        update(connection, Hook, hook_id, active=False)
        log(connection, hand, Deed.HOOK_SWITCHED_OFF, row.name)


def remove(ledger: Ledger, hand: Hand, hook_id: int) -> None:
    """Forget it, with its delivery log."""
    with acting(ledger) as connection:
        row = one(connection, Hook, hook_id, HOOK)
        connection.execute(sa.delete(calls).where(calls.c.hook_id == hook_id))
        connection.execute(sa.delete(hooks).where(hooks.c.id == hook_id))
        log(connection, hand, Deed.HOOK_REMOVED, row.name, before={"channel": row.shown})


def send_again(ledger: Ledger, hand: Hand, hook_id: int, call_id: int | None = None) -> int:
    """Owe once more what was given up, one call or all; gives how many."""
    dead = (calls.c.hook_id == hook_id) & (calls.c.state == HookState.DEAD)
    if call_id is not None:
        dead &= calls.c.id == call_id
    with acting(ledger) as connection:
        row = one(connection, Hook, hook_id, HOOK)
        owed = sa.update(calls).where(dead).values(
            state=HookState.OWED, attempts=0, next_try_at=hand.at
        )  # fmt: skip
        done = int(connection.execute(owed).rowcount)
        if not done:
            raise Trouble(
                "没有未送达的调用可以重发，可能刚刚重发过。",
                "There is no call given up; it may have just been sent again.",
            )
        log(connection, hand, Deed.HOOK_RESENT, row.name, after={"calls": done})
    return done


def note_test(ledger: Ledger, hand: Hand, hook_id: int, outcome: str) -> None:
    """A test has been sent: who asked for it and what was answered."""
    with acting(ledger) as connection:
        row = one(connection, Hook, hook_id, HOOK)
        log(connection, hand, Deed.HOOK_TESTED, row.name, after={"answer": outcome})
