"""督办日志: what was done and what could not be, with what is known of each message."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import past_notices
from ledger.changes import among, table
from ledger.database import Ledger
from models.case import Case, Stage
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation
from models.notice import Notice, NoticeState
from models.person import Person
from models.record import Record
from rules.history import now_of


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the escalation log, with what is known of each message."""

    case: str
    place: str
    level: int
    stage: str
    rule: str
    card: str
    planned_at: datetime
    at: datetime
    outcome: str
    recipients: list[dict[str, Any]]


def rows(
    ledger: Ledger,
    case: str | None = None,
    at: datetime | None = None,
    *,
    reminders: bool = False,
) -> list[LogRow]:
    """The log in order of time: of one case, of one sweep, or of all.

    Levels of the ladder, with `reminders` the reminder points too.
    """
    log, cases = table(Escalation), table(Case)
    query = (
        sa.select(log, cases.c.number, cases.c.place)
        .join(cases, log.c.case_id == cases.c.id)
        .order_by(log.c.at, log.c.id)
    )
    if case is not None:
        query = query.where(cases.c.number == case)
    if at is not None:
        query = query.where(log.c.at == at)
    if not reminders:
        query = query.where(log.c.level > 0)
    with ledger.transaction() as connection:
        found = connection.execute(query).all()
        keys = [told["notice"] for row in found for told in row.recipients]
        arrived = _arrived(connection, keys)
    return [_log_row(row, arrived) for row in found]


def _log_row(row: Any, arrived: Mapping[str, dict[str, Any]]) -> LogRow:
    told = [
        {name: who[name] for name in ("person", "unit", "duty")} | arrived.get(who["notice"], {})
        for who in row.recipients
    ]
    return LogRow(
        case=row.number,
        place=row.place,
        level=row.level,
        stage=row.stage.value,
        rule=row.rule,
        card=row.card,
        planned_at=row.planned_at,
        at=row.at,
        outcome=row.outcome.value,
        recipients=told,
    )


def _arrived(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each notice: its state, and the last channel and what it answered."""
    notices = table(Notice)
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), 500):
        query = sa.select(notices.c.id, notices.c.key, notices.c.state).where(
            notices.c.key.in_(keys[start : start + 500])
        )
        mine = connection.execute(query).all()
        tries = attempts_of(connection, [row.id for row in mine])
        for row in mine:
            last = tries[row.id][-1] if tries[row.id] else None
            found[row.key] = {
                "state": row.state.value,
                "channel": last.channel if last else "",
                "answer": last.answer if last else "",
            }
    for key, row in past_notices.by_key(connection, keys_left(keys, found)).items():
        last = next(reversed(past_notices.attempts_of(row)), None)
        found[key] = {
            "state": row.state.value,
            "channel": last.channel if last else "",
            "answer": last.answer if last else "",
        }
    return found


def keys_left(keys: Sequence[str], found: Mapping[str, Any]) -> list[str]:
    """Keys of notices that are not in the outbox: they may be in the archive."""
    return [key for key in keys if key not in found]


def attempts_of(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Any]]:
    """The attempts at each notice, in their order."""
    attempts = table(Delivery)
    query = sa.select(attempts).where(attempts.c.notice_id.in_(ids)).order_by(attempts.c.attempt)
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.notice_id].append(row)
    return found


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One notice as the outbox shows it."""

    key: str
    case: str
    kind: str
    person: str
    channel: str
    state: str
    attempts: int
    answer: str
    owed_at: datetime
    ended_at: datetime | None
    next_try_at: datetime
    message: str
    """The message it last went in: reminders to one person that go together share it."""
    maybe_twice: bool
    """An attempt ended without an answer and was made again."""


def outbox(ledger: Ledger, state: NoticeState | None = None) -> list[OutboxRow]:
    """Every notice with its state, the last channel, the attempts and the answer."""
    notices, cases, people = table(Notice), table(Case), table(Person)
    query = (
        sa.select(notices, cases.c.number, people.c.name.label("person"))
        # A summary is about no single case.
        .join(cases, notices.c.case_id == cases.c.id, isouter=True)
        .join(people, notices.c.person_id == people.c.id)
        .order_by(notices.c.id)
    )
    if state is not None:
        query = query.where(notices.c.state == state)
    with ledger.transaction() as connection:
        found = connection.execute(query).all()
        tries: dict[int, list[Any]] = {}
        for start in range(0, len(found), 500):
            tries |= attempts_of(connection, [row.id for row in found[start : start + 500]])
    return [outbox_row(row, tries.get(row.id, [])) for row in found]


def outbox_row(row: Any, tries: Sequence[Any]) -> OutboxRow:
    """A notice, joined with its case and person, and the attempts at it."""
    last = tries[-1] if tries else None
    return OutboxRow(
        key=row.key,
        case=row.number or "",
        kind=row.kind.value,
        person=row.person,
        channel=last.channel if last else "",
        state=row.state.value,
        attempts=row.attempts,
        answer=last.answer if last else "",
        owed_at=row.owed_at,
        ended_at=row.ended_at,
        next_try_at=row.next_try_at,
        message=last.message if last else "",
        maybe_twice=any(t.outcome is DeliveryOutcome.UNKNOWN for t in tries[:-1]),
    )


def epoch_start(connection: Connection, case: Any) -> datetime | None:
    """When the running epoch of a raised case began; not asked of any other."""
    if not case.raised:
        return None
    records = table(Record)
    query = sa.select(records.c.at, records.c.data).where(records.c.case_id == case.id)
    rows = connection.execute(query.order_by(records.c.seq.desc())).all()
    return next((row.at for row in rows if "epoch" in now_of(row.data)), None)


def done_of(
    connection: Connection, ids: Sequence[int]
) -> defaultdict[int, set[tuple[int, Stage, int, str]]]:
    """What the log holds already of each case: (clock, stage, level, rule)."""
    log = table(Escalation)
    columns = (log.c.case_id, log.c.epoch, log.c.stage, log.c.level, log.c.rule)
    found: defaultdict[int, set[tuple[int, Stage, int, str]]] = defaultdict(set)
    for row in connection.execute(sa.select(*columns).where(among(connection, log.c.case_id, ids))):
        found[row.case_id].add((row.epoch, row.stage, row.level, row.rule))
    return found


# -- counts ------------------------------------------------------------------------------------


def by_status(ledger: Ledger) -> Counter[str]:
    """How many cases stand where."""
    cases = table(Case)
    query = sa.select(cases.c.status, sa.func.count()).group_by(cases.c.status)
    with ledger.transaction() as connection:
        return Counter({row[0].value: row[1] for row in connection.execute(query)})
