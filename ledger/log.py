"""督办日志与流转记录: what was done, what could not be, and the proof that nobody changed it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation
from models.notice import Notice, NoticeState
from models.person import Person
from models.record import Record
from rules.chain import canonical, link


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
        tries = _attempts(connection, [row.id for row in mine])
        for row in mine:
            last = tries[row.id][-1] if tries[row.id] else None
            found[row.key] = {
                "state": row.state.value,
                "channel": last.channel if last else "",
                "answer": last.answer if last else "",
            }
    return found


def _attempts(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Any]]:
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
    maybe_twice: bool
    """An attempt ended without an answer and was made again."""


def outbox(ledger: Ledger, state: NoticeState | None = None) -> list[OutboxRow]:
    """Every notice with its state, the last channel, the attempts and the answer."""
    notices, cases, people = table(Notice), table(Case), table(Person)
    query = (
        sa.select(notices, cases.c.number, people.c.name.label("person"))
        .join(cases, notices.c.case_id == cases.c.id)
        .join(people, notices.c.person_id == people.c.id)
        .order_by(notices.c.id)
    )
    if state is not None:
        query = query.where(notices.c.state == state)
    with ledger.transaction() as connection:
        found = connection.execute(query).all()
        tries: dict[int, list[Any]] = {}
        for start in range(0, len(found), 500):
            tries |= _attempts(connection, [row.id for row in found[start : start + 500]])
    return [_outbox_row(row, tries.get(row.id, [])) for row in found]


def _outbox_row(row: Any, tries: Sequence[Any]) -> OutboxRow:
    last = tries[-1] if tries else None
    return OutboxRow(
        key=row.key,
        case=row.number,
        kind=row.kind.value,
        person=row.person,
        channel=last.channel if last else "",
        state=row.state.value,
        attempts=row.attempts,
        answer=last.answer if last else "",
        owed_at=row.owed_at,
        ended_at=row.ended_at,
        next_try_at=row.next_try_at,
        maybe_twice=any(t.outcome is DeliveryOutcome.UNKNOWN for t in tries[:-1]),
    )


# -- proof -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the log is not as it was written."""

    case: str
    seq: int
    what: str


def verify(ledger: Ledger) -> tuple[int, list[Break]]:
    """Recompute every chain: how many records were checked, and every break found.

    Found are records changed, removed (also from the end), inserted or reordered, and rows of
    the escalation log that do not say what their record says.
    """
    checked, broken = 0, []
    with ledger.transaction() as connection:
        cases = {row.id: row for row in connection.execute(_heads())}
        escalations = _escalations(connection)
        chain: list[Any] = []
        for row in connection.execute(_chain().execution_options(yield_per=2000)):
            if chain and chain[0].case_id != row.case_id:
                broken += _check(chain, cases.pop(chain[0].case_id, None), escalations)
                chain = []
            chain.append(row)
            checked += 1
        if chain:
            broken += _check(chain, cases.pop(chain[0].case_id, None), escalations)
    broken += [
        Break(case.number, 0, "records removed · 全部记录缺失")
        for case in cases.values()
        if case.records
    ]
    broken += [
        Break("?", row.record_seq, f"escalation row {row.id} without a record · 督办日志无对应记录")
        for group in escalations.values()
        for row in group
    ]
    return checked, broken


def _heads() -> sa.Select[Any]:
    cases = table(Case)
    return sa.select(cases.c.id, cases.c.number, cases.c.records, cases.c.head)


def _chain() -> sa.Select[Any]:
    records = table(Record)
    return sa.select(records).order_by(records.c.case_id, records.c.seq)


def _escalations(connection: Connection) -> defaultdict[tuple[int, int], list[Any]]:
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(table(Escalation))):
        found[row.case_id, row.record_seq].append(row)
    return found


def _check(
    chain: Sequence[Any], case: Any, escalations: dict[tuple[int, int], list[Any]]
) -> list[Break]:
    number = case.number if case else f"case {chain[0].case_id}"
    broken: list[Break] = []
    previous = ""
    for expected, row in enumerate(chain, start=1):
        if row.seq != expected:
            broken.append(Break(number, expected, "record removed or reordered · 记录缺失或错位"))
            # The rest cannot be checked, but its rows of the escalation log have their records.
            for rest in chain[expected - 1 :]:
                escalations.pop((rest.case_id, rest.seq), None)
            break
        wrong = _wrong(row, number, previous) or _log_wrong(row, escalations)
        if wrong:
            broken.append(Break(number, row.seq, wrong))
        previous = row.hash
    if not broken and (case is None or (case.records, case.head) != (len(chain), previous)):
        last = case.records if case else len(chain)
        broken.append(Break(number, last, "the end of the chain was removed · 末尾记录缺失"))
    return broken


def _wrong(row: Any, number: str, previous: str) -> str | None:
    if row.previous != previous:
        return "not linked to the record before · 与上一条不相连"
    status = row.status.value
    digest = link(
        previous, number, row.seq, row.at, row.verb, row.actor, status, row.words, row.data
    )
    return None if digest == row.hash else "record changed · 记录被改动"


def _log_wrong(row: Any, escalations: dict[tuple[int, int], list[Any]]) -> str | None:
    """Compare the escalation log with the record that says the same."""
    mine = escalations.pop((row.case_id, row.seq), [])
    if row.verb not in ("escalate", "remind"):
        return "escalation row inserted · 督办日志多出一行" if mine else None
    if len(mine) != 1:
        return "escalation row removed or inserted · 督办日志缺行或多行"
    log = mine[0]
    said = canonical(
        {
            "stage": log.stage.value,
            "level": log.level,
            "rule": log.rule,
            "card": log.card,
            "planned": log.planned_at.isoformat(),
            "outcome": log.outcome.value,
            "recipients": [told["notice"] for told in log.recipients],
        }
    )
    same = said == row.data and log.at == row.at
    return None if same else "escalation row changed · 督办日志被改动"


# -- counts ------------------------------------------------------------------------------------


def by_status(ledger: Ledger) -> Counter[str]:
    """How many cases stand where."""
    cases = table(Case)
    query = sa.select(cases.c.status, sa.func.count()).group_by(cases.c.status)
    with ledger.transaction() as connection:
        return Counter({row[0].value: row[1] for row in connection.execute(query)})
