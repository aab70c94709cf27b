"""发件箱: notices owed are claimed with a lease, sent by others, and marked with what came back.

At least once: the attempt is written before it is made, as UNKNOWN. Whoever is killed in
between leaves it so; the notice is then sent again, and the message and the log say that it
may come twice.
"""

import os
import socket
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference, read
from ledger.sweeps import lead_units, pauses_of
from models.case import Case, Stage, Status
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Channel, Person
from rules.agenda import Look, agenda
from rules.relevance import about, still_needed
from rules.retry import Attempt, channel_for, wait

LEASE = timedelta(minutes=10)
"""Longer than a whole hand may take: 200 notices, eight at once, fifteen seconds each. By the
real clock: it is about processes, not about cases."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice in hand: what to say, to whom, and over which channel (None: none is left).

    `url` may hold a secret: it goes to the sender and nowhere else.
    """

    id: int
    key: str
    kind: NoticeKind
    facts: Mapping[str, Any]
    number: str
    place: str
    problem: str
    status: Status
    stage: Stage
    """The clock the notice speaks of; `due_at` and `left` are that clock's."""
    due_at: datetime | None
    provisional: bool
    left: timedelta | None
    unit: str
    person: str
    next: Look | None
    """What happens next to the case if nobody acts."""
    position: int | None
    url: str | None = field(repr=False)
    attempt: int
    resend: bool
    """An earlier attempt may have arrived."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One claim: the notices in hand, and the reference data they were judged by."""

    owed: list[Owed]
    reference: Reference
    moot: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one notice in hand."""

    owed: Owed
    channel: str
    """The channel's address, masked."""
    outcome: DeliveryOutcome
    answer: str


def holder() -> str:
    """This process, as a lease names it."""
    return f"{socket.gethostname()}/{os.getpid()}"


def claim(ledger: Ledger, at: datetime, now: datetime, most: int = 200) -> Hand:
    """Take up to `most` notices that are due as of `at`, on a lease from `now`.

    What a dead process of this host still holds is free at once; other leases run out.
    """
    with ledger.transaction() as connection:
        rows = _waiting(connection, at, now, most)
        reference = read(connection)
        moot = [row for row in rows if not _needed(row)]
        kept = [row for row in rows if _needed(row)]
        _end(connection, [row["id"] for row in moot], NoticeState.MOOT, at)
        hand = _take(connection, reference, kept, at)
        _lease(connection, hand, at, now)
    return Hand(hand, reference, len(moot))


def mark(ledger: Ledger, results: Sequence[Result], at: datetime) -> Counter[str]:
    """Write what came back. Counts `sent`, `retrying`, `dead`."""
    counts: Counter[str] = Counter()
    with ledger.transaction() as connection:
        history = _history(connection, [result.owed.id for result in results])
        for result in results:
            counts[_mark_one(connection, result, history[result.owed.id], at)] += 1
    return counts


# -- claiming ----------------------------------------------------------------------------------


def _waiting(connection: Connection, at: datetime, now: datetime, most: int) -> list[Any]:
    notices, cases, people = table(Notice), table(Case), table(Person)
    free = sa.or_(
        notices.c.lease_until.is_(None),
        notices.c.lease_until <= now,
        notices.c.lease_by.in_(_dead_holders(connection)),
    )
    query = (
        sa.select(
            notices,
            cases.c.number,
            cases.c.status.label("case_status"),
            people.c.name.label("person"),
        )
        .join(cases, notices.c.case_id == cases.c.id)
        .join(people, notices.c.person_id == people.c.id)
        .where(
            notices.c.state.in_((NoticeState.OWED, NoticeState.SENDING)),
            notices.c.next_try_at <= at,
            free,
        )
        .order_by(notices.c.next_try_at, notices.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=notices)
    )
    return list(connection.execute(query).mappings())


def _dead_holders(connection: Connection) -> list[str]:
    """Processes of this host that still hold notices and no longer live."""
    notices = table(Notice)
    query = sa.select(notices.c.lease_by).where(notices.c.state == NoticeState.SENDING).distinct()
    here = f"{socket.gethostname()}/"
    names = [name for name in connection.execute(query).scalars() if name.startswith(here)]
    return [name for name in names if not _alive(int(name.removeprefix(here)))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _needed(row: Mapping[Any, Any]) -> bool:
    return still_needed(row["kind"], row["facts"].get("stage"), row["case_status"])


def _take(
    connection: Connection, reference: Reference, rows: Sequence[Mapping[Any, Any]], at: datetime
) -> list[Owed]:
    case_ids = list({row["case_id"] for row in rows})
    cases = _cases(connection, case_ids)
    leads = lead_units(connection, case_ids)
    pauses = pauses_of(connection, case_ids, at)
    channels = _channels(connection, [row["person_id"] for row in rows])
    history = _history(connection, [row["id"] for row in rows])
    taken = []
    for row in rows:
        case = cases[row["case_id"]]
        before = history[row["id"]]
        urls = channels[row["person_id"]]
        position = channel_for(len(urls), before)
        stage = about(row["kind"], row["facts"].get("stage"))
        due = case.due_at if stage is Stage.HANDLE else case.step_due_at
        unit = reference.directory.units.get(leads.get(case.id, 0))
        rests = pauses[case.id]
        looks = agenda(case, reference.books[case.policy_id], max(at, case.looked_until), rests)
        taken.append(
            Owed(
                id=row["id"],
                key=row["key"],
                kind=row["kind"],
                facts=row["facts"],
                number=case.number,
                place=case.place,
                problem=case.problem,
                status=case.status,
                stage=stage,
                due_at=due,
                provisional=case.provisional,
                left=reference.worktime.between(at, due, rests) if due else None,
                unit=unit.name if unit else "",
                person=row["person"],
                next=_next_of(looks, stage),
                position=position,
                url=None if position is None else urls[position],
                attempt=len(before) + 1,
                resend=any(a.outcome is DeliveryOutcome.UNKNOWN for a in before),
            )
        )
    return taken


def _next_of(looks: Sequence[Look], stage: Stage) -> Look | None:
    """What a message announces: the next level of its own clock, else whatever comes next of it."""
    mine = [look for look in looks if look.stage is stage]
    return next((look for look in mine if look.level), mine[0] if mine else None)


def _cases(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    cases = table(Case)
    return {row.id: row for row in connection.execute(sa.select(cases).where(cases.c.id.in_(ids)))}


def _channels(connection: Connection, people: Sequence[int]) -> defaultdict[int, list[str]]:
    channels = table(Channel)
    query = sa.select(channels).where(channels.c.person_id.in_(people))
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in connection.execute(query.order_by(channels.c.person_id, channels.c.position)):
        found[row.person_id].append(row.url)
    return found


def _history(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Attempt]]:
    attempts = table(Delivery)
    query = sa.select(attempts).where(attempts.c.notice_id.in_(ids)).order_by(attempts.c.attempt)
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.notice_id].append(Attempt(row.position, row.outcome))
    return found


def _lease(connection: Connection, hand: Sequence[Owed], at: datetime, now: datetime) -> None:
    if not hand:
        return
    notices, attempts = table(Notice), table(Delivery)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id.in_([owed.id for owed in hand]))
        .values(
            state=NoticeState.SENDING,
            attempts=notices.c.attempts + 1,
            lease_until=now + LEASE,
            lease_by=holder(),
        )
    )
    connection.execute(
        sa.insert(attempts),
        [
            {
                "notice_id": owed.id,
                "attempt": owed.attempt,
                "position": owed.position,
                "channel": "",
                "at": at,
                "outcome": DeliveryOutcome.UNKNOWN,
                "answer": "",
            }
            for owed in hand
        ],
    )


# -- marking -----------------------------------------------------------------------------------


def _mark_one(
    connection: Connection, result: Result, history: Sequence[Attempt], at: datetime
) -> str:
    owed = result.owed
    attempts = table(Delivery)
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.notice_id == owed.id, attempts.c.attempt == owed.attempt)
        .values(outcome=result.outcome, channel=result.channel, answer=result.answer)
    )
    if result.outcome is DeliveryOutcome.SENT:
        _end(connection, [owed.id], NoticeState.SENT, at)
        return "sent"
    if owed.url is None:
        _end(connection, [owed.id], NoticeState.DEAD, at)
        return "dead"
    tried = [*history[:-1], Attempt(owed.position, result.outcome)]
    _again(connection, owed.id, at + wait(owed.key, tried))
    return "retrying"


def _again(connection: Connection, notice_id: int, next_try_at: datetime) -> None:
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id == notice_id)
        .values(state=NoticeState.OWED, next_try_at=next_try_at, lease_until=None, lease_by="")
    )


def _end(connection: Connection, ids: Sequence[int], state: NoticeState, at: datetime) -> None:
    if not ids:
        return
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id.in_(ids))
        .values(state=state, ended_at=at, lease_until=None, lease_by="")
    )
